"""PostgreSQL: connections, the pool, and the errors that mean something to us."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any, LiteralString

import psycopg
from psycopg.rows import TupleRow
from psycopg_pool import AsyncConnectionPool, PoolTimeout

from emailq.errors import Unavailable
from emailq.settings import Settings

Connection = psycopg.AsyncConnection[TupleRow]
Pool = AsyncConnectionPool[Connection]

# A host that vanishes without a word is noticed in about 11 s instead of 2 h (client side, TCP only).
_CONNECTION: dict[str, Any] = {
    "connect_timeout": 10,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,
}
# The same on the server's side; also ends a statement whose client is gone.
_SESSION = """
select set_config(name, value, false)
from (values ('tcp_keepalives_idle', '5'), ('tcp_keepalives_interval', '2'), ('tcp_keepalives_count', '3'),
             ('client_connection_check_interval', '1000'), ('idle_in_transaction_session_timeout', '60000'),
             ('timezone', 'UTC'), ('jit', 'off'))
     s (name, value)
"""
# Errors after which the same work may succeed unchanged: serialization, deadlock, lock timeout, out of resources,
# shutdown. https://www.postgresql.org/docs/current/errcodes-appendix.html
_TEMPORARY_CLASSES = ("08", "40", "53", "55", "57", "58")


def sql_directory() -> Traversable:
    """The sql/ directory: inside an installed package, beside it in a checkout."""
    installed = resources.files("emailq") / "sql"
    return installed if installed.is_dir() else Path(__file__).parent.parent / "sql"


async def connect(dsn: str, name: str) -> Connection:
    """A connection in autocommit mode, set up to notice a dead peer. Raises Unavailable."""
    try:
        conn = await psycopg.AsyncConnection.connect(
            dsn, autocommit=True, application_name=f"emailq {name}", **_CONNECTION
        )
        await conn.execute(_SESSION)
    except psycopg.OperationalError as error:
        raise Unavailable(f"can't connect to PostgreSQL: {brief(error)}") from None
    return conn


@asynccontextmanager
async def open_pool(settings: Settings) -> AsyncIterator[Pool]:
    """The pool for handlers and commands: connections in autocommit mode, made on demand."""
    pool: Pool = AsyncConnectionPool(
        settings.require_dsn(),
        connection_class=psycopg.AsyncConnection[TupleRow],
        kwargs={"autocommit": True, "application_name": "emailq", **_CONNECTION},
        configure=_configure,
        min_size=0,
        max_size=settings.pool_size,
        timeout=15,
        open=False,
    )
    async with pool:
        yield pool


async def _configure(conn: Connection) -> None:
    await conn.execute(_SESSION)


@cache
def query(name: str) -> LiteralString:
    """The text of sql/queries/<name>.sql."""
    return (sql_directory() / "queries" / f"{name}.sql").read_text(encoding="utf-8")


def is_temporary(error: Exception) -> bool:
    """Whether the same statement may succeed later, with nothing changed but time."""
    if isinstance(error, PoolTimeout):
        return True
    if not isinstance(error, psycopg.Error):
        return False
    if error.sqlstate is None:  # no answer came: the connection is gone
        return isinstance(error, psycopg.OperationalError)
    return error.sqlstate.startswith(_TEMPORARY_CLASSES)


def brief(error: Exception) -> str:
    """The first line of an error, with the type and SQLSTATE; never the statement, its values or a password."""
    if isinstance(error, psycopg.Error) and error.diag.message_primary:
        return f"{error.diag.message_primary} [{error.sqlstate}]"
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return (lines[0] if lines else error.__class__.__name__)[:300]
