"""Reads the requests of a stored message: its text from the database, its documents from the blob store."""

from collections.abc import Iterator
from typing import Any, NamedTuple
from uuid import UUID

from psycopg.rows import dict_row

from emailq.app import App
from emailq.errors import NotFound
from emailq.extract.documents import SIZE_LIMIT, Document, could_hold_values, kind_of, packed
from emailq.extract.fields import Fields
from emailq.extract.requests import find_requests
from emailq.parse.child import ChildPool, Crashed, Late
from emailq.parse.sentences import sentences
from emailq.store.blobs import CorruptBlob

_DOCUMENTS_LIMIT = 10
_CHILDREN = 1
_OF_DOCUMENTS = ("order", "invoice")

_LOAD = """
select e.intent, e.confidence_score, e.requests, e.subject, left(coalesce(e.new_text, e.body_text), 200000) as text,
       case when e.body_html ~* '<table|<s>|<strike|<del[ >]|line-through' then left(e.body_html, 200000) end as html,
       coalesce((select jsonb_agg(jsonb_build_object(
                            'part_id', a.part_id, 'filename', a.filename, 'content_type', a.content_type,
                            'sniffed_type', a.sniffed_type, 'size_bytes', a.size_bytes,
                            'sha256', encode(a.sha256, 'hex')) order by a.position)
                 from attachments a
                 where a.email_id = e.id and not a.is_inline and a.virus_scan_status <> 'infected'), '[]')
           as attachments,
       coalesce((select h.details -> 'spans' from classification_history h
                 where h.email_id = e.id and h.decided_by = 'model' order by h.classified_at desc, h.id limit 1), '[]')
           as spans
from emails e
where e.id = %s
"""


class Request(NamedTuple):
    """What a message asks for; `number` counts from 1 for each intent. docs/extraction.md has the shape of `fields`."""

    intent: str | None
    confidence: float | None
    number: int
    fields: Fields


async def read_requests(app: App, email_id: UUID) -> list[Request]:
    """The requests of a message, for the intents that it has now, that of the whole first.

    An attachment that can't be read is told in `unread` and stops nothing. Raises NotFound and Unavailable.
    """
    async with app.pool.connection() as conn:
        cursor = conn.cursor(row_factory=dict_row)
        await cursor.execute(_LOAD, (email_id,), prepare=True)
        row = await cursor.fetchone()
    if row is None:
        raise NotFound(f"no e-mail {email_id}")
    documents = await _documents(app, row["attachments"])
    if row["html"]:
        documents.insert(0, await _read(app, "html", "body", row["html"].encode()))
    found: list[Request] = []
    for intent, confidence, text, own in _asked(row, documents):
        each = find_requests(intent, row["subject"] or "", text, own, row["spans"])
        found += [Request(intent, confidence, number, fields) for number, fields in enumerate(each, start=1)]
    return found


def _asked(
    row: dict[str, Any], documents: list[Document]
) -> Iterator[tuple[str | None, float | None, str, list[Document]]]:
    """(intent, confidence, its text, its documents) of each request. Documents go with an order, else with a bill."""
    intent, text = row["intent"], row["text"] or ""
    if not row["requests"]:
        yield intent, row["confidence_score"], text, documents
        return
    pieces = sentences(text)
    intents = [one["intent"] for one in row["requests"]]
    owner = next((one for one in _OF_DOCUMENTS if one in intents), intent)
    for one in row["requests"]:
        confidence = row["confidence_score"] if one["intent"] == intent else one["confidence"]
        own = "\n".join(pieces[number] for number in one["sentences"] if number < len(pieces))
        yield one["intent"], confidence, own, documents if one["intent"] == owner else []


async def _documents(app: App, attachments: list[dict[str, Any]]) -> list[Document]:
    """What attachments say; those that are not read and may say something are told with the reason."""
    documents: list[Document] = []
    places = _DOCUMENTS_LIMIT
    for one in attachments:
        source, named = f"attachment:{one['part_id']}", (one["content_type"], one["sniffed_type"])
        kind = kind_of(one["filename"], *named)
        if kind and places:
            documents.append(await _read_file(app, one, source, kind))
            places -= 1
        elif kind:
            documents.append(Document(source, problem=f"only {_DOCUMENTS_LIMIT} attachments are read"))
        elif could_hold_values(*named, one["size_bytes"]):
            documents.append(Document(source, problem=f"{one['filename']} is of a kind that is not read"))
    return documents


async def _read_file(app: App, attachment: dict[str, Any], source: str, kind: str) -> Document:
    if attachment["size_bytes"] > SIZE_LIMIT:
        return Document(source, problem=f"larger than {SIZE_LIMIT // 1_000_000} MB")
    try:
        return await _read(app, source, kind, await app.blobs.get(attachment["sha256"]))
    except (NotFound, CorruptBlob) as error:
        return Document(source, problem=str(error))


async def _read(app: App, source: str, kind: str, content: bytes) -> Document:
    order = packed(source, kind, None, content)
    try:
        try:
            document: Document = await _readers(app).run(order)
        except Late:  # another child may have the CPU
            document = await _readers(app).run(order)
    except Crashed as error:
        return Document(source, problem=str(error))
    return document


def _readers(app: App) -> ChildPool:
    return app.shared(
        "readers", lambda: ChildPool(_CHILDREN, "emailq.extract.documents:read_document"), ChildPool.close
    )
