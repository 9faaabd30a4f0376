"""Notes that say nothing but that somebody is away, or that a message came in: known by all of their sentences.

People write such sentences too, but with one that asks, answers or tells something else. So each sentence counts: by
what it says, or against the note where it says nothing that is known of such notes.
"""

import re
from dataclasses import dataclass, replace

from emailq.parse import cues, notices
from emailq.parse.automatic import REPLY, TAGS
from emailq.parse.patterns import has_any, in_lower_case, lower, one_of, words_of

_HEAD = 300  # characters in which a note says what it is
_LONGEST = 1200  # characters of a note
_LONGEST_WITH_LINKS = 2500
_SENTENCES = 16
_SHORT = 4  # words of a greeting, a name or a heading
_SHORT_WITHOUT_BLANKS = 12  # characters
_OTHERS = 2  # sentences that say something else
_LONG_LINE = 60
_RECEIPT_SCORE = 6
_ABSENCE_SCORE = 6
_END = re.compile(r"(?:(?<=[^\d\s][.!;。！])|(?<=\d\d\d[.!]))\s+(?=\D)|(?<=[。！])|\n+")
_WRAPPED = re.compile(r"(?<=[^\n.!:。]{40})\n(?=[^\n])|(?<=[,;])\n(?=[^\n])|\n(?=[a-zа-яß-ÿ])")
_NUMBER = re.compile(r"[#№(\[][^\]\d)]{0,12}\d{3,}|(?:ticket|case|request|vorgang|обращени|заявк)\D{0,12}\d{3,}")
_LAST_NAME = re.compile(
    r"(?:^|[.!,] )((?!(?:[^\W\d_]+ )*(?:Regards|Grüßen?|Cheers|Thanks|Thank|Dear|Hello|Hallo)\b)"
    r"(?:[A-ZÀ-ÞА-ЯЁ][^\W\d_]{1,15}|[A-ZА-Я]\.)(?: (?:[A-ZÀ-ÞА-ЯЁ][^\W\d_]{1,19}|[A-ZА-Я]\.)){0,2})\.?$"
)
_ENOUGH = 3  # known sentences, beside which another one may stand
_WORD = re.compile(r"[^\W\d_]+")
_LINK = re.compile(r"<?\bhttps?://[^\s>]{1,500}>?")
_ASIDE = re.compile(
    r"[\"“„«][^\"“”„«»\n]{0,200}[\"”“»]|"
    r"\b(?:thank(?:s| you) for|спасибо за|danke für|merci pour|gracias por|got|received|your|ваш\w{0,3}) "
    r"(?:\w{1,6} ){0,2}(?:auto|автомат)[\w-]{0,12} \w+|"
    r"(?<![^\n.!] )[^\n.!?]{3,90}\?(?= (?:please )?(?:call|ring|phone|visit|see|check|read|have a look|click|try)\b)|"
    r"\b(?:(?:have |any |more )?questions|need (?:more )?help|вопросы|fragen|des questions|dudas|domande|dúvidas)\?"
)
_CITED = re.compile(r"[\"“„«]([^\"“”„«»]{40,600})[\"“”»]")
_ASIDE_SIGNS = ("?", '"', "“", "„", "«", "auto", "автомат")  # one of which is in each
_CONTACT = re.compile(r"\S@\S|(?:\d[\s()./-]{0,2}){6}|https?://|\bwww\.")

_ABSENT = one_of(notices.ABSENT_SENTENCES)
_MEANWHILE = one_of(notices.MEANWHILE_SENTENCES)
_SENT = one_of(cues.SENT)
_ARRIVED = one_of(cues.ARRIVED)
_THANKS_FOR_WRITING = one_of(cues.THANKS_FOR_WRITING)
_ANSWER = one_of(cues.ANSWER)
_SOON = one_of(cues.SOON)
_WE_WILL_ANSWER = one_of(cues.WE_WILL_ANSWER)
_DESK_TALK = one_of(cues.DESK_TALK)
_MACHINE_TALK = one_of(cues.MACHINE_TALK)
_ANYBODY = one_of(cues.ANYBODY)
_TEAM = one_of(cues.TEAM)
_AWAY = one_of(cues.AWAY)
_MAIL = one_of(cues.MAIL)
_SELDOM = one_of(cues.SELDOM)
_STAND_IN = one_of(cues.STAND_IN)
_UNTIL = one_of(cues.UNTIL)
_COMES_BACK = one_of(cues.COMES_BACK)
_TO_SOMEBODY = one_of(cues.HAIL, after=rf"\b[ ,]+(?!{one_of(cues.NO_NAME).pattern})[^\W\d_]{{2,}}")
_THANKS = one_of(notices.THANKS_TEXTS)
_RECEIPT_SUBJECT = one_of(notices.RECEIPT_SUBJECTS)
_FIRST_PERSON = one_of(notices.FIRST_PERSON)
_HELD = one_of(notices.HELD_TEXTS)
_CONFIRM = one_of(notices.CONFIRM_TEXTS)
_ABSENT_WORDS = words_of(notices.ABSENT_WORDS)
_RECEIVED_WORDS = words_of(notices.RECEIVED_WORDS)
_CHALLENGE_WORDS = words_of(notices.CHALLENGE_WORDS)
_WORDS = (*_ABSENT_WORDS, *_RECEIVED_WORDS, *_CHALLENGE_WORDS)
_STEMS = [word for word in dict.fromkeys(_WORDS) if not any(one in word and one != word for one in _WORDS)]
_ASCII_WORDS = tuple([word for word in _STEMS if word.isascii()])
_OTHER_WORDS = tuple([word for word in _STEMS if not word.isascii()])
_POLITE = in_lower_case(f"^(?:[^,!]{{1,40}}[,!] )?(?:{one_of(notices.POLITE_SENTENCES).pattern})")
_ASKS = in_lower_case(rf"\bplease (?!(?:{one_of(notices.PLEASE).pattern}))|{one_of(notices.ASKING_WORDS).pattern}")


@dataclass(frozen=True, slots=True)
class Note:
    """What may be a note, in lower case but for `signed_by`, the last lines.

    `names_itself`: the subject is one of receipts, `names_absence`: one of absent people. `is_loose`: by its subject an
    answer, but it names no message. `sender`: name and domain. `sentences`: see `read`.
    """

    text: str
    subject: str
    names_itself: bool
    names_absence: bool
    is_desk: bool
    is_loose: bool
    has_quote: bool
    signed_by: tuple[str, ...]
    sender: str
    sentences: tuple[str, ...] = ()


def may_be_note(note: Note) -> bool:
    """Whether it is worth while to read it: most mail has none of these words in its first lines."""
    text = note.text
    if len(text) > _LONGEST_WITH_LINKS:
        return False
    head = f"{note.subject}\n{text[:_HEAD]}"
    has_word = has_any(_ASCII_WORDS, head) or (not head.isascii() and has_any(_OTHER_WORDS, head))
    if not (has_word or note.is_desk or note.is_loose):
        return False
    return "?" not in text or "://" in text or bool(_ASIDE.search(text))  # else somebody asks


def read(note: Note) -> Note:
    """With its text bare, and the sentences of that; none where it is no note, since it is too long or asks."""
    text = _bare(note.text)
    if len(text) > _LONGEST or "?" in text or "？" in text:
        return replace(note, text=text)
    sentences = [said for piece in _END.split(_WRAPPED.sub(" ", text)) if (said := piece.strip(" \t*_-–—•|"))]
    is_note = len(sentences) <= _SENTENCES and not _ASKS.search(text)
    return replace(note, text=text, sentences=tuple(sentences) if is_note else ())


def _bare(text: str) -> str:
    """Without addresses of pages, what is cited or thanked for, and what programs ask ("Questions?")."""
    if has_any(_ASIDE_SIGNS, text):
        text = _ASIDE.sub("", text)
    return _LINK.sub(" www. ", text) if "://" in text else text


def cites_note(text: str) -> bool:
    """Whether somebody writes which note a program shall send, or has sent."""
    cited = [lower(said) for said in _CITED.findall(text[:_LONGEST])]
    return any(_AWAY.search(said) or _ABSENT.search(said) or _is_arrival(said) for said in cited)


def is_absence_note(note: Note) -> bool:
    if not note.sentences or not (note.is_loose or has_any(_ABSENT_WORDS, note.text)):
        return False
    return _says_only_who_is_away(note.sentences) or _is_absence(note)


def is_receipt_note(note: Note) -> bool:
    """Whether what a desk's program says outweighs what people add. Nobody says "I" or asks."""
    text, sentences = note.text, note.sentences
    may_be = note.names_itself or note.is_desk or note.is_loose or has_any(_RECEIVED_WORDS, text)
    if not sentences or not may_be or _FIRST_PERSON.search(text):
        return False
    subject = TAGS.sub("", note.subject)
    names_itself = note.names_itself or (not REPLY.match(subject) and _is_arrival(subject))
    arrived = answers = talk = other = 0
    is_machine = False
    for said in sentences:
        has_arrived = _is_arrival(said)
        will_answer = bool(_WE_WILL_ANSWER.search(said) or (_ANSWER.search(said) and _SOON.search(said)))
        by_machine = bool(_MACHINE_TALK.search(said))
        is_talk = bool(_DESK_TALK.search(said))
        arrived += has_arrived
        answers += will_answer
        is_machine = is_machine or by_machine
        talk += is_talk
        other += not (has_arrived or will_answer or by_machine or is_talk) and _says_other(said)
        if other > _OTHERS:
            return False
    if not (arrived or names_itself or (answers and note.is_loose)):
        return False
    score = (
        (3 if names_itself else 0)
        + (3 if arrived else 0)
        + (1 if arrived > 1 else 0)
        + (2 if answers else 0)
        + (2 if is_machine else 0)
        + min(talk, 3)
        + (2 if _ANYBODY.match(sentences[0]) else 0)
        + (1 if any(len(line) < _LONG_LINE and _TEAM.search(lower(line)) for line in note.signed_by) else 0)
        + (1 if _NUMBER.search(f"{note.subject}\n{text[:400]}") else 0)
        + (1 if note.is_desk or _TEAM.search(note.sender) else 0)
        + note.is_loose
        - 2 * other
        - note.has_quote
        - (3 if _is_signed_by_person(note) else 0)
    )
    return score >= _RECEIPT_SCORE


def _is_signed_by_person(note: Note) -> bool:
    """Whether a name stands last that is neither the sender's firm nor a team."""
    for line in note.signed_by[-2:]:
        name = _LAST_NAME.search(line)
        if name and not _TEAM.search(lower(name[1])):
            words = [word for word in _WORD.findall(lower(name[1])) if len(word) > 2]
            if words and not any(word in note.sender for word in words):
                return True
    return False


def _is_arrival(said: str) -> bool:
    return bool(_THANKS_FOR_WRITING.search(said) or (_SENT.search(said) and _ARRIVED.search(said)))


def _is_absence(note: Note) -> bool:
    """The same for who is away: what counts most is where one is, who stands in, and what becomes of mail."""
    text = note.text
    away = seldom = stand_in = until = back = other = 0
    for said in note.sentences:
        is_away = bool(_AWAY.search(said) or _ABSENT.search(said))
        reads_seldom = bool(_SELDOM.search(said) and _MAIL.search(said))
        has_contact = bool(_CONTACT.search(said))
        names_stand_in = bool(_STAND_IN.search(said))
        comes_back = bool(_COMES_BACK.search(said))
        away += is_away
        seldom += reads_seldom
        stand_in += has_contact + names_stand_in
        back += comes_back
        until += (is_away or reads_seldom or comes_back) and bool(_UNTIL.search(said))
        if not (is_away or reads_seldom or has_contact or names_stand_in or comes_back or _MEANWHILE.search(said)):
            other += _says_other(said)
            if other > _OTHERS:
                return False
    if not ((away or seldom) and (seldom or stand_in > 1)):
        return False
    score = (
        (3 if away else 0)
        + (3 if seldom else 0)
        + min(stand_in, 2)
        + (2 if back else 0)
        + (1 if until else 0)
        + (2 if note.names_absence else 0)
        + (2 if _THANKS.search(text[:200]) else 0)
        + note.is_loose
        - 2 * other
        - note.has_quote
        - (3 if _TO_SOMEBODY.match(text.lstrip()) else 0)
    )
    return score >= _ABSENCE_SCORE


def names_receipt(subject: str) -> bool:
    """Of a subject in lower case."""
    return bool(_RECEIPT_SUBJECT.match(subject))


def is_challenge(text: str) -> bool:
    """Of new text in lower case: whether mail waits until its sender confirms that it is by a person."""
    if len(text) > _LONGEST or "?" in text or not has_any(_CHALLENGE_WORDS, text):
        return False
    return bool(_HELD.search(text) and _CONFIRM.search(text))


def _says_other(said: str) -> bool:
    """Whether a sentence is more than a greeting, a name, a heading or politeness."""
    words = len(_WORD.findall(said))
    is_long = words >= _SHORT or (words <= 1 and len(said) > _SHORT_WITHOUT_BLANKS)
    return is_long and not (_CONTACT.search(said) or _POLITE.search(said))


def _says_only_who_is_away(sentences: tuple[str, ...]) -> bool:
    """Whether a sentence says who is away, some what else such notes say, and none, or one of many, anything else."""
    are_wanted = [has_any(_ABSENT_WORDS, said) and bool(_ABSENT.search(said)) for said in sentences]
    if not any(are_wanted):
        return False
    n_more = n_other = 0
    for said, is_wanted in zip(sentences, are_wanted, strict=True):
        for clause in said.split(", ")[1:] if is_wanted else ():
            if len(_WORD.findall(clause)) > _SHORT and not (
                _ABSENT.search(clause) or _MEANWHILE.search(clause) or _CONTACT.search(clause) or _UNTIL.search(clause)
            ):
                n_other += 1
        if _MEANWHILE.search(said) or _CONTACT.search(said):
            n_more += 1
        elif not is_wanted and len(_WORD.findall(said)) > _SHORT and not _POLITE.search(said):
            n_other += 1
            if n_other > 1:
                return False
    is_enough = n_other == 0 or sum(are_wanted) + n_more >= _ENOUGH
    return n_more > 0 and is_enough
