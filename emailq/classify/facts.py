"""What a message tells besides its words: its look, headers, sender, links and files."""

import re
from collections.abc import Iterator
from itertools import pairwise

from emailq.classify.tokens import Token
from emailq.models import MailText

HEAD = 3500  # characters of a long text that are read

_MONEY_WORDS = frozenset([
    "eur", "euro", "euros", "usd", "gbp", "chf", "pln", "tl", "lira", "kr", "dollars", "pounds",
    "руб", "рублей", "рубля", "рублях", "元", "円",
])  # fmt: skip
_MONEY_SIGNS = frozenset("€$£¥₽")
_FREE_MAIL = (
    "gmail.", "yahoo.", "hotmail.", "outlook.", "icloud.", "aol.", "gmx.", "web.de",
    "mail.ru", "yandex.", "qq.com", "163.com",
)  # fmt: skip
# Names that fraud borrows: such a sender has an address at that name's own domain, and no office writes from free mail.
_BRAND = re.compile(
    r"\b(?:paypal|amazon|microsoft|apple|netflix|google|facebook|instagram|whatsapp|linkedin|ebay|docusign|dropbox"
    r"|adobe|dhl|fedex|ups|usps|hermes|visa|mastercard|wells fargo|barclays|santander|hsbc|sparkasse|volksbank|coinbase"
    r"|binance|metamask|сбербанк|сбер|втб|тинькофф|госуслуги|яндекс|почта россии)\b"
)
_OFFICE = re.compile(
    r"\b(?:support|service|security|bank\w*|help ?desk|admin\w*|accounts?|billing|payroll|customer care|notice"
    r"|department|tax office|barrister|solicitor|служба|поддержк\w+|безопасност\w+|бухгалтер\w+|администра\w+|отдел"
    r"|sicherheit|kundendienst|sécurité|seguridad|soporte)\b",
    re.IGNORECASE,
)
# Somebody else's server, a shortened address, or a path where one is to log in.
_ODD_URL = re.compile(
    r"^(?:https?://)?(?:[^/]*(?:@|xn--|:\d)|(?:bit\.ly|tinyurl\.com|goo\.gl|t\.co|is\.gd|ow\.ly|cutt\.ly|clck\.ru|rb\.gy)/"
    r"|(?:[^/.]+\.){4}|[^?]*(?:wp-(?:content|admin|includes)|log-?in|sign-?in|verif|secure|account|update|confirm|unlock|wallet"
    r"|\.php\b))"
)
_TARGET = re.compile(r"<https?://([^/?#:>\s]+)")
_SHOWN = re.compile(r"(?:https?://)?((?:[\w-]+\.)+[a-z]{2,})(?:[/?#:]|$)")
_LINK_OR_LEAVE = re.compile(
    r"https?://|\bwww\."
    r"|\b(?:unsubscri|abmeld|abbestell|отпис|désabonn|désinscri|darse de baja|newsletter|рассылк)|退订",
    re.IGNORECASE,
)
_FILE_KINDS = {
    "pdf": "pdf", "doc": "text", "docx": "text", "odt": "text", "rtf": "text", "txt": "text",
    "xls": "table", "xlsx": "table", "csv": "table", "ods": "table",
    "png": "image", "jpg": "image", "jpeg": "image", "gif": "image", "heic": "image", "webp": "image",
    "zip": "risky", "rar": "risky", "7z": "risky", "exe": "risky", "scr": "risky", "js": "risky", "vbs": "risky",
    "iso": "risky", "img": "risky", "html": "risky", "htm": "risky", "docm": "risky", "xlsm": "risky", "lnk": "risky",
    "gz": "risky",
    "ics": "calendar", "xml": "xml", "eml": "mail", "dwg": "drawing", "dxf": "drawing",
}  # fmt: skip


def facts_of(mail: MailText, subject: list[Token], body: list[Token]) -> list[str]:
    """Names of what a message shows besides its words, each once; `subject` and `body` are its tokens."""
    told = (_shape(mail, subject, body), _headers(mail), _sender(mail), _links(mail, body), _files(mail))
    return list(dict.fromkeys(name for names in told for name in names))


def is_sent_to_many(mail: MailText) -> bool:
    """Whether anything but its words shows a mailing: what the gate or a header says, a link, or how to leave."""
    told = mail.automation or mail.headers.keys() & {"list-unsubscribe", "list-id", "list-post", "precedence"}
    return bool(told) or bool(_LINK_OR_LEAVE.search(f"{mail.text}\n{mail.quoted}"))


def _shape(mail: MailText, subject: list[Token], body: list[Token]) -> Iterator[str]:
    """How the message looks: questions, shouting, money, forms. Its length is left out: it says nothing."""
    questions = sum(text[0] in "?？" for kind, text in body if kind == "mark")
    if questions:
        yield f"questions:{min(questions, 3)}"
    if any(text[0] in "?？" for kind, text in subject if kind == "mark"):
        yield "subject-asks"
    if len(mail.subject) > 8 and mail.subject.isupper():
        yield "subject-shouts"
    if not mail.subject.strip():
        yield "no-subject"
    amounts = sum(
        (a.kind == "number" and (b.text in _MONEY_WORDS or b.text in _MONEY_SIGNS))
        or (b.kind == "number" and (a.text in _MONEY_WORDS or a.text in _MONEY_SIGNS))
        for a, b in pairwise(body)
    )
    if amounts:
        yield f"amounts:{min(amounts, 3)}"
    lines = [line for line in mail.text[:HEAD].splitlines() if line.strip()]
    if sum(":" in line or "=" in line for line in lines) * 2 > len(lines) > 3:
        yield "form"
    if re.match(r"\s*(re|aw|sv|ответ|antw|yan|ynt|回复|答复)\s*:", mail.subject, re.IGNORECASE):
        yield "reply"
    if re.match(r"\s*(fwd?|wg|tr|rv|пересл|i|ilt|转发)\s*:", mail.subject, re.IGNORECASE):
        yield "forward"
    if re.match(r"\s*(?:\w{1,4}:\s*)*\[[^\]]{2,30}\]", mail.subject):
        yield "subject-tag"


def _headers(mail: MailText) -> Iterator[str]:
    """What a program has said of the message."""
    headers = mail.headers
    automation = (mail.automation or "").lower()
    if "list-unsubscribe" in headers:
        yield "list-unsubscribe"
    if "list-id" in headers or "list-post" in headers:
        yield "list-id"
    if "list-post" in headers:
        yield "list-post"
    if headers.get("precedence", "").strip().lower() in ("bulk", "list", "junk"):
        yield "bulk"
    if "in-reply-to" in headers or "references" in headers:
        yield "in-thread"
    submitted = headers.get("auto-submitted", "").strip().lower()
    if (
        submitted.startswith("auto-replied")
        or "x-autoreply" in headers
        or "x-autorespond" in headers
        or "reply" in automation
    ):
        yield "auto-replied"
    elif submitted.startswith("auto-"):
        yield "auto-generated"
    report = headers.get("content-type", "").lower().startswith("multipart/report")
    if report or "bounce" in automation or "mailer-daemon" in (mail.from_address or "").lower():
        yield "report"


def _sender(mail: MailText) -> Iterator[str]:
    """Who writes, and who they seem to be."""
    local, _, domain = (mail.from_address or "").lower().partition("@")
    if re.search(r"no-?reply|noreply|donotreply|mailer|notification|newsletter|news|alert|robot", local):
        yield "from-machine"
    if domain.startswith(_FREE_MAIL):
        yield "from-free-mail"
    reply_to = re.search(r"@([\w.-]+)", mail.headers.get("reply-to", "").lower())
    if reply_to and domain and _site(reply_to.group(1)) != _site(domain):
        yield "reply-to-free-mail" if reply_to.group(1).startswith(_FREE_MAIL) else "reply-elsewhere"
    named = re.search(r"@([\w-]+(?:\.[\w-]+)+)", mail.from_name or "")
    if named and _site(named.group(1).lower()) != _site(domain):
        yield "name-pretends"
    brand = _BRAND.search((mail.from_name or "").lower())
    if brand and brand.group().replace(" ", "") not in domain:
        yield "brand-elsewhere"
    elif domain.startswith(_FREE_MAIL) and _OFFICE.search(mail.from_name or ""):
        yield "office-free-mail"


def _links(mail: MailText, body: list[Token]) -> Iterator[str]:
    domain = (mail.from_address or "").lower().partition("@")[2]
    urls = [text for kind, text in body if kind == "url"]
    if urls:
        yield f"urls:{min(len(urls), 2)}"
    for host in {re.sub(r"^(?:https?://)?([^/?#:]+).*", r"\1", url) for url in urls}:
        if re.fullmatch(r"[\d.]+", host):
            yield "url-number"
        yield "url-own" if domain and _site(host) == _site(domain) else "url-elsewhere"
    if any(_ODD_URL.search(url) for url in urls):
        yield "url-odd"
    if any(_pretends(match) for match in _TARGET.finditer(mail.text[:HEAD].lower())):
        yield "link-pretends"


def _files(mail: MailText) -> Iterator[str]:
    for kind in {_file_kind(name) for name in mail.attachments}:
        yield f"file:{kind}"


def _pretends(target: re.Match[str]) -> bool:
    """Whether the words before a link, such as www.bank.com <https://elsewhere.example>, name another site than it."""
    before = target.string[max(target.start() - 80, 0) : target.start()].split()
    shown = _SHOWN.match(before[-1]) if before else None
    return shown is not None and _site(shown[1]) != _site(target[1])


def _site(host: str) -> str:
    return ".".join(host.rstrip(".").split(".")[-2:])


def _file_kind(attachment: str) -> str:
    name = attachment.rsplit(" (", 1)[0].lower()
    return _FILE_KINDS.get(name.rsplit(".", 1)[-1], "other")
