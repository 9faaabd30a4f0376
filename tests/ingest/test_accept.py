"""Accepting: bytes first, then rows; what is one message and what are two."""

import base64
import binascii
import hashlib
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from emailq.app import App, open_app
from emailq.errors import Unavailable
from emailq.ingest.accept import Accepted, Incoming, accept, content_digest
from emailq.parse.headers import parse_headers
from emailq.settings import load_settings

MESSAGE = (
    b"Received: from mx1 by mail; Tue, 10 Nov 2026 08:00:00 +0000\r\nFrom: Ann <Ann@Example.com>\r\n"
    b"To: us@example.org\r\nSubject: Order\r\nMessage-ID: <1@example.com>\r\n\r\nTen bars, please.\r\n"
)


async def take(app: App, *raws: bytes, account: str = "shop", **where: int) -> list[Accepted]:
    return await accept(app.pool, app.blobs, [Incoming(raw, account, "test", **where) for raw in raws])


async def rows(conn: psycopg.AsyncConnection, query: str) -> list[tuple[object, ...]]:
    return await (await conn.execute(query)).fetchall()  # type: ignore[arg-type]


async def test_an_accepted_message_has_its_bytes_its_rows_and_one_item(app: App, conn: psycopg.AsyncConnection) -> None:
    [accepted] = await take(app, MESSAGE)

    assert await app.blobs.get(hashlib.sha256(MESSAGE).hexdigest()) == MESSAGE
    assert await rows(
        conn, "select message_id, from_address, from_name, subject, received_at::date::text, parsed_at from emails"
    ) == [("1@example.com", "ann@example.com", "Ann", "Order", "2026-11-10", None)]
    assert await rows(conn, "select email_id, queue_name, status from processing_queue") == [
        (accepted.email_id, "parsing", "pending")
    ]


async def test_the_same_mail_over_another_route_is_one_message_and_two_deliveries(
    app: App, conn: psycopg.AsyncConnection
) -> None:
    again = MESSAGE.replace(b"from mx1 by", b"from mx2 by").replace(b"\r\n", b"\n")

    first, second = await take(app, MESSAGE, again)

    assert first.email_id == second.email_id
    assert (first.is_new, second.is_new, second.is_new_delivery) == (True, False, True)
    assert await rows(conn, "select count(*) from email_deliveries") == [(2,)]
    assert await rows(conn, "select count(*) from processing_queue") == [(1,)]


@pytest.mark.parametrize(
    ("encoding", "encode"), [(b"quoted-printable", binascii.b2a_qp), (b"base64", base64.encodebytes), (b"8bit", bytes)]
)
async def test_a_relay_that_encodes_the_text_anew_makes_no_other_message(
    app: App, encoding: bytes, encode: Callable[[bytes], bytes]
) -> None:
    head, text = MESSAGE.removesuffix(b"\r\n\r\nTen bars, please.\r\n"), "Zehn Stück, bitte.\n".encode()
    direct = head + b"\r\n\r\n" + text.replace(b"\n", b"\r\n")
    relayed = head + b"\r\nContent-Transfer-Encoding: " + encoding + b"\r\n\r\n" + encode(text)

    first, second = await take(app, direct, relayed)

    assert first.email_id == second.email_id


@pytest.mark.parametrize("end", [b"\n", b"\r", b"\r\r\n"])
def test_line_ends_make_no_other_message(end: bytes) -> None:
    other = MESSAGE.replace(b"\r\n", end)

    assert content_digest(other, parse_headers(other)) == content_digest(MESSAGE, parse_headers(MESSAGE))


async def test_each_delivery_is_a_line_in_the_log(app: App, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("INFO", logger="emailq"):
        for account in ("shop", "shop", "office"):
            await take(app, MESSAGE, account=account)

    assert [record.message for record in caplog.records] == ["email.new", "email.known", "email.delivered"]


async def test_the_same_file_again_changes_nothing(app: App, conn: psycopg.AsyncConnection) -> None:
    await take(app, MESSAGE)

    [again] = await take(app, MESSAGE)

    assert (again.is_new, again.is_new_delivery) == (False, False)
    assert await rows(conn, "select count(*) from email_deliveries") == [(1,)]


async def test_two_mailboxes_are_two_deliveries(app: App, conn: psycopg.AsyncConnection) -> None:
    await take(app, MESSAGE, account="shop")
    await take(app, MESSAGE, account="office")

    assert await rows(conn, "select count(*) from emails") == [(1,)]
    assert await rows(conn, "select account from email_deliveries order by 1") == [("office",), ("shop",)]


async def test_other_content_under_a_known_message_id_is_kept_and_flagged(
    app: App, conn: psycopg.AsyncConnection
) -> None:
    await take(app, MESSAGE)

    [other] = await take(app, MESSAGE.replace(b"Ten bars", b"Ten thousand bars"))

    assert other.is_new
    assert await rows(conn, "select message_id_conflict from emails order by created_at") == [(False,), (True,)]


@pytest.mark.parametrize("field", [b"", b"Message-ID: <null>\r\n"])
async def test_a_message_without_an_id_gets_one_from_its_content(
    app: App, conn: psycopg.AsyncConnection, field: bytes
) -> None:
    raw = MESSAGE.replace(b"Message-ID: <1@example.com>\r\n", field)

    first, second = [(await take(app, raw))[0] for _ in range(2)]

    assert first.email_id == second.email_id
    [(message_id,)] = await rows(conn, "select message_id from emails")
    assert str(message_id).startswith("synthetic:")


@pytest.mark.parametrize(
    "raw",
    [
        b"\x89PNG\r\n\x1a\n\x00\x00",
        b"\x00",
        b"From: \xff\xfe\r\nSubject: =?utf-8?q?a=00b?=\r\n\r\n",
        b"From: " + bytes(range(65, 91)) * 4000 + b"@example.com\r\n\r\n",
        b"From: " + "ж".encode() * 9000 + b"@example.com\r\n\r\n",
        b"Message-ID: <" + b"x" * 2000 + b"@y>\r\nTo: " + b"(" * 2000 + b"\r\n\r\n",
        b"Date: Tue, 10 Nov 99999999999999999999 00:00:00 +9999\r\n\r\n",
        b"Subject: \xed\xa0\x80\r\nFrom: a)<b@evil\r\n\r\nhi",
    ],
)
async def test_any_bytes_get_their_row(app: App, conn: psycopg.AsyncConnection, raw: bytes) -> None:
    [accepted] = await take(app, raw)

    assert accepted.is_new
    assert await rows(conn, "select raw_sha256 from emails") == [(hashlib.sha256(raw).digest(),)]


async def test_imap_uids_tell_deliveries_apart(app: App, conn: psycopg.AsyncConnection) -> None:
    await take(app, MESSAGE, uidvalidity=1, uid=7)

    [again] = await take(app, MESSAGE, uidvalidity=1, uid=7)
    [moved] = await take(app, MESSAGE, uidvalidity=2, uid=7)

    assert (again.is_new_delivery, moved.is_new_delivery) == (False, True)
    assert await rows(conn, "select count(*) from email_deliveries") == [(2,)]


async def test_nothing_is_written_when_the_bytes_cannot_be_kept(
    dsn: str, conn: psycopg.AsyncConnection, tmp_path: Path
) -> None:
    (tmp_path / "blobs").write_text("a file where the folder should be")

    async with open_app(load_settings({}, dsn=dsn, blob_dir=str(tmp_path / "blobs"))) as app:
        with pytest.raises(Unavailable, match="can't write to the blob directory"):
            await take(app, MESSAGE)

    assert await rows(conn, "select count(*) from emails") == [(0,)]
