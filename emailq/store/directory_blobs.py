"""Blobs as files."""

import asyncio
import ctypes
import os
import secrets
import time
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

from emailq.blob_names import blob_key, blob_name
from emailq.errors import NotFound, Unavailable
from emailq.store.blobs import KEY, LISTED, PROBE, YOUNG_S, CorruptBlob, Stored, checked, got

R = TypeVar("R")


class DirectoryBlobs:
    """Blobs as files. Durable: each file and each directory entry is on the disk before `put` returns.

    Puts that come while one is being written are written together next, since the disk costs by the flush.
    """

    bucket: str | None = None

    def __init__(self, root: Path) -> None:
        self.root = root
        self._gathering: dict[str, bytes] = {}
        self._writing = asyncio.Lock()
        self._threads = ThreadPoolExecutor(max_workers=8, thread_name_prefix="blobs")  # handlers' own may hang

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
                await self._in_thread(self._put, gathered)
                gathered.clear()
        return names

    async def get(self, name: str) -> bytes:
        return await self._in_thread(self._get, name)

    async def get_each(self, names: list[str]) -> list[bytes | NotFound | CorruptBlob]:
        return await self._in_thread(lambda: [got(self._get, name) for name in names])

    async def check(self) -> None:
        await self._in_thread(self._try)

    async def stored(self) -> AsyncIterator[list[Stored]]:
        files = self._files()
        while found := await self._in_thread(lambda: [*islice(files, LISTED)]):
            yield found

    async def delete(self, name: str, *, unless_younger_s: float = 0) -> bool:
        return await self._in_thread(self._delete, name, unless_younger_s)

    async def link(self, name: str, filename: str) -> str | None:
        return None

    async def _in_thread(self, function: Callable[..., R], *args: Any) -> R:
        return await asyncio.get_running_loop().run_in_executor(self._threads, function, *args)

    def _files(self) -> Iterator[Stored]:
        for folder, _, files in os.walk(self.root / "sha256"):
            for name in files:
                path = Path(folder, name)
                with suppress(FileNotFoundError):
                    found = path.stat()
                    if KEY.search(path.as_posix()):
                        yield Stored(name, found.st_size, datetime.fromtimestamp(found.st_mtime, UTC))
                    elif found.st_mtime < time.time() - 24 * YOUNG_S:  # half a blob, of a process that was killed
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
            raise self._refused(error) from None

    def _try(self) -> None:
        """Write anew each time: that the probe is there already says nothing of room on the disk."""
        self._put({blob_name(PROBE): PROBE})
        try:
            temporary, _ = _write_beside(os.path.join(self.root, blob_key(blob_name(PROBE))), PROBE, sync=True)
            os.unlink(temporary)
        except OSError as error:
            raise self._refused(error) from None

    def _refused(self, error: OSError) -> Unavailable:
        return Unavailable(f"can't write to the blob directory {self.root}: {error.strerror}")

    def _get(self, name: str) -> bytes:
        try:
            with open(os.path.join(self.root, blob_key(name)), "rb", buffering=0) as file:
                content = file.read()
        except FileNotFoundError:
            raise NotFound(f"blob {name} is missing in {self.root}") from None
        except OSError as error:
            raise Unavailable(f"can't read the blob directory {self.root}: {error.strerror}") from None
        return checked(name, content)


def _has(path: str, size_bytes: int) -> bool:
    try:
        found = os.stat(path)
    except FileNotFoundError:
        return False
    if found.st_size == size_bytes and found.st_mtime < time.time() - YOUNG_S:
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
    parent = os.path.dirname(directory) or "."
    made = [] if os.path.isdir(parent) else _make_directory(parent)
    try:
        os.mkdir(directory, 0o750)
    except FileExistsError:  # by another process, just now
        return made
    return [*made, directory]


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
