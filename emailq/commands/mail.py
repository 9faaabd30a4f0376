"""Commands for messages: ingest, list, show, parse, reparse."""

import asyncio
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click
import psycopg
from psycopg_pool import PoolTimeout

from emailq.commands.database import with_connection
from emailq.commands.output import (
    EX_DATAERR,
    EX_OK,
    MessageReader,
    as_json,
    print_long_row,
    print_row,
    print_rows,
    printable_name,
)
from emailq.db import Connection, brief
from emailq.errors import TryAgain, Unavailable, UsageError
from emailq.models import Intent
from emailq.settings import load_settings

if TYPE_CHECKING:
    from emailq.ingest.accept import Accepted
    from emailq.ingest.files import Found


@contextmanager
def deferring(*, everything: bool) -> Iterator[None]:
    """What keeps a message from being stored now is worth another try.

    With `everything` that is any failure: a mail server waits, and would send the message back to its sender.
    """
    try:
        yield
    except (Unavailable, psycopg.OperationalError, PoolTimeout) as error:
        raise TryAgain(brief(error)) from None
    except Exception as error:
        if not everything:
            raise
        raise TryAgain(f"{type(error).__name__}: {brief(error)}") from None


@click.command()
@click.argument("paths", nargs=-1, required=True, metavar="PATH…")
@click.option("--account", help="Mailbox that the messages belong to.  [default: the setting account]")
@as_json
def ingest(paths: tuple[str, ...], account: str | None, as_json: bool) -> int:
    """Take in messages from files.

    A PATH is an .eml file, a folder of them, an mbox file, a Maildir, or - for standard input.

    Exit codes are those that a mail server's pipe asks for: 0 the messages are safe, 65 some can't be taken, 75 try
    again later.
    """
    from emailq.ingest.files import total_bytes
    from emailq.ingest.load import load
    from emailq.progress import Progress

    refused: list[dict[str, str | None]] = []
    email_ids: list[str] = []
    left_out: list[str] = []
    with deferring(everything="-" in paths):
        settings = load_settings(account=account)
        with Progress("reading", enabled=not as_json, total=lambda: total_bytes(paths)) as progress:

            def tell(found: "Found", accepted: "Accepted | None") -> None:
                progress.advance(found.size_bytes)
                if found.skipped:
                    left_out.extend([os.path.basename(found.source)] * (len(left_out) < 3))
                elif accepted is None:
                    progress.print(f"refused {printable_name(found.source)}: {found.refusal}")
                    if as_json:
                        refused.append({"source": found.source, "reason": found.refusal})
                elif as_json and accepted.is_new:
                    email_ids.append(str(accepted.email_id))

            report = asyncio.run(load(settings, paths, tell))
    if left_out:
        more = f" and {report.left_out - len(left_out)} more" if report.left_out > len(left_out) else ""
        click.echo(f"left out, not mail: {', '.join(printable_name(name) for name in left_out)}{more}", err=True)
    if not report.new + report.known + report.refused:
        click.echo(f"no mail in {', '.join(printable_name(path) for path in paths)}", err=True)
    counts = {"new": report.new, "known": report.known, "refused": refused, "email_ids": email_ids}
    print_row(counts, as_json, report.summary())
    return EX_DATAERR if report.refused else EX_OK


@click.command(name="list")
@click.option("--intent", type=click.Choice([one.value for one in Intent]), help="Only this intent.")
@click.option("--account", help="Only mail that reached this account.")
@click.option("--from", "sender", metavar="ADDRESS", help="Only mail from this address.")
@click.option("--search", metavar="WORDS", help='Subject, text, names; "a phrase", or, -without.')
@click.option("--trust", type=click.Choice(["trusted", "known", "new", "suspicious"]), help="Only such senders.")
@click.option("--review", is_flag=True, help="Only what needs a person.")
@click.option("--failed", is_flag=True, help="Only what failed.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=50, show_default=True)
@click.option("--before", "last", metavar="EMAIL_ID", help="The next page: what comes after this e-mail in the list.")
@as_json
def list_(as_json: bool, last: str | None, **filters: Any) -> int:
    """List e-mails, newest first."""
    from emailq.commands.mail_output import print_emails
    from emailq.parse.values import address_key
    from emailq.store.emails import email_id, list_emails, position_of

    filters["sender"] = filters["sender"] and address_key(filters["sender"])

    async def run(conn: Connection) -> list[dict[str, Any]]:
        before = await position_of(conn, await email_id(conn, last)) if last else None
        return await list_emails(conn, before=before, **filters)

    rows = with_connection(run)
    if as_json:
        print_rows(rows)
    else:
        asked = [value for name, value in filters.items() if name != "limit"]
        print_emails(rows, has_filter=any(asked) or bool(last), may_have_more=len(rows) == filters["limit"])
    return EX_OK


@click.command()
@click.argument("email_id", metavar="EMAIL_ID")
@as_json
def show(email_id: str, as_json: bool) -> int:
    """Show one e-mail with all that is known of it.

    Text, attachments, thread, decisions, ERP actions and queue items.
    """
    from emailq.commands.mail_output import print_email
    from emailq.store.emails import email_id as email_id_of
    from emailq.store.emails import show_email

    async def run(conn: Connection) -> dict[str, Any]:
        return await show_email(conn, await email_id_of(conn, email_id))

    found = with_connection(run)
    if as_json:
        print_rows([found])
    else:
        print_email(found)
    return EX_OK


@click.command()
@click.argument("emails", nargs=-1, metavar="[EMAIL_ID…]")
@click.option("--all", "every", is_flag=True, help="All e-mails.")
@click.option("--defect", metavar="CODE", help="E-mails with this code in their defects.")
@as_json
def reparse(emails: tuple[str, ...], every: bool, defect: str | None, as_json: bool) -> int:
    """Parse e-mails again from their raw bytes.

    After mail that comes in. Content, attachments, thread and contacts are made anew; ids, deliveries, labels and
    history stay.
    """
    from emailq.store.emails import email_ids, reparse_emails

    if bool(emails) + every + bool(defect) != 1:
        raise UsageError("name the e-mails to parse again, or give --all or --defect CODE")

    async def run(conn: Connection) -> int:
        return await reparse_emails(conn, await email_ids(conn, list(emails)) if emails else None, defect)

    count = with_connection(run)
    hint = "a worker parses them" if count else "none fits, or all wait already"
    print_row({"enqueued": count}, as_json, f"{count} enqueued: {hint}")
    return EX_OK


@click.command()
@click.argument("files", nargs=-1, required=True, metavar="FILE…")
@as_json
def parse(files: tuple[str, ...], as_json: bool) -> int:
    """Parse messages in files; needs no database.

    --json prints JMAP Email objects (RFC 8621 §4.1) and what is derived (docs/mail.md).
    """
    from emailq.commands.mail_output import print_parsed
    from emailq.parse.authentication import believed
    from emailq.parse.digest import digest
    from emailq.parse.jmap import to_jmap
    from emailq.parse.message import parse_message
    from emailq.parse.sender import server_signs
    from emailq.parse.values import address_key

    settings = load_settings()
    own = frozenset(map(address_key, settings.own))
    reader = MessageReader(files)
    for source, raw in reader:
        message = parse_message(raw)
        fields = digest(message).fields
        authentication = believed(message.headers, settings.authserv_ids)
        derived = {
            "newText": fields["new_text"],
            "language": fields["language"],
            "automation": fields["automation"] and {"kind": fields["automation"], **fields["automation_details"]},
            "authentication": authentication,
            "senderSigns": [
                *fields["sender_signs"],
                *server_signs(authentication, fields["from_address"], own),
            ],
        }
        email = {"file": source, **to_jmap(message), **derived}
        if as_json:
            print_long_row(email)
        else:
            print_parsed(email)
    return reader.exit_code
