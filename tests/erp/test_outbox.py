"""An action is done once, whatever happened to the try before: each story ends with the documents that the ERP has."""

import json
import shutil
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from psycopg.types.json import Jsonb

from emailq.app import App
from emailq.erp.handler import handle
from emailq.erp.sim.ledger import Ledger
from emailq.erp.sim.server import Faults, Sim
from emailq.outcomes import Done, Outcome, Reject, Release, Retry
from tests.erp.conftest import (
    Mail,
    Run,
    action_of,
    attempts_of,
    email_of,
    held_job,
    rows,
)
from tests.erp.test_http import approve, bill
from tests.http_server import DROP, HttpServer, Reply, in_turn

pytestmark = pytest.mark.usefixtures("no_questions")


@pytest.fixture
def sim() -> Iterator[Sim]:
    running = Sim(Ledger(), seed=1)
    running.start()
    yield running
    running.stop()


async def test_a_sent_action_is_the_document_that_the_erp_named(
    db: psycopg.Connection, mail: Mail, run: Run, erp: HttpServer
) -> None:
    email_id = await mail()

    await run(email_id)

    action, email = action_of(db, email_id), email_of(db, email_id)
    assert (action["status"], action["entity_id"], action["error_message"]) == ("success", "17", None)
    assert action["created_at"] <= action["executed_at"] <= action["completed_at"]
    assert (email["erp_action_status"], email["erp_entity_type"], email["erp_entity_id"]) == (
        "completed",
        "order",
        "17",
    )
    assert email["erp_action_result"]["response"] == {"id": 17}
    [attempt] = attempts_of(db, email_id)
    assert (attempt["outcome"], attempt["http_status"], attempt["response"]) == ("success", 200, {"id": 17})
    assert attempt["request"]["sha256"]


async def test_a_second_job_sends_nothing_again(db: psycopg.Connection, mail: Mail, run: Run, erp: HttpServer) -> None:
    email_id = await mail()
    await run(email_id)

    outcome = await run(email_id)

    assert isinstance(outcome, Done)
    assert len(erp.requests) == 1


async def test_the_row_with_its_key_is_committed_before_the_call(
    db: psycopg.Connection, mail: Mail, run: Run, erp: HttpServer
) -> None:
    seen: list[tuple[Any, ...]] = []

    def look(request: Any) -> Reply:
        with psycopg.connect(db.info.dsn, autocommit=True) as other:
            seen.extend(
                other.execute(
                    "select a.status, t.outcome, a.idempotency_key, e.erp_action_status from erp_actions a"
                    " join erp_action_attempts t on t.action_id = a.id join emails e on e.id = a.email_id"
                ).fetchall()
            )
        return Reply.of({"id": 1})

    erp.answer = look

    await run(await mail())

    assert seen == [("retrying", "unknown", erp.requests[0].headers["idempotency-key"], "processing")]


async def test_every_try_is_the_same_bytes_with_the_same_key(
    db: psycopg.Connection, mail: Mail, run: Run, erp: HttpServer
) -> None:
    erp.answer = in_turn(DROP, Reply(500), Reply.of({"id": 5}))
    email_id = await mail()

    outcomes = [await run(email_id, attempt) for attempt in (1, 2, 3)]

    assert [type(one) for one in outcomes] == [Retry, Retry, Done]
    assert len({(r.headers["idempotency-key"], r.body) for r in erp.requests}) == 1
    assert [one["outcome"] for one in attempts_of(db, email_id)] == ["unknown", "unknown", "success"]
    assert action_of(db, email_id)["retry_count"] == 2


@pytest.mark.parametrize("point", ["proposed", "begun", "sent", "answered", "ended"])
async def test_a_worker_killed_at_any_point_leaves_one_document(
    db: psycopg.Connection, app: App, mail: Mail, run: Run, sim: Sim, point: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    point_at(app, sim)
    email_id = await mail()
    cut = {
        "proposed": ("emailq.erp.outbox.begin_attempt", False),
        "begun": ("emailq.erp.http.call", False),
        "sent": ("emailq.erp.http.call", True),
        "answered": ("emailq.erp.outbox.end_attempt", False),
        "ended": ("emailq.erp.outbox.end_attempt", True),
    }
    place, after = cut[point]
    with monkeypatch.context() as patch:
        die_at(patch, place, after=after)
        with pytest.raises(Killed):
            await handle(held_job(db, email_id), app)

    outcome = await run(email_id)

    assert isinstance(outcome, Done)
    assert [one.requests for one in sim.ledger.documents.values()] == [2 if point in ("sent", "answered") else 1]
    assert action_of(db, email_id)["status"] == "success"
    assert action_of(db, email_id)["entity_id"] == "SO-0001"
    assert email_of(db, email_id)["erp_action_status"] == "completed"


async def test_an_outcome_that_was_never_committed_is_a_success_all_the_same(
    db: psycopg.Connection, app: App, mail: Mail, erp: HttpServer
) -> None:
    email_id = await mail()

    await handle(held_job(db, email_id), app)  # the worker dies before it commits what the handler returned

    assert action_of(db, email_id)["status"] == "success"
    assert email_of(db, email_id)["erp_action_status"] == "completed"


async def test_a_job_that_was_given_up_cannot_begin_a_try(
    db: psycopg.Connection, app: App, mail: Mail, erp: HttpServer
) -> None:
    email_id = await mail()
    job = held_job(db, email_id)
    db.execute("update processing_queue set worker_id = 2, attempts = 2")

    outcome = await handle(job, app)

    assert outcome == Done()
    assert erp.requests == []


async def test_a_cancelled_item_wins_before_the_call_and_is_too_late_after_it(
    db: psycopg.Connection, app: App, mail: Mail, erp: HttpServer
) -> None:
    early, late = await mail(), await mail("12 boxes of soap for PO-2")
    job = held_job(db, early)
    db.execute("select cancel_jobs(array[%s::uuid])", (job.id,))
    await handle(job, app)
    assert erp.requests == []

    job = held_job(db, late)
    erp.answer = lambda _: cancelling(db, job.id)
    await handle(job, app)

    assert action_of(db, late)["status"] == "success"


async def test_an_item_that_ends_in_mid_try_leaves_the_action_to_a_person(
    db: psycopg.Connection, app: App, mail: Mail, erp: HttpServer
) -> None:
    email_id = await mail()
    erp.answer = lambda _: DROP
    job = held_job(db, email_id)
    await handle(job, app)

    db.execute("update processing_queue set status = 'failed', last_error = 'worker lost' where id = %s", (job.id,))

    action = action_of(db, email_id)
    assert (action["status"], action["error_message"]) == (
        "needs_review",
        "its queue item was failed while a try was under way: look into the ERP",
    )


# ------------------------------------------------------------------------------------------ unknown outcomes


async def test_what_was_made_without_an_answer_is_found_by_its_key(
    db: psycopg.Connection, app: App, mail: Mail, run: Run, sim: Sim
) -> None:
    point_at(app, sim, erp_lookup="/{key}", erp_key_hours=0.000001)
    sim.faults = Faults(lose_answers=1)
    email_id = await mail()
    first = await run(email_id)
    sim.faults = Faults()

    second = await run(email_id, 2)

    assert (type(first), type(second)) == (Retry, Done)
    assert sim.requests == 1  # the lookup came instead of a second request
    action = action_of(db, email_id)
    assert (action["status"], action["entity_id"]) == ("success", "SO-0001")
    [attempt] = attempts_of(db, email_id)
    assert (attempt["outcome"], attempt["error_message"]) == ("success", "found by its reference")


async def test_what_was_not_made_is_not_found_and_sent_again(
    db: psycopg.Connection, app: App, mail: Mail, run: Run, sim: Sim
) -> None:
    point_at(app, sim, erp_lookup="/{key}")
    sim.faults = Faults(lose_requests=1)
    email_id = await mail()
    await run(email_id)
    sim.faults = Faults()

    await run(email_id, 2)

    assert len(sim.ledger.documents) == 1
    assert action_of(db, email_id)["status"] == "success"


async def test_an_erp_that_has_forgotten_its_keys_and_cannot_be_asked_needs_a_person(
    db: psycopg.Connection, mail: Mail, run: Run, erp: HttpServer
) -> None:
    erp.answer = lambda _: DROP
    email_id = await mail()
    await run(email_id)
    db.execute("update erp_action_attempts set created_at = now() - interval '25 hours'")

    outcome = await run(email_id, 2)

    assert isinstance(outcome, Done)
    assert len(erp.requests) == 1
    assert action_of(db, email_id)["status"] == "needs_review"
    assert email_of(db, email_id)["review_reason"] == (
        "ERP action: an old try has an unknown outcome: look into the ERP"
    )


async def test_a_restored_backup_asks_with_the_key_of_yesterday(
    db: psycopg.Connection, app: App, mail: Mail, run: Run, sim: Sim
) -> None:
    point_at(app, sim)
    email_id = await mail()
    await run(email_id)

    db.execute("delete from erp_actions")  # the backup is older than the action
    await run(email_id)

    assert [one.requests for one in sim.ledger.documents.values()] == [2]
    assert action_of(db, email_id)["entity_id"] == "SO-0001"


async def test_lost_answers_without_end_need_a_person_and_burn_no_attempts_in_the_queue(
    db: psycopg.Connection, mail: Mail, run: Run, erp: HttpServer
) -> None:
    erp.answer = lambda _: DROP
    email_id = await mail()

    outcomes: list[Outcome] = [await run(email_id, 3) for _ in range(20)]

    assert all(isinstance(one, Done) and one.next[0].queue_name == "erp_action" for one in outcomes[:19])
    assert isinstance(outcomes[19], Reject)
    action = action_of(db, email_id)
    assert action["status"] == "needs_review"
    assert action["error_message"].startswith("unknown after 20 tries: ERP: ")


# ------------------------------------------------------------------------------------------ answers


async def test_what_is_no_answer_to_an_action_is_for_a_person_and_kept_in_part(
    db: psycopg.Connection, mail: Mail, run: Run, erp: HttpServer
) -> None:
    erp.answer = lambda _: Reply(200, b'{"x": "' + b"y" * 1_100_000 + b'"}')
    email_id = await mail()

    outcome = await run(email_id)

    assert isinstance(outcome, Reject)
    assert action_of(db, email_id)["status"] == "needs_review"
    [attempt] = attempts_of(db, email_id)
    assert len(json.dumps(attempt["response"])) < 20_000


async def test_an_erp_that_asks_for_time_gets_it_for_the_whole_queue(
    db: psycopg.Connection, mail: Mail, run: Run, erp: HttpServer
) -> None:
    erp.answer = lambda _: Reply(503, headers={"retry-after": "7"})
    email_id = await mail()

    outcome = await run(email_id)

    assert outcome == Release("the ERP answered 503", pause_s=7)
    assert action_of(db, email_id)["status"] == "retrying"


async def test_no_connection_lets_the_queue_wait_and_is_one_row_in_the_log(
    db: psycopg.Connection, app: App, mail: Mail, run: Run
) -> None:
    app.settings = app.settings.model_copy(update={"erp_url": "http://127.0.0.1:1/actions"})
    email_id = await mail()

    outcomes = [await run(email_id) for _ in range(3)]

    assert all(isinstance(one, Release) and one.pause_s == 5 for one in outcomes)
    assert [one["outcome"] for one in attempts_of(db, email_id)] == ["unavailable"]


async def test_after_twenty_errors_the_action_has_failed_with_the_last_answer(
    db: psycopg.Connection, mail: Mail, run: Run, erp: HttpServer
) -> None:
    erp.answer = lambda _: Reply(500, b'{"error": "disk full"}')
    email_id = await mail()

    for _ in range(20):
        last = await run(email_id)

    assert isinstance(last, Reject)
    action = action_of(db, email_id)
    assert (action["status"], action["error_message"]) == ("failed", "the ERP answered 500")
    assert action["response_payload"] == {"error": "disk full"}
    assert email_of(db, email_id)["erp_action_status"] == "failed"


async def test_wrong_settings_stop_the_queue_at_once_with_one_line(
    db: psycopg.Connection,
    mail: Mail,
    run: Run,
    erp: HttpServer,
    caplog: pytest.LogCaptureFixture,
) -> None:
    erp.answer = lambda _: Reply(401)
    first, second = await mail(), await mail("12 boxes of soap for PO-2")

    outcomes = [await run(first), await run(second)]

    assert all(isinstance(one, Release) for one in outcomes)
    assert len(erp.requests) == 1
    [control] = rows(db, "select * from queue_controls where queue_name = 'erp_action'")
    assert control["paused"]
    assert control["reason"] == (
        "the ERP answered 401: check erp_url, erp_user and erp_token; then: emailq resume erp_action"
    )
    assert attempts_of(db, second) == []
    assert [record.message for record in caplog.records] == ["erp.paused"]


async def test_an_adapter_that_nobody_has_stops_the_queue_and_those_there_are_are_named(
    db: psycopg.Connection, mail: Mail, run: Run
) -> None:
    db.execute("update erp_policy set adapter = 'sap'")
    email_id = await mail()

    outcome = await run(email_id)

    assert isinstance(outcome, Release)
    [control] = rows(db, "select paused, reason from queue_controls where queue_name = 'erp_action'")
    assert control["paused"]
    assert control["reason"].startswith("no ERP adapter is named 'sap'; there are dry_run, erpnext, http, ")


async def test_a_document_that_can_not_be_read_sends_nothing(
    db: psycopg.Connection, app: App, mail: Mail, run: Run, erp: HttpServer
) -> None:
    email_id = await mail(raw=bill(), intent="invoice")
    await run(email_id)
    approve(db, action_of(db, email_id))
    shutil.rmtree(app.settings.blob_dir, ignore_errors=True)

    outcome = await run(email_id)

    assert isinstance(outcome, Retry)
    assert erp.requests == []
    assert [(one["outcome"], "is missing" in one["error_message"]) for one in attempts_of(db, email_id)] == [
        ("unavailable", True)
    ]


async def test_a_payload_that_was_changed_behind_our_back_is_not_sent(
    db: psycopg.Connection, mail: Mail, run: Run, erp: HttpServer
) -> None:
    erp.answer = lambda _: DROP
    email_id = await mail()
    await run(email_id)
    db.execute("update erp_actions set request_payload = jsonb_set(request_payload, '{action}', '\"pay\"')")

    await run(email_id, 2)

    assert len(erp.requests) == 1
    assert action_of(db, email_id)["error_message"] == "the payload was changed after it was proposed"


# ------------------------------------------------------------------------------------------ dry runs, several requests


async def test_a_dry_run_is_proposed_and_becomes_real_when_the_adapter_does(
    db: psycopg.Connection, mail: Mail, run: Run, erp: HttpServer
) -> None:
    db.execute("update erp_policy set adapter = 'dry_run'")
    email_id = await mail()
    await run(email_id)
    assert (action_of(db, email_id)["status"], erp.requests) == ("pending", [])

    db.execute("update erp_policy set adapter = null")
    await run(email_id)

    assert (action_of(db, email_id)["status"], len(erp.requests)) == ("success", 1)


async def test_each_request_of_a_message_is_an_action_of_its_own(
    db: psycopg.Connection, app: App, mail: Mail, run: Run, sim: Sim
) -> None:
    point_at(app, sim)
    text = "Order PO-7741:\n12 boxes of candles\n40 kg of soda\n\nOrder PO-7742:\n3 boxes of soap\n7 kg of wax\n"
    email_id = await mail(text)

    first = await run(email_id)
    await run(email_id)

    assert isinstance(first, Done)
    assert [one.queue_name for one in first.next] == ["erp_action"]
    found = [one.body["fields"]["order_number"]["value"] for one in sim.ledger.documents.values()]
    assert found == ["PO-7741", "PO-7742"]
    assert email_of(db, email_id)["erp_action_status"] == "completed"


async def test_an_order_and_a_complaint_in_one_message_are_two_actions_each_once(
    db: psycopg.Connection, mail: Mail, run: Run, erp: HttpServer, no_questions: None
) -> None:
    text = "Please send 12 boxes of candles.\n\nOf the last delivery 3 pieces were broken."
    requests = [
        {"intent": "complaint", "confidence": 0.95, "sentences": [1]},
        {"intent": "order", "confidence": 0.9, "sentences": [0]},
    ]
    email_id = await mail(text, intent="complaint", requests=Jsonb(requests))

    for _ in range(4):
        await run(email_id)

    actions = rows(db, "select * from erp_actions where email_id = %s order by action_type", email_id)
    assert [(a["action_type"], a["request_no"], a["status"]) for a in actions] == [
        ("create_complaint", 1, "success"),
        ("create_order", 1, "success"),
    ]
    assert len({request.headers["idempotency-key"] for request in erp.requests}) == len(erp.requests) == 2
    assert actions[1]["request_payload"]["fields"]["lines"][0]["quantity"] == "12"


async def test_each_of_two_requests_needs_its_own_confidence(
    db: psycopg.Connection, mail: Mail, run: Run, no_questions: None
) -> None:
    db.execute("update erp_policy set min_confidence = 0.9 where intent = 'order'")
    requests = [
        {"intent": "complaint", "confidence": 0.95, "sentences": [1]},
        {"intent": "order", "confidence": 0.7, "sentences": [0]},
    ]
    email_id = await mail("Please send 12 boxes.\n\n3 were broken.", intent="complaint", requests=Jsonb(requests))

    await run(email_id)

    assert action_of(db, email_id)["action_type"] == "create_complaint"
    assert "its confidence is 0.7" in email_of(db, email_id)["review_reason"]


async def test_the_view_counts_actions_by_how_they_ended(
    db: psycopg.Connection, mail: Mail, run: Run, erp: HttpServer
) -> None:
    erp.answer = in_turn(Reply.of({"id": 1}), Reply(422), Reply.of({"id": 2}))
    for number in range(3):
        await run(await mail(f"12 boxes of soap for order PO-{number}00"))

    [stats] = rows(db, "select * from erp_action_stats")

    assert (stats["action_type"], stats["total_actions"], stats["successful"], stats["failed"]) == (
        "create_order",
        3,
        2,
        1,
    )
    assert float(stats["success_rate_pct"]) == pytest.approx(66.67)
    assert stats["avg_duration_sec"] == 0


class Killed(BaseException):
    """The worker is gone: nothing after this line runs."""


def die_at(patch: pytest.MonkeyPatch, place: str, *, after: bool) -> None:
    module_name, _, name = place.rpartition(".")
    real = getattr(__import__(module_name, fromlist=[name]), name)

    async def dying(*args: Any, **options: Any) -> Any:
        if after:
            await real(*args, **options)
        raise Killed

    patch.setattr(place, dying)


def point_at(app: App, sim: Sim, **more: Any) -> None:
    app.settings = app.settings.model_copy(update={"erp_url": sim.url + "/actions", **more})


def cancelling(db: psycopg.Connection, item: Any) -> Reply:
    with psycopg.connect(db.info.dsn, autocommit=True) as other:
        other.execute("select cancel_jobs(array[%s::uuid])", (item,))
    return Reply.of({"id": 3})
