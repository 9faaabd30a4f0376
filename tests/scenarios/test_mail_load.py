"""Many workers, one sender, one mailbox: nothing fails, nothing is counted twice, nothing is lost."""

import asyncio
from contextlib import ExitStack
from typing import Any

import psycopg
import pytest

from emailq.app import App
from emailq.ingest.accept import Incoming, accept
from tests.commands import start_emailq
from tests.items import value

LONG = pytest.mark.long


@pytest.fixture
def settings_given() -> dict[str, Any]:
    return {"pool_size": 8}


def letter(number: int, parent: int | None = None) -> bytes:
    reply = f"In-Reply-To: <{parent}@example.com>\r\n" if parent is not None else ""
    return (
        f"From: Ann <ann@example.com>\r\nTo: Shop <us@example.org>\r\nSubject: Order {number % 7}\r\n"
        f"Message-ID: <{number}@example.com>\r\n{reply}\r\nTen bars, please ({number}).\r\n"
    ).encode()


@pytest.mark.parametrize(
    ("workers", "count"), [(3, 240), pytest.param(8, 5000, marks=[LONG, pytest.mark.timeout(900)])]
)
async def test_workers_share_a_sender_and_the_counts_are_exact(
    app: App, dsn: str, db: psycopg.Connection, workers: int, count: int
) -> None:
    """Every tenth message begins a conversation; the nine after it answer one another, and are parsed in any order."""
    raws = [letter(n, n - 1 if n % 10 else None) for n in range(count)]
    for start in range(0, count, 250):
        await accept(app.pool, app.blobs, [Incoming(raw, "shop", "test") for raw in raws[start : start + 250]])
    env = {"EMAILQ_DSN": dsn, "EMAILQ_BLOB_DIR": str(app.settings.blob_dir), "EMAILQ_PARSER_PROCESSES": "1"}

    with ExitStack() as stack:
        running = [
            stack.enter_context(start_emailq("worker", "--queue", "parsing", "--drain", env=env))
            for _ in range(workers)
        ]
        ends = [await asyncio.to_thread(one.communicate, timeout=850) for one in running]

    assert [one.returncode for one in running] == [0] * workers, ends
    assert (
        value(db, "select count(*) from processing_queue where queue_name = 'parsing' and status <> 'completed'") == 0
    )
    assert value(db, "select count(*) from processing_queue where last_error is not null") == 0
    assert dict(
        db.execute("select email, array[emails_sent_count, emails_received_count] from contacts").fetchall()
    ) == {"ann@example.com": [count, 0], "us@example.org": [0, count]}
    assert db.execute("select email_count, count(*) from threads group by 1").fetchall() == [(10, count // 10)]


@pytest.mark.parametrize(("fetchers", "fetches"), [(8, 25), pytest.param(8, 1250, marks=LONG)])
async def test_the_same_mail_fetched_again_and_again_is_one_message(
    app: App, db: psycopg.Connection, fetchers: int, fetches: int
) -> None:
    async def fetch(number: int) -> None:
        for _ in range(fetches):
            raw = f"Received: from relay{number % 3}\r\n".encode() + letter(1)
            account = "shop" if number % 2 else "office"
            await accept(app.pool, app.blobs, [Incoming(raw, account, "test", uidvalidity=1, uid=7)])

    await asyncio.gather(*(fetch(number) for number in range(fetchers)))

    assert value(db, "select count(*) from emails") == 1
    assert value(db, "select count(*) from processing_queue") == 1
    assert db.execute("select account, count(*) from email_deliveries group by 1 order by 1").fetchall() == [
        ("office", 1),
        ("shop", 1),
    ]


async def test_other_content_under_one_message_id_is_flagged_even_if_both_come_at_once(
    app: App, dsn: str, db: psycopg.Connection
) -> None:
    raws = [letter(1) + f"version {n}\r\n".encode() for n in range(4)]
    env = {"EMAILQ_DSN": dsn, "EMAILQ_BLOB_DIR": str(app.settings.blob_dir)}

    await asyncio.gather(*(accept(app.pool, app.blobs, [Incoming(raw, "shop", "test")]) for raw in raws))
    with start_emailq("worker", "--queue", "parsing", "--drain", env=env) as worker:
        await asyncio.to_thread(worker.communicate, timeout=60)

    assert db.execute("select message_id_conflict, count(*) from emails group by 1 order by 1").fetchall() == [
        (False, 1),
        (True, 3),
    ]
