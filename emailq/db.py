"""PostgreSQL: connections, the pool, and the errors that mean something to us."""

import logging
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any, LiteralString
from weakref import WeakSet

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.pq import PipelineStatus, TransactionStatus
from psycopg.rows import TupleRow, dict_row
from psycopg_pool import AsyncConnectionPool, PoolTimeout

from emailq.errors import ConfigError, Unavailable
from emailq.settings import Settings

Connection = psycopg.AsyncConnection[TupleRow]
Pool = AsyncConnectionPool[Connection]
_made: WeakSet[Connection] = WeakSet()  # all that this process has made and not closed

# The rest: a host that vanishes without a word is noticed in about 11 s instead of 2 h (client side, TCP only).
_CONNECTION: dict[str, Any] = {
    "client_encoding": "UTF8",  # whatever PGCLIENTENCODING says
    "connect_timeout": 10,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,
}
# The same on the server's side (tcp_user_timeout: an unread answer to a vanished client would hold its session for a
# quarter of an hour); also ends a statement whose client is gone. Our schema comes first in the search path. A pooler
# lends us a session that is not ours to set up: there only that is set (for_client) which poolers keep apart for each
# client.
_SESSION = """
select count(set_config(name, value, false)) = count(*) filter (where for_client) as is_pooled
from (values ('timezone', 'UTC', true), ('datestyle', 'ISO', true), ('standard_conforming_strings', 'on', true),
             ('jit', 'off', false), ('array_nulls', 'on', false),
             ('default_transaction_isolation', 'read committed', false),
             ('tcp_keepalives_idle', '5', false), ('tcp_keepalives_interval', '2', false),
             ('tcp_keepalives_count', '3', false), ('tcp_user_timeout', '10000', false),
             ('client_connection_check_interval', '1000', false),
             ('idle_in_transaction_session_timeout', '60000', false),
             ('search_path', case when (current_schemas(false))[1] = 'public' then current_setting('search_path')
                                  else concat_ws(', ', 'public', nullif(current_setting('search_path'), '')) end,
              false))
     s (name, value, for_client)
where for_client or pg_backend_pid() = %s
"""
# null on a standby
_TIMELINE = """
select case when not pg_is_in_recovery()
            then ('x' || left(pg_walfile_name(pg_current_wal_lsn()), 8))::bit(32)::integer end
"""
# Errors after which the same work may succeed unchanged: serialization, deadlock, lock timeout, out of resources,
# shutdown, no writes at present. https://www.postgresql.org/docs/current/errcodes-appendix.html
_TEMPORARY_CLASSES = ("08", "25006", "40", "53", "55", "57", "58")


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
        await _set_up(conn)
    except psycopg.OperationalError as error:
        raise unreachable(error) from None
    return conn


def unreachable(error: psycopg.OperationalError) -> Unavailable:
    """What to say of a database that did not let us in."""
    is_missing = 'FATAL:  database "' in str(error) and "does not exist" in str(error)
    hint = "; create it, and run: emailq migrate" if is_missing else ""
    return Unavailable(f"can't connect to PostgreSQL: {brief(error)}{hint}")


def is_pooled(conn: Connection) -> bool:
    """Whether a pooler such as PgBouncer stands in between: session locks, LISTEN and SET may go astray there."""
    return conn.prepare_threshold is None


def is_idle(conn: Connection) -> bool:
    """Whether nothing is open on it. A pooler keeps our connection where the server's was lost, amid a pipeline too."""
    return (conn.pgconn.transaction_status, conn.pgconn.pipeline_status) == (TransactionStatus.IDLE, PipelineStatus.OFF)


async def primaries(dsn: str) -> list[tuple[int, str]]:
    """(timeline, "host:port") of those servers named in the DSN that take writes now, the newest timeline last.

    More than one is a split brain: after a failover the old primary came back. Each promotion begins a new timeline.
    """
    options = conninfo_to_dict(dsn)
    hosts = str(options.get("host") or "").split(",")
    ports = str(options.get("port") or 5432).split(",")
    found = []
    for host, port in zip(hosts, ports if len(ports) == len(hosts) else ports * len(hosts), strict=False):
        one = make_conninfo(dsn, host=host, port=port, target_session_attrs="any", connect_timeout=3)
        with suppress(psycopg.OperationalError):
            async with await psycopg.AsyncConnection.connect(one, autocommit=True, prepare_threshold=None) as conn:
                cursor = await conn.execute(_TIMELINE)
                found += [(timeline, f"{host}:{port}") for (timeline,) in await cursor.fetchall() if timeline]
    return sorted(found)


async def refuse_an_old_primary(conn: Connection, dsn: str) -> None:
    """Raise Unavailable where the server has been replaced.

    After a failover the old primary may come back and stand first in the DSN, with work that is done elsewhere.
    """
    if "," in str(conninfo_to_dict(dsn).get("host")):
        *old, newest = await primaries(dsn) or [(0, "")]
        ours = f"{conn.info.host}:{conn.info.port}"
        if ours in [server for _, server in old]:
            raise Unavailable(f"{ours} is an old primary, {newest[1]} was promoted since; stop the old one")


async def refuse_a_closed_schema(conn: Connection) -> None:
    """Raise ConfigError where this role may not look into our schema: all that is there would seem to be missing."""
    if await fetch_value(conn, "select has_schema_privilege(to_regnamespace('public'), 'usage')") is False:
        who = conn.info.user
        hint = f"as a superuser run: emailq migrate --roles (or: GRANT USAGE ON SCHEMA public TO {who})"
        raise ConfigError(f"{who} may not use the schema public; {hint}")


@asynccontextmanager
async def open_pool(settings: Settings) -> AsyncIterator[Pool]:
    """The pool for handlers and commands: connections in autocommit mode, made on demand."""
    logging.getLogger("psycopg").setLevel(logging.ERROR)  # whoever uses a connection tells why it failed, in our form
    dsn = settings.require_dsn()

    async def configure(conn: Connection) -> None:
        await _set_up(conn)
        await refuse_an_old_primary(conn, dsn)

    pool = _LentPool(
        dsn,
        connection_class=psycopg.AsyncConnection[TupleRow],
        kwargs={"autocommit": True, "application_name": "emailq", **_CONNECTION},
        configure=configure,
        min_size=0,
        max_size=settings.pool_size,
        timeout=15,
        reconnect_timeout=5,  # then whoever asks next tries anew; pauses between tries would grow to minutes
        open=False,
    )
    await pool.open()
    try:
        yield pool
    finally:
        await Pool.close(pool)


class _LentPool(Pool):
    async def close(self, timeout: float = 5.0) -> None:
        raise RuntimeError("the pool is there for all handlers of this process: none may close it")


async def restore(conn: Connection) -> None:
    """The session as it was when we got the connection: settings, and no temporary table that hides one of ours.

    Waits for no answer in a pipeline.
    """
    await conn.execute("reset all")
    await conn.execute("discard temp")
    await conn.execute(_SESSION, (conn.info.backend_pid,))


def _let_go() -> None:
    """In a child that a handler forked: sockets that it shares would keep our sessions, and our jobs, when we die."""
    nowhere = os.open(os.devnull, os.O_RDWR)
    for conn in _made:
        if not conn.closed:
            os.dup2(nowhere, conn.fileno())
    os.close(nowhere)


os.register_at_fork(after_in_child=_let_go)


async def _set_up(conn: Connection) -> None:
    """Prepare the session. A pooler is known by the process id, which it makes up; nothing is prepared behind one."""
    _made.add(conn)
    cursor = await conn.execute(_SESSION, (conn.info.backend_pid,))
    row = await cursor.fetchone()
    if row == (True,):
        conn.prepare_threshold = None


@cache
def query(name: str) -> LiteralString:
    """The text of sql/queries/<name>.sql."""
    return (sql_directory() / "queries" / f"{name}.sql").read_text(encoding="utf-8")


async def fetch_value(conn: Connection, statement: LiteralString, *args: object, prepare: bool | None = None) -> Any:
    """The first column of the first row; None where there is no row."""
    cursor = await conn.execute(statement, args or None, prepare=prepare)
    row = await cursor.fetchone()
    return row[0] if row else None


async def fetch_rows(conn: Connection, statement: LiteralString, *args: object) -> list[dict[str, Any]]:
    """All rows, each by the names of its columns."""
    cursor = conn.cursor(row_factory=dict_row)
    await cursor.execute(statement, args or None)
    return await cursor.fetchall()


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
