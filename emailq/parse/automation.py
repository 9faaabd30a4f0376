"""The gate: mail that no person wrote to us just now. Decided from headers and structure, before any model.

A header that says so is enough. A subject or a phrase never is by itself: people write about failed deliveries and
holidays too. Where neither decides, all words together may.
"""

import re

from emailq.parse import notes, notices, programs, wording
from emailq.parse.auto_replies import auto_reply, detect_auto_reply
from emailq.parse.automatic import (
    FORWARDED,
    READ,
    Automation,
    answered_id,
    has_null_path,
    has_peoples_mailer,
    is_persons,
    sent_by_hand,
)
from emailq.parse.bounces import detect_bounce, detect_report
from emailq.parse.bulk import detect_bulk, detect_newsletter
from emailq.parse.failures import Message
from emailq.parse.patterns import lower, one_of
from emailq.parse.replies import SplitText, split_reply
from emailq.parse.tickets import is_reply_above

_AGGREGATE_SUBJECT = re.compile(r"\[?report domain: ?\S{1,255},?;? submitter:", re.IGNORECASE)
_READ_SUBJECT = one_of(notices.READ_SUBJECTS, after=r"(?:\s?:|\s?\(|$)")
_READ_TEXT = one_of(notices.READ_TEXTS)
_METHOD = re.compile(
    rb"^METHOD:[ \t]*(?!PUBLISH)[A-Z]", re.MULTILINE | re.IGNORECASE
)  # RFC 5546: a question or an answer
_MEETING_RULE = "*~*~*~*~*~*~*~*~*~*"  # Exchange and Zimbra set it between a meeting and what its host writes
_INVITATION = one_of(notices.INVITATION_TEXTS, r"(?m)^\W{0,3}")
_OF_MESSAGE = re.compile(r"(?:your (?:message|post|mail)|the results of your|rejected|request to)", re.IGNORECASE)
_HEAD = 300  # characters of a text in which a word of notes stands
_LONGEST = 1500  # characters of a text that is judged by its words
_OF_LIST_SERVER = Automation("auto_generated", ("notice of a list server",))


def detect_automation(message: Message, reply: SplitText | None = None) -> Automation | None:
    """What kind of machine wrote this, and why we think so; None for mail by a person.

    `reply`: the body text in its pieces, where they are known.
    """
    if reply is None:
        author = (message.from_[0].name, message.from_[0].email) if message.from_ else ()
        reply = split_reply((message.body_text or "")[:READ], *author)
    headers: dict[str, str] = {}
    for name, value in message.headers:
        headers.setdefault(name.lower(), value)
    subject = lower((message.subject or "").lstrip(" \t*!-")[:200])
    if programs.is_by_agent(message, headers):
        return None
    return (
        detect_report(message, headers, subject)
        or detect_bounce(message, headers, subject, reply)
        or _program(headers, subject, reply)
        or _receipt(message, subject)
        or detect_auto_reply(message, headers, subject, reply)
        or _calendar(message, headers, subject, reply)
        or detect_bulk(message, headers, subject, reply)
        or _generated(message, headers, subject, reply)
        or detect_newsletter(message, headers, subject)
        or _worded(message, headers, subject, reply)
    )


def _receipt(message: Message, subject: str) -> Automation | None:
    """A read receipt of the old kind, without a report."""
    if not _READ_SUBJECT.match(subject):
        return None
    text = lower((message.body_text or "")[:2000])
    if _READ_TEXT.search(text) or (
        not text.strip() and any(p.type == "application/ms-tnef" for p in message.attachments)
    ):
        return Automation("read_receipt", ("subject of a read receipt",))
    return None


def _calendar(message: Message, headers: dict[str, str], subject: str, reply: SplitText) -> Automation | None:
    """An invitation, an answer to one or a cancellation (RFC 5546); not one that a person passes on as a file."""
    if "calendarmessage" in headers.get("content-class", "").lower():
        return Automation("calendar", ("Content-Class: calendarmessage",))
    for part in (*message.attachments, *message.text_body):
        if part.type in ("text/calendar", "application/ics") and _METHOD.search(part.content[:READ]):
            if part.disposition == "attachment" and FORWARDED.match(subject):
                continue
            return Automation("calendar", (f"{part.type} with a method",))
    body = message.body_text or ""
    if body[:200].lstrip().startswith("BEGIN:VCALENDAR") and _METHOD.search(body[:READ].encode("utf-8", "replace")):
        return Automation("calendar", ("a calendar as text",))
    if not sent_by_hand(headers, subject) and (
        _MEETING_RULE in reply.new or ("oogle" in reply.new and _INVITATION.search(lower(reply.new[:READ])))
    ):
        return Automation("calendar", ("text of an invitation",))
    return None


def _program(headers: dict[str, str], subject: str, reply: SplitText) -> Automation | None:
    """The notices of build servers, trackers, forums and list servers, which some send as a mailing list.

    A tracker that says that a message of another host came in answers it.
    """
    if headers.get("x-list-administrivia", "").strip().lower() == "yes":
        return auto_reply(headers, "notice of a list server") if _OF_MESSAGE.match(subject) else _OF_LIST_SERVER
    header = programs.header_of(headers)
    if header is None:
        return None
    answered = (answered_id(headers) or "").rpartition("@")[2]
    if answered and answered not in headers.get("message-id", "") and notes.says_arrival(reply.new):
        return auto_reply(headers, header, "says that a message came in")
    return Automation("auto_generated", (header,))


def _generated(message: Message, headers: dict[str, str], subject: str, reply: SplitText) -> Automation | None:
    """What says so, and the reports that mail servers send of SPF, DKIM and TLS (RFC 7489 §7.2.1.1, RFC 8460 §5.3).

    Else what comes from where nobody reads answers, or from a program by its name or its words.
    """
    submitted = headers.get("auto-submitted", "").strip().lower()
    if submitted and not submitted.startswith("no"):
        return Automation("auto_generated", (f"Auto-Submitted: {submitted[:40]}",))
    if _AGGREGATE_SUBJECT.match(subject) or "report-type=tlsrpt" in headers.get("content-type", "").lower():
        return Automation("auto_generated", ("aggregate report of a mail server",))
    if submitted or sent_by_hand(headers, subject):
        return None
    reason = programs.reason_for(message, headers, subject, reply)
    if not reason and has_null_path(headers) and "x-auto-response-suppress" in headers:
        reason = "null return path and X-Auto-Response-Suppress"
    if reason and notes.says_arrival(reply.new) and (notes.names_receipt(subject) or _is_ticket(message)):
        return auto_reply(headers, reason, "says that a message came in")
    if reason == programs.BY_TEXT and (newsletter := detect_newsletter(message, headers, subject)):
        return newsletter
    return Automation("auto_generated", (reason,)) if reason else None


def _is_ticket(message: Message) -> bool:
    """Whether it begins with the line above which a help desk wants its answers."""
    lines = [said for line in (message.body_text or "")[:500].split("\n") if (said := line.strip())]
    return any(map(is_reply_above, lines[:3]))


def _worded(message: Message, headers: dict[str, str], subject: str, reply: SplitText) -> Automation | None:
    """What has a word of such notes, and where all words together leave little doubt."""
    if len(reply.new) > _LONGEST or not message.from_ or "auto-submitted" in headers or FORWARDED.match(subject):
        return None
    names_message = "in-reply-to" in headers or "references" in headers
    may_be = not has_peoples_mailer(headers) or (names_message and not reply.quoted)  # as their rules answer
    if not may_be or not notes.has_sign(subject, lower(reply.new[:_HEAD])):
        return None
    kind = wording.kind_of(message.from_[0], subject, reply, names_message=names_message)
    if kind == "auto_reply" and (
        notes.asks(lower(reply.new)) or (is_persons(message.from_[0]) and notes.is_to_somebody(reply.new))
    ):
        return None
    if kind is None or programs.is_by_visitor(message, headers, reply):
        return None
    return Automation(kind, ("worded as programs do",), None, answered_id(headers) if kind == "auto_reply" else None)
