"""Pickup: from the moment an INSERT is committed to the start of its handler in an idle worker."""

import os
import random
import signal
import time

import psycopg

from scripts.benchmark.drain import wait_until_drained, warm_up
from scripts.benchmark.system import Bench, value

IDLE_S = (0.05, 0.25)  # pause between two jobs: longer than any of the first polls
_WHILE_DEAF = 4  # jobs; after ten seconds the worker knows that its connection is dead
RACE_S = (0.0, 0.03)  # the same for jobs that meet a worker on its way to sleep


def pickup_ms(bench: Bench, jobs: int, pause_s: tuple[float, float] = IDLE_S) -> list[float]:
    """One worker, one job at a time, each after a pause of random length; a lost job raises."""
    bench.marks.write_text("")
    bench.reset()
    with bench.workers("mark") as workers, bench.connect() as conn:
        warm_up(bench, conn, "mark", workers)
        bench.marks.write_text("")
        conn.execute(bench.system.reset)  # type: ignore[call-overload]
        committed = {}
        for key in bench.system.keys(conn, jobs):
            time.sleep(random.uniform(*pause_s))
            conn.execute(bench.system.insert_one, {"key": key})  # type: ignore[call-overload]
            committed[key] = time.monotonic()
        if not wait_until_drained(bench, conn):
            raise RuntimeError(f"{bench.system.name}: {value(conn, bench.system.count)} of {jobs} jobs never ran")
    began = {key: float(at) for at, key, _pid in map(str.split, bench.marks.read_text().splitlines())}
    return [max(0.0, began[key] - at) * 1000 for key, at in committed.items()]


def pickup_without_listen_ms(bench: Bench, jobs: int) -> list[float]:
    """The same while the connection that listens is dead and nobody knows: its backend is stopped for a few seconds."""
    found: list[float] = []
    while len(found) < jobs:
        bench.reset()
        with bench.workers("mark") as workers, bench.connect() as conn:
            warm_up(bench, conn, "mark", workers)
            bench.marks.write_text("")
            backend = value(conn, "select pid from pg_stat_activity where application_name = 'emailq session'")
            time.sleep(2)  # all first polls are over
            os.kill(backend, signal.SIGSTOP)
            try:
                found += _pickups(bench, conn, min(_WHILE_DEAF, jobs - len(found)))
            finally:
                os.kill(backend, signal.SIGCONT)
    return found


def _pickups(bench: Bench, conn: psycopg.Connection, jobs: int) -> list[float]:
    took = []
    for key in bench.system.keys(conn, jobs):
        conn.execute(bench.system.insert_one, {"key": key})  # type: ignore[call-overload]
        committed = time.monotonic()
        while not (found := [line.split() for line in bench.marks.read_text().splitlines() if key in line]):
            if time.monotonic() > committed + 10:
                raise RuntimeError(f"{bench.system.name}: a job did not run within 10 s")
            time.sleep(0.005)
        took.append(max(0.0, float(found[0][0]) - committed) * 1000)
        time.sleep(random.uniform(0.8, 1.2))  # at any point between two polls
    return took
