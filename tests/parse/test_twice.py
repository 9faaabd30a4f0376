"""UTF-8 that was read as another set on the way and encoded again, in several scripts; and texts that only look so."""

import pytest

from emailq.parse import charset

TEXTS = (
    "Größere Tür für Käthe, schöne Grüße",
    "Déjà réglé, à bientôt à l'entrepôt",
    "Příliš žluťoučký kůň",
    "Счёт на оплату за июль",
    "Καλημέρα σας, η παραγγελία",
    "שלום רב, ההזמנה הגיעה",
    "صباح الخير، وصل الطلب",
    "ใบเสนอราคาของวันนี้",
    "您好，订单已经发货，请注意查收",
    "お問い合わせありがとうございます",
    "안녕하세요 견적서입니다",
    "Đơn hàng của chúng tôi đã đến",
    "It’s here – “don’t” wait…",
)
WRONG = ("cp1252", "cp1251", "koi8_r", "cp866", "cp1250")


def _wrongly_read(text: str, codec: str) -> str:
    return "".join(bytes([byte]).decode(codec, "ignore") or chr(byte) for byte in text.encode())


@pytest.mark.parametrize("codec", WRONG)
@pytest.mark.parametrize("text", TEXTS)
def test_text_of_any_script_that_was_encoded_twice_is_read(text: str, codec: str) -> None:
    assert charset.decode(_wrongly_read(text, codec).encode(), "utf-8").text == text


@pytest.mark.parametrize("text", TEXTS[:4])
def test_text_that_was_encoded_three_times_is_read(text: str) -> None:
    twice = _wrongly_read(_wrongly_read(text, "cp1252"), "cp1252")

    assert charset.decode(twice.encode(), "utf-8").text == text


@pytest.mark.parametrize("word", ["GrÃ¶ÃŸe", "It doesnâ€™t", "20Â°", "5 â‚¬"])
def test_one_strange_letter_is_enough_where_nothing_else_can_be_meant(word: str) -> None:
    assert charset.decode(word.encode(), "utf-8").text == word.encode("cp1252").decode()


@pytest.mark.parametrize(
    "text",
    [
        *TEXTS,
        "чек чек чек",
        "Ні, її Київ",
        "«ÂGE» „Ä“ „Ö“ „Ü“",
        "Ñandú, Água, NÃO É",
        "Њујорк, Ђорђе, љубав",
        "We see Ã¼ instead of ü, Ã¶ instead of ö",
        "½ × ¾ ± ¼ °C µm",
    ],
)
def test_text_that_was_encoded_once_stays(text: str) -> None:
    assert charset.decode(text.encode(), "utf-8").text == text
