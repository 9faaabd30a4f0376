"""Answers that stand inside of a quote, or below one that nothing marks."""

import re
from collections import Counter

from emailq.parse import phrases
from emailq.parse.attributions import attribution
from emailq.parse.closings import YOURS, closing_of
from emailq.parse.lines import NEW, QUOTED, SET_IN, Page, any_of, fold
from emailq.parse.names import DEPARTMENTS, is_author, names_of

_SAID_WITHIN = 300  # characters that somebody writes above a quote with answers
_SIGNED_WITHIN = 12  # lines with text, from the end
_TAG = re.compile(r">*\s?(?:[\[(<]([^\[\]()<>:]{1,40}):?[\])>]|[\[(<{]?([^\W\d_]{1,20}(?: [^\W\d_]{1,20}){0,2}):)\s*\S")
_QUESTION_TAGS = (("q", "a"), ("question", "answer"), ("f", "a"), ("frage", "antwort"), ("в", "о"), ("вопрос", "ответ"))
_ARROW = re.compile(r"(?:[=–-]{1,3}>|[→➔➜⇒▶►»])\s*\S")
_CAPITALS = re.compile(rf"(?<!\w){any_of(phrases.CAPITALS)}(?!\w)")
_BRACKETS = re.compile(rf"(?<!\w){any_of(phrases.BRACKETS)}(?!\w)")
_BRACKETED = re.compile(r"[\[({].*[\])}][.!]?$")
_SET_OFF = re.compile(
    rf"(?<!\w)(?:{any_of(phrases.INSIDE)}|{any_of(phrases.CAPITALS)}|{any_of(phrases.BRACKETS)})(?!\w)"
)
_GIVEN = re.compile(
    rf"(?<!\w)(?<!your )(?<!the )(?<!for )(?<!ihre )(?<!deine )(?<!ваши )(?<!vos ){any_of(phrases.GIVEN_ANSWERS)}(?!\w)"
)
_ALIKE = re.compile(r"([*#@/+<>{=~|!%§]{2,4})\s?[^\W_]")
_BELOW = re.compile(rf"(?<!\w){any_of(phrases.FURTHER_DOWN)}(?!\w)")
_ANSWERS_INSIDE = re.compile(
    rf"(?<!\w){any_of(phrases.ANSWERS)}(?!\w)[^.!?\n]{{0,40}}(?<!\w)(?:{any_of(phrases.FURTHER_DOWN)}|{_SET_OFF.pattern})"
    r"(?!\w)|\bsee inline\b"
)


def mark_answers(page: Page, names: list[str], new: str, *, is_block: bool) -> bool:
    """Whether the new text says that answers stand inside of the quote; those are found by what sets them off.

    `is_block`: the quote is one that Outlook writes, without a mark before its lines. Where nothing is said but a name,
    or "see below", lines that a page sets off are answers if each stands below a question; so are, below that, lines
    with the author's name before them, if none has another's.
    """
    if len(new) > _SAID_WITHIN or not (is_block or page.has_set_in):
        return False
    said = fold(new)
    is_told = bool(_ANSWERS_INSIDE.search(said) or _GIVEN.search(said))
    is_hinted = bool(_BELOW.search(said))
    may_be_told = is_hinted or (page.has_set_in and (not new or is_author(new, names)))
    if not (is_told or may_be_told):
        return False
    quoted = [number for number, owner in enumerate(page.owners) if owner == QUOTED and page.plain[number]]
    answers = _set_in(page, quoted)
    if not is_told and not _are_below_questions(page, quoted, answers):
        answers = _tagged(page, quoted, names) if is_block and is_hinted else []
        n_tagged = sum(not page.labels[n] and bool(_TAG.match(page.plain[n])) for n in quoted)
        if not answers or len(answers) < n_tagged:
            return False  # a chat
    for number in answers:
        page.lines[number] = page.lines[number].lstrip(f"> {SET_IN}")
    if is_told and not answers:
        answers = _told(page, quoted, names, said, is_block=is_block)
    for number in answers:
        page.owners[number] = NEW
    return is_block or bool(answers)


def _told(page: Page, quoted: list[int], names: list[str], said: str, *, is_block: bool) -> list[int]:
    """Which lines are answers, by what tells them in the text: a mark, brackets, capitals, else the question above."""
    answers = [n for n in quoted if _ARROW.match(page.plain[n])] + _tagged(page, quoted, names)
    if _BRACKETS.search(said):
        answers += [number for number in quoted if _BRACKETED.match(page.plain[number].lstrip("> "))]
    if _CAPITALS.search(said):
        answers += [number for number in quoted if page.plain[number].isupper() and not page.labels[number]]
    if is_block:
        answers += _behind_marks(page, quoted)
    answers = answers or _with_one_mark(page, quoted)
    is_last_said = bool(_GIVEN.search(said.rpartition("\n")[2]))
    if is_block and not answers and (is_last_said or _SET_OFF.search(said)):
        return _below_questions(page, quoted)
    return answers


def _set_in(page: Page, quoted: list[int]) -> list[int]:
    """Lines that a page sets off, but not below its sender's name, as a firm in its colours."""
    sender = _sender(page, next((n for n in quoted if "from" in page.labels[n]), -1))
    answers = []
    is_signed = False
    for number in quoted:
        text = page.plain[number].lstrip("> ")
        if page.lines[number].lstrip("> ").startswith(SET_IN):
            answers += [number] * (not is_signed)
        elif text[-1:] == "?" or page.labels[number]:
            is_signed = False
        else:
            is_signed = is_signed or _signs(text, sender)
    return answers


def _are_below_questions(page: Page, quoted: list[int], answers: list[int]) -> bool:
    quoted = [number for number in quoted if page.plain[number].lstrip("> ")]
    above = dict(zip(quoted[1:], quoted, strict=False))
    return bool(answers) and all(n in above and page.plain[above[n]][-1] == "?" for n in answers)


def _tagged(page: Page, quoted: list[int], names: list[str]) -> list[int]:
    """Lines with "[AH]" or "Ann:" before them, where Ann Hill writes, or "A:" where others have "Q:"."""
    names = [name for name in names if len(name) > 1]
    tags = {*names, " ".join(names)} - {""}
    if len(names) > 1:
        tags.add("".join(name[0] for name in names))
    tags.update(
        answer for question, answer in _QUESTION_TAGS if any(_is_tagged(page.plain[n], {question}) for n in quoted)
    )
    return [n for n in quoted if _is_tagged(page.plain[n], tags) and not page.labels[n]]


def _with_one_mark(page: Page, quoted: list[int]) -> list[int]:
    """Lines with "***" before them, or another mark that several have."""
    marks = {number: found[1] for number in quoted if (found := _ALIKE.match(page.plain[number]))}
    counts = Counter(marks.values())
    return [number for number, mark in marks.items() if counts[mark] > 1]


def _is_tagged(text: str, tags: set[str]) -> bool:
    """ "[Ann] Ten.", "AH: ten."."""
    tag = _TAG.match(text)
    return tag is not None and " ".join(names_of(tag[1] or tag[2])) in tags


def _behind_marks(page: Page, quoted: list[int]) -> list[int]:
    """Lines behind ">", which below "Ann wrote:" marks what is older; a question is answered in the lines below it."""
    answers = []
    above = ""  # the last line without the mark
    is_asked = False
    last = -1
    for number in quoted:
        text = page.plain[number]
        is_asked = is_asked and number == last + 1
        last = number
        if page.are_quoted[number] and text[-1] == "?":
            is_asked = True
        elif is_asked or (page.are_quoted[number] and not above.endswith(":")):
            answers.append(number)
        elif not page.are_quoted[number]:
            above = text
    return answers


def _below_questions(page: Page, quoted: list[int]) -> list[int]:
    """The paragraph below each question, up to the next one, where nothing else tells whose words those are."""
    answers: list[int] = []
    is_asked = False
    last = -1
    sender = _sender(page, next((n for n in quoted if "from" in page.labels[n]), -1))
    for number in quoted:
        text = page.plain[number]
        if text[-1] == "?" and not page.labels[number]:
            is_asked = True
        elif is_asked and (answers[-1:] != [last] or number == last + 1) and not _signs(text, sender):
            answers.append(number)
        else:
            is_asked = False
        last = number
    return answers


def mark_answer_below(page: Page, names: list[str]) -> None:
    """What stands below a quote that nothing marks: its sender signs it, and the author signs at the end.

    "From: Bob Stone … How many? Bob", and then "Ten. Ann" of Ann Hill.
    """
    if any(text and owner == NEW for text, owner in zip(page.plain, page.owners, strict=True)):
        return
    lines = [number for number, text in enumerate(page.plain) if text]
    signed = next((n for n in lines[:-_SIGNED_WITHIN:-1] if is_author(page.plain[n], names)), -1)
    header = next((n for n in reversed(lines) if n < signed and _is_from(page, n)), -1)
    if header >= 0:
        sender = _sender(page, header).difference(names)
    elif True not in page.are_quoted and attribution(page.plain[lines[0]]):
        header = lines[0]
        sender = set(names_of(page.plain[header])).difference(names)
    else:
        return
    for number in range(header + 1, signed):
        if not page.labels[number] and _signs(page.plain[number], sender):
            below = next((n for n in range(number, signed) if not page.plain[n]), signed)
            page.owners[below:] = [NEW] * (len(page.owners) - below)
            return


def _sender(page: Page, number: int) -> set[str]:
    """The words of the name in a line "From: Ann Hill"."""
    return set(names_of(page.plain[number].partition(":")[2])) if number >= 0 else set()


def _is_from(page: Page, number: int) -> bool:
    """ "From: Ann", with a date near it."""
    return "from" in page.labels[number] and any(
        "date" in roles for roles in page.labels[max(number - 2, 0) : number + 4]
    )


def _signs(text: str, sender: set[str]) -> bool:
    """ "Bob", "Your team Stone", "Best regards"."""
    if not text or len(text) > 40:
        return False
    words = set(names_of(text)) - DEPARTMENTS - YOURS
    return closing_of(fold(text)) == 2 or bool(words and sender.issuperset(words))
