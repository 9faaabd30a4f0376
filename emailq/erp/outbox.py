"""The outbox's SQL functions, one Python function each: an action is committed before it is sent."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, NamedTuple
from uuid import UUID

from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from emailq.db import Connection
from emailq.erp.payload import canonical, sha256


@dataclass(frozen=True, slots=True)
class Action:
    """The row of `erp_actions` that counts."""

    id: UUID
    action_type: str
    adapter: str
    status: str
    idempotency_key: str
    request_payload: dict[str, Any]
    payload_sha256: bytes

    @property
    def body(self) -> bytes:
        """The payload as it is sent: the same bytes on every try."""
        return canonical(self.request_payload)

    @property
    def is_intact(self) -> bool:
        return sha256(self.body) == self.payload_sha256


@dataclass(frozen=True, slots=True)
class Earlier:
    """What earlier attempts left: a recorded success, and for how long the outcome of one has been unknown."""

    succeeded: bool
    entity_id: str | None
    response: Any
    unknown_for: timedelta | None


class Attempt(NamedTuple):
    id: UUID
    number: int  # from 1, over all jobs of the action


async def propose(
    conn: Connection,
    email_id: UUID,
    *,
    action_type: str,
    entity_type: str | None,
    adapter: str,
    payload: dict[str, Any],
    approval: bool,
) -> Action:
    """Commit the action, unless it is there already; the row that counts."""
    cursor = conn.cursor(row_factory=class_row(Action))
    await cursor.execute(
        "select id, action_type, adapter, status, idempotency_key, request_payload, payload_sha256"
        " from propose_erp_action(%s, 1, %s, %s, %s, %s, %s, %s)",
        (email_id, action_type, entity_type, adapter, Jsonb(payload), sha256(canonical(payload)), approval),
        prepare=True,
    )
    action = await cursor.fetchone()
    assert action is not None
    return action


async def earlier_attempts(conn: Connection, action_id: UUID) -> Earlier:
    cursor = conn.cursor(row_factory=class_row(Earlier))
    await cursor.execute("select * from earlier_erp_attempts(%s)", (action_id,), prepare=True)
    found = await cursor.fetchone()
    assert found is not None
    return found


async def begin_attempt(conn: Connection, action_id: UUID) -> Attempt | None:
    """Commit that a call is about to be made; None if the action is not to be sent any more."""
    cursor = await conn.execute("select attempt_id, attempt from begin_erp_attempt(%s)", (action_id,), prepare=True)
    row = await cursor.fetchone()
    return Attempt(*row) if row else None


async def end_attempt(
    conn: Connection,
    attempt: Attempt,
    *,
    outcome: str,
    http_status: int | None,
    entity_id: str | None,
    response: Any,
    error: str | None,
    latency_ms: int,
) -> None:
    """Commit what came back; a fact, whoever owns the job by now."""
    kept = None if response is None else Jsonb(response)
    await conn.execute(
        "select end_erp_attempt(%s, %s, %s, %s, %s, %s, %s)",
        (attempt.id, outcome, http_status, entity_id, kept, error, latency_ms),
        prepare=True,
    )
