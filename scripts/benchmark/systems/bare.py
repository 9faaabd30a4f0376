"""The upper limit: psycopg and two statements on a lean table, with nothing that makes a queue safe."""

import dataclasses
import sys

import psycopg

from scripts.benchmark.system import System
from scripts.benchmark.systems import emailq

BATCH = 500  # as emailq's worker claims


def prepare_lean(dsn: str) -> None:
    with psycopg.connect(dsn, autocommit=True) as conn:
        conn.execute(
            "create table jobs (id bigint generated always as identity primary key, payload text not null,"
            " status text not null default 'pending', started_at timestamptz, completed_at timestamptz)"
        )
        conn.execute("create index on jobs (id) where status = 'pending'")


def prepare_same(dsn: str) -> None:
    emailq.prepare(dsn)
    with psycopg.connect(dsn, autocommit=True) as conn:
        conn.execute("alter table processing_queue disable trigger user")


def fill_lean(conn: psycopg.Connection, count: int, handler: str) -> None:
    conn.execute("insert into jobs (payload) select n::text from generate_series(1, %s) n", (count,))


LEAN = System(
    name="bare loop",
    version=f"psycopg {psycopg.__version__}",
    settings=f"claim {BATCH}, complete {BATCH}, one after the other; two statements, a lean table",
    prepare=prepare_lean,
    reset="truncate jobs",
    fill=fill_lean,
    unfinished="select exists (select from jobs where status in ('pending', 'processing'))",
    count="select count(*) from jobs where status in ('pending', 'processing')",
    keys=lambda conn, count: [],
    insert_one="",
    worker=lambda handler: [sys.executable, "-m", "scripts.benchmark.workers.bare_loop", "lean", str(BATCH)],
    environment=lambda dsn: {"BENCH_DSN": dsn},
    handlers=frozenset({"noop"}),
    unfair="no queue: it survives nothing, wakes for nothing, and has no handlers",
)

SAME_TABLE = dataclasses.replace(
    emailq.EMAILQ,
    name="bare loop, emailq's table",
    version=LEAN.version,
    settings=f"claim {BATCH}, complete {BATCH}, one after the other; two statements, no triggers",
    prepare=prepare_same,
    worker=lambda handler: [sys.executable, "-m", "scripts.benchmark.workers.bare_loop", "same", str(BATCH)],
    environment=LEAN.environment,
    handlers=LEAN.handlers,
    unfair=LEAN.unfair,
)
