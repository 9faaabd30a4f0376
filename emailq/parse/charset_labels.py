"""Charset labels as mail writes them → Python codecs."""

import encodings.aliases
import re
from functools import lru_cache

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
        "iso8859_15 iso8859_16 mac_cyrillic mac_greek mac_iceland mac_latin2 mac_roman mac_turkish mac_croatian",
        "mac_romanian mac_arabic mac_farsi hp_roman8",
        "gb18030 hz cp950 big5hkscs cp949 johab iso2022_kr cp932 euc_jp euc_jis_2004 shift_jis_2004",
        "viscii tcvn armscii_8",  # letters.HIGHER
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
    "eucpkdfmtjapanese": "euc_jp", "extendedunixcodepackedformatforjapanese": "euc_jp", "jisencoding": "iso2022_jp",
    "ibm00858": "cp858", "ccsid00858": "cp858", "msansi": "cp1252", "cesu8": "utf_8", "iso10646ucs4": "utf_32",
    "unicode11": "utf_16", "unicodefeff": "utf_16_le", "unicodefffe": "utf_16_be",
    "macchinesesimp": "gb18030", "macchinesetrad": "cp950", "macicelandic": "mac_iceland",
    "tcvn57121": "tcvn", "tcvn5712": "tcvn",
}  # fmt: skip
_BY_NUMBER = {  # code pages of Windows
    "65001": "utf_8", "1200": "utf_16_le", "1201": "utf_16_be", "20127": "ascii", "20866": "koi8_r", "21866": "koi8_u",
    "943": "cp932", "951": "big5hkscs", "20932": "euc_jp", "20936": "gb18030",
    "936": "gb18030", "54936": "gb18030", "51936": "gb18030", "52936": "hz", "51932": "euc_jp", "51949": "cp949",
    "5601": "cp949", "50225": "iso2022_kr", "38598": "iso8859_8", "10000": "mac_roman", "10006": "mac_greek",
    "10007": "mac_cyrillic", "10029": "mac_latin2", "10079": "mac_iceland", "10081": "mac_turkish",
}  # fmt: skip
REFUSED = "refused"
WIDE = frozenset(codec for codec in _CODECS if codec.startswith(("utf_16", "utf_32")))

_LABEL = re.compile(r"[a-z0-9][\w.:+-]*", re.ASCII)
_DIGIT = re.compile(r"\d")
# What stands in a label beside the name of a program or standard: "iso-8859-1-windows-3.1-latin-1"
_KNOWN = re.compile(
    r"utf8|(?:windows|cp)125\d|koi8[ru]|iso88591[0-6]|iso8859[1-9]|iso2022jp|iso2022kr|eucjp|shiftjis|sjis|cp932"
    r"|gb18030|gb2312|gbk|big5|euckr|ksc5601|usasc"
)
_NUMBERED = re.compile(r"(?:cs|x)*(?:ms|windows|window|win|cp|ibm|oem|dos|ansi|microsoftcp)?(\d{3,5})")
_ISO8859 = re.compile(r"(?:cs|x)*(?:iso|is|so)?(?:ir)?8859(?:part)?(\d{1,2})(?:1\d{3})?[ei]?")


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
        if numbered[1].startswith("28"):  # 28592 is ISO 8859-2
            return _BY_KEY.get(f"iso8859{int(numbered[1]) - 28590}")
        return _BY_KEY.get(f"cp{numbered[1]}") or _BY_NUMBER.get(numbered[1])
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
