"""Lines that say who wrote what follows, and when: "On Monday, 9 November 2026, Ann <a@b.example> wrote:"."""

import re

from emailq.parse import phrases
from emailq.parse.lines import any_of, are_names, fold, words_of
from emailq.parse.patterns import in_lower_case, lower

ADDRESS = re.compile(r"[\w.+%'&=-]@[\w-]{1,63}\.\w")
_CLOCK = in_lower_case(r"\d{1,2}\s?[:.hч]\s?\d{2}|\d\s?(?:am|pm)\b")
_MONTH = any_of(phrases.MONTHS)
DATE = in_lower_case(
    rf"(?<!\d)(?:(?:19|20)\d\d(?!\d)|\d{{1,2}}[./-]\d{{1,2}}[./-]\d{{2,4}}|\d{{1,2}}(?:st|nd|rd|th|\.|,)?\s(?:de\s)?{_MONTH})"
    rf"|(?<![^\W\d_]){_MONTH}[^\W\d_]{{0,12}}\.?\s\d"
)
_IS_MONTH = in_lower_case(_MONTH)
_SENTENCE_END = in_lower_case(r"(?<![^\W\d_])[^\W\d_]{3,}[.!] +[^\W\d_]")
_ADDRESS_LAST = re.compile(r"[>)\]]$|@[\w.-]+$")
_ADDRESS_WORD = re.compile(r"[^\s@]*@")
_NUMBERS = re.compile(r"\d+")
_DIGIT, _ASCII_DIGIT = re.compile(r"\d"), re.compile("[0-9]")
_DATE_FIRST = re.compile(rf"(?:[^\W\d_]{{1,14}}\.?,?\s+)?(?:{_MONTH}[^\W\d_]{{0,12}}\.?\s+)?\d(?!\d?\))", re.IGNORECASE)
_SECONDS = re.compile(r"\d[:.]\d\d[:.]\d\d(?!\d)")  # which only programs write
_NAME_FIRST = re.compile(
    r"\[?(?P<name>[^\W\d_][^<>@\d,:\[\]]{0,60})(?P<address><[^<>@\s]{1,80}@[^<>\s]{3,80}>)?\]?(?:, ?| \()(?=\d)"
)
_NO_NAMES = frozenset(words_of(phrases.NO_NAMES))
_SAID_WHAT = frozenset(
    ["the following", "following", "folgendes", "følgende", "följande", "ce qui suit", "lo siguiente"]
)
_WROTE = in_lower_case(rf"(?<!\w){any_of(phrases.WROTE)}(?!\w)|写道|寫道|のメール|書きました|님이 (?:작성|씀)")
_INTRODUCTION = in_lower_case(rf"{any_of(phrases.DATE_INTRODUCTIONS)}(?![\w'])|[在于於]")
_QUOTING = in_lower_case(rf"{any_of(phrases.QUOTING)}(?!\w)")


def attribution(text: str) -> int:
    """2 if a line says who wrote when or from which address, 1 if it may say so and needs a quote below, else 0."""
    if not 8 <= len(text) <= 400:
        return 0
    body = text.strip(" -*:")
    words = lower(body)
    has_address = bool(ADDRESS.search(body))
    has_clock = tells_time(body)
    has_date = has_clock or tells_date(body)
    is_introduced = bool(_INTRODUCTION.match(words) or _DATE_FIRST.match(body))
    if quoting := _QUOTING.match(words):
        is_sure = has_address and are_names(_ADDRESS_WORD.split(body[quoting.end() :], maxsplit=1)[0])
        return 2 if is_sure or _SECONDS.search(body) else 1
    for wrote in [*_WROTE.finditer(words)][-3:]:
        rest = body[wrote.end() :].strip(" ,")
        if not rest or _is_who_or_when(rest):
            is_sure = (is_introduced and not _is_prose(body[: wrote.start()])) or (
                tells_time(rest) and tells_date(rest)
            )
            is_sure = is_sure and (not text[0].islower() or bool(_SECONDS.search(body)))
            return 2 if has_address or (has_date and is_sure) else 1
        if len(rest) <= 45 and not _is_talk(rest) and tells_date(rest):
            return 1
    if has_date and text.endswith(":") and (named := _named_when(body)):
        return named if has_clock else 1
    if not (has_date and is_introduced and text.endswith(":") and has_clock):
        is_known = is_introduced or has_clock or text[-2:-1] in ")]" or text[-2:-1].isdigit()
        return int(has_address and has_date and is_known and text.endswith(":"))
    if has_address and _ADDRESS_LAST.search(body) and tells_date(body):
        return 2
    return int(has_address or not _are_sentences(words))


def _named_when(text: str) -> int:
    """2 for "Ann <a@b.example>, 2 May 2026 9:15", 1 for the same without the address ("Ann (2 May 2026)"), else 0."""
    name = _NAME_FIRST.match(text)
    when = text[name.end() :] if name else ""
    if not name or len(when) > 30 or not are_names(name["name"]) or _is_talk(f"1{when}") or not tells_date(text):
        return 0
    return 2 if name["address"] else 1


def goes_on(text: str) -> bool:
    """Whether a line may be the first of several that say who wrote."""
    return (
        10 < len(text) < 200
        and text[0] != "<"
        and not text.endswith((".", "!", "?", ";"))
        and bool(
            _DATE_FIRST.match(text)
            or _INTRODUCTION.match(lower(text[:40]))
            or ("<" in text and ADDRESS.search(text))
            or _WROTE.search(lower(text))
            or _QUOTING.match(lower(text))
        )
        and (tells_time(text) or tells_date(text))
    )


def has_digit(text: str) -> bool:
    """In half the time that a pattern with a digit inside takes to find none; less in ASCII."""
    return bool((_ASCII_DIGIT if text.isascii() else _DIGIT).search(text))


def tells_date(text: str) -> bool:
    return has_digit(text) and bool(DATE.search(lower(text)))


def tells_time(text: str) -> bool:
    return has_digit(text) and bool(_CLOCK.search(lower(text)))


def _are_sentences(text: str) -> bool:
    """Whether one sentence ends and another begins: "It stood still at 4:12. What the log says:"."""
    return any(not _IS_MONTH.match(found[0]) for found in _SENTENCE_END.finditer(text))


def _is_prose(text: str) -> bool:
    """Whether common words stand between the date and "wrote": "On Friday, 6 May 2026, our driver came and said:"."""
    who = _NUMBERS.split(text)[-1].strip(" ,:;.)").split()
    if who and (who[0] in _NO_NAMES or text[-1:] in "'’"):
        return True
    return bool(sum(len(word) > 3 and word[0].islower() for word in who) > 1)


def _is_who_or_when(text: str) -> bool:
    if len(text) > 120:
        return False
    first, _, others = text.partition(" ")
    if first in _NO_NAMES and not _DATE_FIRST.match(others):  # but "le 2 mai à 9:15"
        return False
    is_time = len(text) <= 45 and tells_time(text) and not _is_talk(text)
    return is_time or bool(ADDRESS.search(text)) or are_names(text) or fold(text) in _SAID_WHAT


def _is_talk(text: str) -> bool:
    """Whether many words stand before the date: "on the phone on 2 May at 9:15"."""
    return bool(sum(word[0].islower() for word in _NUMBERS.split(text)[0].split()) > 3)
