"""Authentication-Results as servers write them; which are believed; what a sender's headers give away."""

import time
from typing import Any

import pytest

from emailq.parse.authentication import aligned, believed, read_field
from emailq.parse.domains import is_ours, mixes_scripts, registrable
from emailq.parse.message import parse_message
from emailq.parse.sender import message_signs, server_signs

OURS = ("mx.example.org",)
ANN = "ann@brightline.example"


def results(value: str) -> list[tuple[str, str]]:
    return [(one["method"], one["result"]) for one in read_field(value)[1]]


def from_headers(*values: str, received_after: int = 1) -> list[tuple[str, str]]:
    """Authentication-Results fields; the Received field of our own server stands below so many of them."""
    fields = [("Authentication-Results", value) for value in values]
    return [("Received", "by inside"), *fields[:received_after], ("Received", "by mx"), *fields[received_after:]]


@pytest.mark.parametrize(
    ("value", "authserv_id", "expected"),
    [
        ("mx.example.org; spf=pass smtp.mailfrom=a.example", "mx.example.org", [("spf", "pass")]),
        ("MX.Example.org 1; none", "mx.example.org", []),
        ("mx.example.org (Postfix; dkim=pass) 1; spf=fail", "mx.example.org", [("spf", "fail")]),
        ('"mx.example.org"; dkim=Pass header.d=a.example; dkim=fail', "mx.example.org",
         [("dkim", "pass"), ("dkim", "fail")]),
        ("spf=pass (sender IP is 192.0.2.1) smtp.mailfrom=a.example; dmarc=pass action=none;compauth=pass reason=100",
         None, [("spf", "pass"), ("dmarc", "pass"), ("compauth", "pass")]),
        ("mx; spf=pass smtp.mailfrom=a dkim=none", "mx", [("spf", "pass"), ("dkim", "none")]),
        ("mta.example from=a.example; domainkeys=neutral (no sig); dkim=pass (ok)", "mta.example",
         [("domainkeys", "neutral"), ("dkim", "pass")]),
        ("mx; dkim / 1 = pass header.i = @a.example", "mx", [("dkim", "pass")]),
        ("mx; spf=pass (never closed; dkim=pass", "mx", [("spf", "pass"), ("dkim", "pass")]),
        ('mx; spf=pass reason="good; dkim=pass" smtp.mailfrom=a', "mx", [("spf", "pass")]),
        ("", None, []),
        (";;; =; a=b", None, []),
    ],
)  # fmt: skip
def test_results_are_read_as_servers_write_them(
    value: str, authserv_id: str | None, expected: list[tuple[str, str]]
) -> None:
    assert read_field(value)[0] == authserv_id
    assert results(value) == expected


@pytest.mark.parametrize("value", ["(" * 100_000, '"\\' * 50_000, "a=" * 50_000, "spf=pass;" * 50_000, "a.b" * 50_000])
def test_hostile_fields_cost_little(value: str) -> None:
    start = time.process_time()
    read_field(value)

    assert time.process_time() - start < 0.2


def test_only_our_own_servers_are_believed() -> None:
    headers = from_headers("mx.evil.example; dmarc=pass header.from=brightline.example")

    assert believed(headers, OURS) is None
    assert believed(from_headers("mx.example.org; dmarc=pass"), ()) is None


def test_what_stands_below_the_next_received_field_may_be_forged() -> None:
    headers = from_headers("mx.example.org; spf=fail; dmarc=fail", "mx.example.org; dmarc=pass; dkim=pass")

    found = believed(headers, OURS)

    assert found is not None
    assert (found["spf"], found["dkim"], found["dmarc"]) == ("fail", None, "fail")


def test_several_fields_of_one_server_belong_together() -> None:
    headers = from_headers(
        "mx.example.org; spf=pass", "other; dmarc=fail", "mx.example.org; dkim=pass", received_after=3
    )

    found = believed(headers, OURS)

    assert found is not None
    assert (found["authserv_id"], found["spf"], found["dkim"], found["dmarc"]) == (
        "mx.example.org",
        "pass",
        "pass",
        None,
    )


def test_fields_without_an_id_count_where_the_setting_says_so() -> None:
    headers = from_headers("spf=pass smtp.mailfrom=a.example; dkim=none")

    assert believed(headers, OURS) is None
    assert (believed(headers, ("-",)) or {})["spf"] == "pass"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("mx.example.org; dmarc=pass header.from=brightline.example", ["dmarc"]),
        ("mx.example.org; dmarc=pass header.from=evil.example", []),
        ("mx.example.org; dkim=pass header.d=mail.brightline.example", ["dkim"]),
        ("mx.example.org; dkim=pass header.i=@brightline.example", ["dkim"]),
        (
            "mx.example.org; dkim=pass header.d=evil.example; spf=pass smtp.mailfrom=x@bounce.brightline.example",
            ["spf"],
        ),
        ("mx.example.org; spf=pass smtp.mailfrom=evil.example", []),
        ("mx.example.org; spf=softfail smtp.mailfrom=brightline.example", []),
        ("mx.example.org; dkim=pass header.d=brightline.example; dmarc=fail", []),
    ],
)
def test_a_check_counts_if_it_is_about_the_domain_that_the_reader_sees(value: str, expected: list[str]) -> None:
    found = believed(from_headers(value), OURS)

    assert found is not None
    assert aligned(found, ANN) == expected


def signs(value: str, sender: str = ANN, own: set[str] | None = None) -> list[str]:
    return server_signs(believed(from_headers(value), OURS), sender, own or set())


def test_mail_that_claims_to_be_from_us_and_is_not_verified_is_told() -> None:
    us = {"example.org"}

    assert signs("mx.example.org; spf=none; dkim=none", "boss@example.org", us) == ["own-domain-unverified"]
    assert signs("mx.example.org; auth=pass smtp.auth=boss", "boss@example.org", us) == []
    assert signs("mx.example.org; dkim=pass header.d=example.org", "boss@example.org", us) == ["dkim-aligned"]
    assert signs("other; spf=none", "boss@example.org", us) == []
    assert signs("mx.example.org; spf=fail", "boss@example.org", us) == ["own-domain-unverified"]


def test_a_failure_of_spf_is_told_where_nothing_else_passed() -> None:
    assert signs("mx.example.org; spf=fail") == ["spf-fail"]
    assert signs("mx.example.org; spf=fail; dmarc=fail") == ["dmarc-fail"]
    assert signs("mx.example.org; spf=fail; dkim=pass header.d=brightline.example") == ["dkim-aligned"]
    assert signs("mx.example.org; spf=softfail") == []


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ("From: Ann <ann@brightline.example>", []),
        ("From: Ann <ann@brightline.example>\nReply-To: ann@mail.brightline.example", []),
        ("From: Ann <ann@brightline.example>\nReply-To: ann@mail.example", ["reply-to-differs"]),
        ('From: "ann@bank.example" <ann@brightline.example>', ["name-shows-other-address"]),
        ('From: "ann@sales.brightline.example" <ann@brightline.example>', []),
        ("From: a@brightline.example, b@brightline.example", ["from-multiple"]),
        ("From: a@brightline.example\nFrom: b@evil.example", ["from-multiple"]),
        ("From: Ann <ann@p\u0430ypal.example>", ["mixed-script-domain"]),
        ("From: Ann <ann@xn--pypal-4ve.example>", ["mixed-script-domain"]),
        ("From: Иван <ivan@почта.рф>", []),
        ("Subject: nobody", ["no-sender"]),
    ],
)
def test_what_a_message_gives_away_of_its_sender(headers: str, expected: list[str]) -> None:
    assert message_signs(parse_message(f"{headers}\n\nhello".encode())) == expected


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("a@mail.example.co.uk", "example.co.uk"),
        ("Mail.Example.COM.", "example.com"),
        ("@example.com", "example.com"),
        ("a@xn--80a1acny.xn--p1ai", "почта.рф"),
        ("a@xn--ib9b.example", "xn--ib9b.example"),  # a lone surrogate, which no database takes
        ("root", None),
        ("a@[192.0.2.1]", None),
        ("a@192.0.2.1", None),
        ("", None),
        ("a@" + "x" * 5000, None),
    ],
)
def test_the_registered_domain_of_an_address(address: str, expected: str | None) -> None:
    assert registrable(address) == expected


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("me@gmail.example", True),
        ("you@gmail.example", False),
        ("a@shop.example.org", True),
        ("a@notexample.org", False),
    ],
)
def test_what_is_ours(address: Any, expected: bool) -> None:
    assert is_ours(address, {"me@gmail.example", "example.org"}) is expected


def test_a_domain_in_one_foreign_script_mixes_nothing() -> None:
    assert not mixes_scripts("почта.рф")
    assert not mixes_scripts("brightline-24.example")
    assert mixes_scripts("brіghtline.example")
