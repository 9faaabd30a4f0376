"""What people read: queue_status, queue_workers, queue_why, and the specification's three views."""

import re
import shlex
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any, LiteralString
from uuid import UUID

import psycopg
import pytest
from psycopg.rows import dict_row

from tests.items import (
    add_emails,
    add_item,
    add_items,
    claim,
    claim_one,
    complete,
    fail,
    fill_queue,
    register,
    retry,
    set_time,
    value,
    worker_on,
)
from tests.waiting import wait_until

NOON = datetime.fromisoformat("2030-01-01T12:00:00+00:00")


def rows(db: psycopg.Connection, query: str) -> list[dict[str, Any]]:
    with db.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(query).fetchall()  # type: ignore[arg-type]


def status(db: psycopg.Connection, queue: str = "work") -> dict[str, Any]:
    [row] = [row for row in rows(db, "select * from queue_status") if row["queue_name"] == queue]
    return row


def why(db: psycopg.Connection, item_id: UUID) -> str:
    return str(value(db, "select queue_why(%s)", item_id))


def test_an_empty_database_shows_the_three_queues_at_rest(db: psycopg.Connection) -> None:
    found = {row["queue_name"]: row for row in rows(db, "select * from queue_status")}

    assert found.keys() == {"parsing", "classification", "erp_action"}
    assert found["parsing"] == {
        "queue_name": "parsing",
        "pending": 0,
        "scheduled": 0,
        "processing": 0,
        "failed": 0,
        "oldest_s": None,
        "rate_per_s": 0,
        "drain_s": None,
        "workers": 0,
        "paused": False,
        "waiting_for_dependency": False,
        "reason": None,
    }


def test_items_are_counted_by_what_they_wait_for(db: psycopg.Connection) -> None:
    set_time(db, NOON)
    add_items(db, 4, scheduled_at=NOON - timedelta(seconds=90))
    add_items(db, 2, scheduled_at=NOON + timedelta(seconds=1))
    worker = register(db)
    claim_one(db, worker)
    fail(db, claim_one(db, worker))

    found = status(db)

    assert (found["pending"], found["scheduled"], found["processing"], found["failed"]) == (2, 2, 1, 1)
    assert found["oldest_s"] == 90
    assert found["workers"] == 1


def test_an_acknowledged_failure_is_not_counted_any_more(db: psycopg.Connection) -> None:
    item_id = add_item(db)
    fail(db, claim_one(db, register(db)))

    db.execute("update processing_queue set acknowledged_at = now() where id = %s", (item_id,))

    assert status(db)["failed"] == 0


def test_the_drain_estimate_is_what_is_due_over_the_rate_of_the_last_minute(db: psycopg.Connection) -> None:
    set_time(db, NOON)
    add_items(db, 9, scheduled_at=NOON)
    worker = register(db)
    complete(db, *claim(db, worker, 6))

    fresh = status(db)
    set_time(db, NOON + timedelta(seconds=61))
    later = status(db)

    assert (fresh["rate_per_s"], fresh["drain_s"]) == (0.1, 30)
    assert (later["rate_per_s"], later["drain_s"]) == (0, None)


def test_a_queue_without_any_place_is_paused(db: psycopg.Connection) -> None:
    db.execute("insert into queue_controls (queue_name, max_running) values ('work', 0)")

    assert (status(db)["paused"], status(db)["reason"]) == (True, "queue_controls.max_running is 0")


def test_a_paused_queue_shows_its_reason(db: psycopg.Connection) -> None:
    db.execute("select pause_queue('work', 'month end')")

    assert (status(db)["paused"], status(db)["reason"]) == (True, "month end")


def test_a_queue_that_waits_for_its_dependency_says_so(db: psycopg.Connection) -> None:
    db.execute("select trip_queue('work', 30, 'connection refused')")

    assert (status(db)["waiting_for_dependency"], status(db)["reason"]) == (True, "connection refused")


def test_workers_are_shown_with_what_they_run_and_whether_they_live(dsn: str, db: psycopg.Connection) -> None:
    add_items(db, 3)
    mine = register(db, "work", "other")
    claim(db, mine, 2)
    with worker_on(dsn) as (_, gone):
        pass
    wait_until(lambda: db.execute("select live_worker_ids()").fetchall() == [(mine,)])

    found = {row["id"]: row for row in rows(db, "select * from queue_workers")}

    assert (found[mine]["alive"], found[mine]["processing"], found[mine]["queues"]) == (True, 2, ["work", "other"])
    assert found[gone]["alive"] is False


# ------------------------------------------------------------------------------------------ why


def test_why_nothing(db: psycopg.Connection) -> None:
    assert value(db, "select queue_why(gen_random_uuid())") is None


def test_why_completed(db: psycopg.Connection) -> None:
    item_id = add_item(db, scheduled_at=NOON)
    worker = register(db)
    set_time(db, NOON)
    complete(db, claim_one(db, worker))

    assert why(db, item_id) == "completed at 2030-01-01 12:00:00+00, in attempt 1"


def test_why_failed(db: psycopg.Connection) -> None:
    item_id = add_item(db)
    worker = register(db)
    set_time(db, NOON)
    fail(db, claim_one(db, worker), reason="no address")

    assert why(db, item_id) == "failed at 2030-01-01 12:00:00+00 after 1 of 3 attempts: no address"


def test_why_failed_without_a_reason(db: psycopg.Connection) -> None:
    item_id = add_item(db)
    db.execute("update processing_queue set status = 'failed'")

    assert why(db, item_id).endswith("after 0 of 3 attempts: no reason was recorded")


def test_why_cancelled(db: psycopg.Connection) -> None:
    item_id = add_item(db)
    set_time(db, NOON)
    db.execute("select cancel_jobs(%s)", ([item_id],))

    assert why(db, item_id) == "cancelled at 2030-01-01 12:00:00+00"


def test_why_running(db: psycopg.Connection) -> None:
    item_id = add_item(db, scheduled_at=NOON)
    worker = register(db)
    set_time(db, NOON)
    claim_one(db, worker)

    assert why(db, item_id) == (
        f"running since 2030-01-01 12:00:00+00 on worker {worker} (host here, pid 1), attempt 1 of 3"
    )


def test_why_running_on_a_worker_that_is_gone(dsn: str, db: psycopg.Connection) -> None:
    item_id = add_item(db)
    with worker_on(dsn) as (conn, worker):
        claim_one(conn, worker)
    wait_until(lambda: not db.execute("select live_worker_ids()").fetchall())

    assert why(db, item_id) == (
        "its worker is gone, and there is no other that would give the item back; start one with: emailq worker"
    )
    register(db, "parsing")
    assert why(db, item_id) == "its worker is gone; the next sweep of any worker gives the item back"


def test_why_processing_without_any_worker(db: psycopg.Connection) -> None:
    item_id = add_item(db)
    db.execute("update processing_queue set status = 'processing'")

    assert why(db, item_id).startswith("its worker is gone")


@pytest.mark.parametrize(("reason", "text"), [("month end", ": month end"), (None, "")])
def test_why_paused(db: psycopg.Connection, reason: str | None, text: str) -> None:
    item_id = add_item(db)
    db.execute("select pause_queue('work', %s)", (reason,))

    assert why(db, item_id) == f"the queue work is paused{text}"


def test_why_scheduled(db: psycopg.Connection) -> None:
    item_id = add_item(db, scheduled_at="2100-01-01")

    assert why(db, item_id) == "scheduled for 2100-01-01 00:00:00+00"


def test_why_waiting_for_a_retry(db: psycopg.Connection) -> None:
    item_id = add_item(db)
    worker = register(db)
    retry(db, claim_one(db, worker), delay_s=3600, reason="too busy")

    assert why(db, item_id).startswith("scheduled for ")
    assert why(db, item_id).endswith("; last error: too busy")


def test_why_waiting_for_a_dependency(db: psycopg.Connection) -> None:
    item_id = add_item(db)
    register(db)
    db.execute("set emailq.now = '2030-01-01 12:00:00+00'")
    db.execute("select trip_queue('work', 30, 'connection refused')")

    assert why(db, item_id) == (
        "the queue waits for what it depends on (next probe at 2030-01-01 12:00:30+00): connection refused"
    )


@pytest.mark.parametrize("queue", ["work", "virus.2-b", "x=y", "a b'c\";drop", "$(reboot)", "ä", "one\ntwo", "'"])
def test_the_command_that_starts_a_worker_can_be_copied(db: psycopg.Connection, queue: str) -> None:
    command = value(db, "select worker_command(%s)", queue)

    assert shlex.split(command) == ["emailq", "worker", "--queue", queue, "--handler", f"{queue}=module:function"]


def test_why_nobody_serves_the_queue(db: psycopg.Connection) -> None:
    item_id = add_item(db)
    register(db, "parsing")

    assert why(db, item_id) == (
        "no worker serves the queue work; start one with: emailq worker --queue work --handler work=module:function"
    )


def test_why_the_limit_is_reached(db: psycopg.Connection) -> None:
    db.execute("insert into queue_controls (queue_name, max_running) values ('work', 2)")
    *_, last = add_items(db, 3)
    claim(db, register(db))

    assert why(db, last) == "the queue work runs 2 items at a time and all places are taken"


def test_why_a_limit_of_nothing(db: psycopg.Connection) -> None:
    db.execute("insert into queue_controls (queue_name, max_running) values ('work', 0)")
    item_id = add_item(db)
    register(db)

    assert why(db, item_id) == "the queue work may run 0 items at a time (queue_controls.max_running)"


def test_why_the_rate_is_reached(db: psycopg.Connection) -> None:
    db.execute("insert into queue_controls (queue_name, max_per_s) values ('work', 0.5)")
    item_id = add_items(db, 2)[1]
    register(db)

    assert why(db, item_id) == (
        "due, with 1 items ahead of it in a queue that starts 0.5 items a second (queue_controls.max_per_s)"
    )


# What is open, or was prepared and forgotten.
OPEN = pytest.mark.parametrize("end", ["", "prepare transaction 'theirs'"], ids=["open", "prepared"])


@contextmanager
def left_open(dsn: str, deed: LiteralString, end: LiteralString) -> Iterator[str]:
    """Somebody who does that and does not commit; yields how he is told of."""
    with psycopg.connect(dsn, autocommit=True) as editor:
        editor.execute("begin")
        editor.execute(deed)
        if not end:
            yield f"a transaction of pid {editor.info.backend_pid} that is still open"
            editor.execute("rollback")
        else:
            editor.execute(end)
            try:
                yield "the prepared transaction 'theirs'"
            finally:
                editor.execute("rollback prepared 'theirs'")


@OPEN
def test_why_somebody_locks_the_row(dsn: str, db: psycopg.Connection, end: LiteralString) -> None:
    item_id = add_item(db)
    register(db)

    with left_open(dsn, "update processing_queue set priority = 2", end) as who:
        assert why(db, item_id) == f"due, but {who} locks it"

    assert why(db, item_id) == "due, with 0 items ahead of it"


@OPEN
@pytest.mark.parametrize(
    "deed",
    [
        "insert into queue_controls (queue_name, max_running) values ('work', 1)",
        "update queue_controls set max_per_s = 1",
        "update queue_controls set max_running = null where queue_name = 'limited'",
    ],
)
def test_why_somebody_changes_the_settings_of_the_queue(
    dsn: str, db: psycopg.Connection, deed: LiteralString, end: LiteralString
) -> None:
    db.execute("insert into queue_controls (queue_name, max_running) values ('limited', 2)")
    queue = "work" if "insert" in deed else "limited"
    item_id, other_id = add_item(db, queue), add_item(db, "other")
    register(db, queue, "other")

    with left_open(dsn, deed, end) as who:
        assert why(db, item_id) == f"due, but {who} has changed the settings of the queue {queue}"
        assert why(db, other_id) == "due, with 0 items ahead of it"

    assert why(db, item_id) == "due, with 0 items ahead of it"


@OPEN
def test_why_claims_wait_for_somebody(dsn: str, db: psycopg.Connection, end: LiteralString) -> None:
    db.execute("insert into queue_controls (queue_name, max_per_s) values ('work', 1)")
    item_id = add_item(db)
    with worker_on(dsn) as (conn, worker), ThreadPoolExecutor() as pool:
        conn.execute("set application_name = 'emailq claim'")
        with left_open(dsn, "lock table queue_credits", end) as who:
            claims = pool.submit(claim, conn, worker)
            wait_until(lambda: value(db, "select count(*) from pg_locks where not granted") == 1)
            text = why(db, item_id)
        claims.result()

    assert text == f"due, but claims of workers wait for {who}"


def test_why_it_runs_while_commits_wait_for_somebody(dsn: str, db: psycopg.Connection) -> None:
    add_items(db, 2)
    worker = register(db)
    job, other = claim(db, worker)
    with (
        psycopg.connect(dsn, autocommit=True, application_name="emailq commit") as conn,
        psycopg.connect(dsn) as editor,
    ):
        editor.execute("select from processing_queue where id = %s for update", (job.id,))
        commits = threading.Thread(target=lambda: complete(conn, job))
        commits.start()
        try:
            wait_until(lambda: value(db, "select count(*) from pg_locks where not granted") == 1)
            text = why(db, other.id)
        finally:
            editor.rollback()
            commits.join()
        pid = editor.info.backend_pid

    assert text.endswith(f"; or done, for commits of workers wait for a transaction of pid {pid} that is still open")
    assert why(db, other.id).endswith("attempt 1 of 3")


def test_why_the_only_worker_is_silent(dsn: str, db: psycopg.Connection) -> None:
    """It was stopped, or a handler keeps its interpreter: the session lives on."""
    item_id = add_item(db)
    with worker_on(dsn) as (_, worker):
        set_time(db, value(db, "select now() + interval '10 seconds'"))

        assert why(db, item_id).startswith(f"due, but worker {worker} (host here, pid 1) has said nothing for 1")
        db.execute("select suspect_job(%s, %s, 1)", (item_id, worker))
        assert why(db, item_id).endswith(f"a handler blocks it (last the one of item {item_id})")
        with worker_on(dsn) as (conn, _), conn.transaction():  # one that is at it
            conn.execute("select")
            assert why(db, item_id) == "due, with 0 items ahead of it"


def test_why_it_runs_on_a_worker_that_is_silent(dsn: str, db: psycopg.Connection) -> None:
    item_id = add_item(db)
    with worker_on(dsn) as (conn, worker):
        claim(conn, worker)
        assert why(db, item_id).endswith("attempt 1 of 3")
        set_time(db, value(db, "select now() + interval '10 seconds'"))

        text = why(db, item_id)

    assert re.search(r"; but it has said nothing for 1\d s: it is stopped, or a handler blocks it$", text)


def test_a_worker_is_not_silent_for_as_long_as_the_question_takes(dsn: str, db: psycopg.Connection) -> None:
    """Whoever asks of many items sees pg_stat_activity as it was first."""
    item_id = add_item(db, scheduled_at=value(db, "select now() + interval '5 seconds'"))
    with worker_on(dsn), db.transaction():
        db.execute("select count(*) from pg_stat_activity")
        db.execute("select pg_sleep(1)")
        assert db.execute("select host_troubles('here', '0.5 s')").fetchall() == []
        set_time(db, value(db, "select now() + interval '5.7 seconds'"))

        assert why(db, item_id) == "due, with 0 items ahead of it"


def test_why_a_suspect_waits(db: psycopg.Connection) -> None:
    item_id = add_item(db, crashes=2)
    worker = register(db)

    assert why(db, item_id) == "it was there when 2 workers were lost, so it waits to run alone"
    claim(db, worker, suspects=True)
    assert why(db, item_id).endswith("attempt 1 of 3, alone, as it was there when 2 workers were lost")


def test_why_it_is_not_its_turn(db: psycopg.Connection) -> None:
    low = add_item(db, priority=7)
    add_items(db, 2, priority=1)
    add_item(db, priority=7)
    add_item(db, priority=1, scheduled_at="2100-01-01")
    register(db)

    assert why(db, low) == "due, with 2 items ahead of it"


def test_why_workers_are_busy(db: psycopg.Connection) -> None:
    *_, last = add_items(db, 3)
    claim(db, register(db), 2)

    assert why(db, last) == "due, with 0 items ahead of it, while its workers are at 2 others"


def test_why_is_quick_on_a_long_queue(db: psycopg.Connection) -> None:
    fill_queue(db, 20_000)
    db.execute("analyze")
    register(db)
    last = value(db, "select id from processing_queue order by scheduled_at desc, id desc limit 1")
    db.execute("set statement_timeout = '2s'")

    assert why(db, last) == "due, with more than 10000 items ahead of it"


# ------------------------------------------------------------------------------------------ the specification's views


def add_mail(db: psycopg.Connection, **columns: Any) -> UUID:
    [email_id] = add_emails(db)
    for name, one in columns.items():
        db.execute(
            psycopg.sql.SQL("update emails set {} = %s where id = %s").format(psycopg.sql.Identifier(name)),
            (one, email_id),
        )
    return email_id


def test_statistics_by_sender(db: psycopg.Connection) -> None:
    ann = {"from_address": "ann@example.com"}
    add_mail(db, **ann, size_bytes=100, received_at=NOON, intent="order", has_attachments=True)
    add_mail(db, **ann, size_bytes=300, received_at=NOON + timedelta(days=1), intent="invoice")
    add_mail(db, **ann, size_bytes=200, received_at=NOON, intent="order")
    add_mail(db, from_address=None, received_at=NOON)

    found = {row.pop("from_address"): row for row in rows(db, "select * from email_stats_by_sender")}

    assert found["ann@example.com"] == {
        "total_emails": 3,
        "emails_with_attachments": 1,
        "avg_size_bytes": 200,
        "last_email_at": NOON + timedelta(days=1),
        "intents": ["invoice", "order"],
    }
    assert (found[None]["total_emails"], found[None]["intents"]) == (1, None)


def test_volume_by_day_is_in_utc(db: psycopg.Connection) -> None:
    db.execute("set timezone = 'Asia/Tokyo'")
    add_mail(db, received_at="2030-01-01 23:59+00", intent="invoice", created_at=NOON, classified_at=NOON)
    add_mail(
        db,
        received_at="2030-01-01 00:00+00",
        intent="order",
        created_at=NOON,
        classified_at=NOON + timedelta(seconds=8),
    )
    add_mail(db, received_at="2030-01-02 00:00+00", intent="complaint")

    found = {str(row.pop("date")): row for row in rows(db, "select * from email_volume_daily")}

    empty = {"invoices": 0, "orders": 0, "complaints": 0}
    assert found == {
        "2030-01-01": empty | {"total_emails": 2, "invoices": 1, "orders": 1, "avg_classification_time_sec": 4},
        "2030-01-02": empty | {"total_emails": 1, "complaints": 1, "avg_classification_time_sec": None},
    }


def test_statistics_of_erp_actions(db: psycopg.Connection) -> None:
    for number, (state, seconds) in enumerate([("success", 2), ("success", 4), ("failed", 6), ("pending", None)]):
        db.execute(
            "insert into erp_actions (email_id, action_type, idempotency_key, request_payload, payload_sha256, status,"
            " executed_at, completed_at) values (%s, 'create_order', %s, '{}', '\\x00', %s, %s, %s)",
            (add_mail(db), str(number), state, NOON, seconds and NOON + timedelta(seconds=seconds)),
        )

    [found] = rows(db, "select * from erp_action_stats")

    assert {name: float(one) if name.endswith("pct") else one for name, one in found.items()} == {
        "action_type": "create_order",
        "total_actions": 4,
        "successful": 2,
        "failed": 1,
        "success_rate_pct": 50.0,
        "avg_duration_sec": 4,
    }


@pytest.mark.parametrize("view", ["email_stats_by_sender", "email_volume_daily", "erp_action_stats", "queue_workers"])
def test_on_an_empty_database_each_view_is_empty(db: psycopg.Connection, view: str) -> None:
    assert db.execute(psycopg.sql.SQL("select * from {}").format(psycopg.sql.Identifier(view))).fetchall() == []


def troubles(db: psycopg.Connection, host: str = "here") -> list[str]:
    return [row["host_troubles"] for row in rows(db, f"select host_troubles('{host}', interval '10 minutes')")]


def test_a_host_without_a_worker_is_in_trouble(db: psycopg.Connection) -> None:
    assert troubles(db) == ["no worker on host here is connected"]


def test_a_host_is_in_trouble_when_its_queue_gets_nowhere(db: psycopg.Connection) -> None:
    register(db)
    set_time(db, NOON)
    add_items(db, 2, scheduled_at=NOON - timedelta(minutes=11))

    assert troubles(db) == ["queue work: an item has been due for 660 s, and none was completed meanwhile"]

    complete(db, claim_one(db, value(db, "select max(id) from workers")))
    assert troubles(db) == []


def test_a_worker_whose_event_loop_stands_still_is_trouble(db: psycopg.Connection, dsn: str) -> None:
    with worker_on(dsn) as (_, worker):
        assert troubles(db) == []
        wait_until(lambda: db.execute("select host_troubles('here', '0.5 s')").fetchall() != [])
        found = rows(db, "select host_troubles('here', '0.5 s')")

    assert re.fullmatch(rf"worker {worker} \(pid 1\) has said nothing for \d+ s", found[0]["host_troubles"])


def test_a_paused_queue_is_no_trouble(db: psycopg.Connection) -> None:
    register(db)
    add_items(db, 1, scheduled_at=datetime.fromisoformat("2020-01-01T00:00:00+00:00"))
    db.execute("select pause_queue('work', 'month end')")

    assert troubles(db) == []


def test_a_large_mailbox_is_estimated_not_counted(db: psycopg.Connection) -> None:
    exact = db.execute("select total_emails from api_stats").fetchone()

    db.execute("update pg_class set reltuples = 123456 where oid = 'emails'::regclass")

    assert exact == (0,)
    assert db.execute("select total_emails from api_stats").fetchone() == (123_456,)
