"""Waiting for a condition, so that no test sleeps for a guessed time."""

import asyncio
import inspect
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")

INTERVAL_S = 0.02


def wait_until(condition: Callable[[], T], timeout_s: float = 10) -> T:
    """Returns the first true result of `condition`; raises AssertionError after `timeout_s`."""
    deadline = time.monotonic() + timeout_s
    while not (result := condition()):
        if time.monotonic() > deadline:
            raise AssertionError(f"not true within {timeout_s} s: {_text_of(condition)}")
        time.sleep(INTERVAL_S)
    return result


async def wait_until_async(condition: Callable[[], T | Awaitable[T]], timeout_s: float = 10) -> T:
    """The same for an event loop; `condition` may be a plain or an async function."""
    deadline = time.monotonic() + timeout_s
    while True:
        result = condition()
        if inspect.isawaitable(result):
            result = await result
        if result:
            return result
        if time.monotonic() > deadline:
            raise AssertionError(f"not true within {timeout_s} s: {_text_of(condition)}")
        await asyncio.sleep(INTERVAL_S)


def _text_of(condition: Callable[[], object]) -> str:
    try:
        return inspect.getsource(condition).strip()
    except (OSError, TypeError):
        return repr(condition)
