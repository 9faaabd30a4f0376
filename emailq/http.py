"""Outgoing HTTP: one request with a deadline for all of it, an answer of bounded size, and Retry-After."""

import asyncio
import json
import math
import zlib
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, NamedTuple

import httpx

from emailq.errors import EmailqError

ANSWER_LIMIT = 1_048_576  # bytes of an answer that are read, after decompression
_CONNECT_S = 10.0
_LONGEST_WAIT_S = 600.0  # whatever Retry-After says


class NotSent(EmailqError):
    """No connection: the request did not reach the server."""


class NoAnswer(EmailqError):
    """The request was sent, or part of it, and no whole answer came: what it did is unknown."""


class Answer(NamedTuple):
    """`body` is cut at ANSWER_LIMIT, then `is_whole` is False; also when it can't be decompressed."""

    status: int
    headers: Mapping[str, str]  # names in any case
    body: bytes
    is_whole: bool = True

    def json(self) -> Any:
        """The body as JSON, safe to store in PostgreSQL; None where it is none. NaN and infinity are not JSON."""
        if not self.is_whole:
            return None
        try:
            return storable(json.loads(self.body, parse_constant=_finite, parse_float=_finite))
        except (ValueError, RecursionError):
            return None

    def text(self, limit: int) -> str:
        """The first `limit` characters of the body."""
        return storable(self.body[: 4 * limit].decode("utf-8", "replace"))[:limit]  # type: ignore[no-any-return]

    def retry_after_s(self) -> float | None:
        """Seconds to wait, at most 10 minutes (RFC 9110 §10.2.3: seconds or a date); None if the header is missing."""
        value = self.headers.get("retry-after", "").strip()
        if value.isascii() and value.isdigit():
            return min(float(value[:10]), _LONGEST_WAIT_S)
        try:
            moment = parsedate_to_datetime(value)
        except ValueError:
            return None
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return min(max((moment - datetime.now(UTC)).total_seconds(), 0), _LONGEST_WAIT_S)


async def send(
    http: httpx.AsyncClient,
    method: str,
    url: str,
    *,
    timeout_s: float,
    content: bytes | None = None,
    headers: Mapping[str, str] | None = None,
) -> Answer:
    """One request; redirects are answers like any other. Raises NotSent or NoAnswer, each with one line why."""
    where = _host(url)
    timeout = httpx.Timeout(timeout_s, connect=min(_CONNECT_S, timeout_s))
    asked = {"accept-encoding": "gzip", **(headers or {})}
    try:
        async with (
            asyncio.timeout(timeout_s),
            http.stream(
                method, url, content=content, headers=asked, timeout=timeout, follow_redirects=False
            ) as response,
        ):
            return await _read(response)
    except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
        raise NotSent(f"can't connect to {where}: {_why(error)}") from None
    except (httpx.UnsupportedProtocol, httpx.InvalidURL, httpx.LocalProtocolError, UnicodeError) as error:
        raise NotSent(f"{where} can't be asked: {_why(error)}") from None
    except (TimeoutError, httpx.TimeoutException):
        raise NoAnswer(f"no answer from {where} within {timeout_s:g} s") from None
    except httpx.TransportError as error:
        raise NoAnswer(f"{where} broke off: {_why(error)}") from None


def storable(value: Any) -> Any:
    """JSON without NUL and lone surrogates, which PostgreSQL does not take."""
    if isinstance(value, str):
        return value.replace("\x00", "\ufffd").encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    if isinstance(value, list):
        return [storable(item) for item in value]
    if isinstance(value, dict):
        return {storable(key): storable(item) for key, item in value.items()}
    return value


async def _read(response: httpx.Response) -> Answer:
    body, is_whole = await _bounded(response.aiter_raw(), response.headers.get("content-encoding", ""))
    return Answer(response.status_code, response.headers, body, is_whole)


async def _bounded(chunks: AsyncIterator[bytes], encoding: str) -> tuple[bytes, bool]:
    """Reads no more than needed to fill ANSWER_LIMIT, also out of a small answer that decompresses to a huge one."""
    inflate = zlib.decompressobj(wbits=47) if encoding.lower() in ("gzip", "deflate") else None
    body = bytearray()
    async for chunk in chunks:
        room = ANSWER_LIMIT + 1 - len(body)
        try:
            body += inflate.decompress(chunk, room) if inflate else chunk[:room]
        except zlib.error:
            return bytes(body), False
        if len(body) > ANSWER_LIMIT:
            return bytes(body[:ANSWER_LIMIT]), False
    return bytes(body), encoding.lower() in ("", "identity", "gzip", "deflate")


def _finite(number: str) -> float:
    value = float(number)
    if not math.isfinite(value):
        raise ValueError(f"{number} is not a number in JSON")
    return value


def _host(url: str) -> str:
    """Scheme and host: an URL may hold a password or a token."""
    try:
        parts = httpx.URL(url)
    except httpx.InvalidURL:
        return "the URL of the settings"
    return f"{parts.scheme}://{parts.netloc.decode('ascii', 'replace')}"


def _why(error: Exception) -> str:
    return (str(error).splitlines() or [""])[0][:200] or type(error).__name__
