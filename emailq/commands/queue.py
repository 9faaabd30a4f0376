"""Commands for the queue: worker, health, top, enqueue, status, why, retry, cancel, priority, pause, resume."""

import asyncio
import platform
from datetime import datetime
from shlex import quote
from typing import Any

import click

from emailq import log
from emailq.commands.database import check_queue, check_schema, connected, with_connection
from emailq.commands.output import EX_OK, EX_TEMPFAIL, as_json, print_row, print_rows
from emailq.db import Connection
from emailq.errors import Unavailable, UsageError
from emailq.process import end_within
from emailq.settings import Settings, load_settings


@click.command()
@click.option("--queue", "queues", multiple=True, help="Serve this queue (repeat for more).  [default: all known]")
@click.option(
    "--concurrency", type=click.IntRange(1, 10_000), help="Jobs of one queue at the same time.  [default: by handler]"
)
@click.option("--drain", is_flag=True, help="End when nothing is due.")
@click.option("--handler", "handlers", multiple=True, metavar="QUEUE=module:function", help="Serve your own queue.")
def worker(queues: tuple[str, ...], concurrency: int | None, drain: bool, handlers: tuple[str, ...]) -> int:
    """Do the work in the queues, until SIGTERM or Ctrl-C.

    They finish or give back what runs.
    """
    from emailq.handlers import known_handlers
    from emailq.models import LLM_QUEUE

    settings = load_settings(concurrency=concurrency)
    log.configure(settings.log_level, settings.log_format)
    known = known_handlers(handlers)
    for name in queues:
        if name not in known:
            raise UsageError(
                f"no handler for queue {name!r}; known: {', '.join(known)}; your own: --handler {name}=module:function"
            )
    if "classification" in queues:  # what a cascade hands on to its LLM is the same work
        queues = (*queues, LLM_QUEUE)
    served = {name: known[name] for name in queues or known}
    return asyncio.run(_serve(settings, served, drain))


async def _serve(settings: Settings, served: dict[str, Any], drain: bool) -> int:
    """Run the worker; returns the exit code, which tells whether queues that should be drained still wait."""
    from emailq.app import open_app
    from emailq.queue.standing import exposed_metrics
    from emailq.queue.worker import run_worker

    async with connected(settings) as conn:
        await check_schema(conn)
    async with open_app(settings) as app, exposed_metrics(app):
        await run_worker(app, served, concurrency=settings.concurrency, drain=drain)
    waiting = await _left_in(settings, served) if drain else {}
    for name, reason in waiting.items():
        click.echo(f"emailq: queue {name} waits: {reason}", err=True)
    exit_code = EX_TEMPFAIL if waiting else EX_OK
    end_within(2, exit_code)  # a handler's thread may run for minutes
    return exit_code


async def _left_in(settings: Settings, served: dict[str, Any]) -> dict[str, str]:
    """Which of these queues wait, and why."""
    from emailq.queue import jobs

    async with connected(settings) as conn:
        rows = await jobs.status(conn)
    waiting = [row for row in rows if row["waiting_for_dependency"] or (row["paused"] and row["pending"])]
    return {row["queue_name"]: row["reason"] or "it is paused" for row in waiting if row["queue_name"] in served}


def _short(ctx: click.Context, param: click.Parameter, value: str) -> str:
    if not 1 <= len(value) <= 50:
        raise click.BadParameter("a queue's name has 1 to 50 characters")
    return value


@click.command()
@click.option("--queue", "queue_name", required=True, callback=_short, help="Name of the queue.")
@click.option("--priority", type=click.IntRange(1, 10), default=5, show_default=True, help="1 is served first.")
@click.option(
    "--at",
    "at",
    type=click.DateTime(["%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%S%z"]),
    metavar="TIME",
    help="Not before this time, UTC unless it says otherwise; e.g. '2026-12-24 08:00' or 2026-12-24T08:00:00+0100.",
)
@click.argument("emails", nargs=-1, required=True, metavar="EMAIL_ID…")
@as_json
def enqueue(queue_name: str, priority: int, at: datetime | None, emails: tuple[str, ...], as_json: bool) -> int:
    """Put e-mails into a queue.

    One that is live there already stays as it is.
    """
    from datetime import UTC

    from emailq.queue import jobs
    from emailq.store.emails import email_ids

    if at is not None and at.tzinfo is None:
        at = at.replace(tzinfo=UTC)

    async def run(conn: Connection) -> dict[str, Any]:
        ids = await email_ids(conn, list(emails))
        known = [row["queue_name"] for row in await jobs.status(conn)]
        if queue_name not in known:  # it may become a queue of somebody's own, or be a typing error
            click.echo(f"no worker serves {queue_name!r} and nothing was in it; there are {', '.join(known)}", err=True)
        added = await jobs.enqueue_at(conn, queue_name, ids, priority, at)
        return {
            "queue": queue_name,
            "enqueued": [str(item) for item, _ in added],
            "live_already": len(ids) - len(added),
        }

    result = with_connection(run)
    print_row(result, as_json, f"{len(result['enqueued'])} enqueued, {result['live_already']} live already")
    return EX_OK


@click.command()
@as_json
def status(as_json: bool) -> int:
    """Show the queues: depth, age, rate, workers."""
    from emailq.commands.queue_output import print_status
    from emailq.queue import jobs

    rows = with_connection(jobs.status)
    if as_json:
        print_rows(rows)
    else:
        print_status(rows)
    return EX_OK


@click.command()
@click.option("--interval", type=click.FloatRange(0.2), default=2.0, show_default=True, help="Seconds between looks.")
def top(interval: float) -> int:
    """Show queues and workers live, until Ctrl-C."""
    from emailq.commands.queue_output import watch_status
    from emailq.queue import jobs

    async def run(conn: Connection) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        return await jobs.status(conn), await jobs.workers(conn)

    watch_status(lambda: with_connection(run), interval)
    return EX_OK


@click.command()
@click.option("--host", default=platform.node, show_default="this one", help="Host whose workers are looked at.")
@click.option("--patience", type=click.FloatRange(1), default=600, show_default=True, help="Seconds without progress.")
def health(host: str, patience: float) -> int:
    """Check that a host's workers get on; for containers.

    Exit code 0 or 69.
    """
    from emailq.queue import jobs

    troubles = with_connection(lambda conn: jobs.host_troubles(conn, host, patience))
    if troubles:
        raise Unavailable("; ".join(troubles))
    click.echo("ok")
    return EX_OK


@click.command()
@click.argument("item_id", metavar="ITEM_ID")
@as_json
def why(item_id: str, as_json: bool) -> int:
    """Say why a queue item is where it is."""
    import psycopg

    from emailq.checks import locks
    from emailq.printable import printable
    from emailq.queue import jobs
    from emailq.store.emails import item_ids

    async def run(conn: Connection) -> list[dict[str, Any]]:
        try:
            async with conn.transaction():
                await conn.execute("set local lock_timeout = '2s'")
                return [{"id": str(one), "why": await jobs.why(conn, one)} for one in await item_ids(conn, [item_id])]
        except psycopg.errors.LockNotAvailable:  # who asks why must not become one more that waits
            found = await locks(conn)
            raise Unavailable(found.text if found.exit_code else "a table is locked; try again") from None

    found = with_connection(run)
    for one in found:
        text = printable(one["why"], 4000)  # a reason may hold what a server said
        print_row(one, as_json, text if len(found) == 1 else f"{one['id'][:8]}  {text}")
    return EX_OK


@click.command()
@click.argument("ids", nargs=-1, metavar="[ID…]")
@click.option("--failed", is_flag=True, help="All failed items (with --queue: of that queue).")
@click.option("--queue", "queue_name", help="Only items of this queue.")
@as_json
def retry(ids: tuple[str, ...], failed: bool, queue_name: str | None, as_json: bool) -> int:
    """Start failed or cancelled items again. ID is a queue item's, or an e-mail's for all its items."""
    from emailq.queue import jobs
    from emailq.store.emails import item_ids

    if bool(ids) == failed:
        raise UsageError("name the items to retry, or give --failed")

    async def run(conn: Connection) -> list[str]:
        chosen = await jobs.failed_ids(conn, queue_name) if failed else await item_ids(conn, list(ids))
        return [str(one) for one in await jobs.requeue(conn, chosen)]

    done = with_connection(run)
    print_row({"requeued": done}, as_json, f"{len(done)} requeued")
    return EX_OK


@click.command()
@click.argument("ids", nargs=-1, required=True, metavar="ID…")
@as_json
def cancel(ids: tuple[str, ...], as_json: bool) -> int:
    """Cancel live items; what a running one returns is dropped. ID as for retry."""
    from emailq.queue import jobs
    from emailq.store.emails import item_ids

    async def run(conn: Connection) -> list[str]:
        return [str(one) for one in await jobs.cancel(conn, await item_ids(conn, list(ids)))]

    done = with_connection(run)
    print_row({"cancelled": done}, as_json, f"{len(done)} cancelled")
    return EX_OK


@click.command()
@click.argument("level", type=click.IntRange(1, 10), metavar="PRIORITY")
@click.argument("ids", nargs=-1, required=True, metavar="ID…")
@as_json
def priority(level: int, ids: tuple[str, ...], as_json: bool) -> int:
    """Give live items another priority; 1 is served first. ID as for retry."""
    from emailq.queue import jobs
    from emailq.store.emails import item_ids

    async def run(conn: Connection) -> list[str]:
        return [str(one) for one in await jobs.set_priority(conn, await item_ids(conn, list(ids)), level)]

    done = with_connection(run)
    print_row({"changed": done}, as_json, f"{len(done)} changed")
    return EX_OK


@click.command()
@click.argument("queue_name", metavar="QUEUE")
@click.option("--reason", help="Shown to whoever asks why.")
def pause(queue_name: str, reason: str | None) -> int:
    """Stop claiming from a queue; what runs goes on."""
    from emailq.queue import jobs

    async def run(conn: Connection) -> None:
        await check_queue(conn, queue_name)
        await jobs.pause(conn, queue_name, reason)

    with_connection(run)
    click.echo(f"{queue_name} is paused; resume it with: emailq resume {quote(queue_name)}")
    return EX_OK


@click.command()
@click.argument("queue_name", metavar="QUEUE")
def resume(queue_name: str) -> int:
    """Claim from a queue again."""
    from emailq.queue import jobs

    async def run(conn: Connection) -> None:
        await check_queue(conn, queue_name)
        await jobs.resume(conn, queue_name)

    with_connection(run)
    click.echo(f"{queue_name} flows")
    return EX_OK
