"""The worker: how its lanes, its committer and its session begin, work together and end."""

import asyncio
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import psycopg

from emailq import log
from emailq.app import App
from emailq.db import brief, connect
from emailq.errors import Unavailable
from emailq.handlers import Served, load_handler
from emailq.models import Job
from emailq.process import told_to_stop
from emailq.queue import jobs as queue
from emailq.queue.claims import Claims
from emailq.queue.commit import Committer
from emailq.queue.isolation import run_suspects
from emailq.queue.lane import Lane
from emailq.queue.session import Session
from emailq.queue.watchdog import end_if_blocked

_HANGING_THREADS = 1000  # so many of asyncio.to_thread may never end before handlers wait for a thread
_LOOK_S = 0.4  # jobs that run for so long may have been cancelled: we look so often
_FLUSH_S = 5.0  # a worker that stops tries for so long to commit what is done
_BLOCKED_S = 2.0  # beyond its timeout a handler may hold up the event loop for so long


async def run_worker(
    app: App,
    served: Mapping[str, Served],
    *,
    concurrency: int | None = None,
    drain: bool = False,
    suspects: bool = False,
) -> None:
    """Serve these queues until told to stop by a signal, or with `drain` until nothing is due.

    A signal stops claiming at once, gives unstarted jobs back, and lets running ones finish for `grace_s`; a second
    signal gives those back too. Raises Unavailable when the database can't be reached at the start.
    """
    worker = Worker(app, served, concurrency, suspects=suspects)
    with told_to_stop(worker.stop):
        await worker.run(drain=drain)


class Worker:
    """One process's share of the work: a lane of running jobs for each queue, one session, one committer."""

    def __init__(
        self, app: App, served: Mapping[str, Served], concurrency: int | None = None, *, suspects: bool = False
    ) -> None:
        self.app = app
        self.suspects = suspects  # run those alone, and nothing else
        self._served = served
        self._isolated: dict[str, asyncio.Task[None]] = {}
        self.stopping = asyncio.Event()
        self.committer = Committer(app.settings, self._committed)
        self.session = Session(app.settings, sorted(served), self.wake, self.isolate, self.committer.cut_off_s)
        self.claims = Claims(app.settings, self.session, self.stopping, suspects=suspects)
        self.lanes = {
            name: Lane(self, name, load_handler(entry.target), concurrency or entry.concurrency)
            for name, entry in served.items()
        }
        self.hurry = asyncio.Event()

    async def run(self, *, drain: bool = False) -> None:
        threads = sum(lane.places.concurrency for lane in self.lanes.values()) + _HANGING_THREADS
        asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(threads))
        await self.committer.connect()
        session = asyncio.create_task(self.session.run())
        committer = asyncio.create_task(self.committer.run())
        lanes = [asyncio.create_task(lane.run()) for lane in self.lanes.values()]
        if drain:
            lanes.append(asyncio.create_task(self._stop_when_drained()))
        stopping = asyncio.create_task(self.stopping.wait())
        settings = self.app.settings
        watching = asyncio.create_task(
            end_if_blocked(settings.job_timeout_s + _BLOCKED_S, settings.require_dsn(), self._job_of)
        )
        timing = asyncio.create_task(self._stop_what_takes_too_long())
        looking = asyncio.create_task(self._stop_what_is_not_ours())
        try:
            await asyncio.wait([session, committer, stopping, *lanes], return_when=asyncio.FIRST_COMPLETED)
            was_told = self.stopping.is_set()  # else something of ours failed, for which a job may be the reason
            self.stopping.set()
            for lane in self.lanes.values():
                lane.wake()
            await self._finish()
            self.session.finished = not self.claims.in_flight and (was_told or not self.busy)
        finally:
            committer.cancel()  # its transaction ends before the session says that we are gone
            await asyncio.wait([committer])
            isolated = self._isolated.values()
            for task in (session, committer, stopping, watching, timing, looking, *lanes, *isolated):
                task.cancel()
            results = await asyncio.gather(
                session, committer, watching, timing, looking, *lanes, *isolated, return_exceptions=True
            )
            await self.claims.close()
        for result in results:
            if isinstance(result, Exception):
                raise result

    def stop(self) -> None:
        """Stop claiming and finish; called again: give everything back now."""
        if self.stopping.is_set():
            self.hurry.set()
        self.stopping.set()
        log.event("worker.stopping", running=sum(lane.places.running for lane in self.lanes.values()))

    def wake(self, queue_name: str | None) -> None:
        """Look at this queue now (None: at all)."""
        for name, lane in self.lanes.items():
            if queue_name in (None, name):
                lane.wake()

    def isolate(self, queue_name: str) -> None:
        """Let this queue's suspects run in a child process, unless one is at it already."""
        task = self._isolated.get(queue_name)
        if not self.suspects and not self.stopping.is_set() and (task is None or task.done()):
            run = run_suspects(self.app.settings, queue_name, self._served[queue_name])
            self._isolated[queue_name] = asyncio.create_task(run)

    def _committed(self, queue_names: set[str]) -> None:
        for name in queue_names:
            self.lanes[name].made_room()

    @property
    def busy(self) -> int:
        """Jobs that were claimed and are not committed."""
        return self.committer.uncommitted + sum(lane.places.taken for lane in self.lanes.values())

    @property
    def _at_work(self) -> bool:
        return self.busy > 0 or any(not task.done() for task in self._isolated.values())

    def _job_of(self, task: asyncio.Task[Any]) -> Job | None:
        return next((job for lane in self.lanes.values() if (job := lane.places.slots.get(task))), None)

    async def _stop_what_takes_too_long(self) -> None:
        """A look at all jobs now and then: a timer for each cost more than all else that a worker does for a job."""
        timeout_s = self.app.settings.job_timeout_s
        while True:
            await asyncio.sleep(min(1, timeout_s / 10))
            for lane in self.lanes.values():
                lane.places.cancel_older_than(timeout_s)

    async def _stop_what_is_not_ours(self) -> None:
        """Somebody cancelled, requeued or deleted an item that runs: its handler is told within a second."""
        while True:
            await asyncio.sleep(_LOOK_S)
            jobs = [job for lane in self.lanes.values() for job in lane.places.older_than(_LOOK_S)]
            if jobs:
                lost = await self.claims.lost(jobs)
                for lane in self.lanes.values():
                    lane.places.cancel_those([job for job in jobs if job.id in lost])

    async def _stop_when_drained(self) -> None:
        """Set `stopping` once nothing is due and nothing of ours runs."""
        await self.session.registered.wait()
        some_are_due = queue.queues_with_suspects if self.suspects else queue.has_due
        while not self.stopping.is_set():
            try:
                async with await connect(self.app.settings.require_dsn(), "drain") as conn:  # the pool is the handlers'
                    await queue.release_lost(conn, look_at_all=True)
                    while not self.stopping.is_set():
                        async with self.claims.lock:  # jobs of a claim in flight are neither due nor known here yet
                            if not (self._at_work or await some_are_due(conn, list(self.lanes)) or self._at_work):
                                self.stopping.set()
                        self.wake(None)
                        await asyncio.sleep(0.02)
            except (psycopg.OperationalError, Unavailable) as error:
                log.warn("drain.retry", reason=brief(error))
                await asyncio.sleep(0.2)

    async def _finish(self) -> None:
        """Give back what has not begun, wait for what runs, commit all of it."""
        with suppress(TimeoutError):
            async with asyncio.timeout(5), self.claims.lock:  # a claim in flight still brings jobs
                pass
        for lane in self.lanes.values():
            lane.places.give_back("worker stopped")
        grace = asyncio.create_task(self.hurry.wait())
        running = [slot for lane in self.lanes.values() for slot in lane.places.slots]
        finished = asyncio.gather(*running, return_exceptions=True)
        waits: list[asyncio.Future[Any]] = [grace, finished]
        await asyncio.wait(waits, timeout=self.app.settings.grace_s, return_when=asyncio.FIRST_COMPLETED)
        grace.cancel()
        await asyncio.gather(*(lane.places.cancel() for lane in self.lanes.values()))
        await self.committer.flush(timeout_s=_FLUSH_S)
