"""Files as old Macs sent them (BinHex 4.0, RFC 1741): the data fork of a file and its name."""

import binascii
import re
from collections.abc import Iterator

_DIGITS = b"!\"#$%&'()*+,-012345689@ABCDEFGHIJKLMNPQRSTUVXYZ[`abcdefhijklmpqr"
_BASE64 = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
_TO_BASE64 = bytes.maketrans(_DIGITS, _BASE64)
_BLOCK = re.compile(rb"^\(This file must be converted with BinHex[^\r\n]{0,60}\)[^:]{0,100}:([^:]+):?", re.M)
_REPEAT = re.compile(rb"\x90(.)", re.DOTALL)
_GROWTH, _SPARE_BYTES = 4, 16 * 1024  # a file that takes more than so much when it is unpacked is none


def find_files(content: bytes) -> Iterator[tuple[int, int, bytes, bytes]]:
    """(start, end, name, data) of each encoded file that can be read; its checksums are not looked at."""
    for block in _BLOCK.finditer(content):
        file = _read(block[1])
        if file:
            yield block.start(), block.end(), *file


def _read(encoded: bytes) -> tuple[bytes, bytes] | None:
    digits = encoded.translate(_TO_BASE64, b" \t\r\n")
    try:
        packed = binascii.a2b_base64(digits[: len(digits) // 4 * 4] + _last_group(digits))
    except binascii.Error:
        return None
    data = _unpacked(packed, _GROWTH * len(packed) + _SPARE_BYTES)
    at = data[0] + 2 if data else 0  # the name and a zero; then type, creator, flags
    size = int.from_bytes(data[at + 10 : at + 14], "big")
    begin = at + 20  # behind both sizes and the checksum
    if not data or not 1 <= data[0] <= 63 or len(data) < begin:
        return None
    return data[1 : 1 + data[0]], data[begin : begin + size]


def _last_group(digits: bytes) -> bytes:
    rest = digits[len(digits) // 4 * 4 :]
    return rest + b"=" * (4 - len(rest)) if len(rest) > 1 else b""


def _unpacked(packed: bytes, limit: int) -> bytes:
    """Runs written out: a byte, 0x90 and how often it stands; 0x90 0x00 is the byte 0x90 itself. b"" if too long."""
    out = bytearray()
    at = 0
    for repeat in _REPEAT.finditer(packed):
        out += packed[at : repeat.start()]
        count = repeat[1][0]
        out += out[-1:] * (count - 1) if count else b"\x90"
        at = repeat.end()
        if len(out) > limit:
            return b""
    return bytes(out + packed[at:])
