"""Rescue: a worker is killed (SIGKILL) while its handler runs; the time until that job runs again elsewhere."""

import os
import random
import signal
import time
from pathlib import Path
from subprocess import Popen

from scripts.benchmark.processes import start, stop
from scripts.benchmark.system import Bench, value

_WORKERS = 3
_LIMIT_S = 30.0


def rescue_s(bench: Bench, kills: int) -> list[float]:
    """Three workers, one job at a time; who runs it is killed and replaced."""
    bench.marks.write_text("")
    bench.reset()
    env = {**bench.system.environment(bench.dsn), "BENCH_MARKS": str(bench.marks)}
    alive: dict[int, Popen[bytes]] = {}
    took = []
    try:
        with bench.connect() as conn:
            for key in bench.system.keys(conn, kills):
                while len(alive) < _WORKERS:
                    one = start(bench.system.worker("hold"), env, bench.folder / "rescue.log")
                    alive[one.pid] = one
                while value(conn, "select count(*) from live_worker_ids()") < _WORKERS:
                    time.sleep(0.02)
                conn.execute("insert into processing_queue (email_id, queue_name) values (%s::uuid, 'hold')", (key,))
                [(_, victim)] = _marks(bench.marks, key, 1)
                time.sleep(random.uniform(0, 0.3))  # at any point of the sweepers' round
                os.kill(victim, signal.SIGKILL)
                killed = time.monotonic()
                began, _ = _marks(bench.marks, key, 2)[1]
                took.append(began - killed)
                alive.pop(victim).wait()
    finally:
        stop(list(alive.values()))
    return took


def _marks(file: Path, key: str, count: int) -> list[tuple[float, int]]:
    """(moment, pid) of each start of this job, once there are so many."""
    deadline = time.monotonic() + _LIMIT_S
    while time.monotonic() < deadline:
        lines = [line.split() for line in file.read_text().splitlines() if key in line]
        if len(lines) >= count:
            return [(float(at), int(pid)) for at, _key, pid in lines]
        time.sleep(0.005)
    raise RuntimeError(f"job {key} did not start {count} times within {_LIMIT_S} s")
