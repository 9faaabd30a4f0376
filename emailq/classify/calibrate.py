"""What a confidence is worth: maps and thresholds fitted on labelled mail, the errors they imply, and their bounds."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from psycopg.rows import class_row

from emailq.db import Connection
from emailq.models import Classification

LEAST_MESSAGES = 30  # labelled messages without which a model's confidence stays as it is
PLAIN = (1.0, 0.0)  # slope and intercept of the map that changes nothing
_PRIOR = 4.0  # how many messages' worth of doubt hold the map to PLAIN

Point = tuple[float, bool]  # a confidence, and whether the intent was right


class Calibration(NamedTuple):
    """For one model: calibrated log-odds = slope · log-odds + intercept, and from where a label is relied on.

    `answered` of `messages` reached `threshold`, `wrong` of those had the wrong intent, where `error` was asked for.
    """

    provider: str
    model: str
    slope: float
    intercept: float
    threshold: float
    error: float
    messages: int
    answered: int
    wrong: int


class Threshold(NamedTuple):
    """From this confidence on, `wrong` of `answered` labels were wrong; `bound` is the error's upper 95 % limit."""

    confidence: float
    answered: int
    wrong: int
    bound: float


async def load_calibrations(conn: Connection) -> dict[str, Calibration]:
    """Per model the newest one that `emailq calibrate` stored."""
    cursor = conn.cursor(row_factory=class_row(Calibration))
    await cursor.execute(
        "select distinct on (model) provider, model, slope, intercept, threshold, error, messages, answered, wrong"
        " from classifier_thresholds order by model, id desc",
        prepare=True,
    )
    return {one.model: one for one in await cursor.fetchall()}


async def store_calibration(conn: Connection, calibration: Calibration) -> None:
    columns = ", ".join(Calibration._fields)
    places = ", ".join(["%s"] * len(calibration))
    await conn.execute(f"insert into classifier_thresholds ({columns}) values ({places})", calibration)  # noqa: S608


def calibrated(label: Classification, calibrations: Mapping[str, Calibration]) -> Classification:
    """`label` with the confidence that its model's calibration gives it; as it is without one, or by a rule."""
    one = calibrations.get(label.model)
    if one is None or "rule" in label.details or "problem" in label.details:
        return label
    confidence = apply_map((one.slope, one.intercept), label.confidence)
    rest = 1 - label.confidence
    probabilities = {
        intent: confidence if intent == label.intent else p * (1 - confidence) / rest if rest > 0 else 0.0
        for intent, p in label.probabilities.items()
    }
    details = {**label.details, "raw_confidence": label.confidence}
    return replace(label, confidence=confidence, probabilities=probabilities, details=details)


def fit(provider: str, model: str, points: Sequence[Point], error: float) -> Calibration:
    """The calibration of a model from its raw confidences on labelled mail."""
    slope, intercept = fit_map(points)
    found = threshold_for([(apply_map((slope, intercept), raw), right) for raw, right in points], error)
    return Calibration(
        provider, model, slope, intercept, found.confidence, error, len(points), found.answered, found.wrong
    )


def fit_map(points: Sequence[Point]) -> tuple[float, float]:
    """Slope and intercept by logistic regression on the log-odds (Platt 1999), drawn a little towards no change."""
    slope, intercept = PLAIN
    known = [(log_odds(raw), right) for raw, right in points]
    for _ in range(50):
        g1, g0 = _PRIOR * (slope - 1), _PRIOR / 4 * intercept
        h11, h10, h00 = _PRIOR, 0.0, _PRIOR / 4
        for x, right in known:
            p = sigmoid(slope * x + intercept)
            g1 += (p - right) * x
            g0 += p - right
            weight = p * (1 - p)
            h11, h10, h00 = h11 + weight * x * x, h10 + weight * x, h00 + weight
        determinant = h11 * h00 - h10 * h10
        step1, step0 = (h00 * g1 - h10 * g0) / determinant, (h11 * g0 - h10 * g1) / determinant
        slope, intercept = slope - step1, intercept - step0
        if abs(step1) + abs(step0) < 1e-9:
            break
    return max(slope, 0.0), intercept  # a map never turns the order round


def apply_map(mapping: tuple[float, float], confidence: float) -> float:
    slope, intercept = mapping
    return sigmoid(slope * log_odds(confidence) + intercept)


def threshold_for(points: Sequence[Point], error: float) -> Threshold:
    """The lowest confidence from which at most `error` of the labels were wrong; 1 with nothing answered if none."""
    best = Threshold(1.0, 0, 0, 1.0)
    for one in risk_coverage(points):
        if one.wrong <= error * one.answered:
            best = one
    return best


def risk_coverage(points: Sequence[Point]) -> list[Threshold]:
    """What each possible threshold would answer and get wrong, the highest threshold first."""
    found: list[Threshold] = []
    wrong = 0
    for answered, (confidence, right) in enumerate(sorted(points, key=lambda point: -point[0]), 1):
        wrong += not right
        if found and found[-1].confidence == confidence:
            found.pop()
        found.append(Threshold(confidence, answered, wrong, 0.0))
    return [one._replace(bound=upper_bound(one.wrong, one.answered)) for one in found]


def upper_bound(wrong: int, answered: int, level: float = 0.95) -> float:
    """The largest error rate that `wrong` of `answered` leaves likely: one-sided Clopper-Pearson limit."""
    if wrong >= answered:
        return 1.0
    low, high = 0.0, 1.0
    for _ in range(50):
        middle = (low + high) / 2
        low, high = (middle, high) if _at_most(wrong, answered, middle) > 1 - level else (low, middle)
    return high


def _at_most(hits: int, n: int, p: float) -> float:
    """The chance of at most `hits` in `n`, each with chance `p`."""
    if p <= 0:
        return 1.0
    if p >= 1:
        return float(hits >= n)
    logs = (
        math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1) + k * math.log(p) + (n - k) * math.log1p(-p)
        for k in range(hits + 1)
    )
    return min(math.fsum(map(math.exp, logs)), 1.0)


def log_odds(p: float) -> float:
    p = min(max(p, 1e-6), 1 - 1e-6)
    return math.log(p / (1 - p))


def sigmoid(x: float) -> float:
    return 1 / (1 + math.exp(-max(min(x, 30.0), -30.0)))
