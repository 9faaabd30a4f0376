"""How IMAP writes things (RFC 3501 §9): what a client sends, and what a server answers, as tokens."""

import base64
import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta, timezone
from typing import NamedTuple

from emailq.errors import EmailqError, Unavailable

_TOKEN = re.compile(rb'\s*(?:([()])|"((?:[^"\\]|\\.)*)"|([^\s()"]+))')
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_INTERNALDATE = re.compile(r"\s*(\d{1,2})-(\w{3})-(\d{4}) (\d\d):(\d\d):(\d\d) ([+-])(\d\d)(\d\d)$")

Token = bytes | None | list["Token"]


class ImapFailed(Unavailable):
    """The connection is gone, silent, or not IMAP; a new one may do better."""


class ImapRefused(EmailqError):
    """The server answered NO or BAD."""


class Fetched(NamedTuple):
    """What a FETCH told of one message; `raw` is None where the server sent no body."""

    uid: int
    size_bytes: int | None
    flags: tuple[str, ...]
    received_at: datetime | None
    raw: bytes | None


def quoted(text: str) -> bytes:
    """A quoted string; what it can't hold is refused (RFC 3501 §4.3)."""
    if any(c in "\r\n\0" for c in text) or not text.isascii():
        raise ImapRefused("the server takes only ASCII here, without line breaks")
    return b'"%s"' % text.replace("\\", "\\\\").replace('"', '\\"').encode()


def mailbox_name(name: str) -> bytes:
    """A folder's name as a quoted string in modified UTF-7 (RFC 3501 §5.1.3)."""
    encoded = ""
    for run in re.findall(r"[ -~]+|[^ -~]+", name):
        if run.isascii() and run.isprintable():
            encoded += run.replace("&", "&-")
        else:
            utf16 = base64.b64encode(run.encode("utf-16-be")).decode().rstrip("=")
            encoded += f"&{utf16.replace('/', ',')}-"
    return quoted(encoded)


def uid_set(uids: Iterable[int]) -> bytes:
    """UIDs as a sequence set with ranges: 1:3,7."""
    ranges: list[list[int]] = []
    for uid in sorted(uids):
        if ranges and uid == ranges[-1][1] + 1:
            ranges[-1][1] = uid
        else:
            ranges.append([uid, uid])
    return ",".join(str(low) if low == high else f"{low}:{high}" for low, high in ranges).encode()


def tokens(text: list[bytes], literals: list[bytes]) -> list[Token]:
    """The tokens of a response, lists nested; a literal stands after each piece of text but the last."""
    stack: list[list[Token]] = [[]]
    for number, piece in enumerate(text):
        for parenthesis, string, atom in _TOKEN.findall(piece):
            if parenthesis == b"(":
                stack.append([])
            elif parenthesis == b")":
                if len(stack) > 1:
                    done = stack.pop()
                    stack[-1].append(done)
            elif atom:
                stack[-1].append(None if atom.upper() == b"NIL" else _canonical(atom))
            else:
                stack[-1].append(re.sub(rb"\\(.)", rb"\1", string))
            if len(stack) > 50:
                raise ImapFailed("the server nests lists without end")
        if number < len(literals):
            stack[-1].append(literals[number])
    while len(stack) > 1:
        done = stack.pop()
        stack[-1].append(done)
    return stack[0]


def _canonical(atom: bytes) -> bytes:
    """Keywords compare in upper case; tags, flags and numbers stay."""
    upper = atom.upper()
    known = (b"OK", b"NO", b"BAD", b"BYE", b"PREAUTH", b"EXISTS", b"EXPUNGE", b"FETCH", b"SEARCH", b"CAPABILITY")
    return upper if upper in known else atom


def fetch_item(items: list[Token]) -> Fetched:
    """What the list of a FETCH response tells (RFC 3501 §7.4.2)."""
    pairs = {text_of(name).upper(): value for name, value in zip(items[::2], items[1::2], strict=False)}
    raw = pairs.get("BODY[]")
    flags = pairs.get("FLAGS")
    size = pairs.get("RFC822.SIZE")
    return Fetched(
        number(text_of(pairs.get("UID"))),
        number(text_of(size)) if size is not None else None,
        tuple(text_of(flag) for flag in flags) if isinstance(flags, list) else (),
        _internaldate(text_of(pairs.get("INTERNALDATE"))),
        raw if isinstance(raw, bytes) else None,
    )


def _internaldate(text: str) -> datetime | None:
    match = _INTERNALDATE.match(text)
    if not match or match[2].lower() not in _MONTHS:
        return None
    day, _, year, hour, minute, second, sign, offset_h, offset_m = match.groups()
    offset = timedelta(hours=int(offset_h), minutes=int(offset_m))
    try:
        moment = datetime(
            *(int(year), _MONTHS.index(match[2].lower()) + 1, int(day), int(hour), int(minute), min(int(second), 59)),
            tzinfo=timezone(-offset if sign == "-" else offset),
        )
        return moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def number(text: str) -> int:
    """At most a 32-bit number (RFC 3501 §9); 0 for anything else."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 10 and int(text) < 1 << 32 else 0


def text_of(token: Token) -> str:
    """A token as text; empty for a list or NIL."""
    return token.decode("ascii", "replace") if isinstance(token, bytes) else ""


def size_of(response: list[Token]) -> int:
    """About how many bytes a response holds."""
    return sum(size_of(token) if isinstance(token, list) else len(token or b"") + 1 for token in response)
