"""What a bounce, receipt or complaint is about: status, recipients and message, by its fields, else by its text."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Protocol

from emailq.parse import notices
from emailq.parse.addresses import Address
from emailq.parse.parts import Part
from emailq.parse.patterns import lower, one_of
from emailq.parse.reports import TYPES


class Message(Protocol):
    headers: list[tuple[str, str]]
    subject: str | None
    from_: list[Address]
    to: list[Address]
    reply_to: list[Address]
    attachments: list[Part]

    @property
    def body_text(self) -> str | None: ...

    @property
    def text_body(self) -> Sequence[Part]: ...


@dataclass(frozen=True, slots=True)
class Facts:
    """`actions` are those of RFC 3464 §2.3.3, in lower case."""

    actions: frozenset[str]
    recipients: tuple[str, ...]
    original_message_id: str | None


_READ = 20_000  # characters of a text that are looked at
_REPORT_PARTS = frozenset(f"message/{name}" for name in TYPES)
# What stands before a code is looked at behind its first digit: a search for digits is quick.
STATUS = re.compile(r"([45](?<![\d.].)\.[0-7]\.\d{1,3})(?![\d.])")
_STATUS_FIELD = re.compile(r"^status:\s*([245]\.\d{1,3}\.\d{1,3})", re.IGNORECASE | re.MULTILINE)
_ACTION_FIELD = re.compile(r"^action:\s*(\w+)", re.IGNORECASE | re.MULTILINE)
_SMTP_CODE = re.compile(r"([45])(?<![\d.\-/:].)[0-5]\d(?:[ -]{1,3}(?=[A-Za-z<#])| ?:|$)", re.MULTILINE)
_SAID_LIMIT = 300  # characters behind a reply code: its text, and the line on which that may go on
_RECIPIENTS = 20
_RECIPIENT_FIELD = re.compile(
    r"^(?:final|original-rcpt)-(?:recipient|to):[ \t]*+(?:[\w-]{1,20};)?+[ \t]*+([^\s(;|](?:\S| (?![(<])){2,319})",
    re.IGNORECASE | re.MULTILINE,
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
_MESSAGE_ID = re.compile(
    r"^(?:[\s>|]{0,8}|.{10,40}: \*  )(?:(?:x-)?original-)?message[- ]id[ \t]{0,9}:"
    r"\s*(?:<(?=[^<>\s]{3,900}>)|(?=\S{1,900}@))([^<>\s]{3,900})",
    re.IGNORECASE | re.MULTILINE,
)

_NAMED_ID = re.compile(  # "Kennung der Nachricht: <1@mill.example>", the id's name in other words
    r"(?:\bid\b|ident|kennung|идентиф|ідентиф)[^\n<>]{0,40}[:\s(]<(?=[^<>\d]{0,400}\d)([^<>\s@]{1,400}@[^<>\s@]{1,400})>",
    re.IGNORECASE,
)


def read_facts(message: Message, headers: dict[str, str]) -> Facts:
    """`headers` by lower-case name. Reads a limited part of the message."""
    report = _report(message)
    body = (message.body_text or "")[:_READ]
    return Facts(
        actions=frozenset(action.lower() for action in _ACTION_FIELD.findall(report)),
        recipients=_recipients(message, headers, report, body),
        original_message_id=_original_id(message, report, body),
    )


def read_status(message: Message) -> str | None:
    """The enhanced status code (RFC 3463) of a bounce, as in Automation."""
    return _status(_report(message), (message.body_text or "")[:_READ]) or _status(_nested(message), "")


def _report(message: Message) -> str:
    return "\n".join(
        part.content[:_READ].decode("utf-8", "replace") for part in message.attachments if part.type in _REPORT_PARTS
    )


def _recipients(message: Message, headers: dict[str, str], report: str, body: str) -> tuple[str, ...]:
    """From the report, else from X-Failed-Recipients, else what the text names above its copy of the message."""
    found = [name for name in _RECIPIENT_FIELD.findall(report) if "@" in name]  # of a local user it may be no address
    found = found or _ORIGINAL_RECIPIENT_FIELD.findall(report)
    if not found:
        found = _BARE_ADDRESS.findall(headers.get("x-failed-recipients", ""))
    if not found:
        own = {address.email.lower() for address in (*message.to, *message.from_)}
        told = _NAMED_ID.sub("", _MESSAGE_ID.sub("", _COPY.split(body, maxsplit=1)[0]))
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
    codes: list[str] = []
    for pattern, text in ((_STATUS_FIELD, report), (STATUS, report), (STATUS, body)):
        for code in pattern.findall(text):
            if not code.endswith(".0.0"):
                return str(code)
            codes.append(code)
    for text in (report, body):
        if reply := _SMTP_CODE.search(text):
            status = _status_of_reply(reply[1], text[reply.end() : reply.end() + _SAID_LIMIT])
            return f"{codes[0][0]}{status[1:]}" if codes else status  # x.0.0 says nothing but its class
    if codes:
        return codes[0]
    return _meaning(_COPY.split(body, maxsplit=1)[0])


def _status_of_reply(code_class: str, said: str) -> str:
    """Of "550 User unknown": the class is the first digit (RFC 5321 §4.2.1), the rest what the words mean."""
    first, _, following = said.partition("\n")
    meaning = _meaning(first) or _meaning(following.partition("\n")[0])
    return f"{code_class}{meaning[1:] if meaning else '.0.0'}"


def tells_cause(text: str) -> bool:
    """Whether its words mean a status code."""
    return _meaning(text) is not None


def _meaning(text: str) -> str | None:
    told = lower(text)
    meanings, any_meaning = _meanings()
    first = any_meaning.search(told)
    if first is None:
        return None
    return next((code for code, pattern in meanings if pattern.search(told, first.start())), None)


@cache
def _meanings() -> tuple[list[tuple[str, re.Pattern[str]]], re.Pattern[str]]:
    """A pattern for each code, and one for all. Compiled when the first is needed: that takes 10 ms."""
    tables = notices.STATUS_TEXTS
    return [(code, one_of(table)) for code, table in tables.items()], one_of("\n".join(tables.values()))


def _original_id(message: Message, report: str, body: str) -> str | None:
    if found := _id_in(report):
        return found
    for part in message.attachments:
        if nested := part.nested_message_id:
            return nested
        if part.type.startswith(("text/", "message/")) and (
            found := _id_in(part.content[:_READ].decode("utf-8", "replace"))
        ):
            return found
    if found := _id_in(body):
        return found
    named = _NAMED_ID.search(_COPY.split(body, maxsplit=1)[0]) if "<" in body else None
    return named[1] if named else None


def _id_in(text: str) -> str | None:
    told = lower(text)
    found = _MESSAGE_ID.search(text) if "message-id" in told or "message id" in told else None
    return found[1] if found else None
