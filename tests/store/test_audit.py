"""Rows and blobs against each other, in a directory and in a real S3 bucket; links, garbage, faults of the store."""

import asyncio
import hashlib
import os
import urllib.request
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from email.message import EmailMessage
from io import BytesIO
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
import pytest

from emailq.app import App, open_app, open_blobs
from emailq.blob_names import blob_key, blob_name
from emailq.errors import Unavailable
from emailq.outcomes import Done
from emailq.parse.handler import handle
from emailq.settings import Settings, load_settings
from emailq.store.audit import clear_away, verify
from emailq.store.blobs import CorruptBlob
from tests.commands import run_emailq
from tests.http_server import Reply, Request, serve
from tests.mails import add_email, claim
from tests.proxy import Proxy, start_proxy
from tests.servers import S3Server

DAY_S = 86_400.0


@pytest.fixture(params=["directory", "s3"])
def settings(request: pytest.FixtureRequest, dsn: str, tmp_path: Path) -> Settings:
    if request.param == "directory":
        return load_settings({}, dsn=dsn, blob_dir=str(tmp_path / "blobs"))
    return s3_settings(request.getfixturevalue("s3"), request.getfixturevalue("s3_bucket"), dsn=dsn)


def s3_settings(server: S3Server, bucket: str, **more: str) -> Settings:
    keys = {"s3_access_key": server.access_key, "s3_secret_key": server.secret_key}
    return load_settings({}, blobs="s3", s3_bucket=bucket, **{"s3_endpoint": server.endpoint} | keys | more)


@pytest.fixture
async def app(settings: Settings) -> AsyncIterator[App]:
    async with open_app(settings) as opened:
        await opened.blobs.check()
        yield opened


def mail(subject: str, *contents: bytes) -> bytes:
    found = EmailMessage()
    found["From"], found["To"], found["Subject"] = "ann@example.com", "us@example.org", subject
    found.set_content("see there")
    for content in contents:
        found.add_attachment(content, maintype="application", subtype="pdf", filename="Räder & mehr.pdf")
    return found.as_bytes()


async def spoil(app: App, s3: S3Server | None, name: str, content: bytes) -> None:
    if app.blobs.bucket:
        assert s3 is not None
        s3.client().put_object(app.blobs.bucket, blob_key(name), BytesIO(content), len(content))
    else:
        (app.settings.blob_dir / blob_key(name)).write_bytes(content)


@pytest.fixture
def server(settings: Settings, request: pytest.FixtureRequest) -> S3Server | None:
    return request.getfixturevalue("s3") if settings.blobs == "s3" else None


async def test_what_was_taken_in_agrees(app: App, conn: psycopg.AsyncConnection) -> None:
    await add_email(app, mail("one", b"%PDF 1", b"%PDF 2"))

    audit = await verify(conn, app.blobs, grace_s=DAY_S, read=True)

    assert (audit.named, audit.stored, audit.problems, audit.orphans) == (3, 3, [], [])


async def test_the_same_attachment_is_stored_once(app: App, conn: psycopg.AsyncConnection) -> None:
    await add_email(app, mail("one", b"%PDF same"))
    await add_email(app, mail("two", b"%PDF same"))

    audit = await verify(conn, app.blobs, grace_s=DAY_S)

    assert (audit.named, audit.stored) == (3, 3)


async def test_every_fault_is_found(app: App, conn: psycopg.AsyncConnection, server: S3Server | None) -> None:
    await add_email(app, mail("one", b"%PDF gone", b"%PDF short", b"%PDF other"))
    gone, short, other = (blob_name(content) for content in (b"%PDF gone", b"%PDF short", b"%PDF other"))
    assert await app.blobs.delete(gone)
    await spoil(app, server, short, b"%P")
    await spoil(app, server, other, b"%PDF OTHER")

    audit = await verify(conn, app.blobs, grace_s=DAY_S, read=True)

    assert {(problem.blob, problem.problem) for problem in audit.problems} == {
        (gone, "missing"),
        (short, "wrong size"),
        (other, "damaged"),
    }


async def test_garbage_goes_and_what_may_be_needed_stays(app: App, conn: psycopg.AsyncConnection) -> None:
    await add_email(app, mail("one", b"%PDF kept"))
    [orphan] = await app.blobs.put([b"nobody's"])

    young = await clear_away(conn, app.blobs, grace_s=DAY_S)
    counted = await clear_away(conn, app.blobs, grace_s=-60, dry_run=True)
    gone = await clear_away(conn, app.blobs, grace_s=-60)

    assert (young, counted, gone) == ((0, 1), (1, 0), (1, 0))
    assert orphan not in await names(app)
    assert (await verify(conn, app.blobs, grace_s=0, read=True)).problems == []


async def names(app: App) -> set[str]:
    return {one.name async for listed in app.blobs.stored() for one in listed}


async def test_a_blob_that_is_put_again_is_young_again(dsn: str, conn: psycopg.AsyncConnection, tmp_path: Path) -> None:
    """An attachment that an erased message left behind, and that a message which is being parsed has too."""
    async with open_app(load_settings({}, dsn=dsn, blob_dir=str(tmp_path / "blobs"))) as app:
        [name] = await app.blobs.put([b"shared"])
        os.utime(tmp_path / "blobs" / blob_key(name), (1_000_000_000, 1_000_000_000))
        await app.blobs.put([b"shared"])

        gone, young = await clear_away(conn, app.blobs, grace_s=DAY_S)

    assert (gone, young) == (0, 1)


async def test_half_written_files_of_a_killed_process_go(
    dsn: str, conn: psycopg.AsyncConnection, tmp_path: Path
) -> None:
    async with open_app(load_settings({}, dsn=dsn, blob_dir=str(tmp_path / "blobs"))) as app:
        [name] = await app.blobs.put([b"whole"])
        folder = (tmp_path / "blobs" / blob_key(name)).parent
        for file, at in ((folder / ".new-old", 1_000_000_000), (folder / ".new-now", None)):
            file.write_bytes(b"ha")
            os.utime(file, (at, at) if at else None)

        await clear_away(conn, app.blobs, grace_s=DAY_S)

    assert sorted(os.listdir(folder)) == [".new-now", name]


# ------------------------------------------------------------------------------------------ a store with faults


@pytest.fixture
def proxy(s3: S3Server) -> Iterator[Proxy]:
    host, _, port = s3.endpoint.rpartition(":")
    with start_proxy(host, int(port)) as running:
        yield running


async def test_while_the_store_is_down_the_item_waits_and_no_row_names_a_missing_blob(
    dsn: str, conn: psycopg.AsyncConnection, s3: S3Server, s3_bucket: str, proxy: Proxy
) -> None:
    settings = s3_settings(s3, s3_bucket, dsn=dsn, s3_endpoint=f"127.0.0.1:{proxy.port}", s3_region="us-east-1")
    raw = mail("one", b"%PDF " + os.urandom(300_000))
    async with open_app(settings) as app:
        email_id = await accepted(app, raw)
        job = await claim(app, email_id, "parsing")

        for proxy.cut_after in (0, 150, 1000):
            proxy.cut_links()
            with suppress(Unavailable):
                outcome = await handle(job, app)
                assert isinstance(outcome, Done)  # all answers fitted; then all is stored
            cursor = await conn.execute("select count(*) from attachments")
            assert await cursor.fetchone() == (0,)
        proxy.cut_after = None
        outcome = await handle(job, app)

        assert isinstance(outcome, Done)
        assert len(await names(app)) == 2


async def accepted(app: App, raw: bytes) -> UUID:
    from emailq.ingest.accept import Incoming, accept

    [found] = await accept(app.pool, app.blobs, [Incoming(raw, "shop", "test")])
    assert found.email_id
    return found.email_id


async def test_a_store_that_says_yes_and_keeps_other_bytes_is_found_out() -> None:
    deleted: list[str] = []

    def lie(request: Request) -> Reply:
        if request.method == "HEAD":
            return Reply(404)
        if request.method == "PUT":
            return Reply(200, headers={"etag": '"0123"'})
        if request.method == "DELETE":
            deleted.append(request.path)
            return Reply(204)
        modified = {"last-modified": "Sat, 28 Nov 2026 08:00:00 GMT", "etag": '"0123"'}
        return Reply(200, b"other", headers=modified)

    with serve(lie) as http:
        keys = {"s3_access_key": "a", "s3_secret_key": "b", "s3_region": "us-east-1"}
        blobs = open_blobs(load_settings({}, blobs="s3", s3_endpoint=http.url, s3_bucket="bucket", **keys))

        with pytest.raises(CorruptBlob, match="stored other bytes"):
            await blobs.put([b"hello"])

    assert deleted == [f"/bucket/{blob_key(blob_name(b'hello'))}"]


async def test_an_error_that_passes_is_tried_again(s3: S3Server, s3_bucket: str) -> None:
    answers = [503, 503]

    def hiccup(request: Request) -> Reply:
        if request.method == "HEAD":
            return Reply(404)
        if answers:
            return Reply(answers.pop())
        return Reply(200, headers={"etag": f'"{hashlib.md5(b"hello").hexdigest()}"'})

    with serve(hiccup) as http:
        keys = {"s3_access_key": "a", "s3_secret_key": "b", "s3_region": "us-east-1"}
        blobs = open_blobs(load_settings({}, blobs="s3", s3_endpoint=http.url, s3_bucket="bucket", **keys))

        assert await blobs.put([b"hello"]) == [blob_name(b"hello")]


# ------------------------------------------------------------------------------------------ handing out


async def test_a_link_downloads_under_the_attachments_name(s3: S3Server, s3_bucket: str, dsn: str) -> None:
    async with open_app(s3_settings(s3, s3_bucket, dsn=dsn)) as app:
        [name] = await app.blobs.put([b"%PDF hello"])

        url = await app.blobs.link(name, "Räder & mehr.pdf")

        assert url is not None
        status, headers, content = await asyncio.to_thread(fetch, url)
    assert (status, content) == (200, b"%PDF hello")
    assert headers["content-disposition"] == "attachment; filename*=UTF-8''R%C3%A4der%20%26%20mehr.pdf"
    assert "X-Amz-Expires=300" in url


def fetch(url: str) -> tuple[int, Any, bytes]:
    with urllib.request.urlopen(url) as answer:
        return answer.status, answer.headers, answer.read()


async def test_only_what_is_safe_is_handed_out(dsn: str, conn: psycopg.AsyncConnection, tmp_path: Path) -> None:
    async with open_app(load_settings({}, dsn=dsn, blob_dir=str(tmp_path / "blobs"))) as app:
        email_id = await add_email(app, mail("one", b"%PDF hello"))
    env = {"EMAILQ_DSN": dsn, "EMAILQ_BLOB_DIR": str(tmp_path / "blobs")}

    async def handed_out(status: str, *options: str) -> tuple[int, str]:
        await conn.execute("update attachments set virus_scan_status = %s", (status,))
        done = await asyncio.to_thread(run_emailq, "attachment", str(email_id), "0", *options, env=env)
        return done.returncode, done.stdout

    for status in ("clean", "skipped"):
        assert await handed_out(status) == (0, "%PDF hello"), status
    for status in ("infected", "pending", "failed"):
        assert await handed_out(status) == (65, ""), status
        assert await handed_out(status, "--force") == (0, "%PDF hello"), status


async def test_the_commands_tell_what_does_not_agree(dsn: str, tmp_path: Path) -> None:
    env = {"EMAILQ_DSN": dsn, "EMAILQ_BLOB_DIR": str(tmp_path / "blobs")}
    async with open_app(load_settings({}, dsn=dsn, blob_dir=str(tmp_path / "blobs"))) as app:
        await add_email(app, mail("one", b"%PDF hello"))
        whole = await asyncio.to_thread(run_emailq, "verify", "--read", env=env)
        await app.blobs.delete(blob_name(b"%PDF hello"))

    gap = await asyncio.to_thread(run_emailq, "verify", env=env)
    cleared = await asyncio.to_thread(run_emailq, "gc", env=env)

    assert whole.stdout == "2 blobs named, 2 stored: 0 missing or damaged, 0 orphans, 0 not named yet\n", whole.stderr
    assert (gap.returncode, "missing: attachment" in gap.stdout) == (1, True)
    assert (cleared.returncode, cleared.stdout) == (0, "0 blobs deleted, 0 too young\n"), cleared.stderr
