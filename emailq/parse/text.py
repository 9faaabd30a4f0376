"""Text for people and models: HTML made readable, hidden text kept apart, characters that do harm taken out."""

import html as entities
import re
import unicodedata
from collections.abc import Mapping
from typing import NamedTuple

from selectolax.lexbor import LexborHTMLParser, LexborNode, SelectolaxError

HTML_LIMIT = 2_000_000  # characters that are read
# What the tree builder takes in good time; beyond it the tags are read one by one. Depth d costs d². Formatting that is
# left open is repeated in each block below: 44 kB of it made a tree of 700 MB.
_DEPTH_LIMIT = 400
_REPEATS_LIMIT = 50_000

_BLOCKS = frozenset(
    (
        *("address", "article", "aside", "blockquote", "body", "center", "dd", "div", "dl", "dt", "fieldset", "figure"),
        *("footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "li", "main", "nav", "ol", "p", "pre"),
        *("section", "table", "tbody", "tfoot", "thead", "tr", "ul", "option"),
    )
)
_PARAGRAPHS = frozenset(["p", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "ul", "ol", "table", "pre"])
_DROPPED = frozenset(["script", "style", "head", "title", "template", "object", "iframe", "svg", "math"])
_VOID = frozenset(
    ["br", "hr", "img", "input", "meta", "link", "area", "base", "col", "embed", "source", "track", "wbr"]
)
_CLOSED_BY_THE_NEXT = frozenset(["p", "li", "td", "th", "tr", "dt", "dd", "option", "tbody", "thead", "tfoot"])
_FORMATTING = frozenset(
    ["a", "b", "big", "code", "em", "font", "i", "nobr", "s", "small", "strike", "strong", "tt", "u"]
)
_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]{0,20})")
_SPACES = re.compile(r"[ \t\r\n\f\u00a0]+")
# Invisible characters; joiners stay between the letters of scripts that need them.
_ZERO_WIDTH = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b\u200e\u200f\u2060-\u2064\ufeff]"
    "|[\u200c\u200d]{2,}|(?<![\u0250-\U0001ffff])[\u200c\u200d]|[\u200c\u200d](?![\u0250-\U0001ffff])"
)
_TAG_CHARACTERS = re.compile("[\U000e0000-\U000e007f\U000e0100-\U000e01ef]+")  # ASCII that nobody sees
# Marks while HTML is walked; such characters were taken out of the text itself.
_LINE, _PARAGRAPH, _QUOTE, _UNQUOTE = "\x01", "\x02", "\x03", "\x04"
_BREAKS = re.compile(f"[ {_LINE}{_PARAGRAPH}]+")
_CONTROLS = re.compile("[\x01-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
_ASCII_CONTROLS = bytes(set(range(0x20)) - set(b"\n\t")) + b"\x7f"


def html_to_text(html: str) -> str:
    """The visible text of HTML: paragraphs, lists and tables as lines, links as `text <url>`. Never raises."""
    return split_hidden(html)[0]


def split_hidden(html: str) -> tuple[str, str]:
    """(visible text, hidden text): what a reader does not see (display:none, zero size, same colour …) stands apart.

    Scripts, styles and comments are in neither.
    """
    html = _sound(html[:HTML_LIMIT])
    writer = _Writer(_hiding_selectors(html))
    if _is_costly(html):
        _walk_tags(html, writer)
    else:
        try:
            tree = LexborHTMLParser(html)
        except SelectolaxError:
            _walk_tags(html, writer)
        else:
            _walk_tree(tree.body or tree.root, writer)
    return writer.texts()


def clean_text(text: str) -> str:
    """Without NUL and lone surrogates (→ U+FFFD), other control characters and blanks at line ends; all ends are LF."""
    return "\n".join(line.rstrip() for line in _sound(text).split("\n")).rstrip("\n")


def printable(text: str, limit: int) -> str:
    """For terminals and logs: one line, at most `limit` characters, everything that is not plain text escaped.

    Control, bidirectional and zero-width characters come out as \\x1b or \\u202e, so that mail can't steer a terminal.
    """
    if len(text) <= limit and text.isascii() and text.isprintable():
        return text
    out: list[str] = []
    room = limit
    for character in text:
        shown = character
        if not character.isprintable() or unicodedata.category(character) == "Cf":
            shown = character.encode("unicode_escape").decode("ascii")
        room -= len(shown)
        if room < 0:
            while out and room < 1:
                room += len(out.pop())
            return "".join(out) + "…"[:limit]
        out.append(shown)
    return "".join(out)


def _sound(text: str) -> str:
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    if "\x00" in text:
        text = text.replace("\x00", "\ufffd")
    if text.isascii():
        return text.encode("ascii").translate(None, _ASCII_CONTROLS).decode("ascii")
    if _CONTROLS.search(text):
        text = _CONTROLS.sub(lambda found: "\ufffd" if found[0] >= "\ud800" else "", text)
    return text


# ------------------------------------------------------------------------------------------ what nobody sees

_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
_HIDING = re.compile(
    r"(?:^|;)(?:display:none|visibility:(?:hidden|collapse)|mso-hide:all|opacity:0(?:\.0\d*)?(?:;|!|$)|color:transparent|"
    r"text-indent:-\d{3,}|(?:left|top|margin-left|margin-top):-\d{4,}|max-height:0(?:px)?(?:;|!|$)|"
    r"(?:max-)?(?:height|width):0(?:px)?(?:!important)?;(?:.*;)?overflow:hidden|"
    r"overflow:hidden;(?:.*;)?(?:max-)?(?:height|width):0(?:px)?(?:;|!|$)|clip:rect\(0|clip-path:inset\((?:50|100)%|"
    r"transform:scale\(0\)|filter:opacity\(0)"
)
_FONT_SIZE = re.compile(r"(?:^|;)font(?:-size)?:(?:[a-z]+)?(\d{1,4}(?:\.\d{1,4})?|\.\d{1,4})(px|pt|r?em|%|[;!]|$)")
_COLOUR = re.compile(r"(?:^|;)(color|background|background-color):(#[\da-f]{3,8}|rgba?\([\d.,%]{5,30}\)|[a-z]{3,20})")
_RGB = re.compile(r"rgba?\((\d{1,3}),(\d{1,3}),(\d{1,3})")
_NAMED_COLOURS = {"white": "ffffff", "black": "000000", "red": "ff0000", "yellow": "ffff00", "silver": "c0c0c0"}
_STYLE_SHEET = re.compile(r"<style\b[^>]{0,500}>(.*?)</style", re.DOTALL | re.IGNORECASE)
_SHEETS_LIMIT = 50_000
_MEDIA = re.compile(r"@media[^{]{0,300}\{(?:[^{}]{0,5000}\{[^{}]{0,5000}\})*[^{}]{0,5000}\}", re.IGNORECASE)
_RULE = re.compile(r"([^{}]{1,1000})\{([^{}]{0,3000})\}")
_SELECTOR = re.compile(r"(?:[a-z][a-z0-9]{0,10})?[.#][\w-]{1,80}$|[a-z][a-z0-9]{0,10}$", re.IGNORECASE)

_Colour = tuple[int, int, int]


class _Look(NamedTuple):
    """What an element hands down to those inside; None for a colour that is not known."""

    is_tiny: bool = False
    colour: _Colour | None = (0, 0, 0)
    background: _Colour | None = (255, 255, 255)
    is_unseen: bool = False


def _squeezed(style: str) -> str:
    style = style[:5000].lower()
    if "/*" in style:
        style = _COMMENT.sub("", style)
    return "".join(style.split())


def _hiding_selectors(html: str) -> frozenset[str]:
    """What the page's own style sheets hide on every screen: ".class", "#id", "tag" and "tag.class"."""
    if "<style" not in html and "<STYLE" not in html:
        return frozenset()
    sheets = "\n".join(sheet[1][:_SHEETS_LIMIT] for sheet in _STYLE_SHEET.finditer(html[:500_000]))[:_SHEETS_LIMIT]
    found = {"background"} if "background" in sheets else set()
    for selectors, declarations in _RULE.findall(_MEDIA.sub("", sheets)):
        style = _squeezed(declarations)
        if _HIDING.search(style) or _is_tiny(style):
            found.update(name for one in selectors.split(",") if _SELECTOR.match(name := one.strip().lower()))
    return frozenset(found - _BLOCKS)


def _colour(value: str) -> _Colour | None:
    """Red, green, blue of a CSS colour, None for one that is not known."""
    value = value.strip().lower()
    if found := _RGB.match(value):
        return int(found[1]), int(found[2]), int(found[3])
    digits = _NAMED_COLOURS.get(value, value.removeprefix("#"))
    if len(digits) in (3, 4):
        digits = "".join(digit * 2 for digit in digits)
    try:
        return int(digits[0:2], 16), int(digits[2:4], 16), int(digits[4:6], 16)
    except ValueError:
        return None


def _is_tiny(style: str) -> bool | None:
    """Whether a font is too small to be seen; None where its size is not given."""
    sizes = _FONT_SIZE.findall(style) if "font" in style else ()
    if not sizes:
        return None
    number, unit = sizes[-1]
    return float(number) <= {"em": 0.1, "rem": 0.1, "%": 10.0}.get(unit, 1.0)


def _is_alike(one: _Colour, other: _Colour) -> bool:
    return all(abs(a - b) <= 6 for a, b in zip(one, other, strict=True))


# ------------------------------------------------------------------------------------------ writing


class _Writer:
    """Takes the elements and texts of a page in order and keeps what is seen and what is not."""

    def __init__(self, hiding: frozenset[str]) -> None:
        self._hiding = hiding
        self._unknown_backgrounds = "background" in hiding  # by class, so of no element known
        self._visible: list[str] = []
        self._hidden: list[str] = []
        self._hidden_depth = 0
        self._preformatted = 0
        self._links: list[tuple[list[str], int, str]] = []
        self._cells: list[int] = []  # of the open rows
        self._looks = [_Look()]

    def texts(self) -> tuple[str, str]:
        visible, hidden = "".join(self._visible), "".join(self._hidden)
        for run in _TAG_CHARACTERS.findall(visible) if not visible.isascii() else ():
            hidden += _LINE + "".join(chr(ord(c) - 0xE0000) for c in run if "\U000e0020" <= c <= "\U000e007e")
        return _tidy(visible), _tidy(hidden)

    def text(self, text: str) -> None:
        self._out().append(text if self._preformatted else _SPACES.sub(" ", text))

    def _out(self) -> list[str]:
        return self._hidden if self._hidden_depth or self._looks[-1].is_unseen else self._visible

    def enter(self, tag: str, attributes: Mapping[str, str | None]) -> None:
        """Each `enter` has its `leave`."""
        style = _squeezed(attributes.get("style") or "") if attributes else ""
        if self._hidden_depth or ((attributes or self._hiding) and self._hides(tag, attributes, style)):
            self._hidden_depth += 1
        self._looks.append(self._look(attributes, style) if attributes else self._looks[-1])
        out = self._out()
        if tag == "br":
            out.append("\n")
        elif tag in _BLOCKS:
            out.append(_PARAGRAPH if tag in _PARAGRAPHS else _LINE)
            if tag == "li":
                out.append("- ")
            elif tag == "blockquote":
                out.append(_QUOTE)
            elif tag == "pre":
                self._preformatted += 1
            elif tag == "tr":
                self._cells.append(0)
        elif tag in ("td", "th"):
            if self._cells:
                out.append(" | " if self._cells[-1] else "")
                self._cells[-1] += 1
            else:
                out.append(" ")
        elif tag == "img":
            alt = attributes.get("alt")
            if alt and len(alt) < 200:
                out.append(f" {alt} ")
        elif tag == "a":
            self._links.append((out, len(out), attributes.get("href") or ""))

    def leave(self, tag: str) -> None:
        out = self._out()
        if tag in _BLOCKS:
            out.append((_UNQUOTE if tag == "blockquote" else "") + (_PARAGRAPH if tag in _PARAGRAPHS else _LINE))
            if tag == "pre":
                self._preformatted -= 1
            elif tag == "tr" and self._cells:
                self._cells.pop()
        elif tag == "a" and self._links:
            self._link(*self._links.pop())
        if self._hidden_depth:
            self._hidden_depth -= 1
        self._looks.pop()

    def _link(self, out: list[str], start: int, href: str) -> None:
        """The address behind the words of a link, without what only follows the reader."""
        target = href.strip().split("#")[0].split("?")[0]
        if not target.startswith(("http://", "https://", "mailto:")) or len(target) > 120:
            return
        text = "".join(out[start:]).strip()
        bare = target.removeprefix("mailto:").removeprefix("https://").removeprefix("http://").rstrip("/")
        if text and bare and bare not in text:
            out.append(f" <{target.removeprefix('mailto:')}>")

    def _hides(self, tag: str, attributes: Mapping[str, str | None], style: str) -> bool:
        """Whether an element and all that is inside is not shown."""
        if "hidden" in attributes or (style and _HIDING.search(style)):
            return True
        if not self._hiding:
            return False
        classes = (attributes.get("class") or "").lower().split()
        names = [tag, *("." + name for name in classes), *(f"{tag}.{name}" for name in classes)]
        if identity := attributes.get("id"):
            names += ["#" + identity.lower(), f"{tag}#{identity.lower()}"]
        return not self._hiding.isdisjoint(names)

    def _look(self, attributes: Mapping[str, str | None], style: str) -> _Look:
        """Text as small as a dot or in the colour behind it is not seen, unless an inner element sets its own."""
        outer = self._looks[-1]
        is_tiny = _is_tiny(style)
        colour = attributes.get("color") if "color" in attributes else None
        behind = attributes.get("bgcolor") if "bgcolor" in attributes else None
        is_picture = "background" in attributes
        if "color:" in style or "background" in style:
            for name, value in _COLOUR.findall(style):
                if name == "color":
                    colour = value
                else:
                    behind = value
            is_picture = is_picture or "url(" in style or "gradient" in style
        is_set_elsewhere = self._unknown_backgrounds and bool(attributes.get("class"))
        if is_tiny is None and not (colour or behind or is_picture or is_set_elsewhere):
            return outer
        background = outer.background
        if is_picture or (is_set_elsewhere and not behind):
            background = None
        elif behind and behind not in ("transparent", "inherit", "none"):
            background = _colour(behind)
        text = _colour(colour) if colour else outer.colour
        tiny = outer.is_tiny if is_tiny is None else is_tiny
        is_same = text is not None and background is not None and _is_alike(text, background)
        return _Look(tiny, text, background, tiny or is_same)


def _tidy(text: str) -> str:
    """Marks → lines; invisible characters out, blanks trimmed, at most one empty line in a row, no empty cells."""
    if not text.isascii():
        text = _ZERO_WIDTH.sub("", _TAG_CHARACTERS.sub("", text))
    text = _BREAKS.sub(_line_break, text)
    kept: list[str] = []
    depth = 0
    for line in text.split("\n"):
        depth += line.count(_QUOTE)
        words = _SPACES.sub(" ", line.replace(_QUOTE, "").replace(_UNQUOTE, "")).strip()
        words = words if words.strip("| ") else ""
        if words or (kept and kept[-1]):
            kept.append(f"{'>' * min(depth, 10)} {words}".rstrip() if depth else words)
        depth = max(0, depth - line.count(_UNQUOTE))
    return "\n".join(kept).strip()


def _line_break(run: re.Match[str]) -> str:
    return "\n\n" if _PARAGRAPH in run[0] else "\n" if _LINE in run[0] else " "


# ------------------------------------------------------------------------------------------ walking


def _is_costly(html: str) -> bool:
    """Whether the tree builder would take long, by the elements that are open at once."""
    if html.count("<") <= _DEPTH_LIMIT:
        return html.count("<") > 100 and _repeats(html)
    depth = 0
    for match in _TAG.finditer(html):
        name = match[2].lower()
        if name not in _VOID and name not in _CLOSED_BY_THE_NEXT:
            depth += -1 if match[1] else 1
            if depth > _DEPTH_LIMIT:
                return True
            depth = max(depth, 0)
    return _repeats(html)


def _repeats(html: str) -> bool:
    is_open = repeats = 0
    for match in _TAG.finditer(html):
        if match[2].lower() in _FORMATTING:
            is_open = max(0, is_open + (-1 if match[1] else 1))
        elif not match[1]:
            repeats += is_open
    return repeats > _REPEATS_LIMIT


def _walk_tree(root: LexborNode | None, writer: _Writer) -> None:
    stack: list[LexborNode | str] = [root] if root is not None else []
    while stack:
        node = stack.pop()
        if isinstance(node, str):
            writer.leave(node)
            continue
        tag = node.tag or ""
        if tag == "-text":
            writer.text(node.text_content or "")
        elif tag not in _DROPPED and not tag.startswith(("-", "!")):
            writer.enter(tag, node.attributes)
            stack.append(tag)
            child = node.last_child
            while child is not None:
                stack.append(child)
                child = child.prev


_NAME = re.compile(r"(/?)([a-zA-Z][a-zA-Z0-9:-]{0,40})")
_ATTRIBUTE = re.compile(
    r"([a-zA-Z-]{1,40})(?:\s{0,20}=\s{0,20}(?:\"([^\"]{0,5000})\"|'([^']{0,5000})'|([^\s\"'>]{1,2000})))?"
)
_ATTRIBUTES_READ = 20


def _walk_tags(html: str, writer: _Writer) -> None:
    """Tag by tag, whatever the nesting: an end tag closes what stands open inside of its element."""
    stack: list[str] = []
    is_open: dict[str, int] = {}
    position, end = 0, len(html)
    while position < end:
        start = html.find("<", position)
        if start < 0:
            start = end
        if start > position:
            writer.text(entities.unescape(html[position:start]))
        if html.startswith("<!--", start):
            close = html.find("-->", start)
            position = close + 3 if close >= 0 else end
            continue
        found = _NAME.match(html, start + 1)
        close = html.find(">", start)
        if close < 0:
            break
        position = close + 1
        if found is None:
            continue
        tag = found[2].lower()
        if tag in ("script", "style", "title", "svg", "template") and not found[1]:
            after = re.compile(f"</{tag}", re.IGNORECASE).search(html, position)
            position = after.start() if after else end
        elif found[1]:
            if is_open.get(tag):
                closed = ""
                while closed != tag:
                    closed = stack.pop()
                    is_open[closed] -= 1
                    writer.leave(closed)
        else:
            if tag in _CLOSED_BY_THE_NEXT and stack and stack[-1] == tag:
                is_open[tag] -= 1
                writer.leave(stack.pop())
            writer.enter(tag, _attributes(html[found.end() : close][:10_000]))
            if tag in _VOID:
                writer.leave(tag)
            else:
                stack.append(tag)
                is_open[tag] = is_open.get(tag, 0) + 1
    while stack:
        writer.leave(stack.pop())


def _attributes(text: str) -> dict[str, str | None]:
    if not text.strip("/ "):
        return {}
    found: dict[str, str | None] = {}
    for number, match in enumerate(_ATTRIBUTE.finditer(text)):
        if number > _ATTRIBUTES_READ:
            break
        value = match[2] or match[3] or match[4]
        found.setdefault(match[1].lower(), entities.unescape(value) if value and "&" in value else value)
    return found
