"""What an action is about, in a few words: for the people who approve it."""

from collections.abc import Mapping
from typing import Any

_LINES = 6


def fields_text(fields: Mapping[str, Any]) -> str:
    """Of the values that were found: numbers, the first lines and how many more, totals. Empty if there are none."""
    numbers = [
        f"{name.replace('_', ' ')} {fields[name]['value']}"
        for name in ("order_number", "invoice_number")
        if isinstance(fields.get(name), dict) and fields[name].get("value")
    ]
    lines = fields.get("lines") or []
    ordered = [
        " ".join(str(one[key]) for key in ("quantity", "unit", "item") if one.get(key)) for one in lines[:_LINES]
    ]
    if len(lines) > _LINES:
        ordered.append(f"{len(lines) - _LINES} more")
    amounts = fields.get("amounts") or []
    totals = [one for one in amounts if one.get("kind") == "total"] or amounts
    sums = [f"{one.get('value')} {one.get('currency') or ''}".strip() for one in totals[:3]]
    return " · ".join((*numbers, *(", ".join(part) for part in (ordered, sums) if part)))
