"""The adapter `odoo`: drafts in Odoo (19 and later) by its JSON-2 API: quotations, vendor bills, tickets, leads.

Odoo has no idempotency keys: each document carries the action's reference, in its source document or its name, and is
looked for there before it is made again. Nothing is confirmed or posted: a person in the ERP does that.
https://www.odoo.com/documentation/19.0/developer/reference/external_api.html
"""

import base64
import json
from collections.abc import Awaitable, Callable
from typing import Any

from emailq.app import App
from emailq.erp import facts
from emailq.erp.call import call, misconfigured, setting, trouble
from emailq.erp.documents import documents
from emailq.erp.outbox import Action
from emailq.erp.result import Result, Stopped

honours_keys = False

# model, and the field that holds the reference
PLACES = {
    "create_order": ("sale.order", "origin"),
    "create_invoice": ("account.move", "invoice_origin"),
    "create_complaint": ("helpdesk.ticket", "name"),  # an app of Odoo Enterprise
    "create_lead": ("crm.lead", "name"),
}

# call(app, model, method, params, changes=…): params are the method's keyword arguments, and `ids`
Call = Callable[..., Awaitable[Any]]


async def find(action: Action, app: App) -> Result | None:
    return await find_by(json2, action, app)


async def create(action: Action, app: App) -> Result:
    return await create_by(json2, action, app)


async def json2(app: App, model: str, method: str, params: dict[str, Any], *, changes: bool) -> Any:
    """POST /json/2/<model>/<method>: each call is a transaction; an error undid it."""
    url = f"{setting(app.settings, 'erp_url').rstrip('/')}/json/2/{model}/{method}"
    headers = {
        "authorization": f"bearer {setting(app.settings, 'erp_token')}",
        "content-type": "application/json; charset=utf-8",
        "user-agent": "emailq",
    }
    if app.settings.erp_database:
        headers["x-odoo-database"] = app.settings.erp_database
    answer = await call(app, "POST", url, body=json.dumps(params).encode(), headers=headers, changes=changes)
    content = answer.json()
    if answer.status == 200 and answer.is_whole:
        return content
    why = str(content.get("message") or "") if isinstance(content, dict) else ""
    if answer.status == 404 and why:  # a model or method that this Odoo does not have
        raise Stopped(misconfigured(f"Odoo: {model}.{method}: {why[:300]}: is its app installed?", http_status=404))
    raise Stopped(trouble(answer, app.settings, changes=changes, why=f"{model}.{method}: {why}"))


async def find_by(call_odoo: Call, action: Action, app: App) -> Result | None:
    if action.action_type == "update_invoice":
        domain = [["model", "=", "account.move"], ["res_id", "=", _id(action)], ["body", "ilike", action.reference]]
        there = await call_odoo(app, "mail.message", "search", {"domain": domain, "limit": 1}, changes=False)
        return _done("account.move", _id(action)) if there else None
    model, field = _place(action)
    domain = [[field, "ilike", action.reference]]
    found = await call_odoo(app, model, "search", {"domain": domain, "limit": 2}, changes=False)
    if len(found) > 1:
        raise Stopped(Result("unknown", "review", f"Odoo has several documents with {action.reference}: {found}"))
    return await _complete(call_odoo, action, app, model, found[0]) if found else None


async def create_by(call_odoo: Call, action: Action, app: App) -> Result:
    if action.action_type == "update_invoice":
        await _attach(call_odoo, action, app, "account.move", _id(action))
        body = {"ids": [_id(action)], "body": facts.note(action)}
        await call_odoo(app, "account.move", "message_post", body, changes=True)
        return _done("account.move", _id(action))
    model, _ = _place(action)
    values = await _WRITE[action.action_type](call_odoo, action, app)
    made = await call_odoo(app, model, "create", {"vals_list": [values]}, changes=True)
    return await _complete(call_odoo, action, app, model, made[0] if isinstance(made, list) else made)


async def _complete(call_odoo: Call, action: Action, app: App, model: str, document: int) -> Result:
    await _attach(call_odoo, action, app, model, document)
    return _done(model, document)


def _done(model: str, document: int) -> Result:
    return Result("success", "done", entity_id=str(document), response={"model": model, "id": document})


async def _attach(call_odoo: Call, action: Action, app: App, model: str, document: int) -> None:
    """The message's documents, those that are not there yet."""
    wanted = await documents(action, app)
    if not wanted:
        return
    domain = [["res_model", "=", model], ["res_id", "=", document]]
    there = await call_odoo(
        app, "ir.attachment", "search_read", {"domain": domain, "fields": ["description"]}, changes=False
    )
    known = {one["description"] for one in there}
    missing = [
        {
            "name": one.filename,
            "mimetype": one.content_type,
            "datas": base64.b64encode(one.content).decode(),
            "description": f"sha256 {one.sha256}",
            "res_model": model,
            "res_id": document,
        }
        for one in wanted
        if f"sha256 {one.sha256}" not in known
    ]
    if missing:
        await call_odoo(app, "ir.attachment", "create", {"vals_list": missing}, changes=True)


# ------------------------------------------------------------------------------------------ records


async def _partner(call_odoo: Call, action: Action, app: App) -> int:
    """Who wrote: found by the address, or made."""
    name, address = facts.sender(action)
    query = {"domain": [["email", "=ilike", address]], "limit": 1, "order": "id"}
    if found := await call_odoo(app, "res.partner", "search", query, changes=False):
        return int(found[0])
    made = await call_odoo(
        app, "res.partner", "create", {"vals_list": [{"name": name, "email": address}]}, changes=True
    )
    return int(made[0] if isinstance(made, list) else made)


async def _quotation(call_odoo: Call, action: Action, app: App) -> dict[str, Any]:
    """A line whose product Odoo knows is a line; any other one is a note, for a person to choose the product."""
    lines = []
    for line in facts.lines(action):
        product = await _product(call_odoo, app, line)
        if product is None or line.quantity is None:
            lines.append({"display_type": "line_note", "name": line.text})
            continue
        values: dict[str, Any] = {"product_id": product, "name": line.text, "product_uom_qty": float(line.quantity)}
        lines.append(values | ({} if line.price is None else {"price_unit": float(line.price)}))
    return {
        "partner_id": await _partner(call_odoo, action, app),
        "client_order_ref": facts.value(action, "order_number") or False,
        "origin": action.reference,
        "note": facts.note(action),
        "order_line": [[0, 0, line] for line in lines],
        **await _company(call_odoo, app),
    }


async def _product(call_odoo: Call, app: App, line: facts.Line) -> int | None:
    """By its code or its whole name; else the one of the setting erp_item."""
    for code in (line.article, app.settings.erp_item):
        if code:
            query = {"domain": [["default_code", "=", code]], "limit": 1}
            if found := await call_odoo(app, "product.product", "search", query, changes=False):
                return int(found[0])
        if code == line.article:
            query = {"domain": [["name", "=ilike", line.item]], "limit": 2}
            found = await call_odoo(app, "product.product", "search", query, changes=False)
            if len(found) == 1:
                return int(found[0])
    return None


async def _bill(call_odoo: Call, action: Action, app: App) -> dict[str, Any]:
    """A vendor bill with one line for its whole sum: which accounts it belongs to is a person's to say."""
    amount, code = facts.total(action)
    number = facts.value(action, "invoice_number")
    line = {"name": f"Invoice {number or ''}".strip(), "quantity": 1, "price_unit": float(amount or 0)}
    values: dict[str, Any] = {
        "move_type": "in_invoice",
        "partner_id": await _partner(call_odoo, action, app),
        "ref": number or False,
        "invoice_origin": action.reference,
        "narration": facts.note(action),
        "invoice_line_ids": [[0, 0, line]],
        **await _company(call_odoo, app),
    }
    if issued := facts.date(action, "issued"):
        values["invoice_date"] = issued
    if code:
        query = {"domain": [["name", "=", code]], "limit": 1}
        if currency := await call_odoo(app, "res.currency", "search", query, changes=False):
            values["currency_id"] = currency[0]
    return values


async def _ticket(call_odoo: Call, action: Action, app: App) -> dict[str, Any]:
    partner = await _partner(call_odoo, action, app)
    return {"name": facts.title(action), "partner_id": partner, "description": facts.note(action)}


async def _lead(call_odoo: Call, action: Action, app: App) -> dict[str, Any]:
    name, address = facts.sender(action)
    return {
        "name": facts.title(action),
        "type": "lead",
        "contact_name": name,
        "email_from": address,
        "description": facts.note(action),
    }


async def _company(call_odoo: Call, app: App) -> dict[str, Any]:
    if not app.settings.erp_company:
        return {}
    query = {"domain": [["name", "=", app.settings.erp_company]], "limit": 1}
    found = await call_odoo(app, "res.company", "search", query, changes=False)
    if not found:
        raise Stopped(misconfigured(f"Odoo has no company {app.settings.erp_company!r}: check erp_company"))
    return {"company_id": found[0]}


def _place(action: Action) -> tuple[str, str]:
    if action.action_type not in PLACES:
        raise Stopped(Result("rejected", "fail", f"the adapter odoo knows no action {action.action_type}"))
    return PLACES[action.action_type]


def _id(action: Action) -> int:
    if not (action.entity_id or "").isdecimal():
        raise Stopped(Result("rejected", "fail", f"{action.entity_id} is no id of an Odoo bill"))
    return int(action.entity_id or 0)


_WRITE: dict[str, Callable[[Call, Action, App], Awaitable[dict[str, Any]]]] = {
    "create_order": _quotation,
    "create_invoice": _bill,
    "create_complaint": _ticket,
    "create_lead": _lead,
}
