"""Which function handles the jobs of which queue: a plain dict, open to the user's own."""

import importlib
import inspect
import os
import sys
import traceback
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from importlib.metadata import entry_points
from typing import NamedTuple

from emailq.app import App
from emailq.errors import UsageError
from emailq.models import LLM_QUEUE, Job
from emailq.outcomes import Outcome

Handler = Callable[[Job, App], Awaitable[Outcome]]

ENTRY_POINTS = "emailq.handlers"


class Served(NamedTuple):
    """Where a handler is ("module:function"), and how many of its jobs one worker runs at the same time."""

    target: str
    concurrency: int = 100


HANDLERS = {
    "parsing": Served("emailq.parse.handler:handle", 48),
    "virus_scan": Served("emailq.scan.handler:handle", 8),
    "classification": Served("emailq.classify.handler:handle", 32),
    LLM_QUEUE: Served("emailq.classify.handler:handle", 32),
    "erp_action": Served("emailq.erp.handler:handle", 8),
}


def known_handlers(own: Iterable[str] = ()) -> dict[str, Served]:
    """Queue name → handler: built in, then installed entry points, then `own` ("QUEUE=module:function" each)."""
    found = dict(HANDLERS)
    found.update((point.name, Served(point.value)) for point in entry_points(group=ENTRY_POINTS))
    theirs: dict[str, Served] = {}
    for text in own:
        queue, equals, target = text.rpartition("=")
        if not (queue and equals and ":" in target):
            raise UsageError(f"--handler {text}: write QUEUE=module:function")
        if len(queue) > 50:
            raise UsageError(f"--handler {text}: a queue's name has at most 50 characters")
        if queue in theirs:
            raise UsageError(f"--handler {text}: the queue {queue} has another handler already; give one")
        theirs[queue] = Served(target)
    return found | theirs


def load_handler(target: str) -> Handler:
    """The function named by "module:function"; modules of the current directory count. Raises UsageError."""
    module_name, _, function_name = target.partition(":")
    if os.getcwd() not in sys.path:
        sys.path.insert(0, os.getcwd())
    try:
        module = importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        raise UsageError(
            f"handler {target}: no module named {error.name}; run emailq where it can be imported"
        ) from None
    except (Exception, SystemExit) as error:
        raise UsageError(f"handler {target}: {module_name} can't be imported: {_told(error)}") from None
    function = getattr(module, function_name, None)
    if not callable(function):
        raise UsageError(f"handler {target}: {module_name} has no function {function_name}")
    if inspect.isfunction(function) and not inspect.iscoroutinefunction(inspect.unwrap(function)):
        raise UsageError(f"handler {target}: a handler is an async function; write async def {function_name}")
    with suppress(ValueError):  # of what is built in, nothing is known
        try:
            inspect.signature(function).bind(None, None)
        except TypeError as error:
            raise UsageError(f"handler {target}: a handler takes (job, app): {error}") from None
    return function  # type: ignore[no-any-return]


def _told(error: BaseException) -> str:
    """Its type, its message and, for what its own code raised, the line."""
    frames = traceback.extract_tb(error.__traceback__)
    place = f" ({frames[-1].filename}, line {frames[-1].lineno})" if not isinstance(error, SyntaxError) else ""
    return f"{type(error).__name__}: {error}{place}"
