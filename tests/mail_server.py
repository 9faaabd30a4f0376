"""A real Dovecot: IMAP with and without TLS, OAuth2, and LMTP, with mailboxes that tests fill and read."""

import base64
import hashlib
import hmac
import imaplib
import itertools
import json
import os
import shutil
import signal
import smtplib
import ssl
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.servers import end_of_log, free_ports, start_program, stop_program
from tests.waiting import wait_until

PASSWORD = 'swörd "fish" \\ 1'
USERS = 200
_TOKEN_KEY = b"a key that only the tests know"

_CONF = """
base_dir = {folder}/run
state_dir = {folder}/run
log_path = {folder}/log
protocols = imap lmtp
listen = 127.0.0.1
ssl = yes
ssl_cert = <{folder}/cert.pem
ssl_key = <{folder}/key.pem
disable_plaintext_auth = no
auth_mechanisms = plain xoauth2
auth_failure_delay = 0 secs
auth_username_chars =
mail_location = maildir:{folder}/mail/%u
mail_fsync = never
hostname = localhost
postmaster_address = postmaster@example.org
first_valid_uid = 1
mail_max_userip_connections = 100
login_trusted_networks = 127.0.0.1
passdb {{
  driver = oauth2
  mechanisms = xoauth2
  args = {folder}/oauth2.conf
}}
passdb {{
  driver = passwd-file
  args = scheme=PLAIN {folder}/users
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={folder}/mail/%u
}}
namespace inbox {{
  inbox = yes
  separator = /
}}
service auth {{
  client_limit = 4000
}}
service anvil {{
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
service imap-login {{
  process_min_avail = 1
  service_count = 0
  inet_listener imap {{
    port = {imap}
  }}
  inet_listener imaps {{
    port = {imaps}
    ssl = yes
  }}
}}
service imap {{
  service_count = 100
}}
service lmtp {{
  inet_listener lmtp {{
    address = 127.0.0.1
    port = {lmtp}
  }}
}}
"""

_OAUTH2 = """
introspection_mode = local
local_validation_key_dict = fs:posix:prefix={folder}/keys/
username_attribute = sub
"""


def have_dovecot() -> bool:
    """Its master process wants root."""
    return shutil.which("dovecot") is not None and os.geteuid() == 0


@dataclass(frozen=True)
class MailServer:
    """`imap` serves plain and STARTTLS, `imaps` TLS; the certificate is for localhost, by `ca_file`'s own authority."""

    folder: Path
    imap: int
    imaps: int
    lmtp: int

    @property
    def ca_file(self) -> Path:
        return self.folder / "cert.pem"

    def mailbox(self) -> "Mailbox":
        """An empty one."""
        return Mailbox(self, f"user{next(_users)}@example.org")

    def token(self, user: str, valid_s: int = 3600) -> str:
        """An access token that this server accepts for `user` (a signed JWT)."""
        head = {"alg": "HS256", "typ": "JWT"}
        claims = {"sub": user, "iss": "tests", "iat": int(time.time()) - 10, "exp": int(time.time()) + valid_s}
        signed = ".".join(_base64url(json.dumps(part).encode()) for part in (head, claims))
        return f"{signed}.{_base64url(hmac.digest(_TOKEN_KEY, signed.encode(), hashlib.sha256))}"


@dataclass(frozen=True)
class Mailbox:
    server: MailServer
    user: str

    def settings(self, **changed: Any) -> dict[str, Any]:
        """What a table [imap.NAME] says to read it."""
        found = {"host": "localhost", "port": self.server.imaps, "ca_file": str(self.server.ca_file)}
        return {**found, "user": self.user, "password": PASSWORD, **changed}

    def deliver(self, *messages: bytes) -> None:
        """By LMTP, as a mail server would."""
        with smtplib.LMTP("127.0.0.1", self.server.lmtp) as lmtp:
            for message in messages:
                lmtp.sendmail("sender@example.com", [self.user], message)

    def append(self, *messages: bytes, folder: str = "INBOX", flags: str = "", date: str = "") -> None:
        """`date`: INTERNALDATE, as in 17-Jul-2026 02:44:25 -0700."""
        with self.client() as imap:
            if folder != "INBOX":
                imap.create(folder)
            for message in messages:
                status, answer = imap.append(folder, flags, f'"{date}"' if date else None, message)  # type: ignore[arg-type]
                assert status == "OK", answer

    @contextmanager
    def client(self, folder: str | None = None) -> Iterator[imaplib.IMAP4_SSL]:
        """Another program's client, for what users do meanwhile."""
        context = ssl.create_default_context(cafile=str(self.server.ca_file))
        with imaplib.IMAP4_SSL("localhost", self.server.imaps, ssl_context=context) as imap:
            imap.authenticate("PLAIN", lambda _: f"\0{self.user}\0{PASSWORD}".encode())
            if folder:
                imap.select(folder)
            yield imap

    def flags(self, folder: str = "INBOX") -> list[set[str]]:
        """Those of each message, in order, without \\Recent."""
        with self.client() as imap:
            imap.select(folder, readonly=True)
            _, found = imap.uid("FETCH", "1:*", "(FLAGS)")
            lines = [line for line in found if isinstance(line, bytes)]
            return [{flag.decode() for flag in imaplib.ParseFlags(line)} - {"\\Recent"} for line in lines]

    def number_anew(self) -> None:
        """The folder gets another UIDVALIDITY, as after a move of the mailbox to another server."""
        before = self._uidvalidity()

        def is_anew() -> (
            bool
        ):  # a session that is just ending may write the old number back; a new one is the time in s
            for file in (self.server.folder / "mail" / self.user).glob("dovecot*"):
                file.unlink(missing_ok=True)
            return self._uidvalidity() != before

        wait_until(is_anew, 10)

    def _uidvalidity(self) -> bytes:
        with self.client() as imap:
            _, [answer] = imap.status("INBOX", "(UIDVALIDITY)")
            assert isinstance(answer, bytes)
            return answer


@contextmanager
def start_mail_server() -> Iterator[MailServer]:
    with tempfile.TemporaryDirectory(prefix="emailq-mail", dir="/tmp", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        folder.chmod(0o755)
        server = MailServer(folder, *free_ports(3))
        (folder / "mail").mkdir()
        shutil.chown(folder / "mail", "nobody")
        _write_certificate(folder)
        _write_keys(folder)
        (folder / "users").write_text(
            "".join(f"user{n}@example.org:{{PLAIN}}{PASSWORD}\n" for n in range(1, USERS + 1))
        )
        ids = {"uid": "nobody", "gid": "nogroup"}
        ports = {"imap": server.imap, "imaps": server.imaps, "lmtp": server.lmtp}
        (folder / "dovecot.conf").write_text(_CONF.format(folder=folder, **ids, **ports))
        process = start_program(
            ["dovecot", "-F", "-c", folder / "dovecot.conf"], log=folder / "log", stop_signal=signal.SIGTERM
        )

        def answers() -> bool:
            if process.poll() is not None:
                raise RuntimeError(f"Dovecot did not start:\n{end_of_log(folder / 'log')}")
            try:
                imaplib.IMAP4("127.0.0.1", server.imap).logout()
            except OSError:
                return False
            return True

        try:
            wait_until(answers, 20)
            yield server
        finally:
            stop_program(process, signal.SIGTERM)


def _write_certificate(folder: Path) -> None:
    subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    files = ["-keyout", folder / "key.pem", "-out", folder / "cert.pem"]
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", *subject, *files],
        check=True,
        capture_output=True,
    )


def _write_keys(folder: Path) -> None:
    keys = folder / "keys/default/HS256"
    keys.mkdir(parents=True)
    (keys / "default").write_text(base64.b64encode(_TOKEN_KEY).decode())
    (folder / "oauth2.conf").write_text(_OAUTH2.format(folder=folder))
    subprocess.run(["chmod", "-R", "a+rX", folder / "keys"], check=True)
    (folder / "oauth2.conf").chmod(0o644)


def _base64url(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode().rstrip("=")


_users = itertools.count(1)
