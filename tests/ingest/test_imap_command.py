"""`emailq imap` and `emailq reconcile` as a person runs them."""

import json
import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from tests.commands import run_emailq, start_emailq
from tests.mail_server import PASSWORD, Mailbox, MailServer
from tests.mails import message
from tests.waiting import wait_until


@contextmanager
def ended(process: subprocess.Popen[str]) -> Iterator[None]:
    try:
        yield
    finally:
        process.kill()


MAILS = [message(f"Order {n}", f"{n} boxes, please.") for n in range(3)]


@pytest.fixture
def mailbox(mail_server: MailServer) -> Mailbox:
    return mail_server.mailbox()


@pytest.fixture
def env(dsn: str, mailbox: Mailbox, tmp_path: Path) -> dict[str, str]:
    """A settings file for the mailbox, with the password in a file of its own."""
    password = tmp_path / "password"
    password.write_text(PASSWORD + "\n")
    password.chmod(0o600)
    config = tmp_path / "emailq.toml"
    config.write_text(
        f'[imap.shop]\nhost = "localhost"\nport = {mailbox.server.imaps}\nuser = "{mailbox.user}"\n'
        f'password_file = "{password}"\nca_file = "{mailbox.server.ca_file}"\n'
    )
    return {"EMAILQ_CONFIG": str(config), "EMAILQ_DSN": dsn, "EMAILQ_BLOB_DIR": str(tmp_path / "blobs")}


def test_a_mailbox_is_read_once_and_reconciled(db: psycopg.Connection, env: dict[str, str], mailbox: Mailbox) -> None:
    mailbox.append(*MAILS)

    read = run_emailq("imap", "--once", env=env)
    whole = run_emailq("reconcile", "shop", env=env)
    db.execute("delete from email_deliveries where uid = 2")
    gap = run_emailq("reconcile", "shop", env=env)
    repaired = run_emailq("reconcile", "shop", "--fetch", "--json", env=env)

    assert (read.returncode, read.stdout) == (0, "3 new, 0 known\n"), read.stderr
    assert (whole.returncode, whole.stdout) == (0, "INBOX: 3 on the server, 0 missing here\n"), whole.stderr
    assert (gap.returncode, gap.stdout) == (1, "INBOX: 3 on the server, 1 missing here\n  uid 2: never came in\n")
    assert (repaired.returncode, json.loads(repaired.stdout)["fetched"]) == (0, [2]), repaired.stderr


def test_doctor_looks_into_each_mailbox(env: dict[str, str], mailbox: Mailbox) -> None:
    mailbox.append(*MAILS)

    good = run_emailq("doctor", env=env)
    Path(env["EMAILQ_CONFIG"]).write_text(Path(env["EMAILQ_CONFIG"]).read_text().replace(mailbox.user, "nobody"))
    bad = run_emailq("doctor", env=env)

    assert f"ok   mailbox shop: IMAP server localhost:{mailbox.server.imaps}: INBOX has 3 messages\n" in good.stdout
    assert "FAIL mailbox shop: IMAP server" in bad.stdout
    assert "refuses the login of nobody" in bad.stdout
    assert bad.returncode == 78
    assert PASSWORD not in good.stdout + bad.stdout
    assert mailbox.flags() == [set()] * 3


def test_the_service_takes_in_mail_until_it_is_told_to_stop(
    db: psycopg.Connection, env: dict[str, str], mailbox: Mailbox
) -> None:
    with start_emailq("imap", "shop", env=env) as service, ended(service):
        wait_until(lambda: db.execute("select 1 from imap_folders").fetchone(), 20)
        mailbox.deliver(MAILS[0])
        wait_until(lambda: db.execute("select 1 from processing_queue").fetchone(), 2)
        service.send_signal(signal.SIGTERM)
        _, log = service.communicate(timeout=10)

    assert service.returncode == 0
    assert "imap.waiting account=shop folder=INBOX idle=True" in log
    assert PASSWORD not in log
    assert mailbox.user not in log


@pytest.mark.parametrize(
    ("table", "problem"),
    [
        ('host = "h"\nuser = "u"', "give password (or password_file) or oauth_refresh_token"),
        ('host = "h"\nuser = "u"\npassword = "p"\nsecurity = "none"', "use tls or starttls"),
        ('host = "h"\nuser = "u"\npassword = "p"\nfolders = ["a\\r\\nA1 LOGOUT"]', "no line breaks"),
        (
            'host = "h"\nuser = "u"\npassword = "p"\nfolder = "INBOX"',
            "imap.shop.folder: unknown setting; did you mean 'folders'?",
        ),
        ('hots = "h"\nuser = "u"\npassword = "p"', "imap.shop.hots: unknown setting; did you mean 'host'?"),
        ('host = "h"\nuser = "u"\npassword_file = "/nowhere/at/all"', "can't read /nowhere/at/all"),
    ],
)
def test_wrong_settings_are_refused_by_name(tmp_path: Path, table: str, problem: str) -> None:
    (tmp_path / "emailq.toml").write_text(f"[imap.shop]\n{table}\n")

    done = run_emailq("imap", env={"EMAILQ_CONFIG": str(tmp_path / "emailq.toml")}, cwd=tmp_path)

    assert done.returncode == 78
    assert problem in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_without_a_mailbox_in_the_settings_it_says_what_to_do(tmp_path: Path) -> None:
    done = run_emailq("imap", env={"EMAILQ_DSN": "postgresql://nobody@127.0.0.1:1/x"}, cwd=tmp_path)

    assert done.returncode == 65
    assert "add a table [imap.NAME]" in done.stderr


def test_a_password_file_that_everybody_can_read_is_refused(tmp_path: Path) -> None:
    (tmp_path / "password").write_text("secret")
    os.chmod(tmp_path / "password", 0o644)
    table = f'[imap.shop]\nhost = "h"\nuser = "u"\npassword_file = "{tmp_path}/password"\n'
    (tmp_path / "emailq.toml").write_text(table)

    done = run_emailq("imap", cwd=tmp_path)

    assert done.returncode == 78
    assert "chmod o-rwx" in done.stderr
