"""pg-boss: the most used PostgreSQL queue of Node.js."""

import psycopg

from scripts.benchmark.install import node, node_with
from scripts.benchmark.processes import ROOT, run
from scripts.benchmark.system import System

VERSION = "12.38.0"
_WORKER = str(ROOT / "scripts/benchmark/workers/pgboss.mjs")


def packages() -> str:
    return str(node_with("pg-boss", f"pg-boss@{VERSION}"))


def prepare(dsn: str) -> None:
    run([node(), _WORKER, packages(), "prepare"], {"BENCH_DSN": dsn})


def fill(conn: psycopg.Connection, count: int, handler: str) -> None:
    conn.execute(
        "insert into pgboss.job (name, data, policy, created_on)"
        " select %s, jsonb_build_object('key', n::text), 'standard', clock_timestamp() from generate_series(1, %s) n",
        (handler, count),
    )
    conn.execute("analyze pgboss.job_common")  # else a VACUUM meanwhile may tell the planner that it is empty
    conn.execute("select pg_notify('pgboss_' || left(encode(sha224('pgboss'), 'hex'), 24), %s)", (handler,))


PG_BOSS = System(
    name="pg-boss",
    version=VERSION,
    settings="batchSize 1000, localConcurrency 2, burstWhenBatchFull, useListenNotify and notify,"
    " pollingIntervalSeconds 0.5 (its page on workers); ANALYZE after the bulk insert",
    unfair="another language; its handler gets up to 1,000 jobs in one call, and all of them wait side by side",
    install=packages,
    prepare=prepare,
    reset="truncate pgboss.job",
    fill=fill,
    unfinished="select count(*) > 0 from (select from pgboss.job_common where state < 'completed'"
    " order by name desc, created_on desc limit 1) last",
    count="select count(*) from pgboss.job_common where state < 'completed'",
    keys=lambda conn, count: [f"k{n}" for n in range(count)],
    insert_one="with job as (insert into pgboss.job (name, data, policy)"
    " values ('mark', jsonb_build_object('key', %(key)s::text), 'standard'))"
    " select pg_notify('pgboss_' || left(encode(sha224('pgboss'), 'hex'), 24), 'mark')",
    worker=lambda handler: [node(), _WORKER, packages(), handler],
    environment=lambda dsn: {"BENCH_DSN": dsn, "NODE_ENV": "production"},
)
