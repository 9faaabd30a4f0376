"""NOTIFY: whoever sleeps is woken by what is due now, and nobody notifies while all are busy."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from emailq.checks import notifications
from emailq.db import connect
from tests.conftest import MIGRATED, NewDatabase
from tests.items import (
    QUEUE,
    add_emails,
    add_item,
    add_items,
    claim_one,
    item,
    register,
    release,
    retry,
    statuses,
    value,
    worker_on,
)
from tests.servers import PostgresServer
from tests.waiting import wait_until

END = "the end of what this test notified"


@pytest.fixture
def listener(dsn: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(dsn, autocommit=True) as conn:
        conn.execute("listen emailq")
        yield conn


def notified(listener: psycopg.Connection, db: psycopg.Connection) -> list[str]:
    """The queues named by NOTIFY up to now; commits keep their order, so a last one ends the list."""
    db.execute("select pg_notify('emailq', %s)", (END,))
    found: list[str] = []
    for notice in listener.notifies(timeout=10):
        if notice.payload == END:
            return found
        found.append(notice.payload)
    raise AssertionError("the last notification did not come")


def fall_asleep(db: psycopg.Connection, queue: str = QUEUE) -> int:
    worker = register(db, queue)
    db.execute("select set_asleep(%s, %s, true)", (queue, worker))
    return worker


def test_an_insert_wakes_who_sleeps(listener: psycopg.Connection, db: psycopg.Connection) -> None:
    fall_asleep(db)

    add_item(db)

    assert notified(listener, db) == [QUEUE]


def test_nobody_is_woken_when_nobody_sleeps(listener: psycopg.Connection, db: psycopg.Connection) -> None:
    worker = fall_asleep(db)
    db.execute("select set_asleep('work', %s, false)", (worker,))

    add_items(db, 3)

    assert notified(listener, db) == []


def test_only_queues_with_a_sleeper_are_named(listener: psycopg.Connection, db: psycopg.Connection) -> None:
    fall_asleep(db, "parsing")

    add_item(db, "classification")
    add_item(db, "parsing")

    assert notified(listener, db) == ["parsing"]


def test_a_worker_that_ends_is_notified_no_more(listener: psycopg.Connection, db: psycopg.Connection) -> None:
    db.execute("select unregister_worker(%s)", (fall_asleep(db),))

    add_item(db)

    assert notified(listener, db) == []


def test_workers_that_fall_asleep_at_once_are_all_noted(
    dsn: str, listener: psycopg.Connection, db: psycopg.Connection
) -> None:
    with worker_on(dsn) as (first, worker), ThreadPoolExecutor() as pool:
        first.execute("begin")
        first.execute("select set_asleep('parsing', %s, true)", (worker,))
        second = pool.submit(fall_asleep, db)
        wait_until(lambda: value(first, "select exists (select from pg_locks where not granted)"))
        first.execute("commit")
        second.result()

    add_item(db, "parsing")
    add_item(db, QUEUE)

    assert notified(listener, db) == ["parsing", QUEUE]


def test_who_may_only_insert_wakes_too(listener: psycopg.Connection, db: psycopg.Connection) -> None:
    fall_asleep(db)
    [email] = add_emails(db)
    db.execute("create role emailq_test_inserts")
    try:
        db.execute("grant insert on processing_queue to emailq_test_inserts")
        db.execute("set role emailq_test_inserts")
        db.execute("insert into processing_queue (email_id, queue_name) values (%s, 'work')", (email,))
        db.execute("reset role")

        assert notified(listener, db) == [QUEUE]
    finally:
        db.execute("reset role")
        db.execute("drop owned by emailq_test_inserts; drop role emailq_test_inserts")


def test_a_thousand_rows_in_one_statement_are_one_notification(
    listener: psycopg.Connection, db: psycopg.Connection
) -> None:
    fall_asleep(db)
    add_emails(db, 1000)

    db.execute("insert into processing_queue (email_id, queue_name) select id, 'work' from emails")

    assert notified(listener, db) == [QUEUE]


def test_what_is_due_later_wakes_nobody(listener: psycopg.Connection, db: psycopg.Connection) -> None:
    fall_asleep(db)
    db.execute(
        "insert into processing_queue (email_id, queue_name, scheduled_at)"
        " values (%s, 'work', now() + interval '1 hour')",
        (add_emails(db)[0],),
    )

    assert notified(listener, db) == []


def test_a_transaction_with_an_item_that_is_due_in_a_moment_can_be_prepared(db: psycopg.Connection) -> None:
    fall_asleep(db)
    db.execute("begin")
    add_item(db, scheduled_at=value(db, "select clock_timestamp() + interval '1 second'"))

    db.execute("prepare transaction 'theirs'")
    db.execute("commit prepared 'theirs'")

    assert statuses(db) == {"pending": 1}


def test_a_rolled_back_insert_wakes_nobody(listener: psycopg.Connection, db: psycopg.Connection) -> None:
    fall_asleep(db)

    with db.transaction(force_rollback=True):
        add_item(db)

    assert notified(listener, db) == []


def test_an_item_brought_forward_wakes_who_sleeps(listener: psycopg.Connection, db: psycopg.Connection) -> None:
    add_item(db, scheduled_at="2100-01-01")
    fall_asleep(db)

    db.execute("update processing_queue set scheduled_at = now()")

    assert notified(listener, db) == [QUEUE]


def test_a_released_item_wakes_who_sleeps(listener: psycopg.Connection, db: psycopg.Connection) -> None:
    add_item(db)
    job = claim_one(db, fall_asleep(db))

    release(db, job)

    assert notified(listener, db) == [QUEUE]


def test_a_rescued_item_wakes_who_sleeps(dsn: str, listener: psycopg.Connection, db: psycopg.Connection) -> None:
    add_item(db)
    with worker_on(dsn) as (conn, worker):
        claim_one(conn, worker)
    mine = fall_asleep(db)
    wait_until(lambda: db.execute("select live_worker_ids()").fetchall() == [(mine,)])

    db.execute("select release_lost_jobs()")

    assert notified(listener, db) == [QUEUE]


def test_a_requeued_item_wakes_who_sleeps(listener: psycopg.Connection, db: psycopg.Connection) -> None:
    add_item(db)
    db.execute("update processing_queue set status = 'failed'")
    fall_asleep(db)

    db.execute("update processing_queue set status = 'pending'")

    assert notified(listener, db) == [QUEUE]


def test_claims_and_completions_notify_nobody(listener: psycopg.Connection, db: psycopg.Connection) -> None:
    add_item(db)
    worker = fall_asleep(db)

    db.execute("select complete_jobs(array[%s], array[%s], array[1])", (claim_one(db, worker).id, worker))

    assert notified(listener, db) == []


def test_resuming_a_queue_wakes_its_workers(listener: psycopg.Connection, db: psycopg.Connection) -> None:
    db.execute("select resume_queue('work')")

    assert notified(listener, db) == [QUEUE]


def test_a_retry_is_found_by_polling_when_its_time_comes(db: psycopg.Connection) -> None:
    item_id = add_item(db)
    worker = fall_asleep(db)

    retry(db, claim_one(db, worker), delay_s=0.01)

    wait_until(lambda: value(db, "select has_due_jobs('{work}')"))
    assert claim_one(db, worker).id == item_id


def test_sleepers_are_forgotten_after_a_crash_of_the_database(db: psycopg.Connection) -> None:
    """Table and bits are unlogged: nobody sleeps after recovery, and workers register anew."""
    unlogged = (
        "select array_agg(relname order by relname) from pg_class where relpersistence = 'u' and relkind in ('r', 'S')"
    )
    assert value(db, unlogged) == ["queue_sleepers", "queue_sleeping"]


def test_an_item_of_the_present_is_due_at_once(db: psycopg.Connection) -> None:
    item_id = add_item(db)

    assert item(db, item_id)["scheduled_at"] <= value(db, "select clock_timestamp()")
    assert value(db, "select has_due_jobs('{work}')")


def notify_often(db: psycopg.Connection) -> None:
    for _ in range(1000):
        db.execute("select pg_notify('other', repeat('x', 7000))")


async def test_a_full_queue_of_notifications_keeps_no_item_out(
    pg18_server: PostgresServer, database_on: NewDatabase
) -> None:
    """Others may fill it. Workers poll, so items must go in all the same."""
    with (
        database_on(pg18_server, MIGRATED) as dsn,
        psycopg.connect(dsn, autocommit=True) as db,
        psycopg.connect(dsn) as listens_in_a_transaction,
    ):
        listens_in_a_transaction.execute("listen other")
        listens_in_a_transaction.commit()
        listens_in_a_transaction.execute("select 1")
        with pytest.raises(psycopg.errors.ProgramLimitExceeded):
            notify_often(db)
        worker = fall_asleep(db)

        for item_id in add_items(db, 3):
            db.execute("select cancel_jobs(%s)", ([item_id],))
            db.execute("select requeue_jobs(%s)", ([item_id],))
        db.execute("select resume_queue(%s)", (QUEUE,))
        async with await connect(dsn, "test") as conn:
            found = await notifications(conn)

        assert claim_one(db, worker)
        assert found.state == "warn"
        assert str(listens_in_a_transaction.info.backend_pid) in found.text

        listens_in_a_transaction.rollback()
        with psycopg.connect(dsn, autocommit=True) as listener:
            listener.execute("listen emailq")
            add_item(db)
            assert notified(listener, db) == [QUEUE]
