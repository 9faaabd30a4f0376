"""What people decide about labels, and what waits for them."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from psycopg.rows import dict_row

from emailq.db import Connection
from emailq.errors import NotFound


async def label_email(
    conn: Connection,
    email_id: UUID,
    *,
    intent: str | None,
    sentiment: str | None = None,
    priority: str | None = None,
    person: str,
    note: str | None = None,
    act: bool = True,
) -> bool:
    """A person's label; None leaves a field as it is. Returns whether an ERP action follows; with `act` off none does.

    Raises NotFound.
    """
    exists = await conn.execute("select intent from emails where id = %s", (email_id,))
    if await exists.fetchone() is None:
        raise NotFound(f"no e-mail {email_id}")
    cursor = await conn.execute(
        "select label_email(%s, %s, %s, %s, %s, %s, %s)", (email_id, intent, sentiment, priority, person, note, act)
    )
    row = await cursor.fetchone()
    return bool(row and row[0])


async def last_label(conn: Connection, email_id: UUID) -> str:
    """Who gave it which label, in words."""
    cursor = await conn.execute(
        "select format('it is %%s, says %%s', intent, coalesce(person, decided_by)) from classification_history"
        " where email_id = %s order by classified_at desc, id limit 1",
        (email_id,),
    )
    row = await cursor.fetchone()
    return str(row[0]) if row else "it has no label"


async def next_waiting(conn: Connection, without: Sequence[UUID] = ()) -> dict[str, Any] | None:
    """The first row of the view `review_queue`, leaving out some e-mails."""
    cursor = conn.cursor(row_factory=dict_row)
    await cursor.execute("select * from review_queue where email_id <> all(%s) limit 1", (list(without),))
    return await cursor.fetchone()


async def list_waiting(conn: Connection, limit: int) -> list[dict[str, Any]]:
    cursor = conn.cursor(row_factory=dict_row)
    await cursor.execute("select * from review_queue limit %s", (limit,))
    return await cursor.fetchall()


async def count_waiting(conn: Connection) -> int:
    cursor = await conn.execute("select count(*) from emails where review_reason is not null")
    row = await cursor.fetchone()
    return int(row[0]) if row else 0


async def is_waiting(conn: Connection, email_id: UUID) -> bool:
    cursor = await conn.execute("select from emails where id = %s and review_reason is not null", (email_id,))
    return await cursor.fetchone() is not None
