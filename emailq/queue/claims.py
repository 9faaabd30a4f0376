"""Claims: the connection on which a worker asks for jobs, for one queue at a time."""

import asyncio
from collections.abc import Sequence
from uuid import UUID

import psycopg

from emailq import log
from emailq.db import Connection, brief, connect
from emailq.errors import Unavailable
from emailq.models import Job
from emailq.queue import jobs as queue
from emailq.queue.session import Session
from emailq.settings import Settings

_LOCKED_S = 1.0  # a claim that waited for a lock in vain kept the other queues waiting: it comes again after so long


class Claims:
    """What the lanes of a worker ask the database for. Whoever holds `lock` knows that no claim is in flight."""

    def __init__(self, settings: Settings, session: Session, stopping: asyncio.Event, *, suspects: bool) -> None:
        self._settings = settings
        self._session = session
        self._stopping = stopping
        self._suspects = suspects  # claim those only
        self._conn: Connection | None = None
        self.lock = asyncio.Lock()
        self.in_flight = False  # a claim, which may bring jobs

    async def close(self) -> None:
        if self._conn:
            await self._conn.close()

    async def claim(self, queue_name: str, limit: int, marks: queue.Marks, *, fair: bool) -> list[Job]:
        """As jobs.claim; [] as well while the database is away or this worker is not registered."""
        try:
            return await self._claim(queue_name, limit, marks, fair=fair)
        except psycopg.errors.LockNotAvailable as error:  # somebody changes the settings of this queue; others go on
            log.warn("claim.failed", queue=queue_name, reason=brief(error))
            await asyncio.sleep(_LOCKED_S)
            return []

    async def _claim(self, queue_name: str, limit: int, marks: queue.Marks, *, fair: bool) -> list[Job]:
        async with self.lock:
            worker_id = self._session.worker_id
            if worker_id is None or self._stopping.is_set():
                return []
            self.in_flight = True
            try:
                if self._conn is None or self._conn.closed:
                    self._conn = await connect(self._settings.require_dsn(), "claim")
                return await queue.claim(
                    self._conn, queue_name, worker_id, limit, marks, fair=fair, suspects=self._suspects
                )
            except psycopg.errors.LockNotAvailable:
                raise
            except psycopg.Error as error:
                if error.sqlstate in ("EQ001", None):  # None: no answer, so it may hold jobs that we never heard of
                    self._session.forget(worker_id)
                elif error.sqlstate.startswith("42"):  # no right to it, or no such function
                    raise
                elif self._conn and error.sqlstate == "25006":  # who connected just then may only read, for ever
                    await self._conn.close()
                log.warn("claim.failed", queue=queue_name, reason=brief(error))
            except Unavailable as error:
                log.warn("claim.failed", queue=queue_name, reason=brief(error))
            finally:
                self.in_flight = False
            await asyncio.sleep(0.2)
            return []

    async def set_asleep(self, queue_name: str, asleep: bool) -> int | None:
        """Ask for NOTIFYs, or ask no more; the id for which that is done. Losing this costs latency only."""
        async with self.lock:
            worker_id = self._session.worker_id
            if self._conn is None or self._conn.closed or worker_id is None:
                return None
            try:
                if self._session.listens:
                    await queue.set_asleep(self._conn, queue_name, worker_id, asleep)
                return worker_id if asleep else None
            except psycopg.Error as error:
                log.warn("sleep.failed", queue=queue_name, reason=brief(error))
                return None

    async def lost(self, jobs: Sequence[Job]) -> set[UUID]:
        """As jobs.lost; none where that can't be told."""
        async with self.lock:
            if self._conn is None or self._conn.closed:
                return set()
            try:
                return await queue.lost(self._conn, jobs)
            except psycopg.Error as error:
                log.warn("look.failed", reason=brief(error))
                return set()

    async def limits(self, queue_name: str) -> tuple[bool, float | None]:
        """As jobs.claim_limits; as if there were none where that can't be told."""
        async with self.lock:
            if self._conn is None or self._conn.closed:
                return False, None
            try:
                return await queue.claim_limits(self._conn, queue_name)
            except psycopg.Error as error:
                log.warn("limits.failed", queue=queue_name, reason=brief(error))
                return False, None
