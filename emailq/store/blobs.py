"""Raw messages and attachments by their SHA-256: a directory or an S3 bucket behind a few functions."""

import asyncio
import ctypes
import hashlib
import os
import re
import secrets
import time
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import cached_property
from io import BytesIO
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, TypeVar
from urllib.parse import quote, urlsplit

from emailq.blob_names import blob_key, blob_name
from emailq.errors import ConfigError, EmailqError, NotFound, Unavailable
from emailq.settings import Settings

if TYPE_CHECKING:
    from minio import Minio

R = TypeVar("R")

# A blob that is put again after so long counts as new once more: who clears up leaves young ones alone, since the rows
# that name them may not be committed yet.
_YOUNG_S = 3600.0
PROBE = b"emailq"  # what `check` writes to see whether it can
_LISTED = 1000  # blobs listed at once
_LINK_S = 300  # how long a link to a blob works
_KEY = re.compile(r"sha256/[0-9a-f]{2}/[0-9a-f]{2}/([0-9a-f]{64})$")


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


def open_blobs(settings: Settings) -> Blobs:
    if settings.blobs == "directory":
        return DirectoryBlobs(settings.blob_dir)
    if not (settings.s3_endpoint and settings.s3_access_key and settings.s3_secret_key):
        raise ConfigError("blobs = s3 needs EMAILQ_S3_ENDPOINT, EMAILQ_S3_ACCESS_KEY and EMAILQ_S3_SECRET_KEY")
    return S3Blobs(settings)


class DirectoryBlobs:
    """Blobs as files. Durable: each file and each directory entry is on the disk before `put` returns.

    Puts that come while one is being written are written together next, since the disk costs by the flush.
    """

    bucket: str | None = None

    def __init__(self, root: Path) -> None:
        self.root = root
        self._gathering: dict[str, bytes] = {}
        self._writing = asyncio.Lock()

    async def put(self, contents: list[bytes]) -> list[str]:
        names = [blob_name(content) for content in contents]
        if not contents:
            return names
        gathered = self._gathering
        gathered.update(zip(names, contents, strict=True))
        async with self._writing:
            if gathered is self._gathering:
                self._gathering = {}
            if gathered:  # else the one before us wrote ours too
                await asyncio.to_thread(self._put, gathered)
                gathered.clear()
        return names

    async def get(self, name: str) -> bytes:
        return await asyncio.to_thread(self._get, name)

    async def get_each(self, names: list[str]) -> list[bytes | NotFound | CorruptBlob]:
        return await asyncio.to_thread(lambda: [_got(self._get, name) for name in names])

    async def check(self) -> None:
        await asyncio.to_thread(self._put, {blob_name(PROBE): PROBE})

    async def stored(self) -> AsyncIterator[list[Stored]]:
        files = self._files()
        while found := await asyncio.to_thread(lambda: [*islice(files, _LISTED)]):
            yield found

    async def delete(self, name: str, *, unless_younger_s: float = 0) -> bool:
        return await asyncio.to_thread(self._delete, name, unless_younger_s)

    async def link(self, name: str, filename: str) -> str | None:
        return None

    def _files(self) -> Iterator[Stored]:
        for folder, _, files in os.walk(self.root / "sha256"):
            for name in files:
                path = Path(folder, name)
                with suppress(FileNotFoundError):
                    found = path.stat()
                    if _KEY.search(path.as_posix()):
                        yield Stored(name, found.st_size, datetime.fromtimestamp(found.st_mtime, UTC))
                    elif found.st_mtime < time.time() - 24 * _YOUNG_S:  # half a blob, of a process that was killed
                        path.unlink()

    def _delete(self, name: str, unless_younger_s: float) -> bool:
        path = self.root / blob_key(name)
        try:
            if path.stat().st_mtime > time.time() - unless_younger_s:
                return False
            path.unlink()
            _sync_directory(path.parent)
        except FileNotFoundError:
            return False
        except OSError as error:
            raise Unavailable(f"can't write to the blob directory {self.root}: {error.strerror}") from None
        return True

    def _put(self, contents: dict[str, bytes]) -> None:
        try:
            root = os.path.abspath(self.root)
            paths = {f"{root}/{blob_key(name)}": content for name, content in contents.items()}
            missing = {path: content for path, content in paths.items() if not _has(path, len(content))}
            if len(missing) < _MANY:
                _write_each(missing)
            else:
                _write_many(missing, self.root)
        except OSError as error:
            raise Unavailable(f"can't write to the blob directory {self.root}: {error.strerror}") from None

    def _get(self, name: str) -> bytes:
        try:
            with open(os.path.join(self.root, blob_key(name)), "rb", buffering=0) as file:
                content = file.read()
        except FileNotFoundError:
            raise NotFound(f"blob {name} is missing in {self.root}") from None
        except OSError as error:
            raise Unavailable(f"can't read the blob directory {self.root}: {error.strerror}") from None
        return _checked(name, content)


def _has(path: str, size_bytes: int) -> bool:
    try:
        found = os.stat(path)
    except FileNotFoundError:
        return False
    if found.st_size == size_bytes and found.st_mtime < time.time() - _YOUNG_S:
        os.utime(path)
    return found.st_size == size_bytes


_MANY = 12  # files from which on two flushes of the whole file system take less time than two for each file


def _write_each(contents: dict[str, bytes]) -> None:
    changed: set[str] = set()
    for path, content in contents.items():
        temporary, made = _write_beside(path, content, sync=True)
        os.replace(temporary, path)
        changed |= {os.path.dirname(path), *map(os.path.dirname, made)}
    for directory in changed:
        _sync_directory(directory)


def _write_many(contents: dict[str, bytes], root: Path) -> None:
    """All bytes are on the disk before the first file has its name, as with one file."""
    temporaries: dict[str, str] = {}
    try:
        for path, content in contents.items():
            temporaries[path], _ = _write_beside(path, content, sync=False)
        _sync_file_system(root)
        for path in list(temporaries):
            os.replace(temporaries[path], path)
            del temporaries[path]
        _sync_file_system(root)
    finally:
        for temporary in temporaries.values():
            with suppress(OSError):
                os.unlink(temporary)


def _write_beside(path: str, content: bytes, *, sync: bool) -> tuple[str, list[str]]:
    """Write beside the target, for a rename to follow: a reader sees all of it or nothing (rename(2) is atomic).

    Returns the file, and the directories that had to be made.
    """
    directory = os.path.dirname(path)
    temporary = f"{directory}/.new-{secrets.token_hex(8)}"
    made: list[str] = []
    try:
        descriptor = os.open(temporary, _NEW_FILE, 0o600)
    except FileNotFoundError:
        made = _make_directory(directory)
        descriptor = os.open(temporary, _NEW_FILE, 0o600)
    try:
        with os.fdopen(descriptor, "wb", buffering=0) as file:
            rest = memoryview(content)
            while rest:
                rest = rest[file.write(rest) :]
            if sync:
                os.fdatasync(file.fileno())
    except BaseException:
        with suppress(OSError):
            os.unlink(temporary)
        raise
    return temporary, made


_NEW_FILE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC


def _make_directory(directory: str) -> list[str]:
    """Make it with its parents, closed to others; returns those that were missing."""
    try:
        os.mkdir(directory, 0o750)
    except FileExistsError:  # by another process, just now
        return []
    except FileNotFoundError:
        return _make_directory(os.path.dirname(directory)) + _make_directory(directory)
    return [directory]


def _sync_directory(directory: str | Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _sync_file_system(directory: Path) -> None:
    """Flush the file system of `directory`; since Linux 5.8 failed writes are told too (syncfs(2))."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        if _LIBC.syncfs(descriptor):
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    finally:
        os.close(descriptor)


_LIBC = ctypes.CDLL(None, use_errno=True)


class S3Blobs:
    """Blobs as objects of an S3 bucket. The minio client blocks, so it lives in threads of its own."""

    bucket: str | None

    def __init__(self, settings: Settings) -> None:
        self.bucket = self._bucket = settings.s3_bucket
        self._settings = settings
        self._threads = ThreadPoolExecutor(max_workers=8, thread_name_prefix="s3")

    async def put(self, contents: list[bytes]) -> list[str]:
        return list(await asyncio.gather(*(self._in_thread(self._put, content) for content in contents)))

    async def get(self, name: str) -> bytes:
        return await self._in_thread(self._get, name)

    async def get_each(self, names: list[str]) -> list[bytes | NotFound | CorruptBlob]:
        return list(await asyncio.gather(*(self._in_thread(_got, self._get, name) for name in names)))

    async def check(self) -> None:
        await self._in_thread(self._make_bucket)

    async def stored(self) -> AsyncIterator[list[Stored]]:
        objects = self._objects()
        while found := await self._in_thread(lambda: [*islice(objects, _LISTED)]):
            yield found

    async def delete(self, name: str, *, unless_younger_s: float = 0) -> bool:
        return await self._in_thread(self._delete, name, unless_younger_s)

    async def link(self, name: str, filename: str) -> str | None:
        return await self._in_thread(self._link, name, filename)

    async def _in_thread(self, function: Callable[..., R], *args: Any) -> R:
        from minio.error import MinioException
        from urllib3.exceptions import HTTPError

        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, function, *args)
        except (MinioException, HTTPError, OSError) as error:
            reason = getattr(error, "code", None) or error.__class__.__name__
            raise Unavailable(f"S3 at {self._settings.s3_endpoint}, bucket {self._bucket}: {reason}") from None

    @cached_property
    def _client(self) -> "Minio":
        import urllib3
        from minio import Minio

        settings = self._settings
        endpoint = settings.s3_endpoint or ""
        url = urlsplit(endpoint if "://" in endpoint else f"http://{endpoint}")
        return Minio(
            url.netloc,
            access_key=settings.s3_access_key,
            secret_key=settings.s3_secret_key.get_secret_value() if settings.s3_secret_key else None,
            region=settings.s3_region,
            secure=url.scheme == "https",
            http_client=urllib3.PoolManager(
                maxsize=8,
                timeout=urllib3.Timeout(connect=5, read=60),
                retries=urllib3.Retry(
                    2, backoff_factor=0.2, status_forcelist=(500, 502, 503, 504), raise_on_status=False
                ),
            ),
        )

    def _put(self, content: bytes) -> str:
        name = blob_name(content)
        found = self._stat(name)
        if found is None or found.size_bytes != len(content) or _age_s(found) > _YOUNG_S:
            result = self._client.put_object(self._bucket, blob_key(name), BytesIO(content), len(content))
            if result.etag != hashlib.md5(content, usedforsecurity=False).hexdigest():
                self._read_back(name)  # in parts, or encrypted by the server: its tag says nothing
        return name

    def _read_back(self, name: str) -> None:
        """Raises CorruptBlob, and leaves nothing that a later put would take for the blob."""
        try:
            self._get(name)
        except CorruptBlob:
            self._client.remove_object(self._bucket, blob_key(name))
            raise CorruptBlob(f"S3 stored other bytes than were sent for {name}") from None

    def _stat(self, name: str) -> Stored | None:
        from minio.error import S3Error

        try:
            found = self._client.stat_object(self._bucket, blob_key(name))
        except S3Error as error:
            if error.code == "NoSuchKey":
                return None
            raise
        return Stored(name, found.size or 0, found.last_modified or datetime.now(UTC))

    def _objects(self) -> Iterator[Stored]:
        for found in self._client.list_objects(self._bucket, prefix="sha256/", recursive=True):
            if match := _KEY.search(found.object_name or ""):
                yield Stored(match[1], found.size or 0, found.last_modified or datetime.now(UTC))

    def _delete(self, name: str, unless_younger_s: float) -> bool:
        found = self._stat(name)
        if found is None or _age_s(found) < unless_younger_s:
            return False
        self._client.remove_object(self._bucket, blob_key(name))
        return True

    def _link(self, name: str, filename: str) -> str:
        return self._client.presigned_get_object(
            self._bucket,
            blob_key(name),
            expires=timedelta(seconds=_LINK_S),
            response_headers={
                "response-content-disposition": f"attachment; filename*=UTF-8''{quote(filename, safe='')}",
                "response-content-type": "application/octet-stream",
            },
        )

    def _get(self, name: str) -> bytes:
        from minio.error import S3Error

        try:
            response = self._client.get_object(self._bucket, blob_key(name))
        except S3Error as error:
            if error.code == "NoSuchKey":
                raise NotFound(f"blob {name} is missing in bucket {self._bucket}") from None
            raise
        try:
            return _checked(name, response.read())
        finally:
            response.close()
            response.release_conn()

    def _make_bucket(self) -> None:
        if not self._client.bucket_exists(self._bucket):
            self._client.make_bucket(self._bucket)


def _age_s(stored: Stored) -> float:
    return (datetime.now(UTC) - stored.modified_at).total_seconds()


def _got(get: Callable[[str], bytes], name: str) -> bytes | NotFound | CorruptBlob:
    try:
        return get(name)
    except (NotFound, CorruptBlob) as error:
        return error


def _checked(name: str, content: bytes) -> bytes:
    if blob_name(content) != name:
        raise CorruptBlob(f"blob {name} was damaged: its bytes have another SHA-256")
    return content
