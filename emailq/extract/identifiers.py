"""Identifiers with rules of their own: IBAN, BIC, VAT ids, ИНН and КПП. What fails its checksum is not one."""

import re
from collections.abc import Callable
from typing import Any

from emailq.extract.parts import Part, found

_IBAN_START = re.compile(r"(?<![A-Za-z0-9])(?P<country>[A-Za-z]{2})[ \u00a0]?\d{2}(?=[\s.-]{0,2}[A-Za-z0-9])")
# letters of other alphabets that look like Latin ones: "СH93" with a Cyrillic С is a swindler's way
LATIN = str.maketrans("АВЕКМНОРСТУХІЅЈаеорсухіѕјΑΒΕΖΗΙΚΜΝΟΡΤΥΧ", "ABEKMHOPCTYXISJaeopcyxisjABEZHIKMNOPTYX")
_BIC = re.compile(
    r"(?i:(?<!\w)(?:BIC|SWIFT)(?:[ /-]?(?:BIC|SWIFT|code))?\s{0,3}[:#]?\s{0,3})"
    r"([A-Z]{6}[A-Z0-9]{2}(?:[A-Z0-9]{3})?)(?!\w)"
)
_INN = re.compile(r"(?<!\w)(?:ИНН|INN)(?:\s?/\s?(?:КПП|KPP))?\s{0,3}[:№]?\s{0,3}(\d{12}|\d{10})(?!\d)", re.IGNORECASE)
_KPP = re.compile(r"(?<!\w)(?:КПП|KPP)\s{0,3}[:№]?\s{0,3}(?:\d{10}\s?/\s?)?(\d{4}[\dA-Z]{2}\d{3})(?!\d)", re.IGNORECASE)
_VAT_ID = re.compile(
    r"(?<![A-Z0-9])(?:ATU\d{8}|BE[01]\d{9}|CZ\d{8,10}|DE\d{9}|DK\d{8}|ES[A-Z0-9]\d{7}[A-Z0-9]|FI\d{8}|FR[A-Z0-9]{2}\d{9}"
    r"|GB\d{9}|IE\d[A-Z0-9]\d{5}[A-Z]{1,2}|IT\d{11}|LT\d{9,12}|LU\d{8}|LV\d{11}|NL\d{9}B\d{2}|PL\d{10}|PT\d{9}|SE\d{12})"
    r"(?![A-Z0-9])"
)
_COUNTRY_LENGTHS = {  # of an IBAN, ISO 13616 registry
    "AD": 24, "AE": 23, "AL": 28, "AT": 20, "AZ": 28, "BA": 20, "BE": 16, "BG": 22, "BH": 22, "BY": 28, "CH": 21,
    "CY": 28, "CZ": 24, "DE": 22, "DK": 18, "EE": 20, "EG": 29, "ES": 24, "FI": 18, "FR": 27, "GB": 22, "GE": 22,
    "GI": 23, "GR": 27, "HR": 21, "HU": 28, "IE": 22, "IL": 23, "IS": 26, "IT": 27, "KZ": 20, "LI": 21, "LT": 20,
    "LU": 20, "LV": 21, "MC": 27, "MD": 24, "ME": 22, "MK": 19, "MT": 31, "NL": 18, "NO": 15, "PL": 28, "PT": 25,
    "RO": 24, "RS": 22, "SA": 24, "SE": 24, "SI": 19, "SK": 24, "SM": 27, "TR": 26, "UA": 29, "XK": 20,
}  # fmt: skip


def ibans(part: Part) -> list[dict[str, Any]]:
    """IBANs with a right length and checksum, without blanks, however they are written."""
    places = []
    text = part.text.translate(LATIN)
    end = 0
    for match in _IBAN_START.finditer(text):
        length = _COUNTRY_LENGTHS.get(match["country"].upper(), 0)
        rest = re.compile(rf"(?:[\s.-]{{0,2}}[A-Za-z0-9]){{{length - 4}}}").match(text, match.end()) if length else None
        if rest is None or match.start() < end:
            continue
        value = re.sub(r"[\s.-]", "", f"{match[0]}{rest[0]}").upper()
        if is_iban(value) and sum(map(str.isdigit, value)) * 2 >= length:
            end = rest.end()
            places.append({"value": value, **found(part.source, part.text[match.start() : end])})
    return places


def bics(part: Part) -> list[dict[str, Any]]:
    """What stands behind BIC or SWIFT (ISO 9362)."""
    return _each(part, _BIC, lambda value: True)


def inns(part: Part) -> list[dict[str, Any]]:
    return _each(part, _INN, is_inn)


def kpps(part: Part) -> list[dict[str, Any]]:
    """КПП: it has no checksum, so the letters before it have to say what it is."""
    return _each(part, _KPP, lambda value: True)


def vat_ids(part: Part) -> list[dict[str, Any]]:
    """VAT ids of EU members and Great Britain; those of DE, FR, GB, IT and PL are checked by their digits too."""
    return _each(part, _VAT_ID, is_vat_id)


def is_iban(value: str) -> bool:
    """ISO 13616: the digits, the first four at the end and letters from A = 10, are 1 modulo 97."""
    return int("".join(str(int(c, 36)) for c in value[4:] + value[:4])) % 97 == 1


def is_inn(value: str) -> bool:
    """The control digits of a Russian tax number: one of 10 digits, two of 12."""
    digits = [int(c) for c in value]
    weights = [3, 7, 2, 4, 10, 3, 5, 9, 4, 6, 8]
    ends = [9] if len(digits) == 10 else [10, 11]
    return all(
        sum(w * d for w, d in zip(weights[-end:], digits[:end], strict=True)) % 11 % 10 == digits[end] for end in ends
    )


def is_vat_id(value: str) -> bool:
    country, digits = value[:2], value[2:]
    if country not in ("DE", "FR", "GB", "IT", "PL") or not digits.isdecimal():
        return True
    numbers = [int(c) for c in digits]
    match country:
        case "DE":  # ISO 7064 mod 11, 10
            product = 10
            for number in numbers[:8]:
                product = ((number + product) % 10 or 10) * 2 % 11
            return (11 - product) % 10 == numbers[8]
        case "FR":
            return int(digits[:2]) == (12 + 3 * (int(digits[2:]) % 97)) % 97
        case "GB":
            total = sum(w * n for w, n in zip(range(8, 1, -1), numbers[:7], strict=True)) + int(digits[7:])
            return total % 97 == 0 or (total + 55) % 97 == 0
        case "IT":  # Luhn
            return sum(n if i % 2 == 0 else sum(divmod(2 * n, 10)) for i, n in enumerate(numbers)) % 10 == 0
        case _:  # PL
            return sum(w * n for w, n in zip((6, 5, 7, 2, 3, 4, 5, 6, 7), numbers[:9], strict=True)) % 11 == numbers[9]


def _each(part: Part, pattern: re.Pattern[str], is_right: Callable[[str], bool]) -> list[dict[str, Any]]:
    values: dict[str, dict[str, Any]] = {}
    for match in pattern.finditer(part.text):
        value = match[1] if pattern.groups else match[0]
        if is_right(value):
            values.setdefault(value, {"value": value, **found(part.source, match[0])})
    return list(values.values())
