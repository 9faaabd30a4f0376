"""A handler that blocks the interpreter: its process ends, and the job is known."""

import asyncio
import faulthandler
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import psycopg

from emailq.models import Job

JobOf = Callable[[asyncio.Task[Any]], Job | None]


async def end_if_blocked(limit_s: float, dsn: str, job_of: JobOf) -> None:
    """End this process when a handler keeps the event loop for so long: no deadline can reach such a handler.

    The thread that does it needs no Python lock; it writes where each thread was, and the job has crashed. A second
    before, another thread tells the database which job it is (`job_of` the task), if it can: that one then takes no
    second worker along.
    """
    beat, over = [time.monotonic()], threading.Event()
    loop = asyncio.get_running_loop()
    threading.Thread(target=_suspect_who_blocks, args=(loop, beat, limit_s - 1, over, dsn, job_of), daemon=True).start()
    try:
        while True:
            faulthandler.dump_traceback_later(limit_s, exit=True, file=2)
            beat[0] = time.monotonic()
            await asyncio.sleep(min(1, limit_s / 4))
    finally:
        faulthandler.cancel_dump_traceback_later()
        over.set()


def _suspect_who_blocks(
    loop: asyncio.AbstractEventLoop, beat: list[float], limit_s: float, over: threading.Event, dsn: str, job_of: JobOf
) -> None:
    """Watch from a thread: was the last beat too long ago? It takes the lock of Python from a loop in Python only."""
    while not over.wait(min(0.5, limit_s / 8)):
        if time.monotonic() - beat[0] < limit_s:
            continue
        blocking = asyncio.current_task(loop)
        if blocking and (job := job_of(blocking)):
            with suppress(psycopg.Error), psycopg.connect(dsn) as conn:
                conn.execute("select suspect_job(%s, %s, %s)", (job.id, job.worker_id, job.attempt))
