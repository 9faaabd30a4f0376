"""What a bounce, receipt or complaint is about: status, recipients and message, by its fields, else by its text."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from emailq.parse import notices
from emailq.parse.addresses import Address
from emailq.parse.parts import Part
from emailq.parse.patterns import in_lower_case, lower
from emailq.parse.reports import TYPES


class Message(Protocol):
    headers: list[tuple[str, str]]
    subject: str | None
    from_: list[Address]
    to: list[Address]
    attachments: list[Part]

    @property
    def body_text(self) -> str | None: ...

    @property
    def text_body(self) -> Sequence[Part]: ...


@dataclass(frozen=True, slots=True)
class Facts:
    """`actions` are those of RFC 3464 §2.3.3, in lower case; `status` as in Automation."""

    actions: frozenset[str]
    status: str | None
    recipients: tuple[str, ...]
    original_message_id: str | None


_READ = 20_000  # characters of a text that are looked at
_REPORT_PARTS = frozenset(f"message/{name}" for name in TYPES)
_MEANINGS = [
    (code, in_lower_case("|".join(map(str.strip, table.strip().splitlines()))))
    for code, table in notices.STATUS_TEXTS.items()
]
# What stands before a code is looked at behind its first digit: a search for digits is quick.
STATUS = re.compile(r"([45](?<![\d.].)\.[0-7]\.\d{1,3})(?![\d.])")
_STATUS_FIELD = re.compile(r"^status:\s*([245]\.\d{1,3}\.\d{1,3})", re.IGNORECASE | re.MULTILINE)
_ACTION_FIELD = re.compile(r"^action:\s*(\w+)", re.IGNORECASE | re.MULTILINE)
_SMTP_CODE = re.compile(r"([45])(?<![\d.\-/:].)[0-5]\d(?:[ -]{1,3}(?=[A-Za-z<#])| ?:|$)", re.MULTILINE)
_RECIPIENTS = 20
_RECIPIENT_FIELD = re.compile(
    r"^(?:final|original-rcpt)-(?:recipient|to):[ \t]*(?:[\w-]{1,20};)?[ \t]*(\S{3,320})", re.IGNORECASE | re.MULTILINE
)
_ORIGINAL_RECIPIENT_FIELD = re.compile(
    r"^original-recipient:[ \t]*(?:[\w-]{1,20};)?[ \t]*(\S{3,320})", re.IGNORECASE | re.MULTILINE
)
_BARE_ADDRESS = re.compile(r"(?<![\w.@+-])[\w.+=%&'/-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}")
_ADDRESS_LINE = re.compile(
    rf"^[ \t>*-]{{0,12}}(?:to:?[ \t]{{0,9}})?<?({_BARE_ADDRESS.pattern})>?(?=[:;,. \t]|$)", re.MULTILINE | re.IGNORECASE
)
_NAMED_RECIPIENT = re.compile(
    rf"(?:rcpt to|recipients?|to|an|à|para|кому|адресат\w{{0,3}})\s?:?\s?<?({_BARE_ADDRESS.pattern})", re.IGNORECASE
)
_COPY = re.compile(  # where the copy of the message begins
    r"^(?:-{2,}.{0,60}(?:copy|original message follows|below this line|returned message|unsent|копия|письм|kopfzeilen|"
    r"nachricht)|return-path:|received: )",
    re.IGNORECASE | re.MULTILINE,
)
_MESSAGE_ID = re.compile(r"^[\s>|]{0,8}(?:original-)?message-id:\s*<([^<>\s]{3,900})>", re.IGNORECASE | re.MULTILINE)


def read_facts(message: Message, headers: dict[str, str]) -> Facts:
    """`headers` by lower-case name. Reads a limited part of the message."""
    report = "\n".join(
        part.content[:_READ].decode("utf-8", "replace") for part in message.attachments if part.type in _REPORT_PARTS
    )
    body = (message.body_text or "")[:_READ]
    return Facts(
        actions=frozenset(action.lower() for action in _ACTION_FIELD.findall(report)),
        status=_status(report, body) or _status(_nested(message), ""),
        recipients=_recipients(message, headers, report, body),
        original_message_id=_original_id(message, report, body),
    )


def _recipients(message: Message, headers: dict[str, str], report: str, body: str) -> tuple[str, ...]:
    """From the report, else from X-Failed-Recipients, else what the text names above its copy of the message."""
    found = _RECIPIENT_FIELD.findall(report) or _ORIGINAL_RECIPIENT_FIELD.findall(report)
    if not found:
        found = _BARE_ADDRESS.findall(headers.get("x-failed-recipients", ""))
    if not found:
        own = {address.email.lower() for address in (*message.to, *message.from_)}
        told = _COPY.split(body, maxsplit=1)[0]
        for pattern in (_ADDRESS_LINE, _NAMED_RECIPIENT, _BARE_ADDRESS):
            found = found or [address for address in pattern.findall(told) if address.lower() not in own]
        found = found or _ADDRESS_LINE.findall(told)  # who wrote to themselves
    cleaned = (address.strip("<>'\"., ") for address in found)
    return tuple(dict.fromkeys(address for address in cleaned if "@" in address))[:_RECIPIENTS]


def _nested(message: Message) -> str:
    return "\n".join(
        part.content[:2000].decode("utf-8", "replace")
        for part in message.attachments
        if part.type.startswith("message/")
    )


def _status(report: str, body: str) -> str | None:
    fields = _STATUS_FIELD.findall(report)
    codes = [*fields, *STATUS.findall(report), *STATUS.findall(body)]
    if precise := next((code for code in codes if not code.endswith(".0.0")), None):
        return str(precise)
    if codes:
        return str(codes[0])
    if reply := _first(_SMTP_CODE, report) or _first(_SMTP_CODE, body):
        return f"{reply}.0.0"
    told = lower(_COPY.split(body, maxsplit=1)[0])
    return next((code for code, pattern in _MEANINGS if pattern.search(told)), None)


def _original_id(message: Message, report: str, body: str) -> str | None:
    if found := _first(_MESSAGE_ID, report):
        return found
    for part in message.attachments:
        nested = part.message_headers
        if nested is not None and nested.message_id:
            return nested.message_id
        if part.type.startswith(("text/", "message/")) and (
            found := _first(_MESSAGE_ID, part.content[:_READ].decode("utf-8", "replace"))
        ):
            return found
    return _first(_MESSAGE_ID, body)


def _first(pattern: re.Pattern[str], text: str) -> str | None:
    found = pattern.search(text)
    return found[1] if found else None
