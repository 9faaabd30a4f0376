"""The short form of scripts/chaos, and that it sees what it is there to see."""

import random

import pytest

from tests.scenarios.chaos import Plan, run_chaos


def seed() -> int:
    """Another one each time; pytest prints `-p randomly_seed=…`, which brings it back."""
    return random.randrange(1_000_000)


def test_nothing_is_lost_doubled_unexpected_or_stuck_under_random_faults() -> None:
    result = run_chaos(Plan(seed(), kills=25, crashes=2, cuts=8, lost_answers=20))

    assert result.accepted > 300, result
    assert result.handled_again > 0, result
    assert result.is_clean, str(result)  # a string is shown whole


def test_without_the_fence_the_checker_finds_doubled_effects() -> None:
    result = run_chaos(Plan(seed(), kills=3, crashes=0, cuts=20, lost_answers=0, pause_s=0.15, broken="fence"))

    assert result.duplicated, result


def test_without_the_common_transaction_the_checker_finds_lost_effects() -> None:
    result = run_chaos(Plan(seed(), kills=15, crashes=0, cuts=0, lost_answers=15, broken="transaction"))

    assert result.lost, result


@pytest.mark.long
def test_without_a_fresh_identity_the_checker_finds_stuck_items() -> None:
    plan = Plan(seed(), kills=10, crashes=0, cuts=5, lost_answers=20, settle_s=10, broken="identity")

    result = run_chaos(plan)

    assert result.stuck, result
