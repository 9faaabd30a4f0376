"""Mailboxes on a real Dovecot, behind a proxy that cuts, and on a scripted server that lies."""

import asyncio
import json
import os
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from functools import partialmethod
from pathlib import Path
from typing import Any

import psycopg
import pytest

from emailq.app import App, open_app
from emailq.errors import NotFound, Unavailable
from emailq.ingest import imap_folder
from emailq.ingest.imap import chosen_accounts, opened, read_mailboxes, reconcile
from emailq.ingest.imap_client import Imap, LoginRefused, NoSuchFolder
from emailq.ingest.imap_folder import FolderReader, Progress
from emailq.ingest.imap_syntax import mailbox_name, uid_set
from emailq.settings import ImapAccount, load_settings
from tests.http_server import Reply, serve
from tests.imap_script import ScriptedImap, fetch_line, honest, is_in, serve_script
from tests.mail_server import Mailbox, MailServer
from tests.mails import message
from tests.proxy import Proxy, start_proxy
from tests.waiting import wait_until_async


@pytest.fixture
def mailbox(mail_server: MailServer) -> Mailbox:
    return mail_server.mailbox()


@pytest.fixture
def proxy(mail_server: MailServer) -> Iterator[Proxy]:
    with start_proxy("127.0.0.1", mail_server.imap) as running:
        yield running


@pytest.fixture
def script() -> Iterator[ScriptedImap]:
    with serve_script(lambda command: honest(command, {5: MAILS[0], 9: MAILS[1]})) as running:
        yield running


MAILS = [message(f"Order {n}", f"{n} boxes, please.") for n in range(12)]


async def read(app: App, settings: dict[str, Any], name: str = "shop") -> Progress:
    progress = Progress()
    await read_mailboxes(app, {name: ImapAccount(**settings)}, progress, once=True)
    return progress


async def look(app: App, settings: dict[str, Any]) -> None:
    """One connection, as far as it goes; raises what ends it."""
    account = ImapAccount(**settings)
    async with opened(app, account) as imap:
        selected = await imap.select("INBOX", read_only=account.after == "nothing")
        await FolderReader(app, imap, "shop", account, "INBOX", selected, Progress(), Counter()).catch_up()


@asynccontextmanager
async def following(app: App, settings: dict[str, Any]) -> AsyncIterator[None]:
    """The service runs; it has read what was there."""
    task = asyncio.create_task(read_mailboxes(app, {"shop": ImapAccount(**settings)}, Progress(), once=False))
    try:
        await wait_until_async(lambda: is_read(app))
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def is_read(app: App) -> bool:
    async with app.pool.connection() as conn:
        return (await (await conn.execute("select 1 from imap_folders where low_uid = 1")).fetchone()) is not None


async def rows(conn: psycopg.AsyncConnection, query: str) -> list[tuple[Any, ...]]:
    return await (await conn.execute(query)).fetchall()  # type: ignore[arg-type]


async def count(conn: psycopg.AsyncConnection, table: str) -> int:
    [(found,)] = await rows(conn, f"select count(*) from {table}")  # noqa: S608
    return int(found)


async def stored(app: App, conn: psycopg.AsyncConnection) -> list[bytes]:
    """The raw messages, in the order of their UIDs."""
    found = await rows(conn, "select encode(raw_sha256, 'hex') from email_deliveries order by uidvalidity, uid")
    return [await app.blobs.get(name) for (name,) in found]


# ------------------------------------------------------------------------------------------ a mailbox comes in


@pytest.mark.parametrize("security", ["tls", "starttls"])
async def test_every_message_comes_in_once_byte_for_byte(
    app: App, conn: psycopg.AsyncConnection, mailbox: Mailbox, security: str
) -> None:
    mailbox.append(*MAILS)
    port = mailbox.server.imaps if security == "tls" else mailbox.server.imap

    first = await read(app, mailbox.settings(security=security, port=port))
    second = await read(app, mailbox.settings(security=security, port=port))

    assert (first.new, first.known, second.done) == (12, 0, 0)
    assert await stored(app, conn) == MAILS
    assert await rows(conn, "select queue_name, status, count(*) from processing_queue group by 1, 2") == [
        ("parsing", "pending", 12)
    ]


async def test_flags_and_the_time_of_arrival_are_the_servers(
    app: App, conn: psycopg.AsyncConnection, mailbox: Mailbox
) -> None:
    mailbox.append(MAILS[0], flags="(\\Seen \\Flagged $Important)", date="17-Jul-2026 02:44:25 -0700")

    await read(app, mailbox.settings())

    assert await rows(
        conn,
        "select flags, delivered_at at time zone 'UTC' = '2026-07-17 09:44:25', uid, folder, account"
        " from email_deliveries",
    ) == [(["$important", "flagged", "seen"], True, 1, "INBOX", "shop")]
    assert await rows(conn, "select received_at at time zone 'UTC' = '2026-07-17 09:44:25' from emails") == [(True,)]


async def test_several_folders_and_accounts_are_read_together(
    app: App, conn: psycopg.AsyncConnection, mail_server: MailServer
) -> None:
    shop, office = mail_server.mailbox(), mail_server.mailbox()
    shop.append(MAILS[0])
    shop.append(MAILS[1], folder='"B&AOQ-rge/Auftr&AOQ-ge &- mehr"')
    office.append(MAILS[0], MAILS[2])
    accounts = {
        "shop": ImapAccount(**shop.settings(folders=("INBOX", "Bärge/Aufträge & mehr"))),
        "office": ImapAccount(**office.settings()),
    }

    await read_mailboxes(app, accounts, Progress(), once=True)

    assert await rows(conn, "select account, folder, count(*) from email_deliveries group by 1, 2 order by 1, 2") == [
        ("office", "INBOX", 2),
        ("shop", "Bärge/Aufträge & mehr", 1),
        ("shop", "INBOX", 1),
    ]
    assert await count(conn, "emails") == 3


async def test_a_mailbox_that_cannot_be_read_does_not_hold_up_the_others(
    app: App, conn: psycopg.AsyncConnection, mail_server: MailServer
) -> None:
    shop = mail_server.mailbox()
    shop.append(MAILS[0])
    accounts = {
        "office": ImapAccount(**mail_server.mailbox().settings(password="wrong")),
        "shop": ImapAccount(**shop.settings()),
    }

    with pytest.raises(LoginRefused, match="refuses the login"):
        await read_mailboxes(app, accounts, Progress(), once=True)

    assert await count(conn, "emails") == 1


async def test_an_oauth_token_is_fetched_and_refreshed_when_refused(app: App, mailbox: Mailbox) -> None:
    mailbox.append(MAILS[0])
    tokens = [mailbox.server.token("someone-else"), mailbox.server.token(mailbox.user)]
    with serve(lambda request: Reply.of({"access_token": tokens.pop(0), "expires_in": 3600})) as http:
        oauth = {"oauth_token_url": http.url, "oauth_client_id": "emailq", "oauth_refresh_token": "refresh me"}
        settings = mailbox.settings(**oauth)
        del settings["password"]

        with pytest.raises(LoginRefused):
            await read(app, settings)
        progress = await read(app, settings)
        again = await read(app, settings)

        assert (progress.new, again.new) == (1, 0)
        assert len(http.requests) == 2
        assert b"grant_type=refresh_token" in http.requests[0].body
        assert b"refresh_token=refresh+me" in http.requests[0].body


async def test_a_certificate_of_nobody_known_is_refused(app: App, mailbox: Mailbox) -> None:
    with pytest.raises(Unavailable, match="certificate is not trusted"):
        await look(app, mailbox.settings(ca_file=None))


async def test_a_certificate_of_another_host_is_refused(app: App, mailbox: Mailbox) -> None:
    with pytest.raises(Unavailable, match="certificate is not trusted"):
        await look(app, mailbox.settings(host="127.0.0.1"))


# ------------------------------------------------------------------------------------------ new mail


async def test_new_mail_is_in_the_queue_within_two_seconds(
    app: App, conn: psycopg.AsyncConnection, mailbox: Mailbox
) -> None:
    mailbox.append(MAILS[0])

    async with following(app, mailbox.settings()):
        for n, mail in enumerate(MAILS[1:5], 2):
            await asyncio.to_thread(mailbox.deliver, mail)

            await wait_until_async(lambda n=n: has(conn, "processing_queue", n), 2)  # type: ignore[misc]


async def test_a_server_without_idle_is_polled(app: App, conn: psycopg.AsyncConnection, script: ScriptedImap) -> None:
    async with following(app, script.settings(poll_s=0.05)):
        script.answer = lambda command: honest(command, {5: MAILS[0], 9: MAILS[1], 12: MAILS[2]})

        await wait_until_async(lambda: has(conn, "processing_queue", 3), 2)

    assert "IDLE" not in script.commands


async def test_mail_that_is_told_of_in_another_answer_is_fetched_before_waiting(
    app: App, conn: psycopg.AsyncConnection, script: ScriptedImap
) -> None:
    mails: dict[int, bytes] = {}

    def answer(command: str) -> list[bytes]:
        if command == "CAPABILITY":
            return [b"* CAPABILITY IMAP4rev1 IDLE", b"TAG OK done"]
        if command == "IDLE":
            return [b"+ idling"]  # and nothing more is said of what was told before
        if command == "UID SEARCH UID 1:*":
            return [b"* SEARCH 5", b"TAG OK done"]  # 5 is gone when it is fetched
        if command == "NOOP":
            mails[9] = MAILS[1]
            return [b"* 1 EXISTS", b"TAG OK done"]
        return honest(command, mails)

    script.answer = answer

    async with following(app, script.settings()):
        await wait_until_async(lambda: has(conn, "processing_queue", 1), 5)


async def test_a_service_survives_lost_connections(
    app: App, conn: psycopg.AsyncConnection, mailbox: Mailbox, proxy: Proxy
) -> None:
    mailbox.append(MAILS[0])

    async with following(app, mailbox.settings(host="127.0.0.1", port=proxy.port, security="none")):
        proxy.cut_links()
        await asyncio.to_thread(mailbox.deliver, MAILS[1])

        await wait_until_async(lambda: has(conn, "processing_queue", 2), 5)


async def test_a_service_survives_a_connection_that_fell_silent_while_it_waited(
    app: App, conn: psycopg.AsyncConnection, mailbox: Mailbox, proxy: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Imap, "_read_response", partialmethod(Imap._read_response, silence_s=0.5))  # not a minute
    monkeypatch.setattr(imap_folder, "_IDLE_S", 0.5)
    mailbox.append(MAILS[0])

    async with following(app, mailbox.settings(host="127.0.0.1", port=proxy.port, security="none")):
        assert proxy.fall_silent() == 1
        await asyncio.to_thread(mailbox.deliver, MAILS[1])

        await wait_until_async(lambda: has(conn, "processing_queue", 2), 5)


async def test_a_password_that_was_replaced_is_taken_up_without_a_restart(
    app: App, conn: psycopg.AsyncConnection, mailbox: Mailbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EMAILQ_CONFIG", str(tmp_path / "emailq.toml"))
    mailbox.append(MAILS[0])
    settings = mailbox.settings()
    table = "".join(f"{key} = {json.dumps(value, default=str)}\n" for key, value in settings.items())
    (tmp_path / "emailq.toml").write_text(f"[imap.shop]\n{table}")

    async with following(app, settings | {"password": "the old one"}):
        assert await count(conn, "processing_queue") == 1


async def has(conn: psycopg.AsyncConnection, table: str, wanted: int) -> bool:
    return await count(conn, table) == wanted


# ------------------------------------------------------------------------------------------ interruptions


async def test_a_connection_cut_at_any_byte_loses_and_doubles_nothing(
    app: App, conn: psycopg.AsyncConnection, mailbox: Mailbox, proxy: Proxy
) -> None:
    mailbox.append(*MAILS)
    settings = mailbox.settings(host="127.0.0.1", port=proxy.port, security="none", after="flag", flag="$Done")

    for proxy.cut_after in [*range(1, 1200, 31), *range(1200, 8000, 97)]:
        with suppress(Unavailable):
            await look(app, settings)
        assert await marked(mailbox) <= await count(conn, "email_deliveries")
    proxy.cut_after = None
    await look(app, settings)

    assert await stored(app, conn) == MAILS
    assert await count(conn, "processing_queue") == len(MAILS)
    assert await marked(mailbox) == len(MAILS)


async def marked(mailbox: Mailbox) -> int:
    return sum("$Done" in flags for flags in await asyncio.to_thread(mailbox.flags))


async def test_old_mail_comes_newest_first_and_goes_on_where_it_stopped(
    app: App, conn: psycopg.AsyncConnection, script: ScriptedImap
) -> None:
    uids = {uid: message(f"Old {uid}", "x") for uid in range(1, 1001)}
    bodies: list[str] = []

    def answer(command: str) -> list[bytes]:
        wanted = command.split()[2] if command.startswith("UID") else ""
        if "BODY" in command:
            bodies.append(wanted)
        if len(bodies) == 3:
            bodies.append("cut")
            return [b"* BYE I go down", b"* BYE"]
        return honest(command, uids)

    script.answer = answer

    progress = await read(app, script.settings())

    assert await count(conn, "emails") == 1000
    assert bodies[0] == "751:1000"
    assert progress.new == 1000
    assert sum(is_in(950, wanted) for wanted in bodies) == 1


async def test_a_folder_numbered_anew_costs_a_look_and_no_message(
    app: App, conn: psycopg.AsyncConnection, mailbox: Mailbox
) -> None:
    mailbox.append(*MAILS)
    await read(app, mailbox.settings())
    await asyncio.to_thread(mailbox.number_anew)

    progress = await read(app, mailbox.settings())

    assert (progress.new, progress.known) == (0, 12)
    assert (await count(conn, "emails"), await count(conn, "processing_queue")) == (12, 12)
    assert await count(conn, "imap_folders") == 2


async def test_a_folder_numbered_anew_is_noticed_while_new_mail_is_waited_for(
    app: App, conn: psycopg.AsyncConnection, script: ScriptedImap, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("emailq.ingest.imap_folder._IDLE_S", 0.1)
    async with following(app, script.settings(poll_s=0.02)):
        script.answer = lambda command: [
            line.replace(b"[UIDVALIDITY 7]", b"[UIDVALIDITY 8]")
            for line in honest(command, {1: MAILS[0], 2: MAILS[1], 3: MAILS[2]})
        ]

        await wait_until_async(lambda: has(conn, "emails", 3), 5)

    assert await count(conn, "email_deliveries") == 5


async def test_what_is_here_is_not_fetched_again(app: App, conn: psycopg.AsyncConnection, script: ScriptedImap) -> None:
    """A cursor that was lost, as after a restore of yesterday's backup."""
    await read(app, script.settings())
    await conn.execute("delete from imap_folders")

    progress = await read(app, script.settings())

    assert progress.done == 0
    assert sum("BODY" in command for command in script.commands) == 1


# ------------------------------------------------------------------------------------------ marks


async def test_nothing_is_marked_unless_it_is_asked_for(app: App, mailbox: Mailbox) -> None:
    mailbox.append(*MAILS[:3])

    await read(app, mailbox.settings())

    assert mailbox.flags() == [set(), set(), set()]


async def test_what_came_in_is_flagged(app: App, mailbox: Mailbox) -> None:
    mailbox.append(*MAILS[:3])

    await read(app, mailbox.settings(after="flag"))

    assert mailbox.flags() == [{"\\Seen"}] * 3


async def test_what_came_in_is_moved(app: App, conn: psycopg.AsyncConnection, mailbox: Mailbox) -> None:
    mailbox.append(*MAILS[:3])

    await read(app, mailbox.settings(after="move", move_to="Erledigt ✓"))

    assert mailbox.flags() == []
    assert len(mailbox.flags('"Erledigt &JxM-"')) == 3
    assert await count(conn, "emails") == 3


async def test_a_server_without_move_gets_a_copy_and_removes_exactly_these(app: App, script: ScriptedImap) -> None:
    def answer(command: str) -> list[bytes]:
        if command == "CAPABILITY":
            return [b"* CAPABILITY IMAP4rev1 AUTH=PLAIN SASL-IR UIDPLUS", b"TAG OK done"]
        return honest(command, {5: MAILS[0], 9: MAILS[1]})

    script.answer = answer

    await read(app, script.settings(after="move"))

    fetched = next(n for n, command in enumerate(script.commands) if "BODY" in command)
    changes = ("UID COPY", "UID STORE", "UID EXPUNGE")
    assert [command for command in script.commands[fetched:] if command.startswith(changes)] == [
        'UID COPY 5,9 "Processed"',
        "UID STORE 5,9 +FLAGS.SILENT (\\Deleted)",
        "UID EXPUNGE 5,9",
    ]


async def test_nothing_is_moved_before_it_is_stored(
    dsn: str, conn: psycopg.AsyncConnection, mailbox: Mailbox, tmp_path: Path
) -> None:
    mailbox.append(*MAILS[:3])
    (tmp_path / "blobs").write_text("a file where the folder should be")
    async with open_app(load_settings({}, dsn=dsn, blob_dir=str(tmp_path / "blobs"))) as app:
        with pytest.raises(Unavailable, match="blob directory"):
            await look(app, mailbox.settings(after="move"))
        stayed = len(mailbox.flags())
        os.unlink(tmp_path / "blobs")

        await look(app, mailbox.settings(after="move"))

    assert stayed == 3
    assert mailbox.flags() == []
    assert await count(conn, "emails") == 3


async def test_marks_that_a_crash_prevented_are_made_later(app: App, mailbox: Mailbox) -> None:
    mailbox.append(*MAILS[:3])
    await read(app, mailbox.settings())

    await read(app, mailbox.settings(after="flag"))

    assert mailbox.flags() == [{"\\Seen"}] * 3


# ------------------------------------------------------------------------------------------ sizes


async def test_a_message_of_the_largest_size_comes_in_and_a_larger_one_is_left_out(
    app: App, conn: psycopg.AsyncConnection, mailbox: Mailbox
) -> None:
    limit = app.settings.max_message_bytes
    largest = MAILS[0] + b"x" * (limit - len(MAILS[0]) - 2) + b"\r\n"
    mailbox.append(largest, MAILS[1] + b"x" * limit, MAILS[2])

    first = await read(app, mailbox.settings())
    second = await read(app, mailbox.settings())

    assert (first.new, dict(first.left_out), second.done) == (2, {"too large": 1}, 0)
    assert (await stored(app, conn))[0] == largest
    assert await rows(conn, "select uid, reason, size_bytes > 26214400 from imap_left_out") == [(2, "too large", True)]


async def test_an_empty_message_is_left_out(app: App, script: ScriptedImap) -> None:
    script.answer = lambda command: honest(command, {5: b"\r\n", 9: MAILS[0]})

    progress = await read(app, script.settings())

    assert (progress.new, dict(progress.left_out)) == (1, {"empty": 1})


# ------------------------------------------------------------------------------------------ lies


@pytest.mark.parametrize(
    "body",
    [
        b"* 1 FETCH (UID 5 BODY[] {5000000000}\r\nx",
        b"* 1 FETCH (UID 5 BODY[] {100}\r\nshort)",
        b"* " + b"x" * 5_000_000,
        b"what?",
        b"* 1 FETCH (" + b"(" * 1000,
    ],
    ids=["5 GB", "cut short", "endless line", "no IMAP", "nested"],
)
async def test_a_message_that_breaks_the_connection_each_time_is_left_out(
    app: App, script: ScriptedImap, body: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("emailq.ingest.imap._FIRST_PAUSE_S", 0.01)
    monkeypatch.setattr("emailq.ingest.imap_client._SILENCE_S", 0.3)

    def answer(command: str) -> list[bytes]:
        if "BODY" in command and is_in(5, command.split()[2]):
            return [body, b"TAG OK done"]
        return honest(command, {5: MAILS[0], 9: MAILS[1]})

    script.answer = answer

    progress = await read(app, script.settings())

    assert (progress.new, dict(progress.left_out)) == (1, {"unreadable": 1})


async def test_a_folder_that_holds_nothing_but_such_a_message_is_read_to_its_end(
    app: App, script: ScriptedImap, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("emailq.ingest.imap._FIRST_PAUSE_S", 0.01)
    script.answer = lambda command: [b"what?", b"TAG OK done"] if "BODY" in command else honest(command, {5: MAILS[0]})

    progress = await read(app, script.settings())

    assert (progress.new, dict(progress.left_out)) == (0, {"unreadable": 1})


async def test_a_folder_that_is_not_there_is_named_at_once(app: App, mailbox: Mailbox) -> None:
    with pytest.raises(NoSuchFolder, match="refuses the folder 'Nowhere': NO"):
        await read(app, mailbox.settings(folders=["Nowhere"]))


async def test_messages_that_are_listed_and_not_given_are_left_out(app: App, script: ScriptedImap) -> None:
    def answer(command: str) -> list[bytes]:
        if "BODY" in command:
            return [fetch_line(1, 9, MAILS[1], True), fetch_line(7, 77, b"never asked for", True), b"TAG OK done"]
        return honest(command, {5: MAILS[0], 9: MAILS[1]})

    script.answer = answer

    progress = await read(app, script.settings())

    assert (progress.new, dict(progress.left_out)) == (1, {"unreadable": 1})


async def test_wrong_sizes_counts_and_dates_do_no_harm(
    app: App, conn: psycopg.AsyncConnection, script: ScriptedImap
) -> None:
    def answer(command: str) -> list[bytes]:
        if command.startswith("EXAMINE"):
            return [b"* 4000000000 EXISTS", b"* OK [UIDVALIDITY 7] x", b"* 2 EXISTS", b"TAG OK done"]
        if "RFC822.SIZE" in command:
            return [b"* 1 FETCH (UID 5 RFC822.SIZE 1)", b"* 2 FETCH (RFC822.SIZE -3 UID 9)", b"TAG OK done"]
        if "BODY" in command:
            date = b'INTERNALDATE "99-Foo-0000 99:99:99 +9999"'
            odd = b'* 9 FETCH (FLAGS NIL %s BODY[] "%s" UID 9)' % (date, MAILS[1].replace(b"\r\n", b" "))
            return [b"* SEARCH 1 2 x", fetch_line(1, 5, MAILS[0], True), odd, b"TAG OK done"]
        return honest(command, {5: MAILS[0], 9: MAILS[1]})

    script.answer = answer

    progress = await read(app, script.settings())

    assert progress.new == 2
    assert await rows(conn, "select uid from email_deliveries order by 1") == [(5,), (9,)]


async def test_a_server_that_is_none_is_unavailable(app: App, script: ScriptedImap) -> None:
    script.greeting = b"220 mail.example.com ESMTP"

    with pytest.raises(Unavailable, match="does not greet as IMAP does"):
        await look(app, script.settings())


async def test_a_login_before_tls_is_not_accepted(app: App, script: ScriptedImap) -> None:
    script.greeting = b"* PREAUTH welcome back"

    with pytest.raises(Unavailable, match="no login after STARTTLS"):
        await look(app, script.settings(security="starttls"))


async def test_a_port_without_tls_is_told_with_the_setting_to_look_at(app: App, script: ScriptedImap) -> None:
    with pytest.raises(Unavailable, match=r"no TLS answers there; is security = tls right, and the port\?"):
        await look(app, script.settings(security="tls"))


async def test_a_server_that_does_not_know_starttls_gets_no_password(app: App, script: ScriptedImap) -> None:
    script.answer = lambda command: [b"TAG BAD unknown command"]

    with pytest.raises(Unavailable, match="unknown command"):
        await look(app, script.settings(security="starttls"))

    assert script.commands == ["STARTTLS"]


# ------------------------------------------------------------------------------------------ reconcile


async def test_reconcile_finds_no_gap_after_a_reading(app: App, mailbox: Mailbox) -> None:
    mailbox.append(*MAILS)
    await read(app, mailbox.settings())

    [gap] = await reconcile(app, "shop", ImapAccount(**mailbox.settings()), fetch=False)

    assert (gap.listed, gap.missing) == (12, [])


async def test_reconcile_finds_what_is_missing_and_fetches_it(
    app: App, conn: psycopg.AsyncConnection, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    mailbox.append(*MAILS)
    await read(app, mailbox.settings())
    await conn.execute("delete from email_deliveries where uid in (3, 7)")
    account = ImapAccount(**mailbox.settings())
    monkeypatch.setattr("emailq.ingest.imap._ARRIVING_S", 0)

    [before] = await reconcile(app, "shop", account, fetch=False)
    [repaired] = await reconcile(app, "shop", account, fetch=True)

    assert before.missing == [3, 7]
    assert (repaired.missing, repaired.fetched) == ([], [3, 7])


async def test_reconcile_names_what_was_left_out(app: App, script: ScriptedImap) -> None:
    script.answer = lambda command: honest(command, {5: MAILS[0], 9: b"x" * 30_000_000})
    await read(app, script.settings())

    [gap] = await reconcile(app, "shop", ImapAccount(**script.settings()), fetch=False)

    assert (gap.missing, gap.reasons) == ([9], {9: "too large"})


# ------------------------------------------------------------------------------------------ small things


def test_uids_are_written_as_ranges() -> None:
    assert uid_set([7, 1, 3, 2, 9, 10]) == b"1:3,7,9:10"


def test_folder_names_are_written_in_modified_utf7() -> None:
    assert mailbox_name("~peter/mail/台北/日本語 & co") == b'"~peter/mail/&U,BTFw-/&ZeVnLIqe- &- co"'


def test_an_unknown_account_is_told_with_those_that_there_are() -> None:
    account = {"host": "h", "user": "u", "password": "p"}
    settings = load_settings({}, imap={"shop": account, "office": account})

    with pytest.raises(NotFound, match="no account 'shpo'; there are office, shop"):
        chosen_accounts(settings, ["shpo"])
