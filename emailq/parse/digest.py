"""What the database keeps of a message: plain values and attachments, made from raw bytes in one pure call."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from emailq.parse.automatic import Automation
from emailq.parse.automation import detect_automation
from emailq.parse.language import guess_language
from emailq.parse.message import Address, ParsedMessage, parse_message
from emailq.parse.parts import Part
from emailq.parse.replies import split_reply
from emailq.parse.sender import message_signs
from emailq.parse.sniff import sniff_type
from emailq.parse.subject import base_subject
from emailq.parse.values import address_key, names_a_message, plausible, scrub

_BODY_LIMIT = 1_000_000  # characters kept in a row; the raw message has the rest
_NAMES_LIMIT = 10_000  # characters of names and addresses that it looks at
_HEADERS_LIMIT = 200_000  # characters of all headers kept in a row

# a first message for a process that parses: it loads what most mail needs
WARM_UP = (
    b"From: =?koi8-r?B?8NLJ18XU?= <a@example.org>\nContent-Type: text/html; charset=windows-1251\n\n"
    b"<p>\xcf\xf0\xe8\xe2\xe5\xf2, \xec\xe8\xf0</p>\n"
)


@dataclass(frozen=True, slots=True)
class Attachment:
    part_id: str
    filename: str
    content_type: str
    sniffed_type: str | None
    content: bytes
    sha256: str
    is_inline: bool
    content_id: str | None


@dataclass(frozen=True, slots=True)
class Digest:
    """`fields` are columns of `emails` and what store_parsed_emails makes others of, `names` what addresses are called.

    `refusal`: why this can't be worked on, though it is kept.
    """

    fields: dict[str, Any]
    names: dict[str, str]
    attachments: list[Attachment]
    refusal: str | None = None


def digest_message(raw: bytes) -> Digest:
    """Parse a message and derive what is stored. Pure; any bytes give a result."""
    return digest(parse_message(raw))


def digest(message: ParsedMessage) -> Digest:
    """What is stored of a parsed message."""
    body_text = message.body_text or ""
    reply = split_reply(body_text[:_BODY_LIMIT], *_author(message))
    new_text = reply.current.strip()
    automation = detect_automation(message, reply)
    subject, is_reply = base_subject(message.subject or "")
    to_keys, cc_keys = _keys(message.to), _keys(message.cc)
    from_keys, reply_to_keys = _keys(message.from_), _keys(message.reply_to)
    people = {*from_keys, *to_keys, *cc_keys}
    in_reply_to, references = _ids(message.in_reply_to, people), _ids(message.references, people)
    defects, files = message.defects, message.files
    if max(len(body_text), len(message.body_html or "")) > _BODY_LIMIT:
        defects.append("body-cut")
    fields = {
        "from_address": from_keys[0] if from_keys else None,
        "from_name": message.from_[0].name if message.from_ else None,
        "to_addresses": to_keys,
        "cc_addresses": cc_keys,
        "bcc_addresses": _keys(message.bcc),
        "reply_to": reply_to_keys[0] if reply_to_keys else None,
        "headers": _headers(message),
        "subject": message.subject,
        "body_text": body_text[:_BODY_LIMIT] or None,
        "body_html": (message.body_html or "")[:_BODY_LIMIT] or None,
        "new_text": new_text or None,
        "language": guess_language(new_text[:10_000] or subject),
        "search_names": _search_names(message, files),
        "in_reply_to": in_reply_to,
        "references": references,
        "thread_subject": subject.lower() or None,
        "is_orphan_reply": is_reply and not (references or in_reply_to or _is_for_many(automation)),
        "automation": automation.kind if automation else None,
        "automation_details": _details(automation),
        "sender_signs": message_signs(message),
        "sent_at": _stamp(message.sent_at),
        "defects": sorted(defects),
    }
    refusal = None if message.headers or files else "no headers: this is not a message"
    return Digest(scrub(fields), scrub(_names(message)), [_attachment(part) for part in files], refusal)


def _author(message: ParsedMessage) -> tuple[str | None, str | None]:
    """The sender's name and address."""
    return (message.from_[0].name, message.from_[0].email) if message.from_ else (None, None)


def _attachment(part: Part) -> Attachment:
    sniffed = sniff_type(part.content)
    return Attachment(
        part.part_id,
        part.name or f"part-{part.part_id}",
        part.type,
        sniffed if sniffed != part.type else None,
        part.content,
        part.sha256,
        part.is_inline,
        part.cid,
    )


def _details(automation: Automation | None) -> dict[str, Any] | None:
    if automation is None:
        return None
    return {
        "reasons": list(automation.reasons),
        "status": automation.status,
        "original_message_id": automation.original_message_id,
        "recipients": list(automation.recipients),
    }


def _is_for_many(automation: Automation | None) -> bool:
    return automation is not None and automation.kind in ("mailing_list", "bulk", "auto_generated")


def _stamp(moment: datetime | None) -> str | None:
    usable = plausible(moment)
    return usable.isoformat() if usable else None


def _keys(addresses: list[Address]) -> list[str]:
    """Addresses as keys: lower case, each once, in order, short enough for an index."""
    return list(dict.fromkeys(address_key(a.email) for a in addresses if a.email))


def _names(message: ParsedMessage) -> dict[str, str]:
    """Name by address, of the sender and all recipients; the first one counts. An address is no name."""
    people = (*message.from_, *message.to, *message.cc, *message.bcc)
    names = [(address_key(one.email), one.name) for one in reversed(people) if one.name and one.email]
    return {key: name[:200] for key, name in names if address_key(name.strip("'\"")) != key}


def _ids(named: list[str], people: set[str]) -> list[str]:
    """Without what many strangers name: the address that they answer or write to (an old habit), "unknown" or 0."""
    return [one for one in named if address_key(one) not in people and names_a_message(one)]


def _search_names(message: ParsedMessage, files: list[Part]) -> str:
    """Who wrote to whom, and what the attachments are called, whole and in words: to be found by search too."""
    people = (*message.from_, *message.to[:50], *message.cc[:50])
    words = [f"{one.name or ''} {one.email} {one.email.replace('@', ' ')}" for one in people]
    words += [f"{part.name} {part.name.replace('.', ' ')}" for part in files[:100] if part.name]
    return " ".join(words)[:_NAMES_LIMIT]


def _headers(message: ParsedMessage) -> list[tuple[str, str]]:
    kept, size = [], 0
    for name, value in message.headers:
        size += len(name) + len(value)
        if size > _HEADERS_LIMIT:
            break
        kept.append((name, value))
    return kept
