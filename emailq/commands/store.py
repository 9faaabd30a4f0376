"""Commands for what is stored: attachment, verify, gc, forget, retention."""

import asyncio
import sys
from collections.abc import Callable, Coroutine
from dataclasses import asdict
from typing import Any, BinaryIO, TypeVar

import click

from emailq.app import open_blobs
from emailq.commands.database import connected
from emailq.commands.output import EX_OK, as_json, print_row
from emailq.db import Connection
from emailq.errors import BadInput, UsageError
from emailq.settings import load_settings
from emailq.store.blobs import Blobs

R = TypeVar("R")

EX_PROBLEM = 1  # of verify


@click.command()
@click.argument("email_id", metavar="EMAIL_ID")
@click.argument("position", type=click.IntRange(0), default=0, metavar="[N]")
@click.option("--output", "-o", type=click.File("wb", lazy=True), default="-", help="File to write.  [default: stdout]")
@click.option("--url", is_flag=True, help="Print a link to the object store that works for five minutes.")
@click.option("--force", is_flag=True, help="Even if it is infected, or not scanned.")
def attachment(email_id: str, position: int, output: BinaryIO, url: bool, force: bool) -> int:
    """Write an attachment, by its number in emailq show."""
    from emailq.store.attachments import find_attachment, refusal
    from emailq.store.emails import email_id as email_id_of

    async def run(conn: Connection, blobs: Blobs) -> str | bytes | None:
        found = await find_attachment(conn, await email_id_of(conn, email_id), position)
        reason = refusal(found.scan_status)
        if reason and not force:
            raise BadInput(f"{reason}; to have it all the same: --force")
        return await (blobs.link(found.blob, found.filename) if url else blobs.get(found.blob))

    found = with_blobs(run)
    if found is None:
        raise UsageError("--url needs blobs = s3; a directory has no links")
    if isinstance(found, str):
        click.echo(found)
    elif output.name == "<stdout>" and sys.stdout.isatty():
        raise UsageError("it is not text for a terminal; write it to a file with -o")
    else:
        output.write(found)
    return EX_OK


@click.command()
@click.option("--read", is_flag=True, help="Read every blob and compare its bytes with its name.")
@click.option(
    "--grace-h", type=float, default=24, show_default=True, help="Age from which an unnamed blob is an orphan."
)
@as_json
def verify(read: bool, grace_h: float, as_json: bool) -> int:
    """Compare rows and blobs.

    Exit code 1 unless every row has its blob, and every blob its row.
    """
    from emailq.progress import Progress
    from emailq.store.audit import verify as compare

    with Progress("reading", enabled=read and not as_json) as bar:
        audit = with_blobs(
            lambda conn, blobs: compare(conn, blobs, grace_s=grace_h * 3600, read=read, advance=bar.show)
        )
    text = (
        f"{audit.named} blobs named, {audit.stored} stored: {len(audit.problems)} missing or damaged,"
        f" {len(audit.orphans)} orphans, {audit.young} not named yet"
    )
    print_row(asdict(audit), as_json, text)
    if not as_json:
        for problem in audit.problems:
            click.echo(f"  {problem.problem}: {problem.what} {problem.blob} of e-mail {problem.email_id}")
        if audit.orphans:
            click.echo("  to delete the orphans: emailq gc")
    return EX_PROBLEM if audit.problems or audit.orphans else EX_OK


@click.command()
@click.option("--grace-h", type=click.FloatRange(2), default=24, show_default=True, help="Age of blobs that may go.")
@click.option("--dry-run", is_flag=True, help="Only count.")
@as_json
def gc(grace_h: float, dry_run: bool, as_json: bool) -> int:
    """Delete blobs that no row names."""
    from emailq.store.audit import clear_away

    gone, young = with_blobs(lambda conn, blobs: clear_away(conn, blobs, grace_s=grace_h * 3600, dry_run=dry_run))
    verb = "would go" if dry_run else "deleted"
    print_row({"deleted": gone, "young": young}, as_json, f"{gone} blobs {verb}, {young} too young")
    return EX_OK


@click.command()
@click.argument("address")
@click.option("--yes", is_flag=True, help="Do not ask.")
@as_json
def forget(address: str, yes: bool, as_json: bool) -> int:
    """Erase every message that names an address.

    Wherever it stands in them; and its contact. They do not come back.

    Reads all rows and all blobs. What was sent to an ERP is not undone; backups keep what they have.
    """
    from emailq.parse.values import address_forms
    from emailq.progress import Progress
    from emailq.store import erase

    if "@" not in address.strip("@"):
        raise UsageError(f"{address!r} is no e-mail address")

    async def look(conn: Connection, blobs: Blobs) -> erase.Traces:
        with Progress("searching", enabled=not as_json) as bar:
            return await erase.find_traces(conn, blobs, address_forms(address), bar.advance)

    traces = with_blobs(look)
    if not yes and (traces.email_ids or traces.orphans):
        click.confirm(f"Erase {len(traces.email_ids)} messages for good?", abort=True, err=True)
    gone = with_blobs(lambda conn, blobs: erase.forget(conn, blobs, traces))
    counts = {"emails": len(traces.email_ids), "blobs": gone}
    print_row(counts, as_json, f"{len(traces.email_ids)} messages and {gone} blobs erased")
    return EX_OK


@click.command()
@click.option("--dry-run", is_flag=True, help="Only count.")
@as_json
def retention(dry_run: bool, as_json: bool) -> int:
    """Erase messages whose time is up; run this once a day.

    The table email_retention says how long mail in each state is kept.
    """
    from emailq.store import erase

    async def run(conn: Connection, blobs: Blobs) -> dict[str, Any]:
        due, soon = [await erase.past_retention(conn, within_days=days) for days in (0, 7)]
        if not dry_run:
            await erase.erase(conn, blobs, [email_id for ids in due.values() for email_id in ids])
        prompts = 0 if dry_run else await erase.empty_old_prompts(conn)
        states = {state: {"due": len(due.get(state, ())), "within_7_days": len(ids)} for state, ids in soon.items()}
        return {"states": states, "prompts_emptied": prompts}

    found = with_blobs(run)
    verb = "due" if dry_run else "erased"
    lines = [
        f"{state}: {counts['due']} {verb}, {counts['within_7_days'] - counts['due']} more within 7 days"
        for state, counts in sorted(found["states"].items())
    ]
    lines += [f"prompts: {found['prompts_emptied']} emptied"] if found["prompts_emptied"] else []
    print_row(found, as_json, "\n".join(lines) or "nothing is due, nor within 7 days")
    return EX_OK


def with_blobs(function: Callable[[Connection, Blobs], Coroutine[Any, Any, R]]) -> R:
    """The result of an async function of a connection and the blob store."""
    settings = load_settings()

    async def run() -> R:
        async with connected(settings) as conn:
            return await function(conn, open_blobs(settings))

    return asyncio.run(run())
