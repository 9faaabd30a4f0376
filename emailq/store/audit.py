"""Do rows and blobs agree? Every row has its blob, every blob its row; what no row names is cleared away."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from psycopg.pq import TransactionStatus

from emailq.blob_names import blob_name
from emailq.db import Connection, fetch_value, is_pooled, query
from emailq.errors import NotFound
from emailq.store.blobs import PROBE, Blobs, CorruptBlob


@dataclass(frozen=True, slots=True)
class Problem:
    """A blob that a row names: `missing`, of the `wrong size`, or `damaged` (other bytes)."""

    blob: str
    what: str  # raw message | attachment
    email_id: str
    problem: str


@dataclass(slots=True)
class Audit:
    """`orphans`: blobs that no row names. `young`: those among them that a row may name soon."""

    named: int = 0
    stored: int = 0
    problems: list[Problem] = field(default_factory=list)
    orphans: list[str] = field(default_factory=list)
    young: int = 0


async def verify(
    conn: Connection,
    blobs: Blobs,
    *,
    grace_s: float,
    read: bool = False,
    advance: Callable[[int, int], None] = lambda done, total: None,
) -> Audit:
    """Compare all rows with all blobs; with `read` each blob's bytes with its name too. Changes nothing.

    `advance` is told how many of how many blobs were read. Raises Unavailable.
    """
    async with _one_session(conn):
        await conn.execute(query("named_blobs"))  # before the list: a row's blob was there before the row
        async with _listed(conn, blobs):
            audit = Audit(
                named=await fetch_value(conn, "select count(*) from named_blobs"),
                stored=await fetch_value(conn, "select count(*) from stored_blobs"),
                problems=[Problem(*row) for row in await (await conn.execute(query("missing_blobs"))).fetchall()],
            )
            await _find_orphans(conn, audit, grace_s)
            rows = await (
                await conn.execute(
                    "select encode(sha256, 'hex'), what, email_id::text"
                    " from named_blobs join stored_blobs using (sha256)"
                )
            ).fetchall()
        await conn.execute("drop table named_blobs")
    known = {problem.blob for problem in audit.problems}
    for done, (name, what, email_id) in enumerate(rows if read else (), 1):
        try:
            if name not in known:
                await blobs.get(name)
        except CorruptBlob:
            audit.problems.append(Problem(name, what, email_id, "damaged"))
        except NotFound:
            audit.problems.append(Problem(name, what, email_id, "missing"))
        advance(done, len(rows))
    return audit


async def clear_away(conn: Connection, blobs: Blobs, *, grace_s: float, dry_run: bool = False) -> tuple[int, int]:
    """Delete blobs that no row names and that are older than `grace_s`; returns how many went and how many are young.

    What is being taken in is safe: its blobs are put, or put again, within the hour before its rows are committed.
    """
    audit = Audit()
    async with _one_session(conn), _listed(conn, blobs):
        await _find_orphans(conn, audit, grace_s)
    if dry_run:
        return len(audit.orphans), audit.young
    return sum([await blobs.delete(name, unless_younger_s=grace_s) for name in audit.orphans]), audit.young


@asynccontextmanager
async def _one_session(conn: Connection) -> AsyncIterator[None]:
    """Temporary tables are a session's; behind a pooler only a transaction is sure to stay in one: there it is one."""
    if is_pooled(conn):
        async with conn.transaction():
            yield
    else:
        yield


@asynccontextmanager
async def _listed(conn: Connection, blobs: Blobs) -> AsyncIterator[None]:
    """All blobs as the temporary table stored_blobs; but for a pooler no transaction is open while they are listed."""
    await conn.execute(
        "create temp table stored_blobs (sha256 bytea primary key, size_bytes bigint, modified_at timestamptz)"
    )
    try:
        async for listed in blobs.stored():
            async with conn.cursor() as cursor:
                await cursor.executemany(
                    "insert into stored_blobs values (decode(%s, 'hex'), %s, %s) on conflict do nothing", listed
                )
        await conn.execute("delete from stored_blobs where sha256 = decode(%s, 'hex')", (blob_name(PROBE),))
        await conn.execute("analyze stored_blobs")
        yield
    finally:
        if conn.info.transaction_status != TransactionStatus.INERROR:  # else it goes with the transaction
            await conn.execute("drop table stored_blobs")


async def _find_orphans(conn: Connection, audit: Audit, grace_s: float) -> None:
    for name, is_old in await (await conn.execute(query("unnamed_blobs"), {"grace_s": grace_s})).fetchall():
        if is_old:
            audit.orphans.append(name)
        else:
            audit.young += 1
