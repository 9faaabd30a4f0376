"""How commands reach the database: one connection, opened for one async function."""

import asyncio
import difflib
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from emailq.db import Connection, connect, refuse_a_closed_schema, refuse_an_old_primary
from emailq.errors import NotFound
from emailq.settings import Settings, load_settings

R = TypeVar("R")


@asynccontextmanager
async def connected(settings: Settings) -> AsyncIterator[Connection]:
    dsn = settings.require_dsn()
    conn = await connect(dsn, "cli")
    async with conn:
        await refuse_an_old_primary(conn, dsn)
        await refuse_a_closed_schema(conn)
        yield conn


def with_connection(function: Callable[[Connection], Coroutine[Any, Any, R]]) -> R:
    """The result of an async function of a connection."""

    async def run() -> R:
        async with connected(load_settings()) as conn:
            return await function(conn)

    return asyncio.run(run())


async def check_schema(conn: Connection) -> None:
    """Raise SchemaError unless the database is what this version works with."""
    from emailq import migrate

    cursor = await conn.execute("select name, checksum from schema_migrations")
    migrate.check_schema(dict(await cursor.fetchall()))


async def check_queue(conn: Connection, name: str) -> None:
    """Raise NotFound, with the nearest name, for a queue that nobody knows: a typing error would be silent."""
    from emailq.queue import jobs

    names = [row["queue_name"] for row in await jobs.status(conn)]
    if name not in names:
        near = difflib.get_close_matches(name, names, n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(names)}"
        raise NotFound(
            f"no queue {name!r}: nothing is in it, and no worker serves it; {hint}"
            " (pause_queue and resume_queue in SQL take any name)"
        )
