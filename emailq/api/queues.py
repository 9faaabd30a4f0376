"""The queue over HTTP: enqueue, look, retry, cancel, pause, resume."""

from typing import Annotated, Any
from uuid import UUID

import psycopg
from fastapi import APIRouter, HTTPException, Path, Request

from emailq.api.models import (
    EnqueueRequest,
    EnqueueResponse,
    ItemsRequest,
    ItemsResponse,
    PauseRequest,
    QueueStatus,
)
from emailq.api.once import OnceRoute
from emailq.api.tokens import Reader, Writer
from emailq.errors import NotFound
from emailq.queue import jobs

router = APIRouter(route_class=OnceRoute, prefix="/queues", tags=["queues"])

QueueName = Annotated[str, Path(max_length=50, pattern=r"^[^\x00-\x1f]+$")]


@router.get("")
async def queues(request: Request, token: Reader) -> list[QueueStatus]:
    """Depth, age, rate and workers of each queue."""
    async with request.app.state.app.pool.connection() as conn:
        return [QueueStatus.model_validate(row) for row in await jobs.status(conn)]


@router.post("/items")
async def enqueue(asked: EnqueueRequest, request: Request, token: Writer) -> EnqueueResponse:
    """Put e-mails into a queue; one that is live there already stays as it is."""
    wanted = list(dict.fromkeys(asked.email_ids))
    async with request.app.state.app.pool.connection() as conn:
        try:
            added = await jobs.enqueue_at(conn, asked.queue, wanted, asked.priority, asked.at)
        except psycopg.errors.ForeignKeyViolation:
            raise NotFound("an e-mail of these does not exist") from None
    return EnqueueResponse(enqueued=[item for item, _ in added], live_already=len(wanted) - len(added))


@router.get("/items/{item_id}/why")
async def why(item_id: UUID, request: Request, token: Reader) -> dict[str, Any]:
    """Why an item is where it is."""
    async with request.app.state.app.pool.connection() as conn:
        reason = await jobs.why(conn, item_id)
    if reason is None:
        raise NotFound(f"no queue item {item_id}")
    return {"id": item_id, "why": reason}


@router.post("/items/retry")
async def retry(asked: ItemsRequest, request: Request, token: Writer) -> ItemsResponse:
    """Start failed or cancelled items again."""
    async with request.app.state.app.pool.connection() as conn:
        return ItemsResponse(changed=await jobs.requeue(conn, asked.ids))


@router.post("/items/cancel")
async def cancel(asked: ItemsRequest, request: Request, token: Writer) -> ItemsResponse:
    """Cancel live items; the handler of a running one is stopped."""
    async with request.app.state.app.pool.connection() as conn:
        return ItemsResponse(changed=await jobs.cancel(conn, asked.ids))


@router.post("/{queue}/pause")
async def pause(queue: QueueName, asked: PauseRequest, request: Request, token: Writer) -> QueueStatus:
    """Stop claiming from a queue; what runs goes on."""
    return await _steer(request, queue, asked.reason, paused=True)


@router.post("/{queue}/resume")
async def resume(queue: QueueName, request: Request, token: Writer) -> QueueStatus:
    """Claim from a queue again."""
    return await _steer(request, queue, None, paused=False)


async def _steer(request: Request, queue: str, reason: str | None, *, paused: bool) -> QueueStatus:
    async with request.app.state.app.pool.connection() as conn:
        known = {row["queue_name"] for row in await jobs.status(conn)}
        if queue not in known:
            raise HTTPException(404, f"no queue of that name; there are {', '.join(sorted(known))}"[:500])
        await (jobs.pause(conn, queue, reason) if paused else jobs.resume(conn, queue))
        return next(QueueStatus.model_validate(row) for row in await jobs.status(conn) if row["queue_name"] == queue)
