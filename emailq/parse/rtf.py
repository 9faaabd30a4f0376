"""RTF, in which Outlook keeps message texts: compressed RTF unpacked (MS-OXRTFCP), and what there is to read in it."""

import re
import struct
from functools import lru_cache

from emailq.parse import charset, limits
from emailq.parse.charset_labels import REFUSED, codec_for

_HEADER = struct.Struct("<IIII")  # bytes that follow, size of the text, kind, checksum
_COMPRESSED, _PLAIN = 0x75465A4C, 0x414C454D
_BYTES = 16 * 1024 * 1024  # of text that is unpacked
_WINDOW = 4096
_DICTIONARY = (
    rb"{\rtf1\ansi\mac\deff0\deftab720{\fonttbl;}{\f0\fnil \froman \fswiss \fmodern \fscript \fdecor MS Sans Serif"
    b"SymbolArialTimes New RomanCourier{\\colortbl\\red0\\green0\\blue0\r\n\\par \\pard\\plain\\f0\\fs20"
    rb"\b\i\u\tab\tx"
)


def decompress(data: bytes) -> bytes:
    """The RTF text; b"" if `data` is no compressed RTF, and what there is if it was cut off."""
    if len(data) < _HEADER.size:
        return b""
    _, size, kind, _ = _HEADER.unpack_from(data)
    if kind == _PLAIN:
        return data[_HEADER.size : _HEADER.size + size]
    return bytes(_unpack(data, min(size, _BYTES))) if kind == _COMPRESSED else b""


def _unpack(data: bytes, size: int) -> bytearray:
    """LZ77 over a window that starts with a dictionary; references count in the window."""
    out = bytearray(_DICTIONARY)
    limit = len(_DICTIONARY) + size
    at = _HEADER.size
    while at < len(data) and len(out) < limit:
        control = data[at]
        at += 1
        for bit in range(8):
            if control >> bit & 1:
                if at + 1 >= len(data):
                    return out[len(_DICTIONARY) :]
                reference = data[at] << 8 | data[at + 1]
                at += 2
                offset, length = reference >> 4, (reference & 15) + 2
                back = (len(out) - offset) % _WINDOW
                if back == 0:  # points at where the next byte goes: the end
                    return out[len(_DICTIONARY) : limit]
                for _ in range(length):
                    out.append(out[-back] if back <= len(out) else 0)
            elif at < len(data):
                out.append(data[at])
                at += 1
    return out[len(_DICTIONARY) : limit]


# ------------------------------------------------------------------------------------------ reading

_TOKEN = re.compile(
    rb"\\([a-zA-Z]{1,32})(-?\d{1,10})? ?"  # 1 control word, 2 its number
    rb"|\\'([0-9a-fA-F]{2})"  # 3 a byte
    rb"|\\([^a-zA-Z'])"  # 4 control symbol
    rb"|([{}])"  # 5 group
    rb"|([^\\{}\r\n]+)",  # 6 text
)
_SILENT = frozenset(
    b"fonttbl colortbl stylesheet info pict object objdata header headerl headerr headerf footer footerl footerr "
    b"footerf listtable listoverridetable rsidtbl generator themedata colorschememapping latentstyles datastore "
    b"xmlnstbl fldinst bkmkstart bkmkend htmltag mhtmltag pntext revtbl filetbl shppict nonshppict".split()
)
_WORDS = {
    b"par": "\n", b"line": "\n", b"sect": "\n", b"page": "\n", b"row": "\n", b"tab": "\t", b"cell": " | ",
    b"emdash": "—", b"endash": "–", b"bullet": "•", b"lquote": "‘", b"rquote": "’", b"ldblquote": "“",
    b"rdblquote": "”", b"emspace": " ", b"enspace": " ",
}  # fmt: skip
_SYMBOLS = {b"~": "\u00a0", b"_": "-", b"\n": "\n", b"\r": "\n", b"\\": "\\", b"{": "{", b"}": "}"}
_ENDING = frozenset((b"f", b"u", *_WORDS)) | _SILENT  # of what is decoded as a whole; other words are formatting
_FONT = re.compile(rb"\\f(\d{1,5})[^{};]{0,200}?\\fcharset(\d{1,3})")
_CODE_PAGES = {
    0: 1252, 77: 10000, 128: 932, 129: 949, 134: 936, 136: 950, 161: 1253, 162: 1254, 163: 1258, 177: 1255, 178: 1256,
    186: 1257, 204: 1251, 222: 874, 238: 1250,
}  # fmt: skip
_GROUPS = 10_000  # open at once


def to_text(data: bytes) -> str:
    """What a reader of the RTF sees, without formatting; "" if it is none. Never raises; linear in `data`."""
    data = data[: limits.TEXT_BYTES]
    if data.lstrip()[:5] != b"{\\rtf":
        return ""
    fonts = {font: _CODE_PAGES.get(int(number), 0) for font, number in _FONT.findall(data[:65536])}
    out: list[str] = []
    pending = bytearray()  # bytes in the code page of the font
    code_page = default = 1252
    skip_after, skip = 1, 0  # characters that stand for a "\\u" where it is not known
    is_silent = False
    groups: list[tuple[bool, int, int]] = []
    at = 0
    while token := _TOKEN.search(data, at):
        at = token.end()
        word, number, byte, symbol, brace, text = token.groups()
        if byte or text:
            piece = bytes.fromhex(byte.decode()) if byte else text
            taken = min(skip, len(piece))
            skip -= taken
            if not is_silent:
                pending += piece[taken:]
            continue
        skip = 0
        if not (symbol or brace or word in _ENDING):
            if word == b"ansicpg" and number:
                code_page = default = int(number)
            elif word == b"uc" and number:
                skip_after = max(0, int(number))
            elif word == b"bin" and number:
                at += max(0, int(number))
            continue
        if pending:
            out.append(_decode(bytes(pending), code_page))
            pending.clear()
        if brace == b"{":
            if len(groups) >= _GROUPS:
                break
            groups.append((is_silent, skip_after, code_page))
        elif brace:
            if not groups:
                break
            is_silent, skip_after, code_page = groups.pop()
        elif symbol == b"*" or word in _SILENT:
            is_silent = True
        elif word == b"f":
            code_page = fonts.get(number or b"0", 0) or default
        elif not is_silent:
            if word == b"u" and number:
                out.append(chr(int(number) & 0xFFFF))
                skip = skip_after
            else:
                out.append(_WORDS.get(word or b"", "") + _SYMBOLS.get(symbol or b"", ""))
    if pending:
        out.append(_decode(bytes(pending), code_page))
    whole = "".join(out).encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return re.sub(r"[ \t]+\n|\0", "\n", whole).strip()


def _decode(piece: bytes, code_page: int) -> str:
    """Pieces are often a letter each, which say too little for a guess; decoded so they take a tenth of the time."""
    codec = _codec(code_page) if len(piece) < 16 else None
    return piece.decode(codec, "replace") if codec else charset.decode(piece, f"cp{code_page}").text


@lru_cache(maxsize=64)
def _codec(code_page: int) -> str | None:
    codec = codec_for(f"cp{code_page}")
    return None if codec == REFUSED else codec
