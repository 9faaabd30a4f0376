"""Signatures: the lines below a text that say who wrote it."""

import re
from itertools import takewhile

from emailq.parse import phrases
from emailq.parse.cards import (
    BAR,
    GREETING,
    POSTSCRIPT,
    are_below_name,
    before_postscript,
    contact_block,
    has_contact,
    is_card,
    is_own_sentence,
    leads_on,
    name_above,
    name_in,
)
from emailq.parse.closings import AMBIGUOUS, YOURS, closing_of, is_closing_and_name, is_thanks_and_name, without_closing
from emailq.parse.lines import (
    DELIMITERS,
    QUOTATION_MARKS,
    QUOTED,
    SIGNATURE,
    Page,
    Run,
    are_names,
    bare,
    fold,
    is_contact,
    is_rule,
    words_of,
)
from emailq.parse.names import is_author, is_name, is_nickname, is_short_name, names_of
from emailq.parse.small_print import around_small_print, is_afterthought, is_sent_from, without_banner

_SIGNATURE_LINES = 32  # with text, at most, from the end
_LINES_BELOW_RULE = 16
_FIRST_PERSON = frozenset(words_of(phrases.FIRST_PERSON))
_CLOSING_ENDS = (" 드림", " 올림", " 배상")  # behind a name
_SHORT_ANSWERS = frozenset(words_of(phrases.SHORT_ANSWERS))
_WORKING_HOURS = words_of(phrases.WORKING_HOURS)
_SIGNED = re.compile(r"(?:[-–—]{1,2}|/)\s?[A-ZÀ-ÞА-ЯЁІЇЄ][^\W\d_]+(?:\s[A-ZÀ-ÞА-ЯЁІЇЄ][^\W\d_]*\.?){0,2}$")


def mark_signatures(page: Page, names: list[str]) -> None:
    """Signatures, small print and footers at the end of each run of new lines; a gateway's banner at its begin.

    `names`: the words of the sender's name, where it is known.
    """
    for number, run in enumerate(page.runs()):
        is_first = number == 0
        _mark_signature(without_banner(run) if is_first else run, names, is_first=is_first)


def _mark_signature(run: Run, names: list[str], *, is_first: bool) -> None:
    """From the end: small print, then what a program sets there, then the signature of a person.

    That begins with a mark or words that close a letter, or with the author's name, or is a name and how to reach it.
    """
    above, added = around_small_print(run, is_first=is_first)
    has_small_print = len(above) < len(run)
    if added.numbers:
        _mark_signature(added, names, is_first=False)
    run = _without_sent_from(above)
    if not run.numbers:
        return
    if len(run) == 1 and bare(fold(run.texts[0])) in AMBIGUOUS:
        return  # "Yours." answers a quoted question
    is_on_top = not is_first and is_author(run.texts[0], names) and is_card("", run.texts[1:])
    if is_on_top and not run.just_above().endswith(("?", ":")):
        run.give(SIGNATURE)
        return
    run, is_first = _end_of(run, is_first=is_first)
    begin, end = _signature_in(run, names, is_first=is_first)
    if end:
        run.give(SIGNATURE, begin, end)
        if is_rule(run.texts[begin]):
            run.give(SIGNATURE, name_above(run.part(0, begin), names), begin)
        if end < len(run):
            _mark_signature(run.part(end), names, is_first=False)  # below a postscript
    elif len(run) > 1 and _SIGNED.match(run.texts[-1]) and not _is_item(run, len(run) - 1):
        run.give(SIGNATURE, len(run) - 1)
    else:
        end = before_postscript(run.texts)
        above = run.part(0, end)
        above.give(SIGNATURE, name_above(above, names) if has_small_print else contact_block(above, names))
        if end < len(run):
            _mark_signature(run.part(end), names, is_first=False)


def _end_of(run: Run, *, is_first: bool) -> tuple[Run, bool]:
    """As many lines as a signature may have, and whether the mail's first is one of them."""
    return (run, is_first) if len(run) <= _SIGNATURE_LINES else (run.part(len(run) - _SIGNATURE_LINES), False)


def _without_sent_from(run: Run) -> Run:
    """A run up to "Sent from my phone"; some clients set no mark between this and the history."""
    for index, text in enumerate(run.texts):
        if not is_sent_from(text):
            continue
        run.give(SIGNATURE, index, index + 1)
        if not index:
            continue
        end = index + before_postscript(run.texts[index:])
        rest = run.texts[index + 1 : end]
        is_short = all(len(line) <= 60 for line in rest)
        run.give(SIGNATURE if is_short else QUOTED, index + 1, end)
        if run.texts[index - 1] in DELIMITERS:
            index -= 1
            run.give(SIGNATURE, index, index + 1)
        return run.part(0, index)
    return run


def _signature_in(run: Run, names: list[str], *, is_first: bool) -> tuple[int, int]:
    """Where the first signature begins and ends, both 0 without one. `is_first`: the run has the mail's first line."""
    texts = run.texts
    marks = [] if DELIMITERS.isdisjoint(texts) else [n for n, text in enumerate(texts) if text in DELIMITERS]
    delimiters = [n for n in marks if not _parts_texts(run, n, names)]
    stop = next((n for n in delimiters if n and _begins_signature(texts[n], texts[n + 1 :])), len(texts))
    stop = min(stop, before_postscript(texts))
    signed = _signed_at(run if stop == len(run) else run.part(0, stop), names)
    for index, text in enumerate(texts):
        if index != signed and not _begins_at(run, index, is_top=is_first and index == 0):
            continue
        if text in DELIMITERS and (len(marks) > 2 or index not in delimiters):
            continue  # between the parts of a list
        if index + 1 != signed and _is_answer_below_thanks(texts[index:]):
            continue
        end = index + _length_of_signature(run.part(index))
        if _is_cited(run, index, end, signed, names):
            continue
        if index > is_first and is_rule(texts[index - 1]) and not run.begins_paragraph(index):
            return index - 1, end
        if index == signed > is_first and _is_own_name(texts[index - 1], names):
            return index - 1, end
        return index, end
    return 0, 0


def _is_answer_below_thanks(texts: list[str]) -> bool:
    """ "danke" – "passt so": words without a capital, which end the mail or stand above a name."""
    if not 1 < len(texts) <= 3 or closing_of(fold(texts[0])) != 1:
        return False
    return " " in texts[1] and texts[1].lower() == texts[1] != texts[1].upper() and not is_contact(texts[1])


def _parts_texts(run: Run, index: int, names: list[str]) -> bool:
    """Whether sentences stand below "--", and what closes the mail below them: words, or the author's name alone."""
    below = run.texts[index + 1 :]
    if not (below and _has_small_words(below[0].split())):
        return False
    end = next((n for n, text in enumerate(below) if closing_of(fold(text)) == 2), 0)
    if not end and run.begins_paragraph(index + 1) and _is_own_name(below[-1], names):
        end = len(below) - 1
    return end > 0 and is_own_sentence(below[end - 1]) and not has_contact(below[:end])


def _is_cited(run: Run, begin: int, end: int, signed: int, names: list[str]) -> bool:
    """Whether a signature is somebody else's or a proposal, in the middle of a text that the author signs below.

    `signed`: where the author's name stands, -1 if nowhere.
    """
    texts = run.texts
    is_led_to = begin > 0 and texts[begin - 1][-1] == ":"
    if is_led_to and any(run.begins_paragraph(n) for n in range(begin + 2, signed + 1)):
        return True  # "Please end it like this:"
    paragraphs = [n for n in range(begin + 1, min(end + 1, signed)) if run.begins_paragraph(n)]
    if any(texts[n][0].islower() and _has_small_words(texts[n].split()) for n in paragraphs):
        return True  # a sentence goes on
    if _is_in_box(texts, begin, names):
        return True
    if end == len(run):
        return False
    if texts[end - 1][-1] in QUOTATION_MARKS and QUOTATION_MARKS.isdisjoint(texts[end - 1][:-1]):
        return True
    below = texts[end]
    if below[0].islower() and len(below.split()) > 3:
        return not (is_afterthought(run, end) or POSTSCRIPT.match(below))
    said = texts[begin + 1 : end] or [*filter(None, [texts[begin].partition(", ")[2]])]
    is_anybodys = bool(said) and not any(_is_signed(text, names) or is_contact(text) for text in said)
    return is_anybodys and (signed >= end or any(_is_own_name(text, names) for text in texts[end:]))


def _is_in_box(texts: list[str], begin: int, names: list[str]) -> bool:
    """Whether it stands between two rules that a sentence leads to, with text below: "Is this yours?" "---" … "---"."""
    top = next((n for n in range(begin - 1, 0, -1) if is_rule(texts[n])), 0)
    if not top or texts[top - 1][-1] not in "?:":
        return False
    bottom = next((n for n in range(begin + 1, len(texts) - 1) if texts[n] == texts[top]), 0)
    return bottom > 0 and not any(_is_own_name(text, names) for text in texts[begin:bottom])


def _is_own_name(text: str, names: list[str]) -> bool:
    return is_author(text, names) or is_nickname(text, names)


def _begins_at(run: Run, index: int, *, is_top: bool) -> bool:
    """`is_top`: nothing stands above it."""
    text, below = run.texts[index], run.texts[index + 1 :]
    if is_top and not (text in DELIMITERS or is_rule(text)):
        return False
    if index and run.texts[index - 1][-1] == ":" and (text in DELIMITERS or _goes_on(below)):
        return False  # "He signed like this:"
    if text[-1] == "." and below and run.begins_paragraph(index + 1) and closing_of(fold(below[0])) == 2:
        return False  # "Have a nice day." is the mail's last sentence, as a paragraph above "Best regards"
    return _begins_signature(text, below)


def _signed_at(run: Run, names: list[str]) -> int:
    """Where the first signature begins that is known by a name in a line of its own; else -1."""
    for number in range(1, len(run)):
        if len(run.texts[number]) <= 60 and (begin := _begin_above_name(run, number, names)):
            return begin
    return -1


def _begin_above_name(run: Run, index: int, names: list[str]) -> int:
    """Where a signature begins whose name stands at `index`: there, or with the words that lead to it; 0 if it's none.

    The author's name stands last or above what says who that is, but not in a list.
    """
    text, above = run.texts[index], run.texts[index - 1]
    if _is_item(run, index):
        return 0
    is_own = _is_signed(text.partition(",")[0] if is_rule(above) else text, names)
    if is_own and leads_on(above) and above[-1] != ":" and run.begins_paragraph(index):
        return 0  # "The address is"
    if not (is_own or (index == len(run) - 1 and run.begins_paragraph(index) and is_nickname(text, names))):
        return index - 1 if above[-1] == "," and _leads_to_anybody(run, index) else 0
    is_near, below = not run.begins_paragraph(index), run.texts[index + 1 : _before_afterthought(run, index + 1)]
    if index > 1 and (bare(fold(above)) in YOURS or (_leads_to_name(above) and (not below or is_card(".", below)))):
        return index - 1
    if is_near and is_name(above) and _is_in_list(run, index - 1):
        return 0
    if not (is_near or below) and is_name(text) and above[-1] == "," and len(above.split()) > 6:
        return index - 1 if run.begins_paragraph(index - 1) and index > 1 else index
    is_apart = not is_near and is_name(text) and above[-1] not in ":,;"
    return index if is_card("" if is_apart else above, below) else 0


def _is_item(run: Run, index: int) -> bool:
    """ "- Ann" below "- Bob"."""
    text, above = run.texts[index], run.texts[index - 1]
    return text[0] == above[0] and text[0] in "-–—•" and not is_rule(above)


def _is_in_list(run: Run, index: int) -> bool:
    """Whether something stands right above a name, or a text with ":" above its paragraph."""
    return index > 0 and (not run.begins_paragraph(index) or run.texts[index - 1][-1] == ":")


def _before_afterthought(run: Run, begin: int) -> int:
    return next((n for n in range(begin, len(run)) if is_afterthought(run, n)), len(run))


def _leads_to_anybody(run: Run, index: int) -> bool:
    """Whether any name is the author's: it ends the mail below few words with a comma, in a paragraph of their own."""
    if index < 2 or not _leads_to_name(run.texts[index - 1]) or not run.begins_paragraph(index - 1):
        return False
    below = run.texts[index + 1 :]
    return is_short_name(run.texts[index]) and (not below or (has_contact(below) and is_card(".", below)))


def _is_signed(text: str, names: list[str]) -> bool:
    """ "Ann", "thanks again, Ann", "With a smile, Ann", "Ann Hill | Buyer"."""
    if is_author(without_closing(text), names):
        return True
    if not BAR.search(text):
        return False
    first, _, firm = text.partition(", ")
    if len(names) > 1 and is_short_name(first) and set(names) == set(names_of(firm)):
        return True  # "Ann, the shop “Hill”" of The Shop Hill
    words, _, name = text.rpartition(", ")
    is_wish = bool(words) and len(words.split()) <= 3 and _leads_to_name(f"{words},") and not are_names(words)
    name = name if is_wish else name_in(text)
    return name != text and is_author(name, names)


def _leads_to_name(text: str) -> bool:
    """Few words with a comma behind them, whatever they say ("Stay safe,"), but no greeting."""
    return (
        text[-1] == ","
        and text.count(",") == 1
        and len(text.split()) <= 6
        and text[0].isupper()
        and not GREETING.match(text)
        and fold(text[:-1]) not in _SHORT_ANSWERS
    )


def _length_of_signature(run: Run) -> int:
    """How many of these lines belong to it: up to "PS: …", or to a paragraph in which the author speaks on."""
    texts = run.texts
    end = before_postscript(texts)
    if texts[0] in DELIMITERS:
        return end
    if end > 1 and _is_sentence(texts[1]) and not is_rule(texts[0]):
        return 1  # "Regards to Mr Hill!"
    for number in range(1, end):
        if is_afterthought(run, number) or _speaks_on(texts[number], is_paragraph=run.begins_paragraph(number)):
            return number
    return end


def _speaks_on(text: str, *, is_paragraph: bool) -> bool:
    said = fold(text)
    words = said.split()
    if is_paragraph and text[-1] == "." and any(map(said.__contains__, _WORKING_HOURS)):
        return False
    is_own = is_paragraph and (text[-1] in ".!" or len(text) > 60) and not _FIRST_PERSON.isdisjoint(words)
    return len(words) > 4 and (text[-1] == "?" or is_own)


def _begins_signature(text: str, below: list[str]) -> bool:
    """Whether a signature begins at a line with these lines below it."""
    if text in DELIMITERS:
        is_text = len(below) > 1 or (below and (below[0][-1] == "?" or _speaks_on(below[0], is_paragraph=True)))
        if is_text and all(map(is_own_sentence, below[: max(2, len(below) - 1)])) and not has_contact(below):
            return False
        return not _continues(below)
    if is_rule(text):
        facts = sum(":" in line and not has_contact([line]) for line in below)  # "Item: pump", so a form or a table
        near = list(takewhile(lambda line: not is_rule(line), below))
        is_short = 0 < len(below) <= _LINES_BELOW_RULE and any(map(str.isalpha, below[0]))
        is_card_like = is_short and facts < 2 and are_below_name(below)
        return is_card_like and has_contact(near) and sum(map(_is_sentence, near)) < 2
    if len(text) > 120:
        return False
    if text[0].islower() and text[-1] == "." and " " in text:
        return False  # the end of a sentence that was broken
    if text[-1] == "," and below and (below[0] in DELIMITERS or is_rule(below[0])) and _leads_to_name(text):
        return are_below_name(below)
    words = fold(text)
    closing = closing_of(words)
    if not closing and (words.endswith(_CLOSING_ENDS) or is_closing_and_name(text, words)):
        closing = 2
    if not closing and not below and is_thanks_and_name(text):
        closing = 2
    if closing == 1:
        name = name_in(next((line for line in below if not is_rule(line)), ""))
        if name[-1:] in ".!?" and (len(name.split()) > 2 or not are_names(name)):
            return False  # "Thanks!" – "Order attached."
        return 0 < len(name) <= 40 and len(name.split()) <= 4 and not closing_of(fold(name)) and are_below_name(below)
    return closing == 2 and are_below_name(below) and not _continues(below)


def _goes_on(below: list[str]) -> bool:
    """Whether a sentence goes on below what looks like a signature."""
    return any(line[0].islower() and _has_small_words(line.split()) and not is_contact(line) for line in below)


def _has_small_words(words: list[str]) -> bool:
    return len(words) > 3 and sum(word[0].islower() for word in words) > 1


def _continues(below: list[str]) -> bool:
    """Whether the next line goes on with a sentence: "Cheers" – "for the call yesterday."."""
    return _goes_on(below[:1]) and below[0][-1] in ".,"


def _is_sentence(text: str) -> bool:
    return text[-1] in ".!?" and len(text.split()) > 4 and not are_names(text) and not is_contact(text)
