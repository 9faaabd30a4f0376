"""Message-ID, In-Reply-To and References as mail writes them."""

import pytest

from emailq.parse.headers import parse_ids


@pytest.mark.parametrize(
    ("written", "ids"),
    [
        ("<a@b>", ["a@b"]),
        ("<a@b><c@d>,<e@f>\t<g@h>", ["a@b", "c@d", "e@f", "g@h"]),
        ("< a@ b >", ["a@b"]),
        ("a@b, c@d", ["a@b", "c@d"]),
        ("1234567", ["1234567"]),
        ("Your message of Monday <a@b>", ["a@b"]),
        ("<a@b> (in reply to <c@d> of Bob)", ["a@b"]),
        ("<a(1)@b>", ["a(1)@b"]),
        ("<1234   @   local(blah)  .machine .example>", ["1234@local.machine.example"]),
        ("<a@b", ["a@b"]),
        ("\\<a@b\\>", ["a@b"]),
        ("&lt;a@b&gt;", ["a@b"]),
        ("=?utf-8?q?=3Ca=40b=3E?=", ["a@b"]),
        ('<x.JavaMail."u@v"@w>', ['x.JavaMail."u@v"@w']),
        ('< "a b" @c>', ['"a b"@c']),
        ("<a@b>MIME-Version: 1.0", ["a@b"]),
        ("<>", []),
        ("yesterday's message", []),
    ],
)
def test_ids_are_found_in_what_stands_around_them(written: str, ids: list[str]) -> None:
    assert parse_ids([written]) == ids
