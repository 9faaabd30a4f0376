"""What a message asks for: one request, or several that each have their own number, with the values of each."""

import re
from collections.abc import Sequence
from itertools import pairwise

from emailq.extract.fields import Fields, extract_fields, invoice_numbers, order_numbers
from emailq.extract.parts import Part
from emailq.extract.sums import sum_problems
from emailq.models import Intent

_NUMBERS = {Intent.ORDER: order_numbers, Intent.INVOICE: invoice_numbers}
_REQUESTS_LIMIT = 50


def find_requests(intent: str | None, subject: str, text: str) -> list[Fields]:
    """The requests of a message with this intent, in order; at least one. Pure.

    Orders and invoices are several where the text is a series of sections that each begin with a number of their own
    and hold lines or a sum.
    """
    requests = [_request([Part("subject", subject[:1000]), Part("text", text)])]
    sections = _sections(intent, text)
    if len(sections) > 1:
        apart = [_request([Part("text", section)]) for section in sections]
        if all(fields["lines"] or fields["amounts"] for fields in apart):
            requests = apart
    return requests[:_REQUESTS_LIMIT]


def _request(parts: Sequence[Part]) -> Fields:
    fields = extract_fields(parts)
    return {**fields, "problems": sum_problems(fields)}


def _sections(intent: str | None, text: str) -> list[str]:
    """The text from each line that begins with a document's number up to the next such line."""
    find = _NUMBERS.get(Intent(intent)) if intent else None
    if find is None:
        return []
    starts: dict[str, int] = {}
    position = 0
    for line in text.splitlines(keepends=True):
        bare = re.sub(r"^[\s\d.)*•–-]{0,6}", "", line)
        numbers = find(Part("text", bare[:80]))
        if len(numbers) == 1 and bare.startswith(numbers[0]["span"][:3]):
            starts.setdefault(numbers[0]["value"], position)
        position += len(line)
    bounds = [*starts.values(), len(text)]
    return [text[start:end] for start, end in pairwise(bounds)]
