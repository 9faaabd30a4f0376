"""What every test may ask for: fresh databases on real PostgreSQL servers, buckets on a real S3 server, a mail corpus.

Servers start when first asked for and end with the session. A database is a copy of a migrated template and lives as
long as its test.
"""

import csv
import itertools
import os
import shutil
import signal
import sysconfig
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql
from pytest_postgresql.janitor import DatabaseJanitor

from emailq.app import App, open_app
from emailq.migrate import migrate
from emailq.settings import load_settings
from tests.clamd_server import Clamd, have_clamd, start_clamd
from tests.erp.tryton_server import is_installed as tryton_is_installed
from tests.mail_server import MailServer, have_dovecot, start_mail_server
from tests.namespaces import can_make_network_namespaces
from tests.servers import (
    CRON_DATABASE,
    PGBOUNCER,
    Installation,
    PostgresServer,
    S3Server,
    postgresql_installations,
    start_postgresql,
    start_s3,
)

TESTS = Path(__file__).parent
CORPUS = TESTS.parent.parent / "shared/corpus"

# What rests on SQL runs on each PostgreSQL that is here when `--pg all` is given; the rest runs on the first.
ON_EVERY_POSTGRESQL = (TESTS / "sql", TESTS / "queue", TESTS / "store")
SLOW = (TESTS / "scenarios", TESTS / "queue")
MIGRATED = "migrated"

# Servers that only the system's packages bring: tests that ask for their fixture are left out where they are missing.
SERVERS = {"mail_server": ("Dovecot (as root)", have_dovecot), "scanner": ("clamd", have_clamd)}

NewDatabase = Callable[[PostgresServer, str], AbstractContextManager[str]]

installations = cache(postgresql_installations)


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("emailq")
    group.addoption("--all", action="store_true", help="run the tests marked `long` too")
    group.addoption("--llm", action="store_true", help="run the tests marked `llm`, and only those")
    group.addoption(
        "--pg",
        metavar="MAJOR|all",
        help="the PostgreSQL to test on: 15 (Debian's), 18 (the wheel's) …; all: what rests on SQL runs on each one",
    )


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "long: takes minutes; runs only with --all")
    config.addinivalue_line("markers", "llm: talks to a real llama.cpp, which scripts/test --llm installs")
    config.addinivalue_line("markers", "cron: needs a real pg_cron, and waits for its minute while the others run")
    config.addinivalue_line("markers", "pgbouncer: needs a real PgBouncer")
    config.addinivalue_line("markers", "netns: needs root and network namespaces")
    config.addinivalue_line("markers", "prometheus: needs a real Prometheus")
    config.addinivalue_line("markers", "chromium: needs a real Chromium")
    config.addinivalue_line("markers", "compiler: needs a C compiler and Python's headers")
    config.addinivalue_line("markers", "tryton: needs a real Tryton in .venv-tryton; runs only with --all")
    chosen_installations(config)
    for name in list(os.environ):  # settings of the caller must not reach the tests
        if name == "DATABASE_URL" or name.startswith(("EMAILQ_", "PG")):
            del os.environ[name]
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # like Ctrl-C: fixtures still stop their servers


def pytest_report_header(config: pytest.Config) -> str:
    names = [f"{one.major}{' with pg_cron' * one.has_pg_cron}" for one in chosen_installations(config)]
    missing = [name for name, is_here in SERVERS.values() if not is_here()]
    left_out = f"; without {', '.join(missing)}: their tests are left out" if missing else ""
    return f"PostgreSQL: {', '.join(names)}{left_out}"


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    chosen = chosen_installations(metafunc.config)
    depends_on_sql = any(metafunc.definition.path.is_relative_to(folder) for folder in ON_EVERY_POSTGRESQL)
    if "pg_server" in metafunc.fixturenames and depends_on_sql and len(chosen) > 1:
        majors = [one.major for one in chosen]
        metafunc.parametrize("pg_server", majors, indirect=True, scope="session", ids=[f"pg{one}" for one in majors])


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leaves out what was not asked for or can't run here; the slow files come first, the waiting tests last."""
    possible = {
        "long": config.option.all,
        "cron": any(one.has_pg_cron for one in chosen_installations(config)),
        "pgbouncer": PGBOUNCER is not None,
        "netns": can_make_network_namespaces(),
        "prometheus": shutil.which("promtool") is not None,
        "chromium": shutil.which("chromium") is not None,
        "compiler": shutil.which("cc") is not None and Path(sysconfig.get_path("include"), "Python.h").exists(),
        "tryton": config.option.all and tryton_is_installed(),
    }
    impossible = {name for name, can in possible.items() if not can}
    left_out: list[pytest.Item] = []
    slow: list[pytest.Item] = []
    waiting: list[pytest.Item] = []
    others: list[pytest.Item] = []
    for item in items:
        markers = {marker.name for marker in item.iter_markers()}
        if markers & impossible or ("llm" in markers) is not config.option.llm:
            left_out.append(item)
        elif "cron" in markers:
            waiting.append(item)
        else:
            (others if set(item.path.parents).isdisjoint(SLOW) else slow).append(item)
    config.hook.pytest_deselected(items=left_out)
    items[:] = slow + others + waiting


def chosen_installations(config: pytest.Config) -> list[Installation]:
    """Those that `--pg` names; the first one serves the tests that need only one."""
    wanted = config.option.pg
    if wanted == "all":
        return installations()
    chosen = [one for one in installations() if wanted in (None, str(one.major))][:1]
    if not chosen:
        raise pytest.UsageError(f"--pg {wanted}: here are {', '.join(str(one.major) for one in installations())}")
    return chosen


@pytest.fixture(scope="session")
def postgresql_of() -> Iterator[Callable[[int], PostgresServer]]:
    """The running server of a major version, started when first asked for."""
    with ExitStack() as stack:

        @cache
        def server_of(major: int) -> PostgresServer:
            installation = next(one for one in installations() if one.major == major)
            return stack.enter_context(start_postgresql(installation))

        yield server_of


@pytest.fixture(scope="session")
def pg_server(request: pytest.FixtureRequest, postgresql_of: Callable[[int], PostgresServer]) -> PostgresServer:
    """Debian's PostgreSQL with pg_cron where it is installed, else the wheel's, or what `--pg` names."""
    major: int = getattr(request, "param", chosen_installations(request.config)[0].major)
    return postgresql_of(major)


@pytest.fixture(scope="session")
def pg18_server(postgresql_of: Callable[[int], PostgresServer]) -> PostgresServer:
    """The newest PostgreSQL here: the wheel's."""
    return postgresql_of(max(one.major for one in installations()))


@pytest.fixture(scope="session")
def database_on() -> Iterator[NewDatabase]:
    """database_on(server, template): a database for the length of a `with`; `migrated` is a template too."""
    numbers = itertools.count(1)
    with ExitStack() as stack:

        @cache
        def administrator_of(server: PostgresServer) -> psycopg.Connection:
            janitor = DatabaseJanitor(
                user=server.user, host=server.host, port=server.port, dbname=MIGRATED, as_template=True
            )
            janitor.init()
            migrate(server.dsn(MIGRATED))
            return stack.enter_context(psycopg.connect(server.dsn(), autocommit=True))

        @contextmanager
        def database(server: PostgresServer, template: str) -> Iterator[str]:
            # By a janitor of its own it would take twice the time: connections of its own, and all pages in the WAL
            administrator = administrator_of(server)
            name = f"test_{next(numbers)}"
            names = {"name": sql.Identifier(name), "template": sql.Identifier(template)}
            administrator.execute(
                sql.SQL("create database {name} template {template} strategy file_copy").format(**names)
            )
            try:
                yield server.dsn(name)
            finally:
                administrator.execute(sql.SQL("drop database if exists {name} with (force)").format(**names))

        yield database


@pytest.fixture
def dsn(pg_server: PostgresServer, database_on: NewDatabase) -> Iterator[str]:
    """A fresh, migrated database."""
    with database_on(pg_server, MIGRATED) as dsn:
        yield dsn


@pytest.fixture
def empty_dsn(pg_server: PostgresServer, database_on: NewDatabase) -> Iterator[str]:
    """A fresh database with nothing in it."""
    with database_on(pg_server, "template1") as dsn:
        yield dsn


@pytest.fixture
async def conn(dsn: str) -> AsyncIterator[psycopg.AsyncConnection]:
    """An autocommit connection to `dsn`."""
    async with await psycopg.AsyncConnection.connect(dsn, autocommit=True) as connection:
        yield connection


@pytest.fixture
def db(dsn: str) -> Iterator[psycopg.Connection]:
    """The same for tests without an event loop."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        yield connection


@pytest.fixture
def env(dsn: str, tmp_path: Path) -> dict[str, str]:
    """The least that a command needs."""
    return {"EMAILQ_DSN": dsn, "EMAILQ_BLOB_DIR": str(tmp_path / "blobs")}


@pytest.fixture
def settings_given() -> dict[str, Any]:
    """Settings of `app`; a folder, a module or a test may have others."""
    return {}


@pytest.fixture
async def app(dsn: str, tmp_path: Path, settings_given: dict[str, Any]) -> AsyncIterator[App]:
    async with open_app(load_settings({}, dsn=dsn, blob_dir=str(tmp_path / "blobs"), **settings_given)) as opened:
        yield opened


@pytest.fixture(scope="session")
def cron_dsn(request: pytest.FixtureRequest, postgresql_of: Callable[[int], PostgresServer]) -> str:
    """A migrated database with pg_cron: one for all tests, as a server can have it in one database only.

    Two items of the queue are finished, `old` for a year and `fresh` just now.
    """
    major = next(one.major for one in chosen_installations(request.config) if one.has_pg_cron)
    dsn = postgresql_of(major).dsn(CRON_DATABASE)
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("create extension pg_cron")
        migrate(dsn)
        connection.execute(
            """
            with message as (
                insert into emails (content_sha256, raw_sha256, message_id, size_bytes, received_at)
                values (sha256('cron'), sha256('cron'), 'cron@example.com', 4, now())
                returning id
            )
            insert into processing_queue (email_id, queue_name, status, completed_at)
            select message.id, finished.queue_name, 'completed', now() - finished.age
            from message, (values ('old', interval '1 year'), ('fresh', interval '0')) finished (queue_name, age)
            """
        )
    return dsn


@pytest.fixture(scope="session", autouse=True)
def _pg_cron_works_beside_the_other_tests(request: pytest.FixtureRequest) -> None:
    """pg_cron acts on the minute: started with the session, it has done so when its tests, the last ones, look."""
    if any(item.get_closest_marker("cron") for item in request.session.items):
        with suppress(Exception):  # those tests will show it
            request.getfixturevalue("cron_dsn")


@pytest.fixture(scope="session")
def s3() -> Iterator[S3Server]:
    with start_s3() as server:
        yield server


@pytest.fixture
def s3_bucket(s3: S3Server) -> str:
    """The name of a new, empty bucket."""
    name = f"test-{next(_numbers)}"
    s3.client().make_bucket(name)
    return name


@pytest.fixture(scope="session")
def mail_server() -> Iterator[MailServer]:
    with start_mail_server() as server:
        yield server


@pytest.fixture(scope="session")
def scanner() -> Iterator[Clamd]:
    with start_clamd() as server:
        yield server


@pytest.fixture(scope="session")
def corpus_files() -> list[Path]:
    """Raw messages from other programs' tests, if their folder lies beside the checkout: hostile bytes."""
    index = CORPUS / "INDEX.tsv"
    if not index.exists():
        return []
    with index.open(newline="", encoding="utf-8") as lines:
        return [CORPUS / row["file"] for row in csv.DictReader(lines, delimiter="\t")]


_numbers = itertools.count(1)
