"""A handler that blocks the interpreter: the job is known at once, and in the end its process ends."""

import asyncio
import faulthandler
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import psycopg

from emailq.models import Job

_LOOK_S = 0.05  # a job that has the event loop in two looks, one after the other, holds it up
_SILENCE_S = 1.0  # between two such messages to the database

JobOf = Callable[[asyncio.Task[Any]], Job | None]


async def end_if_blocked(limit_s: float, dsn: str, job_of: JobOf) -> None:
    """End this process when a handler keeps the event loop for so long: no deadline can reach such a handler.

    The thread that does it needs no Python lock; it writes where each thread was, and the job has crashed. Long before
    that, another one tells the database which job it is (`job_of` the task), if it can: should this process die, that
    job takes no second worker along.
    """
    over = threading.Event()
    watch = (asyncio.get_running_loop(), over, dsn, job_of)
    threading.Thread(target=_suspect_who_blocks, args=watch, daemon=True).start()
    try:
        while True:
            faulthandler.dump_traceback_later(limit_s, exit=True, file=2)
            await asyncio.sleep(min(1, limit_s / 4))
    finally:
        faulthandler.cancel_dump_traceback_later()
        over.set()


def _suspect_who_blocks(loop: asyncio.AbstractEventLoop, over: threading.Event, dsn: str, job_of: JobOf) -> None:
    """Look from a thread who has the event loop. It takes the lock of Python from a loop in Python only."""
    seen = told = None
    while not over.wait(_LOOK_S):
        running = asyncio.current_task(loop)
        job = job_of(running) if running else None
        if job and job is seen and job is not told:
            with suppress(psycopg.Error), psycopg.connect(dsn, autocommit=True) as conn:
                conn.execute("select public.suspect_job(%s, %s, %s)", (job.id, job.worker_id, job.attempt))
            told = job
            over.wait(_SILENCE_S)
        seen = job
