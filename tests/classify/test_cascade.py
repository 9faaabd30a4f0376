"""Who labels what: the local model alone, the LLM alone, or one after the other. The LLM's part is a script."""

import json
from collections.abc import AsyncIterator, Iterator

import httpx
import pytest

from emailq.classify import local
from emailq.classify.calibrate import Calibration
from emailq.classify.cascade import classify, doubt
from emailq.classify.llm import Llm, open_llm
from emailq.models import MailText
from emailq.settings import load_settings
from tests.http_server import HttpServer, Reply, serve

CLEAR = MailText(
    subject="Purchase order 8814",
    text="We hereby order 40 boxes of gloves. Please deliver to our warehouse in Leeds and send an order confirmation.",
)
UNCLEAR = MailText(subject="", text="hm hm")


@pytest.fixture
def server() -> Iterator[HttpServer]:
    labels = {"intent": "inquiry", "sentiment": "neutral", "priority": "normal", "confidence": 0.9, "reasoning": "r"}
    reply = Reply.of({"message": {"role": "assistant", "content": json.dumps(labels)}, "done": True})
    with serve(lambda _: reply) as running:
        yield running


@pytest.fixture
async def llm(server: HttpServer) -> AsyncIterator[Llm]:
    async with httpx.AsyncClient() as http:
        yield open_llm(load_settings({}, classifier="cascade", llm_url=server.url), http)


def calls(server: HttpServer) -> int:
    return len(server.sent_to("/api/chat"))


def measured(model: str, threshold: float) -> dict[str, Calibration]:
    return {model: Calibration("local", model, 1.0, 0.0, threshold, 0.05, 100, 50, 2)}


async def test_what_the_local_model_is_sure_of_needs_no_llm(server: HttpServer, llm: Llm) -> None:
    label = await classify(CLEAR, llm.settings, {}, llm)

    assert (label.provider, label.intent, calls(server)) == ("local", "order", 0)


async def test_what_it_is_not_sure_of_goes_to_the_llm(server: HttpServer, llm: Llm) -> None:
    label = await classify(UNCLEAR, llm.settings, {}, llm)

    assert (label.provider, label.intent, calls(server)) == ("ollama", "inquiry", 1)


async def test_with_llm_alone_every_message_of_a_person_is_asked(server: HttpServer, llm: Llm) -> None:
    settings = llm.settings.model_copy(update={"classifier": "llm"})

    label = await classify(CLEAR, settings, {}, llm)

    assert (label.provider, calls(server)) == ("ollama", 1)


async def test_a_bounce_is_never_asked(server: HttpServer, llm: Llm) -> None:
    settings = llm.settings.model_copy(update={"classifier": "llm"})

    label = await classify(MailText(subject="Undelivered", text="550", automation="bounce"), settings, {}, llm)

    assert (label.provider, label.intent, calls(server)) == ("local", "other", 0)


async def test_a_measured_threshold_decides_what_is_sure(server: HttpServer, llm: Llm) -> None:
    strict = measured(local.load().name, 1.0)

    label = await classify(CLEAR, llm.settings, strict, llm)

    assert label.provider == "ollama"


async def test_a_setting_goes_before_what_was_measured(server: HttpServer, llm: Llm) -> None:
    settings = llm.settings.model_copy(update={"sure_from": 0.0})

    label = await classify(UNCLEAR, settings, measured(local.load().name, 1.0), llm)

    assert label.provider == "local"


async def test_below_the_threshold_a_person_decides(llm: Llm) -> None:
    label = await classify(UNCLEAR, llm.settings, {}, llm)

    assert doubt(label, llm.settings, measured(label.model, 0.85)) is None
    assert doubt(label, llm.settings, measured(label.model, 0.95)) == "unsure: inquiry with 90%"
    assert doubt(label, llm.settings.model_copy(update={"review_below": 0.91}), {}) == "unsure: inquiry with 90%"


async def test_an_llm_that_nobody_calibrated_decides_only_what_the_local_model_says_too(llm: Llm) -> None:
    alone = llm.settings.model_copy(update={"classifier": "llm"})
    question = MailText(subject="Price list", text="Could you please send me your price list? What does delivery cost?")

    agreed = await classify(question, alone, {}, llm)
    contradicted = await classify(CLEAR, alone, {}, llm)

    assert (agreed.provider, doubt(agreed, alone, {})) == ("ollama", None)
    assert doubt(contradicted, alone, {}) == (
        "llama3.1:8b says inquiry, the local model order; without `emailq calibrate` both have to agree"
    )
    assert doubt(contradicted, alone, measured(contradicted.model, 0.8)) is None
    assert doubt(contradicted, alone.model_copy(update={"review_below": 0.8}), {}) is None


async def test_two_that_disagree_about_what_leads_to_nothing_need_no_person(server: HttpServer, llm: Llm) -> None:
    labels = {"intent": "newsletter", "sentiment": "neutral", "priority": "low", "confidence": 0.9}
    server.answer = lambda _: Reply.of({"message": {"role": "assistant", "content": json.dumps(labels)}, "done": True})

    label = await classify(UNCLEAR, llm.settings, {}, llm)

    assert (label.details["local"]["intents"], doubt(label, llm.settings, {})) == (["other"], None)
