"""Memory of one worker process: idle, under load, and after many jobs."""

from dataclasses import dataclass

from scripts.benchmark.drain import warm_up
from scripts.benchmark.processes import pss_mb
from scripts.benchmark.system import Bench, value

_CHUNK = 50_000  # jobs


@dataclass(frozen=True)
class Memory:
    idle_mb: float
    load_mb: float  # the most seen while draining
    after_mb: float  # idle again


def memory(bench: Bench, jobs: int) -> Memory:
    """PSS: a page that two processes share counts half. The benchmark itself is a Python too, so a little is shared."""
    bench.reset()
    seen = []
    with bench.workers("noop") as [worker], bench.connect() as conn:
        warm_up(bench, conn, "noop", [worker])
        idle_mb = pss_mb(worker.pid)
        for _ in range(0, jobs, _CHUNK):
            bench.system.fill(conn, _CHUNK, "noop")
            while value(conn, bench.system.unfinished):
                seen.append(pss_mb(worker.pid))
        after_mb = pss_mb(worker.pid)
    return Memory(idle_mb, max(seen), after_mb)
