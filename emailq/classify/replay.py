"""Makes a recorded decision again, from the same input, and says what is different."""

import hashlib
import json
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import httpx
from psycopg.rows import dict_row

from emailq.classify import llm as chat
from emailq.classify import local, ollama, openai
from emailq.classify.handler import load_mail
from emailq.classify.prompt import Message, build_prompt, stored
from emailq.db import Connection
from emailq.errors import NotFound, UsageError
from emailq.models import MailText
from emailq.settings import Settings

_LABELS = ("intent", "sentiment", "priority", "confidence")


@dataclass(frozen=True, slots=True)
class Replay:
    """Labels then and now. `remarks`: what else is not as it was (another model, another text of the answer)."""

    history_id: UUID
    email_id: UUID
    provider: str
    model: str
    then: dict[str, Any]
    now: dict[str, Any] | None  # None: no valid answer this time
    remarks: list[str]

    @property
    def is_same(self) -> bool:
        return self.then == self.now


async def find_decision(conn: Connection, id_: UUID) -> dict[str, Any]:
    """A row of classification_history by its id, or the last one of an e-mail that no person made. Raises NotFound."""
    cursor = conn.cursor(row_factory=dict_row)
    await cursor.execute(
        "select * from classification_history h"
        " where h.id = %(id)s or (h.email_id = %(id)s and h.decided_by <> 'person')"
        " order by h.classified_at desc, h.id limit 1",
        {"id": id_},
    )
    row = await cursor.fetchone()
    if row is None:
        raise NotFound(f"no decision of a model {id_}")
    return row


async def replay(conn: Connection, decision: dict[str, Any], settings: Settings) -> Replay:
    """Decide again: the local model on the same message, an LLM on the very same prompt.

    Raises UsageError for a decision that can't be made again, LlmUnavailable and LlmFailed.
    """
    if decision["decided_by"] == "person":
        raise UsageError("a person decided this; only what a model or rule decided can be replayed")
    mail = await load_mail(conn, decision["email_id"])
    if mail is None:
        raise NotFound(f"no e-mail {decision['email_id']}")
    if decision["provider"] == "local":
        return _replay_local(decision, mail, settings)
    return await _replay_llm(decision, mail, settings)


def _replay_local(decision: dict[str, Any], mail: MailText, settings: Settings) -> Replay:
    label = local.classify(mail, settings.local_model)
    now = _labels(label.intent, label.sentiment, label.priority, label.confidence)
    remarks = [] if label.model == decision["llm_model"] else [f"the model is {label.model} now"]
    return _replay(decision, now, remarks)


async def _replay_llm(decision: dict[str, Any], mail: MailText, settings: Settings) -> Replay:
    settings = settings.model_copy(update={"llm_model": decision["llm_model"], "llm_api": decision["provider"]})
    ask = ollama.ask if decision["provider"] == "ollama" else openai.ask
    async with httpx.AsyncClient(trust_env=False) as client:
        llm = chat.open_llm(settings, client)
        reply, labels = await chat.ask_once(llm, ask, _messages(decision, mail))
    now = _labels(labels.intent, labels.sentiment, labels.priority, labels.confidence) if labels else None
    remarks = []
    digest = reply.details.get("digest")
    if digest != decision["llm_digest"]:
        remarks.append(f"the model's digest is {digest or 'unknown'} now, it was {decision['llm_digest'] or 'unknown'}")
    if reply.details.get("parameters") != decision["llm_parameters"]:
        remarks.append(f"the parameters are {json.dumps(reply.details.get('parameters'))} now")
    if decision["llm_response"] is not None and reply.text[: len(decision["llm_response"])] != decision["llm_response"]:
        remarks.append("the answer has another text")
    if now is None:
        remarks.append(f"no valid answer: {reply.problem or 'not the JSON that was asked for'}")
    return _replay(decision, now, remarks)


def _messages(decision: dict[str, Any], mail: MailText) -> list[Message]:
    """The chat as it was sent; made anew, and checked by its hash, where content is not kept."""
    if decision["llm_prompt"] is not None:
        kept: list[Message] = json.loads(decision["llm_prompt"])
        return kept
    details = decision["details"]
    if "delimiter" in details and decision["prompt_sha256"]:
        messages = build_prompt(mail, details["body_tokens"], details["delimiter"]).messages
        if hashlib.sha256(stored(messages).encode()).digest() == decision["prompt_sha256"]:
            return messages
    raise UsageError("the prompt was not kept (log_content is off) and can't be made again from the message")


def _replay(decision: dict[str, Any], now: dict[str, Any] | None, remarks: list[str]) -> Replay:
    raw = decision["details"].get("raw_confidence", decision["confidence_score"])  # before calibration
    then = _labels(decision["intent"], decision["sentiment"], decision["priority"], raw)
    model, provider = decision["llm_model"] or "unknown", decision["provider"] or "unknown"
    return Replay(decision["id"], decision["email_id"], provider, model, then, now, remarks)


def _labels(intent: str, sentiment: str, priority: str, confidence: float) -> dict[str, Any]:
    values = (str(intent), str(sentiment), str(priority), round(confidence, 4))
    return dict(zip(_LABELS, values, strict=True))
