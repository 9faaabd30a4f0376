"""API tokens: 256 random bits, shown once, kept as a hash, with scopes."""

import hashlib
import secrets
from datetime import timedelta
from typing import Any

from emailq.db import Connection, fetch_rows, fetch_value

SCOPES = ("read", "ingest", "write", "admin")  # admin has all of them
_PREFIX = "emq_"


def token_hash(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).digest()


async def create_token(conn: Connection, name: str, scopes: list[str], lifetime: timedelta | None) -> str:
    """A new token; nobody can see it again."""
    token = _PREFIX + secrets.token_urlsafe(32)
    await conn.execute("select create_api_token(%s, %s, %s, %s)", (name, token_hash(token), scopes, lifetime))
    return token


async def revoke_token(conn: Connection, name: str) -> bool:
    return bool(await fetch_value(conn, "select revoke_api_token(%s)", name))


async def list_tokens(conn: Connection) -> list[dict[str, Any]]:
    return await fetch_rows(
        conn,
        "select name, scopes, created_at, last_used_at, expires_at, revoked_at from api_tokens order by created_at",
    )


async def has_valid_token(conn: Connection) -> bool:
    return bool(
        await fetch_value(
            conn,
            "select exists (select from api_tokens where revoked_at is null and coalesce(expires_at > now(), true))",
        )
    )
