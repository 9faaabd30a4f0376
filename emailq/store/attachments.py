"""Attachments for people: which may be handed out, and their bytes or a link to them."""

from typing import LiteralString, NamedTuple
from uuid import UUID

from emailq.db import Connection
from emailq.errors import NotFound

_FIND: LiteralString = "select filename, encode(sha256, 'hex'), virus_scan_status from attachments"


class Attachment(NamedTuple):
    filename: str
    blob: str
    scan_status: str


async def find_attachment(conn: Connection, email_id: UUID, position: int) -> Attachment:
    """By its number in the message. Raises NotFound."""
    row = await (await conn.execute(_FIND + " where email_id = %s and position = %s", (email_id, position))).fetchone()
    if row is None:
        raise NotFound(f"e-mail {email_id} has no attachment {position}")
    return Attachment(*row)


async def attachment_by_id(conn: Connection, attachment_id: UUID) -> Attachment:
    """Raises NotFound."""
    row = await (await conn.execute(_FIND + " where id = %s", (attachment_id,))).fetchone()
    if row is None:
        raise NotFound(f"no attachment {attachment_id}")
    return Attachment(*row)


def refusal(scan_status: str) -> str | None:
    """Why an attachment is not handed out; None if it may be. Without a scanner everything may (`skipped`)."""
    return {
        "infected": "the attachment is infected",
        "pending": "the attachment is not scanned yet",
        "failed": "the scanner could not look into the attachment",
    }.get(scan_status)
