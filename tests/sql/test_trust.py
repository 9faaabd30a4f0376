"""judge_sender: what is known of a sender when a message is parsed, and what that makes of it."""

from datetime import timedelta
from itertools import count
from typing import Any, LiteralString

import psycopg
import pytest

from tests.items import value
from tests.sql.test_mail import NOON, accept, incoming, rows, store

ANN = "ann@brightline.example"
US = "us@example.org"
_numbers = count()


def receive(
    db: psycopg.Connection,
    sender: str | None,
    *signs: str,
    to: tuple[str, ...] = (US,),
    folder: str = "INBOX",
    **fields: Any,
) -> tuple[str, set[str]]:
    """Takes in one more message and returns what is thought of its sender."""
    number = next(_numbers)
    [accepted] = accept(
        db,
        incoming(
            str(number),
            str(number),
            from_address=sender,
            folder=folder,
            received_at=(NOON + timedelta(minutes=number)).isoformat(),
        ),
    )
    people = [one for one in (sender, *to) if one]
    store(
        db,
        accepted.email_id,
        from_address=sender,
        to=list(to),
        sender_signs=list(signs),
        domains={one: one.partition("@")[2] for one in people},
        names={sender: fields["from_name"]} if sender and "from_name" in fields else {},
        own=[one for one in people if one.endswith("@example.org")],
        **fields,
    )
    [row] = rows(db, "select sender_trust, trust_reasons from emails where id = %s", accepted.email_id)
    return row["sender_trust"], set(row["trust_reasons"])


def test_a_first_message_is_new_and_a_second_one_known(db: psycopg.Connection) -> None:
    first = receive(db, ANN)
    second = receive(db, ANN, "spf-aligned")

    assert first == ("new", {"first-contact"})
    assert second == ("known", {"earlier-mail", "spf-aligned"})


@pytest.mark.parametrize("role", ["customer", "supplier"])
def test_a_partner_is_trusted_where_our_servers_vouch_for_the_domain(db: psycopg.Connection, role: str) -> None:
    receive(db, ANN)
    db.execute("update contacts set is_customer = %s, is_supplier = %s", (role == "customer", role == "supplier"))

    plain = receive(db, ANN)
    vouched_for = receive(db, ANN, "dkim-aligned")

    assert plain == ("known", {role, "earlier-mail"})
    assert vouched_for == ("trusted", {role, "earlier-mail", "dkim-aligned"})


def test_a_partner_whom_our_servers_confirmed_before_and_not_now_is_new_again(db: psycopg.Connection) -> None:
    receive(db, ANN, "dmarc-pass")
    receive(db, "bob@example.net")
    db.execute("update contacts set is_customer = true")

    assert receive(db, ANN) == ("new", {"customer", "earlier-mail", "unconfirmed"})
    assert receive(db, ANN, "dkim-aligned")[0] == "trusted"
    assert receive(db, "bob@example.net") == ("known", {"customer", "earlier-mail"})
    assert receive(db, "bob@example.net", "spf-fail")[0] == "new"
    assert receive(db, US, "dmarc-pass")[0] == "trusted"
    assert receive(db, US)[0] == "known"


def test_who_got_mail_from_us_is_a_correspondent(db: psycopg.Connection) -> None:
    receive(db, US, to=(ANN,), folder="Sent Items")
    receive(db, US, "dmarc-pass", to=("bob@example.net",))

    assert receive(db, ANN, "dmarc-pass") == ("trusted", {"first-contact", "correspondent", "dmarc-pass"})
    assert receive(db, "bob@example.net")[0] == "known"


def test_forged_mail_from_us_makes_nobody_a_correspondent(db: psycopg.Connection) -> None:
    receive(db, US, to=("eve@example.net",))

    assert receive(db, "eve@example.net") == ("new", {"first-contact"})


@pytest.mark.parametrize(
    "sign", ["from-multiple", "dmarc-fail", "own-domain-unverified", "mixed-script-domain", "name-shows-other-address"]
)
def test_a_sign_against_the_sender_outweighs_all_that_is_known_of_him(db: psycopg.Connection, sign: str) -> None:
    receive(db, ANN)
    db.execute("update contacts set is_customer = true where email = %s", (ANN,))

    assert receive(db, ANN, "spf-aligned", sign)[0] == "suspicious"


def test_no_sender_is_suspicious(db: psycopg.Connection) -> None:
    assert receive(db, None, "no-sender") == ("suspicious", {"no-sender"})


def test_answers_that_go_elsewhere_are_harmless_only_if_the_domain_is_vouched_for(db: psycopg.Connection) -> None:
    assert receive(db, ANN, "reply-to-differs")[0] == "suspicious"
    assert receive(db, ANN, "reply-to-differs", "dkim-aligned")[0] == "known"
    assert receive(db, "form@example.org", "reply-to-differs")[0] == "known"


@pytest.mark.parametrize(
    "domain",
    [
        "brightl1ne.example",
        "brightl\u0131ne.example",
        "bright-line.example",
        "br\u0456ghtline.example",
        "brigthline.example",
        "brightlin.example",
        "brightlinee.example",
        "brightlime.com",
    ],
)
def test_a_domain_that_looks_like_that_of_a_partner_is_told(db: psycopg.Connection, domain: str) -> None:
    receive(db, ANN)
    before = receive(db, f"ann@{domain}")
    db.execute("update contacts set is_customer = true where email = %s", (ANN,))

    after = receive(db, f"ann@{domain}")

    assert before == ("new", {"first-contact"})
    assert after == ("suspicious", {"earlier-mail", "look-alike-domain"})


@pytest.mark.parametrize("domain", ["brightline.example", None])
@pytest.mark.parametrize(
    "insert",
    [
        "insert into contacts (email, domain, is_customer) values (%s, %s, true)",
        "insert into contacts (email, domain, is_internal) values (%s, %s, true)",
        "insert into contacts (email, domain, written_to_at) values (%s, %s, now())",
    ],
)
def test_a_partner_who_was_put_in_by_sql_has_look_alikes_too(
    db: psycopg.Connection, insert: LiteralString, domain: str | None
) -> None:
    db.execute(insert, (ANN, domain))

    assert receive(db, "ann@brightlime.example") == ("suspicious", {"first-contact", "look-alike-domain"})


@pytest.mark.parametrize("domain", ["brightline.example", "brightline.net", "brightstone.example", "light.example"])
def test_another_domain_is_no_look_alike(db: psycopg.Connection, domain: str) -> None:
    receive(db, ANN)
    db.execute("update contacts set is_customer = true where email = %s", (ANN,))

    assert "look-alike-domain" not in receive(db, f"bob@{domain}")[1]


def test_com_misspelt_is_a_look_alike_and_another_country_is_none(db: psycopg.Connection) -> None:
    receive(db, "ann@acme.com")
    db.execute("update contacts set is_customer = true where email = 'ann@acme.com'")

    assert "look-alike-domain" in receive(db, "ann@acme.co")[1]
    assert "look-alike-domain" not in receive(db, "ann@acme.de")[1]


def test_a_partner_of_the_same_domain_clears_it(db: psycopg.Connection) -> None:
    for address in (ANN, "bob@brightlime.example"):
        receive(db, address)
    db.execute("update contacts set is_customer = true where is_internal = false")

    assert "look-alike-domain" not in receive(db, "carl@brightlime.example")[1]


def test_the_name_of_a_colleague_over_a_strange_address_is_told(db: psycopg.Connection) -> None:
    receive(db, "boss@example.org", from_name="Karin Berg")

    assert receive(db, "k.berg@mail.example", from_name="karin berg") == (
        "suspicious",
        {"first-contact", "name-of-colleague"},
    )
    assert receive(db, "second@example.org", from_name="Karin Berg")[0] != "suspicious"
    assert receive(db, "k@mail.example", from_name="Karin")[0] == "new"


def test_a_second_parse_judges_anew_and_counts_nothing_twice(db: psycopg.Connection) -> None:
    trust = receive(db, ANN)
    [row] = rows(db, "select id from emails")

    store(db, row["id"], from_address=ANN, to=[US], domains={ANN: "brightline.example"})

    assert rows(db, "select sender_trust, trust_reasons from emails") == [
        {"sender_trust": trust[0], "trust_reasons": ["first-contact"]}
    ]
    assert value(db, "select emails_sent_count from contacts where email = %s", ANN) == 1
