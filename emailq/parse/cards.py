"""Cards: a name and how to reach it, with no words that close a letter above; and what stands below a name."""

import re
from itertools import takewhile

from emailq.parse import phrases
from emailq.parse.lines import DELIMITERS, Run, any_of, are_names, fold, is_contact, is_rule, length, words_of
from emailq.parse.names import is_author, is_name, is_nickname, is_of_another, names_of
from emailq.parse.small_print import BELOW_NAMES

_CONTACT_LINES = 8
_CARD_LINES = 30  # of a firm that has to say a lot
BAR = re.compile(r"\s[|•·–—-]\s|,\s")
POSTSCRIPT = re.compile(  # but "P. S. Raman" is a name
    rf"(?!(?-i:[A-Z]\. ?[A-Z]\. ?[A-Z][^\W\d_]+$)){any_of(phrases.POSTSCRIPTS)}(?:\W|$)", re.IGNORECASE
)
_PS_LETTERS = frozenset(letter for word in words_of(phrases.POSTSCRIPTS) for letter in (word[0], word[0].upper()))
GREETING = re.compile(rf"{any_of(phrases.GREETINGS)}.{{0,40}}[,!:]$", re.IGNORECASE)
_PHONE = re.compile(r"(?:t|m|p|tel|mob|mobile|phone|cell|тел|моб)\b[.: ]{1,3}[+(\d]", re.IGNORECASE)
_BELOW_NAMES = (*BELOW_NAMES, *words_of(phrases.WORKING_HOURS))
_LEADS_ON = frozenset(words_of(phrases.LEADS_ON))
_SENTENCE_ENDS = (".", "!", "?", "。", "！", "？")


def contact_block(run: Run, names: list[str]) -> int:
    """Where the last paragraph begins, when it is a name with a telephone number or an address below it; else the end.

    Not that of somebody whom the text above speaks of.
    """
    paragraph = run.last_paragraph()
    top = max(paragraph, len(run) - _CONTACT_LINES)
    last = run.texts[-1] if run.texts else ""
    if not (has_contact(run.texts[top:]) or (last[-1:].isdigit() and has_contact(BAR.split(last)[1:]))):
        return len(run)
    for begin in range(max(top, 1), len(run)):
        block, above = run.texts[begin:], run.texts[begin - 1]
        if any(length(line) > 90 for line in block):
            continue
        if leads_on(above) or (begin > paragraph and not above.endswith(_SENTENCE_ENDS)):
            continue  # "Please send it to:"
        if is_of_another(block, names, is_end=above[-1] in ".!)。！"):
            continue  # "Please ask"
        name, *title = BAR.split(block[0].rstrip(","))
        if len(block) == 1 and len(title) < 2 and not (title and _has_name(name, names)):
            continue  # "Ann Hill | Buyer | +44 161 496 0000" is enough
        if has_contact([*title, *block[1:]]):
            upper = _name_paragraph(run.part(0, begin), names) if begin == paragraph else begin
            if upper < begin or is_name(name) or _is_first_name(name, block[1:]):
                return upper
    return len(run)


def leads_on(text: str) -> bool:
    """ "Please send it to:", "the address is"."""
    return text[-1] == ":" or (" " in text and fold(text.rpartition(" ")[2]) in _LEADS_ON)


def name_above(run: Run, names: list[str]) -> int:
    """Where the name above small print begins: with a telephone number, or as a paragraph of its own; else the end."""
    begin = contact_block(run, names)
    return begin if begin < len(run) else _name_paragraph(run, names)


def _name_paragraph(run: Run, names: list[str]) -> int:
    """Where the last paragraph begins if it is a name, perhaps with a title below it; else the end."""
    begin = run.last_paragraph()
    block = run.texts[begin:]
    if not begin or len(block) > 3 or any(line.endswith((".", "!", "?", ":")) for line in block):
        return len(run)
    is_own = len(block) == 1 and (is_author(block[0], names) or is_nickname(block[0], names))
    return begin if is_own or is_name(block[0]) else len(run)


def _has_name(text: str, names: list[str]) -> bool:
    """Whether one of the author's names stands in a firm's: "Hill Pumps" of Ann Hill."""
    return are_names(text) and not set(names).isdisjoint(names_of(text))


def _is_first_name(text: str, below: list[str]) -> bool:
    return len(below) == 1 and text.isalpha() and text.istitle() and bool(_PHONE.match(below[0]))


def is_card(above: str, below: list[str]) -> bool:
    """Whether the lines below a name say who that is; `above`: the line above the name, which may ask for a list."""
    if not below:
        return not above.endswith((":", ","))
    said = [*takewhile(lambda line: not _tells_only_contact(line), below[: before_postscript(["", *below]) - 1])]
    is_short = all((length(line) <= 90 and line[-1] not in "?!:;") or _is_boilerplate(line) for line in said[:8])
    is_end = above.endswith((".", "!", "?", ")", "。")) or " " not in above or is_rule(above)
    return is_end and is_short and not any(map(_says_more, said)) and _may_be_card(below, 12) and are_below_name(below)


def are_below_name(below: list[str]) -> bool:
    """Not many lines, all short but those that stand below a name."""
    below = below[1:] if below and below[0] in DELIMITERS else below
    longest = 1000 if below and len(below[0]) <= 60 and is_name(below[0]) else 140
    return _may_be_card(below, 16) and not any(
        (len(line) > longest and length(line) > longest) or GREETING.match(line) for line in below
    )


def _may_be_card(below: list[str], most: int) -> bool:
    """Whether there are not many lines; firms that say how to reach them in several ways have more."""
    return len(below) <= most or (len(below) <= _CARD_LINES and sum(map(is_contact, below)) > 2)


def has_contact(below: list[str]) -> bool:
    return any(map(is_contact, below[:12]))


def name_in(text: str) -> str:
    """ "Ann Hill" of "Ann Hill | Buyer"; a line that does not begin with a whole name, as it is."""
    name = BAR.split(text, maxsplit=1)[0]
    return name if is_name(name) else text


def before_postscript(texts: list[str]) -> int:
    """How many lines stand above "PS: …"."""
    for number, text in enumerate(texts):
        if text[:1] in _PS_LETTERS and number and POSTSCRIPT.match(text):
            return number
    return len(texts)


def is_own_sentence(text: str) -> bool:
    return text[-1] in ".!?" and " " in text


def _tells_only_contact(text: str) -> bool:
    return length(text) <= 60 and is_contact(text) and not any(end in text for end in (". ", "! ", "? "))


def _says_more(text: str) -> bool:
    return is_own_sentence(text) and not (are_names(text) or is_contact(text) or _is_boilerplate(text))


def _is_boilerplate(text: str) -> bool:
    return any(map(fold(text).__contains__, _BELOW_NAMES))
