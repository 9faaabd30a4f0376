"""ParsedMessage → the JSON of JMAP's Email object (RFC 8621 §4.1), for programs and for `emailq parse --json`."""

from datetime import datetime

from emailq.parse.addresses import Address
from emailq.parse.message import ParsedMessage
from emailq.parse.parts import Part
from emailq.parse.reports import read_report

PREVIEW_CHARS = 256


def to_jmap(message: ParsedMessage) -> dict[str, object]:
    """The Email object, plus `receivedAt` of the top Received field, `defects`, and `sha256` with each part.

    `files` are the parts that a worker stores: attachments, and media in the body, by RFC 8621 no attachments.
    `bodyText` is the text for people; `report` what a delivery status, read receipt or complaint says. A nested message
    stands as `email` in its attachment. Recursion is as deep as the nesting, so limits.DEPTH.
    """
    bodies = {part.part_id: part for part in (*message.text_body, *message.html_body) if part.type.startswith("text/")}
    report = read_report(message.attachments)
    return {
        "messageId": [message.message_id] if message.message_id else None,
        "inReplyTo": message.in_reply_to or None,
        "references": message.references or None,
        "from": _addresses(message.from_),
        "sender": _addresses(message.sender),
        "replyTo": _addresses(message.reply_to),
        "to": _addresses(message.to),
        "cc": _addresses(message.cc),
        "bcc": _addresses(message.bcc),
        "subject": message.subject,
        "sentAt": _date(message.sent_at),
        "receivedAt": _date(message.received_at),
        "size": message.size,
        "headers": [{"name": name, "value": value} for name, value in message.headers],
        "textBody": [_part(part) for part in message.text_body],
        "htmlBody": [_part(part) for part in message.html_body],
        "attachments": [_part(part) for part in message.attachments],
        "files": [part.part_id for part in message.files],
        "bodyValues": {
            part_id: {
                "value": part.text,
                "isEncodingProblem": part.is_encoding_problem,
                "isTruncated": part.text_defect == "text-truncated",
            }
            for part_id, part in bodies.items()
        },
        "hasAttachment": any(not part.is_inline for part in message.attachments),
        "preview": " ".join((message.body_text or "")[: 8 * PREVIEW_CHARS].split())[:PREVIEW_CHARS],
        "bodyText": message.body_text,
        "report": {"type": report.type, "fields": report.fields} if report else None,
        "defects": message.defects,
    }


def _addresses(addresses: list[Address]) -> list[dict[str, str | None]] | None:
    return [{"name": address.name, "email": address.email} for address in addresses] or None


def _date(moment: datetime | None) -> str | None:
    """RFC 3339 with the offset as written; UTC is "Z"."""
    if moment is None:
        return None
    text = moment.isoformat()
    return text[:-6] + "Z" if text.endswith("+00:00") else text


def _part(part: Part) -> dict[str, object]:
    shown: dict[str, object] = {
        "partId": part.part_id,
        "type": part.type,
        "charset": part.charset or ("us-ascii" if part.type.startswith("text/") else None),  # RFC 8621 §4.1.4
        "disposition": part.disposition,
        "name": part.name,
        "cid": part.cid,
        "language": part.language,
        "location": part.location,
        "size": part.size,
        "sha256": part.sha256,
        "isInline": part.is_inline,
    }
    if part.message is not None:
        shown["email"] = to_jmap(part.message)
    return shown
