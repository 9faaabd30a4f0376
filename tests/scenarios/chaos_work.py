"""What a worker process does in the chaos harness: three queues in a row, with a log outside the database."""

import asyncio
import os
import random
import re
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg

from emailq import log
from emailq.app import App, open_app
from emailq.db import Connection, sql_directory
from emailq.errors import Unavailable
from emailq.handlers import Served
from emailq.models import Job
from emailq.outcomes import Done, Effect, Next, Outcome, Release, Retry
from emailq.process import die_with_parent
from emailq.queue import commit, session
from emailq.queue.worker import run_worker
from emailq.settings import load_settings

STAGES = ("chaos_1", "chaos_2", "chaos_3")
FOLDER = "CHAOS_FOLDER"  # environment variable; a suspect's process inherits it


def tell(folder: str | Path, *words: object) -> None:
    """One line for the checker; short appends are atomic (open(2), O_APPEND)."""
    descriptor = os.open(Path(folder) / "outside.log", os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(descriptor, (" ".join(map(str, words)) + "\n").encode())
    os.close(descriptor)


async def handle(job: Job, app: App) -> Outcome:
    """Take a moment, then note the e-mail and pass it on; now and then do something else."""
    tell(os.environ[FOLDER], "began", job.id, os.getpid(), time.monotonic())
    await asyncio.sleep(random.uniform(0, 0.02))
    chance = random.random()
    if chance < 0.02:
        raise ValueError
    if chance < 0.05:
        return Retry("later", after_s=0.01)
    if chance < 0.15:
        return Release("not now")
    stage = STAGES.index(job.queue_name) + 1
    tell(os.environ[FOLDER], "ended", job.id, os.getpid(), time.monotonic())
    return Done([Effect("note", (job.email_id, stage))], [Next(name) for name in STAGES[stage : stage + 1]])


def work(dsn: str, folder: str, broken: str | None) -> None:
    """The worker process. `broken` names what is taken out of it, to see that the checker finds that."""
    die_with_parent()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.environ[FOLDER] = folder
    output = os.open(Path(folder) / "workers.log", os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.dup2(output, 1)
    os.dup2(output, 2)
    log.configure("warning", "text")
    if broken in BREAK_WORKER:
        BREAK_WORKER[broken]()
    asyncio.run(_serve(dsn, folder))


async def _serve(dsn: str, folder: str) -> None:
    settings = load_settings(
        {},
        dsn=dsn,
        blob_dir=f"{folder}/blobs",
        retry_base_s=0.01,
        retry_max_s=0.1,
        poll_interval_s=0.2,
        pool_size=1,
        log_level="warning",
    )
    served = {name: Served(f"{__name__}:handle", 10) for name in STAGES}
    while True:
        try:
            async with open_app(settings) as app:
                await run_worker(app, served)
            return
        except Unavailable:  # born into a crash; a supervisor starts it again
            await asyncio.sleep(0.1)


# ------------------------------------------------------------------------------------------ what may be taken out


def take_out_the_fence() -> str:
    """The functions that end a job, as SQL, without the question whether it is still the caller's."""
    text = (sql_directory() / "functions" / "queue.sql").read_text(encoding="utf-8")
    fence = r" and q\.worker_id = j\.worker and q\.attempts = j\.attempt\s+and q\.status = 'processing'"
    functions = re.findall(r"create or replace function (?:complete|retry|fail|release)_jobs.*?\$\$;", text, re.DOTALL)
    bare, count = re.subn(fence, "", "\n".join(functions))
    assert count == 4  # release_jobs is there twice, and one calls the other
    return bare.replace("q.attempts - 1", "greatest(q.attempts - 1, 0)")


def _take_out_the_fresh_identity() -> None:
    """A worker's name lives as long as its process: its lock is held by a connection that nobody disturbs."""
    name: list[int] = []
    keepers: list[psycopg.Connection] = []

    async def register_as_before(conn: Connection, queues: Any) -> int:
        if not name:
            cursor = await conn.execute("select nextval(pg_get_serial_sequence('workers', 'id'))::integer")
            name.extend(await cursor.fetchone() or ())
        if not keepers or not _answers(keepers[-1]):
            keepers.append(psycopg.connect(conn.info.dsn, autocommit=True))
            keepers[-1].execute("select pg_advisory_lock(7715, %s)", name)
        await conn.execute(
            "insert into workers (id, host, pid, queues, version) overriding system value"
            " values (%s, 'chaos', %s, %s, '0')"
            " on conflict (id) do update set backend_pid = excluded.backend_pid",
            (name[0], os.getpid(), list(queues)),
        )
        return name[0]

    session.queue.register_worker = register_as_before


def _answers(conn: psycopg.Connection) -> bool:
    try:
        return conn.execute("select").rowcount == 1
    except psycopg.OperationalError:
        return False


def _take_out_the_transaction() -> None:
    """Effects and next items are written after the acknowledgement, in a transaction of their own."""

    async def commit_in_two_steps(self: commit.Committer, conn: Connection, batch: list[commit.Finished]) -> None:
        async with conn.transaction():
            lost = await self._finish(conn, batch, [job for job, outcome in batch if type(outcome) is Done])
        kept = [(job, outcome) for job, outcome in batch if job.id not in lost]
        async with conn.transaction():
            await commit._apply_effects(conn, kept)
            await commit._enqueue_next(conn, kept)

    commit.Committer._commit = commit_in_two_steps  # type: ignore[method-assign]


BREAK_WORKER: dict[str | None, Callable[[], None]] = {
    "identity": _take_out_the_fresh_identity,
    "transaction": _take_out_the_transaction,
}
