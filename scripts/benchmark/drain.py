"""Drains: workers wait at an empty queue, many jobs appear with one commit, the clock runs until none is left."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from subprocess import Popen

import psycopg

from scripts.benchmark.processes import cpu_s, settle
from scripts.benchmark.system import Bench, value

LIMIT_S = 20.0  # a slower drain is cut off, and its rate taken from what was done
_POLL_S = 0.01
_WARM_UP = 500  # jobs


@dataclass(frozen=True)
class Drain:
    jobs_per_s: float
    worker_us: float  # CPU time of the workers, a job
    database_us: float  # CPU time of all of PostgreSQL, a job
    fill_per_s: float


Fill = Callable[[psycopg.Connection, int, str], None]


def drain(bench: Bench, handler: str, jobs: int, *, processes: int = 1, fill: Fill | None = None) -> Drain:
    """One drain of a queue that was empty, after `fill` (else the system's own) filled it."""
    bench.reset()
    with bench.workers(handler, processes) as workers, bench.connect() as conn:
        warm_up(bench, conn, handler, workers)
        conn.execute(bench.system.reset)  # type: ignore[call-overload]
        return timed_drain(bench, conn, workers, handler, jobs, fill or bench.system.fill)


def warm_up(bench: Bench, conn: psycopg.Connection, handler: str, workers: list[Popen[bytes]]) -> None:
    """All workers are up, and have worked."""
    settle(workers)
    bench.system.fill(conn, _WARM_UP, handler)
    wait_until_drained(bench, conn)
    settle(workers)


def timed_drain(
    bench: Bench, conn: psycopg.Connection, workers: list[Popen[bytes]], handler: str, jobs: int, fill: Fill
) -> Drain:
    pids = [worker.pid for worker in workers]
    assert bench.server.process
    with conn.transaction():
        began = time.monotonic()
        fill(conn, jobs, handler)
        filled = time.monotonic()
        worker_s, database_s = cpu_s(*pids), cpu_s(bench.server.process.pid)
        committing = time.monotonic()
    visible = time.monotonic()
    wait_until_drained(bench, conn)
    elapsed = time.monotonic() - visible
    done = jobs - value(conn, bench.system.count)
    if not done:
        raise RuntimeError(f"{bench.system.name}: none of {jobs} jobs was done in {elapsed:.0f} s")
    return Drain(
        jobs_per_s=done / elapsed,
        worker_us=(cpu_s(*pids) - worker_s) / done * 1e6,
        database_us=(cpu_s(bench.server.process.pid) - database_s) / done * 1e6,
        fill_per_s=jobs / (filled - began + visible - committing),
    )


def wait_until_drained(bench: Bench, conn: psycopg.Connection, limit_s: float = LIMIT_S) -> bool:
    """Whether nothing is left to do, at the latest after `limit_s`."""
    deadline = time.monotonic() + limit_s
    while left := bool(value(conn, bench.system.unfinished)):
        if time.monotonic() > deadline:
            break
        time.sleep(_POLL_S)
    return not left
