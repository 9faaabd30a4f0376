"""Graphile Worker: the fastest PostgreSQL queue that we know of (Node.js)."""

import psycopg

from scripts.benchmark.install import node, node_with
from scripts.benchmark.processes import ROOT, run
from scripts.benchmark.system import System

VERSION = "0.18.0"
_WORKER = str(ROOT / "scripts/benchmark/workers/graphile.mjs")


def packages() -> str:
    return str(node_with("graphile-worker", f"graphile-worker@{VERSION}"))


def prepare(dsn: str) -> None:
    run([node(), _WORKER, packages(), "prepare"], {"BENCH_DSN": dsn})


def fill(conn: psycopg.Connection, count: int, handler: str) -> None:
    conn.execute(
        "select count(*) from graphile_worker.add_jobs(array("
        "select (%s, json_build_object('key', n::text), null, null, null, null, null, null)::graphile_worker.job_spec"
        " from generate_series(1, %s) n))",
        (handler, count),
    )


GRAPHILE = System(
    name="Graphile Worker",
    version=VERSION,
    settings="concurrentJobs 24 (100 for 5-ms jobs), maxPoolSize 25, localQueue.size 500, completeJobBatchDelay 0,"
    " failJobBatchDelay 0 (its page on performance)",
    unfair="another language; finished jobs are deleted, emailq's are kept;"
    " a killed worker's local queue waits four hours, emailq's less than a second",
    install=packages,
    prepare=prepare,
    reset="truncate graphile_worker._private_jobs",
    fill=fill,
    unfinished="select count(*) > 0 from (select from graphile_worker._private_jobs order by id desc limit 1) last",
    count="select count(*) from graphile_worker._private_jobs",
    keys=lambda conn, count: [f"k{n}" for n in range(count)],
    insert_one="select graphile_worker.add_job('mark', json_build_object('key', %(key)s::text))",
    worker=lambda handler: [node(), _WORKER, packages(), handler],
    environment=lambda dsn: {"BENCH_DSN": dsn, "NODE_ENV": "production"},
)
