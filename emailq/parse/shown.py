"""What looks like history and quotes nobody: a comparison, a command, a log, a header, which the text shows."""

import re
from collections import Counter
from itertools import takewhile

from emailq.parse.attributions import attribution, tells_date, tells_time
from emailq.parse.cards import GREETING
from emailq.parse.lines import NEW, QUOTED, Page, are_names
from emailq.parse.names import is_author, names_of

_FIELD = re.compile(r"[A-Z][\w-]+: \S")  # "Received: from …"
_TRACE = re.compile(
    r"(?:received|return-path|delivered-to|authentication-results|dkim-signature|x-[\w-]+): ", re.IGNORECASE
)
_SHOWN_LINES = 20  # with text, from a header that is shown to the end
_GOES_ON = frozenset("(abcdefghijklmnopqrstuvwxyzабвгдежзийклмнопрстуфхцчшщэюя")


def unmark_prose(page: Page, end: int) -> None:
    """Lines with ">" above all other history (from `end`) that quote nobody, when more text follows them.

    One or two in the middle of a paragraph, or that the history doesn't have: a comparison, a command, a log. Some that
    a sentence leads to: "It stops when I start it by hand:".
    """
    if True not in page.are_quoted[:end]:
        return
    quoted = [number for number, owner in enumerate(page.owners[:end]) if owner == QUOTED]
    if not 1 <= len(quoted) <= 6:
        return
    start, after = quoted[0], quoted[-1] + 1
    below = next(filter(None, page.plain[after:end]), "")
    if not below:
        return
    near = page.plain[start - 1] if start else ""
    above = near or (page.plain[start - 2] if start > 1 else "")
    if len(quoted) > 2 and not _leads_to(above):
        return
    is_cited = _is_of_history(page, quoted, end)
    is_shown = _leads_to(above) and not is_cited
    are_answered = any(page.owners[number] == NEW and page.plain[number] for number in range(start, after))
    if are_answered and (not is_shown or end == len(page.plain)):
        return  # no commands with what a program says to each
    is_inside = (page.plain[after] and " " in near and near[-1] != ",") or (above[-1:].isalnum() and below[0].islower())
    may_be_cited = is_cited or end == len(page.plain)
    if is_shown or (len(quoted) <= 2 and (is_inside or not may_be_cited)):
        page.owners[start:after] = [NEW] * (after - start)


def unmark_shown(page: Page) -> None:
    """Lines with ">" that a sentence leads to and goes on below: "Add this line:" – "> list IN MX" – "and reload"."""
    quoted = Counter(
        text.lstrip("> ") for text, is_quoted in zip(page.plain, page.are_quoted, strict=True) if is_quoted
    )
    for number, text in enumerate(page.plain):
        if text[-1:] != ":" or page.owners[number] != NEW or not _leads_to(text):
            continue
        below = [n for n in range(number + 1, min(number + 12, len(page.plain))) if page.plain[n]]
        shown = [*takewhile(lambda n: page.are_quoted[n] and page.owners[n] == QUOTED, below)]
        after = next((n for n in below[len(shown) :] if page.owners[n] == NEW), -1)
        goes_on = after >= 0 and page.plain[after][0] in _GOES_ON
        if shown and goes_on and quoted[page.plain[shown[0]].lstrip("> ")] == 1:
            page.owners[shown[0] : shown[-1] + 1] = [NEW] * (shown[-1] + 1 - shown[0])


def is_raw_header(page: Page, number: int) -> bool:
    """Whether header lines are shown: they stand with "Received: …", which no program quotes, and the quote is below.

    A sentence leads to them; so it does in a bounce, but that has no quote.
    """
    begin, end = number, number + 1
    while begin and number - begin < _SHOWN_LINES and page.plain[begin - 1] and not _leads_to(page.plain[begin - 1]):
        begin -= 1
    below = zip(page.plain[end : number + _SHOWN_LINES], page.are_quoted[end:], strict=False)
    end += sum(1 for _ in takewhile(lambda line: line[0] and not line[1], below))
    if not any(map(_TRACE.match, page.plain[begin:end])) or True not in page.are_quoted[end:]:
        return False
    return _leads_to(next((text for text in reversed(page.plain[max(begin - 3, 0) : begin]) if text), ""))


def unmark_header(page: Page, names: list[str]) -> bool:
    """Whether all history was a header that a sentence leads to, in a text that the author signs below.

    A quote with marks may follow, which stays.
    Not so where a mail goes on below it: with a greeting, its sender's name or another header.
    """
    begin = next((n for n, owner in enumerate(page.owners) if owner == QUOTED), 0)
    if not page.labels[begin] or page.are_quoted[begin]:
        return False
    above = next((text for text in reversed(page.plain[:begin]) if text and not _FIELD.match(text)), "")
    end = _begin_of_marked(page, begin)
    texts = [n for n in range(begin, end) if page.plain[n]]
    if not texts or not _leads_to(above) or len(texts) > _SHOWN_LINES or not is_author(page.plain[texts[-1]], names):
        return False
    header = [*takewhile(lambda n: page.labels[n], texts)]
    sender = {name for n in header if "from" in page.labels[n] for name in names_of(page.plain[n].partition(":")[2])}
    below = texts[len(header) : -1]
    if not sender.difference(names) or (below and GREETING.match(page.plain[below[0]])):
        return False
    if any(page.labels[n] or attribution(page.plain[n]) or sender.intersection(names_of(page.plain[n])) for n in below):
        return False
    page.owners[begin:end] = [NEW] * (end - begin)
    return end == len(page.plain)


def _begin_of_marked(page: Page, begin: int) -> int:
    """Where history with a mark before each line begins below a line, with the line above that; else the end."""
    quoted = next((n for n in range(begin, len(page.plain)) if page.are_quoted[n]), len(page.plain))
    above = next((n for n in range(quoted - 1, max(quoted - 3, begin), -1) if page.plain[n]), begin)
    return above if quoted < len(page.plain) and attribution(page.plain[above]) else len(page.plain)


def _is_of_history(page: Page, quoted: list[int], begin: int) -> bool:
    """Whether the first of some quoted lines stands in the history too, which begins at a line."""
    words = page.plain[quoted[0]].lstrip("> ")
    return begin < len(page.plain) and words in " ".join([text.lstrip("> ") for text in page.plain[begin:]])


def _leads_to(text: str) -> bool:
    """Some words that end in ":", and tell no time (in their last sentence) nor, alone, a name."""
    begin = max(text.rfind(end) for end in (". ", "! ", "? ")) + 1
    last = text[begin:].lstrip()
    return last.endswith(":") and " " in last and not (are_names(text) or tells_date(last) or tells_time(last))
