"""The queue `parsing` with a real database: what a worker makes of accepted messages."""

import asyncio
import hashlib
import json
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from emailq.app import App, open_app
from emailq.blob_names import blob_key
from emailq.handlers import Served
from emailq.ingest.accept import Incoming, accept
from emailq.models import Job
from emailq.outcomes import Done, Reject, Retry
from emailq.parse.handler import handle
from emailq.queue.worker import Worker
from emailq.settings import load_settings
from tests.mails import claim, message
from tests.parse.mutations import mutated
from tests.parse.test_mail import CASES, MAIL

CSV = b"item;price\r\nflour;5\r\n"
WITH_FILE = (
    b"From: ann@example.com\r\nMessage-ID: <file@example.com>\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
    b"--b\r\n\r\nPrices attached.\r\n--b\r\nContent-Type: text/csv; name=p.csv\r\n\r\n" + CSV + b"\r\n--b--\r\n"
)


@pytest.fixture
def settings_given() -> dict[str, Any]:
    return {"parser_processes": 2}


async def accepted(app: App, raw: bytes) -> Job:
    """The message's job as a worker would hold it."""
    [found] = await accept(app.pool, app.blobs, [Incoming(raw, "shop", "test")])
    return await claim(app, found.email_id, "parsing")


async def drain(app: App) -> None:
    await Worker(app, {"parsing": Served("emailq.parse.handler:handle", 16)}).run(drain=True)


async def test_attachments_are_stored_byte_for_byte(app: App) -> None:
    outcome = await handle(await accepted(app, WITH_FILE), app)

    assert isinstance(outcome, Done)
    assert await app.blobs.get(hashlib.sha256(CSV).hexdigest()) == CSV


async def test_each_of_many_jobs_gets_its_own_message(app: App) -> None:
    jobs = [await accepted(app, message(f"number {number}", "hello")) for number in range(30)]

    outcomes = await asyncio.gather(*(handle(job, app) for job in jobs))

    subjects = [json.loads(outcome.effects[0].args[1])["subject"] for outcome in outcomes if isinstance(outcome, Done)]
    assert subjects == [f"number {number}" for number in range(30)]


async def test_an_e_mail_that_is_gone_is_rejected(app: App) -> None:
    job = await accepted(app, WITH_FILE)

    outcome = await handle(job._replace(email_id=uuid4()), app)

    assert outcome == Reject("the e-mail is gone")


async def test_a_damaged_raw_message_is_rejected_and_a_missing_one_tried_again(app: App, tmp_path: Path) -> None:
    job = await accepted(app, WITH_FILE)
    blob = tmp_path / "blobs" / blob_key(hashlib.sha256(WITH_FILE).hexdigest())

    blob.write_bytes(b"other bytes")
    damaged = await handle(job, app)
    blob.unlink()
    missing = await handle(job, app)

    assert isinstance(damaged, Reject)
    assert isinstance(missing, Retry)


@pytest.mark.parametrize(
    "numbers", [range(300), pytest.param(range(300, 3_000), marks=[pytest.mark.long, pytest.mark.timeout(1200)])]
)
async def test_every_fixture_and_mutated_messages_become_rows_without_an_error_of_the_database(
    app: App, numbers: range
) -> None:
    raws = [(MAIL / f"{name}.eml").read_bytes() for name in CASES] + [mutated(number) for number in numbers]
    messages = [Incoming(raw, "shop", "test") for raw in raws if raw.strip()]

    found = [
        one
        for start in range(0, len(messages), 500)
        for one in await accept(app.pool, app.blobs, messages[start : start + 500])
    ]
    await drain(app)

    async with app.pool.connection() as conn:
        cursor = await conn.execute("select id, last_error from processing_queue where queue_name = 'parsing'")
        errors = {error for _, error in await cursor.fetchall() if error}
        cursor = await conn.execute("select count(*) from emails where parsed_at is not null")
        [parsed] = await cursor.fetchall()
    assert errors <= {"no headers: this is not a message"}
    assert parsed[0] == len({one.email_id for one in found})


@pytest.mark.parametrize(
    ("sender", "to", "automation"),
    [
        ("shop@ours.example", "ann@example.com", "own_mail"),
        ("nora@ours.example", "ann@example.com", "own_mail"),
        ("nora@ours.example", "shop@ours.example", None),
        ("ann@example.com", "bob@example.net", None),
        ("иван@почта.рф", "ann@example.com", "own_mail"),
    ],
)
async def test_what_our_people_write_to_others_is_our_own_mail(
    dsn: str, tmp_path: Path, sender: str, to: str, automation: str | None
) -> None:
    own = {"account": "shop@ours.example", "own_addresses": "ours.example, xn--80a1acny.xn--p1ai"}
    raw = f"From: {sender}\r\nTo: {to}\r\nCc: shop@ours.example\r\nSubject: Order\r\n\r\nThe price is 5.\r\n".encode()

    async with open_app(load_settings({}, dsn=dsn, blob_dir=str(tmp_path / "blobs"), **own)) as app:
        await accepted(app, raw)
        await drain(app)
        async with app.pool.connection() as conn:
            found = await (await conn.execute("select automation from emails")).fetchall()

    assert found == [(automation,)]
