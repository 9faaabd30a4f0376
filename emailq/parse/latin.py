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
_TURKISH = (frozenset("çğıi̇öşüâîû"),)
_BALTIC = (frozenset("ąčęėįšųūž"), frozenset("āčēģīķļņšūž"))  # Lithuanian, Latvian
_ELSEWHERE = (("iso8859_2", _CENTRAL), ("cp1250", _CENTRAL), ("cp1254", _TURKISH), ("cp1257", _BALTIC))
_NOT_LETTERS = frozenset("\xa0«»„“”‘’‚–—…•·§©®°€")
_SIGNS = frozenset("¡¿ªº²³¼½¾´")  # Western ones, where the other sets have letters
_FEWEST = 4  # different letters
_SEVERAL = re.compile(rb"[\x80-\xff]{3}|[\x80-\xde][\x80-\xff]|[\x80-\xff][\x80-\xde]")  # but for small letters
_RUN = re.compile(rb"[\x80-\xff]+")
_ASCII_LETTER = re.compile(rb"[A-Za-z]")
_SAME = bytes(  # letters in all these sets, so that it need not be known which one it is
    code
    for code in range(0xC0, 0x100)
    if len({bytes([code]).decode(codec, "replace") for codec in ("cp1252", "cp1250", "cp1254", "cp1257")}) == 1
)


def detect(data: bytes) -> str | None:
    """The set of `data` if its letters belong to no Western language, but to one of Central Europe, Turkey, the Baltic.

    Windows-1252 if all letters are the same in both; None if this says nothing.
    """
    runs = _RUN.findall(data)
    high = b"".join(runs)
    is_latin = len(_ASCII_LETTER.findall(data)) * 2 >= len(high)
    if not is_latin or all(len(run) % 2 == 0 for run in runs):  # characters of two bytes
        return None
    if not high.translate(None, _SAME) and not _SEVERAL.search(data):
        return "cp1252"
    if is_western(high):
        return None
    for codec, alphabets in _ELSEWHERE:
        if any(_letters(high, codec) <= alphabet for alphabet in alphabets):
            return codec
    return None


def is_western(high: bytes) -> bool:
    """Whether these 8-bit bytes are the letters of a Western language in Windows-1252, or too few to tell."""
    letters = _letters(high, "cp1252") - _SIGNS
    return len(letters) < _FEWEST or any(letters <= alphabet for alphabet in _WESTERN)


def is_rather_western(sample: bytes, codec: str) -> bool:
    """Whether some Western language has the letters of `sample`, and none that is written in `codec`."""
    high = b"".join(_RUN.findall(sample))
    west, elsewhere = _letters(high, "cp1252") - _SIGNS, _letters(high, codec)
    is_of_west = any(west <= alphabet for alphabet in _WESTERN)
    return is_of_west and not any(elsewhere <= alphabet for alphabet in dict(_ELSEWHERE).get(codec, ()))


def _letters(high: bytes, codec: str) -> frozenset[str]:
    return frozenset(bytes(sorted(set(high))).decode(codec, "replace").lower()) - _NOT_LETTERS
