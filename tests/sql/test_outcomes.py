"""How a claimed item ends: complete_jobs, retry_jobs, fail_jobs, release_jobs, and the fence before each of them."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import psycopg
import pytest

from tests.items import (
    Claimed,
    add_item,
    add_items,
    claim,
    claim_one,
    complete,
    end,
    fail,
    fill_queue,
    item,
    register,
    release,
    retry,
    set_time,
    statuses,
    value,
    worker_on,
)
from tests.waiting import wait_until

END = pytest.mark.parametrize("end", [complete, retry, fail, release])
NOON = datetime.fromisoformat("2030-01-01T12:00:00+00:00")


def test_a_completed_item_has_its_time_and_no_owner(db: psycopg.Connection) -> None:
    item_id = add_item(db, last_error="once upon a time")
    job = claim_one(db, register(db))

    lost = complete(db, job)

    row = item(db, item_id)
    assert lost == set()
    assert (row["status"], row["worker_id"], row["last_error"], row["attempts"]) == ("completed", None, None, 1)
    assert row["completed_at"] >= row["started_at"]


def test_a_retried_item_waits_for_its_delay_with_its_reason(db: psycopg.Connection) -> None:
    item_id = add_item(db)
    worker = register(db)
    set_time(db, NOON)
    job = claim_one(db, worker)

    lost = retry(db, job, delay_s=3600, reason="the server was busy")

    row = item(db, item_id)
    assert lost == set()
    assert (row["status"], row["attempts"], row["last_error"]) == ("pending", 1, "the server was busy")
    assert row["scheduled_at"] == NOON + timedelta(hours=1)
    assert claim(db, worker) == []
    set_time(db, NOON + timedelta(hours=1))
    assert claim_one(db, worker).attempt == 2


def test_the_last_attempt_that_wants_a_retry_fails(db: psycopg.Connection) -> None:
    item_id = add_item(db, max_attempts=3)
    worker = register(db)

    for _ in range(3):
        retry(db, claim_one(db, worker), reason="still broken")

    row = item(db, item_id)
    assert (row["status"], row["attempts"], row["last_error"]) == ("failed", 3, "still broken")
    assert row["failed_at"] == row["completed_at"] is not None
    assert claim(db, worker) == []


def test_a_failed_item_keeps_its_reason_and_its_attempts(db: psycopg.Connection) -> None:
    item_id = add_item(db)
    job = claim_one(db, register(db))

    lost = fail(db, job, reason="not a message")

    row = item(db, item_id)
    assert lost == set()
    assert (row["status"], row["attempts"], row["last_error"]) == ("failed", 1, "not a message")
    assert row["failed_at"] == row["completed_at"] is not None


def test_a_released_item_has_its_attempt_back_and_its_old_place(db: psycopg.Connection) -> None:
    first, _ = add_items(db, 2)
    worker = register(db)
    before = item(db, first)
    job = claim_one(db, worker)

    lost = release(db, job, reason="worker stopped")

    row = item(db, first)
    assert lost == set()
    assert (row["status"], row["attempts"], row["started_at"]) == ("pending", 0, None)
    assert (row["scheduled_at"], row["last_error"]) == (before["scheduled_at"], "worker stopped")
    assert claim_one(db, worker).id == first


def test_an_item_released_for_a_time_is_due_after_it(db: psycopg.Connection) -> None:
    item_id = add_item(db)
    job = claim_one(db, register(db))
    set_time(db, NOON)

    lost = end(db, "release_jobs", [job], "not yet", 60.0)

    row = item(db, item_id)
    assert lost == set()
    assert (row["status"], row["attempts"], row["scheduled_at"]) == ("pending", 0, NOON + timedelta(seconds=60))


def test_a_release_without_a_reason_keeps_the_last_error(db: psycopg.Connection) -> None:
    item_id = add_item(db)
    worker = register(db)
    retry(db, claim_one(db, worker), reason="the real trouble")

    release(db, claim_one(db, worker))

    assert item(db, item_id)["last_error"] == "the real trouble"


@END
def test_outcomes_of_many_jobs_are_one_call(db: psycopg.Connection, end: Callable[..., Any]) -> None:
    add_items(db, 20)
    worker = register(db)
    jobs = claim(db, worker, 20)

    lost = end(db, *jobs)

    assert lost == set()
    assert value(db, "select count(*) from processing_queue where worker_id is not null") == 0
    assert "processing" not in statuses(db)


@END
def test_a_job_that_was_given_to_another_worker_is_not_touched(
    dsn: str, db: psycopg.Connection, end: Callable[..., Any]
) -> None:
    item_id = add_item(db)
    with worker_on(dsn) as (late_conn, late_worker):
        late_job = claim_one(late_conn, late_worker)
    worker = register(db)
    wait_until(lambda: value(db, "select release_lost_jobs()"))
    claim_one(db, worker)
    before = item(db, item_id)

    lost = end(db, late_job)

    assert lost == {item_id}
    assert item(db, item_id) == before


@END
def test_an_earlier_attempt_of_the_same_worker_is_refused(db: psycopg.Connection, end: Callable[..., Any]) -> None:
    item_id = add_item(db)
    worker = register(db)
    first = claim_one(db, worker)
    retry(db, first)
    claim_one(db, worker)
    before = item(db, item_id)

    assert end(db, first) == {item_id}
    assert item(db, item_id) == before


@END
def test_a_cancelled_job_is_refused(db: psycopg.Connection, end: Callable[..., Any]) -> None:
    item_id = add_item(db)
    job = claim_one(db, register(db))
    db.execute("select cancel_jobs(%s)", ([item_id],))

    assert end(db, job) == {item_id}
    assert item(db, item_id)["status"] == "cancelled"


@END
def test_a_deleted_job_is_reported_as_lost(db: psycopg.Connection, end: Callable[..., Any]) -> None:
    item_id = add_item(db)
    job = claim_one(db, register(db))
    db.execute("delete from processing_queue")

    assert end(db, job) == {item_id}


@END
def test_one_lost_job_among_many_does_not_stop_the_others(db: psycopg.Connection, end: Callable[..., Any]) -> None:
    add_items(db, 5)
    jobs = claim(db, register(db), 5)
    db.execute("select cancel_jobs(%s)", ([jobs[2].id],))

    lost = end(db, *jobs)

    assert lost == {jobs[2].id}
    assert "processing" not in statuses(db)


@END
def test_an_outcome_told_twice_counts_once(db: psycopg.Connection, end: Callable[..., Any]) -> None:
    """The answer of a commit may be lost; the worker then says it all again."""
    item_id = add_item(db)
    job = claim_one(db, register(db))
    end(db, job)
    before = item(db, item_id)

    lost = end(db, job)

    assert lost == {item_id}
    assert item(db, item_id) == before


def test_an_outcome_rolled_back_leaves_the_job_with_its_worker(db: psycopg.Connection) -> None:
    add_item(db)
    job = claim_one(db, register(db))

    with db.transaction(force_rollback=True):
        complete(db, job)

    assert complete(db, job) == set()


def test_no_jobs_at_all_are_no_error(db: psycopg.Connection) -> None:
    assert complete(db) == set()


def test_enqueueing_says_which_are_new(db: psycopg.Connection) -> None:
    item_id = add_item(db, "work")
    known = item(db, item_id)["email_id"]
    [fresh] = [row[0] for row in db.execute("select id from emails where id <> %s", (known,))] or [known]

    new = [
        row[0] for row in db.execute("select enqueue_jobs(%s, %s)", ([known, known, fresh], ["work", "next", "next"]))
    ]

    assert new == [2]
    assert value(db, "select count(*) from processing_queue") == 2


def test_one_call_that_names_an_item_twice_adds_it_once(db: psycopg.Connection) -> None:
    [email_id] = [item(db, add_item(db))["email_id"]]

    new = [row[0] for row in db.execute("select enqueue_jobs(%s, %s)", ([email_id] * 3, ["a", "b", "a"]))]

    assert new == [1, 2]


def test_a_finished_item_is_no_obstacle_to_a_new_one(db: psycopg.Connection) -> None:
    item_id = add_item(db)
    complete(db, claim_one(db, register(db)))

    new = db.execute("select enqueue_jobs(%s, %s)", ([item(db, item_id)["email_id"]], ["work"])).fetchall()

    assert new == [(1,)]
    assert statuses(db) == {"completed": 1, "pending": 1}


def test_enqueued_items_have_the_priority_and_delay_that_were_asked_for(db: psycopg.Connection) -> None:
    email_id = item(db, add_item(db))["email_id"]
    set_time(db, NOON)

    db.execute("select enqueue_jobs(%s, '{a,b}', '{2,null}'::int[], '{60,null}'::float8[])", ([email_id] * 2,))

    assert db.execute(
        "select queue_name, priority, scheduled_at from processing_queue where queue_name <> 'work' order by 1"
    ).fetchall() == [("a", 2, NOON + timedelta(minutes=1)), ("b", 5, NOON)]


@contextmanager
def scans(db: psycopg.Connection) -> Iterator[set[str]]:
    """Which indexes of processing_queue this session reads inside the `with`, and '' for the whole table."""
    found: set[str] = set()
    db.execute("select pg_stat_force_next_flush()")  # what it had counted before is with the others' counts now
    with db.transaction():
        yield found
        rows = db.execute(
            "select relname from pg_index join pg_class on pg_class.oid = indexrelid"
            " where indrelid = 'processing_queue'::regclass and pg_stat_get_xact_numscans(indexrelid) > 0"
            " union all select '' where pg_stat_get_xact_numscans('processing_queue'::regclass) > 0"
        )
        found |= {name for (name,) in rows}


@END
@pytest.mark.parametrize("analyzed_when", ["all pending", "all processing"])
def test_whatever_the_statistics_say_an_outcome_reads_the_primary_key_alone(
    db: psycopg.Connection, end: Callable[..., Any], analyzed_when: str
) -> None:
    fill_queue(db, 2000)
    worker = register(db)
    if analyzed_when == "all pending":
        db.execute("analyze processing_queue")
    jobs = claim(db, worker, 1000)
    if analyzed_when == "all processing":
        db.execute("analyze processing_queue")

    with scans(db) as scanned:
        end(db, *jobs)

    assert scanned == {"processing_queue_pkey"}


def test_whatever_the_statistics_say_a_claim_reads_the_live_index_alone(db: psycopg.Connection) -> None:
    fill_queue(db, 2000)
    worker = register(db)
    db.execute("analyze processing_queue")
    jobs = claim(db, worker, 500)
    complete(db, *jobs)
    db.execute("analyze processing_queue")

    with scans(db) as scanned:
        jobs = claim(db, worker, 500)

    assert len(jobs) == 500
    assert scanned == {"idx_queue_live"}


def drain(db: psycopg.Connection, worker: int) -> int:
    done = 0
    while jobs := claim(db, worker, 200):
        assert complete(db, *jobs) == set()
        done += len(jobs)
    return done


def test_a_drain_right_after_analyze_reads_no_whole_table(db: psycopg.Connection) -> None:
    fill_queue(db, 2000)
    worker = register(db)
    db.execute("analyze")

    with scans(db) as scanned:
        done = drain(db, worker)

    assert done == 2000
    assert scanned == {"idx_queue_live", "processing_queue_pkey"}


def test_the_fence_is_id_worker_and_attempt(db: psycopg.Connection) -> None:
    item_id = add_item(db)
    worker = register(db)
    job = claim_one(db, worker)

    wrong: list[Claimed] = [job._replace(worker=worker + 1), job._replace(attempt=2), job._replace(attempt=0)]

    assert [complete(db, one) for one in wrong] == [{item_id}] * 3
    assert complete(db, job) == set()


@END
def test_finishing_reads_the_finished_items_only_even_if_the_statistics_call_the_table_empty(
    db: psycopg.Connection, dsn: str, end: Callable[..., Any]
) -> None:
    """A VACUUM beside a large INSERT sees no row that is committed, and notes that down for the planner."""
    worker = register(db)
    with psycopg.connect(dsn) as other:
        fill_queue(other, 2000)
        db.execute("vacuum analyze processing_queue")
        other.commit()
    jobs = claim(db, worker, 20)

    with db.transaction():
        lost = end(db, *jobs)
        read = value(db, "select idx_tup_fetch from pg_stat_xact_user_tables where relname = 'processing_queue'")

    assert lost == set()
    assert 20 <= read < 100
