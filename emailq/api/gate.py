"""What every request passes, outside of its route: limits, headers, and one line in api_metrics."""

import asyncio
import ipaddress
import time
from collections import OrderedDict, deque
from collections.abc import Awaitable, Callable, MutableMapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import psycopg
from psycopg.types.json import Jsonb
from psycopg_pool import PoolTimeout
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from emailq import log
from emailq.api.connection import HEAD_BYTES
from emailq.api.problems import problem
from emailq.db import Pool, brief

_HEADERS = [
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-frame-options", b"DENY"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
]
_BODY_S = 60.0  # within which a body has to arrive
_FLUSH_S = 2.0
_KEPT = 20_000  # requests that wait to be recorded; more are forgotten rather than kept in memory
_USER_AGENT = 300  # characters


class Rates:
    """A bucket of `per_s` requests a second for each token, twice as many at once."""

    def __init__(self, per_s: float) -> None:
        self._per_s = per_s
        self._buckets: OrderedDict[UUID, tuple[float, float]] = OrderedDict()

    def wait_s(self, token_id: UUID) -> int:
        """Takes one request; returns 0, or the seconds until there is room for one."""
        now = time.monotonic()
        left, at = self._buckets.get(token_id, (2 * self._per_s, now))
        left = min(2 * self._per_s, left + (now - at) * self._per_s)
        self._buckets[token_id] = (left - 1 if left >= 1 else left, now)
        return 0 if left >= 1 else max(1, round((1 - left) / self._per_s))


class Recorder:
    """Rows of api_metrics, written in batches off the path of requests."""

    def __init__(self) -> None:
        self._rows: deque[dict[str, Any]] = deque(maxlen=_KEPT)

    def add(self, scope: Scope, status: int, began: float) -> None:
        route = scope.get("route")
        agent = next((value for name, value in scope["headers"] if name == b"user-agent"), b"")
        self._rows.append(
            {
                "endpoint": getattr(route, "path", "(none)"),
                "method": scope["method"][:20],
                "status_code": status,
                "latency_ms": round((time.perf_counter() - began) * 1000),
                "client_ip": _network_of(scope["client"][0]) if scope.get("client") else None,
                "user_agent": agent[:_USER_AGENT].decode("latin-1").replace("\x00", "") or None,
                "created_at": datetime.now(UTC).isoformat(),
            }
        )

    async def run(self, pool: Pool) -> None:
        """Write until cancelled; rows that can't be written wait for the next time."""
        while True:
            await asyncio.sleep(_FLUSH_S)
            await self.flush(pool)

    async def flush(self, pool: Pool) -> None:
        rows = [self._rows.popleft() for _ in range(min(len(self._rows), 1000))]
        if rows:
            try:
                async with pool.connection() as conn:
                    await conn.execute("select record_api_requests(%s)", (Jsonb(rows),))
            except (psycopg.Error, PoolTimeout) as error:
                self._rows.extendleft(reversed(rows))
                log.warn("api.not_recorded", rows=len(rows), reason=brief(error))


def _network_of(address: str) -> str | None:
    """A person's address is cut to its network: /24, or /48."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return None
    return str(ipaddress.ip_network((ip, 24 if ip.version == 4 else 48), strict=False).network_address)


class Gate:
    """The outermost layer. Bodies are counted as they arrive, so nothing larger than the limit is ever held."""

    def __init__(self, app: ASGIApp, recorder: Recorder, limit_bytes: int) -> None:
        self._app = app
        self._recorder = recorder
        self._limit = limit_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = time.perf_counter()
        status = 500

        async def send_with_headers(message: MutableMapping[str, Any]) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                own = {name.lower() for name, _ in message["headers"]}
                message["headers"] = [*message["headers"], *(pair for pair in _HEADERS if pair[0] not in own)]
            await send(message)

        try:
            refusal = await self._refusal(scope, receive)
            if isinstance(refusal, bytes):
                await self._app(scope, _replay(refusal, receive), send_with_headers)
            else:
                await refusal(scope, receive, send_with_headers)
        except Exception as error:  # before any byte of an answer, or after: the connection ends either way
            log.warn("api.raised", error=type(error).__name__)
            with suppress(RuntimeError):
                await problem(500, "the request could not be carried out")(scope, receive, send_with_headers)
        finally:
            self._recorder.add(scope, status, began)

    async def _refusal(self, scope: Scope, receive: Receive) -> bytes | Callable[..., Awaitable[None]]:
        """The whole body, or the response that refuses it."""
        if sum(len(name) + len(value) for name, value in scope["headers"]) > HEAD_BYTES:  # it came in one piece
            return problem(431, f"a head may have {HEAD_BYTES} bytes")
        declared = next((value for name, value in scope["headers"] if name == b"content-length"), b"0")
        if not declared.isdigit() or int(declared[:18]) > self._limit:
            return problem(413, f"a body may have {self._limit} bytes")
        body = bytearray()
        try:
            async with asyncio.timeout(_BODY_S):
                while True:
                    message = await receive()
                    if message["type"] == "http.disconnect":
                        return problem(400, "the client went away")
                    body += message.get("body", b"")
                    if len(body) > self._limit:
                        return problem(413, f"a body may have {self._limit} bytes")
                    if not message.get("more_body"):
                        return bytes(body)
        except TimeoutError:
            return problem(408, f"the body did not arrive within {_BODY_S:g} s")


def _replay(body: bytes, receive: Receive) -> Receive:
    given = False

    async def replay() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replay
