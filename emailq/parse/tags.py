"""HTML tag by tag, nested as browsers nest it."""

import html as entities
import re
from collections.abc import Mapping
from sys import intern
from typing import Protocol

BLOCKS = frozenset(
    (
        *("address", "article", "aside", "blockquote", "body", "center", "dd", "div", "dl", "dt", "fieldset", "figure"),
        *("details", "figcaption", "legend", "summary"),
        *("footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "li", "main", "nav", "ol", "p", "pre"),
        *("section", "table", "tbody", "tfoot", "thead", "tr", "ul", "option"),
    )
)

# A tree builder is not safe here: with the fastest one, 44 kB of formatting left open took 700 MB, and 100,000 options
# or attributes took a minute. Tag by tag is as fast on real mail and linear on all.
_MARKUP = re.compile(r"<(?:(/?)([a-zA-Z][a-zA-Z0-9:-]{0,40})(>)?|[!?/])")
# "<ann@shop.example>", "<https://shop.example/>": text that was set into a page as it is
_ADDRESS = re.compile(
    r"<(?:(?:mailto:)?[a-zA-Z][\w.+-]{0,63}@[\w.-]{1,255}|https?://[^\s<>\"']{1,500})>", re.IGNORECASE
)
_REST_OF_TAG = re.compile(r"""(?:[^>"'=]++|=\s*+(?:"[^"]*+"|'[^']*+'|)|["'])*+>""")
_END_OF_COMMENT = re.compile("--!?>")
_ATTRIBUTE = re.compile(r"([a-zA-Z-]{1,40})(?:\s*+=\s*+(?:\"([^\"]*+)\"|'([^']*+)'|([^\s\"'>]++)))?")
VOID = frozenset(["br", "hr", "img", "input", "meta", "link", "area", "base", "col", "embed", "source", "track", "wbr"])
_DROPPED = {
    tag: re.compile(f"</{tag}", re.IGNORECASE)
    for tag in ("script", "style", "title", "template", "object", "iframe", "svg", "math")
}
_TAGS = {
    name: name
    for name in (*BLOCKS, *VOID, "td", "th", "a", "span", "b", "i", "u", "strong", "em", "font", "small", "sup", "sub")
}
_IN_ADDRESS = frozenset(["@", ".", "+", "_", "/"])  # behind what would be the name of a tag
_NOTHING: Mapping[str, str | None] = {}
_SCANNED = 64  # open elements that are looked through for the one to close
_TABLE = frozenset(["table"])
_TABLE_PARTS = frozenset(["td", "th", "tr", "tbody", "thead", "tfoot", "table", "caption"])
_ROW_ENDS = frozenset(["table", "td", "th"])  # above which no row is looked for
_CELLS = frozenset(["table", "td", "th", "caption"])
_SPECIAL = BLOCKS | _CELLS
# An element that begins closes those of the first set, down to one of the second (HTML, "optional tags").
_CLOSES: dict[str, tuple[frozenset[str], frozenset[str]]] = {
    **dict.fromkeys(BLOCKS, (frozenset(["p"]), _CELLS)),
    **dict.fromkeys(["li"], (frozenset(["li", "p"]), _CELLS | {"ul", "ol"})),
    **dict.fromkeys(["dt", "dd"], (frozenset(["dt", "dd", "p"]), _CELLS | {"dl"})),
    **dict.fromkeys(["option"], (frozenset(["option"]), frozenset(["select"]))),
    **dict.fromkeys(["td", "th"], (frozenset(["td", "th"]), _TABLE)),
    **dict.fromkeys(["tr"], (frozenset(["td", "th", "tr"]), _TABLE)),
    **dict.fromkeys(["tbody", "thead", "tfoot"], (_TABLE_PARTS - _TABLE, _TABLE)),
    **dict.fromkeys(["a"], (frozenset(["a"]), _SPECIAL)),
}


class Reader(Protocol):
    """Takes the elements and texts of a page in order; each `enter` has its `leave`."""

    def text(self, text: str) -> None: ...
    def enter(self, tag: str, attributes: Mapping[str, str | None]) -> None: ...
    def leave(self, tag: str) -> None: ...


def walk(html: str, reader: Reader) -> None:
    """Hand the elements and texts of a page to the reader, each `enter` with its `leave`, as browsers nest them."""
    stack: list[str] = []
    position, end = 0, len(html)
    while mark := _MARKUP.search(html, position):
        start = mark.start()
        if start > position:
            reader.text(html[position:start])
        slash, name, is_bare = mark.groups()
        if name is None:
            position = _end_of_comment(html, start)
            continue
        position = mark.end()
        attributes = _NOTHING
        if not is_bare:
            if html[position : position + 1] in _IN_ADDRESS and (address := _ADDRESS.match(html, start)):
                reader.text(address[0])
                position = address.end()
                continue
            rest = _REST_OF_TAG.match(html, position) if html.find(">", position) >= 0 else None
            if rest is None:
                position = end
                break
            attributes = _attributes(rest[0])
            position = rest.end()
        tag = _TAGS.get(name) or intern(name.lower())  # one string for each: the open ones may be many
        if slash and tag == "br":
            reader.enter(tag, _NOTHING)
            reader.leave(tag)
        elif slash:
            _close(stack, reader, tag)
        elif tag in _DROPPED:
            after = _DROPPED[tag].search(html, position)
            if after or html[position - 2] != "/":  # <title/> of XHTML
                position = after.start() if after else end
        else:
            if tag in _CLOSES:
                _close_before(stack, reader, tag)
                if tag in ("td", "th") and not _is_in_row(stack):
                    reader.enter("tr", _NOTHING)
                    stack.append("tr")
            reader.enter(tag, attributes)
            if tag in VOID:
                reader.leave(tag)
            else:
                stack.append(tag)
    reader.text(html[position:])
    while stack:
        reader.leave(stack.pop())


def _end_of_comment(html: str, start: int) -> int:
    if html.startswith("<!--", start):
        close = _END_OF_COMMENT.search(html, start + 2)  # "<!-->" is one
        return close.end() if close else len(html)
    return html.find(">", start) + 1 or len(html)


def _is_in_row(stack: list[str]) -> bool:
    """Whether a cell that begins is in a row of its table; where there is no table it needs none."""
    for name in reversed(stack[-_SCANNED:]):
        if name == "tr":
            return True
        if name in _ROW_ENDS:
            return False
    return True


def _close(stack: list[str], reader: Reader, tag: str) -> None:
    """An end tag closes what is open inside of its element, but reaches out of no table cell; a <span> of no block."""
    near = stack[-_SCANNED:]
    if tag not in near:
        return
    limits = _TABLE if tag in _TABLE_PARTS else _SPECIAL if tag == "span" else _CELLS
    for name in reversed(near):
        if name != tag and name in limits:
            return
        if name == tag:
            break
    while (name := stack.pop()) != tag:
        reader.leave(name)
    reader.leave(tag)


def _close_before(stack: list[str], reader: Reader, tag: str) -> None:
    closed, limits = _CLOSES[tag]
    near = stack[-_SCANNED:]
    if closed.isdisjoint(near):
        return
    count = 0
    for number, name in enumerate(reversed(near), start=1):
        if name in closed:
            count = number
        elif name in limits:
            break
    for _ in range(count):
        reader.leave(stack.pop())


def _attributes(text: str) -> Mapping[str, str | None]:
    if "=" not in text and "hidden" not in text.lower():
        return _NOTHING
    found: dict[str, str | None] = {}
    for match in _ATTRIBUTE.finditer(text):
        value = match[2] or match[3] or match[4]
        found.setdefault(match[1].lower(), entities.unescape(value) if value and "&" in value else value)
    return found
