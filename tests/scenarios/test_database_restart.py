"""PostgreSQL goes away under load, in each of its ways: workers wait, come back as somebody new, and lose nothing."""

import os
import signal
from collections.abc import Callable, Iterator

import psycopg
import pytest

from emailq.migrate import migrate
from tests.items import fill_queue, statuses, value
from tests.scenarios.conftest import Story, Tell
from tests.servers import PostgresServer, postgresql_installations, start_postgresql
from tests.waiting import wait_until

COUNT = 6000
HANDLER = """
async def handle(job, app):
    tell("began", job)
    await asyncio.sleep(0.005)
    return Done([note(job)], [Next("later")])
"""


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    """One of our own, as others share theirs; it keeps what it committed."""
    with start_postgresql(postgresql_installations()[0], fsync="on", full_page_writes="on") as server:
        yield server


@pytest.fixture
def told(server: PostgresServer, tell_story: Tell, request: pytest.FixtureRequest) -> Story:
    name = f"restart_{abs(hash(request.node.name))}"
    with psycopg.connect(server.dsn(), autocommit=True) as conn:
        conn.execute(psycopg.sql.SQL("create database {}").format(psycopg.sql.Identifier(name)))
    migrate(server.dsn(name))
    return tell_story(server.dsn(name), HANDLER)


def crash_a_backend(server: PostgresServer) -> None:
    """What a crash of any process of PostgreSQL does: all sessions end, and it recovers by itself."""
    with psycopg.connect(server.dsn(), autocommit=True) as conn:
        [(pid,)] = conn.execute("select pid from pg_stat_activity where backend_type = 'checkpointer'").fetchall()
        os.kill(pid, signal.SIGKILL)
        wait_until(lambda: is_cut_off(conn))


def is_cut_off(conn: psycopg.Connection) -> bool:
    try:
        conn.execute("select 1")
    except psycopg.OperationalError:
        return True
    return False


def restart(stop_signal: signal.Signals) -> Callable[[PostgresServer], None]:
    def act(server: PostgresServer) -> None:
        server.stop(stop_signal)
        server.start()

    return act


@pytest.mark.parametrize(
    "fault",
    [crash_a_backend, restart(signal.SIGINT), restart(signal.SIGQUIT), restart(signal.SIGKILL)],
    ids=["a process is killed", "fast restart", "immediate restart", "all of it is killed"],
)
def test_nothing_is_lost_doubled_or_stuck(
    server: PostgresServer, told: Story, fault: Callable[[PostgresServer], None]
) -> None:
    with psycopg.connect(told.dsn, autocommit=True) as db:
        fill_queue(db, COUNT)
        workers = [told.start_ready("--concurrency", "10") for _ in range(2)]
        wait_until(lambda: value(db, "select count(*) from notes") > 300)

    fault(server)

    def answers() -> bool:
        try:
            psycopg.connect(told.dsn, connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True

    wait_until(answers, 20)
    with psycopg.connect(told.dsn, autocommit=True) as db:
        before = statuses(db).get("completed", 0)
        wait_until(lambda: statuses(db).get("completed", 0) > before, 6)
        wait_until(lambda: statuses(db) == {"completed": COUNT}, 40)
        assert before < COUNT, "the fault came too late"
        assert value(db, "select count(*) from notes") == COUNT
        assert value(db, "select count(distinct item) from notes") == COUNT
        assert statuses(db, "later") == {"pending": COUNT}
        assert value(db, "select max(attempts) from processing_queue") == 1
        assert value(db, "select count(*) from queue_workers where alive") == 2
    assert [worker.poll() for worker in workers] == [None, None]
    assert [told.log_of(worker).count("Traceback") for worker in workers] == [0, 0]


def test_a_worker_stops_politely_while_the_database_is_away(server: PostgresServer, told: Story) -> None:
    worker = told.start_ready()
    server.stop(signal.SIGQUIT)
    try:
        worker.terminate()
        code = worker.wait(15)
    finally:
        server.start()

    assert code == 0, told.log_of(worker)
    assert "Traceback" not in told.log_of(worker)


def test_a_worker_that_finds_no_database_says_so_in_one_line(server: PostgresServer, told: Story) -> None:
    server.stop(signal.SIGQUIT)
    try:
        worker = told.start()
        code = worker.wait(30)
    finally:
        server.start()

    log = told.log_of(worker)
    assert code == 69, log
    assert len(log.splitlines()) == 1
    assert "can't connect to PostgreSQL" in log
