"""File names that are safe to show, and files that hide inside of text and containers."""

import mimetypes
import re
from dataclasses import dataclass

from emailq.parse import charset, limits, transfer

_BIDI = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_CONTROL = re.compile("[\0-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]+")
_SHAPE = re.compile(r"\s+")


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
    name = _SHAPE.sub(" ", _CONTROL.sub(" ", name))
    name = re.split(r"[/\\]", name.rstrip(" /\\"))[-1].strip()
    name = _BIDI.sub(lambda match: f"\\u{ord(match[0]):04x}", name)
    if not name.strip("."):
        return None
    data = name.encode()
    if len(data) <= limits.FILE_NAME_BYTES:
        return name
    stem, dot, extension = name.rpartition(".")
    tail = (dot + extension).encode() if stem and len(extension.encode()) <= 20 else b""
    return data[: limits.FILE_NAME_BYTES - len(tail)].decode(errors="ignore") + tail.decode()


def take_out_uuencoded(content: bytes) -> tuple[bytes, list[HiddenFile]]:
    """The text without its uuencoded blocks, and the files that were in them."""
    if b"begin" not in content:
        return content, []
    rest: list[bytes] = []
    files: list[HiddenFile] = []
    done = 0
    begin = transfer.UU_BEGIN.search(content)
    while begin and len(files) < limits.PARTS:
        data, end = transfer.decode_uu_lines(content, begin.end())
        if data:
            name = display_name(charset.decode(begin[1]).text)
            files.append(HiddenFile(name, type_of_name(name), data))
            rest.append(content[done : begin.start()])
            done = end
        begin = transfer.UU_BEGIN.search(content, max(end, begin.end()))
    rest.append(content[done:])
    return b"".join(rest), files


def type_of_name(name: str | None) -> str:
    guessed = mimetypes.guess_type(name, strict=True)[0] if name else None
    return guessed or "application/octet-stream"
