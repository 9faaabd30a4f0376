"""Content-Transfer-Encoding (RFC 2045 §6) undone: exact where it is kept, everything that can be saved where not."""

import binascii
import re

from emailq.parse.comments import COMMENT

_TOKEN = re.compile(r"[a-z0-9]+(?:[-_ ][a-z]+)*")
_NAMES = {
    "base64": "base64", "base 64": "base64", "base_64": "base64", "b64": "base64", "base": "base64",
    "x-base64": "base64",
    "quoted-printable": "quoted-printable", "quoted printable": "quoted-printable",
    "quotedprintable": "quoted-printable",
    "quoted_printable": "quoted-printable", "quoted-printible": "quoted-printable", "qp": "quoted-printable",
    "quoted": "quoted-printable",
    "x-uuencode": "uuencode", "uuencode": "uuencode", "x-uue": "uuencode", "uue": "uuencode", "x-uu": "uuencode",
    "7bit": "identity", "8bit": "identity", "binary": "identity", "7-bit": "identity", "8-bit": "identity",
    "7 bit": "identity", "8 bit": "identity", "none": "identity", "plain": "identity", "text": "identity",
}  # fmt: skip
_BASE64 = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/="
_NOT_BASE64 = bytes(set(range(256)) - set(_BASE64))
_WHITE = b" \t\r\n\x0b\x0c"
_URL_SAFE = bytes.maketrans(b"-_", b"+/")  # RFC 4648 §5
_SHORT_WORD = 24  # no word of a footer is so long
_BASE64_PIECES = 10_000  # encoded texts in a row, each with its own padding
_BLANKS_AT_LINE_END = re.compile(rb"(?<![ \t])[ \t]++(?=\r*\n|\Z)")
_SOFT_BREAK_BY_CR = re.compile(rb"=\r(?!\r*\n)")
_EQUALS_BEFORE_ANOTHER = re.compile(rb"=(?==)")
# its type is for mypyc, which may read a module that imports it first
UU_BEGIN: re.Pattern[bytes] = re.compile(rb"^begin [0-7]{3,4} ([^\r\n]{1,500}?)[ \t]*\r*\n", re.MULTILINE)


def encoding_name(value: str | None) -> str | None:
    """base64, quoted-printable, uuencode or identity for a header value; None if it says nothing known."""
    if not value:
        return "identity"
    value = (COMMENT.sub(" ", value) if "(" in value else value).strip().lower()
    known = _NAMES.get(value)
    if known:
        return known
    match = _TOKEN.search(value)
    if match is None:
        return None
    return _NAMES.get(match[0]) or _NAMES.get(re.split(r"[ _]", match[0])[0])


def decode(data: bytes, encoding: str | None) -> tuple[bytes, str | None]:
    """(decoded bytes, defect code). Identity and unknown encodings give `data` itself."""
    if encoding == "base64":
        return _decode_base64(data)
    if encoding == "quoted-printable":
        return _decode_quoted_printable(data), None
    if encoding == "uuencode":
        begin = UU_BEGIN.search(data)
        decoded, _ = decode_uu_lines(data, begin.end() if begin else 0)
        return decoded, None if begin else "encoding-broken"
    return data, "encoding-unknown" if encoding is None else None


def _decode_quoted_printable(data: bytes) -> bytes:
    """Blanks at the end of a line were added on the way, and are deleted (RFC 2045 §6.7, rule 3)."""
    has_cr, has_tab = b"\r" in data, b"\t" in data  # one byte is looked for in a tenth of the time that two take
    if (
        b" \n" in data
        or (has_cr and b" \r" in data)
        or (has_tab and (b"\t\n" in data or b"\t\r" in data))
        or data.endswith((b" ", b"\t"))
    ):
        data = _BLANKS_AT_LINE_END.sub(b"", data)
    if has_cr and b"=\r" in data and data.count(b"\r") != data.count(b"\r\n"):
        data = _SOFT_BREAK_BY_CR.sub(b"", data)  # else all is lost up to the next LF
    return binascii.a2b_qp(_with_lone_equals(data))


def decode_q(data: bytes) -> bytes:
    """The "Q" encoding of encoded words (RFC 2047 §4.2)."""
    if data.endswith(b"="):
        data += b"3D"
    return binascii.a2b_qp(_with_lone_equals(data), header=True)


def _with_lone_equals(data: bytes) -> bytes:
    """The codec makes one "=" of two."""
    return _EQUALS_BEFORE_ANOTHER.sub(b"=3D", data) if b"==" in data else data


def _decode_base64(data: bytes) -> tuple[bytes, str | None]:
    try:
        decoded = binascii.a2b_base64(data)
    except binascii.Error:
        return _rescue_base64(data)
    digits = len(data) - data.count(b"\n") - data.count(b"\r")
    if digits % 4 == 0 and 0 <= digits // 4 * 3 - len(decoded) <= 2:
        return decoded, None
    return _rescue_base64(data)


def _rescue_base64(data: bytes) -> tuple[bytes, str | None]:
    """Base64 with foreign characters, wrong padding, several pieces in a row, a footer, or none at all."""
    if len(data) > 1_000_000 and data.count(b"\n") * 20 > len(data):
        data = data.replace(b"\n", b"")  # lines too short to be worth a look at each
    has_rule = b"\n--" in data or b"\n__" in data or data.startswith(b"--")  # above a footer, or below a header
    if not has_rule and (b"-" in data or b"_" in data) and _is_url_safe(data.translate(None, _WHITE)):
        data = data.translate(_URL_SAFE)
    if data.endswith((b"=3D", b"=3D\n", b"=3D\r\n")):  # encoded twice
        data = data.replace(b"=3D", b"=")
    lines = data.split(b"\n")
    fits = [_is_base64_line(line) for line in lines]
    last = _end_of_base64(lines, fits)
    fitting = sum(len(line) for line, fit in zip(lines, fits, strict=True) if fit)
    if fitting * 2 < len(data) - len(lines) and not _is_whole(b"".join(lines[:last])):
        return data, "encoding-wrong"  # text that only claims to be base64
    digits = b"".join(lines[:last]).translate(None, _NOT_BASE64)
    solid = digits.rstrip(b"=")
    if b"=" not in solid and len(solid) % 4 != 1:
        whole = binascii.a2b_base64(solid + b"=" * (-len(solid) % 4))
        return whole, "base64-broken" if last < len(lines) or False in fits or len(digits) % 4 else None
    out = bytearray()
    for piece in solid.split(b"=", _BASE64_PIECES):
        piece = piece.partition(b"=")[0]
        if len(piece) % 4 == 1:
            piece = piece[:-1]
        out += binascii.a2b_base64(piece + b"=" * (-len(piece) % 4))
    return bytes(out), "base64-broken"


def _end_of_base64(lines: list[bytes], fits: list[bool]) -> int:
    """The number of lines before a footer that some list put below the encoded text; all if there is none."""
    padded = next((index for index, line in enumerate(lines) if fits[index] and line.rstrip().endswith(b"=")), None)
    if padded is not None and any(
        line.translate(None, _WHITE + _BASE64) or b" " in line for line in lines[padded + 1 :]
    ):
        return padded + 1
    misfit = fits.index(False) if False in fits else len(fits)
    goes_on = any(
        len(solid := line.strip()) >= _SHORT_WORD and not solid.translate(None, _BASE64) for line in lines[misfit:]
    )
    is_cut_inside = _count_digits(lines[:misfit]) % 4 and _count_digits(lines) % 4 == 0
    return misfit if misfit and not goes_on and not is_cut_inside else len(lines)


def _count_digits(lines: list[bytes]) -> int:
    return len(b"".join(lines).translate(None, _NOT_BASE64))


def _is_url_safe(digits: bytes) -> bool:
    return b"+" not in digits and b"/" not in digits and not digits.translate(None, _BASE64 + b"-_")


def _is_whole(data: bytes) -> bool:
    """Whether `data` is encoded text that needs nothing behind it, and no word of a language."""
    digits = data.translate(None, _WHITE)
    is_word = len(digits) < _SHORT_WORD and not digits.endswith(b"=")
    return not is_word and len(digits) % 4 == 0 and not digits.translate(None, _BASE64)


def _is_base64_line(line: bytes) -> bool:
    solid = line.translate(None, _WHITE)
    foreign = len(solid.translate(None, _BASE64))
    return foreign * 8 <= len(solid) and line.strip().count(b" ") * 16 <= len(solid)


def decode_uu_lines(data: bytes, at: int) -> tuple[bytes, int]:
    """Decode uuencoded lines from `at` up to "end"; also returns the index behind what was read."""
    out = bytearray()
    while at < len(data):
        stop = data.find(b"\n", at)
        following = len(data) if stop < 0 else stop + 1
        line = data[at : len(data) if stop < 0 else stop].rstrip(b"\r")
        if line.strip() == b"end":
            return bytes(out), following
        if not line or line == b"`":
            at = following
            continue
        if not 0x20 <= line[0] <= 0x60:
            break
        size = (line[0] - 0x20) & 0x3F
        needed = (size + 2) // 3 * 4
        if not needed - 8 <= len(line) - 1 <= needed + 2:  # trailing spaces may be lost, a checksum may follow
            break
        try:
            out += binascii.a2b_uu(line[: (size * 4 + 5) // 3].ljust(needed, b" "))
        except binascii.Error:
            break
        at = following
    return bytes(out), at
