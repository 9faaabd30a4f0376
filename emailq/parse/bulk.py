"""Mailing lists, and senders of many that offer to unsubscribe."""

import re

from emailq.parse import notes, notices, programs
from emailq.parse.automatic import (
    DESK,
    LIST_HEADERS,
    MAYBE_AUTO_REPLY_SUBJECT,
    READ,
    REPLY,
    TAGS,
    Automation,
    answered_id,
    has_peoples_mailer,
    is_persons,
    says_automatic,
    sent_by_hand,
)
from emailq.parse.domains import registrable
from emailq.parse.failures import Message
from emailq.parse.patterns import has_any, lower, one_of
from emailq.parse.replies import SplitText

_UNSUBSCRIBE = one_of(notices.UNSUBSCRIBE_TEXTS)
_TICKET = re.compile(r"\[[^\]\d]{0,30}(?:#|(?:ticket|case|request|anfrage|заявка|обращение|тикет)\W{1,3})\d{3,}\]")
_NEWSLETTER = one_of(notices.NEWSLETTER_SUBJECTS)
_LINK = re.compile(r"\bhttps?://([\w.-]{4,100})")
_LIST_SIGNS = (
    "leave@",
    "unsubscribe@",
    "request@",
    "/listinfo",
    "subed1=",
    "/sympa/",
    "/unsub",
    "unsubscribe from the ",
)
_LIST_NAME = re.compile(  # of Mailman, Google Groups, LISTSERV, Sympa and Groups.io
    r"(?<![\w.+-])([\w.-]{1,60})(?:-leave|-unsubscribe|-request|\+unsubscribe)@|"
    r"/listinfo(?:\.cgi)?/([\w.-]{1,60})|subed1=([\w-]{1,60})|/sympa/(?:info|sigrequest|signoff)/([\w.-]{1,60})|"
    r"/g/([\w-]{1,60})/unsub\b|unsubscribe from the ([\w-]{1,60}) list"
)
_FOOT = 1500  # characters at the end of a text
_FROM_LIST = re.compile(r"\bowner-|-(?:admin|owner|request|bounces)[@+]", re.IGNORECASE)


def detect_bulk(message: Message, headers: dict[str, str], subject: str, reply: SplitText) -> Automation | None:
    """A mailing list (RFC 2919, RFC 2369), or a sender of many that offers to unsubscribe."""
    precedence = headers.get("precedence", "").strip().lower()
    found = [name for name in LIST_HEADERS if headers.get(name)]
    if "x-google-group-id" in headers and _is_to_desk(message):
        return None
    if not found and precedence != "junk" and _is_conversation(message, headers, subject):
        return None
    if precedence == "list":
        found.append("precedence list")
    bulk = [name for name in ("list-unsubscribe", "list-unsubscribe-post") if headers.get(name)]
    if not found and not precedence and bulk and _is_personal(message):
        return None
    if not (found or bulk) and _is_by_hand(message, headers):
        return None
    if precedence in ("bulk", "junk"):
        bulk.append(f"precedence {precedence}")
    if not found and not bulk and _is_to_list(message, headers, reply):
        found.append("foot of a mailing list")
    if not found and not bulk:
        return None
    return Automation("bulk" if not found or _is_campaign(headers, subject, found) else "mailing_list", (*found, *bulk))


def detect_newsletter(message: Message, headers: dict[str, str], subject: str) -> Automation | None:
    """What names itself a newsletter or has other links, and tells below how to unsubscribe at a page of the sender's.

    People's own programs and answers aside, and who calls somebody by name.
    """
    body = message.body_text or ""
    foot = body[-_FOOT:]
    if "://" not in foot or not message.from_ or is_persons(message.from_[0]) or sent_by_hand(headers, subject):
        return None
    if not (_NEWSLETTER.search(subject) or foot.count("://") > 1) or notes.calls_by_name(body):
        return None
    own = registrable(message.from_[0].email)
    lines = foot.split("\n")
    for line, next_line in zip(lines, [*lines[1:], ""], strict=True):
        links = _LINK.findall(line) or _LINK.findall(next_line)
        if own and any(registrable(host) == own for host in links) and _UNSUBSCRIBE.search(lower(line)):
            return Automation("bulk", ("tells how to unsubscribe",))
    return None


def _is_to_desk(message: Message) -> bool:
    """Whether somebody from elsewhere writes to a desk (office@), whose mail a firm shares by a Google Group."""
    if len(message.to) != 1 or not message.from_ or not DESK.match(message.to[0].email):
        return False
    is_from_elsewhere = registrable(message.from_[0].email) != registrable(message.to[0].email)
    return is_from_elsewhere and not _tells_how_to_unsubscribe(message)


def _is_personal(message: Message) -> bool:
    """Whether a person's own address sent few words, which do not tell how to unsubscribe: what sales programs send."""
    is_own = any(map(is_persons, message.from_[:1]))
    return is_own and len(message.body_text or "") <= 2000 and not _tells_how_to_unsubscribe(message)


def _is_by_hand(message: Message, headers: dict[str, str]) -> bool:
    """Whether a person's own mail program sent it, and no list passed it on; some set Precedence on all they send."""
    path = headers.get("return-path", "").strip(" <>").lower()
    is_own = any(path == lower(sender.email) for sender in message.from_[:1])
    return is_own and has_peoples_mailer(headers) and not _tells_how_to_unsubscribe(message)


def _tells_how_to_unsubscribe(message: Message) -> bool:
    text = message.body_text or ""
    return bool(_UNSUBSCRIBE.search(lower(text if len(text) <= READ else text[-READ:])))


def _is_to_list(message: Message, headers: dict[str, str], reply: SplitText) -> bool:
    """Whether its foot tells how to leave a list to which it went; of a list that lost its header on the way."""
    foot = lower(f"{reply.new[-_FOOT:]}\n{reply.signature[-_FOOT:]}")
    if not has_any(_LIST_SIGNS, foot):
        return False
    names = {name for found in _LIST_NAME.findall(foot) for name in found if name}
    recipients = lower(f"{headers.get('to', '')} {headers.get('cc', '')}"[:2000])
    return any(re.search(rf"(?<![\w.+-]){re.escape(name)}@", recipients) for name in names)


def _is_campaign(headers: dict[str, str], subject: str, found: list[str]) -> bool:
    """Whether what has a List-Id is a newsletter: nobody can post to it by mail, and a page ends the subscription."""
    if (
        not {"list-id", "list-post", "precedence list"}.issuperset(found)
        or "mailto:" in headers.get("list-post", "")
        or "in-reply-to" in headers
        or TAGS.match(subject)
        or "-bounces" in headers.get("sender", "")
    ):
        return False
    return "list-unsubscribe-post" in headers or "http" in headers.get("list-unsubscribe", "")


def _is_conversation(message: Message, headers: dict[str, str], subject: str) -> bool:
    """What people write through help desks and sales programs, which mark all of their mail as that of many.

    It answers a message, or names a ticket, and neither sender nor text is that of a program.
    """
    answers = REPLY.match(subject.rpartition("]")[2]) and answered_id(headers)
    if not (answers or _TICKET.search(subject)) or _FROM_LIST.search(headers.get("sender", "")):
        return False
    if programs.is_no_reply(message.from_) or "auto-submitted" in headers or MAYBE_AUTO_REPLY_SUBJECT.match(subject):
        return False
    text = lower((message.body_text or "")[:3000])
    return not (says_automatic(text) or notes.says_absent(text))
