"""The queue `erp_action`: what policy wants done is proposed, committed, and then done at most once in effect."""

import random
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

from psycopg.rows import dict_row

from emailq import log, metrics
from emailq.app import App
from emailq.db import Connection
from emailq.erp import outbox
from emailq.erp.adapters import Adapter, load_adapter
from emailq.erp.call import misconfigured
from emailq.erp.outbox import Action
from emailq.erp.payload import build_payload, with_cautions
from emailq.erp.result import Result, Stopped
from emailq.errors import ConfigError, EmailqError
from emailq.extract.read import Request, read_requests
from emailq.models import Job
from emailq.outcomes import Done, Effect, Next, Outcome, Reject, Release, Retry

# how often a call is repeated, over all jobs of the action, before a person has to look
_TRIES = 20

_LOAD = """
select e.message_id, e.from_address, e.from_name, e.subject, e.received_at, e.sent_at, e.review_reason,
       e.intent, e.confidence_score,
       left(e.new_text, 200000) as new_text, left(e.body_text, 200000) as body_text,
       array(select jsonb_build_object('filename', a.filename, 'content_type', a.content_type,
                                       'size_bytes', a.size_bytes, 'sha256', encode(a.sha256, 'hex'))
             from attachments a
             where a.email_id = e.id and not a.is_inline and a.virus_scan_status <> 'infected'
             order by a.position) as attachments
from emails e
where e.id = %s
"""


async def handle(job: Job, app: App) -> Outcome:
    """Carry out the action that policy has for one message.

    What makes a second run harmless: the action's row and its idempotency key are committed before any call and found
    again; every call carries that key, or its document is looked up before it is made again; a success in the log of
    attempts is not repeated.
    """
    async with app.pool.connection() as conn:
        mail = await load_mail(conn, job.email_id)
        if mail is None:
            return Reject("the e-mail is gone")
        actions = await outbox.open_actions(conn, job.email_id)
    refusals: list[Effect] = []
    if not actions:
        if mail["review_reason"]:
            return Done()
        requests = await read_requests(app, job.email_id)
        async with app.pool.connection() as conn, conn.transaction():
            await outbox.lock_proposals(conn, job.email_id)
            actions, refusals = await _propose(conn, job.email_id, mail, requests, app)
    return await _carry_out_one(actions, refusals, job, app)


async def load_mail(conn: Connection, email_id: UUID) -> dict[str, Any] | None:
    """What actions are made of: columns of `emails`, and its attachments."""
    cursor = conn.cursor(row_factory=dict_row)
    await cursor.execute(_LOAD, (email_id,), prepare=True)
    return await cursor.fetchone()


async def _propose(
    conn: Connection, email_id: UUID, mail: Mapping[str, Any], requests: Sequence[Request], app: App
) -> tuple[list[Action], list[Effect]]:
    """The actions of the message's requests; and what has to be told where policy has no rule that fits."""
    actions: list[Action] = []
    refusals: list[Effect] = []
    taken: dict[tuple[int, str], str | None] = {}
    for intent, confidence, number, found in requests:
        fields = with_cautions(found, mail)
        plan = await outbox.plan(conn, email_id, intent, confidence, fields)
        if plan is None:
            continue
        if plan.action_type is None:
            refusals.append(Effect("request_review", (email_id, plan.refusal)))
            continue
        if taken.setdefault((number, plan.action_type), intent) != intent:  # the key of an action has no place for two
            refusals.append(Effect("request_review", (email_id, f"two of its requests lead to {plan.action_type}")))
            continue
        payload = build_payload(mail, plan.action_type, fields)
        actions.append(await outbox.propose(conn, email_id, number, plan, app.settings.erp_adapter, payload))
    return actions, refusals


async def _carry_out_one(actions: Sequence[Action], effects: Sequence[Effect], job: Job, app: App) -> Outcome:
    """A job makes one call; what else is due gets the next item. Failed ones come last: a person asked for them."""
    dry = [_effect(one, "pending", None, {"dry_run": True}, None) for one in actions if one.is_dry and one.is_due]
    due = sorted((one for one in actions if not one.is_dry and one.is_due), key=lambda one: one.status == "failed")
    if not due:
        return Done((*effects, *dry))
    outcome = await _carry_out(due[0], job, app)
    if not isinstance(outcome, Done | Reject):
        return outcome
    told = (*effects, *dry, *outcome.effects)
    if any(one.status != "failed" for one in due[1:]):
        return Done(told, (Next("erp_action", job.priority),))
    return replace(outcome, effects=told)


async def _carry_out(action: Action, job: Job, app: App) -> Outcome:
    try:
        adapter = load_adapter(action.adapter)
    except ConfigError as error:
        return await _outcome(action, 0, job, misconfigured(str(error)), app)
    if not action.is_intact:
        return _finished(action, "needs_review", error="the payload was changed after it was proposed")
    async with app.pool.connection() as conn:
        earlier = await outbox.earlier_attempts(conn, action.id)
    if earlier.succeeded:
        return _finished(action, "success", entity_id=earlier.entity_id, response=earlier.response)
    if earlier.unknown_for is not None and earlier.last_unknown_for is not None:
        decided = await _settle(action, adapter, job, app, earlier.unknown_for, earlier.last_unknown_for)
        if decided is not None:
            return decided
    async with app.pool.connection() as conn:
        attempt = await outbox.begin_attempt(conn, action.id, job)
    if attempt is None:
        return Done()
    if attempt.id is None or attempt.number is None:
        return Release(attempt.obstacle or "the queue is paused", after_s=0)
    began = time.monotonic()
    result = await _call(adapter, action, app)
    metrics.ERP_CALLS.labels(action.adapter, result.outcome).inc()
    async with app.pool.connection() as conn:
        await outbox.end_attempt(conn, attempt.id, result, round((time.monotonic() - began) * 1000))
    return await _outcome(action, attempt.number, job, result, app)


async def _settle(
    action: Action, adapter: Adapter, job: Job, app: App, first: timedelta, last: timedelta
) -> Outcome | None:
    """An earlier try may have made the document: look it up. None: it has not, so the action may be sent (again).

    A system that honours keys may be asked again with the same one instead, for as long as it remembers them.
    """
    try:
        found = await adapter.find(action, app)
    except NotImplementedError:
        # what the ERP has forgotten it would do a second time
        if adapter.honours_keys and first < timedelta(hours=app.settings.erp_key_hours):
            return None
        return _finished(action, "needs_review", error="an old try has an unknown outcome: look into the ERP")
    except Stopped as stopped:
        return await _outcome(action, 0, job, stopped.result, app)
    if found is not None:
        async with app.pool.connection() as conn:
            await outbox.found_document(conn, action.id, found)
        return _finished(action, "success", entity_id=found.entity_id, response=found.response)
    settle = timedelta(seconds=app.settings.erp_settle_s)
    if not adapter.honours_keys and last < settle:  # the lost call may still be at work
        wait_s = (settle - last).total_seconds() + 0.1
        return _later(job, "no answer yet: the document may still appear in the ERP", wait_s)
    return None


async def _call(adapter: Adapter, action: Action, app: App) -> Result:
    try:
        return await adapter.create(action, app)
    except Stopped as stopped:
        return stopped.result
    except EmailqError as error:  # before any call: an attachment that can't be read
        return Result("unavailable", "retry", str(error))
    except Exception as error:
        log.warn("erp.adapter_failed", adapter=action.adapter, reason=f"{type(error).__name__}: {error}"[:300])
        return Result("unknown", "retry", f"the adapter {action.adapter} failed: {type(error).__name__}")


async def _outcome(action: Action, tries: int, job: Job, result: Result, app: App) -> Outcome:
    reason = result.error or ""
    match result.then:
        case "done":
            return _finished(action, "success", entity_id=result.entity_id, response=result.response)
        case "fail":
            return _stopped(action, "failed", reason, result.response)
        case "review":
            return _stopped(action, "needs_review", reason, result.response)
        case "wait":
            return Release(reason, pause_s=result.wait_s)
        case "pause":
            async with app.pool.connection() as conn:
                if await outbox.pause_queue(conn, reason):
                    log.warn("erp.paused", reason=reason)
            return Release(reason, after_s=0)
        case "retry" | "repeat" if tries < _TRIES:
            return _later(job, reason, _backoff_s(tries, app) if result.wait_s is None else result.wait_s)
        case "retry":
            return _stopped(action, "failed", reason, result.response)
        case "repeat":
            return _stopped(action, "needs_review", f"unknown after {tries} tries: {reason}")


def _later(job: Job, reason: str, wait_s: float) -> Outcome:
    """Another try, in this item or, its attempts being used up, in a new one: what is unknown must be cleared up."""
    if job.attempt < job.max_attempts:
        return Retry(reason, wait_s)
    return Done(next=(Next("erp_action", job.priority, timedelta(seconds=wait_s)),))


def _backoff_s(tries: int, app: App) -> float:
    """Full jitter, like the queue's."""
    return random.uniform(0, min(app.settings.retry_base_s * 2**tries, app.settings.retry_max_s))


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
