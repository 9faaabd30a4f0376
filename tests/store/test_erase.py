"""Forgetting a person and keeping mail no longer than asked: looked for byte by byte in a dump and in the blobs."""

import asyncio
import subprocess
from collections.abc import AsyncIterator
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg.types.json import Jsonb

from emailq.app import App, open_app
from emailq.errors import Unavailable
from emailq.ingest.accept import Incoming, accept
from emailq.parse.values import address_forms
from emailq.settings import Settings, load_settings
from emailq.store.audit import verify
from emailq.store.erase import erase, find_traces, forget
from tests.commands import run_emailq
from tests.mails import add_email, message
from tests.servers import PostgresServer, S3Server

ANN = "Ann.Body@example.com"
LABEL = {"intent": "order", "confidence": 0.9, "decided_by": "model", "decision": "accepted"}


@pytest.fixture(params=["directory", "s3"])
def settings(request: pytest.FixtureRequest, dsn: str, tmp_path: Path) -> Settings:
    if request.param == "directory":
        return load_settings({}, dsn=dsn, blob_dir=str(tmp_path / "blobs"))
    server: S3Server = request.getfixturevalue("s3")
    keys = {"s3_access_key": server.access_key, "s3_secret_key": server.secret_key, "s3_endpoint": server.endpoint}
    return load_settings({}, dsn=dsn, blobs="s3", s3_bucket=request.getfixturevalue("s3_bucket"), **keys)


@pytest.fixture
async def app(settings: Settings) -> AsyncIterator[App]:
    async with open_app(settings) as opened:
        yield opened


def mail(sender: str, to: str, text: str, *, attachment: bytes | None = None, encoding: str = "7bit") -> bytes:
    found = EmailMessage()
    found["From"], found["To"], found["Subject"] = sender, to, f"about {hash((sender, to, text))}"
    found.set_content(text, cte=encoding)
    if attachment:
        found.add_attachment(attachment, maintype="text", subtype="csv", filename="people.csv")
    return found.as_bytes()


NAMING = {
    "sender": mail(f"Ann <{ANN}>", "us@example.org", "hello"),
    "recipient": mail("us@example.org", ANN.upper(), "hello"),
    "in the text": mail("bob@example.com", "us@example.org", f"ask {ANN} please"),
    "in base64": mail("bob@example.com", "us@example.org", f"ask {ANN.lower()} please", encoding="base64"),
    "in an attachment": mail("bob@example.com", "us@example.org", "list", attachment=f"n;{ANN}\n".encode()),
}
OTHER = mail("bob@example.com", "us@example.org", "nothing of the kind", attachment=b"n;carl@example.com\n")


async def bytes_of(app: App) -> bytes:
    names = [one.name async for listed in app.blobs.stored() for one in listed]
    return b"\n".join([await app.blobs.get(name) for name in names])


def dump(server: PostgresServer, dsn: str) -> bytes:
    program = server.installation.bin / "pg_dump"
    return subprocess.run([program, "--inserts", dsn], check=True, capture_output=True).stdout


def occurs(text: str, content: bytes) -> bool:
    """As text, or as the hexadecimal digits of a bytea."""
    return text.lower().encode() in content.lower() or text.lower().encode().hex().encode() in content.lower()


async def rows(conn: psycopg.AsyncConnection, query: str) -> list[tuple[Any, ...]]:
    return await (await conn.execute(query)).fetchall()  # type: ignore[arg-type]


async def test_after_forgetting_no_byte_of_a_person_is_left(
    app: App, dsn: str, conn: psycopg.AsyncConnection, pg_server: PostgresServer
) -> None:
    for raw in (*NAMING.values(), OTHER):
        await add_email(app, raw)
    label = LABEL | {"prompt": f"from {ANN}"}
    await conn.execute(
        "select record_classification(id, %s) from emails where from_address is not null", (Jsonb(label),)
    )
    await conn.execute(
        "delete from classification_history h using emails e where h.email_id = e.id and e.raw_sha256 = sha256(%s)",
        (OTHER,),
    )
    assert occurs(ANN, dump(pg_server, dsn))

    traces = await find_traces(conn, app.blobs, [ANN])
    await forget(conn, app.blobs, traces)

    assert len(traces.email_ids) == len(NAMING)
    assert not occurs(ANN, dump(pg_server, dsn))
    assert not occurs(ANN, await bytes_of(app))
    assert await rows(conn, "select count(*) from emails") == [(1,)]
    audit = await verify(conn, app.blobs, grace_s=0, read=True)
    assert (audit.named, audit.problems, audit.orphans) == (2, [], [])


@pytest.mark.parametrize("asked", ["ivan@почта.рф", "ivan@xn--80a1acny.xn--p1ai"])
async def test_an_address_is_forgotten_in_both_forms_of_its_domain(
    app: App, dsn: str, conn: psycopg.AsyncConnection, pg_server: PostgresServer, asked: str
) -> None:
    letters, ascii_only = "ivan@почта.рф", "ivan@xn--80a1acny.xn--p1ai"
    await add_email(app, mail(ascii_only, "us@example.org", "hello"))
    await add_email(app, mail("bob@example.com", "us@example.org", f"ask {ascii_only}"))
    await add_email(app, mail("bob@example.com", "us@example.org", f"ask {letters}", encoding="8bit"))

    await forget(conn, app.blobs, await find_traces(conn, app.blobs, address_forms(asked)))

    for form in (letters, ascii_only):
        assert not occurs(form, dump(pg_server, dsn))
        assert not occurs(form, await bytes_of(app))


async def test_what_was_erased_does_not_come_back(app: App, conn: psycopg.AsyncConnection) -> None:
    await accept(app.pool, app.blobs, [Incoming(NAMING["sender"], "shop", "test", uidvalidity=7, uid=3)])
    await forget(conn, app.blobs, await find_traces(conn, app.blobs, [ANN]))

    [again, other] = await accept(
        app.pool, app.blobs, [Incoming(NAMING["sender"], "office", "test"), Incoming(OTHER, "office", "test")]
    )

    assert (again.email_id, again.is_new, other.is_new) == (None, False, True)
    assert not occurs(ANN, await bytes_of(app))
    assert await rows(conn, "select uid, reason from imap_left_out") == [(3, "erased")]
    assert await rows(conn, "select unknown_imap_uids('shop', 'INBOX', 7, array[3, 4])") == [(4,)]


async def test_threads_and_contacts_are_those_of_the_mail_that_stays(app: App, conn: psycopg.AsyncConnection) -> None:
    first = message("Order", "hello", sender=ANN, headers="")
    message_id = first.split(b"Message-ID: ")[1].split(b"\r\n")[0].decode()
    reply = message("Re: Order", "thanks", sender="us@example.org", headers=f"In-Reply-To: {message_id}\r\n")
    await add_email(app, first)
    await add_email(app, reply)
    [(erased,)] = await rows(conn, "select id from emails where from_address = 'ann.body@example.com'")

    await erase(conn, app.blobs, [erased])

    assert await rows(conn, "select email_count, participant_emails from threads") == [(1, ["us@example.org"])]
    assert await rows(conn, "select email from contacts") == [("us@example.org",)]


async def test_a_blob_that_others_have_too_stays(app: App, conn: psycopg.AsyncConnection) -> None:
    shared = b"n;1\n"
    await add_email(app, mail(ANN, "us@example.org", "a", attachment=shared))
    await add_email(app, mail("bob@example.com", "us@example.org", "b", attachment=shared))

    await forget(conn, app.blobs, await find_traces(conn, app.blobs, [ANN]))

    assert (await verify(conn, app.blobs, grace_s=0, read=True)).problems == []


async def test_erasing_waits_for_work_and_lets_none_begin(
    app: App, conn: psycopg.AsyncConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("emailq.store.erase._BUSY_S", 0)
    [one] = await accept(app.pool, app.blobs, [Incoming(OTHER, "shop", "test")])
    assert one.email_id
    await conn.execute("update processing_queue set status = 'processing', worker_id = 1, attempts = 1")

    with pytest.raises(Unavailable, match="1 items of these messages are being worked on"):
        await erase(conn, app.blobs, [one.email_id])
    await conn.execute("update processing_queue set status = 'pending', worker_id = null")
    await erase(conn, app.blobs, [one.email_id])

    assert await rows(conn, "select count(*) from emails") == [(0,)]


async def test_the_command_asks_first(dsn: str, conn: psycopg.AsyncConnection, tmp_path: Path) -> None:
    env = {"EMAILQ_DSN": dsn, "EMAILQ_BLOB_DIR": str(tmp_path / "blobs")}
    async with open_app(load_settings({}, dsn=dsn, blob_dir=str(tmp_path / "blobs"))) as app:
        await add_email(app, NAMING["sender"])
        await add_email(app, OTHER)

    refused = await asyncio.to_thread(run_emailq, "forget", ANN, env=env, input="n\n")
    typo = await asyncio.to_thread(run_emailq, "forget", "ann", env=env)
    done = await asyncio.to_thread(run_emailq, "forget", ANN, "--yes", env=env)

    assert "Erase 1 messages for good?" in refused.stderr
    assert (refused.returncode, typo.returncode) == (130, 64)
    assert done.stdout == "1 messages and 1 blobs erased\n", done.stderr
    assert await rows(conn, "select count(*) from emails") == [(1,)]


# ------------------------------------------------------------------------------------------ retention


async def test_messages_go_on_the_day_that_their_state_says(
    dsn: str, conn: psycopg.AsyncConnection, tmp_path: Path
) -> None:
    env = {"EMAILQ_DSN": dsn, "EMAILQ_BLOB_DIR": str(tmp_path / "blobs")}
    async with open_app(load_settings({}, dsn=dsn, blob_dir=str(tmp_path / "blobs"))) as app:
        for state, days in (("done", 29), ("done", 31), ("review", 31), ("review", 91), ("failed", 364), ("busy", 999)):
            email_id = await add_email(app, message(f"{state} {days}", "x"))
            await conn.execute(
                "update emails set received_at = now() - make_interval(days => %s), review_reason = %s where id = %s",
                (days, "look" if state == "review" else None, email_id),
            )
            if state in ("failed", "busy"):
                status = {"failed": "failed", "busy": "pending"}[state]
                await conn.execute(
                    "insert into processing_queue (email_id, queue_name, status) values (%s, 'parsing', %s)",
                    (email_id, "pending"),
                )
                await conn.execute("update processing_queue set status = %s where email_id = %s", (status, email_id))
    await conn.execute(
        "update email_retention set keep = case state when 'done' then interval '30 days'"
        " when 'review' then interval '90 days' when 'failed' then interval '365 days' end"
    )

    counted = await asyncio.to_thread(run_emailq, "retention", "--dry-run", env=env)
    erased = await asyncio.to_thread(run_emailq, "retention", env=env)
    again = await asyncio.to_thread(run_emailq, "retention", env=env)

    assert counted.stdout == (
        "done: 1 due, 1 more within 7 days\nfailed: 0 due, 1 more within 7 days\nreview: 1 due, 0 more within 7 days\n"
    )
    assert "done: 1 erased" in erased.stdout
    assert "done: 0 erased" in again.stdout
    assert await rows(conn, "select subject from emails order by subject") == [
        ("busy 999",),
        ("done 29",),
        ("failed 364",),
        ("review 31",),
    ]


async def test_by_default_mail_is_kept_for_ever(dsn: str, conn: psycopg.AsyncConnection, tmp_path: Path) -> None:
    env = {"EMAILQ_DSN": dsn, "EMAILQ_BLOB_DIR": str(tmp_path / "blobs")}
    async with open_app(load_settings({}, dsn=dsn, blob_dir=str(tmp_path / "blobs"))) as app:
        await add_email(app, OTHER, received_at="1999-01-01")

    done = await asyncio.to_thread(run_emailq, "retention", env=env)

    assert done.stdout == "nothing is due, nor within 7 days\n"
    assert await rows(conn, "select count(*) from emails") == [(1,)]


async def test_old_prompts_are_emptied_and_decisions_stay(
    dsn: str, conn: psycopg.AsyncConnection, tmp_path: Path
) -> None:
    async with open_app(load_settings({}, dsn=dsn, blob_dir=str(tmp_path / "blobs"))) as app:
        await add_email(app, OTHER)
    label = LABEL | {"prompt": "p"}
    await conn.execute("select record_classification(id, %s) from emails", (Jsonb(label),))
    await conn.execute("update classification_history set classified_at = now() - interval '31 days'")
    await conn.execute("update email_retention set keep = '30 days' where state = 'prompts'")

    await conn.execute("select empty_old_prompts(queue_now())")

    assert await rows(conn, "select intent, llm_prompt from classification_history") == [("order", None)]
