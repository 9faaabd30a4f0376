"""Measures a classifier on labelled mail: right and wrong by label and language, trust, cost, injected instructions."""

import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from statistics import fmean, median
from typing import Any

from emailq.classify import calibrate, cascade
from emailq.classify.calibrate import Calibration, Point
from emailq.classify.cascade import Calibrations
from emailq.classify.labelled import Case, Label, ask
from emailq.errors import BadInput
from emailq.models import Intent, Priority, Sentiment
from emailq.settings import Settings

FIELDS: Mapping[str, type[Intent] | type[Sentiment] | type[Priority]] = {
    "intent": Intent,
    "sentiment": Sentiment,
    "priority": Priority,
}
BINS = 10
_FOLDS = 5


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
