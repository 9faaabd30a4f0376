"""The local classifier, on sentences written for these tests."""

import pytest

from emailq.classify import local
from emailq.classify.cascade import doubt
from emailq.models import Intent, MailText
from emailq.settings import Settings

SAMPLES = [
    ("en", "order", "Purchase order 8814", "Please deliver 40 boxes of gloves, size L, to our warehouse in Leeds."),
    ("en", "complaint", "Broken again", "The kettle you sent leaks and I want my money back. I am very disappointed."),
    ("en", "inquiry", "Question", "Could you send us your price list, and do you ship to Norway?"),
    ("en", "invoice", "Invoice 2207", "Please find attached our invoice 2207 for EUR 480, payable within 14 days."),
    ("ru", "order", "Заказ", "Просим поставить 30 коробок перчаток на наш склад, заказ 118."),
    ("ru", "complaint", "Претензия", "Чайник пришёл разбитым, требую вернуть деньги. Очень недовольна."),
    ("ru", "inquiry", "Вопрос", "Подскажите, пожалуйста, сколько стоит доставка и есть ли товар в наличии?"),
    ("de", "complaint", "Reklamation", "Die Lampe kam beschädigt an, wir sind enttäuscht und verlangen Ersatz."),
    ("fr", "inquiry", "Question", "Pourriez-vous nous envoyer vos tarifs et vos délais de livraison ?"),
    ("es", "order", "Pedido", "Queremos pedir 20 cajas de guantes para nuestro almacén."),
]


@pytest.mark.parametrize(("language", "intent", "subject", "text"), SAMPLES)
def test_plain_mail_gets_its_label(language: str, intent: str, subject: str, text: str) -> None:
    label = local.classify(MailText(subject=subject, text=text, language=language))

    assert label.intent == intent


def test_the_same_message_gets_the_same_labels() -> None:
    mail = MailText(subject="Order", text="Ten more of the same, please.")

    assert local.classify(mail) == local.classify(mail)


@pytest.mark.parametrize("text", ["", " ", "\0", "?" * 1000, "a" * 100_000, "🎉" * 5000])
def test_numbers_stay_within_their_bounds_on_any_text(text: str) -> None:
    label = local.classify(MailText(subject=text[:100], text=text))

    assert 0 <= label.confidence <= 1
    assert set(label.probabilities) == set(Intent)
    assert sum(label.probabilities.values()) == pytest.approx(1)
    assert label.probabilities[label.intent] == label.confidence


@pytest.mark.parametrize(
    "text",
    [
        "Zamówiliśmy dwa tygodnie temu i nadal czekamy, prosimy o odpowiedź w tej sprawie.",  # Polish
        "Saya ingin tahu apakah barang ini masih tersedia dan berapa harganya.",  # Indonesian
        "Λάβαμε το δέμα σας χθες το πρωί, όλα είναι εντάξει.",  # Greek
        "zq wvx kjhq pplr mnbv trewq",
    ],
)
def test_text_in_a_language_it_never_saw_is_for_others_to_decide(text: str) -> None:
    label = local.classify(MailText(subject="", text=text))

    assert label.confidence < 0.6


@pytest.mark.parametrize(("language", "is_surprise"), [("pl", True), ("de", False), (None, False)])
def test_what_is_other_in_a_language_that_it_was_not_taught_goes_to_a_person(
    language: str | None, is_surprise: bool
) -> None:
    text = "proszę o wycenę i termin: 70 worków tynku gipsowego, 20 szt. narożników."
    label = local.classify(MailText(subject="Zapotrzebowanie", text=text, language=language))

    assert (label.intent, label.confidence > 0.6) == ("other", True)
    assert bool(doubt(label, Settings(), {})) is is_surprise


@pytest.mark.parametrize(
    ("text", "is_surprise"),
    [
        ("With 15 % off we would take 60 boxes of gloves.", True),
        ("Avec 15 % de remise nous prendrions 60 boîtes.", True),
        ("Con un descuento del 15 % compraríamos 60 cajas.", True),
        ("Our spring sale: 15 % off all gloves until Sunday! https://gloves.example/sale", False),
    ],
)
def test_a_newsletter_that_shows_no_sign_of_many_is_for_others_to_decide(text: str, is_surprise: bool) -> None:
    label = local.classify(MailText(subject="Gloves", text=text))

    assert label.intent == "newsletter"
    assert bool(doubt(label, Settings(), {})) is is_surprise


def test_a_bounce_stays_a_bounce_whatever_it_quotes() -> None:
    mail = MailText(subject="Order 12", text="We order 40 boxes. Delivery failed.", automation="bounce")

    label = local.classify(mail)

    assert (label.intent, label.details["rule"]) == ("other", "bounce")
