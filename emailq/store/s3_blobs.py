"""Blobs as objects of an S3 bucket."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from functools import cached_property
from io import BytesIO
from itertools import islice
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import quote, urlsplit

from emailq.blob_names import blob_key, blob_name
from emailq.errors import NotFound, Unavailable
from emailq.settings import Settings
from emailq.store.blobs import KEY, LISTED, PROBE, YOUNG_S, CorruptBlob, Stored, checked, got

if TYPE_CHECKING:
    from minio import Minio

R = TypeVar("R")

_LINK_S = 300  # how long a link to a blob works


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
        return list(await asyncio.gather(*(self._in_thread(got, self._get, name) for name in names)))

    async def check(self) -> None:
        await self._in_thread(self._write_anew)

    async def stored(self) -> AsyncIterator[list[Stored]]:
        objects = self._objects()
        while found := await self._in_thread(lambda: [*islice(objects, LISTED)]):
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
        if found is None or found.size_bytes != len(content) or _age_s(found) > YOUNG_S:
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
            if match := KEY.search(found.object_name or ""):
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
            return checked(name, response.read())
        finally:
            response.close()
            response.release_conn()

    def _write_anew(self) -> None:
        if not self._client.bucket_exists(self._bucket):
            self._client.make_bucket(self._bucket)
        self._client.put_object(self._bucket, blob_key(blob_name(PROBE)), BytesIO(PROBE), len(PROBE))


def _age_s(stored: Stored) -> float:
    return (datetime.now(UTC) - stored.modified_at).total_seconds()
