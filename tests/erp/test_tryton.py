"""The adapter `tryton` against a real Tryton 8.2: what it drafts, once, and how Tryton's refusals are understood."""

import base64
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from emailq.app import App
from emailq.outcomes import Done, Reject, Release, Retry
from tests.erp.conftest import Mail, Run, action_of, attempts_of, rows
from tests.erp.test_http import PDF, approve, bill
from tests.erp.tryton_server import PASSWORD, TrytonServer, start_tryton

pytestmark = [pytest.mark.tryton, pytest.mark.timeout(900), pytest.mark.usefixtures("no_questions")]


@pytest.fixture(scope="module")
def tryton_process() -> Iterator[TrytonServer]:
    with start_tryton() as server:
        yield server


@pytest.fixture
def tryton(tryton_process: TrytonServer) -> TrytonServer:
    """Tests share one database: each looks only for the documents of its own action."""
    return tryton_process


@pytest.fixture
def settings_given(tryton: TrytonServer) -> dict[str, Any]:
    return {
        "erp_adapter": "tryton",
        "erp_url": tryton.url,
        "erp_database": tryton.database,
        "erp_user": "admin",
        "erp_token": PASSWORD,
        "erp_settle_s": 0,
        "erp_timeout_s": 30,
    }


def drafts(tryton: TrytonServer, model: str, action: dict[str, Any], *fields: str) -> list[dict[str, Any]]:
    mark = f"%[emailq-{action['idempotency_key'][:20]}]%"
    domain, names = [["description", "like", mark]], ["description", *fields]
    found: list[dict[str, Any]] = tryton.rpc(f"model.{model}.search_read", domain, 0, None, None, names, {"company": 1})
    return found


async def test_an_order_becomes_a_draft_sale_with_its_lines(
    db: psycopg.Connection, mail: Mail, run: Run, tryton: TrytonServer
) -> None:
    email_id = await mail()

    await run(email_id)

    action = action_of(db, email_id)
    assert (action["status"], action["error_message"]) == ("success", None)
    [sale] = drafts(tryton, "sale.sale", action, "state", "reference", "party.rec_name", "lines", "comment")
    assert action["entity_id"] == str(sale["id"])
    assert (sale["state"], sale["reference"], sale["party."]["rec_name"]) == ("draft", "PO-7741", "Ann")
    lines = tryton.rpc("model.sale.line.read", sale["lines"], ["description", "quantity", "unit_price"], {"company": 1})
    assert sorted((line["description"], line["quantity"]) for line in lines) == [
        ("candles, boxes (price not given)", 12.0),
        ("soda, kg (price not given)", 40.0),
    ]
    assert "Please send" in sale["comment"]


async def test_who_wrote_is_found_again_by_the_address(
    db: psycopg.Connection, mail: Mail, run: Run, tryton: TrytonServer
) -> None:
    sender = "berta@example.com"
    first, second = await mail(sender=sender), await mail("7 boxes of soap for PO-2", sender=sender)

    await run(first)
    await run(second)

    parties = {
        sale["party"] for one in (first, second) for sale in drafts(tryton, "sale.sale", action_of(db, one), "party")
    }
    assert len(parties) == 1


async def test_an_invoice_becomes_a_draft_bill_with_its_document_attached(
    db: psycopg.Connection, app: App, mail: Mail, run: Run, tryton: TrytonServer
) -> None:
    email_id = await mail(raw=bill(), intent="invoice")
    await app.blobs.put([PDF])
    await run(email_id)
    approve(db, action_of(db, email_id))

    await run(email_id)

    action = action_of(db, email_id)
    assert action["error_message"] is None
    [found] = drafts(tryton, "account.invoice", action, "type", "state", "reference", "untaxed_amount")
    assert (found["type"], found["state"], found["reference"]) == ("in", "draft", "INV-1")
    assert found["untaxed_amount"]["decimal"] == "10.00"
    place = [["resource", "=", f"account.invoice,{found['id']}"]]
    [attached] = tryton.rpc("model.ir.attachment.search_read", place, 0, None, None, ["name", "data"], {"company": 1})
    assert attached["name"].endswith("-bill.pdf")
    assert base64.b64decode(attached["data"]["base64"]) == PDF


@pytest.mark.parametrize(("intent", "model"), [("complaint", "sale.complaint"), ("inquiry", "sale.opportunity")])
async def test_complaints_and_inquiries_become_drafts_of_their_own_kind(
    db: psycopg.Connection, mail: Mail, run: Run, tryton: TrytonServer, intent: str, model: str
) -> None:
    email_id = await mail("The candles of order PO-7741 arrived broken.", intent=intent)

    await run(email_id)

    action = action_of(db, email_id)
    assert (action["status"], action["error_message"]) == ("success", None)
    [found] = drafts(tryton, model, action, "state")
    assert str(found["id"]) == action["entity_id"]


async def test_a_sale_whose_answer_was_lost_is_found_by_its_reference(
    db: psycopg.Connection, app: App, mail: Mail, run: Run, tryton: TrytonServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    email_id = await mail()
    lose_the_answer_of(monkeypatch, "model.sale.sale.create")

    first = await run(email_id)
    monkeypatch.undo()
    second = await run(email_id, 2)

    assert (type(first), type(second)) == (Retry, Done)
    action = action_of(db, email_id)
    assert [str(one["id"]) for one in drafts(tryton, "sale.sale", action)] == [action["entity_id"]]
    assert [one["error_message"] for one in attempts_of(db, email_id)] == ["found by its reference"]


async def test_before_the_lost_call_can_be_over_nothing_is_sent_again(
    db: psycopg.Connection, app: App, mail: Mail, run: Run, tryton: TrytonServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    app.settings = app.settings.model_copy(update={"erp_settle_s": 60})
    email_id = await mail()
    lose_the_request_of(monkeypatch, "model.sale.sale.create")
    await run(email_id)
    monkeypatch.undo()

    early = await run(email_id, 2)
    db.execute("update erp_action_attempts set created_at = now() - interval '2 minutes'")
    await run(email_id, 3)

    assert isinstance(early, Retry)
    assert early.after_s is not None
    assert 50 < early.after_s < 61
    assert len(drafts(tryton, "sale.sale", action_of(db, email_id))) == 1


async def test_two_documents_with_one_reference_are_for_a_person(
    db: psycopg.Connection, mail: Mail, run: Run, tryton: TrytonServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    email_id = await mail()
    lose_the_answer_of(monkeypatch, "model.sale.sale.create")
    await run(email_id)
    monkeypatch.undo()
    [sale] = drafts(tryton, "sale.sale", action_of(db, email_id))
    tryton.rpc("model.sale.sale.copy", [sale["id"]], {"description": sale["description"]}, {"company": 1})

    await run(email_id, 2)

    assert action_of(db, email_id)["status"] == "needs_review"
    assert "several documents" in action_of(db, email_id)["error_message"]


async def test_a_session_that_tryton_has_forgotten_is_made_anew(
    db: psycopg.Connection, app: App, mail: Mail, run: Run, tryton: TrytonServer
) -> None:
    await run(await mail())
    app.resources["tryton"].authorization = "Session " + base64.b64encode(b"admin:1:nonsense").decode()
    email_id = await mail("7 boxes of soap for PO-8")

    await run(email_id)

    assert action_of(db, email_id)["status"] == "success"


async def test_a_wrong_password_stops_the_queue(
    db: psycopg.Connection, app: App, mail: Mail, run: Run, tryton: TrytonServer
) -> None:
    app.settings = app.settings.model_copy(update={"erp_user": "nobody"})

    outcome = await run(await mail())

    assert isinstance(outcome, Release)
    [control] = rows(db, "select paused, reason from queue_controls where queue_name = 'erp_action'")
    assert control["paused"]
    assert "check" in control["reason"]


async def test_what_tryton_refuses_has_failed_with_its_words(
    db: psycopg.Connection, app: App, mail: Mail, run: Run, tryton: TrytonServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    from emailq.erp import tryton as adapter

    real = adapter._WRITE["create_order"]

    async def without_party(*args: Any) -> dict[str, Any]:
        return {**await real(*args), "party": None}

    monkeypatch.setitem(adapter._WRITE, "create_order", without_party)
    email_id = await mail()

    outcome = await run(email_id)

    assert isinstance(outcome, Reject)
    assert action_of(db, email_id)["status"] == "failed"
    assert "Tryton: model.sale.sale.create: UserError: The value" in action_of(db, email_id)["error_message"]


def lose_the_answer_of(monkeypatch: pytest.MonkeyPatch, method: str) -> None:
    """Tryton does it, and the answer never arrives."""
    _lose(monkeypatch, method, after=True)


def lose_the_request_of(monkeypatch: pytest.MonkeyPatch, method: str) -> None:
    _lose(monkeypatch, method, after=False)


def _lose(monkeypatch: pytest.MonkeyPatch, method: str, *, after: bool) -> None:
    from emailq.erp import call
    from emailq.http import NoAnswer

    real = call.send

    async def lossy(http: Any, verb: str, url: str, **options: Any) -> Any:
        is_it = method.encode() in (options.get("content") or b"")
        answer = await real(http, verb, url, **options) if after or not is_it else None
        if is_it:
            raise NoAnswer("the cable was pulled")
        return answer

    monkeypatch.setattr(call, "send", lossy)
