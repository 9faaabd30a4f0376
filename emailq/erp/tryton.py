"""The adapter `tryton`: drafts in Tryton (8.2) by JSON-RPC: sales, supplier invoices, complaints, opportunities.

Tryton has no idempotency keys: each document carries the action's reference in brackets in its description, and is
looked for there before it is made again. Nothing is confirmed: a person in the ERP does that.
"""

from datetime import date
from decimal import Decimal
from typing import Any

from emailq.app import App
from emailq.erp import facts
from emailq.erp.call import misconfigured
from emailq.erp.documents import documents
from emailq.erp.outbox import Action
from emailq.erp.result import Result, Stopped
from emailq.erp.tryton_rpc import Tryton, with_session

honours_keys = False

_MODELS = {
    "create_order": "sale.sale",
    "create_invoice": "account.invoice",
    "create_complaint": "sale.complaint",
    "create_lead": "sale.opportunity",
}


async def find(action: Action, app: App) -> Result | None:
    found: Result | None = await with_session(app, lambda tryton: _find(tryton, action))
    return found


async def create(action: Action, app: App) -> Result:
    made: Result = await with_session(app, lambda tryton: _create(tryton, action))
    return made


async def _find(tryton: Tryton, action: Action) -> Result | None:
    if action.action_type == "update_invoice":
        place = f"account.invoice,{action.entity_id}"
        mark = ["message", "like", f"%[{action.reference}]%"]
        return _updated(action) if await tryton.first("ir.note", [["resource", "=", place], mark]) else None
    model = _model(action)
    found = await tryton.read(model, "search", [["description", "like", f"%[{action.reference}]%"]], 0, 2, None)
    if len(found) > 1:
        raise Stopped(Result("unknown", "review", f"Tryton has several documents with {action.reference}: {found}"))
    return await _complete(tryton, action, model, found[0]) if found else None


async def _create(tryton: Tryton, action: Action) -> Result:
    if action.action_type == "update_invoice":
        return await _update(tryton, action)
    model = _model(action)
    party = await _party(tryton, action)
    values = await _WRITE[action.action_type](tryton, action, party)
    [document] = await tryton.change(model, "create", [values])
    return await _complete(tryton, action, model, document)


async def _update(tryton: Tryton, action: Action) -> Result:
    """A bill that is there already gets the new documents and a note; what it books is changed by a person."""
    place = f"account.invoice,{action.entity_id}"
    await _attach(tryton, action, place)
    await tryton.change("ir.note", "create", [{"resource": place, "message": facts.note(action)}])
    return _updated(action)


def _updated(action: Action) -> Result:
    return Result("success", "done", entity_id=action.entity_id, response={"model": "account.invoice", "updated": True})


async def _complete(tryton: Tryton, action: Action, model: str, document: int) -> Result:
    await _attach(tryton, action, f"{model},{document}")
    return Result(
        "success",
        "done",
        entity_id=str(document),
        request={"model": model, "reference": action.reference},
        response={"model": model, "id": document},
    )


async def _attach(tryton: Tryton, action: Action, place: str) -> None:
    """The message's documents, those that are not there yet."""
    wanted = await documents(action, tryton.app)
    if not wanted:
        return
    there = await tryton.read("ir.attachment", "search_read", [["resource", "=", place]], 0, None, None, ["name"])
    known = {one["name"] for one in there}
    for one in wanted:
        name = f"{one.sha256[:8]}-{one.filename}"  # names are unique for a record
        if name not in known:
            await tryton.change(
                "ir.attachment", "create", [{"name": name, "type": "data", "data": one.content, "resource": place}]
            )


# ------------------------------------------------------------------------------------------ records


async def _party(tryton: Tryton, action: Action) -> int:
    """Who wrote: found by the address, or made."""
    name, address = facts.sender(action)
    mechanism = [["type", "=", "email"], ["value", "=", address]]
    if found := await tryton.first("party.party", [["contact_mechanisms", "where", mechanism]]):
        return found
    values = {
        "name": name,
        "addresses": [["create", [{}]]],
        "contact_mechanisms": [["create", [{"type": "email", "value": address}]]],
    }
    [made] = await tryton.change("party.party", "create", [values])
    return int(made)


async def _sale(tryton: Tryton, action: Action, party: int) -> dict[str, Any]:
    address = await _address(tryton, party)
    lines = [
        {
            "type": "line",
            "description": _words(line),
            "quantity": float(line.quantity or 0),
            "unit_price": line.price or Decimal(0),
        }
        for line in facts.lines(action)
    ]
    return {
        **await _head(tryton, action),
        "party": party,
        "invoice_address": address,
        "shipment_address": address,
        "reference": facts.value(action, "order_number"),
        "comment": facts.note(action),
        "lines": [["create", lines]],
    }


def _words(line: facts.Line) -> str:
    """A line without a product says in words what Tryton's numbers can't: its unit, and what is not known."""
    unknown = [name for name, known in (("quantity", line.quantity), ("price", line.price)) if known is None]
    named = f"{line.item}, {line.unit}" if line.unit else line.item
    return f"{named} ({' and '.join(unknown)} not given)" if unknown else named


async def _bill(tryton: Tryton, action: Action, party: int) -> dict[str, Any]:
    """A supplier invoice with one line for its whole sum: which accounts it belongs to is a person's to say."""
    payable = await _account(tryton, "payable")
    expense = await _account(tryton, "expense")
    amount, code = facts.total(action)
    head = await _head(tryton, action, code)
    number = facts.value(action, "invoice_number")
    line = {
        "type": "line",
        "company": head["company"],
        "currency": head["currency"],
        "description": f"Invoice {number or ''}".strip(),
        "quantity": 1.0,
        "unit_price": amount or Decimal(0),
        "account": expense,
    }
    return {
        **head,
        "type": "in",
        "party": party,
        "invoice_address": await _address(tryton, party),
        "account": payable,
        "journal": await tryton.first("account.journal", [["type", "=", "expense"]]),
        "reference": number,
        "invoice_date": _date(facts.date(action, "issued")),
        "comment": facts.note(action),
        "lines": [["create", [line]]],
    }


async def _complaint(tryton: Tryton, action: Action, party: int) -> dict[str, Any]:
    kind = await tryton.first("sale.complaint.type", [])
    if kind is None:
        raise Stopped(misconfigured("Tryton has no type of complaint: make one (Sales, Configuration)"))
    received = action.request_payload["email"]["received_at"]
    return {
        "company": tryton.company,
        "customer": party,
        "type": kind,
        "date": _date(received[:10] if received else None),
        "reference": facts.value(action, "order_number") or facts.value(action, "invoice_number"),
        "description": f"{facts.title(action)}\n\n{facts.note(action)}",
    }


async def _opportunity(tryton: Tryton, action: Action, party: int) -> dict[str, Any]:
    return {**await _head(tryton, action), "party": party, "comment": facts.note(action)}


async def _head(tryton: Tryton, action: Action, currency: str | None = None) -> dict[str, Any]:
    found = currency and await tryton.first("currency.currency", [["code", "=", currency]])
    if not found:
        [company] = await tryton.read("company.company", "read", [tryton.company], ["currency"])
        found = company["currency"]
    return {"company": tryton.company, "currency": found, "description": facts.title(action)}


async def _address(tryton: Tryton, party: int) -> int | None:
    return await tryton.first("party.address", [["party", "=", party]])


async def _account(tryton: Tryton, kind: str) -> int:
    domain = [["company", "=", tryton.company], [f"type.{kind}", "=", True], ["closed", "!=", True]]
    found = await tryton.first("account.account", domain)
    if found is None:
        raise Stopped(misconfigured(f"Tryton has no account of the kind {kind}: make a chart of accounts"))
    return found


def _model(action: Action) -> str:
    if action.action_type not in _MODELS:
        raise Stopped(Result("rejected", "fail", f"the adapter tryton knows no action {action.action_type}"))
    return _MODELS[action.action_type]


_WRITE = {
    "create_order": _sale,
    "create_invoice": _bill,
    "create_complaint": _complaint,
    "create_lead": _opportunity,
}


def _date(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
