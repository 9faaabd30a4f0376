"""Signatures: the lines below a text that say who wrote it."""

import re
import unicodedata
from itertools import pairwise

from emailq.parse import phrases
from emailq.parse.closings import AMBIGUOUS, YOURS, closing_of, is_closing_and_name, is_thanks_and_name, without_closing
from emailq.parse.lines import (
    DELIMITERS,
    NEW,
    QUOTATION_MARKS,
    QUOTED,
    RULE,
    SIGNATURE,
    Page,
    any_of,
    are_names,
    bare,
    fold,
    is_contact,
    words_of,
)
from emailq.parse.small_print import BELOW_NAMES, is_sent_from, without_banner, without_small_print

_SIGNATURE_LINES = 25  # with text, at most, from the end
_WORDS = re.compile(r"[^\W\d_]+")
_FIRST_PERSON = frozenset(words_of(phrases.FIRST_PERSON))
_IN_NAMES = str.maketrans("", "", " .-–—~/")
_CLOSING_ENDS = (" 드림", " 올림", " 배상")  # behind a name
_TITLES = frozenset(["mr", "mrs", "ms", "miss", "dr", "prof", "herr", "frau", "mme", "mlle", "sr", "sra", "sig", "ing"])
_DEPARTMENTS = frozenset(words_of(phrases.DEPARTMENTS))
_BAR = re.compile(r"\s[|•·–—-]\s|,\s")
_POSTSCRIPT = re.compile(rf"{any_of(phrases.POSTSCRIPTS)}(?:\W|$)", re.IGNORECASE)
_PS_LETTERS = frozenset(letter for word in words_of(phrases.POSTSCRIPTS) for letter in (word[0], word[0].upper()))
_GREETING = re.compile(rf"{any_of(phrases.GREETINGS)}.{{0,40}}[,!:]$", re.IGNORECASE)
_PHONE = re.compile(r"(?:t|m|p|tel|mob|mobile|phone|cell|тел|моб)\b[.: ]{1,3}[+(\d]", re.IGNORECASE)
_FOR_OTHERS = re.compile(r"(?:i\. ?[AV]\.|ppa?\.|p\. ?p\.) ?[^\W\d_]")
_KISSES = re.compile(r"(?<=\w) (?:[xX]{1,3}[oO]?[xX]?|[^\w\s]{1,4}|[:;]-?D)$")
_LETTERS_OF_KISSES = frozenset("xXoOD")
_SIGNED = re.compile(r"(?:[-–—]{1,2}|/)\s?[A-ZÀ-ÞА-ЯЁІЇЄ][^\W\d_]+(?:\s[A-ZÀ-ÞА-ЯЁІЇЄ][^\W\d_]*\.?){0,2}$")


def mark_signatures(page: Page, author: str = "") -> None:
    """Signatures, small print and footers at the end of each run of new lines; a gateway's banner at its begin.

    `author`: the sender's name, where it is known.
    """
    names = _WORDS.findall(_spelt(author[:200]))
    page.step = _step(page)
    run: list[int] = []  # the lines with text of a run
    is_first = True
    for number, owner in enumerate([*page.owners, QUOTED]):
        if owner == NEW:
            if page.plain[number]:
                run.append(number)
        elif run:
            _mark_signature(page, without_banner(page, run) if is_first else run, names, is_first=is_first)
            run, is_first = [], False


def _spelt(text: str) -> str:
    """Folded and without accents: "Seb" is Sébastien."""
    if text.isascii():
        return text.lower()
    letters = unicodedata.normalize("NFKD", fold(text))
    return unicodedata.normalize("NFC", "".join(c for c in letters if not unicodedata.combining(c)))


def _step(page: Page) -> int:
    """From a line to the next of its paragraph: 2 where a blank line stands below each and more between paragraphs."""
    numbers = [n for n, owner in enumerate(page.owners) if owner == NEW and page.plain[n]]
    steps = [below - number for number, below in pairwise(numbers)]
    return 2 if 1 not in steps and steps.count(2) > 1 and any(step > 2 for step in steps) else 1


def _mark_signature(page: Page, run: list[int], names: list[str], *, is_first: bool) -> None:
    """From the end: small print, then what a program sets there, then the signature of a person."""
    run, small_print = without_small_print(page, run, is_first=is_first)
    for index, number in enumerate(run):
        if is_sent_from(page.plain[number]):
            page.owners[number] = SIGNATURE
            if index:
                rest = run[index + 1 :]  # some clients set no mark between this and the history
                is_short = all(len(page.plain[n]) <= 60 for n in rest) and _is_signature([page.plain[n] for n in rest])
                page.give(rest, SIGNATURE if is_short else QUOTED)
                if page.plain[run[index - 1]] in DELIMITERS:
                    index -= 1
                    page.owners[run[index]] = SIGNATURE
                run = run[:index]
                break
    if not run:
        return
    texts = [page.plain[n] for n in run[-_SIGNATURE_LINES:]]
    if len(run) == 1 and not is_first:
        if bare(fold(texts[0])) in AMBIGUOUS:
            return  # "Yours." answers a quoted question
        above = "".join(page.plain[max(run[0] - 3, 0) : run[0]])
        if not above.endswith("?") and _is_author(texts[0], names):
            page.give(run, SIGNATURE)
    offset = len(run) - len(texts)
    stop = postscript = _before_postscript(texts)
    delimiters = [] if DELIMITERS.isdisjoint(texts) else [n for n, text in enumerate(texts) if text in DELIMITERS]
    for number in delimiters:
        if 0 < number < stop and _begins_signature(texts[number], texts[number + 1 :], is_top=False):
            stop = number
    signed = _signed_at(page, run[offset : offset + stop], names)
    is_list = len(delimiters) > 2
    for index, text in enumerate(texts):
        if is_list and text in DELIMITERS:
            continue
        below = texts[index + 1 :]
        if index not in (0, signed) and texts[index - 1][-1] == ":" and (text in DELIMITERS or _goes_on(below)):
            continue  # "He signed like this:"
        if text[-1] == "." and index != signed and _is_wish(page, run[offset + index :]):
            continue
        is_top = is_first and offset + index == 0
        if index != signed and not _begins_signature(text, below, is_top=is_top):
            continue
        begin = index
        if offset + index > 1 and index:
            above = texts[index - 1]
            begin -= bool(_SIGNED.match(above) or (index == signed and RULE.match(above)))
        end = index + _length_of_signature(page, run[offset + index :])
        if end < len(texts) and texts[end - 1][-1] in QUOTATION_MARKS:
            continue  # of a letter that somebody cites
        page.give(run[offset + begin : offset + end], SIGNATURE)
        if RULE.match(texts[begin]):
            page.give(_name_above(page, run[: offset + begin], names), SIGNATURE)
        if end < len(texts):
            _mark_signature(page, run[offset + end :], names, is_first=False)  # below a postscript
        return
    if len(texts) > 1 and _SIGNED.match(texts[-1]):
        page.give(run[-1:], SIGNATURE)
        return
    run = run[: offset + postscript]
    page.give(_name_above(page, run, names) if small_print else _contact_block(page, run, names), SIGNATURE)


def _signed_at(page: Page, run: list[int], names: list[str]) -> int:
    """Where the author's name stands alone, last or above what says who that is, but not in a list; else -1.

    Any name is taken for the author's that ends the mail below few words with a comma, in a paragraph of their own.
    """
    for index in range(1, len(run)):
        text = page.plain[run[index]]
        if len(text) > 60:
            continue
        above = page.plain[run[index - 1]]
        is_author = bool(names or _FOR_OTHERS.match(text)) and _is_author(without_closing(text), names)
        if is_author and bare(fold(above)) in YOURS and index > 1:
            return index - 1
        if index == len(run) - 1 and run[index] > run[index - 1] + page.step:
            is_author = is_author or _is_nickname(text, names)
        if not is_author and index < len(run) - 1:
            continue
        below = [page.plain[n] for n in run[index + 1 :]]
        is_near = run[index] <= run[index - 1] + page.step
        is_led_to = index > 1 and (_leads_to_name(above) or (is_author and is_near and _closes(above)))
        if is_led_to and (not is_author or above[-1] != ","):
            is_led_to = run[index - 1] > run[index - 2] + page.step and (is_author or _is_short_name(text))
        if is_led_to and (not below or _is_card(".", below)):
            return index - 1
        is_list = is_near and _is_name(above)
        if is_author and not is_list and _is_card(above, below):
            return index
    return -1


def _is_short_name(text: str) -> bool:
    return len(text.split()) <= 2 and are_names(text) and text[0].isupper() and text.translate(_IN_NAMES).isalpha()


def _is_wish(page: Page, run: list[int]) -> bool:
    """Whether a line is the mail's last sentence ("Have a nice day."), as a paragraph above "Best regards"."""
    is_paragraph = len(run) > 1 and run[1] > run[0] + page.step
    return is_paragraph and closing_of(fold(page.plain[run[1]])) == 2


def _length_of_signature(page: Page, run: list[int]) -> int:
    """How many of these lines belong to it: up to "PS: …", or to a paragraph in which the author speaks on."""
    is_open = page.plain[run[0]] not in DELIMITERS
    for index, number in enumerate(run[1:], start=1):
        text = page.plain[number]
        if text[0] in _PS_LETTERS and _POSTSCRIPT.match(text):
            return index
        if is_open and index == 1 and _is_sentence(text) and not RULE.match(page.plain[run[0]]):
            return index  # "Regards to Mr Hill!"
        if is_open and _speaks_on(text, is_paragraph=number > run[index - 1] + page.step):
            return index
    return len(run)


def _speaks_on(text: str, *, is_paragraph: bool) -> bool:
    words = fold(text).split()
    is_own = is_paragraph and (text[-1] in ".!" or len(text) > 60) and not _FIRST_PERSON.isdisjoint(words)
    return len(words) > 4 and (text[-1] == "?" or is_own)


def _leads_to_name(text: str) -> bool:
    """Few words with a comma behind them, whatever they say ("Stay safe,"), but no greeting."""
    return (
        text[-1] == ","
        and text.count(",") == 1
        and len(text.split()) <= 6
        and text[0].isupper()
        and not _GREETING.match(text)
    )


def _closes(text: str) -> bool:
    """One or two words without a mark, such as "Herzlich"."""
    return len(text.split()) <= 2 and text[-1].isalpha() and text[0].isupper()


def _is_author(text: str, names: list[str]) -> bool:
    """ "Ann", "A. Hill", "Mrs Hill", "Ann Hill", "A", "AH" of Ann Hill, "Tim" of Timothy; "i.A. Bob Stone" of all."""
    if _FOR_OTHERS.match(text):
        return are_names(text)
    text = text.partition(" (")[0]
    if text[-1:] in _LETTERS_OF_KISSES or not text[-1:].isalnum():
        text = _KISSES.sub("", text)
    if ", " in text:
        name, _, firm = text.partition(", ")
        text = name if are_names(firm) and not any(map(str.isdigit, firm)) else text
    if not names or not text.translate(_IN_NAMES).isalpha():
        return False
    words = [word for word in _WORDS.findall(_spelt(text)) if word not in _TITLES]
    initials = [name[0] for name in names]
    if "".join(words) == "".join(names):
        return True  # "山田太郎"
    if len(words) == 1 and (
        words[0] == "".join(initials) or (len(words[0]) > 2 and any(name.startswith(words[0]) for name in names))
    ):
        return True
    is_whole = len(names) > 1 or not names[0].islower()  # no script without capitals divides names
    if is_whole and len(names) < len(words) <= len(names) + 3 and set(names) <= set(words):
        return are_names(text)  # "Ann Hill MBA"
    is_known = words[:1] == initials[:1] or any(word in names for word in words)
    return is_known and len(words) <= 4 and all(word in names or len(word) == 1 for word in words)


def _is_nickname(text: str, names: list[str]) -> bool:
    """A short word with two letters of the first name, one of them the word's first or second: "Bex" of Rebecca."""
    word = bare(text)
    if not (names and 3 <= len(word) <= 6 and word.isalpha() and word.istitle()) or closing_of(fold(word)):
        return False
    word = _spelt(word)
    return word[:2] in names[0] or word[1:3] in names[0]


def _is_card(above: str, below: list[str]) -> bool:
    """Whether the lines below a name say who that is; `above`: the line above the name, which may ask for a list."""
    if not below:
        return not above.endswith((":", ","))
    is_short = all((len(line) <= 90 and line[-1] not in "?!:;") or _is_boilerplate(line) for line in below[:8])
    is_end = above.endswith((".", "!", "?", ")", "。")) or " " not in above or bool(RULE.match(above))
    said = below[: _before_postscript(["", *below]) - 1]
    return is_end and is_short and not any(map(_says_more, said)) and len(below) <= 12 and _is_signature(below)


def _says_more(text: str) -> bool:
    return _is_own_sentence(text) and not (are_names(text) or is_contact(text) or _is_boilerplate(text))


def _is_boilerplate(text: str) -> bool:
    return any(map(fold(text).__contains__, BELOW_NAMES))


def _before_postscript(texts: list[str]) -> int:
    """How many lines stand above "PS: …"."""
    for number, text in enumerate(texts):
        if text[:1] in _PS_LETTERS and number and _POSTSCRIPT.match(text):
            return number
    return len(texts)


def _begins_signature(text: str, below: list[str], *, is_top: bool) -> bool:
    """Whether a signature begins at a line with these lines below it. `is_top`: nothing stands above it."""
    if text in DELIMITERS:
        is_list = any(line in DELIMITERS for line in below[1:3])
        is_text = len(below) > 1 or (below and (below[0][-1] == "?" or _speaks_on(below[0], is_paragraph=True)))
        if is_text and all(map(_is_own_sentence, below[: max(2, len(below) - 1)])) and not _has_contact(below):
            return False
        return not is_list and not _continues(below)
    if RULE.match(text):
        facts = sum(":" in line and not _has_contact([line]) for line in below)  # "Item: pump", so a form or a table
        return facts < 2 and _is_signature(below) and _has_contact(below)
    if is_top:
        return False
    if len(text) > 120:
        return False
    words = fold(text)
    closing = closing_of(words)
    if not closing and (words.endswith(_CLOSING_ENDS) or is_closing_and_name(text, words)):
        closing = 2
    if not closing and not below and is_thanks_and_name(text):
        closing = 2
    if closing == 1:
        name = next((line for line in below if not RULE.match(line)), "")
        return 0 < len(name) <= 40 and len(name.split()) <= 4 and not closing_of(fold(name)) and _is_signature(below)
    return closing == 2 and _is_signature(below) and not _continues(below)


def _is_own_sentence(text: str) -> bool:
    return text[-1] in ".!?" and " " in text


def _goes_on(below: list[str]) -> bool:
    """Whether a sentence goes on below what looks like a signature."""
    return any(line[0].islower() and len(line.split()) > 3 and not is_contact(line) for line in below)


def _continues(below: list[str]) -> bool:
    """Whether the next line goes on with a sentence: "Cheers" – "for the call yesterday."."""
    return _goes_on(below[:1]) and below[0][-1] in ".,"


def _is_sentence(text: str) -> bool:
    return text[-1] in ".!?" and len(text.split()) > 4 and not are_names(text) and not is_contact(text)


def _is_signature(below: list[str]) -> bool:
    """Not many lines, all short but those that stand below a name."""
    is_named = bool(below) and len(below[0]) <= 60 and _is_name(below[0])
    longest = 140 if not is_named else 1000
    return len(below) <= 16 and not any(len(line) > longest or _GREETING.match(line) for line in below)


def _has_contact(below: list[str]) -> bool:
    return any(map(is_contact, below[:12]))


def _contact_block(page: Page, run: list[int], names: list[str]) -> list[int]:
    """The last paragraph, when it is a name with a telephone number or an address below it.

    Not that of somebody whom the text above speaks of.
    """
    paragraph = _last_paragraph(page, run)
    if not _has_contact([page.plain[n] for n in run[max(paragraph, len(run) - 8) :]]):
        return []
    for begin in range(max(paragraph, len(run) - 8), len(run)):
        block = [page.plain[n] for n in run[begin:]]
        if begin == 0 or any(len(line) > 90 for line in block):
            continue
        above = page.plain[run[begin - 1]]
        if above.endswith(":") or (begin > paragraph and not above.endswith((".", "!", "?", "。", "！", "？"))):
            continue  # "Please send it to:"
        if _is_of_another(block, names, is_end=above[-1] in ".!)。！"):
            continue  # "Please ask"
        name, *title = _BAR.split(block[0].rstrip(","))
        if len(block) == 1 and len(title) < 2:
            continue  # "Ann Hill | Buyer | +44 161 496 0000" is enough
        if _has_contact([*title, *block[1:]]):
            above_it = _name_paragraph(page, run[:begin]) if begin == paragraph else []
            if above_it or _is_name(name) or _is_first_name(name, block[1:]):
                return above_it + run[begin:]
    return []


def _is_of_another(block: list[str], names: list[str], *, is_end: bool) -> bool:
    """Whether neither name nor firm is the author's; where a sentence ends above it, only if the author is a person."""
    if not is_end:
        text = _spelt(" ".join(block))
        return bool(names) and not any(name in text for name in names)
    is_person = len(names) in (2, 3) and _DEPARTMENTS.isdisjoint(names)
    text = _spelt(block[0])
    return is_person and text.isascii() == names[0].isascii() and not any(name in text for name in names)


def _is_first_name(text: str, below: list[str]) -> bool:
    return len(below) == 1 and text.isalpha() and text.istitle() and bool(_PHONE.match(below[0]))


def _name_paragraph(page: Page, run: list[int]) -> list[int]:
    """A name, perhaps with a title below it, above the paragraph that tells how to reach its owner."""
    begin = _last_paragraph(page, run)
    block = [page.plain[n] for n in run[begin:]]
    is_name = begin > 0 and len(block) <= 3 and _is_name(block[0])
    return run[begin:] if is_name and not any(line.endswith((".", "!", "?", ":")) for line in block) else []


def _last_paragraph(page: Page, run: list[int]) -> int:
    """Where the lines begin that no blank line stands between."""
    begin = len(run) - 1
    while begin > 0 and run[begin] <= run[begin - 1] + page.step:
        begin -= 1
    return begin


def _is_name(text: str) -> bool:
    return 2 <= len(text.split()) <= 4 and are_names(text) and text[0].isupper() and not any(map(str.isdigit, text))


def _name_above(page: Page, run: list[int], names: list[str]) -> list[int]:
    """The name above small print: with a telephone number, or as a paragraph of its own."""
    if found := _contact_block(page, run, names):
        return found
    begin = _last_paragraph(page, run)
    if not 0 < begin == len(run) - 1:
        return []
    text = page.plain[run[begin]]
    is_name = _is_name(text) or _is_author(text, names) or _is_nickname(text, names)
    return run[begin:] if is_name and text[-1] not in ".!?" else []
