"""The adapter `erpnext`: drafts in ERPNext by Frappe's REST API: sales orders, purchase invoices, issues, leads.

Each of the four doctypes needs a custom field `emailq_reference` (Data, unique): ERPNext then refuses a second document
of an action by itself, and the first is found by it. docs/erp.md has the commands. Nothing is submitted: that is for a
person.
https://docs.frappe.io/framework/user/en/api/rest
"""

import base64
import json
from typing import Any
from urllib.parse import quote, urlencode

from emailq.app import App
from emailq.erp import facts
from emailq.erp.call import call, kept, setting, trouble
from emailq.erp.documents import documents
from emailq.erp.outbox import Action
from emailq.erp.result import Result, Stopped

honours_keys = True  # the unique field does what a key does, and for ever

REFERENCE = "emailq_reference"
DOCTYPES = {
    "create_order": "Sales Order",
    "create_invoice": "Purchase Invoice",
    "create_complaint": "Issue",
    "create_lead": "Lead",
}


async def find(action: Action, app: App) -> Result | None:
    if action.action_type == "update_invoice":
        mark = {"reference_doctype": "Purchase Invoice", "reference_name": action.entity_id}
        there = await _list(app, "Comment", {**mark, "content": ("like", f"%{action.reference}%")})
        return _done("Purchase Invoice", action.entity_id or "") if there else None
    doctype = _doctype(action)
    found = await _list(app, doctype, {REFERENCE: action.reference})
    return await _complete(action, app, doctype, found[0]) if found else None


async def create(action: Action, app: App) -> Result:
    if action.action_type == "update_invoice":
        name = action.entity_id or ""
        await _attach(action, app, "Purchase Invoice", name)
        comment = {"comment_type": "Comment", "reference_doctype": "Purchase Invoice", "reference_name": name}
        await _insert(app, "Comment", {**comment, "content": facts.note(action)})
        return _done("Purchase Invoice", name)
    doctype = _doctype(action)
    values = await _WRITE[action.action_type](action, app)
    made = await _insert(app, doctype, {**values, "docstatus": 0, REFERENCE: action.reference})
    return await _complete(action, app, doctype, made["name"])


async def _complete(action: Action, app: App, doctype: str, name: str) -> Result:
    await _attach(action, app, doctype, name)
    return _done(doctype, name)


def _done(doctype: str, name: str) -> Result:
    return Result("success", "done", entity_id=name, response={"doctype": doctype, "name": name})


async def _attach(action: Action, app: App, doctype: str, name: str) -> None:
    """The message's documents, those that are not there yet."""
    wanted = await documents(action, app)
    if not wanted:
        return
    place = {"attached_to_doctype": doctype, "attached_to_name": name}
    known = set(await _list(app, "File", place, field="file_name"))
    for one in wanted:
        file_name = f"{one.sha256[:8]}-{one.filename}"
        if file_name not in known:
            content = base64.b64encode(one.content).decode()
            await _insert(
                app, "File", {**place, "file_name": file_name, "is_private": 1, "decode": 1, "content": content}
            )


# ------------------------------------------------------------------------------------------ documents


async def _sales_order(action: Action, app: App) -> dict[str, Any]:
    received = action.request_payload["email"]["received_at"]
    delivery = facts.date(action, "delivery") or (received or "")[:10] or None
    return {
        "customer": await _party(action, app, "Customer"),
        "po_no": facts.value(action, "order_number"),
        "delivery_date": delivery,
        "items": [await _item(app, line, delivery) for line in facts.lines(action)],
        **_company(app),
    }


async def _item(app: App, line: facts.Line, delivery: str | None) -> dict[str, Any]:
    """By its code or its whole name; else the item of the setting erp_item, with the line's words."""
    code = None
    if line.article:
        code = next(iter(await _list(app, "Item", {"item_code": line.article})), None)
    if code is None:
        named = await _list(app, "Item", {"item_name": line.item})
        code = named[0] if len(named) == 1 else app.settings.erp_item
    if code is None:
        reason = f"ERPNext has no item {line.item!r}: make it, or set erp_item to one for lines that name none"
        raise Stopped(Result("rejected", "review", reason))
    found = {"item_code": code, "description": line.text, "qty": float(line.quantity or 0), "delivery_date": delivery}
    return found | ({} if line.price is None else {"rate": float(line.price)})


async def _purchase_invoice(action: Action, app: App) -> dict[str, Any]:
    """One line for the whole sum: which accounts it belongs to is a person's to say."""
    amount, currency = facts.total(action)
    number = facts.value(action, "invoice_number")
    line = {"item_name": f"Invoice {number or ''}".strip(), "qty": 1, "rate": float(amount or 0)}
    if app.settings.erp_item:
        line["item_code"] = app.settings.erp_item
    values = {
        "supplier": await _party(action, app, "Supplier"),
        "bill_no": number,
        "bill_date": facts.date(action, "issued"),
        "remarks": facts.note(action),
        "items": [line],
        **_company(app),
    }
    return values | ({"currency": currency} if currency else {})


async def _issue(action: Action, app: App) -> dict[str, Any]:
    _, address = facts.sender(action)
    subject = action.request_payload["email"]["subject"] or "(no subject)"
    return {"subject": subject[:140], "raised_by": address, "description": facts.note(action), **_company(app)}


async def _lead(action: Action, app: App) -> dict[str, Any]:
    name, address = facts.sender(action)
    return {"lead_name": name[:140], "email_id": address, "notes": [{"note": facts.note(action)}], **_company(app)}


async def _party(action: Action, app: App, doctype: str) -> str:
    """The customer or supplier with this address, found through its contact or made with one."""
    name, address = facts.sender(action)
    label = doctype.lower()
    linked = {"link_doctype": doctype, "parenttype": "Contact"}
    for contact in await _list(app, "Contact", {"email_id": address}):
        found = await _list(app, "Dynamic Link", {**linked, "parent": contact}, field="link_name", parent="Contact")
        if found:
            return found[0]
    if found := await _list(app, doctype, {"email_id": address}):
        return found[0]
    made = await _insert(app, doctype, {f"{label}_name": name, f"{label}_type": "Company", "email_id": address})
    return str(made["name"])


def _company(app: App) -> dict[str, Any]:
    return {"company": app.settings.erp_company} if app.settings.erp_company else {}


def _doctype(action: Action) -> str:
    if action.action_type not in DOCTYPES:
        raise Stopped(Result("rejected", "fail", f"the adapter erpnext knows no action {action.action_type}"))
    return DOCTYPES[action.action_type]


_WRITE = {
    "create_order": _sales_order,
    "create_invoice": _purchase_invoice,
    "create_complaint": _issue,
    "create_lead": _lead,
}


# ------------------------------------------------------------------------------------------ REST


async def _list(
    app: App, doctype: str, wanted: dict[str, Any], *, field: str = "name", parent: str | None = None
) -> list[str]:
    """GET /api/resource/<doctype>: the values of `field`, oldest first. A filter is equal, or (operator, value)."""
    filters = [[key, *(value if isinstance(value, tuple) else ("=", value))] for key, value in wanted.items()]
    query = {"filters": json.dumps(filters), "fields": json.dumps([field]), "limit_page_length": 20}
    query["order_by"] = "creation asc"
    if parent:
        query["parent"] = parent
    content = await _rest(app, "GET", f"{quote(doctype)}?{urlencode(query)}", None)
    return [str(one[field]) for one in content or []]


async def _insert(app: App, doctype: str, values: dict[str, Any]) -> dict[str, Any]:
    made = await _rest(app, "POST", quote(doctype), values)
    if not isinstance(made, dict) or "name" not in made:
        raise Stopped(Result("unknown", "repeat", f"ERPNext: {doctype}: the answer names no document"))
    return made


async def _rest(app: App, method: str, path: str, values: dict[str, Any] | None) -> Any:
    settings = app.settings
    url = f"{setting(settings, 'erp_url').rstrip('/')}/api/resource/{path}"
    headers = {
        "authorization": f"token {setting(settings, 'erp_user')}:{setting(settings, 'erp_token')}",
        "content-type": "application/json",
        "accept": "application/json",
    }
    changes = method != "GET"
    body = None if values is None else json.dumps(values).encode()
    answer = await call(app, method, url, body=body, headers=headers, changes=changes)
    content = answer.json()
    if answer.status == 200 and isinstance(content, dict):
        return content.get("data")
    why = _words(content)
    if answer.status == 409:  # DuplicateEntryError: the unique reference is there, the next try finds its document
        raise Stopped(Result("unknown", "repeat", f"ERPNext: {why}", http_status=409, wait_s=0.0))
    if answer.status in (404, 417):  # a missing link, a validation error
        known = {"http_status": answer.status, "response": kept(answer, settings)}
        raise Stopped(Result("rejected", "fail", f"ERPNext refused: {why}", **known))
    raise Stopped(trouble(answer, settings, changes=changes, why=why))


def _words(content: Any) -> str:
    """What Frappe says went wrong: `exception`, else the first of `_server_messages`."""
    if not isinstance(content, dict):
        return ""
    if content.get("exception"):
        return str(content["exception"])[:300]
    try:
        return str(json.loads(json.loads(content["_server_messages"])[0])["message"])[:300]
    except (KeyError, ValueError, TypeError, IndexError):
        return str(content.get("exc_type") or "")
