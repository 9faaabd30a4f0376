"""E-mails for people and programs: lists, one in full, ids as typed; and parsing them again."""

from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg.rows import dict_row

from emailq.db import Connection, fetch_value, query
from emailq.errors import NotFound, UsageError


async def list_emails(
    conn: Connection,
    *,
    intent: str | None = None,
    sentiment: str | None = None,
    priority: str | None = None,
    thread: UUID | None = None,
    account: str | None = None,
    sender: str | None = None,
    trust: str | None = None,
    review: bool = False,
    failed: bool = False,
    search: str | None = None,
    before: tuple[datetime, UUID] | None = None,
    limit: int = 50,
) -> list[dict[str, Any]]:
    """Newest first. `before`: (received_at, id) of the last row of the page before this one."""
    filters = {
        "intent": intent,
        "sentiment": sentiment,
        "priority": priority,
        "thread": thread,
        "account": account,
        "sender": sender,
        "trust": trust,
        "review": review,
        "failed": failed,
    }
    page = {"before": before and before[0], "before_id": before and before[1], "limit": limit}
    cursor = conn.cursor(row_factory=dict_row)
    await cursor.execute(query("list_emails"), {**filters, **page, "search": search}, prepare=False)  # plans differ
    return await cursor.fetchall()


async def position_of(conn: Connection, email_id: UUID) -> tuple[datetime, UUID]:
    """Where an e-mail stands in a list, for `before`."""
    cursor = await conn.execute("select received_at, id from emails where id = %s", (email_id,))
    found: tuple[datetime, UUID] | None = await cursor.fetchone()
    if found is None:
        raise NotFound(f"no e-mail {email_id}")
    return found


async def show_email(conn: Connection, email_id: UUID) -> dict[str, Any]:
    """The e-mail with its thread, deliveries, attachments, decisions, actions and queue items. Raises NotFound."""
    cursor = await conn.execute(query("show_email"), {"id": email_id})
    row = await cursor.fetchone()
    if row is None:
        raise NotFound(f"no e-mail {email_id}")
    found: dict[str, Any] = row[0]
    return found


async def reparse_emails(conn: Connection, ids: list[UUID] | None, defect: str | None) -> int:
    """Enqueue these e-mails (None: all), or those with a defect, to be parsed again; returns how many were not yet."""
    return int(await fetch_value(conn, "select reparse_emails(%s::uuid[], %s)", ids, defect))


async def email_id(conn: Connection, text: str) -> UUID:
    """An e-mail's id as typed: whole, or its first characters. Raises UsageError or NotFound naming the text."""
    return await _one(conn, text, "select id from emails where id between %(low)s and %(high)s limit 2", "e-mail")


async def email_ids(conn: Connection, texts: list[str]) -> list[UUID]:
    return [await email_id(conn, text) for text in texts]


async def item_ids(conn: Connection, texts: list[str]) -> list[UUID]:
    """Queue item ids as typed, like `email_id`; an e-mail's id stands for all its items."""
    found: list[UUID] = []
    for text in texts:
        low, high = _range(text)
        cursor = await conn.execute(
            "select id from processing_queue where id between %(low)s and %(high)s"
            " union select id from processing_queue where email_id between %(low)s and %(high)s",
            {"low": low, "high": high},
        )
        rows = await cursor.fetchall()
        if not rows:
            raise NotFound(f"no queue item or e-mail {text}")
        found.extend(row[0] for row in rows)
    return found


async def action_id(conn: Connection, text: str) -> UUID:
    """An ERP action's id as typed; an e-mail's id stands for its only action."""
    statement = (
        "select id from erp_actions where id between %(low)s and %(high)s"
        " or email_id between %(low)s and %(high)s limit 2"
    )
    return await _one(conn, text, statement, "ERP action")


async def decision_id(conn: Connection, text: str) -> UUID:
    """The id of a decision or an e-mail, as typed, like `email_id`."""
    statement = (
        "select id from (select id from classification_history union all select id from emails) known"
        " where id between %(low)s and %(high)s limit 2"
    )
    return await _one(conn, text, statement, "decision or e-mail")


async def _one(conn: Connection, text: str, statement: Any, noun: str) -> UUID:
    low, high = _range(text)
    cursor = await conn.execute(statement, {"low": low, "high": high})
    rows = await cursor.fetchall()
    if not rows:
        raise NotFound(f"no {noun} {text}")
    if len(rows) > 1:
        raise UsageError(f"more than one {noun} begins with {text}; type more of the id")
    found: UUID = rows[0][0]
    return found


def _range(text: str) -> tuple[UUID, UUID]:
    digits = text.lower().replace("-", "")
    if not 4 <= len(digits) <= 32 or any(c not in "0123456789abcdef" for c in digits):
        raise UsageError(f"{text!r} is not an id (8 or more hexadecimal digits, as printed by emailq list)")
    return UUID(digits.ljust(32, "0")), UUID(digits.ljust(32, "f"))
