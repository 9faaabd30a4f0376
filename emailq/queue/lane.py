"""A lane: one queue in a worker. When to claim, how many, and when to sleep."""

import asyncio
import time
from contextlib import suppress
from typing import TYPE_CHECKING

from emailq.handlers import Handler
from emailq.models import Job
from emailq.outcomes import Outcome
from emailq.queue.marks import LowMarks
from emailq.queue.places import Places

if TYPE_CHECKING:
    from emailq.queue.worker import Worker

_BATCH = 500  # jobs in one claim
_PREFETCH_S = 0.1  # jobs are claimed this far ahead of the handlers, so a crash strands little
_FULL_S = 0.3  # how often we look whether places are free
_STALE_S = 1.0  # a job that waited so long for a free place goes back: others may have one
_FAIR_EVERY = 16  # each so many claims start at the lane that has waited longest
_BRISK_S = 0.02  # wake-ups that follow one another so closely are many
_BRISK = 3  # so many of these, or full claims, in a row: NOTIFY is not wanted any more, it would hold up who inserts
_AWAKE_POLLS = 3  # looks in vain, _BRISK_S apart, until it is wanted again
_POLLS_S = (0.02, 0.05, 0.1, 0.25)  # first looks after falling asleep: an INSERT may have missed the sleeper
_BACKLOG = 5000  # uncommitted outcomes above which nothing is claimed
_BEHIND_S = 2.0  # nor while one has waited so long: each may hold megabytes of effects, and is lost by a crash


class Lane:
    """Free places? Claim so many, start them. Nothing there? Sleep until woken."""

    def __init__(self, worker: "Worker", name: str, handler: Handler, concurrency: int) -> None:
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
        committer = self.worker.committer
        if self.places.lacking > ahead // 2 or committer.uncommitted > _BACKLOG or committer.behind_s() > _BEHIND_S:
            return 0
        return min(_BATCH, ahead - self.places.lacking)

    async def _claim(self, room: int) -> list[Job]:
        self._claims += 1
        return await self.worker.claims.claim(self.name, room, self.marks.at, fair=self._claims % _FAIR_EVERY == 0)

    async def _rest(self) -> None:
        """No more is due. Wait for a NOTIFY, but not for long: polling is the truth, NOTIFY a hint."""
        self._has_places, next_start_s = await self.worker.claims.limits(self.name)
        interval_s = self.worker.app.settings.poll_interval_s
        if next_start_s:
            await self._wait(max(min(next_start_s, interval_s), _BRISK_S))  # not longer: somebody may raise the limit
            return
        if not self._asleep and self._polls >= _AWAKE_POLLS:
            await self._set_asleep(True)  # then claim once more, at once
            return
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
        self._asleep_as = await self.worker.claims.set_asleep(self.name, asleep)

    async def _wait(self, timeout_s: float) -> bool:
        """Whether somebody woke us."""
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                await self._woken.wait()
        return self._woken.is_set()
