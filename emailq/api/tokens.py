"""Who a request is from: the token that it shows, as a header or as the page's cookie."""

import time
from collections import OrderedDict
from typing import Annotated, NamedTuple
from uuid import UUID

from fastapi import Depends, HTTPException, Request, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer, SecurityScopes

from emailq.store.tokens import token_hash

COOKIE = "emailq_token"
_TRUSTED_S = 3.0  # a revoked token works no longer than that
_REMEMBERED = 1000


class Token(NamedTuple):
    id: UUID
    name: str
    scopes: tuple[str, ...]

    def may(self, scope: str) -> bool:
        return scope in self.scopes or "admin" in self.scopes


class Tokens:
    """Tokens that were just looked up, so that not every request asks the database."""

    def __init__(self) -> None:
        self._known: OrderedDict[bytes, tuple[float, Token | None]] = OrderedDict()

    async def find(self, request: Request, text: str) -> Token | None:
        digest = token_hash(text)
        known = self._known.get(digest)
        if known and time.monotonic() - known[0] < _TRUSTED_S:
            return known[1]
        async with request.app.state.app.pool.connection() as conn:
            row = await (await conn.execute("select id, name, scopes from use_api_token(%s)", (digest,))).fetchone()
        token = Token(row[0], row[1], tuple(row[2])) if row else None
        self._known[digest] = (time.monotonic(), token)
        self._known.move_to_end(digest)
        while len(self._known) > _REMEMBERED:
            self._known.popitem(last=False)
        return token


_bearer = HTTPBearer(auto_error=False, description="emailq token create NAME --scope SCOPE")


async def require_token(
    request: Request,
    wanted: SecurityScopes,
    _: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)],  # for the description of the API
) -> Token:
    """The token of a request, which has all the scopes that the route wants."""
    token = await shown_token(request)
    if token is None:
        raise HTTPException(401, "show a valid token: Authorization: Bearer …", {"www-authenticate": "Bearer"})
    if lacking := [scope for scope in wanted.scopes if not token.may(scope)]:
        raise HTTPException(403, f"the token {token.name} lacks the scope {', '.join(lacking)}")
    if wait_s := request.app.state.rates.wait_s(token.id):
        raise HTTPException(429, f"too many requests with the token {token.name}", {"retry-after": str(wait_s)})
    request.state.token = token
    return token


# What a route wants.
Reader = Annotated[Token, Security(require_token, scopes=["read"])]
Ingester = Annotated[Token, Security(require_token, scopes=["ingest"])]
Writer = Annotated[Token, Security(require_token, scopes=["write"])]


async def shown_token(request: Request) -> Token | None:
    """The valid token in the Authorization header, or in the page's cookie."""
    scheme, _, text = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer":
        text = request.cookies.get(COOKIE, "")
    tokens: Tokens = request.app.state.tokens
    return await tokens.find(request, text.strip()) if text.strip() else None
