"""The commands: each reads settings, calls one function and prints the result."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Iterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any, NoReturn, TypeVar

import click
import psycopg

from emailq import __version__, log, metrics
from emailq.db import Connection, brief, connect
from emailq.errors import BadInput, ConfigError, EmailqError, NotFound, SchemaError, Unavailable, UsageError
from emailq.settings import Settings, load_settings

R = TypeVar("R")

EX_OK, EX_USAGE, EX_DATAERR, EX_TEMPFAIL = 0, 64, 65, 75  # sysexits.h

as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON, one object a line.")


def main() -> NoReturn:
    """Run a command; every expected error is one line on stderr and an exit code of sysexits.h."""
    try:
        code = cli.main(standalone_mode=False)
        sys.stdout.flush()
        sys.exit(code or EX_OK)
    except click.UsageError as error:
        command = error.ctx.command_path if error.ctx else "emailq"
        _fail(f"{error.format_message()} (see: {command} --help)", EX_USAGE)
    except click.ClickException as error:
        _fail(error.format_message(), EX_USAGE)
    except EmailqError as error:
        _fail(str(error), error.exit_code)
    except psycopg.errors.UndefinedTable:
        _fail("the database has no emailq schema; run: emailq migrate", SchemaError.exit_code)
    except psycopg.OperationalError as error:
        _fail(f"PostgreSQL: {brief(error)}", Unavailable.exit_code)
    except psycopg.Error as error:
        _fail(f"PostgreSQL: {brief(error)}", EmailqError.exit_code)
    except (KeyboardInterrupt, click.Abort):
        sys.exit(130)
    except BrokenPipeError:  # the reader, such as head, had enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(EX_OK)


def _fail(message: str, code: int) -> NoReturn:
    click.echo(f"emailq: {message}", err=True)
    sys.exit(code)


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(__version__, message="emailq %(version)s")
def cli() -> None:
    """Turn a mailbox into work that is done, with PostgreSQL as the broker.

    Settings come from EMAILQ_… environment variables and emailq.toml; `emailq doctor` shows and checks them.
    """


# ------------------------------------------------------------------------------------------ set up


@cli.command()
@as_json
def migrate(as_json: bool) -> int:
    """Create or upgrade the tables, functions and views in the database."""
    from emailq.migrate import migrate as apply

    settings = load_settings()
    try:
        applied = apply(settings.require_dsn())
    except psycopg.OperationalError as error:
        raise Unavailable(f"can't connect to PostgreSQL: {brief(error)}") from None
    _print({"applied": applied}, as_json, "\n".join(f"applied {name}" for name in applied) or "nothing to do")
    return EX_OK


@cli.command()
@as_json
def doctor(as_json: bool) -> int:
    """Check the settings against the real servers, and show the settings in force."""
    from emailq.doctor import diagnose, worst_exit_code
    from emailq.render import print_findings

    findings = asyncio.run(diagnose())
    if as_json:
        _print_json(finding._asdict() for finding in findings)
    else:
        print_findings(findings)
    return worst_exit_code(findings)


# ------------------------------------------------------------------------------------------ mail in


@cli.command()
@click.argument("paths", nargs=-1, required=True, metavar="PATH…")
@click.option("--account", help="Mailbox that the messages belong to.  [default: the setting account]")
@as_json
def ingest(paths: tuple[str, ...], account: str | None, as_json: bool) -> int:
    """Take in messages: .eml files, folders of them, mbox files, Maildirs, or - for standard input."""
    from emailq.ingest.load import load
    from emailq.render import Progress

    settings = load_settings(account=account)
    with Progress(paths, enabled=not as_json) as progress:
        report = asyncio.run(load(settings, paths, progress.advance))
    for source, reason in report.refused:
        click.echo(f"refused {_printable(source)}: {reason}", err=True)
    if report.skipped:
        first = ", ".join(_printable(os.path.basename(name)) for name in report.skipped[:3])
        more = f" and {len(report.skipped) - 3} more" if len(report.skipped) > 3 else ""
        click.echo(f"left out, not mail: {first}{more}", err=True)
    _print(report.counts(), as_json, report.summary())
    return EX_DATAERR if report.refused else EX_OK


@cli.command()
@click.option("--queue", "queue_name", required=True, help="Name of the queue.")
@click.option("--priority", type=click.IntRange(1, 10), default=5, show_default=True, help="1 is served first.")
@click.option("--at", "at", type=click.DateTime(["%Y-%m-%dT%H:%M:%S%z", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M:%S"]))
@click.argument("emails", nargs=-1, required=True, metavar="EMAIL_ID…")
@as_json
def enqueue(queue_name: str, priority: int, at: datetime | None, emails: tuple[str, ...], as_json: bool) -> int:
    """Put e-mails into a queue; one that is live there already stays as it is. --at takes a time (UTC)."""
    from datetime import UTC

    from emailq.queue import jobs
    from emailq.store.emails import email_ids

    if at is not None and at.tzinfo is None:
        at = at.replace(tzinfo=UTC)

    async def run(conn: Connection) -> dict[str, Any]:
        ids = await email_ids(conn, list(emails))
        added = await jobs.enqueue_at(conn, queue_name, ids, priority, at)
        return {
            "queue": queue_name,
            "enqueued": [str(item) for item, _ in added],
            "live_already": len(ids) - len(added),
        }

    result = _with_connection(run)
    _print(result, as_json, f"{len(result['enqueued'])} enqueued, {result['live_already']} live already")
    return EX_OK


@cli.command()
@click.option("--queue", "queues", multiple=True, help="Serve this queue (repeat for more).  [default: all known]")
@click.option("--concurrency", type=click.IntRange(1, 10_000), help="Jobs of one queue at the same time.")
@click.option("--drain", is_flag=True, help="End when nothing is due.")
@click.option("--handler", "handlers", multiple=True, metavar="QUEUE=module:function", help="Serve your own queue.")
def worker(queues: tuple[str, ...], concurrency: int | None, drain: bool, handlers: tuple[str, ...]) -> int:
    """Claim jobs and run their handlers, until SIGTERM (which finishes or gives back what runs)."""
    from emailq.handlers import known_handlers

    settings = load_settings(concurrency=concurrency)
    log.configure(settings.log_level, settings.log_format)
    known = known_handlers(handlers)
    for name in queues:
        if name not in known:
            raise UsageError(
                f"no handler for queue {name!r}; known: {', '.join(known)}; your own: --handler {name}=module:function"
            )
    served = {name: known[name] for name in queues or known}
    if settings.metrics_port is not None:
        metrics.serve(settings.metrics_port)
    waiting = asyncio.run(_serve(settings, served, drain))
    for name, reason in waiting:
        click.echo(f"emailq: queue {name} waits: {reason}", err=True)
    return EX_TEMPFAIL if waiting else EX_OK


async def _serve(settings: Settings, served: dict[str, Any], drain: bool) -> list[tuple[str, str]]:
    """Run the worker; returns the queues that could not be drained because what they need is down."""
    from emailq.app import open_app
    from emailq.queue import jobs
    from emailq.queue.worker import run_worker

    async with _connected(settings) as conn:
        await _check_schema(conn)
    async with open_app(settings) as app:
        await run_worker(app, served, concurrency=settings.concurrency, drain=drain)
    if not drain:
        return []
    async with _connected(settings) as conn:
        rows = await jobs.status(conn)
    return [(r["queue_name"], r["reason"]) for r in rows if r["queue_name"] in served and r["waiting_for_dependency"]]


# ------------------------------------------------------------------------------------------ look


@cli.command()
@as_json
def status(as_json: bool) -> int:
    """Show the queues: depth, age, rate, workers."""
    from emailq.queue import jobs
    from emailq.render import print_status

    rows = _with_connection(jobs.status)
    if as_json:
        _print_json(rows)
    else:
        print_status(rows)
    return EX_OK


@cli.command(name="list")
@click.option("--intent", help="Only this intent.")
@click.option("--account", help="Only mail that reached this account.")
@click.option("--from", "sender", metavar="ADDRESS", help="Only mail from this address.")
@click.option("--search", metavar="WORDS", help='Full text of subject and body; "quoted phrase", or, -without.')
@click.option("--review", is_flag=True, help="Only what needs a person.")
@click.option("--failed", is_flag=True, help="Only what failed.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=50, show_default=True)
@as_json
def list_(as_json: bool, **filters: Any) -> int:
    """List e-mails, newest first."""
    from emailq.render import print_emails
    from emailq.store.emails import list_emails

    rows = _with_connection(lambda conn: list_emails(conn, **filters))
    if as_json:
        _print_json(rows)
    else:
        print_emails(rows)
    return EX_OK


@cli.command()
@click.argument("email_id", metavar="EMAIL_ID")
@as_json
def show(email_id: str, as_json: bool) -> int:
    """Show one e-mail with its thread, attachments, decisions, ERP actions and queue items."""
    from emailq.render import print_email
    from emailq.store.emails import email_ids, show_email

    async def run(conn: Connection) -> dict[str, Any]:
        return await show_email(conn, (await email_ids(conn, [email_id]))[0])

    found = _with_connection(run)
    if as_json:
        _print_json([found])
    else:
        print_email(found)
    return EX_OK


@cli.command()
@click.argument("item_id", metavar="ITEM_ID")
@as_json
def why(item_id: str, as_json: bool) -> int:
    """Say why a queue item is where it is."""
    from emailq.queue import jobs
    from emailq.store.emails import item_ids

    async def run(conn: Connection) -> list[dict[str, Any]]:
        return [{"id": str(one), "why": await jobs.why(conn, one)} for one in await item_ids(conn, [item_id])]

    found = _with_connection(run)
    for one in found:
        _print(one, as_json, one["why"] if len(found) == 1 else f"{one['id'][:8]}  {one['why']}")
    return EX_OK


# ------------------------------------------------------------------------------------------ steer


@cli.command()
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

    done = _with_connection(run)
    _print({"requeued": done}, as_json, f"{len(done)} requeued")
    return EX_OK


@cli.command()
@click.argument("ids", nargs=-1, required=True, metavar="ID…")
@as_json
def cancel(ids: tuple[str, ...], as_json: bool) -> int:
    """Cancel live items; what a running one returns is dropped. ID as for retry."""
    from emailq.queue import jobs
    from emailq.store.emails import item_ids

    async def run(conn: Connection) -> list[str]:
        return [str(one) for one in await jobs.cancel(conn, await item_ids(conn, list(ids)))]

    done = _with_connection(run)
    _print({"cancelled": done}, as_json, f"{len(done)} cancelled")
    return EX_OK


@cli.command()
@click.argument("level", type=click.IntRange(1, 10), metavar="PRIORITY")
@click.argument("ids", nargs=-1, required=True, metavar="ID…")
@as_json
def priority(level: int, ids: tuple[str, ...], as_json: bool) -> int:
    """Give live items another priority; 1 is served first. ID as for retry."""
    from emailq.queue import jobs
    from emailq.store.emails import item_ids

    async def run(conn: Connection) -> list[str]:
        return [str(one) for one in await jobs.set_priority(conn, await item_ids(conn, list(ids)), level)]

    done = _with_connection(run)
    _print({"changed": done}, as_json, f"{len(done)} changed")
    return EX_OK


@cli.command()
@click.argument("queue_name", metavar="QUEUE")
@click.option("--reason", help="Shown to whoever asks why.")
def pause(queue_name: str, reason: str | None) -> int:
    """Stop claiming from a queue; what runs goes on."""
    from emailq.queue import jobs

    async def run(conn: Connection) -> None:
        await _check_queue(conn, queue_name)
        await jobs.pause(conn, queue_name, reason)

    _with_connection(run)
    click.echo(f"{queue_name} is paused; resume it with: emailq resume {queue_name}")
    return EX_OK


@cli.command()
@click.argument("queue_name", metavar="QUEUE")
def resume(queue_name: str) -> int:
    """Claim from a queue again."""
    from emailq.queue import jobs

    async def run(conn: Connection) -> None:
        await _check_queue(conn, queue_name)
        await jobs.resume(conn, queue_name)

    _with_connection(run)
    click.echo(f"{queue_name} flows")
    return EX_OK


# ------------------------------------------------------------------------------------------ without a database


@cli.command()
@click.argument("files", nargs=-1, required=True, metavar="FILE…")
@as_json
def parse(files: tuple[str, ...], as_json: bool) -> int:
    """Parse messages without a database; --json prints JMAP Email objects (RFC 8621 §4.1)."""
    from emailq.parse.jmap import to_jmap
    from emailq.parse.message import parse_message
    from emailq.render import print_parsed

    reader = _Reader(files)
    for source, raw in reader:
        email = {"file": source, **to_jmap(parse_message(raw))}
        if as_json:
            _print_json([email])
        else:
            print_parsed(email)
    return reader.exit_code


@cli.command()
@click.argument("files", nargs=-1, required=True, metavar="FILE…")
@as_json
def classify(files: tuple[str, ...], as_json: bool) -> int:
    """Label messages without a database, with the classifier of the settings."""
    from emailq.classify.handler import classify_files

    settings = load_settings()
    reader = _Reader(files)
    for source, label in classify_files(reader, settings):
        line = {
            "file": source,
            "intent": label.intent,
            "sentiment": label.sentiment,
            "priority": label.priority,
            "confidence": round(label.confidence, 4),
            "model": label.model,
        }
        text = (
            f"{label.intent:10} {label.confidence:4.0%}  {label.sentiment:8} {label.priority:6}  {_printable(source)}"
        )
        _print(line, as_json, text)
    return reader.exit_code


class _Reader:
    """The messages in some files; a file that can't be taken is told on stderr and remembered in `exit_code`."""

    def __init__(self, files: tuple[str, ...]) -> None:
        self._files = files
        self.exit_code = EX_OK

    def __iter__(self) -> Iterator[tuple[str, bytes]]:
        from emailq.ingest.files import find_messages

        limit = load_settings().max_message_bytes
        for path in self._files:
            for found in find_messages(path, limit):
                if found.raw is not None:
                    yield found.source, found.raw
                elif not found.skipped:
                    click.echo(f"emailq: {_printable(found.source)}: {found.refusal}", err=True)
                    self.exit_code = BadInput.exit_code


@cli.command(context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False})
@click.argument("command", nargs=-1, metavar="[COMMAND…]", type=click.UNPROCESSED)
def demo(command: tuple[str, ...]) -> int:
    """Run the main job on an embedded PostgreSQL and show the result.

    With COMMAND, run that emailq command on the demo's database (or `psql …`, the embedded one).
    """
    try:
        from emailq.demo import run_demo
    except ModuleNotFoundError as error:
        raise ConfigError(f"the demo needs {error.name}; install it with: pip install 'emailq[demo]'") from None
    return run_demo(command)


# ------------------------------------------------------------------------------------------ shared


@asynccontextmanager
async def _connected(settings: Settings) -> AsyncIterator[Connection]:
    conn = await connect(settings.require_dsn(), "cli")
    async with conn:
        yield conn


def _with_connection(function: Callable[[Connection], Coroutine[Any, Any, R]]) -> R:
    """The result of an async function of a connection."""

    async def run() -> R:
        async with _connected(load_settings()) as conn:
            return await function(conn)

    return asyncio.run(run())


async def _check_schema(conn: Connection) -> None:
    from emailq.migrate import check_schema

    cursor = await conn.execute("select name, checksum from schema_migrations")
    check_schema(dict(await cursor.fetchall()))


async def _check_queue(conn: Connection, name: str) -> None:
    """Raise NotFound, with the nearest name, for a queue that nobody knows: a typing error would be silent."""
    import difflib

    from emailq.queue import jobs

    names = [row["queue_name"] for row in await jobs.status(conn)]
    if name not in names:
        near = difflib.get_close_matches(name, names, n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(names)}"
        raise NotFound(f"no queue {name!r}; {hint}")


def _print(data: dict[str, Any], as_json: bool, text: str) -> None:
    click.echo(_to_json(data) if as_json else text)


def _print_json(rows: Iterable[dict[str, Any]]) -> None:
    for row in rows:
        click.echo(_to_json(row))


def _to_json(data: Any) -> str:
    return json.dumps(data, ensure_ascii=False, default=str)


def _printable(text: str) -> str:
    from emailq.parse.text import printable

    return printable(text.encode("utf-8", "backslashreplace").decode(), 200)
