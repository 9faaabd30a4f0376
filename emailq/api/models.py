"""What the API takes and gives: the specification's models, as supersets of its fields."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Base64Bytes, BaseModel, ConfigDict, Field

from emailq.models import Intent, Priority, Sentiment

ErpStatus = Literal["pending", "processing", "completed", "failed"]
ScanStatus = Literal["pending", "clean", "infected", "failed", "skipped"]
Confidence = Annotated[float, Field(ge=0, le=1)]


class _Row(BaseModel):
    """Read from the database, so it is not checked again: what is stored can always be shown."""

    model_config = ConfigDict(from_attributes=True)


class _Request(BaseModel):
    model_config = ConfigDict(extra="forbid")


class AttachmentDB(_Row):
    id: UUID
    email_id: UUID
    filename: str
    content_type: str | None
    size_bytes: int
    md5_hash: str | None
    sha256: str
    is_inline: bool
    content_id: str | None
    s3_bucket: str | None
    s3_key: str | None
    s3_url: str | None = Field(None, description="always null: ask POST /attachments/{id}/link for a URL")
    virus_scan_status: ScanStatus
    virus_scan_result: dict[str, Any] | None
    created_at: datetime
    updated_at: datetime


class EmailSummary(_Row):
    """A line of a list."""

    id: UUID
    received_at: datetime
    sent_at: datetime | None
    from_address: str | None
    from_name: str | None
    subject: str | None
    intent: Intent | None
    sentiment: Sentiment | None
    priority: Priority | None
    confidence_score: Confidence | None
    automation: str | None
    review_reason: str | None
    erp_action_status: ErpStatus | None
    thread_id: UUID | None
    thread_count: int | None
    attachment_count: int
    parsed: bool
    failure: str | None


class EmailPage(BaseModel):
    emails: list[EmailSummary]
    next: str | None = Field(description="the parameter `cursor` of the next page; null: this is the last one")


class RequestDB(BaseModel):
    intent: Intent
    confidence: Confidence
    sentences: list[int] = Field(description="which of the newest text's, from 0")


class EmailDB(_Row):
    id: UUID
    message_id: str
    imap_uid: int | None
    imap_folder: str
    from_address: str | None
    from_name: str | None
    to_addresses: list[str]
    cc_addresses: list[str]
    bcc_addresses: list[str]
    reply_to: str | None
    subject: str | None
    body_text: str | None
    body_html: str | None = Field(description="as received: sanitise before showing")
    new_text: str | None
    language: str | None
    thread_id: UUID | None
    in_reply_to: list[str]
    references: list[str]
    automation: str | None
    intent: Intent | None
    sentiment: Sentiment | None
    priority: Priority | None
    confidence_score: Confidence | None
    requests: list[RequestDB] = Field(description="several requests in one message, that of `intent` first; else empty")
    review_reason: str | None
    erp_entity_type: str | None
    erp_entity_id: str | None
    erp_action_status: ErpStatus | None
    erp_action_result: dict[str, Any] | None
    size_bytes: int
    has_attachments: bool
    attachment_count: int
    flags: list[str]
    defects: list[str]
    received_at: datetime
    sent_at: datetime | None
    parsed_at: datetime | None
    classified_at: datetime | None
    created_at: datetime
    updated_at: datetime


class EmailWithAttachments(EmailDB):
    attachments: list[AttachmentDB]


class EmailDetails(EmailWithAttachments):
    """An e-mail with all that hangs on it."""

    thread: dict[str, Any] | None
    deliveries: list[dict[str, Any]]
    classification_history: list[dict[str, Any]]
    erp_actions: list[dict[str, Any]]
    queue: list[dict[str, Any]]


class ParseEmailRequest(_Request):
    raw_email: Base64Bytes = Field(description="the message (RFC 5322), base64")
    imap_uid: int | None = Field(None, ge=0, le=2**32 - 1)
    imap_folder: str = Field("INBOX", max_length=1000)


class ParseEmailResponse(BaseModel):
    email: EmailWithAttachments
    processing_time_ms: int
    is_new: bool = Field(description="false: this content was here already")


class ClassificationRequest(_Request):
    email_id: UUID


class ClassificationResult(BaseModel):
    email_id: UUID
    intent: Intent
    sentiment: Sentiment | None
    priority: Priority | None
    confidence_score: Confidence
    requests: list[RequestDB]
    probabilities: dict[str, Confidence] | None = Field(description="of each intent, where the model tells them")
    reasoning: str | None
    needs_review: str | None = Field(description="why a person has to decide; null: nobody has to")


class Dependency(BaseModel):
    status: Literal["ok", "warning", "failed"]
    detail: str
    latency_ms: float


class HealthCheckResponse(BaseModel):
    status: Literal["ok", "degraded", "failed"]
    database: str
    timestamp: datetime
    dependencies: dict[str, Dependency]


class MetricsResponse(_Row):
    total_emails: int
    emails_last_24h: int
    emails_pending_classification: int
    emails_pending_erp_action: int
    avg_classification_time_ms: float
    avg_parse_time_ms: float


class EnqueueRequest(_Request):
    queue: str = Field(min_length=1, max_length=50, pattern=r"^[^\x00-\x1f]+$")
    email_ids: list[UUID] = Field(min_length=1, max_length=1000)
    priority: int = Field(5, ge=1, le=10, description="1 is served first")
    at: datetime | None = Field(None, description="not before then; null: now")


class EnqueueResponse(BaseModel):
    enqueued: list[UUID] = Field(description="ids of the new items")
    live_already: int


class ItemsRequest(_Request):
    ids: list[UUID] = Field(min_length=1, max_length=1000, description="queue items")


class ItemsResponse(BaseModel):
    changed: list[UUID]


class PauseRequest(_Request):
    reason: str | None = Field(None, max_length=500, pattern=r"^[^\x00]*$")


class QueueStatus(_Row):
    queue_name: str
    pending: int
    scheduled: int
    processing: int
    failed: int
    oldest_s: float | None
    rate_per_s: float
    drain_s: float | None
    workers: int
    paused: bool
    waiting_for_dependency: bool
    reason: str | None


class LabelRequest(_Request):
    intent: Intent
    sentiment: Sentiment | None = None
    priority: Priority | None = None
    note: str | None = Field(None, max_length=2000, pattern=r"^[^\x00]*$")


class ErpActionRow(_Row):
    id: UUID
    email_id: UUID
    action_type: str
    adapter: str
    rule: str | None
    status: Literal["pending", "success", "failed", "retrying", "needs_review", "cancelled"]
    entity_type: str | None
    entity_id: str | None
    error_message: str | None = Field(description="what is asked, or what went wrong")
    retry_count: int
    request_payload: dict[str, Any]
    created_at: datetime
    executed_at: datetime | None
    completed_at: datetime | None
    from_name: str | None
    from_address: str | None
    subject: str | None


class ApproveRequest(_Request):
    reason: str | None = Field(None, max_length=2000, pattern=r"^[^\x00]*$")
    payload: dict[str, Any] | None = Field(None, description="instead of what was proposed; null: as it is")


class RejectRequest(_Request):
    reason: str | None = Field(None, max_length=2000, pattern=r"^[^\x00]*$")


class ActionResult(BaseModel):
    id: UUID
    changes: list[dict[str, Any]]


class Link(BaseModel):
    url: str
    expires_at: datetime


class Problem(BaseModel):
    """RFC 9457."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str | None = None
