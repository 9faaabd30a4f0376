"""What the LLM backends share: one question a message, a strict reading of the answer, and what failures mean."""

import asyncio
import re
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from emailq.classify import several
from emailq.classify.prompt import (
    ANSWER_TOKENS,
    BODY_TOKENS,
    SPAN_LENGTH,
    SPANS,
    SPANS_LIMIT,
    VERSION,
    Message,
    build_prompt,
    count_tokens,
    repair,
    stored,
)
from emailq.errors import EmailqError, Unavailable
from emailq.http import Answer, NoAnswer, NotSent, send, storable
from emailq.models import Classification, Intent, MailText, Priority, Sentiment
from emailq.settings import Settings

if TYPE_CHECKING:
    import httpx

_CANARY: list[Message] = [{"role": "user", "content": "Answer with the word: ready"}]
_CANARY_S = 10.0
_OUTAGE_S = 1.0  # after one call failed, no other is made
_PLACE_S = 20.0  # that a message waits here for its turn; then another worker may have it
_KEPT = 16_000  # characters of a raw answer
_CONTEXT = re.compile(r"context|too (?:long|large|many tokens)", re.IGNORECASE)
_FENCE = re.compile(r"\s*```(?:json)?\s*\n(.*)\n\s*```\s*", re.DOTALL | re.IGNORECASE)


class LlmUnavailable(Unavailable):
    """The server is down, busy or not set up; the queue should wait for `pause_s` seconds. None: only this message."""

    def __init__(self, reason: str, pause_s: float | None = 5) -> None:
        super().__init__(reason)
        self.pause_s = pause_s


class LlmMisconfigured(LlmUnavailable):
    """Somebody has to change something: no such model, no such path, a wrong token."""


class LlmFailed(EmailqError):
    """The server works, but not for this message."""


class _Refused(EmailqError):
    """500, 400 and the like: the server's fault or this message's."""


class TooLong(Exception):
    """The prompt did not fit into the model's context."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What the model said; `problem`: why that can't be a whole answer, for example that it was cut off."""

    text: str
    problem: str | None = None
    details: dict[str, Any] = field(default_factory=dict)  # model, tokens, options


@dataclass
class Llm:
    """One LLM server, as this process knows it; shared by all calls."""

    http: "httpx.AsyncClient"
    settings: Settings
    slots: asyncio.Semaphore
    digests: dict[str, tuple[float, str | None]] = field(default_factory=dict)  # model → (read at, digest)
    outage: tuple[float, LlmUnavailable] | None = None  # the last one, and when it was noticed


Ask = Callable[[Llm, Sequence[Message], int], Awaitable[Reply]]  # (…, upper estimate of the prompt's tokens)


class Labels(BaseModel):
    """What a model may answer; any other key is dropped."""

    model_config = ConfigDict(extra="ignore", frozen=True, strict=True)

    intent: Intent
    sentiment: Sentiment
    priority: Priority
    confidence: float = Field(ge=0, le=1, allow_inf_nan=False)
    reasoning: str = ""
    spans: Any = None  # checked one by one against the mail, like
    further: Any = None


def open_llm(settings: Settings, http: "httpx.AsyncClient") -> Llm:
    return Llm(http, settings, asyncio.Semaphore(settings.llm_concurrency))


async def classify(mail: MailText, llm: Llm, ask: Ask) -> Classification:
    """Labels for one message. An answer that is no good, twice, gives intent `other` with details["problem"].

    Raises LlmUnavailable when no message could be classified now, LlmFailed when only this one can't.
    """
    await _take_place(llm)
    try:
        began = time.monotonic()
        messages, reply, labels, details = await _answer(mail, llm, ask)
    except LlmUnavailable as error:
        llm.outage = (time.monotonic(), error)
        raise
    except (NoAnswer, _Refused) as error:
        await _blame(llm, ask, error)
        raise LlmFailed(str(error)) from None
    finally:
        llm.slots.release()
    if labels is None:
        labels = Labels(intent=Intent.OTHER, sentiment=Sentiment.NEUTRAL, priority=Priority.NORMAL, confidence=0)
    label = Classification(
        intent=labels.intent,
        sentiment=labels.sentiment,
        priority=labels.priority,
        confidence=labels.confidence,
        model=llm.settings.llm_model,
        provider=llm.settings.llm_api,
        reasoning=storable(labels.reasoning[:1000]) or None,
        prompt=stored(messages),
        response=storable(reply.text)[:_KEPT],
        latency_ms=round((time.monotonic() - began) * 1000),
        details=details,
    )
    requests, problem = several.grounded(labels.further, mail, label) if label.intent in several.INTENTS else ([], None)
    told = {"requests": requests} if requests else {"problem": problem} if problem else {}
    return replace(label, details={**details, **told})


async def ask_once(llm: Llm, ask: Ask, messages: Sequence[Message]) -> tuple[Reply, Labels | None]:
    """What the model answers to these very messages now. Raises LlmUnavailable and LlmFailed."""
    try:
        reply = await ask(llm, messages, count_tokens(messages))
    except (NoAnswer, _Refused, TooLong) as error:
        raise LlmFailed(str(error)) from None
    return reply, _read(reply)[0]


async def list_models(llm: Llm) -> list[str]:
    """The names of the server's models. Raises LlmUnavailable."""
    is_ollama = llm.settings.llm_api == "ollama"
    path, key, name = ("/api/tags", "models", "name") if is_ollama else ("/v1/models", "data", "id")
    url = f"{llm.settings.llm_url.rstrip('/')}{path}"
    try:
        answer = await send(llm.http, "GET", url, headers=authorization(llm), timeout_s=_CANARY_S)
    except (NotSent, NoAnswer) as error:
        raise LlmUnavailable(f"LLM: {error}") from None
    found = answer.json()
    models = found.get(key) if isinstance(found, dict) else None
    if answer.status != 200 or not isinstance(models, list):
        raise LlmMisconfigured(_advised(f"LLM: GET {path} gave {answer.status}{_error_text(answer)}", llm))
    return [str(model[name]) for model in models if isinstance(model, dict) and name in model]


def authorization(llm: Llm) -> dict[str, str]:
    key = llm.settings.llm_api_key
    return {"authorization": f"Bearer {key.get_secret_value()}"} if key else {}


def grounded_spans(spans: Any, mail: MailText) -> list[dict[str, str]]:
    """The spans of an answer that stand in the mail's own text, letter by letter but for blanks and case."""
    whole = _folded(f"{mail.subject}\n{mail.text}")
    kept = []
    for span in (spans if isinstance(spans, list) else [])[:SPANS_LIMIT]:
        name, text = (span.get("name"), span.get("text")) if isinstance(span, dict) else (None, None)
        if name in SPANS and isinstance(text, str) and 0 < len(text.strip()) <= SPAN_LENGTH and _folded(text) in whole:
            kept.append({"name": name, "text": " ".join(text.split())})
    return kept


def _folded(text: str) -> str:
    return " ".join(text.casefold().split())


async def _take_place(llm: Llm) -> None:
    try:
        async with asyncio.timeout(_PLACE_S):
            await llm.slots.acquire()
    except TimeoutError:
        raise LlmUnavailable("all places for LLM calls were taken", pause_s=None) from None
    if llm.outage and time.monotonic() - llm.outage[0] < _OUTAGE_S:  # those who waited need not find out again
        llm.slots.release()
        raise llm.outage[1]


async def post(llm: Llm, path: str, body: bytes) -> Answer:
    """POST JSON to the server; 4xx and 5xx answers become the exceptions of this module."""
    url = f"{llm.settings.llm_url.rstrip('/')}{path}"
    try:
        answer = await send(
            llm.http,
            "POST",
            url,
            content=body,
            headers={"content-type": "application/json", **authorization(llm)},
            timeout_s=llm.settings.llm_timeout_s,
        )
    except NotSent as error:
        raise LlmUnavailable(f"LLM: {error}") from None
    if answer.status == 200:
        return answer
    said = f"LLM: POST {path} gave {answer.status}{_error_text(answer)}"
    if answer.status == 413 or (answer.status == 400 and _CONTEXT.search(said)):
        raise TooLong(said)
    if answer.status in (429, 502, 503):
        raise LlmUnavailable(said, answer.retry_after_s() or 5)
    if answer.status >= 500 or answer.status in (400, 422):
        raise _Refused(said)
    raise LlmMisconfigured(_advised(said, llm))


def _advised(reason: str, llm: Llm) -> str:
    return f"{reason}; check llm_url, llm_api, llm_model ({llm.settings.llm_model}) and llm_api_key"


def _error_text(answer: Answer) -> str:
    """ ": " and the error that the server names, if it does so in the way of Ollama or OpenAI."""
    found = answer.json()
    error = found.get("error") if isinstance(found, dict) else None
    text = error.get("message") if isinstance(error, dict) else error
    return f": {text.splitlines()[0][:200]}" if isinstance(text, str) and text.strip() else ""


async def _answer(mail: MailText, llm: Llm, ask: Ask) -> tuple[list[Message], Reply, Labels | None, dict[str, Any]]:
    """The conversation up to a valid answer, or to the second bad one."""
    body_tokens = BODY_TOKENS
    prompt = build_prompt(mail, body_tokens)
    messages, tokens = prompt.messages, prompt.tokens
    problems: list[str] = []
    while True:
        try:
            reply = await ask(llm, messages, tokens)
        except TooLong as error:
            if body_tokens < 500:
                raise LlmFailed(f"even a short text does not fit into the model's context: {error}") from None
            body_tokens //= 2
            prompt = build_prompt(mail, body_tokens)
            messages, tokens, problems = prompt.messages, prompt.tokens, []
            continue
        labels, problem = _read(reply)
        details = {**reply.details, "prompt_version": VERSION, "delimiter": prompt.secret, "body_tokens": body_tokens}
        if prompt.is_cut:
            details["cut"] = True
        if problem:
            problems.append(problem)
        if problems:
            details["rejected_answers"] = problems
        if labels or len(problems) == 2:
            if labels and (spans := grounded_spans(labels.spans, mail)):
                details["spans"] = spans
            if not labels:
                details["problem"] = f"no valid answer from the model: {problem}"
            return messages, reply, labels, storable(details)
        messages = repair(messages, reply.text, problem or "")
        tokens += 2 * ANSWER_TOKENS + 100


def _read(reply: Reply) -> tuple[Labels | None, str | None]:
    """The labels, or what is wrong with the answer. What is wrong is told in our words, never in the answer's."""
    if reply.problem:
        return None, reply.problem
    fenced = _FENCE.fullmatch(reply.text)
    try:
        return Labels.model_validate_json(fenced[1] if fenced else reply.text), None
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False, include_context=False)[0]
        if first["type"] == "json_invalid":
            return None, "not a JSON object"
        return None, f"{'.'.join(map(str, first['loc']))}: {first['type'].replace('_', ' ')}".removeprefix(": ")


async def _blame(llm: Llm, ask: Ask, error: EmailqError) -> None:
    """Whose fault was it? Raises LlmUnavailable unless the server answers a trivial question right now."""
    try:
        async with asyncio.timeout(_CANARY_S):
            await ask(llm, _CANARY, 20)
        return
    except _Refused as refusal:  # it answers, and refuses everything
        outage: LlmUnavailable = LlmMisconfigured(_advised(str(refusal), llm))
    except (TimeoutError, EmailqError, TooLong):
        outage = LlmUnavailable(str(error))
    llm.outage = (time.monotonic(), outage)
    raise outage
