"""The adapter `tryton`: drafts in Tryton (8.2) by JSON-RPC: sales, supplier invoices, complaints, opportunities.

Tryton has no idempotency keys: each document carries the action's reference in brackets in its description, and is
looked for there before it is made again. Nothing is confirmed: a person in the ERP does that.
https://docs.tryton.org/latest/server/topics/protocol.html
"""

import base64
import itertools
import json
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from emailq.app import App
from emailq.erp import facts
from emailq.erp.call import call, kept, misconfigured, setting, trouble
from emailq.erp.documents import documents
from emailq.erp.outbox import Action
from emailq.erp.result import Result, Stopped

honours_keys = False

_MODELS = {
    "create_order": "sale.sale",
    "create_invoice": "account.invoice",
    "create_complaint": "sale.complaint",
    "create_lead": "sale.opportunity",
}
_numbers = itertools.count(1)


@dataclass(slots=True)
class Tryton:
    """One session; made anew when the server has forgotten it. `company` is where documents belong."""

    app: App
    url: str
    authorization: str = ""
    company: int | None = None

    async def log_in(self) -> None:
        settings = self.app.settings
        user, password = setting(settings, "erp_user"), setting(settings, "erp_token")
        found = await self._rpc("common.db.login", [user, {"password": password}, "en"], changes=False)
        if not found:
            raise Stopped(misconfigured(f"Tryton does not let {user} in: check erp_user and erp_token"))
        token = f"{user}:{found[0]}:{found[1]}".encode()
        self.authorization = "Session " + base64.b64encode(token).decode()
        self.company = await self._company(settings.erp_company)

    async def read(self, model: str, method: str, *params: Any) -> Any:
        return await self._rpc(f"model.{model}.{method}", [*params, self._context], changes=False)

    async def change(self, model: str, method: str, *params: Any) -> Any:
        return await self._rpc(f"model.{model}.{method}", [*params, self._context], changes=True)

    async def first(self, model: str, domain: list[Any]) -> int | None:
        """The oldest record that matches."""
        found = await self.read(model, "search", domain, 0, 1, [["id", "ASC"]])
        return found[0] if found else None

    @property
    def _context(self) -> dict[str, Any]:
        return {"company": self.company} if self.company else {}

    async def _company(self, name: str | None) -> int:
        if name:
            found = await self.first("company.company", [["party.name", "=", name]])
        else:
            found = (await self.read("res.user", "get_preferences", True)).get("company")
        if not found:
            raise Stopped(misconfigured("Tryton has no such company for this user: check erp_company"))
        return int(found)

    async def _rpc(self, method: str, params: list[Any], *, changes: bool) -> Any:
        body = json.dumps({"id": next(_numbers), "method": method, "params": params}, default=_encode).encode()
        headers = {"content-type": "application/json"}
        if self.authorization and method != "common.db.login":
            headers["authorization"] = self.authorization
        answer = await call(self.app, "POST", self.url, body=body, headers=headers, changes=changes)
        if answer.status == 401 and method != "common.db.login":
            raise _Forgotten
        content = answer.json()
        if answer.status != 200 or not isinstance(content, dict):
            raise Stopped(trouble(answer, self.app.settings, changes=changes, why=method))
        if error := content.get("error"):
            raise Stopped(_refusal(method, error, kept(answer, self.app.settings)))
        return content.get("result")


class _Forgotten(Exception):
    """The session is over."""


async def find(action: Action, app: App) -> Result | None:
    found: Result | None = await _with_session(app, lambda tryton: _find(tryton, action))
    return found


async def create(action: Action, app: App) -> Result:
    made: Result = await _with_session(app, lambda tryton: _create(tryton, action))
    return made


async def _with_session(app: App, work: Any) -> Any:
    """Run with the process's session, and once more if the server had forgotten it: a refused call did nothing."""
    if "tryton" not in app.resources:
        base = setting(app.settings, "erp_url").rstrip("/")
        app.resources["tryton"] = Tryton(app, f"{base}/{setting(app.settings, 'erp_database')}/rpc/")
    tryton: Tryton = app.resources["tryton"]
    for _ in range(2):
        try:
            if not tryton.authorization:
                await tryton.log_in()
            return await work(tryton)
        except _Forgotten:
            tryton.authorization = ""
    raise Stopped(misconfigured("Tryton forgets its sessions at once"))


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
    return {
        **await _head(tryton, action),
        "party": party,
        "invoice_address": address,
        "shipment_address": address,
        "reference": facts.value(action, "order_number"),
        "comment": facts.note(action),
        "lines": [
            [
                "create",
                [
                    {
                        "type": "line",
                        "description": _words(line),
                        "quantity": float(line.quantity or 0),
                        "unit_price": line.price or Decimal(0),
                    }
                    for line in facts.lines(action)
                ],
            ]
        ],
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
    return {
        **head,
        "type": "in",
        "party": party,
        "invoice_address": await _address(tryton, party),
        "account": payable,
        "journal": await tryton.first("account.journal", [["type", "=", "expense"]]),
        "reference": facts.value(action, "invoice_number"),
        "invoice_date": _date(facts.date(action, "issued")),
        "comment": facts.note(action),
        "lines": [
            [
                "create",
                [
                    {
                        "type": "line",
                        "company": head["company"],
                        "currency": head["currency"],
                        "description": f"Invoice {facts.value(action, 'invoice_number') or ''}".strip(),
                        "quantity": 1.0,
                        "unit_price": amount or Decimal(0),
                        "account": expense,
                    }
                ],
            ]
        ],
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


# ------------------------------------------------------------------------------------------ protocol


def _refusal(method: str, error: list[Any], response: Any) -> Result:
    """An error that Tryton tells undid its transaction: nothing was done. [type, [message, …], …]"""
    kind = str(error[0])
    details = error[1] if len(error) > 1 else ""
    message = str(details[0] if isinstance(details, list) and details else details)[:300]
    reason = f"Tryton: {method}: {kind}: {message}"
    if kind in ("UserError", "UserWarning"):
        return Result("rejected", "fail", reason, response=response)
    if kind in ("LoginException", "ForbiddenException", "NotLogged"):
        return misconfigured(f"{reason}: check erp_user and erp_token", response=response)
    return Result("unavailable", "retry", reason, response=response)


def _encode(one: Any) -> Any:
    if isinstance(one, Decimal):
        return {"__class__": "Decimal", "decimal": str(one)}
    if isinstance(one, date):
        return {"__class__": "date", "year": one.year, "month": one.month, "day": one.day}
    if isinstance(one, bytes):
        return {"__class__": "bytes", "base64": base64.b64encode(one).decode()}
    raise TypeError(f"{type(one).__name__} can't go to Tryton")


def _date(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
