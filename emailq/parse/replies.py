"""What the sender wrote this time, apart from quoted history and signature: by lines, linear in the text.

Each line goes to one of three places, in its order. Where the history begins is told by what mail programs write:
a line of dashes ("-----Original Message-----"), a block of header lines ("From: … Sent: … To: …"), a line that names
the author ("On Monday … wrote:"), or ">" before each line.
"""

import re
from dataclasses import dataclass

from emailq.parse import phrases

_LINE = 500  # characters of a line that are looked at
_BLOCK_LINES = 16  # in which a block of header lines stands
_ATTRIBUTION_LINES = 4
_SIGNATURE_LINES = 25  # with text, at most, from the end


@dataclass(frozen=True, slots=True)
class SplitText:
    """Every line of the text is in one of the three, blank lines at their ends apart.

    `forwarded`: the quoted part was passed on, not answered.
    """

    new: str
    quoted: str
    signature: str
    forwarded: bool = False

    @property
    def current(self) -> str:
        """What the message is about: the new text, with the forwarded one where the new only hands it over."""
        if self.forwarded and is_hand_over(self.new):
            return f"{self.new}\n\n{self.quoted}".strip("\n")
        return self.new or self.quoted or self.signature


def split_reply(text: str) -> SplitText:
    """Separate the newest text from history and signature; answers between quoted lines stay in `new`."""
    page = _Page(text)
    mark = _mark_history(page)
    _mark_signatures(page)
    new, quoted, signature = map(page.of, (_NEW, _QUOTED, _SIGNATURE))
    if not new and signature and not quoted:
        new, signature = signature, ""
    if not new and quoted and not signature and mark == _UNMARKED:
        new, quoted = quoted, ""
    is_forwarded = mark == _FORWARD or (mark == _BLOCK and is_hand_over(new))
    return SplitText(new, quoted, signature, is_forwarded)


def is_hand_over(text: str) -> bool:
    """Whether a text is empty or says no more than that something is passed on ("see below", "пересылаю")."""
    if len(text) > 300:
        return False
    said = f" {' '.join(_WORDS.findall(_fold(text)))} "
    rest = said
    for phrase in _HAND_OVERS:
        rest = rest.replace(phrase, "  ")
    names = [word for word in rest.split() if word not in _FILLERS]
    return not said.strip() or (rest != said and len(names) <= 2)


# Who owns a line, and what was seen of the history.
_NEW, _QUOTED, _SIGNATURE = range(3)
_UNMARKED, _REPLY, _BLOCK, _FORWARD = range(4)


class _Page:
    """The lines of a text, what they look like without decoration, and who owns them."""

    __slots__ = ("labels", "lines", "owners", "plain")

    def __init__(self, text: str) -> None:
        self.lines = text.split("\n")
        self.plain = [_plain(line) for line in self.lines]
        self.labels = [_labels(line) for line in self.plain]
        self.owners = [_NEW] * len(self.lines)

    def of(self, wanted: int) -> str:
        mine = [line for line, owner in zip(self.lines, self.owners, strict=True) if owner == wanted]
        return "\n".join(mine).strip("\n").rstrip()


# ------------------------------------------------------------------------------------------ history


def _fold(text: str) -> str:
    """For comparing: lower case; the Turkish İ would leave a dot behind."""
    return text.lower() if text.isascii() else text.casefold().replace("\u0307", "")


def _words(table: str) -> list[str]:
    return [_fold(word) for word in re.split(r"\s*[|\n]\s*", table.strip())]


def _any_of(table: str) -> str:
    """A pattern for one of the words, the longest first."""
    return "(?:" + "|".join(re.escape(word) for word in sorted(_words(table), key=len, reverse=True)) + ")"


_INVISIBLE: dict[int, str | None] = dict.fromkeys(
    map(ord, "\ufeff\u200b\u200e\u200f\u202a\u202b\u202c\u2066\u2067\u2068\u2069")
)
_INVISIBLE |= {0xA0: " ", 0x202F: " ", 0xFF1A: ":", 0xFE55: ":"}
_QUOTE_MARK = re.compile(r"\s{0,3}>|\s?[A-ZА-ЯЁ]{2,3}>\s")
_DASHES = "-_=—–‐‑*"
_SEPARATOR = re.compile(rf"[{_DASHES}]{{2,}}\s*(?P<words>[^\W\d_][^_=—–‐:<>]{{3,60}}?)\s*(?:[{_DASHES}]{{2,}}|$)")
_RULE = re.compile(rf"[{_DASHES}~#\s]{{3,}}$")
_LABEL = re.compile(r"([^\W\d_][^:<>@\d]{0,23}?)\s*:")
_CLOCK = re.compile(r"\d{1,2}\s?[:.hч]\s?\d{2}|\d\s?(?:am|pm)\b", re.IGNORECASE)
_MONTH = _any_of(phrases.MONTHS)
_DATE = re.compile(
    rf"(?<!\d)(?:(?:19|20)\d\d(?!\d)|\d{{1,2}}[./-]\d{{1,2}}[./-]\d{{2,4}}|\d{{1,2}}(?:st|nd|rd|th|\.|,)?\s(?:de\s)?{_MONTH})"
    rf"|{_MONTH}[^\W\d_]{{0,12}}\.?\s\d",
    re.IGNORECASE,
)
_DIGIT = re.compile(r"\d")
_ADDRESS = re.compile(r"[\w.+%'&=-]@[\w-]{1,63}\.\w")
_DATE_FIRST = re.compile(r"(?:[^\W\d_]{1,14}\.?,?\s+)?\d")
_SAID_WHAT = frozenset(
    ["the following", "following", "folgendes", "følgende", "följande", "ce qui suit", "lo siguiente"]
)
_ROLES = {label: role for role, labels in phrases.HEADER_LABELS.items() for label in _words(labels)}
_ANY_LABEL = re.compile(rf"(?<!\w)({_any_of('|'.join(phrases.HEADER_LABELS.values()))})\s*:", re.IGNORECASE)
_ORIGINAL = re.compile(_any_of(phrases.ORIGINAL_MESSAGE))
_FORWARDED = re.compile(_any_of(phrases.FORWARDED_MESSAGE))
_FORWARD_LINES = frozenset(_words(phrases.FORWARD_LINES))
_WROTE = re.compile(rf"(?<!\w){_any_of(phrases.WROTE)}(?!\w)|写道|寫道|のメール|님이 (?:작성|씀)", re.IGNORECASE)
_INTRODUCTION = re.compile(rf"{_any_of(phrases.DATE_INTRODUCTIONS)}(?![\w'])|[在于於]", re.IGNORECASE)
_QUOTING = re.compile(rf"{_any_of(phrases.QUOTING)}(?!\w)", re.IGNORECASE)


_REPLY_ABOVE = re.compile(_any_of(phrases.REPLY_ABOVE))
_WRITTEN_BY = re.compile(
    r">>> (?=.{0,200}\d).{3,200} >>>\s*$"
)  # GroupWise: ">>> Ann <a@b.example> 9/11/2026 5:31 PM >>>"
_SUMMARY = re.compile(r".{1,80}---\d[\d/.: APM]{5,25}---")  # Notes: "Ann ---11/09/2026 05:31:00 PM---Ten or …"


def _mark_history(page: _Page) -> int:
    """Give the quoted lines to the history, and say by which mark it was known."""
    seen = _UNMARKED
    number, end = 0, len(page.lines)
    while number < end:
        if _is_quoted(page.lines[number]) and not _WRITTEN_BY.match(page.lines[number]):
            if seen == _UNMARKED and (number == 0 or page.owners[number - 1] == _NEW):
                seen = _quoted_mark(page.lines[number])
            page.owners[number] = _QUOTED
            number += 1
            continue
        kind, length = _mark_at(page, number) if page.plain[number] else (_UNMARKED, 1)
        if kind != _UNMARKED:
            seen = max(seen, kind)
            start = _back_over_rules(page, number)
            page.owners[start : number + length] = [_QUOTED] * (number + length - start)
            if kind == _FORWARD or not _quote_follows(page, number + length):
                page.owners[number:] = [_QUOTED] * (end - number)
                return seen
        number += length
    _mark_broken_lines(page)
    return seen


def _is_quoted(line: str) -> bool:
    return ">" in line[:5] and bool(_QUOTE_MARK.match(line))


def _mark_at(page: _Page, number: int) -> tuple[int, int]:
    """The kind of mark that begins at a line, and its length in lines."""
    text = page.plain[number]
    if text[0] in _DASHES and (separator := _SEPARATOR.match(text)):
        words = _fold(separator["words"])
        if _FORWARDED.search(words):
            return _FORWARD, 1
        if _ORIGINAL.search(words):
            return _BLOCK, 1 + _block_length(page, number + 1)
    if text[0] == ">" and _WRITTEN_BY.match(text):
        return _BLOCK, 1
    if text[0] in "#-–—*=" and _REPLY_ABOVE.search(_fold(text[:200])):
        return _BLOCK, 1
    if text[-1] == ":" and len(text) <= 60 and _fold(text.rstrip(": ")) in _FORWARD_LINES:
        return _FORWARD, 1
    if page.labels[number] and (length := _block_length(page, number)):
        return _BLOCK, length
    if length := _attribution_length(page, number):
        return _REPLY, length
    return _UNMARKED, 1


def _quoted_mark(line: str) -> int:
    """What the first line behind the ">" says of the quote."""
    text = _plain(line.lstrip("> "))
    if _fold(text.rstrip(": ")) in _FORWARD_LINES:
        return _FORWARD
    if separator := _SEPARATOR.match(text):
        words = _fold(separator["words"])
        return _FORWARD if _FORWARDED.search(words) else _BLOCK if _ORIGINAL.search(words) else _UNMARKED
    return _REPLY if text.endswith(":") and _attribution(text) else _UNMARKED


def _labels(text: str) -> tuple[str, ...]:
    """What a header line says ("from", "date" …), for each label when several stand in one line, else nothing."""
    if text.find(":", 0, 60) < 1:
        return ()
    text = text.lstrip("|> ")
    label = _LABEL.match(text)
    role = _ROLES.get(_fold(label[1]).strip("* ")) if label else None
    if role is None:
        return ()
    roles = {role, "address"} if role != "subject" and "@" in text else {role}
    if role != "subject" and text.count(":") > 1:
        roles.update(_ROLES.get(_fold(other), "other") for other in _ANY_LABEL.findall(text))
    return tuple(roles)


def _block_length(page: _Page, number: int) -> int:
    """How many lines, from this one, are a mail's header ("From: … Sent: … To: … Subject: …"); 0 if they aren't one.

    A form with "From: Berlin, To: Paris, Date: Monday" is none: it names no address, and no subject with a time of day.
    """
    roles: set[str] = set()
    length = gap = 0
    for offset, found in enumerate(page.labels[number : number + _BLOCK_LINES]):
        if found:
            roles.update(found)
            length, gap = offset + 1, 0
        else:  # a long list of recipients goes on below; one blank line may stand between
            gap += 1 if page.plain[number + offset] else 2
            if gap > 3:
                break
    if "from" not in roles or len(roles - {"other", "address"}) < 3:
        return 0
    is_sure = "address" in roles or (
        "subject" in roles and any(map(_CLOCK.search, page.plain[number : number + length]))
    )
    return length if is_sure else 0


def _attribution_length(page: _Page, number: int) -> int:
    """How many lines, from this one, say who wrote what follows; 0 if they don't."""
    text = page.plain[number]
    if text.endswith((":", "wrote", "wrote ----")):
        return int(_says_who_wrote(text, page, number + 1))
    if text.endswith(">") and _DATE.match(text) and _ADDRESS.search(text) and _quote_follows(page, number + 1):
        return 1  # "2026/11/9 Jonas <j@b.example>", as Gmail once wrote
    near = page.plain[number + 1 : number + _ATTRIBUTION_LINES]
    if not any(line[-1:] == ":" for line in near) or not _goes_on(text):
        return 0
    for length, following in enumerate(near, start=2):
        if not following or (_goes_on(following.rstrip(":")) and _DATE.search(following)):
            return 0
        text += " " + following
        if following.endswith(":"):
            return length if _says_who_wrote(text, page, number + length) else 0
    return 0


def _goes_on(text: str) -> bool:
    """Whether a line may be the first of several that say who wrote."""
    return (
        10 < len(text) < 200
        and bool(_DATE_FIRST.match(text) or _INTRODUCTION.match(text))
        and bool(_DATE.search(text) or _CLOCK.search(text))
        and not text.endswith((".", "!", "?", ";"))
    )


def _says_who_wrote(text: str, page: _Page, after: int) -> bool:
    strength = _attribution(text)
    return strength == 2 or (strength == 1 and _quote_follows(page, after))


def _attribution(text: str) -> int:
    """2 if a line says who wrote when or from which address, 1 if it may say so and needs a quote below, else 0."""
    if not 8 <= len(text) <= 400:
        return 0
    body = text.strip(" -*:")
    has_address = bool(_ADDRESS.search(body))
    has_date = bool(_DATE.search(body) or _CLOCK.search(body))
    is_introduced = bool(_INTRODUCTION.match(body) or _DATE_FIRST.match(body))
    if _QUOTING.match(body):
        return 2 if has_address or has_date else 1
    for wrote in [*_WROTE.finditer(body)][-3:]:
        rest = body[wrote.end() :].strip(" ,")
        if not rest or _is_who_or_when(rest):
            return 2 if has_address or (has_date and (is_introduced or _CLOCK.search(rest))) else 1
    if not (has_date and is_introduced and text.endswith(":") and _CLOCK.search(body)):
        return int(has_address and has_date and is_introduced and text.endswith(":"))
    return 2 if has_address and body.endswith((">", ")", "]")) else 1


def _is_who_or_when(text: str) -> bool:
    if len(text) > 120:
        return False
    is_time = len(text) <= 45 and bool(_CLOCK.search(text))
    return is_time or bool(_ADDRESS.search(text)) or _are_names(text) or _fold(text) in _SAID_WHAT


def _are_names(text: str) -> bool:
    """Whether all words but short ones ("van der") begin with a capital."""
    words = [word.strip("\"'«»„“”‘’()[],.-") for word in text.split()]
    return all(not word or len(word) <= 3 or word[0].isupper() for word in words)


def _quote_follows(page: _Page, number: int) -> bool:
    following = next((line for line in page.lines[number : number + 5] if line.strip()), "")
    return _is_quoted(following)


def _back_over_rules(page: _Page, number: int) -> int:
    """Where the line of dashes begins that stands above a mark; "To: …" may stand between (Yandex)."""
    start = number
    for above in range(number - 1, max(number - 5, -1), -1):
        text = page.lines[above].strip()
        if page.owners[above] != _NEW:
            break
        is_part = (
            not text
            or _RULE.match(text[:_LINE])
            or _SUMMARY.match(text[:_LINE])
            or (page.labels[above] and start == above + 1)
        )
        if not is_part:
            break
        start = above if text else start
    return start


def _mark_broken_lines(page: _Page) -> None:
    """A long quoted line that was wrapped once more leaves its end without the mark."""
    lines, owners = page.lines, page.owners
    for number in range(1, len(lines) - 1):
        if (
            owners[number] == _NEW
            and owners[number - 1] == owners[number + 1] == _QUOTED
            and lines[number][:1].islower()
            and len(lines[number]) < 60 <= len(lines[number - 1])
        ):
            owners[number] = _QUOTED


def _plain(line: str) -> str:
    text = line[:_LINE]
    if not text.isascii():
        text = text.translate(_INVISIBLE)
    return text.strip().strip("*").strip()


# ------------------------------------------------------------------------------------------ signatures

_WORDS = re.compile(r"[^\W_]+")
_EDGES = re.compile(r"^[\W_]+|[\W_]+$")
_DELIMITERS = frozenset(["--", "—", "–", "-- ", "—-", "- --"])
_RULE_OR_TWO = re.compile(rf"[{_DASHES}~]{{2,}}$")
_CLOSINGS = frozenset(_words(phrases.CLOSINGS))
_WEAK_CLOSINGS = frozenset(_words(phrases.WEAK_CLOSINGS))
_SENT_FROM = tuple(_words(phrases.SENT_FROM))
_SENT_FROM_LETTERS = frozenset(letter for phrase in _SENT_FROM for letter in (phrase[0], phrase[0].upper()))
_ANGLES = re.compile(r"<[^<>]*>|\[[^\[\]]*\]")
_POSTSCRIPT = re.compile(rf"{_any_of(phrases.POSTSCRIPTS)}(?:\W|$)", re.IGNORECASE)
_CONFIDENTIAL = _words(phrases.CONFIDENTIAL)
_THIS_MESSAGE = _words(phrases.THIS_MESSAGE)
_SMALL_PRINT = frozenset(_words(phrases.SMALL_PRINT_TITLES))
_FOOTER = re.compile(rf"[\W_]{{0,4}}{_any_of(phrases.FOOTERS)}|.{{1,60}}mailing list$", re.IGNORECASE)
_BANNER = re.compile(rf"[\W_]{{0,6}}{_any_of(phrases.BANNER_STARTS)}\b", re.IGNORECASE)
_BANNER_WORDS = re.compile(_any_of(phrases.BANNER_WORDS), re.IGNORECASE)
_GREETING = re.compile(rf"{_any_of(phrases.GREETINGS)}.{{0,40}}[,!:]$", re.IGNORECASE)
_CONTACT = re.compile(
    r"\b(?:tel|phone|mob|mobile|cell|fax|direct|office|тел|моб|факс|т|t|m|p|f)\.?\s{0,2}[:.]?\s{0,2}[+(]{0,2}\d"
    r"|\+\d[\d ()./-]{7,}|www\.|https?://|[\w.+-]@[\w-]+\.|☎|📱|📞",
    re.IGNORECASE,
)
_SIGNED = re.compile(r"(?:[-–—]{1,2}|/)\s?[A-ZÀ-ÞА-ЯЁІЇЄ][^\W\d_]+(?:\s[A-ZÀ-ÞА-ЯЁІЇЄ][^\W\d_]*\.?){0,2}$")
_HAND_OVERS = [
    f" {' '.join(_WORDS.findall(_fold(p)))} " for p in sorted(_words(phrases.HAND_OVERS), key=len, reverse=True)
]
_FILLERS = frozenset(_words(phrases.FILLERS))


def _mark_signatures(page: _Page) -> None:
    """Signatures, small print and footers at the end of each run of new lines; a gateway's banner at its begin."""
    run: list[int] = []  # the lines with text of a run
    is_first = True
    for number, owner in enumerate([*page.owners, _QUOTED]):
        if owner == _NEW:
            if page.plain[number]:
                run.append(number)
        elif run:
            _mark_signature(page, _without_banner(page, run) if is_first else run, is_first=is_first)
            run, is_first = [], False


def _without_banner(page: _Page, run: list[int]) -> list[int]:
    text = page.plain[run[0]]
    if not (_BANNER.match(text) and _BANNER_WORDS.search(text)):
        return run
    length = next((n for n in range(1, len(run)) if run[n] != run[n - 1] + 1), len(run))
    if length == len(run):
        return run
    _give(page, run[:length], _SIGNATURE)
    return run[length:]


def _give(page: _Page, numbers: list[int], owner: int) -> None:
    for number in numbers:
        page.owners[number] = owner


def _mark_signature(page: _Page, run: list[int], *, is_first: bool) -> None:
    for index, number in enumerate(run):
        if _is_sent_from(page.plain[number]):
            page.owners[number] = _SIGNATURE
            if index:
                rest = run[index + 1 :]  # some clients set no mark between this and the history
                is_short = all(len(page.plain[n]) <= 60 for n in rest) and _is_signature([page.plain[n] for n in rest])
                _give(page, rest, _SIGNATURE if is_short else _QUOTED)
                if page.plain[run[index - 1]] in _DELIMITERS:
                    index -= 1
                    page.owners[run[index]] = _SIGNATURE
                run = run[:index]
                break
    texts = [page.plain[n] for n in run[-_SIGNATURE_LINES:]]
    offset = len(run) - len(texts)
    for index, text in enumerate(texts):
        below = texts[index + 1 :]
        if not _begins_signature(text, below, is_top=is_first and offset + index == 0):
            continue
        begin = index - 1 if offset + index > 1 and index and _SIGNED.match(texts[index - 1]) else index
        end = next((n for n, line in enumerate(below, index + 1) if _POSTSCRIPT.match(line)), len(texts))
        _give(page, run[offset + begin : offset + end], _SIGNATURE)
        return
    if len(texts) > 1 and _SIGNED.match(texts[-1]):
        _give(page, run[-1:], _SIGNATURE)
        return
    _give(page, _contact_block(page, run), _SIGNATURE)


def _begins_signature(text: str, below: list[str], *, is_top: bool) -> bool:
    """Whether a signature begins at a line with these lines below it. `is_top`: nothing stands above it."""
    if text in _DELIMITERS:
        return bool(below) and not any(line in _DELIMITERS for line in below[1:3])
    if _RULE_OR_TWO.match(text):
        facts = sum(":" in line and not _CONTACT.search(line) for line in below)  # "Item: pump", so a form or a table
        return bool(below) and (
            _is_small_print(below[0]) or (facts < 2 and _is_signature(below) and _has_contact(below))
        )
    if is_top:
        return False
    if len(text) <= 80:
        closing = _closing(_fold(text))
        if closing == 2:
            return _is_signature(below)
        if closing == 1:
            name = next((line for line in below if not _RULE_OR_TWO.match(line)), "")
            return 0 < len(name) <= 40 and len(name.split()) <= 4 and not _closing(_fold(name)) and _is_signature(below)
    return _is_small_print(text)


def _closing(line: str) -> int:
    """2 for "Best regards", with or without a name behind it, 1 for "Thanks", else 0."""
    words = _EDGES.sub("", line)
    if words in _CLOSINGS:
        return 2
    if words in _WEAK_CLOSINGS:
        return 1
    first, comma, name = words.partition(",")
    if comma and len(name) <= 40 and len(name.split()) <= 4:
        return 2 if first.strip() in _CLOSINGS else 0
    first, slash, _ = words.partition("/")
    if slash and first.strip() in _CLOSINGS:
        return 2
    parts = words.split()
    for length in range(min(5, len(parts) - 1), 1, -1):  # "mit freundlichen Grüßen aus Ulm"
        if " ".join(parts[:length]) in _CLOSINGS:
            return 2 if len(parts) - length <= 3 else 0
    return 0


def _is_sent_from(text: str) -> bool:
    """ "Sent from my phone", but no sentence that begins so."""
    if len(text) > 200 or text[:1] not in _SENT_FROM_LETTERS:
        return False
    words = _fold(text)
    if not words.startswith(_SENT_FROM) or (words.startswith("von meine") and "gesendet" not in words):
        return False
    words = _ANGLES.sub("", words)
    return len(words) <= 120 and ", " not in words and not (words.endswith(".") and len(words) > 80)


def _is_signature(below: list[str]) -> bool:
    """Short lines to the end, or to the small print."""
    for number, line in enumerate(below):
        if _is_small_print(line):
            return True
        if number >= 16 or len(line) > 140 or _GREETING.match(line):
            return False
    return True


def _has_contact(below: list[str]) -> bool:
    return any(_CONTACT.search(line) for line in below[:12])


def _is_small_print(text: str) -> bool:
    words = _fold(text)
    if len(words) > 60 and any(map(words.__contains__, _THIS_MESSAGE)) and any(map(words.__contains__, _CONFIDENTIAL)):
        return True
    return bool(_FOOTER.match(words)) or (len(words) < 60 and _EDGES.sub("", words) in _SMALL_PRINT)


def _contact_block(page: _Page, run: list[int]) -> list[int]:
    """The last paragraph, when it is a name with a telephone number or an address below it."""
    begin = len(run) - 1
    while begin > 0 and run[begin] == run[begin - 1] + 1:
        begin -= 1
    block = [page.plain[n] for n in run[begin:]]
    if begin <= 0 or not 2 <= len(block) <= 8 or any(len(line) > 70 for line in block):
        return []
    name = block[0].rstrip(",")
    is_name = 2 <= len(name.split()) <= 4 and _are_names(name) and name[0].isupper() and not _DIGIT.search(name)
    is_wanted = page.plain[run[begin - 1]].endswith(":")  # "Please send it to:"
    return run[begin:] if is_name and not is_wanted and _has_contact(block[1:]) else []
