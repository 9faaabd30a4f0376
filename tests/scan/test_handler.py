"""The virus scan with a real clamd: what is infected stops, what could not be scanned is never clean."""

import io
import zipfile
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import psycopg
import pytest

from emailq.app import App, open_app
from emailq.models import Job
from emailq.outcomes import Done, Next, Release, Retry
from emailq.queue.commit import _calls
from emailq.scan import clamd
from emailq.scan.clamd import ScanFailed, Verdict
from emailq.scan.handler import handle
from emailq.settings import load_settings
from tests.clamd_server import EICAR, EICAR_NAME, Clamd, start_clamd
from tests.commands import run_emailq
from tests.mails import add_email, claim, message
from tests.servers import free_ports


@pytest.fixture
def settings_given(scanner: Clamd) -> dict[str, Any]:
    return {"clamd": scanner.address}


def with_attachment(content: bytes, name: str = "a.bin") -> bytes:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "ann@example.com", "us@example.org", "Order"
    mail.set_content("see there")
    mail.add_attachment(content, maintype="application", subtype="octet-stream", filename=name)
    mail.set_boundary("b")  # the same each time
    return mail.as_bytes()


def zipped(content: bytes, *, is_encrypted: bool = False) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("invoice.com", content)
    found = bytearray(packed.getvalue())
    if is_encrypted:  # the flag in both headers; nobody can read it then
        found[6] |= 1
        found[found.index(b"PK\1\2") + 8] |= 1
    return bytes(found)


def nested(inner: bytes) -> bytes:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "bob@example.com", "us@example.org", "Fwd"
    mail.set_content("forwarded")
    carried = EmailMessage()
    carried["Subject"] = "inner"
    carried.set_content("x")
    carried.add_attachment(inner, maintype="application", subtype="octet-stream", filename="x.com")
    mail.add_attachment(carried)
    return mail.as_bytes()


async def scanned(app: App, raw: bytes, **which: int) -> tuple[Any, Job]:
    """The outcome for a message that was parsed, with its effects applied, and its job."""
    job = await claim(app, await add_email(app, raw), "virus_scan", **which)
    outcome = await handle(job, app)
    await apply(app, outcome)
    return outcome, job


async def apply(app: App, outcome: Any) -> None:
    async with app.pool.connection() as conn:
        for statement, args in _calls(outcome.effects if isinstance(outcome, Done) else ()):
            await conn.execute(statement, args)


async def rows(conn: psycopg.AsyncConnection, query: str) -> list[tuple[Any, ...]]:
    return await (await conn.execute(query)).fetchall()  # type: ignore[arg-type]


INFECTED = {
    "plain": message("x", EICAR.decode()),
    "base64": with_attachment(EICAR),
    "zipped": with_attachment(zipped(EICAR), "invoice.zip"),
    "zipped twice": with_attachment(zipped(zipped(EICAR)), "invoice.zip"),
    "nested mail": nested(EICAR),
    "zipped in nested mail": nested(zipped(EICAR)),
}


@pytest.mark.parametrize("raw", INFECTED.values(), ids=INFECTED.keys())
async def test_infected_mail_stops_and_waits_for_a_person(app: App, conn: psycopg.AsyncConnection, raw: bytes) -> None:
    outcome, _ = await scanned(app, raw)

    assert not outcome.next
    assert await rows(conn, "select review_reason from emails") == [(f"infected: {EICAR_NAME}",)]


async def test_the_infected_attachment_is_marked_and_no_other(app: App, conn: psycopg.AsyncConnection) -> None:
    mail = EmailMessage()
    mail["Subject"] = "two"
    mail.set_content("x")
    for content, name in ((EICAR, "bad.com"), (b"fine", "good.txt")):
        mail.add_attachment(content, maintype="application", subtype="octet-stream", filename=name)

    await scanned(app, mail.as_bytes())

    found = await rows(conn, "select filename, virus_scan_status, virus_scan_result ->> 'detail' from attachments")
    assert sorted(found) == [("bad.com", "infected", EICAR_NAME), ("good.txt", "clean", None)]


async def test_clean_mail_goes_on_to_be_labelled(app: App, conn: psycopg.AsyncConnection) -> None:
    outcome, job = await scanned(app, with_attachment(b"fine"))

    assert outcome.next == [Next("classification", job.priority)]
    assert await rows(conn, "select virus_scan_status, virus_scan_result ->> 'scanner' from attachments") == [
        ("clean", await clamd.version(app.settings.clamd or ""))
    ]


async def test_mail_that_is_labelled_is_scanned_again_and_stays_as_it_is(app: App) -> None:
    email_id = await add_email(app, with_attachment(b"fine"), classified_at="2026-11-28")

    outcome = await handle(await claim(app, email_id, "virus_scan"), app)

    assert isinstance(outcome, Done)
    assert outcome.next == []


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"\0\1\2\3" * 500_000, "larger than the scanner takes"),
        (zipped(b"secret", is_encrypted=True), "Heuristics.Encrypted.Zip"),
    ],
    ids=["too large", "encrypted"],
)
async def test_what_the_scanner_cannot_look_into_is_failed_and_goes_on(
    app: App, conn: psycopg.AsyncConnection, content: bytes, reason: str
) -> None:
    outcome, job = await scanned(app, with_attachment(content))

    [(status, detail)] = await rows(conn, "select virus_scan_status, virus_scan_result ->> 'detail' from attachments")
    assert (status, detail[: len(reason)]) == ("failed", reason)
    assert outcome.next == [Next("classification", job.priority)]


async def test_what_nests_too_deep_is_failed(app: App, conn: psycopg.AsyncConnection) -> None:
    content = b"x"
    for _ in range(30):
        content = zipped(content)

    await scanned(app, with_attachment(content))

    assert await rows(conn, "select virus_scan_status from attachments") == [("failed",)]


async def test_without_a_verdict_it_is_tried_again_and_ends_as_failed(
    app: App, conn: psycopg.AsyncConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def stuck(address: str, content: bytes, *, timeout_s: float) -> Verdict:
        raise ScanFailed("the scanner gave no verdict within 120 s")

    monkeypatch.setattr("emailq.scan.clamd.scan", stuck)

    first, _ = await scanned(app, with_attachment(b"fine"))
    last, _ = await scanned(app, with_attachment(b"fine"), attempt=3)

    assert first == Retry("the scanner gave no verdict within 120 s")
    assert isinstance(last, Done)
    assert await rows(conn, "select virus_scan_status from attachments") == [("failed",)]


async def test_a_scan_that_takes_too_long_has_no_verdict(scanner: Clamd) -> None:
    with pytest.raises(ScanFailed, match="no verdict within 1e-06 s"):
        await clamd.scan(scanner.address, b"x" * 500_000, timeout_s=0.000001)


async def test_while_the_scanner_is_down_items_wait_with_their_attempt(dsn: str, tmp_path: Path) -> None:
    [port] = free_ports(1)
    settings = load_settings({}, dsn=dsn, blob_dir=str(tmp_path / "blobs"), clamd=f"127.0.0.1:{port}")
    async with open_app(settings) as app:
        outcome, _ = await scanned(app, with_attachment(EICAR))

    assert isinstance(outcome, Release)
    assert outcome.pause_s
    assert "can't reach clamd" in outcome.reason


async def test_without_a_scanner_nothing_becomes_clean(dsn: str, conn: psycopg.AsyncConnection, tmp_path: Path) -> None:
    async with open_app(load_settings({}, dsn=dsn, blob_dir=str(tmp_path / "blobs"))) as app:
        outcome, _ = await scanned(app, with_attachment(EICAR))

    assert isinstance(outcome, Release)
    assert await rows(conn, "select virus_scan_status from attachments") == [("pending",)]


async def test_the_same_bytes_are_scanned_once_for_the_same_signatures(
    app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[bytes] = []
    signatures = "ClamAV 1.4.6/27800/Sat Nov 28 08:00:00 2026"

    async def version(address: str) -> str:
        return signatures

    async def scan(address: str, content: bytes, *, timeout_s: float) -> Verdict:
        sent.append(content)
        return Verdict("clean")

    monkeypatch.setattr("emailq.scan.clamd.version", version)
    monkeypatch.setattr("emailq.scan.clamd.scan", scan)
    first, second = with_attachment(b"the same"), with_attachment(b"the same").replace(b"Order", b"Again")

    await scanned(app, first)
    await scanned(app, second)
    signatures = signatures.replace("27800", "27801")
    await scanned(app, second)

    assert sent.count(b"the same") == 2
    assert len(sent) == 5


async def test_an_infection_found_later_is_one_in_every_message(app: App, conn: psycopg.AsyncConnection) -> None:
    await add_email(app, with_attachment(EICAR))
    await scanned(app, with_attachment(EICAR).replace(b"Order", b"Again"))

    assert await rows(conn, "select distinct virus_scan_status from attachments") == [("infected",)]


# ------------------------------------------------------------------------------------------ the whole way


def test_a_mailbox_with_a_virus_is_worked_off(dsn: str, db: psycopg.Connection, scanner: Clamd, tmp_path: Path) -> None:
    env = {"EMAILQ_DSN": dsn, "EMAILQ_BLOB_DIR": str(tmp_path / "blobs"), "EMAILQ_CLAMD": scanner.socket}
    (tmp_path / "bad.eml").write_bytes(INFECTED["zipped"])
    (tmp_path / "good.eml").write_bytes(with_attachment(b"fine", "list.txt"))

    run_emailq("ingest", tmp_path / "bad.eml", tmp_path / "good.eml", env=env)
    worked = run_emailq("worker", "--drain", env=env)

    assert worked.returncode == 0, worked.stderr
    assert db.execute(
        "select a.virus_scan_status, e.classified_at is not null, nullif(e.review_reason like 'infected%', false)"
        " from emails e join attachments a on a.email_id = e.id order by 1"
    ).fetchall() == [("clean", True, None), ("infected", False, True)]
    assert db.execute(
        "select queue_name from processing_queue q"
        " where exists (select from attachments a where a.email_id = q.email_id and virus_scan_status = 'infected')"
        " order by 1"
    ).fetchall() == [("parsing",), ("virus_scan",)]


def test_without_a_scanner_attachments_are_skipped_and_mail_is_labelled(
    dsn: str, db: psycopg.Connection, tmp_path: Path
) -> None:
    env = {"EMAILQ_DSN": dsn, "EMAILQ_BLOB_DIR": str(tmp_path / "blobs")}
    (tmp_path / "a.eml").write_bytes(with_attachment(b"fine", "list.txt"))

    run_emailq("ingest", tmp_path / "a.eml", env=env)
    run_emailq("worker", "--drain", env=env)

    assert db.execute("select virus_scan_status from attachments").fetchall() == [("skipped",)]
    assert db.execute("select count(*) from emails where classified_at is not null").fetchall() == [(1,)]


def test_doctor_tells_what_the_scanner_hides(dsn: str, scanner: Clamd, tmp_path: Path) -> None:
    env = {"EMAILQ_DSN": dsn, "EMAILQ_BLOB_DIR": str(tmp_path / "blobs")}
    with start_clamd(admits_its_limits=False) as silent:
        hides = run_emailq("doctor", env={**env, "EMAILQ_CLAMD": silent.address})
    tells = run_emailq("doctor", env={**env, "EMAILQ_CLAMD": scanner.address})
    down = run_emailq("doctor", env={**env, "EMAILQ_CLAMD": "127.0.0.1:1"})

    assert "set AlertExceedsMax yes" in hides.stdout
    assert "run freshclam" in tells.stdout
    assert down.returncode == 69
    assert "can't reach clamd at 127.0.0.1:1" in down.stdout
