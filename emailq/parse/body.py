"""Which parts are the body (RFC 8621 §4.1.4), and how the bytes of a part become text."""

import re
from collections.abc import Sequence
from io import StringIO
from typing import Generic, NamedTuple, Protocol, TypeVar

from emailq.parse import charset, limits
from emailq.parse.charset_labels import WIDE, codec_for
from emailq.parse.headers import lf_lines

_MEDIA = ("image/", "audio/", "video/")
_PREFIX = re.compile(r">*")
_LINES = re.compile("^[^\n]*", re.MULTILINE)


class Leaf(Protocol):
    """What the selection looks at."""

    type: str
    disposition: str | None
    name: str | None


AnyLeaf = TypeVar("AnyLeaf", bound=Leaf)


class Branch(Generic[AnyLeaf]):
    """A multipart: its subtype and what is in it."""

    __slots__ = ("children", "subtype")

    def __init__(self, subtype: str, children: "list[Branch[AnyLeaf] | AnyLeaf]") -> None:
        self.subtype = subtype
        self.children = children


class Selection(NamedTuple, Generic[AnyLeaf]):
    text: list[AnyLeaf]
    html: list[AnyLeaf]
    attachments: list[AnyLeaf]


def select(root: "Branch[AnyLeaf] | AnyLeaf") -> Selection[AnyLeaf]:
    """The body as text, the body as HTML, and the attachments, by the algorithm of RFC 8621 §4.1.4."""
    selection: Selection[AnyLeaf] = Selection([], [], [])
    top: Sequence[Branch[AnyLeaf] | AnyLeaf] = [root]
    _select(top, "mixed", False, selection.html, selection.text, selection.attachments)
    return selection


def _select(
    parts: "Sequence[Branch[AnyLeaf] | AnyLeaf]",
    multipart: str,
    in_alternative: bool,
    html: list[AnyLeaf] | None,
    text: list[AnyLeaf] | None,
    attachments: list[AnyLeaf],
) -> None:
    """One multipart, after the names of the RFC. Recursion is as deep as the tree, so at most limits.DEPTH."""
    text_before = len(text) if text is not None else -1
    html_before = len(html) if html is not None else -1
    for index, part in enumerate(parts):
        if isinstance(part, Branch):
            inside = in_alternative or part.subtype == "alternative"
            _select(part.children, part.subtype, inside, html, text, attachments)
            continue
        is_media = part.type.startswith(_MEDIA)
        view, view_before = (html, html_before) if part.type == "text/html" else (text, text_before)
        # some programs name each alternative, which the RFC would take for files
        is_first = index == 0 or (multipart == "alternative" and view is not None and len(view) == view_before)
        is_inline = (
            part.disposition != "attachment"
            and (is_media or part.type in ("text/plain", "text/html"))
            and (is_first or (multipart != "related" and (is_media or not part.name)))
        )
        if not is_inline:
            attachments.append(part)
            continue
        if multipart == "alternative":
            if part.type == "text/plain" and text is not None:
                text.append(part)
            elif part.type == "text/html" and html is not None:
                html.append(part)
            else:
                attachments.append(part)
            continue
        if in_alternative:
            if part.type == "text/plain":
                html = None
            if part.type == "text/html":
                text = None
        views = [one for one in (text, html) if one is not None]
        for one in views:
            one.append(part)
        if len(views) < (2 if is_media else 1):  # where earlier parts closed both views, a text would be lost too
            attachments.append(part)
    if multipart == "alternative" and text is not None and html is not None:
        if text_before == len(text) and html_before != len(html):
            text.extend(html[html_before:])
        if html_before == len(html) and text_before != len(text):
            html.extend(text[text_before:])


def read_text(content: bytes, label: str | None, *, is_html: bool, flowed: bool, delsp: bool) -> charset.Decoded:
    """Text of a text/* part: decoded, lines ended by LF, format=flowed unwrapped (RFC 3676)."""
    defect = None
    if len(content) > limits.TEXT_BYTES:
        content, defect = content[: limits.TEXT_BYTES], "text-truncated"
    is_wide = label is not None and codec_for(label) in WIDE
    if not is_wide and b"\r" in content:
        content = lf_lines(content)
    decoded = charset.decode(content, label, is_html=is_html)
    text = decoded.text
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    if flowed:
        text = unwrap_flowed(text, delsp=delsp)
    return charset.Decoded(text, decoded.charset, defect or decoded.defect)


def unwrap_flowed(text: str, *, delsp: bool = False) -> str:
    """RFC 3676 §4: lines that end in a space go on in the next line of equal quote depth; stuffing is taken off."""
    if " \n" not in text and "\n " not in text and not text.startswith(" ") and "\n> " not in text:
        return text
    out = StringIO()  # a list of short lines would take many times their text
    paragraph: list[str] = []  # pieces of the line that is still open
    depth = 0
    for match in _LINES.finditer(text):  # not split: a list of all lines takes many times the text
        line = match[0]
        quotes = _PREFIX.match(line)
        quote = quotes.end() if quotes else 0
        rest = line[quote:].removeprefix(" ")
        is_after_all = match.start() == len(text)  # what is behind the last line break
        if paragraph and (quote != depth or rest == "-- " or is_after_all):
            out.write("".join(paragraph).rstrip(" ") + "\n")
            paragraph = []
        if not paragraph:
            depth = quote
            paragraph.append(">" * quote + " " if quote else "")
        if rest.endswith(" ") and rest != "-- ":
            paragraph.append(rest[:-1] if delsp else rest)
            continue
        out.write(("".join(paragraph) + rest if rest or not quote else ">" * quote + "".join(paragraph[1:])) + "\n")
        paragraph = []
    if paragraph:
        out.write("".join(paragraph).rstrip(" ") + "\n")
    return out.getvalue()[:-1]
