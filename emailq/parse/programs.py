"""Programs that write of themselves: monitoring, shops, banks, build servers; not the forms by which visitors write."""

import re

from emailq.parse import notices
from emailq.parse.addresses import Address
from emailq.parse.automatic import asks_as_person, is_persons, without_filters
from emailq.parse.domains import registrable
from emailq.parse.failures import Message
from emailq.parse.patterns import has_any, lower, one_of, words_of
from emailq.parse.replies import SplitText
from emailq.parse.small_print import is_sent_from

BY_TEXT = "text of a program"  # a reason
_READ = 4000  # characters of a text that are looked at: half of them from its end

_NO_REPLY = re.compile(
    r"(?:[\w.+-]{0,40}[-_.+])?(?:no|do[-_.]?not|never|ne[-_.]?pas|não|nao|nicht)[-_.]?"
    r"(?:reply|repondre|respond[ae]r?|antworten)\b|(?:[\w.+-]{0,40}[-_.])?(?:noreply|neotvechat|nie-?odpowiadaj|non-?rispondere|keine-?antwort)|yanitlama",
    re.IGNORECASE,
)
_PROGRAM = re.compile(
    r"(?:root|cron|nagios|icinga|zabbix|grafana|prometheus|alertmanager|monit|munin|jenkins|gitlab|jira|confluence|"
    r"bugzilla|redmine|sentry|teamcity|bamboo|sonarqube|logwatch|fail2ban|smartd|robot|bot|daemon|notif(?:y|ier|ications?)|"
    r"(?:[\w.]{1,20}[-_])?alert(?:s|as?|e|es)?|avisos?|notifica\w{1,8}|powiadomieni\w{1,3}|benachrichtigung(?:en)?|"
    r"uvedomleni\w|bildirim|monitor(?:ing)?|asterisk|voicemail|freepbx|pbx|scanner|copier|kopierer|drucker|printer|imprimante|impresora|stampante|drukarka|mfp|mailer|automailer|"
    r"back-?ups?|veeam|proxmox|pve|esxi|vcenter|truenas|synology|diskstation|qnap|nas|nvr|dvr|raid|ups|usv|syslog|watchdog|"
    r"openvas|wazuh|graylog|uptime(?:robot)?|statuspage|scan|auto-?confirm|wordpress|www-data|apache|nobody|fritz\.?box|smartd|mdadm|faxserver|prtg|checkmk|netdata|librenms|observium|pingdom|datadog|newrelic|opsgenie)(?:[-_+]\w{0,30})?@",
    re.IGNORECASE,
)
_HEADERS = (
    "x-cron-env", "x-github-reason", "x-github-sender", "x-gitlab-project", "x-gitlab-pipeline-id",
    "x-jira-fingerprint", "x-jenkins-job", "x-bugzilla-reason", "x-redmine-host", "x-redmine-project",
    "x-trac-project", "x-sentry-project", "x-discourse-post-id", "x-discourse-topic-id",
    "x-phabricator-sent-this-message", "x-gerrit-messagetype", "x-mantis", "x-youtrack-issue", "x-pagerduty",
)  # fmt: skip
_PHONE = re.compile(r"iphone|ipad|android|phone|mobil|handy|samsung|galaxy|xiaomi|outlook", re.IGNORECASE)
_VIA = re.compile(r"\S \(?(?:via|über|durch|через|par|vía|tramite|przez) \S", re.IGNORECASE)

_SUBJECT = one_of(notices.PROGRAM_SUBJECTS)
_SENTENCE = one_of(notices.PROGRAM_SENTENCES, r"[\n.!*:(•>,-][\s*_=#(\[-]{0,9}+")
_WORDS = words_of(notices.PROGRAM_WORDS)
_CUSTOMER = one_of(notices.CUSTOMER_GREETINGS, after=r"[^\n,!:]{0,20}[,!:\n]")
_NOTICE_THING = one_of(notices.NOTICE_THINGS)
_NOTICE_STATE = one_of(notices.NOTICE_STATES)
_FIRST_PERSON = one_of(notices.FIRST_PERSON)
_REQUEST = one_of(notices.REQUESTS, after=r"[^\n.!?]{3,120}\?")
_MY = ("my", "mein", "mi", "meu", "minha")
_CODE_WORD = one_of(notices.CODE_WORDS)
_SIGN_IN = one_of(notices.SIGN_IN_WORDS)
_CODE_MINUTES = one_of(notices.CODE_MINUTES)
_FEW_WORDS = 600
_CODE = re.compile(r"(?<![\d.,+/-])(?:\d{4,8}|\d{3}[ -]\d{3})(?![\d/:-])")
_CODE_LINE = re.compile(r"(?m)^\W{0,5}(?:\d{4,8}|\d{3}[ -]\d{3,4})\W{0,5}$")
_DEEP_LINK = re.compile(r"\bhttps?://([\w.-]{4,100})/(?=[^\s<>\d]{0,200}[\d?]|[\w-]{1,60}/\w)")  # no shop
_FORM_LABELS = frozenset(words_of(notices.FORM_LABELS))
_SHOP_MAILER = re.compile(
    r"prestashop|woocommerce|magento|shopware|opencart|insales|zabbix|jira|gitlab|nagios|grafana|nextcloud|discourse|"
    r"vbulletin|phpbb|xenforo|invision",
    re.IGNORECASE,
)
_FORM_MAILER = re.compile(
    rf"microsoft cdo|bitrix mailer|phpmailer|wordpress|joomla|drupal|php/|{_SHOP_MAILER.pattern}", re.IGNORECASE
)


def is_no_reply(senders: list[Address]) -> bool:
    return any(_NO_REPLY.match(sender.email) for sender in senders)


def header_of(headers: dict[str, str]) -> str | None:
    """The header that only a program's notices have."""
    return next((name for name in _HEADERS if name in headers), None)


def reason_for(message: Message, headers: dict[str, str], subject: str, reply: SplitText) -> str | None:
    """Why no person wrote this: by its sender, else its subject or words; `subject` is in lower case.

    What is quoted says nothing of who wrote: `reply`.
    """
    senders = message.from_
    if not senders:
        return None
    text = _ends(message.body_text or "")
    if is_no_reply(senders) and not _is_letter(lower(reply.new[:_READ])):
        reason = "sent from where nobody reads answers"
    elif _PROGRAM.match(senders[0].email) and not _is_name(senders[0], text):
        reason = "sent by a program"
    elif _SHOP_MAILER.match(headers.get("x-mailer", "")):
        reason = "sent by the program of a shop, tracker or forum"
    elif _SUBJECT.match(subject) and not is_persons(senders[0]):
        reason = "subject of a program"
    elif _is_notice(text, headers, subject, senders[0]):
        reason = "subject and text of a shop"
    elif _has_code(text, senders[0]) and _CODE_WORD.search(text) and _CODE_MINUTES.search(text):
        reason = "a code that holds for minutes"
    elif says_program(text) and says_program(said := _ends(f"{reply.new}\n{reply.signature}")):
        reason = "" if _is_by_person(senders[0], said) else BY_TEXT
    else:
        return None
    return None if not reason or is_by_visitor(message, headers, reply) else reason


def _has_code(text: str, sender: Address) -> bool:
    """Whether a line is nothing but a code; or a few words have one to sign in with, which are not by a person."""
    if len(text) < _READ and _CODE_LINE.search(text):
        return True
    is_by_person = "?" in text or is_persons(sender) or _says_i(text)
    return len(text) < _FEW_WORDS and not is_by_person and bool(_CODE.search(text) and _SIGN_IN.search(text))


def is_by_visitor(message: Message, headers: dict[str, str], reply: SplitText) -> bool:
    """Whether a program passes on what a person wrote: into the form of a site, at a marketplace, on a telephone."""
    if message.from_ and (_is_relayed(message.from_[0], message.reply_to) or _is_of_own_site(message, headers)):
        return True
    return is_form(_ends(message.body_text or "")) or _is_from_phone(reply)


def _is_from_phone(reply: SplitText) -> bool:
    """Whether it ends with the line that phones add, which programs don't write by."""
    last = reply.signature.rpartition("\n")[2]
    return bool(_PHONE.search(last)) and is_sent_from(last)


def _is_notice(text: str, headers: dict[str, str], subject: str, sender: Address) -> bool:
    """Whether a firm tells what became of an order or the like: a script of its own, with a link to a page of its own,
    or to whoever is a customer.
    """
    if (
        len(text) >= _READ
        or is_persons(sender)
        or not (_NOTICE_THING.search(subject) and _NOTICE_STATE.search(subject))
    ):
        return False
    is_script = bool(_FORM_MAILER.match(headers.get("x-mailer", "")))
    own = registrable(sender.email)
    links_home = bool(own) and any(registrable(host) == own for host in _DEEP_LINK.findall(text)[:20])
    is_by_firm = is_script or links_home or bool(_CUSTOMER.match(text.lstrip()))
    return is_by_firm and "?" not in text and not _FIRST_PERSON.search(text)


def _ends(text: str) -> str:
    return lower(text if len(text) <= _READ else f"{text[: _READ // 2]}\n{text[-_READ // 2 :]}")


def _is_name(sender: Address, text: str) -> bool:
    """Whether it is a name that is also a program's: somebody's ("Robert Root <root@…>"), or a firm's that asks."""
    local, _, domain = lower(sender.email).partition("@")
    if domain.startswith(local) and not domain.startswith(f"{local}.") and "?" in text:
        return True
    return len(lower(sender.name or "").split()) == 2 and lower(sender.email).startswith(
        ("root@", "monit@", "bot@", "nas@")
    )


def says_program(text: str) -> bool:
    """Whether a sentence says that a program wrote it, or that nobody reads answers."""
    if not has_any(_WORDS, text) or not _SENTENCE.search(f"\n{text}"):
        return False
    return bool(_SENTENCE.search(f"\n{without_filters(text)}"))


def is_by_agent(message: Message, headers: dict[str, str]) -> bool:
    """Whether a person answers through Zendesk, which calls that generated too: "Ann (Mill)", answered as "Mill"."""
    if not headers.get("x-mailer", "").startswith("Zendesk") or not (message.from_ and message.reply_to):
        return False
    name = message.reply_to[0].name
    return bool(name) and (message.from_[0].name or "").endswith(f" ({name})")


def _is_by_person(sender: Address, text: str) -> bool:
    """Whether a person cites a program, or says what programs say too: who asks, requests or says "I" """
    if asks_as_person(sender, text):
        return True
    if "://" in text:
        return False
    return _says_i(text) or bool(_REQUEST.search(text) or (is_persons(sender) and _FIRST_PERSON.search(text)))


def _says_i(text: str) -> bool:
    """Whether somebody speaks of oneself; "my account" may be a heading."""
    return any(said not in _MY for said in _FIRST_PERSON.findall(text))


def _is_letter(text: str) -> bool:
    """Whether somebody asks and says "I" twice, or once with a request: programs do so only beside their links."""
    if "?" not in text or "://" in text:
        return False
    n_first = len(_FIRST_PERSON.findall(text))
    return n_first > 1 or (n_first == 1 and bool(_REQUEST.search(text)))


def is_form(text: str) -> bool:
    """What a visitor wrote into the form of a site, by the labels at the begin of its lines; `text` in lower case."""
    labels = {line.partition(":")[0].strip(" *_-•|\t\r") for line in text[:3000].replace("：", ":").split("\n")}
    return len(labels & _FORM_LABELS) >= 2


def _is_of_own_site(message: Message, headers: dict[str, str]) -> bool:
    """Whether a script of the reader's own site sent it: the form by which visitors write."""
    if not (_FORM_MAILER.match(headers.get("x-mailer", "")) or "x-php-originating-script" in headers):
        return False
    return any(registrable(one.email) == registrable(message.from_[0].email) for one in message.to[:5])


def _is_relayed(sender: Address, reply_to: list[Address]) -> bool:
    """Whether answers go to somebody else: a visitor of a site, a buyer at a marketplace."""
    if not reply_to or is_no_reply(reply_to):
        return False
    domain = registrable(sender.email)
    return bool(_VIA.search(sender.name or "")) or all(registrable(one.email) != domain for one in reply_to[:5])
