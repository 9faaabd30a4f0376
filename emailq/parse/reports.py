"""The part of a multipart/report (RFC 6522) that programs read: delivery status, read receipt or complaint."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from emailq.parse import limits
from emailq.parse.headers import read_header_block
from emailq.parse.parts import Part

TYPES = (
    "delivery-status",  # RFC 3464
    "global-delivery-status",  # RFC 6533
    "disposition-notification",  # RFC 8098
    "global-disposition-notification",
    "feedback-report",  # RFC 5965
)
_BLANK_LINE = re.compile(rb"^[ \t]++(?=\r?$)", re.MULTILINE)  # but for blanks, so it ends a block


@dataclass(frozen=True, slots=True)
class Report:
    """`fields` is one dict for each block of fields, by lower-case name, the first of a name.

    In a delivery status the first block is about the message, and each other about one recipient.
    """

    type: str
    fields: list[dict[str, str]]


def read_report(attachments: Sequence[Part]) -> Report | None:
    """What the first part of a report type says; None where there is none."""
    for part in attachments:
        name = part.type.removeprefix("message/")
        if name in TYPES and part.type.startswith("message/"):
            return Report(name, _blocks(part.content[: limits.HEADER_BLOCK_BYTES]))
    return None


def _blocks(content: bytes) -> list[dict[str, str]]:
    content = _BLANK_LINE.sub(b"", content)
    blocks: list[dict[str, str]] = []
    at = 0
    while at < len(content) and len(blocks) < limits.ADDRESSES:
        block = read_header_block(content, at, len(content))
        fields = {name.lower(): value for name, value in reversed(block.decoded())}
        if fields:
            blocks.append(fields)
        at = max(block.end, at + 1)
    return blocks
