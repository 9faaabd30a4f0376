"""Do the sums and quantities of a request make sense together? Decimal, to the cent."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

_CENT = Decimal("0.01")


def sum_problems(fields: Mapping[str, Any]) -> list[str]:
    """What does not add up, one line each; [] where nothing can be said against the sums."""
    lines = fields["lines"]
    problems = [
        f"line {number}: {line['quantity']} × {line['price']} is not {line['amount']}"
        for number, line in enumerate(lines, start=1)
        if not _is_product(line)
    ]
    problems += [
        f"line {number}: a quantity of {line['quantity']}"
        for number, line in enumerate(lines, start=1)
        if line["quantity"] is not None and Decimal(line["quantity"]) <= 0
    ]
    net, vat, total = (_labelled(fields, kind) for kind in ("net", "vat", "total"))
    listed = [Decimal(amount) for line in lines if (amount := line["amount"] or _product(line))]
    possible = [sum_ for sum_ in (net, total, total - vat if total and vat else None) if sum_ is not None]
    if lines and len(listed) == len(lines) and possible:
        added = sum(listed, Decimal(0))
        if all(abs(added - sum_) > _CENT * len(lines) for sum_ in possible):
            problems.append(f"the lines add up to {added}, not to {possible[0]}")
    if net and vat and total and abs(net + vat - total) > _CENT:
        problems.append(f"net {net} and VAT {vat} are not the total of {total}")
    return problems


def _product(line: Mapping[str, Any]) -> str | None:
    if line["quantity"] is None or line["price"] is None:
        return None
    return f"{Decimal(line['quantity']) * Decimal(line['price']):f}"


def _is_product(line: Mapping[str, Any]) -> bool:
    product = _product(line)
    return product is None or line["amount"] is None or abs(Decimal(product) - Decimal(line["amount"])) <= _CENT


def _labelled(fields: Mapping[str, Any], kind: str) -> Decimal | None:
    """The one sum of this kind; None if there are several."""
    values = {amount["value"] for amount in fields["amounts"] if amount["kind"] == kind}
    return Decimal(values.pop()) if len(values) == 1 else None
