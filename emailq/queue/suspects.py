"""What the child process of `isolation` does: runs the suspects of one queue.

It only imports what they need. Each run is a fork of it, so a job that kills its process costs no start of another.
"""

import asyncio
import signal
import sys
import time
from collections.abc import Mapping
from multiprocessing.context import ForkProcess
from typing import Any

from emailq import log
from emailq.app import open_app
from emailq.errors import EmailqError
from emailq.handlers import Served
from emailq.process import die_with_parent, end_within
from emailq.queue.worker import run_worker
from emailq.settings import Settings

_PAUSE_S = 0.1  # after a crash: the database learns that the session is gone, and what can't start is no busy loop


def run_all(settings: Mapping[str, Any], queue: str, target: str) -> int:
    """Run suspects until none is due, crash after crash, or until told to stop; returns an exit code."""
    given = Settings(**settings)
    log.configure(given.log_level, given.log_format)
    while True:
        # Nothing is open yet that two processes must not share, and no thread runs: the handler too is imported there.
        run = ForkProcess(target=_run, args=(given, queue, target))
        run.start()
        code = _wait_for(run)
        if code in (0, -signal.SIGTERM) or code >= 64:  # an EmailqError: our parent starts us again
            return max(code, 0)
        log.event("suspects.crashed", queue=queue, exit_code=code)
        time.sleep(_PAUSE_S)


def _wait_for(run: ForkProcess) -> int:
    """Its exit code, negative for a signal; SIGTERM is handed on to it."""
    signal.signal(signal.SIGTERM, lambda number, frame: run.terminate())
    run.join()
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    assert run.exitcode is not None
    return run.exitcode


def _run(settings: Settings, queue: str, target: str) -> None:
    die_with_parent()
    sys.exit(asyncio.run(_run_suspects(settings, queue, target)))


async def _run_suspects(settings: Settings, queue: str, target: str) -> int:
    exit_code = 0
    try:
        async with open_app(settings) as app:
            await run_worker(app, {queue: Served(target)}, concurrency=1, drain=True, suspects=True)
    except EmailqError as error:
        log.warn("suspects.failed", queue=queue, reason=error)
        exit_code = error.exit_code
    end_within(2, exit_code)  # as a worker's
    return exit_code
