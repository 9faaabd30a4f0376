"""Tables of letters: what stands where in each 8-bit set, and how likely letters and signs are in each language.

spelling.json.gz has the numbers, in bits; scripts/spelling counts them.
"""

import gzip
import json
import unicodedata
from functools import cache, lru_cache
from importlib.resources import files
from typing import NamedTuple

_USUAL = "\xa0«»„“”‘’‚ªº²³½±×–—…•·§©®°€№‹›¿¡\u200e\u200f\xad،؛؟"
_BESIDE_WORDS = "\xa0«»“”„’–—…€°"
USUAL_BITS, _SIGN_BITS, _CONTROL_BITS = 9, 13, 18
_NEVER_BITS = 11
FOREIGN_BITS, _AFTER_FOREIGN_BITS, _MIXED_BITS = 13, 5, 14  # beside a letter of another language, of another script
_OF_HEX = bytes(min(int(chr(code), 16), _NEVER_BITS) if chr(code) in "0123456789abcdef" else 0 for code in range(256))


class Table(NamedTuple):
    """A language in a set: the class of each byte, the bits of each pair of classes, the bytes that it has."""

    classes: bytes
    width: int
    bits: bytes
    own: bytes
    spelt: bytes
    is_latin: bool


@cache
def numbers() -> tuple[dict[str, tuple[str, bytes]], dict[str, dict[str, int]]]:
    """Language → alphabet and bits of its pairs; language → sign → bits."""
    data = json.loads(gzip.decompress(files("emailq.parse").joinpath("spelling.json.gz").read_bytes()))
    letters = {
        language: (alphabet, digits.encode().translate(_OF_HEX))
        for language, (alphabet, digits) in data["letters"].items()
    }
    signs = {
        language: {sign: int(bits, 16) for bits, signs in table.items() for sign in signs}
        for language, table in data["signs"].items()
    }
    return letters, signs


_CEDILLA = str.maketrans("șț", "şţ")  # Romanian as most programs write it
_VISCII_LOW = str.maketrans("\x02\x05\x06\x14\x19\x1e", "ẲẴẪỶỸỴ")
HIGHER = {
    "viscii": (
        "ẠẮẰẶẤẦẨẬẼẸẾỀỂỄỆỐỒỔỖỘỢỚỜỞỊỎỌỈỦŨỤỲÕắằặấầẩậẽẹếềểễệốồổỗỠƠộờởịỰỨỪỬơớƯ"
        "ÀÁÂÃẢĂẳẵÈÉÊẺÌÍĨỳĐứÒÓÔạỷừửÙÚỹỵÝỡưàáâãảăữẫèéêẻìíĩỉđựòóôõỏọụùúũủýợỮ"
    ),
    "tcvn": (
        "ÀẢÃÁẠẶẬÈẺẼÉẸỆÌỈĨÍỊÒỎÕÓỌỘỜỞỠỚỢÙỦŨ\xa0ĂÂÊÔƠƯĐăâêôơưđẰ\u0300\u0309\u0303\u0301\u0323àảãáạẲằẳẵắẴ"
        "ẮẦẨẪẤỀặầẩẫấậèỂẻẽéẹềểễếệìỉỄẾỒĩíịòỔỏõóọồổỗốộờởỡớợùỖủũúụừửữứựỳỷỹýỵỐ"
    ),
    "armscii_8": "".join(map(chr, range(0x80, 0xA0)))
    + "\xa0�և։)(»«—.՝,-֊…՜՛՞ԱաԲբԳգԴդԵեԶզԷէԸըԹթԺժԻիԼլԽխԾծԿկՀհՁձՂղՃճՄմՅյՆնՇշՈոՉչՊպՋջՌռՍսՎվՏտՐրՑցՒւՓփՔքՕօՖֆ՚�",
}


@cache
def common_signs() -> frozenset[str]:
    """The signs of Chinese, Japanese and Korean that their languages have most of."""
    return frozenset(sign for table in numbers()[1].values() for sign in table)


def charmap(codec: str) -> str:
    """The 256 characters of `codec`; undefined bytes are C1 controls."""
    return _charmap(codec)


@cache
def _charmap(codec: str) -> str:
    if codec in HIGHER:
        lower = "".join(map(chr, range(0x80)))
        return (lower.translate(_VISCII_LOW) if codec == "viscii" else lower) + HIGHER[codec]
    return "".join(bytes([code]).decode(codec, "ignore") or chr(code) for code in range(256))


@cache
def marks(codec: str) -> tuple[bytes, bytes]:
    """For each byte the bits of a sign that is no letter, and its kind: letter (l, a capital u) or such a sign (x)."""
    signs, cases = bytearray(256), bytearray(b"-" * 256)
    for code, char in enumerate(charmap(codec)):
        category = unicodedata.category(char)
        if category in ("Lu", "Ll"):
            cases[code] = ord("u" if category == "Lu" else "l")
        if code < 0x80 or category in ("Lu", "Ll", "Mn") or (category == "Lo" and char not in "ªº"):
            continue
        is_control = category in ("Cc", "Cn", "Co")
        cases[code] = ord("x")
        signs[code] = (
            6 if char == "€" else _CONTROL_BITS if is_control else USUAL_BITS if char in _USUAL else _SIGN_BITS
        )
    return bytes(signs), bytes(cases)


@cache
def table_of(codec: str, language: str) -> Table:
    """What a set has of a language; raises KeyError for a language without numbers."""
    alphabet, bits = _pairs(language)
    foreign = len(alphabet) + 1
    ascii_elsewhere, elsewhere = foreign + 1, foreign + 2
    index = {letter: number for number, letter in enumerate(alphabet, 1)}
    script = _script(alphabet[-1])
    classes, own, spelt = bytearray(), bytearray(), bytearray()
    for code, (lower, of_script) in enumerate(_letters(codec)):
        number = index.get(lower, 0)
        if number == 0 and of_script:
            classes.append(foreign if of_script == script else ascii_elsewhere if code < 0x80 else elsewhere)
            continue
        classes.append(number)
        own.append(code)
        if number or lower in _BESIDE_WORDS:
            spelt.append(code)
    return Table(bytes(classes), len(alphabet) + 4, bits, bytes(own), bytes(spelt), "a" in index)


@cache
def _letters(codec: str) -> list[tuple[str, str]]:
    """For each byte its character in lower case, and the script if it is a letter."""
    found = []
    for char in charmap(codec):
        is_letter = unicodedata.category(char) in ("Lu", "Ll", "Lo", "Mn") and char not in "ªº"
        found.append((char.lower()[0].translate(_CEDILLA), _script(char) if is_letter else ""))
    return found


@cache
def _pairs(language: str) -> tuple[str, bytes]:
    """The alphabet, and the bits of each pair of classes.

    The classes are: no letter, those of the alphabet, another letter of the script, one of ASCII in another script, any
    other letter.
    """
    alphabet, bits = numbers()[0][language]
    width = len(alphabet) + 1
    behind = bytes((FOREIGN_BITS, _MIXED_BITS, _MIXED_BITS))
    rows = [bits[:width] + bytes((FOREIGN_BITS, 0, _MIXED_BITS))]
    rows += [bits[first * width : (first + 1) * width] + behind for first in range(1, width)]
    rows.append(bytes([_AFTER_FOREIGN_BITS] * width) + behind)
    rows.append(bytes([0] + [_MIXED_BITS] * len(alphabet)) + behind)
    rows.append(bytes([_AFTER_FOREIGN_BITS] + [_MIXED_BITS] * len(alphabet)) + behind)
    return alphabet, b"".join(rows)


@cache
def ascii_table(language: str) -> bytes:
    """The bits of each pair of a to z, whose numbers are 1 to 26; nothing for a language of other letters."""
    alphabet, bits = numbers()[0][language]
    if not alphabet.startswith("a"):
        return b""
    width = len(alphabet) + 1
    return b"".join(bits[first * width : first * width + 27] for first in range(27))


def _script(char: str) -> str:
    return unicodedata.name(char, "?").split()[0]


@lru_cache(maxsize=20_000)
def sign_bits(codec: str, language: str, sign: str) -> int:
    """The bits of one sign; those that no table has by where they stand in the set, the common ones first."""
    bits = numbers()[1][language].get(sign)
    if bits is not None:
        return bits
    if sign == "\ufffd":
        return 30
    if "\u3000" <= sign < "\u3040" or "\uff01" <= sign <= "\uff65":
        return 10
    try:
        encoded = sign.encode(codec)
    except UnicodeEncodeError:
        return 24
    if len(encoded) > 2:
        return 24
    if codec == "cp950":
        return 16 if 0xA4 <= encoded[0] <= 0xC6 else 19
    if codec == "cp932":
        return 16 if 0x88 <= encoded[0] <= 0x98 else 19 if len(encoded) == 2 else 12
    if codec == "cp949":
        if "\uac00" <= sign <= "\ud7a3":
            return 16 if encoded[0] >= 0xB0 and encoded[1] >= 0xA1 else 20
        return 19
    if encoded[0] < 0xA1 or encoded[-1] < 0xA1:
        return 20 + 2
    return 16 if 0xB0 <= encoded[0] <= 0xD7 else 19
