"""The worker: claims jobs, lets their handlers run, hands the outcomes to the committer."""

import asyncio
import signal
import time
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import psycopg

from emailq import log
from emailq.app import App
from emailq.db import Connection, brief, connect, is_temporary
from emailq.errors import Unavailable
from emailq.handlers import Handler, Served, load_handler
from emailq.models import Job
from emailq.outcomes import Outcome
from emailq.queue import jobs as queue
from emailq.queue.commit import Committer
from emailq.queue.isolation import run_suspects
from emailq.queue.marks import LowMarks
from emailq.queue.places import Places
from emailq.queue.session import Session
from emailq.queue.watchdog import end_if_blocked

_BATCH = 500  # jobs in one claim
_PREFETCH_S = 0.1  # jobs are claimed this far ahead of the handlers, so a crash strands little
_FULL_S = 0.3  # how often we look whether places are free
_STALE_S = 1.0  # a job that waited so long for a free place goes back: others may have one
_FAIR_EVERY = 16  # each so many claims start at the lane that has waited longest
_BRISK_S = 0.02  # wake-ups that follow one another so closely are many
_BRISK = 3  # so many of these, or full claims, in a row: NOTIFY is not wanted any more, it would hold up who inserts
_AWAKE_POLLS = 3  # looks in vain, _BRISK_S apart, until it is wanted again
_POLLS_S = (0.02, 0.05, 0.1, 0.25)  # first looks after falling asleep: an INSERT may have missed the sleeper
_BLOCKED_S = 2.0  # beyond its timeout a handler may hold up the event loop for so long
_BACKLOG = 5000  # uncommitted outcomes above which nothing is claimed


async def run_worker(
    app: App,
    served: Mapping[str, Served],
    *,
    concurrency: int | None = None,
    drain: bool = False,
    suspects: bool = False,
) -> None:
    """Serve these queues until SIGTERM or SIGINT, or with `drain` until nothing is due.

    A signal stops claiming at once, gives unstarted jobs back, and lets running ones finish for `grace_s`; a second
    signal gives those back too. Raises Unavailable when the database can't be reached at the start.
    """
    worker = Worker(app, served, concurrency, suspects=suspects)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, worker.stop)
    try:
        await worker.run(drain=drain)
    finally:
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(number)


class Worker:
    """One process's share of the work: a lane of running jobs for each queue, one session, one committer."""

    def __init__(
        self, app: App, served: Mapping[str, Served], concurrency: int | None = None, *, suspects: bool = False
    ) -> None:
        self.app = app
        self.suspects = suspects  # run those alone, and nothing else
        self._served = served
        self._isolated: dict[str, asyncio.Task[None]] = {}
        self.session = Session(app.settings, sorted(served), self.wake, self.isolate)
        self.committer = Committer(app.settings, self._committed)
        self.lanes = {
            name: Lane(self, name, load_handler(entry.target), concurrency or entry.concurrency)
            for name, entry in served.items()
        }
        self.stopping = asyncio.Event()
        self.hurry = asyncio.Event()
        self._claims: Connection | None = None
        self._claiming = asyncio.Lock()

    async def run(self, *, drain: bool = False) -> None:
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
        try:
            await asyncio.wait([session, committer, stopping, *lanes], return_when=asyncio.FIRST_COMPLETED)
            self.stopping.set()
            for lane in self.lanes.values():
                lane.wake()
            await self._finish()
        finally:
            isolated = self._isolated.values()
            for task in (session, committer, stopping, watching, timing, *lanes, *isolated):
                task.cancel()
            results = await asyncio.gather(
                session, committer, watching, timing, *lanes, *isolated, return_exceptions=True
            )
            if self._claims:
                await self._claims.close()
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

    async def claim(self, lane: "Lane", limit: int, *, fair: bool) -> list[Job]:
        """Claim for a lane; [] as well while the database is away or this worker is not registered."""
        async with self._claiming:
            worker_id = self.session.worker_id
            if worker_id is None or self.stopping.is_set():
                return []
            try:
                if self._claims is None or self._claims.closed:
                    self._claims = await connect(self.app.settings.require_dsn(), "claim")
                return await queue.claim(
                    self._claims, lane.name, worker_id, limit, lane.marks.at, fair=fair, suspects=self.suspects
                )
            except psycopg.Error as error:
                if error.sqlstate in ("EQ001", None):  # None: no answer, so it may hold jobs that we never heard of
                    self.session.forget(worker_id)
                elif not is_temporary(error):
                    raise
                log.warn("claim.failed", queue=lane.name, reason=brief(error))
            except Unavailable as error:
                log.warn("claim.failed", queue=lane.name, reason=brief(error))
            await asyncio.sleep(0.2)
            return []

    async def set_asleep(self, lane: "Lane", asleep: bool) -> int | None:
        """Ask for NOTIFYs, or ask no more; the id for which that is done. Losing this costs latency only."""
        async with self._claiming:
            worker_id = self.session.worker_id
            if self._claims is None or self._claims.closed or worker_id is None:
                return None
            try:
                if self.session.listens:
                    await queue.set_asleep(self._claims, lane.name, worker_id, asleep)
                return worker_id if asleep else None
            except psycopg.Error as error:
                log.warn("sleep.failed", queue=lane.name, reason=brief(error))
                return None

    async def claim_limits(self, lane: "Lane") -> tuple[bool, float | None]:
        """As jobs.claim_limits; as if there were none where that can't be told."""
        async with self._claiming:
            if self._claims is None or self._claims.closed:
                return False, None
            try:
                return await queue.claim_limits(self._claims, lane.name)
            except psycopg.Error as error:
                log.warn("limits.failed", queue=lane.name, reason=brief(error))
                return False, None

    async def _stop_what_takes_too_long(self) -> None:
        """A look at all jobs now and then: a timer for each cost more than all else that a worker does for a job."""
        timeout_s = self.app.settings.job_timeout_s
        while True:
            await asyncio.sleep(min(1, timeout_s / 10))
            for lane in self.lanes.values():
                lane.places.cancel_older_than(timeout_s)

    async def _stop_when_drained(self) -> None:
        """Set `stopping` once nothing is due and nothing of ours runs."""
        await self.session.registered.wait()
        some_are_due = queue.queues_with_suspects if self.suspects else queue.has_due
        while not self.stopping.is_set():
            try:
                async with await connect(self.app.settings.require_dsn(), "drain") as conn:  # the pool is the handlers'
                    await queue.release_lost(conn, look_at_all=True)
                    while not self.stopping.is_set():
                        async with self._claiming:  # jobs of a claim in flight are neither due nor known here yet
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
            async with asyncio.timeout(5), self._claiming:  # a claim in flight still brings jobs
                pass
        for lane in self.lanes.values():
            lane.places.give_back("worker stopped")
        grace = asyncio.create_task(self.hurry.wait())
        running = [slot for lane in self.lanes.values() for slot in lane.places.slots]
        finished = asyncio.gather(*running, return_exceptions=True)
        waits: list[asyncio.Future[Any]] = [grace, finished]
        await asyncio.wait(waits, timeout=self.app.settings.grace_s, return_when=asyncio.FIRST_COMPLETED)
        grace.cancel()
        for lane in self.lanes.values():
            lane.places.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        await self.committer.flush(timeout_s=5)
        self.session.finished = not self.busy and not self._claiming.locked()


class Lane:
    """One queue in this worker: when to claim, how many, and when to sleep."""

    def __init__(self, worker: Worker, name: str, handler: Handler, concurrency: int) -> None:
        self.worker = worker
        self.name = name
        self.places = Places(worker.app, name, handler, concurrency, self._ended)
        self.marks = LowMarks(worker.app, name)
        self._found_some = False  # the last claim did
        self._claimed_at = 0.0
        self._claims = 0
        self._brisk = 0
        self._asleep_as: int | None = None  # our id when we asked for NOTIFYs; a new one must ask anew
        self._polls = _AWAKE_POLLS
        self._woken = asyncio.Event()
        self._woken_at = 0.0
        self._wants_room = False
        self._has_places = False  # a limit of running jobs is set, so that any end of a job may let another one start

    def wake(self) -> None:
        now = time.monotonic()
        self._brisk = self._brisk + 1 if now - self._woken_at < _BRISK_S else 0
        self._woken_at = now
        self._polls = 0
        self._woken.set()

    def made_room(self) -> None:
        """A job of ours ended, or is committed."""
        if self._wants_room or self._has_places:
            self._woken.set()

    def _ended(self, job: Job, outcome: Outcome) -> None:
        self.worker.committer.add(job, outcome)
        self.made_room()

    async def run(self) -> None:
        """Free places? Claim so many. Start them. Nothing there? Sleep until woken."""
        await self.worker.session.registered.wait()
        try:
            await self._serve()
        finally:
            self.marks.close()

    async def _serve(self) -> None:
        while not self.worker.stopping.is_set():
            self._woken.clear()
            if self._found_some:
                self.marks.look_if_due()
            room = self._room()
            self._wants_room = not room
            if not room:
                await self._wait(min(self.worker.app.settings.poll_interval_s, _FULL_S))
                if self.places.waiting and time.monotonic() - self._claimed_at > _STALE_S:
                    self.places.give_back("waited for a free place")
                continue
            self.marks.move()
            jobs = await self._claim(room)
            self._found_some = bool(jobs)
            self.places.waiting.extend(jobs)
            if self.worker.stopping.is_set():
                return
            self.places.start()
            if jobs:
                self._polls = 0
                self._claimed_at = time.monotonic()
            if len(jobs) == room:
                self._brisk += 1
            elif jobs or not await self.marks.some_are_behind():
                await self._rest()
            if self._asleep and self._brisk >= _BRISK:
                await self._set_asleep(False)

    def _room(self) -> int:
        """How many jobs to claim now: enough for the free places and for what will be free in a moment."""
        if self.worker.suspects:
            return 0 if self.worker.busy else 1
        ahead = int(self.places.rate() * _PREFETCH_S)
        if self.places.lacking > ahead // 2 or self.worker.committer.uncommitted > _BACKLOG:
            return 0
        return min(_BATCH, ahead - self.places.lacking)

    async def _claim(self, room: int) -> list[Job]:
        self._claims += 1
        return await self.worker.claim(self, room, fair=self._claims % _FAIR_EVERY == 0)

    async def _rest(self) -> None:
        """No more is due. Wait for a NOTIFY, but not for long: polling is the truth, NOTIFY a hint."""
        self._has_places, next_start_s = await self.worker.claim_limits(self)
        if next_start_s:
            await self._wait(max(next_start_s, _BRISK_S))
            return
        if not self._asleep and self._polls >= _AWAKE_POLLS:
            await self._set_asleep(True)  # then claim once more, at once
            return
        interval_s = self.worker.app.settings.poll_interval_s
        pause_s = _BRISK_S
        if self._asleep and self._polls < len(_POLLS_S):
            pause_s = _POLLS_S[self._polls]
        elif self._asleep:
            pause_s = interval_s
        self._polls += 1
        if not await self._wait(min(interval_s, pause_s)):
            self._brisk = 0

    @property
    def _asleep(self) -> bool:
        return self._asleep_as is not None and self._asleep_as == self.worker.session.worker_id

    async def _set_asleep(self, asleep: bool) -> None:
        self._brisk = self._polls = 0
        self._asleep_as = await self.worker.set_asleep(self, asleep)

    async def _wait(self, timeout_s: float) -> bool:
        """Whether somebody woke us."""
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                await self._woken.wait()
        return self._woken.is_set()
