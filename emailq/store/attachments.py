"""Attachments for people: which may be handed out, and their bytes or a link to them."""

from typing import NamedTuple
from uuid import UUID

from emailq.db import Connection
from emailq.errors import NotFound


class Attachment(NamedTuple):
    filename: str
    blob: str
    scan_status: str


async def find_attachment(conn: Connection, email_id: UUID, position: int) -> Attachment:
    """Raises NotFound."""
    cursor = await conn.execute(
        "select filename, encode(sha256, 'hex'), virus_scan_status from attachments"
        " where email_id = %s and position = %s",
        (email_id, position),
    )
    row = await cursor.fetchone()
    if row is None:
        raise NotFound(f"e-mail {email_id} has no attachment {position}")
    return Attachment(*row)


def refusal(scan_status: str) -> str | None:
    """Why an attachment is not handed out; None if it may be. Without a scanner everything may (`skipped`)."""
    return {
        "infected": "the attachment is infected",
        "pending": "the attachment is not scanned yet",
        "failed": "the scanner could not look into the attachment",
    }.get(scan_status)
