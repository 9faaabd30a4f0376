"""Health and figures over HTTP."""

import time
from datetime import UTC, datetime
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, PlainTextResponse, Response
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, generate_latest

from emailq.api.models import Dependency, HealthCheckResponse, MetricsResponse
from emailq.api.tokens import Reader
from emailq.app import App
from emailq.db import fetch_rows
from emailq.doctor import outside
from emailq.errors import EmailqError

router = APIRouter(tags=["system"])


@router.get("/healthz", response_class=PlainTextResponse)
async def alive() -> str:
    """That the server answers; needs no token and tells nothing else."""
    return "ok\n"


@router.get("/health")
async def health(request: Request, token: Reader) -> HealthCheckResponse:
    """Each dependency with its latency. `failed`: without the database or the blob store nothing goes."""
    app: App = request.app.state.app
    checks: dict[str, Dependency] = {}

    async def ask_database() -> None:
        async with app.pool.connection(timeout=5) as conn:
            await conn.execute("select 1")

    for name, check in (("database", ask_database), ("blobs", app.blobs.check)):
        began = time.perf_counter()
        try:
            await check()
            status, detail = "ok", "answers"
        except Exception as error:
            status, detail = "failed", str(error) if isinstance(error, EmailqError) else type(error).__name__
        checks[name] = _dependency(status, detail, began)
    began = time.perf_counter()
    async for finding in outside(app.settings):
        state = {"ok": "ok", "warn": "warning"}.get(finding.state, "failed")
        checks[finding.check] = _dependency(state, finding.text, began)
        began = time.perf_counter()
    bad = {name for name, check in checks.items() if check.status == "failed"}
    return HealthCheckResponse(
        status="failed" if bad & {"database", "blobs"} else "degraded" if bad else "ok",
        database=checks["database"].status,
        timestamp=datetime.now(UTC),
        dependencies=checks,
    )


def _dependency(status: str, detail: str, began: float) -> Dependency:
    latency_ms = round((time.perf_counter() - began) * 1000, 1)
    return Dependency.model_validate({"status": status, "detail": detail, "latency_ms": latency_ms})


_FORMS: dict[int | str, dict[str, Any]] = {
    200: {
        "content": {
            "application/json": {"schema": MetricsResponse.model_json_schema()},
            "text/plain": {"schema": {"type": "string"}},
        }
    }
}


@router.get("/metrics", response_class=PlainTextResponse, responses=_FORMS)
async def metrics(request: Request, token: Reader) -> Response:
    """Prometheus text; as `Accept: application/json` the same as /stats."""
    if _prefers(request, "application/json", over="text/plain"):
        return await _stats(request)
    return Response(generate_latest(REGISTRY), media_type=CONTENT_TYPE_LATEST)


@router.get("/stats", response_model=MetricsResponse, responses=_FORMS)
async def stats(request: Request, token: Reader) -> Response:
    """Counts and average times; as `Accept: text/plain` the same as /metrics."""
    if _prefers(request, "text/plain", over="application/json"):
        return Response(generate_latest(REGISTRY), media_type=CONTENT_TYPE_LATEST)
    return await _stats(request)


async def _stats(request: Request) -> Response:
    async with request.app.state.app.pool.connection() as conn:
        [row] = await fetch_rows(conn, "select * from api_stats")
    return JSONResponse(MetricsResponse.model_validate(row).model_dump())


def _prefers(request: Request, one: str, *, over: str) -> bool:
    """Whether the client names `one` with a greater weight than the other (RFC 9110 §12.5.1)."""
    weights: dict[str, float] = {}
    for entry in request.headers.get("accept", "").split(","):
        kind, *parameters = (part.strip().lower() for part in entry.split(";"))
        weight = next((p[2:] for p in parameters if p.startswith("q=")), "1")
        try:
            weights[kind] = float(weight)
        except ValueError:
            weights[kind] = 0.0
    other = max(weights.get(over, 0.0), weights.get("*/*", 0.0))
    return weights.get(one, 0.0) > other
