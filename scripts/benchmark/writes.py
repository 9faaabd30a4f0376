"""What a job writes from enqueue to completed: WAL without full-page images, and commits (pg_walinspect)."""

from dataclasses import dataclass

import psycopg

from scripts.benchmark.drain import LIMIT_S, wait_until_drained, warm_up
from scripts.benchmark.system import Bench, value


@dataclass(frozen=True)
class Writes:
    wal_bytes: float
    commits: float  # that write WAL


def writes_per_job(bench: Bench, batches: int, batch: int) -> Writes:
    """An average over `batches` inserts of `batch` jobs, each drained by one idle worker before the next."""
    bench.reset()
    with bench.workers("noop") as workers, bench.connect() as conn:
        warm_up(bench, conn, "noop", workers)
        conn.execute("create extension if not exists pg_walinspect")
        start = value(conn, "select pg_current_wal_insert_lsn()::text")
        for _ in range(batches):
            bench.system.fill(conn, batch, "noop")
            if not wait_until_drained(bench, conn, LIMIT_S):
                raise RuntimeError(f"{bench.system.name}: {batch} jobs were not done in {LIMIT_S} s")
        wal_bytes, commits = _written_since(conn, start)
    return Writes(wal_bytes / (batches * batch), commits / (batches * batch))


def _written_since(conn: psycopg.Connection, start: str) -> tuple[int, int]:
    conn.execute("select pg_switch_wal()")  # flushes: only flushed WAL can be inspected
    row = conn.execute(
        "select sum(record_size)::bigint,"
        " (sum(count) filter (where \"resource_manager/record_type\" = 'Transaction/COMMIT'))::bigint"
        " from pg_get_wal_stats(%s::pg_lsn, pg_current_wal_flush_lsn(), true)"
        " where \"resource_manager/record_type\" <> 'XLOG/SWITCH'",
        (start,),
    ).fetchone()
    assert row is not None
    return row[0], row[1]
