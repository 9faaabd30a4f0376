"""queue_controls: pause and resume, queues that wait for what they depend on, limits of concurrency and rate."""

import threading
from contextlib import suppress
from datetime import datetime, timedelta
from typing import LiteralString

import psycopg
import pytest

from tests.items import (
    Claimed,
    add_item,
    add_items,
    claim,
    claim_one,
    complete,
    fail,
    fill_queue,
    item,
    register,
    release,
    retry,
    set_time,
    value,
    worker_on,
)
from tests.waiting import wait_until

NOON = datetime.fromisoformat("2030-01-01T12:00:00+00:00")


def after(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def trip(db: psycopg.Connection, wait_s: float = 30) -> None:
    db.execute("select trip_queue('work', %s, 'the server is down')", (wait_s,))


def test_a_paused_queue_is_not_claimed_until_it_is_resumed(db: psycopg.Connection) -> None:
    item_id = add_item(db)
    worker = register(db)

    db.execute("select pause_queue('work', 'month end')")
    while_paused = claim(db, worker)
    due_while_paused = value(db, "select has_due_jobs('{work}')")
    db.execute("select resume_queue('work')")

    assert (while_paused, due_while_paused) == ([], False)
    assert claim_one(db, worker).id == item_id


def test_other_queues_go_on_while_one_is_paused(db: psycopg.Connection) -> None:
    add_item(db, "other")
    db.execute("select pause_queue('work')")

    assert len(claim(db, register(db), queue="other")) == 1


def test_a_queue_is_paused_and_resumed_with_plain_sql(db: psycopg.Connection) -> None:
    add_item(db)
    worker = register(db)

    db.execute("insert into queue_controls (queue_name, paused) values ('work', true)")
    assert claim(db, worker) == []

    db.execute("update queue_controls set paused = false")
    assert len(claim(db, worker)) == 1


def test_a_job_that_runs_while_its_queue_is_paused_may_end(db: psycopg.Connection) -> None:
    add_item(db)
    job = claim_one(db, register(db))
    db.execute("select pause_queue('work')")

    assert complete(db, job) == set()


def test_suspects_of_a_paused_queue_wait_too(db: psycopg.Connection) -> None:
    add_item(db, crashes=2)
    db.execute("select pause_queue('work')")

    assert claim(db, register(db), suspects=True) == []


def test_a_tripped_queue_waits_and_then_probes_one_item_at_a_time(db: psycopg.Connection) -> None:
    add_items(db, 5, scheduled_at=NOON)
    worker = register(db)
    set_time(db, NOON)
    trip(db, 30)

    set_time(db, after(29))
    assert claim(db, worker) == []
    set_time(db, after(30))
    assert len(claim(db, worker)) == 1
    assert claim(db, worker) == []
    set_time(db, after(35))
    assert len(claim(db, worker)) == 1


def test_two_workers_send_one_probe(dsn: str, db: psycopg.Connection) -> None:
    add_items(db, 10)
    trip(db, 0)
    claimed: list[Claimed] = []

    def probe() -> None:
        with worker_on(dsn) as (conn, worker):
            claimed.extend(claim(conn, worker))

    threads = [threading.Thread(target=probe) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(claimed) == 1


@pytest.mark.parametrize("end", [complete, fail])
def test_a_probe_that_comes_to_its_end_lets_the_queue_flow_again(db: psycopg.Connection, end: type) -> None:
    """A refusal is an answer too: what the queue depends on is there."""
    add_items(db, 3)
    worker = register(db)
    trip(db, 0)

    [probe] = claim(db, worker)
    end(db, probe)

    assert len(claim(db, worker)) == 2
    assert db.execute("select probe_at, failures, reason from queue_controls").fetchall() == [(None, 0, None)]


@pytest.mark.parametrize("end", [release, retry])
def test_a_probe_that_is_put_back_leaves_the_queue_waiting(db: psycopg.Connection, end: type) -> None:
    add_items(db, 3)
    worker = register(db)
    trip(db, 0)

    [probe] = claim(db, worker)
    end(db, probe)

    assert claim(db, worker) == []


def test_an_end_in_another_queue_says_nothing_about_this_one(db: psycopg.Connection) -> None:
    add_item(db, "other")
    add_items(db, 2)
    worker = register(db)
    trip(db, 30)

    complete(db, *claim(db, worker, queue="other"))

    assert claim(db, worker) == []


def test_failed_probes_are_counted(db: psycopg.Connection) -> None:
    trip(db, 0)
    trip(db, 0)

    assert value(db, "select failures from queue_controls") == 2


def test_a_pause_outlives_the_recovery_of_the_dependency(db: psycopg.Connection) -> None:
    add_item(db)
    worker = register(db)
    job = claim_one(db, worker)
    db.execute("select pause_queue('work', 'month end')")
    trip(db, 30)

    complete(db, job)

    assert db.execute("select paused, reason, probe_at from queue_controls").fetchall() == [(True, "month end", None)]


def test_resuming_ends_the_wait_for_a_dependency(db: psycopg.Connection) -> None:
    add_items(db, 2)
    trip(db, 3600)

    db.execute("select resume_queue('work')")

    assert len(claim(db, register(db))) == 2


def test_a_limited_queue_runs_so_many_items_and_no_more(db: psycopg.Connection) -> None:
    db.execute("insert into queue_controls (queue_name, max_running) values ('work', 3)")
    add_items(db, 10)
    worker = register(db)

    first = claim(db, worker)
    second = claim(db, worker)
    complete(db, first[0])
    third = claim(db, worker)

    assert (len(first), len(second), len(third)) == (3, 0, 1)


@pytest.mark.parametrize("end", [complete, fail, retry, release])
def test_each_end_of_a_job_gives_its_slot_back(db: psycopg.Connection, end: type) -> None:
    db.execute("insert into queue_controls (queue_name, max_running) values ('work', 1)")
    add_items(db, 2)
    worker = register(db)

    end(db, claim_one(db, worker))

    assert len(claim(db, worker)) == 1


def test_cancelling_a_running_job_gives_its_slot_back(db: psycopg.Connection) -> None:
    db.execute("insert into queue_controls (queue_name, max_running) values ('work', 1)")
    add_items(db, 2)
    worker = register(db)

    db.execute("select cancel_jobs(%s)", ([claim_one(db, worker).id],))

    assert len(claim(db, worker)) == 1


def test_a_limit_of_nothing_is_a_full_stop(db: psycopg.Connection) -> None:
    db.execute("insert into queue_controls (queue_name, max_running) values ('work', 0)")
    add_item(db)

    assert claim(db, register(db)) == []
    assert not value(db, "select has_due_jobs('{work}')")


def test_suspects_take_slots_like_everybody(db: psycopg.Connection) -> None:
    db.execute("insert into queue_controls (queue_name, max_running) values ('work', 1)")
    add_item(db, crashes=2)
    add_item(db)
    worker = register(db)
    claim_one(db, worker)

    assert claim(db, worker, suspects=True) == []


@pytest.mark.parametrize(
    ("before", "deed"),
    [
        ("update queue_controls set max_running = 5", "update queue_controls set max_running = 4"),
        ("update queue_controls set max_per_s = 1000", "update queue_controls set paused = true"),
        ("update queue_controls set max_running = null", "update queue_controls set max_running = 4"),
        ("update queue_controls set probe_at = '2000-01-01'", "update queue_controls set probe_at = null"),
    ],
)
def test_a_claim_does_not_wait_for_who_changes_its_queue_and_does_not_commit(
    dsn: str, db: psycopg.Connection, before: LiteralString, deed: LiteralString
) -> None:
    """At least not for long: all queues of its worker would wait with it."""
    db.execute("insert into queue_controls (queue_name) values ('work')")
    db.execute(before)
    add_item(db)
    worker = register(db)
    db.execute("set statement_timeout = '3s'")

    with psycopg.connect(dsn) as editor:
        editor.execute(deed)
        with suppress(psycopg.errors.LockNotAvailable):
            assert claim(db, worker) == []
        editor.rollback()

    assert len(claim(db, worker)) == 1


@pytest.mark.parametrize("has_row", [False, True])
def test_a_limit_counts_what_runs_when_it_is_set(db: psycopg.Connection, has_row: bool) -> None:
    add_items(db, 10)
    worker = register(db)
    if has_row:
        db.execute("select pause_queue('work'), resume_queue('work')")
    running = claim(db, worker, 4)

    db.execute(
        "insert into queue_controls (queue_name, max_running) values ('work', 5)"
        " on conflict (queue_name) do update set max_running = 5"
    )
    running += claim(db, worker)
    assert len(running) == 5

    complete(db, *running[:2])
    assert len(claim(db, worker)) == 2


def test_a_limit_counts_once_what_came_again_since_it_was_set(db: psycopg.Connection) -> None:
    add_items(db, 10)
    worker = register(db)
    running = claim(db, worker, 2)

    db.execute("insert into queue_controls (queue_name, max_running) values ('work', 4)")
    release(db, running[0])
    assert claim_one(db, worker).id == running[0].id
    assert len(claim(db, worker)) == 2

    db.execute("update queue_controls set max_running = null")
    claim_one(db, worker)
    db.execute("update queue_controls set max_running = 6")
    assert len(claim(db, worker)) == 1


def test_a_limit_that_is_set_counts_the_claims_of_all_workers(dsn: str, db: psycopg.Connection) -> None:
    """From its commit on no more than so many run, or no more than a moment ago."""
    limit = 10
    fill_queue(db, 8000)
    db.execute("insert into queue_controls (queue_name) values ('work')")
    is_over = threading.Event()

    def work() -> None:
        with worker_on(dsn) as (conn, worker):
            held: list[Claimed] = []
            while not is_over.is_set():
                held += claim(conn, worker, 3)
                if len(held) > 5:
                    complete(conn, held.pop(0))

    def count_running() -> int:
        return int(
            value(db, "select count(*) from processing_queue where completed_at is null and status = 'processing'")
        )

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    try:
        for _ in range(15):
            db.execute("update queue_controls set max_running = null")
            wait_until(lambda: count_running() > 2 * limit)
            with db.transaction():
                db.execute("update queue_controls set max_running = %s", (limit,))
                running = count_running()
            for _ in range(10):
                before, running = running, count_running()
                assert running <= max(before, limit)
    finally:
        is_over.set()
        for thread in threads:
            thread.join()


def test_workers_that_race_for_a_limited_queue_never_exceed_it(dsn: str, db: psycopg.Connection) -> None:
    limit = 5
    db.execute("insert into queue_controls (queue_name, max_running) values ('work', %s)", (limit,))
    fill_queue(db, 300)
    running, most, done = 0, 0, 0
    count = threading.Lock()

    def work() -> None:
        nonlocal running, most, done
        with worker_on(dsn) as (conn, worker):
            while done < 300:
                jobs = claim(conn, worker, 3)
                with count:
                    running += len(jobs)
                    most = max(most, running)
                with count:  # no longer ours before the slots are free
                    running -= len(jobs)
                    done += len(jobs)
                complete(conn, *jobs)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert done == 300
    assert 0 < most <= limit


def test_a_lower_limit_counts_all_that_run(db: psycopg.Connection) -> None:
    db.execute("insert into queue_controls (queue_name, max_running) values ('work', 6)")
    add_items(db, 10)
    worker = register(db)
    running = claim(db, worker, 3) + claim(db, worker, 3)

    db.execute("update queue_controls set max_running = 2")
    complete(db, *running[:4])
    assert claim(db, worker) == []
    complete(db, running[4])

    assert len(claim(db, worker)) == 1


def test_a_limited_queue_keeps_no_note_of_what_has_ended(db: psycopg.Connection) -> None:
    db.execute("insert into queue_controls (queue_name, max_running) values ('work', 4)")
    add_items(db, 21)
    worker = register(db)

    for _ in range(3):
        first, *others = claim(db, worker)
        complete(db, *others)
        assert len(claim(db, worker)) == 3
        rows = db.execute("select job_ids, running from queue_slots").fetchall()
        assert [([first.id], 1)] == [row for row in rows if row[1] == 1]
        assert sum(running for _, running in rows) == 4
        db.execute("delete from processing_queue where status = 'processing'")


def test_what_was_completed_together_is_not_looked_for(db: psycopg.Connection) -> None:
    db.execute("insert into queue_controls (queue_name, max_running) values ('work', 6), ('other', 2)")
    add_items(db, 6)
    add_items(db, 2, "other")
    worker = register(db)
    first, second, others = claim(db, worker, 3), claim(db, worker, 3), claim(db, worker, queue="other")
    query = "select running from queue_slots order by queue_name desc, slot"

    complete(db, *first, second[0], *others)
    assert [running for (running,) in db.execute(query)] == [3]  # that one of them has ended is yet to be seen
    complete(db, *second[1:])
    assert [running for (running,) in db.execute(query)] == [3]
    add_items(db, 7)

    assert len(claim(db, worker)) == 6


def test_a_limit_holds_when_the_numbers_of_its_places_begin_anew(db: psycopg.Connection) -> None:
    db.execute("insert into queue_controls (queue_name, max_running, first_slot) values ('work', 2, 2000000000)")
    db.execute("select setval('queue_slot_numbers', 2147483646)")
    add_items(db, 5)
    worker = register(db)

    assert [len(claim(db, worker, 1)) for _ in range(4)] == [1, 1, 0, 0]


def test_places_that_are_free_again_cost_nothing_while_no_vacuum_can_remove_them(
    dsn: str, db: psycopg.Connection
) -> None:
    db.execute("insert into queue_controls (queue_name, max_running) values ('work', 1)")
    fill_queue(db, 601)
    worker = register(db)
    query = "select idx_tup_read from pg_stat_user_indexes where indexrelname = 'queue_slots_pkey'"

    with psycopg.connect(dsn) as holder:
        holder.execute("set transaction isolation level repeatable read")
        holder.execute("select from emails limit 1")
        for _ in range(600):
            complete(db, claim_one(db, worker))
        db.execute("select pg_stat_force_next_flush()")
        before = value(db, query)
        claim_one(db, worker)
        db.execute("select pg_stat_force_next_flush()")
        read = value(db, query) - before

    assert read <= 400  # twice the last 100; not all 600


def test_claims_of_a_limited_queue_are_heap_only_updates(db: psycopg.Connection) -> None:
    db.execute("insert into queue_controls (queue_name, max_running) values ('work', 40)")
    add_items(db, 40)

    with db.transaction():
        assert len(claim(db, register(db), 40)) == 40
        heap_only = "select n_tup_hot_upd from pg_stat_xact_user_tables where relname = 'processing_queue'"
        assert value(db, heap_only) == 40


def test_a_rate_allows_so_many_items_a_second(db: psycopg.Connection) -> None:
    db.execute("insert into queue_controls (queue_name, max_per_s, credit_at) values ('work', 10, %s)", (NOON,))
    add_items(db, 100, scheduled_at=NOON)
    worker = register(db)

    claimed = 0
    for tenth in range(1, 31):
        set_time(db, after(tenth / 10))
        claimed += len(claim(db, worker))

    assert claimed == 30


def test_a_worker_is_told_when_the_rate_lets_the_next_item_start(db: psycopg.Connection) -> None:
    db.execute("insert into queue_controls (queue_name, max_per_s, credit_at) values ('work', 2, %s)", (NOON,))
    add_items(db, 10, scheduled_at=NOON)
    worker = register(db)

    told = []
    for quarter in range(5):
        set_time(db, after(quarter / 4))
        told.append(value(db, "select next_start_s from claim_limits('work')"))
        claim(db, worker)

    assert told == pytest.approx([0.5, 0.25, 0, 0.25, 0])


def test_a_worker_is_told_whether_the_end_of_an_item_makes_a_place(db: psycopg.Connection) -> None:
    db.execute("insert into queue_controls (queue_name, max_running) values ('work', 3)")
    db.execute("insert into queue_controls (queue_name, reason) values ('other', 'none')")

    found = {
        name: db.execute("select * from claim_limits(%s)", (name,)).fetchall() for name in ("work", "other", "new")
    }

    assert found == {"work": [(True, None)], "other": [], "new": []}


def test_a_rate_is_not_saved_up(db: psycopg.Connection) -> None:
    db.execute("insert into queue_controls (queue_name, max_per_s, credit_at) values ('work', 10, %s)", (NOON,))
    add_items(db, 100, scheduled_at=NOON)
    worker = register(db)

    set_time(db, after(3600))

    assert len(claim(db, worker)) == 1


def test_a_rate_below_one_a_second_works_too(db: psycopg.Connection) -> None:
    db.execute("insert into queue_controls (queue_name, max_per_s, credit_at) values ('work', 0.5, %s)", (NOON,))
    add_items(db, 10, scheduled_at=NOON)
    worker = register(db)

    claimed = []
    for second in range(1, 7):
        set_time(db, after(second))
        claimed.append(len(claim(db, worker)))

    assert claimed == [0, 1, 0, 1, 0, 1]


def test_a_rate_that_is_set_again_begins_anew(db: psycopg.Connection) -> None:
    add_items(db, 10, scheduled_at=NOON)
    worker = register(db)

    claimed = []
    for hours in (2, 1):  # the clock went back meanwhile
        db.execute("delete from queue_controls")
        db.execute("insert into queue_controls (queue_name, max_per_s, credit_at) values ('work', 1, %s)", (NOON,))
        set_time(db, after(hours * 3600))
        claimed += [len(claim(db, worker)) for _ in range(2)]

    assert claimed == [1, 0, 1, 0]


def test_claims_under_a_rate_cost_the_same_while_no_vacuum_can_remove_what_they_left(
    dsn: str, db: psycopg.Connection
) -> None:
    db.execute("insert into queue_controls (queue_name, max_per_s) values ('work', 1000000)")
    fill_queue(db, 601)
    worker = register(db)
    query = (
        "select sum(heap_blks_hit + idx_blks_hit)::integer from pg_statio_user_tables"
        " where relname in ('queue_controls', 'queue_credits')"
    )

    with psycopg.connect(dsn) as holder:
        holder.execute("set transaction isolation level repeatable read")
        holder.execute("select from emails limit 1")
        touched = []
        for claims in (1, 300, 1, 299):
            db.execute("select pg_stat_force_next_flush()")
            before = value(db, query)
            for _ in range(claims):
                claim_one(db, worker)
            db.execute("select pg_stat_force_next_flush()")
            touched.append(value(db, query) - before)

    assert touched[2] <= touched[0] + 5
    assert value(db, "select count(*) from queue_credits") == 1


def test_suspects_count_for_the_rate_like_everybody(db: psycopg.Connection) -> None:
    db.execute("insert into queue_controls (queue_name, max_per_s, credit_at) values ('work', 1, %s)", (NOON,))
    add_items(db, 5, crashes=2, scheduled_at=NOON)
    worker = register(db)
    set_time(db, after(1))

    assert [len(claim(db, worker, suspects=True)) for _ in range(2)] == [1, 0]


def test_workers_that_race_for_a_rate_share_it(dsn: str, db: psycopg.Connection) -> None:
    db.execute("insert into queue_controls (queue_name, max_per_s, credit_at) values ('work', 10, %s)", (NOON,))
    add_items(db, 50, scheduled_at=NOON)
    claimed: list[Claimed] = []
    together = threading.Barrier(4, timeout=20)

    def work() -> None:
        with worker_on(dsn) as (conn, worker):
            for tenth in range(1, 11):
                set_time(conn, after(tenth / 10))
                together.wait()
                claimed.extend(claim(conn, worker))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(claimed) == 10


def test_a_limit_of_one_queue_leaves_the_others_alone(db: psycopg.Connection) -> None:
    db.execute("insert into queue_controls (queue_name, max_running) values ('other', 1)")
    ids = add_items(db, 5)

    jobs = claim(db, register(db))

    assert len(jobs) == 5
    assert {item(db, one)["slot"] for one in ids} == {None}
