"""The classifier that needs no server: signs of a message, weighed as learned from mail made for it (scripts/train)."""

import json
import math
import sys
import zlib
from array import array
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, NamedTuple

from emailq.classify.calibrate import sigmoid
from emailq.classify.facts import is_sent_to_many
from emailq.classify.features import Signs, key, signs_of
from emailq.errors import ConfigError
from emailq.models import Classification, Intent, MailText, Priority, Sentiment

WEIGHTS = "local.bin"
HEADS: Mapping[str, type[Intent] | type[Sentiment] | type[Priority]] = {
    "intent": Intent,
    "sentiment": Sentiment,
    "priority": Priority,
}
COLUMNS = tuple((head, label.value) for head, labels in HEADS.items() for label in labels)

# Mail of these kinds says nothing but that: the gate has it from headers, and no wording may turn it into an order.
_NOTICES = {
    "bounce": Priority.NORMAL,
    "delivery_receipt": Priority.LOW,
    "read_receipt": Priority.LOW,
    "auto_reply": Priority.LOW,
    "complaint": Priority.NORMAL,  # a provider's report that a recipient called our mail spam (RFC 5965)
}
_NOTICE_CONFIDENCE = 0.97
_LANGUAGES = ("en", "ru", "de", "fr", "es", "tr", "zh", "ja")  # of the corpus behind the weights in the package


class Model(NamedTuple):
    """`keys` ascend; the weights of keys[i] are the len(COLUMNS) numbers from i * len(COLUMNS) on, times `scales`."""

    name: str
    keys: "array[int]"
    weights: "array[int]"
    scales: tuple[float, ...]
    bias: tuple[float, ...]
    confidence: tuple[float, ...]  # of the logistic regression behind `doubts`


def classify(mail: MailText, path: Path | None = None) -> Classification:
    """Labels for one message, in a few milliseconds, by the weights in the package or those in a file.

    The same message always gets the same labels.
    """
    model = load(path)
    signs = signs_of(mail)
    scores, n_known = _scores(model, signs)
    intents = _softmax(scores["intent"])
    intent = max(intents, key=lambda name: intents[name])
    confidence = sigmoid(sum(map(float.__mul__, model.confidence, doubts(intents, signs, n_known))))
    details: dict[str, Any] = {"signs": len(signs.words), "known_signs": n_known}
    sentiment = max(scores["sentiment"], key=lambda name: scores["sentiment"][name])
    priority = max(scores["priority"], key=lambda name: scores["priority"][name])
    if intent == Intent.COMPLAINT:  # what the guide of labels says of an intent goes before what words say
        sentiment = Sentiment.NEGATIVE
    elif intent == Intent.NEWSLETTER:
        sentiment = Sentiment.NEUTRAL
    if intent in (Intent.NEWSLETTER, Intent.SPAM):
        priority = Priority.LOW
    if mail.automation in _NOTICES:
        intent, priority, confidence = Intent.OTHER, _NOTICES[mail.automation], _NOTICE_CONFIDENCE
        details["rule"] = mail.automation
    if intent == Intent.NEWSLETTER and not is_sent_to_many(mail):  # "with 10 % off we take 50"
        details["surprise"] = "it is called a newsletter, and nothing shows that it went to many"
    is_foreign = path is None and mail.language not in (None, *_LANGUAGES)
    if is_foreign and intent in (Intent.OTHER, Intent.SPAM) and not mail.automation and not is_sent_to_many(mail):
        details["surprise"] = f"it is called {intent}, in a language that the model was not taught ({mail.language})"
    return Classification(
        Intent(intent),
        Sentiment(sentiment),
        Priority(priority),
        confidence,
        model.name,
        "local",
        probabilities=_around(intents, intent, confidence),
        details=details,
    )


def doubts(intents: Mapping[str, float], signs: Signs, n_known: int) -> tuple[float, ...]:
    """What says how far the winning intent can be trusted: odds, lead, how much of the text is known, which it is."""
    first, second = sorted(intents.values(), reverse=True)[:2]
    winner = max(intents, key=lambda name: intents[name])
    known = n_known / max(len(signs.words), 1)
    return (
        1.0,
        math.log((first + 1e-6) / (1 - first + 1e-6)),
        math.log((first + 1e-6) / (second + 1e-6)),
        known,
        math.log1p(n_known),
        *(float(winner == intent) for intent in intents),
    )


@cache
def load(path: Path | None = None) -> Model:
    """The model in the package, or the one that `emailq train` wrote; raises ConfigError if that is none."""
    if path is None:
        return from_bytes(files("emailq.classify").joinpath(WEIGHTS).read_bytes())
    try:
        return from_bytes(path.read_bytes())
    except (OSError, ValueError, KeyError, TypeError, zlib.error) as error:
        raise ConfigError(f"local_model: {path} holds no weights of the local model: {error}") from None


def named(model: Model, suffix: str = "") -> Model:
    """`model` with the checksum of all that its answers come from as its name: a calibration is stored under it."""
    numbers = json.dumps([model.scales, model.bias, model.confidence]).encode()
    checksum = zlib.crc32(numbers, zlib.crc32(model.weights.tobytes(), zlib.crc32(model.keys.tobytes())))
    return model._replace(name=f"local-{checksum:08x}{suffix}")


def from_bytes(raw: bytes) -> Model:
    """A line of JSON, then (deflated) the keys as little-endian uint32 and the weights as int8, row by row."""
    line, _, packed = raw.partition(b"\n")
    head = json.loads(line)
    body = zlib.decompress(packed)
    keys = array("I", body[: 4 * head["n"]])
    if sys.byteorder == "big":
        keys.byteswap()
    weights = array("b", body[4 * head["n"] :])
    return Model(head["name"], keys, weights, *(tuple(head[name]) for name in ("scales", "bias", "confidence")))


def to_bytes(model: Model) -> bytes:
    keys = array("I", model.keys)
    if sys.byteorder == "big":
        keys.byteswap()
    head = {"n": len(keys), **model._asdict()}
    del head["keys"], head["weights"]
    return json.dumps(head).encode() + b"\n" + zlib.compress(keys.tobytes() + model.weights.tobytes(), 9)


def _scores(model: Model, signs: Signs) -> tuple[dict[str, dict[str, float]], int]:
    """Per head and label, and how many of the words are known.

    Words share one voice, however many there are, and so do meanings: in a long text a bit of everything occurs.
    """
    words = _rows(model, signs.words)
    totals = [0.0] * len(COLUMNS)
    for rows, voice in (
        (words, 1 / math.sqrt(max(len(signs.words), 1))),
        (_rows(model, signs.meanings), 1 / math.sqrt(max(len(signs.meanings), 1))),
        (_rows(model, signs.facts), 1.0),
    ):
        if rows:
            totals = [
                total + voice * sum(column) for total, column in zip(totals, zip(*rows, strict=True), strict=True)
            ]
    scores: dict[str, dict[str, float]] = {head: {} for head in HEADS}
    for (head, label), total, scale, bias in zip(COLUMNS, totals, model.scales, model.bias, strict=True):
        scores[head][label] = total * scale + bias
    return scores, len(words)


def row(model: Model, sign: int) -> "array[int] | None":
    """The weights of a sign, in units of `scales`."""
    at, width = bisect_left(model.keys, sign), len(COLUMNS)
    if at < len(model.keys) and model.keys[at] == sign:
        return model.weights[at * width : (at + 1) * width]
    return None


def _rows(model: Model, names: Sequence[str]) -> list["array[int]"]:
    return [found for name in names if (found := row(model, key(name)))]


def _softmax(scores: Mapping[str, float]) -> dict[str, float]:
    highest = max(scores.values())
    powers = {name: math.exp(score - highest) for name, score in scores.items()}
    total = sum(powers.values())
    return {name: power / total for name, power in powers.items()}


def _around(intents: Mapping[str, float], intent: str, confidence: float) -> dict[str, float]:
    """The probabilities with that of `intent` set to its confidence and the rest shrunk or grown to fit."""
    rest = sum(p for name, p in intents.items() if name != intent) or 1.0
    return {name: confidence if name == intent else p / rest * (1 - confidence) for name, p in intents.items()}
