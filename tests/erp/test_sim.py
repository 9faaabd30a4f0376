"""The small ERP: what it takes, how it misbehaves on request, and its page."""

import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from emailq.app import App
from emailq.doctor import log_in
from emailq.erp.http import request_headers
from emailq.erp.sim.ledger import Ledger
from emailq.erp.sim.server import Faults, Sim
from emailq.settings import load_settings
from tests.commands import run_emailq, start_emailq

ORDER = {
    "action": "create_order",
    "email": {"message_id": "1@example.com", "from_name": "<script>alert(1)</script>", "from": "a@example.com"},
    "fields": {"order_number": {"value": "PO-1"}, "lines": [{"item": "soap", "quantity": "2"}]},
}


@pytest.fixture
def sim(tmp_path: Path) -> Iterator[Sim]:
    running = Sim(Ledger(tmp_path / "journal.jsonl"), seed=1)
    running.start()
    yield running
    running.stop()


def post(
    sim: Sim, content: Any = ORDER, key: str | None = "k1", path: str = "/actions", **headers: str
) -> tuple[int, Any]:
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    given = {"content-type": "application/json", **({"idempotency-key": key} if key else {}), **headers}
    return ask(urllib.request.Request(sim.url + path, body, given))


def get(sim: Sim, path: str) -> tuple[int, Any]:
    return ask(urllib.request.Request(sim.url + path))


def ask(request: urllib.request.Request) -> tuple[int, Any]:
    try:
        with urllib.request.urlopen(request, timeout=5) as answer:
            status, body = answer.status, answer.read()
    except urllib.error.HTTPError as error:
        status, body = error.code, error.read()
    is_json = body[:1] in (b"{", b"[")
    return status, json.loads(body) if is_json else body.decode()


@pytest.mark.parametrize(
    ("token", "lookup", "state", "words"),
    [
        ("right", "/actions/{key}", "ok", "lets us in"),
        ("wrong", "/actions/{key}", "fail", "the ERP answered 401: check erp_url, erp_user and erp_token"),
        ("wrong", None, "ok", "not tried"),
    ],
)
async def test_doctor_tells_a_wrong_token_where_it_can_ask(
    app: App, sim: Sim, token: str, lookup: str | None, state: str, words: str
) -> None:
    sim.token = "right"
    given = load_settings({}, erp_adapter="http", erp_url=sim.url, erp_token=token, erp_lookup=lookup)

    found = await log_in(replace(app, settings=given))

    assert found.state == state
    assert words in found.text


def test_the_same_key_makes_one_document(sim: Sim) -> None:
    first, second = post(sim), post(sim)

    assert (first[0], second[0]) == (201, 200)
    assert first[1]["id"] == second[1]["id"] == "SO-0001"
    assert get(sim, "/actions/k1") == (200, {"id": "SO-0001", "type": "order"})
    assert get(sim, "/actions/k2")[0] == 404


def test_a_known_key_with_another_body_is_refused(sim: Sim) -> None:
    post(sim)

    assert post(sim, {**ORDER, "fields": {}})[0] == 422


@pytest.mark.parametrize(("content", "key", "status"), [(b"[]", "k", 422), (b"{", "k", 422), (ORDER, None, 400)])
def test_what_is_no_action_is_refused(sim: Sim, content: Any, key: str | None, status: int) -> None:
    assert post(sim, content, key)[0] == status


def test_an_update_changes_the_document_that_it_names(sim: Sim) -> None:
    post(sim, {**ORDER, "action": "create_invoice"}, "k1")

    status, made = post(sim, {**ORDER, "action": "update_invoice", "entity_id": "BILL-0001"}, "k2")

    assert (status, made["id"]) == (201, "BILL-0001")
    assert [one["revisions"] for one in get(sim, "/documents")[1]["documents"]] == [1]


@pytest.mark.parametrize(
    ("fault", "status", "documents"),
    [
        ("error_before", 500, 0),
        ("error_after", 500, 1),
        ("unavailable", 503, 0),
        ("conflict", 409, 0),
        ("refuse", 422, 0),
        ("unauthorized", 401, 0),
        ("garbage", 200, 1),
    ],
)
def test_a_switch_does_what_it_says(sim: Sim, fault: str, status: int, documents: int) -> None:
    assert post(sim, {fault: 1}, path="/faults")[0] == 200

    assert post(sim)[0] == status
    assert len(sim.ledger.documents) == documents


@pytest.mark.parametrize(("fault", "documents"), [("lose_answers", 1), ("lose_requests", 0)])
def test_a_lost_answer_is_a_broken_connection(sim: Sim, fault: str, documents: int) -> None:
    sim.faults = Faults(**{fault: 1})

    with pytest.raises((urllib.error.URLError, ConnectionError)):
        post(sim)

    assert len(sim.ledger.documents) == documents


def test_a_restart_keeps_documents_and_keys_and_forgives_a_torn_line(sim: Sim, tmp_path: Path) -> None:
    post(sim)
    with (tmp_path / "journal.jsonl").open("a") as journal:
        journal.write('{"id": "SO-0002", "ki')

    again = Ledger(tmp_path / "journal.jsonl")
    again.commit("k9", b"{}", ORDER)

    assert [one.id for one in Ledger(tmp_path / "journal.jsonl").documents.values()] == ["SO-0001", "SO-0002"]
    found = again.find("k1")
    assert found is not None
    assert found.id == "SO-0001"


def test_the_signature_is_checked_and_too_old_ones_are_refused(tmp_path: Path) -> None:
    import time

    sim = Sim(Ledger(), hmac_key="secret", token="tkn")
    sim.start()
    settings = load_settings({}, erp_hmac_key="secret", erp_token="tkn")
    body, now = json.dumps(ORDER).encode(), int(time.time())
    good = request_headers("k1", body, settings, now)

    statuses = [
        post(sim, body, None, **headers)[0]
        for headers in (
            request_headers("k1", body, settings, now - 301),
            {**good, "webhook-signature": "v1,AAAA"},
            {**good, "authorization": "Bearer other"},
            good,
        )
    ]

    assert statuses == [401, 401, 401, 201]
    sim.stop()


def test_the_page_shows_documents_and_runs_nothing_out_of_mail(sim: Sim) -> None:
    post(sim)

    _, page = get(sim, "/")
    _, one = get(sim, "/documents/SO-0001")

    for html in (page, one):
        assert "SO-0001" in html
        assert "PO-1" in html
        assert "<script>alert" not in html
        assert "&lt;script&gt;alert(1)" in html
    assert get(sim, "/?kind=lead")[1].count("SO-0001") == 0
    assert get(sim, "/documents/nope")[0] == 404


@pytest.mark.parametrize("given", ["lose_answers=2", "lose_anwsers=0.1", "slow_s=x", "slow_s"])
def test_a_switch_that_makes_no_sense_is_one_line(given: str) -> None:
    done = run_emailq("erp-sim", "--fault", given)

    assert done.returncode == 64
    assert done.stderr.startswith("emailq: --fault")
    assert done.stderr.count("\n") == 1


def test_the_command_says_how_to_point_emailq_at_it() -> None:
    with start_emailq("erp-sim", "--port", "0", env={"PYTHONUNBUFFERED": "1"}) as process:
        assert process.stdout is not None
        first, second = process.stdout.readline(), process.stdout.readline()
        process.terminate()

    assert first.startswith("ERP simulator: http://127.0.0.1:")
    assert f"EMAILQ_ERP_URL={first.split()[-1]}/actions" in second
