"""What Outlook packs into a winmail.dat: files and bodies out of a TNEF stream (MS-OXTNEF §2.1, MS-OXCDATA §2.11.1)."""

import struct
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field

from emailq.parse import charset, limits
from emailq.parse.attachments import HiddenFile, type_of_name
from emailq.parse.rtf import decompress

SIGNATURE = b"\x78\x9f\x3e\x22"
_DEPTH = 8  # messages in messages

_ATTRIBUTE = struct.Struct("<BII")  # level, id, length; the data and a checksum of two bytes follow
_RENDERING, _DATA, _TITLE, _ATTACHMENT, _BODY, _PROPERTIES, _CODE_PAGE = (
    0x9002, 0x800F, 0x8010, 0x9005, 0x800C, 0x9003, 0x9007,
)  # fmt: skip

_FIXED_SIZES = {  # of MAPI property types, padded to four bytes
    0x0000: 0, 0x0001: 0, 0x0002: 4, 0x0003: 4, 0x0004: 4, 0x0005: 8, 0x0006: 8, 0x0007: 8, 0x000A: 4, 0x000B: 4,
    0x0014: 8, 0x0040: 8, 0x0048: 16,
}  # fmt: skip
_STRING, _UNICODE, _OBJECT, _BINARY = 0x1E, 0x1F, 0x0D, 0x102
_MANY = 0x1000
_PR_BODY, _PR_RTF, _PR_HTML, _PR_CODE_PAGE = 0x1000, 0x1009, 0x1013, 0x3FDE
_PR_NAME, _PR_DATA, _PR_SHORT_NAME, _PR_LONG_NAME, _PR_MIME_TYPE = 0x3001, 0x3701, 0x3704, 0x3707, 0x370E
_PR_CONTENT_ID = 0x3712
_INTERFACE = bytes.fromhex("00000000c000000000000046")  # behind four bytes that tell a message from an OLE object
_EXTENSIONS = {"text/html": "html", "text/plain": "txt", "application/rtf": "rtf"}
_Value = bytes | str | int


@dataclass(slots=True)
class Opened:
    """`files` are the attachments; `bodies` the same text as HTML, plain text or RTF, the richest first."""

    files: list[HiddenFile] = field(default_factory=list)
    bodies: list[HiddenFile] = field(default_factory=list)


def open_tnef(data: bytes, depth: int = 0) -> Opened | None:
    """What is in a TNEF stream, as far as it can be read; None if it is none. Never raises."""
    if not data.startswith(SIGNATURE) or depth > _DEPTH:
        return None
    opened = Opened()
    code_page = ""
    body: dict[int, _Value] = {}
    attachments: list[dict[int, _Value]] = []
    for level, name, value in _attributes(data):
        if name == _CODE_PAGE and len(value) >= 4:
            code_page = f"cp{int.from_bytes(value[:4], 'little')}"
        elif name == _PROPERTIES:
            body.update(_properties(value, code_page))
        elif name == _BODY:
            body.setdefault(_PR_BODY, _text(value, code_page))
        elif level == 2 and name == _RENDERING:
            if len(attachments) >= limits.PARTS:
                break
            attachments.append({})
        elif level == 2 and attachments:
            if name == _TITLE:
                attachments[-1][_PR_NAME] = _text(value, code_page)
            elif name == _DATA:
                attachments[-1][_PR_DATA] = value
            elif name == _ATTACHMENT:
                attachments[-1].update(_properties(value, code_page))
    for properties in attachments:
        opened.files += _files(properties, depth)
    opened.bodies = _bodies(body)
    return opened


def _attributes(data: bytes) -> Iterator[tuple[int, int, bytes]]:
    at = 6  # signature and key
    while at + _ATTRIBUTE.size <= len(data):
        level, name, length = _ATTRIBUTE.unpack_from(data, at)
        if level not in (1, 2):
            return
        at += _ATTRIBUTE.size
        yield level, name & 0xFFFF, data[at : at + length]
        at += length + 2


def _properties(data: bytes, code_page: str) -> dict[int, _Value]:
    """MAPI properties by id, up to where they are cut off; of those with many values the first."""
    found: dict[int, _Value] = {}
    with suppress(struct.error):
        for name, value in _read_properties(data, code_page):
            found[name] = value
    return found


def _read_properties(data: bytes, code_page: str) -> Iterator[tuple[int, _Value]]:
    at = 4
    for _ in range(min(int.from_bytes(data[:4], "little"), 10_000)):
        if at >= len(data):
            return
        kind, name = struct.unpack_from("<HH", data, at)
        at += 4
        if name >= 0x8000:
            (named,) = struct.unpack_from("<I", data, at + 16)
            (length,) = struct.unpack_from("<I", data, at + 20)
            at += 24 + (_padded(length) if named == 1 else 0)
        is_many, kind = bool(kind & _MANY), kind & ~_MANY
        count = 1
        if is_many or kind not in _FIXED_SIZES:
            (count,) = struct.unpack_from("<I", data, at)
            at += 4
        for number in range(count):
            if at >= len(data):
                return
            if kind in _FIXED_SIZES:
                size = _FIXED_SIZES[kind]
                value: _Value = int.from_bytes(data[at : at + size], "little")
                at += max(size, 1)
            else:
                (length,) = struct.unpack_from("<I", data, at)
                content = data[at + 4 : at + 4 + length]
                at += 4 + _padded(length)
                if kind == _UNICODE:
                    value = content.decode("utf-16-le", "replace").rstrip("\0")
                else:
                    value = _text(content, code_page) if kind == _STRING else content
            if number == 0:
                yield name, value


def _padded(length: int) -> int:
    return length + -length % 4


def _text(data: bytes, code_page: str) -> str:
    return charset.decode(data.rstrip(b"\0"), code_page or None).text


def _files(properties: dict[int, _Value], depth: int) -> list[HiddenFile]:
    names = (properties.get(key) for key in (_PR_LONG_NAME, _PR_NAME, _PR_SHORT_NAME))
    name = next((name for name in names if isinstance(name, str) and name), None)
    content = properties.get(_PR_DATA)
    if not isinstance(content, bytes):
        return []
    if content[4:16] == _INTERFACE:
        content = content[16:]
        inner = open_tnef(content, depth + 1)
        if inner is not None and (inner.bodies or inner.files):
            for body in inner.bodies[:1]:
                body.name = f"{name or 'message'}.{_EXTENSIONS[body.type]}"
            return inner.bodies[:1] + inner.files
    declared = properties.get(_PR_MIME_TYPE)
    media_type = declared.lower() if isinstance(declared, str) and declared.count("/") == 1 else type_of_name(name)
    cid = properties.get(_PR_CONTENT_ID)
    return [HiddenFile(name, media_type, content, cid=cid.strip("<> ") or None if isinstance(cid, str) else None)]


def _bodies(properties: dict[int, _Value]) -> list[HiddenFile]:
    bodies = []
    html, text, rtf = (properties.get(key) for key in (_PR_HTML, _PR_BODY, _PR_RTF))
    if html:
        page = properties.get(_PR_CODE_PAGE)
        data = _utf8(html) if isinstance(html, str) else html
        label = "utf-8" if isinstance(html, str) else f"cp{page}" if isinstance(page, int) else None
        if isinstance(data, bytes):
            bodies.append(HiddenFile(None, "text/html", _utf8(charset.decode(data, label, is_html=True).text), "utf-8"))
    if isinstance(text, str) and text.strip():
        bodies.append(HiddenFile(None, "text/plain", _utf8(text), "utf-8"))
    if isinstance(rtf, bytes):
        plain = decompress(rtf).rstrip(b"\0")
        if plain:
            bodies.append(HiddenFile("message.rtf", "application/rtf", plain))
    return bodies


def _utf8(text: str) -> bytes:
    return text.encode("utf-8", "replace")
