"""claim_jobs: which items a worker gets, and in which order."""

import threading
from datetime import datetime, timedelta
from uuid import UUID

import psycopg
import pytest

from tests.items import (
    Claimed,
    add_item,
    add_items,
    claim,
    claim_one,
    complete,
    fill_queue,
    item,
    register,
    release,
    retry,
    set_time,
    value,
    worker_on,
)


def ids(jobs: list[Claimed]) -> list[UUID]:
    return [job.id for job in jobs]


def test_a_claimed_item_names_its_worker_and_counts_an_attempt(db: psycopg.Connection) -> None:
    item_id = add_item(db)
    worker = register(db)

    job = claim_one(db, worker)

    row = item(db, item_id)
    assert (job.id, job.email_id, job.attempt, job.max_attempts) == (item_id, row["email_id"], 1, 3)
    assert (row["status"], row["worker_id"], row["attempts"]) == ("processing", worker, 1)
    assert row["started_at"] is not None


def test_an_item_is_claimed_once(db: psycopg.Connection) -> None:
    add_item(db)
    worker = register(db)

    first, second = claim(db, worker), claim(db, worker)

    assert (len(first), second) == (1, [])


def test_a_claim_takes_no_more_than_its_limit(db: psycopg.Connection) -> None:
    add_items(db, 5)
    worker = register(db)

    assert [len(claim(db, worker, 3)) for _ in range(3)] == [3, 2, 0]


def test_only_the_named_queue_is_claimed(db: psycopg.Connection) -> None:
    add_item(db, "other")

    assert claim(db, register(db)) == []


def test_items_come_by_priority_then_by_due_time(db: psycopg.Connection) -> None:
    last, second, third, first = (add_item(db, priority=priority) for priority in (10, 2, 2, 1))
    worker = register(db)

    claimed = [claim_one(db, worker).id for _ in range(4)]

    assert claimed == [first, second, third, last]


def test_one_batch_takes_higher_lanes_before_lower_ones(db: psycopg.Connection) -> None:
    low = add_items(db, 3, priority=7)
    high = add_items(db, 2, priority=1)

    claimed = ids(claim(db, register(db), 4))

    assert set(claimed) == {*high, *low[:2]}


def test_an_item_of_the_future_waits_for_its_time(db: psycopg.Connection) -> None:
    item_id = add_item(db, scheduled_at=datetime.fromisoformat("2030-01-01T12:00:00+00:00"))
    worker = register(db)

    set_time(db, "2030-01-01 11:59:59+00")
    early = claim(db, worker)
    set_time(db, "2030-01-01 12:00:00+00")
    due = claim(db, worker)

    assert (early, ids(due)) == ([], [item_id])


def test_a_batch_inserted_at_once_keeps_its_order(db: psycopg.Connection) -> None:
    db.execute(
        "with message as (insert into emails (content_sha256, raw_sha256, message_id, size_bytes, received_at)"
        " select sha256(n::text::bytea), '\\x00'::bytea || substr(sha256(''), 2), n::text, n, now()"
        " from generate_series(1, 100) n returning id, size_bytes)"
        " insert into processing_queue (email_id, queue_name) select id, 'work' from message order by size_bytes"
    )
    worker = register(db)

    order = [
        value(db, "select size_bytes from emails where id = %s", claim_one(db, worker).email_id) for _ in range(100)
    ]

    assert order == list(range(1, 101))


def test_marks_pass_over_what_was_claimed_and_ties_are_not_lost(db: psycopg.Connection) -> None:
    moment = datetime.fromisoformat("2026-01-01T00:00:00+00:00")
    expected = set(add_items(db, 9, scheduled_at=moment))
    worker = register(db)

    marks: dict[int, Claimed] = {}
    seen: list[UUID] = []
    while jobs := claim(db, worker, 2, marks=marks):
        marks[5] = max(jobs, key=lambda job: job.id)
        seen += ids(jobs)

    assert sorted(seen) == sorted(expected)


def test_marks_hide_an_item_behind_them_until_they_are_dropped(db: psycopg.Connection) -> None:
    add_item(db)
    worker = register(db)
    job = claim_one(db, worker)
    behind = add_item(db, scheduled_at=job.scheduled_at - timedelta(seconds=1))

    assert claim(db, worker, marks={5: job}) == []
    assert ids(claim(db, worker)) == [behind]


def look_behind(db: psycopg.Connection, marks: dict[int, Claimed]) -> dict[int, datetime]:
    """Lane → where its mark is to move."""
    low = [marks.get(lane) for lane in range(1, 11)]
    return dict(
        db.execute(
            "select * from look_behind('work', %s::timestamptz[], %s::uuid[])",
            ([one and one.scheduled_at for one in low], [one and one.id for one in low]),
        ).fetchall()
    )


def test_a_look_behind_the_marks_finds_what_came_to_stand_there(db: psycopg.Connection) -> None:
    add_item(db)
    worker = register(db)
    marks = dict.fromkeys(range(1, 11), claim_one(db, worker))
    assert look_behind(db, marks) == {}

    first_at, _ = (
        item(db, add_item(db, priority=7, scheduled_at=marks[7].scheduled_at - timedelta(hours=hours)))["scheduled_at"]
        for hours in (2, 1)
    )
    add_item(db, priority=3)  # before the mark, where claims go on

    assert look_behind(db, marks) == {7: first_at}


def test_a_job_given_back_stands_where_its_mark_is_and_is_found(db: psycopg.Connection) -> None:
    add_item(db)
    worker = register(db)
    job = claim_one(db, worker)
    release(db, job)

    found = look_behind(db, dict.fromkeys(range(1, 11), job))

    assert found == {5: job.scheduled_at}


def test_a_look_behind_the_marks_passes_over_rows_that_a_claim_holds(dsn: str, db: psycopg.Connection) -> None:
    add_item(db, scheduled_at=datetime.fromisoformat("2026-01-01T00:00:00+00:00"))
    add_item(db)
    worker = register(db)
    with worker_on(dsn) as (other, other_worker), other.transaction():
        claim_one(other, other_worker)

        assert look_behind(db, dict.fromkeys(range(1, 11), claim_one(db, worker))) == {}


def test_a_lane_in_which_nothing_is_due_is_read_from_now_on(db: psycopg.Connection) -> None:
    first = item(db, add_item(db, priority=2))
    set_time(db, "2100-01-01T00:00:00+00:00")
    add_item(db, priority=4, scheduled_at="2100-01-02T00:00:00+00:00")

    found = look_behind(db, {})

    assert found.pop(2) == first["scheduled_at"]
    assert found == dict.fromkeys(set(range(1, 11)) - {2}, datetime.fromisoformat("2100-01-01T00:00:00+00:00"))


def test_a_mark_of_one_lane_leaves_the_others_alone(db: psycopg.Connection) -> None:
    add_item(db, priority=1)
    worker = register(db)
    job = claim_one(db, worker)
    older = add_item(db, priority=2, scheduled_at=job.scheduled_at - timedelta(hours=1))

    assert ids(claim(db, worker, marks={1: job})) == [older]


def test_a_fair_claim_begins_with_the_lane_that_has_waited_longest(db: psycopg.Connection) -> None:
    starving = add_item(db, priority=10)
    add_items(db, 5, priority=1)

    assert ids(claim(db, register(db), 1, fair=True)) == [starving]


def test_the_lowest_priority_is_served_under_an_endless_stream_of_the_highest(db: psycopg.Connection) -> None:
    starving = add_item(db, priority=10)
    worker = register(db)

    for turn in range(1, 100):
        add_items(db, 2, priority=1)
        jobs = claim(db, worker, 1, fair=turn % 16 == 0)
        if jobs[0].id == starving:
            break

    assert turn == 16


def test_an_unregistered_worker_is_told_so(db: psycopg.Connection) -> None:
    add_item(db)

    with pytest.raises(psycopg.DatabaseError) as caught:
        claim(db, 4711)

    assert caught.value.sqlstate == "EQ001"


def test_workers_that_claim_at_the_same_time_share_the_items_without_overlap(dsn: str, db: psycopg.Connection) -> None:
    fill_queue(db, 600)
    claimed: list[list[UUID]] = [[] for _ in range(4)]

    def work(mine: list[UUID]) -> None:
        with worker_on(dsn) as (conn, worker):
            while jobs := claim(conn, worker, 7):
                mine.extend(ids(jobs))

    threads = [threading.Thread(target=work, args=(mine,)) for mine in claimed]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    everything = [one for mine in claimed for one in mine]
    assert len(everything) == 600
    assert len(set(everything)) == 600


def test_a_claim_passes_over_rows_that_another_session_locks(dsn: str, db: psycopg.Connection) -> None:
    locked, free = add_items(db, 2)
    worker = register(db)

    with psycopg.connect(dsn) as other:
        other.execute("select from processing_queue where id = %s for update", (locked,))
        assert ids(claim(db, worker)) == [free]


def test_a_claim_that_is_rolled_back_leaves_the_item(db: psycopg.Connection) -> None:
    item_id = add_item(db)
    worker = register(db)

    with db.transaction(force_rollback=True):
        claim_one(db, worker)

    row = item(db, item_id)
    assert (row["status"], row["attempts"], row["worker_id"]) == ("pending", 0, None)


def test_claims_leave_the_indexes_alone(db: psycopg.Connection) -> None:
    fill_queue(db, 500)
    worker = register(db)

    claim(db, worker, 500)
    db.execute("select pg_stat_force_next_flush()")

    updates = "select n_tup_upd, n_tup_hot_upd from pg_stat_user_tables where relname = 'processing_queue'"
    assert db.execute(updates).fetchone() == (500, 500)  # heap-only: each page has room for all of its rows twice


def read_blocks(db: psycopg.Connection, worker: int, marks: dict[int, Claimed]) -> tuple[int, list[Claimed]]:
    """Blocks of tables and indexes that a claim of one job looks at."""
    query = (
        "select sum(heap_blks_hit + heap_blks_read + idx_blks_hit + idx_blks_read)::bigint"
        " from pg_statio_user_tables where relname = 'processing_queue'"
    )
    db.execute("select pg_stat_force_next_flush()")
    before = value(db, query)
    jobs = claim(db, worker, 1, marks=marks)
    db.execute("select pg_stat_force_next_flush()")
    return value(db, query) - before, jobs


def test_with_marks_a_claim_stays_flat_over_dead_rows_that_no_vacuum_can_remove(
    dsn: str, db: psycopg.Connection
) -> None:
    fill_queue(db, 3000)
    worker = register(db)

    with psycopg.connect(dsn) as holder:
        holder.execute("set transaction isolation level repeatable read")
        holder.execute("select from emails limit 1")  # keeps dead rows alive
        cold, [first] = read_blocks(db, worker, {})
        jobs = claim(db, worker, 2500, marks={5: first})
        complete(db, *jobs)
        last = max(jobs, key=lambda job: (job.scheduled_at, job.id))
        warm, [_] = read_blocks(db, worker, {5: last})

    assert warm <= cold + 10


def test_items_of_tomorrow_in_a_higher_lane_cost_nothing(db: psycopg.Connection) -> None:
    fill_queue(db, 3000)
    db.execute("update processing_queue set priority = 1, scheduled_at = now() + interval '1 day'")
    due = add_item(db, priority=9)
    db.execute("vacuum analyze processing_queue")
    worker = register(db)
    claim(db, worker, 1, "warm-up")

    blocks, jobs = read_blocks(db, worker, {})

    assert ids(jobs) == [due]
    assert blocks <= 60


def test_a_retried_item_goes_behind_those_that_are_due(db: psycopg.Connection) -> None:
    first, second = add_items(db, 2)
    worker = register(db)
    retry(db, claim_one(db, worker))

    assert [claim_one(db, worker).id, claim_one(db, worker).id] == [second, first]


def test_a_claim_locks_no_more_rows_than_it_takes(dsn: str, db: psycopg.Connection) -> None:
    for lane in (1, 5, 9):
        add_items(db, 5, priority=lane)
    worker = register(db)

    with psycopg.connect(dsn) as other:
        taken = claim(other, worker, 2)
        rest = claim(db, worker, 100)

    assert (len(taken), len(rest)) == (2, 13)
