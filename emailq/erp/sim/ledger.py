"""What the small ERP knows: documents, and which idempotency key made which. Kept in a journal, line by line."""

import hashlib
import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

_PREFIX = {"order": "SO", "invoice": "BILL", "complaint": "CASE", "lead": "LEAD"}


@dataclass
class Document:
    """One document; `body` is the last request that wrote it, `requests` counts those that came for it."""

    id: str
    kind: str
    key: str
    body: dict[str, Any]
    made_at: datetime
    requests: int = 1
    revisions: int = 0


@dataclass
class Ledger:
    """Safe for threads. A key is remembered with the hash of its body until `forget_keys`."""

    journal: Path | None = None
    documents: dict[str, Document] = field(default_factory=dict)
    keys: dict[str, tuple[str, str]] = field(default_factory=dict)  # key → (hash of the body, document)
    _busy: set[str] = field(default_factory=set)
    _lock: threading.RLock = field(default_factory=threading.RLock)

    def __post_init__(self) -> None:
        if self.journal and self.journal.exists():
            for line in self.journal.read_text(encoding="utf-8").splitlines():
                if line.endswith("}"):  # the last one may be cut: whoever wrote it died
                    entry = json.loads(line)
                    self._apply(**entry | {"at": datetime.fromisoformat(entry["at"])})

    def enter(self, key: str) -> bool:
        """Whether nobody else is at work for this key; leave() ends it."""
        with self._lock:
            if key in self._busy:
                return False
            self._busy.add(key)
            return True

    def leave(self, key: str) -> None:
        with self._lock:
            self._busy.discard(key)

    def known(self, key: str, body: bytes) -> tuple[Document | None, bool]:
        """(the document that this key made, whether the body is another one)."""
        with self._lock:
            if key not in self.keys:
                return None, False
            digest, document_id = self.keys[key]
            document = self.documents[document_id]
            document.requests += 1
            return document, digest != hashlib.sha256(body).hexdigest()

    def find(self, key: str) -> Document | None:
        with self._lock:
            return self.documents[self.keys[key][1]] if key in self.keys else None

    def commit(self, key: str, body: bytes, content: dict[str, Any]) -> Document:
        """Make the document, or change the one that `entity_id` names."""
        with self._lock:
            kind = str(content.get("action", "")).partition("_")[2] or "order"
            known = str(content.get("entity_id", ""))
            number = sum(one.kind == kind for one in self.documents.values()) + 1
            document_id = known if known in self.documents else f"{_PREFIX.get(kind, kind.upper())}-{number:04}"
            entry: dict[str, Any] = {
                "id": document_id,
                "kind": kind,
                "key": key,
                "digest": hashlib.sha256(body).hexdigest(),
                "content": content,
            }
            at = datetime.now(UTC)
            if self.journal:
                with self.journal.open("a", encoding="utf-8") as file:
                    file.write(
                        ("\n" if self._is_torn() else "")
                        + json.dumps({**entry, "at": at.isoformat()}, ensure_ascii=False)
                        + "\n"
                    )
            return self._apply(**entry, at=at)

    def forget_keys(self) -> None:
        with self._lock:
            self.keys.clear()

    def recent(self, kind: str | None = None) -> list[Document]:
        """Newest first."""
        with self._lock:
            found = [one for one in self.documents.values() if kind in (None, one.kind)]
        return sorted(found, key=lambda one: (one.made_at, one.id), reverse=True)

    def _is_torn(self) -> bool:
        """Whether the journal's last line was cut off: the next one must not be glued to it."""
        if not self.journal or not self.journal.exists() or not self.journal.stat().st_size:
            return False
        with self.journal.open("rb") as file:
            file.seek(-1, 2)
            return file.read(1) != b"\n"

    def _apply(self, id: str, kind: str, key: str, digest: str, content: dict[str, Any], at: datetime) -> Document:
        self.keys[key] = (digest, id)
        if id in self.documents:
            document = self.documents[id]
            document.body, document.revisions = content, document.revisions + 1
        else:
            document = self.documents[id] = Document(id, kind, key, content, at)
        return document


def messages_with_several(documents: Mapping[str, Document]) -> list[str]:
    """Message-IDs of mail that was made into the same kind of document more than once: there should be none."""
    seen: dict[tuple[str, str, str], int] = {}
    for one in documents.values():
        message_id = str((one.body.get("email") or {}).get("message_id"))
        number = json.dumps((one.body.get("fields") or {}).get("order_number"), sort_keys=True)
        seen[one.kind, message_id, number] = seen.get((one.kind, message_id, number), 0) + 1
    return [message_id for (_, message_id, _), count in seen.items() if count > 1]
