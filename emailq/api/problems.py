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
from emailq.db import brief, is_temporary
from emailq.errors import BadInput, NotFound, Unavailable, UsageError

MEDIA_TYPE = "application/problem+json"
_RETRY_S = 2


def problem(status: int, detail: str | None = None, headers: dict[str, str] | None = None) -> Response:
    body: dict[str, Any] = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status}
    if detail:
        body["detail"] = detail
    return JSONResponse(body, status, headers, MEDIA_TYPE)


def unavailable(detail: str) -> Response:
    return problem(503, detail, {"retry-after": str(_RETRY_S)})


def add_handlers(api: FastAPI) -> None:
    """Every error of a request ends here; what was not expected is logged by type and place, without content."""

    @api.exception_handler(HTTPException)
    async def known(request: Request, error: HTTPException) -> Response:
        if error.status_code == 401 and request.url.path.startswith("/ui/"):
            return RedirectResponse("/ui/login", 303)
        return problem(error.status_code, str(error.detail), dict(error.headers or {}))

    @api.exception_handler(RequestValidationError)
    async def invalid(request: Request, error: RequestValidationError) -> Response:
        first = error.errors()[0]
        place = ".".join(str(step) for step in first["loc"])
        status = 400 if first["type"] == "json_invalid" else 422
        return problem(status, f"{place}: {first['msg']}"[:500].encode("utf-8", "replace").decode())

    @api.exception_handler(NotFound)
    async def missing(request: Request, error: NotFound) -> Response:
        return problem(404, str(error))

    @api.exception_handler(UsageError)
    @api.exception_handler(BadInput)
    async def refused(request: Request, error: Exception) -> Response:
        return problem(422, str(error))

    @api.exception_handler(Unavailable)
    @api.exception_handler(PoolTimeout)
    async def away(request: Request, error: Exception) -> Response:
        return unavailable(brief(error))

    @api.exception_handler(psycopg.Error)
    async def database(request: Request, error: psycopg.Error) -> Response:
        if is_temporary(error):
            return unavailable("the database does not answer")
        if isinstance(error, psycopg.DataError):  # a number or a time out of its range
            return problem(422, brief(error))
        log.warn("api.database_error", reason=brief(error))
        return problem(500, "the request could not be carried out; see the server's log")
