"""What a terminal is shown of mail."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emailq.printable import printable


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Order 5", "Order 5"),
        ("Счёт № 5 – 例", "Счёт № 5 – 例"),
        ("\x1b]0;title\x07", "\\x1b]0;title\\x07"),
        ("inv\u202efdp.exe", "inv\\u202efdp.exe"),
        ("pay\u200bpal", "pay\\u200bpal"),
        ("two\nlines", "two\\nlines"),
        ("\ud800", "\\ud800"),
        ("", ""),
    ],
)
def test_printable_text_shows_what_could_steer_a_terminal(text: str, shown: str) -> None:
    assert printable(text, 100) == shown


@given(st.text(), st.integers(min_value=1, max_value=40))
def test_printable_text_is_one_line_of_plain_characters_within_its_limit(text: str, limit: int) -> None:
    shown = printable(text, limit)

    assert len(shown) <= limit
    assert shown.isprintable() or shown == ""
    assert shown == text or len(text) > limit or "\\" in shown or "…" in shown


def test_text_that_is_cut_ends_in_an_ellipsis() -> None:
    assert printable("abcdef", 4) == "abc…"
