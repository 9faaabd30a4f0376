"""emailq at its defaults, started as a user would."""

import sys

import psycopg

from emailq import __version__
from emailq.migrate import migrate
from scripts.benchmark.system import System

EMAILS = 200_000
HANDLERS = "scripts.benchmark.workers.emailq_handlers"


def prepare(dsn: str) -> None:
    migrate(dsn)
    with psycopg.connect(dsn, autocommit=True) as conn:
        conn.execute(
            "insert into emails (content_sha256, raw_sha256, message_id, size_bytes, received_at)"
            " select sha256(n::text::bytea), sha256(n::text::bytea), n::text, 1000, now()"
            " from generate_series(1, %s) n",
            (EMAILS,),
        )
        conn.execute("create table bench_emails as select row_number() over () as n, id as email_id from emails")
        conn.execute("alter table bench_emails add primary key (n)")
        conn.execute("create sequence bench_n")
        conn.execute("vacuum analyze emails, bench_emails")


def fill(conn: psycopg.Connection, count: int, handler: str) -> None:
    conn.execute(
        "insert into processing_queue (email_id, queue_name) select email_id, %s from bench_emails where n <= %s",
        (handler, count),
    )


def fill_and_analyze(conn: psycopg.Connection, count: int, handler: str) -> None:
    """The planner learns that every row waits, which is no longer so when it matters."""
    fill(conn, count, handler)
    conn.execute("analyze processing_queue")


def fill_ten_lanes(conn: psycopg.Connection, count: int, handler: str) -> None:
    conn.execute(
        "insert into processing_queue (email_id, queue_name, priority) select email_id, %s, 1 + n %% 10"
        " from bench_emails where n <= %s",
        (handler, count),
    )


def keys(conn: psycopg.Connection, count: int) -> list[str]:
    rows = conn.execute("select email_id::text from bench_emails order by n limit %s", (count,))
    return [key for (key,) in rows.fetchall()]


def worker(handler: str) -> list[str]:
    own = f"{handler}={HANDLERS}:{handler}"
    return [sys.executable, "-m", "emailq", "worker", "--handler", own, "--queue", handler]


# Backwards, since the last job lives longest: what was finished meanwhile need not be waded through.
LAST_LIVE = (
    "select count(*) > 0 from (select from processing_queue where completed_at is null and {}"
    " order by queue_name desc, priority desc, scheduled_at desc, id desc limit 1) last"
)

EMAILQ = System(
    name="emailq",
    version=__version__,
    settings="defaults",
    unfair="in its favour: measured by its own authors; against it: finished rows are kept, each job has an owner that"
    " a fence checks, three constraints and a foreign key more than others",
    prepare=prepare,
    reset="truncate processing_queue",
    fill=fill,
    unfinished=LAST_LIVE.format("true"),
    count="select count(*) from processing_queue where completed_at is null",
    keys=keys,
    insert_one="insert into processing_queue (email_id, queue_name) values (%(key)s::uuid, 'mark')",
    worker=worker,
    environment=lambda dsn: {"EMAILQ_DSN": dsn, "EMAILQ_BLOB_DIR": "/nonexistent", "EMAILQ_LOG_LEVEL": "warning"},
)
