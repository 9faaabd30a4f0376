"""Ends of processes: services that are told to stop, children that must not outlive their parent."""

import ctypes
import os
import signal
import threading
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager, suppress
from typing import Any

_STOPS = (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT, signal.SIGHUP)


def die_with_parent() -> None:
    """Be killed when the parent ends, however it ends (PR_SET_PDEATHSIG); does nothing where there is no prctl."""
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)


def end_within(seconds: float, exit_code: int) -> None:
    """All is done: end the process by then, whatever task or thread goes on and would be waited for."""
    timer = threading.Timer(seconds, os._exit, [exit_code])
    timer.daemon = True
    timer.start()


@contextmanager
def told_to_stop(stop: Callable[[], None]) -> Iterator[None]:
    """Call `stop` in the running event loop at each SIGTERM, SIGINT, SIGQUIT or SIGHUP (but not under nohup)."""
    import asyncio  # not above: children that parse do without

    loop = asyncio.get_running_loop()
    numbers = [number for number in _STOPS if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN]
    for number in numbers:
        loop.add_signal_handler(number, stop)
    try:
        yield
    finally:
        for number in numbers:
            loop.remove_signal_handler(number)


async def until_told_to_stop(service: Coroutine[Any, Any, None]) -> None:
    """Run a service until it ends, or cancel it when told to stop and return."""
    import asyncio

    task = asyncio.ensure_future(service)
    stopped = False

    def stop() -> None:
        nonlocal stopped
        stopped = True
        task.cancel()

    with told_to_stop(stop):
        try:
            await task
        except asyncio.CancelledError:
            if not stopped:
                raise
