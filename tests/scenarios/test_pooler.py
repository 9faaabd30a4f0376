"""Behind PgBouncer workers live by a lease and poll, commands work, and nothing of ours stays in its sessions."""

import os
import signal
import smtplib
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import LiteralString
from unittest.mock import Mock

import psycopg
import pytest
from click import Abort
from click.testing import CliRunner

from emailq.cli import cli
from emailq.errors import EmailqError
from tests.api.conftest import address_of
from tests.commands import run_emailq, start_emailq
from tests.items import add_items, fill_queue, item, statuses, value
from tests.mail_server import PASSWORD, MailServer
from tests.mails import message
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


def test_work_goes_on_when_the_poolers_sessions_are_ended(
    pooled_dsn: str, db: psycopg.Connection, tell_story: Tell
) -> None:
    told = tell_story(pooled_dsn, HANDLER)
    fill_queue(db, 3000)
    worker = told.start("--drain", retry_base_s="0.01")

    for _ in range(4):
        done = statuses(db).get("completed", 0)
        db.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database()"
            " and pid <> pg_backend_pid()"
        )
        wait_until(lambda done=done: statuses(db).get("completed", 0) > done + 50 or worker.poll() is not None)

    assert worker.wait(60) == 0, told.log_of(worker)
    assert statuses(db) == {"completed": 3000}
    assert value(db, "select count(*) from notes") == value(db, "select count(distinct item) from notes") == 3000


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

    wait_until(lambda: "it is not ours any more" in told.log_of(sleeper))
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


ORDER = "Please send 12 boxes of candles for our order PO-7741."

# No database, or one of their own
WITHOUT_IT = {"parse", "classify", "demo", "erp-sim"}


def test_every_command_works_and_leaves_the_sessions_of_the_pool_as_they_were(
    empty_dsn: str, tmp_path: Path, transaction_pooler: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    dsn = through(transaction_pooler, empty_dsn)
    settings = {"EMAILQ_DSN": dsn, "EMAILQ_BLOB_DIR": str(tmp_path / "blobs"), "EMAILQ_REVIEW_BELOW": "0"}
    for name, text in settings.items():
        monkeypatch.setenv(name, text)
    mails = tmp_path / "mails"
    mails.mkdir()
    for n in range(12):
        (mails / f"{n}.eml").write_bytes(message(f"Order {n}", ORDER, sender=f"Ann <{n}@example.net>"))
    labels = tmp_path / "labels.jsonl"
    labels.write_text("".join(f'{{"file": "mails/{n % 12}.eml", "intent": "order"}}\n' for n in range(30)))
    tried: set[str] = set(WITHOUT_IT)

    def run(*args: str | Path, code: int = 0, says: str = "") -> str:
        done = CliRunner().invoke(cli, [str(arg) for arg in args], standalone_mode=False)
        if done.exception and not isinstance(done.exception, EmailqError):
            raise done.exception
        ended = done.exception.exit_code if done.exception else done.return_value
        told = f"{done.output}{done.exception or ''}"
        assert (ended, says in told) == (code, True), f"emailq {args}: {done.exc_info} {told}"
        tried.add(str(args[0]))
        return done.output

    @contextmanager
    def running(*args: str | Path, code: int = 0) -> Iterator[subprocess.Popen[str]]:
        """A service, which ends well when it is told to."""
        tried.add(str(args[0]))
        with start_emailq(*args) as service:
            try:
                yield service
                service.terminate()
                _, told = service.communicate(timeout=20)
                assert service.returncode == code, told
            finally:
                service.kill()

    def ids(query: LiteralString) -> list[str]:
        with psycopg.connect(empty_dsn) as direct:
            return [str(row[0]) for row in direct.execute(query)]

    run("migrate")
    run("migrate")
    run("ingest", mails)
    emails, items = ids("select id from emails order by subject"), ids("select id from processing_queue")
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
    assert run_emailq("worker", "--drain").returncode == 0
    tried.add("worker")
    classified = "select id from processing_queue where status = 'completed' and queue_name = 'classification'"
    assert len(ids(classified)) == 12
    run("health", code=69, says="no worker on host")
    run("doctor", says="pooler")
    run("review", "--json")
    run("replay", emails[0])
    run("label", emails[1], "--intent", "order", "--by", "eve")
    run("eval", labels)
    run("calibrate", labels)
    run("train", "--out", tmp_path / "weights", code=65, says="learning takes")
    assert run_emailq("worker", "--drain").returncode == 0
    run("actions", "--all")
    run("policy")
    run("policy", "test", emails[1])
    actions = ids("update erp_actions set status = 'needs_review' returning id")
    run("approve", actions[0], "--by", "eve")
    run("reject", actions[1], "--by", "eve")
    run("attachment", emails[0], code=65, says="no attachment")
    run("reparse", emails[0])
    run("token", "create", "me", "--scope", "read")
    run("token", "list")
    run("token", "revoke", "me")
    run("verify", "--read", says="12 blobs named, 12 stored")
    run("gc", "--dry-run")
    run("gc")
    run("forget", "3@example.net", "--yes", says="1 messages")
    run("retention")
    run("verify", "--read", says="0 missing or damaged, 0 orphans")
    with running("lmtp", "--listen", tmp_path / "lmtp.sock"):
        wait_until((tmp_path / "lmtp.sock").exists, 20)
        with smtplib.LMTP(str(tmp_path / "lmtp.sock")) as client:
            client.sendmail("ann@example.com", ["us@example.org"], message("By LMTP", ORDER))
    with running("serve", "--port", "0", code=-signal.SIGTERM) as server:
        address_of(server)  # where it answered
    monkeypatch.setattr(
        "emailq.commands.queue_output.time", SimpleNamespace(sleep=Mock(side_effect=[None, KeyboardInterrupt]))
    )
    with pytest.raises(Abort):  # Ctrl-C at the second look
        run("top")
    tried.add("top")

    assert tried | {"imap", "reconcile"} == set(cli.commands)  # those two: the next test
    with psycopg.connect(empty_dsn) as direct:
        assert direct.execute("select count(*) from emails").fetchone() == (12,)
        assert direct.execute("select count(*) from pg_locks where locktype = 'advisory'").fetchone() == (0,)
    with psycopg.connect(dsn, autocommit=True, prepare_threshold=None) as pooled:
        for _ in range(6):
            rows = pooled.execute(
                "select name from pg_settings where source = 'session' and name not in ('TimeZone', 'application_name')"
                " union all select name from pg_prepared_statements"
                " union all select relname from pg_class where relpersistence = 't' and relkind = 'r'"
                " and relname <> 'accepting'"  # made where it is missing, emptied with each transaction
            ).fetchall()
            assert {name for (name,) in rows} <= {"client_encoding", "DateStyle", "standard_conforming_strings"}


def test_a_mailbox_comes_in_whole_through_a_pooler(
    pooled_dsn: str, db: psycopg.Connection, mail_server: MailServer, tmp_path: Path
) -> None:
    mailbox = mail_server.mailbox()
    mailbox.append(*[message(f"Order {n}", ORDER) for n in range(3)])
    (tmp_path / "password").write_text(PASSWORD)
    (tmp_path / "password").chmod(0o600)
    (tmp_path / "emailq.toml").write_text(
        f'[imap.shop]\nhost = "localhost"\nport = {mail_server.imaps}\nuser = "{mailbox.user}"\n'
        f'password_file = "{tmp_path / "password"}"\nca_file = "{mail_server.ca_file}"\n'
    )
    env = {"EMAILQ_CONFIG": str(tmp_path / "emailq.toml"), "EMAILQ_DSN": pooled_dsn}
    env["EMAILQ_BLOB_DIR"] = str(tmp_path / "blobs")

    read = run_emailq("imap", "--once", env=env)
    whole = run_emailq("reconcile", "shop", env=env)

    assert (read.returncode, read.stdout) == (0, "3 new, 0 known\n"), read.stderr
    assert (whole.returncode, whole.stdout) == (0, "INBOX: 3 on the server, 0 missing here\n"), whole.stderr


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
