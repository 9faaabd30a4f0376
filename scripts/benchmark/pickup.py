"""Pickup: from the moment an INSERT is committed to the start of its handler in an idle worker."""

import random
import time

from scripts.benchmark.drain import wait_until_drained, warm_up
from scripts.benchmark.system import Bench, value

IDLE_S = (0.05, 0.25)  # pause between two jobs: longer than any of the first polls
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
