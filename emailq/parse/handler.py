"""The queue `parsing`: raw bytes → rows. The parsing itself runs in a child process that may be killed."""

import hashlib
from typing import Any

from emailq.app import App
from emailq.errors import NotFound
from emailq.models import Job
from emailq.outcomes import Done, Effect, Next, Outcome, Reject, Retry
from emailq.parse.child import ParserCrashed, ParserPool
from emailq.parse.digest import Digest
from emailq.store.blobs import CorruptBlob, blob_key


async def handle(job: Job, app: App) -> Outcome:
    """Parse one message, store its attachments, and pass it on to classification.

    A second run writes the same blobs under the same names and replaces the rows.
    """
    async with app.pool.connection() as conn:
        cursor = await conn.execute(
            "select encode(raw_sha256, 'hex') from emails where id = %s", (job.email_id,), prepare=True
        )
        row = await cursor.fetchone()
    if row is None:
        return Reject("the e-mail is gone")
    try:
        raw = await app.blobs.get(row[0])
        digest = await _parsers(app).parse(raw)
    except CorruptBlob as error:
        return Reject(str(error))
    except (NotFound, ParserCrashed) as error:
        return Retry(str(error))
    await app.blobs.put([attachment.content for attachment in digest.attachments])
    stored = Effect("store_parsed_email", (job.email_id, _fields(digest, app)))
    if digest.refusal:
        return Reject(digest.refusal, [stored])
    return Done([stored], [Next("classification", job.priority)])


def _parsers(app: App) -> ParserPool:
    return app.shared("parsers", lambda: ParserPool(app.settings.parser_processes), lambda pool: pool.close())


def _fields(digest: Digest, app: App) -> dict[str, Any]:
    return {
        **digest.fields,
        "attachments": [
            {
                "position": position,
                "part_id": attachment.part_id,
                "filename": attachment.filename,
                "content_type": attachment.content_type,
                "sniffed_type": attachment.sniffed_type,
                "size_bytes": len(attachment.content),
                "md5_hash": hashlib.md5(attachment.content, usedforsecurity=False).hexdigest(),
                "sha256": attachment.sha256,
                "s3_bucket": app.blobs.bucket,
                "s3_key": blob_key(attachment.sha256),
                "is_inline": attachment.is_inline,
                "content_id": attachment.content_id,
            }
            for position, attachment in enumerate(digest.attachments)
        ],
    }
