"""Business values that stand in a message, each with the text it came from. What is not found, or found twice with
different values, is null: a guess would cost money."""

import re
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

_TEXT_LIMIT = 50_000  # characters that are searched
_SPAN_LIMIT = 200
_LINES_LIMIT = 200

_WANTED = {
    "create_order": ("order_number", "lines", "amounts", "dates"),
    "create_invoice": ("invoice_number", "order_number", "amounts", "dates"),
    "create_complaint": ("order_number", "invoice_number", "amounts", "dates"),
    "create_lead": ("amounts", "dates"),
}


def extract_fields(action_type: str, subject: str, text: str) -> dict[str, Any]:
    """The values that an action of this type may need. Pure; numbers are strings in plain decimal notation.

    {"order_number": {"value", "span"} or null, "lines": [{"quantity", "unit", "item", "span"}],
    "amounts": [{"value", "currency", "span"}], "dates": [{"value", "span"}]}
    """
    text = text[:_TEXT_LIMIT]
    both = f"{subject[:1000]}\n{text}"
    return {name: _FIELDS[name](text if name == "lines" else both) for name in _WANTED.get(action_type, ())}


# ------------------------------------------------------------------------------------------ document numbers

# English, Russian, German, French, Spanish
_ORDER = (
    r"purchase order|sales order|order|p\.?\s?o\.?"
    r"|заказ(?:а|у|ом|е)?|заявк(?:а|и|е|у|ой)"
    r"|bestellung|bestellnummer|auftrag(?:snummer)?"
    r"|(?:bon de )?commande|pedido|orden de compra"
)
_INVOICE = (
    r"invoice|bill"
    r"|сч[её]т(?:а|у|ом|е)?(?:-фактур(?:а|ы|е|у|ой))?"
    r"|rechnung(?:snummer)?|facture|factura"
)
_MARK = r"(?:no|nr|num|number|nummer|id|ref)\b\.?|n[°ºo]\.?|[#№]|номер"
_NUMBER = r"[A-Za-zА-Яа-яЁё]{0,6}[-/_ ]?\d[\w/.-]{0,30}"


def _document_number(names: str, text: str) -> dict[str, str] | None:
    """The one number of its kind in the text. Without a mark such as "no." or "#" it must not look like a quantity."""
    pattern = re.compile(
        rf"(?<![\w-])(?:{names})(?P<mark>\s{{0,3}}(?:{_MARK})\s{{0,3}}:?|\s{{0,3}}:)?\s{{0,3}}(?P<value>{_NUMBER})(?!\w)",
        re.IGNORECASE,
    )
    found: dict[str, dict[str, str]] = {}
    for match in pattern.finditer(text):
        value = match["value"].rstrip(".,/-_").strip()
        is_plain = value.isdecimal() and len(value) < 4
        if (is_plain and not match["mark"]) or _looks_like_a_date(value):
            continue
        found.setdefault(value.casefold(), {"value": value, "span": _span(match[0])})
    return next(iter(found.values())) if len(found) == 1 else None


def _looks_like_a_date(value: str) -> bool:
    return bool(_NUMERIC_DATE.fullmatch(value) or _ISO_DATE.fullmatch(value))


# ------------------------------------------------------------------------------------------ order lines

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
_QUANTITY = r"\d{1,3}(?:[ \u00a0]\d{3}){1,2}|\d{1,9}(?:[.,]\d{1,3})?"
_BULLET = re.compile(r"^\s*(?:[-*•–—·]|\(?\d{1,3}[.)](?=\s))\s*")
_QUANTITY_FIRST = re.compile(
    rf"(?P<quantity>{_QUANTITY})\s{{0,3}}(?:(?P<times>[x×х])\s|(?P<unit>{_UNIT})\b\.?)?\s{{0,3}}(?:of\s|de\s)?(?P<item>.+)",
    re.IGNORECASE | re.DOTALL,
)
_QUANTITY_LAST = re.compile(
    rf"(?P<item>[^\d\s].{{0,150}}?)\s{{0,3}}(?:[-–—:,;|\t]|\s[x×х])\s{{0,3}}(?P<quantity>{_QUANTITY})\s{{0,3}}(?P<unit>{_UNIT})?\.?",
    re.IGNORECASE,
)
_SEPARATOR = re.compile(r"[,;](?!\d)\s*|\s(?:and|и|und|et|y|plus|sowie)\s(?=\d)", re.IGNORECASE)
_NUMBER_START = re.compile(r"(?<!\S)\d")
_ITEM_END = re.compile(r"\s(?:by|before|until|asap|до|bis|avant|antes)\s", re.IGNORECASE)
_SENTENCE_END = re.compile(r"(?<!\d)[.!?](?:\s|$)|(?<=[a-zа-яё]{4})[.!?](?:\s|$)")
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


def _lines(text: str) -> list[dict[str, str | None]]:
    """Items with quantities: "12 x soap", "40 kg of flour", "Мыло — 40 шт", or a list: "60 soaps, 24 candles"."""
    found: list[dict[str, str | None]] = []
    weak_run: list[dict[str, str | None]] = []
    for row in text.splitlines():
        for segment in _segments(row):
            line, is_strong = _line(segment)
            if line is None or is_strong:
                found += weak_run if len(weak_run) > 1 else []
                weak_run = []
            if line is not None and is_strong:
                found.append(line)
            elif line is not None:
                weak_run.append(line)
    found += weak_run if len(weak_run) > 1 else []
    return found[:_LINES_LIMIT]


def _segments(row: str) -> Iterator[str]:
    """The parts of one row of text that may each be an order line."""
    row = _BULLET.sub("", row[:2000]).strip()
    for sentence in _SENTENCE_END.split(row):
        last = _QUANTITY_LAST.fullmatch(sentence.strip())
        if last and (last["unit"] or len(_SEPARATOR.split(sentence)) == 1):
            yield sentence.strip()
            continue
        for part in _SEPARATOR.split(sentence):
            yield part.strip()


def _line(segment: str) -> tuple[dict[str, str | None] | None, bool]:
    """An order line, and whether a unit or a multiplication sign makes it sure."""
    match = _QUANTITY_LAST.fullmatch(segment)
    if match and match["unit"] and not _NO_LINE.match(match["item"]):
        return _as_line(match, segment), True
    if _NO_LINE.match(segment):
        return None, False
    said = segment[segment.rfind(": ") + 1 :][:400]  # behind a lead-in such as "please send us:"
    for start in list(_NUMBER_START.finditer(said))[:5]:
        tail = _ITEM_END.split(said[start.start() :], maxsplit=1)[0]
        match = _QUANTITY_FIRST.fullmatch(tail)
        if match and any(c.isalpha() for c in match["item"][:3]) and len(match["item"]) <= 150:
            if _NO_ITEM.match(match["item"]):
                continue
            return _as_line(match, tail), bool(match["unit"] or match["times"])
    return None, False


def _as_line(match: re.Match[str], span: str) -> dict[str, str | None]:
    quantity = _plain_number(match["quantity"])
    return {
        "quantity": None if quantity is None else f"{quantity:f}",
        "unit": (match["unit"] or "").lower() or None,
        "item": " ".join(match["item"].split()).strip(" .:;,"),
        "span": _span(span),
    }


# ------------------------------------------------------------------------------------------ amounts and dates

_CURRENCIES = {
    "€": "EUR",
    "$": "USD",
    "us$": "USD",
    "£": "GBP",
    "₽": "RUB",
    "руб": "RUB",
    "р": "RUB",
    "рублей": "RUB",
    "рубля": "RUB",
    "рубль": "RUB",
    "euro": "EUR",
    "euros": "EUR",
    "евро": "EUR",
}
_CODES = (
    "EUR",
    "USD",
    "GBP",
    "RUB",
    "CHF",
    "PLN",
    "CZK",
    "SEK",
    "NOK",
    "DKK",
    "JPY",
    "CNY",
    "TRY",
    "KZT",
    "BYN",
    "UAH",
)
_CURRENCY = "|".join(re.escape(name) for name in sorted((*_CURRENCIES, *_CODES), key=len, reverse=True))
_MONEY = r"\d{1,3}(?:[ \u00a0\u202f.,']\d{3}){1,4}(?:[.,]\d{2})?|\d{1,12}(?:[.,]\d{1,2})?"
_AMOUNT = re.compile(
    rf"(?<![\w.,])(?:(?P<before>{_CURRENCY})\s?(?P<first>{_MONEY})(?![\d.,]*\d)"
    rf"|(?P<second>{_MONEY})\s?(?P<after>{_CURRENCY})(?!\w))",
    re.IGNORECASE,
)


def _amounts(text: str) -> list[dict[str, str]]:
    found: dict[tuple[str, str], dict[str, str]] = {}
    for match in _AMOUNT.finditer(text):
        value = _money(match["first"] or match["second"])
        sign = (match["before"] or match["after"]).lower()
        currency = _CURRENCIES.get(sign, sign.upper())
        if value is not None:
            found.setdefault(
                (f"{value:f}", currency), {"value": f"{value:f}", "currency": currency, "span": _span(match[0])}
            )
    return list(found.values())[:50]


def _money(text: str) -> Decimal | None:
    """A sum of money: the last separator is a decimal one exactly when one or two digits follow it."""
    digits = re.sub(r"[ \u00a0\u202f']", "", text)
    whole, mark, cents = re.fullmatch(r"(.*?)(?:([.,])(\d{1,2}))?", digits).groups()  # type: ignore[union-attr]
    if mark and mark in whole:  # 1.234.56
        return None
    return Decimal(re.sub(r"[.,]", "", whole) + (f".{cents}" if cents else ""))


def _plain_number(text: str) -> Decimal | None:
    """A quantity; None for "1.500" or "1,500", which is one and a half here and fifteen hundred there."""
    digits = re.sub(r"[ \u00a0]", "", text)
    if re.fullmatch(r"\d+[.,]\d{3}", digits):
        return None
    return Decimal(digits.replace(",", "."))


_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "january jan января январь januar janvier enero",
            "february feb февраля февраль februar février febrero",
            "march mar марта март märz mars marzo",
            "april apr апреля апрель avril abril",
            "may мая май mai mayo",
            "june jun июня июнь juni juin junio",
            "july jul июля июль juli juillet julio",
            "august aug августа август août agosto",
            "september sep sept сентября сентябрь septembre septiembre",
            "october oct октября октябрь oktober octobre octubre",
            "november nov ноября ноябрь novembre noviembre",
            "december dec декабря декабрь dezember décembre diciembre",
        ),
        start=1,
    )
    for name in names.split()
}
_MONTH = "|".join(sorted(_MONTHS, key=len, reverse=True))
_ISO_DATE = re.compile(r"(?<!\d)(?P<y>\d{4})-(?P<m>\d{2})-(?P<d>\d{2})(?!\d)")
_NUMERIC_DATE = re.compile(r"(?<![\d.,/])(?P<a>\d{1,2})(?P<sep>[./])(?P<b>\d{1,2})(?P=sep)(?P<y>\d{4})(?![\d/])")
_DAY_MONTH = re.compile(
    rf"(?<![\d.])(?P<d>\d{{1,2}})(?:st|nd|rd|th|\.|er)?\s(?:of\s|de\s)?(?P<m>{_MONTH})\.?,?\s(?:de\s)?(?P<y>\d{{4}})(?!\d)",
    re.IGNORECASE,
)
_MONTH_DAY = re.compile(
    rf"\b(?P<m>{_MONTH})\.?\s(?P<d>\d{{1,2}})(?:st|nd|rd|th)?,?\s(?P<y>\d{{4}})(?!\d)", re.IGNORECASE
)


def _dates(text: str) -> list[dict[str, str]]:
    """Dates with a year. "03/04/2026" is left out: nobody knows which is the month."""
    found: dict[str, tuple[int, dict[str, str]]] = {}
    for pattern in (_ISO_DATE, _NUMERIC_DATE, _DAY_MONTH, _MONTH_DAY):
        for match in pattern.finditer(text):
            value = _date(match.groupdict())
            if value:
                found.setdefault(value, (match.start(), {"value": value, "span": _span(match[0])}))
    return [one for _, one in sorted(found.values(), key=lambda pair: pair[0])][:50]


def _date(parts: dict[str, str | None]) -> str | None:
    year = int(parts["y"] or 0)
    if parts.get("sep"):
        day, month = int(parts["a"] or 0), int(parts["b"] or 0)
        if parts["sep"] == "/" and day != month:
            if day <= 12 and month <= 12:
                return None
            day, month = max(day, month), min(day, month)
    else:
        name = parts["m"] or ""
        day, month = int(parts["d"] or 0), int(name) if name.isdecimal() else _MONTHS[name.lower()]
    try:
        return date(year, month, day).isoformat()
    except ValueError:
        return None


def _span(text: str) -> str:
    return " ".join(text.split())[:_SPAN_LIMIT]


_FIELDS: dict[str, Any] = {
    "order_number": lambda text: _document_number(_ORDER, text),
    "invoice_number": lambda text: _document_number(_INVOICE, text),
    "lines": _lines,
    "amounts": _amounts,
    "dates": _dates,
}
