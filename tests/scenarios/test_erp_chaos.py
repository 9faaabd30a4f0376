"""The short form of scripts/chaos-erp, and that it sees what it is there to see."""

import random

import pytest

from tests.scenarios.erp_chaos import Plan, run_chaos


@pytest.mark.parametrize("lookup", [False, True], ids=["keys", "lookup"])
def test_each_action_is_one_document_whatever_the_erp_and_the_workers_suffer(lookup: bool) -> None:
    result = run_chaos(Plan(random.randrange(1_000_000), actions=150, kills=3, erp_kills=1, workers=2, lookup=lookup))

    assert (result.kills, result.erp_kills) == (3, 1), result
    assert result.calls > result.actions, result
    assert result.is_clean, result


def test_without_the_common_key_the_checker_finds_doubled_documents() -> None:
    result = run_chaos(Plan(random.randrange(1_000_000), actions=60, kills=0, erp_kills=0, workers=1, broken="key"))

    assert result.doubled, result


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_ten_thousand_actions_are_ten_thousand_documents() -> None:
    result = run_chaos(Plan(random.randrange(1_000_000)))

    assert (result.actions, result.documents) == (10_000, 10_000), result
    assert result.is_clean, result
