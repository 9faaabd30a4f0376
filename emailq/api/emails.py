"""E-mails over HTTP: take in, classify, list, read, label; attachments by links that expire."""

import asyncio
import base64
import binascii
import hashlib
import hmac
import secrets
import time
from datetime import UTC, datetime
from typing import Annotated
from urllib.parse import quote
from uuid import UUID

from fastapi import APIRouter, Depends, HTTPException, Query, Request
from fastapi.responses import Response

from emailq.api.models import (
    ClassificationRequest,
    ClassificationResult,
    EmailDetails,
    EmailPage,
    LabelRequest,
    Link,
    ParseEmailRequest,
    ParseEmailResponse,
)
from emailq.api.once import OnceRoute
from emailq.api.tokens import Ingester, Reader, Writer
from emailq.app import App
from emailq.classify.decisions import label_email
from emailq.db import fetch_value
from emailq.errors import BadInput, Unavailable
from emailq.ingest.accept import Incoming, accept
from emailq.models import LLM_QUEUE, Intent, Priority, Sentiment
from emailq.parse.values import address_key
from emailq.queue.inline import work_now
from emailq.store.attachments import Attachment, attachment_by_id, refusal
from emailq.store.emails import list_emails, show_email

router = APIRouter(route_class=OnceRoute, tags=["e-mails"])


_LINK_S = 300
_LINK_KEY = secrets.token_bytes(32)  # links die with the process
_WORKER_S = 30.0  # how long to wait for a worker that was quicker

_RAW = {
    "requestBody": {
        "required": True,
        "content": {
            "message/rfc822": {"schema": {"type": "string", "format": "binary"}},
            "application/json": {"schema": ParseEmailRequest.model_json_schema()},
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "properties": {"message": {"type": "string", "format": "binary"}},
                    "required": ["message"],
                }
            },
        },
    }
}


@router.post("/parse", openapi_extra=_RAW)
async def parse(request: Request, token: Ingester) -> ParseEmailResponse:
    """Take in a message and parse it: raw as message/rfc822, in a form's file `message`, or base64 in JSON.

    It is kept before anything else happens. A message that is here already is found again.
    """
    began = time.perf_counter()
    app: App = request.app.state.app
    raw, uid, folder = await _message_of(request)
    if not raw.strip():
        raise BadInput("the message is empty")
    if len(raw) > app.settings.max_message_bytes:
        raise HTTPException(413, f"a message may have {app.settings.max_message_bytes} bytes")
    uidvalidity = None if uid is None else 0  # which is not known
    source = f"HTTP API, token {token.name}"
    incoming = Incoming(raw, app.settings.account, source, folder=folder, uid=uid, uidvalidity=uidvalidity)
    [accepted] = await accept(app.pool, app.blobs, [incoming])
    if accepted.email_id is None:
        raise HTTPException(410, "the message was erased here and does not come back")
    try:
        is_done = await work_now(app, "parsing", accepted.email_id, only_unclaimed=True)
    except BadInput as error:
        raise BadInput(f"{error}; it is kept all the same, as {accepted.email_id}: do not send it again") from None
    if not is_done:
        await _wait_until_parsed(app, accepted.email_id)
    email = await _details(app, accepted.email_id)
    took_ms = round((time.perf_counter() - began) * 1000)
    return ParseEmailResponse(email=email, processing_time_ms=took_ms, is_new=accepted.is_new)


async def _message_of(request: Request) -> tuple[bytes, int | None, str]:
    """(raw bytes, IMAP uid, folder) out of any of the three forms."""
    kind = request.headers.get("content-type", "message/rfc822").partition(";")[0].strip().lower()
    match kind:
        case "message/rfc822" | "application/octet-stream" | "text/plain":
            return await request.body(), None, "INBOX"
        case "application/json":
            asked = _from_json(await request.body())
            return asked.raw_email, asked.imap_uid, asked.imap_folder
        case "multipart/form-data":
            async with request.form(max_files=1, max_fields=10) as form:
                file = form.get("message")
                if file is None or isinstance(file, str):
                    raise HTTPException(422, "the form has no file named message")
                return await file.read(), None, "INBOX"
    raise HTTPException(415, "send message/rfc822, multipart/form-data with a file named message, or JSON")


def _from_json(body: bytes) -> ParseEmailRequest:
    from pydantic import ValidationError

    try:
        return ParseEmailRequest.model_validate_json(body)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        status = 400 if first["type"] == "json_invalid" else 422
        place = ".".join(str(step) for step in first["loc"]) or "body"
        raise HTTPException(status, f"{place}: {first['msg']}") from None


async def _wait_until_parsed(app: App, email_id: UUID) -> None:
    deadline = time.monotonic() + _WORKER_S
    while True:
        async with app.pool.connection() as conn:
            if await fetch_value(conn, "select parsed_at is not null from emails where id = %s", email_id):
                return
        if time.monotonic() > deadline:
            raise Unavailable("the message is kept, and a worker is still at it: ask for it later by its Message-ID")
        await asyncio.sleep(0.1)


@router.post("/classify")
async def classify(asked: ClassificationRequest, request: Request, token: Writer) -> ClassificationResult:
    """Classify a parsed e-mail now, by the classifier of the settings; the decision goes into the history."""
    app: App = request.app.state.app
    await _details(app, asked.email_id)
    await work_now(app, "classification", asked.email_id)
    if await _needs_llm(app, asked.email_id):
        await work_now(app, LLM_QUEUE, asked.email_id)
    return await _result(app, asked.email_id)


async def _needs_llm(app: App, email_id: UUID) -> bool:
    """Whether a cascade has handed it on."""
    async with app.pool.connection() as conn:
        cursor = await conn.execute(
            "select from processing_queue where email_id = %s and queue_name = %s and completed_at is null",
            (email_id, LLM_QUEUE),
        )
        return await cursor.fetchone() is not None


@router.post("/emails/{email_id}/label")
async def label(email_id: UUID, asked: LabelRequest, request: Request, token: Writer) -> ClassificationResult:
    """A person's decision: it wins over the classifier for ever, and goes into the history."""
    app: App = request.app.state.app
    async with app.pool.connection() as conn:
        await label_email(conn, email_id, person=token.name, **asked.model_dump())
    return await _result(app, email_id)


def _only_known_parameters(request: Request) -> None:
    """A filter with a typing error would be none, and show everything."""
    known = {one.alias for one in request.scope["route"].dependant.query_params}
    for name in request.query_params:
        if name not in known:
            raise HTTPException(422, f"unknown parameter {name!r}; there are {', '.join(sorted(known))}")


@router.get("/emails", dependencies=[Depends(_only_known_parameters)])
async def emails(
    request: Request,
    token: Reader,
    intent: Intent | None = None,
    sentiment: Sentiment | None = None,
    priority: Priority | None = None,
    account: Annotated[str | None, Query(max_length=300, pattern=r"^[^\x00]+$")] = None,
    sender: Annotated[str | None, Query(max_length=1000, pattern=r"^[^\x00]+$", description="exact address")] = None,
    thread: UUID | None = None,
    review: Annotated[bool, Query(description="only what needs a person")] = False,
    failed: Annotated[bool, Query(description="only what failed")] = False,
    search: Annotated[str | None, Query(max_length=1000, pattern=r"^[^\x00]+$")] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    cursor: Annotated[str | None, Query(max_length=200)] = None,
) -> EmailPage:
    """E-mails, newest first, a page at a time: `next` of a page is the `cursor` of the one after it."""
    async with request.app.state.app.pool.connection() as conn:
        rows = await list_emails(
            conn,
            intent=intent,
            sentiment=sentiment,
            priority=priority,
            account=account,
            sender=sender and address_key(sender),
            thread=thread,
            review=review,
            failed=failed,
            search=search,
            before=_position(cursor) if cursor else None,
            limit=limit,
        )
    last = rows[-1] if len(rows) == limit else None
    return EmailPage.model_validate({"emails": rows, "next": last and _cursor(last["received_at"], last["id"])})


@router.get("/emails/{email_id}")
async def email(email_id: UUID, request: Request, token: Reader) -> EmailDetails:
    """One e-mail with its thread, attachments, decisions, ERP actions and queue items."""
    return await _details(request.app.state.app, email_id)


@router.post("/attachments/{attachment_id}/link")
async def attachment_link(attachment_id: UUID, request: Request, token: Reader) -> Link:
    """A URL for an attachment that needs no token and works for five minutes. Infected ones are not served."""
    await _attachment(request.app.state.app, attachment_id)
    expires = int(time.time()) + _LINK_S
    url = f"/attachments/{attachment_id}/content?expires={expires}&signature={_signature(attachment_id, expires)}"
    return Link(url=url, expires_at=datetime.fromtimestamp(expires, UTC))


@router.get("/attachments/{attachment_id}/content", response_class=Response)
async def attachment_content(
    attachment_id: UUID,
    request: Request,
    expires: Annotated[int, Query(ge=0, le=2**40)],
    signature: Annotated[str, Query(max_length=200)],
) -> Response:
    """The bytes, always as a download."""
    expected = _signature(attachment_id, expires)
    if not hmac.compare_digest(signature.encode("utf-8", "replace"), expected.encode()) or expires < time.time():
        raise HTTPException(403, "this link is not valid any more: ask for a new one")
    app: App = request.app.state.app
    found = await _attachment(app, attachment_id)
    name = quote(found.filename, safe="")
    headers = {"content-disposition": f"attachment; filename*=UTF-8''{name}", "cache-control": "private, no-store"}
    return Response(await app.blobs.get(found.blob), headers=headers, media_type="application/octet-stream")


async def _attachment(app: App, attachment_id: UUID) -> Attachment:
    async with app.pool.connection() as conn:
        found = await attachment_by_id(conn, attachment_id)
    if reason := refusal(found.scan_status):
        raise HTTPException(403, reason)
    return found


def _signature(attachment_id: UUID, expires: int) -> str:
    return hmac.new(_LINK_KEY, f"{attachment_id} {expires}".encode(), hashlib.sha256).hexdigest()


async def _details(app: App, email_id: UUID) -> EmailDetails:
    async with app.pool.connection() as conn:
        found = await show_email(conn, email_id)
    attachments = [{**row, "email_id": email_id} for row in found["attachments"]]
    rest = {name: found[name] for name in ("thread", "deliveries", "classification_history", "erp_actions", "queue")}
    return EmailDetails.model_validate({**found["email"], "attachments": attachments, **rest})


async def _result(app: App, email_id: UUID) -> ClassificationResult:
    details = await _details(app, email_id)
    last = details.classification_history[-1] if details.classification_history else {}
    told = last.get("details") or {}
    return ClassificationResult(
        email_id=email_id,
        intent=details.intent or Intent.OTHER,
        sentiment=details.sentiment,
        priority=details.priority,
        confidence_score=details.confidence_score or 0,
        requests=details.requests,
        probabilities=told.get("probabilities"),
        reasoning=told.get("reasoning"),
        needs_review=details.review_reason,
    )


def _cursor(received_at: datetime, email_id: UUID) -> str:
    return base64.urlsafe_b64encode(f"{received_at.isoformat()} {email_id}".encode()).decode()


def _position(cursor: str) -> tuple[datetime, UUID]:
    try:
        moment, _, email_id = base64.urlsafe_b64decode(cursor.encode("ascii")).decode().partition(" ")
        return datetime.fromisoformat(moment).astimezone(UTC), UUID(email_id)
    except (ValueError, OverflowError, binascii.Error):
        raise HTTPException(400, "cursor: take it from `next` of the page before") from None
