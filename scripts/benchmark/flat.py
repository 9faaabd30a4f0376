"""Flat claims: a drain beside dead rows, finished rows and rows not due yet, and the blocks that a claim touches."""

import dataclasses
import json
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

from scripts.benchmark.drain import Drain, timed_drain, wait_until_drained, warm_up
from scripts.benchmark.system import Bench, value
from scripts.benchmark.systems.emailq import LAST_LIVE

_FINISHED = (
    "insert into processing_queue (email_id, queue_name, status, attempts, started_at, completed_at)"
    " select email_id, 'noop', 'completed', 1, now(), now()"
    " from bench_emails, generate_series(1, %(count)s / 100000) where n <= 100000"
)
_TOMORROW = (
    "insert into processing_queue (email_id, queue_name, priority, scheduled_at)"
    " select email_id, 'noop', 1, now() + interval '1 day' from bench_emails where n > 200000 - %(count)s"
)
_LANES = range(1, 11)


def drain_beside(bench: Bench, jobs: int, *, dead: int = 0, finished: int = 0, tomorrow: int = 0) -> Drain:
    """One worker's drain beside so many rows: dead under a pinned xmin, finished, or due tomorrow at priority 1."""
    bench.reset()
    bench = dataclasses.replace(
        bench,
        system=dataclasses.replace(
            bench.system,
            unfinished=LAST_LIVE.format("queue_name = 'noop' and priority = 5"),
            count=f"{bench.system.count} and priority = 5",
        ),
    )
    with bench.workers("noop") as workers, bench.connect() as conn:
        warm_up(bench, conn, "noop", workers)
        conn.execute(_FINISHED, {"count": finished})
        conn.execute(_TOMORROW, {"count": tomorrow})
        conn.execute("vacuum (analyze) processing_queue")  # else autovacuum reads the new rows during the drain, or not
        with pinned_xmin(bench) if dead else _nothing():
            bench.system.fill(conn, dead, "noop")
            wait_until_drained(bench, conn, 60)
            conn.execute("checkpoint")
            return timed_drain(bench, conn, workers, "noop", jobs, bench.system.fill)


def blocks_of_a_claim(bench: Bench, dead: int, *, lanes: int, limit: int, marks: bool) -> int:
    """Blocks that a claim of `limit` jobs touches beside so many dead rows under a pinned xmin.

    `marks`: with the low-water marks of a worker that has just passed those rows; it trusts them for 0.6 s.
    """
    bench.reset()
    with bench.connect() as conn, bench.connect() as worker, pinned_xmin(bench):
        worker_id = value(worker, "select register_worker('bench', 1, '{noop}', '0')")
        add = (
            "insert into processing_queue (email_id, queue_name, priority)"
            " select email_id, 'noop', 1 + n %% %s from bench_emails where n between %s and %s"
        )
        conn.execute(add, (lanes, 1, dead))
        low_at, low_id = _last_in_lanes(conn)
        conn.execute("update processing_queue set status = 'processing', worker_id = %s", (worker_id,))
        conn.execute("update processing_queue set status = 'completed', completed_at = now()")
        conn.execute(add, (lanes, dead + 1, dead + max(lanes, limit) * 2))
        blocks = 0
        for _ in range(3):  # the first ones fill the session's caches
            with worker.transaction(force_rollback=True):
                blocks = _blocks(worker, worker_id, limit, (low_at, low_id) if marks else (None, None))
        value(worker, "select unregister_worker(%s)", worker_id)
    return blocks


def _last_in_lanes(conn: psycopg.Connection) -> tuple[list[object], list[object]]:
    rows = conn.execute(
        "select distinct on (priority) priority, scheduled_at, id from processing_queue"
        " order by priority, scheduled_at desc, id desc"
    ).fetchall()
    last = {priority: (at, item_id) for priority, at, item_id in rows}
    found = [last.get(lane, (None, None)) for lane in _LANES]
    return [at for at, _ in found], [item_id for _, item_id in found]


def _blocks(conn: psycopg.Connection, worker_id: int, limit: int, marks: tuple[object, object]) -> int:
    plan = value(
        conn,
        "explain (analyze, buffers, format json)"
        " select * from claim_jobs('noop', %s, %s, %s::timestamptz[], %s::uuid[])",
        *(worker_id, limit, *marks),
    )
    top = plan if isinstance(plan, list) else json.loads(plan)
    return int(top[0]["Plan"]["Shared Hit Blocks"] + top[0]["Plan"]["Shared Read Blocks"])


@contextmanager
def pinned_xmin(bench: Bench) -> Iterator[None]:
    """A transaction that goes on: what dies meanwhile can't be removed."""
    with bench.connect() as conn, conn.transaction():
        conn.execute("set transaction isolation level repeatable read")
        conn.execute("select 1 from emails limit 1")
        yield


@contextmanager
def _nothing() -> Iterator[None]:
    yield
