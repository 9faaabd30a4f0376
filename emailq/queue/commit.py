"""Outcomes → one transaction: acknowledgement, effects and follow-up items of many jobs commit together, once."""

import asyncio
import random
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from functools import cache
from itertools import zip_longest
from typing import Any
from uuid import UUID

from psycopg import OperationalError, sql
from psycopg.adapt import PyFormat
from psycopg.errors import InvalidSqlStatementName, ReadOnlySqlTransaction
from psycopg.types.json import Jsonb

from emailq import log, metrics
from emailq.db import Connection, brief, connect, fetch_value, is_idle, is_temporary, restore, unreachable
from emailq.errors import Unavailable
from emailq.models import Job
from emailq.outcomes import Done, Effect, Next, Outcome, Reject, Release, Retry
from emailq.queue import jobs as queue
from emailq.queue.backoff import retry_delay
from emailq.settings import Settings

Finished = tuple[Job, Outcome]

_BATCH = 1000  # outcomes in one transaction
_BATCH_WITH_EFFECTS = 64  # effects hold locks until the commit
_TRIES = 5  # of effects that meet a lock, a deadlock, a timeout or the end of their session; others wait meanwhile
_REASON_CHARS = 2000
_CALL_CHARS = 8_000_000  # of the arguments of effects that go together: large ones take several calls
_ENDINGS = {Done: "completed", Retry: "retried", Reject: "failed", Release: "released"}


class Committer:
    """Collects outcomes and commits them on a connection of its own.

    While one batch commits the next collects, so batches grow with the load and a lone job waits for nobody. A batch
    that fails is committed job by job; a lost connection is made anew and the batch sent again, job by job if that goes
    on: the fence drops what had been committed already.
    """

    def __init__(self, settings: Settings, committed: Callable[[set[str]], None] = lambda names: None) -> None:
        self._settings = settings
        self._committed = committed  # called after each batch with the names of its queues
        self._finished: list[Finished] = []
        self._finished_at: deque[float] = deque()  # when each of those that are not committed came
        self._wanted = asyncio.Event()
        self._flushed = asyncio.Event()
        self._conn: Connection | None = None
        self._cut_off_at: float | None = None  # since then it has been trying to connect
        self.uncommitted = 0

    async def connect(self) -> None:
        """Before anything is claimed: who gets no connection for commits must hold no jobs. Raises Unavailable."""
        self._cut_off_at = self._cut_off_at or time.monotonic()
        self._conn = await connect(self._settings.require_dsn(), "commit")
        try:
            is_read_only = await fetch_value(self._conn, "show transaction_read_only") == "on"
        except OperationalError as error:  # the server went down between the two
            raise unreachable(error) from None
        if is_read_only:
            await self._conn.close()
            raise Unavailable("this server, database or role takes no writes (emailq doctor)")
        self._cut_off_at = None

    def cut_off_s(self) -> float:
        """For how long it has had something to commit and got no connection."""
        return 0 if self._cut_off_at is None else time.monotonic() - self._cut_off_at

    async def flush(self, *, timeout_s: float) -> None:
        """Wait until all is committed, or for so long; what is left is given back when the worker leaves."""
        self._flushed.clear()
        if self.uncommitted:
            try:
                async with asyncio.timeout(timeout_s):
                    await self._flushed.wait()
            except TimeoutError:
                log.warn("commit.abandoned", jobs=self.uncommitted)

    def behind_s(self) -> float:
        """For how long the oldest outcome has been waiting for its commit."""
        return time.monotonic() - self._finished_at[0] if self._finished_at else 0

    def add(self, job: Job, outcome: Outcome) -> None:
        self._finished.append((job, outcome))
        self._finished_at.append(time.monotonic())
        self.uncommitted += 1
        self._wanted.set()

    async def run(self) -> None:
        """Commit until cancelled; cancel only when `uncommitted` is 0, or to abandon what is left."""
        try:
            while True:
                await self._wanted.wait()
                batch = self._take()
                await self._commit_until_done(batch)
                self.uncommitted -= len(batch)
                for _ in batch:
                    self._finished_at.popleft()
                self._committed({job.queue_name for job, _ in batch})
                if not self.uncommitted:
                    self._flushed.set()
        finally:
            if self._conn:
                await self._conn.close()

    def _take(self) -> list[Finished]:
        with_effects = any(isinstance(o, Done) and (o.effects or o.next) for _, o in self._finished[:_BATCH])
        size = _BATCH_WITH_EFFECTS if with_effects else _BATCH
        seen: set[UUID] = set()
        for position, (job, _) in enumerate(self._finished[:size]):
            if job.id in seen:  # given back and claimed again under the same fence: one outcome after the other
                size = position
                break
            seen.add(job.id)
        batch, self._finished = self._finished[:size], self._finished[size:]
        if not self._finished:
            self._wanted.clear()
        return batch

    async def _commit_until_done(self, batch: list[Finished]) -> None:
        delay_s = 0.05
        tries = 0
        while True:
            try:
                if self._conn is None or self._conn.closed:
                    await self.connect()
                assert self._conn
                tries += 1
                await self._commit(self._conn, batch)
                return
            except Exception as error:
                # an effect took our prepared statements away, or nobody may write any more
                is_unfit = isinstance(error, InvalidSqlStatementName | ReadOnlySqlTransaction)
                if self._conn and (is_unfit or not is_idle(self._conn)):
                    await self._conn.close()
                answered = self._conn is not None and not self._conn.closed
                may_pass = is_unfit or isinstance(error, Unavailable) or is_temporary(error)
                if len(batch) == 1:
                    job, outcome = batch[0]
                    has_effects = isinstance(outcome, Done | Reject)
                    instead = Retry(_misgiven(outcome) or f"effects: {type(error).__name__}: {brief(error)}")
                    if outcome != instead and (not may_pass or (has_effects and tries >= _TRIES)):
                        batch = [(job, instead)]  # this job's own fault: its effects can't be stored as they are
                        continue
                if may_pass or len(batch) == 1:
                    log.warn("commit.retry", jobs=len(batch), reason=brief(error))
            if len(batch) > 1 and (answered or tries >= _TRIES):
                for finished in batch:
                    await self._commit_until_done([finished])
                return
            await asyncio.sleep(random.uniform(delay_s / 2, delay_s))
            delay_s = min(delay_s * 2, 5)

    async def _commit(self, conn: Connection, batch: list[Finished]) -> None:
        done = [job for job, outcome in batch if type(outcome) is Done]
        if len(done) == len(batch) and not any(o.effects or o.next for _, o in batch if isinstance(o, Done)):
            lost = await queue.complete(conn, done)  # one statement is a transaction
        else:
            async with conn.transaction():
                lost = await self._finish(conn, batch, done)
                kept = [(job, outcome) for job, outcome in batch if job.id not in lost]
                await _apply_effects(conn, kept)
                await _enqueue_next(conn, kept)
        _count(batch, lost)

    async def _finish(self, conn: Connection, batch: list[Finished], done: list[Job]) -> set[UUID]:
        """Write how each job ended; returns the ids that belong to other workers by now."""
        lost: set[UUID] = set()
        if done:
            lost |= await queue.complete(conn, done)
        if retries := [(job, o) for job, o in batch if isinstance(o, Retry)]:
            delays = [self._delay(job, o) for job, o in retries]
            lost |= await queue.retry(conn, [job for job, _ in retries], delays, [_reason(o) for _, o in retries])
        if rejects := [(job, o) for job, o in batch if isinstance(o, Reject)]:
            lost |= await queue.fail(conn, [job for job, _ in rejects], [_reason(o) for _, o in rejects])
        if releases := [(job, o) for job, o in batch if isinstance(o, Release)]:
            delays = [self._delay(job, o) for job, o in releases]
            lost |= await queue.release(conn, [job for job, _ in releases], delays, [_reason(o) for _, o in releases])
            for name, pause in sorted({job.queue_name: o for job, o in releases if o.pause_s is not None}.items()):
                await queue.trip(conn, name, pause.pause_s or 0, pause.reason)
        return lost

    def _delay(self, job: Job, outcome: Retry | Release) -> float:
        if outcome.after_s is not None:
            return outcome.after_s
        if isinstance(outcome, Release) and outcome.pause_s is not None:
            return 0
        return retry_delay(job.attempt, self._settings.retry_base_s, self._settings.retry_max_s)


def _misgiven(outcome: Outcome) -> str | None:
    """What a handler gave in place of a list of effects or next items; asked only when something went wrong."""
    for name, kind in (("effects", Effect), ("next", Next)):
        given = getattr(outcome, name, ())
        if not isinstance(given, Sequence) or not all(isinstance(one, kind) for one in given):
            return f"the handler returned {type(outcome).__name__} whose {name} is no list of {kind.__name__}(…)"
    return None


def _reason(outcome: Retry | Reject | Release) -> str:
    """What people will read in `last_error`, whatever a handler gave."""
    text = str(outcome.reason or "no reason was given")[:_REASON_CHARS].replace("\0", "\ufffd")
    return text.encode(errors="replace").decode()  # half a surrogate, as of an undecodable file name


async def apply_done(conn: Connection, job: Job, outcome: Done) -> None:
    """The effects and next items of one job, in the caller's transaction."""
    await _apply_effects(conn, [(job, outcome)])
    await _enqueue_next(conn, [(job, outcome)])


async def _apply_effects(conn: Connection, kept: list[Finished]) -> None:
    """The first effect of each job, then the second of each …: what takes a lock that all share can come last."""
    rounds = zip_longest(*(outcome.effects for _, outcome in kept if isinstance(outcome, Done | Reject)))
    calls = [call for one_round in rounds for call in _calls([effect for effect in one_round if effect])]
    if calls:
        async with conn.pipeline():
            for statement, args in calls:
                await conn.execute(statement, args)
            await restore(conn)  # a function may have changed the search path, a timeout …


async def _enqueue_next(conn: Connection, kept: list[Finished]) -> None:
    items = [(job.email_id, item) for job, outcome in kept if isinstance(outcome, Done) for item in outcome.next]
    if items:
        await queue.enqueue(conn, items)


def _calls(effects: Sequence[Effect]) -> Iterator[tuple[sql.Composed, list[Any]]]:
    """Statement and arguments: one for each effect, but one for those that go together."""
    gathered: dict[str, list[tuple[Any, ...]]] = {}
    sizes: Counter[str] = Counter()
    for effect in effects:
        if not effect.together:
            yield _call(effect)
            continue
        size = sum(len(arg) for arg in effect.args if isinstance(arg, str))
        if effect.function in gathered and sizes[effect.function] + size > _CALL_CHARS:
            yield _call_with_arrays(effect.function, gathered.pop(effect.function))
            sizes[effect.function] = 0
        gathered.setdefault(effect.function, []).append(effect.args)
        sizes[effect.function] += size
    for function, rows in gathered.items():
        yield _call_with_arrays(function, rows)


def _call(effect: Effect) -> tuple[sql.Composed, list[Any]]:
    return _statement(effect.function, len(effect.args), PyFormat.AUTO), [_plain(arg) for arg in effect.args]


def _call_with_arrays(function: str, rows: list[tuple[Any, ...]]) -> tuple[sql.Composed, list[Any]]:
    # binary: in arrays of text each quote and backslash would be escaped, which costs more than all the rest
    return _statement(function, len(rows[0]), PyFormat.BINARY), [list(column) for column in zip(*rows, strict=True)]


@cache
def _statement(function: str, args: int, format: PyFormat) -> sql.Composed:
    placeholders = sql.SQL(", ").join([sql.Placeholder(format=format)] * args)
    return sql.SQL("select {}({})").format(sql.Identifier(*function.split(".")), placeholders)


def _plain(arg: Any) -> Any:
    return Jsonb(arg) if isinstance(arg, dict | list) else arg


def _count(batch: Sequence[Finished], lost: set[UUID]) -> None:
    counts: dict[tuple[str, str], int] = {}
    for job, outcome in batch:
        name = "lost" if job.id in lost else _ENDINGS[type(outcome)]
        counts[job.queue_name, name] = counts.get((job.queue_name, name), 0) + 1
        if name != "completed":
            _tell(job, outcome, name)
    for (queue_name, name), count in counts.items():
        metrics.JOBS.labels(queue_name, name).inc(count)
    if metrics.exposed:  # a microsecond a job, for which somebody has to look
        now = datetime.now(UTC)
        for job, _ in batch:
            metrics.QUEUE_SECONDS.labels(job.queue_name).observe(max(0, (now - job.scheduled_at).total_seconds()))


def _tell(job: Job, outcome: Outcome, name: str) -> None:
    if name == "retried" and job.attempt >= job.max_attempts:
        name = "failed"
    reason = (
        "it is not ours any more: given to another worker, cancelled or deleted"
        if name == "lost"
        else getattr(outcome, "reason", None)
    )
    event = log.warn if name in ("failed", "lost") else log.event
    event(f"job.{name}", queue=job.queue_name, job=job.id, email=job.email_id, attempt=job.attempt, reason=reason)
