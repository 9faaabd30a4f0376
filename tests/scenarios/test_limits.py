"""Limits of a queue hold over all processes: a log outside the database says who ran at once, and when each began."""

import multiprocessing
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from emailq.process import die_with_parent
from tests.items import claim, complete, fill_queue, register, value

PROCESSES = 8


def work(dsn: str, log: Path, batch: int) -> None:
    """Claim and complete until the queue is empty. A job begins after its claim and ends before it is completed."""
    die_with_parent()
    lines = []
    with psycopg.connect(dsn, autocommit=True) as conn:
        conn.execute("set synchronous_commit = off")
        worker = register(conn)
        while value(conn, "select has_due_jobs('{work}')"):
            jobs = claim(conn, worker, batch)
            lines += [f"{time.monotonic()} begin" for _ in jobs]
            time.sleep(0.0005)
            lines += [f"{time.monotonic()} end" for _ in jobs]
            if jobs:
                assert complete(conn, *jobs) == set()
    log.write_text("\n".join(lines))


def events(dsn: str, folder: Path, batch: int) -> Iterator[tuple[float, str]]:
    """What all processes logged, in the order of time."""
    spawn = multiprocessing.get_context("forkserver")
    logs = [folder / f"{n}.log" for n in range(PROCESSES)]
    processes = [spawn.Process(target=work, args=(dsn, log, batch)) for log in logs]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert [process.exitcode for process in processes] == [0] * PROCESSES
    lines = [line.split() for log in logs for line in log.read_text().splitlines()]
    return iter(sorted((float(at), what) for at, what in lines))


def most_at_once(happened: Iterator[tuple[float, str]]) -> int:
    running = most = 0
    for _, what in happened:
        running += 1 if what == "begin" else -1
        most = max(most, running)
    assert running == 0
    return most


def check_concurrency(dsn: str, db: psycopg.Connection, folder: Path, count: int) -> None:
    fill_queue(db, count)
    db.execute("insert into queue_controls (queue_name, max_running) values ('work', 20)")

    most = most_at_once(events(dsn, folder, batch=5))

    assert 10 < most <= 20
    assert value(db, "select count(*) from processing_queue where status = 'completed'") == count


def test_eight_processes_never_run_more_items_at_once_than_the_limit(
    dsn: str, db: psycopg.Connection, tmp_path: Path
) -> None:
    check_concurrency(dsn, db, tmp_path, 3000)


@pytest.mark.long
@pytest.mark.timeout(1200)
def test_eight_processes_never_run_more_items_at_once_than_the_limit_in_100_000_claims(
    dsn: str, db: psycopg.Connection, tmp_path: Path
) -> None:
    check_concurrency(dsn, db, tmp_path, 100_000)


def check_rate(dsn: str, db: psycopg.Connection, folder: Path, count: int, per_s: float) -> None:
    """In each stretch of time no more began than the rate allows, and a tenth of a second's worth that was saved up."""
    fill_queue(db, count)
    db.execute("insert into queue_controls (queue_name, max_per_s) values ('work', %s)", (per_s,))

    assert sum(what == "begin" for _, what in events(dsn, folder, batch=5)) == count

    begins = [
        at for (at,) in db.execute("select extract(epoch from started_at)::float8 from processing_queue order by 1")
    ]
    burst = max(1, per_s / 10)
    lowest = excess = 0.0
    for n, at in enumerate(at - begins[0] for at in begins):
        lowest = min(lowest, n - per_s * at)
        excess = max(excess, n + 1 - per_s * at - lowest)
    assert excess <= burst + 0.01
    assert begins[-1] - begins[0] < 2 * count / per_s + 2


def test_eight_processes_never_begin_more_items_than_the_rate_allows(
    dsn: str, db: psycopg.Connection, tmp_path: Path
) -> None:
    check_rate(dsn, db, tmp_path, 1000, 400)
