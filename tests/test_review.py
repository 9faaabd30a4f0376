"""label, review and replay as people use them: real commands, a real database, a real terminal."""

import asyncio
import json
import os
import pty
import select
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
import pytest
from psycopg.types.json import Jsonb

from emailq.app import open_app
from emailq.classify.handler import handle
from emailq.outcomes import Done
from emailq.settings import load_settings
from tests.commands import EMAILQ, run_emailq
from tests.http_server import HttpServer, Reply, serve
from tests.items import value
from tests.mails import add_email, claim, message

LABELS: dict[str, Any] = {
    "reasoning": "because",
    "intent": "order",
    "sentiment": "neutral",
    "priority": "normal",
    "confidence": 0.4,
}


class Model:
    def __init__(self) -> None:
        self.labels = LABELS

    def answer(self, _: Any) -> Reply:
        return Reply.of({"message": {"role": "assistant", "content": json.dumps(self.labels)}, "done": True})


@pytest.fixture
def model() -> Model:
    return Model()


@pytest.fixture
def server(model: Model) -> Iterator[HttpServer]:
    with serve(model.answer) as running:
        yield running


@pytest.fixture
def env(dsn: str, tmp_path: Path, server: HttpServer) -> dict[str, str]:
    return {
        "EMAILQ_DSN": dsn,
        "EMAILQ_BLOB_DIR": str(tmp_path / "blobs"),
        "EMAILQ_CLASSIFIER": "llm",
        "EMAILQ_LLM_URL": server.url,
    }


@pytest.fixture
async def ids(env: dict[str, str]) -> list[str]:
    """Three messages, oldest first."""
    texts = ["12 boxes of soap, please.", "Are you open?", "\x1b]0;evil\x07\x1b[2Jmore"]
    async with open_app(load_settings(env)) as app:
        return [str(await add_email(app, message(f"Mail {number}", text))) for number, text in enumerate(texts)]


def classify(env: dict[str, str], ids: list[str], **settings: str) -> None:
    """What a worker does, without its process."""

    async def run() -> None:
        async with open_app(load_settings(env | settings)) as app:
            for email_id in ids:
                outcome = await handle(await claim(app, UUID(email_id), "classification"), app)
                assert isinstance(outcome, Done)
                async with app.pool.connection() as conn:
                    for effect in outcome.effects:
                        await conn.execute("select record_classification(%s, %s)", (email_id, Jsonb(effect.args[1])))
                    for one in outcome.next:
                        await conn.execute("select enqueue_jobs(%s, %s)", ([UUID(email_id)], [one.queue_name]))

    asyncio.run(run())


def test_a_person_says_what_a_message_is(env: dict[str, str], ids: list[str], db: psycopg.Connection) -> None:
    done = run_emailq("label", ids[0][:8], "--intent", "complaint", "--priority", "high", "--note", "by phone", env=env)

    assert (done.returncode, done.stdout) == (0, f"labelled {ids[0][:8]}; goes on to the ERP queue\n")
    shown = json.loads(run_emailq("show", ids[0], "--json", env=env).stdout)
    assert (shown["email"]["intent"], shown["email"]["priority"]) == ("complaint", "high")
    [decision] = shown["classification_history"]
    assert (decision["decided_by"], decision["note"]) == ("person", "by phone")


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (["1234abcd", "--intent", "order"], "no e-mail 1234abcd"),
        (["1234abcd"], "nothing to decide"),
        (["1234abcd", "--intent", "purchase"], "'purchase' is not one of"),
    ],
)
def test_a_label_that_makes_no_sense_is_refused(env: dict[str, str], args: list[str], says: str) -> None:
    done = run_emailq("label", *args, env=env)

    assert done.returncode in (64, 65)
    assert says in done.stderr


def test_an_llms_decision_is_made_again_from_the_very_same_prompt(
    env: dict[str, str], ids: list[str], server: HttpServer, model: Model
) -> None:
    classify(env, ids)
    asked = [request.json()["messages"] for request in server.sent_to("/api/chat")]

    same = run_emailq("replay", ids[0], env=env)
    model.labels = LABELS | {"intent": "invoice"}
    other = run_emailq("replay", ids[0], "--json", env=env)

    assert (same.returncode, same.stdout.split()[0]) == (0, "same")
    assert server.sent_to("/api/chat")[-1].json()["messages"] in asked
    assert other.returncode == 65
    result = json.loads(other.stdout)
    assert (result["same"], result["then"]["intent"], result["now"]["intent"]) == (False, "order", "invoice")
    assert "the answer has another text" in result["remarks"]


def test_without_kept_content_the_prompt_is_made_again_and_checked_by_its_hash(
    env: dict[str, str], ids: list[str], server: HttpServer, db: psycopg.Connection
) -> None:
    classify(env, ids, EMAILQ_LOG_CONTENT="false")
    kept = db.execute("select llm_prompt, llm_response, details from classification_history").fetchall()
    asked = [request.json()["messages"] for request in server.sent_to("/api/chat")]

    same = run_emailq("replay", ids[0], env=env)
    db.execute("update emails set new_text = 'something else' where id = %s", (ids[1],))
    changed = run_emailq("replay", ids[1], env=env)

    assert all(prompt is None and response is None and "soap" not in str(details) for prompt, response, details in kept)
    assert same.returncode == 0
    assert server.sent_to("/api/chat")[-1].json()["messages"] in asked
    assert changed.returncode == 64
    assert "the prompt was not kept" in changed.stderr


def test_a_decision_of_the_local_model_is_made_again(
    env: dict[str, str], ids: list[str], db: psycopg.Connection
) -> None:
    classify(env, ids, EMAILQ_CLASSIFIER="local")
    history_id = str(value(db, "select id from classification_history limit 1"))

    done = run_emailq("replay", history_id, env=env)

    assert (done.returncode, done.stdout.split()[0]) == (0, "same")


def test_what_a_person_decided_is_not_replayed(env: dict[str, str], ids: list[str], db: psycopg.Connection) -> None:
    run_emailq("label", ids[0], "--intent", "spam", env=env)
    history_id = str(value(db, "select id from classification_history"))

    done = run_emailq("replay", history_id, env=env)

    assert done.returncode == 64
    assert "a person decided this" in done.stderr


class Terminal:
    """A command on a pseudo-terminal of 100 × 30."""

    def __init__(self, *args: str, env: dict[str, str]) -> None:
        self._master, slave = pty.openpty()
        size = {"COLUMNS": "100", "LINES": "30", "TERM": "xterm"}
        self.process = subprocess.Popen(
            [EMAILQ, *args],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env=os.environ | env | size,
            start_new_session=True,
        )
        os.close(slave)
        self.seen = b""

    def press(self, keys: str) -> None:
        os.write(self._master, keys.encode())

    def shows(self, text: str, timeout_s: float = 30) -> str:
        """Waits for this text in what comes from now on; returns all that came."""
        came = b""
        deadline = time.monotonic() + timeout_s
        while text.encode() not in came:
            assert time.monotonic() < deadline, f"{text!r} did not come, but {came!r}"
            if select.select([self._master], [], [], 0.1)[0]:
                try:
                    came += os.read(self._master, 65_536)
                except OSError:  # the command ended
                    assert text.encode() in came, f"{text!r} did not come, but {came!r}"
        self.seen += came
        return came.decode("utf-8", "replace")

    def ends(self) -> int:
        code = self.process.wait(20)
        os.close(self._master)
        return code


@pytest.fixture
def terminal(env: dict[str, str]) -> Iterator[Callable[..., Terminal]]:
    started: list[Terminal] = []

    def start(*args: str) -> Terminal:
        started.append(Terminal(*args, env=env))
        return started[-1]

    yield start
    for one in started:
        if one.process.poll() is None:
            one.process.kill()
            one.process.wait()


def test_a_walk_through_what_waits(
    env: dict[str, str], ids: list[str], db: psycopg.Connection, terminal: Callable[..., Terminal]
) -> None:
    classify(env, ids)
    review = terminal("review", "--by", "ann")

    screen = review.shows("before it")
    assert "Mail 0" in screen
    assert "12 boxes of soap" in screen
    assert "unsure: order with 40%" in screen
    assert "3 waiting" in screen
    review.press("4-")  # urgent, negative
    review.shows("sentiment negative")
    review.press("c")
    review.shows("Mail 1")
    assert value(db, "select count(*) from classification_history where decided_by = 'person'") == 0
    review.press("u")
    review.shows("taken back")
    review.press("4-c")
    review.shows("Mail 1")
    review.press("\r")  # as guessed
    review.shows("Mail 2")
    assert value(db, "select intent from emails where id = %s", ids[0]) == "complaint"
    review.press("\x1b[A ")  # an arrow is no "a"
    review.shows("2 decided, 1 waiting")

    assert review.ends() == 0
    labels = db.execute("select intent, priority, sentiment, review_reason from emails order by subject").fetchall()
    assert labels[:2] == [("complaint", "urgent", "negative", None), ("order", "normal", "neutral", None)]
    assert labels[2][3] == "unsure: order with 40%"
    assert value(db, "select count(*) from classification_history where person = 'ann'") == 2
    assert b"\x1b]0;evil" not in review.seen  # what a message says does not steer the terminal


def test_an_action_is_approved_or_rejected_with_one_key(
    env: dict[str, str], ids: list[str], model: Model, db: psycopg.Connection, terminal: Callable[..., Terminal]
) -> None:
    model.labels = LABELS | {"confidence": 0.95}
    classify(env, ids, EMAILQ_REVIEW_BELOW="0.6")  # set, so what nobody calibrated counts
    assert run_emailq("worker", "--queue", "erp_action", "--drain", env=env).returncode == 0
    waiting = value(db, "select count(*) from erp_actions where status = 'needs_review'")
    review = terminal("review", "--by", "ann")

    assert "12 boxes" in review.shows("before it")
    review.press("a")
    review.shows("Mail 1")
    review.press("r")
    review.shows("Mail 2")
    review.press("q")
    review.shows("2 decided, 1 waiting")

    assert review.ends() == 0
    assert waiting == 3
    decisions = db.execute("select decision, decided_by from erp_action_decisions order by created_at").fetchall()
    assert decisions == [("approved", "ann"), ("rejected", "ann")]


def test_without_a_terminal_the_queue_comes_as_json(env: dict[str, str], ids: list[str]) -> None:
    classify(env, ids)

    rows = [json.loads(line) for line in run_emailq("review", "--json", env=env).stdout.splitlines()]
    refused = run_emailq("review", env=env)

    assert [row["subject"] for row in rows] == ["Mail 0", "Mail 1", "Mail 2"]
    assert refused.returncode == 64
    assert "emailq review --json" in refused.stderr
