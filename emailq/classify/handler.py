"""The queue `classification`: text → labels, and whether an ERP action follows or a person has to look."""

import asyncio
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any
from uuid import UUID

from psycopg.rows import dict_row

from emailq import log
from emailq.app import App
from emailq.classify import local
from emailq.db import Connection
from emailq.models import Classification, Intent, Job, MailText, Priority, Sentiment
from emailq.outcomes import Done, Effect, Next, Outcome, Reject, Release, Retry
from emailq.parse.digest import Digest, digest_message
from emailq.parse.replies import split_reply
from emailq.settings import Settings

if TYPE_CHECKING:
    from emailq.classify.llm import Llm

_TEXT_LIMIT = 200_000  # characters of a body that a classifier may look at

_LOAD = """
select e.subject, left(e.body_text, 200000) as body_text, left(e.new_text, 200000) as new_text, e.headers,
       e.from_address, e.from_name, e.automation, e.language,
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
    if row is None:
        return Reject("the e-mail is gone")
    if not row["is_parsed"]:
        return Retry("the e-mail is not parsed yet")
    label = await _label(mail_text_from_row(row), job, app)
    if not isinstance(label, Classification):
        return label
    reason = doubt(label, app.settings)
    is_due = False
    if reason is None:
        async with app.pool.connection() as conn:
            is_due = await _leads_to_action(conn, job.email_id, label.intent)
    recorded = Effect("record_classification", (job.email_id, _fields(label, reason)))
    return Done((recorded,), (Next("erp_action", job.priority),) if is_due else ())


async def classify(mail: MailText, llm: "Llm | None" = None) -> Classification:
    """Labels for one message, by the backend of the settings; without `llm` by the local one.

    Automatic mail (bounces, auto-replies, lists …) needs no LLM where the local rules are sure. Raises LlmUnavailable
    and LlmFailed.
    """
    if llm is None:
        return local.classify(mail)
    if mail.automation:
        label = local.classify(mail)
        if label.confidence >= llm.settings.review_below:
            return label
    from emailq.classify import llm as chat
    from emailq.classify import ollama, openai

    ask = ollama.ask if llm.settings.classifier == "ollama" else openai.ask
    return await chat.classify(mail, llm, ask)


def classify_files(messages: Iterable[tuple[str, bytes]], settings: Settings) -> Iterator[tuple[str, Classification]]:
    """(source, labels) of each raw message, without a database. Raises Unavailable when the LLM server is down."""
    with asyncio.Runner() as runner:
        if settings.classifier == "local":
            for source, raw in messages:
                yield source, runner.run(classify(mail_text(digest_message(raw))))
            return
        import httpx

        from emailq.classify.llm import open_llm

        client = httpx.AsyncClient(trust_env=False)
        try:
            llm = open_llm(settings, client)
            for source, raw in messages:
                yield source, runner.run(classify(mail_text(digest_message(raw)), llm))
        finally:
            runner.run(client.aclose())


def mail_text(digest: Digest) -> MailText:
    """What a classifier sees of a message that was just parsed; the same as from its row."""
    attachments = [f"{a.filename} ({a.content_type})" for a in digest.attachments]
    return mail_text_from_row({**digest.fields, "attachments": attachments})


def mail_text_from_row(row: Mapping[str, Any]) -> MailText:
    """What a classifier sees of a message: `row` has the columns of `emails`, and `attachments` as lines of text."""
    split = split_reply((row["body_text"] or "")[:_TEXT_LIMIT])
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


def doubt(label: Classification, settings: Settings) -> str | None:
    """Why a person has to decide, in one line; None if the label can be trusted."""
    if problem := label.details.get("problem"):
        return str(problem)
    if label.confidence < settings.review_below:
        return f"unsure: {label.intent} with {label.confidence:.0%}"
    return None


async def _load(conn: Connection, email_id: UUID) -> dict[str, Any] | None:
    cursor = conn.cursor(row_factory=dict_row)
    await cursor.execute(_LOAD, (email_id,), prepare=True)
    return await cursor.fetchone()


async def _label(mail: MailText, job: Job, app: App) -> Classification | Outcome:
    if app.settings.classifier == "local":
        return await classify(mail)
    from emailq.classify.llm import LlmFailed, LlmMisconfigured, LlmUnavailable, open_llm

    if "llm" not in app.resources:
        app.resources["llm"] = open_llm(app.settings, app.http)
    try:
        return await classify(mail, app.resources["llm"])
    except LlmUnavailable as error:
        if isinstance(error, LlmMisconfigured):
            log.warn("llm.misconfigured", reason=error)
        return Release(str(error), pause_s=error.pause_s)
    except LlmFailed as error:
        if job.attempt < job.max_attempts:
            return Retry(str(error))
        return _unlabelled(str(error), app.settings)


def _unlabelled(problem: str, settings: Settings) -> Classification:
    """For a message that the LLM can't do: it goes to a person."""
    return Classification(
        Intent.OTHER,
        Sentiment.NEUTRAL,
        Priority.NORMAL,
        0.0,
        settings.llm_model,
        settings.classifier,
        details={"problem": problem},
    )


async def _leads_to_action(conn: Connection, email_id: UUID, intent: Intent) -> bool:
    """Whether the ERP policy knows this intent; what it decides is found out in the queue `erp_action`."""
    cursor = await conn.execute("select is_erp_action_due(%s, %s)", (email_id, intent), prepare=True)
    row = await cursor.fetchone()
    return bool(row and row[0])


def _fields(label: Classification, review_reason: str | None) -> dict[str, Any]:
    """The parameter of record_classification."""
    details = dict(label.details)
    if label.probabilities:
        details["probabilities"] = {str(intent): round(p, 4) for intent, p in label.probabilities.items()}
    if label.reasoning:
        details["reasoning"] = label.reasoning
    return {
        "intent": label.intent,
        "sentiment": label.sentiment,
        "priority": label.priority,
        "confidence": label.confidence,
        "decided_by": "rule" if label.details.get("rule") else "model",
        "decision": "needs_review" if review_reason else "accepted",
        "provider": label.provider,
        "model": label.model,
        "prompt": label.prompt,
        "response": label.response,
        "latency_ms": label.latency_ms,
        "review_reason": review_reason,
        "details": details,
    }
