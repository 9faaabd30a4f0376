"""Which set some 8-bit bytes were written in: the one that makes of them the likeliest words of a language.

A reading costs bits: for each letter what it is worth behind the one before it, for each sign of Chinese, Japanese and
Korean what its share is. `letters` has these numbers.
"""

import re
from collections import Counter
from collections.abc import Iterable
from functools import cache
from typing import NamedTuple

from emailq.parse import cyrillic
from emailq.parse.letters import (
    FOREIGN_BITS,
    USUAL_BITS,
    ascii_table,
    charmap,
    marks,
    numbers,
    sign_bits,
    table_of,
)

_SAMPLE_BYTES, _SAMPLE_HIGH_BYTES = 600, 200
_WESTERN = ("en", "de", "fr", "es", "it", "pt", "nl", "sv", "da", "no", "fi", "is", "ca", "sq", "eu", "ga")
_CENTRAL = ("pl", "cs", "sk", "hu", "ro", "hr", "sl")
_BALTIC = ("lt", "lv", "et")
# Set → bits by which it is less likely than the others, and its languages. Those of Latin letters stand first.
_SETS: dict[str, tuple[int, tuple[str, ...]]] = {
    "cp1252": (0, _WESTERN),
    "cp1250": (3, _CENTRAL),
    "iso8859_2": (4, _CENTRAL),
    "cp1254": (3, ("tr",)),
    "cp1257": (3, _BALTIC),
    "iso8859_13": (5, _BALTIC),
    "iso8859_4": (8, _BALTIC),
    "iso8859_15": (6, (*_WESTERN, "et")),
    "cp1258": (6, ("vi-tones",)),
    "viscii": (8, ("vi",)),
    "tcvn": (8, ("vi",)),
    "cp850": (10, _WESTERN),
    "cp852": (10, _CENTRAL),
    "cp857": (12, ("tr",)),
    "mac_roman": (10, _WESTERN),
    "mac_latin2": (12, _CENTRAL),
    "armscii_8": (8, ("hy",)),
    "kz1048": (8, ("kk",)),
    "mac_cyrillic": (6, ("ru", "uk", "be", "bg", "sr", "mk")),
    "cp866": (4, ("ru", "uk", "be")),
    "iso8859_5": (5, ("ru", "uk", "be", "bg", "sr", "mk")),
    "koi8_u": (4, ("uk", "ru")),
    "koi8_r": (2, ("ru",)),
    "cp874": (3, ("th",)),
    "iso8859_6": (6, ("ar",)),
    "cp1256": (3, ("ar", "fa")),
    "iso8859_8": (4, ("he",)),
    "cp1255": (3, ("he",)),
    "iso8859_7": (4, ("el",)),
    "cp1253": (3, ("el",)),
    "cp1251": (1, ("ru", "uk", "be", "bg", "sr", "mk")),
}
_SIGNS: dict[str, tuple[int, str]] = {
    "gb18030": (2, "zh"),
    "cp950": (3, "tw"),
    "euc_jp": (3, "ja"),
    "cp932": (3, "ja"),
    "cp949": (3, "ko"),
}
_SIGN_INSIDE_BITS = 2
_SWITCH_BITS, _OTHER_LATIN_BITS = 10, 6  # among many Latin letters: to another script, to another Latin language
_GLUED_BITS = 7
_GLUED = re.compile("[A-Za-z][^\0-\xff]|[^\0-\xff][A-Za-z]")
_CAPITAL_INSIDE_BITS, _CAPITALS_BITS = 9, 1
_USUAL_ASCII_BITS = 4.0  # of an ASCII letter in a language of Latin letters, on the average
_ASCII_WEIGHT, _MOST_ASCII_BITS = 0.5, 20
_ASCII_PAIRS = 100
_FEWEST_BITS = 2  # that a pair costs on the average in the likeliest of texts

_GOOD_BITS = 5.0  # a pair, in what is declared: it is not compared with other readings then
_CONVINCING_BITS, _CONVINCING_SIGNS_BITS = 6.6, 5.2
_MARGIN_BITS, _MARGIN_OF_DEFAULT_BITS = 14, 4  # by which another reading must be likelier than the declared one
_VISUAL = ("iso8859_8", "cp862")  # from left to right, as Hebrew stood on screens (RFC 1556)
_DEFAULTS = ("cp1252",)  # what programs declare that know nothing of sets
_FEW_LETTERS, _SEVERAL_LETTERS = 4, 10
_SHORTEST_WORD = 3  # 8-bit bytes, in another script than Latin
_SCRIPT_BITS, _ALPHABET_BITS = 14, 200  # less likely than Latin: at all, where a Latin alphabet has all the letters


class Reading(NamedTuple):
    """`bits` with those of the set; `per_pair` without them, for each pair of bytes that has an 8-bit one."""

    bits: float
    codec: str
    language: str
    per_pair: float

    @property
    def is_convincing(self) -> bool:
        return self.per_pair <= _CONVINCING_BITS


class _Sample:
    """What all readings need to know of some bytes: how often which two stand together, if one of them is 8-bit."""

    def __init__(self, data: bytes) -> None:
        size = len(data)
        data = data[:_SAMPLE_BYTES]
        high = len(data.translate(None, _ASCII))
        if high > _SAMPLE_HIGH_BYTES:
            data = data[: len(data) * _SAMPLE_HIGH_BYTES // high]
        self.is_cut = len(data) < size
        self.data = data
        self.high = data.translate(None, _ASCII)
        pairs = Counter(zip(b" " + data, data + b" ", strict=True))
        self.mixed = [(first, second, count) for (first, second), count in pairs.items() if (first | second) >= 0x80]
        self.pairs = sum([count for _, _, count in self.mixed])
        plain = [
            ((a & 31) * 27 + (b & 31), n) for (a, b), n in pairs.items() if a in _ASCII_LETTERS and b in _ASCII_LETTERS
        ]
        self.plain = plain[:_ASCII_PAIRS]
        self.letters = sum([count for _, count in self.plain])
        self.is_mostly_ascii = len(plain) > len(self.mixed)
        self.joints = sum([n for a, b, n in self.mixed if a in _ASCII_LETTERS or b in _ASCII_LETTERS])
        self.longest = max(map(len, _HIGH_RUN.findall(data)), default=0)
        self.script_bits = 0
        self._of_ascii: dict[str, float] = {}

    def bits_of_ascii(self, language: str) -> float:
        """How much worse (or better, if negative) the ASCII letters fit a language than they do on the average."""
        known = self._of_ascii.get(language)
        if known is None:
            table = ascii_table(language)
            if table:
                total = sum([table[pair] * count for pair, count in self.plain]) - _USUAL_ASCII_BITS * self.letters
                known = max(-_MOST_ASCII_BITS, min(total * _ASCII_WEIGHT, _OTHER_LATIN_BITS))
            else:
                known = _SWITCH_BITS if self.is_mostly_ascii else 0.0
            self._of_ascii[language] = known
        return known


def likeliest(data: bytes) -> Reading | None:
    """The likeliest reading of 8-bit bytes of which nothing is known but that they are no UTF-8."""
    sample = _Sample(data)
    if not sample.high:
        return None
    western = _by_letters(sample, "cp1252", 0, _WESTERN, _NONE)
    sample.script_bits = _ALPHABET_BITS if _is_spelt(sample.high, "cp1252", _WESTERN) else _SCRIPT_BITS
    best = _best(sample, western)
    if best.codec in cyrillic.TWINS:
        return best._replace(codec=cyrillic.mac_or_windows(data, best.codec))
    return best


def better(data: bytes, declared: str) -> str | None:
    """The set of `data`, which can be read in the `declared` one, if that makes much less sense than another."""
    sample = _Sample(data)
    if not sample.high:
        return None
    own = _reading_as_declared(sample, declared)
    if declared in _VISUAL:
        own = min(own, _reading_as_declared(_Sample(_HIGH_RUN.sub(lambda run: run[0][::-1], data)), declared))
    if _is_good(sample, own):
        return None
    if declared in _DEFAULTS:
        margin = _MARGIN_OF_DEFAULT_BITS
    else:
        if len(set(sample.high)) < _FEW_LETTERS:
            return None
        is_of_dos = declared.startswith("cp") and declared[2] != "1"
        boxes = [code for code, char in enumerate(charmap(declared)) if is_of_dos and "\u2500" <= char <= "\u259f"]
        margin = _MARGIN_BITS + 8 * (len(sample.high) - len(sample.high.translate(None, bytes(boxes))))
    if declared not in _MULTIBYTE and _is_latin(own.language):
        languages = _SETS[declared][1] if declared in _SETS else _WESTERN
        sample.script_bits = _ALPHABET_BITS if _is_spelt(sample.high, declared, languages) else _SCRIPT_BITS
    best = _best(sample, own._replace(bits=own.bits - margin))
    if best.codec == declared or not best.is_convincing:
        return None
    is_vague = best.per_pair > _CONVINCING_SIGNS_BITS and declared not in _DEFAULTS
    return None if is_vague and (declared in _MULTIBYTE or best.codec in _MULTIBYTE) else best.codec


def makes_sense(data: bytes, declared: str) -> bool:
    """Whether 8-bit bytes are words of a language in the `declared` set, in which they can be read."""
    sample = _Sample(data)
    return bool(sample.high) and _is_good(sample, _reading_as_declared(sample, declared))


def is_western(text: str) -> bool:
    """Whether the alphabet of one Western language has all letters of `text` beside a to z."""
    try:
        high = text.encode("cp1252").translate(None, _ASCII)
    except UnicodeEncodeError:
        return False
    return _is_spelt(high, "cp1252", _WESTERN)


def _is_spelt(high: bytes, codec: str, languages: Iterable[str]) -> bool:
    """Whether 8-bit bytes are the letters of one language, as where its alphabet is listed, or usual signs."""
    return any(not high.translate(None, table_of(codec, language).spelt) for language in languages)


def _is_latin(language: str) -> bool:
    return bool(ascii_table(language)) if language in numbers()[0] else False


def _is_good(sample: _Sample, declared: Reading) -> bool:
    """Whether a reading makes so much sense that it need not be compared with others."""
    enough = _GOOD_BITS if len(sample.high) < _SEVERAL_LETTERS else _GOOD_BITS + 0.5
    if declared.per_pair > enough or declared.bits > declared.per_pair * sample.pairs:  # or the ASCII letters don't fit
        return False
    return declared.codec in _MULTIBYTE or not sample.high.translate(
        None, table_of(declared.codec, declared.language).own
    )


def _best(sample: _Sample, best: Reading) -> Reading:
    """The likeliest of all readings, or `best` if that is likelier."""
    is_latin = sample.joints * 3 > sample.pairs  # what is likely is looked at first, since it saves much of the rest
    if not is_latin:
        best = _best_by_signs(sample, best)
    for codec in _SETS if is_latin else reversed(_SETS):
        rareness, languages = _SETS[codec]
        if _is_latin(languages[0]):
            if sample.joints:
                best = _by_letters(sample, codec, rareness, languages, best)
        elif sample.longest >= _SHORTEST_WORD:
            best = _by_letters(sample, codec, rareness + sample.script_bits, languages, best)
    return _best_by_signs(sample, best) if is_latin else best


def _best_by_signs(sample: _Sample, best: Reading) -> Reading:
    if len(sample.high) < _SHORTEST_WORD:
        return best
    return min(
        best,
        *(
            _by_signs(sample, codec, rareness + sample.script_bits, [language])
            for codec, (rareness, language) in _SIGNS.items()
        ),
    )


def _reading_as_declared(sample: _Sample, codec: str) -> Reading:
    """The likeliest reading in a set in any language, since what is declared may well be unusual."""
    if codec in _MULTIBYTE:
        return _by_signs(sample, codec, 0, numbers()[1])
    own = _SETS[codec][1] if codec in _SETS else ()
    best = _by_letters(sample, codec, 0, own, _NONE)
    if best.per_pair > _GOOD_BITS:
        best = _by_letters(sample, codec, 0, [name for name in _languages_of(codec) if name not in own], best)
    return best


@cache
def _languages_of(codec: str) -> list[str]:
    """All languages that have letters in a set."""
    high = frozenset(charmap(codec)[0x80:])
    return [name for name, (alphabet, _) in numbers()[0].items() if not high.isdisjoint(alphabet) or alphabet[0] == "a"]


def _by_letters(sample: _Sample, codec: str, rareness: int, languages: Iterable[str], best: Reading) -> Reading:
    """The likeliest reading in `codec`, or `best` if that is likelier."""
    signs, cases = marks(codec)
    of_set = sum(sample.high.translate(signs))
    if of_set + rareness - _MOST_ASCII_BITS >= best.bits:
        return best
    case = sample.data.translate(cases)
    of_set += _CAPITAL_INSIDE_BITS * case.count(b"lu") + _CAPITALS_BITS * case.count(b"uu")
    of_set += _SIGN_INSIDE_BITS * (case.count(b"lx") + case.count(b"xl") + case.count(b"ux") + case.count(b"xu"))
    for language in languages:
        classes, width, table, own, _, is_latin = table_of(codec, language)
        at_least = of_set + len(sample.high.translate(None, own)) * FOREIGN_BITS + sample.pairs * _FEWEST_BITS
        if not is_latin:
            at_least += sample.joints * USUAL_BITS
        if at_least + rareness - _MOST_ASCII_BITS >= best.bits:
            continue
        bits = of_set + sum([table[classes[a] * width + classes[b]] * count for a, b, count in sample.mixed])
        if bits + rareness - _MOST_ASCII_BITS >= best.bits:
            continue
        total = bits + sample.bits_of_ascii(language) + rareness
        if total < best.bits:
            best = Reading(total, codec, language, bits / sample.pairs)
    return best


def _by_signs(sample: _Sample, codec: str, rareness: int, languages: Iterable[str]) -> Reading:
    text = sample.data.decode(codec, "replace")
    if sample.is_cut and text.endswith("\ufffd"):
        text = text[:-1]
    if text.count("\ufffd") * 20 > len(sample.high):
        return _NONE
    signs = [(sign, count) for sign, count in Counter(text).items() if sign >= "\x80"]
    of_set = rareness + (_SWITCH_BITS if sample.is_mostly_ascii else 0)
    glued = _GLUED_BITS * len(_GLUED.findall(text))
    bits, language = min((sum([sign_bits(codec, name, sign) * n for sign, n in signs]), name) for name in languages)
    return Reading(glued + bits + of_set, codec, language, (glued + bits) / sample.pairs)


_NONE = Reading(9e9, "", "", 9e9)
_MULTIBYTE = frozenset(
    ("gb18030", "cp950", "big5hkscs", "cp949", "johab", "cp932", "euc_jp", "euc_jis_2004", "shift_jis_2004")
)
_HIGH_RUN = re.compile(rb"[\x80-\xff]+")
_ASCII = bytes(range(0x80))
_ASCII_LETTERS = frozenset(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
