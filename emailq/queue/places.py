"""Places: the jobs that one queue has in this worker, and how each is run to its outcome."""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Collection

from emailq import log, metrics
from emailq.app import App
from emailq.db import brief, is_temporary
from emailq.errors import Unavailable
from emailq.handlers import Handler
from emailq.models import Job
from emailq.outcomes import Outcome, Release, Retry

_STOPPED = "worker stopped"
_DEAF_S = 2.0  # a handler that goes on for so long after it was cancelled is given up
_TURN_S = 0.02  # handlers begin for so long; then the event loop turns _TURNS times for claims, commits and signals
_TURNS = 4


class Places:
    """Some jobs wait, up to `concurrency` run. `ended` is called with the outcome of each, run or given back."""

    def __init__(
        self, app: App, queue: str, handler: Handler, concurrency: int, ended: Callable[[Job, Outcome], None]
    ) -> None:
        self._app = app
        self._queue = queue
        self._handler = handler
        self.concurrency = concurrency
        self._ended = ended
        self.waiting: deque[Job] = deque()
        self.slots: dict[asyncio.Task[None], Job | None] = {}  # and what each is at
        self._began: dict[asyncio.Task[None], float] = {}  # when the handler of each that runs one did
        self._overdue: set[asyncio.Task[None]] = set()  # these were cancelled: they took too long, or it is not our job
        self._given_up: set[asyncio.Task[None]] = set()  # these went on all the same: what becomes of them is ignored
        self._is_over = False  # all were cancelled
        self._turn_began: float | None = None  # when the first handler did since all else had its turn
        self._new_turn = asyncio.Event()
        self._done = 0  # handlers that ended since the rate was taken
        self._rate_at = time.monotonic()
        self._rate = 0.0
        self._seconds = metrics.HANDLER_SECONDS.labels(queue)
        metrics.RUNNING.labels(queue).set_function(lambda: self.running)

    @property
    def running(self) -> int:
        return len(self._began)

    @property
    def taken(self) -> int:
        """Jobs that wait or run."""
        return len(self.waiting) + self.running

    @property
    def lacking(self) -> int:
        """Jobs that will have to wait for a place; below zero: places that stay free."""
        return self.taken - self.concurrency

    def rate(self) -> float:
        """Jobs that end in a second, smoothed."""
        elapsed = time.monotonic() - self._rate_at
        if elapsed > 0.05:
            self._rate = (self._rate + self._done / elapsed) / 2
            self._done, self._rate_at = 0, time.monotonic()
        return self._rate

    def give_back(self, reason: str) -> None:
        """Those that have not begun."""
        for job in self.waiting:
            self._ended(job, Release(reason, after_s=0))
        self.waiting.clear()

    def cancel_older_than(self, timeout_s: float) -> None:
        now = time.monotonic()
        for slot, began in list(self._began.items()):
            if now - began > timeout_s + _DEAF_S:
                self._give_up(slot, self._took_too_long())
            elif now - began > timeout_s and slot not in self._overdue:
                self._overdue.add(slot)
                slot.cancel()

    def older_than(self, age_s: float) -> list[Job]:
        """Jobs whose handlers began so long ago."""
        before = time.monotonic() - age_s
        return [job for slot, began in self._began.items() if began < before and (job := self.slots[slot])]

    def cancel_those(self, jobs: Collection[Job]) -> None:
        """These are somebody else's by now, or nobody's: what their handlers say is of no account."""
        for slot, job in self.slots.items():
            if job in jobs and slot in self._began and slot not in self._overdue:
                self._overdue.add(slot)
                slot.cancel()

    async def cancel(self) -> None:
        """All: what runs goes back."""
        self._is_over = True
        for slot in self.slots:
            slot.cancel()
        if self.slots:
            await asyncio.wait(self.slots, timeout=_DEAF_S)
        for slot in list(self._began):
            self._give_up(slot, Release(_STOPPED, after_s=0))

    def _give_up(self, slot: asyncio.Task[None], outcome: Outcome) -> None:
        """Its handler ignores that it was cancelled. Its job ends without it, and its place is free."""
        job = self.slots.pop(slot)
        assert job
        del self._began[slot]
        self._given_up.add(slot)
        log.warn("handler.given_up", queue=self._queue, job=job.id, reason="it was cancelled and goes on")
        self._ended(job, outcome)

    def start(self) -> None:
        """Run what waits, where places are free."""
        for _ in range(min(len(self.waiting), self.concurrency - len(self.slots))):
            slot = asyncio.create_task(self._run_waiting())
            self.slots[slot] = None
            slot.add_done_callback(self._forget)

    async def _run_waiting(self) -> None:
        """Run waiting jobs one after the other until none is left."""
        slot = asyncio.current_task()
        assert slot
        in_a_row = 0
        while self.waiting:
            began = time.monotonic()
            if self._turn_is_over(began):
                await self._new_turn.wait()
                continue
            self.slots[slot] = job = self.waiting.popleft()
            self._began[slot] = began
            outcome = await self._run(job, slot)
            if slot in self._given_up:
                return
            if metrics.exposed:
                self._seconds.observe(time.monotonic() - began)
            self._done += 1
            self._ended(job, outcome)
            if isinstance(outcome, Release) and outcome.pause_s is not None:
                self.give_back(outcome.reason)
            in_a_row += 1
            if in_a_row % 32 == 0:  # commits go on beside handlers that never wait
                await asyncio.sleep(0)

    def _turn_is_over(self, now: float) -> bool:
        """Whether handlers had theirs: those that compute and never wait would all begin before anything else."""
        if self._turn_began is None:
            self._turn_began = now
            self._new_turn.clear()
            self._turn(_TURNS)
        return now - self._turn_began > _TURN_S

    def _turn(self, more: int) -> None:
        if more:
            asyncio.get_running_loop().call_soon(self._turn, more - 1)
        else:
            self._turn_began = None
            self._new_turn.set()

    def _forget(self, slot: asyncio.Task[None]) -> None:
        self.slots.pop(slot, None)
        self._given_up.discard(slot)
        self._overdue.discard(slot)

    def _was_overdue(self, slot: asyncio.Task[None]) -> bool:
        """Its handler has ended: the cancellation that was ours is over, if there was one."""
        self._began.pop(slot, None)
        if slot not in self._overdue:
            return False
        self._overdue.remove(slot)
        slot.uncancel()
        return True

    async def _run(self, job: Job, slot: asyncio.Task[None]) -> Outcome:
        was_overdue = False
        try:
            try:
                outcome = await self._handler(job, self._app)
            finally:
                was_overdue = self._was_overdue(slot)
        except asyncio.CancelledError as error:
            if self._is_over:
                if slot not in self._given_up:
                    self._ended(job, Release(_STOPPED, after_s=0))
                raise
            while slot.cancelling():  # the handler cancelled its own task
                slot.uncancel()
            return self._took_too_long() if was_overdue else self._raised(job, error)
        except Unavailable as error:
            return Release(brief(error), pause_s=5)
        except Exception as error:
            if was_overdue:
                return self._took_too_long()
            if is_temporary(error):
                return Release(brief(error), pause_s=1)
            return self._raised(job, error)
        except GeneratorExit as error:  # the task is closed, or its handler says so: either way it can't go on
            if slot not in self._given_up:
                self._ended(job, self._raised(job, error))
            raise
        except BaseException as error:  # SystemExit and such: of a library, or of a panic in another language
            return self._raised(job, error)
        if not isinstance(outcome, Outcome):
            return Retry(f"the handler returned {type(outcome).__name__}, which is no outcome")
        return outcome

    def _took_too_long(self) -> Retry:
        return Retry(f"took longer than {self._app.settings.job_timeout_s:g} s")

    def _raised(self, job: Job, error: BaseException) -> Retry:
        log.warn("handler.raised", queue=self._queue, job=job.id, error=type(error).__name__, place=_place(error))
        return Retry(f"{type(error).__name__} at {_place(error)}")


def _place(error: BaseException) -> str:
    """module:line of the innermost frame: where it happened, without what mail it happened to."""
    frame = error.__traceback__
    while frame and frame.tb_next:
        frame = frame.tb_next
    if frame is None:
        return "unknown"
    return f"{frame.tb_frame.f_globals.get('__name__', '?')}:{frame.tb_lineno}"
