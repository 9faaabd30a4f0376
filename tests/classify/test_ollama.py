"""Ollama's API as documented, and the ways in which a server and a model can go wrong."""

import asyncio
import gzip
import json
import time
from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx
import pytest

from emailq.classify import cascade
from emailq.classify.llm import Llm, LlmFailed, LlmMisconfigured, LlmUnavailable, open_llm
from emailq.classify.prompt import ANSWER_TOKENS, BODY_TOKENS
from emailq.models import Classification, Intent, MailText
from emailq.settings import load_settings
from tests.http_server import DROP, HANG, HttpServer, Reply, Request, in_turn, serve
from tests.waiting import wait_until_async

MAIL = MailText(subject="Order", text="Please send 12 boxes of candles.", from_address="ann@example.com")
LABELS = {
    "reasoning": "Wants to buy.",
    "intent": "order",
    "sentiment": "neutral",
    "priority": "normal",
    "confidence": 0.9,
}
DIGEST = "sha256:" + "a" * 64


def chat(content: Any, **more: Any) -> Reply:
    """A whole answer of /api/chat without streaming."""
    text = content if isinstance(content, str) else json.dumps(content)
    return Reply.of(
        {
            "model": "llama3.1:8b",
            "created_at": "2026-11-24T08:00:00.000000Z",
            "message": {"role": "assistant", "content": text},
            "done": True,
            "done_reason": "stop",
            "total_duration": 2_000_000_000,
            "prompt_eval_count": 700,
            "eval_count": 60,
            **more,
        }
    )


def tags(request: Request) -> Reply:
    return Reply.of({"models": [{"name": "llama3.1:8b", "model": "llama3.1:8b", "digest": DIGEST, "size": 1}]})


async def classify(mail: MailText, llm: Llm) -> Classification:
    return await cascade.classify(mail, llm.settings, {}, llm)


@pytest.fixture
def server() -> Iterator[HttpServer]:
    with serve(lambda request: tags(request) if request.path == "/api/tags" else chat(LABELS)) as running:
        yield running


@pytest.fixture
async def llm(server: HttpServer) -> AsyncIterator[Llm]:
    async with httpx.AsyncClient() as client:
        yield open_llm(load_settings({}, classifier="llm", llm_url=server.url, llm_timeout_s=0.5), client)


def chats(server: HttpServer, *replies: Reply) -> None:
    """From now on /api/chat gives these replies, one after the other, the last one for ever."""
    answer = in_turn(*replies)
    server.answer = lambda request: tags(request) if request.path == "/api/tags" else answer(request)


async def test_the_request_has_the_shape_that_ollama_documents(server: HttpServer, llm: Llm) -> None:
    await classify(MAIL, llm)

    [request] = server.sent_to("/api/chat")
    sent = request.json()
    assert (sent["model"], sent["stream"]) == ("llama3.1:8b", False)
    assert sent["format"]["properties"]["intent"]["enum"] == [intent.value for intent in Intent]
    assert sent["options"] == {"temperature": 0, "seed": 0, "num_ctx": 4096, "num_predict": ANSWER_TOKENS}
    assert [message["role"] for message in sent["messages"]] == ["system", "user"]
    assert "tools" not in sent


async def test_a_label_comes_with_all_that_is_needed_to_replay_it(llm: Llm) -> None:
    label = await classify(MAIL, llm)

    assert (label.intent, label.sentiment, label.priority, label.confidence) == ("order", "neutral", "normal", 0.9)
    assert (label.provider, label.model) == ("ollama", "llama3.1:8b")
    assert json.loads(label.prompt or "")[1]["content"].count("12 boxes of candles") == 1
    assert json.loads(label.response or "") == LABELS
    assert label.latency_ms is not None
    assert label.details["digest"] == DIGEST
    assert label.details["parameters"]["num_ctx"] == 4096
    assert (label.details["prompt_tokens"], label.details["answer_tokens"]) == (700, 60)


async def test_the_digest_is_asked_for_once_in_a_while_not_each_time(server: HttpServer, llm: Llm) -> None:
    await classify(MAIL, llm)
    await classify(MAIL, llm)

    assert len(server.sent_to("/api/tags")) == 1


async def test_a_server_without_tags_still_classifies(server: HttpServer, llm: Llm) -> None:
    server.answer = lambda request: chat(LABELS) if request.path == "/api/chat" else Reply(500)

    label = await classify(MAIL, llm)

    assert label.intent == "order"
    assert label.details["digest"] is None


async def test_a_label_in_a_code_fence_and_with_extra_keys_counts(server: HttpServer, llm: Llm) -> None:
    chats(server, chat("```json\n" + json.dumps({**LABELS, "__proto__": {"x": 1}, "url": "http://evil"}) + "\n```"))

    label = await classify(MAIL, llm)

    assert label.intent == "order"
    assert len(server.sent_to("/api/chat")) == 1


NO_LABELS = {
    "prose": "I think that this is an order.",
    "empty": "",
    "cut off": json.dumps(LABELS)[:40],
    "fenced prose": "```json\nan order\n```",
    "prose around JSON": f"Sure! {json.dumps(LABELS)} Anything else?",
    "two objects": json.dumps(LABELS) * 2,
    "a list": json.dumps([LABELS]),
    "null": "null",
    "wrong enum": json.dumps({**LABELS, "intent": "purchase"}),
    "enum in another case": json.dumps({**LABELS, "intent": "ORDER"}),
    "a list as intent": json.dumps({**LABELS, "intent": ["order"]}),
    "missing sentiment": json.dumps({k: v for k, v in LABELS.items() if k != "sentiment"}),
    "NaN": json.dumps({**LABELS, "confidence": float("nan")}),
    "infinity": json.dumps({**LABELS, "confidence": float("inf")}),
    "too sure": json.dumps({**LABELS, "confidence": 7.3}),
    "percent": json.dumps({**LABELS, "confidence": 90}),
    "negative": json.dumps({**LABELS, "confidence": -0.1}),
    "text as confidence": json.dumps({**LABELS, "confidence": "0.9"}),
    "true as confidence": json.dumps({**LABELS, "confidence": True}),
    "refusal": "I'm sorry, but I can't help with that.",
    "another language": json.dumps({"намерение": "заказ"}, ensure_ascii=False),
    "nested too deep": "[" * 5000,
    "NUL and surrogates": '{"intent": "\\u0000\\ud800"}',
}


@pytest.mark.parametrize("answer", NO_LABELS.values(), ids=NO_LABELS.keys())
async def test_an_answer_that_is_no_label_is_asked_for_again_once_then_a_person_decides(
    server: HttpServer, llm: Llm, answer: str
) -> None:
    chats(server, chat(answer))

    label = await classify(MAIL, llm)

    assert len(server.sent_to("/api/chat")) == 2
    assert_for_a_person(label)
    assert label.response is not None
    json.dumps(label.details).encode()


async def test_a_bad_answer_that_is_repaired_counts(server: HttpServer, llm: Llm) -> None:
    chats(server, chat("An order!"), chat(LABELS))

    label = await classify(MAIL, llm)

    second = server.sent_to("/api/chat")[1].json()["messages"]
    assert label.intent == "order"
    assert [message["role"] for message in second] == ["system", "user", "assistant", "user"]
    assert label.details["rejected_answers"] == ["not a JSON object"]


@pytest.mark.parametrize(
    "reply",
    [
        chat("x", done_reason="length"),
        Reply.of({"error": "something"}),
        Reply.of({"message": "text"}),
        Reply.of([]),
        Reply(body=b"not json at all"),
        Reply(body=b""),
        Reply(body=b'{"message": {"role": "assistant", "content": "' + b"x" * 10_000_000 + b'"}}'),
        Reply(body=gzip.compress(b"0" * 50_000_000), headers={"content-encoding": "gzip"}),
        Reply(body=b"not gzip", headers={"content-encoding": "gzip"}),
        Reply(body=b"\xff\xfe\x00", headers={"content-encoding": "br"}),
    ],
    ids=[
        "cut off",
        "error",
        "no object",
        "list",
        "no json",
        "empty",
        "10 MB",
        "gzip bomb",
        "no gzip",
        "unknown encoding",
    ],
)
async def test_a_200_that_is_no_chat_answer_goes_to_a_person(server: HttpServer, llm: Llm, reply: Reply) -> None:
    chats(server, reply)

    label = await classify(MAIL, llm)

    assert_for_a_person(label)
    assert len(label.response or "") <= 16_000


async def test_a_refused_connection_is_an_outage(server: HttpServer, llm: Llm) -> None:
    server.stop()

    with pytest.raises(LlmUnavailable, match="can't connect") as raised:
        await classify(MAIL, llm)

    assert raised.value.pause_s == 5


@pytest.mark.parametrize(
    ("reply", "pause_s"),
    [
        (Reply(429, headers={"retry-after": "7"}), 7),
        (Reply(503, headers={"retry-after": "86400"}), 600),
        (Reply(503, headers={"retry-after": "soon"}), 5),
        (Reply(503), 5),
        (Reply(502), 5),
        (Reply(503, headers={"retry-after": "Fri, 31 Dec 1999 23:59:59 GMT"}), 5),
    ],
)
async def test_a_busy_server_says_how_long_to_wait(server: HttpServer, llm: Llm, reply: Reply, pause_s: float) -> None:
    chats(server, reply)

    with pytest.raises(LlmUnavailable) as raised:
        await classify(MAIL, llm)

    assert raised.value.pause_s == pause_s


@pytest.mark.parametrize(
    "reply", [DROP, HANG, Reply(500), Reply.of({"error": "llama runner process has terminated"}, 500)]
)
async def test_a_server_that_fails_for_every_message_is_an_outage(server: HttpServer, llm: Llm, reply: Reply) -> None:
    chats(server, reply)
    began = time.monotonic()

    with pytest.raises(LlmUnavailable):
        await classify(MAIL, llm)

    assert time.monotonic() - began < 5


@pytest.mark.parametrize("reply", [DROP, HANG, Reply(500), Reply(400)])
async def test_a_message_that_alone_breaks_the_server_is_its_own_fault(
    server: HttpServer, llm: Llm, reply: Reply
) -> None:
    server.answer = lambda request: reply if b"candles" in request.body else chat("ready")

    with pytest.raises(LlmFailed):
        await classify(MAIL, llm)


async def test_a_stall_in_mid_answer_ends_at_the_deadline_and_frees_the_place(server: HttpServer, llm: Llm) -> None:
    chats(server, HANG)
    llm.slots = asyncio.Semaphore(1)

    for _ in range(2):
        with pytest.raises(LlmUnavailable, match=r"within 0\.5 s"):
            await classify(MAIL, llm)


@pytest.mark.parametrize("status", [401, 403, 404, 405, 301])
async def test_what_a_person_has_to_set_right_is_said_and_waits_longer(
    server: HttpServer, llm: Llm, status: int
) -> None:
    chats(server, Reply.of({"error": 'model "llama3.1:8b" not found, try pulling it first'}, status))

    with pytest.raises(LlmMisconfigured, match="not found, try pulling it first; check llm_url") as raised:
        await classify(MAIL, llm)

    assert raised.value.pause_s == 5


async def test_a_prompt_that_the_server_would_cut_is_cut_by_us_and_marked(server: HttpServer, llm: Llm) -> None:
    long = MailText(subject="Order", text="We need candles, soap and bars. " * 20_000 + "The end.")

    label = await classify(long, llm)

    [request] = server.sent_to("/api/chat")
    sent = request.json()
    prompt = sent["messages"][1]["content"]
    assert sent["options"]["num_ctx"] == 4096
    assert "[… cut here …]" in prompt
    assert "The end." in prompt
    assert (label.details["cut"], label.details["body_tokens"]) == (True, BODY_TOKENS)


async def test_a_context_that_was_too_small_is_noticed_and_the_mail_cut_shorter(server: HttpServer, llm: Llm) -> None:
    chats(
        server,
        chat(LABELS, prompt_eval_count=4096),
        Reply.of({"error": "input length exceeds the context length"}, 400),
        chat(LABELS),
    )

    label = await classify(MAIL, llm)

    assert label.intent == "order"
    assert len(server.sent_to("/api/chat")) == 3


async def test_no_more_calls_run_at_the_same_time_than_the_settings_allow(server: HttpServer, llm: Llm) -> None:
    running = []
    most = 0

    def slow(request: Request) -> Reply:
        nonlocal most
        running.append(1)
        most = max(most, len(running))
        server.stopping.wait(0.05)
        running.pop()
        return chat(LABELS)

    server.answer = slow
    llm.slots = asyncio.Semaphore(2)

    await asyncio.gather(*(classify(MAIL, llm) for _ in range(6)))

    assert most == 2


async def test_a_cancelled_call_frees_its_place(server: HttpServer, llm: Llm) -> None:
    llm.slots = asyncio.Semaphore(1)
    chats(server, HANG)
    call = asyncio.create_task(classify(MAIL, llm))
    await wait_until_async(lambda: server.sent_to("/api/chat"))

    call.cancel()
    await asyncio.gather(call, return_exceptions=True)
    chats(server, chat(LABELS))

    assert (await classify(MAIL, llm)).intent == "order"


def assert_for_a_person(label: Classification) -> None:
    assert (label.intent, label.confidence) == ("other", 0)
    assert label.details["problem"].startswith("no valid answer from the model: ")
