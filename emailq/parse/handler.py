"""The queue `parsing`: raw bytes → rows. The parsing itself runs in a child process that may be killed."""

import asyncio
import hashlib
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from emailq.app import App
from emailq.db import Pool
from emailq.errors import NotFound
from emailq.models import Job
from emailq.outcomes import Done, Effect, Next, Outcome, Reject, Retry
from emailq.parse.authentication import believed
from emailq.parse.child import ChildPool, Crashed
from emailq.parse.digest import Digest
from emailq.parse.domains import is_ours, registrable
from emailq.parse.sender import server_signs
from emailq.store.blobs import CorruptBlob, blob_key


async def handle(job: Job, app: App) -> Outcome:
    """Parse one message, store its attachments, and pass it on: to the virus scan, else to be labelled unless it is.

    A second run writes the same blobs under the same names and replaces the rows.
    """
    row = await _sources(app).of(job.email_id)
    if row is None:
        return Reject("the e-mail is gone")
    raw_sha256, is_classified = row
    try:
        raw = await app.blobs.get(raw_sha256)
        digest: Digest = await _parsers(app).run(raw)
    except CorruptBlob as error:
        return Reject(str(error))
    except (NotFound, Crashed) as error:
        return Retry(str(error))
    await app.blobs.put([attachment.content for attachment in digest.attachments])
    fields = _fields(digest, app)
    effects = [
        Effect("store_parsed_email", (job.email_id, fields)),
        Effect("link_email", (job.email_id, _people(digest, app))),
    ]
    if digest.refusal:
        return Reject(digest.refusal, effects)
    if app.settings.clamd:
        return Done(effects, [Next("virus_scan", job.priority)])
    return Done(effects, [] if is_classified else [Next("classification", job.priority)])


@dataclass(slots=True)
class _Lookup:
    wanted: list[UUID] = field(default_factory=list)
    found: dict[UUID, tuple[str, bool]] | None = None


class _Sources:
    """Where the raw messages are, looked up for many jobs at once: asked for each it took as long as parsing it."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._next = _Lookup()
        self._asking = asyncio.Lock()

    async def of(self, email_id: UUID) -> tuple[str, bool] | None:
        """(name of the raw blob, whether the message has its labels); None if the e-mail is gone."""
        lookup = self._next
        lookup.wanted.append(email_id)
        async with self._asking:
            if lookup is self._next:
                self._next = _Lookup()
            if lookup.found is None:  # else somebody asked for all of us
                async with self._pool.connection() as conn:
                    cursor = await conn.execute(_SOURCES, (lookup.wanted,), prepare=True)
                    lookup.found = {row[0]: (row[1], row[2]) for row in await cursor.fetchall()}
        return lookup.found.get(email_id)


_SOURCES = "select id, encode(raw_sha256, 'hex'), classified_at is not null from emails where id = any(%s)"


def _sources(app: App) -> _Sources:
    return app.shared("sources", lambda: _Sources(app.pool), _nothing_to_close)


async def _nothing_to_close(sources: _Sources) -> None:
    pass


def _parsers(app: App) -> ChildPool:
    work = "emailq.parse.digest:digest_message"
    return app.shared("parsers", lambda: ChildPool(app.settings.parser_processes, work), ChildPool.close)


def _fields(digest: Digest, app: App) -> dict[str, Any]:
    """What the digest says, and what the settings make of it: whom to believe, and who is us."""
    fields = digest.fields
    sender, own = fields["from_address"], app.settings.own
    authentication = believed(fields["headers"], app.settings.authserv_ids)
    signs = [*fields["sender_signs"], *server_signs(authentication, sender, own)]
    fields |= {"authentication": authentication, "sender_signs": signs}
    if fields["automation"] is None and "own-domain-unverified" not in signs:
        if sender in own:
            reason = "the sender is an account of ours"
        elif is_ours(sender, own) and fields["to"] and not any(is_ours(one, own) for one in fields["to"]):
            reason = "a colleague wrote it to somebody else"  # the mailbox has a copy; what goes to it is a request
        else:
            reason = None
        if reason:
            fields |= {"automation": "own_mail", "automation_details": {"reasons": [reason]}}
    return {**fields, "attachments": _attachments(digest, app)}


def _people(digest: Digest, app: App) -> dict[str, Any]:
    """Of everybody in the message: the registered domain, the name, and who is one of us."""
    fields = digest.fields
    addresses = {fields["from_address"], *fields["to"], *fields["cc"], *fields["bcc"]} - {None}
    return {
        "domains": {address: domain for address in sorted(addresses) if (domain := registrable(address))},
        "names": digest.names,
        "own": sorted(address for address in addresses if is_ours(address, app.settings.own)),
    }


def _attachments(digest: Digest, app: App) -> list[dict[str, Any]]:
    return [
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
            "virus_scan_status": "pending" if app.settings.clamd else "skipped",
        }
        for position, attachment in enumerate(digest.attachments)
    ]
