"""Measures a classifier on labelled mail: right and wrong per label and language, trust, cost, injected instructions.

Labels are lines of JSON: {"file", "intent"} and, where known, "sentiment", "priority", "language", "hard", "injection"
(the labels that text in the message tries to force) and "twin" (the same message without that text). Paths are relative
to the file of labels.
"""

import asyncio
import math
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from statistics import fmean, median
from typing import TYPE_CHECKING, Any, NamedTuple

from pydantic import BaseModel, ConfigDict, ValidationError

from emailq.classify import calibrate, cascade
from emailq.classify.calibrate import Calibration, Point
from emailq.classify.cascade import Calibrations
from emailq.classify.handler import mail_text
from emailq.errors import BadInput
from emailq.models import Classification, Intent, MailText, Priority, Sentiment
from emailq.parse.digest import digest_message
from emailq.settings import Settings

if TYPE_CHECKING:
    from emailq.classify.llm import Llm

FIELDS: Mapping[str, type[Intent] | type[Sentiment] | type[Priority]] = {
    "intent": Intent,
    "sentiment": Sentiment,
    "priority": Priority,
}
BINS = 10
_FOLDS = 5


class Label(BaseModel):
    """What a person says about one message."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    file: str
    intent: Intent
    sentiment: Sentiment | None = None
    priority: Priority | None = None
    language: str = "?"
    hard: bool = False
    injection: dict[str, str] | None = None
    twin: str | None = None


class Case(NamedTuple):
    """One labelled message, what the classifier said and how long it took; `twin`: what it said of the twin."""

    label: Label
    said: Classification
    seconds: float
    twin: Classification | None = None


def read_labels(path: Path) -> list[Label]:
    """Raises BadInput naming the line that is no label, or the message that can't be read."""
    try:
        lines = path.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"can't read labels from {path}: {error}") from None
    labels = [_read_label(path, number, line) for number, line in enumerate(lines, 1) if line.strip()]
    if not labels:
        raise BadInput(f"{path}: no labels; each line is JSON such as {{'file': 'a.eml', 'intent': 'order'}}")
    for name in _files(labels):
        if not (path.parent / name).is_file():
            raise BadInput(f"{path}: names {name}, and there is no such file beside it")
    return labels


async def ask(path: Path, labels: Sequence[Label], settings: Settings, calibrations: Calibrations) -> list[Case]:
    """The classifier's word on each labelled message. Raises LlmUnavailable."""
    in_turn = asyncio.Semaphore(settings.llm_concurrency)  # a slow server's calls must not wait for a place in vain
    async with _llm(settings) as llm:

        async def one(name: str) -> tuple[Classification, float]:
            mail = _mail(path, name)
            async with in_turn:
                began = time.perf_counter()
                said = await _classify(mail, settings, calibrations, llm)
                return said, time.perf_counter() - began

        names = _files(labels)
        said = dict(zip(names, await asyncio.gather(*map(one, names)), strict=True))
    return [Case(label, *said[label.file], said[label.twin][0] if label.twin else None) for label in labels]


async def fit(path: Path, labels: Sequence[Label], settings: Settings, error: float) -> list[Calibration]:
    """A calibration for each model that the settings use; in a cascade the LLM's rests on what reaches it.

    Raises BadInput where there is too little mail for one of them.
    """
    found: list[Calibration] = []
    if settings.classifier != "llm":
        local = settings.model_copy(update={"classifier": "local"})
        found.append(_fit(await ask(path, labels, local, {}), error))
    if settings.classifier != "local":
        calibrations = {one.model: one for one in found}
        cases = await ask(path, labels, settings, calibrations)
        found.append(_fit([case for case in cases if case.said.provider != "local"], error))
    return found


def measure(cases: Sequence[Case], settings: Settings, calibrations: Calibrations, error: float) -> dict[str, Any]:
    """Everything that `emailq eval` tells, as plain data."""
    points = [_point(case) for case in cases]
    relied_on = [case for case in cases if not cascade.doubt(case.said, settings, calibrations)]
    return {
        "messages": len(cases),
        **{field: _scores(cases, field) for field in FIELDS},
        "all_three": _share(all(_is_right(case, field) for field in FIELDS) for case in cases),
        "languages": {
            language: {"messages": len(some), **{field: _scores(some, field, brief=True) for field in FIELDS}}
            for language, some in _grouped(cases, lambda case: case.label.language).items()
        },
        "hard": _scores([case for case in cases if case.label.hard], "intent", brief=True),
        "calibration": {
            "ece": ece(points),
            "ece_of_exact": ece_of_exact(points),
            "bins": bins(points),
            "brier": fmean((confidence - right) ** 2 for confidence, right in points),
            "cross_fitted": _cross_fitted(cases),
        },
        "risk_coverage": _risk_coverage(points),
        "threshold": {"error": error, **_threshold(calibrate.threshold_for(points, error), len(points))},
        "decided_alone": {"messages": len(relied_on), "share": len(relied_on) / len(cases), **_errors(relied_on)},
        "stages": [_stage(some, len(cases)) for some in _grouped(cases, lambda case: case.said.model).values()],
        "cost": _cost(cases),
        "injection": _injection(cases),
    }


def ece(points: Sequence[Point]) -> float:
    """Expected calibration error over ten bins of equal width (Naeini et al. 2015)."""
    gaps = (one["n"] * abs(one["confidence"] - one["accuracy"]) for one in bins(points))
    return math.fsum(gaps) / max(len(points), 1)


def ece_of_exact(points: Sequence[Point]) -> float:
    """What `ece` is on average for these confidences if each is exactly right: so much is chance, on so few messages.

    By the normal approximation, in which the mean of a bin's gap is the root of 2/π times its variance.
    """
    cells = _grouped([confidence for confidence, _ in points], lambda one: min(int(one * BINS), BINS - 1))
    variances = (math.fsum(one * (1 - one) for one in some) for some in cells.values())
    return math.fsum(math.sqrt(2 / math.pi * variance) for variance in variances) / max(len(points), 1)


def bins(points: Sequence[Point]) -> list[dict[str, Any]]:
    cells = _grouped(points, lambda point: min(int(point[0] * BINS), BINS - 1))
    return [
        {
            "from": number / BINS,
            "to": (number + 1) / BINS,
            "n": len(some),
            "confidence": fmean(confidence for confidence, _ in some),
            "accuracy": fmean(right for _, right in some),
        }
        for number, some in sorted(cells.items())
    ]


def _read_label(path: Path, number: int, line: str) -> Label:
    try:
        return Label.model_validate_json(line)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        where = ".".join(map(str, first["loc"]))
        raise BadInput(f"{path}, line {number}: {where}{': ' if where else ''}{first['msg']}") from None


def _files(labels: Sequence[Label]) -> list[str]:
    return list(dict.fromkeys(name for label in labels for name in (label.file, label.twin) if name))


def _mail(path: Path, name: str) -> MailText:
    try:
        return mail_text(digest_message((path.parent / name).read_bytes()))
    except OSError as error:
        raise BadInput(f"can't read {path.parent / name}: {error}") from None


@asynccontextmanager
async def _llm(settings: Settings) -> "AsyncIterator[Llm | None]":
    if settings.classifier == "local":
        yield None
        return
    import httpx

    from emailq.classify.llm import open_llm

    async with httpx.AsyncClient(trust_env=False) as http:
        yield open_llm(settings, http)


async def _classify(
    mail: MailText, settings: Settings, calibrations: Calibrations, llm: "Llm | None"
) -> Classification:
    """As the handler does on a last attempt: a message that the LLM can't do is `other`, for a person."""
    if llm is None:
        return await cascade.classify(mail, settings, calibrations, None)
    from emailq.classify.llm import LlmFailed

    try:
        return await cascade.classify(mail, settings, calibrations, llm)
    except LlmFailed as error:
        return cascade.unlabelled(str(error), settings)


def _fit(cases: Sequence[Case], error: float) -> Calibration:
    trusted = [case for case in cases if case.said.details.keys().isdisjoint(("rule", "problem"))]
    if len(trusted) < calibrate.LEAST_MESSAGES:
        raise BadInput(
            f"only {len(trusted)} labelled messages {f'for {trusted[0].said.model}' if trusted else 'got a label'};"
            f" calibrating takes {calibrate.LEAST_MESSAGES}, better some hundreds"
        )
    said = trusted[0].said
    return calibrate.fit(said.provider, said.model, [_raw_point(case) for case in trusted], error)


def _point(case: Case) -> Point:
    return case.said.confidence, case.said.intent == case.label.intent


def _raw_point(case: Case) -> Point:
    raw = case.said.details.get("raw_confidence", case.said.confidence)
    return float(raw), case.said.intent == case.label.intent


def _is_right(case: Case, field: str) -> bool:
    wanted = getattr(case.label, field)
    return wanted is None or getattr(case.said, field) == wanted


def _scores(cases: Sequence[Case], field: str, *, brief: bool = False) -> dict[str, Any]:
    """Accuracy, macro-F1 over the labels that occur, and unless `brief` each label's figures and the confusions."""
    pairs = [(getattr(c.label, field), getattr(c.said, field)) for c in cases if getattr(c.label, field) is not None]
    per_label = {label.value: _f1(pairs, label) for label in FIELDS[field]}
    present = [one["f1"] for one in per_label.values() if one["n"]]
    scores: dict[str, Any] = {
        "n": len(pairs),
        "accuracy": _share(wanted == got for wanted, got in pairs),
        "macro_f1": fmean(present) if present else None,
    }
    if not brief:
        scores["labels"] = per_label
        confused = _grouped(pairs, lambda pair: pair[0].value)
        scores["confusion"] = {wanted: dict(Counter(got.value for _, got in some)) for wanted, some in confused.items()}
    return scores


def _f1(pairs: Sequence[tuple[str, str]], label: str) -> dict[str, Any]:
    hits = sum(wanted == got == label for wanted, got in pairs)
    n, claimed = sum(wanted == label for wanted, _ in pairs), sum(got == label for _, got in pairs)
    return {
        "precision": hits / claimed if claimed else 0.0,
        "recall": hits / n if n else 0.0,
        "f1": 2 * hits / (n + claimed) if n + claimed else 0.0,
        "n": n,
    }


def _cross_fitted(cases: Sequence[Case]) -> dict[str, Any] | None:
    """The calibration error of maps that were each fitted on four fifths of the mail and measured on the rest."""
    by_model = _grouped(
        [case for case in cases if case.said.details.keys().isdisjoint(("rule", "problem"))],
        lambda case: case.said.model,
    )
    points = [_point(case) for case in cases if not case.said.details.keys().isdisjoint(("rule", "problem"))]
    for some in by_model.values():
        if len(some) < calibrate.LEAST_MESSAGES:
            return None
        raw = [_raw_point(case) for case in some]
        for fold in range(_FOLDS):
            mapping = calibrate.fit_map([point for i, point in enumerate(raw) if i % _FOLDS != fold])
            points += [(calibrate.apply_map(mapping, point[0]), point[1]) for point in raw[fold::_FOLDS]]
    return {"ece": ece(points), "folds": _FOLDS, "bins": bins(points)}


def _risk_coverage(points: Sequence[Point]) -> list[dict[str, Any]]:
    """The curve at about each tenth of the messages."""
    curve = calibrate.risk_coverage(points)
    tenths = [next(one for one in curve if one.answered * 10 >= tenth * len(points)) for tenth in range(1, 11)]
    return [_threshold(one, len(points)) for one in dict.fromkeys(tenths)]


def _threshold(one: calibrate.Threshold, messages: int) -> dict[str, Any]:
    return {
        "confidence": one.confidence,
        "answered": one.answered,
        "coverage": one.answered / messages,
        "wrong": one.wrong,
        "error_seen": one.wrong / one.answered if one.answered else None,
        "error_bound": one.bound,
    }


def _errors(cases: Sequence[Case]) -> dict[str, Any]:
    wrong = sum(case.said.intent != case.label.intent for case in cases)
    return {
        "wrong": wrong,
        "error": wrong / len(cases) if cases else None,
        "error_bound": calibrate.upper_bound(wrong, len(cases)),
    }


def _stage(cases: Sequence[Case], messages: int) -> dict[str, Any]:
    return {
        "provider": cases[0].said.provider,
        "model": cases[0].said.model,
        "messages": len(cases),
        "share": len(cases) / messages,
        "accuracy": _share(case.said.intent == case.label.intent for case in cases),
        "mean_confidence": fmean(case.said.confidence for case in cases),
        "seconds": sum(case.seconds for case in cases),
        "tokens": sum(
            case.said.details.get(name) or 0 for case in cases for name in ("prompt_tokens", "answer_tokens")
        ),
    }


def _cost(cases: Sequence[Case]) -> dict[str, Any]:
    asked = sum(case.said.provider != "local" for case in cases)
    seconds = sorted(case.seconds for case in cases)
    return {
        "llm_calls": asked,
        "calls_avoided": 1 - asked / len(cases),
        "seconds": sum(seconds),
        "seconds_median": median(seconds),
        "seconds_p95": seconds[min(int(len(seconds) * 0.95), len(seconds) - 1)],
    }


def _injection(cases: Sequence[Case]) -> dict[str, Any] | None:
    """How often a label became what injected text demands, and how often that text was the cause: the twin differs."""
    attacked = [case for case in cases if case.label.injection]
    if not attacked:
        return None
    flipped = {case.label.file: _flips(case) for case in attacked}
    caused = {case.label.file: _flips(case, caused=True) for case in attacked if case.twin}
    return {
        "messages": len(attacked),
        "accuracy": _share(case.said.intent == case.label.intent for case in attacked),
        "flipped": sum(map(bool, flipped.values())),
        "intent_flipped": sum("intent" in fields for fields in flipped.values()),
        "twins": len(caused),
        "caused": sum(map(bool, caused.values())),
        "files": {file: fields for file, fields in flipped.items() if fields},
    }


def _flips(case: Case, *, caused: bool = False) -> list[str]:
    """The fields whose label is wrong in just the way the attacker wants; `caused`: and the twin's is not."""
    demanded = {field: value for field, value in (case.label.injection or {}).items() if field in FIELDS}
    return [
        field
        for field, value in demanded.items()
        if getattr(case.said, field) == value != getattr(case.label, field)
        and not (caused and case.twin and getattr(case.twin, field) == value)
    ]


def _share(hits: Iterable[bool]) -> float | None:
    known = list(hits)
    return sum(known) / len(known) if known else None


def _grouped(things: Sequence[Any], by: Callable[[Any], Any]) -> dict[Any, list[Any]]:
    groups: dict[Any, list[Any]] = {}
    for thing in things:
        groups.setdefault(by(thing), []).append(thing)
    return dict(sorted(groups.items()))
