"""What a model pointed at: words of the message, read by our own rules. It says where to look, never what is there."""

import re
from collections.abc import Sequence
from typing import Any

from emailq.extract.amounts import amounts
from emailq.extract.dates import dates
from emailq.extract.lines import lines
from emailq.extract.parts import Part, found

Span = dict[str, str]  # {"name", "text"}

_KINDS = {"issue_date": "issued", "due_date": "due", "delivery_date": "delivery", "total": "total"}
_NUMBER = re.compile(r"(?<!\w)(?:[A-Za-zА-Яа-яЁё]{1,6}[-/_]?)?\d[\w/.-]{0,30}(?!\w)")


def fill_from_spans(fields: dict[str, Any], spans: Sequence[Span], letter: Sequence[Part]) -> dict[str, Any]:
    """The fields, with what the rules had missed. A span that does not stand in the letter counts for nothing."""
    grounded = [(span["name"], part) for span in spans if (part := _part_of(span["text"], letter))]
    filled = {**fields}
    for name in ("order_number", "invoice_number", "customer_reference"):
        numbers = {number: part for one, part in grounded if one == name for number in _NUMBER.findall(part.text)}
        if filled[name] is None and len(numbers) == 1:
            [(number, part)] = numbers.items()
            filled[name] = {"value": number.rstrip("./-_"), **found(part.source, part.text)}
    if not filled["lines"]:
        # of the text alone: a subject is often another's
        pointed_at = [part for name, part in grounded if name == "order_line" and part.source == "text"]
        filled["lines"] = [line for part in pointed_at for line in lines(part)[:1]]
    for name, kind in _KINDS.items():
        for part in (part for one, part in grounded if one == name):
            read, key = (amounts, "amounts") if name == "total" else (dates, "dates")
            filled[key] = _labelled(filled[key], read(part), kind)
    return filled


def _labelled(known: list[dict[str, Any]], pointed_at: list[dict[str, Any]], kind: str) -> list[dict[str, Any]]:
    """`known`, in which the one value that was pointed at has this kind, unless it or another has one already."""
    if len(pointed_at) != 1 or any(one["kind"] == kind for one in known):
        return known
    return [
        {**one, "kind": kind} if one["value"] == pointed_at[0]["value"] and one["kind"] is None else one
        for one in known
    ]


def _part_of(text: str, letter: Sequence[Part]) -> Part | None:
    """Where these words stand, as they stand there but for blanks; None if nowhere."""
    words = r"\s+".join(map(re.escape, text.split()))
    for part in letter:
        match = re.search(words, part.text, re.IGNORECASE) if words else None
        if match:
            return Part(part.source, match[0])
    return None
