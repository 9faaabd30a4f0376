"""Order lines in running text: items with quantities, units and prices."""

import re
from collections.abc import Iterator
from typing import Any

from emailq.extract.numbers import CURRENCY, MONEY, QUANTITY, currency, money, plain, quantity
from emailq.extract.parts import Part, found

LIMIT = 500

_UNIT = (
    r"pcs?|pieces?|units?|ea(?:ch)?|kgs?|g|tonnes?|tons?|t|l|lit(?:er|re)s?|ml|m|met(?:er|re)s?|m2|m²"
    r"|box(?:es)?|cartons?|cases?|crates?|packs?|packets?|packages?|pallets?|bags?|sacks?|bottles?|jars?|tins?|cans?"
    r"|rolls?|sheets?|sets?|pairs?|dozen|bars?|reams?|drums?|barrels?|copies|copy"
    r"|шт(?:ук[аи]?)?|кг|г|тонн[аы]?|т|л|литр(?:а|ов)?|м|метр(?:а|ов)?|м2|м²|уп(?:аков(?:ок|к[аи]))?|кор(?:об(?:ок|к[аи]|ов|а))?"
    r"|ящик(?:а|ов)?|меш(?:ок|ка|ков)|пал(?:л)?ет[аы]?|поддон(?:а|ов)?|рулон(?:а|ов)?|бутыл(?:ок|к[аи])|бан(?:ок|к[аи])"
    r"|комплект(?:а|ов)?|набор(?:а|ов)?|пар[аы]?|пач(?:ек|к[аи])|лист(?:а|ов)?|экз"
    r"|stück|stk|st|kisten?|kartons?|paletten?|säcke?|flaschen?|paare?|rollen?"
    r"|pièces?|boîtes?|palettes?|sacs?|bouteilles?|rouleaux?"
    r"|piezas?|unidades|uds?|cajas?|pal[eé]s|sacos?|botellas?|rollos?"
)
_BULLET = re.compile(r"^\s*(?:[-*•–—·]|\(?\d{1,3}[.)](?=\s))\s*")
_QUANTITY_FIRST = re.compile(
    rf"(?P<quantity>{QUANTITY})\s{{0,3}}(?:(?P<times>[x×х])\s|(?P<unit>{_UNIT})\b\.?)?\s{{0,3}}(?:of\s|de\s)?(?P<item>.+)",
    re.IGNORECASE | re.DOTALL,
)
_QUANTITY_LAST = re.compile(
    rf"(?P<item>[^\d\s].{{0,150}}?)\s{{0,3}}(?:[-–—:,;|\t]|\s[x×х])\s{{0,3}}(?P<quantity>{QUANTITY})\s{{0,3}}(?P<unit>{_UNIT})?\.?",
    re.IGNORECASE,
)
_SEPARATOR = re.compile(r"[,;](?!\d)\s*|\s(?:and|и|und|et|y|plus|sowie)\s(?=\d)", re.IGNORECASE)
_NUMBER_START = re.compile(r"(?<!\S)\d")
_ITEM_END = re.compile(r"\s(?:by|before|until|asap|до|bis|avant|antes)\s", re.IGNORECASE)
_SENTENCE_END = re.compile(r"(?<!\d)[.!?](?:\s|$)|(?<=\d\d)\.\s+(?=[A-ZА-ЯЁ])")
# a number before one of these counts time, people or money, or belongs to a date or an address
_NO_ITEM = re.compile(
    r"(?:%|€|\$|£|₽|eur|usd|gbp|rub|chf|руб|р\.|долл|days?|weeks?|months?|years?|hours?|hrs?|h\b|min(?:ute)?s?|working|business"
    r"|дн|день|дня|недел|месяц|год|лет|час|мин|рабоч|календар|tage?|wochen?|monate?|jours?|semaines?|mois|d[ií]as?|semanas?|mes"
    r"|jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec|янв|фев|мар|апр|мая|май|июн|июл|авг|сен|окт|ноя|дек"
    r"|januar|märz|mai|okt|dez|janv|févr|avril|juin|juil|août|déc|ene|abr|ago|dic"
    r"|a\.?m\b|p\.?m\b|o'clock|uhr|st\b|nd\b|rd\b|th\b|street|road|avenue|people|persons?|times?|раз|человек|percent|процент|:)",
    re.IGNORECASE,
)
_NO_LINE = re.compile(
    r"(?:total|sum|weight|tel|phone|fax|итого|всего|вес|сумма|тел|gesamt|summe|poids|peso)\b", re.IGNORECASE
)


_SUM = rf"(?:(?:{CURRENCY})\s?(?:{MONEY})|(?:{MONEY})\s?(?:{CURRENCY})(?!\w))"
_EACH = rf"(?:each|apiece|(?:за|per|pro|je|par|por)\s\w+\.?|/\s?(?:{_UNIT})\b\.?|pièce|unidad|cad[ao]\s?un[ao]?)"
_PRICE = re.compile(
    rf"[\s,(–—-]*(?:(?:@|(?:at|for|price|à|a|je|zu|по|цена|preis|prix|precio)[\s:])\s{{0,3}}(?P<led>{_SUM}|{MONEY})\s?(?:{_EACH})?"
    rf"|(?P<each>{_SUM})\s?(?:{_EACH}))\)?(?:\s{{0,3}}(?:=|,? total)\s{{0,3}}(?P<amount>{_SUM}|{MONEY}))?\s*$",
    re.IGNORECASE,
)


def lines(part: Part) -> list[dict[str, Any]]:
    """Items with quantities: "12 x soap at 3.50 EUR", "40 kg of flour", "Мыло — 40 шт", or "60 soaps, 24 candles"."""
    sure: list[dict[str, Any]] = []
    weak_run: list[dict[str, Any]] = []
    for row in part.text.splitlines():
        for segment in _segments(row):
            line, is_strong = _line(segment, part)
            if line is None or is_strong:
                sure += weak_run if len(weak_run) > 1 else []
                weak_run = []
            if line is not None and is_strong:
                sure.append(line)
            elif line is not None:
                weak_run.append(line)
    sure += weak_run if len(weak_run) > 1 else []
    return sure[:LIMIT]


def _segments(row: str) -> Iterator[str]:
    """The parts of one row of text that may each be an order line, with the price that follows behind a comma."""
    row = _BULLET.sub("", row[:2000]).strip()
    for sentence in _SENTENCE_END.split(row):
        last = _QUANTITY_LAST.fullmatch(sentence.strip())
        if last and (last["unit"] or len(_SEPARATOR.split(sentence)) == 1):
            yield sentence.strip()
            continue
        pending = ""
        for piece in _SEPARATOR.split(sentence):
            if pending and _PRICE.fullmatch(piece):
                pending = f"{pending}, {piece.strip()}"
                continue
            if pending:
                yield pending
            pending = piece.strip()
        if pending:
            yield pending


def _line(segment: str, part: Part) -> tuple[dict[str, Any] | None, bool]:
    """An order line, and whether a unit, a price or a multiplication sign makes it sure."""
    price = _PRICE.search(segment[:400])
    said = segment[: price.start()].rstrip() if price else segment
    match = _QUANTITY_LAST.fullmatch(said)
    if match and match["unit"] and not _NO_LINE.match(match["item"]):
        return _as_line(match, price, segment, part), True
    if _NO_LINE.match(said):
        return None, False
    said = said[said.rfind(": ") + 1 :][:400]  # behind a lead-in such as "please send us:"
    for start in list(_NUMBER_START.finditer(said))[:5]:
        tail = _ITEM_END.split(said[start.start() :], maxsplit=1)[0]
        match = _QUANTITY_FIRST.fullmatch(tail)
        if match and any(c.isalpha() for c in match["item"][:3]) and len(match["item"]) <= 150:
            if _NO_ITEM.match(match["item"]):
                continue
            span = f"{tail}{price[0]}" if price else tail
            return _as_line(match, price, span, part), bool(match["unit"] or match["times"] or price)
    return None, False


def _as_line(match: re.Match[str], price: re.Match[str] | None, span: str, part: Part) -> dict[str, Any]:
    each, code = _sum((price["led"] or price["each"]) if price else None)
    amount, amount_code = _sum(price["amount"] if price else None)
    return {
        "item": " ".join(match["item"].split()).strip(" .:;,"),
        "article": None,
        "quantity": plain(quantity(match["quantity"])),
        "unit": (match["unit"] or "").lower() or None,
        "price": each,
        "amount": amount,
        "currency": code or amount_code,
        **found(part.source, span),
    }


def _sum(text: str | None) -> tuple[str | None, str | None]:
    """(value, currency) of a sum as it stands in the text."""
    digits = re.search(MONEY, text or "")
    if text is None or digits is None:
        return None, None
    code = currency(text[: digits.start()]) or currency(text[digits.end() :])
    return plain(money(digits[0])), code
