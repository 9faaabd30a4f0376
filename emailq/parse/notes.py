"""Notes that say nothing but that somebody is away, or that a message came in: known by every one of their sentences.

People write such sentences too, but with one that asks, answers or tells something else.
"""

import re

from emailq.parse import notices
from emailq.parse.patterns import in_lower_case

_HEAD = 700
_LONGEST = 1500  # characters of a note
_SENTENCES = 24
_SHORT = 4  # words of a greeting, a name or a heading
_END = re.compile(r"(?:(?<=[^\d\s][.!。！])|(?<=\d\d\d[.!]))\s+(?=\D)|(?<=[。！])|\n+")
_WRAPPED = re.compile(r"(?<=[^\n.!:。]{40})\n(?=[^\n])|(?<=[,;])\n(?=[^\n])|\n(?=[a-zа-яß-ÿ])")
_WORD = re.compile(r"[^\W\d_]+")
_CONTACT = re.compile(r"\S@\S|(?:\d[\s()./-]{0,2}){6}|https?://|\bwww\.")


def _any_of(table: str) -> re.Pattern[str]:
    return in_lower_case("|".join(line.strip() for line in table.strip().splitlines()))


_ABSENT = _any_of(notices.ABSENT_SENTENCES)
_MEANWHILE = _any_of(notices.MEANWHILE_SENTENCES)
_RECEIVED = _any_of(notices.RECEIVED_SENTENCES)
_PROMISE = _any_of(notices.PROMISE_SENTENCES)
_HELD = _any_of(notices.HELD_TEXTS)
_CONFIRM = _any_of(notices.CONFIRM_TEXTS)
_ABSENT_WORDS, _RECEIVED_WORDS, _CHALLENGE_WORDS = (
    tuple(
        word.strip() if word.strip() != "out of" else "out of " for word in table.strip().replace("\n", "|").split("|")
    )
    for table in (notices.ABSENT_WORDS, notices.RECEIVED_WORDS, notices.CHALLENGE_WORDS)
)
_WORDS = (*_ABSENT_WORDS, *_RECEIVED_WORDS, *_CHALLENGE_WORDS)
_ASKS = _any_of(notices.ASKING_WORDS)


def may_be_note(text: str) -> bool:
    """Whether a look is worth while: most mail has none of these words in its first lines. `text` in lower case."""
    return has_any(_WORDS, text[:_HEAD])


def has_any(words: tuple[str, ...], text: str) -> bool:
    for word in words:  # noqa: SIM110 - half as long as any()
        if word in text:
            return True
    return False


def is_absence_note(text: str) -> bool:
    """Of new text in lower case."""
    return _says_only(text, _ABSENT_WORDS, _ABSENT, _MEANWHILE)


def is_receipt_note(text: str) -> bool:
    """Of new text in lower case."""
    return _says_only(text, _RECEIVED_WORDS, _RECEIVED, _PROMISE)


def is_challenge(text: str) -> bool:
    """Of new text in lower case: whether mail waits until its sender confirms that it is by a person."""
    if len(text) > _LONGEST or "?" in text or not has_any(_CHALLENGE_WORDS, text):
        return False
    return bool(_HELD.search(text) and _CONFIRM.search(text))


def _says_only(text: str, words: tuple[str, ...], wanted: re.Pattern[str], more: re.Pattern[str]) -> bool:
    """Whether a sentence says what is `wanted`, that or another one some `more`, and none anything else.

    `words`: one of them is in each `wanted` sentence, which is found sooner than the pattern.
    """
    if len(text) > _LONGEST or "?" in text or "？" in text or not has_any(words, text):
        return False
    sentences = [said for piece in _END.split(_WRAPPED.sub(" ", text)) if (said := piece.strip(" \t*_-–—•|"))]
    are_wanted = [has_any(words, said) and bool(wanted.search(said)) for said in sentences[:_SENTENCES]]
    if len(sentences) > _SENTENCES or not any(are_wanted):
        return False
    is_more = False
    for said, is_wanted in zip(sentences, are_wanted, strict=True):
        has_more = bool(more.search(said))
        is_more = is_more or has_more
        if not (is_wanted or has_more or _CONTACT.search(said) or len(_WORD.findall(said)) <= _SHORT):
            return False
    return is_more and not _ASKS.search(text)
