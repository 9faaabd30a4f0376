"""Tells the Latin sets apart by alphabets: the set in which all letters of a text belong to one language."""

import re

_WESTERN = tuple(
    map(
        frozenset,
        (
            "àâæçéèêëîïôœùûüÿ",  # French
            "äöüßéèàë",  # German, with loan words, and Luxembourgish
            "áéíñóúüç",  # Spanish
            "àèéìîòóùú",  # Italian
            "áâãàçéêíóôõúü",  # Portuguese
            "åäöæøéüèàšž",  # Swedish, Danish, Norwegian, Finnish
            "áéíóúýþðæö",  # Icelandic
            "áíóúýðæø",  # Faroese
            "ëïéèöüáóíêâôûîú",  # Dutch, Afrikaans
            "àçèéíïòóúü",  # Catalan
            "ëç",  # Albanian
            "äõöüšž",  # Estonian
            "âêîôûùüñé",  # Breton
        ),
    )
)
_CENTRAL = tuple(
    map(
        frozenset,
        (
            "ąćęłńóśźż",  # Polish
            "áčďéěíňóřšťúůýž",  # Czech
            "áäčďéíĺľňóôŕšťúýž",  # Slovak
            "áéíóöőúüű",  # Hungarian
            "čćđšž",  # Croatian, Slovene
            "ăâîşţ",  # Romanian
        ),
    )
)
_NOT_LETTERS = frozenset("\xa0«»„“”‘’‚–—…•·§©®°€")
_SIGNS = frozenset("¡¿ªº²³¼½¾´")  # Western ones, where the other sets have letters
_FEWEST = 4  # different letters
_ASCII_LETTER, _HIGH = re.compile(rb"[A-Za-z]"), re.compile(rb"[\x80-\xff]")


def detect(data: bytes) -> str | None:
    """The Central European set of `data` if its letters belong to no Western language, but to one of there."""
    high = _HIGH.findall(data)
    if len(_ASCII_LETTER.findall(data)) * 2 < len(high):  # no Latin text
        return None
    different = b"".join(sorted(set(high)))
    western = _letters(different, "cp1252") - _SIGNS
    if len(western) < _FEWEST or any(western <= alphabet for alphabet in _WESTERN):
        return None
    for codec in ("iso8859_2", "cp1250"):
        if any(_letters(different, codec) <= alphabet for alphabet in _CENTRAL):
            return codec
    return None


def _letters(data: bytes, codec: str) -> frozenset[str]:
    return frozenset(data.decode(codec, "replace").lower()) - _NOT_LETTERS
