"""Bytes → text for mail: declared, aliased, misspelt, missing and lying charsets."""

import codecs
import re
import unicodedata
from io import StringIO
from typing import NamedTuple

from emailq.parse import cyrillic, letters, limits, spelling, twice
from emailq.parse.charset_labels import REFUSED, WIDE, codec_for


class Decoded(NamedTuple):
    """`text` without NUL and lone surrogates; `defect` is a code if the declaration was missing, unknown or wrong."""

    text: str
    charset: str | None  # the Python codec that fitted, None for plain ASCII
    defect: str | None = None


_STATEFUL = frozenset(("hz", "iso2022_kr"))
_MULTIBYTE = frozenset(("gb18030", "cp950", "big5hkscs", "cp949", "johab", "cp932", "euc_jp", "euc_jis_2004"))
_WIDER = {"cp950": "big5hkscs", "iso2022_jp": "iso2022_jp_2004", "cp932": "shift_jis_2004", "euc_jp": "euc_jis_2004"}
_UNSTORABLE = re.compile(r"[\0\ud800-\udfff]")
_META = re.compile(
    rb"<(?:meta[^>]{0,200}?charset|\?xml[^>]{0,100}?encoding)\s{0,9}=\s{0,9}[\"']?\s{0,9}([\w.:-]{2,40})", re.IGNORECASE
)
_LONE_RARITY = re.compile(
    "[\0-\x7f]*[\u0530-\u058f\u0700-\u0dff\ue000-\uf8ff][\0-\x7f]*"
)  # two letters that look like UTF-8
_SHORT_BYTES = 40  # of which chance may make UTF-8
_HIGH = bytes(range(0x80, 0x100))
_UTF8 = re.compile(rb"(?:[\xc3-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3})+")
_UTF8_RUN = re.compile(rb"(?<![\x80-\xff])(" + _UTF8.pattern + rb")(?![\x80-\xff])")  # beside others it is chance
_RUNS = 10_000
_JOINED = frozenset(("cp1250", "cp1251", "cp1252", "cp1254", "cp1257", "iso8859_2", "iso8859_15", "koi8_r", "koi8_u"))
_BOMS_OF_32 = (b"\xff\xfe\0\0", b"\0\0\xfe\xff")
_HZ = re.compile(rb"~\{(?:[!-w][!-~])+~\}")  # RFC 1843
_NO_TEXT = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")
_FROM_HIGH = re.compile(rb"[\x80-\xff][^\n]{0,400}")
CP1252: str = letters.charmap("cp1252")
_STRAY = {0xDC00 + byte: CP1252[byte] for byte in range(0x80, 0x100)}  # how Python keeps a byte that is no UTF-8


def decode(data: bytes, declared: str | None = None, *, is_html: bool = False) -> Decoded:
    """Text of `data`: declared charset, UTF-8, ISO-2022 escapes, detection, Windows-1252, in this order.

    A declaration that can't be true (UTF-8 bytes called Latin-1, a wrong Cyrillic set) gives way, with a defect.
    """
    codec = codec_for(declared) if declared else None
    if codec is None and is_html:
        codec = _codec_of_page(data)
    if data.isascii() and codec not in _STATEFUL and codec not in WIDE and b"\x1b" not in data:
        if b"\0" in data:
            return _decode_ascii_with_nul(data)
        if b"~" in data and b"~{" in data and (hz := _undeclared_hz(data)) is not None:
            return Decoded(hz, "hz", "charset-wrong" if codec else "charset-undeclared")
        text = data.decode("ascii")
        if "\x0e" in text and codec and codec.startswith("iso2022_jp"):
            return Decoded(_SHIFTED.sub(lambda run: run[1].translate(_KANA_OF_ASCII), text), codec)
        if codec is None and declared:
            return Decoded(text, None, "charset-unknown")
        return Decoded(text, None, "charset-refused" if codec == REFUSED else None)
    text, fitted, defect = _decode(data, codec)
    if defect == "charset-guessed" and is_html and (of_page := _codec_of_page(data)):
        text, fitted, _ = _decode(data, of_page)
    if defect is None and codec is None and declared:
        defect = "charset-unknown"
    if "\0" in text:
        text = text.replace("\0", "\ufffd")
    if fitted in WIDE:
        text = _UNSTORABLE.sub("\ufffd", text)
    return Decoded(_repaired(text), fitted, defect)


def _codec_of_page(data: bytes) -> str | None:
    """What a page says of itself; not UTF-16, since it could not be read in that."""
    meta = _META.search(data, 0, 4096)
    codec = codec_for(meta[1].decode("ascii", "ignore")) if meta else None
    return None if codec in WIDE else codec


def decode_utf8(data: bytes) -> str:
    """Strict UTF-8, repaired if it was encoded twice; raises UnicodeDecodeError."""
    return _repaired(data.decode("utf_8"))


def _repaired(text: str) -> str:
    if text.isascii():
        return text
    text = twice.repair(text)
    repaired = cyrillic.repair(text)
    return text if repaired != text and spelling.is_western(text) else repaired


def fitting(data: bytes, declared: str | None) -> str | None:
    """The codec for 8-bit header values: that of the body if it fits and says anything, else what is detected."""
    codec = codec_for(declared) if declared else None
    if codec in (None, "ascii", "utf_8", REFUSED) or codec in WIDE or codec in _STATEFUL:
        return "utf_8" if _mostly(data, "utf_8") is not None else (found := detect(data)) and found.codec
    return _decode(data, codec)[1]


def _decode(data: bytes, codec: str | None) -> tuple[str, str | None, str | None]:
    if data.startswith(b"\xef\xbb\xbf"):
        data = data[3:]
        codec = "utf_8" if codec is None else codec
    elif data.startswith(_BOMS_OF_32) and len(data) % 4 == 0:
        return data.decode("utf_32", "replace"), "utf_32", None if codec in WIDE else "charset-wrong"
    elif data.startswith((b"\xff\xfe", b"\xfe\xff")) and len(data) % 2 == 0 and _has_wide_text(data):
        return data.decode("utf_16", "replace"), "utf_16", None if codec in WIDE else "charset-wrong"
    if codec in WIDE:
        return _decode_wide(data, codec)
    if b"\0" in data and (wide := _undeclared_wide(data)):
        return *wide, "charset-wrong"
    if codec == REFUSED:
        codec = None
    if b"\x1b$)A" in data and (text := _iso2022_cn(data)) is not None:
        return text, "hz", None
    if b"\x1b$" in data and not (codec or "").startswith("iso2022") and data.isascii():
        text = _strict(data, "iso2022_kr" if b"\x1b$)C" in data else "iso2022_jp")
        if text is not None:
            return text, "iso2022_jp", "charset-wrong"
    if codec is not None:
        text = _strict(data, codec)
        if text is not None:
            better = _contradiction(data, codec)
            return better if better else (text, codec, None)
    utf8 = _strict(data, "utf_8") if codec != "utf_8" else None
    if utf8 is not None and not (data.isascii() and b"\x1b" in data):
        return utf8, "utf_8", "charset-wrong" if codec else "charset-undeclared"
    if b"\x1b" in data:
        for escape, stateful in ((b"\x1b$)C", "iso2022_kr"), (b"\x1b$", "iso2022_jp"), (b"\x1b(", "iso2022_jp")):
            if escape in data:
                return _iso2022(data, stateful), stateful, None if codec == stateful else "charset-wrong"
        if utf8 is not None:
            return utf8, "utf_8", None
    found = detect(data) if codec in _MULTIBYTE else None
    if codec == "utf_8" or (codec in _MULTIBYTE and (found is None or not found.is_convincing)):
        text = _mostly(data, codec)
        if text is not None:
            return text, codec, "charset-broken"
    elif codec is None or codec == "ascii":
        text = _mostly(data, "utf_8")
        if text is not None and len(data) > 64:
            return text, "utf_8", "charset-broken"
    if codec in (None, "ascii", "utf_8") and (joined := _joined(data)):
        return joined, "utf_8", "charset-guessed"
    found = found or detect(data)
    if found:
        return _read(data, found.codec), found.codec, "charset-guessed"
    if codec is not None and codec not in ("ascii", "utf_8", "cp1252"):
        return data.decode(codec, "replace"), codec, "charset-broken"
    if _is_mostly_utf8(data):
        return data.decode("utf_8", "surrogateescape").translate(_STRAY), "utf_8", "charset-broken"
    return codecs.charmap_decode(data, "strict", CP1252)[0], "cp1252", "charset-guessed"


def _has_wide_text(data: bytes) -> bool:
    return b"\0" in data or _order_of_wide(data)[0] >= _COMMON_SHARE


def _strict(data: bytes, codec: str) -> str | None:
    if codec == "cp1252" or codec in letters.HIGHER:
        return codecs.charmap_decode(data, "replace", letters.charmap(codec))[0]
    try:
        text = data.decode(codec)
    except (UnicodeError, ValueError):
        pass
    else:
        return unicodedata.normalize("NFC", text) if codec == "cp1258" else text
    if codec == "utf_8" and b"\xed" in data:
        try:  # CESU-8: surrogate pairs encoded one by one, as some Java programs write emoji
            return data.decode("utf_8", "surrogatepass").encode("utf_16_le", "surrogatepass").decode("utf_16_le")
        except UnicodeError:
            return None
    if codec in _WIDER:
        try:
            return data.decode(_WIDER[codec])
        except (UnicodeError, ValueError):
            return None
    return None


def _is_mostly_utf8(data: bytes) -> bool:
    """Whether three of four 8-bit bytes belong to characters of UTF-8, as where texts were joined."""
    good = sum(map(len, _UTF8.findall(data)))
    return good >= 4 and good * 4 >= (len(data) - len(data.translate(None, _HIGH))) * 3


def _mostly(data: bytes, codec: str) -> str | None:
    """`data` in `codec` if only little of it is broken, as in a text that was cut or got one stray byte."""
    text = data.decode(codec, "replace")
    broken = text.count("\ufffd")
    high = len(data) - len(data.translate(None, _HIGH))
    whole = (high - broken) // (2 if codec != "utf_8" else 3)
    if text.endswith("\ufffd") and high > 1:
        broken -= 1  # cut in the middle of a character
    return text if broken * 4 <= whole else None


def _joined(data: bytes) -> str | None:
    """UTF-8 and another set in one text, as where a server adds a footer: each piece as what it is."""
    pieces = _UTF8_RUN.split(data, _RUNS)
    if not 1 < len(pieces) <= 2 * _RUNS:
        return None
    try:
        words = [run.decode("utf_8") for run in pieces[1::2]]
    except UnicodeDecodeError:
        return None
    if not all(char.isascii() or _COMMON.match(char) or char in letters.common_signs() for char in "".join(words)):
        return None
    rest = b"".join(pieces[::2])
    found = detect(rest)
    codec = found.codec if found else "cp1252"
    if codec not in _JOINED or _is_mostly_utf8(rest):
        return None
    pieces_of_set = [_read(piece, codec) for piece in pieces[::2]]
    return "".join([text for pair in zip(pieces_of_set, [*words, ""], strict=True) for text in pair])


def _contradiction(data: bytes, codec: str) -> tuple[str, str, str] | None:
    """What `data` is, if it fits the declared `codec` but can't be meant so."""
    if codec == "utf_8" or codec.startswith("iso2022") or codec in _STATEFUL:
        return None
    if codec not in _MULTIBYTE or len(data) > 8:
        utf8 = _strict(data, "utf_8")
        if (
            utf8 is not None
            and not (codec in _MULTIBYTE and len(utf8) * 2 >= len(data))
            and not _LONE_RARITY.fullmatch(utf8)
            and not (len(data) <= _SHORT_BYTES and _COMMON.sub("", utf8) and spelling.makes_sense(data, codec))
        ):
            return utf8, "utf_8", "charset-wrong"
    found = spelling.better(_sample(data), codec)
    return (_read(data, found), found, "charset-wrong") if found else None


def _read(data: bytes, codec: str) -> str:
    text = _strict(data, codec)
    return data.decode(codec, "replace") if text is None else text


def _sample(data: bytes) -> bytes:
    """Up to limits.DETECT_BYTES of lines that hold 8-bit bytes, without what stands far before and behind these."""
    if len(data) <= 1000:
        return data
    lines: list[bytes] = []
    size = done = 0
    for match in _FROM_HIGH.finditer(data, 0, 64 * limits.DETECT_BYTES):
        start = max(done, match.start() - 200, data.rfind(b"\n", done, match.start()) + 1)
        if start == done and lines:  # a long line, which may be cut inside of a character
            lines[-1] += data[start : match.end()]
        else:
            lines.append(data[start : match.end()])
        done = match.end()
        size += done - start
        if size >= limits.DETECT_BYTES:
            break
    return b"\n".join(lines)[: limits.DETECT_BYTES]


def detect(data: bytes) -> spelling.Reading | None:
    """The likeliest set of 8-bit text that is no UTF-8."""
    if _NO_TEXT.search(data) or _is_mostly_utf8(data):
        return None
    return spelling.likeliest(_sample(data))


def _decode_ascii_with_nul(data: bytes) -> Decoded:
    """ASCII with NULs is UTF-16 without a declaration, or text with junk in it."""
    if wide := _undeclared_wide(data):
        text, codec = wide
        return Decoded(_UNSTORABLE.sub("\ufffd", text), codec, "charset-wrong")
    return Decoded(data.decode("ascii").replace("\0", "\ufffd"), None, "text-nul")


def _decode_wide(data: bytes, codec: str) -> tuple[str, str, str | None]:
    """UTF-16 and UTF-32; without a BOM, or against the byte order in the name, the order that gives common letters."""
    has_bom = data.startswith((b"\xff\xfe", b"\xfe\xff"))
    share, order = _order_of_wide(data)
    is_doubtful = codec in _ORDERS and not has_bom and share < _COMMON_SHARE
    if (is_doubtful or not codec.startswith("utf_16")) and not _NO_TEXT.search(data[:4096]):
        if _strict(data, "utf_8") is not None:
            return data.decode("utf_8"), "utf_8", "charset-wrong"
        if (found := detect(data)) and found.is_convincing:
            return _read(data, found.codec), found.codec, "charset-wrong"
    if codec in _ORDERS and not has_bom and (codec == "utf_16" or share >= _COMMON_SHARE):
        codec = order
    if len(data) % 2 and data.endswith(b"\n"):  # added to what was encoded
        data = data[:-1]
    try:
        return data.decode(codec), codec, None
    except UnicodeError:
        return data.decode(codec, "replace"), codec, "charset-broken"


_ORDERS = ("utf_16", "utf_16_le", "utf_16_be")
_COMMON = re.compile(
    "[\t\n\r -~\xa0-\u017f\u0391-\u03c9\u0401-\u0491\u05d0-\u05ea\u0621-\u064a\u0e01-\u0e4e\u2010-\u2026]"
)
_COMMON_SHARE = 0.7


def _order_of_wide(data: bytes) -> tuple[float, str]:
    """How much of `data` is common letters and signs in UTF-16, and in which byte order."""
    sample = data[:1000] if len(data) % 2 == 0 else data[: min(1000, len(data) - 1)]
    found = []
    for codec in ("utf_16_le", "utf_16_be"):
        text = sample.decode(codec, "replace")
        signs = letters.common_signs()
        common = len(_COMMON.findall(text)) + sum([char in signs for char in text if char >= "\u3000"])
        found.append((common / max(1, len(text)), codec))
    return max(found)


def _undeclared_wide(data: bytes) -> tuple[str, str] | None:
    """The text and codec of UTF-16 that nothing declares: many bytes of it are control characters, as in no text."""
    sample = data[:4096]
    if len(data) < 4 or len(_NO_TEXT.findall(sample)) * 8 < len(sample):
        return None
    share, codec = _order_of_wide(data)
    return (data.decode(codec, "replace"), codec) if share >= _COMMON_SHARE else None


_SHIFTED = re.compile("\x0e([!-_]*)\x0f?")  # half-width kana in cp50222 (JIS X 0201)
_KANA_OF_ASCII = {code: code + 0xFF40 for code in range(0x21, 0x60)}
_ESCAPE = re.compile(rb"\x1b(\$\([@BDO-Q]|\$[@AB]|\([BHIJ])")


def _iso2022(data: bytes, codec: str) -> str:
    """ISO-2022-JP with the vendor characters that the strict codecs lack (NEC row 13, half-width kana)."""
    text = _strict(data, codec)
    if text is not None or codec != "iso2022_jp":
        return text if text is not None else data.decode(codec, "replace")
    out = StringIO()
    escape, at = b"", 0
    while at < len(data):
        following = _ESCAPE.search(data, at)
        piece = data[at : following.start() if following else len(data)]
        if escape.startswith(b"$"):
            lines = piece.split(b"\n")  # a line break ends the double-byte state, with or without the escape
            out.write(_jis_pairs(lines[0]))
            out.writelines("\n" + _plain(line) for line in lines[1:])
        elif escape == b"(I":
            out.write(bytes(byte | 0x80 for byte in piece).decode("cp932", "replace"))
        else:
            out.write(_plain(piece))
        if following is None:
            break
        escape, at = following[1], following.end()
    return out.getvalue()


def _iso2022_cn(data: bytes) -> str | None:
    """ISO-2022-CN (RFC 1922), as far as it is HZ (RFC 1843) in other words."""
    data = data.replace(b"~", b"~~").replace(b"\x1b$)A", b"")
    return _strict(data.replace(b"\x0e", b"~{").replace(b"\x0f", b"~}"), "hz")


def _undeclared_hz(data: bytes) -> str | None:
    """Chinese in HZ that nothing declares: what stands between its brackets is common signs."""
    text = _strict(data, "hz") if _HZ.search(data) else None
    if text is None:
        return None
    signs = [char for char in text if not char.isascii()]
    return text if sum([char in letters.common_signs() for char in signs]) * 2 > len(signs) else None


def _plain(piece: bytes) -> str:
    return piece.decode("cp932", "replace")


def _jis_pairs(piece: bytes) -> str:
    """JIS X 0208 pairs by way of Shift JIS arithmetic, since cp932 knows the vendor rows."""
    out = bytearray()
    at = 0
    while at < len(piece):
        first = piece[at]
        second = piece[at + 1] if at + 1 < len(piece) else 0
        if not (0x21 <= first <= 0x7E and 0x21 <= second <= 0x7E):
            out.append(first if first < 0x80 else 0x3F)
            at += 1
            continue
        lead = (first + 1) // 2 + (0x70 if first < 0x5F else 0xB0)
        trail = second + (0x1F + (second >= 0x60) if first % 2 else 0x7E)
        out += bytes((lead, trail))
        at += 2
    return out.decode("cp932", "replace")
