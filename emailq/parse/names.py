"""Whether a line is a name, and whether it is the author's."""

import re
import unicodedata

from emailq.parse import phrases
from emailq.parse.addresses import Address
from emailq.parse.closings import closing_of
from emailq.parse.lines import are_names, bare, fold, words_of

_WORDS = re.compile(r"[^\W\d_]+")
_IN_NAMES = str.maketrans("", "", " .-–—~/")
_TITLES = frozenset(["mr", "mrs", "ms", "miss", "dr", "prof", "herr", "frau", "mme", "mlle", "sr", "sra", "sig", "ing"])
DEPARTMENTS = frozenset(words_of(phrases.DEPARTMENTS))
_FAMILY = frozenset(words_of(phrases.FAMILY))
_FOR_OTHERS = re.compile(r"(?:i\. ?[AV]\.|ppa?\.|p\. ?p\.|gez\.|sgd\.|/s/) ?[^\W\d_]")
_KISSES = re.compile(r"(?<=\w) (?:[xX]{1,3}[oO]?[xX]?|[^\w\s]{1,4}|[:;]-?D)$")
_SOUNDS = [
    *(("shch", "sch"), ("kh", "h"), ("ts", "c"), ("yu", "iu"), ("ju", "iu"), ("ya", "ia"), ("ja", "ia"), ("ye", "e")),
    *(("je", "e"), ("yo", "e"), ("x", "ks")),
]
_LETTERS = str.maketrans(
    {
        **dict(zip("абвгдезийклмнопрстуфхцыэіїєґyjw", "abvgdeziiklmnoprstufhcieiiegiiv", strict=True)),
        "ж": "zh",
        "ч": "ch",
        "ш": "sh",
        "щ": "sch",
        "ю": "iu",
        "я": "ia",
        "ь": "",
        "ъ": "",
    }
)
_LETTERS_OF_KISSES = frozenset("xXoOD")


def names_of(author: str) -> list[str]:
    """The words of a sender's name, as `is_author` compares them; of an address, those before its "@"."""
    return _WORDS.findall(_spelt(author[:200].partition("@")[0]))


def is_in_address(sender: Address) -> bool:
    """Whether the address has the first or last word of the sender's name of several."""
    words = [word for word in _WORDS.findall(sender.name or "") if len(word) > 2]
    if len(words) < 2 or (words[0][0].isupper() and words[-1].islower()):  # "Customer care"
        return False
    local = sender.email.partition("@")[0].lower()
    first, last = _spelt(words[0]), _spelt(words[-1])
    if first in local or last in local:
        return True
    local = _latin(local)
    return not (first.isascii() and last.isascii()) and (_latin(first) in local or _latin(last) in local)


def _spelt(text: str) -> str:
    """Folded and without accents: "Seb" is Sébastien."""
    if text.isascii():
        return text.lower()
    letters = unicodedata.normalize("NFKD", fold(text))
    return unicodedata.normalize("NFC", "".join(c for c in letters if not unicodedata.combining(c)))


_NICKNAMES = frozenset(_spelt(pair) for pair in words_of(phrases.NICKNAMES))


def _latin(name: str) -> str:
    """A name in one of the ways that it may be written in Latin letters: "aleksei" of Алексей, Alexey and Aleksej."""
    for written, sound in _SOUNDS:
        name = name.replace(written, sound)
    return name.translate(_LETTERS).replace("ii", "i")


def is_name(text: str) -> bool:
    """Two to four words of somebody's name."""
    return 2 <= len(text.split()) <= 4 and are_names(text) and text[0].isupper() and not any(map(str.isdigit, text))


def is_short_name(text: str) -> bool:
    return len(text.split()) <= 2 and are_names(text) and text[:1].isupper() and text.translate(_IN_NAMES).isalpha()


def is_author(text: str, names: list[str]) -> bool:
    """ "Ann", "A. Hill", "Mrs Hill", "A", "AH" of Ann Hill, "Tim", "Tim Hill" of Timothy; "i.A. Bob Stone" of all.

    In Cyrillic or in Latin letters.
    """
    if _FOR_OTHERS.match(text):
        return are_names(text)
    if not names:
        return False
    if len(text) <= 10 and fold(text) in _FAMILY:
        return True
    text = text.partition(" (")[0].rstrip(",")
    if " " in text[-6:] and (text[-1:] in _LETTERS_OF_KISSES or not text[-1:].isalnum()):
        text = _KISSES.sub("", text)
    if ", " in text:
        name, _, firm = text.partition(", ")
        text = name if are_names(firm) and not any(map(str.isdigit, firm)) else text
    if text.count(" ") > len(names) + 4 or not text.translate(_IN_NAMES).isalpha():
        return False
    words = [word for word in _WORDS.findall(_spelt(text)) if word not in _TITLES]
    if len(words) <= 4 and text.isascii() != names[0].isascii():
        words, names = [*map(_latin, words)], [*map(_latin, names)]
        if not all(words + names):
            return False
    initials = [name[0] for name in names]
    if "".join(words) == "".join(names):
        return True  # "山田太郎"
    if len(words) == 1 and (
        words[0] == "".join(initials) or (len(words[0]) > 2 and any(name.startswith(words[0]) for name in names))
    ):
        return True
    if len(words) == 2 and words[1] == names[-1] and is_nickname(words[0].title(), names):
        return True
    is_whole = len(names) > 1 or not names[0].islower()  # no script without capitals divides names
    if is_whole and len(names) < len(words) <= len(names) + 3 and set(names) <= set(words):
        return are_names(text)  # "Ann Hill MBA"
    is_known = words[:1] == initials[:1] or any(word in names for word in words)
    return is_known and len(words) <= 4 and all(word in names or len(word) == 1 for word in words)


def is_nickname(text: str, names: list[str]) -> bool:
    """A short word with two letters of the first name, one of them the word's first or second: "Bex" of Rebecca.

    Or one of those that have none.
    """
    word = bare(text)
    if not (names and 3 <= len(word) <= 6 and word.isalpha() and word.istitle()) or closing_of(fold(word)):
        return False
    word = _spelt(word)
    return word[:2] in names[0] or word[1:3] in names[0] or f"{word} {names[0]}" in _NICKNAMES


def is_of_another(block: list[str], names: list[str], *, is_end: bool) -> bool:
    """Whether neither name nor firm is the author's; where a sentence ends above it, only if the author is a person."""
    if not is_end:
        text = _spelt(" ".join(block))
        return bool(names) and not any(name in text for name in names)
    is_person = len(names) in (2, 3) and DEPARTMENTS.isdisjoint(names)
    text = _spelt(block[0])
    return is_person and text.isascii() == names[0].isascii() and not any(name in text for name in names)
