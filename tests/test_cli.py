"""The commands as other programs use them: output, JSON, exit codes."""

import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from emailq.cli import cli
from emailq.commands.output import to_json
from tests.commands import EMAILQ, run_emailq
from tests.items import add_item

MESSAGE = (
    b"From: Ann <ann@example.com>\r\nTo: us@example.org\r\nSubject: Order of \x1b[31mbars :car:\r\n"
    b"Message-ID: <%d@example.com>\r\n\r\nTen bars, please.\r\n"
)


@pytest.fixture
def mail(tmp_path: Path) -> Path:
    folder = tmp_path / "mail"
    folder.mkdir()
    for number in range(3):
        (folder / f"{number}.eml").write_bytes(MESSAGE % number)
    return folder


def ingested(env: dict[str, str], mail: Path) -> list[str]:
    ids: list[str] = json.loads(run_emailq("ingest", "--json", mail, env=env).stdout)["email_ids"]
    return ids


def test_ingest_counts_new_known_and_refused(env: dict[str, str], mail: Path) -> None:
    (mail / "9-empty.eml").write_bytes(b"")

    first = run_emailq("ingest", mail, env=env)
    second = run_emailq("ingest", mail, env=env)

    assert first.stdout == "3 new, 0 known, 1 refused\n"
    assert first.stderr == f"refused {mail}/9-empty.eml: empty\n"
    assert second.stdout == "0 new, 3 known, 1 refused\n"
    assert (first.returncode, second.returncode) == (65, 65)


@pytest.mark.parametrize("queue", ["classification", "llm"], ids=["", "what a cascade leaves to its LLM"])
def test_an_email_made_by_hand_in_sql_is_classified(env: dict[str, str], db: psycopg.Connection, queue: str) -> None:
    db.execute(
        "with message as (insert into emails (message_id, from_address, to_addresses, subject, body_text, received_at)"
        " values ('hand@example.com', 'ann@example.com', '{us@example.org}', 'Order', 'Ten bars, please.', now())"
        " returning id)"
        " insert into processing_queue (email_id, queue_name) select id, %s from message",
        (queue,),
    )

    worked = run_emailq("worker", "--queue", "classification", "--drain", env=env)

    assert worked.returncode == 0, worked.stderr
    assert db.execute("select intent is not null from emails").fetchall() == [(True,)]


def test_ingest_takes_standard_input(env: dict[str, str]) -> None:
    done = run_emailq("ingest", "-", env=env, input=MESSAGE % 1)

    assert (done.stdout, done.returncode) == ("1 new, 0 known, 0 refused\n", 0)


def test_a_mailbox_is_worked_off_and_every_command_shows_it(env: dict[str, str], mail: Path) -> None:
    ids = ingested(env, mail)

    worked = run_emailq("worker", "--drain", env=env)
    status = [json.loads(line) for line in run_emailq("status", "--json", env=env).stdout.splitlines()]
    listed = [
        json.loads(line)
        for line in run_emailq("list", "--from", "ANN@Example.com.", "--json", env=env).stdout.splitlines()
    ]
    shown = json.loads(run_emailq("show", "--json", ids[0][:8], env=env).stdout)

    assert worked.returncode == 0, worked.stderr
    assert {row["queue_name"]: row["pending"] + row["failed"] for row in status} == {
        "parsing": 0,
        "classification": 0,
        "erp_action": 0,
    }
    assert sorted(row["id"] for row in listed) == sorted(ids)
    assert all(row["intent"] for row in listed)
    assert shown["email"]["body_text"].strip() == "Ten bars, please."
    assert shown["queue"][0]["status"] == "completed"


def test_what_mail_says_reaches_the_terminal_escaped_and_unchanged(env: dict[str, str], mail: Path) -> None:
    [first, *_] = ingested(env, mail)

    printed = run_emailq("list", env=env).stdout + run_emailq("show", first, env=env).stdout

    assert "\x1b" not in printed
    assert printed.count(r"Order of \x1b[31mbars :car:") == 4  # three in the list, one shown


def test_items_are_enqueued_cancelled_and_retried(env: dict[str, str], mail: Path, db: psycopg.Connection) -> None:
    [email, *_] = ingested(env, mail)

    once = json.loads(run_emailq("enqueue", "--queue", "archive", "--priority", "2", email, "--json", env=env).stdout)
    twice = json.loads(run_emailq("enqueue", "--queue", "archive", email, "--json", env=env).stdout)
    [item] = once["enqueued"]
    why = run_emailq("why", item, env=env).stdout
    cancelled = run_emailq("cancel", item, env=env).stdout
    retried = run_emailq("retry", item, env=env).stdout

    assert (twice["enqueued"], twice["live_already"]) == ([], 1)
    assert why.startswith("no worker serves the queue archive; start one with: ")
    assert why.endswith(" emailq worker --queue archive --handler archive=module:function\n")
    assert (cancelled, retried) == ("1 cancelled\n", "1 requeued\n")
    assert db.execute("select status, priority from processing_queue where id = %s", (item,)).fetchone() == (
        "pending",
        2,
    )


def test_a_time_for_an_item_is_kept(env: dict[str, str], mail: Path, db: psycopg.Connection) -> None:
    [email, *_] = ingested(env, mail)

    run_emailq("enqueue", "--queue", "archive", "--at", "2099-01-02 03:04", email, env=env)

    row = db.execute("select scheduled_at::text from processing_queue where queue_name = 'archive'").fetchone()
    assert row is not None
    assert row[0].startswith("2099-01-02 03:04:00")


def test_a_queue_that_nobody_knew_is_told(env: dict[str, str], mail: Path) -> None:
    [email, *_] = ingested(env, mail)

    known = run_emailq("enqueue", "--queue", "classification", "--at", "2026-12-24T08:00", email, env=env)
    unknown = run_emailq("enqueue", "--queue", "clasification", email, env=env)

    assert (known.stdout, known.stderr) == ("1 enqueued, 0 live already\n", "")
    assert unknown.stdout == "1 enqueued, 0 live already\n"
    assert unknown.stderr.startswith(
        "no worker serves 'clasification' and nothing was in it; there are classification, "
    )


def test_a_queue_may_have_any_name(env: dict[str, str], db: psycopg.Connection) -> None:
    add_item(db, "[/red]")

    done = run_emailq("status", env=env)

    assert done.returncode == 0, done.stderr
    assert "[/red]" in done.stdout


def test_a_queue_is_paused_and_resumed(env: dict[str, str], db: psycopg.Connection) -> None:
    paused = run_emailq("pause", "parsing", "--reason", "month end", env=env)
    row = db.execute("select paused, reason from queue_status where queue_name = 'parsing'").fetchone()
    run_emailq("resume", "parsing", env=env)

    assert paused.returncode == 0
    assert row == (True, "month end")
    assert db.execute("select paused from queue_status where queue_name = 'parsing'").fetchone() == (False,)


def test_parse_prints_jmap_without_a_database(mail: Path) -> None:
    done = run_emailq("parse", "--json", mail / "0.eml", mail / "1.eml")

    emails = [json.loads(line) for line in done.stdout.splitlines()]
    assert [email["messageId"] for email in emails] == [["0@example.com"], ["1@example.com"]]
    assert emails[0]["from"] == [{"name": "Ann", "email": "ann@example.com"}]
    assert emails[0]["bodyValues"][emails[0]["textBody"][0]["partId"]]["value"].strip() == "Ten bars, please."


def test_classify_prints_labels_without_a_database(mail: Path) -> None:
    done = run_emailq("classify", "--json", mail / "0.eml")

    label = json.loads(done.stdout)
    assert set(label) == {"file", "intent", "sentiment", "priority", "confidence", "model"}
    assert label["file"] == str(mail / "0.eml")
    assert 0 <= label["confidence"] <= 1


@pytest.mark.parametrize(
    ("args", "code", "words"),
    [
        (["status"], 78, "set EMAILQ_DSN"),
        (["worker", "--queue", "nosuch"], 64, "no handler for queue 'nosuch'"),
        (["worker", "--handler", "x"], 64, "write QUEUE=module:function"),
        (["nosuch"], 64, "No such command"),
        (["ingest"], 64, "Missing argument"),
        (["parse", "/nonexistent/file"], 65, "no such file or directory"),
    ],
)
def test_mistakes_get_one_line_and_a_code(args: list[str], code: int, words: str) -> None:
    done = run_emailq(*args)

    assert done.returncode == code
    assert words in done.stderr
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("change", "code", "words"),
    [
        ({"EMAILQ_DNS": "x"}, 78, "did you mean 'dsn'?"),
        ({"EMAILQ_POOL_SIZE": "many"}, 78, "EMAILQ_POOL_SIZE: pool_size"),
        ({"EMAILQ_DSN": "postgresql://localhost:1/none", "EMAILQ_DSN_FILE": ""}, 69, "can't connect to PostgreSQL"),
        ({"EMAILQ_DSN": "mysql://me:secret@db/emailq"}, 78, "not a connection string; write postgresql://"),
        ({"EMAILQ_S3_SECRET_KEY_FILE": "/nonexistent"}, 78, "can't read /nonexistent"),
    ],
)
def test_wrong_settings_are_named(env: dict[str, str], change: dict[str, str], code: int, words: str) -> None:
    done = run_emailq("status", env={**env, **change})

    assert done.returncode == code
    assert words in done.stderr
    assert "secret@" not in done.stderr


def test_a_folder_without_mail_is_named(env: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("hello\n")

    parsed, ingested = (run_emailq(name, tmp_path, env=env) for name in ("parse", "ingest"))

    assert (parsed.returncode, parsed.stderr) == (65, f"emailq: {tmp_path}: no mail in this folder\n")
    assert (ingested.returncode, ingested.stdout) == (0, "0 new, 0 known, 0 refused\n")
    assert f"no mail in {tmp_path}\n" in ingested.stderr


def test_a_blob_directory_that_cannot_be_made_is_named(env: dict[str, str], mail: Path) -> None:
    done = run_emailq("ingest", mail, env={**env, "EMAILQ_BLOB_DIR": "/proc/none/blobs"})

    assert done.returncode == 75
    assert done.stderr.startswith("emailq: can't write to the blob directory /proc/none/blobs: ")


def test_json_has_times_and_hashes_that_other_programs_read() -> None:
    found = to_json({"at": datetime(2026, 11, 30, 8, 5, tzinfo=UTC), "sha256": b"\x00\xff"})

    assert found == '{"at": "2026-11-30T08:05:00+00:00", "sha256": "00ff"}'


def test_help_lists_every_command_with_a_whole_sentence() -> None:
    shown = run_emailq("--help", env={"COLUMNS": "80"}).stdout

    assert all(f"\n  {name} " in shown for name in cli.commands)
    assert "..." not in shown.partition("Set up:")[2]


def test_ids_that_name_nothing_are_refused(env: dict[str, str]) -> None:
    assert run_emailq("show", "00000000", env=env).returncode == 65
    assert run_emailq("show", "xyz", env=env).returncode == 64
    assert run_emailq("why", "00000000", env=env).returncode == 65
    assert run_emailq("pause", "parsign", env=env).stderr == (
        "emailq: no queue 'parsign': nothing is in it, and no worker serves it; did you mean 'parsing'?"
        " (pause_queue and resume_queue in SQL take any name)\n"
    )


def test_nothing_in_a_reason_or_the_name_of_a_queue_steers_the_terminal(
    env: dict[str, str], db: psycopg.Connection
) -> None:
    item = add_item(
        db, "of\x1b[2Jmine", status="failed", completed_at="now", failed_at="now", last_error="500\n\x1b[31mno"
    )
    add_item(db, "of\x1b[2Jmine")

    why = run_emailq("why", str(item), env=env).stdout
    doctor = run_emailq("doctor", env=env).stdout

    assert why.endswith(": 500\\n\\x1b[31mno\n")
    assert "warn queue of\\x1b[2Jmine: 1 items and no worker" in doctor
    assert "\x1b" not in doctor


def test_why_names_who_locks_the_table_instead_of_waiting(
    env: dict[str, str], dsn: str, db: psycopg.Connection
) -> None:
    item = str(add_item(db))
    with psycopg.connect(dsn, application_name="psql") as editor:
        editor.execute("lock table processing_queue")
        done = run_emailq("why", item, env=env)
        pid = editor.info.backend_pid

    assert done.returncode == 69
    assert done.stderr.startswith(
        f"emailq: pid {pid} (psql, idle in transaction) keeps workers waiting: it locks processing_queue since "
    )
    assert done.stderr.endswith(f": lock table processing_queue; commit there, or select pg_terminate_backend({pid})\n")


@pytest.mark.parametrize(
    "setting",
    [
        "datestyle = 'SQL, DMY'",
        "standard_conforming_strings = off",
        "timezone = 'Asia/Tokyo'",
        "default_transaction_isolation = serializable",
    ],
)
def test_what_a_database_sets_for_others_is_none_of_ours(
    env: dict[str, str], db: psycopg.Connection, mail: Path, setting: str
) -> None:
    db.execute(f'alter database "{db.info.dbname}" set {setting}'.encode())

    ingested(env, mail)
    worker = run_emailq("worker", "--drain", env=env)
    listed = run_emailq("list", "--json", env=env)

    assert "handler.raised" not in worker.stderr
    assert "could not serialize" not in worker.stderr
    assert listed.returncode == 0, listed.stderr
    assert "erp_action" in {
        name for (name,) in db.execute("select queue_name from processing_queue where attempts = 1")
    }
    assert db.execute("select distinct status from processing_queue").fetchall() == [("completed",)]
    assert all(json.loads(line)["received_at"].endswith("+00:00") for line in listed.stdout.splitlines())


def test_an_unmigrated_database_says_what_to_run(empty_dsn: str, tmp_path: Path, mail: Path) -> None:
    env = {"EMAILQ_DSN": empty_dsn, "EMAILQ_BLOB_DIR": str(tmp_path)}

    before = run_emailq("status", env=env)
    ingesting = run_emailq("ingest", mail, env=env)
    migrated = run_emailq("migrate", "--json", env=env)
    after = run_emailq("status", env=env)

    assert (before.returncode, before.stderr) == (
        78,
        "emailq: the database has no emailq schema, or an older one; run: emailq migrate\n",
    )
    assert (ingesting.returncode, ingesting.stderr) == (before.returncode, before.stderr)
    assert json.loads(migrated.stdout)["applied"][0] == "0001_emails"
    assert after.returncode == 0


def test_a_database_that_is_missing_is_to_be_created(dsn: str) -> None:
    done = run_emailq("migrate", env={"EMAILQ_DSN": make_conninfo(dsn, dbname="nosuch")})

    assert done.returncode == 69
    assert done.stderr.endswith('database "nosuch" does not exist; create it, and run: emailq migrate\n')


def test_doctor_checks_the_real_servers(env: dict[str, str]) -> None:
    good = run_emailq("doctor", "--json", env=env)
    bad = run_emailq("doctor", env={**env, "EMAILQ_CLASSIFIER": "llm", "EMAILQ_LLM_URL": "http://127.0.0.1:1"})

    findings = {f["check"]: f["state"] for f in map(json.loads, good.stdout.splitlines())}
    assert good.returncode == 0
    assert f", {conninfo_to_dict(env['EMAILQ_DSN'])['dbname']} on " in good.stdout
    assert findings["database"] == findings["schema"] == findings["blobs"] == "ok"
    assert bad.returncode == 69
    assert "FAIL classifier: LLM: can't connect to http://127.0.0.1:1" in bad.stdout


def test_a_reader_that_had_enough_is_no_error(env: dict[str, str], mail: Path) -> None:
    ingested(env, mail)

    piped = subprocess.run(
        "emailq list --json | head -n 1",
        shell=True,
        env=os.environ | env | {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
    )

    assert piped.stdout.count("\n") == 1
    assert piped.stderr == ""


@pytest.mark.parametrize(
    ("redirection", "code", "said"),
    [("> /dev/full", 74, "emailq: can't read or write: [Errno 28] No space left on device\n"), (">&-", 0, "")],
)
def test_output_that_can_not_be_written_is_told_in_one_line(redirection: str, code: int, said: str) -> None:
    done = subprocess.run(("sh", "-c", f"{EMAILQ} --help {redirection}"), capture_output=True, text=True)

    assert (done.returncode, done.stderr) == (code, said)


def test_what_the_terminal_can_not_show_is_escaped(tmp_path: Path) -> None:
    (tmp_path / "a.eml").write_text("From: Ann <ann@example.com>\nSubject: Счёт\n\nHi.\n", encoding="utf-8")
    environment = os.environ | {"PYTHONIOENCODING": "ascii"}
    done = subprocess.run((EMAILQ, "parse", tmp_path / "a.eml"), env=environment, capture_output=True, text=True)

    assert (done.returncode, done.stderr) == (0, "")
    assert "\\u0421\\u0447" in done.stdout
