"""What makes it doubtful that something is ordered, and what a plain order says."""

import pytest

from emailq.erp.doubts import speaks_of_a_doubt
from emailq.extract.requests import find_requests


def doubt(text: str, subject: str = "Order") -> str | None:
    [request] = find_requests("order", subject, text)
    return speaks_of_a_doubt(subject, text, request["lines"])


@pytest.mark.parametrize(
    "text",
    [
        # not, or not yet
        "Please do not deliver the 40 boxes of soap until you hear from us.",
        "Our PO 77 for 40 boxes of soap is on hold.",
        "We never ordered 40 boxes of soap!",
        "We no longer need the 40 boxes of soap.",
        "Bitte liefern Sie die 40 Kartons Seife noch nicht, der Chef muss unterschreiben.",
        "Wir benötigen leider für das neue Jahr, wie schon am Telefon gesagt,\n40 Kartons Seife doch nicht.",
        "Die Bestellung über 40 Kartons Seife ist hinfällig.",
        "Пока не отправляйте 40 коробок мыла.",
        "Мыло, 40 коробок, нам больше не нужно.",
        "Merci de ne pas encore livrer les 40 boîtes de savon.",
        "No envíen todavía las 40 cajas de jabón.",
        "Proszę jeszcze nie wysyłać:\n40 kartonów mydła",
        "Vi preghiamo di non spedire ancora:\n40 scatole di sapone",
        "Поки що не відправляйте:\n40 коробок мила",
        # if, perhaps, later
        "O ile cena nie wzrośnie, zamawiamy:\n40 kartonów mydła",
        "A condizione di uno sconto:\n40 scatole di sapone",
        "Якщо буде знижка:\n40 коробок мила",
        "If the price stays, we will order 40 boxes of soap.",
        "Sofern Sie Rabatt geben, bestellen wir:\n\n- 40 Kartons Seife\n- 20 Kartons Kerzen",
        "Если будет скидка, закажем 40 коробок мыла.",
        "Si le prix baisse, nous commanderons 40 boîtes de savon.",
        "Si bajan el precio, pediremos 40 cajas de jabón.",
        "We plan to order 40 boxes of soap in May.",
        "Im Mai werden wir voraussichtlich 40 Kartons Seife bestellen.",
        "В мае планируем заказать 40 коробок мыла.",
        # or, about
        "We order 40 boxes of soap or, if there is none, 40 boxes of candles.",
        "Wir bestellen ca. 40 Kartons Seife.",
        # back, missing, ordered already
        "We want to return 40 boxes of soap.",
        "Bitte nehmen Sie 5 Kartons Seife zurück.",
        "Хотим вернуть 5 коробок мыла.",
        "Хотим вернуть 5 шт. КШ-100.",
        "Es fehlten 3 Kartons Seife. Bitte liefern Sie 3 Kartons nach.",
        "Wir haben gestern 40 Kartons Seife bestellt.",
        "Zwracamy:\n40 kartonów mydła",
        "Mancano:\n40 scatole di sapone",
        "Повертаємо:\n40 коробок мила",
        # sent again, on trial, by mistake
        "Wir schicken die Bestellung noch einmal:\n40 Kartons Seife",
        "Дублирую заявку: мыло — 40 коробок",
        "I am sending this order again.\n\n40 boxes of soap",
        "TEST - bitte ignorieren.\nWir bestellen 40 Kartons Seife.",
        "We order 40 boxes of soap. Actually, make that 50.",
        "Erreur de ma part, merci de livrer 40 boîtes de savon.",
        "Relance : merci de livrer 40 boîtes de savon.",
        # more, fewer, others than before
        "Merci de ne livrer que 40 boîtes de savon.",
        "Veuillez livrer 40 boîtes de savon de plus que prévu.",
        "Please deliver the same as last week: 40 boxes of soap.",
        "Please replace the soap, deliver 40 boxes of candles.",
        # asked
        "Können Sie 40 Kartons Seife liefern?",
        "Pouvez-vous livrer 40 boîtes de savon ?",
        "Merci de nous envoyer votre meilleur prix :\n40 boîtes de savon",
        "Merci de chiffrer :\n40 boîtes de savon",
        "Merci de bloquer 40 boîtes de savon jusqu'à confirmation.",
        "Bitte reservieren Sie 40 Kartons Seife, die Bestellung folgt.",
        "10 boîtes de savon. À enlever ce soir, si vous ne les avez pas laissez tomber.",
        # told and not ordered
        "Please find attached our invoice for 40 boxes of soap.",
        "Please quote 40 boxes of soap.",
        "Bitte teilen Sie uns den Preis für 40 Kartons Seife mit.",
        "Our neighbour bought 40 boxes of soap from somebody else.",
        "Wer hat bei Ihnen 40 Kartons Seife auf unseren Namen genommen?",
        # another's words
        "Bitte erfassen.\n\n-----Ursprüngliche Nachricht-----\nVon: Uwe <uwe@kunde.example>\nBetreff: Bestellung\n\n"
        "Wir bestellen 40 Kartons Seife.",
        # the rest stands elsewhere
        "We order 40 boxes of soap and the rest as in the list.",
        "Wir bestellen 40 Kartons Seife, weiteres laut Anlage.",
    ],
)
def test_what_is_no_plain_order_is_doubted(text: str) -> None:
    assert doubt(text)


def test_a_bare_list_is_an_order_only_if_something_calls_it_one() -> None:
    text = "Hello,\n\n12 boxes of soap\n40 kg of soda\n\nThanks, Ann"

    assert doubt(text, "Saturday") == "12 boxes of soap"
    assert doubt(text, "PO 77") is None
    assert doubt(f"We take:\n{text}", "Saturday") is None


@pytest.mark.parametrize(
    "text",
    [
        "Please send us 12 boxes of soap, if possible by Friday. If you have any questions about our order, call us.",
        "We hereby order 12 boxes of soap at 3.50 EUR each. Deliver not later than 12 May 2026.",
        "Мыло возьмите в работу сразу: детское — 40 коробок.",
        "Could you please send 12 boxes of soap and 40 kg of soda to the shop?",
        "Hiermit bestellen wir gemäß Angebot 4711:\n\n- 40 Kartons Seife\n\nBitte nicht vor 8 Uhr anliefern.",
        "Bitte liefern Sie uns zum 12.05.2026 40 Kartons Seife. Noch einmal vielen Dank für Ihren Besuch.",
        "Просим отгрузить мыло — 40 коробок, свечи — 20 коробок, не позднее пятницы.",
        "Добрый день! Нужно 40 коробок мыла. Счёт пришлите, пожалуйста, на почту.",
        "Nous commandons 40 boîtes de savon. Merci de livrer avant vendredi, s'il vous plaît.",
        "Por favor envíen 40 cajas de jabón a nuestro almacén.",
        "Servus, für Freitag bitte 40 Kartons Seife. Rampe hinten, wie immer.",
        "Morning, 40 boxes of soap and 6 tubes of glue pls, collect Friday if that's ok.",
        "Il me faudrait 15 boîtes de savon pour vendredi.",
        "В ближайшую машину положите, пожалуйста, 12 коробок мыла.",
        "Bitte liefern Sie laut Anlage.",
    ],
)
def test_a_plain_order_is_not(text: str) -> None:
    assert doubt(text) is None
