"""The texts that values are read from, and how a value says where it stands."""

import re
from collections.abc import Iterable
from functools import cache
from typing import NamedTuple

STRUCK = re.compile(r"~~[^~\n]+~~")  # as html_to_text writes what is struck through
_SPAN_LIMIT = 200
_SENTENCE_END = re.compile(
    r"\n|[!?;]\s|(?<=\w\w\w)(?<!mwst)(?<!inkl)(?<!exkl)(?<!zzgl)(?<!incl)(?<!excl)\.\s", re.IGNORECASE
)
_LABEL_REACH = 60  # characters before a value in which its label stands


class Part(NamedTuple):
    """A piece of a message: `source` is subject, text, or attachment:ID with the id of the MIME part."""

    source: str
    text: str


def found(source: str, span: str) -> dict[str, str]:
    """Where a value stands: the words it was read from, and the source of the part that they stand in."""
    return {"span": span_of(span), "source": source}


def span_of(text: str) -> str:
    """As much of it as is told."""
    return in_one_row(text)[:_SPAN_LIMIT]


def in_one_row(text: str) -> str:
    return " ".join(text.split())


def label_before(text: str, position: int, labels: Iterable[tuple[str, str]]) -> str | None:
    """Which of the labels (name, pattern) stands nearest before `position`, in the same line and sentence."""
    before = text[max(0, position - _LABEL_REACH) : position]
    before = _SENTENCE_END.split(before)[-1]
    nearest: tuple[int, str] | None = None
    for name, pattern in labels:
        for match in _words(pattern).finditer(before):
            if nearest is None or match.end() > nearest[0]:
                nearest = (match.end(), name)
    return nearest[1] if nearest else None


@cache
def _words(pattern: str) -> re.Pattern[str]:
    return re.compile(rf"(?<!\w)(?:{pattern})(?!\w)", re.IGNORECASE)
