"""Content-Transfer-Encoding (RFC 2045 §6) undone: exact where it is kept, everything that can be saved where not."""

import binascii
import re

_TOKEN = re.compile(r"[a-z0-9]+(?:[-_ ][a-z]+)*")
_NAMES = {
    "base64": "base64", "base 64": "base64", "base_64": "base64", "b64": "base64", "base": "base64",
    "quoted-printable": "quoted-printable", "quoted printable": "quoted-printable",
    "quotedprintable": "quoted-printable",
    "quoted_printable": "quoted-printable", "quoted-printible": "quoted-printable", "qp": "quoted-printable",
    "quoted": "quoted-printable",
    "x-uuencode": "uuencode", "uuencode": "uuencode", "x-uue": "uuencode", "uue": "uuencode", "x-uu": "uuencode",
    "7bit": "identity", "8bit": "identity", "binary": "identity", "7-bit": "identity", "8-bit": "identity",
    "7 bit": "identity", "8 bit": "identity", "none": "identity", "plain": "identity", "text": "identity",
}  # fmt: skip
_NOT_BASE64 = bytes(set(range(256)) - set(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/="))
_WHITE = b" \t\r\n\x0b\x0c"
_MORE_BASE64 = re.compile(rb"[A-Za-z0-9+/\s]{4,}=*\s*(?:[A-Za-z0-9+/\s]{4,}=*\s*)*")
_SPACED_SOFT_BREAK = re.compile(rb"=[ \t]++(\r?\n)")
UU_BEGIN = re.compile(rb"^begin(?:-base64)? [0-7]{3,4} ([^\r\n]{1,500}?)[ \t]*\r*\n", re.MULTILINE)


def encoding_name(value: str | None) -> str | None:
    """base64, quoted-printable, uuencode or identity for a header value; None if it says nothing known."""
    if not value:
        return "identity"
    value = value.strip().lower()
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
        if b"= " in data or b"=\t" in data:
            data = _SPACED_SOFT_BREAK.sub(rb"=\1", data)
        return binascii.a2b_qp(data), None
    if encoding == "uuencode":
        begin = UU_BEGIN.search(data)
        decoded, _ = decode_uu_lines(data, begin.end() if begin else 0)
        return decoded, None if begin else "encoding-broken"
    return data, "encoding-unknown" if encoding is None else None


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
    solid = data.translate(None, _WHITE)
    digits = solid.translate(None, _NOT_BASE64)
    foreign = len(solid) - len(digits)
    if foreign * 8 > len(solid):
        return data, "encoding-wrong"  # text that only claims to be base64
    if not foreign and len(digits.rstrip(b"=")) % 4 != 1 and b"=" not in digits.rstrip(b"="):
        defect = None if len(digits) % 4 == 0 else "base64-padding"
        digits = digits.rstrip(b"=")
        return binascii.a2b_base64(digits + b"=" * (-len(digits) % 4)), defect
    out = bytearray()
    end_of_first = data.find(b"=")
    if end_of_first >= 0:
        rest = data[end_of_first:].lstrip(b"=").strip()
        if rest and not _MORE_BASE64.fullmatch(rest):  # a footer that some list put below the encoded text
            digits = data[:end_of_first].translate(None, _NOT_BASE64)
    for piece in digits.split(b"="):
        if len(piece) % 4 == 1:
            piece = piece[:-1]
        out += binascii.a2b_base64(piece + b"=" * (-len(piece) % 4))
    return bytes(out), "base64-broken"


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
            out += binascii.a2b_uu(line[: needed + 1].ljust(needed + 1, b" "))
        except binascii.Error:
            break
        at = following
    return bytes(out), at
