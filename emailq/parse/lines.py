"""The lines of a text, what they look like without decoration, and who owns them: what `replies` is decided on."""

import re
from itertools import pairwise

from emailq.parse import phrases
from emailq.parse.patterns import in_lower_case, lower

_LINE = 500  # characters of a line that are looked at

DASHES = "-_=—–‐‑―－*━─═"
_RULE = re.compile(rf"[{DASHES}~]{{2,}}$|([^\w\s.!?])\1{{7,}}$")
DELIMITERS = frozenset(["--", "—", "–", "-- ", "—-", "- --"])  # of a signature
QUOTATION_MARKS = frozenset('"“„«»”')

SET_IN = "\u2003"  # before a line of a page's history that is set off as a whole: an answer, or a heading

# Who owns a line.
NEW = 0
QUOTED = 1
SIGNATURE = 2


class Page:
    """The lines of a text, what they look like without decoration, and who owns them."""

    __slots__ = ("are_quoted", "has_bars", "has_reply_line", "has_set_in", "labels", "lines", "owners", "plain")

    def __init__(self, text: str) -> None:
        self.lines = text.split("\n")
        is_as_it_looks = not ("*" in text or "&nbsp;" in text or (not text.isascii() and _ANY_INVISIBLE.search(text)))
        self.plain = [line[:_LINE].strip() if is_as_it_looks else plain(line) for line in self.lines]
        self.labels = [_labels(line) if ":" in line else () for line in self.plain]
        self.owners = [NEW] * len(self.lines)
        self.are_quoted = [False] * len(self.lines)
        if ">" in text:
            self.are_quoted = [">" in line[:8] and bool(_QUOTE_MARK.match(line)) for line in self.lines]
        self.has_bars = "|" in text and "\n|" in text
        self.has_set_in = SET_IN in text
        whole = fold(text).replace("\u00a0", " ")
        self.has_reply_line = any(map(whole.__contains__, _REPLY_LINES))  # few have one

    def parts(self) -> list[str]:
        """The lines of each owner, without blank ones at their ends."""
        parts: tuple[list[str], ...] = ([], [], [])
        for line, owner in zip(self.lines, self.owners, strict=True):
            parts[owner].append(line)
        return ["\n".join(part).strip("\n").rstrip() for part in parts]

    def runs(self) -> "list[Run]":
        """The new lines with text, parted where others stand between."""
        runs: list[list[int]] = []
        is_open = False
        for number, owner in enumerate(self.owners):
            if owner != NEW:
                is_open = False
            elif self.plain[number]:
                if not is_open:
                    runs.append([])
                    is_open = True
                runs[-1].append(number)
        step = _step(runs)
        return [Run(self, numbers, [self.plain[number] for number in numbers], step) for numbers in runs]

    def end_of_history(self, count: int) -> "Run":
        """The last lines with text, at most so many, as far as they are history that nothing marks."""
        numbers: list[int] = []
        for number in range(len(self.plain) - 1, -1, -1):
            if len(numbers) == count or self.owners[number] != QUOTED or self.are_quoted[number] or self.labels[number]:
                break
            if self.plain[number]:
                numbers.insert(0, number)
        return Run(self, numbers, [self.plain[number] for number in numbers], 1)


def _step(runs: list[list[int]]) -> int:
    """From a line to the next of its paragraph: 2 where a blank line stands below each and more between paragraphs."""
    steps = [below - number for number, below in pairwise(number for run in runs for number in run)]
    return 2 if 1 not in steps and steps.count(2) > 1 and any(step > 2 for step in steps) else 1


class Run:
    """Some lines with text that follow each other, and where paragraphs begin among them."""

    __slots__ = ("_page", "_step", "numbers", "texts")

    def __init__(self, page: Page, numbers: list[int], texts: list[str], step: int) -> None:
        self._page = page
        self._step = step
        self.numbers = numbers
        self.texts = texts

    def __len__(self) -> int:
        return len(self.numbers)

    def part(self, start: int, end: int | None = None) -> "Run":
        return Run(self._page, self.numbers[start:end], self.texts[start:end], self._step)

    def begins_paragraph(self, index: int) -> bool:
        """Whether a blank line stands above it; not so for the first line."""
        return index > 0 and self.numbers[index] > self.numbers[index - 1] + self._step

    def last_paragraph(self) -> int:
        """Where it begins."""
        begin = max(len(self) - 1, 0)
        while begin > 0 and not self.begins_paragraph(begin):
            begin -= 1
        return begin

    def just_above(self) -> str:
        """What stands right above the first line, whoever owns it."""
        return "".join(self._page.plain[max(self.numbers[0] - 3, 0) : self.numbers[0]])

    def give(self, owner: int, start: int = 0, end: int | None = None) -> None:
        for number in self.numbers[start:end]:
            self._page.owners[number] = owner


def fold(text: str) -> str:
    """For comparing: lower case, one apostrophe; the Turkish İ would leave a dot behind."""
    return text.lower() if text.isascii() else text.casefold().replace("\u0307", "").replace("’", "'")


def words_of(table: str) -> list[str]:
    return [fold(word) for word in re.split(r"\s*[|\n]\s*", table.strip())]


def any_of(table: str) -> str:
    """A pattern for one of the words, the longest first."""
    return "(?:" + "|".join(re.escape(word) for word in sorted(words_of(table), key=len, reverse=True)) + ")"


def are_names(text: str) -> bool:
    """Whether all words but short ones ("van der") begin with a capital."""
    words = [word.strip("\"'«»„“”‘’()[],.-") for word in text.split()]
    return all(not word or len(word) <= 3 or word[0].isupper() for word in words)


_GONE = "\ufeff\u200b\u2060\u2061\u2062\u2063\u2064\u200e\u200f\u202a\u202b\u202c\u2066\u2067\u2068\u2069"
_INVISIBLE = dict.fromkeys(map(ord, _GONE)) | {0xA0: " ", 0x202F: " ", 0xFF1A: ":", 0xFE55: ":"}
_ANY_INVISIBLE = re.compile(f"[{''.join(map(chr, _INVISIBLE))}]")
_REPLY_LINES = words_of(phrases.REPLY_LINES)
_QUOTE_MARK = re.compile(r"\s{0,3}>|\s{0,4}[A-ZА-ЯЁ]{1,3}>+(?:\s|$)")  # or initials, as The Bat! and Gnus have it
_TARGET = re.compile(r" ?<[^<>\s]+>")
_DIGIT = re.compile(r"\d")
_FOUR_DIGITS = re.compile(r"(?:\d\D*+){4}")
_PHONE = in_lower_case(
    r"\b(?:tel|fon|telefon|teléfono|téléphone|телефон|phone|mob|gsm|handy|mobil|móvil|mobile|cell|fax|direct|office|тел|моб|факс)\.?\s{0,2}[:.]?\s{0,2}[+(]{0,2}\d"
    r"(?:[ ()./-]{0,2}\d){3}|\b[тtmpf](?:[.:]\s{0,2}|\s{1,2})[+(]{0,2}\d(?:[ ()./-]{0,2}\d){5}|\+\d[\d ()./-]{7,}"
    r"|^\(?\d{1,5}\)?(?:[ ()/-]{1,2}\d{2,5}){2,4}(?:\s?\(?(?:ext|x|доб|вн|poste)\.?\s?\d{1,5}\)?)?$|☎|📱|📞"
)
_ADDRESS = in_lower_case(r"@(?<=[\w.+-]@)[\w-]+\.")
_ROLES = {label: role for role, labels in phrases.HEADER_LABELS.items() for label in words_of(labels)}
TO_LABELS, SUBJECT_LABELS = (frozenset(words_of(phrases.HEADER_LABELS[role])) for role in ("to", "subject"))
_MORE_LABELS = re.compile(r":.*[^\W\d_]\)?\s*:")  # where there are no more, the next pattern takes long to say so
_ANY_LABEL = re.compile(rf"(?<!\w)({any_of('|'.join(phrases.HEADER_LABELS.values()))})\s*:", re.IGNORECASE)


def bare(text: str) -> str:
    """Without what is no letter or digit at its ends."""
    words = text.strip(" .,!:;-–—_*'\"")
    start, end = 0, len(words)
    while start < end and not words[start].isalnum():
        start += 1
    while start < end and not words[end - 1].isalnum():
        end -= 1
    return words[start:end]


def is_rule(text: str) -> bool:
    """Whether a line parts what stands above and below it: "------"."""
    return not text[-1:].isalnum() and bool(_RULE.match(text))


def is_contact(text: str) -> bool:
    """Whether a telephone number, an address or a link stands in it."""
    has_link = "@" in text or "://" in text or "www." in text
    if not (has_link or "+" in text or (_FOUR_DIGITS if text.isascii() else _DIGIT).search(text)):  # "☎ 112"
        return False
    words = lower(text)
    if "www." in words or "http://" in words or "https://" in words:
        return True
    return bool(_ADDRESS.search(words) or _PHONE.search(words))


def length(text: str) -> int:
    """Characters that a reader of HTML saw: without the targets of links."""
    return len(_TARGET.sub("", text)) if "<" in text else len(text)


def plain(line: str) -> str:
    text = line[:_LINE]
    if not text.isascii() and _ANY_INVISIBLE.search(text):
        text = text.translate(_INVISIBLE)
    if "&nbsp;" in text:  # QQ writes it into plain text
        text = text.replace("&nbsp;", " ")
    text = text.strip()
    return text.strip("*").strip() or text  # bold, but no line of stars


def _labels(text: str) -> tuple[str, ...]:
    """What a header line says ("from", "date" …), for each label when several stand in one line, else nothing."""
    if text.find(":", 0, 60) < 1:
        return ()
    text = text.lstrip("|> _")
    role = _ROLES.get(fold(text.partition(":")[0].rstrip()).rstrip("* "))
    if role is None:
        return ()
    roles = {role, "address"} if role != "subject" and "@" in text else {role}
    if role != "subject" and text.count(":") > 1 and _MORE_LABELS.match(text, text.find(":")):
        roles.update(_ROLES.get(fold(other), "other") for other in _ANY_LABEL.findall(text))
    return tuple(roles)
