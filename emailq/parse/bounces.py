"""Reports and bounces: mail about the delivery of a message."""

import re
from dataclasses import dataclass

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
    is_persons,
    sent_by_hand,
)
from emailq.parse.failures import STATUS, Message, read_facts, read_status, tells_cause
from emailq.parse.patterns import lower, one_of, words_of
from emailq.parse.replies import SplitText

_REPORTS = {  # RFC 3464, RFC 6533, RFC 8098, RFC 5965
    "delivery-status": "bounce",
    "global-delivery-status": "bounce",
    "disposition-notification": "read_receipt",
    "global-disposition-notification": "read_receipt",
    "feedback-report": "complaint",
}
_REPORT_PARTS = {f"message/{name}": kind for name, kind in _REPORTS.items()}
_REPORT_TYPE = re.compile(r"report-type\s*=\s*[\"']?([a-z-]+)", re.IGNORECASE)
_COMPLAINT_SUBJECT = re.compile(  # Hotmail's own form, SpamCop's, and those of ARF without its parts
    r"complaint about message from \d|\[spamcop \(|e?-?mail (?:feedback|abuse) report for (?:ip )?\d|"
    r"abuse report (?:about|for|concerning) (?:ip )?\d",
    re.IGNORECASE,
)
_FEEDBACK = re.compile(  # RFC 5965 §3.1, with another field
    r"^Feedback-Type: ?[a-z-]{3,20}\s*\n(?:[^\n]+\n){0,3}(?:User-Agent|Version|Source-IP|Arrival-Date): ?\S",
    re.MULTILINE | re.IGNORECASE,
)
# Italian certified mail tells how a letter fares by X-Ricevuta (decree of 2005-11-02, annex §6.3): these are failures.
_PEC_FAILURES = ("non-accettazione", "errore-consegna", "preavviso-errore-consegna", "rilevazione-virus")
_NOTICE = re.compile(r'notificationType\\?"\s*:\s*\\?"(Bounce|Complaint|Delivery)\\?"')  # Amazon SES through SNS
_DAEMON = re.compile(
    r"(?:mailer[-_. ]?daemon|mail[-_. ]?daemon|mdaemon|double-bounce|mail delivery (?:sub)?system)\b", re.IGNORECASE
)
_POSTMASTER = re.compile(
    r"(?:post[-_]?master|mail[-. ]delivery|mail (?:admin(?:istrator)?|system)|microsoft\s?exchange[\da-f]{0,40}|"
    r"system administrator|mailsystem|.{0,30}-bounces?)\b",
    re.IGNORECASE,
)
_MAIL_SYSTEM = re.compile(  # whole names
    r"(?:e-?)?mail[ -]?(?:gateway|server|filter|service|dienst|router|relay|scanner|system)|почтов\w{2} (?:шлюз|служба|"
    r"систем|сервер|робот)|поштов\w{1,2} (?:служба|сервер|шлюз)|(?:system|serwer) pocztowy|"
    r"(?:sistema|servicio|servidor) de correo|(?:service|serveur|passerelle) de messagerie|"
    r"(?:sistema|servizio|server) di posta|(?:sistema|servi[çc]o|servidor) de e-?mail",
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
_SENT_MAIL = one_of(notices.SENT_MAIL)
_DELAY_TEXT = one_of(notices.DELAY_TEXTS)
_MAIL_LABELS = frozenset(words_of(notices.MAIL_LABELS))
_WE = re.compile(  # "our filter rejected it": colleagues say so
    r"\b(?:our|we|us|wir|uns(?:er\w*)?|мы|нас|нам|наш\w*|nous|notre|nos|nuestr\w+|nostr[oaie]|noss[oa]|nasz\w*|onze|ons|"
    r"vår\w?|vores)\b"
)
_SUBJECT_LABEL = re.compile(
    r"(?m)^\W{0,9}(?:subject|betreff|тема|objet|asunto|oggetto|assunto|temat|onderwerp|emne|ämne|předmět|konu|主题|件名|제목)"
    r" ?[:：]"
)
_TIME = re.compile(r"\b\d\d?[:.]\d\d\b")
_HELP_WORD = one_of(notices.HELP_WORDS)
_UNDELIVERED = one_of(notices.UNDELIVERED)
_FIRST_PERSON = one_of(notices.FIRST_PERSON)
_BY_TEXT = "text of a bounce"  # a reason
_QUESTION = re.compile(r"[?？](?:\s|$)")
_HEAD = 500  # characters of a text
_COLON = re.compile(r"\w{0,12} ?:")
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
    body = message.body_text
    if _COMPLAINT_SUBJECT.match(subject):
        return _described(message, headers, "complaint", "subject of a complaint")
    if body and "eedback-" in body[:READ] and _FEEDBACK.search(body[:READ]) and not sent_by_hand(headers, subject):
        return _described(message, headers, "complaint", "text of a complaint")
    if body and "otificationType" in body[:READ] and (notice := _NOTICE.search(body[:READ])):
        kind = {"Bounce": "bounce", "Complaint": "complaint", "Delivery": "delivery_receipt"}[notice[1]]
        return _described(message, headers, kind, "notice of a mail service")
    is_passed_on = sent_by_hand(headers, subject) and _system_sender(headers, message.from_[:3]) != _SYSTEM
    for part in message.attachments:
        if part.type in _REPORT_PARTS and not is_passed_on:
            return _described(message, headers, _REPORT_PARTS[part.type], f"part {part.type}")
    return None


def detect_bounce(message: Message, headers: dict[str, str], subject: str, reply: SplitText) -> Automation | None:
    """The less a sender looks like a mail system, the more its subject and text must."""
    senders = message.from_[:3]
    signs = _Signs(
        system=_system_sender(headers, senders),
        has_null_path=headers.get("return-path", "x").strip().strip("<>").lower() in ("", "mailer-daemon"),
        has_subject=bool(_BOUNCE_SUBJECT.match(subject)),
    )
    is_plain_sender = signs.system in ("", _MAYBE_SYSTEM)
    is_about_failure = is_plain_sender and (signs.has_subject or bool(_UNDELIVERED.search(subject)))
    tells_failure = is_about_failure and _tells_failure(message, subject, reply)
    if not (signs.system or signs.has_null_path or signs.has_subject or tells_failure):
        return None
    if not signs.has_subject and signs.system != _SYSTEM and says_auto_reply(headers, subject):
        return None
    is_by_hand = signs.system != _SYSTEM and sent_by_hand(headers, subject)
    if is_by_hand:
        may_be = signs.has_null_path or (bool(signs.system) and not has_peoples_mailer(headers))
    else:
        may_be = bool(signs.system) or signs.has_subject or programs.is_no_reply(senders)
    if tells_failure and not is_by_hand:
        return _described(message, headers, "bounce", *signs.reasons, _BY_TEXT)
    if not may_be:
        return None  # whatever the text says
    text = lower((message.body_text or "")[:READ])
    if is_by_hand:  # below is what an answer quotes without a mark
        own = _QUOTED.sub("", text)
        is_persons_word = signs.system == _MAYBE_SYSTEM and _FIRST_PERSON.search(own[:_HEAD])
        says_so = bool(_BOUNCE_TEXT.search(own[:200])) and not is_persons_word
        return _described(message, headers, "bounce", *signs.reasons, _BY_TEXT) if says_so else None
    if signs.system and _DELIVERED_SUBJECT.match(subject) and _DELIVERED_TEXT.search(text):
        return _described(message, headers, "delivery_receipt", signs.system, "subject and text of a delivery receipt")
    may_warn = bool(signs.system) and not signs.has_subject and signs.system != _SYSTEM
    if may_warn and _OWN_MAILBOX.search(f"{subject}\n{text[:600]}"):
        return None  # "your mailbox is full"
    if _is_plain(signs, has_no_sender=not any("@" in sender.email for sender in senders)):
        return _described(message, headers, "bounce", *signs.reasons)
    return _described(message, headers, "bounce", *signs.reasons, _BY_TEXT) if _says_so(signs, subject, text) else None


@dataclass(frozen=True, slots=True)
class _Signs:
    """What is seen before the text: `system` as in _system_sender."""

    system: str
    has_null_path: bool
    has_subject: bool

    @property
    def reasons(self) -> list[str]:
        seen = {
            self.system: bool(self.system),
            "null return path": self.has_null_path,
            "subject of a bounce": self.has_subject,
        }
        return [reason for reason, is_so in seen.items() if is_so]


def _is_plain(signs: _Signs, *, has_no_sender: bool) -> bool:
    """Whether it is a bounce whatever its text says."""
    if signs.system:
        is_system = signs.system == _SYSTEM
        return is_system or signs.has_null_path or (signs.has_subject and signs.system != _MAYBE_SYSTEM)
    return signs.has_subject and (signs.has_null_path or has_no_sender)


def _says_so(signs: _Signs, subject: str, text: str) -> bool:
    """By its text, which people cite too; that of a mail system may say what everybody writes of a failure."""
    is_greeted = bool(_GREETING.match(text))
    if _BOUNCE_TEXT.search(text):
        if signs.system or not signs.has_subject:
            return True
        return not (is_greeted or _QUESTION.search(text) or _HELP_WORD.search(text))
    if not signs.system:
        return False
    has_code = bool(STATUS.search(text))
    if signs.system == _MAYBE_SYSTEM or is_greeted:
        return has_code
    return has_code or bool(_FAILURE_SUBJECT.search(subject) or _FAILURE_TEXT.search(text))


def _tells_failure(message: Message, subject: str, reply: SplitText) -> bool:
    """Whether a text begins with a message that was not delivered, and has a cause; nobody asks or says "I".

    The fields of a message look like the head of one that is quoted, which has a time. A parcel has no status code.
    """
    senders = message.from_[:3]
    own, quoted = lower(reply.new[:2000]), lower(reply.quoted[:_HEAD])
    is_table = _lists_fields(quoted) and not _TIME.search(quoted)
    text = lower((message.body_text or "")[:2000]) if is_table or programs.is_no_reply(senders) else own
    if any(map(is_persons, senders)) or not _says_undelivered(text[:_HEAD]):
        return False
    has_cause = bool(STATUS.search(text)) or (bool(_SUBJECT_LABEL.search(text)) and _lists_fields(text))
    if not has_cause and _names_mail(subject):
        has_cause = bool(_BOUNCE_TEXT.search(text) or _DELAY_TEXT.search(text)) or _lists_fields(text)
        has_cause = has_cause or (not (_GREETING.match(text) or _WE.search(own)) and tells_cause(text[:_HEAD]))
    return has_cause and not (_QUESTION.search(own) or _FIRST_PERSON.search(own))


def _lists_fields(text: str) -> bool:
    """Whether it says of a message from whom and to whom it was, or under which subject, as the lines of a table."""
    labels = {line.partition(":")[0].strip(" *|\t") for line in text.replace("：", ":").split("\n") if ":" in line}
    return len(labels & _MAIL_LABELS) >= 2


def _names_mail(subject: str) -> bool:
    """ "Message not delivered", "not delivered (ann@mill.example)", or "not delivered:" before a message's subject."""
    if _BOUNCE_SUBJECT.match(subject) or "@" in subject or _SENT_MAIL.search(subject):
        return True
    failed = _UNDELIVERED.search(subject)
    return failed is not None and bool(_COLON.match(subject, failed.end()))


def _says_undelivered(said: str) -> bool:
    return bool(_UNDELIVERED.search(said) and _SENT_MAIL.search(said))


_SYSTEM = "sent by a mail system"
_MAYBE_SYSTEM = "sent by what may be a mail system"


def _system_sender(headers: dict[str, str], senders: list[Address]) -> str:
    """What kind of mail system sent it, in the words of a reason; "" if none."""
    if "x-failed-recipients" in headers or any(_DAEMON.match(a.email) for a in senders):
        return _SYSTEM
    if any(_POSTMASTER.match(a.email) or _DAEMON.match(a.name or "") for a in senders):
        return "sent by a postmaster"
    if any(_POSTMASTER.match(a.name or "") or _MAIL_SYSTEM.fullmatch(a.name or "") for a in senders) or any(
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
