"""What a help desk sends of its own: the line to answer above, who commented and when, and earlier comments below."""

import re

from emailq.parse import phrases
from emailq.parse.attributions import DATE, tells_date, tells_time
from emailq.parse.lines import QUOTED, SIGNATURE, Page, any_of, are_names, fold, is_rule
from emailq.parse.patterns import lower
from emailq.parse.small_print import is_footer

_TOP = 12  # lines among which the line to answer above stands
_HEADER = 70  # characters of a line that says who commented
_FOOTER_LINES = 8
_REPLY_ABOVE = re.compile(any_of(phrases.REPLY_ABOVE))
_TO_REPLY = re.compile(any_of(phrases.TO_REPLY))
_COMMENTED = re.compile(rf"(?<!\w)(?:{any_of(phrases.COMMENTED)}|{any_of(phrases.WROTE)})\s?:$")


def is_reply_above(text: str) -> bool:
    """ "##- Please type your reply above this line -##"."""
    words = fold(text)
    return (
        text[-1] != "?" and bool(_REPLY_ABOVE.search(words)) and (text[0] in "#-–—*=" or bool(_TO_REPLY.search(words)))
    )


def mark_ticket(page: Page) -> bool:
    """Whether a help desk itself writes, so that its newest comment stands below the line to answer above.

    That line is history, with all down to the comment's own header and all from the next header on. Without any
    header, what stands below the line is left to others.
    """
    if not page.has_reply_line:
        return False
    top = [number for number, text in enumerate(page.plain[:_TOP]) if text and not is_rule(text)]
    if not (top and is_reply_above(page.plain[top[0]])):
        return False
    below = top[0] + 1
    headers = _headers(page, below)
    begin = headers[0][1] if headers else below
    page.owners[:begin] = [QUOTED] * begin
    if len(headers) > 1:
        older = headers[1][0]
        page.owners[older:] = [QUOTED] * (len(page.owners) - older)
    _mark_footer(page, begin)
    return bool(headers)


def _headers(page: Page, begin: int) -> list[tuple[int, int]]:
    """Where each header of a comment begins and ends, with the rule above it."""
    headers = []
    name = -1  # the last line with text, as long as no other stands between
    for number in range(begin, len(page.plain)):
        text = page.plain[number]
        if not text:
            continue
        start = _begin_of_header(page, number, name)
        name = number
        if start >= 0:
            above = next((n for n in range(start - 1, begin - 1, -1) if page.plain[n]), -1)
            headers.append((above if above >= 0 and is_rule(page.plain[above]) else start, number + 1))
    return headers


def _begin_of_header(page: Page, number: int, above: int) -> int:
    """ "Ann commented:", or "Ann, 2 May 2026, 9:15" in one line or two; -1 if the line is none of them."""
    text = page.plain[number]
    if len(text) > _HEADER:
        return -1
    if text[-1] == ":":
        return number if _COMMENTED.search(fold(text)) else -1
    if text[-1] in ".!?" or not (tells_date(text) and tells_time(text)):
        return -1
    date = DATE.search(lower(text))
    before = text[: date.start()].rstrip() if date else ""
    if before:
        above_it = page.plain[number - 1]
        is_apart = before[-1] in ",–—-(|·" and (not above_it or is_rule(above_it))
        return number if is_apart and len(before.split()) <= 6 and are_names(before) else -1
    is_name = above >= 0 and len(page.plain[above]) <= 40 and page.plain[above][-1] not in ".!?:,;"
    return above if is_name and are_names(page.plain[above]) else -1


def _mark_footer(page: Page, begin: int) -> None:
    """What the program says at the end: "This email is a service from …"."""
    lines = [number for number in range(begin, len(page.plain)) if page.plain[number]][-_FOOTER_LINES:]
    for place, number in enumerate(lines):
        if is_footer(page.plain[number]):
            start = lines[place - 1] if place and is_rule(page.plain[lines[place - 1]]) else number
            page.owners[start:] = [SIGNATURE] * (len(page.owners) - start)
            return
