"""emailq doctor: each risk of the database is named when it is there, and only then."""

import threading
from collections.abc import AsyncIterator, Awaitable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, LiteralString

import psycopg
import pytest

from emailq import checks
from emailq.checks import Finding
from emailq.db import connect
from tests.items import add_items, claim, register, worker_on
from tests.servers import PostgresServer, start_pgbouncer
from tests.waiting import wait_until_async


@pytest.fixture
async def ours(dsn: str) -> AsyncIterator[psycopg.AsyncConnection[Any]]:
    """A connection as emailq makes them."""
    async with await connect(dsn, "test") as conn:
        yield conn


@pytest.fixture
def admin(pg_server: PostgresServer) -> Iterator[psycopg.Connection]:
    with psycopg.connect(pg_server.dsn(), autocommit=True) as conn:
        yield conn


async def test_a_healthy_database_gets_no_warning_but_for_what_the_tests_server_lacks(
    dsn: str, ours: psycopg.AsyncConnection[Any]
) -> None:
    found = [finding async for finding in checks.check_database(ours, dsn)]

    assert {f.check: f.text for f in found if f.state != "ok"} == {
        "durability": "fsync, full_page_writes is off: a crash can lose accepted mail; set it to on",
        "access": "postgres is a superuser; give emailq a role of its own",
    }
    assert [f.check for f in found][-3:] == ["schema parts", "row security", "cleanup"]


async def test_a_commit_that_does_not_wait_for_the_disk_is_named(
    dsn: str, db: psycopg.Connection, pg_server: PostgresServer
) -> None:
    name = psycopg.sql.Identifier(db.info.dbname)
    db.execute(psycopg.sql.SQL("alter database {} set synchronous_commit = off").format(name))

    async with await connect(dsn, "test") as conn:
        found = await checks.durability(conn)

    assert found.state == "warn"
    assert "synchronous_commit" in found.text


@pytest.mark.pgbouncer
async def test_a_pooler_is_named(dsn: str, pg_server: PostgresServer) -> None:
    with start_pgbouncer(pg_server, pool_mode="transaction") as port:
        async with await connect(dsn.replace(f":{pg_server.port}/", f":{port}/"), "test") as conn:
            found = checks.connection(conn)

    assert found.state == "warn"
    assert "a pooler is in the way" in found.text


async def test_a_session_without_keepalives_is_named(
    conn: psycopg.AsyncConnection[Any], ours: psycopg.AsyncConnection[Any]
) -> None:
    assert (await checks.keepalives(ours)).state == "ok"

    found = await checks.keepalives(conn)

    assert found.state == "warn"
    assert "tcp_user_timeout = 10000" in found.text


async def test_row_level_security_that_hides_rows_is_named(
    db: psycopg.Connection, ours: psycopg.AsyncConnection[Any]
) -> None:
    assert (await checks.row_security(ours)).state == "ok"
    db.execute("alter table processing_queue enable row level security, force row level security")
    await ours.execute("set role pg_monitor")

    found = await checks.row_security(ours)

    assert (found.state, found.text.rpartition(": ")[2]) == ("warn", "processing_queue")


async def test_a_transaction_that_was_left_open_is_named_with_its_pid(
    dsn: str, ours: psycopg.AsyncConnection[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checks, "OLD_S", 0)
    with psycopg.connect(dsn, application_name="a report") as report:
        report.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        report.execute("select count(*) from processing_queue")

        found = await checks.old_snapshots(ours)

        assert found.state == "warn"
        assert f"pid {report.info.backend_pid} (a report, idle in transaction) holds dead rows" in found.text
        assert f"select pg_terminate_backend({report.info.backend_pid})" in found.text


@pytest.mark.parametrize(
    ("deed", "does"),
    [
        ("lock table emails", "locks emails"),
        ("lock table processing_queue in share mode", "holds what they wait for"),
    ],
)
async def test_who_keeps_workers_waiting_is_named(
    dsn: str, ours: psycopg.AsyncConnection[Any], monkeypatch: pytest.MonkeyPatch, deed: LiteralString, does: str
) -> None:
    monkeypatch.setattr(checks, "WAIT_S", 0)
    with psycopg.connect(dsn, application_name="psql") as editor, worker_on(dsn) as (conn, worker):
        conn.execute("create table theirs ()")
        editor.execute("lock table theirs")  # for which nobody waits
        assert (await checks.locks(ours)).state == "ok"
        conn.execute("set application_name = 'emailq claim'")
        editor.execute(deed)
        claims = threading.Thread(target=lambda: claim(conn, worker))
        claims.start()
        try:
            found = await wait_until_async(lambda: _failed(checks.locks(ours)))
            every = [one async for one in checks.check_database(ours, dsn)]
        finally:
            editor.rollback()
            claims.join()
        pid = editor.info.backend_pid

    assert found.text.startswith(f"pid {pid} (psql, idle in transaction) keeps workers waiting: it {does} since ")
    assert found.text.endswith(f": {deed}; commit there, or select pg_terminate_backend({pid})")
    assert every[-1].check == "locks"


async def test_a_prepared_transaction_that_keeps_workers_waiting_is_named(
    dsn: str, ours: psycopg.AsyncConnection[Any], db: psycopg.Connection
) -> None:
    db.execute("begin; lock table processing_queue in share mode; prepare transaction 'theirs'")
    with worker_on(dsn) as (conn, worker), ThreadPoolExecutor() as pool:
        conn.execute("set application_name = 'emailq claim'")
        claims = pool.submit(claim, conn, worker)
        try:
            found = await wait_until_async(lambda: _failed(checks.locks(ours)))
        finally:
            db.execute("rollback prepared 'theirs'")
            claims.result()

    assert found.text.startswith(
        "the prepared transaction 'theirs' keeps workers waiting: it holds what they wait for "
    )
    assert found.text.endswith("; commit prepared 'theirs', or rollback prepared 'theirs'")


async def test_who_waits_to_lock_a_table_is_named(
    dsn: str, ours: psycopg.AsyncConnection[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Readers that come after it wait as well."""
    monkeypatch.setattr(checks, "WAIT_S", 0)
    with psycopg.connect(dsn) as reader, psycopg.connect(dsn) as editor:
        reader.execute("select from emails")
        change = threading.Thread(target=lambda: editor.execute("lock table emails"))
        change.start()
        try:
            found = await wait_until_async(lambda: _failed(checks.locks(ours)))
        finally:
            reader.rollback()
            change.join()
        pid = editor.info.backend_pid

    assert found.text.startswith(f"pid {pid} ")
    assert "waits to lock emails" in found.text


async def _failed(finding: Awaitable[checks.Finding]) -> checks.Finding | None:
    found = await finding
    return found if found.state == "fail" else None


@pytest.mark.parametrize(
    ("deed", "text"),
    [
        ("set track_counts = off", "off: dead rows stay"),
        ("alter table processing_queue set (autovacuum_enabled = off)", "off for processing_queue: dead rows stay"),
    ],
)
async def test_tables_that_nobody_vacuums_are_named(
    ours: psycopg.AsyncConnection[Any], deed: LiteralString, text: str
) -> None:
    assert (await checks.autovacuum(ours)).state == "ok"

    await ours.execute(deed)
    found = await checks.autovacuum(ours)

    assert found.state == "warn"
    assert found.text.startswith(text)


async def test_a_prepared_transaction_is_named_with_its_cure(
    ours: psycopg.AsyncConnection[Any], db: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checks, "OLD_S", 0)
    db.execute("begin; insert into queue_controls values ('work'); prepare transaction 'left over'")

    found = await checks.old_snapshots(ours)
    db.execute("rollback prepared 'left over'")

    assert "the prepared transaction 'left over' holds dead rows" in found.text
    assert "rollback prepared 'left over'" in found.text


async def test_a_replication_slot_that_nobody_reads_is_named(
    ours: psycopg.AsyncConnection[Any], admin: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checks, "KEPT_WAL_BYTES", 0)
    admin.execute("select pg_create_physical_replication_slot('forgotten', true)")
    try:
        admin.execute("create table if not exists wal_of_this_test ()")
        admin.execute("drop table wal_of_this_test")

        found = await checks.unused_slots(ours)
    finally:
        admin.execute("select pg_drop_replication_slot('forgotten')")

    assert found.state == "warn"
    assert "nobody reads the replication slot forgotten" in found.text
    assert (await checks.unused_slots(ours)).state == "ok"


@pytest.mark.parametrize(
    ("deed", "name"),
    [
        ("drop index idx_queue_live", "index idx_queue_live"),
        (
            "update pg_index set indisvalid = false where indexrelid = 'idx_queue_live'::regclass",
            "index idx_queue_live",
        ),
        ("drop trigger processing_queue_wake on processing_queue", "trigger processing_queue_wake"),
        ("alter table processing_queue disable trigger processing_queue_align", "trigger processing_queue_align"),
    ],
)
async def test_a_part_of_the_schema_that_is_gone_or_invalid_is_named(
    ours: psycopg.AsyncConnection[Any], db: psycopg.Connection, deed: Any, name: str
) -> None:
    assert (await checks.parts_of_the_schema(ours)).state == "ok"

    db.execute(deed)
    found = await checks.parts_of_the_schema(ours)

    assert found.state == "fail"
    assert found.text.startswith(f"missing or invalid: {name}; REINDEX")


async def test_a_weak_way_in_is_named(
    ours: psycopg.AsyncConnection[Any], admin: psycopg.Connection, pg_server: PostgresServer
) -> None:
    file = pg_server.folder / "data/pg_hba.conf"
    before = file.read_text()
    with file.open("a") as lines:
        lines.write("host all all 192.0.2.0/24 trust\nhost all all 198.51.100.0/24 password\n")
    try:
        found = await checks.access(ours)
    finally:
        file.write_text(before)

    assert "lets 192.0.2.0 in by trust; use scram-sha-256" in found.text
    assert "lets 198.51.100.0 in by password; use scram-sha-256" in found.text


async def test_a_database_that_is_read_only_is_told(dsn: str) -> None:
    async with await connect(f"{dsn}?options=-c%20default_transaction_read_only%3Don", "test") as conn:
        found = await checks.access(conn)

    assert (found.state, found.exit_code) == ("fail", 78)
    assert "nothing can be written" in found.text


async def test_a_role_of_its_own_is_welcome(dsn: str, db: psycopg.Connection) -> None:
    db.execute("create role emailq_test_role login")
    try:
        async with await connect(dsn.replace("postgres@", "emailq_test_role@"), "test") as conn, conn.transaction():
            found = await checks.access(conn)
            await conn.execute("select 'no error was made, which would stand in the log of the server'")
            of_others = await checks.old_snapshots(conn)
    finally:
        db.execute("drop role emailq_test_role")

    assert found.state == "ok"
    assert of_others.text.startswith("none that this role is shown")


async def test_connections_that_run_out_are_named(
    ours: psycopg.AsyncConnection[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert (await checks.room_for_connections(ours)).state == "ok"
    monkeypatch.setattr(checks, "BUSY", 0)

    assert (await checks.room_for_connections(ours)).state == "warn"


async def test_queues_where_nothing_will_happen_are_named(
    dsn: str, ours: psycopg.AsyncConnection[Any], db: psycopg.Connection
) -> None:
    add_items(db, 2, "work")
    add_items(db, 1, "mine")
    add_items(db, 1, "down")
    add_items(db, 1, "changed")
    register(db, "mine", "down", "changed")
    db.execute("select pause_queue('mine', 'month end'), trip_queue('down', 60, 'connection refused')")

    with psycopg.connect(dsn) as editor:
        editor.execute("insert into queue_controls (queue_name, max_running) values ('changed', 1)")
        found = {f.check: f.text async for f in checks.queues(ours)}
        editor.rollback()
        pid = editor.info.backend_pid

    assert found == {
        "queue changed": f"1 items wait: a transaction of pid {pid} that is still open has changed its settings",
        "queue work": "2 items and no worker; run: emailq worker --queue work --handler work=module:function",
        "queue mine": "1 items wait; paused: month end; run: emailq resume mine",
        "queue down": "1 items wait: connection refused",
    }


async def test_without_pg_cron_a_worker_cleans_up(ours: psycopg.AsyncConnection[Any]) -> None:
    found = await checks.cleanup(ours)

    assert found == Finding("cleanup", "ok", "by a worker each minute (pg_cron is not in this database)")


@pytest.mark.cron
async def test_what_pg_cron_fails_at_is_named(cron_dsn: str) -> None:
    async with await connect(cron_dsn, "test") as conn, conn.transaction(force_rollback=True):
        states = []
        for deed in (
            "select 1",
            "update cron.job set active = false where jobname = 'emailq-cleanup'",
            "update cron.job set active = true where jobname = 'emailq-cleanup'",
            "insert into cron.job_run_details (jobid, runid, status, return_message, start_time) select jobid, 1000000,"
            " 'failed', 'no such function', now() from cron.job where jobname = 'emailq-cleanup'",
            "update cron.job_run_details set status = 'succeeded', start_time = now() - interval '1 hour'",
            "select cron.unschedule('emailq-cleanup')",
        ):
            await conn.execute(deed)
            states.append((await checks.cleanup(conn)).text)

    assert "by pg_cron each minute" in states[0]
    assert states[1] == "pg_cron's job emailq-cleanup is not active"
    assert states[3] == "pg_cron's last run failed: no such function"
    assert states[4].startswith("pg_cron has not run emailq-cleanup for 10 minutes")
    assert states[5] == "pg_cron is here and has no job emailq-cleanup; run: emailq migrate"
