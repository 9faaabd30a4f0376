"""Enqueueing: as `emailq ingest` does; and row by row, 16 clients, with the trigger that wakes workers and without."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

import psycopg

from scripts.benchmark.drain import warm_up
from scripts.benchmark.processes import programs
from scripts.benchmark.system import Bench, value
from scripts.benchmark.systems.emailq import EMAILS

CLIENTS = 16
_BACKLOG = 60_000  # more than a busy worker does meanwhile
_SPARE = 30_000  # more than a pair of slices inserts
_SLICE_S = 1.0
_INSERT = (
    "insert into processing_queue (email_id, queue_name)"
    " select email_id, '{queue}' from bench_emails where n = (select nextval('bench_n'));\n"
)

_BATCH = 256  # as many messages as `emailq ingest` accepts in one transaction
_BATCHES = 200

Workers = Literal["none", "idle", "busy"]


def in_batches_per_s(bench: Bench) -> float:
    """Rows a second of one client that inserts as `emailq ingest` does: 256 rows in a statement, a commit each."""
    bench.reset()
    with bench.connect() as conn:
        began = time.monotonic()
        for n in range(_BATCHES):
            conn.execute(
                "insert into processing_queue (email_id, queue_name)"
                " select email_id, 'noop' from bench_emails where n > %s and n <= %s on conflict do nothing",
                (n * _BATCH, (n + 1) * _BATCH),
            )
        return _BATCH * _BATCHES / (time.monotonic() - began)


def rows_per_s(bench: Bench, workers: Workers, pairs: int) -> list[tuple[float, float]]:
    """Rows a second of all clients, with the trigger and without: slices of one run by turns, so many pairs of them.

    A busy worker's handlers wait 50 ms and it has a backlog. Some other queue's worker sleeps, as is usual where one
    serves several: the trigger has to see that it is not meant. Fewer pairs are returned when the messages are used up.
    """
    queue = "slow" if workers == "busy" else "noop"
    bench.reset()
    with bench.connect() as conn, _worker(bench, workers):
        conn.execute("insert into queue_sleepers values ('other', 0, true) on conflict do nothing")
        if workers == "busy":
            conn.execute(
                "insert into processing_queue (email_id, queue_name)"
                " select email_id, 'slow' from bench_emails order by n desc limit %s",
                (_BACKLOG,),
            )
        conn.execute("select setval('bench_n', 1)")
        conn.execute("select pg_notify('emailq', %s)", (queue,))  # else it may sleep, and leave the machine to clients
        found: list[tuple[float, float]] = []
        with _clients(bench, queue):
            try:
                _slice(conn, trigger=True)  # the first is a cold one
                while len(found) < pairs and _inserted(conn) < EMAILS - _BACKLOG - _SPARE:
                    order = (True, False) if len(found) % 2 else (False, True)
                    rates = {trigger: _slice(conn, trigger=trigger) for trigger in order}
                    found.append((rates[True], rates[False]))
            finally:
                conn.execute("alter table processing_queue enable trigger processing_queue_wake")
    return found


def _slice(conn: psycopg.Connection, *, trigger: bool) -> float:
    conn.execute(f"alter table processing_queue {'enable' if trigger else 'disable'} trigger processing_queue_wake")
    time.sleep(0.1)  # all sessions plan anew
    began, first = time.monotonic(), _inserted(conn)
    time.sleep(_SLICE_S)
    return (_inserted(conn) - first) / (time.monotonic() - began)


def _inserted(conn: psycopg.Connection) -> int:
    return int(value(conn, "select last_value from bench_n"))


@contextmanager
def _worker(bench: Bench, workers: Workers) -> Iterator[None]:
    if workers == "none":
        yield
        return
    handler = "slow" if workers == "busy" else "noop"
    with bench.workers(handler) as started, bench.connect() as conn:
        warm_up(bench, conn, handler, started)
        yield


@contextmanager
def _clients(bench: Bench, queue: str) -> Iterator[None]:
    """They insert until this block ends."""
    script = bench.folder / f"insert-{queue}.sql"
    script.write_text(_INSERT.format(queue=queue))
    command = [
        *(str(bench.server.installation.bin / "pgbench"), "--no-vacuum", "--protocol=prepared", "--random-seed=1"),
        *(f"--client={CLIENTS}", "--jobs=2", "--time=600", f"--file={script}", bench.dsn),
    ]
    with programs(command, 1, {}, bench.folder / "pgbench.log") as started:
        yield
        if started[0].poll() is not None:
            raise RuntimeError(f"pgbench ended by itself: see {bench.folder / 'pgbench.log'}")
