"""release_lost_jobs: what belongs to workers that are gone runs again; what belongs to living ones does not."""

import threading
import time
from uuid import UUID

import psycopg

from tests.items import (
    add_item,
    add_items,
    claim,
    claim_one,
    complete,
    item,
    register,
    set_time,
    statuses,
    value,
    worker_on,
)
from tests.waiting import wait_until


def live(db: psycopg.Connection) -> set[int]:
    return {row[0] for row in db.execute("select live_worker_ids()")}


def rescue(db: psycopg.Connection) -> int:
    return int(value(db, "select release_lost_jobs()"))


def crash_with(dsn: str, item_id: UUID, *, suspects: bool = False) -> None:
    """A worker claims and its connection ends, as it does when the process is killed."""
    with worker_on(dsn) as (conn, worker):
        [job] = claim(conn, worker, suspects=suspects)
        assert job.id == item_id


def test_a_worker_lives_as_long_as_its_connection(dsn: str, db: psycopg.Connection) -> None:
    mine = register(db)
    with worker_on(dsn) as (_, other):
        assert live(db) == {mine, other}

    wait_until(lambda: live(db) == {mine})


def test_a_worker_that_registers_twice_is_two_workers(db: psycopg.Connection) -> None:
    first, second = register(db), register(db)

    assert first != second
    assert live(db) == {first, second}


def test_a_worker_that_leaves_is_gone_at_once_and_its_items_have_not_crashed(db: psycopg.Connection) -> None:
    add_item(db)
    worker = register(db)
    job = claim_one(db, worker)

    db.execute("select unregister_worker(%s)", (worker,))

    row = item(db, job.id)
    assert (row["status"], row["attempts"], row["crashes"]) == ("pending", 0, 0)
    assert row["last_error"] == "worker stopped before the result was committed"
    assert live(db) == set()
    assert value(db, "select count(*) from workers") == 0


def test_workers_of_another_database_do_not_count(dsn: str, empty_dsn: str, db: psycopg.Connection) -> None:
    with psycopg.connect(empty_dsn, autocommit=True) as elsewhere:
        elsewhere.execute("select pg_advisory_lock(7715, 99)")

        assert 99 not in live(db)


def test_other_advisory_locks_are_no_workers(db: psycopg.Connection) -> None:
    db.execute("select pg_advisory_lock(7716, 1), pg_advisory_lock(33130972741633), pg_advisory_lock(1)")

    assert live(db) == set()


def test_a_lost_workers_item_is_pending_again_with_its_attempt_and_its_place(dsn: str, db: psycopg.Connection) -> None:
    item_id = add_item(db)
    before = item(db, item_id)
    crash_with(dsn, item_id)
    wait_until(lambda: live(db) == set())

    assert rescue(db) == 1

    after = item(db, item_id)
    assert after["last_error"] == "worker lost, 1 times by now"
    assert after["crashes"] == 1
    assert {k: v for k, v in after.items() if k not in ("last_error", "crashes")} == {
        k: v for k, v in before.items() if k not in ("last_error", "crashes")
    }


def test_the_item_that_held_a_lost_worker_up_is_a_suspect_and_its_neighbour_is_not(
    dsn: str, db: psycopg.Connection
) -> None:
    item_id, neighbour = add_items(db, 2)
    with worker_on(dsn) as (conn, worker):
        claim(conn, worker, 2)
        conn.execute("select suspect_job(%s, %s, 1)", (item_id, worker))
        assert item(db, item_id)["crashes"] == 0  # nothing has happened to it
    wait_until(lambda: live(db) == set())

    rescue(db)

    assert (item(db, item_id)["crashes"], item(db, neighbour)["crashes"]) == (2, 1)
    assert value(db, "select queues_with_suspects('{classification,parsing,work}')")


def test_an_item_that_held_up_its_worker_and_is_done_stays_done(dsn: str, db: psycopg.Connection) -> None:
    item_id = add_item(db)
    with worker_on(dsn) as (conn, worker):
        job = claim_one(conn, worker)
        conn.execute("select suspect_job(%s, %s, 1)", (item_id, worker))
        complete(conn, job)
    wait_until(lambda: live(db) == set())

    assert rescue(db) == 0
    assert (item(db, item_id)["status"], item(db, item_id)["crashes"]) == ("completed", 0)


def test_a_living_workers_item_is_left_alone_however_old_it_is(dsn: str, db: psycopg.Connection) -> None:
    item_id = add_item(db)
    with worker_on(dsn) as (conn, worker):
        set_time(conn, "2026-01-01 00:00:00+00")
        db.execute("update processing_queue set scheduled_at = '2025-12-31'")
        claim_one(conn, worker)
        set_time(db, "2036-01-01 00:00:00+00")

        assert rescue(db) == 0
        assert item(db, item_id)["worker_id"] == worker


def test_a_lost_worker_gives_back_all_of_its_items_and_nobody_elses(dsn: str, db: psycopg.Connection) -> None:
    add_items(db, 6)
    with worker_on(dsn) as (conn, living):
        kept = claim(conn, living, 2)
        with worker_on(dsn) as (doomed_conn, doomed):
            claim(doomed_conn, doomed, 4)
        wait_until(lambda: live(db) == {living})

        assert rescue(db) == 4

        assert statuses(db) == {"pending": 4, "processing": 2}
        assert complete(conn, *kept) == set()


def test_a_lost_workers_row_goes_with_its_items(dsn: str, db: psycopg.Connection) -> None:
    with worker_on(dsn) as (conn, worker):
        conn.execute("select set_asleep('work', %s, true)", (worker,))
    wait_until(lambda: live(db) == set())

    rescue(db)

    assert value(db, "select count(*) from workers") == 0
    assert value(db, "select count(*) from queue_sleepers") == 0


def test_a_terminated_backend_is_a_lost_worker(dsn: str, db: psycopg.Connection) -> None:
    item_id = add_item(db)
    with psycopg.connect(dsn, autocommit=True) as conn:
        claim_one(conn, register(conn))
        db.execute("select pg_terminate_backend(%s, 5000)", (conn.info.backend_pid,))

        assert rescue(db) == 1

    assert item(db, item_id)["status"] == "pending"


def test_a_claim_in_flight_keeps_the_sweeper_away(dsn: str, db: psycopg.Connection) -> None:
    """The worker's session is gone, but its other connection has a claim that is not committed yet."""
    add_item(db)
    with worker_on(dsn) as (_, worker):
        claims = psycopg.connect(dsn)
        claim(claims, worker)
    wait_until(lambda: live(db) == set())

    assert rescue(db) == 0
    claims.commit()
    claims.close()

    assert rescue(db) == 1
    assert statuses(db) == {"pending": 1}


def test_a_swept_worker_cannot_claim(dsn: str, db: psycopg.Connection) -> None:
    add_item(db)
    with worker_on(dsn) as (_, worker):
        pass
    wait_until(lambda: live(db) == set())
    rescue(db)

    try:
        claim(db, worker)
        refused = None
    except psycopg.DatabaseError as error:
        refused = error.sqlstate

    assert refused == "EQ001"


def test_only_one_sweeper_works_at_a_time(dsn: str, db: psycopg.Connection) -> None:
    item_id = add_item(db)
    crash_with(dsn, item_id)
    wait_until(lambda: live(db) == set())

    with psycopg.connect(dsn) as first:
        assert rescue(first) == 1
        began = time.monotonic()
        assert rescue(db) == 0
        assert time.monotonic() - began < 1


def test_two_sweepers_rescue_once(dsn: str, db: psycopg.Connection) -> None:
    add_items(db, 50)
    with worker_on(dsn) as (conn, worker):
        claim(conn, worker, 50)
    wait_until(lambda: live(db) == set())
    rescued: list[int] = []

    def sweep() -> None:
        with psycopg.connect(dsn, autocommit=True) as conn:
            rescued.append(rescue(conn))

    threads = [threading.Thread(target=sweep) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sum(rescued) == 50
    assert value(db, "select array_agg(distinct crashes) from processing_queue") == [1]


def test_a_row_set_to_processing_by_hand_is_given_back(db: psycopg.Connection) -> None:
    """Nobody claimed it, so no attempt was counted and none must be taken back."""
    item_id = add_item(db)
    db.execute("update processing_queue set status = 'processing'")

    assert value(db, "select release_lost_jobs(true)") == 1

    row = item(db, item_id)
    assert (row["status"], row["attempts"]) == ("pending", 0)


def test_looking_at_all_rows_leaves_living_workers_alone(dsn: str, db: psycopg.Connection) -> None:
    add_item(db)
    with worker_on(dsn) as (conn, worker):
        claim_one(conn, worker)

        assert value(db, "select release_lost_jobs(true)") == 0


def test_one_worker_of_all_looks_at_all_rows(db: psycopg.Connection) -> None:
    query = "select count(*) filter (where my_turn_to_look()) from generate_series(1, 400)"

    register(db)
    alone = value(db, query)
    for _ in range(3):
        register(db)
    one_of_four = value(db, query)

    assert alone == 400
    assert 40 < one_of_four < 160  # less than one in a million falls outside


def test_after_two_crashes_an_item_is_claimed_only_as_a_suspect(dsn: str, db: psycopg.Connection) -> None:
    item_id = add_item(db)
    for _ in range(2):
        crash_with(dsn, item_id)
        wait_until(lambda: live(db) == set())
        rescue(db)
    worker = register(db)

    assert claim(db, worker) == []
    assert claim(db, worker, fair=True) == []
    assert db.execute("select queues_with_suspects('{work,other}')").fetchall() == [("work",)]
    [job] = claim(db, worker, suspects=True)

    assert (job.id, job.attempt) == (item_id, 1)


def test_suspects_are_claimed_one_at_a_time_and_nothing_else_with_them(db: psycopg.Connection) -> None:
    add_item(db)
    suspects = add_items(db, 2, crashes=2)
    worker = register(db)

    claimed = [claim(db, worker, 10, suspects=True) for _ in range(3)]

    assert [len(jobs) for jobs in claimed] == [1, 1, 0]
    assert {job.id for jobs in claimed for job in jobs} == set(suspects)


def test_a_suspect_that_went_down_alone_waits_for_those_that_have_not_been_tried(db: psycopg.Connection) -> None:
    add_item(db, crashes=3)
    untried = add_items(db, 5, crashes=2)
    worker = register(db)

    claimed = [claim(db, worker, suspects=True)[0].id for _ in range(5)]

    assert set(claimed) == set(untried)


def test_a_poison_item_ends_as_failed_after_max_attempts_and_costs_its_neighbour_none(
    dsn: str, db: psycopg.Connection
) -> None:
    poison = add_item(db, max_attempts=3)
    neighbour = add_item(db)
    for _ in range(2):
        with worker_on(dsn) as (conn, worker):
            assert len(claim(conn, worker)) == 2
        wait_until(lambda: live(db) == set())
        rescue(db)
    with worker_on(dsn) as (conn, worker):
        jobs = [job for _ in range(2) for job in claim(conn, worker, suspects=True)]
        complete(conn, *(job for job in jobs if job.id == neighbour))
    wait_until(lambda: live(db) == set())
    rescue(db)

    while statuses(db).get("failed", 0) == 0:
        crash_with(dsn, poison, suspects=True)
        wait_until(lambda: live(db) == set())
        rescue(db)

    row = item(db, poison)
    assert (row["attempts"], row["crashes"]) == (3, 5)
    assert row["last_error"] == "worker lost, 5 times by now"
    assert row["failed_at"] == row["completed_at"] is not None
    innocent = item(db, neighbour)
    assert (innocent["status"], innocent["attempts"]) == ("completed", 1)


def test_a_requeued_poison_item_is_no_suspect_any_more(db: psycopg.Connection) -> None:
    item_id = add_item(db, crashes=5, attempts=3)
    db.execute("update processing_queue set status = 'failed'")

    db.execute("select requeue_jobs(%s)", ([item_id],))

    assert claim_one(db, register(db)).attempt == 1


def test_a_slot_of_a_lost_worker_is_free_again(dsn: str, db: psycopg.Connection) -> None:
    db.execute("insert into queue_controls (queue_name, max_running) values ('work', 1)")
    item_id = add_item(db)
    crash_with(dsn, item_id)
    wait_until(lambda: live(db) == set())
    assert claim(db, register(db)) == []

    rescue(db)

    assert claim_one(db, register(db)).id == item_id
