"""What an ERP gets to know of a message: one JSON object, with values that stand in the message and nothing else."""

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from emailq.erp.bank import bank_accounts, speaks_of_a_change, speaks_of_a_payment
from emailq.erp.bills import speaks_of_no_new_bill
from emailq.erp.doubts import speaks_of_a_doubt
from emailq.erp.earlier import speaks_of_an_earlier_order

VERSION = 1  # of the payload's shape


def with_cautions(fields: Mapping[str, Any], mail: Mapping[str, Any]) -> dict[str, Any]:
    """The values of a request (docs/extraction.md) with what of its message makes a person look (docs/erp.md).

    `bank_accounts` and `bank_change` count wherever they stand, the other cautions not in quoted history.
    """
    whole = f"{mail['subject'] or ''}\n{mail['body_text'] or ''}"
    accounts = bank_accounts(whole)
    if fields["iban"] and all(fields["iban"]["value"] != one["value"] for one in accounts):  # of an attachment
        accounts = [*accounts, fields["iban"]]
    newest = (mail["subject"] or "", mail["new_text"] or mail["body_text"] or "")
    return {
        **fields,
        "bank_accounts": accounts,
        "bank_change": speaks_of_a_change(whole),
        "payment": speaks_of_a_payment(*newest),
        "no_bill": speaks_of_no_new_bill(*newest),
        "earlier_order": speaks_of_an_earlier_order(*newest),
        "doubt": speaks_of_a_doubt(*newest, fields["lines"]),
    }


def build_payload(mail: Mapping[str, Any], action_type: str, fields: dict[str, Any]) -> dict[str, Any]:
    """The payload for an action; `mail` has columns of `emails`. The same row gives the same payload."""
    return {
        "action": action_type,
        "version": VERSION,
        "email": {
            "message_id": mail["message_id"],
            "from": mail["from_address"],
            "from_name": mail["from_name"],
            "subject": mail["subject"],
            "received_at": _stamp(mail["received_at"]),
            "sent_at": _stamp(mail["sent_at"]),
            "text": (mail["new_text"] or mail["body_text"] or "")[:20_000],
            "attachments": list(mail["attachments"]),
        },
        "fields": fields,
    }


def canonical(payload: Mapping[str, Any]) -> bytes:
    """JSON with sorted keys, no blanks, UTF-8: equal payloads are equal bytes, also after they were in a jsonb."""
    return json.dumps(payload, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def sha256(content: bytes) -> bytes:
    return hashlib.sha256(content).digest()


def _stamp(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
