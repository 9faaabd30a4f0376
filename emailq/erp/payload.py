"""What an ERP gets to know of a message: one JSON object, with values that stand in the message and nothing else."""

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from emailq.extract.requests import find_requests

VERSION = 1  # of the payload's shape


def build_payload(mail: Mapping[str, Any], action_type: str) -> dict[str, Any]:
    """The payload for an action; `mail` has columns of `emails`. The same row gives the same payload."""
    text = mail["new_text"] or mail["body_text"] or ""
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
            "attachments": list(mail["attachments"]),
        },
        "fields": find_requests(mail["intent"], mail["subject"] or "", text)[0],
    }


def canonical(payload: Mapping[str, Any]) -> bytes:
    """JSON with sorted keys, no blanks, UTF-8: equal payloads are equal bytes, also after they were in a jsonb."""
    return json.dumps(payload, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def sha256(content: bytes) -> bytes:
    return hashlib.sha256(content).digest()


def _stamp(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
