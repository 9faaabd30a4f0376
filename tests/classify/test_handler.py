"""The handler of `classification`, on a real database and a real HTTP server that plays Ollama."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest

from emailq.app import App, open_app
from emailq.classify.handler import classify_files, handle, mail_text, mail_text_from_row
from emailq.models import Intent
from emailq.outcomes import Done, Next, Outcome, Reject, Release, Retry
from emailq.parse.digest import digest_message
from emailq.settings import load_settings
from tests.http_server import HttpServer, Reply, serve
from tests.mails import add_email, claim, message

ORDER = message("PO 77", "Please send 12 boxes of candles.")


class Model:
    """What the playing model answers, and whether there is one."""

    def __init__(self) -> None:
        self.labels: dict[str, Any] = {
            "reasoning": "because",
            "intent": "order",
            "sentiment": "neutral",
            "priority": "normal",
            "confidence": 0.9,
        }
        self.text: str | None = None
        self.status = 200

    def answer(self, request: Any) -> Reply:
        content = self.text if self.text is not None else json.dumps(self.labels)
        return Reply.of({"message": {"role": "assistant", "content": content}, "done": True}, self.status)


@pytest.fixture
def model() -> Model:
    return Model()


@pytest.fixture
def server(model: Model) -> Iterator[HttpServer]:
    with serve(model.answer) as running:
        yield running


@pytest.fixture
def settings_given(server: HttpServer) -> dict[str, Any]:
    return {"classifier": "llm", "llm_url": server.url, "llm_timeout_s": 2}


def recorded(outcome: Outcome) -> dict[str, Any]:
    assert isinstance(outcome, Done)
    [effect] = outcome.effects
    assert effect.function == "record_classification"
    fields: dict[str, Any] = effect.args[1]
    return fields


async def labelled(app: App, raw: bytes = ORDER, attempt: int = 1, **columns: Any) -> Outcome:
    email_id = await add_email(app, raw, **columns)
    return await handle(await claim(app, email_id, "classification", attempt=attempt), app)


async def test_a_sure_order_is_accepted_and_an_erp_action_follows(app: App) -> None:
    outcome = await labelled(app)

    fields = recorded(outcome)
    assert (fields["intent"], fields["confidence"], fields["decision"]) == ("order", 0.9, "accepted")
    assert (fields["decided_by"], fields["provider"], fields["review_reason"]) == ("model", "ollama", None)
    assert isinstance(outcome, Done)
    assert outcome.next == (Next("erp_action", 5),)


async def test_what_the_handler_returns_is_what_the_database_takes(app: App, conn: psycopg.AsyncConnection) -> None:
    email_id = await add_email(app, ORDER)
    fields = recorded(await handle(await claim(app, email_id, "classification"), app))

    await conn.execute("select record_classification(%s, %s)", (email_id, json.dumps(fields)))

    cursor = await conn.execute(
        "select e.intent, e.confidence_score, h.provider, h.llm_model, h.llm_response is not null,"
        " h.details ->> 'reasoning'"
        " from emails e join classification_history h on h.email_id = e.id"
    )
    assert await cursor.fetchall() == [("order", 0.9, "ollama", "llama3.1:8b", True, "because")]


@pytest.mark.parametrize("intent", ["newsletter", "spam", "other"])
async def test_what_policy_has_no_action_for_ends_here(app: App, model: Model, intent: str) -> None:
    model.labels["intent"] = intent

    outcome = await labelled(app, message("Friday", "The meeting is at ten, in the small room. See you there!"))

    assert recorded(outcome)["decision"] == "accepted"
    assert isinstance(outcome, Done)
    assert outcome.next == ()


async def test_below_the_threshold_a_person_decides_and_nothing_follows(app: App, model: Model) -> None:
    model.labels["confidence"] = 0.59

    outcome = await labelled(app)

    assert recorded(outcome)["decision"] == "needs_review"
    assert recorded(outcome)["review_reason"] == "unsure: order with 59%"
    assert isinstance(outcome, Done)
    assert outcome.next == ()


@pytest.mark.parametrize(("trust", "decision"), [("known", "needs_review"), ("new", "accepted")])
async def test_spam_from_somebody_known_is_for_a_person(app: App, model: Model, trust: str, decision: str) -> None:
    model.labels["intent"] = "spam"

    fields = recorded(
        await labelled(app, message("Friday", "The meeting is at ten, see you there!"), sender_trust=trust)
    )

    assert fields["decision"] == decision


async def test_a_model_that_talks_instead_of_labelling_leaves_it_to_a_person(app: App, model: Model) -> None:
    model.text = "Ignore the schema! " * 5000

    fields = recorded(await labelled(app))

    assert (fields["intent"], fields["decision"]) == ("other", "needs_review")
    assert len(fields["response"]) == 16_000


async def test_nobody_is_asked_about_automatic_mail_from_which_nothing_follows(app: App, model: Model) -> None:
    model.labels["confidence"] = 0.59

    assert recorded(await labelled(app, automation="auto_reply"))["review_reason"] is None


async def test_an_order_sent_by_a_machine_leads_to_no_action(app: App, server: HttpServer) -> None:
    outcome = await labelled(app, automation="auto_reply")

    assert isinstance(outcome, Done)
    assert outcome.next == ()


async def test_while_the_server_is_down_the_queue_waits_and_keeps_its_attempts(app: App, server: HttpServer) -> None:
    server.stop()

    outcome = await labelled(app)

    assert isinstance(outcome, Release)
    assert outcome.pause_s == 5
    assert "can't connect" in outcome.reason


async def test_a_missing_model_is_told_loudly(app: App, model: Model, caplog: pytest.LogCaptureFixture) -> None:
    model.status = 404

    outcome = await labelled(app)

    assert isinstance(outcome, Release)
    assert outcome.pause_s == 5
    assert "llm_model" in outcome.reason
    assert [record.message for record in caplog.records if record.levelname == "WARNING"] == ["llm.misconfigured"]


async def test_a_message_that_the_server_can_never_do_is_a_persons_in_the_end(
    app: App, server: HttpServer, model: Model
) -> None:
    server.answer = lambda request: Reply(500) if b"candles" in request.body else model.answer(request)

    early = await labelled(app)
    last = await labelled(app, ORDER + b"!", attempt=3)

    assert isinstance(early, Retry)
    assert recorded(last)["decision"] == "needs_review"
    assert "500" in recorded(last)["review_reason"]


async def test_beyond_the_hours_budget_no_call_is_made_and_a_person_decides(
    dsn: str, tmp_path: Path, server: HttpServer, conn: psycopg.AsyncConnection
) -> None:
    given = {
        "dsn": dsn,
        "blob_dir": str(tmp_path / "blobs"),
        "classifier": "llm",
        "llm_url": server.url,
        "sure_from": 1,
    }
    async with open_app(load_settings({}, **given, llm_calls_per_hour=1)) as app:
        unclear = message("Hello", "Hm.")
        first = await labelled(app, unclear)
        email_id = await add_email(app, unclear + b"!")
        await conn.execute("select record_classification(%s, %s)", (email_id, json.dumps(recorded(first))))
        calls = len(server.sent_to("/api/chat"))

        second = await labelled(app, unclear + b"?")

    assert recorded(first)["provider"] == "ollama"
    assert recorded(second)["review_reason"] == "the LLM's calls of this hour are used up"
    assert len(server.sent_to("/api/chat")) == calls


async def test_mail_that_is_gone_or_not_parsed_is_not_classified(app: App, conn: psycopg.AsyncConnection) -> None:
    email_id = await add_email(app, ORDER, parsed_at=None)

    assert await handle(await claim(app, uuid4(), "classification"), app) == Reject("the e-mail is gone")
    assert isinstance(await handle(await claim(app, email_id, "classification"), app), Retry)


MAILS = {
    "plain": ORDER,
    "reply": message("Re: PO 77", "Yes, twelve please.\n\nOn Tue, Nov 10, 2026, Bob wrote:\n> How many?\n> Bob\n"),
    "no headers to speak of": b"Subject: x\r\n\r\n",
    "bulk": message("News", "Offers!", headers="List-Id: <news.example.com>\r\nPrecedence: bulk\r\n"),
    "html": b"From: a@example.com\r\nContent-Type: text/html\r\n\r\n<p>Hello <b>there</b></p><p>Ann</p>",
    "attachment": (
        b'From: a@example.com\r\nSubject: x\r\nContent-Type: multipart/mixed; boundary="b"\r\n\r\n--b\r\n\r\nhi\r\n'
        b'--b\r\nContent-Type: application/pdf\r\nContent-Disposition: attachment; filename="po.pdf"\r\n\r\n%PDF\r\n'
        b"--b--\r\n"
    ),
    "broken": b"\xff\xfe\x00From\r\nSubject: =?utf-8?q?=00=ED=A0=80?=\r\nX: \xd0\x9f\r\n\r\nbody\x00\xff",
}


@pytest.mark.parametrize("raw", MAILS.values(), ids=MAILS.keys())
async def test_a_file_and_a_row_give_the_classifier_the_same_text(
    app: App, conn: psycopg.AsyncConnection, raw: bytes
) -> None:
    email_id = await add_email(app, raw)
    async with app.pool.connection() as connection:
        from emailq.classify.handler import _load

        row = await _load(connection, email_id)

    assert row is not None
    assert mail_text_from_row(row) == mail_text(digest_message(raw))


def test_files_are_classified_without_a_database(server: HttpServer) -> None:
    settings = load_settings({}, classifier="llm", llm_url=server.url)

    found = list(classify_files([("a.eml", ORDER), ("b.eml", MAILS["html"])], settings))

    assert [(source, label.intent) for source, label in found] == [("a.eml", "order"), ("b.eml", "order")]


def test_files_are_classified_without_any_server() -> None:
    [(_, label)] = classify_files([("a.eml", ORDER)], load_settings({}))

    assert label.provider == "local"
    assert label.intent in set(Intent)
    assert 0 <= label.confidence <= 1
