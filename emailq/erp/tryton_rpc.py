"""Tryton's JSON-RPC: a session, calls of its models, and what its errors mean.

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
from emailq.erp.call import call, kept, misconfigured, setting, trouble
from emailq.erp.result import Result, Stopped

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


async def with_session(app: App, work: Any) -> Any:
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
