"""People decide about actions, from the command line as from SQL."""

import json
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
import pytest

from emailq.erp.desk import changed, differences
from emailq.errors import UsageError
from tests.commands import run_emailq
from tests.erp.conftest import Mail, Run, action_of, email_of, rows
from tests.http_server import DROP, HttpServer, Reply

Emailq = Any


@pytest.fixture
def emailq(dsn: str, tmp_path: Path) -> Emailq:
    env = {"EMAILQ_DSN": dsn, "EMAILQ_BLOB_DIR": str(tmp_path / "blobs")}
    return lambda *args, **more: run_emailq(*args, env=env | more)


@pytest.fixture
async def waiting(mail: Mail, run: Run) -> UUID:
    """A message whose order waits for an approval."""
    email_id = await mail(sender_trust="new")
    await run(email_id)
    return email_id


async def test_an_approved_action_is_sent_as_it_was(
    db: psycopg.Connection, waiting: UUID, run: Run, erp: HttpServer, emailq: Emailq
) -> None:
    listed = emailq("actions")
    assert "? policy asks for an approval" in listed.stdout
    assert "order number PO-7741 · 12 boxes candles, 40 kg soda" in listed.stdout

    done = emailq("approve", str(action_of(db, waiting)["id"])[:8], "--by", "eve")

    assert done.returncode == 0, done.stderr
    assert email_of(db, waiting)["review_reason"] is None
    [item] = rows(db, "select * from processing_queue where email_id = %s and status = 'pending'", waiting)
    assert item["queue_name"] == "erp_action"
    await run(waiting)
    assert action_of(db, waiting)["status"] == "success"
    [decision] = rows(db, "select decision, decided_by, changes from erp_action_decisions")
    assert decision == {"decision": "approved", "decided_by": "eve", "changes": []}


async def test_what_a_person_changed_is_sent_and_kept_value_by_value(
    db: psycopg.Connection, waiting: UUID, run: Run, erp: HttpServer, emailq: Emailq
) -> None:
    key = action_of(db, waiting)["idempotency_key"]

    done = emailq(
        *("approve", str(waiting), "--set", "fields.order_number=PO-9", "--set", "fields.lines.1.quantity=41"),
        *("--reason", "by phone", "--json"),
    )

    assert done.returncode == 0, done.stderr
    changes = [
        {"path": "fields.order_number.value", "before": "PO-7741", "after": "PO-9"},
        {"path": "fields.lines.1.quantity", "before": "40", "after": "41"},
    ]
    assert sorted(json.loads(done.stdout)["changes"], key=str) == sorted(changes, key=str)
    await run(waiting)
    sent = erp.requests[0].json()["fields"]
    assert (sent["order_number"]["value"], sent["lines"][1]["quantity"]) == ("PO-9", "41")
    assert erp.requests[0].headers["idempotency-key"] == key
    [decision] = rows(db, "select changes, reason from erp_action_decisions")
    assert (sorted(decision["changes"], key=str), decision["reason"]) == (sorted(changes, key=str), "by phone")


@pytest.mark.parametrize("given", ["abc", "", "null", "0", "-5", "NaN", "[]"])
async def test_a_line_without_a_quantity_is_not_approved(
    db: psycopg.Connection, waiting: UUID, emailq: Emailq, given: str
) -> None:
    action = action_of(db, waiting)

    done = emailq("approve", str(waiting), "--set", f"fields.lines.1.quantity={given}")

    assert done.returncode == 64
    assert done.stderr.startswith("emailq: line 2 has no quantity that can be sent, but ")
    assert f"emailq approve {str(action['id'])[:8]} --set fields.lines.1.quantity=" in done.stderr
    assert action_of(db, waiting)["status"] == "needs_review"


async def test_the_payload_can_be_changed_in_an_editor(
    db: psycopg.Connection, waiting: UUID, emailq: Emailq, tmp_path: Path
) -> None:
    editor = tmp_path / "editor"
    editor.write_text("#!/bin/sh\nsed -i 's/PO-7741/PO-8/' \"$1\"\n")
    editor.chmod(0o755)

    done = emailq("approve", str(waiting), "--edit", EDITOR=str(editor))

    assert done.returncode == 0, done.stderr
    assert "fields.order_number.value: PO-7741 → PO-8" in done.stdout
    assert action_of(db, waiting)["request_payload"]["fields"]["order_number"]["value"] == "PO-8"


async def test_a_rejected_action_is_never_sent(
    db: psycopg.Connection, waiting: UUID, run: Run, erp: HttpServer, emailq: Emailq
) -> None:
    done = emailq("reject", str(waiting), "--reason", "a joke")
    await run(waiting)

    assert done.returncode == 0, done.stderr
    assert (action_of(db, waiting)["status"], action_of(db, waiting)["error_message"]) == (
        "cancelled",
        "rejected: a joke",
    )
    assert email_of(db, waiting)["erp_action_status"] is None
    assert erp.requests == []
    again = emailq("approve", str(waiting))
    assert (again.returncode, again.stderr) == (64, "emailq: the action can't be decided: it is cancelled\n")


async def test_what_is_being_sent_can_not_be_stopped_any_more(
    db: psycopg.Connection, waiting: UUID, emailq: Emailq
) -> None:
    db.execute("update erp_actions set status = 'retrying'")

    done = emailq("reject", str(waiting))

    assert (done.returncode, done.stderr) == (64, "emailq: the action can't be decided: too late: it is being sent\n")


async def test_a_payload_that_changed_since_it_was_read_is_not_approved(db: psycopg.Connection, waiting: UUID) -> None:
    action = action_of(db, waiting)

    [answer] = rows(db, "select approve_erp_action(%s, 'eve', null, 'other', '{}', '', '[]') as why", action["id"])

    assert answer["why"] == "its payload was changed meanwhile; look at it again"


@pytest.mark.usefixtures("no_questions")
async def test_a_refused_action_that_a_person_changed_goes_out_with_a_new_key(
    db: psycopg.Connection, mail: Mail, run: Run, erp: HttpServer, emailq: Emailq
) -> None:
    erp.answer = lambda _: Reply(422)
    email_id = await mail()
    await run(email_id)
    erp.answer = lambda _: Reply.of({"id": 4})

    done = emailq("approve", str(email_id), "--set", "fields.order_number=PO-1")
    assert done.returncode == 0, done.stderr
    await run(email_id)

    first, second = erp.requests
    assert first.headers["idempotency-key"] != second.headers["idempotency-key"]
    assert action_of(db, email_id)["status"] == "success"


@pytest.mark.usefixtures("no_questions")
async def test_an_approval_after_an_unknown_outcome_sends_the_same_key_again(
    db: psycopg.Connection, mail: Mail, run: Run, erp: HttpServer, emailq: Emailq
) -> None:
    erp.answer = lambda _: DROP
    email_id = await mail()
    await run(email_id)
    db.execute("update erp_action_attempts set created_at = now() - interval '2 days'")
    await run(email_id, 2)
    erp.answer = lambda _: Reply.of({"id": 4})

    done = emailq("approve", str(email_id))
    assert done.returncode == 0, done.stderr
    await run(email_id)

    assert len({request.headers["idempotency-key"] for request in erp.requests}) == 1
    assert action_of(db, email_id)["status"] == "success"


async def test_policy_test_says_which_rule_decides_and_why_not_the_others(
    db: psycopg.Connection, mail: Mail, emailq: Emailq
) -> None:
    email_id = await mail("12 boxes of candles", confidence_score=0.7)

    said = emailq("policy", "test", str(email_id)).stdout

    assert "✗ order-known does not fit: its confidence is 0.70, not 0.8" in said
    assert "✓ order-other decides: create_order" in said
    assert "? policy asks for an approval" in said


def test_policy_lists_the_rules(emailq: Emailq) -> None:
    assert "invoice-trusted" in emailq("policy").stdout
    first, *_ = emailq("policy", "--json").stdout.splitlines()
    assert json.loads(first)["rule"] == "complaint-known"


@pytest.mark.parametrize(
    ("args", "why"),
    [
        (("approve", "12345678"), "no ERP action 12345678"),
        (("approve", "x"), "'x' is not an id (8 or more hexadecimal digits, as printed by emailq list)"),
        (
            ("actions", "--status", "lost"),
            "no status 'lost'; there are needs_review, failed, retrying, pending, success,",
        ),
    ],
)
def test_what_can_not_be_done_is_one_line(emailq: Emailq, args: tuple[str, ...], why: str) -> None:
    done = emailq(*args)

    assert done.returncode in (64, 65)
    assert done.stderr.startswith(f"emailq: {why}")
    assert done.stderr.count("\n") == 1


PAYLOAD = {
    "fields": {"order_number": None, "invoice_number": {"value": "1", "span": "no. 1"}, "lines": [], "iban": None}
}


@pytest.mark.parametrize(
    ("given", "path", "after"),
    [
        ("fields.order_number=PO 1=2", "fields.order_number", {"value": "PO 1=2", "span": None}),
        ("fields.order_number=77", "fields.order_number", {"value": "77", "span": None}),
        ("fields.invoice_number=2", "fields.invoice_number.value", "2"),
        ("fields.invoice_number=null", "fields.invoice_number.value", None),
        ('fields.lines=[{"item": "soap", "quantity": "2"}]', "fields.lines.0", {"item": "soap", "quantity": "2"}),
        ("fields.lines.0.item=soap", "fields.lines.0", {"item": "soap"}),
    ],
)
def test_set_puts_a_value_where_its_path_leads(given: str, path: str, after: Any) -> None:
    [change] = differences(PAYLOAD, changed(PAYLOAD, [given]))

    assert (change["path"], change["after"]) == (path, after)


@pytest.mark.parametrize(
    "given",
    [
        "order_number=1",
        "fields.order_number",
        "action=pay",
        "fields.lines.7.item=x",
        "fields=1",
        "fields.ordr_number=1",
    ],
)
def test_set_refuses_what_leads_nowhere_and_what_is_not_the_message(given: str) -> None:
    with pytest.raises(UsageError):
        changed(PAYLOAD, [given])


async def test_show_tells_each_try_and_each_decision(
    db: psycopg.Connection, waiting: UUID, run: Run, erp: HttpServer, emailq: Emailq
) -> None:
    emailq("approve", str(waiting), "--set", "fields.order_number=PO-9", "--by", "eve")
    erp.answer = lambda _: Reply(500)
    await run(waiting)

    shown = emailq("show", str(waiting)).stdout

    assert "try 1: unknown 500  the ERP answered 500" in shown
    assert "approved by eve" in shown
    assert "fields.order_number.value: PO-7741 → PO-9" in shown
