"""Messages with labels, and actions that are carried out as a worker does it."""

from collections.abc import Awaitable, Callable, Iterator
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from psycopg import sql
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from emailq.app import App
from emailq.erp.handler import handle
from emailq.models import Job
from emailq.outcomes import Done, Outcome, Reject
from tests.http_server import HttpServer, Reply, serve
from tests.mails import add_email, message

ORDER = "Please send\n12 boxes of candles\n40 kg of soda\nfor our order PO-7741."

Run = Callable[..., Awaitable[Outcome]]
Mail = Callable[..., Awaitable[UUID]]


@pytest.fixture
def erp() -> Iterator[HttpServer]:
    """An ERP on HTTP: each test sets `erp.answer`; without that it takes everything as document 17."""
    with serve(lambda _: Reply.of({"id": 17})) as server:
        yield server


@pytest.fixture
def settings_given(erp: HttpServer) -> dict[str, Any]:
    """Settings of the app; a test module may have a fixture of its own with this name."""
    return {"erp_adapter": "http", "erp_url": erp.url + "/actions", "erp_timeout_s": 2, "retry_base_s": 0.01}


@pytest.fixture
def mail(app: App, db: psycopg.Connection) -> Mail:
    """mail("text", intent="order", …): a parsed and labelled message from a sender whom the policy trusts."""

    async def add(
        text: str = ORDER, *, raw: bytes | None = None, sender: str = "ann@example.com", **columns: Any
    ) -> UUID:
        given: dict[str, Any] = {"intent": "order", "confidence_score": 0.95, "sender_trust": "trusted"}
        given |= {"trust_reasons": ["customer", "dmarc-pass"]} | columns
        return await add_email(app, raw or message("PO", text, sender=f"Ann <{sender}>"), **given)

    return add


@pytest.fixture
def no_questions(db: psycopg.Connection) -> None:
    """Policy lets everything through that has no question of its own."""
    db.execute("update erp_policy set approval = 'never'")


@pytest.fixture
def run(app: App, db: psycopg.Connection) -> Run:
    """run(email_id): one job as a worker has it, its outcome committed; `attempt` of three."""

    async def run_job(email_id: UUID, attempt: int = 1) -> Outcome:
        job = held_job(db, email_id, attempt)
        outcome = await handle(job, app)
        commit(db, job, outcome)
        return outcome

    return run_job


def held_job(db: psycopg.Connection, email_id: UUID, attempt: int = 1) -> Job:
    """An item that worker 1 holds."""
    db.execute("delete from processing_queue where email_id = %s", (email_id,))
    row = db.execute(
        "insert into processing_queue (email_id, queue_name, status, worker_id, attempts, started_at)"
        " values (%s, 'erp_action', 'processing', 1, %s, now())"
        " returning id, email_id, priority, attempts, max_attempts, scheduled_at, created_at, queue_name, worker_id",
        (email_id, attempt),
    ).fetchone()
    assert row is not None
    return Job(*row)


def commit(db: psycopg.Connection, job: Job, outcome: Outcome) -> None:
    """What the worker does with an outcome, as far as an action can see it."""
    with db.transaction():
        status = {Done: "completed", Reject: "failed"}.get(type(outcome), "pending")
        db.execute("update processing_queue set status = %s, worker_id = null where id = %s", (status, job.id))
        for effect in outcome.effects if isinstance(outcome, Done | Reject) else ():
            places = sql.SQL(", ").join([sql.Placeholder()] * len(effect.args))
            args = [Jsonb(arg) if isinstance(arg, dict | list) else arg for arg in effect.args]
            db.execute(sql.SQL("select {}({})").format(sql.Identifier(effect.function), places), args)


def rows(db: psycopg.Connection, statement: str, *args: Any) -> list[dict[str, Any]]:
    with db.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(statement, args).fetchall()  # type: ignore[arg-type]


def action_of(db: psycopg.Connection, email_id: UUID) -> dict[str, Any]:
    [action] = rows(db, "select * from erp_actions where email_id = %s", email_id)
    return action


def attempts_of(db: psycopg.Connection, email_id: UUID) -> list[dict[str, Any]]:
    return rows(
        db,
        "select t.* from erp_action_attempts t join erp_actions a on a.id = t.action_id"
        " where a.email_id = %s order by t.attempt",
        email_id,
    )


def email_of(db: psycopg.Connection, email_id: UUID) -> dict[str, Any]:
    [email] = rows(db, "select * from emails where id = %s", email_id)
    return email


def past_success(db: psycopg.Connection, email_id: UUID, action_type: str = "create_order", **fields: Any) -> UUID:
    """An action that this message led to, long done."""
    row = db.execute(
        "insert into erp_actions (email_id, action_type, adapter, entity_id, idempotency_key, request_payload,"
        " payload_sha256, status, completed_at) values (%s, %s, 'http', 'OLD-1', %s, %s, '', 'success', now())"
        " returning id",
        (email_id, action_type, uuid4().hex, Jsonb({"fields": fields})),
    ).fetchone()
    assert row is not None
    found: UUID = row[0]
    return found
