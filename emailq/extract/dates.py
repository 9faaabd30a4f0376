"""Dates with a year, and what they are for: issued, due or delivery."""

import re
from datetime import date
from typing import Any

from emailq.extract.parts import Part, found, label_before

_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "january jan января январь januar janvier enero stycznia styczeń gennaio січня січень",
            "february feb февраля февраль februar février febrero lutego luty febbraio лютого лютий",
            "march mar марта март märz mars marzo marca marzec березня березень",
            "april apr апреля апрель avril abril kwietnia kwiecień aprile квітня квітень",
            "may мая май mai mayo maja maj maggio травня травень",
            "june jun июня июнь juni juin junio czerwca czerwiec giugno червня червень",
            "july jul июля июль juli juillet julio lipca lipiec luglio липня липень",
            "august aug августа август août agosto sierpnia sierpień серпня серпень",
            "september sep sept сентября сентябрь septembre septiembre września wrzesień settembre вересня вересень",
            "october oct октября октябрь oktober octobre octubre października październik ottobre жовтня жовтень",
            "november nov ноября ноябрь novembre noviembre listopada listopad novembre листопада листопад",
            "december dec декабря декабрь dezember décembre diciembre grudnia grudzień dicembre грудня грудень",
        ),
        start=1,
    )
    for name in names.split()
}
MONTH = "|".join(sorted(_MONTHS, key=len, reverse=True))
_ISO = re.compile(r"(?<!\d)(?P<y>\d{4})-(?P<m>\d{2})-(?P<d>\d{2})(?!\d)")
_NUMERIC = re.compile(r"(?<![\d.,/])(?P<a>\d{1,2})(?P<sep>[./])(?P<b>\d{1,2})(?P=sep)(?P<y>\d{4})(?![\d/])")
_DAY_MONTH = re.compile(
    rf"(?<![\d.])(?P<d>\d{{1,2}})(?:st|nd|rd|th|\.|er)?\s(?:of\s|de\s)?(?P<m>{MONTH})\.?,?\s(?:de\s)?"
    r"(?P<y>\d{4})(?!\d)",
    re.IGNORECASE,
)
_MONTH_DAY = re.compile(
    rf"\b(?P<m>{MONTH})\.?\s(?P<d>\d{{1,2}})(?:st|nd|rd|th)?,?\s(?P<y>\d{{4}})(?!\d)", re.IGNORECASE
)
_DUE = (
    r"due|payable|pay(?:ment)? by|pay until|оплат\w*|срок\w*|fällig\w*|zahlbar|zahlungsziel"
    r"|échéance|payer avant|venc\w+|płatn\w*|zapłat\w*|scaden\w*|pagamento|сплат\w*|строк\w*"
)
_DELIVERY = (
    r"deliver\w*|ship\w*|dispatch\w*|needed by|достав\w*|постав\w*|отгру\w*|liefer\w*|livr\w*|expédi\w*"
    r"|entreg\w*|envío|dostaw\w*|wysył\w*|consegna\w*|spedi\w*|доставк\w*|відвантаж\w*"
)
_ISSUED = r"date|dated|issued|from|of|дата|от|датиров\w*|datum|vom|du|en date|fecha|(?<!antes )del?|data|dnia|від"
_KINDS = (("due", _DUE), ("delivery", _DELIVERY), ("issued", _ISSUED))


def dates(part: Part) -> list[dict[str, Any]]:
    """Dates with a year, in their order. "03/04/2026" is left out: nobody knows which is the month."""
    places: dict[str, tuple[int, dict[str, Any]]] = {}
    for pattern in (_ISO, _NUMERIC, _DAY_MONTH, _MONTH_DAY):
        for match in pattern.finditer(part.text):
            value = _iso(match.groupdict())
            kind = label_before(part.text, match.start(), _KINDS)
            if value and (value not in places or (kind and places[value][1]["kind"] is None)):
                places[value] = (match.start(), {"value": value, "kind": kind, **found(part.source, match[0])})
    return [one for _, one in sorted(places.values(), key=lambda pair: pair[0])]


def is_date(text: str) -> bool:
    return bool(_NUMERIC.fullmatch(text) or _ISO.fullmatch(text))


def _iso(parts: dict[str, str | None]) -> str | None:
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
