"""Sums of money with their currency, and what they are: total, net or VAT."""

import re
from typing import Any

from emailq.extract.numbers import CURRENCY, MONEY, currency, money, plain
from emailq.extract.parts import Part, found, label_before

_AMOUNT = re.compile(
    rf"(?<![\w.,])(?:(?P<before>{CURRENCY})[^\S\n]?(?P<first>{MONEY})(?![\d.,]*\d)"
    rf"|(?P<second>{MONEY})[^\S\n]?(?P<after>{CURRENCY})(?!\w))",
    re.IGNORECASE,
)
_TOTAL = (
    r"(?:grand |order |invoice )?total(?: due| amount| to pay| incl\w*)?|amount due|balance due|to pay"
    r"|итого(?: к оплате)?|всего(?: к оплате)?|к оплате|на сумму"
    r"|gesamt\w*|endbetrag|rechnungsbetrag|zu zahlen|summe|total ttc|net à payer|importe total"
    r"|(?:razem )?do zapłaty|razem(?: brutto)?|totale(?: fattura| documento)?|da pagare"
    r"|(?:всього )?до сплати|всього|разом"
)
_NET = (
    r"sub-?total|net(?:to\w*)?(?: total| amount)?|without vat|excl\w* vat|без ндс|zwischensumme|total ht"
    r"|base(?: imponible)?|(?:wartość )?netto|imponibile|без пдв"
)
_VAT = (
    r"(?:plus )?(?:\d+\s?% )?vat|sales tax|tax|(?:в т\. ?ч\. |в том числе )?ндс|mwst|ust|umsatzsteuer|tva|iva"
    r"|(?:у т\. ?ч\. )?пдв"
    r"|(?:vat|ндс|mwst\.?|ust\.?|tva|iva)\s\(?\d{1,2}(?:[.,]\d)?\s?%\)?"
)
_TAX_NAME = r"\s(?:\d{1,2}(?:[.,]\d)?\s?%\s)?(?:vat|mwst|ust|tva|iva|ндс|пдв)\.?"  # "inkl. 8.1% MWST" names no tax
_TOTAL += rf"|(?:incl|inkl)\w*\.?{_TAX_NAME}"
_NET += rf"|(?:excl|exkl|zzgl)\w*\.?{_TAX_NAME}|(?:ohne|without|hors|senza|sin){_TAX_NAME}"
_KINDS = (("total", _TOTAL), ("net", _NET), ("vat", _VAT))
# behind a sum: "1 200,00 € TTC", "1,200.00 incl. VAT"
_TAX = r"(?:the )?(?:\d{1,2}\s?% )?(?:vat|mwst|ust|tva|iva|ндс|tax)"
_TOTAL_BEHIND = rf"ttc|brutto|gross|(?:incl|inkl)\w*\.? {_TAX}|con iva|iva incluido|с ндс"
_NET_BEHIND = rf"ht|netto|net|(?:excl|exkl|zzgl|plus|ohne)\w*\.? {_TAX}|sin iva|más iva|без ндс"
_BEHIND = re.compile(rf"\s?\(?(?:(?P<total>{_TOTAL_BEHIND})|(?P<net>{_NET_BEHIND}))(?!\w)", re.IGNORECASE)
_PRICE_OF_ONE = re.compile(r"(?<!\w)(?:at|@|je|à|a|zu|per|по|цена|price|preis|prix|precio)[\s:]*$", re.IGNORECASE)
_BARE = re.compile(
    rf"(?<!\w)(?P<label>{_TOTAL}|{_NET}|{_VAT})[^\S\n]{{0,3}}[:=]?(?:[^\S\n]{{0,10}}|\s{{0,10}}(?=\S{{0,12}}[.,]\d\d(?!\d)))"
    rf"(?P<value>{MONEY})(?![\w%]|[.,]\d|\s?%)",
    re.IGNORECASE,
)


def amounts(part: Part) -> list[dict[str, Any]]:
    """Each different sum once, in the order of the text. A labelled one without a currency has that of the others."""
    places: dict[tuple[str | None, str | None], tuple[int, dict[str, Any]]] = {}
    taken: list[range] = []
    for match in _AMOUNT.finditer(part.text):
        value = plain(money(match["first"] or match["second"]))
        code = currency(match["before"] or match["after"])
        if value is None:
            continue
        taken.append(range(*match.span()))
        kind = label_before(part.text, match.start(), _KINDS) or _label_behind(part.text, *match.span())
        _add(places, match.start(), {"value": value, "currency": code, "kind": kind, **found(part.source, match[0])})
    codes = {one["currency"] for _, one in places.values()}
    for match in _BARE.finditer(part.text):
        value = plain(money(match["value"]))
        if value is None or any(match.start("value") in span for span in taken):
            continue
        kind = label_before(part.text, match.end("label"), _KINDS)
        code = next(iter(codes)) if len(codes) == 1 else None
        _add(places, match.start(), {"value": value, "currency": code, "kind": kind, **found(part.source, match[0])})
    return [one for _, one in sorted(places.values(), key=lambda place: place[0])]


def _label_behind(text: str, start: int, end: int) -> str | None:
    """What the words behind a sum say that it is, unless it is the price of one."""
    match = _BEHIND.match(text, end)
    return match.lastgroup if match and not _PRICE_OF_ONE.search(text[max(0, start - 20) : start]) else None


def _add(places: dict[Any, tuple[int, dict[str, Any]]], start: int, amount: dict[str, Any]) -> None:
    """The same sum again adds nothing, but may tell what it is."""
    key = (amount["value"], amount["currency"], amount["kind"])
    unlabelled = (amount["value"], amount["currency"], None)
    if amount["kind"] is None and any(other[:2] == key[:2] for other in places):
        return
    places.pop(unlabelled, None)
    places.setdefault(key, (start, amount))
