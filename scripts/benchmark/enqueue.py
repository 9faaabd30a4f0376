"""Enqueueing: as `emailq ingest` does; and row by row, 16 clients, with the trigger that wakes workers and without."""

import re
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

from scripts.benchmark.drain import warm_up
from scripts.benchmark.system import Bench

CLIENTS = 16
_BACKLOG = 60_000  # more than a busy worker does meanwhile
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


def rows_per_s(bench: Bench, workers: Workers, seconds: int, *, trigger: bool) -> float:
    """Rows a second of all clients; a busy worker's handlers wait 50 ms and it has a backlog.

    An idle worker is called at the start where no trigger does it: else it would sleep for the first second, and leave
    the machine to the clients.
    """
    queue = "slow" if workers == "busy" else "noop"
    bench.reset()
    with bench.connect() as conn, _worker(bench, workers):
        if workers == "busy":
            conn.execute(
                "insert into processing_queue (email_id, queue_name)"
                " select email_id, 'slow' from bench_emails order by n desc limit %s",
                (_BACKLOG,),
            )
        conn.execute("select setval('bench_n', 1)")
        conn.execute(f"alter table processing_queue {'enable' if trigger else 'disable'} trigger processing_queue_wake")
        try:
            conn.execute("select pg_notify('emailq', %s)", (queue,))
            return _pgbench(bench, queue, seconds)
        finally:
            conn.execute("alter table processing_queue enable trigger processing_queue_wake")


@contextmanager
def _worker(bench: Bench, workers: Workers) -> Iterator[None]:
    if workers == "none":
        yield
        return
    handler = "slow" if workers == "busy" else "noop"
    with bench.workers(handler) as started, bench.connect() as conn:
        warm_up(bench, conn, handler, started)
        yield


def _pgbench(bench: Bench, queue: str, seconds: int) -> float:
    script = bench.folder / f"insert-{queue}.sql"
    script.write_text(_INSERT.format(queue=queue))
    done = subprocess.run(
        [
            *(bench.server.installation.bin / "pgbench", "--no-vacuum", "--protocol=prepared", "--random-seed=1"),
            *(f"--client={CLIENTS}", "--jobs=2", f"--time={seconds}", f"--file={script}", bench.dsn),
        ],
        check=True,
        capture_output=True,
        text=True,
    )
    found = re.search(r"^tps = ([\d.]+)", done.stdout, re.MULTILINE)
    assert found, done.stdout
    return float(found[1])
