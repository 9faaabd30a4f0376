"""ERP actions over HTTP: list, approve, reject."""

from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Request

from emailq.api.models import ActionResult, ApproveRequest, ErpActionRow, RejectRequest
from emailq.api.once import OnceRoute
from emailq.api.tokens import Reader, Writer
from emailq.erp import desk

router = APIRouter(route_class=OnceRoute, prefix="/erp-actions", tags=["ERP"])

Status = Literal["pending", "success", "failed", "retrying", "needs_review", "cancelled"]


@router.get("")
async def actions(
    request: Request,
    token: Reader,
    status: Annotated[list[Status] | None, Query()] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> list[ErpActionRow]:
    """ERP actions, by default those that wait for a person."""
    async with request.app.state.app.pool.connection() as conn:
        rows = await desk.list_actions(conn, status or ["needs_review"], limit)
    return [ErpActionRow.model_validate(row) for row in rows]


@router.post("/{action_id}/approve")
async def approve(action_id: UUID, asked: ApproveRequest, request: Request, token: Writer) -> ActionResult:
    """Send an action that waits for a person, as it is or with another payload; the difference is kept."""
    async with request.app.state.app.pool.connection() as conn:
        action = await desk.show_action(conn, action_id)
        payload: dict[str, Any] = asked.payload if asked.payload is not None else action["request_payload"]
        changes = desk.differences(action["request_payload"], payload)
        await desk.approve(conn, action, payload, changes, token.name, asked.reason)
    return ActionResult(id=action_id, changes=changes)


@router.post("/{action_id}/reject")
async def reject(action_id: UUID, asked: RejectRequest, request: Request, token: Writer) -> ActionResult:
    """Say no to an action: it is never sent."""
    async with request.app.state.app.pool.connection() as conn:
        await desk.show_action(conn, action_id)
        await desk.reject(conn, action_id, token.name, asked.reason)
    return ActionResult(id=action_id, changes=[])
