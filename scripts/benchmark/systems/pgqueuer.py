"""PgQueuer: the fastest Python queue that we know of."""

import psycopg

from scripts.benchmark.install import python_with
from scripts.benchmark.processes import run
from scripts.benchmark.system import System

VERSION = "1.6.0"


def python() -> str:
    return str(python_with("pgqueuer", f"pgqueuer[asyncpg,cli]=={VERSION}", "asyncpg", "uvloop"))


def prepare(dsn: str) -> None:
    for command in ("install", "autovac"):
        run([python(), "-m", "pgqueuer", "--pg-dsn", dsn, command], {})


def fill(conn: psycopg.Connection, count: int, handler: str) -> None:
    conn.execute(
        "insert into pgqueuer (priority, entrypoint, payload, status)"
        " select 0, %s, n::text::bytea, 'queued' from generate_series(1, %s) n",
        (handler, count),
    )


PGQUEUER = System(
    name="PgQueuer",
    version=VERSION,
    settings="batch_size 1000, asyncpg, uvloop, `pgq autovac` (its guide to tuning, its page on benchmarks); durable",
    unfair="finished jobs move to a log table; completion is not in the job's transaction",
    install=python,
    prepare=prepare,
    reset="truncate pgqueuer, pgqueuer_log, pgqueuer_statistics",
    fill=fill,
    # Backwards by id, as with emailq: the last job lives longest.
    unfinished="select count(*) > 0 from (select from pgqueuer order by id desc limit 1) last",
    count="select count(*) from pgqueuer",
    keys=lambda conn, count: [f"k{n}" for n in range(count)],
    insert_one="insert into pgqueuer (priority, entrypoint, payload, status)"
    " values (0, 'mark', convert_to(%(key)s, 'UTF8'), 'queued')",
    worker=lambda handler: [python(), "-m", "scripts.benchmark.workers.pgqueuer", handler],
    environment=lambda dsn: {"BENCH_DSN": dsn},
)
