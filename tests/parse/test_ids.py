"""Message-ID, In-Reply-To and References as mail writes them."""

import pytest

from emailq.parse.digest import digest_message
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
        ("(of (Monday) \\) <c@d>) <a@b>", ["a@b"]),
        ("<a(1)@b>", ["a(1)@b"]),
        ("<1234   @   local(blah)  .machine .example>", ["1234@local.machine.example"]),
        ("<a@b", ["a@b"]),
        ("\\<a@b\\>", ["a@b"]),
        ("&lt;a@b&gt;", ["a@b"]),
        ("=?utf-8?q?=3Ca=40b=3E?=", ["a@b"]),
        ('<x.JavaMail."u@v"@w>', ['x.JavaMail."u@v"@w']),
        ('< "a b" @c>', ['"a b"@c']),
        ("<a@b>MIME-Version: 1.0", ["a@b"]),
        ('Message from Ann Lee <ann@x.example> of "Mon, 3 Jan 2000 10:00:00 EST." <a@b>', ["a@b"]),
        ('Message from "Lee, Ann" <ann@x.example>\n\tof "Mon, 3 Jan 2000"', []),
        ("Message from ann@x.example of Monday", []),
        ('Ann Lee <ann@x.example> "Re: prices" (Jan  3, 10:00am)', []),
        ("Ann <ann@x.example>'s message of Monday <a@b>", ["a@b"]),
        ("Your message <a@b> of Monday", ["a@b"]),
        ('<a@b> "Re: prices"', ["a@b"]),
        ("<>", []),
        ("yesterday's message", []),
    ],
)
def test_ids_are_found_in_what_stands_around_them(written: str, ids: list[str]) -> None:
    assert parse_ids([written]) == ids


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("<Shop@shop.example>", []),
        ("<ann@x.example> <1@x.example>", ["1@x.example"]),
        ("<unknown>", []),
        ("null", []),
        ("<0>", []),
        ("<20261110.7>", ["20261110.7"]),
        ("<bob@x.example>", ["bob@x.example"]),
    ],
)
def test_a_reference_that_strangers_have_in_common_is_none(written: str, kept: list[str]) -> None:
    people = "From: Ann@x.example\nTo: shop@shop.example\n"
    raw = f"{people}Subject: Re: A\nReferences: {written}\nIn-Reply-To: {written}\n\nhm"

    fields = digest_message(raw.encode()).fields

    assert (fields["references"], fields["in_reply_to"]) == (kept, kept)
    assert fields["is_orphan_reply"] == (not kept)
