"""Bytes → text for mail: declared, aliased, misspelt, missing and lying charsets."""

import codecs
import encodings.aliases
import re
from functools import lru_cache
from io import StringIO
from typing import NamedTuple

from emailq.parse import cyrillic, limits


class Decoded(NamedTuple):
    """`text` without NUL and lone surrogates; `defect` is a code if the declaration was missing, unknown or wrong."""

    text: str
    charset: str | None  # the Python codec that fitted, None for plain ASCII
    defect: str | None = None


# Text codecs only: a label in a mail must never reach rot13, zlib or another transform. UTF-7 is left out since it
# hides markup from filters. Single-byte Latin sets are their Windows supersets, as in browsers.
_CODECS = frozenset(
    codec
    for family in (
        "ascii utf_8 utf_16 utf_16_le utf_16_be utf_32 utf_32_le utf_32_be",
        "cp1250 cp1251 cp1252 cp1253 cp1254 cp1255 cp1256 cp1257 cp1258",
        "cp437 cp720 cp737 cp775 cp850 cp852 cp855 cp857 cp858 cp860 cp861 cp862 cp863 cp864 cp865 cp866 cp869 cp874",
        "cp1125 kz1048 ptcp154 koi8_r koi8_u koi8_t",
        "iso8859_2 iso8859_3 iso8859_4 iso8859_5 iso8859_6 iso8859_7 iso8859_8 iso8859_10 iso8859_13 iso8859_14",
        "iso8859_15 iso8859_16 mac_cyrillic mac_greek mac_iceland mac_latin2 mac_roman mac_turkish",
        "gb18030 hz cp950 big5hkscs cp949 johab iso2022_kr cp932 euc_jp euc_jis_2004 shift_jis_2004",
        "iso2022_jp iso2022_jp_1 iso2022_jp_2 iso2022_jp_3 iso2022_jp_2004 iso2022_jp_ext",
    )
    for codec in family.split()
)
_SUPERSETS = {
    "latin_1": "cp1252", "iso8859_1": "cp1252", "iso8859_9": "cp1254", "iso8859_11": "cp874", "tis_620": "cp874",
    "gb2312": "gb18030", "gbk": "gb18030", "big5": "cp950", "euc_kr": "cp949", "shift_jis": "cp932",
    "euc_jisx0213": "euc_jis_2004", "shift_jisx0213": "shift_jis_2004",
}  # fmt: skip
_ALIASES = {
    "usascii": "ascii", "ansix341968": "ascii", "7bit": "ascii", "utf8mb4": "utf_8", "unicode11utf8": "utf_8",
    "unicode": "utf_16", "ucs2": "utf_16", "iso10646ucs2": "utf_16", "latin1": "cp1252", "latin": "cp1252",
    "win": "cp1252", "ansi": "cp1252", "western": "cp1252",
    "gb23121980": "gb18030", "gb231280": "gb18030", "chinesegb2312": "gb18030", "euccn": "gb18030", "cn": "gb18030",
    "cngb": "gb18030", "hzgb2312": "hz", "xxbig5": "cp950", "cnbig5": "cp950",
    "ksc56011987": "cp949", "ksc56011989": "cp949", "ksc5601": "cp949", "ksx1001": "cp949", "korean": "cp949",
    "windows31j": "cp932", "windows932": "cp932", "csshiftjis": "cp932", "xeuc": "euc_jp", "jis": "iso2022_jp",
    "iso2022jpms": "iso2022_jp", "cp50220": "iso2022_jp", "cp50221": "iso2022_jp", "cp50222": "iso2022_jp",
    "koi8": "koi8_r", "koi": "koi8_r", "koi8ru": "koi8_u", "macintosh": "mac_roman", "cyrillic": "iso8859_5",
    "maccyrillicukrainian": "mac_cyrillic", "macukrainian": "mac_cyrillic", "maccentraleurope": "mac_latin2",
    "macce": "mac_latin2", "maccentraleurroman": "mac_latin2", "dos866": "cp866", "alt": "cp866", "mac": "mac_roman",
    "unicode20utf8": "utf_8", "uft8": "utf_8", "csisolatin9": "iso8859_15", "isolatin1": "cp1252", "iso646": "ascii",
    "suneugreek": "iso8859_7", "visual": "iso8859_8", "logical": "iso8859_8", "isoir149": "cp949",
    "eucpkdfmtjapanese": "euc_jp", "ibm00858": "cp858",
}  # fmt: skip
REFUSED = "refused"

_STATEFUL = frozenset(("hz", "iso2022_kr"))
WIDE = frozenset(codec for codec in _CODECS if codec.startswith(("utf_16", "utf_32")))
_MULTIBYTE = frozenset(("gb18030", "cp950", "big5hkscs", "cp949", "johab", "cp932", "euc_jp", "euc_jis_2004"))
_WIDER = {"cp950": "big5hkscs", "iso2022_jp": "iso2022_jp_2004", "cp932": "shift_jis_2004", "euc_jp": "euc_jis_2004"}
_CYRILLIC = frozenset(cyrillic.CODECS)

_LABEL = re.compile(r"[a-z0-9][\w.:+-]*", re.ASCII)
_DIGIT = re.compile(r"\d")
# What stands in a label beside the name of a program or standard: "iso-8859-1-windows-3.1-latin-1"
_KNOWN = re.compile(
    r"utf8|(?:windows|cp)125\d|koi8[ru]|iso88591[0-6]|iso8859[1-9]|iso2022jp|iso2022kr|eucjp|shiftjis|sjis|cp932"
    r"|gb18030|gb2312|gbk|big5|euckr|ksc5601|usasc"
)
_NUMBERED = re.compile(r"(?:cs|x)*(?:ms|windows|window|win|cp|ibm|oem|dos|ansi|microsoftcp)?(\d{3,5})")
_ISO8859 = re.compile(r"(?:cs|x)*(?:iso|is|so)?(?:ir)?8859(?:part)?(\d{1,2})(?:1\d{3})?[ei]?")
_UNSTORABLE = re.compile("[\0\ud800-\udfff]")
_META = re.compile(rb"<meta[^>]{0,200}?charset\s{0,9}=\s{0,9}[\"']?\s{0,9}([\w.:-]{2,40})", re.IGNORECASE)
_HIGH = bytes(range(0x80, 0x100))
_FROM_HIGH = re.compile(rb"[\x80-\xff][^\n]{0,400}")
# Windows-1252 with the five undefined bytes as C1 controls, so that every byte has a character
CP1252 = "".join(bytes([code]).decode("cp1252", "ignore") or chr(code) for code in range(256))


@lru_cache(maxsize=512)
def codec_for(label: str) -> str | None:
    """The Python codec for a charset label as mail writes it; REFUSED for UTF-7; None if it says nothing known."""
    label = label[:200].strip().lower()
    words = _LABEL.findall(label)
    if not words:
        return None
    words.sort(key=lambda word: _DIGIT.search(word) is None)  # of "Western (ISO-8859-1)" the number tells more
    key = re.sub(r"[^a-z0-9]", "", words[0])
    whole = re.sub(r"[^a-z0-9]", "", label)
    for candidate in (key, key.removeprefix("cs"), key.removeprefix("x"), whole):
        if candidate in _BY_KEY:
            return _BY_KEY[candidate]
    if "utf7" in key:
        return REFUSED
    iso = _ISO8859.fullmatch(key)
    if iso:
        return _BY_KEY.get(f"iso8859{int(iso[1])}")
    numbered = _NUMBERED.fullmatch(key)
    if numbered:
        return _BY_KEY.get(f"cp{numbered[1]}") or {"65001": "utf_8", "20866": "koi8_r", "936": "gb18030"}.get(
            numbered[1]
        )
    known = _KNOWN.search(whole)
    return _BY_KEY.get(known[0].replace("usasc", "usascii")) if known else None


def _codecs_by_key() -> dict[str, str]:
    by_key = {}
    for alias, name in encodings.aliases.aliases.items():
        codec = _SUPERSETS.get(name, name)
        if codec in _CODECS:
            by_key[re.sub(r"[^a-z0-9]", "", alias)] = codec
            by_key[re.sub(r"[^a-z0-9]", "", name)] = codec
    for codec in _CODECS:
        by_key[codec.replace("_", "")] = codec
    for name, codec in _SUPERSETS.items():
        by_key[name.replace("_", "")] = codec
    return by_key | _ALIASES


_BY_KEY = _codecs_by_key()


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
        text = data.decode("ascii")
        if codec is None and declared:
            return Decoded(text, None, "charset-unknown")
        return Decoded(text, None, "charset-refused" if codec == REFUSED else None)
    text, fitted, defect = _decode(data, codec)
    if defect == "charset-guessed" and is_html and (of_page := _codec_of_page(data)):
        text, fitted, _ = _decode(data, of_page)
    if defect is None and codec is None and declared:
        defect = "charset-unknown"
    if "\0" in text or fitted in WIDE:
        text = _UNSTORABLE.sub("\ufffd", text)
    return Decoded(cyrillic.repair(text), fitted, defect)


def _codec_of_page(data: bytes) -> str | None:
    """What a page says of itself; not UTF-16, since it could not be read in that."""
    meta = _META.search(data, 0, 4096)
    codec = codec_for(meta[1].decode("ascii", "ignore")) if meta else None
    return None if codec in WIDE else codec


def decode_utf8(data: bytes) -> str:
    """Strict UTF-8, repaired if it was encoded twice; raises UnicodeDecodeError."""
    return cyrillic.repair(data.decode("utf_8"))


def fitting(data: bytes, declared: str | None) -> str | None:
    """The codec for 8-bit header values: that of the body if it fits and says anything, else what is detected."""
    codec = codec_for(declared) if declared else None
    if codec in (None, "ascii", "utf_8", REFUSED) or codec in WIDE or codec in _STATEFUL:
        return "utf_8" if _mostly(data, "utf_8") is not None else detect(data)
    return _decode(data, codec)[1]


def _decode(data: bytes, codec: str | None) -> tuple[str, str | None, str | None]:
    if data.startswith(b"\xef\xbb\xbf"):
        data = data[3:]
        codec = "utf_8" if codec is None else codec
    elif data.startswith((b"\xff\xfe", b"\xfe\xff")) and len(data) % 2 == 0 and b"\0" in data and codec != "utf_32":
        return data.decode("utf_16", "replace"), "utf_16", None if codec in WIDE else "charset-wrong"
    if codec in WIDE:
        return _decode_wide(data, codec)
    if codec == REFUSED:
        codec = None
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
    if codec == "utf_8" or codec in _MULTIBYTE:
        text = _mostly(data, codec)
        if text is not None:
            return text, codec, "charset-broken"
    elif codec is None or codec == "ascii":
        text = _mostly(data, "utf_8")
        if text is not None and len(data) > 64:
            return text, "utf_8", "charset-broken"
    found = detect(data)
    if found:
        text = _strict(data, found)
        return (text if text is not None else data.decode(found, "replace")), found, "charset-guessed"
    if codec is not None and codec not in ("ascii", "utf_8", "cp1252"):
        return data.decode(codec, "replace"), codec, "charset-broken"
    return codecs.charmap_decode(data, "strict", CP1252)[0], "cp1252", "charset-guessed"


def _strict(data: bytes, codec: str) -> str | None:
    if codec == "cp1252":
        return codecs.charmap_decode(data, "strict", CP1252)[0]
    try:
        return data.decode(codec)
    except (UnicodeError, ValueError):
        pass
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


def _mostly(data: bytes, codec: str) -> str | None:
    """`data` in `codec` if only little of it is broken, as in a text that was cut or got one stray byte."""
    text = data.decode(codec, "replace")
    broken = text.count("\ufffd")
    whole = (len(data) - len(data.translate(None, _HIGH)) - broken) // (2 if codec != "utf_8" else 3)
    if text.endswith("\ufffd") and whole > 0:
        broken -= 1  # cut in the middle of a character
    return text if broken * 4 <= whole else None


def _contradiction(data: bytes, codec: str) -> tuple[str, str, str] | None:
    """What `data` is, if it fits the declared `codec` but can't be meant so."""
    if codec == "utf_8" or codec.startswith("iso2022") or codec in _STATEFUL:
        return None
    if codec not in _MULTIBYTE or len(data) > 8:
        utf8 = _strict(data, "utf_8")
        if utf8 is not None and not (codec in _MULTIBYTE and len(utf8) * 2 >= len(data)):
            return utf8, "utf_8", "charset-wrong"
    if codec in _CYRILLIC or codec in ("cp1252", "iso8859_15", "mac_roman", "ascii"):
        sample = _sample(data)
        found = cyrillic.detect(sample, declared=codec if codec in _CYRILLIC else None)
        if found and found != codec:
            return data.decode(found, "replace"), found, "charset-wrong"
    return None


def _sample(data: bytes) -> bytes:
    """Up to limits.DETECT_BYTES of lines that hold 8-bit bytes, without what stands far before and behind these."""
    if len(data) <= 1000:
        return data
    lines: list[bytes] = []
    size = done = 0
    for match in _FROM_HIGH.finditer(data, 0, 64 * limits.DETECT_BYTES):
        start = max(done, match.start() - 200, data.rfind(b"\n", done, match.start()) + 1)
        done = match.end()
        lines.append(data[start:done])
        size += done - start
        if size >= limits.DETECT_BYTES:
            break
    return b"\n".join(lines)[: limits.DETECT_BYTES]


def detect(data: bytes) -> str | None:
    """The codec of 8-bit text that isn't UTF-8: Cyrillic by its letters, Japanese by its kana, others by chardet."""
    sample = _sample(data)
    found = cyrillic.detect(sample) or _by_kana(sample)
    if found:
        return found
    import chardet  # takes 0.1 s to load, and most mail never needs it

    guess = chardet.detect(sample, include_encodings=_DETECTED)
    codec = codec_for(guess.get("encoding") or "")
    if codec in _LATIN and (guess["confidence"] < _SURE or (codec == "iso8859_2" and _CONTROLS.search(sample))):
        return None  # Western text, which all of these can pass for
    if codec in _IN_RUNS and len(_ALONE.findall(sample)) * 2 > len(sample) - len(sample.translate(None, _HIGH)):
        return None  # "crème"
    return codec if codec in _DETECTED_CODECS else None


# What mail without a declaration is written in; among all that chardet knows, short texts pass for EBCDIC or DOS.
_DETECTED = (
    *("windows-1250", "windows-1252", "windows-1253", "windows-1254", "windows-1255", "windows-1256", "windows-1257"),
    *("iso-8859-2", "iso-8859-7", "cp932", "euc-jp", "gb18030", "big5", "cp949", "cp874"),
)
_LATIN = ("cp1250", "cp1254", "cp1257", "iso8859_2")
_SURE = 0.08
_IN_RUNS = ("cp1253", "cp1255", "cp1256", "cp874", "iso8859_7", "gb18030", "cp949", "euc_jp")  # stand the 8-bit bytes
_ALONE = re.compile(rb"(?<![\x80-\xff])[\x80-\xff](?![\x80-\xff])")
_CONTROLS = re.compile(rb"[\x80-\x9f]")
_DETECTED_CODECS = frozenset(codec_for(label) for label in _DETECTED)
_KANA = {
    "euc_jp": re.compile(rb"\xa4[\xa1-\xf3]|\xa5[\xa1-\xf6]|\xa1\xbc"),
    "cp932": re.compile(rb"\x82[\x9f-\xf1]|\x83[\x40-\x96]|\x81[\x41\x42\x5b]"),
}


def _by_kana(data: bytes) -> str | None:
    """Japanese text is kana for a half, and no other text is."""
    high = len(data) - len(data.translate(None, _HIGH))
    for codec, kana in _KANA.items():
        count = len(kana.findall(data))
        if count > 1 and count * 4 >= high and _strict(data, codec) is not None:
            return codec
    return None


def _decode_ascii_with_nul(data: bytes) -> Decoded:
    """ASCII with NULs is UTF-16 without a declaration, or text with junk in it."""
    if len(data) >= 4 and data.count(0) * 5 >= len(data) * 2:
        text, codec, _ = _decode_wide(data, "utf_16")
        return Decoded(_UNSTORABLE.sub("\ufffd", text), codec, "charset-wrong")
    return Decoded(data.decode("ascii").replace("\0", "\ufffd"), None, "text-nul")


def _decode_wide(data: bytes, codec: str) -> tuple[str, str, str | None]:
    """UTF-16 and UTF-32; without BOM and byte order in the name, the NULs of ASCII characters tell it."""
    if b"\0" not in data[:4096] and _strict(data, "utf_8") is not None:
        return data.decode("utf_8"), "utf_8", "charset-wrong"
    if codec == "utf_16" and not data.startswith((b"\xff\xfe", b"\xfe\xff")):
        codec = "utf_16_be" if data[0:4096:2].count(0) >= data[1:4096:2].count(0) else "utf_16_le"
    try:
        return data.decode(codec), codec, None
    except UnicodeError:
        return data.decode(codec, "replace"), codec, "charset-broken"


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
