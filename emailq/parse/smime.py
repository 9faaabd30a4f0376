"""What is inside of opaque-signed or compressed data: the content of a CMS SignedData (RFC 5652 §5, RFC 8551 §3.5.2)
or CompressedData (RFC 3274, RFC 8551 §3.6).
"""

import re
import zlib

TYPES = ("application/pkcs7-mime", "application/x-pkcs7-mime")
_SIGNED_DATA = bytes.fromhex("2a864886f70d010702")
_COMPRESSED_DATA = bytes.fromhex("2a864886f70d0109100109")
_SEQUENCE, _OID, _OCTETS, _OCTETS_IN_PIECES, _FIRST = 0x30, 0x06, 0x04, 0x24, 0xA0
_ENTITY = re.compile(rb"\s{0,10}(?:content-[a-z-]{2,30}|mime-version)[ \t]*:", re.IGNORECASE)


def wrapped_content(data: bytes, most_bytes: int) -> bytes | None:
    """The bytes that were signed or compressed; None if `data` is anything else (encrypted, a mere signature, broken),
    or if they are more than `most_bytes` when they were compressed.

    BER with lengths that are told later is read too: OpenSSL writes it. The signature is not checked.
    """
    try:
        tag, at, end = _element(data, _enter(data, 0, _SEQUENCE))
        kind = data[at:end]
        if tag != _OID or kind not in (_SIGNED_DATA, _COMPRESSED_DATA):
            return None
        at = _enter(data, end, _FIRST)
        at = _enter(data, at, _SEQUENCE)
        at = _skip(data, _skip(data, at))  # version, digest algorithms or the compression's
        at = _enter(data, at, _SEQUENCE)
        at = _skip(data, at)  # the content's type
        at = _enter(data, at, _FIRST)
        content = _octets(data, at)
        return content if kind == _SIGNED_DATA else _inflated(content, most_bytes)
    except (IndexError, ValueError, zlib.error):
        return None


def _inflated(content: bytes, most_bytes: int) -> bytes | None:
    stream = zlib.decompressobj()
    inflated = stream.decompress(content, most_bytes + 1)
    return inflated if len(inflated) <= most_bytes else None


def is_entity(content: bytes) -> bool:
    """Whether signed content is a part of a message, and not a file (an invoice.xml.p7m holds the bare XML)."""
    return _ENTITY.match(content) is not None


def _element(data: bytes, at: int) -> tuple[int, int, int]:
    """(tag, where the content begins, where it ends or -1 if that is told by an end mark)."""
    tag, length = data[at], data[at + 1]
    at += 2
    if length == 0x80:
        return tag, at, -1
    if length > 0x80:
        count = length & 0x7F
        if count > 8:
            raise ValueError("length")
        length = int.from_bytes(data[at : at + count], "big")
        at += count
    return tag, at, at + length


def _enter(data: bytes, at: int, tag: int) -> int:
    found, start, _ = _element(data, at)
    if found != tag:
        raise ValueError("tag")
    return start


def _skip(data: bytes, at: int) -> int:
    """Behind the element at `at`."""
    opened = 0
    while True:
        tag, start, end = _element(data, at)
        if end >= 0:
            at = end
            opened -= tag == 0 and end == start
        else:
            at = start
            opened += 1
        if opened <= 0:
            return at


def _octets(data: bytes, at: int) -> bytes:
    """An octet string, whole or in pieces."""
    tag, start, end = _element(data, at)
    if tag == _OCTETS and end >= 0:
        return data[start:end]
    if tag != _OCTETS_IN_PIECES:
        raise ValueError("tag")
    pieces = []
    at, limit = start, len(data) if end < 0 else min(end, len(data))
    while at < limit:
        tag, start, end = _element(data, at)
        if tag == _OCTETS_IN_PIECES:  # pieces of pieces: go on inside, their end marks are passed over below
            at = start
            continue
        if tag == 0:
            at = start
            following = data[at : at + 1]
            if following and following[0] in (_OCTETS, _OCTETS_IN_PIECES):
                continue
            break
        if tag != _OCTETS or end < 0:
            raise ValueError("tag")
        pieces.append(data[start:end])
        at = end
    return b"".join(pieces)
