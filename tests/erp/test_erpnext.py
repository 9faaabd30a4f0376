"""The adapter `erpnext` against a contract written from Frappe's public documentation: ERPNext can't run here.

https://docs.frappe.io/framework/user/en/api/rest
"""

import base64
import json
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import psycopg
import pytest

from emailq.app import App
from emailq.outcomes import Done, Reject, Release, Retry
from tests.erp.conftest import Mail, Run, action_of, past_success, rows
from tests.erp.test_http import PDF, approve, bill
from tests.http_server import DROP, HttpServer, Reply, Request

pytestmark = pytest.mark.usefixtures("no_questions")


class ERPNext:
    """/api/resource/<doctype>: GET with filters and fields, POST; `emailq_reference` is a unique custom field."""

    def __init__(self) -> None:
        self.documents: dict[str, list[dict[str, Any]]] = {"Item": [{"name": "CANDLE", "item_name": "candles"}]}
        self.lose: str | None = None

    def answer(self, request: Request) -> Reply:
        assert request.headers["authorization"] == "token key:secret"
        url = urlsplit(request.path)
        doctype = unquote(url.path.removeprefix("/api/resource/"))
        known = self.documents.setdefault(doctype, [])
        if request.method == "GET":
            query = {name: values[0] for name, values in parse_qs(url.query).items()}
            found = [one for one in known if all(self._fits(one, *term) for term in json.loads(query["filters"]))]
            return Reply.of({"data": [{name: one.get(name) for name in json.loads(query["fields"])} for one in found]})
        values = request.json()
        if any(values.get("emailq_reference") == one.get("emailq_reference", "") for one in known):
            error = {"exception": "frappe.exceptions.DuplicateEntryError", "exc_type": "DuplicateEntryError"}
            return Reply.of(error, 409)
        made = {"name": f"{doctype.upper()[:3]}-{len(known) + 1}", **values}
        known.append(made)
        return DROP if doctype == self.lose else Reply.of({"data": made})

    def _fits(self, document: dict[str, Any], field: str, operator: str, value: Any) -> bool:
        own = document.get(field)
        return value.strip("%") in str(own) if operator == "like" else own == value


@pytest.fixture
def erpnext(erp: HttpServer) -> ERPNext:
    playing = ERPNext()
    erp.answer = playing.answer
    return playing


@pytest.fixture
def settings_given(erp: HttpServer, erpnext: ERPNext) -> dict[str, Any]:
    return {
        "erp_adapter": "erpnext",
        "erp_url": erp.url,
        "erp_user": "key",
        "erp_token": "secret",
        "erp_item": "MISC",
        "erp_company": "Marigold",
        "erp_timeout_s": 2,
    }


async def test_an_order_becomes_a_draft_sales_order(
    db: psycopg.Connection, mail: Mail, run: Run, erpnext: ERPNext
) -> None:
    email_id = await mail()

    await run(email_id)

    action = action_of(db, email_id)
    assert (action["status"], action["entity_id"], action["error_message"]) == ("success", "SAL-1", None)
    [order] = erpnext.documents["Sales Order"]
    assert (order["po_no"], order["docstatus"], order["company"]) == ("PO-7741", 0, "Marigold")
    assert order["emailq_reference"] == f"emailq-{action['idempotency_key'][:20]}"
    assert [(one["item_code"], one["qty"], one["description"]) for one in order["items"]] == [
        ("CANDLE", 12.0, "12 boxes candles"),
        ("MISC", 40.0, "40 kg soda"),
    ]
    [customer] = erpnext.documents["Customer"]
    assert (customer["customer_name"], customer["email_id"], order["customer"]) == ("Ann", "ann@example.com", "CUS-1")


async def test_an_unknown_item_without_a_stand_in_is_for_a_person(
    db: psycopg.Connection, app: App, mail: Mail, run: Run, erpnext: ERPNext
) -> None:
    app.settings = app.settings.model_copy(update={"erp_item": None})
    email_id = await mail()

    await run(email_id)

    assert action_of(db, email_id)["status"] == "needs_review"
    assert action_of(db, email_id)["error_message"].startswith("ERPNext has no item 'soda': make it, or set erp_item")


async def test_an_invoice_becomes_a_draft_purchase_invoice_with_its_document(
    db: psycopg.Connection, app: App, mail: Mail, run: Run, erpnext: ERPNext
) -> None:
    email_id = await mail(raw=bill(), intent="invoice")
    await app.blobs.put([PDF])
    await run(email_id)
    approve(db, action_of(db, email_id))

    await run(email_id)

    [invoice] = erpnext.documents["Purchase Invoice"]
    assert (invoice["bill_no"], invoice["supplier"], invoice["currency"]) == ("INV-1", "SUP-1", "EUR")
    assert [(line["qty"], line["rate"]) for line in invoice["items"]] == [(1, 10.0)]
    [file] = erpnext.documents["File"]
    assert (file["attached_to_doctype"], file["attached_to_name"]) == ("Purchase Invoice", invoice["name"])
    assert (file["is_private"], base64.b64decode(file["content"])) == (1, PDF)


async def test_a_bill_that_is_there_gets_the_new_document_and_a_comment(
    db: psycopg.Connection, app: App, mail: Mail, run: Run, erpnext: ERPNext
) -> None:
    past_success(db, await mail(intent="invoice"), "create_invoice", invoice_number={"value": "INV-1"})
    email_id = await mail(raw=bill(), intent="invoice")
    await app.blobs.put([PDF])
    await run(email_id)
    approve(db, action_of(db, email_id))

    await run(email_id)

    assert (action_of(db, email_id)["action_type"], action_of(db, email_id)["status"]) == ("update_invoice", "success")
    assert [one["attached_to_name"] for one in erpnext.documents["File"]] == ["OLD-1"]
    assert [one["reference_name"] for one in erpnext.documents["Comment"]] == ["OLD-1"]


@pytest.mark.parametrize(("intent", "doctype"), [("complaint", "Issue"), ("inquiry", "Lead")])
async def test_complaints_and_inquiries_have_their_own_doctypes(
    mail: Mail, run: Run, erpnext: ERPNext, intent: str, doctype: str
) -> None:
    await run(await mail("The candles arrived broken.", intent=intent))

    [made] = erpnext.documents[doctype]
    assert "arrived broken" in json.dumps(made)


async def test_a_lost_answer_is_cleared_up_by_the_unique_reference(
    db: psycopg.Connection, mail: Mail, run: Run, erpnext: ERPNext
) -> None:
    erpnext.lose = "Sales Order"
    email_id = await mail()
    first = await run(email_id)

    second = await run(email_id, 2)

    assert (type(first), type(second)) == (Retry, Done)
    assert len(erpnext.documents["Sales Order"]) == 1
    assert action_of(db, email_id)["status"] == "success"


async def test_a_second_document_with_the_reference_is_refused_and_the_first_one_found(
    db: psycopg.Connection, mail: Mail, run: Run, erpnext: ERPNext
) -> None:
    email_id = await mail()
    await run(email_id)
    db.execute("delete from erp_actions")

    outcome = await run(email_id)
    await run(email_id, 2)

    assert isinstance(outcome, Retry)
    assert len(erpnext.documents["Sales Order"]) == 1
    assert action_of(db, email_id)["entity_id"] == "SAL-1"


async def test_a_refusal_is_told_in_frappes_words(mail: Mail, run: Run, erp: HttpServer, erpnext: ERPNext) -> None:
    message = json.dumps({"message": "Row #1: Item is disabled"})
    refusal = Reply.of({"exc_type": "ValidationError", "_server_messages": json.dumps([message])}, 417)
    erp.answer = lambda request: refusal if request.method == "POST" else Reply.of({"data": []})

    outcome = await run(await mail())

    assert isinstance(outcome, Reject)
    assert outcome.reason == "ERPNext refused: Row #1: Item is disabled"


async def test_a_wrong_secret_stops_the_queue(
    db: psycopg.Connection, mail: Mail, run: Run, erp: HttpServer, erpnext: ERPNext
) -> None:
    erp.answer = lambda _: Reply.of({"exc_type": "AuthenticationError"}, 401)

    outcome = await run(await mail())

    assert isinstance(outcome, Release)
    assert rows(db, "select paused from queue_controls where queue_name = 'erp_action'") == [{"paused": True}]
