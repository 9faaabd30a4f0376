"""A worker and an LLM server that goes away, has no model, or stalls: nothing is lost, no attempt is used up, and work
goes on soon after the server is back."""

import asyncio
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from emailq.app import open_app
from emailq.settings import Settings, load_settings
from tests.commands import start_emailq
from tests.http_server import HANG, Reply, Request, serve
from tests.items import value
from tests.mails import add_email, message
from tests.waiting import wait_until

LABELS = {"reasoning": "r", "intent": "other", "sentiment": "neutral", "priority": "normal", "confidence": 0.9}
RESUMES_S = 10  # after the server is back


def chat(_: Request | None = None) -> Reply:
    return Reply.of({"message": {"role": "assistant", "content": json.dumps(LABELS)}, "done": True})


class Office:
    """A mailbox of `count` parsed messages, and a worker that classifies them with an LLM server."""

    def __init__(self, dsn: str, folder: Path, db: psycopg.Connection, count: int) -> None:
        self.db = db
        self.count = count
        self.env = {"EMAILQ_DSN": dsn, "EMAILQ_BLOB_DIR": str(folder / "blobs"), "EMAILQ_CLASSIFIER": "llm"}
        asyncio.run(self._fill(load_settings({}, dsn=dsn, blob_dir=str(folder / "blobs"))))

    async def _fill(self, settings: Settings) -> None:
        async with open_app(settings) as app:
            for number in range(self.count):
                await add_email(app, message(f"Question {number}", f"Is number {number} ready?"))
        self.db.execute("insert into processing_queue (email_id, queue_name) select id, 'classification' from emails")

    @contextmanager
    def worker(self, url: str, **settings: str) -> Iterator[None]:
        env = self.env | {"EMAILQ_LLM_URL": url, "EMAILQ_LLM_TIMEOUT_S": "1"} | settings
        with start_emailq("worker", "--queue", "classification", "--queue", "llm", env=env) as process:
            try:
                yield
            finally:
                process.terminate()
                self.log = process.communicate(timeout=20)[1]

    @property
    def done(self) -> int:
        return int(value(self.db, "select count(*) from classification_history"))

    @property
    def waits(self) -> str | None:
        row = self.db.execute("select reason from queue_status where waiting_for_dependency").fetchone()
        return str(row[0]) if row else None

    def resumed_after_s(self) -> float:
        """Seconds until the next message is done."""
        before, began = self.done, time.monotonic()
        wait_until(lambda: self.done > before, 3 * RESUMES_S)
        return time.monotonic() - began

    def assert_all_done_at_the_first_attempt(self) -> None:
        wait_until(lambda: self.done == self.count, 30)
        wait_until(lambda: self.statuses() == {("completed", 1): self.count}, 10)

    def statuses(self, queue: str = "classification") -> dict[tuple[str, int], int]:
        rows = self.db.execute(
            "select status, attempts, count(*) from processing_queue where queue_name = %s group by 1, 2", (queue,)
        ).fetchall()
        return {(status, attempts): count for status, attempts, count in rows}


@pytest.fixture
def office(dsn: str, tmp_path: Path, db: psycopg.Connection) -> Office:
    return Office(dsn, tmp_path, db, 12)


def test_a_server_that_goes_away_in_mid_work_and_comes_back(office: Office) -> None:
    with serve(chat) as server:
        port = server.port
        server.answer = lambda request: HANG if len(server.requests) > 6 else chat()
        with office.worker(server.url):
            wait_until(lambda: len(server.requests) > 6, 30)
            server.stop()
            wait_until(lambda: office.waits, 20)
            assert office.done < office.count
            assert all(attempts <= 1 for _, attempts in office.statuses())

            with serve(chat, port):
                assert office.resumed_after_s() <= RESUMES_S
                office.assert_all_done_at_the_first_attempt()


def test_a_model_that_is_missing_stops_the_queue_loudly_until_somebody_pulls_it(office: Office) -> None:
    def not_found(_: Request) -> Reply:
        return Reply.of({"error": 'model "llama3.1:8b" not found, try pulling it first'}, 404)

    with serve(not_found) as server, office.worker(server.url):
        wait_until(lambda: office.waits, 30)
        assert "not found, try pulling it first; check llm_url" in (office.waits or "")
        time.sleep(1)
        calls = len(server.requests)
        assert calls <= 4  # those that were under way; then one probe at a time

        server.answer = chat
        assert office.resumed_after_s() <= RESUMES_S
        office.assert_all_done_at_the_first_attempt()

    assert "llm.misconfigured" in office.log


def test_a_busy_server_is_left_alone_as_long_as_it_says(office: Office) -> None:
    with serve(lambda _: Reply(503, headers={"retry-after": "3"})) as server, office.worker(server.url):
        wait_until(lambda: office.waits, 30)
        calls = len(server.requests)
        time.sleep(1.5)
        assert len(server.requests) == calls

        server.answer = chat
        office.assert_all_done_at_the_first_attempt()


def test_while_a_cascades_llm_is_down_only_what_needs_it_waits(office: Office) -> None:
    sure = "We hereby order 40 boxes of gloves, please deliver to our warehouse and send an order confirmation."
    office.db.execute("update emails set subject = 'Purchase order', new_text = %s where subject like '%%5'", (sure,))
    office.db.execute("update emails set subject = '', new_text = 'hm hm' where subject like 'Q%'")
    office.db.execute(
        "update processing_queue q set priority = 9 from emails e where e.id = q.email_id and subject <> ''"
    )
    with serve(chat) as server:
        port = server.port
    with office.worker(f"http://127.0.0.1:{port}", EMAILQ_CLASSIFIER="cascade"):
        wait_until(lambda: office.done == 1, 30)  # the last in line, and nothing else
        wait_until(lambda: office.waits, 20)
        assert office.statuses() == {("completed", 1): 12}
        assert all(status != "failed" and attempts <= 1 for status, attempts in office.statuses("llm"))

        with serve(chat, port):
            assert office.resumed_after_s() <= RESUMES_S
            wait_until(lambda: office.statuses("llm") == {("completed", 1): 11}, 30)


def test_as_many_calls_are_in_flight_as_the_settings_allow(office: Office) -> None:
    running, most, lock = 0, 0, threading.Lock()

    def slow(request: Request) -> Reply:
        nonlocal running, most
        if request.path != "/api/chat":
            return Reply(404)
        with lock:
            running += 1
            most = max(most, running)
        time.sleep(0.3)
        with lock:
            running -= 1
        return chat()

    with serve(slow) as server, office.worker(server.url, EMAILQ_LLM_CONCURRENCY="3", EMAILQ_LLM_TIMEOUT_S="20"):
        office.assert_all_done_at_the_first_attempt()

    assert most == 3
