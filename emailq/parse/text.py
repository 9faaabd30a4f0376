"""Text for people and models: HTML made readable, hidden text kept apart, characters that do harm taken out."""

import html as entities
import re
import unicodedata

from selectolax.lexbor import LexborHTMLParser, LexborNode

HTML_LIMIT = 2_000_000  # characters that are read
_DEPTH_LIMIT = 400  # open elements; beyond it the tree builder gets slow, and tags are stripped by pattern instead

_BLOCKS = frozenset(
    (
        *("address", "article", "aside", "blockquote", "body", "center", "dd", "div", "dl", "dt", "fieldset", "figure"),
        *("footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "li", "main", "nav", "ol", "p", "pre"),
        *("section", "table", "tbody", "tfoot", "thead", "tr", "ul"),
    )
)
_PARAGRAPHS = frozenset(["p", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "ul", "ol", "table", "pre"])
_DROPPED = frozenset(["script", "style", "head", "title", "template", "noscript", "object", "iframe", "svg", "math"])
_VOID = frozenset(
    ["br", "hr", "img", "input", "meta", "link", "area", "base", "col", "embed", "source", "track", "wbr"]
)
_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]{0,20})")
_HIDDEN_STYLE = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*hidden|mso-hide\s*:\s*all|font-size\s*:\s*0(?:\.0+)?(?:px|pt|em|rem|%)?\s*(?:;|!|$)"
    r"|opacity\s*:\s*0(?:\.0+)?\s*(?:;|!|$)|text-indent\s*:\s*-\d{3,}|(?:left|top)\s*:\s*-\d{4,}"
    r"|max-height\s*:\s*0(?:px)?\s*(?:;|!|$)",
    re.IGNORECASE,
)
_COLOUR = re.compile(r"(?:^|;)\s*(color|background|background-color)\s*:\s*([#\w]{3,20})\s*(?:;|!|$)", re.IGNORECASE)
_SHEET_HIDES = re.compile(
    r"[.#]([\w-]{1,80})\s*\{[^{}]{0,2000}?(?:display\s*:\s*none|visibility\s*:\s*hidden)", re.IGNORECASE
)
_MEDIA = re.compile(r"@media[^{]{0,300}\{(?:[^{}]{0,5000}\{[^{}]{0,5000}\})*[^{}]{0,5000}\}", re.IGNORECASE)
_ZERO_WIDTH = re.compile("[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f\u2060-\u2064\ufeff]")
_SPACES = re.compile(r"[ \t\r\n\f\u00a0]+")
# Marks while a tree is walked; clean_text took such characters out of the text itself.
_LINE, _PARAGRAPH, _QUOTE, _UNQUOTE = "\x01", "\x02", "\x03", "\x04"
_BREAKS = re.compile(f"[ {_LINE}{_PARAGRAPH}]+")
_BAD = re.compile("[\x00\ud800-\udfff]")
_CONTROLS = re.compile("[\x01-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")


def html_to_text(html: str) -> str:
    """The visible text of HTML: paragraphs, lists and tables as lines, links as `text <url>`. Never raises."""
    return split_hidden(html)[0]


def split_hidden(html: str) -> tuple[str, str]:
    """(visible text, hidden text): what a reader does not see (display:none, zero size, same colour …) stands apart.

    Scripts, styles and comments are in neither.
    """
    html = clean_text(html[:HTML_LIMIT])
    if _is_deep(html):
        return _strip_tags(html), ""
    tree = LexborHTMLParser(html)
    root = tree.body or tree.root
    if root is None:
        return "", ""
    return _Writer(_hidden_names(tree)).write(root)


def clean_text(text: str) -> str:
    """Without NUL and lone surrogates (→ U+FFFD) and other control characters; CRLF and CR → LF."""
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    return _CONTROLS.sub("", _BAD.sub("\ufffd", text))


def printable(text: str, limit: int) -> str:
    """For terminals and logs: one line, at most `limit` characters, everything that is not plain text escaped.

    Control, bidirectional and zero-width characters come out as \\x1b or \\u202e, so that mail can't steer a terminal.
    """
    cut = text if len(text) <= limit else text[: limit - 1] + "…"
    if cut.isascii() and cut.isprintable():
        return cut
    return "".join(c if c.isprintable() and unicodedata.category(c) != "Cf" else _escaped(c) for c in cut)


def _escaped(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")


# ------------------------------------------------------------------------------------------ the tree


class _Writer:
    """Collects text while a tree is walked once, without recursion."""

    def __init__(self, hidden_names: frozenset[str]) -> None:
        self._hidden_names = hidden_names
        self._visible: list[str] = []
        self._hidden: list[str] = []
        self._hidden_depth = 0
        self._preformatted = 0
        self._links: list[int] = []

    def write(self, root: LexborNode) -> tuple[str, str]:
        stack: list[tuple[LexborNode, bool]] = [(root, False)]
        while stack:
            node, leaving = stack.pop()
            if leaving:
                self._leave(node)
                continue
            tag = node.tag
            if tag == "-text":
                self._text(node.text_content or "")
            elif tag is not None and tag not in _DROPPED and not tag.startswith(("-", "!")):
                self._enter(node, tag)
                stack.append((node, True))
                child = node.last_child
                while child is not None:
                    stack.append((child, False))
                    child = child.prev
        return _tidy("".join(self._visible)), _tidy("".join(self._hidden))

    def _text(self, text: str) -> None:
        out = self._hidden if self._hidden_depth else self._visible
        out.append(text if self._preformatted else _SPACES.sub(" ", text))

    def _enter(self, node: LexborNode, tag: str) -> None:
        if self._hidden_depth or self._is_hidden(node):
            self._hidden_depth += 1
        out = self._hidden if self._hidden_depth else self._visible
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
        elif tag in ("td", "th"):
            out.append(" | " if self._follows_a_cell(node) else "")
        elif tag == "img":
            alt = node.attributes.get("alt")
            if alt and len(alt) < 200:
                out.append(f" {alt} ")
        elif tag == "a":
            self._links.append(len(out))

    def _leave(self, node: LexborNode) -> None:
        tag = node.tag or ""
        out = self._hidden if self._hidden_depth else self._visible
        if tag in _BLOCKS:
            out.append((_UNQUOTE if tag == "blockquote" else "") + (_PARAGRAPH if tag in _PARAGRAPHS else _LINE))
            self._preformatted -= tag == "pre"
        elif tag == "a" and self._links:
            self._link(out, self._links.pop(), node.attributes.get("href") or "")
        if self._hidden_depth:
            self._hidden_depth -= 1

    def _link(self, out: list[str], start: int, href: str) -> None:
        target = href.strip().split("#")[0].split("?")[0]
        text = "".join(out[start:]).strip()
        bare = target.removeprefix("mailto:").removeprefix("https://").removeprefix("http://").rstrip("/")
        if target.startswith(("http://", "https://", "mailto:")) and len(target) <= 120 and text and bare not in text:
            out.append(f" <{target.removeprefix('mailto:')}>")

    def _follows_a_cell(self, node: LexborNode) -> bool:
        previous = node.prev
        while previous is not None and previous.tag == "-text":
            previous = previous.prev
        return previous is not None and previous.tag in ("td", "th")

    def _is_hidden(self, node: LexborNode) -> bool:
        attributes = node.attributes
        if not attributes:
            return False
        if "hidden" in attributes:
            return True
        style = attributes.get("style")
        if style and (_HIDDEN_STYLE.search(style) or _is_one_colour(style)):
            return True
        names = f"{attributes.get('class') or ''} {attributes.get('id') or ''}"
        return bool(self._hidden_names) and not self._hidden_names.isdisjoint(names.split())


def _is_one_colour(style: str) -> bool:
    colours = {name.lower().removesuffix("-color"): value.lower() for name, value in _COLOUR.findall(style)}
    return "color" in colours and colours["color"] == colours.get("background")


def _hidden_names(tree: LexborHTMLParser) -> frozenset[str]:
    """Classes and ids that the page's own style sheet hides on every screen."""
    sheets = "".join(node.text() or "" for node in tree.css("style"))[:50_000]
    return (
        frozenset(_SHEET_HIDES.findall(_MEDIA.sub("", sheets)))
        if "none" in sheets or "hidden" in sheets
        else frozenset()
    )


def _tidy(text: str) -> str:
    """Marks → lines; zero-width characters out, blanks trimmed, at most one empty line in a row, no empty cells."""
    text = _BREAKS.sub(_line_break, _ZERO_WIDTH.sub("", text))
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


# ------------------------------------------------------------------------------------------ without a tree


def _is_deep(html: str) -> bool:
    """Whether more elements are open at once than the tree builder takes in good time."""
    if html.count("<") <= _DEPTH_LIMIT:
        return False
    depth = 0
    for match in _TAG.finditer(html):
        if match[2].lower() not in _VOID:
            depth += -1 if match[1] else 1
            if depth > _DEPTH_LIMIT:
                return True
            depth = max(depth, 0)
    return False


def _strip_tags(html: str) -> str:
    """Text between tags, one pass, whatever the nesting."""
    kept: list[str] = []
    dropped = ""
    for piece in html.split("<"):
        tag, closed, text = piece.partition(">")
        name = re.match(r"/?[a-zA-Z0-9!]{0,20}", tag)
        word = name[0].lower() if name else ""
        if dropped:
            dropped = "" if word == f"/{dropped}" else dropped
        elif word in ("script", "style", "title"):
            dropped = word
        if not dropped:
            kept.append(("\n" if word.strip("/") in _BLOCKS or word == "br" else " ") + (text if closed else ""))
    return _tidy(entities.unescape("".join(kept)))
