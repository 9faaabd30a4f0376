"""The worker's session: the connection that says it lives, listens for wake-ups, and sweeps after lost workers.

Behind a pooler no session lasts: there a lease says that the worker lives, and polling replaces LISTEN.
"""

import asyncio
import random
import time
from collections.abc import Callable, Sequence

import psycopg

from emailq import log, metrics
from emailq.db import Connection, brief, connect, is_pooled, is_temporary, refuse_an_old_primary
from emailq.errors import Unavailable
from emailq.queue import jobs as queue
from emailq.settings import Settings

_SWEEP_S = 0.25  # how often lost workers are looked for; one worker does it at a time
_SWEEP_ALL_S = 60.0  # how often also rows that name no worker are looked for, by one worker of all
_CLEANUP_S = 60.0  # how often finished items are deleted
_DEAD_S = 10.0  # no answer in this time: the connection is dead
_CUT_OFF_S = 2.0  # so long without a connection for commits is worth telling
_LEASE_S = 15.0  # behind a pooler: how long a worker lives on without a sign


class Session:
    """Holds `worker_id` while the connection lives. A new connection is a new identity: jobs claimed under the old one
    look lost to everybody, so they can't look alive for ever because we came back."""

    def __init__(
        self,
        settings: Settings,
        queues: Sequence[str],
        wake: Callable[[str | None], None],
        suspects: Callable[[str], None],
        cut_off_s: Callable[[], float],
    ) -> None:
        self._settings = settings
        self._queues = queues
        self._wake = wake  # called with the queue's name, or None for all
        self._suspects = suspects  # called with the name of a queue that has some
        self._cut_off_s = cut_off_s  # for how long no results could be committed
        self._told_cut_off = False
        self.worker_id: int | None = None
        self.registered = asyncio.Event()
        self.listens = False  # for NOTIFY
        self.finished = False  # nothing runs under our id any more, so it may be unregistered
        self._failures: int | None = None  # to connect, in a row; None: never connected

    async def run(self) -> None:
        """Stay connected until cancelled; then unregister, if finished. The first connection's failure is raised."""
        while True:
            try:
                conn = await connect(self._settings.require_dsn(), "session")
                try:
                    await self._hold(conn)
                finally:
                    await self._leave(conn)
            except (Unavailable, psycopg.Error, TimeoutError) as error:
                if isinstance(error, psycopg.Error) and not is_temporary(error):
                    raise
                if self._failures is None:
                    raise Unavailable(brief(error)) from None
                log.warn("session.lost", reason=brief(error))
            delay_s = min(0.1 * 2 ** (self._failures or 0), 5)
            self._failures = (self._failures or 0) + 1
            metrics.RECONNECTS.inc()
            await asyncio.sleep(random.uniform(delay_s / 2, delay_s))

    def forget(self, worker_id: int) -> None:
        """The database does not know this id any more: register again, unless that is done."""
        if self.worker_id == worker_id:
            self.worker_id = None
            self.registered.clear()

    async def _hold(self, conn: Connection) -> None:
        worker_id = await self._register(conn)
        next_sweep = next_sweep_all = next_renewal = 0.0
        next_cleanup = time.monotonic() + random.uniform(1, _CLEANUP_S)
        while self.worker_id == worker_id:
            await self._listen(conn, _SWEEP_S)
            now = time.monotonic()
            if not self.listens and now >= next_renewal:
                async with asyncio.timeout(_DEAD_S):
                    if not await queue.renew_lease(conn, worker_id, _LEASE_S):
                        return
                next_renewal = now + _LEASE_S / 5
            if self.listens:
                await self._tell_cut_off(conn)
            if now >= next_sweep:  # also the proof that the connection lives
                async with asyncio.timeout(_DEAD_S):
                    look_at_all = now >= next_sweep_all
                    if look_at_all and next_sweep_all:  # who has just come looks
                        look_at_all = await queue.my_turn_to_look(conn)
                    await self._sweep(conn, look_at_all=look_at_all)
                if now >= next_sweep_all:
                    next_sweep_all = now + _SWEEP_ALL_S
                next_sweep = now + _SWEEP_S
            if now >= next_cleanup:
                deleted = await _clean_up(conn)
                next_cleanup = now + (1 if deleted >= 10_000 else _CLEANUP_S)

    async def _register(self, conn: Connection) -> int:
        await refuse_an_old_primary(conn, self._settings.require_dsn())
        self.listens = not is_pooled(conn)
        if self.listens:
            await conn.execute("listen emailq")
            worker_id = await queue.register_worker(conn, self._queues)
        else:
            worker_id = await queue.register_leased_worker(conn, self._queues, _LEASE_S)
        self.worker_id = worker_id
        self._failures = 0
        self._told_cut_off = False
        self.registered.set()
        lives_by = "session" if self.listens else "lease (behind a pooler)"
        log.event("session.registered", worker=worker_id, queues=",".join(self._queues), lives_by=lives_by)
        self._wake(None)
        return worker_id

    async def _listen(self, conn: Connection, timeout_s: float) -> None:
        if self.listens:
            async for notice in conn.notifies(timeout=timeout_s, stop_after=1):
                self._wake(notice.payload)
        else:
            await asyncio.sleep(timeout_s)

    async def _tell_cut_off(self, conn: Connection) -> None:
        """To whoever looks into pg_stat_activity, such as queue_why(), that our jobs may be done and can't say so."""
        is_cut_off = self._cut_off_s() > _CUT_OFF_S
        if is_cut_off != self._told_cut_off:
            name = "emailq session, no commits" if is_cut_off else "emailq session"
            await conn.execute("select set_config('application_name', %s, false)", (name,))
            self._told_cut_off = is_cut_off

    async def _sweep(self, conn: Connection, *, look_at_all: bool) -> None:
        rescued = await queue.release_lost(conn, look_at_all=look_at_all)
        for name in await queue.queues_with_suspects(conn, self._queues):
            self._suspects(name)
        if rescued:
            metrics.RESCUED.inc(rescued)
            log.warn("jobs.rescued", count=rescued)

    async def _leave(self, conn: Connection) -> None:
        worker_id, self.worker_id = self.worker_id, None
        self.registered.clear()
        try:
            if self.finished and worker_id is not None and not conn.closed:
                async with asyncio.timeout(2):
                    await queue.unregister_worker(conn, worker_id)
        except (psycopg.Error, TimeoutError):
            pass  # the lock goes with the connection, and a sweep does the rest
        finally:
            await conn.close()


async def _clean_up(conn: Connection) -> int:
    try:
        return await queue.cleanup(conn)
    except psycopg.OperationalError:
        raise
    except psycopg.Error as error:  # for want of a privilege, say: no reason to stop working
        log.warn("cleanup.failed", reason=brief(error))
        return 0
