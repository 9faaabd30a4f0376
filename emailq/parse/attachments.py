"""File names that are safe to show, and files that hide inside of text and containers."""

import mimetypes
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from emailq.parse import binhex, charset, limits, transfer, yenc

_TYPES = mimetypes.MimeTypes()  # without this machine's own files: a message is the same everywhere
_MORE_TYPES = {
    ".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ".pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    ".odt": "application/vnd.oasis.opendocument.text",
    ".ods": "application/vnd.oasis.opendocument.spreadsheet",
    ".rtf": "application/rtf",
    ".xml": "application/xml",
    ".ics": "text/calendar",
    ".vcf": "text/vcard",
    ".webp": "image/webp",
    ".7z": "application/x-7z-compressed",
    ".rar": "application/vnd.rar",
    ".p7m": "application/pkcs7-mime",
    ".p7s": "application/pkcs7-signature",
}
for _ending, _type in _MORE_TYPES.items():
    _TYPES.add_type(_type, _ending)
_BIDI = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_CONTROL = re.compile(r"[\0-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]+")


@dataclass(slots=True)
class HiddenFile:
    """A file found inside of a text or a container, with what the container says about it."""

    name: str | None
    type: str
    content: bytes
    charset: str | None = None
    cid: str | None = None


def display_name(name: str | None) -> str | None:
    """The base name of `name` on one line, at most limits.FILE_NAME_BYTES in UTF-8 with its extension kept.

    Characters that turn the direction of writing are shown as escapes. None if nothing is left.
    """
    if not name:
        return None
    name = _CONTROL.sub(" ", name).rstrip(" /\\").replace("\\", "/").rpartition("/")[2].strip()
    name = _BIDI.sub(lambda match: f"\\u{ord(match[0]):04x}", name)
    if not name.strip("."):
        return None
    data = name.encode()
    if len(data) <= limits.FILE_NAME_BYTES:
        return name
    stem, dot, extension = name.rpartition(".")
    tail = (dot + extension).encode() if stem and len(extension.encode()) <= 20 else b""
    return data[: limits.FILE_NAME_BYTES - len(tail)].decode(errors="ignore") + tail.decode()


def take_out_files(content: bytes) -> tuple[bytes, list[HiddenFile]]:
    """The text without what is uuencoded, yEnc or BinHex in it, and the files that were in there."""
    for mark, find in _FINDERS:
        if mark in content and (found := list(islice(find(content), limits.PARTS))):
            return _without(content, found), [_named(name, data) for _, _, name, data in found]
    return content, []


# Nothing is encoded where the next line can't be: millions of such beginnings cost seconds.
_UU_FILE = re.compile(rb"(?>" + transfer.UU_BEGIN.pattern + rb")(?=[\r\n -`])", re.MULTILINE)


def _uuencoded(content: bytes) -> Iterator[tuple[int, int, bytes, bytes]]:
    """(start, end, name, data) of each uuencoded file."""
    begin = _UU_FILE.search(content)
    while begin:
        data, end = transfer.decode_uu_lines(content, begin.end())
        if data:
            yield begin.start(), end, begin[1], data
        begin = _UU_FILE.search(content, max(end, begin.end()))


_BASE64_FILE = re.compile(
    rb"^begin-base64 [0-7]{3,4} ([^\r\n]{1,500}?)[ \t]*\r*\n((?:[\w+/][\w+/=]*+\r*\n)*+)====[ \t]*\r*(?:\n|\Z)",
    re.MULTILINE,
)


def _in_base64(content: bytes) -> Iterator[tuple[int, int, bytes, bytes]]:
    """The same of files as "uuencode -m" writes them, in base64 with "====" at the end."""
    for file in _BASE64_FILE.finditer(content):
        yield file.start(), file.end(), file[1], transfer.decode(file[2], "base64")[0]


_FINDERS = (
    (b"begin ", _uuencoded),
    (b"begin-base64 ", _in_base64),
    (b"=ybegin", yenc.find_files),
    (b"BinHex", binhex.find_files),
)


def _without(content: bytes, found: Sequence[tuple[int, int, bytes, bytes]]) -> bytes:
    rest, done = [], 0
    for start, end, _, _ in found:
        rest.append(content[done:start])
        done = end
    return b"".join([*rest, content[done:]])


def _named(label: bytes, data: bytes) -> HiddenFile:
    name = display_name(charset.decode(label.strip(b'"')).text)
    return HiddenFile(name, type_of_name(name), data)


def type_of_name(name: str | None) -> str:
    return (_TYPES.guess_type(name)[0] if name else None) or "application/octet-stream"
