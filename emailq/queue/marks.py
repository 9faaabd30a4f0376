"""Low-water marks: where the claims of a queue begin, so that they don't wade through what they have passed."""

import asyncio
import time

import psycopg

from emailq import log
from emailq.app import App
from emailq.db import brief
from emailq.queue import jobs

_LOOK_S = 0.6  # how often we look behind them


class LowMarks:
    """One queue's marks. Jobs may come to stand behind them: given back, committed late, of another priority.

    So we look there again and again, beside the claims: a look past many dead rows is long, nobody should wait for it.
    """

    def __init__(self, app: App, queue: str) -> None:
        self.at: jobs.Marks = {}
        self._app = app
        self._queue = queue
        self._look: asyncio.Task[jobs.Marks | None] | None = None
        self._looked_at = 0.0

    def look_if_due(self) -> None:
        if self.at and time.monotonic() - self._looked_at > _LOOK_S:
            self._start()

    async def some_are_behind(self) -> bool:
        """Whether a mark has to go back; waits for a look, but not for long: handlers may have the whole pool."""
        if not self.at:
            return False
        await asyncio.wait([self._start()], timeout=_LOOK_S)
        return self.move()

    def move(self) -> bool:
        """As a look that has ended tells; whether a mark goes back."""
        if not self._look or not self._look.done():
            return False
        moved, self._look = self._look.result(), None
        self._looked_at = time.monotonic()  # the end of a long look, else looks would be all we do
        if moved is None:
            self.at.clear()
            return True
        goes_back = any(mark < self.at.get(lane, mark) for lane, mark in moved.items())
        self.at |= moved
        return goes_back

    def close(self) -> None:
        if self._look:
            self._look.cancel()

    def _start(self) -> asyncio.Task[jobs.Marks | None]:
        if not self._look:
            self._look = asyncio.create_task(self._look_behind())
        return self._look

    async def _look_behind(self) -> jobs.Marks | None:
        """The marks that are to move; None if that can't be told."""
        try:
            async with self._app.pool.connection() as conn:
                return await jobs.look_behind(conn, self._queue, self.at)
        except psycopg.Error as error:
            log.warn("look.failed", queue=self._queue, reason=brief(error))
            return None
