"""The adapter `http`: actions as JSON to one URL, with an idempotency key and a signature."""

import base64
import binascii
import hashlib
import hmac
import json
import time
from collections.abc import Mapping
from typing import Any

from emailq.app import App
from emailq.erp.outbox import Action
from emailq.erp.result import Result
from emailq.http import Answer, NoAnswer, NotSent, send
from emailq.settings import Settings

_DOWN_S = 5.0  # between probes of an ERP that is down
_MISCONFIGURED_S = 60.0
_TOO_FAST_S = 30.0  # after 429 without Retry-After
_IN_FLIGHT_S = 2.0  # after 409 without Retry-After
_KEPT = 16_000  # characters of an answer


async def send_action(action: Action, app: App) -> Result:
    """POST the action once. The same key makes a second call harmless, for as long as the ERP remembers keys."""
    settings = app.settings
    if settings.erp_url is None:
        return _misconfigured("erp_url is not set, but actions go through the adapter http")
    try:
        answer = await send(
            app.http,
            "POST",
            settings.erp_url,
            content=action.body,
            headers=request_headers(action.idempotency_key, action.body, settings, int(time.time())),
            timeout_s=settings.erp_timeout_s,
        )
    except NotSent as error:
        return Result("unavailable", "wait", f"ERP: {error}", wait_s=_DOWN_S)
    except NoAnswer as error:
        return Result("unknown", "repeat", f"ERP: {error}")
    return interpret(answer, settings)


def request_headers(key: str, body: bytes, settings: Settings, now: int) -> dict[str, str]:
    """Idempotency-Key, bearer token, and a signature as in the Standard Webhooks specification, each if there is one.

    The signature is HMAC-SHA256 over "<webhook-id>.<webhook-timestamp>.<body>"; `now` is in Unix seconds.
    """
    headers = {"content-type": "application/json", "accept": "application/json", "idempotency-key": key}
    if settings.erp_token:
        headers["authorization"] = f"Bearer {settings.erp_token.get_secret_value()}"
    if settings.erp_hmac_key:
        signed = b"%b.%d.%b" % (key.encode(), now, body)
        digest = hmac.digest(signing_key(settings.erp_hmac_key.get_secret_value()), signed, hashlib.sha256)
        headers["webhook-id"] = key
        headers["webhook-timestamp"] = str(now)
        headers["webhook-signature"] = f"v1,{base64.b64encode(digest).decode()}"
    return headers


def signing_key(secret: str) -> bytes:
    """The bytes of a secret: those behind "whsec_" in base64, or the text itself."""
    if secret.startswith("whsec_"):
        try:
            return base64.b64decode(secret.removeprefix("whsec_"), validate=True)
        except binascii.Error:
            pass
    return secret.encode()


def interpret(answer: Answer, settings: Settings) -> Result:
    """What an answer means; docs/erp.md has the table."""
    status = answer.status
    content = answer.json()
    known: dict[str, Any] = {"http_status": status, "response": _kept(answer, content, settings)}
    entity_id = _entity_id(content)
    error = f"the ERP answered {status}"
    if 200 <= status < 300:
        if isinstance(content, dict) or (answer.is_whole and not answer.body.strip()):
            return Result("success", "done", entity_id=entity_id, **known)
        return Result("unknown", "review", f"{error}, but not with a JSON object: did it take the action?", **known)
    if status == 409 and entity_id:
        return Result("success", "done", entity_id=entity_id, **known)
    if status in (409, 425):
        wait_s = answer.retry_after_s() or _IN_FLIGHT_S
        return Result("unknown", "repeat", f"{error}: an earlier try is still running", wait_s=wait_s, **known)
    if status == 429:
        return Result("unavailable", "wait", error, wait_s=answer.retry_after_s() or _TOO_FAST_S, **known)
    if status in (502, 503):
        wait_s = answer.retry_after_s() or _DOWN_S
        return Result("unavailable" if status == 503 else "unknown", "wait", error, wait_s=wait_s, **known)
    if status in (401, 403, 404, 405, 407) or 300 <= status < 400:
        return _misconfigured(f"{error}: check erp_url, erp_token and erp_hmac_key", **known)
    if status in (408, 504):
        return Result("unknown", "repeat", error, wait_s=answer.retry_after_s(), **known)
    if status >= 500:
        return Result("unknown", "retry", error, wait_s=answer.retry_after_s(), **known)
    return Result("rejected", "fail", error, **known)


def _misconfigured(error: str, **known: Any) -> Result:
    reason = f"{error}; then: emailq resume erp_action"
    return Result("unavailable", "wait", reason, wait_s=_MISCONFIGURED_S, is_misconfigured=True, **known)


def _entity_id(content: Any) -> str | None:
    """The id of the document that the ERP made: `entity_id` or `id`, a text or a whole number."""
    if not isinstance(content, Mapping):
        return None
    for name in ("entity_id", "id"):
        value = content.get(name)
        if isinstance(value, str | int) and not isinstance(value, bool) and 0 < len(str(value)) <= 200:
            return str(value)
    return None


def _kept(answer: Answer, content: Any, settings: Settings) -> Any:
    """The answer as it goes into the log: bounded, and without the secrets that it may repeat."""
    if not answer.body:
        return None
    text = answer.text(_KEPT) if content is None else json.dumps(content, ensure_ascii=False)
    redacted = _redact(text, settings)
    if content is None or redacted != text or len(text) > _KEPT:
        return {"text": redacted[:1000], "bytes": len(answer.body)}
    return content


def _redact(text: str, settings: Settings) -> str:
    for secret in (settings.erp_token, settings.erp_hmac_key):
        if secret and len(secret.get_secret_value()) >= 4:
            text = text.replace(secret.get_secret_value(), "***")
    return text
