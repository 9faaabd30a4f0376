"""The short form of scripts/chaos-erp, and that it sees what it is there to see."""

import random

import pytest

from tests.scenarios.erp_chaos import Plan, run_chaos


def test_each_action_is_one_document_whatever_the_erp_and_the_workers_suffer() -> None:
    result = run_chaos(Plan(random.randrange(1_000_000), actions=200, kills=3, erp_kills=1, workers=2))

    assert (result.kills, result.erp_kills) == (3, 1), result
    assert result.calls > result.actions, result
    assert result.is_clean, result


@pytest.mark.long
def test_the_same_with_an_erp_that_can_be_asked() -> None:
    result = run_chaos(Plan(random.randrange(1_000_000), actions=200, kills=3, erp_kills=1, workers=2, lookup=True))

    assert result.is_clean, result


def test_without_the_common_key_the_checker_finds_doubled_documents() -> None:
    result = run_chaos(Plan(random.randrange(1_000_000), actions=40, kills=0, erp_kills=0, workers=1, broken="key"))

    assert result.doubled, result


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_ten_thousand_actions_are_ten_thousand_documents() -> None:
    result = run_chaos(Plan(random.randrange(1_000_000)))

    assert (result.actions, result.documents) == (10_000, 10_000), result
    assert result.is_clean, result
