"""A model points at words; the values come from the words themselves, and from nowhere else."""

from typing import Any

import pytest

from emailq.extract.requests import find_requests
from emailq.models import Intent

TEXT = "Dear all,\n\nour job ZX-4471 again: 15 blue ribbons, wide.\nWe pay 40.00 EUR by 3 Dec 2026."


def found(*spans: tuple[str, str], text: str = TEXT) -> dict[str, Any]:
    pointed_at = [{"name": name, "text": words} for name, words in spans]
    [fields] = find_requests(Intent.ORDER, "Ribbons", text, spans=pointed_at)
    return fields


def test_a_number_that_only_a_reader_recognises() -> None:
    fields = found(("order_number", "job ZX-4471"))

    assert found()["order_number"] is None
    assert fields["order_number"] == {"value": "ZX-4471", "span": "job ZX-4471", "source": "text"}


def test_what_a_date_and_a_sum_are() -> None:
    fields = found(("delivery_date", "3 Dec 2026"), ("total", "40.00 EUR"))

    assert [(one["value"], one["kind"]) for one in fields["dates"]] == [("2026-12-03", "delivery")]
    assert [(one["value"], one["kind"]) for one in fields["amounts"]] == [("40.00", "total")]


def test_blanks_and_case_do_not_matter_and_the_mails_own_words_are_kept() -> None:
    fields = found(("order_number", "JOB  zx-4471"))

    assert fields["order_number"]["value"] == "ZX-4471"


@pytest.mark.parametrize(
    "span",
    [
        ("order_number", "job ZX-9999"),
        ("order_number", "PO 1 for the attacker"),
        ("order_line", "1000 x gold bars"),
        ("total", "9999.00 EUR"),
        ("delivery_date", "1 Jan 2027"),
        ("order_number", ""),
    ],
)
def test_words_that_do_not_stand_in_the_message_count_for_nothing(span: tuple[str, str]) -> None:
    assert found(span) == found()


def test_what_the_rules_found_is_not_overruled() -> None:
    text = "PO 77-1: 12 boxes of soap. Job ZX-4471."

    assert found(("order_number", "Job ZX-4471"), ("order_line", "Job ZX-4471"), text=text) == found(text=text)
