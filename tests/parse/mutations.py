"""Broken mail without end: messages of tests/mail cut, crossed and damaged, each from its number alone.

    python -m tests.parse.mutations [--runs N] [--first NUMBER]        (scripts/fuzz)

parses them, and ends with 1 if one raised or broke a promise; that one is kept in .fuzz/.
"""

import argparse
import json
import random
import sys
import time
import traceback
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from emailq.parse.exchange import Site
from emailq.parse.jmap import to_jmap
from emailq.parse.message import ParsedMessage, parse_message
from emailq.parse.stored import parse

ROOT = Path(__file__).parents[2]
_SITE = Site(frozenset(["example.com"]), ("mx.example.com",), False, None)
_PIECES = [
    *(b"\r\n", b"\n", b"\r", b"\0", b"\x1b$B", b"\xff", b"\xd0", b"\xed\xa0\x80", b"\xef\xbb\xbf", b"--b", b"--b--"),
    *(b"=?utf-8?b?", b"=?koi8-r?q?=F0?=", b"?=", b"=0A", b"=", b"<", b">", b'"', b"(", b")", b"\\", b",", b";", b":"),
    *(b"Content-Type: multipart/mixed; boundary=b\r\n", b"Content-Type: message/rfc822\r\n\r\n", b"charset=utf-7"),
    *(b"Content-Transfer-Encoding: base64\r\n", b"charset=utf-16", b"filename*0*=x''%", b"begin 644 a\r\n"),
    *(b"Date: Mon, 99 Foo 99999999999 99:99:99 +9999\r\n", b"<table><td><b>", b"&#xD800;", b"&#0;", b"On 1 wrote:\n>"),
    *(b"<s>", b"</s>", b"&#xfffe;", b"<pre>", b"<ol><li>", b"<blockquote>", b"<a href=x>", b"<td colspan=9>", b"<!--"),
    *(b"<p style='display:none'>", b"<div class=gmail_quote>", b"-- \n", b"\n> "),
]  # fmt: skip


@cache
def sources() -> list[bytes]:
    return [path.read_bytes() for path in sorted((ROOT / "tests/mail").glob("*.eml"))]


def mutated(number: int) -> bytes:
    """The message of this number; the same on every machine."""
    chance = random.Random(number)
    data = bytearray(chance.choice(sources()))
    for _ in range(chance.choice((1, 1, 2, 4, 8, 30))):
        at = chance.randrange(len(data) + 1)
        length = chance.choice((1, 2, 5, 20, 200))
        match chance.randrange(7):
            case 0:
                del data[at : at + length]
            case 1:
                data[at:at] = chance.choice(_PIECES)
            case 2:
                data[at : at + length] = chance.choice(_PIECES)
            case 3 if at < len(data):
                data[at] = chance.randrange(256)
            case 4:
                data[at:at] = bytes(data[at : at + length]) * chance.choice((1, 2, 50))
            case 5:
                other = chance.choice(sources())
                start = chance.randrange(len(other) + 1)
                data[at : at + length] = other[start : start + chance.choice((20, 200, 2000))]
            case 6 if chance.randrange(5) == 0:
                del data[at:]
    return bytes(data[:100_000])


def broken_promises(raw: bytes) -> Iterator[str]:
    """What must hold for all bytes, and does not for these; an exception is the caller's to catch."""
    message = parse_message(raw)
    yield from misplaced(message)
    text = json.dumps(to_jmap(message), ensure_ascii=False)
    if "\\u0000" in text or any("\ud800" <= char <= "\udfff" for char in text):
        yield "a NUL or lone surrogate is left"
    if parse(raw, _SITE) != parse(raw, _SITE):
        yield "the same bytes gave two results"


def misplaced(message: ParsedMessage) -> Iterator[str]:
    """MIME leaves that stand in no place, and parts that are no leaves."""
    views = (message.text_body, message.html_body, message.attachments)
    placed = {id(part) for view in views for part in view}
    for part in message.leaves:
        if id(part) not in placed:
            yield f"part {part.part_id} is lost"
        if part.message is not None:
            yield from misplaced(part.message)
    if not placed <= {id(part) for part in message.leaves}:
        yield "a part is no leaf"
    for view in views:
        if len({id(part) for part in view}) != len(view):
            yield "a part stands twice in one place"


def main() -> int:
    parser = argparse.ArgumentParser(description="Parse mutated messages.")
    parser.add_argument("--runs", type=int, default=100_000)
    parser.add_argument("--first", type=int, default=0, help="the number of the first one")
    options = parser.parse_args()
    failures = 0
    began = time.monotonic()
    for number in range(options.first, options.first + options.runs):
        raw = mutated(number)
        try:
            faults = list(broken_promises(raw))
        except Exception:
            faults = ["; ".join(traceback.format_exc().split("\n")[-6:])]
        if faults:
            failures += 1
            folder = ROOT / ".fuzz"
            folder.mkdir(exist_ok=True)
            (folder / f"{number}.eml").write_bytes(raw)
            sys.stdout.write(f"{number}: {faults[0]}\n")
    rate = options.runs / (time.monotonic() - began)
    sys.stdout.write(f"{options.runs:,} messages, {failures} failures, {rate:,.0f} a second\n")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
