"""One HTTP call to an ERP, for all adapters: what its failures mean, and what of it may be kept."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from emailq.app import App
from emailq.erp.result import Result, Stopped
from emailq.http import Answer, NoAnswer, NotSent, send
from emailq.settings import Settings

DOWN_S = 5.0  # between probes of an ERP that is down
TOO_FAST_S = 30.0  # after 429 without Retry-After
IN_FLIGHT_S = 2.0  # after 409 without Retry-After
_KEPT = 16_000  # characters of an answer


async def call(
    app: App, method: str, url: str, *, body: bytes | None, headers: Mapping[str, str], changes: bool = True
) -> Answer:
    """The answer, whatever its status. `changes`: the call may change something in the ERP. Raises Stopped.

    Each call has a connection of its own: on a shared one, a server that answers twice answers the next request as
    well, and the document of one message would be taken for that of another.
    """
    request = describe(method, url, body)
    headers = {**headers, "connection": "close"}
    try:
        return await send(app.http, method, url, content=body, headers=headers, timeout_s=app.settings.erp_timeout_s)
    except NotSent as error:
        raise Stopped(Result("unavailable", "wait", f"ERP: {error}", request=request, wait_s=DOWN_S)) from None
    except NoAnswer as error:
        if changes:
            raise Stopped(Result("unknown", "repeat", f"ERP: {error}", request=request)) from None
        raise Stopped(Result("unavailable", "retry", f"ERP: {error}", request=request)) from None


def trouble(answer: Answer, settings: Settings, *, changes: bool = True, why: str = "") -> Result:
    """What an answer means that is no success; docs/erp.md has the table. `why`: the ERP's own words, if it has any."""
    status = answer.status
    known: dict[str, Any] = {"http_status": status, "response": kept(answer, settings)}
    error = f"the ERP answered {status}" + (f": {redact(why, settings)[:300]}" if why else "")
    if status in (401, 403, 404, 405, 407) or 300 <= status < 400:
        return misconfigured(f"{error}: check erp_url, erp_user and erp_token", **known)
    if status == 429:
        return Result("unavailable", "wait", error, wait_s=_wait_s(answer, TOO_FAST_S), **known)
    if status in (502, 503):
        is_untouched = status == 503 or not changes
        return Result(
            "unavailable" if is_untouched else "unknown", "wait", error, wait_s=_wait_s(answer, DOWN_S), **known
        )
    if status in (409, 425):
        error = f"{error}: an earlier try is still running"
        return Result("unknown", "repeat", error, wait_s=_wait_s(answer, IN_FLIGHT_S), **known)
    if status in (408, 504) or status >= 500:
        then: Any = "repeat" if status in (408, 504) and changes else "retry"
        return Result("unknown" if changes else "unavailable", then, error, wait_s=answer.retry_after_s(), **known)
    return Result("rejected", "fail", error, **known)


def misconfigured(error: str, **known: Any) -> Result:
    return Result("unavailable", "pause", f"{error}; then: emailq resume erp_action", **known)


def setting(settings: Settings, name: str) -> str:
    """A setting that the adapter can't do without. Raises Stopped, which pauses the queue."""
    value = getattr(settings, name)
    if not value:
        raise Stopped(misconfigured(f"the adapter {settings.erp_adapter} needs EMAILQ_{name.upper()}"))
    return value.get_secret_value() if hasattr(value, "get_secret_value") else str(value)


def describe(method: str, url: str, body: bytes | None) -> dict[str, Any]:
    """A request as the log keeps it: the body by its size and hash, for it is in the action."""
    found: dict[str, Any] = {"method": method, "url": url.split("?")[0].split("@")[-1]}
    if body is not None:
        found |= {"bytes": len(body), "sha256": hashlib.sha256(body).hexdigest()}
    return found


def kept(answer: Answer, settings: Settings) -> Any:
    """The answer as it goes into the log: bounded, and without the secrets that it may repeat."""
    if not answer.body:
        return None
    content = answer.json()
    text = answer.text(_KEPT) if content is None else json.dumps(content, ensure_ascii=False)
    redacted = redact(text, settings)
    if content is None or redacted != text or len(text) > _KEPT:
        return {"text": redacted[:1000], "bytes": len(answer.body)}
    return content


def redact(text: str, settings: Settings) -> str:
    for secret in (settings.erp_token, settings.erp_hmac_key):
        if secret and len(secret.get_secret_value()) >= 4:
            text = text.replace(secret.get_secret_value(), "***")
    return text


def _wait_s(answer: Answer, default: float) -> float:
    asked = answer.retry_after_s()
    return default if asked is None else max(asked, 0.2)
