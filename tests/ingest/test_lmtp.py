"""LMTP with a real client: 250 means durable, everything else means that the server keeps the message."""

import asyncio
import os
import signal
import smtplib
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import psycopg
import pytest

from emailq.app import App
from emailq.errors import Unavailable, UsageError
from emailq.ingest.lmtp import serve_lmtp
from tests.commands import run_emailq, start_emailq
from tests.mails import message
from tests.servers import free_ports
from tests.waiting import wait_until, wait_until_async

ORDER = message("Order 7", "Seven boxes.\n.\n..dots\n")


@pytest.fixture
def settings_given() -> dict[str, Any]:
    return {"max_message_bytes": 200_000}


@pytest.fixture
async def port(app: App) -> AsyncIterator[int]:
    async with listening(app) as port:
        yield port


@asynccontextmanager
async def listening(app: App) -> AsyncIterator[int]:
    [port] = free_ports(1)
    task = asyncio.create_task(serve_lmtp(app, f"127.0.0.1:{port}", None))
    try:
        await wait_until_async(lambda: is_open(port))
        yield port
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


def is_open(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port)).close()
    except OSError:
        return False
    return True


async def send(port: int, raw: bytes, *recipients: str, sender: str = "ann@example.com") -> tuple[int, bytes]:
    def run() -> tuple[int, bytes]:
        with smtplib.LMTP("127.0.0.1", port) as client:
            try:
                client.sendmail(sender, list(recipients) or ["us@example.org"], raw)
            except smtplib.SMTPDataError as error:
                return error.smtp_code, bytes(error.smtp_error)
            except smtplib.SMTPSenderRefused as error:
                return error.smtp_code, bytes(error.smtp_error)
            return 250, b""

    return await asyncio.to_thread(run)


async def talk(port: int, *lines: bytes) -> list[bytes]:
    """All that the server says to these lines, sent at once."""

    def run() -> list[bytes]:
        with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
            connection.sendall(b"".join(lines))
            with connection.makefile("rb") as answers:
                return [line.rstrip() for line in answers]

    return await asyncio.to_thread(run)


async def rows(conn: psycopg.AsyncConnection, query: str) -> list[tuple[Any, ...]]:
    return await (await conn.execute(query)).fetchall()  # type: ignore[arg-type]


async def test_a_message_is_durable_when_250_is_said(app: App, conn: psycopg.AsyncConnection, port: int) -> None:
    answer = await send(port, ORDER)

    [(account, name)] = await rows(conn, "select account, encode(raw_sha256, 'hex') from email_deliveries")
    assert answer[0] == 250
    assert (account, await app.blobs.get(name)) == ("us@example.org", ORDER)
    assert await rows(conn, "select queue_name, status from processing_queue") == [("parsing", "pending")]


async def test_each_recipient_gets_an_answer_and_a_delivery(conn: psycopg.AsyncConnection, port: int) -> None:
    said = await talk(
        port,
        b"LHLO here\r\nMAIL FROM:<ann@example.com>\r\nRCPT TO:<a@example.org>\r\nRCPT TO:<B@example.org>\r\nDATA\r\n",
        ORDER.replace(b"\r\n.", b"\r\n.."),
        b".\r\nQUIT\r\n",
    )

    verdicts = [line for line in said if line.startswith(b"250 2.0.0 accepted as ")]
    assert len(verdicts) == 2
    assert said[-1].startswith(b"221")
    assert await rows(conn, "select account from email_deliveries order by 1") == [
        ("a@example.org",),
        ("b@example.org",),
    ]
    assert await rows(conn, "select count(*) from emails") == [(1,)]


async def test_a_bounce_has_no_sender_and_is_taken(conn: psycopg.AsyncConnection, port: int) -> None:
    answer = await send(port, ORDER, sender="")

    assert answer[0] == 250
    assert await rows(conn, "select count(*) from emails") == [(1,)]


async def test_line_ends_long_lines_and_bytes_stay_as_they_are(
    app: App, conn: psycopg.AsyncConnection, port: int
) -> None:
    """A dot between bare line feeds does not end a message: smuggling another behind it must fail."""
    raw = b"Subject: \xff\xfe\r\n\r\n" + b"x" * 100_000 + b"\r\nbare\n.\nMAIL FROM:<evil@example.com>\nend\rof\r\n"

    await talk(
        port, b"LHLO x\r\nMAIL FROM:<a@example.com>\r\nRCPT TO:<u@example.org>\r\nDATA\r\n", raw, b".\r\nQUIT\r\n"
    )

    [(name,)] = await rows(conn, "select encode(raw_sha256, 'hex') from emails")
    assert await app.blobs.get(name) == raw


async def test_a_line_may_be_as_long_as_a_message(app: App, conn: psycopg.AsyncConnection) -> None:
    app.settings = app.settings.model_copy(update={"max_message_bytes": 3_000_000})

    async with listening(app) as port:
        assert await send(port, message("Long", "x" * 2_000_000)) == (250, b"")
        assert (await send(port, message("Longer", "x" * 4_000_000)))[0] == 552


async def test_a_message_that_is_too_large_is_refused_for_each_recipient(
    conn: psycopg.AsyncConnection, port: int
) -> None:
    said = await talk(
        port,
        b"LHLO x\r\nMAIL FROM:<a@example.com>\r\nRCPT TO:<a@example.org>\r\nRCPT TO:<b@example.org>\r\nDATA\r\n",
        message("Long", "line\n" * 40_000),
        b".\r\nQUIT\r\n",
    )

    assert said[-3:-1] == [b"552 5.3.4 message too large"] * 2
    assert await rows(conn, "select count(*) from emails") == [(0,)]


async def test_an_announced_size_is_refused_before_the_data(port: int) -> None:
    said = await talk(port, b"LHLO x\r\nMAIL FROM:<a@example.com> SIZE=200001\r\nQUIT\r\n")

    assert said[-2].startswith(b"552")


async def test_an_empty_message_is_refused(port: int) -> None:
    assert (await send(port, b"\r\n"))[0] == 554


async def test_nothing_is_accepted_while_the_blob_store_is_down(
    conn: psycopg.AsyncConnection, port: int, tmp_path: Path
) -> None:
    (tmp_path / "blobs").write_text("a file where the folder should be")

    down = await send(port, ORDER)
    os.unlink(tmp_path / "blobs")
    up = await send(port, ORDER)

    assert (down[0], up[0]) == (451, 250)
    assert await rows(conn, "select count(*) from emails") == [(1,)]


async def test_nothing_is_accepted_while_the_database_refuses(conn: psycopg.AsyncConnection, port: int) -> None:
    await conn.execute("alter table emails rename to elsewhere")

    down = await send(port, ORDER)
    await conn.execute("alter table elsewhere rename to emails")
    up = await send(port, ORDER)

    assert (down[0], up[0]) == (451, 250)


async def test_an_address_that_is_taken_is_told(app: App, port: int) -> None:
    with pytest.raises(Unavailable, match="can't listen on"):
        await serve_lmtp(app, f"127.0.0.1:{port}", None)


@pytest.mark.parametrize("listen", ["localhost", "127.0.0.1:99999"])
async def test_what_is_no_address_is_told(app: App, listen: str) -> None:
    with pytest.raises(UsageError, match="write HOST:PORT"):
        await serve_lmtp(app, listen, None)


def test_the_command_serves_a_socket_until_it_is_told_to_stop(dsn: str, db: psycopg.Connection, tmp_path: Path) -> None:
    env = {"EMAILQ_DSN": dsn, "EMAILQ_BLOB_DIR": str(tmp_path / "blobs")}
    path = tmp_path / "lmtp.sock"

    with start_emailq("lmtp", "--listen", path, "--account", "shop", env=env) as service:
        try:
            wait_until(lambda: _listens(path), 20)
            with smtplib.LMTP(str(path)) as client:
                client.sendmail("ann@example.com", ["us@example.org"], ORDER)
            service.send_signal(signal.SIGTERM)
            _, log = service.communicate(timeout=10)
        finally:
            service.kill()

    assert service.returncode == 0
    assert db.execute("select account from email_deliveries").fetchall() == [("shop",)]
    assert "us@example.org" not in log


def _listens(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as client:
        return client.connect_ex(str(path)) == 0


# ------------------------------------------------------------------------------------------ a pipe


def test_a_pipe_takes_a_message_in(env: dict[str, str], db: psycopg.Connection) -> None:
    done = run_emailq("ingest", "-", "--account", "us@example.org", env=env, input=ORDER)

    assert (done.returncode, done.stdout) == (0, "1 new, 0 known, 0 refused\n"), done.stderr
    assert db.execute("select account from email_deliveries").fetchall() == [("us@example.org",)]


@pytest.mark.parametrize("raw", [b"", b"\n\n", b"Subject: x\n\n" + b"x" * 2000], ids=["nothing", "blank", "too large"])
def test_what_can_never_be_taken_goes_back_to_the_sender(env: dict[str, str], raw: bytes) -> None:
    assert run_emailq("ingest", "-", env={**env, "EMAILQ_MAX_MESSAGE_BYTES": "1024"}, input=raw).returncode == 65


FAULTS: dict[str, Callable[[Path], dict[str, str]]] = {
    "blob store down": lambda folder: {"EMAILQ_BLOB_DIR": str(folder / "emailq.toml")},
    "wrong setting": lambda folder: {"EMAILQ_POOL_SIZE": "many"},
}


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS.keys())
def test_whatever_is_wrong_here_makes_the_server_try_again(
    env: dict[str, str], tmp_path: Path, fault: Callable[[Path], dict[str, str]]
) -> None:
    (tmp_path / "emailq.toml").write_text("")

    done = run_emailq("ingest", "-", env={**env, **fault(tmp_path)}, input=ORDER)

    assert done.returncode == 75, done.stderr
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.long  # a connection is waited for
def test_a_database_that_is_down_makes_the_server_try_again(env: dict[str, str]) -> None:
    done = run_emailq("ingest", "-", env={**env, "EMAILQ_DSN": "postgresql://postgres@127.0.0.1:1/x"}, input=ORDER)

    assert done.returncode == 75, done.stderr
    assert len(done.stderr.splitlines()) == 1
