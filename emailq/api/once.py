"""Writes that happen once: a request with an Idempotency-Key that comes again gets the answer of the first."""

import hashlib
from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import HTTPException, Request
from fastapi.responses import Response
from fastapi.routing import APIRoute

from emailq.api.tokens import shown_token
from emailq.db import Pool


class OnceRoute(APIRoute):
    """A route that honours Idempotency-Key; keys belong to a token and live for a day."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def handle_once(request: Request) -> Response:
            key = request.headers.get("idempotency-key")
            token = await shown_token(request) if key and request.method == "POST" else None
            if token is None or key is None:
                return await handle(request)
            if not 1 <= len(key) <= 255:
                raise HTTPException(400, "an Idempotency-Key has 1 to 255 characters")
            pool: Pool = request.app.state.app.pool
            digest = _fingerprint(request.method, request.url.path, await request.body())
            async with pool.connection() as conn:
                cursor = await conn.execute(
                    "select same_request, status, body from begin_api_answer(%s, %s, %s)", (token.id, key, digest)
                )
                earlier = await cursor.fetchone()
            if earlier:
                return _answer_again(*earlier)
            status, body = 500, b""
            try:
                response = await handle(request)
                status, body = response.status_code, bytes(response.body)
            finally:  # an error frees the key
                async with pool.connection() as conn:
                    await conn.execute("select end_api_answer(%s, %s, %s, %s)", (token.id, key, status, body))
            return response

        return handle_once


def _fingerprint(method: str, path: str, body: bytes) -> bytes:
    """What makes two requests the same."""
    return hashlib.sha256(b"%s %s\n%s" % (method.encode(), path.encode("utf-8", "surrogateescape"), body)).digest()


def _answer_again(same_request: bool, status: int | None, body: bytes | None) -> Response:
    if not same_request:
        raise HTTPException(422, "this Idempotency-Key was used for another request")
    if status is None:
        raise HTTPException(409, "the first request with this Idempotency-Key is still being worked on")
    return Response(body, status, {"idempotent-replayed": "true"}, "application/json")
