"""The adapters `odoo` and `odoo_xmlrpc` against contracts written from Odoo's public documentation: it can't run here.

https://www.odoo.com/documentation/19.0/developer/reference/external_api.html (JSON-2) and .../18.0/... (XML-RPC)
"""

import base64
import xmlrpc.client
from collections.abc import Callable
from typing import Any

import psycopg
import pytest

from emailq.app import App
from emailq.doctor import log_in
from emailq.outcomes import Done, Reject, Release, Retry
from tests.erp.conftest import Mail, Run, action_of, past_success, rows
from tests.erp.test_http import PDF, approve, bill
from tests.http_server import DROP, HttpServer, Reply, Request

pytestmark = pytest.mark.usefixtures("no_questions")


class Odoo:
    """Records by model, and the calls that came. Of search what is used: `=`, `=ilike` and `ilike`, flat records."""

    def __init__(self) -> None:
        self.records: dict[str, list[dict[str, Any]]] = {}
        self.calls: list[tuple[str, str, dict[str, Any]]] = []
        self.lose: Callable[[str, str], bool] = lambda model, method: False

    def call(self, model: str, method: str, params: dict[str, Any]) -> Any:
        self.calls.append((model, method, params))
        known = self.records.setdefault(model, [])
        if method == "create":
            made = [{"id": len(known) + n, **values} for n, values in enumerate(params["vals_list"], start=1)]
            known += made
            return [one["id"] for one in made]
        if method == "message_post":
            return 1
        found = [one for one in known if all(self._fits(one, *term) for term in params["domain"])]
        found = found[: params.get("limit") or None]
        return found if method == "search_read" else [one["id"] for one in found]

    def _fits(self, record: dict[str, Any], field: str, operator: str, value: Any) -> bool:
        own = str(record.get(field, "")).lower()
        return str(value).lower() in own if operator == "ilike" else str(value).lower() == own

    def json2(self, request: Request) -> Reply:
        """POST /json/2/<model>/<method>, Authorization: bearer …, named parameters as a JSON object."""
        assert request.headers["authorization"] == "bearer key-1"
        assert request.headers["x-odoo-database"] == "shop"
        _, json_, two, model, method = request.path.split("/")
        assert (json_, two, request.method) == ("json", "2", "POST")
        found = self.call(model, method, request.json())
        return DROP if self.lose(model, method) else Reply.of(found)

    def xmlrpc(self, request: Request) -> Reply:
        """/xmlrpc/2/common authenticate, then /xmlrpc/2/object execute_kw(db, uid, password, model, …)."""
        params, method = xmlrpc.client.loads(request.body)
        if request.path == "/xmlrpc/2/common":
            assert (method, params) == ("authenticate", ("shop", "bot", "key-1", {}))
            return reply(7)
        assert (request.path, method, params[:3]) == ("/xmlrpc/2/object", "execute_kw", ("shop", 7, "key-1"))
        model, name, args, named = params[3:]
        first = {"create": "vals_list", "message_post": "ids"}.get(name, "domain")
        found = self.call(model, name, {first: args[0], **named})
        return DROP if self.lose(model, name) else reply(found)


def reply(value: Any) -> Reply:
    return Reply(200, xmlrpc.client.dumps((value,), methodresponse=True).encode(), {"content-type": "text/xml"})


@pytest.fixture
def odoo() -> Odoo:
    return Odoo()


@pytest.fixture(params=["odoo", "odoo_xmlrpc"])
def adapter(request: pytest.FixtureRequest, erp: HttpServer, odoo: Odoo) -> str:
    erp.answer = odoo.json2 if request.param == "odoo" else odoo.xmlrpc
    return str(request.param)


@pytest.fixture
def settings_given(erp: HttpServer, adapter: str) -> dict[str, Any]:
    return {
        "erp_adapter": adapter,
        "erp_url": erp.url,
        "erp_database": "shop",
        "erp_user": "bot",
        "erp_token": "key-1",
        "erp_timeout_s": 2,
        "erp_settle_s": 0,
    }


async def test_an_order_becomes_a_quotation(db: psycopg.Connection, mail: Mail, run: Run, odoo: Odoo) -> None:
    odoo.records["product.product"] = [{"id": 31, "name": "Candles", "default_code": "C-1"}]
    email_id = await mail()

    await run(email_id)

    action = action_of(db, email_id)
    assert (action["status"], action["error_message"]) == ("success", None)
    [order] = odoo.records["sale.order"]
    assert (order["client_order_ref"], order["origin"]) == ("PO-7741", f"emailq-{action['idempotency_key'][:20]}")
    assert order["order_line"] == [
        [0, 0, {"product_id": 31, "name": "12 boxes candles", "product_uom_qty": 12.0}],
        [0, 0, {"display_type": "line_note", "name": "40 kg soda"}],
    ]
    assert odoo.records["res.partner"] == [{"id": 1, "name": "Ann", "email": "ann@example.com"}]
    assert order["partner_id"] == 1


async def test_an_invoice_becomes_a_draft_bill_with_its_document(
    db: psycopg.Connection, app: App, mail: Mail, run: Run, odoo: Odoo
) -> None:
    odoo.records["res.currency"] = [{"id": 9, "name": "EUR"}]
    email_id = await mail(raw=bill(), intent="invoice")
    await app.blobs.put([PDF])
    await run(email_id)
    approve(db, action_of(db, email_id))

    await run(email_id)

    [move] = odoo.records["account.move"]
    assert (move["move_type"], move["ref"], move["currency_id"]) == ("in_invoice", "INV-1", 9)
    assert move["invoice_line_ids"] == [[0, 0, {"name": "Invoice INV-1", "quantity": 1, "price_unit": 10.0}]]
    [attachment] = odoo.records["ir.attachment"]
    assert (attachment["res_model"], attachment["res_id"], attachment["name"]) == ("account.move", 1, "bill.pdf")
    assert base64.b64decode(attachment["datas"]) == PDF


async def test_a_bill_that_is_there_gets_the_new_document_and_a_note(
    db: psycopg.Connection, app: App, mail: Mail, run: Run, odoo: Odoo
) -> None:
    past_success(db, await mail(intent="invoice"), "create_invoice", invoice_number={"value": "INV-1"})
    db.execute("update erp_actions set entity_id = '5'")
    email_id = await mail(raw=bill(), intent="invoice")
    await app.blobs.put([PDF])
    await run(email_id)
    approve(db, action_of(db, email_id))

    await run(email_id)

    action = action_of(db, email_id)
    assert (action["action_type"], action["status"], action["entity_id"]) == ("update_invoice", "success", "5")
    assert [one["res_id"] for one in odoo.records["ir.attachment"]] == [5]
    assert ("account.move", "message_post") in [(model, method) for model, method, _ in odoo.calls]


@pytest.mark.parametrize(("intent", "model"), [("complaint", "helpdesk.ticket"), ("inquiry", "crm.lead")])
async def test_complaints_and_inquiries_have_their_own_models(
    db: psycopg.Connection, mail: Mail, run: Run, odoo: Odoo, intent: str, model: str
) -> None:
    await run(await mail("The candles arrived broken.", intent=intent))

    [made] = odoo.records[model]
    assert made["name"].startswith("PO [emailq-")
    assert "arrived broken" in made["description"]


async def test_a_lost_answer_is_cleared_up_by_the_reference(
    db: psycopg.Connection, mail: Mail, run: Run, odoo: Odoo
) -> None:
    odoo.lose = lambda model, method: (model, method) == ("sale.order", "create")
    email_id = await mail()
    first = await run(email_id)

    second = await run(email_id, 2)

    assert (type(first), type(second)) == (Retry, Done)
    assert len(odoo.records["sale.order"]) == 1
    assert action_of(db, email_id)["entity_id"] == "1"


async def test_a_refusal_is_told_in_odoos_words(
    db: psycopg.Connection, mail: Mail, run: Run, erp: HttpServer, adapter: str
) -> None:
    words = "Missing required fields on record"
    error = {
        "name": "odoo.exceptions.ValidationError",
        "message": words,
        "arguments": [words],
        "context": {},
        "debug": "",
    }
    fault = xmlrpc.client.dumps(xmlrpc.client.Fault(2, f"Traceback\n{words}"))
    erp.answer = lambda _: Reply.of(error, 422) if adapter == "odoo" else Reply(200, fault.encode())
    if adapter == "odoo_xmlrpc":
        erp.answer = lambda r: reply(7) if r.path.endswith("common") else Reply(200, fault.encode())

    outcome = await run(await mail())

    assert isinstance(outcome, Reject)
    assert words in outcome.reason


async def test_a_wrong_key_stops_the_queue(
    db: psycopg.Connection, mail: Mail, run: Run, erp: HttpServer, adapter: str
) -> None:
    error = {
        "name": "werkzeug.exceptions.Unauthorized",
        "message": "Invalid apikey",
        "arguments": ["Invalid apikey", 401],
    }
    erp.answer = lambda _: Reply.of(error, 401) if adapter == "odoo" else reply(False)

    outcome = await run(await mail())

    assert isinstance(outcome, Release)
    assert rows(db, "select paused from queue_controls where queue_name = 'erp_action'") == [{"paused": True}]


@pytest.mark.parametrize("key", ["key-1", "wrong"])
async def test_doctor_tells_a_wrong_key(app: App, erp: HttpServer, adapter: str, key: str) -> None:
    refused = Reply.of({"message": "Invalid apikey"}, 401) if adapter == "odoo" else reply(False)
    answer = erp.answer
    erp.answer = lambda request: answer(request) if key == "key-1" else refused

    found = await log_in(app)

    assert (found.check, found.state) == ("erp log-in", "ok" if key == "key-1" else "fail")
    assert ("check" in found.text and "erp_token" in found.text) is (key == "wrong")
