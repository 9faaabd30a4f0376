"""Attachments that hold business values: CSV, text, mail, PDF, XLSX, XML invoices (in PDF too) → text and values.

Runs in a child process that may be killed (parse.child): the bytes are a stranger's. PDF, XLSX and XML need the
packages of the extra `emailq[documents]`.
"""

import csv
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO, StringIO
from itertools import islice
from typing import Any

from emailq.extract.fields import Fields
from emailq.extract.invoices import xml_fields
from emailq.extract.parts import STRUCK
from emailq.extract.tables import Row, text_tables
from emailq.parse.charset import decode
from emailq.parse.digest import digest_message
from emailq.parse.replies import split_reply
from emailq.parse.text import html_to_text
from emailq.parse.values import scrub

SIZE_LIMIT = 10_000_000  # bytes of an attachment that is read
_TEXT_LIMIT = 200_000  # characters that are kept
_ROWS_LIMIT = 5_000
_COLUMNS_LIMIT = 50
_CELL_LIMIT = 500
_PAGES_LIMIT = 50
_SHEETS_LIMIT = 10
_XML_LIMIT = 5_000_000


@dataclass(frozen=True, slots=True)
class Document:
    """What was read of one attachment. `values`: those of an XML invoice; `problem`: why it could not be read."""

    source: str
    text: str = ""
    tables: tuple[tuple[Row, ...], ...] = ()
    values: Fields | None = None
    problem: str | None = None


def kind_of(filename: str, content_type: str | None, sniffed_type: str | None = None) -> str | None:
    """How a file is read, None for one that is not. What the bytes look like counts before the name."""
    ending = filename.rpartition(".")[2].lower()
    if sniffed_type and sniffed_type not in _KINDS_BY_TYPE and sniffed_type != content_type:
        return None
    for found in (sniffed_type, content_type):
        if found in _KINDS_BY_TYPE:
            kind = _KINDS_BY_TYPE[found]
            return "csv" if kind == "text" and ending in ("csv", "tsv") else "xml" if ending == "xml" else kind
    return _KINDS_BY_ENDING.get(ending)


_KINDS_BY_ENDING = {
    "csv": "csv",
    "tsv": "csv",
    "txt": "text",
    "html": "html",
    "htm": "html",
    "eml": "mail",
    "pdf": "pdf",
    "xlsx": "xlsx",
    "xml": "xml",
}
_KINDS_BY_TYPE = {
    "text/csv": "csv",
    "text/tab-separated-values": "csv",
    "text/plain": "text",
    "text/html": "html",
    "message/rfc822": "mail",
    "application/pdf": "pdf",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "xlsx",
    "text/xml": "xml",
    "application/xml": "xml",
}


# what holds no order and no bill: appointments, cards, signatures, and what was opened into other attachments
_NO_VALUES = re.compile(
    r"text/(?:x-)?(?:v?calendar|vcard)|application/ics|application/(?:x-)?(?:pkcs7|pgp)-.*|application/(?:vnd\.)?ms-tnef"
    r"|message/.*|multipart/.*|audio/.*|video/.*|font/.*"
)
_LOGO_BYTES = 10_000


def could_hold_values(content_type: str | None, sniffed_type: str | None, size_bytes: int) -> bool:
    """Whether somebody may have put an order or a bill into an attachment that is not read."""
    types = [one for one in (sniffed_type, content_type) if one]
    if any(one.startswith("image/") for one in types):
        return size_bytes > _LOGO_BYTES
    return not any(_NO_VALUES.fullmatch(one) for one in types)


def packed(source: str, kind: str, charset: str | None, content: bytes) -> bytes:
    """A request to read_document, as it goes to the child process."""
    return json.dumps([source, kind, charset]).encode() + b"\n" + content


def read_document(request: bytes) -> Document:
    """Read one attachment. Pure; any bytes give a result."""
    head, _, content = request.partition(b"\n")
    source, kind, charset = json.loads(head)
    try:
        return _READERS[kind](source, content, charset)
    except ImportError as error:
        return Document(source, problem=f"{kind} is read with {error.name}: pip install 'emailq[documents]'")
    except MemoryError:
        raise
    except Exception as error:  # libraries raise what they like on broken files
        return Document(source, problem=f"not a {kind} file that can be read ({type(error).__name__})")


WARM_UP = packed("", "text", None, b"-")


def _text(source: str, content: bytes, charset: str | None) -> Document:
    return Document(source, decode(content[: 4 * _TEXT_LIMIT], charset).text[:_TEXT_LIMIT])


def _mail(source: str, content: bytes, charset: str | None) -> Document:
    """A message that was attached: its own newest text."""
    fields = digest_message(content).fields
    text = fields["new_text"] or fields["body_text"] or ""
    return Document(source, f"{fields['subject'] or ''}\n\n{text}"[:_TEXT_LIMIT])


def _html(source: str, content: bytes, charset: str | None) -> Document:
    return Document(source, html_to_text(decode(content[: 4 * _TEXT_LIMIT], charset).text[:_TEXT_LIMIT]))


def _body(source: str, content: bytes, charset: str | None) -> Document:
    """The HTML form of a letter, for what its text form can't say: its tables, and what is struck through."""
    text = split_reply(_html(source, content, charset).text).current
    return Document(source, "\n".join(STRUCK.findall(text)), tables=tuple(map(tuple, text_tables(text))))


def _csv(source: str, content: bytes, charset: str | None) -> Document:
    text = decode(content[: 4 * _TEXT_LIMIT], charset).text[:_TEXT_LIMIT].removeprefix("\ufeff")
    head = text[:10_000]
    delimiter = max(";\t,|", key=head.count)
    rows = csv.reader(StringIO(text, newline=""), delimiter=delimiter)
    return Document(source, tables=(_rows(rows),))


def _pdf(source: str, content: bytes, charset: str | None) -> Document:
    import pypdf

    reader = pypdf.PdfReader(BytesIO(content))
    if reader.is_encrypted and not reader.decrypt(""):
        return Document(source, problem="the PDF is encrypted")
    for name, files in islice(reader.attachments.items(), 10):
        if name.lower().endswith(".xml") and files:  # Factur-X and ZUGFeRD put the invoice's XML into the PDF
            inner = _xml(source, files[0], None)
            if inner.values:
                return inner
    pieces: list[str] = []
    for page in islice(reader.pages, _PAGES_LIMIT):
        pieces.append(page.extract_text(extraction_mode="layout"))
        if sum(map(len, pieces)) > _TEXT_LIMIT:
            break
    text = "\n".join(pieces)[:_TEXT_LIMIT]
    return Document(source, scrub(text), problem=None if text.strip() else "the PDF has no text: a picture of a page")


def _xlsx(source: str, content: bytes, charset: str | None) -> Document:
    import openpyxl

    book = openpyxl.load_workbook(BytesIO(content), read_only=True, data_only=True)
    sheets = islice((sheet for sheet in book.worksheets if sheet.sheet_state == "visible"), _SHEETS_LIMIT)
    return Document(source, tables=tuple(_rows(sheet.iter_rows(values_only=True)) for sheet in sheets))


def _xml(source: str, content: bytes, charset: str | None) -> Document:
    from defusedxml.ElementTree import fromstring

    if len(content) > _XML_LIMIT:
        return Document(source, problem=f"XML of more than {_XML_LIMIT // 1_000_000} MB")
    return Document(source, values=scrub(xml_fields(fromstring(content), source)))


def _rows(rows: Any) -> tuple[Row, ...]:
    return tuple(tuple(scrub(_cell(cell)) for cell in islice(row, _COLUMNS_LIMIT)) for row in islice(rows, _ROWS_LIMIT))


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.10f}".rstrip("0").rstrip(".")
    if isinstance(value, datetime):  # the format of the cell tells a date from a time, which we aren't shown
        return str(value).removesuffix(" 00:00:00")
    return str(value)[:_CELL_LIMIT]


_READERS: dict[str, Callable[[str, bytes, str | None], Document]] = {
    "csv": _csv,
    "text": _text,
    "html": _html,
    "body": _body,
    "mail": _mail,
    "pdf": _pdf,
    "xlsx": _xlsx,
    "xml": _xml,
}
