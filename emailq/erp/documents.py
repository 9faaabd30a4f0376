"""The attachments of a message as an ERP gets them: the bytes that were stored, a bounded number of them."""

from dataclasses import dataclass

from emailq.app import App
from emailq.erp.outbox import Action

_LIMIT = 20_000_000  # bytes of all documents of an action
_WITH_DOCUMENTS = ("create_invoice", "update_invoice", "create_complaint")


@dataclass(frozen=True, slots=True)
class Document:
    filename: str
    content_type: str
    sha256: str
    content: bytes


async def documents(action: Action, app: App) -> list[Document]:
    """The message's attachments, for actions that carry them; what exceeds the limit stays behind.

    Raises Unavailable or CorruptBlob: a bill without its document is not sent.
    """
    if action.action_type not in _WITH_DOCUMENTS:
        return []
    found: list[Document] = []
    room = _LIMIT
    for one in action.request_payload["email"]["attachments"]:
        if one["size_bytes"] <= room:
            content = await app.blobs.get(one["sha256"])
            found.append(
                Document(one["filename"], one["content_type"] or "application/octet-stream", one["sha256"], content)
            )
            room -= len(content)
    return found
