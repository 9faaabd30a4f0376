"""Accepting messages: raw bytes into the blob store first, then all rows in one transaction."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from emailq import log, metrics
from emailq.db import Pool
from emailq.parse.headers import ParsedHeaders, lf_lines, parse_headers, sound_lines
from emailq.parse.transfer import decode, encoding_name
from emailq.parse.values import address_key, names_a_message, plausible, scrub
from emailq.store.blobs import Blobs

# What the author wrote; trace headers (Received, Return-Path, Delivered-To …) differ between deliveries of one mail.
_AUTHOR_HEADERS = frozenset(
    (
        *("from", "sender", "reply-to", "to", "cc", "subject", "date", "message-id", "in-reply-to", "references"),
        *("mime-version", "content-type"),
    )
)
_MESSAGE_ID_LIMIT = 998  # characters: a line of RFC 5322 §2.1.1


@dataclass(frozen=True, slots=True)
class Incoming:
    """One message as it reached a mailbox. `received_at` is what the server says (INTERNALDATE); None: look for it."""

    raw: bytes
    account: str
    source: str
    folder: str = "INBOX"
    uidvalidity: int | None = None
    uid: int | None = None
    flags: tuple[str, ...] = ()
    received_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Accepted:
    """`is_new`: this content was never seen before. `is_new_delivery`: known or not, it reached this mailbox anew.

    `email_id` is None for a message that was erased here, and does not come back.
    """

    email_id: UUID | None
    is_new: bool
    is_new_delivery: bool


async def accept(pool: Pool, blobs: Blobs, messages: Sequence[Incoming]) -> list[Accepted]:
    """Store the messages durably and enqueue the new ones; returns one result for each, in order.

    When this returns, the messages are safe. A failure before that (Unavailable, psycopg.Error) means that the
    caller must offer them again; doing so twice is harmless.
    """
    names = await blobs.put([message.raw for message in messages])
    rows = [_row(message, name) for message, name in zip(messages, names, strict=True)]
    async with pool.connection() as conn, conn.transaction():
        cursor = await conn.execute(
            "select email_id, is_new, is_new_delivery from accept_emails(%s) order by n", (Jsonb(scrub(rows)),)
        )
        accepted = [Accepted(*row) for row in await cursor.fetchall()]
    for message, name, one in zip(messages, names, accepted, strict=True):
        if one.email_id is None:
            await blobs.delete(name)
        log.event(_event(one), email=one.email_id, account=message.account, folder=message.folder, uid=message.uid)
        metrics.EMAILS_ACCEPTED.labels("new" if one.is_new else "known").inc()
    return accepted


def _event(one: Accepted) -> str:
    if one.email_id is None:
        return "email.erased"
    return "email.new" if one.is_new else "email.delivered" if one.is_new_delivery else "email.known"


def _row(message: Incoming, raw_sha256: str) -> dict[str, Any]:
    headers = parse_headers(message.raw)
    content_sha256 = content_digest(message.raw, headers)
    message_id = headers.message_id
    if not message_id or len(message_id) > _MESSAGE_ID_LIMIT or not names_a_message(message_id):
        message_id = f"synthetic:{content_sha256}"
    sender = headers.from_[0] if headers.from_ else None
    return {
        "content_sha256": content_sha256,
        "raw_sha256": raw_sha256,
        "message_id": message_id,
        "from_address": address_key(sender.email) or None if sender else None,
        "from_name": sender.name if sender else None,
        "to": [address_key(address.email) for address in headers.to if address.email],
        "cc": [address_key(address.email) for address in headers.cc if address.email],
        "subject": headers.subject,
        "sent_at": _stamp(plausible(headers.sent_at)),
        "received_at": _stamp(message.received_at or plausible(headers.received_at) or datetime.now(UTC)),
        "size_bytes": len(message.raw),
        "account": message.account,
        "folder": message.folder,
        "uidvalidity": message.uidvalidity,
        "uid": message.uid,
        "flags": list(message.flags),
        "source": message.source[-500:],
    }


def content_digest(raw: bytes, headers: ParsedHeaders) -> str:
    """SHA-256 (hex) of what the author wrote: equal for two deliveries of one mail, whatever the servers added.

    A relay may change line ends, how headers are folded, and the transfer encoding (of a message in one part).
    """
    digest = hashlib.sha256()
    encoding = is_multipart = None
    for name, value in headers.headers:
        lower = name.lower()
        if lower in _AUTHOR_HEADERS:
            digest.update(f"{lower}:{' '.join(value.split())}\n".encode("utf-8", "surrogatepass"))
        if lower == "content-type":
            is_multipart = value.lower().startswith("multipart/")
        elif lower == "content-transfer-encoding":
            encoding = encoding_name(value)
    body = sound_lines(raw)[0][headers.body_offset :]
    if encoding in ("base64", "quoted-printable") and not is_multipart:
        body, _ = decode(body, encoding)
    digest.update(b"\n")
    digest.update(lf_lines(body).rstrip(b"\n"))
    return digest.hexdigest()


def _stamp(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
