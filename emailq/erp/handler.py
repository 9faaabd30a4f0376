"""The queue `erp_action`: what policy wants done is proposed, committed, and then sent at most once in effect."""

import time
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

from psycopg.rows import dict_row

from emailq import log
from emailq.app import App
from emailq.db import Connection
from emailq.erp import outbox
from emailq.erp.outbox import Action, Attempt
from emailq.erp.payload import build_payload
from emailq.erp.result import Result
from emailq.models import Job
from emailq.outcomes import Done, Effect, Outcome, Reject, Release, Retry

Send = Callable[[Action, App], Awaitable[Result]]

# how often a call whose outcome stays unknown is repeated, with the same key, before a person has to look
_UNKNOWN_TRIES = 10

_LOAD = """
select e.message_id, e.from_address, e.from_name, e.subject, e.intent, e.received_at, e.sent_at, e.review_reason,
       left(e.new_text, 200000) as new_text, left(e.body_text, 200000) as body_text,
       array(select a.filename from attachments a where a.email_id = e.id and not a.is_inline order by a.position)
           as attachments,
       p.action_type, p.entity_type, p.adapter, p.approval, p.refusal
from emails e
left join lateral erp_action_for(e.id, e.intent, e.confidence_score) p on true
where e.id = %s
"""


async def handle(job: Job, app: App) -> Outcome:
    """Carry out the action that policy has for one message.

    What makes a second run harmless: the action's row and its idempotency key are committed before any call and found
    again; every call carries that key; a success in the log of attempts is not repeated.
    """
    async with app.pool.connection() as conn:
        mail = await _load(conn, job.email_id)
        if mail is None:
            return Reject("the e-mail is gone")
        if mail["action_type"] is None or mail["review_reason"]:
            return Done()
        if mail["refusal"]:
            return Done((Effect("request_review", (job.email_id, mail["refusal"])),))
        action = await outbox.propose(
            conn,
            job.email_id,
            action_type=mail["action_type"],
            entity_type=mail["entity_type"],
            adapter=mail["adapter"] or app.settings.erp_adapter,
            payload=build_payload(mail, mail["action_type"]),
            approval=mail["approval"],
        )
    if action.status not in ("pending", "retrying", "failed"):
        return Done()
    if action.adapter == "dry_run":
        return _finished(action, "pending", response={"dry_run": True})
    return await _carry_out(action, job, app)


async def _carry_out(action: Action, job: Job, app: App) -> Outcome:
    send = _adapter(action.adapter)
    if send is None:
        return _stopped(action, "failed", f"no ERP adapter is named {action.adapter!r}")
    if not action.is_intact:
        return _finished(action, "needs_review", error="the payload was changed after it was proposed")
    async with app.pool.connection() as conn:
        earlier = await outbox.earlier_attempts(conn, action.id)
        if earlier.succeeded:
            return _finished(action, "success", entity_id=earlier.entity_id, response=earlier.response)
        # what the ERP has forgotten it would do a second time
        if earlier.unknown_for and earlier.unknown_for > timedelta(hours=app.settings.erp_key_hours):
            return _finished(action, "needs_review", error="an old attempt has an unknown outcome: look into the ERP")
        attempt = await outbox.begin_attempt(conn, action.id)
    if attempt is None:
        return Done()
    began = time.monotonic()
    result = await send(action, app)
    async with app.pool.connection() as conn:
        await outbox.end_attempt(
            conn,
            attempt,
            outcome=result.outcome,
            http_status=result.http_status,
            entity_id=result.entity_id,
            response=result.response,
            error=result.error,
            latency_ms=round((time.monotonic() - began) * 1000),
        )
    return _outcome(action, attempt, job, result)


def _outcome(action: Action, attempt: Attempt, job: Job, result: Result) -> Outcome:
    reason = result.error or ""
    match result.then:
        case "done":
            return _finished(action, "success", entity_id=result.entity_id, response=result.response)
        case "fail":
            return _stopped(action, "failed", reason, result.response)
        case "review":
            return _stopped(action, "needs_review", reason, result.response)
        case "wait":
            if result.is_misconfigured:
                log.warn("erp.misconfigured", reason=reason)
            return Release(reason, pause_s=result.wait_s)
        case "retry" | "repeat" if job.attempt < job.max_attempts:
            return Retry(reason, result.wait_s)
        case "retry":
            return _stopped(action, "failed", reason, result.response)
        case "repeat" if attempt.number < _UNKNOWN_TRIES:
            return Release(reason)
        case "repeat":
            return _stopped(action, "needs_review", f"unknown after {attempt.number} attempts: {reason}")


def _adapter(name: str) -> Send | None:
    """The function that sends actions to one kind of ERP: a new one gets its line here."""
    if name == "http":
        from emailq.erp import http

        return http.send_action
    return None


def _finished(
    action: Action, status: str, *, entity_id: str | None = None, response: Any = None, error: str | None = None
) -> Done:
    return Done((_effect(action, status, entity_id, response, error),))


def _stopped(action: Action, status: str, reason: str, response: Any = None) -> Reject:
    """The job fails with the action's reason, so that it is among the failures that people look at."""
    return Reject(reason, (_effect(action, status, None, response, reason),))


def _effect(action: Action, status: str, entity_id: str | None, response: Any, error: str | None) -> Effect:
    # a bare text or number would not go out as jsonb
    kept = response if response is None or isinstance(response, dict | list) else {"answer": response}
    return Effect("finish_erp_action", (action.id, status, entity_id, kept, error))


async def _load(conn: Connection, email_id: UUID) -> dict[str, Any] | None:
    cursor = conn.cursor(row_factory=dict_row)
    await cursor.execute(_LOAD, (email_id,), prepare=True)
    return await cursor.fetchone()
