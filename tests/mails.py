"""E-mails in the database as ingest and the parser leave them."""

import json
from typing import Any
from uuid import UUID, uuid4

from psycopg import sql

from emailq.app import App
from emailq.ingest.accept import Incoming, accept
from emailq.models import Job
from emailq.parse.digest import digest_message


def message(subject: str, text: str, *, sender: str = "Ann <ann@example.com>", headers: str = "") -> bytes:
    """A plain message with its own Message-ID."""
    head = f"From: {sender}\r\nTo: us@example.org\r\nSubject: {subject}\r\nMessage-ID: <{uuid4().hex}@example.com>\r\n"
    type_ = 'Content-Type: text/plain; charset="utf-8"\r\nContent-Transfer-Encoding: 8bit\r\n'
    return (head + headers + type_ + "\r\n" + text.replace("\n", "\r\n")).encode()


async def add_email(app: App, raw: bytes, **columns: Any) -> UUID:
    """Accepted and parsed, with nothing in the queue; `columns` of the row are set afterwards."""
    [accepted] = await accept(app.pool, app.blobs, [Incoming(raw, "shop", "test")])
    digest = digest_message(raw)
    await app.blobs.put([attachment.content for attachment in digest.attachments])
    attachments = [
        {
            "position": position,
            "part_id": attachment.part_id,
            "filename": attachment.filename,
            "content_type": attachment.content_type,
            "size_bytes": len(attachment.content),
            "sha256": attachment.sha256,
            "s3_key": attachment.sha256,
            "is_inline": attachment.is_inline,
        }
        for position, attachment in enumerate(digest.attachments)
    ]
    async with app.pool.connection() as conn:
        await conn.execute(
            "select store_parsed_emails(%s, %s)",
            (
                [accepted.email_id],
                [
                    json.dumps(
                        {
                            **digest.fields,
                            "attachments": attachments,
                            "people": {},
                            "attachment_count": len(attachments),
                        }
                    )
                ],
            ),
        )
        await conn.execute("delete from processing_queue where email_id = %s", (accepted.email_id,))
        for name, value in columns.items():
            statement = sql.SQL("update emails set {} = %s where id = %s").format(sql.Identifier(name))
            await conn.execute(statement, (value, accepted.email_id))
    return accepted.email_id


async def claim(app: App, email_id: UUID, queue_name: str, *, attempt: int = 1, max_attempts: int = 3) -> Job:
    """A job as a worker would hold it; nothing of it is in the queue, so its outcome can be looked at in peace."""
    async with app.pool.connection() as conn:
        cursor = await conn.execute("select now()")
        row = await cursor.fetchone()
    assert row is not None
    return Job(uuid4(), email_id, 5, attempt, max_attempts, row[0], row[0], queue_name, 1)
