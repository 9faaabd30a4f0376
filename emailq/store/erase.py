"""Erasing messages from rows and blobs: to forget a person, and when the time of a message is up."""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from emailq.db import Connection, fetch_value
from emailq.errors import NotFound, Unavailable
from emailq.store.blobs import Blobs, CorruptBlob

_CHUNK = 100  # messages in one transaction, which stops the linking of others
_BUSY_S = 60.0  # how long to wait for items that are being worked on


@dataclass(slots=True)
class Traces:
    """Where any of these texts occurs: in messages, and in blobs that no row names."""

    texts: list[str]  # in lower case
    email_ids: list[UUID] = field(default_factory=list)
    orphans: list[str] = field(default_factory=list)


async def find_traces(
    conn: Connection, blobs: Blobs, texts: Sequence[str], advance: Callable[[int], None] = lambda count: None
) -> Traces:
    """Every message with one of the texts, in any case: in its rows, or as bytes in its raw message or an attachment.

    Reads all tables and all blobs; `advance` is told how many blobs were read. Raises Unavailable.
    """
    traces = Traces([text.lower() for text in texts])
    cursor = await conn.execute("select emails_that_name(t) from unnest(%s::text[]) t", (traces.texts,))
    found = {row[0] for row in await cursor.fetchall()}
    wanted = [text.encode() for text in traces.texts]
    async for listed in blobs.stored():
        for one in listed:
            if await _contains(blobs, one.name, wanted):
                ids = await _naming(conn, one.name)
                found |= ids
                traces.orphans += [] if ids else [one.name]
        advance(len(listed))
    traces.email_ids = sorted(found)
    return traces


async def erase(conn: Connection, blobs: Blobs, email_ids: Sequence[UUID]) -> int:
    """Erase these messages, rows and blobs; returns the number of blobs that went.

    Raises Unavailable while one of them is being worked on; calling again goes on with the rest.
    """
    gone = 0
    for start in range(0, len(email_ids), _CHUNK):
        chunk = list(email_ids[start : start + _CHUNK])
        await _wait_for_work(conn, chunk)
        cursor = await conn.execute("select erase_emails(%s)", (chunk,))
        for (name,) in await cursor.fetchall():
            gone += await _delete(conn, blobs, name)
    return gone


async def forget(conn: Connection, blobs: Blobs, traces: Traces) -> int:
    """Erase what `find_traces` found for an address, and its contact; returns the number of blobs that went."""
    gone = await erase(conn, blobs, traces.email_ids)
    for name in traces.orphans:
        gone += await blobs.delete(name)
    await conn.execute("select forget_contact(t) from unnest(%s::text[]) t", (traces.texts,))
    return gone


async def past_retention(conn: Connection, *, within_days: int) -> dict[str, list[UUID]]:
    """Messages whose time is up within so many days, by state."""
    found: dict[str, list[UUID]] = {}
    cursor = await conn.execute(
        "select state, email_id from emails_past_retention(queue_now() + make_interval(days => %s))", (within_days,)
    )
    for state, email_id in await cursor.fetchall():
        found.setdefault(state, []).append(email_id)
    return found


async def empty_old_prompts(conn: Connection) -> int:
    return int(await fetch_value(conn, "select empty_old_prompts(queue_now())"))


async def _wait_for_work(conn: Connection, email_ids: list[UUID]) -> None:
    """A handler that is at work would put blobs of a message that is gone."""
    deadline = time.monotonic() + _BUSY_S
    while busy := await fetch_value(conn, "select stop_work(%s)", email_ids):
        if time.monotonic() > deadline:
            raise Unavailable(f"{busy} items of these messages are being worked on; try again when they have ended")
        await asyncio.sleep(0.2)


async def _delete(conn: Connection, blobs: Blobs, name: str) -> bool:
    """Delete a blob at once, however young; another message that came in with it just now gets it back."""
    try:
        content = await blobs.get(name)
    except (NotFound, CorruptBlob):
        content = None
    gone = await blobs.delete(name)
    if content is not None and await _naming(conn, name):
        await blobs.put([content])
        return False
    return gone


async def _contains(blobs: Blobs, name: str, wanted: Sequence[bytes]) -> bool:
    try:
        content = (await blobs.get(name)).lower()
    except (NotFound, CorruptBlob):
        return False
    return any(one in content for one in wanted)


async def _naming(conn: Connection, blob: str) -> set[UUID]:
    """The messages that name a blob."""
    cursor = await conn.execute(
        "select id from emails where raw_sha256 = decode(%(blob)s, 'hex')"
        " union select email_id from email_deliveries where raw_sha256 = decode(%(blob)s, 'hex')"
        " union select email_id from attachments where sha256 = decode(%(blob)s, 'hex')",
        {"blob": blob},
    )
    return {row[0] for row in await cursor.fetchall()}
