"""One MIME leaf: its facts at once, its bytes and text when asked for."""

import hashlib
import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from emailq.parse import transfer
from emailq.parse.attachments import HiddenFile, display_name, take_out_files
from emailq.parse.body import read_text
from emailq.parse.headers import HeaderBlock, message_start, read_header_block, read_message_id
from emailq.parse.params import parse_disposition
from emailq.parse.structure import Node
from emailq.parse.words import clean_line, decode_words

if TYPE_CHECKING:
    from emailq.parse.message import ParsedMessage

_IN_BRACKETS = re.compile(r"<([^<>]+)>")
_FILE_NAME = re.compile(r"[^/\\:?#]+\.\w{2,4}")


class Part:
    """A MIME leaf (EmailBodyPart of RFC 8621 §4.1.4).

    `content` is the body with its transfer encoding undone, byte for byte; `text` is that of a text/* part for
    people; both are made on first use, as is `message`, the nested one of a message/rfc822 within the budgets.
    """

    __slots__ = (
        "_block", "_content", "_data", "_encoding", "_end", "_flowed", "_message", "_sha256", "_start", "_text",
        "_text_bytes", "charset", "cid", "disposition", "is_inline", "language", "location", "name", "part_id",
        "text_defect", "transfer_defect", "type",
    )  # fmt: skip

    def __init__(self, part_id: str, node: Node, data: bytes) -> None:
        block = node.block
        self.part_id = part_id
        self.type = node.type
        self._block = block
        self._data, self._start, self._end = data, node.start, node.end
        values = {lower: value for _, lower, value in reversed(block.fields)}  # of several the first
        self.disposition, disposition_params = parse_disposition(values.get("content-disposition"))
        self.location = _location(values.get("content-location"))
        self.name = display_name(
            disposition_params.get("filename")
            or node.params.get("name")
            or (self.disposition != "form-data" and disposition_params.get("name"))
            or node.params.get("filename")
            or (None if self.type.startswith("text/") else _file_at(self.location))
        )
        self.charset = node.params.get("charset")
        cid = values.get("content-id", "")
        in_brackets = _IN_BRACKETS.search(cid)
        self.cid = (in_brackets[1] if in_brackets else cid).strip(" <>") or None
        language = values.get("content-language")
        self.language = [tag.strip() for tag in language.split(",")] if language else None
        self.is_inline = self.disposition == "inline"
        self._message: Callable[[], ParsedMessage] | ParsedMessage | None = None
        self._encoding = transfer.encoding_name(values.get("content-transfer-encoding"))
        self._flowed = (
            node.params.get("format", "").lower() == "flowed" if self.type == "text/plain" else False,
            node.params.get("delsp", "").lower() == "yes",
        )
        self._content: bytes | None = None
        self._text_bytes: bytes | None = None  # where files were taken out of the text
        self._text: str | None = None
        self._sha256: str | None = None
        self.text_defect: str | None = None
        self.transfer_defect: str | None = "encoding-unknown" if self._encoding is None else None

    @classmethod
    def of_file(cls, part_id: str, file: HiddenFile) -> "Part":
        """A file that was found inside of another part."""
        params = {"charset": file.charset} if file.charset else {}
        node = Node(HeaderBlock([], 0), file.type, params, 0, len(file.content))
        part = cls(part_id, node, file.content)
        part.name = display_name(file.name)
        part.cid = file.cid
        part.disposition = "attachment"
        return part

    def nest(self, parse: "Callable[[], ParsedMessage]") -> None:
        """Say how the nested message is parsed."""
        self._message = parse

    @property
    def message(self) -> "ParsedMessage | None":
        if callable(self._message):
            self._message = self._message()
        return self._message

    @property
    def nested_message_id(self) -> str | None:
        """The id of `message`; nothing else of that is read."""
        if self._message is None:
            return None
        data, start, end = self.span or (self.content, 0, self.size)
        return read_message_id(read_header_block(data, start + message_start(data[start : start + 2000]), end))

    @property
    def headers(self) -> list[tuple[str, str]]:
        return self._block.decoded()

    @property
    def span(self) -> tuple[bytes, int, int] | None:
        """(data, start, end) of the content where it stands as it is in the message, else None."""
        return (self._data, self._start, self._end) if self._encoding in ("identity", None) else None

    @property
    def content(self) -> bytes:
        if self.span:
            return self._data[self._start : self._end]  # not kept: nested messages would be kept once for each level
        if self._content is None:
            encoded = self._data[self._start : self._end]
            self._content, self.transfer_defect = transfer.decode(encoded, self._encoding)
        return self._content

    @property
    def size(self) -> int:
        """Bytes of `content`."""
        return self._end - self._start if self.span else len(self.content)

    @property
    def sha256(self) -> str:
        """Hex digest of `content`."""
        if self._sha256 is None:
            self._sha256 = hashlib.sha256(self.content).hexdigest()
        return self._sha256

    @property
    def text(self) -> str:
        if self._text is None:
            content = self.content if self._text_bytes is None else self._text_bytes
            flowed, delsp = self._flowed
            decoded = read_text(content, self.charset, is_html=self.type == "text/html", flowed=flowed, delsp=delsp)
            self._text, self.text_defect = decoded.text, decoded.defect
        return self._text

    @property
    def is_encoding_problem(self) -> bool:
        """Whether the text had to be guessed or is not whole (RFC 8621 §4.1.4)."""
        defects = (self.text and self.text_defect) or self.text_defect, self.transfer_defect
        return any(defect not in (None, "charset-undeclared", "text-truncated") for defect in defects)

    def take_out_files(self) -> list[HiddenFile]:
        """The encoded files inside of a text, which `text` then no longer shows; `content` stays whole."""
        rest, files = take_out_files(self.content)
        if files:
            self._text_bytes, self._text = rest, None
        return files


def _file_at(location: str | None) -> str | None:
    """A Content-Location that is no address, but names a file beside the message."""
    return location if location and _FILE_NAME.fullmatch(location) else None


def _location(value: str | None) -> str | None:
    """Content-Location (RFC 2557 §4.4): white space in a URI comes from folding, and is none."""
    if not value:
        return None
    location = clean_line(decode_words(value))
    return "".join(location.split()) if "://" in location else location
