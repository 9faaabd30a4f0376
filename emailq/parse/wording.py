"""Mail without a telling header, judged by its words, as learned from messages made for it (scripts/train/gate.py).

What a program says is told by no phrase alone; many words that each say little tell it together.
"""

import math
import re
from functools import cache
from importlib.resources import files
from itertools import pairwise
from typing import NamedTuple

from emailq.parse.addresses import Address
from emailq.parse.automatic import DESK, REPLY
from emailq.parse.patterns import lower
from emailq.parse.replies import SplitText

WEIGHTS = "wording.txt"
UNIT = 100  # of the weights in the file: hundredths

_FEWEST = 45  # signs: those of some fifteen words
_SURE = 2.2  # logarithm of the odds: nine to one
_BEGIN, _END = 700, 300  # characters that are looked at
_STEM = 6  # letters
_TOKEN = re.compile(r"\[cid:[^\]\s]+|(?:https?:|www\.)\S+|[\w.+-]+@\S+|[^\W\d_]+|\d+|[?？]")
_NUMBER = re.compile(r"(?:#|№|\bn[ro]?[.°]|\bref|номер)\W{0,3}[\w-]{0,12}\d{3}")
_WIDE = "\u3040"  # from here on scripts have no blanks between words


class Weights(NamedTuple):
    """Of each sign what it says for a program, and for a notice rather than an answer."""

    automatic: dict[str, int]
    generated: dict[str, int]


def kind_of(sender: Address, subject: str, reply: SplitText, *, names_message: bool) -> str | None:
    """auto_reply or auto_generated where the words leave little doubt that no person wrote this; None otherwise.

    `subject` is in lower case; `names_message`: whether a header names the message that it answers.
    """
    signs = signs_of(sender, subject, reply, names_message=names_message)
    for_program, for_notice = scores(signs)
    if len(signs) < _FEWEST or for_program < _SURE:
        return None
    return "auto_generated" if for_notice > 0 else "auto_reply"


def signs_of(sender: Address, subject: str, reply: SplitText, *, names_message: bool) -> dict[str, float]:
    """Words, pairs of neighbours and facts, with the voice that each has.

    All words of the text share one voice, however many there are, and so do those of subject and signature.
    """
    text = lower(reply.new if len(reply.new) <= _BEGIN + _END else f"{reply.new[:_BEGIN]}\n{reply.new[-_END:]}")
    signature = lower(reply.signature[:300])
    signs: dict[str, float] = {}
    for space, stems, voice, with_pairs in (
        ("", _stems(text), 2.0, True),
        ("s:", _stems(subject), 1.0, True),
        ("g:", _stems(signature), 0.5, False),
    ):
        found = {space + stem for stem in stems}
        if with_pairs:
            found.update([f"{space}{left} {right}" for left, right in pairwise(stems)])
        if found:
            signs.update(dict.fromkeys(found, voice / math.sqrt(len(found))))
    facts = {
        "asks": "?" in text or "？" in text,
        "answers": bool(REPLY.match(subject)),
        "names-message": names_message,
        "quotes": bool(reply.quoted),
        "signed": bool(reply.signature),
        "links": "http" in text,
        "numbered": bool(_NUMBER.search(text)),
        "subject-numbered": bool(re.search(r"\d{4}|\[[^\]]*\d", subject)),
        **_facts_of_sender(sender, f"{text[-200:]} {signature[:200]}"),
    }
    signs.update({f"@{name}" if is_so else f"@not-{name}": 0.25 for name, is_so in facts.items()})
    return signs


def _stems(text: str) -> list[str]:
    stems: list[str] = []
    for token in _TOKEN.findall(text):
        if token >= _WIDE:
            stems.extend(token)
        elif token[0] == "[":  # where an image stands
            continue
        elif "@" in token:
            stems.append("@")
        elif "." in token or ":" in token:
            stems.append("/")
        else:
            stems.append("0" if token.isdecimal() else token[:_STEM])
    return stems


def _facts_of_sender(sender: Address, end: str) -> dict[str, bool]:
    names = re.findall(r"[^\W\d_]{3,}", lower(sender.name or ""))
    local = lower(sender.email).partition("@")[0]
    return {
        "by-name": bool(names) and names[0] in end,
        "own-address": any(name in local for name in names),
        "desk": bool(DESK.match(sender.email)),
    }


def scores(signs: dict[str, float]) -> tuple[float, float]:
    """How much is for a program, and for a notice rather than an answer: logarithms of odds."""
    automatic, generated = load()
    for_program, for_notice = float(automatic[""]), float(generated[""])
    for sign, voice in signs.items():
        if (weight := automatic.get(sign)) is not None:
            for_program += weight * voice
            for_notice += generated[sign] * voice
    return for_program / UNIT, for_notice / UNIT


@cache
def load() -> Weights:
    rows = [line.split("\t") for line in files("emailq.parse").joinpath(WEIGHTS).read_text("utf-8").splitlines()]
    return Weights({row[0]: int(row[1]) for row in rows}, {row[0]: int(row[2]) for row in rows})
