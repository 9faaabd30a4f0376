"""The adapter `odoo_xmlrpc`: the same documents as `odoo`, for versions before 19, by the External API on XML-RPC.

https://www.odoo.com/documentation/18.0/developer/reference/external_api.html
"""

import xmlrpc.client
from typing import Any
from xml.parsers.expat import ExpatError

from emailq.app import App
from emailq.erp.call import call, kept, misconfigured, setting, trouble
from emailq.erp.odoo import create_by, find_by
from emailq.erp.outbox import Action
from emailq.erp.result import Result, Stopped
from emailq.http import Answer

honours_keys = False

_ACCESS_DENIED = 3  # faultCode of odoo.exceptions.AccessDenied
_REFUSED = (1, 2, 4)  # UserError and ValidationError, missing records and values, AccessError


async def find(action: Action, app: App) -> Result | None:
    return await find_by(execute, action, app)


async def create(action: Action, app: App) -> Result:
    return await create_by(execute, action, app)


async def execute(app: App, model: str, method: str, params: dict[str, Any], *, changes: bool) -> Any:
    """execute_kw of /xmlrpc/2/object; an error undid its transaction. The user's number is asked for once."""
    database, password = setting(app.settings, "erp_database"), setting(app.settings, "erp_token")
    if "odoo_user" not in app.resources:
        app.resources["odoo_user"] = await _log_in(app, database, password)
    named = dict(params)
    positional = [named.pop(name) for name in ("ids", "domain", "vals_list") if name in named]
    return await _rpc(
        app,
        "object",
        "execute_kw",
        (database, app.resources["odoo_user"], password, model, method, positional, named),
        f"{model}.{method}",
        changes=changes,
    )


async def _log_in(app: App, database: str, password: str) -> int:
    user = setting(app.settings, "erp_user")
    number = await _rpc(app, "common", "authenticate", (database, user, password, {}), "authenticate", changes=False)
    if not number:
        raise Stopped(misconfigured(f"Odoo does not let {user} in: check erp_database, erp_user and erp_token"))
    return int(number)


async def _rpc(app: App, service: str, method: str, params: tuple[Any, ...], name: str, *, changes: bool) -> Any:
    url = f"{setting(app.settings, 'erp_url').rstrip('/')}/xmlrpc/2/{service}"
    body = xmlrpc.client.dumps(params, method, allow_none=True).encode()
    answer = await call(app, "POST", url, body=body, headers={"content-type": "text/xml"}, changes=changes)
    if answer.status != 200 or not answer.is_whole:
        raise Stopped(trouble(answer, app.settings, changes=changes, why=name))
    try:
        (found,), _ = xmlrpc.client.loads(answer.body)
    except xmlrpc.client.Fault as fault:
        raise Stopped(_refusal(fault, name, answer, app)) from None
    except (ExpatError, xmlrpc.client.ResponseError, ValueError):
        outcome, then = ("unknown", "repeat") if changes else ("unavailable", "retry")
        raise Stopped(Result(outcome, then, f"Odoo: {name}: the answer is no XML-RPC")) from None  # type: ignore[arg-type]
    return found


def _refusal(fault: xmlrpc.client.Fault, name: str, answer: Answer, app: App) -> Result:
    lines = str(fault.faultString).strip().splitlines() or [""]
    reason = f"Odoo: {name}: {lines[-1][:300]}"
    if fault.faultCode == _ACCESS_DENIED:
        app.resources.pop("odoo_user", None)
        return misconfigured(f"{reason}: check erp_user and erp_token")
    if fault.faultCode in _REFUSED:
        return Result("rejected", "fail", reason, response=kept(answer, app.settings))
    return Result("unavailable", "retry", reason, response=kept(answer, app.settings))
