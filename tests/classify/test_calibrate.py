"""Calibration: maps, thresholds and bounds against numbers worked out by hand or known from tables."""

import random

import pytest

from emailq.classify.calibrate import (
    Calibration,
    apply_map,
    calibrated,
    fit,
    fit_map,
    log_odds,
    risk_coverage,
    threshold_for,
    upper_bound,
)
from emailq.models import Classification, Intent, Priority, Sentiment


def label(confidence: float, **details: object) -> Classification:
    rest = (1 - confidence) / 6
    chances = {intent: confidence if intent == "order" else rest for intent in Intent}
    return Classification(
        Intent.ORDER, Sentiment.NEUTRAL, Priority.NORMAL, confidence, "m", "local", chances, details=details
    )


def too_sure(count: int, seed: int = 1) -> list[tuple[float, bool]]:
    """Confidences of a model whose log-odds are twice what they should be."""
    rng = random.Random(seed)
    truths = [rng.uniform(0.2, 0.99) for _ in range(count)]
    return [(apply_map((2, 0), truth), rng.random() < truth) for truth in truths]


@pytest.mark.parametrize(
    ("wrong", "answered", "bound"),
    [(0, 10, 0.2589), (0, 59, 0.0495), (1, 20, 0.2161), (5, 100, 0.1023), (3, 3, 1.0), (0, 0, 1.0)],
)
def test_bounds_are_those_of_the_tables_of_clopper_and_pearson(wrong: int, answered: int, bound: float) -> None:
    assert upper_bound(wrong, answered) == pytest.approx(bound, abs=2e-4)


def test_the_threshold_is_the_lowest_that_keeps_to_the_error() -> None:
    points = [(0.9, True), (0.8, True), (0.7, False), (0.6, True), (0.5, True), (0.4, False)]

    assert threshold_for(points, 0.25)[:3] == (0.5, 5, 1)
    assert threshold_for(points, 0.1)[:3] == (0.8, 2, 0)


def test_where_nothing_keeps_to_the_error_nothing_is_answered() -> None:
    assert threshold_for([(0.9, False), (0.8, True)], 0.1) == (1.0, 0, 0, 1.0)


def test_equal_confidences_are_answered_together_or_not_at_all() -> None:
    assert [one[:3] for one in risk_coverage([(0.9, True), (0.9, False), (0.5, True)])] == [(0.9, 2, 1), (0.5, 3, 1)]


def test_a_model_that_is_too_sure_is_brought_down_to_its_real_accuracy() -> None:
    slope, intercept = fit_map(too_sure(5000))

    assert slope == pytest.approx(0.5, abs=0.06)
    assert intercept == pytest.approx(0, abs=0.12)


def test_few_messages_change_little() -> None:
    slope, intercept = fit_map([(0.9, False), (0.8, True)])

    assert slope == pytest.approx(1, abs=0.3)
    assert abs(intercept) < 1.5


@pytest.mark.parametrize("right", [True, False])
def test_a_map_can_be_fitted_to_answers_that_are_all_alike(right: bool) -> None:
    slope, intercept = fit_map([(0.7, right)] * 40)

    assert slope >= 0
    assert (apply_map((slope, intercept), 0.7) > 0.7) is right


def test_a_calibration_changes_the_confidence_and_keeps_the_rest_in_proportion() -> None:
    one = Calibration("local", "m", 0.5, 0.0, 0.7, 0.05, 100, 60, 3)

    changed = calibrated(label(0.9), {"m": one})

    assert log_odds(changed.confidence) == pytest.approx(log_odds(0.9) / 2)
    assert changed.details["raw_confidence"] == 0.9
    assert changed.probabilities["order"] == changed.confidence
    assert sum(changed.probabilities.values()) == pytest.approx(1)


@pytest.mark.parametrize(
    "one", [label(0.97, rule="bounce"), label(0.0, problem="no valid answer")], ids=["rule", "problem"]
)
def test_what_no_model_decided_is_not_calibrated(one: Classification) -> None:
    calibration = Calibration("local", "m", 0.5, 0.0, 0.7, 0.05, 100, 60, 3)

    assert calibrated(one, {"m": calibration}) == one


def test_the_threshold_that_is_stored_applies_to_calibrated_confidences() -> None:
    points = too_sure(400)

    one = fit("local", "m", points, 0.1)

    answered = [right for raw, right in points if apply_map((one.slope, one.intercept), raw) >= one.threshold]
    assert (len(answered), answered.count(False)) == (one.answered, one.wrong)
    assert one.wrong <= 0.1 * one.answered
