"""The OpenAI chat API as llama.cpp and vLLM speak it."""

import json
from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx
import pytest

from emailq.classify import cascade
from emailq.classify.llm import Llm, LlmMisconfigured, open_llm
from emailq.classify.prompt import ANSWER_TOKENS, BODY_TOKENS
from emailq.models import Classification, MailText
from emailq.settings import load_settings
from tests.http_server import HttpServer, Reply, in_turn, serve

MAIL = MailText(subject="Order", text="Please send 12 boxes of candles.")
LABELS = {
    "reasoning": "Wants to buy.",
    "intent": "order",
    "sentiment": "neutral",
    "priority": "normal",
    "confidence": 1,
}


def completion(message: dict[str, Any], finish_reason: str = "stop") -> Reply:
    choice = {"index": 0, "message": {"role": "assistant", **message}, "finish_reason": finish_reason}
    return Reply.of(
        {
            "id": "chatcmpl-1",
            "object": "chat.completion",
            "model": "served-model",
            "system_fingerprint": "b6000-abc",
            "choices": [choice],
            "usage": {"prompt_tokens": 640, "completion_tokens": 50, "total_tokens": 690},
        }
    )


async def classify(mail: MailText, llm: Llm) -> Classification:
    return await cascade.classify(mail, llm.settings, {}, llm)


@pytest.fixture
def server() -> Iterator[HttpServer]:
    with serve(in_turn(completion({"content": json.dumps(LABELS)}))) as running:
        yield running


@pytest.fixture
async def llm(server: HttpServer) -> AsyncIterator[Llm]:
    settings = load_settings(
        {},
        classifier="llm",
        llm_api="openai",
        llm_url=f"{server.url}/",
        llm_api_key="secret",
        llm_model="m",
        llm_timeout_s=1,
    )
    async with httpx.AsyncClient() as client:
        yield open_llm(settings, client)


async def test_a_call_asks_for_a_strict_schema_and_records_who_answered(server: HttpServer, llm: Llm) -> None:
    label = await classify(MAIL, llm)

    [request] = server.sent_to("/v1/chat/completions")
    sent = request.json()
    assert request.headers["authorization"] == "Bearer secret"
    assert sent["response_format"]["type"] == "json_schema"
    assert sent["response_format"]["json_schema"]["strict"] is True
    assert set(sent["response_format"]["json_schema"]["schema"]["required"]) == {*LABELS, "spans", "further"}
    assert (sent["temperature"], sent["max_tokens"]) == (0, ANSWER_TOKENS)
    assert (label.intent, label.confidence, label.provider) == ("order", 1, "openai")
    assert (label.details["server_model"], label.details["prompt_tokens"]) == ("served-model", 640)
    assert "secret" not in str(label)


@pytest.mark.parametrize(
    "reply",
    [
        completion({"content": None, "refusal": "I can't."}),
        completion({"content": json.dumps(LABELS)}, "length"),
        completion({"content": "an order"}),
        Reply.of({"choices": []}),
        Reply.of({"choices": [None]}),
        Reply.of({"choices": [{"message": "an order"}]}),
    ],
    ids=["refusal", "length", "prose", "no choice", "null choice", "no message"],
)
async def test_what_is_no_label_goes_to_a_person_after_one_more_try(server: HttpServer, llm: Llm, reply: Reply) -> None:
    server.answer = in_turn(reply)

    label = await classify(MAIL, llm)

    assert len(server.requests) == 2
    assert (label.intent, label.confidence) == ("other", 0)
    assert "problem" in label.details


async def test_a_context_that_is_too_small_gets_less_of_the_mail(server: HttpServer, llm: Llm) -> None:
    error = {
        "code": 400,
        "message": "request (5000 tokens) exceeds the available context size (2048 tokens), try increasing it",
        "type": "exceed_context_size_error",
    }
    server.answer = in_turn(Reply.of({"error": error}, 400), completion({"content": json.dumps(LABELS)}))
    long = MailText(subject="Order", text="candles and soap, " * 2000)

    label = await classify(long, llm)

    first, second = (len(request.body) for request in server.requests)
    assert label.intent == "order"
    assert label.details["body_tokens"] == BODY_TOKENS // 2
    assert second < first


async def test_a_wrong_key_is_for_a_person_to_set_right(server: HttpServer, llm: Llm) -> None:
    server.answer = in_turn(Reply.of({"error": {"message": "Incorrect API key", "type": "invalid_request_error"}}, 401))

    with pytest.raises(LlmMisconfigured, match="Incorrect API key; check"):
        await classify(MAIL, llm)


async def test_a_server_that_refuses_every_request_is_not_the_messages_fault(server: HttpServer, llm: Llm) -> None:
    server.answer = in_turn(Reply.of({"error": {"message": "response_format is not supported"}}, 400))

    with pytest.raises(LlmMisconfigured, match="response_format is not supported; check llm_url"):
        await classify(MAIL, llm)
