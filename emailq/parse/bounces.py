"""Reports and bounces: mail about the delivery of a message."""

import re

from emailq.parse import notices, programs
from emailq.parse.addresses import Address
from emailq.parse.auto_replies import says_auto_reply
from emailq.parse.automatic import (
    LIST_HEADERS,
    MESSAGE_ID,
    READ,
    Automation,
    answered_id,
    has_peoples_mailer,
    sent_by_hand,
)
from emailq.parse.failures import STATUS, Message, read_facts, read_status
from emailq.parse.patterns import lower, one_of

_REPORTS = {  # RFC 3464, RFC 6533, RFC 8098, RFC 5965
    "delivery-status": "bounce",
    "global-delivery-status": "bounce",
    "disposition-notification": "read_receipt",
    "global-disposition-notification": "read_receipt",
    "feedback-report": "complaint",
}
_REPORT_PARTS = {f"message/{name}": kind for name, kind in _REPORTS.items()}
_REPORT_TYPE = re.compile(r"report-type\s*=\s*[\"']?([a-z-]+)", re.IGNORECASE)
_COMPLAINT_SUBJECT = re.compile(r"complaint about message from \d", re.IGNORECASE)  # Hotmail's own form
# Italian certified mail tells how a letter fares by X-Ricevuta (decree of 2005-11-02, annex §6.3): these are failures.
_PEC_FAILURES = ("non-accettazione", "errore-consegna", "preavviso-errore-consegna", "rilevazione-virus")
_NOTICE = re.compile(r'notificationType\\?"\s*:\s*\\?"(Bounce|Complaint|Delivery)\\?"')  # Amazon SES through SNS
_DAEMON = re.compile(
    r"(?:mailer[-_. ]?daemon|mail[-_. ]?daemon|mdaemon|double-bounce|mail delivery (?:sub)?system)\b", re.IGNORECASE
)
_POSTMASTER = re.compile(
    r"(?:post[-_]?master|mail[-. ]delivery|mail (?:admin|system)|microsoft\s?exchange[\da-f]{0,40}|"
    r"system administrator|mailsystem|.{0,30}-bounces?)\b",
    re.IGNORECASE,
)
_MAYBE_POSTMASTER = re.compile(r"(?:bounces?|delivery)\b", re.IGNORECASE)  # carriers deliver too
_LIST_SERVER = re.compile(
    r"(?:[\w.+-]{1,60}-(?:admin|owner|request|help)|listserv|majordomo|sympa|mailman)@", re.IGNORECASE
)
_BOUNCE_SUBJECT = one_of(notices.BOUNCE_SUBJECTS)
_BOUNCE_TEXT = one_of(notices.BOUNCE_TEXTS)
_DELIVERED_SUBJECT = one_of(notices.DELIVERED_SUBJECTS)
_DELIVERED_TEXT = one_of(notices.DELIVERED_TEXTS)
_OWN_MAILBOX = one_of(notices.OWN_MAILBOX_TEXTS)
_GREETING = one_of(notices.GREETINGS, r"\s{0,9}", r"\b(?! ?[.!])")
_FAILURE_SUBJECT = one_of(notices.FAILURE_SUBJECTS)
_FAILURE_TEXT = one_of(notices.FAILURE_TEXTS)
_QUOTED = re.compile(r"(?m)^>.*\n?")


def detect_report(message: Message, headers: dict[str, str], subject: str) -> Automation | None:
    """What is a report by its form, whoever sent it."""
    content_type = headers.get("content-type", "")
    if content_type[:16].lower() == "multipart/report" and (found := _REPORT_TYPE.search(content_type)):
        name = found[1].lower()
        if name in _REPORTS:
            return _described(message, headers, _REPORTS[name], f"report-type {name}")
    if receipt := headers.get("x-ricevuta", "").strip().lower():
        kind = "bounce" if receipt in _PEC_FAILURES else "delivery_receipt"
        about = MESSAGE_ID.search(headers.get("x-riferimento-message-id", ""))
        return Automation(kind, (f"X-Ricevuta: {receipt[:40]}",), None, about[1] if about else None)
    if _COMPLAINT_SUBJECT.match(subject):
        return _described(message, headers, "complaint", "subject of a complaint")
    body = message.body_text
    if body and "otificationType" in body[:READ] and (notice := _NOTICE.search(body[:READ])):
        kind = {"Bounce": "bounce", "Complaint": "complaint", "Delivery": "delivery_receipt"}[notice[1]]
        return _described(message, headers, kind, "notice of a mail service")
    is_passed_on = sent_by_hand(headers, subject) and _system_sender(headers, message.from_[:3]) != _SYSTEM
    for part in message.attachments:
        if part.type in _REPORT_PARTS and not is_passed_on:
            return _described(message, headers, _REPORT_PARTS[part.type], f"part {part.type}")
    return None


def detect_bounce(message: Message, headers: dict[str, str], subject: str) -> Automation | None:
    """The less a sender looks like a mail system, the more its subject and text must."""
    senders = message.from_[:3]
    system = _system_sender(headers, senders)
    has_null_path = headers.get("return-path", "x").strip().strip("<>").lower() in ("", "mailer-daemon")
    has_no_sender = not any("@" in a.email for a in senders)
    has_subject = bool(_BOUNCE_SUBJECT.match(subject))
    if not (system or has_null_path or has_no_sender or has_subject):
        return None
    if not has_subject and system != _SYSTEM and says_auto_reply(headers, subject):
        return None
    is_by_hand = system != _SYSTEM and sent_by_hand(headers, subject)
    if not (is_by_hand or system or has_subject) and not (has_null_path and programs.is_no_reply(senders)):
        return None  # whatever the text says
    text = lower((message.body_text or "")[:READ])
    if is_by_hand:
        text = _QUOTED.sub("", text)[:200]  # below is what an answer quotes without a mark
    if system and not is_by_hand and _DELIVERED_SUBJECT.match(subject) and _DELIVERED_TEXT.search(text):
        return _described(message, headers, "delivery_receipt", system, "subject and text of a delivery receipt")
    if system and not has_subject and system != _SYSTEM and _OWN_MAILBOX.search(f"{subject}\n{text[:600]}"):
        return None  # "your mailbox is full"
    is_plain = not is_by_hand and (
        system == _SYSTEM or (bool(system) and (has_null_path or (has_subject and system != _MAYBE_SYSTEM)))
    )
    has_text = not is_plain and bool(_BOUNCE_TEXT.search(text))  # a search that costs
    if system != _SYSTEM and has_peoples_mailer(headers) and not has_null_path:
        is_bounce = False
    elif is_plain:
        is_bounce = True
    elif is_by_hand:
        is_bounce = has_text and bool(system or has_null_path)
    elif system == _MAYBE_SYSTEM:
        is_bounce = has_text or bool(STATUS.search(text))
    elif system:
        has_text = has_text or bool(_FAILURE_TEXT.search(text) or STATUS.search(text))
        has_subject = bool(_FAILURE_SUBJECT.search(subject)) and not _GREETING.match(text)
        is_bounce = has_subject or has_text
    elif has_null_path and programs.is_no_reply(senders):
        is_bounce = has_subject or has_text
    elif has_null_path or has_no_sender:
        is_bounce = has_subject
    else:
        is_bounce = has_subject and has_text and not _GREETING.match(text)
    if not is_bounce:
        return None
    seen = {
        system: bool(system),
        "null return path": has_null_path,
        "no sender": has_no_sender,
        "subject of a bounce": has_subject,
        "text of a bounce": has_text,
    }
    return _described(message, headers, "bounce", *(reason for reason, is_so in seen.items() if is_so))


_SYSTEM = "sent by a mail system"
_MAYBE_SYSTEM = "sent by what may be a mail system"


def _system_sender(headers: dict[str, str], senders: list[Address]) -> str:
    """What kind of mail system sent it, in the words of a reason; "" if none."""
    if "x-failed-recipients" in headers or any(_DAEMON.match(a.email) for a in senders):
        return _SYSTEM
    if any(_POSTMASTER.match(a.email) or _DAEMON.match(a.name or "") for a in senders):
        return "sent by a postmaster"
    if any(_POSTMASTER.match(a.name or "") for a in senders) or any(
        _MAYBE_POSTMASTER.match(said) for a in senders for said in (a.email, a.name or "")
    ):
        return _MAYBE_SYSTEM
    if any(_LIST_SERVER.match(a.email) for a in senders) and any(name in headers for name in LIST_HEADERS):
        return "sent by a list server"
    return ""


def _described(message: Message, headers: dict[str, str], kind: str, *reasons: str) -> Automation:
    """With what the report says, and what it quotes."""
    facts = read_facts(message, headers)
    if kind == "bounce" and facts.actions and facts.actions <= {"delivered", "relayed", "expanded"}:
        kind = "delivery_receipt"
    status = read_status(message) if kind in ("bounce", "delivery_receipt") else None
    return Automation(kind, reasons, status, facts.original_message_id or answered_id(headers), facts.recipients)
