"""Errors as RFC 9457 problem details: what went wrong, and what to do."""

from http import HTTPStatus
from typing import Any

import psycopg
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, RedirectResponse, Response
from psycopg_pool import PoolTimeout
from starlette.exceptions import HTTPException

from emailq import log
from emailq.api.html import html
from emailq.db import brief, is_temporary
from emailq.errors import BadInput, NotFound, Unavailable, UsageError

MEDIA_TYPE = "application/problem+json"
_RETRY_S = 2


def problem(status: int, detail: str | None = None, headers: dict[str, str] | None = None) -> Response:
    body: dict[str, Any] = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status}
    if detail:
        body["detail"] = detail
    return JSONResponse(body, status, headers, MEDIA_TYPE)


def _answer(request: Request, status: int, detail: str, headers: dict[str, str] | None = None) -> Response:
    """A problem; for a person with a browser, a page that says it."""
    if request.url.path.startswith("/ui/"):
        return html("problem.html", status, headers, title=HTTPStatus(status).phrase, detail=detail)
    return problem(status, detail, headers)


def _unavailable(request: Request, detail: str) -> Response:
    return _answer(request, 503, detail, {"retry-after": str(_RETRY_S)})


def add_handlers(api: FastAPI) -> None:
    """Every error of a request ends here; what was not expected is logged by type and place, without content."""

    @api.exception_handler(HTTPException)
    async def known(request: Request, error: HTTPException) -> Response:
        if error.status_code == 401 and request.url.path.startswith("/ui/"):
            return RedirectResponse("/ui/login", 303)
        return _answer(request, error.status_code, str(error.detail), dict(error.headers or {}))

    @api.exception_handler(RequestValidationError)
    async def invalid(request: Request, error: RequestValidationError) -> Response:
        first = error.errors()[0]
        place = ".".join(str(step) for step in first["loc"])
        status = 400 if first["type"] == "json_invalid" else 422
        if first["loc"] == ("body",) and "json" not in request.headers.get("content-type", "json"):
            status = 415
        return _answer(request, status, f"{place}: {first['msg']}"[:500].encode("utf-8", "replace").decode())

    @api.exception_handler(NotFound)
    async def missing(request: Request, error: NotFound) -> Response:
        return _answer(request, 404, str(error))

    @api.exception_handler(UsageError)
    @api.exception_handler(BadInput)
    async def refused(request: Request, error: Exception) -> Response:
        return _answer(request, 422, str(error))

    @api.exception_handler(Unavailable)
    @api.exception_handler(PoolTimeout)
    async def away(request: Request, error: Exception) -> Response:
        return _unavailable(request, brief(error))

    @api.exception_handler(psycopg.Error)
    async def database(request: Request, error: psycopg.Error) -> Response:
        if is_temporary(error):
            return _unavailable(request, "the database does not answer")
        if isinstance(error, psycopg.DataError):  # a number or a time out of its range
            return _answer(request, 422, brief(error))
        log.warn("api.database_error", reason=brief(error))
        return _answer(request, 500, "the request could not be carried out; see the server's log")
