"""What people decide about labels, and what waits for them."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from emailq.db import Connection, fetch_rows, fetch_value
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
    statement = "select label_email(%s, %s, %s, %s, %s, %s, %s)"
    return bool(await fetch_value(conn, statement, email_id, intent, sentiment, priority, person, note, act))


async def last_label(conn: Connection, email_id: UUID) -> str:
    """Who gave it which label, in words."""
    label = await fetch_value(
        conn,
        "select format('it is %%s, says %%s', intent, coalesce(person, decided_by)) from classification_history"
        " where email_id = %s order by classified_at desc, id limit 1",
        email_id,
    )
    return label or "it has no label"


async def next_waiting(conn: Connection, without: Sequence[UUID] = ()) -> dict[str, Any] | None:
    """The first row of the view `review_queue`, leaving out some e-mails."""
    found = await fetch_rows(conn, "select * from review_queue where email_id <> all(%s) limit 1", list(without))
    return found[0] if found else None


async def list_waiting(conn: Connection, limit: int) -> list[dict[str, Any]]:
    return await fetch_rows(conn, "select * from review_queue limit %s", limit)


async def count_waiting(conn: Connection) -> int:
    return int(await fetch_value(conn, "select count(*) from emails where review_reason is not null"))


async def is_waiting(conn: Connection, email_id: UUID) -> bool:
    cursor = await conn.execute("select from emails where id = %s and review_reason is not null", (email_id,))
    return await cursor.fetchone() is not None
