"""An upgrade under load: the new version migrates while the old one works, and nobody waits long for it."""

import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from emailq import migrate as module
from emailq.errors import Unavailable
from emailq.migrate import Migration, migrate
from tests.items import add_emails, add_items, statuses, value
from tests.scenarios.conftest import Tell
from tests.waiting import wait_until

ROOT = Path(__file__).parents[2]
NEXT = """
alter table processing_queue add column note text;
alter table workers add column region text not null default 'here';
create index idx_queue_note on processing_queue (note) where note is not null;
"""
HANDLER = """
async def handle(job, app):
    tell("began", job)
    await asyncio.sleep(0.005)
    return Done([note(job)], [Next("later")])
"""


@pytest.fixture
def next_version(tmp_path: Path) -> dict[str, str]:
    """Environment in which `emailq` is of a version with one more migration, and with another text of the functions."""
    folder = tmp_path / "next"
    for part in ("emailq", "sql"):
        shutil.copytree(ROOT / part, folder / part, ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "sql/migrations/9999_next.sql").write_text(NEXT)
    with (folder / "sql/functions/queue.sql").open("a") as functions:
        functions.write("\n-- another version\n")
    return {"PYTHONPATH": str(folder)}


def migrate_to(version: dict[str, str], dsn: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "emailq", "migrate"],
        env={"PATH": "/usr/bin:/bin", "EMAILQ_DSN": dsn, **version},
        cwd="/",
        capture_output=True,
        text=True,
        timeout=60,
    )


@contextmanager
def steady_load(dsn: str) -> Iterator[None]:
    """A thousand new items a second."""
    stopping = threading.Event()

    def add() -> None:
        with psycopg.connect(dsn, autocommit=True) as conn:
            while not stopping.wait(0.1):
                emails = add_emails(conn, 100)
                conn.execute(
                    "insert into processing_queue (email_id, queue_name) select unnest(%s::uuid[]), 'work'", (emails,)
                )

    thread = threading.Thread(target=add)
    thread.start()
    try:
        yield
    finally:
        stopping.set()
        thread.join()


def test_old_and_new_workers_work_side_by_side_through_a_migration(
    dsn: str, db: psycopg.Connection, tell_story: Tell, next_version: dict[str, str]
) -> None:
    told = tell_story(dsn, HANDLER)
    old = [told.start_ready("--concurrency", "10") for _ in range(2)]
    with steady_load(dsn):
        wait_until(lambda: statuses(db).get("completed", 0) > 200)
        done = migrate_to(next_version, dsn)
        migrated_at = time.monotonic()
        new = told.start_ready("--concurrency", "10", **next_version)
        wait_until(lambda: any(line.pid == new.pid for line in told.told("began")))
    wait_until(lambda: statuses(db).keys() == {"completed"}, 40)

    count = statuses(db)["completed"]
    assert done.stdout == "applied 9999_next\n", done.stderr
    assert {line.pid for line in told.told("began") if line.at > migrated_at} > {old[0].pid, old[1].pid}
    assert value(db, "select count(*) from notes") == value(db, "select count(distinct item) from notes") == count
    assert statuses(db, "later") == {"pending": count}
    assert value(db, "select max(crashes) from processing_queue") == 0
    assert [worker.poll() for worker in old] == [None, None]

    late = told.start()

    assert late.wait(20) == 78
    assert "migration 9999_next, which this version does not know; upgrade emailq" in told.log_of(late)


def test_while_a_migration_waits_for_its_turn_others_wait_less_than_a_second(
    dsn: str, db: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    migrations = module.migrations()
    monkeypatch.setattr(module, "migrations", lambda: [*migrations, Migration("9999_next", NEXT)])
    email = add_items(db, 1)
    upgrade = threading.Thread(target=migrate, args=(dsn,))
    waits: list[float] = []

    with psycopg.connect(dsn) as report:  # somebody reads our table, and takes its time
        report.execute("select count(*) from processing_queue")
        upgrade.start()
        until = time.monotonic() + 3
        while time.monotonic() < until:
            began = time.monotonic()
            db.execute("update processing_queue set priority = 1 where id = any (%s)", (email,))
            waits.append(time.monotonic() - began)
            time.sleep(0.01)
        assert upgrade.is_alive()
    upgrade.join(30)

    assert max(waits) > 0.2  # it did try
    assert max(waits) < 1
    assert value(db, "select count(*) from schema_migrations where name = '9999_next'") == 1


def test_a_migration_that_finds_no_gap_names_who_is_in_the_way(
    dsn: str, db: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    migrations = module.migrations()
    monkeypatch.setattr(module, "migrations", lambda: [*migrations, Migration("9999_next", NEXT)])
    monkeypatch.setattr(module, "_PATIENCE_S", 0.1)

    with psycopg.connect(dsn, application_name="the report") as report:
        report.execute("select count(*) from processing_queue")
        with pytest.raises(Unavailable, match=rf"9999_next .* pid {report.info.backend_pid} \(the report\)"):
            migrate(dsn)

    assert migrate(dsn) == ["9999_next"]
