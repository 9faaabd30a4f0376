"""Business values that stand in a message, each with the words it was read from and the part that they stand in.

What is not found, or found twice with different values, is null: a guess would cost money. Numbers are strings in plain
decimal notation. docs/extraction.md has the shape.
"""

import re
from collections.abc import Sequence
from typing import Any

from emailq.extract import identifiers
from emailq.extract.amounts import amounts
from emailq.extract.dates import dates, is_date
from emailq.extract.lines import lines
from emailq.extract.parts import Part, found

TEXT_LIMIT = 50_000  # characters of one part that are searched
_LIMIT = 50  # values of one kind

Fields = dict[str, Any]


def extract_fields(parts: Sequence[Part]) -> Fields:
    """All that is found in some texts of one request. Pure."""
    parts = [part._replace(text=part.text[:TEXT_LIMIT]) for part in parts]
    texts = [part for part in parts if part.source != "subject"]
    return {
        "order_number": _one(order_numbers, parts),
        "invoice_number": _one(invoice_numbers, parts),
        "customer_reference": _one(customer_references, parts),
        "lines": next((listed for part in texts if (listed := lines(part))), []),
        "amounts": _all(amounts, texts),
        "dates": _all(dates, parts),
        "iban": _one(identifiers.ibans, texts),
        "bic": _one(identifiers.bics, texts),
        "vat_id": _one(identifiers.vat_ids, texts),
        "inn": _one(identifiers.inns, texts),
        "kpp": _one(identifiers.kpps, texts),
    }


def _one(find: Any, parts: Sequence[Part]) -> dict[str, Any] | None:
    values: dict[str, dict[str, Any]] = {}
    for part in parts:
        for one in find(part):
            values.setdefault(one["value"].casefold(), one)
    return next(iter(values.values())) if len(values) == 1 else None


def _all(find: Any, parts: Sequence[Part]) -> list[dict[str, Any]]:
    """Each value once; one that is said to be something is kept before the same without a label."""
    values: dict[tuple[Any, ...], dict[str, Any]] = {}
    for one in (one for part in parts for one in find(part)):
        key = (one["value"], one.get("currency"))
        if key not in values or (values[key]["kind"] is None and one["kind"]):
            values[key] = one
    return list(values.values())[:_LIMIT]


# ------------------------------------------------------------------------------------------ document numbers

# English, Russian, German, French, Spanish, Polish, Italian, Ukrainian
_ORDER = (
    r"purchase order|sales order|(?<!\bwe )(?<!\bI )(?<!like to )(?<!want to )(?<!wish to )order|p\.?\s?o\.?"
    r"|заказ(?:а|у|ом|е)?|заявк(?:а|и|е|у|ой)"
    r"|bestellung|bestellnummer|auftrag(?:snummer)?"
    r"|(?:bon de )?commande|pedido|orden de compra|zamówieni[eau]|ordine|замовлення"
)
_INVOICE = (
    r"invoice|bill"
    r"|(?<!лицевой )(?<!расч[её]тный )сч[её]т(?:а|у|ом|е)?(?:-фактур(?:а|ы|е|у|ой))?"
    r"|rechnung(?:snummer)?|facture|factura|faktur[ayęą](?: vat)?|fattura|рахун(?:ок|ку)(?:-фактур[аи])?"
)
_REFERENCE = (
    r"(?:your|our|customer|client)\s(?:ref(?:erence)?|account|number|no)|customer\s(?:id|reference)|account"
    r"|(?:номер|код) клиента|лицевой сч[её]т|договор(?:а|у)?"
    r"|kundennummer|kunden-?nr|unser zeichen|ihr zeichen|numéro (?:de )?client|réf(?:érence)? client|número de cliente"
)
_MARK = r"(?:no|nr|num|number|nummer|id|ref)\b\.?|n[°ºo.]\.?|[#№]|номер"
# letters before digits belong to a number, with a blank only in capitals: "RE 2026-1", "EN-R1001", "an order for 5"
_NUMBER = r"(?:(?-i:[A-ZА-ЯЁ]{1,6})\s|(?:[A-Za-zА-Яа-яЁё]{1,6}[-/_])?[A-Za-zА-Яа-яЁё]{0,6}[-/_]?)\d[\w/.-]{0,30}"


def order_numbers(part: Part) -> list[dict[str, Any]]:
    return _document_numbers(_ORDER, part)


def invoice_numbers(part: Part) -> list[dict[str, Any]]:
    return _document_numbers(_INVOICE, part)


def customer_references(part: Part) -> list[dict[str, Any]]:
    return [one for one in _document_numbers(_REFERENCE, part) if len(one["value"]) > 2]


def _document_numbers(names: str, part: Part) -> list[dict[str, Any]]:
    """The numbers of one kind. Without a mark such as "no." or "#" one must not look like a quantity."""
    pattern = re.compile(
        rf"(?<![\w-])(?P<name>{names})(?P<mark>\s{{0,3}}(?:{_MARK})\s{{0,3}}:?|\s{{0,3}}:)?\s{{0,3}}(?P<value>{_NUMBER})(?!\w)",
        re.IGNORECASE,
    )
    numbers: dict[str, dict[str, Any]] = {}
    for match in pattern.finditer(part.text):
        value = match["value"].rstrip(".,/-_").strip()
        if value[0] in "-/_":  # of "PO-77" the letters are part of the number, of "Bestellung-77" they are its name
            value = f"{match['name']}{value}" if len(match["name"]) <= 3 else value[1:]
        is_plain = re.fullmatch(r"\d{1,3}(?:[.,]\d{1,3})?", value)
        is_marked = (match["mark"] or "").strip(" :") != ""  # "our order: 3 coils" says no number
        if (is_plain and not is_marked) or is_date(value):
            continue
        numbers.setdefault(value.casefold(), {"value": value, **found(part.source, match[0])})
    return list(numbers.values())
