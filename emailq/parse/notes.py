"""Notes that say nothing but that somebody is away, or that a message came in: known by all of their sentences.

People write such sentences too, but with one that asks, answers or tells something else. So each sentence counts: by
what it says, or against the note where it says nothing that is known of such notes.
"""

import re
from dataclasses import dataclass, replace

from emailq.parse import cues, notices
from emailq.parse.automatic import REPLY, TAGS
from emailq.parse.patterns import has_any, in_lower_case, lower, one_of, words_of
from emailq.parse.replies import SplitText

_HEAD = 300  # characters in which a note says what it is
_LONGEST = 1200  # characters of a note
_LONGEST_WITH_LINKS = 2500
_SENTENCES = 16
_SHORT = 4  # words of a greeting, a name or a heading
_LONG = 6  # words of a clause that says more than a day
_SHORT_WITHOUT_BLANKS = 12  # characters
_WIDE = "\u3040"  # from here on scripts have no blanks between words
_OTHERS = 2  # sentences that say something else
_LONG_LINE = 60
_RECEIPT_SCORE = 6
_ABSENCE_SCORE = 6
_END = re.compile(r"\s(?:(?<=[^\d\s][.!;。！]\s)|(?<=\d\d\d[.!]\s))\s*(?=\D)|\n+")  # begins with what is found quickly
_END_WITHOUT_BLANK = re.compile(r"(?<=[。！])(?=\S)")
_WRAPPED = re.compile(r"\n(?:(?<=[^\n.!:。]{40}\n)(?=[^\n])|(?<=[,;]\n)(?=[^\n])|(?=[a-zа-яß-ÿ]))")
_NUMBER = re.compile(r"[#№(\[][^\]\d)]{0,12}\d{3,}|(?:ticket|case|request|vorgang|обращени|заявк)\D{0,12}\d{3,}")
_LAST_NAME = re.compile(
    r"(?:^|[.!,] )((?!(?:[^\W\d_]+ )*(?:Regards|Grüßen?|Cheers|Thanks|Thank|Dear|Hello|Hallo)\b)"
    r"(?:[A-ZÀ-ÞА-ЯЁ][^\W\d_]{1,15}|[A-ZА-Я]\.)(?: (?:[A-ZÀ-ÞА-ЯЁ][^\W\d_]{1,19}|[A-ZА-Я]\.)){0,2})\.?$"
)
_ENOUGH = 3  # known sentences, beside which another one may stand
_WORD = re.compile(r"[^\W\d_]+")
_LINK = re.compile(r"<?\bhttps?://[^\s>]{1,500}>?")
_ASIDES = (  # each with what must stand in the text
    (('"', "“", "„", "«"), re.compile(r"[\"“„«][^\"“”„«»\n]{0,200}[\"”“»]")),
    (
        ("auto", "автомат"),
        re.compile(
            r"\b(?:thank(?:s| you) for|спасибо за|danke für|merci pour|gracias por|got|received|your|ваш\w{0,3}) "
            r"(?:\w{1,6} ){0,2}(?:auto|автомат)[\w-]{0,12} \w+"
        ),
    ),
    (
        ("?",),
        re.compile(
            r"(?:^|(?<=[.!] ))[^\n.!?]{3,90}\?"
            r"(?= (?:please )?(?:call|ring|phone|pop in|drop|visit|see|check|read|click|try|use|text)\b| \S+ [^\n.!?]{0,60}https?://)|"
            r"\b(?:(?:have |any |more )?questions|need (?:more )?help|вопросы|fragen|des questions|dudas|domande)\?|"
            r"\bdúvidas\?",
            re.MULTILINE,
        ),
    ),
    (
        ("track", "suiv", "seguir", "segui", "verfolg", "отслед", "takip", "śled"),
        re.compile(
            r"\b(?:track|suiv|seguir|verfolg|отслед|takip|śled)\w* (?:\w{1,8} ){0,2}\w+|"
            r"\b(?:\w{1,8} ){0,2}\w+ (?:verfolgen|takip)"
        ),
    ),
)
_CITED = re.compile(r"[\"“„«]([^\"“”„«»]{40,600})[\"“”»]")
_CONTACT = re.compile(r"\S@\S|(?:\d[\s()./-]{0,2}){6}|https?://|\bwww\.")

_ABSENT = one_of(notices.ABSENT_SENTENCES)
_MEANWHILE = one_of(f"{cues.STAND_IN}{cues.COMES_BACK}{notices.MEANWHILE_SENTENCES}")
_SOMEBODYS_NOTE = one_of(cues.SOMEBODYS_NOTE)
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
_CLAUSE_END = re.compile(r", | (?:but|mais|pero|ma|mas|ale|но|але|ama|maar|men|mutta) ")
_CALLED = re.compile(r"\s{0,9}([A-ZÀ-ÞА-ЯЁІЇЄ][^\W\d_]{2,14}), (?=[a-zà-ÿа-яёіїє]|I\b|I['’])")
_NO_CALL = one_of(f"{cues.HAIL}{notices.GREETINGS}{cues.NO_CALL}")
_THANKS = one_of(notices.THANKS_TEXTS)
_RECEIPT_SUBJECT = one_of(notices.RECEIPT_SUBJECTS)
_FIRST_PERSON = one_of(notices.FIRST_PERSON)
_NOT = re.compile(r"\b(?:not|n['’]t|never|не|nie|nicht|keine?|pas|no|non|não|niet|inte|ikke)\s(?:\S{1,10}\s)?$")
_TOMORROW = re.compile(r"\b(?:tomorrow|завтра|demain|domani|amanhã|jutro|yarın)\b|\bmorgen\b[,.]|明日|明天")
_HELD = one_of(notices.HELD_TEXTS)
_CONFIRM = one_of(notices.CONFIRM_TEXTS)


def _signs(*tables: str) -> tuple[re.Pattern[str], re.Pattern[str]]:
    """For words in ASCII, at their begin, where a search is quick; for those in other letters, anywhere."""
    words = [word for table in tables for word in words_of(table)]
    patterns = [(re.escape(word).replace("\\ ", r"\s"), word.isascii()) for word in words]
    ascii_words = one_of("\n".join(pattern for pattern, is_ascii in patterns if is_ascii))
    others = one_of("\n".join(pattern for pattern, is_ascii in patterns if not is_ascii))
    return re.compile(rf"\b{ascii_words.pattern}", re.ASCII), others


def _has(signs: tuple[re.Pattern[str], re.Pattern[str]], text: str) -> bool:
    return bool(signs[0].search(text) or (not text.isascii() and signs[1].search(text)))


_CHALLENGE_SIGNS = _signs(notices.CHALLENGE_WORDS)
_ABSENT_SIGNS = _signs(notices.ABSENT_WORDS)
_RECEIVED_SIGNS = _signs(notices.RECEIVED_WORDS)
_ALL_SIGNS = _signs(notices.ABSENT_WORDS, notices.RECEIVED_WORDS, notices.CHALLENGE_WORDS)
_POLITE = in_lower_case(f"^(?:[^,!]{{1,40}}[,!] )?(?:{one_of(notices.POLITE_SENTENCES).pattern})")
_PLEASE = rf"\bplease (?!{one_of(notices.PLEASE).pattern})"
_ASKS = one_of("\n".join((notices.ASKING_WORDS, _PLEASE)))


@dataclass(frozen=True, slots=True)
class Note:
    """What may be a note. `text`, `subject` and `sender` in lower case.

    `names_itself`: the subject is one of receipts, `names_absence`: one of absent people. `is_loose`: by its subject an
    answer, but it names no message. `asks_as_person`: see there. `sender`: name and domain. `sentences`: see `read`.
    """

    text: str
    subject: str
    names_itself: bool
    names_absence: bool
    is_desk: bool
    is_loose: bool
    asks_as_person: bool
    reply: SplitText
    sender: str
    sentences: tuple[str, ...] = ()


def may_be_note(note: Note) -> bool:
    """Whether it is worth while to read it: most mail has none of these words in its first lines."""
    text = note.text
    if len(text) > _LONGEST_WITH_LINKS:
        return False
    if not (note.is_desk or note.is_loose or has_sign(note.subject, text)):
        return False
    return "?" not in text or "://" in text or "?" not in _bare(text)  # else somebody asks


def asks(text: str) -> bool:
    """Of a text in lower case: whether somebody asks for something, or agrees to it."""
    return bool(_ASKS.search(text))


def has_sign(subject: str, text: str) -> bool:
    """Whether one of the words that most notes have is in the subject or the first lines, both in lower case."""
    return _has(_ALL_SIGNS, f"{subject}\n{text[:_HEAD]}")


def read(note: Note) -> Note:
    """With its text bare, and the sentences of that; none where it is no note, since it is too long or asks."""
    text = _bare(note.text)
    if len(text) > _LONGEST or "?" in text or "？" in text:
        return replace(note, text=text)
    pieces = _END.split(_WRAPPED.sub(" ", text))
    if not text.isascii():
        pieces = [said for piece in pieces for said in _END_WITHOUT_BLANK.split(piece)]
    sentences = [said for piece in pieces if (said := piece.strip(" \t*_-–—•|"))]
    is_note = len(sentences) <= _SENTENCES and not _ASKS.search(text)
    return replace(note, text=text, sentences=tuple(sentences) if is_note else ())


def _bare(text: str) -> str:
    """Without addresses of pages, what is cited or thanked for, and what programs ask ("Questions?")."""
    for signs, aside in _ASIDES:
        if has_any(signs, text):
            text = aside.sub("", text)
    return _LINK.sub(" www. ", text) if "://" in text else text


def cites_note(text: str) -> bool:
    """Whether somebody writes of a note that a program sends, or which one it shall send."""
    if _SOMEBODYS_NOTE.search(lower(text[:_LONGEST])):
        return True
    cited = [lower(said) for said in _CITED.findall(text[:_LONGEST])]
    return any(_AWAY.search(said) or _ABSENT.search(said) or _is_arrival(said) for said in cited)


def is_absence_note(note: Note) -> bool:
    if not note.sentences or not (note.is_loose or _has(_ABSENT_SIGNS, note.text)) or calls_by_name(note.reply.new):
        return False
    are_away = [says_absent(said) for said in note.sentences]
    if any(are_away) and _says_only_who_is_away(note.sentences, are_away):
        return True
    are_away = [is_away or bool(_AWAY.search(said)) for said, is_away in zip(note.sentences, are_away, strict=True)]
    are_of_mail = [bool(_SELDOM.search(said) and _MAIL.search(said)) for said in note.sentences]
    return (any(are_away) or any(are_of_mail)) and _is_absence(note, are_away, are_of_mail)


def is_to_somebody(text: str) -> bool:
    """Whether it begins with the name of who gets it, whom an absent person's program doesn't know."""
    return calls_by_name(text) or bool(_TO_SOMEBODY.match(lower(text[:100]).lstrip()))


def calls_by_name(text: str) -> bool:
    """Whether it begins with a name ("Oleg, I'm away"), which no program knows."""
    called = _CALLED.match(text)
    return called is not None and not _NO_CALL.match(lower(called[1]))


def says_absent(text: str) -> bool:
    """Of a text in lower case: whether somebody says of oneself that one is away."""
    return _has(_ABSENT_SIGNS, text) and bool(_ABSENT.search(text))


def says_arrival(text: str) -> bool:
    """Whether a sentence at the begin of a text says that a message came in."""
    return any(map(_is_arrival, _END.split(_WRAPPED.sub(" ", lower(text[:_HEAD])))))


def tells_arrival(note: Note) -> bool:
    """Whether a sentence says that a message came in, not only thanks for it."""
    return any(_tells_arrival(said) for said in note.sentences)


def is_receipt_note(note: Note) -> bool:
    """Whether what a desk's program says outweighs what people add. Nobody says "I", promises a day or asks."""
    text, sentences, subject = note.text, note.sentences, TAGS.sub("", note.subject)
    may_be = note.names_itself or note.is_desk or note.is_loose or _has(_RECEIVED_SIGNS, text)
    if not sentences or not may_be or _FIRST_PERSON.search(text) or _TOMORROW.search(text):
        return False
    names_itself = note.names_itself or (not REPLY.match(subject) and _is_arrival(subject))
    are_arrivals = [_is_arrival(said) for said in sentences]
    arrived = sum(are_arrivals)
    if not (arrived or names_itself or note.is_loose):
        return False
    answers = talk = other = 0
    is_machine = False
    is_to_anybody = bool(_ANYBODY.match(sentences[0]))
    for said, has_arrived in zip(sentences, are_arrivals, strict=True):
        is_greeting = is_to_anybody and said is sentences[0]
        will_answer = bool(_WE_WILL_ANSWER.search(said) or (_ANSWER.search(said) and _SOON.search(said)))
        by_machine = bool(_MACHINE_TALK.search(said))
        is_talk = bool(_DESK_TALK.search(said))
        answers += will_answer
        is_machine = is_machine or by_machine
        talk += is_talk
        other += not (has_arrived or will_answer or by_machine or is_talk or is_greeting) and _says_other(said)
        if other > _OTHERS:
            return False
    if not (arrived or names_itself or answers):
        return False
    last_lines = _last_lines(note.reply)
    score = (
        (3 if names_itself else 0)
        + (3 if arrived else 0)
        + (1 if arrived > 1 else 0)
        + (2 if answers else 0)
        + (2 if is_machine else 0)
        + min(talk, 3)
        + (2 if is_to_anybody else 0)
        + (1 if any(len(line) < _LONG_LINE and _TEAM.search(lower(line)) for line in last_lines) else 0)
        + (1 if _NUMBER.search(f"{note.subject}\n{text[:400]}") else 0)
        + (1 if note.is_desk or _TEAM.search(note.sender) else 0)
        + note.is_loose
        - 2 * other
        - bool(note.reply.quoted)
        - (3 if _is_signed_by_person(last_lines[-2:], note.sender) else 0)
    )
    n_long = sum(len(_WORD.findall(said)) >= _SHORT for said in sentences)
    says_no_more = other == 0 and arrived > 0 and answers > 0 and n_long >= _ENOUGH
    return score >= _RECEIPT_SCORE - says_no_more


def _last_lines(reply: SplitText) -> list[str]:
    lines = [line.strip() for text in (reply.new[-300:], reply.signature[:300]) for line in text.split("\n")]
    return [line for line in lines if line][-4:]


def _is_signed_by_person(lines: list[str], sender: str) -> bool:
    """Whether a name stands last that is neither the sender's firm nor a team."""
    for line in lines:
        name = _LAST_NAME.search(line)
        if name and not _TEAM.search(lower(name[1])):
            words = [word for word in _WORD.findall(lower(name[1])) if len(word) > 2]
            if words and not any(word in sender for word in words):
                return True
    return False


def _is_arrival(said: str) -> bool:
    return bool(_THANKS_FOR_WRITING.search(said)) or _has_arrived(said)


def _tells_arrival(said: str) -> bool:
    return _has_arrived(said) and not _POLITE.search(said)


def _has_arrived(said: str) -> bool:
    arrived = _ARRIVED.search(said) if _SENT.search(said) else None
    return arrived is not None and not _NOT.search(said[max(0, arrived.start() - 20) : arrived.start()])


def _is_absence(note: Note, are_away: list[bool], are_of_mail: list[bool]) -> bool:
    """The same for who is away: what counts most is where one is, who stands in, and what becomes of mail."""
    text, away, seldom = note.text, any(are_away), any(are_of_mail)
    stand_in = until = back = other = 0
    for said, is_away, reads_seldom in zip(note.sentences, are_away, are_of_mail, strict=True):
        has_contact = bool(_CONTACT.search(said))
        other += _other_clauses(said) if is_away else 0
        names_stand_in = bool(_STAND_IN.search(said))
        comes_back = bool(_COMES_BACK.search(said))
        stand_in += has_contact + names_stand_in
        back += comes_back
        until += (is_away or reads_seldom or comes_back) and bool(_UNTIL.search(said))
        if not (is_away or reads_seldom or has_contact or names_stand_in or comes_back or _MEANWHILE.search(said)):
            other += _says_other(said)
            if other > _OTHERS:
                return False
    if not (seldom or stand_in > 1):
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
        - bool(note.reply.quoted)
        - (3 if _TO_SOMEBODY.match(text.lstrip()) else 0)
    )
    return score >= _ABSENCE_SCORE


def names_receipt(subject: str) -> bool:
    """Of a subject in lower case."""
    return bool(_RECEIPT_SUBJECT.match(subject))


def is_challenge(text: str) -> bool:
    """Of new text in lower case: whether mail waits until its sender confirms that it is by a person."""
    if len(text) > _LONGEST or "?" in text or not _has(_CHALLENGE_SIGNS, text):
        return False
    text = " ".join(text.split())
    return bool(_HELD.search(text) and _CONFIRM.search(text))


def _says_other(said: str) -> bool:
    """Whether a sentence is more than a greeting, a name, a heading or politeness."""
    words = len(_WORD.findall(said))
    has_no_blanks = words <= 1 or max(said) >= _WIDE
    is_long = words >= _SHORT or (has_no_blanks and len(said) > _SHORT_WITHOUT_BLANKS)
    return is_long and not (_CONTACT.search(said) or _POLITE.search(said))


def _says_only_who_is_away(sentences: tuple[str, ...], are_away: list[bool]) -> bool:
    """Whether some sentences say what else such notes say, and none, or one of many, anything else."""
    n_more = n_other = 0
    for said, is_away in zip(sentences, are_away, strict=True):
        n_other += _other_clauses(said) if is_away else 0
        if _MEANWHILE.search(said) or _CONTACT.search(said) or _tells_arrival(said):
            n_more += 1
        elif not is_away and len(_WORD.findall(said)) > _SHORT and not _POLITE.search(said):
            n_other += 1
        if n_other > 1:
            return False
    return n_more > 0 and (n_other == 0 or sum(are_away) + n_more >= _ENOUGH)


def _other_clauses(said: str) -> int:
    """How many clauses of a sentence behind its first say what such notes don't."""
    return sum(map(_is_other_clause, _CLAUSE_END.split(said)[1:]))


def _is_other_clause(clause: str) -> bool:
    words = len(_WORD.findall(clause))
    if words <= _SHORT or any(known.search(clause) for known in (_ABSENT, _MEANWHILE, _CONTACT)):
        return False
    return words > _LONG or not _UNTIL.search(clause)
