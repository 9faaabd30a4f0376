"""What order lines in running text may mean otherwise, or may have missed: a person decides then."""

import re
from collections.abc import Iterator, Sequence
from typing import Any

from emailq.extract.lines import COUNTED, NO_COUNT, NO_ITEM, OF_ADDRESS, PART_OF, is_year
from emailq.extract.numbers import QUANTITY
from emailq.extract.parts import in_one_row

_WORD = (
    r"two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|twenty|thirty|forty|fifty|hundred|thousand|dozen"
    r"|дв[ае]|двух|три|трёх|четыре|пять|шесть|семь|восемь|девять|десять|двенадцать|двадцать|тридцать|сорок|пятьдесят|сто"
    r"|тысяч[аиу]?|дюжин[ауы]|zwei|drei|vier|fünf|sechs|sieben|acht|neun|zehn|zwölf|zwanzig|hundert|dutzend"
    r"|deux|trois|quatre|cinq|sept|huit|neuf|dix|douze|vingt|douzaine|dos|tres|cuatro|cinco|seis|siete|ocho|diez|docena"
)
_IN_WORDS = re.compile(
    rf"(?<![\w-])(?:(?:{_WORD})(?:\s(?:{_WORD}))?|\d[\d.,]{{0,6}}\s?(?:тыс|tsd)\.?)\s(?P<next>[^\W\d_]+)", re.IGNORECASE
)
_EACH = re.compile(
    rf"(?<!\w)(?:jeweils|je)\s{COUNTED.pattern}|{COUNTED.pattern}\s(?:of\s)?each(?!\w)|{COUNTED.pattern}\s(?:кажд\w+|de\s(?:chaque|cada))"
    rf"|(?<!\w)по\s{COUNTED.pattern}\s(?:[^.;\n]{{0,60}}\s)?кажд",
    re.IGNORECASE,
)
_PART = re.compile(
    rf"(?<!\w)(?:davon|darunter|hiervon|(?:of\s(?:which|them|these)|thereof|из\s(?:них|которых)|dont|d'entre\s\w+|de\s(?:ell[ao]s|l[ao]s\scuales))"
    rf",?\s(?:\w+\s){{0,2}}(?:{QUANTITY})|(?<=\d)\sof\s(?:them|these|which)"
    r"|(?:der|the)\s(?:rest|remainder)|le\sreste|el\sresto|остальн\w+)(?!\w)",
    re.IGNORECASE,
)
_LIKE_A_LINE = re.compile(  # "12 buckets of paint", "paint: 12 buckets", "paint: 12"
    r"[-*•–—· ]*\d{1,6} ?(?P<item>[^\W\d_]{2}.*)"
    r"|(?P<label>.*[^\W\d_].*?) ?(?:[:–—=]|(?<= )-) ?\d{1,5} ?(?P<unit>[^\W\d_]{1,12})?\.?"
)
_COUNT_AND_THING = re.compile(r"(?<![\w.,/:-])\d{1,4} (?P<what>[^\W\d_]{3}[^\n]{0,60})")
_NUMBERED = re.compile(r"(?:\b(?:no|nr|id|tel|fax|po|n°)|n[úu]mm?e[rw]\w*|\w*nummer|номер|№|#)\W*$", re.IGNORECASE)
_PLACE = re.compile(r"\d{4} [^\W\d_a-z][^\W\d_]+(?:[ -][^\W\d_]+)?\.?")
_SEVERAL = re.compile(r"(?:[^\W\d_]{2}[.!?]|[+&/]) \d{1,4} [^\W\d_]{3}")
_OR = re.compile(r"\s(?:or|oder|или|ou|o|beziehungsweise|bzw\.?|либо)(?:\s|$)", re.IGNORECASE)


def unclear_lines(text: str, lines: Sequence[dict[str, Any]]) -> Iterator[str]:
    """What is to be asked about the lines that were found in this text, one sentence each."""
    for line in lines:
        if _OR.search(line["item"]):
            yield f"one or the other: {line['span']}"
        if _SEVERAL.search(line["item"]):
            yield f"several things in one line: {line['span']}"
    for pattern, meaning in ((_EACH, "so many of each of several things"), (_PART, "a part of what is ordered")):
        if match := pattern.search(text):
            yield f"{meaning}: {_row_of(match)}"
    spans = in_one_row(" ".join(line["span"].replace(" | ", " ") for line in lines))  # bars stand between cells
    counts = (match for match in COUNTED.finditer(text) if not is_year(text, match.start()))
    missed = (match for match in counts if in_one_row(match[0]).rstrip(".") not in spans)
    if lines and (match := next(missed, None)):
        yield f"a quantity is in no line: {_row_of(match)}"
    elif lines and (row := _row_without_line(text, lines)):
        yield f"a quantity is in no line: {row}"
    for line in lines:
        if line is lines[-1] and _PLACE.fullmatch(line["span"]):
            yield f"a postcode or a quantity: {line['span']}"
    if words := _quantity_in_words(text):
        yield f"a quantity may stand there in words: {words}"


def _row_without_line(text: str, lines: Sequence[dict[str, Any]]) -> str | None:
    """A row amid those of lines, or next to one, that looks like one and was not read."""
    rows = [in_one_row(row) for row in text.splitlines()]
    has_line = [any(line["span"] in row for line in lines) for row in rows]
    if True not in has_line:
        return None
    first, last = has_line.index(True), len(rows) - 1 - has_line[::-1].index(True)
    for row, rest in _beside(rows, has_line, lines):
        if any(_is_count(match) for match in _COUNT_AND_THING.finditer(rest)):
            return row[:150]
    for row in (rows[at] for at in range(max(0, first - 1), min(last + 2, len(rows))) if not has_line[at]):
        match = _LIKE_A_LINE.fullmatch(row[:200])
        if match and not (
            _counts_no_item(match["item"] or match["unit"] or "") or _NUMBERED.search(match["label"] or "")
        ):
            return row[:150]
    return None


def _counts_no_item(what: str) -> bool:
    return bool(NO_ITEM.match(what) or OF_ADDRESS.match(what))


def _beside(
    rows: Sequence[str], has_line: Sequence[bool], lines: Sequence[dict[str, Any]]
) -> Iterator[tuple[str, str]]:
    """Each row of lines, and what stands there besides them."""
    for row in (row for row, has in zip(rows, has_line, strict=True) if has):
        rest = row
        for line in lines:
            rest = rest.replace(line["span"], "\n")
        yield row, rest


def _is_count(match: re.Match[str]) -> bool:
    what = match["what"]
    is_other = NO_ITEM.match(what) or OF_ADDRESS.match(what) or PART_OF.match(what)
    return not is_other and not NO_COUNT.search(match.string[: match.start()])


def _quantity_in_words(text: str) -> str | None:
    """Words such as "three thousand tacks", which no line can have; None if there are none, or if they count time."""
    for match in _IN_WORDS.finditer(text):
        if not NO_ITEM.match(match["next"]):
            return " ".join(match[0].split())
    return None


def _row_of(match: re.Match[str]) -> str:
    start = match.string.rfind("\n", 0, match.start()) + 1
    return in_one_row(match.string[max(start, match.start() - 60) :].split("\n")[0][:150])
