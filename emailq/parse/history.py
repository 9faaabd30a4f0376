"""Where quoted history begins and ends, by what mail programs write: linear in the text.

A line of dashes ("-----Original Message-----"), a block of header lines ("From: … Sent: … To: …"), a line that names
the author ("On Monday … wrote:"), or ">" before each line.
"""

import re
from itertools import takewhile

from emailq.parse import phrases
from emailq.parse.attributions import ADDRESS, DATE, attribution, goes_on, has_digit, tells_date, tells_time
from emailq.parse.lines import (
    DASHES,
    NEW,
    QUOTATION_MARKS,
    QUOTED,
    SUBJECT_LABELS,
    TO_LABELS,
    Page,
    any_of,
    fold,
    is_contact,
    is_rule,
    plain,
    words_of,
)
from emailq.parse.patterns import lower
from emailq.parse.shown import is_raw_header, unmark_prose, unmark_shown
from emailq.parse.tickets import is_reply_above

_LINE = 500  # characters of a line that are looked at
_BLOCK_LINES = 16  # in which a block of header lines stands
_ATTRIBUTION_LINES = 4
_LABEL = 12  # characters of a label in a line of its own

# What was seen of the history.
UNMARKED = 0
REPLY = 1
BLOCK = 2
FORWARD = 3

_SEPARATOR = re.compile(
    rf"[{DASHES}]{{2,}}\s*(?P<words>[^\W\d_](?:[^_=—–‐:<>]|(?<=\d):(?=\d)){{3,100}}?)\s*:?\s*(?:[{DASHES}]{{2,}}|$)"
)
_BAR = re.compile(r"\|(?:\s[^|]*)?$")  # but no row of a table
_OUTLOOK_RULE = "_" * 32
_RULE = re.compile(rf"[{DASHES}~#\s]{{3,}}$")
# "Кімнен: Maria <m@lenz.example>", a header line in any language.
_LABELLED = re.compile(r"[^\W\d_][^:<>@\d]{0,23}:\s")
_SENDER = re.compile(r"[^\W\d_][^:<>@\d-]{0,23}:\s.{0,100}[<\[][^<>@\s]{1,80}@[^<>@\s]{3,80}[>\]]$")
_ORIGINAL = re.compile(any_of(phrases.ORIGINAL_MESSAGE))
_ORIGINAL_LINES = frozenset(words_of(phrases.ORIGINAL_MESSAGE))
_FORWARDED = re.compile(any_of(phrases.FORWARDED_MESSAGE))
_FORWARD_LINES = frozenset(words_of(phrases.FORWARD_LINES))
_WROTE_AND_SAID = re.compile(  # Yahoo on phones: the quoted text goes on in the same line
    rf"[^<>]{{10,200}}<[^<>@\s]{{1,80}}@[^<>\s]{{3,80}}>,?\s?{any_of(phrases.WROTE)}\s?:\s+\S", re.IGNORECASE
)
_BETWEEN_DASHES = re.compile(r"(?:-{2,6}\s.+|.+\swrote[*]?)\s-{2,6}$")  # Zoho
# GroupWise: ">>> Ann <a@b.example> 9/11/2026 5:31 PM >>>", ">>> On 9/11/2026 at 5:31 PM, in message <…>, Ann wrote:"
_WRITTEN_BY = re.compile(r">>> (?=.{0,200}\d).{3,200}(?: >>>|, in message <[^<>]{3,200}>, .{3,200}:)\s*$")
_LEFT_OUT = ("[...]", "[…]", "(...)", "[snip]", "[snipped]", "<snip>", "...snip...", "[skip]", "[поскипано]")
_SUMMARY = re.compile(r".{1,80}---\d[\d/.: APM]{5,25}---")  # Notes: "Ann ---11/09/2026 05:31:00 PM---Ten or …"


def mark_history(page: Page) -> int:
    """Give the quoted lines to the history, and say by which mark it was known."""
    seen = UNMARKED
    number = 0
    end = first = len(page.lines)
    if page.has_bars:
        _look_for_bars(page)
    while number < end:
        if page.are_quoted[number] and not _WRITTEN_BY.match(page.lines[number]):
            if seen == UNMARKED and page.labels[number] and _is_header_alone(page, number):
                seen = BLOCK
                first = _back_over_rules(page, number)
                page.owners[first:] = [QUOTED] * (end - first)
                break
            if seen == UNMARKED and (number == 0 or page.owners[number - 1] == NEW):
                seen = _quoted_mark(page.lines[number])
                first = min(first, number) if seen != UNMARKED else first
            page.owners[number] = QUOTED
            number += 1
            continue
        kind, length = _mark_at(page, number) if page.plain[number] else (UNMARKED, 1)
        if kind != UNMARKED:
            seen = max(seen, kind)
            start = _back_over_rules(page, number)
            first = min(first, start)
            page.owners[start : number + length] = [QUOTED] * (number + length - start)
            if kind == FORWARD or not _quote_follows(page, number + length):
                page.owners[number:] = [QUOTED] * (end - number)
                break
        number += length
    if QUOTED in page.owners:
        _mark_broken_lines(page)
    if True in page.are_quoted:
        unmark_prose(page, first)
        unmark_shown(page)
    return seen


def _is_header_alone(page: Page, number: int) -> bool:
    """Whether ">" stands before a mail's header and before no other line (Centrum)."""
    length = _block_length(page, number)
    below = range(number + length, len(page.lines))
    return length > 0 and not any(page.are_quoted[n] and page.plain[n].lstrip("> ") for n in below)


def _look_for_bars(page: Page) -> None:
    """Some set "| " before each quoted line: they do when the first such line stands below "… wrote:"."""
    bars = [number for number, line in enumerate(page.lines) if line[:1] == "|" and _BAR.match(line)]
    if not bars:
        return
    above = next((text for text in reversed(page.plain[max(bars[0] - 2, 0) : bars[0]]) if text), "")
    if above.endswith(":") and attribution(above):
        for number in bars:
            page.are_quoted[number] = True


def _mark_at(page: Page, number: int) -> tuple[int, int]:
    """The kind of mark that begins at a line, and its length in lines."""
    text = page.plain[number]
    if text[0] in DASHES and (separator := _SEPARATOR.match(text)):
        words = fold(separator["words"])
        if _FORWARDED.search(words):
            return FORWARD, 1
        if _ORIGINAL.search(words):
            return BLOCK, 1 + _header_length(page, number + 1)
    if text == _OUTLOOK_RULE and (length := _length_below_rule(page, number + 1)):
        return BLOCK, 1 + length
    if text[0] == ">" and _WRITTEN_BY.match(text):
        return BLOCK, 1
    if page.has_reply_line and len(text) <= 200 and is_reply_above(text) and _has_words_above(page, number):
        return BLOCK, 1
    if text[-1] == ":" and len(text) <= 60 and fold(text.rstrip(": ")) in _FORWARD_LINES:
        return FORWARD, 1
    if page.labels[number] and (length := _block_length(page, number)):
        return UNMARKED if is_raw_header(page, number) else BLOCK, length
    if text[-1] in ">]" and _SENDER.match(text) and (length := _unknown_block_length(page, number)):
        return BLOCK, length
    if (
        (len(text) <= _LABEL or "|" in text)
        and _column(text) in TO_LABELS
        and (length := _columns_length(page, number))
    ):
        return BLOCK, length
    if length := _attribution_length(page, number):
        return REPLY, length
    return UNMARKED, 1


def _length_below_rule(page: Page, number: int) -> int:
    """How many lines below Outlook's rule, which text from HTML has too, say who wrote; in any language."""
    end = min(number + _BLOCK_LINES, len(page.plain))
    lines = [n for n in range(number, end) if page.plain[n]]
    if lines and _SEPARATOR.match(page.plain[lines[0]]):
        del lines[0]
    first = page.plain[lines[0]] if lines else ""
    labelled = list(takewhile(lambda n: _LABELLED.match(page.plain[n]), lines))
    if len(labelled) > 1 and (_SENDER.match(first) or not is_contact(first)):
        return labelled[-1] - number + 1
    is_attribution = any(page.are_quoted[n] for n in lines[:4]) or (tells_time(first) and first[-1] not in ".!?")
    return lines[0] - number + 1 if is_attribution and not page.are_quoted[lines[0]] else 0


def _quoted_mark(line: str) -> int:
    """What the first line behind the ">" says of the quote."""
    text = plain(line.lstrip("> "))
    if fold(text.rstrip(": ")) in _FORWARD_LINES:
        return FORWARD
    if separator := _SEPARATOR.match(text):
        words = fold(separator["words"])
        return FORWARD if _FORWARDED.search(words) else BLOCK if _ORIGINAL.search(words) else UNMARKED
    return REPLY if text.endswith(":") and attribution(text) else UNMARKED


def _has_words_above(page: Page, number: int) -> bool:
    """Whether it is an answer; else the help desk itself writes, and what it says stands below."""
    return any(text and not is_rule(text) for text in page.plain[:number])


def _header_length(page: Page, number: int) -> int:
    """What stands below "Original Message": header lines, or a line that says who wrote (Proton)."""
    if length := _block_length(page, number):
        return length
    blank = int(not any(page.plain[number : number + 1]))
    length = _attribution_length(page, number + blank) if number + blank < len(page.plain) else 0
    return blank + length if length else 0


def _block_length(page: Page, number: int) -> int:
    """How many lines, from this one, are a mail's header ("From: … Sent: … To: … Subject: …"); 0 if they aren't one.

    A form with "From: Berlin, To: Paris, Date: Monday" is none: it names no address, and no subject with a time of day.
    """
    roles: set[str] = set()
    length = gap = 0
    for offset, found in enumerate(page.labels[number : number + _BLOCK_LINES]):
        if "from" in found and tells_date(page.plain[number + offset].partition(":")[2][:12]):
            return 0  # "From: 2026-11-30", a time
        if found:
            roles.update(found)
            length, gap = offset + 1, 0
        else:  # a long list of recipients goes on below; one blank line may stand between
            gap += 1 if page.plain[number + offset] else 2
            if gap > 3:
                break
    if "from" not in roles or len(roles - {"other", "address"}) < 3:
        return 0
    is_sure = "address" in roles or ("subject" in roles and any(map(tells_time, page.plain[number : number + length])))
    return length if is_sure else 0


def _unknown_block_length(page: Page, number: int) -> int:
    """The same in a language of no table: below a sender's address, two lines or more with a label, one with a time."""
    below = page.plain[number + 1 : number + _BLOCK_LINES]
    lines = list(takewhile(_LABELLED.match, below))
    return 1 + len(lines) if len(lines) >= 2 and any(tells_time(line) and tells_date(line) for line in lines) else 0


def _columns_length(page: Page, number: int) -> int:
    """How many lines, from "To", are Notes' columns, below a name and a time; what they name stands behind or below."""
    if not _time_above(page, number):
        return 0
    for n in range(number + 1, min(number + _BLOCK_LINES, len(page.plain))):
        if _column(page.plain[n]) in SUBJECT_LABELS:
            return min(n + (1 if "|" in page.plain[n] else 2), len(page.plain)) - number
    return 0


def _column(text: str) -> str:
    """ "to" of a line "To" or "To | Ann"."""
    label = text[: _LABEL + 2].partition(" |")[0]
    return fold(label) if label != text[: _LABEL + 2] or len(text) <= _LABEL else ""


def _time_above(page: Page, number: int) -> int:
    """The line right above, or above a blank one, if it is a time; else 0."""
    above = _line_above(page, number)
    text = page.plain[above]
    return above if above > 0 and 10 <= len(text) <= 40 and tells_time(text) and tells_date(text) else 0


def _line_above(page: Page, number: int) -> int:
    """The line above, over one that is blank; 0 at the begin."""
    return max(number - 1 if number and page.plain[number - 1] else number - 2, 0)


def _attribution_length(page: Page, number: int) -> int:
    """How many lines, from this one, say who wrote what follows; 0 if they don't."""
    text = page.plain[number]
    if text.endswith((":", "wrote")) or (text[-1:] == "-" and _BETWEEN_DASHES.match(text)):
        return int(_says_who_wrote(text, page, number + 1))
    if not (has_digit(text) or "@" in text):
        return 0  # what else says who wrote also says when, or where from
    if text.endswith(">") and DATE.match(lower(text)) and ADDRESS.search(text) and _quote_follows(page, number + 1):
        return 1  # "2026/11/9 Jonas <j@b.example>", as Gmail once wrote
    if "@" in text and ">" in text and _WROTE_AND_SAID.match(text) and tells_date(text):
        return 1
    near = page.plain[number + 1 : number + _ATTRIBUTION_LINES]
    end = "-" if text.startswith("---- ") else ":"  # Zoho
    has_end = end in [line[-1:] for line in near]
    is_quote_next = _quote_follows(page, number + 1)
    if not (has_end or is_quote_next):
        return 0
    is_likely = goes_on(text.lstrip("- ") if end == "-" else text)
    if is_likely and is_quote_next and attribution(text) == 2:
        return 1  # without its colon
    if not has_end or (not is_likely and number and page.plain[number - 1]):
        return 0
    for length, following in enumerate(near, start=2):
        is_inside = text.count("(") > text.count(")")  # "(segunda," – "2/03/2026 à(s) 09:12):"
        if not following or (not is_inside and goes_on(following.rstrip(":")) and tells_date(following)):
            return 0
        text += " " + following
        if following.endswith(end):
            is_one = is_likely or _quote_follows(page, number + length)  # in any language
            return length if is_one and _says_who_wrote(text, page, number + length) else 0
    return 0


def _says_who_wrote(text: str, page: Page, after: int) -> bool:
    strength = attribution(text)
    if strength == 2 and "@" not in text and _is_cited(page, after):
        return False
    return strength == 2 or (strength == 1 and _quote_follows(page, after))


def _is_cited(page: Page, number: int) -> bool:
    """Whether the next text stands in quotation marks: what somebody wrote, told in a mail's own text."""
    following = next(filter(None, page.plain[number : number + 3]), "")
    return following[:1] in QUOTATION_MARKS


def _quote_follows(page: Page, number: int) -> bool:
    end = min(number + 5, len(page.lines))
    for following in range(number, end):
        if page.plain[following]:
            return page.are_quoted[following]
    return False


def _back_over_rules(page: Page, number: int) -> int:
    """Where the line of dashes begins that stands above a mark; "To: …" may stand between (Yandex)."""
    if _column(page.plain[number]) in TO_LABELS:
        number = _line_above(page, _time_above(page, number))  # the name above the time
    start = number
    for above in range(number - 1, max(number - 5, -1), -1):
        text = page.lines[above].strip()
        if page.owners[above] != NEW or _closes_box(page, above):
            break
        is_part = (
            not text
            or _RULE.match(text[:_LINE])
            or _SUMMARY.match(text[:_LINE])
            or (start == above + 1 and text[0] in DASHES and (_is_between_dashes(text) or _SEPARATOR.match(text)))
            or fold(text[:_LINE]) in _ORIGINAL_LINES
            or (page.labels[above] and start == above + 1)
        )
        if not is_part:
            break
        start = above if text else start
    return start


def _is_between_dashes(text: str) -> bool:
    """ "----- Message from Ann <a@b.example> -----"."""
    return text[:3] == text[-3:] == text[0] * 3 and any(map(str.isalpha, text[:_LINE]))


def _closes_box(page: Page, number: int) -> bool:
    """Whether a rule is the second of two alike, as they stand around a signature or a disclaimer."""
    text = page.plain[number]
    return is_rule(text) and text in page.plain[max(number - 20, 0) : number]


def _mark_broken_lines(page: Page) -> None:
    """A long quoted line that was wrapped once more leaves its end without the mark; "[...]" stands for some."""
    lines, owners = page.lines, page.owners
    for number in range(1, len(lines) - 1):
        if owners[number] != NEW:
            continue
        is_broken = (
            owners[number - 1] == owners[number + 1] == QUOTED
            and lines[number][:1].islower()
            and len(lines[number]) < 60 <= len(lines[number - 1])
        )
        if is_broken or (lines[number].strip().lower() in _LEFT_OUT and _is_beside_quoted(page, number)):
            owners[number] = QUOTED


def _is_beside_quoted(page: Page, number: int) -> bool:
    """Whether the text above or below, blank lines apart, is quoted."""
    for step in (-1, 1):
        at = number + step
        while 0 <= at < len(page.lines) and not page.lines[at].strip():
            at += step
        if 0 <= at < len(page.lines) and page.owners[at] == QUOTED:
            return True
    return False
