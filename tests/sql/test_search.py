"""search_vector and search_query: what is found by which words, and what can never keep a message from being stored."""

import time

import psycopg
import pytest

from emailq.db import query
from emailq.parse.digest import digest_message
from tests.items import value
from tests.sql.test_mail import accept, incoming, store


def is_found(db: psycopg.Connection, text: str, words: str) -> bool:
    return bool(value(db, "select search_vector(%s) @@ search_query(%s)", text, words))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Пришлите счета за поставку труб", "счёт"),
        ("Пришлите счёт за поставку трубы", "счетов труба"),
        ("We ordered ten pumps", "order pump"),
        ("zwei Räder bitte", "RÄDER"),
        ("your invoice INV-2026/17 of May", "inv-2026/17"),
        ("your invoice INV-2026/17 of May", "2026"),
        ("part_no X_200", "x_200"),
        ("well-known", '"well known"'),
        ("ann@my-host.example.com wrote", "ann@my-host.example.com"),
        ("apples and pears", "apples or plums"),
        ("请报价", "请报价"),
        ("40 KH-15/2 and a hose", 'hose KH-15/2 -"KH-15 3" "and a"'),
    ],
)
def test_words_are_found(db: psycopg.Connection, text: str, words: str) -> None:
    assert is_found(db, text, words)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("We ordered ten pumps", "valve"),
        ("We ordered ten pumps", "pumps -ten"),
        ("We ordered ten pumps", '"pumps ten"'),
        ("4962 pcs KH-4962 from P 15", "KH-15"),
        ("We ordered KH-15", "ordered -KH-15"),
        ("We ordered ten pumps", ""),
        ("We ordered ten pumps", "' & | ! ( :* \\ \"unclosed"),
    ],
)
def test_other_words_are_not_found_and_nothing_is_an_error(db: psycopg.Connection, text: str, words: str) -> None:
    assert not is_found(db, text, words)


def test_people_and_attachments_are_found_too(db: psycopg.Connection) -> None:
    raw = (
        b"From: Karin Berg <k.berg@brightline.example>\r\nTo: shop@example.org\r\nSubject: Hello\r\n"
        b'Content-Type: application/pdf; name="Price-list_2026.pdf"\r\n\r\n%PDF'
    )
    [accepted] = accept(db, incoming("hello"))
    store(db, accepted.email_id, **digest_message(raw).fields | {"attachments": []})

    found = [
        value(db, "select count(*) from email_search where search @@ search_query(%s)", words)
        for words in (
            *("karin", "k.berg@brightline.example", "brightline.example", "shop"),
            *('"price list" pdf', "price-list_2026.pdf", "nobody"),
        )
    ]

    assert found == [1, 1, 1, 1, 1, 1, 0]


@pytest.mark.parametrize(
    "pattern",
    [
        *(
            "a-",
            "a.",
            "1.",
            "a@",
            "<a ",
            "&a;",
            "http:",
            "1e1-",
            "a@b.",
            "+1",
            "а+",
            "a:",
            "a?b&",
            "/a",
            "x",
            "\U0001f3ff",
        ),
        *("\u4e00\u4e01 ", "a\u0301", "\u0660.", "' ", "\\", "a'"),
    ],
)
def test_no_text_keeps_a_message_from_being_stored(db: psycopg.Connection, pattern: str) -> None:
    text = (pattern * 100_000)[:100_000]

    start = time.monotonic()
    db.execute("select search_vector(%s), setweight(search_vector(%s), 'A')", (text, text))

    assert time.monotonic() - start < 5  # seen: 0.05


def test_as_many_different_words_as_there_can_be_fit(db: psycopg.Connection) -> None:
    words = " ".join(chr(0x10000 + n % 60_000) + chr(0x10001 + n * 7 % 60_000) for n in range(33_000))[:100_000]
    hosts = " ".join(f"{n:x}.{n * 7919:x}.example" for n in range(10_000))[:100_000]

    lengths = [value(db, "select pg_column_size(search_vector(%s))", text) for text in (words, hosts)]

    assert all(0 < length < 2_000_000 for length in lengths)


def test_the_list_uses_the_index(db: psycopg.Connection) -> None:
    db.execute(
        "insert into emails (message_id, subject, received_at)"
        " select i || '@example.com', 'x', now() - i * interval '1 minute' from generate_series(1, 20000) i"
    )
    db.execute(
        "insert into email_search"
        " select id, search_vector('common ' || case when random() < 0.001 then 'rare' else '' end) from emails"
    )
    db.execute("analyze emails, email_search")
    filters = dict.fromkeys(
        ["intent", "sentiment", "priority", "thread", "account", "sender", "trust", "before", "before_id"], None
    ) | {
        "review": False,
        "failed": False,
        "limit": 50,
    }

    plan = db.execute(
        b"explain " + query("list_emails").encode(), {**filters, "search": "rare"}, prepare=False
    ).fetchall()

    text = "\n".join(line for (line,) in plan)
    assert "Bitmap Index Scan on idx_email_search" in text
    assert "Seq Scan on emails" not in text
