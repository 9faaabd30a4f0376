"""What the kinds of automatic mail have in common: how they are told, and the signs of a person's own program."""

import re
from dataclasses import dataclass

from emailq.parse import notices
from emailq.parse.addresses import Address
from emailq.parse.names import is_in_address
from emailq.parse.patterns import one_of


@dataclass(frozen=True, slots=True)
class Automation:
    """`kind`: bounce, delivery_receipt, auto_reply, read_receipt, complaint, calendar, mailing_list, bulk or
    auto_generated (and own_mail, which takes the settings: see handler).

    `status` is a bounce's enhanced status code (RFC 3463); where it has none what its words mean, and class.0.0 where
    those of an SMTP reply code mean nothing known. `original_message_id` is the message it is about; `recipients` are
    the addresses that a report is about: of a bounce those that did not get it, at most 20.
    """

    kind: str
    reasons: tuple[str, ...]
    status: str | None = None
    original_message_id: str | None = None
    recipients: tuple[str, ...] = ()


READ = 20_000  # characters of a text that are looked at
MAYBE_AUTO_REPLY_SUBJECT = one_of(notices.MAYBE_AUTO_REPLY_SUBJECTS, r"(?:(?:re|aw|sv|ответ):\s*)?")
_AUTOMATIC_TEXT = one_of(notices.AUTOMATIC_TEXTS)
QUESTION = re.compile(r"(?<![^\n?])[^\S\n]*+[^\s?][^\n?]{10,}[?？](?:\s|$)")  # begun once a line, not at each letter
_FILTERED_TEXT = one_of(notices.FILTERED_TEXTS)
LIST_HEADERS = (
    "list-id", "list-post", "mailing-list", "x-mailing-list", "x-beenthere", "x-mailman-version", "x-ml-name",
    "x-mlserver", "x-listname", "x-list-id",
)  # fmt: skip
FORWARDED = re.compile(r"\W{0,3}(?:fwd?|wg|tr|rv|i|pd|vs|doorst|enc|пересл|fw)\s?:", re.IGNORECASE)
REPLY = re.compile(r"\W{0,3}(?:re|aw|sv|antw|отв|ответ|回复)\s?(?:\[\d+\])?:", re.IGNORECASE)
TAGS = re.compile(r"^(?:\s*\[[^\]]{1,60}\])+\s*")
DESK = re.compile(  # where nobody's name is in the address
    r"(?:support|help(?:desk)?|info|kontakt|conta[ck]to?|kunden\w*|service\w*|customer\w*|care|office|hello|team|mail|ayuda|"
    r"aten\w+|soporte|suporte|assisten\w+|biuro|bok|pomoc|zakaz|podderzhka|priem\w*|obrasch\w*|admin|desk|hr|jobs?|karriere|"
    r"bewerbung|accueil|mairie|planning|protocollo|urp|iletisim|destek|sales|orders|shop|[ei]nquir\w+|reception|postfach|verteiler|messagerie|correo|poczta|posta|server|system|gateway|spam\w*|rezeption|empfang|poststelle|kanzlei|zentrale|praxis|"
    r"anfragen?|bestellung\w*|[sc]e[ckg]ret\w+|segreteria|booking\w*|complaints?|claims?|regist\w+|recruit\w+|feedback|"
    r"volunteer\w*|membership|returns|"
    r"anti-?spam|antivirus|serwer|filter|firewall|security|imsva|[a-z]?smg|mailgw|mailmarshal|mimecast|ironport|"
    r"barracuda|fortimail|sophos|proofpoint|spamtitan|mailcleaner|postfix|kerio|zimbra)[@+._-]",
    re.IGNORECASE,
)
_PEOPLES_MAILER = re.compile(
    r"(?:iphone|ipad|apple) mail|thunderbird|mutt|the bat|k-9|evolution|claws|em client|kmail|mailmate|yahoomail",
    re.IGNORECASE,
)
# Mailers of scripts, beside those of people who write from a shell.
_SCRIPTS_MAILER = re.compile(r"(?:heirloom )?mailx|s-nail|mail \(gnu mailutils|swaks|sendemail", re.IGNORECASE)
MESSAGE_ID = re.compile(r"<([^<>\s]{3,900})>")


def sent_by_hand(headers: dict[str, str], subject: str) -> bool:
    """Whether a mail program that people use sent it, as an answer or passing it on."""
    return has_peoples_mailer(headers) or bool(REPLY.match(subject) or FORWARDED.match(subject))


def has_peoples_mailer(headers: dict[str, str]) -> bool:
    agent = headers.get("user-agent")
    by_agent = agent is not None and not _SCRIPTS_MAILER.match(agent)
    return by_agent or bool(_PEOPLES_MAILER.match(headers.get("x-mailer", "")))


def says_automatic(text: str) -> bool:
    """Of a text in lower case: whether a program says of itself that it wrote this."""
    return bool(_AUTOMATIC_TEXT.search(text)) and bool(_AUTOMATIC_TEXT.search(without_filters(text)))


def without_filters(text: str) -> str:
    """A text in lower case without what filters of mail say: "automatically scanned for viruses"."""
    return _FILTERED_TEXT.sub(" ", text)


def is_persons(sender: Address) -> bool:
    """Whether it looks like a person's own address: with the name, and of no desk."""
    return is_in_address(sender) and not DESK.match(sender.email)


def asks_as_person(sender: Address, text: str) -> bool:
    """Whether somebody asks from an address of their own, who may cite what a program says."""
    return bool(QUESTION.search(text)) and is_persons(sender)


def has_null_path(headers: dict[str, str]) -> bool:
    return headers.get("return-path", "x").strip() in ("<>", "")


def answered_id(headers: dict[str, str]) -> str | None:
    """The message that it answers; by References (RFC 5322 §3.6.4) where In-Reply-To names none, as Exim's bounces."""
    if found := MESSAGE_ID.search(headers.get("in-reply-to", "")[:1000]):
        return found[1]
    threads = MESSAGE_ID.findall(headers.get("references", "")[-2000:])
    return threads[-1] if threads else None
