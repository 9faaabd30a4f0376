"""The queue `classification`: text → labels, and whether an ERP action follows or a person has to look.

In a cascade it does what the local model is sure of; the rest goes on to the queue `llm`, which waits for the LLM.
"""

import asyncio
import hashlib
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any
from uuid import UUID

from psycopg.rows import dict_row

from emailq import log, metrics
from emailq.app import App
from emailq.classify import cascade
from emailq.classify.calibrate import load_calibrations
from emailq.classify.cascade import Calibrations
from emailq.db import Connection, fetch_value
from emailq.errors import ConfigError
from emailq.models import LLM_QUEUE, Classification, Intent, Job, MailText
from emailq.outcomes import Done, Effect, Next, Outcome, Reject, Release, Retry
from emailq.parse.digest import Digest, digest_message
from emailq.parse.replies import split_reply
from emailq.parse.text import split_hidden
from emailq.settings import Settings

_TEXT_LIMIT = 200_000  # characters of a body that a classifier may look at
_HIDDEN_KEPT = 500  # characters of hidden text in the history
_CALIBRATIONS_AGE_S = 60.0

_LOAD = """
select e.subject, left(e.body_text, 200000) as body_text, left(e.new_text, 200000) as new_text, e.headers,
       e.from_address, e.from_name, e.automation, e.language, e.sender_trust,
       e.parsed_at is not null or e.raw_sha256 = sha256('') as is_parsed, -- or made by hand: no raw message to parse
       array(select a.filename || ' (' || coalesce(a.content_type, 'unknown') || ')'
             from attachments a where a.email_id = e.id order by a.position) as attachments
from emails e
where e.id = %s
"""


async def handle(job: Job, app: App) -> Outcome:
    """Label one message. A second run adds a second decision to the history, and the labels are those of the last."""
    async with app.pool.connection() as conn:
        row = await _load(conn, job.email_id)
        calibrations = await _calibrations(conn, app)
    if row is None:
        return Reject("the e-mail is gone")
    if not row["is_parsed"]:
        return Retry("the e-mail is not parsed yet")
    try:
        label = await _label(mail_text_from_row(row), job, app, calibrations)
    except ConfigError as error:  # the file of local_model: no fault of the message
        log.warn("classifier.misconfigured", reason=error)
        return Release(str(error), pause_s=60)
    if not isinstance(label, Classification):
        return label
    if label.prompt and (hidden := await _hidden_text(app, job.email_id)):
        label = replace(label, details={**label.details, "hidden_text": hidden[:_HIDDEN_KEPT]})
    reason = cascade.doubt(label, app.settings, calibrations)
    if label.intent == Intent.SPAM and row["sender_trust"] in ("trusted", "known"):
        reason = reason or f"it is called spam, and its sender is {row['sender_trust']}"
    async with app.pool.connection() as conn:
        is_due = any([await _leads_to_action(conn, job.email_id, intent) for intent in cascade.intents(label)])
    if row["automation"] and not is_due:
        reason = None  # nothing follows from automatic mail, so nobody has to be asked
    metrics.CLASSIFIED.labels(label.intent, label.provider, "needs_review" if reason else "accepted").inc()
    metrics.CONFIDENCE.labels(label.provider).observe(label.confidence)
    recorded = Effect("record_classification", (job.email_id, _fields(label, reason, app.settings)))
    return Done((recorded,), (Next("erp_action", job.priority),) if is_due and reason is None else ())


def classify_files(
    messages: Iterable[tuple[str, bytes]], settings: Settings, calibrations: Calibrations = MappingProxyType({})
) -> Iterator[tuple[str, Classification]]:
    """(source, labels) of each raw message, without a database. Raises Unavailable when the LLM server is down."""
    with asyncio.Runner() as runner:
        client = llm = None
        if settings.classifier != "local":
            import httpx

            from emailq.classify.llm import open_llm

            client = httpx.AsyncClient(trust_env=False)
            llm = open_llm(settings, client)
        try:
            for source, raw in messages:
                mail = mail_text(digest_message(raw))
                yield source, runner.run(cascade.classify(mail, settings, calibrations, llm))
        finally:
            if client:
                runner.run(client.aclose())


def mail_text(digest: Digest) -> MailText:
    """What a classifier sees of a message that was just parsed; the same as from its row."""
    attachments = [f"{a.filename} ({a.content_type})" for a in digest.attachments]
    return mail_text_from_row({**digest.fields, "attachments": attachments})


def mail_text_from_row(row: Mapping[str, Any]) -> MailText:
    """What a classifier sees of a message: `row` has the columns of `emails`, and `attachments` as lines of text."""
    split = split_reply((row["body_text"] or "")[:_TEXT_LIMIT], row["from_name"], row["from_address"])
    text = (row["new_text"] or "")[:_TEXT_LIMIT]
    headers: dict[str, str] = {}
    for name, value in row["headers"]:
        headers.setdefault(name.lower(), value)
    return MailText(
        subject=row["subject"] or "",
        text=text,
        quoted=split.quoted if split.quoted != text else "",
        from_address=row["from_address"],
        from_name=row["from_name"],
        attachments=tuple(row["attachments"]),
        headers=headers,
        automation=row["automation"],
        language=row["language"],
    )


async def load_mail(conn: Connection, email_id: UUID) -> MailText | None:
    """What a classifier sees of a stored message; None if there is none."""
    row = await _load(conn, email_id)
    return mail_text_from_row(row) if row else None


async def _load(conn: Connection, email_id: UUID) -> dict[str, Any] | None:
    cursor = conn.cursor(row_factory=dict_row)
    await cursor.execute(_LOAD, (email_id,), prepare=True)
    return await cursor.fetchone()


async def _is_budget_used_up(app: App) -> bool:
    """Counted over all workers; those under way are not in it yet, so it may be passed by as many as run at a time."""
    limit = app.settings.llm_calls_per_hour
    if limit is None:
        return False
    async with app.pool.connection() as conn:
        return bool(
            await fetch_value(
                conn,
                "select count(*) >= %s from classification_history"
                " where classified_at > now() - interval '1 hour' and llm_latency_ms is not null",
                limit,
                prepare=True,
            )
        )


async def _hidden_text(app: App, email_id: UUID) -> str:
    """What HTML holds for machines and not for readers: no model gets to see it, but people should."""
    async with app.pool.connection() as conn:
        html = await fetch_value(
            conn, "select left(body_html, 200000) from emails where id = %s", email_id, prepare=True
        )
    return split_hidden(html)[1].strip() if html else ""


async def _calibrations(conn: Connection, app: App) -> Calibrations:
    """What `emailq calibrate` stored, read again every minute."""
    read_at, known = app.resources.get("calibrations", (float("-inf"), {}))
    found: Calibrations = known
    if time.monotonic() - read_at > _CALIBRATIONS_AGE_S:
        found = await load_calibrations(conn)
        app.resources["calibrations"] = (time.monotonic(), found)
    return found


async def _label(mail: MailText, job: Job, app: App, calibrations: Calibrations) -> Classification | Outcome:
    if app.settings.classifier == "local":
        return await cascade.classify(mail, app.settings, calibrations, None)
    if app.settings.classifier == "cascade" and job.queue_name != LLM_QUEUE:
        label = await cascade.classify(mail, app.settings, calibrations, None)
        is_sure = cascade.is_sure(label, app.settings, calibrations)
        return label if is_sure else Done(next=(Next(LLM_QUEUE, job.priority),))
    from emailq.classify.llm import LlmFailed, LlmMisconfigured, LlmUnavailable, open_llm

    if "llm" not in app.resources:
        app.resources["llm"] = open_llm(app.settings, app.http)
    if await _is_budget_used_up(app):
        label = await cascade.classify(mail, app.settings, calibrations, None)
        if cascade.is_sure(label, app.settings, calibrations):
            return label
        return replace(label, details={**label.details, "problem": "the LLM's calls of this hour are used up"})
    try:
        return await cascade.classify(mail, app.settings, calibrations, app.resources["llm"])
    except LlmUnavailable as error:
        if isinstance(error, LlmMisconfigured):
            log.warn("llm.misconfigured", reason=error)
        return Release(str(error), pause_s=error.pause_s)
    except LlmFailed as error:
        if job.attempt < job.max_attempts:
            return Retry(str(error))
        return cascade.unlabelled(str(error), app.settings)


async def _leads_to_action(conn: Connection, email_id: UUID, intent: str) -> bool:
    """Whether the ERP policy knows this intent; what it decides is found out in the queue `erp_action`."""
    return bool(await fetch_value(conn, "select is_erp_action_due(%s, %s)", email_id, intent, prepare=True))


def _fields(label: Classification, review_reason: str | None, settings: Settings) -> dict[str, Any]:
    """The parameter of record_classification. With log_content off, nothing in it repeats the message's text."""
    details = dict(label.details)
    own = {key: details.pop(key, None) for key in ("digest", "parameters", "prompt_tokens", "answer_tokens")}
    if label.probabilities:
        details["probabilities"] = {str(intent): round(p, 4) for intent, p in label.probabilities.items()}
    if label.reasoning and settings.log_content:
        details["reasoning"] = label.reasoning
    if not settings.log_content:
        details.pop("hidden_text", None)
    return {
        "intent": label.intent,
        "sentiment": label.sentiment,
        "priority": label.priority,
        "confidence": label.confidence,
        "decided_by": "rule" if label.details.get("rule") else "model",
        "decision": "needs_review" if review_reason else "accepted",
        "provider": label.provider,
        "model": label.model,
        **own,
        "prompt": label.prompt if settings.log_content else None,
        "prompt_sha256": hashlib.sha256(label.prompt.encode()).hexdigest() if label.prompt else None,
        "response": label.response if settings.log_content else None,
        "latency_ms": label.latency_ms,
        "review_reason": review_reason,
        "details": details,
    }
