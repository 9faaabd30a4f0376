"""Compressed RTF, in which Outlook keeps message texts (MS-OXRTFCP)."""

import struct

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
