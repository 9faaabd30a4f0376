"""Ends of processes: services that are told to stop, children that must not outlive their parent."""

import ctypes
import os
import signal
import threading
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any


def die_with_parent() -> None:
    """Be killed when the parent ends, however it ends (PR_SET_PDEATHSIG); does nothing where there is no prctl."""
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)


def end_within(seconds: float, exit_code: int) -> None:
    """All is done: end the process by then, whatever task or thread goes on and would be waited for."""
    timer = threading.Timer(seconds, os._exit, [exit_code])
    timer.daemon = True
    timer.start()


async def until_told_to_stop(service: Coroutine[Any, Any, None]) -> None:
    """Run a service until it ends, or cancel it at SIGTERM or SIGINT and return."""
    import asyncio  # not above: children that parse do without

    loop = asyncio.get_running_loop()
    task = asyncio.ensure_future(service)
    stopped = False

    def stop() -> None:
        nonlocal stopped
        stopped = True
        task.cancel()

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)
    try:
        await task
    except asyncio.CancelledError:
        if not stopped:
            raise
    finally:
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(number)
