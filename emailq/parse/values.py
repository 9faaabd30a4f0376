"""Values as the database takes them; apart from the parser, which who takes mail in need not load."""

import re
import unicodedata
from datetime import UTC, datetime, timedelta
from typing import Any

_FIRST = datetime(1980, 1, 1, tzinfo=UTC)  # no e-mail is older
_AHEAD = timedelta(days=2)
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)+)"', re.DOTALL)
_NONZERO = re.compile("[1-9]")
_DOT_ATOM = re.compile(r'[^\s"(),:;<>@\[\]\\.]+(?:\.[^\s"(),:;<>@\[\]\\.]+)*')  # RFC 5322 §3.2.3, RFC 6532


def plausible(moment: datetime | None) -> datetime | None:
    """None for a date before e-mail or more than two days ahead; PostgreSQL and people can't use those."""
    if moment is None or moment.tzinfo is None:
        return None
    try:
        moment = moment.astimezone(UTC)
    except (OverflowError, ValueError):
        return None
    return moment if _FIRST <= moment <= datetime.now(UTC) + _AHEAD else None


def address_key(address: str) -> str:
    """One form for all ways to write a mailbox, or a domain: lower case, short enough for an index.

    Quotes that change nothing go (RFC 5321 §4.1.2), as does a final dot; domains are in letters (no xn--).
    """
    address = address.lower()
    if address.isascii() and not ('"' in address or "xn--" in address or address.endswith(".")):
        return address[:500]  # nearly all
    local, at, domain = unicodedata.normalize("NFC", address).rpartition("@")
    if quoted := _QUOTED.fullmatch(local):
        content = re.sub(r"\\(.)", r"\1", quoted[1], flags=re.DOTALL)
        local = content if _DOT_ATOM.fullmatch(content) else local
    domain = domain.rstrip(".").replace("\u3002", ".")  # the full stop of Chinese and Japanese (RFC 3490 §3.1)
    return (local + at + ".".join(map(label_in_letters, domain.split("."))))[:500] or address


def address_forms(address: str) -> list[str]:
    """All ways in which this mailbox may stand somewhere: as given, as address_key, with its domain in ASCII (xn--)."""
    key = address_key(address)
    local, at, domain = key.rpartition("@")
    labels = [one if one.isascii() else f"xn--{one.encode('punycode').decode()}" for one in domain.split(".")]
    return list(dict.fromkeys([address.lower(), key, local + at + ".".join(labels)]))


def names_a_message(message_id: str) -> bool:
    """Whether it is no "null", "unknown" or 0, which many strangers' programs write."""
    return "@" in message_id or bool(_NONZERO.search(message_id))


def label_in_letters(label: str) -> str:
    """A label of a domain, in lower case, as a reader sees it; one that hides anything but letters stays (RFC 5891)."""
    if not label.startswith("xn--"):
        return label
    try:
        letters = label[4:].encode("ascii").decode("punycode").lower()
    except (UnicodeError, ValueError, OverflowError):
        return label
    is_word = all(one == "-" or unicodedata.category(one)[0] in "LMN" for one in letters)
    return letters if is_word and unicodedata.is_normalized("NFKC", letters) else label


_LISTS = (list, tuple)  # asked for `list | tuple`, isinstance takes three times as long


def scrub(value: Any) -> Any:
    """PostgreSQL takes neither NUL nor lone surrogates; this is the one place that sees to it."""
    if isinstance(value, str):
        return value if value.isascii() and "\x00" not in value else _clean(value)
    if isinstance(value, _LISTS):  # most strings need no call, and there are many in a header
        return [item if type(item) is str and item.isascii() and "\x00" not in item else scrub(item) for item in value]
    if isinstance(value, dict):
        return {key: scrub(item) for key, item in value.items()}
    return value


def _clean(text: str) -> str:
    text = text.replace("\x00", "\ufffd")
    try:
        text.encode()
    except UnicodeEncodeError:  # for a lone surrogate
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text
