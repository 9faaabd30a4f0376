"""Text as tokens: words, numbers, codes, addresses and marks, spelt one way."""

import re
import unicodedata
from collections.abc import Iterator
from typing import NamedTuple

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
WIDE = re.compile(r"[぀-ヿ㐀-鿿가-힯]")  # scripts without spaces between words
# Letters of a number that say what it is a number of: "PO-118", "INV77"; with a blank between, any word does.
_NUMBERED = frozenset(["po", "so", "ord", "inv", "rfq", "rma", "cn", "order", "quote", "сч", "зак", "best", "cde"])


class Token(NamedTuple):
    kind: str
    text: str


def plain(text: str) -> str:
    """Lower case in compatibility form, with ё as е: how the lexicon and the model spell."""
    return unicodedata.normalize("NFKC", text).lower().replace("ё", "е")


def tokens(text: str) -> Iterator[Token]:
    for match in _TOKEN.finditer(text):
        kind, found = match.lastgroup or "", match.group()
        if kind == "word" and WIDE.search(found):
            yield from (Token("wide", character) for character in found)
            continue
        if kind == "code":
            letters = _LETTERS.match(found)
            if letters and (letters["gap"].strip("-/") or letters["name"] in _NUMBERED):
                yield Token("word", letters["name"])
        yield Token(kind, found)
