"""Suspects: jobs that were there when workers died, twice or more, run alone and one by one in their own process."""

import asyncio
import json
import os
import sys
from asyncio.subprocess import PIPE
from contextlib import suppress

from pydantic import SecretStr

from emailq import log
from emailq.handlers import Served
from emailq.settings import Settings


async def run_suspects(settings: Settings, queue: str, served: Served) -> None:
    """Run this queue's suspects until none is due; one that kills its process has then used an attempt."""
    order = {"settings": _revealed(settings), "queue": queue, "target": served.target, "parent": os.getpid()}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "emailq.queue"),
        stdin=PIPE,
        env={**os.environ, "PYTHONPATH": _path()},
        process_group=0,  # a terminal's Ctrl-C reaches it through us
    )
    with suppress(ProcessLookupError):
        os.setpriority(os.PRIO_PROCESS, process.pid, 5)  # it may loop: a third of a neighbour's share
    try:
        await process.communicate(json.dumps(order).encode())
    except asyncio.CancelledError:
        process.terminate()  # it gives its job back
        await process.wait()
        raise
    log.event("suspects.ran", queue=queue, exit_code=process.returncode)


def _revealed(settings: Settings) -> dict[str, object]:
    """All settings as JSON values, secrets included: they go through a pipe, never on a command line."""
    values = {k: v.get_secret_value() if isinstance(v, SecretStr) else v for k, v in settings.model_dump().items()}
    return {key: str(value) if isinstance(value, os.PathLike) else value for key, value in values.items()}


def _path() -> str:
    return os.pathsep.join(entry for entry in sys.path if entry)
