"""Poison: what a queue keeps of its rate while one of its jobs takes processes down, attempt after attempt."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from subprocess import Popen
from typing import Any

import psycopg

from scripts.benchmark.processes import settle, start, stop
from scripts.benchmark.system import Bench, value

DEEDS = ("killer", "looper", "eater")  # queues, whose handlers wait 50 ms, and do that at priority 4
_WORKERS = 2
_BACKLOG = 4000  # neighbours that wait
_STRETCH_S = 4.0  # measured before and after the poison, and at least so long from its commit on
_LIMIT_S = 120.0


@dataclass(frozen=True)
class Poisoned:
    """Rates are neighbours a second, of two worker processes that are started again as soon as they end."""

    before: float
    during: float  # from the poison's commit for `seconds`
    after: float
    seconds: float
    failed_after_s: float

    @property
    def share(self) -> float:
        return self.during / ((self.before + self.after) / 2)

    @property
    def lost_s(self) -> float:
        """For so long nobody worked, as it were."""
        return (1 - self.share) * self.seconds


@dataclass
class _Supervised:
    """Workers that are started again, and a backlog that never ends."""

    bench: Bench
    queue: str
    conn: psycopg.Connection
    processes: list[Popen[bytes]] = field(default_factory=list)
    _next: int = 1
    _fed_at: float = 0.0

    def look(self) -> None:
        self.processes = [one if one.poll() is None else self._start() for one in self.processes]
        while len(self.processes) < _WORKERS:
            self.processes.append(self._start())
        if time.monotonic() - self._fed_at > 0.1:
            self._fed_at = time.monotonic()
            self._feed()

    def _start(self) -> Popen[bytes]:
        env = {**self.bench.system.environment(self.bench.dsn), "EMAILQ_JOB_TIMEOUT_S": "1"}
        return start(self.bench.system.worker(self.queue), env, self.bench.folder / "poison.log")

    def _feed(self) -> None:
        waiting = value(self.conn, self.bench.system.count)
        if waiting < _BACKLOG:
            self.conn.execute(
                "insert into processing_queue (email_id, queue_name)"
                " select email_id, %s from bench_emails where n between %s and %s on conflict do nothing",
                (self.queue, self._next, self._next + _BACKLOG - 1),
            )
            self._next = (self._next + _BACKLOG) % 150_000

    def watch(self, seconds: float) -> "_Stretch":
        until = time.monotonic() + seconds
        return self._watch(lambda: time.monotonic() > until)

    def watch_one(self, email_id: Any) -> "_Stretch":
        """Until this message's job has failed, but no shorter than the other stretches: a rate depends on that."""
        query = (
            "select count(*) = 0 from processing_queue where email_id = %s and queue_name = %s and completed_at is null"
        )
        began = time.monotonic()

        def is_over() -> bool:
            elapsed_s = time.monotonic() - began
            return elapsed_s > _STRETCH_S and (elapsed_s > _LIMIT_S or value(self.conn, query, email_id, self.queue))

        return self._watch(is_over)

    def _watch(self, is_over: Callable[[], bool]) -> "_Stretch":
        began = time.monotonic()
        from_at = value(self.conn, "select clock_timestamp()")
        while not is_over():
            self.look()
            time.sleep(0.01)
        done = value(
            self.conn,
            "select count(*) from processing_queue where completed_at >= %s and status = 'completed'",
            from_at,
        )
        return _Stretch(done, time.monotonic() - began)


@dataclass(frozen=True)
class _Stretch:
    done: int
    seconds: float

    @property
    def rate(self) -> float:
        return self.done / self.seconds


def beside_poison(bench: Bench, deed: str) -> Poisoned:
    """One poisoned job among neighbours that wait 50 ms each, as many at once as by default."""
    bench.reset()
    with bench.connect() as conn:
        supervised = _Supervised(bench, deed, conn)
        try:
            supervised.look()
            settle(supervised.processes)
            supervised.watch(1)
            before = supervised.watch(_STRETCH_S)
            email = value(conn, "select email_id from bench_emails where n = 200000")
            conn.execute(
                "insert into processing_queue (email_id, queue_name, priority) values (%s, %s, 4)", (email, deed)
            )
            during = supervised.watch_one(email)
            after = supervised.watch(_STRETCH_S)
        finally:
            stop(supervised.processes)
        ended = conn.execute(
            "select status, (select max(attempts) from processing_queue where priority <> 4),"
            " extract(epoch from completed_at - created_at)::float8 from processing_queue where priority = 4"
        ).fetchone()
    if not ended or ended[:2] != ("failed", 1):
        raise RuntimeError(f"poison, the most attempts of a neighbour, and how long it took: {ended}")
    return Poisoned(before.rate, during.rate, after.rate, during.seconds, ended[2])
