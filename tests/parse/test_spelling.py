"""Texts of many languages in the sets that mail has for them: undeclared, called Latin-1, and rightly declared."""

import re
import unicodedata
from pathlib import Path

import pytest

from emailq.parse import charset, spelling

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
    if codec in spelling.HIGHER:
        places = {char: code for code, char in enumerate(spelling.charmap(codec))}
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

    assert len(short) <= (7 if codec in _RARE else 2), short
    assert len(longer) <= (5 if codec in _RARE else 0), longer


@pytest.mark.parametrize(("language", "codec"), [case for case in CASES if case[1] not in (*_RARE, "iso8859_15")])
def test_text_called_latin1_is_read(language: str, codec: str) -> None:
    short, longer = _wrong(language, codec, "iso-8859-1")

    assert len(short) <= 2, short
    assert len(longer) <= 3, longer


@pytest.mark.parametrize(("language", "codec"), CASES)
def test_a_right_declaration_is_believed(language: str, codec: str) -> None:
    assert _wrong(language, codec, codec.replace("_", "-")) == ([], [])
