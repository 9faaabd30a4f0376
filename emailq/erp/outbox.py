"""The outbox's SQL functions, one Python function each: an action is committed before it is sent."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, NamedTuple
from uuid import UUID

from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from emailq.db import Connection
from emailq.erp.payload import canonical, sha256
from emailq.erp.result import Result
from emailq.models import Job

DRY_RUN = "dry_run"


@dataclass(frozen=True, slots=True)
class Action:
    """The row of `erp_actions` that counts."""

    id: UUID
    email_id: UUID
    action_type: str
    entity_type: str | None
    entity_id: str | None
    adapter: str
    status: str
    idempotency_key: str
    request_payload: dict[str, Any]
    payload_sha256: bytes
    template: dict[str, Any] | None

    @property
    def is_dry(self) -> bool:
        return self.adapter == DRY_RUN

    @property
    def is_due(self) -> bool:
        return self.status in ("pending", "retrying", "failed")

    @property
    def is_intact(self) -> bool:
        return sha256(canonical(self.request_payload)) == self.payload_sha256

    @property
    def reference(self) -> str:
        """What a document of an ERP without idempotency keys is found again by: short, and part of the key."""
        return f"emailq-{self.idempotency_key[:20]}"


@dataclass(frozen=True, slots=True)
class Plan:
    """What policy wants done with a message; see plan_erp_action in sql/functions/erp.sql."""

    rule: str | None
    action_type: str | None
    entity_type: str | None
    adapter: str | None
    entity_id: str | None
    questions: list[str] | None
    refusal: str | None


@dataclass(frozen=True, slots=True)
class Earlier:
    """What earlier attempts left: a recorded success; since when, first and last, the outcome of one is unknown."""

    succeeded: bool
    entity_id: str | None
    response: Any
    unknown_for: timedelta | None
    last_unknown_for: timedelta | None


class Attempt(NamedTuple):
    """`obstacle`: why nothing may be sent; then the others are null."""

    id: UUID | None
    number: int | None  # from 1, over all jobs of the action
    obstacle: str | None


_ACTION = (
    "id, email_id, action_type, entity_type, entity_id, adapter, status, idempotency_key, request_payload,"
    " payload_sha256, template"
)
_OPEN = f"""
select {_ACTION} from erp_actions
where email_id = %s and adapter <> 'dry_run'
  and (status in ('retrying', 'failed') or (status = 'pending' and approved_at is not null))
order by request_no, created_at
"""  # noqa: S608
_PROPOSE = f"select {_ACTION} from propose_erp_action(%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)"  # noqa: S608


async def open_actions(conn: Connection, email_id: UUID) -> list[Action]:
    """Actions that were begun, or that a person wants sent: they are carried out whatever policy says by now."""
    cursor = conn.cursor(row_factory=class_row(Action))
    await cursor.execute(_OPEN, (email_id,), prepare=True)
    return await cursor.fetchall()


async def lock_proposals(conn: Connection, email_id: UUID) -> None:
    """Hold up who would plan for the same sender or thread until this transaction ends."""
    await conn.execute("select lock_erp_proposals(%s)", (email_id,), prepare=True)


async def plan(
    conn: Connection, email_id: UUID, intent: str | None, confidence: float | None, fields: dict[str, Any]
) -> Plan | None:
    """What policy wants done; None: nothing."""
    cursor = conn.cursor(row_factory=class_row(Plan))
    await cursor.execute(
        "select * from plan_erp_action(%s, %s, %s, %s)", (email_id, intent, confidence, Jsonb(fields)), prepare=True
    )
    return await cursor.fetchone()


async def propose(
    conn: Connection, email_id: UUID, request_no: int, plan: Plan, adapter: str, payload: dict[str, Any]
) -> Action:
    """Commit the planned action, unless it is there already; the row that counts. `adapter`: if the plan names none."""
    cursor = conn.cursor(row_factory=class_row(Action))
    await cursor.execute(
        _PROPOSE,
        (
            *(email_id, request_no, plan.rule, plan.action_type, plan.entity_type, plan.entity_id),
            *(plan.adapter or adapter, Jsonb(payload), sha256(canonical(payload)), plan.questions or []),
        ),
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


async def begin_attempt(conn: Connection, action_id: UUID, job: Job) -> Attempt | None:
    """Commit that a call is about to be made; None if the action is not to be sent (any more) by this job."""
    cursor = await conn.execute(
        "select attempt_id, attempt, obstacle from begin_erp_attempt(%s, %s, %s, %s)",
        (action_id, job.id, job.worker_id, job.attempt),
        prepare=True,
    )
    row = await cursor.fetchone()
    return Attempt(*row) if row else None


async def end_attempt(conn: Connection, attempt_id: UUID, result: Result, latency_ms: int) -> None:
    """Commit what came back; a fact, whoever owns the job by now."""
    await conn.execute(
        "select end_erp_attempt(%s, %s, %s, %s, %s, %s, %s, %s)",
        (
            *(attempt_id, result.outcome, result.http_status, result.entity_id),
            *(_json(result.request), _json(result.response), result.error, latency_ms),
        ),
        prepare=True,
    )


async def found_document(conn: Connection, action_id: UUID, result: Result) -> None:
    """Commit that the document of an earlier attempt was found."""
    await conn.execute(
        "select found_erp_document(%s, %s, %s)", (action_id, result.entity_id, _json(result.response)), prepare=True
    )


async def pause_queue(conn: Connection, reason: str) -> bool:
    """Stop the queue until a person resumes it; whether it was this call that stopped it."""
    cursor = await conn.execute("select pause_erp_queue(%s)", (reason,))
    row = await cursor.fetchone()
    return bool(row and row[0])


def _json(value: Any) -> Jsonb | None:
    return None if value is None else Jsonb(value)
