"""Words that end a mail: "Best regards", "Thanks", "Stay well", in many languages, with or without a name behind."""

import re

from emailq.parse import phrases
from emailq.parse.lines import QUOTATION_MARKS, any_of, bare, fold, is_contact, words_of

_CLOSINGS = frozenset(words_of(phrases.CLOSINGS))
_CLOSING_STARTS = tuple(words_of(phrases.CLOSING_STARTS))
_CLOSING_WITHIN = re.compile(f", {any_of(phrases.CLOSING_STARTS)}")  # "Dans l'attente …, veuillez agréer …"
_GREETING_BEGINS = frozenset(stem[:3] for stem in words_of(phrases.GREETING_STEMS))
_GREETS = re.compile(rf"(?<!\w){any_of(phrases.GREETING_STEMS)}")
_NOT_IN_CLOSINGS = re.compile(r"[.!?;:@\d(\"„“”«»]")
_SHORT = 70
_AND = re.compile(r"\s(&|\+|and|und|et|y|e|en|и|i|та|a|ve|és|și|ja|och|og)\s")
AMBIGUOUS = frozenset(["best", "yours", "ваш", "ваша", "att"])  # that begin sentences too
_WEAK_CLOSINGS = frozenset(words_of(phrases.WEAK_CLOSINGS))
YOURS = frozenset(words_of(phrases.YOURS))
_ALL_CLOSINGS = _CLOSINGS | _WEAK_CLOSINGS | YOURS
_CLOSING_AND_NAME = re.compile(
    rf"(?i:{any_of('|'.join(sorted(_CLOSINGS - AMBIGUOUS)))})[,.!]?\s(?:[A-ZÀ-ÞА-ЯЁІЇЄ][^\W\d_]+[ -]?){{1,2}}$"
)
_JAPANESE = re.compile(
    r"(?:(?:以上|以上です|では|それでは|何卒|どうぞ|引き続き|今後とも|お手数ですが|お手数をおかけしますが"
    r"|お忙しいところ恐れ入りますが)[、,。]?\s?){0,3}(?:よろしく|宜しく)お願い(?:いたし|致し|申し上げ|し)ます"
)
_CHINESE_WISH = re.compile(r"(?:顺|順|敬|恭)?(?:祝|颂|頌)(?![贺賀]|.{0,2}生日)[^\W\d_]{1,8}")
_BEHIND_CLOSINGS = frozenset(words_of(phrases.BEHIND_CLOSINGS))
_FIRST_WORDS = frozenset(closing.partition(" ")[0] for closing in _CLOSINGS)
_FIRST_OF_ALL = frozenset(closing.partition(" ")[0] for closing in _ALL_CLOSINGS)


def without_closing(text: str) -> str:
    """ "Ann" of "thanks again, Ann"."""
    parts = text.split(" ", 4)
    if len(parts) < 2 or fold(parts[0]).strip(",!.") not in _FIRST_OF_ALL:
        return text
    for length in range(1, len(parts)):
        if bare(fold(" ".join(parts[:length]))) in _ALL_CLOSINGS:
            return " ".join(parts[length:])
    return text


def closing_of(line: str) -> int:
    """2 for "Best regards", with or without a name behind it, 1 for "Thanks", else 0."""
    if line[:1] in QUOTATION_MARKS:
        return 0
    words = bare(line)
    if words[-2:] == "ます" and _JAPANESE.fullmatch(words):
        return 2
    if words in _CLOSINGS or words.startswith(_CLOSING_STARTS) or ("," in words and _CLOSING_WITHIN.search(words)):
        return 2
    if words in _WEAK_CLOSINGS or (len(words) <= 10 and not words.isascii() and _CHINESE_WISH.fullmatch(words)):
        return 1
    if len(words) > _SHORT:
        return 0
    first, comma, name = words.partition(",")
    if (len(name) <= 40 and len(name.split()) <= 4) or is_contact(name):
        if comma and bare(first) in _WEAK_CLOSINGS:
            if bare(name) in _CLOSINGS:
                return 2  # "thanks, best wishes"
            first = name
        elif comma and bare(first) in _CLOSINGS:
            return 2
        is_cited = line[-1:] in QUOTATION_MARKS and QUOTATION_MARKS.isdisjoint(line[:-1])
        is_sentence = is_cited or line[-1:] == ":" or (line[-1:] in ".?" and len(first.split()) > 4)
        is_sentence = is_sentence or (line[-1:] == "." and len(name.split()) > 2)
        if not is_sentence and any(map(_greets, first.split("/"))):
            return 2
    both = _AND.split(words, maxsplit=1) if len(words) <= 50 and 1 < words.count(" ") < 8 else ()
    if len(both) == 3 and max(map(len, both)) <= 25 and (both[1] in "&+" or closing_of(both[0])):
        return closing_of(both[2])  # "Namasté & bis bald"
    if words.partition(" ")[0] not in _FIRST_WORDS:
        return 0
    parts = words.split()
    for length in range(min(5, len(parts) - 1), 1, -1):  # "have a nice day in Ulm"
        if " ".join(parts[:length]) in _CLOSINGS:
            return 2 if len(parts) - length <= 3 and parts[length] in _BEHIND_CLOSINGS else 0
    return 0


def _greets(words: str) -> bool:
    """Few words, one of which greets: "Gruß aus Kiel", "met hartelijke groet"."""
    parts = words.split()
    if len(parts) > 6 or _GREETING_BEGINS.isdisjoint([part[:3] for part in parts]):  # which the search takes longer for
        return False
    return bool(_GREETS.search(words)) and not _NOT_IN_CLOSINGS.search(words)


def is_closing_and_name(text: str, words: str) -> bool:
    """ "Hilsen Nora". `words`: the text folded."""
    return words.partition(" ")[0].rstrip(",.!") in _FIRST_WORDS and bool(
        _CLOSING_AND_NAME.match(text.replace("ß", "ss"))
    )


def is_thanks_and_name(text: str) -> bool:
    """ "Thanks, Nora" as the last line."""
    thanks, comma, name = text.rpartition(",")
    return bool(comma) and fold(thanks) in _WEAK_CLOSINGS and len(name.split()) <= 2 and name.strip()[:1].isupper()
