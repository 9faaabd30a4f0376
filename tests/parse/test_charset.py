"""Charsets of Russian mail: legacy sets undeclared, mislabelled or encoded twice, in text, subjects and file names."""

import base64
import random
from collections.abc import Callable

import pytest

from emailq.parse import charset
from emailq.parse.charset_labels import codec_for
from emailq.parse.message import parse_message

TEXT = """
    добрый день здравствуйте уважаемые коллеги прошу выставить счёт на оплату заказ договор поставка мука сорок мешков
    отправьте пожалуйста прайс лист срок доставки склад москва петербург новосибирск иванов петрова сергей ольга
    товар не пришёл претензия возврат денег жду ответа спасибо с уважением директор бухгалтерия компания ооо ромашка
    скидка акция новинки каталог вопрос уточните наличие цена рублей без ндс подпись печать акт сверки июль вторник
    объявление съезд ёлка щётка эхо юг яблоко шесть чай хлеб цех фура угол твёрдый рыба пух овёс нож мёд лён конь
"""
WORDS = TEXT.split()
SETS = ["cp1251", "koi8_r", "cp866", "iso8859_5"]
COUNT = 200  # sentences for each case


def sentences(letters: int, seed: int = 1) -> list[str]:
    """So many different ones with at least so many letters: words, sometimes capitals, numbers and Latin codes."""
    chance = random.Random(seed)
    found = []
    for _ in range(COUNT):
        words: list[str] = []
        while sum(char.isalpha() and not char.isascii() for word in words for char in word) < letters:
            word = chance.choice(WORDS)
            words.append(chance.choice((word, word, word, word.capitalize(), word.upper())))
            if chance.random() < 0.15:
                words.append(chance.choice(("12,50", "AB-100", "2026", "-", "PDF", "(см. ниже)")))
        found.append(" ".join(words) + chance.choice((".", "!", "?", "")))
    return found


def share_right(read: Callable[[str], str | None], letters: int = 20) -> float:
    given = sentences(letters)
    return sum(read(text) == text for text in given) / len(given)


@pytest.mark.parametrize("label", [None, "us-ascii", "iso-8859-1", "iso-8859-2", "utf-8", "utf-16", "x-unknown"])
@pytest.mark.parametrize("codec", SETS)
def test_99_of_100_sentences_are_read_whatever_the_label_says(codec: str, label: str | None) -> None:
    assert share_right(lambda text: charset.decode(text.encode(codec), label).text) >= 0.99


@pytest.mark.parametrize("label", [None, "us-ascii"])
def test_undeclared_mac_cyrillic_is_told_from_windows_with_which_it_shares_its_small_letters(label: str | None) -> None:
    assert share_right(lambda text: charset.decode(text.encode("mac_cyrillic"), label).text) >= 0.98


@pytest.mark.parametrize("label", ["windows-1251", "koi8-r"])
@pytest.mark.parametrize("codec", ["cp1251", "koi8_r", "cp866", "iso8859_5"])
def test_one_cyrillic_set_called_another_is_read(codec: str, label: str) -> None:
    assert share_right(lambda text: charset.decode(text.encode(codec), label).text) >= 0.99


@pytest.mark.parametrize("wrong", ["latin-1", "cp1252", "cp1251", "koi8_r"])
def test_utf8_that_was_encoded_twice_is_read(wrong: str) -> None:
    def read(text: str) -> str:
        twice = "".join(_wrong_char(byte, wrong) for byte in text.encode()).encode()
        return charset.decode(twice, "utf-8").text

    assert share_right(read) >= 0.99


def _wrong_char(byte: int, codec: str) -> str:
    try:
        return bytes([byte]).decode(codec)
    except UnicodeDecodeError:
        return chr(byte)


@pytest.mark.parametrize("codec", ["cp1251", "koi8_r", "cp866"])
def test_raw_subjects_are_read(codec: str) -> None:
    def read(text: str) -> str | None:
        return parse_message(b"From: a@example.com\nSubject: " + text.encode(codec) + b"\n\nhello\n").subject

    assert share_right(read) >= 0.99


@pytest.mark.parametrize("codec", ["cp1251", "koi8_r"])
def test_encoded_words_with_a_wrong_charset_are_read(codec: str) -> None:
    def read(text: str) -> str | None:
        word = b"=?iso-8859-1?B?" + base64.b64encode(text.encode(codec)) + b"?="
        return parse_message(b"From: a@example.com\nSubject: " + word + b"\n\nhello\n").subject

    assert share_right(read) >= 0.99


@pytest.mark.parametrize("codec", ["cp1251", "koi8_r", "utf-8"])
def test_raw_file_names_are_read(codec: str) -> None:
    def read(text: str) -> str | None:
        name = text.encode(codec)
        head = b'From: a@example.com\nContent-Type: application/pdf\nContent-Disposition: attachment; filename="'
        return parse_message(head + name + b'"\n\nx\n').leaves[0].name

    assert share_right(read) >= 0.99


@pytest.mark.parametrize(
    "text",
    [
        "Größere Bestellung für München, süß und schön, Grüße aus Köln",
        "Où êtes-vous ? L'été dernier à Besançon, nous étions très déçus",
        "Ångström är på ön, övre våningen, så härligt",
        "Mañana por la mañana, señor Núñez, ¿está usted aquí?",
    ],
)
@pytest.mark.parametrize("label", [None, "iso-8859-1", "windows-1252"])
def test_western_text_is_not_taken_for_russian(text: str, label: str | None) -> None:
    assert charset.decode(text.encode("cp1252"), label).text == text


@pytest.mark.parametrize("codec", ["utf-8", "cp1251", "koi8_r", "iso8859_5", "cp866"])
def test_a_true_label_is_believed_for_any_text(codec: str) -> None:
    for text in ("Да", "ФИО", "ЖЖЖЖЖЖЖЖ", "ъъъъъ", "Щ Щ Щ"):
        assert charset.decode(text.encode(codec), codec.replace("_", "-")).text == text


def test_a_few_letters_of_a_declared_set_that_look_like_utf8_are_none() -> None:
    for text, label in (("Dvořák", "mac_latin2"), ("фон", "cp866"), ("โคตัน", "cp874"), ("d’eau", "mac_roman")):
        assert charset.decode(text.encode(label), label).text == text


def test_hebrew_from_left_to_right_is_hebrew() -> None:
    name = b"\xed\xe5\xec\xf9 \xef\xe1 \xec\xe8\xe8\xf4\xf0"  # RFC 2047 §8

    assert charset.decode(name, "iso-8859-8").text == "םולש ןב לטטפנ"


@pytest.mark.parametrize(
    "label", ["rot13", "zlib", "hex", "undefined", "idna", "unicode_escape", "utf-7", "a\0b", "x" * 600]
)
def test_a_label_never_reaches_anything_but_a_text_codec(label: str) -> None:
    decoded = charset.decode(b"plain +AGE- words", label)

    assert decoded.text == "plain +AGE- words"
    assert decoded.defect is not None


@pytest.mark.parametrize(
    ("codec", "texts"),
    [
        ("shift_jis", ("お問い合わせありがとうございます", "会議の資料を送付します", "注文書の件")),
        ("euc_jp", ("お問い合わせありがとうございます", "会議の資料を送付します", "株式会社山田商事 御中")),
        ("iso2022_jp", ("お問い合わせありがとうございます", "注文書")),
        ("gb18030", ("会议通知", "关于合同的通知请查收", "您好，订单已经发货，请注意查收")),
        ("big5", ("會議通知", "關於合約的通知請查收", "您好，訂單已經出貨，請注意查收")),
        ("euc_kr", ("주문 확인", "안녕하세요 견적서입니다", "세금계산서 발행")),
        ("cp874", ("สวัสดีครับ", "ใบเสนอราคา")),
        ("cp1253", ("Καλημέρα σας", "Η παραγγελία σας")),
        ("cp1255", ("שלום רב", "הזמנה חדשה")),
        (
            "cp1250",
            ("Dziękuję za zamówienie", "Objednávka číslo 5", "Zażółć gęślą jaźń", "Žluťoučký kůň úpěl ďábelské ódy"),
        ),
        ("iso8859_2", ("Zażółć gęślą jaźń", "Žluťoučký kůň úpěl ďábelské ódy", "Árvíztűrő tükörfúrógép")),
        ("cp1254", ("Teşekkür ederim, siparişiniz hazır", "Sayın yetkili, lütfen faturayı gönderiniz")),
        (
            "cp1252",
            (
                "café crème",
                "¿Cuándo llegará el pedido?",
                "Noël",
                "Größe",
                "Hej då",
                "Facture réglée",
                "Não recebi",
                "até amanhã, olá",
            ),
        ),
    ],
)
@pytest.mark.parametrize("label", [None, "us-ascii"])
def test_short_texts_of_the_world_are_read_without_a_declaration(
    codec: str, texts: tuple[str, ...], label: str | None
) -> None:
    assert [charset.decode(text.encode(codec), label).text for text in texts] == list(texts)


@pytest.mark.parametrize(
    ("data", "label", "text"),
    [
        (b"\x0e12\x0f", "cp50222", "ｱｲ"),
        (b"\x1b$)A\x0eVPND\x0f~x", "iso-2022-cn", "中文~x"),
        ("Привет".encode("utf-16-be"), "utf-16", "Привет"),
        ("Счёт на оплату, отправляю".encode("cp1251"), "gb2312", "Счёт на оплату, отправляю"),
        ("您好，订单已经发货，请注意查收".encode("gb18030") * 99, "iso-8859-1", "您好，订单已经发货，请注意查收" * 99),
        ("會議通知，關於合約的通知請查收".encode("big5"), "windows-1252", "會議通知，關於合約的通知請查收"),
        ("¼½¾ àáâãäåæ «çèéê» ìíîïðñòóôõö".encode("latin-1"), "latin-1", "¼½¾ àáâãäåæ «çèéê» ìíîïðñòóôõö"),
        ("Çağrı için teşekkürler, iyi günler".encode("cp1254"), "latin-1", "Çağrı için teşekkürler, iyi günler"),
        ("Ačiū už jūsų užsakymą, siųsime".encode("cp1257"), "latin-1", "Ačiū už jūsų užsakymą, siųsime"),
        ("Zażółć gęślą jaźń".encode("iso8859_2"), "iso-8859-1", "Zażółć gęślą jaźń"),
        (
            "Добры дзень, дасылаю рахунак за чэрвень. Дзякуй, з павагай, Ўладзімір, ёсць.".encode("mac_cyrillic"),
            "x-mac-cyrillic",
            "Добры дзень, дасылаю рахунак за чэрвень. Дзякуй, з павагай, Ўладзімір, ёсць.",
        ),
        ("Grüße\n".encode("utf-16") + b"\n", "utf-16", "Grüße\n"),
        ("naïve café".encode()[:-1], "utf-8", "naïve caf\ufffd"),
        ("5 €".encode()[:-1], "utf-8", "5 \ufffd"),
        ("Café".encode("latin-1"), "utf-8", "Café"),
        ("Ștefan și Țepeș vă așteaptă".encode("iso8859_16"), "iso-8859-16", "Ștefan și Țepeș vă așteaptă"),
    ],
)
def test_texts_that_are_not_what_their_label_says_and_one_that_is(data: bytes, label: str, text: str) -> None:
    assert charset.decode(data, label).text == text


@pytest.mark.parametrize(
    ("label", "codec"),
    [
        ("utf 8", "utf_8"),
        ("UTF-8; format=flowed", "utf_8"),
        ("x-unicode20utf8", "utf_8"),
        ("Western (ISO-8859-1)", "cp1252"),
        ("iso-8859-1-windows-3.1-latin-1", "cp1252"),
        ("iso-8859-9-windows-latin-5", "iso8859_9"),
        ("windows-cp1251", "cp1251"),
        ("Windows 1251", "cp1251"),
        ("iso-8859-8-i", "iso8859_8"),
        ("logical", "iso8859_8"),
        ("x-mac-centraleurroman", "mac_latin2"),
        ("gb2312_charset", "gb18030"),
        ("big5-eten", "big5"),
        ("hp-roman8", "hp_roman8"),
        ("csEUCPkdFmtJapanese", "euc_jp"),
        ("sjis-win", "cp932"),
        ("iso-ir-149", "cp949"),
        ("windows-28592", "iso8859_2"),
        ("cp20866", "koi8_r"),
        ("windows-51932", "euc_jp"),
        ("x-mac-chinesesimp", "gb18030"),
        ("tcvn-5712", "tcvn"),
        ("armscii-8", "armscii_8"),
        ("JIS_Encoding", "iso2022_jp"),
        ("Extended_UNIX_Code_Packed_Format_for_Japanese", "euc_jp"),
        ("x-ibm943", "cp932"),
        ("unicodefffe", "utf_16_be"),
        ("CESU-8", "utf_8"),
        ("ansi_x3.110-1983", None),
        ("x-user-defined", None),
    ],
)
def test_a_label_is_known_by_its_many_names(label: str, codec: str | None) -> None:
    assert codec_for(label) == (codec and codec_for(codec))


@pytest.mark.parametrize("label", [None, "us-ascii", "utf-8", "iso-8859-1"])
@pytest.mark.parametrize("codec", ["utf-16-le", "utf-16-be"])
@pytest.mark.parametrize(
    "text", ["Rechnung für Juli, schöne Grüße", "Счёт на оплату, высылаю", "Hello\nthere", "Η παραγγελία σας"]
)
def test_utf16_that_nothing_declares_is_read(text: str, codec: str, label: str | None) -> None:
    assert charset.decode(text.encode(codec), label).text == text


@pytest.mark.parametrize("label", ["utf-16", "utf-16le", "utf-16be"])
@pytest.mark.parametrize("codec", ["utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("text", ["请确认订货数量，谢谢", "お問い合わせの件", "Привет"])
def test_the_byte_order_is_the_one_that_gives_letters(text: str, codec: str, label: str) -> None:
    assert charset.decode(text.encode(codec), label).text == text


@pytest.mark.parametrize("text", ["发货通知：您好，请注意查收", "請求書を送付します", "Grüße 20 €", "Привет"])
@pytest.mark.parametrize("codec", ["utf-8-sig", "utf-16", "utf-32"])
def test_a_byte_order_mark_says_more_than_a_label(text: str, codec: str) -> None:
    assert charset.decode(text.encode(codec), "iso-8859-1").text == text


def test_chinese_in_hz_is_read_without_a_declaration_and_other_tildes_stay() -> None:
    text = "您好，订单已经发货"
    message = b"From: a@example.com\nSubject: " + text.encode("hz") + b"\n\n" + text.encode("hz") + b"\n"

    parsed = parse_message(message)

    assert (parsed.subject, parsed.leaves[0].text) == (text, text + "\n")
    assert charset.decode(b"sed s~{a}~{bb}~ and ~{}~ too").text == "sed s~{a}~{bb}~ and ~{}~ too"


def test_utf8_with_a_stray_byte_stays_utf8() -> None:
    assert charset.decode("Юникод запрещен".encode() + b"\xf1").text == "Юникод запрещенñ"


FOOTER = "\nEsta mensagem é confidencial. Não a divulgue sem autorização prévia do remetente.\n"
FOOTERS = {
    "cp1252": FOOTER,
    "cp1250": "\nTato zpráva je důvěrná, není-li určena Vám, nešiřte ji dále, smažte ji a upozorněte odesílatele.\n",
    "cp1251": "\nЭто письмо предназначено только для его получателя, не пересылайте его другим.\n",
}


@pytest.mark.parametrize("label", [None, "us-ascii", "utf-8"])
@pytest.mark.parametrize("codec", FOOTERS)
@pytest.mark.parametrize("text", ["Atención, señores:", "Grüße – Jürgen", "Добрый день", "会议通知"])
def test_utf8_with_a_footer_in_another_set_is_read_piece_by_piece(text: str, codec: str, label: str | None) -> None:
    footer = FOOTERS[codec]

    decoded = charset.decode(text.encode() + footer.encode(codec), label)

    assert (decoded.text, decoded.defect) == (text + footer, "charset-guessed")


@pytest.mark.parametrize("label", [None, "utf-8"])
def test_a_few_bytes_of_another_set_do_not_spoil_utf8(label: str | None) -> None:
    assert charset.decode("naïve résumé ".encode() + b"caf\xe9 and so on", label).text == "naïve résumé café and so on"
    assert charset.decode("「日本語」".encode() + b"\xab\xbb.", label).text == "「日本語」«»."


@pytest.mark.parametrize("codec", ["cp1252", "cp1250", "cp1251", "gb18030", "cp932", "cp949"])
def test_a_set_in_which_two_letters_look_like_utf8_is_read_whole(codec: str) -> None:
    text = {
        "cp1252": "«QUALITÉ», déjà payée à l'été",
        "cp1250": "PŘÍŠTÍ SCHŮZE: příliš žluťoučký kůň úpěl ďábelské ódy",
        "cp1251": "СЧЁТ ОТ «ЗАБОР», отправьте пожалуйста",
        "gb18030": "您好，订单已经发货，请注意查收，谢谢您的支持",
        "cp932": "お問い合わせの件、請求書を送付します",
        "cp949": "안녕하세요, 주문하신 상품을 발송했습니다",
    }[codec]

    assert charset.decode(text.encode(codec)).text == text
