"""Texts of many languages in the sets that mail has for them: undeclared, called Latin-1, and rightly declared."""

import re
import unicodedata
from pathlib import Path

import pytest

from emailq.parse import charset, letters

_TONES = "\u0300\u0301\u0303\u0309\u0323"
_RARE = ("cp850", "cp852", "cp857", "mac_roman", "viscii", "tcvn")  # taken for something likelier if the text is short


def _sentences() -> dict[str, tuple[list[str], list[str]]]:
    """Language → sets, ten short texts and ten longer ones."""
    found: dict[str, tuple[list[str], list[str]]] = {}
    for block in Path(__file__).with_name("sentences.txt").read_text(encoding="utf-8").split("\n\n"):
        head, *texts = block.strip().split("\n")
        language, sets = head[1:].split("] ")
        found[language] = (sets.split(), texts)
    return found


SENTENCES = _sentences()
CASES = [(language, codec) for language, (sets, _) in SENTENCES.items() for codec in sets if codec != "iso2022_jp"]


def _encode(text: str, codec: str) -> bytes:
    """Raises UnicodeEncodeError if the set lacks a character."""
    if codec in letters.HIGHER:
        places = {char: code for code, char in enumerate(letters.charmap(codec))}
        if missing := set(text) - set(places):
            raise UnicodeEncodeError(codec, text, 0, 1, f"has no {missing}")
        return bytes(places[char] for char in text)
    if codec == "cp1258":  # tones stand behind their vowel
        parts = (unicodedata.normalize("NFD", char) for char in text)
        text = "".join(
            unicodedata.normalize("NFC", re.sub(f"[{_TONES}]", "", part)) + re.sub(f"[^{_TONES}]", "", part)
            for part in parts
        )
    return text.encode(codec)


def _wrong(language: str, codec: str, declared: str | None) -> tuple[list[str], list[str]]:
    """Short and longer texts that are not read right."""
    wrong: tuple[list[str], list[str]] = ([], [])
    for number, text in enumerate(SENTENCES[language][1]):
        try:
            data = _encode(text, codec)
        except UnicodeEncodeError:
            continue
        if not data.isascii() and charset.decode(data, declared).text != text:
            wrong[number >= 10].append(text)
    return wrong


@pytest.mark.parametrize(("language", "codec"), CASES)
def test_text_without_a_declaration_is_read(language: str, codec: str) -> None:
    short, longer = _wrong(language, codec, None)

    assert len(short) <= (8 if codec in _RARE else 2), short
    assert len(longer) <= (5 if codec in _RARE else 0), longer


@pytest.mark.parametrize(("language", "codec"), [case for case in CASES if case[1] not in (*_RARE, "iso8859_15")])
def test_text_called_latin1_is_read(language: str, codec: str) -> None:
    short, longer = _wrong(language, codec, "iso-8859-1")

    assert len(short) <= 2, short
    assert len(longer) <= 3, longer


@pytest.mark.parametrize(("language", "codec"), CASES)
def test_a_right_declaration_is_believed(language: str, codec: str) -> None:
    assert _wrong(language, codec, codec.replace("_", "-")) == ([], [])


@pytest.mark.parametrize(
    ("codec", "text"),
    [
        ("cp1252", "ÄÖÜ ÄÖÜ äöü ß"),
        ("cp1252", "äöüßÄÖÜ"),
        ("cp1252", "åäö ÅÄÖ åäö"),
        ("cp1252", "ÉÈÊ ÀÂ ÇÇ ÎÏ ÔÛ"),
        ("cp1252", "áéíóúñÁÉÍÓÚÑ"),
        ("cp1252", "£5 or ¥500, ½ × ¾, 25 °C, it´s 1º, Ø 50 mm"),
        ("cp1252", "£5"),
        ("cp1252", "ÿ"),
        ("cp1252", "Äöü"),
        ("cp1250", "ŐŰ őű, grüße aus Köln"),
        ("cp1254", "ÇĞİÖŞÜ çğıöşü"),
        ("cp1251", "“Hello” — it’s • 5 €"),
        ("iso8859_7", "αβγ: α=5, β=3; Ω"),
        ("gb18030", "Hello “world” — it’s"),
        ("gb18030", "Привет, это письмо из Москвы"),
        ("gb18030", "お問い合わせありがとうございます"),
        ("gb18030", "①②③ ℃ ■□▲△★☆"),
        ("cp932", "ﾊﾝｶｸ ｶﾅ ﾃﾞｽ"),
        ("cp932", "―――――――――――――"),
        ("cp949", "똠방각하 펲시콜라"),
        ("cp437", "┌────┐ │ box │ └────┘"),
        ("cp874", "กขคงจฉชซ"),
        ("mac_roman", "ÄÖÜ äöü ß é è"),
        ("iso8859_14", "cymraeg ŵyr tŷ: diolch yn fawr, Siân"),
    ],
)
def test_unusual_text_is_what_its_label_says(codec: str, text: str) -> None:
    assert charset.decode(text.encode(codec), codec.replace("_", "-")).text == text


@pytest.mark.parametrize("text", ["ÄÖÜ äöü ß é è", "äöüßÄÖÜ", "åäö ÅÄÖ åäö", "áéíóúñÁÉÍÓÚÑ", "£5", "ñ", "Ø 50 mm"])
@pytest.mark.parametrize("codec", ["utf-8", "cp1252"])
def test_lists_of_western_letters_and_lone_signs_are_no_other_script(codec: str, text: str) -> None:
    assert charset.decode(text.encode(codec)).text == text
