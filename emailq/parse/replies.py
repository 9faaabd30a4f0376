"""What the sender wrote this time, apart from quoted history and signature: by lines, linear in the text.

Each line goes to one of three places, in its order: `history` takes what is quoted, `signatures` what is
written below every mail.
"""

import re
from dataclasses import dataclass

from emailq.parse import phrases
from emailq.parse.answers import mark_answer_below, mark_answers
from emailq.parse.history import BLOCK, FORWARD, REPLY, UNMARKED, mark_history
from emailq.parse.lines import Page, fold, words_of
from emailq.parse.names import DEPARTMENTS, is_author, names_of
from emailq.parse.shown import unmark_header
from emailq.parse.signatures import mark_signatures
from emailq.parse.small_print import mark_small_print_below
from emailq.parse.tickets import mark_ticket


@dataclass(frozen=True, slots=True)
class SplitText:
    """Every line of the text is in one of the three, blank lines at their ends apart.

    `forwarded`: the quoted part was passed on, not answered. `answers_inside`: the new text says that answers stand
    in it, and nothing but their colour tells which words those are.
    """

    new: str
    quoted: str
    signature: str
    forwarded: bool = False
    answers_inside: bool = False

    @property
    def current(self) -> str:
        """What the message is about: the new text, with the quoted one where that is handed over or has the answers."""
        if self.answers_inside or (self.forwarded and is_hand_over(self.new)):
            return f"{self.new}\n\n{self.quoted}".strip("\n")
        return self.new or self.quoted or self.signature


def split_reply(text: str, author: str | None = None, address: str | None = None) -> SplitText:
    """Separate the newest text from history and signature; answers between quoted lines stay in `new`.

    `author`: the sender's name, which alone, in the last line, is a signature; `address`: the sender's, whose first
    word may be another name of theirs.
    """
    page = Page(text)
    mark = BLOCK if mark_ticket(page) else mark_history(page)
    names = _names(page, author or "", address or "")
    if mark == BLOCK and names and unmark_header(page, names):
        mark = UNMARKED
    if mark != UNMARKED and names:
        mark_answer_below(page, names)
    mark_signatures(page, names)
    if mark != UNMARKED:
        mark_small_print_below(page, names)
    new, quoted, signature = page.parts()
    is_block = mark == BLOCK or True not in page.are_quoted
    answers_inside = mark in (REPLY, BLOCK) and mark_answers(page, names, new, is_block=is_block)
    if answers_inside:
        if is_author(new, names):
            mark_signatures(page, names)
        new, quoted, signature = page.parts()
    if not new and signature and not quoted:
        new, signature = signature, ""
    if not new and quoted and not signature and mark == UNMARKED:
        new, quoted = quoted, ""
    is_forwarded = mark == FORWARD or (mark == BLOCK and is_hand_over(new))
    if mark == REPLY and not new and "\n>" not in quoted:
        is_forwarded = True  # Outlook on a Mac forwards like this
    return SplitText(new, quoted, signature, is_forwarded, answers_inside)


def _names(page: Page, author: str, address: str) -> list[str]:
    """The words of the sender's name; before them "Bia" of Beatriz <bia.hill@…>, or of a firm, where a text ends so."""
    names, called = names_of(author or address), names_of(address)[:1]
    if not author or not called or called[0] in names or len(called[0]) < 3 or called[0] in DEPARTMENTS:
        return names
    return [*called, *names] if any(names_of(run.texts[-1]) == called for run in page.runs()) else names


def is_hand_over(text: str) -> bool:
    """Whether a text is empty or says no more than that something is passed on ("see below", "пересылаю")."""
    if len(text) > 300:
        return False
    said = f" {' '.join(_WORDS.findall(fold(text)))} "
    rest = said
    for phrase in _HAND_OVERS:
        rest = rest.replace(phrase, "  ")
    names = [word for word in rest.split() if word not in _FILLERS]
    return not said.strip() or (rest != said and len(names) <= 2 and not any(map(str.isdecimal, names)))


_WORDS = re.compile(r"[^\W_]+")
_HAND_OVERS = [
    f" {' '.join(_WORDS.findall(fold(p)))} " for p in sorted(words_of(phrases.HAND_OVERS), key=len, reverse=True)
]
_FILLERS = frozenset(words_of(phrases.FILLERS))
