"""Behind PgBouncer workers live by a lease and poll, commands work, and nothing of ours stays in its sessions."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from tests.commands import run_emailq
from tests.items import add_items, fill_queue, item, statuses, value
from tests.scenarios.conftest import Tell
from tests.servers import PostgresServer, start_pgbouncer
from tests.waiting import wait_until

pytestmark = pytest.mark.pgbouncer

HANDLER = """
async def handle(job, app):
    async with app.pool.connection() as conn:
        await conn.execute("select 1")
    return Done([note(job)], [Next("later")])
"""
WAITS = """
async def handle(job, app):
    mine = not said("taken")
    (HERE / "taken").touch()
    tell("began", job)
    while mine and not said("go"):
        await asyncio.sleep(0.01)
    return Done([note(job)])
"""
# Each transaction gets another session than the one before: whatever relies on a session shows.
TRANSACTION = {"pool_mode": "transaction", "server_round_robin": "1", "min_pool_size": "3", "default_pool_size": "6"}


def through(port: int, dsn: str) -> str:
    return dsn.replace(f":{psycopg.conninfo.conninfo_to_dict(dsn)['port']}/", f":{port}/")


@pytest.fixture(scope="module")
def transaction_pooler(pg_server: PostgresServer) -> Iterator[int]:
    with start_pgbouncer(pg_server, **TRANSACTION) as port:
        yield port


@pytest.fixture
def pooled_dsn(dsn: str, transaction_pooler: int) -> str:
    return through(transaction_pooler, dsn)


def expire(db: psycopg.Connection) -> None:
    """As if a lease had run out unrenewed."""
    db.execute("update workers set lease_until = now() where lease_until is not null")


def test_workers_share_the_work_through_a_transaction_pooler(
    pooled_dsn: str, db: psycopg.Connection, tell_story: Tell
) -> None:
    told = tell_story(pooled_dsn, HANDLER)
    fill_queue(db, 500)

    workers = [told.start("--drain", "--concurrency", "20", pool_size="2") for _ in range(2)]
    codes = [worker.wait(60) for worker in workers]

    assert codes == [0, 0], told.log_of(workers[0])
    assert statuses(db) == {"completed": 500}
    assert statuses(db, "later") == {"pending": 500}
    assert value(db, "select count(*) from notes") == value(db, "select count(distinct item) from notes") == 500
    assert "lease" in told.log_of(workers[0])
    assert "Traceback" not in told.log_of(workers[0])


def test_they_do_so_through_a_session_pooler_too(
    pg_server: PostgresServer, dsn: str, db: psycopg.Connection, tell_story: Tell
) -> None:
    with start_pgbouncer(pg_server, pool_mode="session") as port:
        told = tell_story(through(port, dsn), HANDLER)
        fill_queue(db, 200)

        worker = told.start("--drain")

        assert worker.wait(60) == 0, told.log_of(worker)
        assert statuses(db) == {"completed": 200}


def test_a_new_item_is_found_by_polling(pooled_dsn: str, db: psycopg.Connection, tell_story: Tell) -> None:
    told = tell_story(pooled_dsn, HANDLER)
    told.start_ready(poll_interval_s="0.2")

    [one] = add_items(db, 1)

    wait_until(lambda: item(db, one)["status"] == "completed", 5)
    assert value(db, "select count(*) from queue_sleepers") == 0  # nobody notifies in vain


def test_a_dead_workers_items_run_again_when_its_lease_is_over(
    pooled_dsn: str, db: psycopg.Connection, tell_story: Tell
) -> None:
    told = tell_story(pooled_dsn, WAITS)
    doomed = told.start_ready()
    [one] = add_items(db, 1)
    wait_until(lambda: told.told("began"))
    doomed.kill()
    doomed.wait()
    other = told.start_ready()
    assert item(db, one)["status"] == "processing"  # its lease lasts

    expire(db)

    wait_until(lambda: item(db, one)["status"] == "completed")
    assert [line.pid for line in told.told("began")] == [doomed.pid, other.pid]
    assert item(db, one)["crashes"] == 1


def test_a_worker_that_outslept_its_lease_is_fenced_and_takes_a_new_one(
    pooled_dsn: str, db: psycopg.Connection, tell_story: Tell
) -> None:
    told = tell_story(pooled_dsn, WAITS)
    sleeper = told.start_ready()
    [one] = add_items(db, 1)
    wait_until(lambda: told.told("began"))

    os.kill(sleeper.pid, signal.SIGSTOP)
    told.say("go")
    expire(db)
    told.start_ready()
    wait_until(lambda: item(db, one)["status"] == "completed")
    os.kill(sleeper.pid, signal.SIGCONT)

    wait_until(lambda: "another worker owns it now" in told.log_of(sleeper))
    wait_until(lambda: value(db, "select count(*) from queue_workers where alive") == 2)
    assert value(db, "select count(*) from notes") == 1
    assert sleeper.poll() is None


def test_a_worker_renews_its_lease_and_gives_it_up_in_the_end(
    pooled_dsn: str, db: psycopg.Connection, tell_story: Tell
) -> None:
    told = tell_story(pooled_dsn, HANDLER)
    worker = told.start_ready()
    lease = value(db, "select lease_until from workers")

    wait_until(lambda: value(db, "select lease_until from workers") > lease)
    worker.terminate()

    assert worker.wait(10) == 0
    assert value(db, "select count(*) from workers") == 0


def test_every_command_works_and_leaves_the_sessions_of_the_pool_as_they_were(
    pg_server: PostgresServer, empty_dsn: str, tmp_path: Path, transaction_pooler: int
) -> None:
    dsn = through(transaction_pooler, empty_dsn)
    mails = tmp_path / "mails"
    mails.mkdir()
    for n in range(12):
        (mails / f"{n}.eml").write_text(
            f"From: a@example.com\nSubject: mail {n}\nMessage-ID: <{n}@example.com>\n\nhi {n}"
        )

    environment = {"EMAILQ_DSN": dsn, "EMAILQ_BLOB_DIR": str(tmp_path / "blobs")}

    def run(*args: str | Path) -> str:
        done = run_emailq(*args, env=environment)
        assert done.returncode == 0, f"emailq {args}: {done.stderr}"
        return done.stdout

    run("migrate")
    run("migrate")
    run("ingest", mails)
    with psycopg.connect(empty_dsn) as direct:
        emails = [str(row[0]) for row in direct.execute("select id from emails")]
        items = [str(row[0]) for row in direct.execute("select id from processing_queue")]
    run("list")
    run("status")
    run("show", emails[0])
    run("why", items[0])
    run("priority", "1", *items)
    run("cancel", *items)
    run("retry", *items)
    run("enqueue", "--queue", "mine", *emails)
    run("pause", "parsing")
    run("resume", "parsing")
    run("worker", "--drain")
    findings = run("doctor")
    refused = [run_emailq(name, env=environment) for name in ("verify", "gc")]

    assert [(done.returncode, done.stderr.count("a pooler mixes up")) for done in refused] == [(78, 1), (78, 1)]
    assert "pooler" in findings
    with psycopg.connect(empty_dsn) as direct:
        done = direct.execute(
            "select count(*) from processing_queue where status = 'completed' and queue_name = 'classification'"
        )
        assert done.fetchone() == (12,)
        assert direct.execute("select count(*) from pg_locks where locktype = 'advisory'").fetchone() == (0,)
    with psycopg.connect(dsn, autocommit=True, prepare_threshold=None) as pooled:
        for _ in range(6):
            rows = pooled.execute(
                "select name from pg_settings where source = 'session' and name not in ('TimeZone', 'application_name')"
                " union all select name from pg_prepared_statements"
            ).fetchall()
            assert {name for (name,) in rows} <= {"client_encoding", "DateStyle", "standard_conforming_strings"}


def test_the_lease_of_a_living_worker_is_respected(pooled_dsn: str, db: psycopg.Connection) -> None:
    """Told in SQL alone: a lease counts by the clock of the database."""
    worker = value(db, "select register_leased_worker('here', 1, '{work}', '0', 15)")
    [one] = add_items(db, 1)
    db.execute("select * from claim_jobs('work', %s, 1)", (worker,))

    assert value(db, "select release_lost_jobs(true)") == 0
    assert value(db, "select renew_lease(%s, 15)", worker) is True
    db.execute("select set_config('emailq.now', (clock_timestamp() + interval '16 seconds')::text, false)")

    assert value(db, "select release_lost_jobs()") == 1
    assert value(db, "select renew_lease(%s, 15)", worker) is False
    assert item(db, one)["status"] == "pending"
