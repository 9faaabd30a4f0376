"""Mailboxes: how fast a large one comes in from a real Dovecot, what a second look costs, how soon new mail is here."""

import json
import os
import re
import statistics
import subprocess
import tempfile
import time
from contextlib import suppress
from pathlib import Path

import click
import psycopg

from emailq.migrate import migrate
from scripts.benchmark.server import benchmark_server, create_database
from tests.commands import EMAILQ, run_emailq
from tests.mail_server import PASSWORD, Mailbox, have_dovecot, start_mail_server
from tests.mails import message
from tests.waiting import wait_until

_TEXT = "Please send the goods of our last order again, at the same price and to the same address.\n"


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--messages", type=click.IntRange(100, 1_000_000), default=2_000, show_default=True)
@click.option("--kbytes", type=click.IntRange(1, 10_000), default=4, show_default=True, help="Of each message.")
@click.option(
    "--arrivals", type=click.IntRange(1, 1000), default=20, show_default=True, help="New messages, one by one."
)
def bench(messages: int, kbytes: int, arrivals: int) -> None:
    """Read a mailbox of so many messages, look at it again, and deliver new mail to it."""
    if not have_dovecot():
        raise click.UsageError("this needs Dovecot, and root to start it: apt-get install dovecot-imapd dovecot-lmtpd")
    with tempfile.TemporaryDirectory(prefix="emailq-bench-") as name, benchmark_server() as server:
        env = {"EMAILQ_DSN": create_database(server, "imap"), "EMAILQ_BLOB_DIR": f"{name}/blobs"}
        env["EMAILQ_CONFIG"] = f"{name}/emailq.toml"
        migrate(env["EMAILQ_DSN"])
        with start_mail_server() as mail_server:
            mailbox = mail_server.mailbox()
            fill(mailbox, messages, kbytes)
            Path(env["EMAILQ_CONFIG"]).write_text(
                f'[imap.bench]\nhost = "localhost"\nport = {mail_server.imaps}\nuser = "{mailbox.user}"\n'
                f"password = {json.dumps(PASSWORD)}\nca_file = {json.dumps(str(mail_server.ca_file))}\n"
            )
            took_s, summary = read(env)
            click.echo(
                f"{messages:,} messages of {kbytes} kB: {summary}; {took_s:.1f} s, {messages / took_s:,.0f} a second"
            )
            took_s, summary = read(env)
            click.echo(f"the same again: {summary}; {took_s:.1f} s")
            began = time.monotonic()
            whole = run_emailq("reconcile", "bench", env=env, timeout_s=600)
            click.echo(f"reconcile: {whole.stdout.strip()}; {time.monotonic() - began:.1f} s")
            waits = arrivals_s(env, mailbox, arrivals)
            median_s = statistics.median(waits)
            click.echo(f"new mail, delivered → in the queue: median {median_s:.2f} s, longest {max(waits):.2f} s")


def fill(mailbox: Mailbox, count: int, kbytes: int) -> None:
    """Straight into the Maildir: delivering them would take longer than reading them."""
    folder = mailbox.server.folder / "mail" / mailbox.user
    for name in ("cur", "new", "tmp"):
        (folder / name).mkdir(parents=True)
    text = _TEXT * (kbytes * 1000 // len(_TEXT))
    for n in range(count):
        (folder / "cur" / f"{1_700_000_000 + n}.M{n}.bench:2,S").write_bytes(message(f"Order {n}", text))
    subprocess.run(["chown", "-R", "nobody:nogroup", folder], check=True)


def read(env: dict[str, str]) -> tuple[float, str]:
    began = time.monotonic()
    done = run_emailq("imap", "--once", env=env, timeout_s=7200)
    took_s = time.monotonic() - began
    if done.returncode:
        raise click.ClickException(done.stderr)
    return took_s, done.stdout.strip()


def arrivals_s(env: dict[str, str], mailbox: Mailbox, count: int) -> list[float]:
    """Seconds from the server's "delivered" until the item is in the queue, of each new message."""
    waits = []
    service = subprocess.Popen([EMAILQ, "imap"], env=os.environ | env, stderr=subprocess.PIPE, text=True)
    try:
        assert service.stderr is not None
        while "imap.waiting" not in (line := service.stderr.readline()):
            if not line:
                raise click.ClickException("emailq imap ended by itself")
        with psycopg.connect(env["EMAILQ_DSN"], autocommit=True) as conn:
            for n in range(count):
                raw = message(f"New {n}", "hello")
                message_id = re.search(rb"Message-ID: <(.*)>", raw)[1].decode()  # type: ignore[index]
                mailbox.deliver(raw)
                began = time.monotonic()
                wait_until(lambda m=message_id: is_queued(conn, m), 30)  # type: ignore[misc]
                waits.append(time.monotonic() - began)
    finally:
        service.terminate()
        with suppress(ProcessLookupError):
            service.wait()
    return waits


def is_queued(conn: psycopg.Connection, message_id: str) -> bool:
    found = conn.execute(
        "select 1 from processing_queue q join emails e on e.id = q.email_id where e.message_id = %s", (message_id,)
    )
    return found.fetchone() is not None


def main(args: list[str]) -> int:
    bench.main(args, prog_name="scripts/bench imap", standalone_mode=False)
    return 0
