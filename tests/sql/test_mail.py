"""accept_emails, store_parsed_emails, record_classification: messages, threads and contacts are right in any order."""

import hashlib
import json
import random
import threading
import time
from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import permutations
from typing import Any, NamedTuple
from uuid import UUID

import psycopg
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from tests.items import value

NOON = datetime.fromisoformat("2026-03-01T12:00:00+00:00")
US = "us@example.org"


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


class Accepted(NamedTuple):
    n: int
    email_id: UUID
    is_new: bool
    is_new_delivery: bool


def incoming(content: str, message_id: str = "1@example.com", **fields: Any) -> dict[str, Any]:
    return {
        "content_sha256": digest(content),
        "raw_sha256": digest("raw of " + content),
        "message_id": message_id,
        "received_at": NOON.isoformat(),
        "size_bytes": len(content),
        "account": "shop",
        **fields,
    }


def accept(db: psycopg.Connection, *messages: dict[str, Any]) -> list[Accepted]:
    return [Accepted(*row) for row in db.execute("select * from accept_emails(%s)", (Jsonb(list(messages)),))]


_COLUMNS = {name: f"{name}_addresses" for name in ("to", "cc", "bcc")} | {"sender_signs": "trust_reasons"}


def parsed(**fields: Any) -> dict[str, Any]:
    """What the parser finds in a message without anything in it, and `fields`."""
    lists = ("to", "cc", "bcc", "headers", "in_reply_to", "references", "trust_reasons", "defects", "attachments")
    found: dict[str, Any] = {name: [] for name in lists} | {"is_orphan_reply": False} | fields
    found = {_COLUMNS.get(name, name): value for name, value in found.items()}
    return found | {"attachment_count": len(found["attachments"])}


def store(
    db: psycopg.Connection,
    email_id: UUID,
    *,
    domains: dict[str, str] | None = None,
    names: dict[str, str] | None = None,
    own: Sequence[str] = (),
    **fields: Any,
) -> None:
    """What a worker does with a parsed message."""
    people = {"domains": domains or {}, "names": names or {}, "own": list(own)}
    store_all(db, {email_id: parsed(**fields) | {"people": people}})


def store_all(db: psycopg.Connection, found: dict[UUID, dict[str, Any]]) -> None:
    rows = [json.dumps(one) for one in found.values()]
    db.execute("select store_parsed_emails(%s, %s)", (list(found), rows))


def counts(db: psycopg.Connection) -> tuple[int, int, int]:
    """Messages, deliveries, items."""
    return db.execute(
        "select (select count(*) from emails), (select count(*) from email_deliveries),"
        " (select count(*) from processing_queue)"
    ).fetchone() or (0, 0, 0)


def attachment(content: str) -> dict[str, Any]:
    return {
        "position": 0,
        "part_id": "2",
        "filename": content,
        "content_type": "application/pdf",
        "size_bytes": len(content),
        "sha256": digest(content),
        "s3_key": content,
        "is_inline": False,
    }


def rows(db: psycopg.Connection, query: str, *args: Any) -> list[dict[str, Any]]:
    with db.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(query, args).fetchall()  # type: ignore[arg-type]


# ------------------------------------------------------------------------------------------ accepted


def test_a_new_message_has_its_row_its_delivery_and_its_item(db: psycopg.Connection) -> None:
    [accepted] = accept(db, incoming("hello", sent_at=NOON.isoformat(), subject="Hi", to=[US], flags=["\\Seen"]))

    [email] = rows(db, "select * from emails")
    [delivery] = rows(db, "select * from email_deliveries")
    [queued] = rows(db, "select * from processing_queue")
    assert (accepted.n, accepted.email_id, accepted.is_new, accepted.is_new_delivery) == (1, email["id"], True, True)
    assert (email["subject"], email["to_addresses"], email["flags"]) == ("Hi", [US], ["\\Seen"])
    assert (email["parsed_at"], email["intent"], email["thread_id"]) == (None, None, None)
    assert (delivery["email_id"], delivery["raw_sha256"].hex()) == (email["id"], digest("raw of hello"))
    assert (queued["email_id"], queued["queue_name"], queued["status"]) == (email["id"], "parsing", "pending")


def test_the_answer_has_the_order_of_the_question(db: psycopg.Connection) -> None:
    known = accept(db, incoming("b"))[0].email_id

    answer = accept(db, *(incoming(content) for content in "cab"))

    assert [row.n for row in answer] == [1, 2, 3]
    assert answer[2].email_id == known
    assert [row.is_new for row in answer] == [True, True, False]


def test_a_known_message_adds_nothing(db: psycopg.Connection) -> None:
    accept(db, incoming("hello"))

    [again] = accept(db, incoming("hello"))

    assert (again.is_new, again.is_new_delivery) == (False, False)
    assert counts(db) == (1, 1, 1)


def test_a_known_message_in_another_mailbox_is_a_delivery(db: psycopg.Connection) -> None:
    accept(db, incoming("hello"))

    answers = [
        accept(db, incoming("hello", **where))[0]
        for where in (
            {"account": "office"},
            {"folder": "Archive"},
            {"uidvalidity": 1, "uid": 5},
            {"raw_sha256": digest("x")},
        )
    ]

    assert [(one.is_new, one.is_new_delivery) for one in answers] == [(False, True)] * 4
    assert value(db, "select count(*) from email_deliveries") == 5


def test_the_same_message_twice_in_one_batch_is_new_once(db: psycopg.Connection) -> None:
    answer = accept(db, incoming("hello"), incoming("hello"), incoming("hello", account="office"))

    assert len({row.email_id for row in answer}) == 1
    assert [row.is_new for row in answer] == [True, False, False]
    assert [row.is_new_delivery for row in answer] == [True, False, True]
    assert value(db, "select count(*) from email_deliveries") == 2


def test_one_uid_twice_in_one_batch_is_one_delivery(db: psycopg.Connection) -> None:
    uid = {"uidvalidity": 1, "uid": 5}

    answer = accept(db, incoming("hello", **uid), incoming("hello", **uid))

    assert [row.is_new_delivery for row in answer] == [True, False]


@pytest.mark.parametrize("together", [True, False])
def test_another_message_with_a_known_message_id_is_kept_and_the_later_one_marked(
    db: psycopg.Connection, together: bool
) -> None:
    messages = [incoming(content) for content in ("first", "second", "third")]
    if together:
        answer = accept(db, *messages)
    else:
        answer = [accept(db, message)[0] for message in messages]

    marked = dict(db.execute("select id, message_id_conflict from emails").fetchall())

    assert [marked[row.email_id] for row in answer] == [False, True, True]


def test_nothing_is_accepted_from_an_empty_batch(db: psycopg.Connection) -> None:
    assert accept(db) == []


def test_sessions_that_accept_the_same_mail_at_the_same_time_agree(dsn: str, db: psycopg.Connection) -> None:
    messages = [incoming(str(n), f"{n}@example.com", account=f"account {n % 3}") for n in range(60)]
    answers: list[list[Accepted]] = []
    together = threading.Barrier(4, timeout=20)

    def work(seed: int) -> None:
        mine = random.Random(seed).sample(messages, len(messages))
        with psycopg.connect(dsn, autocommit=True) as conn:
            together.wait()
            for start in range(0, 60, 20):
                answers.append(accept(conn, *mine[start : start + 20]))

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    told = [row for answer in answers for row in answer]
    assert len(told) == 240
    assert sum(row.is_new for row in told) == 60
    assert sum(row.is_new_delivery for row in told) == 60
    assert counts(db) == (60, 60, 60)


# ------------------------------------------------------------------------------------------ parsed


def test_what_the_parser_found_is_in_the_row(db: psycopg.Connection) -> None:
    [accepted] = accept(db, incoming("hello"))
    store(
        db, accepted.email_id, subject="Räder", body_text="zwei", attachments=[attachment("a.pdf")], defects=["no_date"]
    )

    [email] = rows(db, "select * from emails")
    [stored] = rows(db, "select * from attachments")
    assert (email["subject"], email["body_text"], email["defects"]) == ("Räder", "zwei", ["no_date"])
    assert (email["attachment_count"], email["has_attachments"]) == (1, True)
    assert email["parsed_at"] is not None
    assert (stored["filename"], stored["sha256"].hex(), stored["virus_scan_status"]) == (
        "a.pdf",
        digest("a.pdf"),
        "pending",
    )


def test_a_second_parse_replaces_content_and_counts_nothing_twice(db: psycopg.Connection) -> None:
    [accepted] = accept(db, incoming("hello"))
    first = {"from_address": "ann@example.com", "to": [US], "subject": "One", "attachments": [attachment("a")]}
    store(db, accepted.email_id, **first)

    store(db, accepted.email_id, **first | {"subject": "Two", "to": [US, "bob@example.com"], "attachments": []})

    [email] = rows(db, "select * from emails")
    assert (email["subject"], email["attachment_count"], email["has_attachments"]) == ("Two", 0, False)
    assert value(db, "select count(*) from attachments") == 0
    assert rows(db, "select email_count, subject from threads") == [{"email_count": 1, "subject": "Two"}]
    assert contacts(db) == {"ann@example.com": (1, 0), US: (0, 1), "bob@example.com": (0, 1)}


def test_a_second_parse_keeps_labels_and_deliveries(db: psycopg.Connection) -> None:
    [accepted] = accept(db, incoming("hello"))
    store(db, accepted.email_id)
    classify(db, accepted.email_id, intent="order")

    store(db, accepted.email_id, subject="again")

    assert value(db, "select intent from emails") == "order"
    assert value(db, "select count(*) from email_deliveries") == 1
    assert value(db, "select count(*) from classification_history") == 1


def test_texts_come_in_the_json_or_beside_it(db: psycopg.Connection) -> None:
    """In it: from a worker that was started before an upgrade, and goes on."""
    [accepted] = accept(db, incoming("hello"))
    query = "select body_text, body_html, new_text from emails"
    texts = {"body_text": "eins", "body_html": "<p>eins", "new_text": "eins"}

    store(db, accepted.email_id, **texts)
    in_it = rows(db, query)
    beside_it = []
    for body, html, new in (("zwei", "", "zwei"), ("", "<p>drei", "")):
        db.execute(
            "select store_parsed_emails(%s, %s, %s, %s, %s)",
            ([accepted.email_id], [json.dumps(parsed() | {"people": {}})], [body], [html], [new]),
        )
        beside_it += rows(db, f"{query} cross join email_search where search @@ to_tsquery('russian', %s)", body or "x")
    last = rows(db, query)

    assert in_it == [texts]
    assert beside_it == [{"body_text": "zwei", "body_html": None, "new_text": "zwei"}]
    assert last == [{"body_text": None, "body_html": "<p>drei", "new_text": None}]


def test_subject_and_text_are_found_by_words(db: psycopg.Connection) -> None:
    [accepted] = accept(db, incoming("hello"))
    store(db, accepted.email_id, subject="Lieferung", body_text="zwei Räder bitte")

    found = [
        value(db, "select count(*) from email_search where search @@ websearch_to_tsquery('russian', %s)", words)
        for words in ("räder", "lieferung bitte", "schrauben")
    ]

    assert found == [1, 1, 0]


# ------------------------------------------------------------------------------------------ contacts


def contacts(db: psycopg.Connection) -> dict[str, tuple[int, int]]:
    """Address → (sent, received)."""
    query = "select email, emails_sent_count, emails_received_count from contacts"
    return {email: (sent, received) for email, sent, received in db.execute(query).fetchall() if sent or received}


def test_sender_and_each_recipient_are_counted_once_a_message(db: psycopg.Connection) -> None:
    [accepted] = accept(db, incoming("hello"))

    store(
        db,
        accepted.email_id,
        from_address="ann@example.com",
        names={"ann@example.com": "Ann"},
        to=[US, US, "ann@example.com"],
        cc=[US, "bob@example.com"],
        bcc=["eve@example.com"],
    )

    assert contacts(db) == {
        "ann@example.com": (1, 1),
        US: (0, 1),
        "bob@example.com": (0, 1),
        "eve@example.com": (0, 1),
    }
    assert rows(db, "select name, last_email_at from contacts where emails_sent_count = 1") == [
        {"name": "Ann", "last_email_at": NOON}
    ]


def test_a_message_without_addresses_counts_for_nobody(db: psycopg.Connection) -> None:
    [accepted] = accept(db, incoming("hello"))

    store(db, accepted.email_id, from_address=None, to=["", US])

    assert contacts(db) == {US: (0, 1)}


ANN = "ann@example.com"
TOMORROW = NOON + timedelta(days=1)
NAMES = {  # what Ann is called after these: sender, when it was sent, what it calls her
    "A. Smith": [("bob@example.com", TOMORROW, "A. Smith"), ("bob@example.com", NOON, "A.S.")],
    "Ann": [("bob@example.com", TOMORROW, "A. Smith"), (ANN, NOON, "Ann"), (US, TOMORROW, "Annie")],
    "Ann Miller": [(ANN, NOON, "Ann Smith"), (ANN, TOMORROW, "Ann Miller"), (ANN, TOMORROW, None)],
}


def name_mails(db: psycopg.Connection, mails: Sequence[tuple[str, datetime, str | None]]) -> dict[UUID, dict[str, Any]]:
    """Accepted, and what the parser finds in them."""
    found = {}
    for sender, sent_at, name in mails:
        content = f"{sender} {sent_at} {name}"
        times = {"sent_at": sent_at.isoformat(), "received_at": (TOMORROW + timedelta(days=1)).isoformat()}
        [accepted] = accept(db, incoming(content, content, **times))
        people = {"domains": {}, "names": {ANN: name} if name else {}, "own": []}
        found[accepted.email_id] = parsed(from_address=sender, to=[ANN], sent_at=times["sent_at"], people=people)
    return found


@pytest.mark.parametrize("name", list(NAMES))
def test_people_are_called_as_in_their_newest_message_whatever_the_order_of_arrival(
    db: psycopg.Connection, name: str
) -> None:
    called = []
    for order in permutations(NAMES[name]):
        db.execute("truncate emails, threads, contacts cascade")
        found = name_mails(db, order)
        for email_id, one in found.items():
            store_all(db, {email_id: one})
        called.append(value(db, "select name from contacts where email = %s", ANN))
        store_all(db, found)  # a reparse, of all at once
        called.append(value(db, "select name from contacts where email = %s", ANN))

    assert set(called) == {name}


def test_a_reparse_takes_the_place_of_an_earlier_failure(db: psycopg.Connection) -> None:
    [accepted] = accept(db, incoming("hello"))
    db.execute("update processing_queue set status = 'failed', failed_at = now(), completed_at = now()")

    assert value(db, "select reparse_emails(array[%s]::uuid[])", accepted.email_id) == 1

    assert value(db, "select failed from queue_status where queue_name = 'parsing'") == 0
    assert value(db, "select pending from queue_status where queue_name = 'parsing'") == 1


def test_a_reparse_replaces_a_name_that_was_read_wrong(db: psycopg.Connection) -> None:
    found = name_mails(db, [(ANN, NOON, "Anne"), (ANN, TOMORROW, "=?Ann?=")])
    store_all(db, found)

    *_, newest = found.values()
    newest["people"]["names"][ANN] = "Ann"
    store_all(db, found)

    assert value(db, "select name from contacts where email = %s", ANN) == "Ann"


def test_names_of_before_give_way_to_what_a_reparse_finds(db: psycopg.Connection) -> None:
    found = name_mails(db, [(ANN, NOON, "Ann Smith"), (ANN, TOMORROW, "Ann Miller")])
    store_all(db, found)
    db.execute("update contacts set name = 'Ann Smith', is_own_name = default, named_at = default")

    for email_id, one in found.items():
        store_all(db, {email_id: one})

    assert value(db, "select name from contacts where email = %s", ANN) == "Ann Miller"


def test_a_forged_message_does_not_rename_its_sender(db: psycopg.Connection) -> None:
    true, forged = name_mails(db, [(ANN, NOON, "Ann"), (ANN, TOMORROW, "Eve")]).items()
    forged[1]["trust_reasons"] = ["own-domain-unverified"]

    store_all(db, dict([true, forged]))

    assert value(db, "select name from contacts where email = %s", ANN) == "Ann"


def test_our_own_addresses_are_internal(db: psycopg.Connection) -> None:
    [accepted] = accept(db, incoming("hello"))

    store(db, accepted.email_id, from_address="ann@example.com", to=[US], own=[US])

    assert rows(db, "select email from contacts where is_internal") == [{"email": US}]


def test_counts_are_exact_under_parallel_workers(dsn: str, db: psycopg.Connection) -> None:
    """One sender, one mailbox, one thread: the hottest rows there can be; batches as the committer makes them."""
    ids = [row.email_id for row in accept(db, *(incoming(str(n), f"{n}@example.com") for n in range(80)))]
    failed: list[psycopg.Error] = []

    def work(mine: Sequence[UUID]) -> None:
        with psycopg.connect(dsn, autocommit=True) as conn:
            for start in range(0, len(mine), 5):
                try:
                    with conn.transaction():
                        for email_id in mine[start : start + 5]:
                            store(
                                conn, email_id, from_address="ann@example.com", to=[US], references=["root@example.com"]
                            )
                except psycopg.Error as error:
                    failed.append(error)

    threads = [threading.Thread(target=work, args=(ids[start::4],)) for start in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failed == []
    assert contacts(db) == {"ann@example.com": (80, 0), US: (0, 80)}
    assert rows(db, "select email_count from threads") == [{"email_count": 80}]


# ------------------------------------------------------------------------------------------ threads


class Mail(NamedTuple):
    """What threads are made of. `refs` are message ids, which may be of messages that never come."""

    key: str
    refs: tuple[str, ...] = ()
    replies: tuple[str, ...] = ()
    subject: str | None = None
    orphan: bool = False  # says Re: but names no parent
    sender: str = "ann@example.com"
    to: tuple[str, ...] = (US,)
    day: int = 0


def arrive(
    db: psycopg.Connection, mails: Sequence[Mail], order: Sequence[int], *, together: int = 1
) -> dict[str, UUID]:
    """Accepts all mails and parses them in this order, so many at once; returns key → e-mail id."""
    ids = {
        mail.key: row.email_id
        for mail, row in zip(mails, accept(db, *(incoming(mail.key, mail.key) for mail in mails)), strict=True)
    }
    for start in range(0, len(order), together):
        batch = [mails[position] for position in order[start : start + together]]
        store_all(db, {ids[mail.key]: parsed(**fields_of(mail)) for mail in batch})
    return ids


def fields_of(mail: Mail) -> dict[str, Any]:
    return {
        "from_address": mail.sender,
        "to": list(mail.to),
        "subject": mail.subject,
        "thread_subject": mail.subject and mail.subject.lower(),
        "is_orphan_reply": mail.orphan,
        "references": list(mail.refs),
        "in_reply_to": list(mail.replies),
        "sent_at": (NOON + timedelta(days=mail.day)).isoformat(),
    }


def threads(db: psycopg.Connection) -> set[frozenset[str]]:
    """Which messages are together, by their message id."""
    query = "select array_agg(message_id) from emails where thread_id is not null group by thread_id"
    return {frozenset(keys) for (keys,) in db.execute(query).fetchall()}


def described(db: psycopg.Connection) -> list[tuple[Any, ...]]:
    """All that is told about threads, without their ids."""
    return db.execute(
        "select array(select message_id from emails e where e.thread_id = t.id order by 1) as mails, t.subject,"
        " t.participant_emails, t.email_count, t.last_email_at, t.intent from threads t order by mails"
    ).fetchall()


def test_a_reply_joins_its_parent(db: psycopg.Connection) -> None:
    arrive(db, [Mail("a"), Mail("b", replies=("a",)), Mail("c", refs=("a", "b")), Mail("d")], range(4))

    assert threads(db) == {frozenset("abc"), frozenset("d")}


def test_messages_stored_together_are_linked_and_counted_like_one_after_the_other(db: psycopg.Connection) -> None:
    mails = [
        Mail("b", replies=("a",), subject="Order 7", sender=US, to=("ann@example.com",)),
        Mail("a", refs=("z",), subject="Order 7", day=1),
        Mail("c", refs=("z",)),
        Mail("d", subject="Offer"),
        Mail("e", subject="Offer", orphan=True, sender=US, to=("ann@example.com",), day=2),
        Mail("f"),
    ]
    arrive(db, mails, range(len(mails)))
    one_by_one = described(db), contacts(db), threads(db)
    db.execute("truncate emails, threads, contacts cascade")

    accepted = accept(db, *(incoming(mail.key, mail.key) for mail in mails))
    found = {row.email_id: parsed(**fields_of(mail)) for mail, row in zip(mails, accepted, strict=True)}
    store_all(db, found)

    assert (described(db), contacts(db), threads(db)) == one_by_one
    assert threads(db) == {frozenset("abc"), frozenset("de"), frozenset("f")}
    store_all(db, found)  # a reparse
    assert (described(db), contacts(db), threads(db)) == one_by_one


def test_two_replies_meet_under_a_parent_that_never_came(db: psycopg.Connection) -> None:
    arrive(db, [Mail("b", replies=("phantom",)), Mail("c", replies=("phantom",))], range(2))

    assert threads(db) == {frozenset("bc")}


def test_a_late_parent_brings_its_replies_together(db: psycopg.Connection) -> None:
    mails = [Mail("b", replies=("a",)), Mail("c", refs=("z",)), Mail("a", refs=("z",))]

    arrive(db, mails, range(3))

    assert threads(db) == {frozenset("abc")}
    assert value(db, "select count(*) from threads") == 1


def test_a_message_that_refers_to_itself_and_a_circle_are_threads_like_others(db: psycopg.Connection) -> None:
    arrive(db, [Mail("self", refs=("self",)), Mail("a", replies=("b",)), Mail("b", replies=("a",))], range(3))

    assert threads(db) == {frozenset({"self"}), frozenset("ab")}


def test_an_orphan_reply_is_joined_by_subject_between_the_same_people(db: psycopg.Connection) -> None:
    first = Mail("a", subject="Order 7")
    answer = Mail("b", subject="Order 7", orphan=True, sender=US, to=("ann@example.com",), day=2)

    arrive(db, [first, answer], range(2))

    assert threads(db) == {frozenset("ab")}


@pytest.mark.parametrize(
    "stranger",
    [
        Mail("b", subject="Order 7", orphan=True, sender="eve@example.net", day=2),
        Mail("b", subject="Order 7", orphan=True, sender="eve@example.net", to=("ann@example.com",), day=2),
        Mail("b", subject="Order 7", orphan=True, day=31),
        Mail("b", subject="Order 7", orphan=False, day=2),
        Mail("b", subject="Order 8", orphan=True, day=2),
        Mail("b", subject=None, orphan=True, day=2),
    ],
    ids=["stranger", "stranger who writes to the sender", "too late", "no reply", "other subject", "no subject"],
)
def test_a_subject_alone_joins_nobody(db: psycopg.Connection, stranger: Mail) -> None:
    arrive(db, [Mail("a", subject="Order 7"), stranger], range(2))

    assert threads(db) == {frozenset("a"), frozenset("b")}


def test_a_thread_tells_the_subject_of_its_first_message_and_who_took_part(db: psycopg.Connection) -> None:
    first = Mail("a", subject="Order 7", day=0)
    answer = Mail("b", replies=("a",), subject="Re: Order 7", sender=US, to=("ann@example.com",), day=1)

    arrive(db, [answer, first], range(2))

    [thread] = rows(db, "select * from threads")
    assert (thread["subject"], thread["email_count"]) == ("Order 7", 2)
    assert thread["participant_emails"] == ["ann@example.com", US]


def test_merged_threads_leave_no_trace_behind(db: psycopg.Connection) -> None:
    arrive(db, [Mail("a"), Mail("b", refs=("p",)), Mail("c", refs=("a", "p"))], range(3))

    assert value(db, "select count(*) from threads") == 1
    assert value(db, "select count(distinct thread_id) from thread_message_ids") == 1
    assert value(db, "select email_count from threads") == 3


@pytest.mark.parametrize("length", [400, pytest.param(10_000, marks=[pytest.mark.long, pytest.mark.timeout(600)])])
def test_a_long_chain_in_any_order_is_one_thread_and_costs_no_square(db: psycopg.Connection, length: int) -> None:
    """Each names its parent and the last hundred before; as the threads of half the chain meet, they merge."""
    mails = [
        Mail(str(n), refs=tuple(str(m) for m in range(max(0, n - 100), n)), subject="Chain", day=n // 200)
        for n in range(length)
    ]
    order = random.Random(7).sample(range(length), length)

    start = time.monotonic()
    with db.transaction():
        arrive(db, mails, order)
    took_s = time.monotonic() - start

    assert rows(db, "select email_count, subject from threads") == [{"email_count": length, "subject": "Chain"}]
    assert took_s / length < 0.1  # seen: 0.004, at both lengths


@pytest.mark.parametrize("count", [300, pytest.param(5_000, marks=pytest.mark.long)])
def test_a_flood_under_one_subject_costs_no_square(db: psycopg.Connection, count: int) -> None:
    mails = [
        Mail(str(n), subject="Re: hello", orphan=True, sender=f"{n % 3}@example.com", day=n % 25) for n in range(count)
    ]

    start = time.monotonic()
    with db.transaction():
        arrive(db, mails, range(count))
    took_s = time.monotonic() - start

    assert value(db, "select count(*) from threads") == 3  # one for each stranger
    assert took_s / count < 0.1


PEOPLE = ("ann@example.com", "bob@example.com", US)
KEYS = "abcdefg"


@st.composite
def mails_in_two_orders(draw: st.DrawFn) -> tuple[list[Mail], list[int], list[int], int]:
    """Up to seven messages that refer to each other (cycles included), to themselves, and to two that never come; how
    many of them are stored together the second time.
    """
    ids = st.sampled_from([*KEYS, "phantom 1", "phantom 2"])
    mails = [
        Mail(
            key,
            refs=tuple(draw(st.lists(ids, max_size=3))),
            replies=tuple(draw(st.lists(ids, max_size=1))),
            subject=draw(st.sampled_from([None, "Order", "Invoice"])),
            orphan=draw(st.booleans()),
            sender=draw(st.sampled_from(PEOPLE)),
            to=tuple(draw(st.lists(st.sampled_from(PEOPLE), min_size=1, max_size=2))),
            day=draw(st.sampled_from([0, 1, 20, 40, 80])),
        )
        for key in KEYS[: draw(st.integers(2, len(KEYS)))]
    ]
    positions = st.permutations(range(len(mails)))
    return mails, draw(positions), draw(positions), draw(st.integers(1, len(mails)))


def linked(one: Mail, other: Mail) -> bool:
    """Whether two messages belong together by themselves: the rule, said once more in other words."""
    ids = [{mail.key, *mail.refs, *mail.replies} for mail in (one, other)]
    if ids[0] & ids[1]:
        return True
    return (
        one.subject is not None
        and one.subject == other.subject
        and (one.orphan or other.orphan)
        and abs(one.day - other.day) <= 30
        and (one.sender == other.sender or (one.sender in other.to and other.sender in one.to))
    )


def expected_threads(mails: Sequence[Mail]) -> set[frozenset[str]]:
    groups: list[list[Mail]] = []
    for mail in mails:
        near = [group for group in groups if any(linked(mail, other) for other in group)]
        groups = [group for group in groups if group not in near] + [[mail, *(one for group in near for one in group)]]
    return {frozenset(mail.key for mail in group) for group in groups}


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(mails_in_two_orders())
@example(
    (
        [
            Mail("a", subject=None, orphan=False),
            Mail("b", refs=("a",), subject="Order", orphan=False, day=1),
            Mail("c", refs=("a",), subject="Invoice", orphan=False, day=20),
        ],
        [0, 2, 1],
        [0, 1, 2],
        1,
    )
)
def test_threads_are_the_same_whatever_the_order_of_arrival(
    db: psycopg.Connection, case: tuple[list[Mail], list[int], list[int], int]
) -> None:
    mails, one_order, other_order, together = case

    with db.transaction(force_rollback=True):
        ids = arrive(db, mails, one_order)
        found, first, counted = threads(db), described(db), contacts(db)
        for message_id in ids.values():  # the same rows, in the other order
            db.execute("update emails set parsed_at = null, thread_id = null where id = %s", (message_id,))
        db.execute("delete from threads")
        db.execute("delete from contacts")
        arrive(db, mails, other_order, together=together)
        second, counted_again = described(db), contacts(db)

    assert found == expected_threads(mails)
    assert second == first
    assert counted == counted_again == expected_contacts(mails)


@pytest.mark.long
@pytest.mark.timeout(600)
def test_a_hundred_shuffles_of_the_same_mail_give_the_same_threads(db: psycopg.Connection) -> None:
    chance = random.Random(11)
    mails = [
        Mail(
            str(n),
            refs=tuple(
                str(chance.randrange(-5, 40)) for _ in range(chance.choice((0, 0, 0, 1, 1, 2)))
            ),  # below 0: never come
            subject=chance.choice((None, "Order", "Invoice", f"Topic {n % 9}")),
            orphan=chance.random() < 0.3,
            sender=chance.choice(PEOPLE),
            to=(chance.choice(PEOPLE),),
            day=chance.randrange(90),
        )
        for n in range(40)
    ]
    seen = []

    for _ in range(100):
        with db.transaction(force_rollback=True):
            arrive(db, mails, chance.sample(range(len(mails)), len(mails)))
            seen.append((threads(db), contacts(db)))

    assert len(expected_threads(mails)) > 5
    assert seen == [(expected_threads(mails), expected_contacts(mails))] * 100


def expected_contacts(mails: Sequence[Mail]) -> dict[str, tuple[int, int]]:
    sent = Counter(mail.sender for mail in mails)
    received = Counter(address for mail in mails for address in set(mail.to))
    return {address: (sent[address], received[address]) for address in sent | received}


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(mails_in_two_orders())
def test_parsing_everything_again_changes_nothing(
    db: psycopg.Connection, case: tuple[list[Mail], list[int], list[int], int]
) -> None:
    mails, one_order, other_order, _ = case

    with db.transaction(force_rollback=True):
        arrive(db, mails, one_order)
        before, counted = described(db), contacts(db)
        arrive(db, mails, other_order)

        assert described(db) == before
        assert contacts(db) == counted


# ------------------------------------------------------------------------------------------ labels


def classify(db: psycopg.Connection, email_id: UUID, **fields: Any) -> None:
    result = {"sentiment": "neutral", "priority": "normal", "confidence": 0.9, "decided_by": "model"} | fields
    db.execute(
        "select record_classification(%s, %s)", (email_id, Jsonb({"decision": "accepted", "prompt": "p"} | result))
    )


def test_a_decision_is_in_the_row_and_in_the_history(db: psycopg.Connection) -> None:
    [accepted] = accept(db, incoming("hello"))

    classify(db, accepted.email_id, intent="order", confidence=0.4, review_reason="unsure", decision="needs_review")

    [email] = rows(db, "select * from emails")
    [history] = rows(db, "select * from classification_history")
    assert (email["intent"], email["confidence_score"], email["review_reason"]) == ("order", 0.4, "unsure")
    assert email["classified_at"] is not None
    assert (history["decision"], history["decided_by"], history["details"]) == ("needs_review", "model", {})
    assert history["prompt_sha256"].hex() == digest("p")


def test_a_later_decision_replaces_the_labels_and_adds_to_the_history(db: psycopg.Connection) -> None:
    [accepted] = accept(db, incoming("hello"))
    classify(db, accepted.email_id, intent="spam", review_reason="unsure")

    classify(db, accepted.email_id, intent="order")

    assert rows(db, "select intent, review_reason from emails") == [{"intent": "order", "review_reason": None}]
    assert value(db, "select count(*) from classification_history") == 2


def test_what_a_person_decided_is_not_overruled(db: psycopg.Connection) -> None:
    [accepted] = accept(db, incoming("hello"))
    classify(db, accepted.email_id, intent="complaint", decided_by="person")

    classify(db, accepted.email_id, intent="order")

    assert value(db, "select intent from emails") == "complaint"
    assert rows(db, "select decided_by, decision from classification_history order by classified_at") == [
        {"decided_by": "person", "decision": "accepted"},
        {"decided_by": "model", "decision": "superseded"},
    ]


def test_a_person_may_think_again(db: psycopg.Connection) -> None:
    [accepted] = accept(db, incoming("hello"))
    classify(db, accepted.email_id, intent="complaint", decided_by="person")

    classify(db, accepted.email_id, intent="order", decided_by="person")

    assert value(db, "select intent from emails") == "order"


def test_a_thread_has_the_intent_of_its_first_classified_message(db: psycopg.Connection) -> None:
    ids = arrive(db, [Mail("a"), Mail("b", refs=("a",), day=1)], [0, 1])

    classify(db, ids["b"], intent="complaint")
    early = value(db, "select intent from threads")
    classify(db, ids["a"], intent="order")

    assert (early, value(db, "select intent from threads")) == ("complaint", "order")


def test_a_merged_thread_has_the_intent_of_its_first_message(db: psycopg.Connection) -> None:
    mails = [Mail("a"), Mail("b", refs=("p",), day=1), Mail("c", refs=("p",), day=2), Mail("d", refs=("a", "p"), day=3)]
    ids = arrive(db, mails, [0, 1, 2])
    classify(db, ids["a"], intent="order")
    classify(db, ids["b"], intent="complaint")

    arrive(db, mails, [3])

    assert rows(db, "select intent, email_count from threads") == [{"intent": "order", "email_count": 4}]


def test_two_decisions_in_one_thread_at_the_same_time_leave_the_intent_of_the_first_message(
    dsn: str, db: psycopg.Connection
) -> None:
    ids = arrive(db, [Mail("a"), Mail("b", refs=("a",), day=1)], [0, 1])

    with psycopg.connect(dsn) as first, psycopg.connect(dsn, autocommit=True) as second:
        classify(first, ids["a"], intent="order")
        other = threading.Thread(target=classify, args=(second, ids["b"]), kwargs={"intent": "complaint"})
        other.start()
        blocked = "select count(*) from pg_locks where not granted and pid = %s"
        while not value(db, blocked, second.info.backend_pid) and other.is_alive():
            pass
        first.commit()
        other.join()

    assert value(db, "select intent from threads") == "order"


def test_labels_that_are_no_labels_are_refused(db: psycopg.Connection) -> None:
    [accepted] = accept(db, incoming("hello"))

    with pytest.raises(psycopg.errors.CheckViolation):
        classify(db, accepted.email_id, intent="purchase")


def test_a_change_of_a_row_has_its_time(db: psycopg.Connection) -> None:
    [accepted] = accept(db, incoming("hello"))
    before = value(db, "select updated_at from emails")

    classify(db, accepted.email_id, intent="order")

    assert value(db, "select updated_at from emails") > before
