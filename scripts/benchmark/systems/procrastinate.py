"""procrastinate: the queue of many Django projects."""

import psycopg

from scripts.benchmark.install import python_with
from scripts.benchmark.processes import run
from scripts.benchmark.system import System

VERSION = "3.10.0"
_MODULE = "scripts.benchmark.workers.procrastinate"


def python() -> str:
    return str(python_with("procrastinate", f"procrastinate=={VERSION}", "psycopg[binary,pool]"))


def prepare(dsn: str) -> None:
    run([python(), "-m", _MODULE, "prepare"], {"BENCH_DSN": dsn})


def fill(conn: psycopg.Connection, count: int, handler: str) -> None:
    conn.execute(
        "select procrastinate_defer_jobs_v1(array("
        "select ('default', %s, 0, null, null, jsonb_build_object('key', n::text), null)::procrastinate_job_to_defer_v1"
        " from generate_series(1, %s) n))",
        (handler, count),
    )


PROCRASTINATE = System(
    name="procrastinate",
    version=VERSION,
    settings="concurrency 20, delete_jobs successful (its pages on concurrency and on deleting jobs)",
    unfair="it claims one job at a time, by design; its finished jobs are deleted, emailq's are kept",
    install=python,
    prepare=prepare,
    reset="truncate procrastinate_jobs, procrastinate_events cascade",
    fill=fill,
    unfinished="select count(*) > 0 from (select from procrastinate_jobs order by id desc limit 1) last",
    count="select count(*) from procrastinate_jobs",
    keys=lambda conn, count: [f"k{n}" for n in range(count)],
    insert_one="select procrastinate_defer_jobs_v1(array["
    "('default', 'mark', 0, null, null, jsonb_build_object('key', %(key)s::text), null)"
    "::procrastinate_job_to_defer_v1])",
    worker=lambda handler: [python(), "-m", _MODULE, "work"],
    environment=lambda dsn: {"BENCH_DSN": dsn},
    jobs=1500,
)
