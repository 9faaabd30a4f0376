"""What order lines in running text may mean otherwise, or may have missed: a person decides then."""

import re
from collections.abc import Iterator, Sequence
from typing import Any

from emailq.extract.lines import COUNTED, NO_ITEM, is_year
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
_OR = re.compile(r"\s(?:or|oder|или|ou|o|beziehungsweise|bzw\.?|либо)(?:\s|$)", re.IGNORECASE)


def unclear_lines(text: str, lines: Sequence[dict[str, Any]]) -> Iterator[str]:
    """What is to be asked about the lines that were found in this text, one sentence each."""
    for line in lines:
        if _OR.search(line["item"]):
            yield f"one or the other: {line['span']}"
    for pattern, meaning in ((_EACH, "so many of each of several things"), (_PART, "a part of what is ordered")):
        if match := pattern.search(text):
            yield f"{meaning}: {_row_of(match)}"
    spans = in_one_row(" ".join(line["span"].replace(" | ", " ") for line in lines))  # bars stand between cells
    counts = (match for match in COUNTED.finditer(text) if not is_year(text, match.start()))
    missed = (match for match in counts if in_one_row(match[0]).rstrip(".") not in spans)
    if lines and (match := next(missed, None)):
        yield f"a quantity is in no line: {_row_of(match)}"
    if words := _quantity_in_words(text):
        yield f"a quantity may stand there in words: {words}"


def _quantity_in_words(text: str) -> str | None:
    """Words such as "three thousand tacks", which no line can have; None if there are none, or if they count time."""
    for match in _IN_WORDS.finditer(text):
        if not NO_ITEM.match(match["next"]):
            return " ".join(match[0].split())
    return None


def _row_of(match: re.Match[str]) -> str:
    start = match.string.rfind("\n", 0, match.start()) + 1
    return in_one_row(match.string[max(start, match.start() - 60) :].split("\n")[0][:150])
