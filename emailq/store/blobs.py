"""Raw messages and attachments by their SHA-256: what a store of them does, in a directory or in S3."""

import re
from collections.abc import AsyncIterator, Callable
from datetime import datetime
from typing import NamedTuple, Protocol

from emailq.blob_names import blob_name
from emailq.errors import EmailqError, NotFound

# A blob that is put again after so long counts as new once more: who clears up leaves young ones alone, since the rows
# that name them may not be committed yet.
YOUNG_S = 3600.0
PROBE = b"emailq"  # what `check` writes to see whether it can
LISTED = 1000  # blobs listed at once
KEY = re.compile(r"sha256/[0-9a-f]{2}/[0-9a-f]{2}/([0-9a-f]{64})$")


class Stored(NamedTuple):
    """A blob as the store lists it. `modified_at`: by the store's clock."""

    name: str
    size_bytes: int
    modified_at: datetime


class CorruptBlob(EmailqError):
    """The stored bytes are not those that the name promises."""


class Blobs(Protocol):
    """Content-addressed bytes; the name is the SHA-256 in hex. A blob that is there is never written again."""

    bucket: str | None  # None: not in S3

    async def put(self, contents: list[bytes]) -> list[str]:
        """Store each and return the names, in order, once all are durable. Raises Unavailable."""

    async def get(self, name: str) -> bytes:
        """The bytes, checked against the name. Raises NotFound, CorruptBlob or Unavailable."""

    async def get_each(self, names: list[str]) -> list[bytes | NotFound | CorruptBlob]:
        """The bytes of each, or what `get` would raise for it. Raises Unavailable."""

    async def check(self) -> None:
        """Raise Unavailable or ConfigError unless blobs can be written; makes the directory or bucket."""

    def stored(self) -> AsyncIterator[list[Stored]]:
        """All blobs, in no order, some at a time. Raises Unavailable."""

    async def delete(self, name: str, *, unless_younger_s: float = 0) -> bool:
        """Remove a blob for good; False if it is not there, or was put again lately. Raises Unavailable."""

    async def link(self, name: str, filename: str) -> str | None:
        """A URL that works for five minutes and downloads under this name; None where the store has none."""


def got(get: Callable[[str], bytes], name: str) -> bytes | NotFound | CorruptBlob:
    """What a store answers for one of many names."""
    try:
        return get(name)
    except (NotFound, CorruptBlob) as error:
        return error


def checked(name: str, content: bytes) -> bytes:
    """Raises CorruptBlob unless the name is theirs."""
    if blob_name(content) != name:
        raise CorruptBlob(f"blob {name} was damaged: its bytes have another SHA-256")
    return content
