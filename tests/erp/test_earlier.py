"""What is said of an order that is there already, and what a new order says."""

import pytest

from emailq.erp.earlier import speaks_of_an_earlier_order


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Please cancel our\norder 4711:\n40 pcs candles", "cancel our order"),
        ("Please take back our order: cancel 40 candles from order 4711", "cancel 40 candles from order"),
        ("hiermit stornieren wir unsere Bestellung 4711: 40 Kerzen", "stornieren wir unsere Bestellung"),
        ("Просим отменить заказ 4711:\n40 шт", "отменить заказ"),
        ("заказ 4711 аннулируйте целиком", "заказ 4711 аннулир"),
        ("Nous souhaitons annuler notre commande 4711", "annuler notre commande"),
        ("Proszę anulować nasze zamówienie 4711:\n40 kartonów", "anulować nasze zamówienie"),
        ("Vi chiediamo di annullare il nostro ordine 4711", "annullare il nostro ordine"),
        ("Просимо скасувати наше замовлення 4711:\n40 шт", "скасувати наше замовлення"),
        ("Proszę o 30 worków zamiast 40", "zamiast 4"),
        ("30 sacchi invece di 40, come da telefonata", "invece di 4"),
        ("Merci de rajouter 10 sacs à la commande CF-118.", "rajouter 10 sacs à la commande"),
        ("Merci de compléter notre commande CF-118 avec 10 sacs", "compléter notre commande"),
        ("Toujours pas reçu ! Merci de livrer 40 sacs", "Toujours pas reçu"),
        ("Bitte die Bestellung von gestern um 10 Sack erhöhen.", "Bestellung von gestern um 10 Sack erhöh"),
        ("добавьте, пожалуйста, к завтрашней доставке 10 мешков", "добавьте, пожалуйста, к завтрашней доставк"),
        ("Please add 10 bags of plaster to tomorrow's delivery", "add 10 bags of plaster to tomorrow's delivery"),
        ("Bitte zur morgigen Lieferung 10 Sack Putz dazulegen", "zur morgigen Lieferung 10 Sack Putz dazu"),
        ("wir bestellen zur gestrigen Lieferung noch 10 Sack", "zur gestrigen Lieferung noch"),
        ("Merci d'ajouter 10 sacs à la prochaine livraison", "ajouter 10 sacs à la prochaine livraison"),
        ("Proszę dołożyć 10 worków do jutrzejszej dostawy", "dołożyć 10 worków do jutrzejszej dostaw"),
        ("Please change our order 4711 to:\n30 x candles", "change our order"),
        ("30 x candles instead of 40 x candles, as by phone", "instead of 4"),
        ("Bitte ändern Sie unsere Bestellung 4711: 30 Kerzen", "ändern Sie unsere Bestellung"),
        ("Please add 5 lanterns to our order 4711", "add 5 lanterns to our order"),
        ("Dear customer, your order 4711 has been shipped today: 40 x candles", "your order"),
        ("Ваш заказ 4711 отгружен: 40 шт", "Ваш заказ"),
        ("We still wait for our order 4711: 40 x candles.", "still wait for our order"),
        ("Unsere Bestellung 4711 ist noch immer nicht da.", "Unsere Bestellung 4711 ist noch immer nicht"),
    ],
)
def test_an_order_that_is_there_already_is_noticed(text: str, words: str) -> None:
    assert speaks_of_an_earlier_order("4711", text) == words


@pytest.mark.parametrize(
    "subject", ["Order confirmation 4711", "Shipping notice", "Auftragsbestätigung 88", "Conferma d'ordine 5"]
)
def test_a_sellers_own_papers_are_noticed_by_the_subject(subject: str) -> None:
    assert speaks_of_an_earlier_order(subject, "40 x candles")


@pytest.mark.parametrize(
    "text",
    [
        "We order 40 candles K-100. Please send an order confirmation and the delivery note.",
        "Please find attached our purchase order PO-77, made on your order form. Confirm receipt of this order.",
        "We changed offices in order to grow. Please update us when the order ships.",
        "Hiermit bestellen wir 40 Kerzen. Bitte senden Sie die Auftragsbestätigung unterschrieben zurück.",
        "Просим подтвердить наш заказ и выставить счёт: 40 шт мыла",
        "Merci de confirmer notre commande : 10 savons",
        "Pedido: 10 cajas. Confirmen por favor.",
        "Proszę o potwierdzenie zamówienia:\n10 worków cementu",
        "Ordine:\n10 sacchi di cemento. Attendiamo conferma.",
    ],
)
def test_a_new_order_is_none_of_these(text: str) -> None:
    assert speaks_of_an_earlier_order("Order", text) is None
