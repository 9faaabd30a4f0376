"""A message as the signs that the local model has weights for: words, meanings, and what headers and files tell."""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from functools import cache
from importlib.resources import files
from itertools import pairwise
from typing import NamedTuple
from zlib import crc32

from emailq.classify.instructions import without_instructions
from emailq.models import MailText

HEAD, TAIL = 3500, 700  # characters of a long text that are read; the point of a message stands at its ends
SHORT_TEXT = 14  # words; a reply as short as this is read together with what it quotes

_TOKEN = re.compile(
    r"(?P<url>(?:https?://|www\.)[^\s<>\"')\]]{1,300})"
    r"|(?P<mail>[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,6})"
    r"|(?P<code>[^\W\d_]{1,6}[-/ №#]{0,2}\d[\w/-]{2,40})"
    r"|(?P<word>[^\W\d_]+(?:['’][^\W\d_]{1,3}(?![^\W\d_]))?)"
    r"|(?P<number>\d[\d.,:/-]{0,40})"
    r"|(?P<mark>[?!？！]+|[€$£¥₽%])"
    r"|(?P<stop>[.;:\n。；：])"
)
_LETTERS = re.compile(r"(?P<name>[^\W\d_]{2,})(?P<gap>[-/ №#]{0,2})")
_WIDE = re.compile(r"[぀-ヿ㐀-鿿가-힯]")  # scripts without spaces between words
_MONEY_WORDS = frozenset(
    [
        "eur",
        "euro",
        "euros",
        "usd",
        "gbp",
        "руб",
        "рублей",
        "рубля",
        "рублях",
        "chf",
        "pln",
        "tl",
        "lira",
        "kr",
        "dollars",
        "pounds",
        "元",
        "円",
    ]
)
_MONEY_SIGNS = frozenset("€$£¥₽")
# Letters of a number that say what it is a number of: "PO-118", "INV77"; with a blank between, any word does.
_NUMBERED = frozenset(["po", "so", "ord", "inv", "rfq", "rma", "cn", "order", "quote", "сч", "зак", "best", "cde"])
_FREE_MAIL = (
    "gmail.",
    "yahoo.",
    "hotmail.",
    "outlook.",
    "mail.ru",
    "yandex.",
    "gmx.",
    "web.de",
    "icloud.",
    "aol.",
    "qq.com",
    "163.com",
)
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
_FILE_KINDS = {
    "pdf": "pdf", "doc": "text", "docx": "text", "odt": "text", "rtf": "text", "txt": "text",
    "xls": "table", "xlsx": "table", "csv": "table", "ods": "table",
    "png": "image", "jpg": "image", "jpeg": "image", "gif": "image", "heic": "image", "webp": "image",
    "zip": "risky", "rar": "risky", "7z": "risky", "exe": "risky", "scr": "risky", "js": "risky", "vbs": "risky",
    "iso": "risky", "img": "risky", "html": "risky", "htm": "risky", "docm": "risky", "xlsm": "risky", "lnk": "risky",
    "gz": "risky",
    "ics": "calendar", "xml": "xml", "eml": "mail", "dwg": "drawing", "dxf": "drawing",
}  # fmt: skip


class Signs(NamedTuple):
    """Names of signs, each once: what the text says, in words and in meanings, and what all else tells.

    Meanings and facts begin with @.
    """

    words: list[str]
    meanings: list[str]
    facts: list[str]


class Token(NamedTuple):
    kind: str
    text: str


def key(name: str) -> int:
    """The number under which the model knows a sign."""
    return crc32(name.encode())


def signs_of(mail: MailText) -> Signs:
    """Everything the model may see of a message. Sentences addressed to a machine are taken out before."""
    subject = list(tokens(plain(without_instructions(mail.subject[:500]))))
    body = list(tokens(plain(without_instructions(_ends(mail.text)))))
    words: dict[str, None] = dict.fromkeys(_word_signs(body, ""))
    words.update(dict.fromkeys(_word_signs(subject, "s:")))
    words.update(dict.fromkeys(_word_signs(subject, "")))
    said = concepts(body)
    meanings = [f"@c:{name}" for name in sorted(said)] + [f"@cs:{name}" for name in sorted(concepts(subject))]
    if mail.quoted and (len(body) < SHORT_TEXT or "forwarded" in said):
        quoted = list(tokens(plain(without_instructions(mail.quoted[:HEAD]))))
        words.update(dict.fromkeys(_word_signs(quoted, "q:")))
        meanings += [f"@cq:{name}" for name in sorted(concepts(quoted))]
    names = list(tokens(plain(_file_words(mail.attachments))))
    words.update(dict.fromkeys(_word_signs(names, "f:")))
    meanings += [f"@cf:{name}" for name in sorted(concepts(names))]
    told = (_shape(mail, subject, body), _headers(mail), _sender(mail), _links(mail, body), _files(mail))
    facts = dict.fromkeys(f"@{name}" for names in told for name in names)
    return Signs(list(words), meanings, list(facts))


def plain(text: str) -> str:
    """Lower case in compatibility form, with ё as е: how the lexicon and the model spell."""
    return unicodedata.normalize("NFKC", text).lower().replace("ё", "е")


def tokens(text: str) -> Iterator[Token]:
    for match in _TOKEN.finditer(text):
        kind, found = match.lastgroup or "", match.group()
        if kind == "word" and _WIDE.search(found):
            yield from (Token("wide", character) for character in found)
            continue
        if kind == "code":
            letters = _LETTERS.match(found)
            if letters and (letters["gap"].strip("-/") or letters["name"] in _NUMBERED):
                yield Token("word", letters["name"])
        yield Token(kind, found)


def _ends(text: str) -> str:
    return text if len(text) <= HEAD + TAIL else f"{text[:HEAD]}\n{text[-TAIL:]}"


def _word_signs(found: list[Token], space: str) -> Iterator[str]:
    """Words, their beginnings (which stand for stems) and pairs of neighbours; `space` keeps subject and body apart."""
    stems: list[str] = []
    for kind, text in found:
        match kind:
            case "word":
                if not space:
                    yield text
                stem = text[:5] if len(text) > 5 else text
                yield f"{space}{stem}~"
            case "wide":
                stem = text
                yield f"{space}{text}"
            case "stop":
                stem = "."
            case "mark":
                stem = text[0]
                yield f"{space}{stem}"
            case _:
                stem = f"<{kind}>"
                yield f"{space}{stem}"
        stems.append(stem)
    for left, right in pairwise(stems):
        if left != "." and right != ".":
            yield f"{space}{left}_{right}"


def concepts(found: list[Token]) -> set[str]:
    """The meanings of the lexicon that occur: one to three words in a row, or a substring where there are no spaces."""
    lexicon = _lexicon()
    words = [text for kind, text in found if kind in ("word", "stop", "url", "mail", "number", "code", "mark")]
    meant: set[str] = set()
    for at, word in enumerate(words):
        for rest, meaning in lexicon.first_words.get(word, ()):
            if _continues(words, at + 1, rest):
                meant.add(meaning)
        for length in range(2, min(len(word), 12) + 1):
            for rest, meaning in lexicon.beginnings.get(word[:length], ()):
                if _continues(words, at + 1, rest):
                    meant.add(meaning)
    wide = "".join(text for kind, text in found if kind == "wide")
    if wide:
        meant.update(meaning for piece, meaning in lexicon.pieces if piece in wide)
    return meant


def _continues(words: list[str], at: int, rest: tuple[str, ...]) -> bool:
    if at + len(rest) > len(words):
        return False
    return all(
        word.startswith(want[:-1]) if want.endswith("*") else word == want
        for word, want in zip(words[at:], rest, strict=False)
    )


class _Lexicon(NamedTuple):
    first_words: dict[str, list[tuple[tuple[str, ...], str]]]
    beginnings: dict[str, list[tuple[tuple[str, ...], str]]]
    pieces: list[tuple[str, str]]


@cache
def _lexicon() -> _Lexicon:
    lexicon = _Lexicon({}, {}, [])
    for line in files("emailq.classify").joinpath("lexicon.txt").read_text("utf-8").splitlines():
        if not line or line.startswith("#"):
            continue
        meaning, _, entries = line.partition(":")
        for entry in entries.split(","):
            _add(lexicon, plain(entry.strip()), meaning)
    return lexicon


def _add(lexicon: _Lexicon, entry: str, meaning: str) -> None:
    if _WIDE.search(entry):
        lexicon.pieces.append((entry, meaning))
        return
    first, *rest = entry.split()
    table, start = (lexicon.beginnings, first[:-1]) if first.endswith("*") else (lexicon.first_words, first)
    table.setdefault(start, []).append((tuple(rest), meaning))


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


def _file_words(attachments: Sequence[str]) -> str:
    """The names of files as text: "Bestellung_4711.pdf (application/pdf)" says "bestellung 4711"."""
    stems = (name.rsplit(" (", 1)[0].rpartition(".")[0][:80] for name in attachments[:5])
    return ".\n".join(without_instructions(re.sub(r"[_.+-]+", " ", stem)) for stem in stems)


def _site(host: str) -> str:
    return ".".join(host.rstrip(".").split(".")[-2:])


def _file_kind(attachment: str) -> str:
    name = attachment.rsplit(" (", 1)[0].lower()
    return _FILE_KINDS.get(name.rsplit(".", 1)[-1], "other")
