"""A database elsewhere is reached by TLS that is verified: another name or an unknown authority is refused."""

import os
import pwd
import subprocess
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.commands import run_emailq
from tests.conftest import installations
from tests.servers import PostgresServer, start_postgresql

NAME = "db.emailq.test"


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    with TemporaryDirectory(prefix="emailq-tls", dir="/tmp") as name:
        Path(name).chmod(0o755)
        yield Path(name)


@pytest.fixture(scope="module")
def tls_server(folder: Path) -> Iterator[PostgresServer]:
    """A PostgreSQL with a certificate of its own for `NAME`, which is its own authority too."""
    key, certificate = folder / "key.pem", folder / "certificate.pem"
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", f"/CN={NAME}"),
            *("-addext", f"subjectAltName=DNS:{NAME}", "-keyout", key, "-out", certificate),
        ],
        check=True,
        capture_output=True,
    )
    key.chmod(0o600)
    if os.geteuid() == 0:
        nobody = pwd.getpwnam("nobody")
        os.chown(key, nobody.pw_uid, nobody.pw_gid)
    debian = next(one for one in installations() if one.bin.is_relative_to("/usr/lib/postgresql"))
    with start_postgresql(debian, ssl="on", ssl_cert_file=str(certificate), ssl_key_file=str(key)) as server:
        yield server


def migrate(server: PostgresServer, host: str, **env: str) -> tuple[int, str]:
    """What `emailq migrate` says of a server that is called `host` (and is on this machine)."""
    dsn = f"host={host} hostaddr={server.host} port={server.port} user={server.user} dbname=postgres"
    done = run_emailq("migrate", env={"EMAILQ_DSN": dsn, **env})
    return done.returncode, done.stderr


@pytest.mark.cron  # needs Debian's PostgreSQL: the wheel's is built without TLS
def test_only_the_server_that_the_authority_vouches_for_is_talked_to(tls_server: PostgresServer, folder: Path) -> None:
    trusted = {"PGSSLROOTCERT": str(folder / "certificate.pem")}

    right = migrate(tls_server, NAME, **trusted)
    other_name = migrate(tls_server, "elsewhere.emailq.test", **trusted)
    unknown_authority = migrate(tls_server, NAME)

    assert right == (0, "")
    assert other_name[0] == unknown_authority[0] == 69
    assert "certificate" in other_name[1]
    assert "certificate" in unknown_authority[1]
