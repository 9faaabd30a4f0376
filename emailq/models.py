"""The nouns of the specification: enums and plain data that travel between the parts."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple
from uuid import UUID

LLM_QUEUE = "llm"  # what a cascade's local model isn't sure of


class Intent(StrEnum):
    INVOICE = "invoice"
    ORDER = "order"
    COMPLAINT = "complaint"
    INQUIRY = "inquiry"
    NEWSLETTER = "newsletter"
    SPAM = "spam"
    OTHER = "other"


class Sentiment(StrEnum):
    POSITIVE = "positive"
    NEUTRAL = "neutral"
    NEGATIVE = "negative"


class Priority(StrEnum):
    LOW = "low"
    NORMAL = "normal"
    HIGH = "high"
    URGENT = "urgent"


class Job(NamedTuple):
    """One claimed row of `processing_queue`. (id, worker_id, attempt) is the fence; `attempt` counts from 1.

    A tuple, since a worker makes tens of thousands of these a second.
    """

    id: UUID
    email_id: UUID
    priority: int
    attempt: int
    max_attempts: int
    scheduled_at: datetime
    created_at: datetime
    queue_name: str
    worker_id: int


@dataclass(frozen=True, slots=True)
class MailText:
    """What a classifier may see of one message: visible text only, as data.

    `text` is the newest text by the sender (no quoted history, no signature); `quoted` is the rest.
    `headers` has lower-case names and holds the first instance of each header.
    `automation` is the automation gate's kind (see parse.automation) or None for mail that a person wrote.
    """

    subject: str
    text: str
    quoted: str = ""
    from_address: str | None = None
    from_name: str | None = None
    attachments: tuple[str, ...] = ()  # "name (type/subtype)" each
    headers: Mapping[str, str] = field(default_factory=dict)
    automation: str | None = None
    language: str | None = None  # ISO 639-1, None when unsure


@dataclass(frozen=True, slots=True)
class Classification:
    """Labels with a calibrated confidence (0..1, that of the intent), and who decided.

    The LLM fields are None for the local model. `reasoning` is for people and never drives logic.
    """

    intent: Intent
    sentiment: Sentiment
    priority: Priority
    confidence: float
    model: str
    provider: str  # local | ollama | openai
    probabilities: Mapping[str, float] = field(default_factory=dict)  # per intent
    reasoning: str | None = None
    prompt: str | None = None
    response: str | None = None
    latency_ms: int | None = None
    details: Mapping[str, Any] = field(default_factory=dict)  # digest, options, tokens …
