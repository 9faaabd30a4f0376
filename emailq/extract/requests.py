"""What a message asks for: one request, or several that each have their own number, with the values of each."""

import re
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

from emailq.extract.documents import Document
from emailq.extract.fields import Fields, extract_fields, invoice_numbers, order_numbers
from emailq.extract.parts import STRUCK, Part
from emailq.extract.spans import Span, fill_from_spans
from emailq.extract.sums import sum_problems
from emailq.extract.tables import table_lines, text_tables
from emailq.extract.unclear import unclear_lines
from emailq.models import Intent

_NUMBERS = {Intent.ORDER: order_numbers, Intent.INVOICE: invoice_numbers}
_NUMBER_KEYS = {Intent.ORDER: "order_number", Intent.INVOICE: "invoice_number"}
_REQUESTS_LIMIT = 50


def find_requests(
    intent: str | None, subject: str, text: str, documents: Sequence[Document] = (), spans: Sequence[Span] = ()
) -> list[Fields]:
    """The requests of a message with this intent, in order; at least one. `spans`: where a model looked. Pure.

    Orders and invoices are several where several documents have numbers of their own, or where the text is a series of
    sections that each begin with such a number and hold lines or a sum.
    """
    struck = dict.fromkeys(STRUCK.findall("\n".join([text, *(one.text for one in documents)])))
    text = STRUCK.sub("", text)
    letter = [Part("subject", subject[:1000]), Part("text", text)]
    requests = [_request(letter, documents, spans)]
    if intent in _NUMBER_KEYS:
        intent = Intent(intent)
        key = _NUMBER_KEYS[intent]
        each = [_request([], [document]) for document in documents]
        numbered = {one[key]["value"]: one for one in each if one[key]}
        sections = [_request([Part("text", section)], ()) for section in _sections(intent, text)]
        if len(numbered) > 1:
            requests = list(numbered.values())
        elif len(sections) > 1 and all(one["lines"] or one["amounts"] for one in sections):
            requests = sections
    unread = [{"source": one.source, "reason": one.problem} for one in documents if one.problem]
    crossed = [f"crossed out: {' '.join(struck)[:200]}"] if any(map(str.isdecimal, "".join(struck))) else []
    return [{**one, "problems": one["problems"] + crossed, "unread": unread} for one in requests[:_REQUESTS_LIMIT]]


def _request(letter: Sequence[Part], documents: Sequence[Document], spans: Sequence[Span] = ()) -> Fields:
    """The values of one request. An XML invoice says exactly what it means, so its values win."""
    exact = next((document.values for document in documents if document.values), None)
    parts = [*letter, *(Part(one.source, STRUCK.sub("", one.text)) for one in documents if one.text)]
    fields = extract_fields(parts)
    if exact:
        fields = {name: exact[name] or value for name, value in fields.items()}
    else:
        fields["lines"], differs = _listed(parts, documents)
        fields = fill_from_spans(fields, spans, letter)
        if differs:
            fields["problems"] = [differs]
    problems = [*fields.get("problems", []), *sum_problems(fields)]
    for part in letter:
        if part.source == "text" and fields["lines"]:
            problems += unclear_lines(part.text, [line for line in fields["lines"] if line["source"] == "text"])
    return {**fields, "problems": problems}


def _listed(parts: Sequence[Part], documents: Sequence[Document]) -> tuple[list[dict[str, str | None]], str | None]:
    """The order lines, out of the one source that lists them best, and whether another lists something else."""
    lists = []
    for document in documents:
        lists += [table_lines(table, document.source) for table in document.tables]
    for part in parts:
        if part.source != "subject":
            tables = [line for table in text_tables(part.text) for line in table_lines(table, part.source)]
            lists.append(tables or extract_fields([part])["lines"])
    lists = [listed for listed in lists if listed]
    if not lists:
        return [], None
    for other in lists[1:]:
        if _counted(other) != _counted(lists[0]):
            sources = f"{lists[0][0]['source']} and {other[0]['source']}"
            return lists[0], f"{sources} list different things"
    return lists[0], None


def _counted(lines: Sequence[dict[str, str | None]]) -> Counter[str | None]:
    return Counter(line["quantity"] for line in lines)


def _sections(intent: Intent, text: str) -> list[str]:
    """The text from each line that begins with a document's number up to the next such line."""
    starts: dict[str, int] = {}
    position = 0
    for line in text.splitlines(keepends=True):
        bare = re.sub(r"^[\s\d.)*•–-]{0,6}", "", line)
        numbers = _NUMBERS[intent](Part("text", bare[:80]))
        if len(numbers) == 1 and bare.startswith(numbers[0]["span"][:3]):
            starts.setdefault(numbers[0]["value"], position)
        position += len(line)
    return [text[start:end] for start, end in pairwise([*starts.values(), len(text)])]
