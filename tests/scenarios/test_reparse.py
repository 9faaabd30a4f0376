"""`emailq reparse` makes everything anew from the raw bytes, and nobody can tell but by the time."""

from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.commands import run_emailq
from tests.items import value
from tests.mails import message

TABLES = (
    *("emails", "email_deliveries", "attachments", "contacts", "threads", "thread_message_ids"),
    *("classification_history", "erp_actions"),
)
ORDER = (
    b"From: Ann <ann@example.com>\r\nTo: Shop <us@example.org>\r\nSubject: Order\r\nMessage-ID: <1@example.com>\r\n"
    b'Content-Type: multipart/mixed; boundary="x"\r\n\r\n'
    b"--x\r\nContent-Type: text/plain\r\n\r\nTen bars, please.\r\n"
    b'--x\r\nContent-Type: text/csv; name="list.csv"\r\nContent-Disposition: attachment\r\n\r\na;b\r\n--x--\r\n'
)
ANSWER = message("Re: Order", "Two more.", headers="In-Reply-To: <1@example.com>\r\n")
BROKEN = b"Subject: no sender, no id\r\nDate: yesterday\r\n\r\nhm\r\n"


@pytest.fixture
def env(dsn: str, tmp_path: Path) -> dict[str, str]:
    mailbox = tmp_path / "mail"
    mailbox.mkdir()
    for name, raw in (("1.eml", ORDER), ("2.eml", ANSWER), ("3.eml", BROKEN), ("4.eml", b"Received: by x\r\n" + ORDER)):
        (mailbox / name).write_bytes(raw)
    env = {"EMAILQ_DSN": dsn, "EMAILQ_BLOB_DIR": str(tmp_path / "blobs")}
    run_emailq("ingest", mailbox, env=env)
    return env


@pytest.fixture
def worked_env(env: dict[str, str]) -> dict[str, str]:
    run_emailq("worker", "--drain", env=env)
    return env


def everything(db: psycopg.Connection) -> dict[str, list[Any]]:
    return {
        table: db.execute(
            f"select to_jsonb(t) - 'updated_at' - 'parsed_at' as row from {table} t order by row"  # type: ignore[arg-type]  # noqa: S608
        ).fetchall()
        for table in TABLES
    }


def test_a_reparse_of_all_changes_nothing(worked_env: dict[str, str], db: psycopg.Connection) -> None:
    before, parsed_at = everything(db), value(db, "select max(parsed_at) from emails")

    asked = run_emailq("reparse", "--all", env=worked_env)
    worked = run_emailq("worker", "--drain", env=worked_env)

    assert asked.stdout == "3 enqueued: a worker parses them\n"
    assert worked.returncode == 0, worked.stderr
    jobs = "select status, last_error, count(*) from processing_queue where queue_name = 'parsing' group by 1, 2"
    assert db.execute(jobs).fetchall() == [("completed", None, 6)], worked.stderr
    assert value(db, "select min(parsed_at) from emails") > parsed_at
    assert everything(db) == before


def test_a_reparse_repairs_what_was_spoilt(worked_env: dict[str, str], db: psycopg.Connection) -> None:
    before = everything(db)
    db.execute("update emails set subject = 'x', body_text = null, from_name = 'x', defects = '{}', language = 'xx'")
    db.execute("delete from email_search")
    db.execute("update attachments set filename = 'x', virus_scan_status = 'clean'")

    run_emailq("reparse", "--all", env=worked_env)
    run_emailq("worker", "--drain", env=worked_env)

    db_now = everything(db)
    assert [row["virus_scan_status"] for (row,) in db_now["attachments"]] == ["clean"]
    db.execute("update attachments set virus_scan_status = 'skipped'")
    assert everything(db) == before
    assert value(db, "select count(*) from email_search") == 3


def test_emails_are_chosen_by_id_and_by_defect(worked_env: dict[str, str], db: psycopg.Connection) -> None:
    email_id = value(db, "select id from emails where message_id = '1@example.com'")

    by_id = run_emailq("reparse", "--json", str(email_id)[:8], env=worked_env)
    again = run_emailq("reparse", "--json", str(email_id), env=worked_env)
    by_defect = run_emailq("reparse", "--json", "--defect", "date-invalid", env=worked_env)

    assert [one.stdout for one in (by_id, again, by_defect)] == [f'{{"enqueued": {count}}}\n' for count in (1, 0, 1)]


def test_what_is_to_be_parsed_again_must_be_named(env: dict[str, str]) -> None:
    answers = [run_emailq("reparse", *args, env=env) for args in ((), ("--all", "--defect", "x"), ("abcd1234",))]

    assert [one.returncode for one in answers] == [64, 64, 65]
    assert answers[0].stderr == "emailq: name the e-mails to parse again, or give --all or --defect CODE\n"


def test_mail_made_by_hand_has_nothing_to_be_parsed_from(env: dict[str, str], db: psycopg.Connection) -> None:
    db.execute("insert into emails (message_id, subject, received_at) values ('hand@example.com', 'by hand', now())")

    answer = run_emailq("reparse", "--json", "--all", env=env)

    assert answer.stdout == '{"enqueued": 0}\n'  # the others wait for their first parse
