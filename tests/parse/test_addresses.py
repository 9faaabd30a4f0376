"""Mailbox lists as they stand in headers, well-formed and not."""

import pytest

from emailq.parse.addresses import parse_addresses
from emailq.parse.digest import digest_message
from emailq.parse.values import address_key

ENCODED = "=?utf-8?B?IkJvIiA8Ym9AZXhhbXBsZS5jb20+?="  # "Bo" <bo@example.com>
WIDE_LIST = [(None, f"{x}@b.example") for x in "cde"]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("a@b.example", [(None, "a@b.example")]),
        ("Bo <a@b.example>", [("Bo", "a@b.example")]),
        ('"Doe, John" <a@b.example>', [("Doe, John", "a@b.example")]),
        ("Doe, John <a@b.example>", [("Doe, John", "a@b.example")]),
        (
            "Doe, John, Jr. <a@b.example>, Roe, Jane <c@b.example>",
            [("Doe, John, Jr.", "a@b.example"), ("Roe, Jane", "c@b.example")],
        ),
        ("Big Company, <a@b.example>", [("Big Company", "a@b.example")]),
        ("root, admin, a@b.example", [(None, "root"), (None, "admin"), (None, "a@b.example")]),
        ('"Doe, John <a@b.example>', [("Doe, John", "a@b.example")]),
        ("Bo [mailto:a@b.example]", [("Bo", "a@b.example")]),
        ("Bo <a@b.example;c@b.example>", [("Bo", "a@b.example"), ("Bo", "c@b.example")]),
        ("=?utf-8?q?a=40b.example?=", [(None, "a@b.example")]),
        ('"Bo <a@b.example>"', [("Bo", "a@b.example")]),
        ("<'a@b.example'>, 'c@b.example'", [(None, "a@b.example"), (None, "c@b.example")]),
        ("Bo <a@b.example, c@b.example>", [("Bo", "a@b.example"), ("Bo", "c@b.example")]),
        ("Bo <a@b.example:>", [("Bo", "a@b.example")]),
        ("Bo <a@b.example>., Al <c@b.example>.", [("Bo", "a@b.example"), ("Al", "c@b.example")]),
        ("a@b.example =?utf-8?q?=2C?= Bo <c@b.example>", [(None, "a@b.example"), ("Bo", "c@b.example")]),
        ("Joe Q. Public <a@b.example>", [("Joe Q. Public", "a@b.example")]),
        ('"say \\"hi\\"" <a@b.example>', [('say "hi"', "a@b.example")]),
        ("a@b.example (Bo)", [("Bo", "a@b.example")]),
        ("Pete(A nice \\) chap) <pete(his account)@silly.example(his host)>", [("Pete", "pete@silly.example")]),
        ("< a@b.example >", [(None, "a@b.example")]),
        ("a . b @ c . example", [(None, "a.b@c.example")]),
        ("a.b .c@b.example", [(None, "a.b.c@b.example")]),
        ("<@one.example,@two.example:a@b.example>", [(None, "a@b.example")]),
        ("Bo <@one.example,@two.example:a@[IPv6:::1]>", [("Bo", "a@[IPv6:::1]")]),
        ("a@b.example Bo Doe", [("Bo Doe", "a@b.example")]),
        ('"two words"@b.example', [(None, '"two words"@b.example')]),
        ("a@[192.0.2.1]", [(None, "a@[192.0.2.1]")]),
        ("<a@[192.0.2.1]>", [(None, "a@[192.0.2.1]")]),
        ("Team: a@b.example, Bo <c@b.example>;", [(None, "a@b.example"), ("Bo", "c@b.example")]),
        ("One: a@b.example; Two: c@b.example;", [(None, "a@b.example"), (None, "c@b.example")]),
        ("undisclosed-recipients:;", []),
        ("Undisclosed recipients", []),
        ("<undisclosed-recipients:;>", []),
        ("undisclosed-recipients: ;@b.example", []),
        ("a@b.example; c@b.example,, d@b.example,", [(None, f"{x}@b.example") for x in "acd"]),
        ("a@b.example c@b.example", [(None, "a@b.example"), (None, "c@b.example")]),
        ("<a@b.example> <c@b.example>", [(None, "a@b.example"), (None, "c@b.example")]),
        ("Bo a@b.example, Al c@b.example", [("Bo", "a@b.example"), ("Al", "c@b.example")]),
        ("Bo <a@b.example", [("Bo", "a@b.example")]),
        ("Bo <mailto:a@b.example>", [("Bo", "a@b.example")]),
        ("root", [(None, "root")]),
        ("a@b.example, root,", [(None, "a@b.example"), (None, "root")]),
        ("Bo <root>", [("Bo", "root")]),
        ("two words", [("two words", "")]),
        ("a@b.example <>", [(None, "a@b.example")]),
        ('"Undisclosed recipients:" <>', []),
        ("MAILER-DAEMON <>, a@b.example", [("MAILER-DAEMON", ""), (None, "a@b.example")]),
        ('"ceo@big.example" <x@evil.example>', [("ceo@big.example", "x@evil.example")]),
        ("ceo@big.example <x@evil.example>", [("ceo@big.example", "x@evil.example")]),
        ('"Not this: no@b.example" a@b.example', [("Not this: no@b.example", "a@b.example")]),
        (ENCODED, [("Bo", "bo@example.com")]),
        (f"{ENCODED}, a@b.example", [("Bo", "bo@example.com"), (None, "a@b.example")]),
        (f"{ENCODED} <x@evil.example>", [('"Bo" <bo@example.com>', "x@evil.example")]),
        ("=?utf-8?q?a=2C_b?= <a@b.example>, c@b.example", [("a, b", "a@b.example"), (None, "c@b.example")]),
        ("用户 <用户@例え.example>", [("用户", "用户@例え.example")]),
        ('Bo <"a<b>, c"@b.example>, d@b.example', [("Bo", '"a<b>, c"@b.example'), (None, "d@b.example")]),
        ("Bo <a@b.example, Al <c@b.example>", [("Bo", "a@b.example"), ("Al", "c@b.example")]),
        ("张，三 <a@b.example>，c@b.example；d@b.example、e@b.example", [("张，三", "a@b.example"), *WIDE_LIST]),
        ('"a\\"b" @ c. example', [(None, '"a\\"b"@c.example')]),
        ('"say \\"hi\\"" a@b.example', [('say "hi"', "a@b.example")]),
        ("@one.example,@two.example:a@b.example", [(None, "a@b.example")]),
        ("Bo (Al) B (Cy) <a@b.example>", [("Bo B", "a@b.example")]),
        ('"Bo  B." C  D <a@b.example>', [("Bo  B. C D", "a@b.example")]),
        ("=?utf-8?q?Bo__B?= <a@b.example>", [("Bo  B", "a@b.example")]),
        ('"Bo," <a@b.example>', [("Bo,", "a@b.example")]),
        ("=?utf-8?q?bo?=@b.example", [(None, "bo@b.example")]),
        ("=?utf-8?q?Bo_<x=40b.example>?= <a@b.example>", [("Bo <x@b.example>", "a@b.example")]),
        ("=?utf-8?q?Bo?=a@b.example", [("Bo", "a@b.example")]),
        ('Doe\\, \\"Bo\\" <a@b.example>', [('Doe, "Bo"', "a@b.example")]),
        ("B\\bo <a@b.example>", [("B\\bo", "a@b.example")]),
        ("Bo <@one.example,@two.example :a@b.example>", [("Bo", "a@b.example")]),
        ("Bo <a@(at, <here>) b.example>, c@b.example", [("Bo", "a@b.example"), (None, "c@b.example")]),
        ('Bo <"(a)" @b.example>', [("Bo", '"(a)"@b.example')]),
        ('Bo <@one.example:"a>b"@b.example>', [("Bo", '"a>b"@b.example')]),
        ('"\\"Bo" <a@b.example>', [('"Bo', "a@b.example")]),
        ("a. b@c.example", [(None, "a.b@c.example")]),
        ("Bo <SMTP:a@b.example>", [("Bo", "a@b.example")]),
        ("\u202aa@b.example\u202c, Bo <c@b.example\u200b>", [(None, "a@b.example"), ("Bo", "c@b.example")]),
        ("Bo &lt;a@b.example&gt;", [("Bo", "a@b.example")]),
        ("Bo <a@b.example>:;", [("Bo", "a@b.example")]),
        ('"undisclosed-recipients:;"', []),
        (
            'a@b.example (5" disk), "Doe, (Jo)" <c@b.example> (say "hi :), d@b.example',
            [('5" disk', "a@b.example"), ("Doe, (Jo)", "c@b.example"), (None, "d@b.example")],
        ),
        ('Jo ("x) <a@b.example>, "Al (c" <c@b.example>', [("Jo", "a@b.example"), ("Al (c", "c@b.example")]),
        ('"Undisclosed-Recipient:;"@b.example', []),
        ("unlisted-recipients:; (no To-header on input)@b.example", []),
        ("<recipient list not shown:;>", []),
        ("norecipients@b.example", [(None, "norecipients@b.example")]),
        ("j.doe at b.example (John Doe), a at b.example", [("John Doe", "j.doe@b.example"), (None, "a@b.example")]),
        ('a@b.example "", "c d"@b.example ""', [(None, "a@b.example"), (None, '"c d"@b.example')]),
        ("a@=?utf-8?q?b.example?=, Bo <c@=?utf-8?q?b.example?=>", [(None, "a@b.example"), ("Bo", "c@b.example")]),
        ("a@=?utf-8?q?b.example=3E_c?=", [(None, "a@=?utf-8?q?b.example=3E_c?=")]),
        ("Doe at Company Ltd.", [("Doe at Company Ltd.", "")]),
        ("", []),
        (" , ;", []),
        ("<>", []),
    ],
)
def test_a_list_is_read_as_people_mean_it(value: str, expected: list[tuple[str | None, str]]) -> None:
    addresses, _ = parse_addresses(value)

    assert [(one.name, one.email) for one in addresses] == expected


@pytest.mark.parametrize(
    ("value", "defect"),
    [
        ("a@b.example <x@evil.example>", "address-ambiguous"),
        ("<a@b.example> <c@b.example>", "address-ambiguous"),
        ("Bo <root>", "address-without-domain"),
        ("a@b@c.example", "address-malformed"),
        ("Bo <a@b.example", "address-malformed"),
        ("two words", "address-missing"),
        (ENCODED, "address-encoded"),
        ("a@b.example," * 2001, "addresses-truncated"),
    ],
)
def test_what_was_guessed_or_cut_is_told(value: str, defect: str) -> None:
    assert defect in parse_addresses(value)[1]


@pytest.mark.parametrize("value", ["Bo <a@b.example>", '"a@b"@c.example', '<"a@b"@c.example>', "a@[192.0.2.1]"])
def test_what_is_as_it_should_be_has_no_defect(value: str) -> None:
    assert parse_addresses(value)[1] == []


@pytest.mark.parametrize(
    ("written", "key"),
    [
        ("Ivan@Почта.рф", "ivan@почта.рф"),
        ("ivan@XN--80a1acny.xn--p1ai", "ivan@почта.рф"),
        ("ivan@xn--80a1acny。xn--p1ai", "ivan@почта.рф"),
        ("jose\u0301@example.com", "jos\u00e9@example.com"),
        ('"a.b"@example.com', "a.b@example.com"),
        (r'"a\.b"@example.com', "a.b@example.com"),
        ('"a b"@example.com', '"a b"@example.com'),
        ('"a..b"@example.com', '"a..b"@example.com'),
        ("Ann@example.com.", "ann@example.com"),
        ("xn--80a1acny.xn--p1ai", "почта.рф"),
        ("x@xn--nonsense!.example", "x@xn--nonsense!.example"),
        ("x@xn--ab-g4t.example", "x@xn--ab-g4t.example"),  # "a", a mark that turns the direction, "b"
        (".", "."),
    ],
)
def test_a_mailbox_has_one_key_however_it_is_written(written: str, key: str) -> None:
    assert address_key(written) == key
    assert address_key(key) == key


def test_an_address_is_no_name() -> None:
    to = b"Bob <bob@example.com>, bob@example.com <bob@example.com>"
    raw = b"From: \"'Ann@example.com'\" <ann@example.com>\nTo: " + to + b"\n\nhm"

    assert digest_message(raw).names == {"bob@example.com": "Bob"}


def test_a_sender_without_an_address_has_a_name() -> None:
    digest = digest_message(b"From: MAILER-DAEMON <>\nTo: Bo Doe\n\nhm")

    assert (digest.fields["from_name"], digest.fields["from_address"]) == ("MAILER-DAEMON", None)
    assert (digest.fields["to_addresses"], digest.names) == ([], {})
    assert "no-sender" in digest.fields["sender_signs"]
