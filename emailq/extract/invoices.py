"""XML invoices and orders: UBL 2 (Invoice, CreditNote, Order) and UN/CEFACT CII (Factur-X, ZUGFeRD, XRechnung).

Element names are matched without their namespaces, which differ between versions.
"""

import re
from datetime import datetime
from decimal import Decimal
from typing import Any
from xml.etree.ElementTree import Element

from emailq.extract.fields import Fields
from emailq.extract.identifiers import is_iban, is_inn, is_vat_id
from emailq.extract.lines import LIMIT
from emailq.extract.numbers import plain
from emailq.extract.parts import found

_UNITS = {
    "C62": "pcs",
    "H87": "pcs",
    "EA": "pcs",
    "KGM": "kg",
    "LTR": "l",
    "MTR": "m",
    "HUR": "h",
    "XBX": "box",
}  # UN/ECE rec. 20
_UBL = ("Invoice", "CreditNote", "Order")
_CII = "CrossIndustryInvoice"


def xml_fields(root: Element, source: str) -> Fields | None:
    """The fields of an XML invoice or order, as extract_fields has them; None for any other XML."""
    name = _name(root)
    if name == _CII:
        return _cii(root, source)
    return _ubl(root, name, source) if name in _UBL else None


def _ubl(root: Element, name: str, source: str) -> Fields:
    total = _child(root, "LegalMonetaryTotal", "AnticipatedMonetaryTotal")
    number = _value(root, "ID", source=source)
    order = _value(root, "OrderReference/ID", source=source)
    tax = _find(root, "TaxTotal")
    return {
        "order_number": number if name == "Order" else order,
        "invoice_number": None if name == "Order" else number,
        "customer_reference": _value(root, "BuyerReference", "CustomerReference", source=source),
        "lines": [
            _line(
                line, source, "Item/Name|Item/Description",
                "SellersItemIdentification/ID|StandardItemIdentification/ID",
                "InvoicedQuantity|CreditedQuantity|Quantity", "PriceAmount", "LineExtensionAmount",
            )
            for line in [*_all(root, "InvoiceLine"), *_all(root, "CreditNoteLine"), *_all(root, "LineItem")][:LIMIT]
        ],
        "amounts": _amounts(
            source,
            net=_child(total, "TaxExclusiveAmount", "LineExtensionAmount"),
            vat=_child(tax, "TaxAmount"),
            total=_child(total, "PayableAmount", "TaxInclusiveAmount"),
        ),
        "dates": _dates(
            source,
            issued=_child(root, "IssueDate"),
            due=_child(root, "DueDate", "PaymentMeans/PaymentDueDate", "PaymentTerms/PaymentDueDate"),
            delivery=_child(root, "Delivery/ActualDeliveryDate", "Delivery/RequestedDeliveryPeriod/EndDate"),
        ),
        **_identifiers(root, source, "PayeeFinancialAccount/ID", "FinancialInstitutionBranch/ID", "CompanyID"),
    }  # fmt: skip


def _cii(root: Element, source: str) -> Fields:
    summation = _find(root, "SpecifiedTradeSettlementHeaderMonetarySummation")
    return {
        "order_number": _value(root, "BuyerOrderReferencedDocument/IssuerAssignedID", source=source),
        "invoice_number": _value(root, "ExchangedDocument/ID", source=source),
        "customer_reference": _value(root, "BuyerReference", source=source),
        "lines": [
            _line(
                line, source, "SpecifiedTradeProduct/Name", "SellerAssignedID|GlobalID", "BilledQuantity",
                "NetPriceProductTradePrice/ChargeAmount", "LineTotalAmount",
            )
            for line in _all(root, "IncludedSupplyChainTradeLineItem")[:LIMIT]
        ],
        "amounts": _amounts(
            source,
            net=_child(summation, "TaxBasisTotalAmount", "LineTotalAmount"),
            vat=_child(summation, "TaxTotalAmount"),
            total=_child(summation, "GrandTotalAmount", "DuePayableAmount"),
            currency=_text(_child(root, "InvoiceCurrencyCode")),
        ),
        "dates": _dates(
            source,
            issued=_child(root, "ExchangedDocument/IssueDateTime/DateTimeString"),
            due=_child(root, "DueDateDateTime/DateTimeString"),
            delivery=_child(root, "OccurrenceDateTime/DateTimeString"),
        ),
        **_identifiers(root, source, "IBANID", "BICID", "SpecifiedTaxRegistration/ID"),
    }  # fmt: skip


def _line(
    line: Element, source: str, item: str, article: str, quantity: str, price: str, amount: str
) -> dict[str, Any]:
    counted = _child(line, *quantity.split("|"))
    each, sum_ = _child(line, *price.split("|")), _child(line, *amount.split("|"))
    named, code = _child(line, *item.split("|")), _child(line, *article.split("|"))
    unit = counted.get("unitCode") if counted is not None else None
    said = [_text(one) for one in (code, named, counted, each, sum_)]
    return {
        "item": _text(named),
        "article": _text(code),
        "quantity": _number(counted),
        "unit": _UNITS.get(unit, unit) if unit else None,
        "price": _number(each),
        "amount": _number(sum_),
        "currency": next((one.get("currencyID") for one in (sum_, each) if one is not None), None),
        **found(source, " | ".join(one for one in said if one)),
    }


def _amounts(source: str, currency: str | None = None, **by_kind: Element | None) -> list[dict[str, Any]]:
    return [
        {
            "value": value,
            "currency": element.get("currencyID") or currency,
            "kind": kind,
            **found(source, f"{_name(element)} {_text(element)}"),
        }
        for kind, element in by_kind.items()
        if element is not None and (value := _number(element)) is not None
    ]


def _dates(source: str, **by_kind: Element | None) -> list[dict[str, Any]]:
    return [
        {"value": value, "kind": kind, **found(source, f"{_name(element)} {_text(element)}")}
        for kind, element in by_kind.items()
        if element is not None and (value := _date(_text(element) or ""))
    ]


def _identifiers(root: Element, source: str, iban: str, bic: str, vat_id: str) -> Fields:
    seller = _child(root, "AccountingSupplierParty", "SellerSupplierParty", "SellerTradeParty")
    ids = {_text(one) or "" for one in _all(seller, vat_id)} if seller is not None else set()
    company = [one for one in sorted(ids) if one[:2].isalpha() and is_vat_id(one)]
    inns = [one for one in sorted(ids) if one.isdecimal() and len(one) in (10, 12) and is_inn(one)]
    account = (_text(_child(root, iban)) or "").replace(" ", "")
    return {
        "iban": {"value": account, **found(source, account)} if account[:2].isalpha() and is_iban(account) else None,
        "bic": _value(root, bic, source=source),
        "vat_id": {"value": company[0], **found(source, company[0])} if len(company) == 1 else None,
        "inn": {"value": inns[0], **found(source, inns[0])} if len(inns) == 1 else None,
        "kpp": None,
    }


def _value(root: Element, *paths: str, source: str) -> dict[str, str] | None:
    text = _text(_child(root, *paths))
    return {"value": text[:200], **found(source, text)} if text else None


def _name(element: Element) -> str:
    return str(element.tag).rpartition("}")[2]


def _all(root: Element, path: str) -> list[Element]:
    """Elements whose last ancestors and name are those of the path."""
    first, _, rest = path.partition("/")
    return [
        deeper for one in root.iter() if _name(one) == first for deeper in (_all_children(one, rest) if rest else [one])
    ]


def _all_children(root: Element, path: str) -> list[Element]:
    first, _, rest = path.partition("/")
    return [deeper for one in root if _name(one) == first for deeper in (_all_children(one, rest) if rest else [one])]


def _find(root: Element, path: str) -> Element | None:
    return next(iter(_all(root, path)), None)


def _child(root: Element | None, *paths: str) -> Element | None:
    """The first of these that is there: a child of the root where it has such a one, else anywhere in it."""
    if root is None:
        return None
    for path in paths:
        for one in (*_all_children(root, path), *_all(root, path)):
            return one
    return None


def _text(element: Element | None) -> str | None:
    return (" ".join((element.text or "").split()) or None) if element is not None else None


def _number(element: Element | None) -> str | None:
    text = _text(element) or ""
    return plain(Decimal(text)) if re.fullmatch(r"-?\d{1,15}(?:\.\d{1,9})?", text) else None


def _date(text: str) -> str | None:
    for form in ("%Y-%m-%d", "%Y%m%d"):
        try:
            return datetime.strptime(text[:10], form).date().isoformat()
        except ValueError:
            continue
    return None
