"""Numbers, sums of money and currencies as people write them, read exactly (Decimal) or not at all."""

import re
from decimal import Decimal

BLANKS = " \u00a0\u202f"

CURRENCY_SIGNS = {
    "€": "EUR",
    "euro": "EUR",
    "euros": "EUR",
    "евро": "EUR",
    "us$": "USD",
    "$": "USD",
    "£": "GBP",
    "₽": "RUB",
    "руб.": "RUB",
    "руб": "RUB",
    "р.": "RUB",
    "р": "RUB",
    "рублей": "RUB",
    "рубля": "RUB",
    "рубль": "RUB",
    "₸": "KZT",
    "тенге": "KZT",
    "pounds": "GBP",
    "dollars": "USD",
    "¥": "JPY",
    "元": "CNY",
    "zł": "PLN",
    "грн": "UAH",
    "fr.": "CHF",
    "₺": "TRY",
}
_CODES = "EUR USD GBP RUB CHF PLN CZK SEK NOK DKK HUF RON BGN JPY CNY TRY KZT BYN UAH AMD GEL AED INR CAD AUD"
CURRENCY_CODES = frozenset(re.findall(r"\w+", _CODES))
CURRENCY = "|".join(re.escape(name) for name in sorted((*CURRENCY_SIGNS, *CURRENCY_CODES), key=len, reverse=True))
MONEY = rf"\d{{1,3}}(?:[{BLANKS}.,'’]\d{{3}}){{1,4}}(?:[.,]\d{{2}})?|\d{{1,12}}(?:[.,]\d{{1,2}})?"
QUANTITY = rf"\d{{1,3}}(?:[{BLANKS}'’]\d{{3}}){{1,2}}|\d{{1,9}}(?:[.,]\d{{1,3}})?"


def money(text: str) -> Decimal | None:
    """A sum of money: the last separator is a decimal one exactly when one or two digits follow it."""
    digits = re.sub(rf"[{BLANKS}'’]", "", text.strip())
    match = re.fullmatch(r"(-?[\d.,]*?\d)(?:([.,])(\d{1,2}))?", digits)
    if not match:
        return None
    whole, mark, cents = match.groups()
    if mark and mark in whole:  # 1.234.56
        return None
    if not re.fullmatch(r"-?(?:\d+|\d{1,3}(?:\.\d{3})+|\d{1,3}(?:,\d{3})+)", whole):
        return None
    return Decimal(re.sub(r"[.,]", "", whole) + (f".{cents}" if cents else ""))


def quantity(text: str) -> Decimal | None:
    """A quantity; None for "1.500" or "1,500", which is one and a half here and fifteen hundred there."""
    digits = re.sub(rf"[{BLANKS}'’]", "", text.strip())
    if not re.fullmatch(r"\d+(?:[.,]\d+)?", digits) or re.fullmatch(r"[1-9]\d{0,2}[.,]\d{3}", digits):
        return None
    return Decimal(digits.replace(",", "."))


def currency(text: str | None) -> str | None:
    """The ISO 4217 code of a sign, a word or a code; None for anything else."""
    name = (text or "").strip().lower()
    if name in CURRENCY_SIGNS:
        return CURRENCY_SIGNS[name]
    return name.upper() if name.upper() in CURRENCY_CODES else None


def plain(number: Decimal | None) -> str | None:
    """Decimal notation without exponent: what goes into JSON, where a float would lose cents."""
    return None if number is None else f"{number:f}"
