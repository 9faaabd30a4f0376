"""Several requests in one message: found, told with the sentences of each, and never made into one in silence."""

import json

import httpx
import pytest

from emailq.classify import local
from emailq.classify.cascade import Calibrations, classify, doubt, is_sure
from emailq.classify.llm import open_llm
from emailq.models import Classification, MailText
from emailq.settings import load_settings
from tests.http_server import Reply, serve

ORDER = "We hereby order 40 boxes of gloves. Please deliver to our warehouse in Leeds and send an order confirmation."
COMPLAINT = (
    "We also have to complain about the last delivery: half of the goods arrived broken, nobody answers our mails and"
    " we are very disappointed. Please replace the damaged pieces or refund the money."
)
BILLED = (  # who orders says whom to bill
    "Просим отгрузить 20 шт. кранов и 5 компл. прокладок на наш склад в Химках. Просим выставить счёт на ООО «Вектор»,"
    " ИНН 7707083893, КПП 773601001.",
    "Bonjour, merci de livrer 40 sacs de ciment et 12 palettes de parpaings sur notre chantier de Lyon. Merci d'envoyer"
    " la facture à compta@example.fr, TVA FR83404833048, paiement à 30 jours fin de mois.",
)
BILL = "Please also pay our invoice 2026-118 of 1,250.00 EUR for the transport of the pallets, due on 30 November."
TWO = MailText(subject="Two things", text=f"{ORDER}\n\n{COMPLAINT}")
SETTINGS = load_settings({}, classifier="llm")
NONE: Calibrations = {}


async def labelled(further: object, text: str = TWO.text) -> Classification:
    """By an LLM that calls the message an order and answers `further`."""
    answer = {"intent": "order", "sentiment": "neutral", "priority": "normal", "confidence": 0.9, "further": further}
    reply = Reply.of({"message": {"role": "assistant", "content": json.dumps(answer)}, "done": True})
    with serve(lambda _: reply) as server:
        async with httpx.AsyncClient() as http:
            llm = open_llm(SETTINGS.model_copy(update={"llm_url": server.url}), http)
            return await classify(MailText(subject="Two things", text=text), llm.settings, NONE, llm)


async def test_the_local_model_finds_an_order_beside_a_complaint() -> None:
    label = await classify(TWO, load_settings({}), NONE, None)

    requests = {one["intent"]: one["sentences"] for one in label.details["requests"]}
    assert requests == {"order": [0, 1], "complaint": [2, 3]}
    assert label.details["requests"][0]["intent"] == label.intent
    assert doubt(label, load_settings({}), NONE) is None


@pytest.mark.parametrize("text", [ORDER, COMPLAINT, *BILLED])
async def test_one_request_stays_one(text: str) -> None:
    label = await classify(MailText(subject="", text=text), load_settings({}), NONE, None)

    assert "requests" not in label.details


async def test_a_bill_beside_an_order_names_a_sum() -> None:
    label = await classify(MailText(subject="", text=f"{ORDER}\n\n{BILL}"), load_settings({}), NONE, None)

    assert {one["intent"] for one in label.details["requests"]} == {"order", "invoice"}


async def test_an_llm_that_takes_whom_to_bill_for_a_bill_names_one_request() -> None:
    text = BILLED[1]
    label = await labelled([{"intent": "invoice", "confidence": 0.95, "text": "Merci d'envoyer la facture"}], text)

    assert "requests" not in label.details
    assert "problem" not in label.details


async def test_what_may_be_two_goes_to_a_person_with_both_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("emailq.classify.several.SURE_FROM", 1.0)

    label = await classify(TWO, load_settings({}), NONE, None)

    assert set((doubt(label, load_settings({}), NONE) or "").split()) >= {"order", "complaint"}
    assert not is_sure(label, load_settings({}), NONE)


async def test_an_llm_names_a_second_request_by_its_first_words() -> None:
    label = await labelled([{"intent": "complaint", "confidence": 0.8, "text": "We also have to complain"}])

    assert label.details["requests"] == [
        {"intent": "order", "confidence": 0.9, "sentences": [0, 1]},
        {"intent": "complaint", "confidence": 0.8, "sentences": [2, 3]},
    ]
    assert doubt(label, SETTINGS, NONE) is None


@pytest.mark.parametrize(
    "further",
    [
        {"intent": "complaint", "confidence": 0.8, "text": "I never wrote this"},
        {"intent": "complaint", "confidence": 0.3, "text": "We also have to complain"},
        {"intent": "complaint", "confidence": "high", "text": "We also have to complain"},
    ],
    ids=["not in the message", "unsure", "no number"],
)
async def test_a_second_request_that_is_not_certain_goes_to_a_person(further: object) -> None:
    reason = doubt(await labelled([further]), SETTINGS, NONE)

    assert reason == "it may be several requests: order and complaint"


@pytest.mark.parametrize("further", [None, [], "complaint", [3], [{"intent": "order", "confidence": 1, "text": "We"}]])
async def test_an_answer_without_a_second_request_is_one_result(further: object) -> None:
    label = await labelled(further)

    assert doubt(label, SETTINGS.model_copy(update={"review_below": 0.6}), NONE) is None
    assert "requests" not in label.details


async def test_a_request_that_an_llm_overlooks_goes_to_a_person_until_the_llm_is_calibrated() -> None:
    reason = doubt(await labelled(None), SETTINGS, NONE)

    assert reason is not None
    assert "says order, the local model complaint and order" in reason


def test_parts_of_a_message_are_asked_about_within_its_time() -> None:
    asked = []

    def counted(mail: MailText) -> Classification:
        asked.append(mail)
        return local.classify(mail)

    from emailq.classify.several import with_requests

    long = MailText(subject="", text="Please send us twelve boxes of soap. " * 300)
    with_requests(long, local.classify(long), counted)

    assert len(asked) <= 16
