"""What programs and firms add to a text: disclaimers, footers of lists, "Sent from my phone", a gateway's banner."""

import re

from emailq.parse import phrases
from emailq.parse.lines import DELIMITERS, QUOTATION_MARKS, SIGNATURE, Page, Run, any_of, fold, is_rule, words_of
from emailq.parse.names import is_author

_SMALL_PRINT_LINES = 40  # with text, at most, from the end
_BANNER_LINES = 6
_LINES_BELOW = 8  # of history
_SENT_FROM = tuple(words_of(phrases.SENT_FROM))
_SENT_FROM_BEGINS = frozenset(f(phrase[:2]) for phrase in _SENT_FROM for f in (str, str.title, str.upper))
_SENT_FROM_ENDS = tuple(words_of(phrases.SENT_FROM_ENDS))
_LAST_LETTERS = frozenset(phrase[-2:] for phrase in _SENT_FROM_ENDS)
# "Get Outlook for …" in any language; BlueMail and others copied it
_APP = re.compile(
    r"(?:[^\W\d_]{1,20} ){1,3}(?:Outlook|BlueMail|TypeApp|Spark|Spike|Edison Mail) \S{2,6} (?:iOS|Android|Mac)$"
)
_APP_AND_LINK = re.compile(  # "Sent from Mailspring (https://…), the best …", "Sent with Tuta, the secure …: https://…"
    r"[^(),.]{1,50} \(https?://\S{1,200}\)|[^(),.]{1,40}, [^,.]{1,60}: ?https?://\S{1,200}$"
)
_FROM = ("von ", "从我的", "從我的")
_SENT = re.compile("gesendet|proton|[发發傳]")
_PARCEL = re.compile(rf"(?<!\w)(?:{any_of(phrases.PARCELS)}|\d{{1,2}}[./-]\d)")
_DEVICE = re.compile(
    r"phone|i(?:pad|os)\b|android|mobil|handy|galaxy|samsung|windows|outlook|\bapp\b|e-?mail\b|\bmail|телефон|почт[аы]\b"
)
_ANGLES = re.compile(r"<[^<>]*>|\[[^\[\]]*\]")
_EXCUSE = re.compile(r"excuse|sorry|typos|brevity|entschuldig|kürze|excusez|disculp|извините|опечатк")
_COMPANY_FACTS = words_of(phrases.COMPANY_FACTS)
CONFIDENTIAL = words_of(phrases.CONFIDENTIAL)
_THIS_MESSAGE = words_of(phrases.THIS_MESSAGE)
BELOW_NAMES = (*CONFIDENTIAL, *_COMPANY_FACTS, *words_of(phrases.TERMS))
_MARKS_OF_SMALL_PRINT = (*CONFIDENTIAL, *_COMPANY_FACTS)  # without one of which nothing is any
_SPEAKER = re.compile(r"[a-z,] I\b|\b(?:my|ich|mir|mein|meine|я|мне|мой|моя|j'ai|mon|yo)\b")  # of no company
_WRAPPED, _LONGEST = 45, 100  # characters of a line that was wrapped
_LONG, _LONG_IN_SIGNS = 60, 25  # characters of a sentence that is small print; in Chinese, Japanese, Korean
_SMALL_PRINT = frozenset(words_of(phrases.SMALL_PRINT_TITLES))
_EDGES = " .,:;!*_-–—=~#+[](){}<>|\"'"
_FOOTERS = tuple(words_of(phrases.FOOTERS))
_NO_WORD = re.compile(r"[\W_]*")
_OF_A_LIST = "mailing list"
_FOOTERS_BEGIN = frozenset(phrase[:3] for phrase in (*_FOOTERS, *_SMALL_PRINT))
_REFUSES = re.compile(r"\b(?:не|not|cannot|nicht|pas)\b|n't\b")  # "To unsubscribe did not work"
_BANNER = re.compile(rf"[\W_]{{0,6}}{any_of(phrases.BANNER_STARTS)}\b", re.IGNORECASE)
_BANNER_WORDS = re.compile(
    rf"{any_of(phrases.BANNER_WORDS)}|(?:^|[\[(*])extern(?:[\])*:]|$)"
    r"|\bexterne?[nr]? (?:avsänd|absend|quelle|e-?post|nachricht)|^[\W_]*external[\W_]*(?:$|[:\]*])",
    re.IGNORECASE,
)
_CLASSIFIED = re.compile(
    rf"{any_of(phrases.CLASSIFICATIONS)}\s?:\s?(?:\S{{1,12}}\s)?{any_of(phrases.CLASSES)}\b.{{0,20}}$", re.IGNORECASE
)
_GREETINGS = tuple(words_of(phrases.GREETINGS))
_AFTERTHOUGHT = re.compile(rf"{any_of(phrases.AFTERTHOUGHTS)}(?!\w)|{any_of(phrases.POSTSCRIPTS)}\W", re.IGNORECASE)
_COMMA_AND_NAME = re.compile(r", [A-Z]")


def without_banner(run: Run) -> Run:
    """The lines below what a gateway or a firm sets above the text."""
    texts = run.texts
    is_title = (texts[0].isupper() and _is_title(texts[0])) or (":" in texts[0] and _CLASSIFIED.match(texts[0]))
    if is_title and len(run) > 1 and run.begins_paragraph(1):
        run.give(SIGNATURE, 0, 1)  # "PRIVILEGED AND CONFIDENTIAL", "Classification: Internal"
        return run.part(1)
    if len(texts[0]) >= _WRAPPED:
        end = next((n for n in range(1, min(len(texts), _BANNER_LINES)) if run.begins_paragraph(n)), 1)
        said = " ".join(texts[:end])
        is_apart = said[0] in "[({" or (len(texts) > end + 1 and _is_salutation(texts[end]))
        if len(texts) > end and is_apart and _is_small_print(said):
            run.give(SIGNATURE, 0, end)
            return run.part(end)
    if not (_BANNER.match(fold(texts[0])) and _BANNER_WORDS.search(texts[0])):
        return run
    length = 1
    while length < len(texts) and _is_in_banner(run, length):
        length += 1
    if length == len(texts) == 1:
        return run
    run.give(SIGNATURE, 0, length)
    return run.part(length)


def _is_title(text: str) -> bool:
    return any(map(fold(text).__contains__, CONFIDENTIAL)) and not any(map(str.isdigit, text))


def _is_salutation(text: str) -> bool:
    """ "Dear Bob", "Наталья, добрый день! …", "Bob,"."""
    words = fold(text)
    is_greeting = words.startswith(_GREETINGS) or words[:40].partition(", ")[2].startswith(_GREETINGS)
    return is_greeting or (len(text) <= 40 and text[-1] in ",:")


def _is_in_banner(run: Run, index: int) -> bool:
    """Whether a line below the first one of a banner belongs to it: by its words, or because a sentence goes on."""
    text = run.texts[index]
    goes_on = text[0].islower() and not run.begins_paragraph(index)
    return goes_on or bool(_BANNER_WORDS.search(text) or is_rule(text))


def around_small_print(run: Run, *, is_first: bool) -> tuple[Run, Run]:
    """The lines above small print, and an afterthought below it; else it goes on to the end."""
    top = max(int(is_first), len(run) - _SMALL_PRINT_LINES)
    begin, end = _small_print_in(run, top)
    if begin == end:
        return run, run.part(end)
    run.give(SIGNATURE, begin, end)
    return run.part(0, begin), run.part(end)


def mark_small_print_below(page: Page, names: list[str]) -> None:
    """Small print at the end of history that nothing marks, as a server adds it: where it has the signature's firm."""
    run = page.end_of_history(_LINES_BELOW)
    begin, end = _small_print_in(run, 0) if run.numbers else (0, 0)
    said = fold(" ".join(run.texts[begin:end]))
    if not any(map(said.__contains__, _MARKS_OF_SMALL_PRINT)):
        return
    signed = [text for text, owner in zip(page.plain, page.owners, strict=True) if owner == SIGNATURE]
    for firm in [fold(text) for text in signed if not is_author(text, names)]:
        if 8 <= len(firm) <= 60 and firm in said:
            above = begin - 1
            is_of_firm = begin and firm in fold(run.texts[above]) and not run.begins_paragraph(begin)
            run.give(SIGNATURE, above if is_of_firm else begin, end)
            return


def _small_print_in(run: Run, top: int) -> tuple[int, int]:
    """Where small print begins and ends, not above `top`; both at the end of the run without any."""
    texts = run.texts
    said = fold(" ".join(texts[top:]))
    # all words take long to look for, and short lines are no small print
    has_long = max(map(len, texts[top:]), default=0) >= (_WRAPPED if said.isascii() else _LONG_IN_SIGNS)
    words = [word for word in _MARKS_OF_SMALL_PRINT if word in said] if has_long else []
    if words:
        words += _THIS_MESSAGE
    elif not (_OF_A_LIST in said or any(map(_may_be_footer, texts[top:]))):
        return len(run), len(run)  # as most texts
    for index in range(top, len(texts)):
        wrapped = _wrapped(texts, index, words) if words else ""
        if not (
            is_footer(texts[index])
            or (words and _is_small_print(texts[index]))
            or (wrapped and _is_small_print(wrapped))
        ):
            continue
        if texts[index][0] in QUOTATION_MARKS and index and texts[index - 1][-1] == ":":
            continue  # "Shall we write:"
        end = next((n for n in range(index + 1, len(texts)) if is_afterthought(run, n)), len(texts))
        while index > top and (is_rule(texts[index - 1]) or texts[index - 1] in DELIMITERS):
            index -= 1
        return index, end
    return len(run), len(run)


def is_afterthought(run: Run, index: int) -> bool:
    """Whether a paragraph begins with "P.S." or "One more thing"."""
    return run.begins_paragraph(index) and bool(_AFTERTHOUGHT.match(run.texts[index]))


def _wrapped(texts: list[str], index: int, words: list[str]) -> str:
    """A line with one of `words`, and what follows it in the next two while they are as long as wrapped ones."""
    text = texts[index]
    if not _WRAPPED <= len(text) <= _LONGEST or not any(map(fold(text).__contains__, words)):
        return ""
    for above, following in zip(texts[index : index + 2], texts[index + 1 : index + 3], strict=False):
        if not _WRAPPED <= len(above) <= _LONGEST:
            break
        text = f"{text} {following}"
    return text


def is_sent_from(text: str) -> bool:
    """ "Sent from my phone", but no sentence that begins so."""
    said = text.removesuffix(".")
    if len(said) <= 60 and said[-2:] in _LAST_LETTERS and fold(said).endswith(_SENT_FROM_ENDS):
        return True
    if ("utlook" in text or "iOS" in text or "ndroid" in text) and _APP.match(_ANGLES.sub("", text).rstrip(" .")):
        return True
    if len(text) > 200 or text[:2] not in _SENT_FROM_BEGINS:
        return False
    words = fold(text)
    if not words.startswith(_SENT_FROM) or (words.startswith(_FROM) and not _SENT.search(words)):
        return False
    if _PARCEL.search(words) and not _DEVICE.search(words):
        return False  # "Sent via DHL this morning"
    if _APP_AND_LINK.match(words):
        return True
    words = _ANGLES.sub("", words)
    goes_on = ", " in words and not (words.startswith("yahoo") or (len(words) <= 60 and _COMMA_AND_NAME.search(text)))
    last = words[words.rfind(". ") + 1 :]
    is_sentence = (goes_on and not _EXCUSE.search(last)) or (words.endswith(".") and len(words) > 80)
    return len(words) <= 120 and not is_sentence


def _is_small_print(text: str) -> bool:
    words = fold(text)
    if len(words) > (_LONG if text[0] < "\u2e80" else _LONG_IN_SIGNS):
        hits = sum(map(words.__contains__, CONFIDENTIAL))
        if hits > 1 or (hits and any(map(words.__contains__, _THIS_MESSAGE))):
            return not _SPEAKER.search(text)
        if sum(map(words.__contains__, _COMPANY_FACTS)) > 1 and "your" not in words:
            return True
    return False


def is_footer(text: str) -> bool:
    words = fold(text)
    is_one = words.endswith(_OF_A_LIST) and len(_OF_A_LIST) < len(words) <= len(_OF_A_LIST) + 60
    if not is_one and _may_be_footer(text):
        start = _NO_WORD.match(words)
        is_one = words.startswith(_FOOTERS, start.end() if start else 0)
    return (is_one and not _REFUSES.search(words)) or (len(words) < 60 and words.strip(_EDGES) in _SMALL_PRINT)


def _may_be_footer(text: str) -> bool:
    """By its first letters, which is several times as fast."""
    start = _NO_WORD.match(text)
    begin = start.end() if start else 0
    return fold(text[begin : begin + 6])[:3] in _FOOTERS_BEGIN
