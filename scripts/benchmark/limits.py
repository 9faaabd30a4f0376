"""Limits: eight processes claim from one queue with a limit of running jobs or of rate; overshoots, and the cost."""

import itertools
import multiprocessing
import time
from collections.abc import Iterable
from dataclasses import dataclass
from multiprocessing.synchronize import Event

import psycopg

from emailq.process import die_with_parent
from scripts.benchmark.processes import cpu_s
from scripts.benchmark.system import Bench, value
from tests.items import claim, complete, register

PROCESSES = 8
BATCH = 50  # jobs in one claim
QUEUE = "limited"

_SPAWN = multiprocessing.get_context("forkserver")


@dataclass(frozen=True)
class Limited:
    jobs_per_s: float
    database_us: float  # CPU time of all of PostgreSQL, a job
    most_at_once: int
    excess: float  # jobs begun beyond `max_per_s` and its tenth of a second, at the worst moment


def claims_under(bench: Bench, jobs: int, *, max_running: int | None = None, max_per_s: float | None = None) -> Limited:
    """So many jobs claimed and completed by all processes; the rows tell afterwards which ran at once."""
    bench.reset()
    with bench.connect() as conn:
        conn.execute("delete from queue_controls")
        if max_running or max_per_s:
            conn.execute(
                "insert into queue_controls (queue_name, max_running, max_per_s) values (%s, %s, %s)",
                (QUEUE, max_running, max_per_s),
            )
        bench.system.fill(conn, jobs, QUEUE)
        conn.execute("vacuum analyze processing_queue")
        assert bench.server.process
        used = cpu_s(bench.server.process.pid)
        _claim_all(bench.dsn)
        used = cpu_s(bench.server.process.pid) - used
        times = conn.execute(
            "select extract(epoch from started_at)::float8, extract(epoch from completed_at)::float8"
            " from processing_queue where status = 'completed' order by started_at"
        ).fetchall()
        conn.execute("delete from queue_controls")
    if len(times) != jobs:
        raise RuntimeError(f"{len(times)} of {jobs} jobs are completed")
    begins, ends = [begin for begin, _ in times], [end for _, end in times]
    return Limited(
        jobs / (max(ends) - begins[0]), used / jobs * 1e6, _most_at_once(begins, ends), _excess(begins, max_per_s or 0)
    )


def _claim_all(dsn: str) -> None:
    _SPAWN.set_forkserver_preload([__name__])
    go = _SPAWN.Event()
    ready = [_SPAWN.Event() for _ in range(PROCESSES)]
    processes = [_SPAWN.Process(target=_work, args=(dsn, one, go)) for one in ready]
    for process in processes:
        process.start()
    for one in ready:
        one.wait(60)
    go.set()
    for process in processes:
        process.join()
    if any(process.exitcode for process in processes):
        raise RuntimeError("a process that claims ended by itself")


def _work(dsn: str, ready: Event, go: Event) -> None:
    """Claim and complete until the queue is empty; an empty-handed one comes again after a millisecond."""
    die_with_parent()
    with psycopg.connect(dsn, autocommit=True) as conn:
        worker = register(conn, QUEUE)
        ready.set()
        go.wait()
        while True:
            jobs = claim(conn, worker, BATCH, QUEUE)
            if jobs:
                complete(conn, *jobs)
            elif value(conn, "select has_due_jobs(%s)", [QUEUE]):
                time.sleep(0.001)
            else:
                return


def _most_at_once(begins: Iterable[float], ends: Iterable[float]) -> int:
    """A job counts from its claim's moment to its completion's, by the database's clock: no later than what it held."""
    changes = sorted([(at, 1) for at in begins] + [(at, -1) for at in ends])
    return max(itertools.accumulate(change for _, change in changes))


def _excess(begins: list[float], per_s: float) -> float:
    """Over all stretches of time: jobs begun, less what the rate allows in that time and what it may save up."""
    lowest = excess = 0.0
    for n, at in enumerate(begins):
        allowed = per_s * (at - begins[0])
        lowest = min(lowest, n - allowed)
        excess = max(excess, n + 1 - allowed - lowest)
    return round(max(0.0, excess - max(1.0, per_s / 10)), 1) if per_s else 0.0  # times are in whole microseconds
