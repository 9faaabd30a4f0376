"""The language guess on sentences as business mail has them."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emailq.parse.language import guess_language

SENTENCES = {
    "en": ["Could you send the invoice again, please?", "We take twenty of the green ones, and when will they arrive?"],
    "de": ["Können Sie uns bitte ein Angebot senden?", "Die Rechnung ist leider falsch, wir zahlen erst danach."],
    "fr": ["Pouvez-vous m'envoyer la facture ?", "Le colis est arrivé ce matin mais il est endommagé."],
    "es": ["¿Pueden enviarme la factura otra vez?", "El pedido llegó roto y quiero que me lo cambien."],
    "it": ["Potete inviarmi di nuovo la fattura?", "La merce è arrivata ieri ma non è quella che abbiamo ordinato."],
    "pt": ["Podem enviar a fatura novamente, por favor?", "A encomenda ainda não chegou, quando vai ser entregue?"],
    "nl": ["Kunt u de factuur nogmaals sturen?", "Wij hebben het pakket niet ontvangen, waar is het?"],
    "pl": ["Czy mogą Państwo przesłać fakturę jeszcze raz?", "Zamówienie jest uszkodzone i nie możemy go użyć."],
    "tr": ["Faturayı tekrar gönderebilir misiniz?", "Sipariş henüz gelmedi, ne zaman gelecek?"],
    "sv": ["Kan ni skicka fakturan igen?", "Vi har inte fått paketet, när kommer det?"],
    "da": ["Kan I sende fakturaen igen, tak?", "Vi har ikke modtaget pakken, hvornår kommer den?"],
    "cs": ["Můžete prosím znovu poslat fakturu?", "Zásilka ještě nedorazila, kdy ji dostaneme?"],
    "fi": ["Voisitteko lähettää laskun uudelleen?", "Emme ole saaneet tilausta, milloin se saapuu?"],
    "hu": ["Kérem, küldjék el újra a számlát.", "A csomag még nem érkezett meg, mikor lesz itt?"],
    "ro": ["Puteți să trimiteți din nou factura?", "Coletul nu a ajuns încă, când îl primim?"],
    "ru": [
        "Пришлите, пожалуйста, счёт повторно.",
        "Заказ пришёл с браком, верните деньги.",
        "Когда будет отгрузка насосов?",
    ],
    "uk": ["Надішліть, будь ласка, рахунок ще раз.", "Коли привезуть моє замовлення?", "Потрібно двадцять насосів"],
    "be": ["Калі ласка, дашліце рахунак яшчэ раз.", "Заказ яшчэ не прыйшоў, калі ён будзе?"],
    "bg": ["Моля, изпратете фактурата отново.", "Кога ще пристигне пратката, която поръчахме?"],
    "sr": ["Молимо вас да поново пошаљете рачун.", "Пошиљка још није стигла, када ће бити?"],
    "kk": ["Шотты қайта жіберіңізші, өтінемін.", "Тапсырыс әлі келген жоқ, қашан келеді?"],
    "ja": ["請求書をもう一度送ってください。", "注文の品がまだ届いていません。"],
    "zh": ["请再次发送发票，谢谢。", "货还没有到，什么时候到？"],
    "ko": ["송장을 다시 보내 주세요.", "주문이 아직 도착하지 않았습니다."],
    "el": ["Παρακαλώ στείλτε ξανά το τιμολόγιο."],
    "ar": ["يرجى إرسال الفاتورة مرة أخرى"],
    "he": ["אנא שלחו שוב את החשבונית"],
    "th": ["กรุณาส่งใบแจ้งหนี้อีกครั้ง"],
}


@pytest.mark.parametrize(
    ("language", "text"), [(language, text) for language in SENTENCES for text in SENTENCES[language]]
)
def test_a_sentence_tells_its_language(language: str, text: str) -> None:
    assert guess_language(text) == language


@pytest.mark.parametrize(
    "text", ["", " ", "12345", "ok", "Hi Bob", "+49 30 1234567", "да", "qwrt zxcvb qwrt zxcvb qwrt"]
)
def test_too_little_or_no_language_is_not_guessed(text: str) -> None:
    assert guess_language(text) is None


def test_addresses_do_not_decide() -> None:
    links = "https://www.example.com/the/order/and/of/you?for=is ann.of.the@example.com " * 5

    assert guess_language(f"Счёт прилагаю, {links} ждём оплату.") == "ru"


def test_a_few_foreign_words_do_not_decide() -> None:
    text = "Bitte senden Sie uns ein Angebot für the new pump und eine Rechnung, wir zahlen sofort nach Lieferung."

    assert guess_language(text) == "de"


@given(st.text())
def test_any_text_has_an_answer(text: str) -> None:
    found = guess_language(text)

    assert found is None or (len(found) == 2 and found.islower())


@pytest.mark.parametrize("text", ["a" * 1_000_000, "и" * 1_000_000, "@" * 1_000_000, "://a" * 250_000, "' " * 500_000])
def test_long_text_costs_no_more_than_its_begin(text: str) -> None:
    start = time.process_time()
    guess_language(text)
    took_s = time.process_time() - start

    assert took_s < 0.1
