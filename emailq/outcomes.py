"""How a job can end, as values: a handler returns one, the worker commits it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any


@dataclass(frozen=True, slots=True)
class Effect:
    """A call of a SQL function with plain values, run in the transaction that completes the job.

    `function` is the name of a function in sql/functions (or of the user's own, with its schema if need be); `args`
    are passed in order.
    A dict or list is sent as jsonb. `together`: the function takes arrays instead, and is called once for all jobs that
    are committed together.
    """

    function: str
    args: tuple[Any, ...]
    together: bool = False


@dataclass(frozen=True, slots=True)
class Next:
    """A follow-up item for the same e-mail, enqueued in the same transaction (no-op if one is live already)."""

    queue_name: str
    priority: int = 5
    delay: timedelta = timedelta(0)


@dataclass(frozen=True, slots=True)
class Done:
    """The work is done: commit the effects, the acknowledgement and the next items together."""

    effects: Sequence[Effect] = ()
    next: Sequence[Next] = ()


@dataclass(frozen=True, slots=True)
class Retry:
    """Try again later; after `max_attempts` the job fails. `after_s`: seconds, None = exponential backoff."""

    reason: str
    after_s: float | None = None


@dataclass(frozen=True, slots=True)
class Reject:
    """The job can never succeed: it fails at once with this reason. `effects` are still committed with it."""

    reason: str
    effects: Sequence[Effect] = ()


@dataclass(frozen=True, slots=True)
class Release:
    """Not this job's fault (a dependency is down): put it back and give the attempt back.

    `pause_s`: seconds during which the whole queue waits, with one probe after it; None puts back only this job.
    `after_s`: seconds until it is due again, 0 = at once, in its old place; None = as after a first failure, or 0 where
    the queue waits.
    """

    reason: str
    pause_s: float | None = None
    after_s: float | None = None


Outcome = Done | Retry | Reject | Release
