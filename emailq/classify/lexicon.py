"""The lexicon: what words mean, in several languages (lexicon.txt)."""

from functools import cache
from importlib.resources import files
from typing import NamedTuple

from emailq.classify.tokens import WIDE, Token, plain


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
    if WIDE.search(entry):
        lexicon.pieces.append((entry, meaning))
        return
    first, *rest = entry.split()
    table, start = (lexicon.beginnings, first[:-1]) if first.endswith("*") else (lexicon.first_words, first)
    table.setdefault(start, []).append((tuple(rest), meaning))
