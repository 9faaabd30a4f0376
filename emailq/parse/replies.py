"""What the sender wrote this time, apart from quoted history and signature: by lines, linear in the text.

Each line goes to one of three places, in its order: `history` takes what is quoted, `signatures` what is
written below every mail.
"""

import re
from dataclasses import dataclass

from emailq.parse import phrases
from emailq.parse.history import BLOCK, FORWARD, REPLY, UNMARKED, mark_history
from emailq.parse.lines import NEW, QUOTED, Page, any_of, fold, words_of
from emailq.parse.names import is_author, names_of
from emailq.parse.signatures import mark_signatures


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


def split_reply(text: str, author: str | None = None) -> SplitText:
    """Separate the newest text from history and signature; answers between quoted lines stay in `new`.

    `author`: the sender's name, or address where there is no name: the name alone, in the last line, is a signature.
    """
    page = Page(text)
    names = names_of(author or "")
    mark = mark_history(page)
    if mark != UNMARKED and names:
        _mark_answer_below(page, names)
    mark_signatures(page, names)
    new, quoted, signature = page.parts()
    answers_inside = mark == BLOCK and len(new) <= 300 and bool(_ANSWERS_INSIDE.search(fold(new)))
    if answers_inside:
        _mark_answers(page, names)
        new, quoted, _ = page.parts()
    if not new and signature and not quoted:
        new, signature = signature, ""
    if not new and quoted and not signature and mark == UNMARKED:
        new, quoted = quoted, ""
    is_forwarded = mark == FORWARD or (mark == BLOCK and is_hand_over(new))
    if mark == REPLY and not new and "\n>" not in quoted:
        is_forwarded = True  # Outlook on a Mac forwards like this
    return SplitText(new, quoted, signature, is_forwarded, answers_inside)


def _mark_answers(page: Page, names: list[str]) -> None:
    """Lines of the quoted text with ">", "[AH]" or "[Ann]" before them, where Ann Hill says that answers stand there.

    ">" below "Ann wrote:" marks what is older still, and a question that is answered in the next lines.
    """
    names = [name for name in names if len(name) > 1]
    tags = {"".join(name[0] for name in names), *names, " ".join(names)}
    above = ""  # the last line of what is quoted
    is_asked = False
    for number, text in enumerate(page.plain):
        if page.owners[number] != QUOTED or not text:
            is_asked = is_asked and bool(text)
            continue
        if page.are_quoted[number] and text[-1] == "?":
            is_asked = True
            continue
        if is_asked:
            page.owners[number] = NEW
            continue
        is_tagged = text[0] in "[(<" and (tag := _TAG.match(text)) and " ".join(names_of(tag[1])) in tags
        if is_tagged or (page.are_quoted[number] and not above.endswith(":")):
            page.owners[number] = NEW
        elif not page.are_quoted[number]:
            above = text


def _mark_answer_below(page: Page, names: list[str]) -> None:
    """What stands below a quote that nothing marks: its sender signs it, and the author signs at the end.

    "From: Bob Stone … How many? Bob", and then "Ten. Ann" of Ann Hill.
    """
    if any(text and owner == NEW for text, owner in zip(page.plain, page.owners, strict=True)):
        return
    lines = [number for number, text in enumerate(page.plain) if text]
    signed = next((n for n in lines[:-_SIGNED_WITHIN:-1] if is_author(page.plain[n], names)), -1)
    header = next((n for n in reversed(lines) if n < signed and _begins_header(page, n)), -1)
    if header < 0:
        return
    sender = set(names_of(page.plain[header].partition(":")[2])).difference(names)
    for number in range(header + 1, signed):
        text = page.plain[number]
        if not page.labels[number] and len(text) <= 40 and sender.issuperset(words := names_of(text)) and words:
            below = next((n for n in range(number, signed) if not page.plain[n]), signed)
            page.owners[below:] = [NEW] * (len(page.owners) - below)
            return


def _begins_header(page: Page, number: int) -> bool:
    return "from" in page.labels[number] and any("date" in roles for roles in page.labels[number : number + 4])


def is_hand_over(text: str) -> bool:
    """Whether a text is empty or says no more than that something is passed on ("see below", "пересылаю")."""
    if len(text) > 300:
        return False
    said = f" {' '.join(_WORDS.findall(fold(text)))} "
    rest = said
    for phrase in _HAND_OVERS:
        rest = rest.replace(phrase, "  ")
    names = [word for word in rest.split() if word not in _FILLERS]
    return not said.strip() or (rest != said and len(names) <= 2)


_SIGNED_WITHIN = 12  # lines with text, from the end
_TAG = re.compile(r"[\[(<]([^\[\]()<>:]{1,40}):?[\])>]\s*\S")
_WORDS = re.compile(r"[^\W_]+")
_ANSWERS_INSIDE = re.compile(
    rf"(?<!\w){any_of(phrases.ANSWERS)}(?!\w)[^.!?\n]{{0,40}}(?<!\w){any_of(phrases.INSIDE)}(?!\w)|\bsee inline\b"
)
_HAND_OVERS = [
    f" {' '.join(_WORDS.findall(fold(p)))} " for p in sorted(words_of(phrases.HAND_OVERS), key=len, reverse=True)
]
_FILLERS = frozenset(words_of(phrases.FILLERS))
