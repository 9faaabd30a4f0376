"""The HTTP API and the page as one ASGI application."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import uvicorn
from fastapi import FastAPI
from fastapi.responses import RedirectResponse

from emailq import __version__
from emailq.api import emails, erp, page, queues, system
from emailq.api.connection import HEAD_BYTES, Connection
from emailq.api.gate import Gate, Rates, Recorder
from emailq.api.html import html
from emailq.api.models import Problem
from emailq.api.problems import MEDIA_TYPE, add_handlers
from emailq.api.tokens import Tokens
from emailq.app import open_app
from emailq.queue.standing import exposed_metrics, keep_standing
from emailq.settings import Settings

_PROBLEMS = {
    400: "the request is not well formed",
    401: "no valid token",
    403: "the token lacks a scope",
    404: "there is no such thing",
    408: "the body took too long",
    409: "the same request is being worked on, or it comes too late",
    413: "the body is too large",
    415: "the body is of a kind that is not read here",
    422: "the request makes no sense",
    429: "too many requests",
    500: "a fault of the server",
    503: "something that the server needs is down",
}


def server(settings: Settings) -> uvicorn.Server:
    """The server, which is not running yet; it is given a socket that listens."""
    config = uvicorn.Config(
        create_api(settings),
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_keep_alive=15,
        limit_concurrency=500,
        http=Connection,
        h11_max_incomplete_event_size=HEAD_BYTES,
    )
    return uvicorn.Server(config)


def create_api(settings: Settings) -> FastAPI:
    """The application; it opens the database and the blob store when it starts."""
    recorder = Recorder()

    @asynccontextmanager
    async def lifespan(api: FastAPI) -> AsyncIterator[None]:
        async with open_app(settings) as app, exposed_metrics(app):
            api.state.app = app
            tasks = [asyncio.create_task(recorder.run(app.pool))]
            if settings.metrics_port is None:  # else they are kept already
                tasks.append(asyncio.create_task(keep_standing(app.pool)))
            try:
                yield
            finally:
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)
                await recorder.flush(app.pool)

    responses: dict[int | str, dict[str, Any]] = {
        status: {"description": text, "content": {MEDIA_TYPE: {"schema": Problem.model_json_schema()}}}
        for status, text in _PROBLEMS.items()
    }
    api = FastAPI(
        title="emailq",
        version=__version__,
        lifespan=lifespan,
        responses=responses,
        docs_url=None,  # FastAPI's page loads scripts from elsewhere
        redoc_url=None,
        openapi_url="/openapi.json" if settings.api_docs else None,
    )
    api.state.tokens = Tokens()
    api.state.rates = Rates(settings.api_rate_per_s)
    add_handlers(api)
    for module in (emails, queues, erp, system, page):
        api.include_router(module.router)
    api.add_api_route("/", lambda: RedirectResponse("/ui/"), include_in_schema=False)
    if settings.api_docs:
        api.add_api_route("/docs", lambda: html("docs.html", api=api.openapi()), include_in_schema=False)
    # raw messages may come as base64 in JSON, or in a form
    api.add_middleware(Gate, recorder=recorder, limit_bytes=settings.max_message_bytes * 4 // 3 + 100_000)
    return api
