"""A shared machine: how much of it others used while something was timed, and a second try when that was much."""

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from scripts.benchmark.processes import TICKS_PER_S, cpu_s

T = TypeVar("T")

QUIET = 0.1  # share of the machine's time
tries = 3  # of one measurement, at most

shares: list[float] = []  # what others had during each measurement that counted


def in_quiet(measure: Callable[[], T]) -> T:
    """The result of the try that others disturbed least; chosen by their CPU time, never by the result."""
    best: tuple[float, T] | None = None
    for _ in range(tries):
        began, busy_s, ours_s = time.monotonic(), _busy_s(), cpu_s(os.getpid())
        result = measure()
        elapsed_s = (time.monotonic() - began) * (os.cpu_count() or 1)
        share = max(0.0, (_busy_s() - busy_s) - (cpu_s(os.getpid()) - ours_s)) / elapsed_s
        if best is None or share < best[0]:
            best = (share, result)
        if share < QUIET:
            break
    assert best is not None
    shares.append(best[0])
    return best[1]


def _busy_s() -> float:
    """CPU time that the whole machine has used or been denied by its host."""
    user, nice, system, _idle, _iowait, irq, softirq, steal = map(
        int, Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]
    )
    return (user + nice + system + irq + softirq + steal) / TICKS_PER_S
