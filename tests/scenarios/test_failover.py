"""The primary dies and its synchronous standby takes over: workers follow the DSN that names both, nothing is lost."""

import signal
import threading
from collections.abc import Iterator
from contextlib import suppress

import psycopg
import pytest

from emailq.migrate import migrate
from tests.commands import run_emailq
from tests.items import value
from tests.scenarios.conftest import Tell
from tests.servers import PostgresServer, postgresql_installations, start_postgresql, start_standby
from tests.waiting import wait_until

HANDLER = """
async def handle(job, app):
    await asyncio.sleep(0.005)
    return Done([note(job)], [Next("later")])
"""
REQUEST = """
with email as (
    insert into emails (content_sha256, raw_sha256, message_id, size_bytes, received_at)
    select d, d, encode(d, 'hex'), 1, now() from (select sha256(gen_random_uuid()::text::bytea)) s (d)
    returning id
)
insert into processing_queue (email_id, queue_name) select id, 'work' from email returning id::text
"""


@pytest.fixture
def primary() -> Iterator[PostgresServer]:
    with start_postgresql(postgresql_installations()[0]) as server:
        with psycopg.connect(server.dsn(), autocommit=True) as conn:
            conn.execute("create database failover")
        migrate(server.dsn("failover"))
        yield server


@pytest.fixture
def standby(primary: PostgresServer) -> Iterator[PostgresServer]:
    """Each commit of the primary waits for it."""
    with start_standby(primary) as server:
        with psycopg.connect(primary.dsn(), autocommit=True) as conn:
            conn.execute("alter system set synchronous_standby_names = 'standby'")
            conn.execute("select pg_reload_conf()")
            wait_until(lambda: value(conn, "select count(*) from pg_stat_replication where sync_state = 'sync'"))
        yield server


class Producer(threading.Thread):
    """Adds items, one by one, and remembers those that were confirmed."""

    def __init__(self, dsn: str) -> None:
        super().__init__(daemon=True)
        self._dsn = dsn
        self._stopping = threading.Event()
        self.accepted: list[str] = []

    def run(self) -> None:
        while not self._stopping.wait(0.05):
            with (
                suppress(psycopg.OperationalError),
                psycopg.connect(self._dsn, autocommit=True, connect_timeout=3) as conn,
            ):
                while not self._stopping.wait(0.003):
                    self.accepted += [item for (item,) in conn.execute(REQUEST)]

    def stop(self) -> None:
        self._stopping.set()
        self.join(15)


def test_a_failover_loses_nothing_that_was_confirmed_and_the_old_primary_is_refused(
    primary: PostgresServer, standby: PostgresServer, tell_story: Tell
) -> None:
    both = f"{primary.host}:{primary.port},{standby.host}:{standby.port}"
    dsn = f"postgresql://{primary.user}@{both}/failover?target_session_attrs=read-write"
    told = tell_story(dsn, HANDLER)
    workers = [told.start_ready() for _ in range(2)]
    producer = Producer(dsn)
    producer.start()
    with psycopg.connect(standby.dsn("failover"), autocommit=True) as db:
        done = "select count(*) from processing_queue where status = 'completed' and queue_name = 'work'"
        wait_until(lambda: value(db, done) > 100, 20)

        primary.stop(signal.SIGKILL)
        before = len(producer.accepted)
        db.execute("select pg_promote()")
        wait_until(lambda: len(producer.accepted) > before + 100, 20)
        producer.stop()
        wait_until(
            lambda: (
                value(db, "select count(*) from processing_queue where completed_at is null")
                == value(db, "select count(*) from processing_queue where queue_name = 'later'")
            ),
            60,
        )

        accepted = set(producer.accepted)
        noted = [str(item) for (item,) in db.execute("select item from notes")]
        assert accepted - set(noted) == set()
        assert len(noted) == len(set(noted))
        assert [worker.poll() for worker in workers] == [None, None]
        assert [told.log_of(worker).count("Traceback") for worker in workers] == [0, 0]

        primary.start()  # and takes writes again, as nobody told it
        db.execute("select pg_terminate_backend(pid) from pg_stat_activity where application_name like 'emailq%'")
        wait_until(lambda: all("is an old primary" in told.log_of(worker) for worker in workers), 20)
        told_by_doctor = run_emailq("doctor", env={"EMAILQ_DSN": dsn}, cwd=told.folder).stdout
        assert f"{standby.port} was promoted, and {primary.host}:{primary.port} takes writes too" in told_by_doctor
        assert "every commit hangs: of synchronous_standby_names = 'standby' none is there" in told_by_doctor
        paused = run_emailq("pause", "work", env={"EMAILQ_DSN": dsn}, cwd=told.folder)
        assert (paused.returncode, "is an old primary" in paused.stderr) == (69, True)
        with psycopg.connect(primary.dsn("failover"), autocommit=True) as old:
            assert value(old, "select count(*) from queue_workers where alive") == 0
        primary.stop()
        wait_until(lambda: value(db, "select count(*) from queue_workers where alive") == 2, 20)


def test_who_looks_at_a_standby_sees_the_workers_and_doctor_names_it(
    primary: PostgresServer, standby: PostgresServer, tell_story: Tell
) -> None:
    told = tell_story(primary.dsn("failover"), "async def handle(job, app):\n    await asyncio.sleep(60)\n")
    told.start_ready()
    with psycopg.connect(primary.dsn("failover"), autocommit=True) as db:
        db.execute(REQUEST)
        wait_until(lambda: value(db, "select count(*) from processing_queue where status = 'processing'"))

    doctor = run_emailq("doctor", env={"EMAILQ_DSN": standby.dsn("failover")}, cwd=told.folder)
    with psycopg.connect(standby.dsn("failover"), autocommit=True) as copy:
        why = value(copy, "select queue_why(id) from processing_queue")
        workers = value(copy, "select workers from queue_status where queue_name = 'work'")

    assert (workers, why.partition(" since")[0]) == (1, "running")
    assert (doctor.returncode, "this server is a standby" in doctor.stdout) == (78, True)
