"""Several requests in one message, say an order and a complaint: which sentences belong to which."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from emailq.models import Classification, Intent, MailText
from emailq.parse.sentences import sentences

SURE_FROM = 0.9  # of the weaker of two halves, asked about alone: they are two requests
LIKELY_FROM = 0.8  # a person has to look
INTENTS = (Intent.ORDER, Intent.INVOICE, Intent.COMPLAINT, Intent.INQUIRY)  # those that lead to work of their own
_LEAST_WORDS = 5  # of a request
_CUTS = 8  # places where a message may be parted

_SUM = re.compile(
    r"(?:[€$£¥₽]|\b(?:eur|usd|gbp|chf|pln))\s?\d"
    r"|\d\s?(?:[€$£¥₽元円]|(?:eur|euros?|usd|gbp|chf|pln|zł|руб\w*|р|грн|tl|kr|dollars?|pounds?)(?!\w))",
    re.IGNORECASE,
)

Request = dict[str, Any]  # {"intent", "confidence", "sentences": numbers}


def with_requests(
    mail: MailText, label: Classification, classify: Callable[[MailText], Classification]
) -> Classification:
    """`label` with details["requests"] where the message holds two, or with a problem where it probably does."""
    found = parted(mail, label, classify)
    if not found:
        return label
    if min(one["confidence"] for one in found) >= SURE_FROM:
        return replace(label, details={**label.details, "requests": found})
    return replace(label, details={**label.details, "problem": told(found)})


def told(requests: Sequence[Request]) -> str:
    return f"it may be several requests: {' and '.join(one['intent'] for one in requests)}"


def parted(
    mail: MailText, label: Classification, classify: Callable[[MailText], Classification], least: float = LIKELY_FROM
) -> list[Request]:
    """The two requests of a message, that of `label` first; none where it is one.

    It is two where one cut gives a beginning and an end that `classify`, asked about each alone, says are different
    requests, one of them that of the whole. `least`: the confidence that counts.
    """
    pieces = sentences(mail.text)
    cuts = [cut for cut in range(1, len(pieces)) if min(_words(pieces[:cut]), _words(pieces[cut:])) >= _LEAST_WORDS]
    if label.intent not in INTENTS or not cuts:
        return []
    best: list[Request] = []
    for cut in cuts[:: len(cuts) // _CUTS + 1]:
        halves = [classify(_only(mail, some)) for some in (pieces[:cut], pieces[cut:])]
        intents = {one.intent for one in halves}
        weakest = min(one.confidence for one in halves)
        if len(intents) == 2 and intents <= set(INTENTS) and label.intent in intents and weakest >= least:
            numbers = (range(cut), range(cut, len(pieces)))
            if not all(
                _stands_beside(one.intent, intents, mail, some) for one, some in zip(halves, numbers, strict=True)
            ):
                continue
            least = weakest
            found = [request(one.intent, one.confidence, some) for one, some in zip(halves, numbers, strict=True)]
            best = sorted(found, key=lambda one: one["intent"] != label.intent)
    return best


def grounded(answer: Any, mail: MailText, label: Classification) -> tuple[list[Request], str | None]:
    """The requests that a model named beside `label`, each with sentences of its own; and a problem if any has none.

    `answer`: [{intent, confidence, text}]. A request begins with the words `text` and ends with the paragraph or where
    the next one begins.
    """
    pieces = sentences(mail.text)
    starts: dict[int, tuple[Intent, float]] = {}
    lost: list[Request] = []
    for one in answer if isinstance(answer, list) else []:
        read = _named(one)
        if read is None or read[0] == label.intent or read[0] in (intent for intent, _ in starts.values()):
            continue
        intent, confidence, text = read
        first = text.casefold().split()[:4]
        start = next((n for n, piece in enumerate(pieces) if first and _begins(piece, first)), None)
        if start is None or start in starts:
            lost.append(request(intent, confidence, ()))
        else:
            starts[start] = (intent, confidence)
    own = set(range(len(pieces)))
    found = []
    for start, (intent, confidence) in sorted(starts.items()):
        numbers = range(start, _end(pieces, mail.text, start, starts))
        if not _stands_beside(intent, {intent, label.intent}, mail, numbers):
            continue
        own -= set(numbers)
        found.append(request(intent, confidence, numbers))
    if not found and not lost:
        return [], None
    whole = [request(label.intent, label.confidence, sorted(own)), *found]
    return (whole, None) if own and not lost else ([], told([*whole, *lost]))


def _stands_beside(intent: Intent, intents: set[Intent], mail: MailText, numbers: Sequence[int]) -> bool:
    """Whoever orders says whom to bill, with tax numbers and terms: it is a bill if it names a sum, or has a file."""
    if intent is not Intent.INVOICE or Intent.ORDER not in intents or mail.attachments:
        return True
    pieces = sentences(mail.text)
    return any(_SUM.search(pieces[number]) for number in numbers)


def _named(one: Any) -> tuple[Intent, float, str] | None:
    if not isinstance(one, dict) or one.get("intent") not in INTENTS or not isinstance(one.get("text"), str):
        return None
    confidence = one.get("confidence")
    if isinstance(confidence, bool) or not isinstance(confidence, int | float) or not 0 <= confidence <= 1:
        confidence = 0.0
    return Intent(one["intent"]), float(confidence), one["text"]


def _begins(piece: str, first: Sequence[str]) -> bool:
    return " ".join(first) in " ".join(piece.casefold().split())


def _end(pieces: Sequence[str], text: str, start: int, starts: Mapping[int, Any]) -> int:
    """The sentence after the last one of a request that begins with `start`."""
    at = 0
    for piece in pieces[: start + 1]:
        at = text.find(piece, at) + len(piece)
    for number in range(start + 1, len(pieces)):
        begins = text.find(pieces[number], at)
        if number in starts or re.search(r"\n\s*\n", text[at:begins]):
            return number
        at = begins + len(pieces[number])
    return len(pieces)


def request(intent: Intent, confidence: float, numbers: Sequence[int]) -> Request:
    return {"intent": intent.value, "confidence": round(confidence, 4), "sentences": list(numbers)}


def _only(mail: MailText, pieces: Sequence[str]) -> MailText:
    return replace(mail, subject="", text="\n".join(pieces), quoted="", attachments=())


def _words(pieces: Sequence[str]) -> int:
    return sum(len(piece.split()) for piece in pieces)
