"""Notes that say nothing but that somebody is away, or that a message came in: known by every one of their sentences.

People write such sentences too, but with one that asks, answers or tells something else.
"""

import re

from emailq.parse import notices
from emailq.parse.patterns import has_any, in_lower_case, one_of, words_of

_HEAD = 300  # characters in which a note says what it is
_LONGEST = 1200  # characters of a note
_SENTENCES = 16
_SHORT = 4  # words of a greeting, a name or a heading
_END = re.compile(r"(?:(?<=[^\d\s][.!。！])|(?<=\d\d\d[.!]))\s+(?=\D)|(?<=[。！])|\n+")
_WRAPPED = re.compile(r"(?<=[^\n.!:。]{40})\n(?=[^\n])|(?<=[,;])\n(?=[^\n])|\n(?=[a-zа-яß-ÿ])")
_ENOUGH = 3  # known sentences, beside which another one may stand
_WORD = re.compile(r"[^\W\d_]+")
_LINK = re.compile(r"<?\bhttps?://[^\s>]{1,500}>?")
_ASIDE = re.compile(
    r"[\"“„«][^\"“”„«»\n]{0,200}[\"”“»]|"
    r"\b(?:thank(?:s| you) for|спасибо за|danke für|merci pour|gracias por|got|received|your|ваш\w{0,3}) "
    r"(?:\w{1,6} ){0,2}(?:auto|автомат)[\w-]{0,12} \w+|"
    r"\b(?:(?:have |any |more )?questions|need (?:more )?help|вопросы|fragen|des questions|dudas|domande|dúvidas)\?"
)
_CONTACT = re.compile(r"\S@\S|(?:\d[\s()./-]{0,2}){6}|https?://|\bwww\.")

_ABSENT = one_of(notices.ABSENT_SENTENCES)
_MEANWHILE = one_of(notices.MEANWHILE_SENTENCES)
_RECEIVED = one_of(notices.RECEIVED_SENTENCES)
_PROMISE = one_of(notices.PROMISE_SENTENCES)
_RECEIPT_SUBJECT = one_of(notices.RECEIPT_SUBJECTS)
_FIRST_PERSON = one_of(notices.FIRST_PERSON)
_HELD = one_of(notices.HELD_TEXTS)
_CONFIRM = one_of(notices.CONFIRM_TEXTS)
_ABSENT_WORDS = words_of(notices.ABSENT_WORDS)
_RECEIVED_WORDS = words_of(notices.RECEIVED_WORDS)
_CHALLENGE_WORDS = words_of(notices.CHALLENGE_WORDS)
_WORDS = (*_ABSENT_WORDS, *_RECEIVED_WORDS, *_CHALLENGE_WORDS)
_POLITE = in_lower_case(f"^(?:[^,!]{{1,40}}[,!] )?(?:{one_of(notices.POLITE_SENTENCES).pattern})")
_ASKS = in_lower_case(rf"\bplease (?!(?:{one_of(notices.PLEASE).pattern}))|{one_of(notices.ASKING_WORDS).pattern}")


def may_be_note(subject: str, text: str) -> bool:
    """Whether a look is worth while: most mail has none of these words in its first lines. Both in lower case."""
    if "?" in text and "://" not in text and not _ASIDE.search(text):
        return False  # somebody asks
    return has_any(_WORDS, f"{subject}\n{text[:_HEAD]}")


def bare(text: str) -> str:
    """Without addresses of pages, what is cited or thanked for, and what programs ask ("Questions?")."""
    return _LINK.sub(" www. ", _ASIDE.sub("", text))


def is_absence_note(text: str) -> bool:
    """Of new text in lower case."""
    return _says_only(text, _ABSENT_WORDS, _ABSENT, _MEANWHILE)


def is_receipt_note(text: str, *, names_itself: bool) -> bool:
    """Of new text in lower case, `names_itself`: by its subject."""
    return _says_only(text, _RECEIVED_WORDS, _RECEIVED, _PROMISE, names_itself=names_itself)


def names_receipt(subject: str) -> bool:
    """Of a subject in lower case."""
    return bool(_RECEIPT_SUBJECT.match(subject))


def is_impersonal(text: str) -> bool:
    """Of new text in lower case: whether nobody says "I"."""
    return not _FIRST_PERSON.search(text)


def is_challenge(text: str) -> bool:
    """Of new text in lower case: whether mail waits until its sender confirms that it is by a person."""
    if len(text) > _LONGEST or "?" in text or not has_any(_CHALLENGE_WORDS, text):
        return False
    return bool(_HELD.search(text) and _CONFIRM.search(text))


def _says_only(
    text: str, words: tuple[str, ...], wanted: re.Pattern[str], more: re.Pattern[str], *, names_itself: bool = False
) -> bool:
    """Whether a sentence says what is `wanted`, some say `more`, and none, or one of many, anything else.

    `words`: one of them is in each `wanted` sentence, which is found sooner than the pattern.
    """
    if len(text) > _LONGEST or "?" in text or "？" in text or not (names_itself or has_any(words, text)):
        return False
    sentences = [said for piece in _END.split(_WRAPPED.sub(" ", text)) if (said := piece.strip(" \t*_-–—•|"))]
    are_wanted = [has_any(words, said) and bool(wanted.search(said)) for said in sentences[:_SENTENCES]]
    if len(sentences) > _SENTENCES or not (names_itself or any(are_wanted)):
        return False
    n_more = n_other = 0
    for said, is_wanted in zip(sentences, are_wanted, strict=True):
        if more.search(said) or _CONTACT.search(said):
            n_more += 1
        elif not is_wanted and len(_WORD.findall(said)) > _SHORT and not _POLITE.search(said):
            n_other += 1
            if n_other > 1:
                return False
    is_enough = n_other == 0 or names_itself or sum(are_wanted) + n_more >= _ENOUGH
    return n_more > 0 and is_enough and not _ASKS.search(text)
