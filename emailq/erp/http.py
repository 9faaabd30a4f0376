"""The adapter `http`: actions as JSON to one URL, with an idempotency key and a signature."""

import base64
import binascii
import hashlib
import hmac
import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from emailq.app import App
from emailq.erp.call import call, describe, kept, setting, trouble
from emailq.erp.documents import documents
from emailq.erp.outbox import Action
from emailq.erp.payload import canonical
from emailq.erp.result import Result, Stopped
from emailq.erp.template import render, render_path
from emailq.http import Answer
from emailq.settings import Settings

honours_keys = True


async def create(action: Action, app: App) -> Result:
    """Send the action once. The same key makes a second call harmless, for as long as the ERP remembers keys."""
    method, url, body = await request_of(action, app)
    headers = request_headers(action.idempotency_key, body, app.settings, int(time.time()))
    answer = await call(app, method, url, body=body, headers=headers)
    return interpret(answer, app.settings, describe(method, url, body))


async def find(action: Action, app: App) -> Result | None:
    """Ask `erp_lookup` for the document of a key: 404 means that there is none."""
    if not app.settings.erp_lookup:
        raise NotImplementedError
    path = render_path(app.settings.erp_lookup, entity_id=None, key=action.idempotency_key)
    url = setting(app.settings, "erp_url").rstrip("/") + path
    headers = request_headers(action.idempotency_key, b"", app.settings, int(time.time()))
    answer = await call(app, "GET", url, body=None, headers=headers, changes=False)
    if answer.status == 404:
        return None
    result = interpret(answer, app.settings, describe("GET", url, None), changes=False)
    if result.outcome == "success":
        return result
    raise Stopped(result)


async def request_of(action: Action, app: App) -> tuple[str, str, bytes]:
    """Method, URL and body: the same bytes on every try, for they come from the action's row and from blobs."""
    url = setting(app.settings, "erp_url")
    payload: dict[str, Any] = dict(action.request_payload)
    if attached := await documents(action, app):
        payload["documents"] = [
            {
                "filename": one.filename,
                "content_type": one.content_type,
                "sha256": one.sha256,
                "content_base64": base64.b64encode(one.content).decode(),
            }
            for one in attached
        ]
    if action.entity_id:
        payload["entity_id"] = action.entity_id
    if action.template is None:
        return "POST", url, canonical(payload)
    path = render_path(action.template["path"], entity_id=action.entity_id, key=action.idempotency_key)
    values = {**payload, "key": action.idempotency_key, "reference": action.reference}
    body = render(action.template["body"], values)
    return action.template["method"], url.rstrip("/") + path if path else url, canonical(body)


def request_headers(key: str, body: bytes, settings: Settings, now: int) -> dict[str, str]:
    """Idempotency-Key, bearer token, and a signature as in the Standard Webhooks specification, each if there is one.

    The signature is HMAC-SHA256 over "<webhook-id>.<webhook-timestamp>.<body>"; `now` is in Unix seconds.
    """
    headers = {"content-type": "application/json", "accept": "application/json", "idempotency-key": key}
    if settings.erp_token:
        headers["authorization"] = f"Bearer {settings.erp_token.get_secret_value()}"
    if settings.erp_hmac_key:
        headers["webhook-id"] = key
        headers["webhook-timestamp"] = str(now)
        headers["webhook-signature"] = signature(settings.erp_hmac_key.get_secret_value(), key, now, body)
    return headers


def signature(secret: str, key: str, timestamp: int, body: bytes) -> str:
    signed = b"%b.%d.%b" % (key.encode(), timestamp, body)
    digest = hmac.digest(signing_key(secret), signed, hashlib.sha256)
    return f"v1,{base64.b64encode(digest).decode()}"


def signing_key(secret: str) -> bytes:
    """The bytes of a secret: those behind "whsec_" in base64, or the text itself."""
    if secret.startswith("whsec_"):
        try:
            return base64.b64decode(secret.removeprefix("whsec_"), validate=True)
        except binascii.Error:
            pass
    return secret.encode()


def interpret(answer: Answer, settings: Settings, request: dict[str, Any], *, changes: bool = True) -> Result:
    """What an answer means; docs/erp.md has the table."""
    content = answer.json()
    entity_id = _entity_id(content)
    known: dict[str, Any] = {"http_status": answer.status, "response": kept(answer, settings), "request": request}
    if 200 <= answer.status < 300:
        if isinstance(content, dict) or (answer.is_whole and not answer.body.strip()):
            return Result("success", "done", entity_id=entity_id, **known)
        error = f"the ERP answered {answer.status}, but not with a JSON object: did it take the action?"
        return Result("unknown", "review", error, **known)
    if answer.status == 409 and entity_id:
        return Result("success", "done", entity_id=entity_id, **known)
    return replace(trouble(answer, settings, changes=changes), request=request)


def _entity_id(content: Any) -> str | None:
    """The id of the document that the ERP made: `entity_id` or `id`, a text or a whole number."""
    if not isinstance(content, Mapping):
        return None
    for name in ("entity_id", "id"):
        value = content.get(name)
        if isinstance(value, str | int) and not isinstance(value, bool) and 0 < len(str(value)) <= 200:
            return str(value)
    return None
