"""Text for people and models: HTML made readable, hidden text kept apart, characters that do harm taken out."""

import html as entities
import re
from collections.abc import Mapping

from emailq.parse.grid import Cell, Grid, set_row
from emailq.parse.lines import SET_IN
from emailq.parse.lists import Numbers
from emailq.parse.marks import BLANK, BREAKS, BROKEN, LINE, PARAGRAPH, QUOTE, SET_OFF, SIGNATURE, SIGNED, UNQUOTE, USUAL
from emailq.parse.tags import BLOCKS, VOID, walk
from emailq.parse.unseen import Look, hides, hiding_selectors, is_vivid, look, read_style, squeezed

HTML_LIMIT = 2_000_000  # characters that are read

_SLANTED = frozenset(["b", "strong", "i", "em"])
_STRUCK = frozenset(["s", "strike", "del"])
_ENDS = BLOCKS | _SLANTED | {"td", "th", "a", "sup"}  # that say something when they end
_BEGINS = _ENDS | {"br", "img", "input"}
_CELLS = frozenset(["td", "th"])
_PARAGRAPHS = frozenset(["p", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "ul", "ol", "table", "pre"])
_SPACES = re.compile(r"[ \t\r\n\f\u00a0]+")
# Invisible characters; joiners stay between the letters of scripts that need them.
_MAYBE_ZERO_WIDTH = re.compile(  # is found in a fifth of the time
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f\u2060-\u2064\ufeff]"
)
_ZERO_WIDTH = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b\u200e\u200f\u2060-\u2064\ufeff]"
    "|[\u200c\u200d]{2,}|(?<![\u0250-\U0001ffff])[\u200c\u200d]|[\u200c\u200d](?![\u0250-\U0001ffff])"
)
_TAG_CHARACTERS = re.compile("[\U000e0000-\U000e007f\U000e0100-\U000e01ef]+")  # ASCII that nobody sees
_SET_OFF_TEXT = re.compile(f"{SET_OFF}[^{USUAL}]*{USUAL}")
_ANSWERED = re.compile(  # a question, and in the same line its answer
    rf"^([^{SET_OFF}\n]*\?[ \u00a0]*)((?:{SET_OFF}[^{USUAL}\n]*{USUAL}[^{SET_OFF}\w\n]*)+)$", re.MULTILINE
)
_COUNTING_BLANKS = re.compile("^ +| {2,}", re.MULTILINE)
_DOT = ("0", "1")
_CONTROLS_WITH_WORDS = frozenset(
    ["text", "email", "tel", "url", "number", "date", "search", "submit", "button", "reset"]
)
# What Word writes in a font of pictures: Outlook makes "J" of ":-)".
_WINGDINGS = str.maketrans("JKLàßèüûþýo¨§Ønlqv", "☺😐☹→←➔✓✗☑☒☐☐▪➢■●❑❖")
# A page without any of these has lines as its sender wrote them.
_LAID_OUT = re.compile(
    r"<(?=[a-z])(?:br|p|div|td|th|tr|table|ul|ol|li|h[1-6]|pre|blockquote|center|section|article|dl|hr)[\s/>]",
    re.IGNORECASE,
)
_SIGNATURES = frozenset(
    (
        *("gmail_signature", "moz-signature", "signature", "ms-outlook-mobile-signature", "protonmail_signature_block"),
        *("composer_signature", "applemailsignature"),
    )
)
# Around history that is no <blockquote>, as parts of classes and ids. Outlook draws a line there, in plain text too.
_HISTORY = (
    *("divrplyfwdmsg", "outlookmessageheader", "ms-outlook-mobile-reference-message", "zwchr", "moz-forward-container"),
    *("yahoo_quoted", "protonmail_quote", "sh-quoted-content", "divrpf", "stopspelling"),
)
_HISTORY_RULE = "_" * 32
_OUTLOOK_HEADER = re.compile(r"solid.*padding:3(?:\.0)?pt0")
_WHO_WROTE = ("gmail_attr", "moz-cite-prefix")  # above a <blockquote>
_BREAKS = re.compile(f"[ {LINE}{PARAGRAPH}]{{2,}}|[{LINE}{PARAGRAPH}]")
_CONTROLS = re.compile(r"[\x01-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
_ASCII_CONTROLS = bytes(set(range(0x20)) - set(b"\n\t")) + b"\x7f"


def html_to_text(html: str) -> str:
    """The visible text of HTML: paragraphs, lists and tables as lines, links as `text <url>`. Never raises."""
    return split_hidden(html)[0]


def split_hidden(html: str) -> tuple[str, str]:
    """(visible text, hidden text): what a reader does not see (display:none, zero size, same colour …) stands apart.

    Scripts, styles and comments are in neither.
    """
    html = _sound(html[:HTML_LIMIT])
    writer = _Writer(hiding_selectors(html) - BLOCKS, keeps_lines=not _LAID_OUT.search(html))
    walk(html, writer)
    return writer.texts()


def _sound(text: str) -> str:
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    if "\x00" in text:
        text = text.replace("\x00", "\ufffd")
    if text.isascii():
        return text.encode("ascii").translate(None, _ASCII_CONTROLS).decode("ascii")
    if _CONTROLS.search(text):
        text = _CONTROLS.sub(lambda found: "\ufffd" if ord(found[0]) >= 0xD800 else "", text)
    return text


def _with_single_spaces(text: str) -> str:
    if not text.isascii():
        if text.isspace():
            return " "
        return text if _is_single_spaced(text) and "\u00a0" not in text else _SPACES.sub(" ", text)
    if _is_single_spaced(text):
        return text
    words = " ".join(text.split())  # in a fifth of the time; _sound left no other white space
    if not words:
        return " "
    return f"{' ' * text[0].isspace()}{words}{' ' * text[-1].isspace()}"


def _is_single_spaced(text: str) -> bool:
    return "\n" not in text and "  " not in text and "\t" not in text


class _Writer:
    """Takes the elements and texts of a page in order and keeps what is seen and what is not."""

    def __init__(self, hiding: frozenset[str], *, keeps_lines: bool) -> None:
        self._hiding = hiding
        self._unknown_backgrounds = "background" in hiding  # by class, so of no element known
        self._visible: list[str] = []
        self._hidden: list[str] = []
        self._hidden_depth = 0
        self._preformatted = 0
        self._links: list[tuple[list[str], int, str]] = []
        self._grids: list[Grid] = []  # of the open tables
        self._rows: list[list[Cell]] = []  # the open ones: their cells
        self._cells: list[Cell] = []  # the open ones
        self._began: list[tuple[list[str], int, bool]] = []  # open paragraphs; whether one is but a line
        self._lists: list[Numbers | None] = []  # of the open ones
        self._item: tuple[list[str], int] = ([], 0)  # where the text of the last item begins
        self._quotes: list[bool] = []  # of the open <blockquote>s: whether they quote
        self._looks = [Look(keeps_lines=keeps_lines)]  # of the open elements
        self._blocks: list[int] = []  # how deep those stand that a style makes blocks
        self._attribution: tuple[list[str], int] = ([], 0)  # where the last line begins that says who wrote
        self._signatures: list[int] = []  # how deep the open ones stand
        self._has_history = False
        self._slanted = 0  # the open elements that set off what is in them
        self._out = self._visible  # where text goes now

    def texts(self) -> tuple[str, str]:
        visible, hidden = "".join(self._visible), "".join(self._hidden)
        self._visible.clear()  # short pieces take many times their text
        for run in _TAG_CHARACTERS.findall(visible) if _may_have_tag_characters(visible) else ():
            hidden += LINE + "".join(chr(ord(c) - 0xE0000) for c in run if "\U000e0020" <= c <= "\U000e007e")
        return _tidy(visible), _tidy(hidden)

    def text(self, text: str) -> None:
        if "&" in text:
            text = _sound(entities.unescape(text))
        if self._preformatted:
            text = _COUNTING_BLANKS.sub(lambda run: BLANK * len(run[0]), text.expandtabs())
        elif "\n" in text and self._looks[-1].keeps_lines and not text.isspace():
            text = "\n".join(map(_with_single_spaces, text.split("\n")))
        else:
            text = _with_single_spaces(text)
        if self._looks[-1].has_symbols:
            text = text.translate(_WINGDINGS)
        if self._looks[-1].is_struck and (words := text.strip()):
            text = text.replace(words, f"~~{words}~~", 1)
        is_set_off = self._has_history and (self._slanted or is_vivid(self._looks[-1])) and not self._links
        if is_set_off and not text.isspace():
            text = f"{SET_OFF}{text}{USUAL}"
        self._out.append(text)

    def enter(self, tag: str, attributes: Mapping[str, str | None]) -> None:
        """Each `enter` has its `leave`."""
        seen = self._looks[-1]
        if attributes or self._hiding or self._hidden_depth:
            style = read_style(attributes.get("style") or "")
            if self._hidden_depth or hides(tag, attributes, style, self._hiding):
                self._hidden_depth += 1
            if style.is_block and tag not in BLOCKS and tag not in VOID and tag not in _CELLS:
                self._out.append(LINE)
                self._blocks.append(len(self._looks))
            if attributes:
                seen = look(seen, attributes, style, unknown_backgrounds=self._unknown_backgrounds)
            self._out = self._hidden if self._hidden_depth or seen.is_unseen else self._visible
        if tag in _STRUCK:
            seen = seen._replace(is_struck=True)
        self._looks.append(seen)
        if tag in _BEGINS:
            self._begin(tag, attributes)

    def _begin(self, tag: str, attributes: Mapping[str, str | None]) -> None:
        out = self._out
        if tag in ("td", "th"):
            out.append(" | " if self._rows and self._rows[-1] else " ")
            self._cells.append(Cell(out, attributes))
            if self._rows:
                self._rows[-1].append(self._cells[-1])
        elif tag == "br":
            out.append("\n")
        elif tag == "img":
            alt = attributes.get("alt")
            if alt and len(alt) < 200 and _is_read(alt, attributes):
                self.text(f" {alt} ")
        elif tag == "input":
            self.text(f" {_shown_in(attributes)} ")
        elif tag == "sup":
            self._began.append((out, len(out), True))
        elif tag == "a":
            self._links.append((out, len(out), attributes.get("href") or ""))
        elif tag in _SLANTED:
            self._slanted += 1
        elif tag == "p":
            is_line = bool(attributes) and _has_no_margin(attributes)
            if not (self._lists and self._begins_item(out)):
                out.append(LINE if is_line else PARAGRAPH)
            self._began.append((out, len(out), is_line))
        else:
            if not (tag == "div" and self._lists and self._begins_item(out)):
                out.append(PARAGRAPH if tag in _PARAGRAPHS else LINE)
            if attributes:
                self._begin_marked(tag, attributes)
            if tag == "li":
                numbers = self._lists[-1] if self._lists else None
                out.append(numbers.next(attributes.get("value")) if numbers else "- ")
                self._item = (out, len(out))
            elif tag in ("ol", "ul"):
                self._lists.append(Numbers(attributes) if tag == "ol" else None)
            elif tag == "blockquote":
                self._quotes.append(not _only_indents(attributes))
                self._has_history = self._has_history or self._quotes[-1]
                if self._quotes[-1] and not self._begin_above(out):
                    out.append(QUOTE)
            elif tag == "pre":
                self._preformatted += 1
            elif tag == "tr":
                self._rows.append([])
            elif tag == "table":
                self._grids.append(Grid())

    def _begins_item(self, out: list[str]) -> bool:
        """Whether nothing stands behind the number of an item yet: its paragraph is in the same line."""
        item, start = self._item
        return item is out and len(out) <= start + 4 and not "".join(out[start:]).strip()

    def _begin_marked(self, tag: str, attributes: Mapping[str, str | None]) -> None:
        """An element that a mail program writes around a signature or history, by its class or id."""
        out = self._out
        names = f"{attributes.get('class') or ''} {attributes.get('id') or ''}".lower()
        if _is_signature(names, attributes):
            out.append(f"{SIGNATURE}{LINE}")
            self._signatures.append(len(self._looks))
        elif any(map(names.__contains__, _WHO_WROTE)):
            self._attribution = (out, len(out))
            out.append("")
        elif (
            tag != "blockquote"
            and (any(map(names.__contains__, _HISTORY)) or _is_outlook_header(attributes))
            and _HISTORY_RULE not in "".join(out[-4:])
        ):
            out.append(f"{PARAGRAPH}{_HISTORY_RULE}{LINE}")
            self._has_history = True

    def _begin_above(self, out: list[str]) -> bool:
        """Let a quote begin with the line that says who wrote it, where that stands right above."""
        above, start = self._attribution
        self._attribution = ([], 0)
        if above is not out or not BROKEN.isdisjoint("".join(out[start:]).strip(BREAKS)):
            return False
        out[start] = QUOTE
        return True

    def leave(self, tag: str) -> None:
        if tag in _ENDS:
            self._end(tag)
        left = self._looks.pop()
        if self._blocks and self._blocks[-1] == len(self._looks):
            self._out.append(LINE)
            self._blocks.pop()
        if self._hidden_depth or left.is_unseen or self._looks[-1].is_unseen:
            self._hidden_depth = max(0, self._hidden_depth - 1)
            self._out = self._hidden if self._hidden_depth or self._looks[-1].is_unseen else self._visible

    def _end(self, tag: str) -> None:
        if tag == "p":
            out, start, is_line = self._began.pop()
            is_empty = is_line and not any(piece.strip(BREAKS) for piece in out[start:])
            self._out.append(LINE if is_line and not is_empty else PARAGRAPH)
        elif tag in ("td", "th"):
            self._end_cell(self._cells.pop())
        elif tag in _SLANTED:
            self._slanted -= 1
        elif tag == "a":
            self._link(*self._links.pop())
        elif tag == "sup":
            self._raise(*self._began.pop()[:2])
        else:
            if self._signatures and self._signatures[-1] == len(self._looks):
                self._out.append(f"{SIGNED}{PARAGRAPH}")
                self._signatures.pop()
            unquote = UNQUOTE if tag == "blockquote" and self._quotes.pop() else ""
            self._out.append(unquote + (PARAGRAPH if tag in _PARAGRAPHS else LINE))
            if tag == "pre":
                self._preformatted -= 1
            elif tag in ("ol", "ul"):
                self._lists.pop()
            elif tag == "tr":
                self._end_row(self._rows.pop())
            elif tag == "table":
                self._grids.pop().set_bars()

    def _end_cell(self, cell: Cell) -> None:
        cell.end()
        while self._rows and self._rows[-1] and self._rows[-1][-1] is not cell:
            self._rows[-1].pop()  # of a broken table

    def _end_row(self, cells: list[Cell]) -> None:
        if self._hidden:
            cells = [cell for cell in cells if cell.out is self._out]
        full = set_row(self._out, cells)
        if self._grids:
            self._grids[-1].add(cells, full)

    def _raise(self, out: list[str], start: int) -> None:
        """10 to the power of 6 is not 106, nor 19 euro and 99 cents 1999."""
        raised = "".join(out[start : start + 2]).lstrip("+-−")[:1]
        if start and out[start - 1][-1:].isdigit() and raised.isdigit():
            out.insert(start, "^")

    def _link(self, out: list[str], start: int, href: str) -> None:
        """The address behind the words of a link, without what only follows the reader."""
        target = href.strip().split("#")[0].split("?")[0].replace("\n", "")
        if target.startswith("//"):
            target = f"https:{target}"
        if not target.startswith(("http://", "https://", "mailto:", "tel:")) or len(target) > 120:
            return
        text = "".join(out[start:]).strip()
        if target.startswith("tel:") and any(map(str.isdigit, text)):
            return  # the number, in another form
        bare = target.removeprefix("mailto:").removeprefix("https://").removeprefix("http://").rstrip("/")
        if text and bare and bare not in text:
            out.append(f" <{target.removeprefix('mailto:').removeprefix('tel:')}>")


def _is_read(alt: str, attributes: Mapping[str, str | None]) -> bool:
    """Of a picture that comes with the mail the reader sees no words, but smileys; of a dot that counts him nothing."""
    if attributes.get("width") in _DOT and attributes.get("height") in _DOT:
        return False
    is_inside = (attributes.get("src") or "").lower().startswith("cid:")
    return not is_inside or not (alt.isascii() or any(map(str.isalpha, alt)))


def _shown_in(attributes: Mapping[str, str | None]) -> str:
    """What a control shows."""
    kind = (attributes.get("type") or "text").lower()
    if kind in ("checkbox", "radio"):
        return "[x]" if "checked" in attributes else "[ ]"
    return (attributes.get("value") or "") if kind in _CONTROLS_WITH_WORDS else ""


def _is_signature(names: str, attributes: Mapping[str, str | None]) -> bool:
    """An element that a mail program writes around a signature; "x_" stands before names that Outlook took over."""
    return "data-signature-widget" in attributes or any(
        name.removeprefix("x_") in _SIGNATURES for name in names.split()
    )


def _is_outlook_header(attributes: Mapping[str, str | None]) -> bool:
    """The element around "From: … Sent: …", by its line on top and a padding that nobody else uses; GMX has a name."""
    style = attributes.get("style") or ""
    return attributes.get("name") == "quote" or ("solid" in style and bool(_OUTLOOK_HEADER.search(squeezed(style))))


def _has_no_margin(attributes: Mapping[str, str | None]) -> bool:
    """Whether the next paragraph follows in the next line, as in Word: an empty one stands for the blank line."""
    style = squeezed(attributes.get("style") or "")
    is_none = "margin:0" in style or ("margin-top:0" in style and "margin-bottom:0" in style)
    return is_none or (attributes.get("class") or "").startswith("Mso")


def _only_indents(attributes: Mapping[str, str | None]) -> bool:
    """A <blockquote> as Gmail and Apple Mail write it for "indent": without the line at its left."""
    style = squeezed(attributes.get("style") or "") if attributes else ""
    return "border:none" in style and "border-left" not in style and "type" not in attributes


_ANY_MARK = re.compile(f"[{QUOTE}{UNQUOTE}{SIGNATURE}{SIGNED}{SET_OFF}{USUAL}]")
_LINES = re.compile("^[^\n]*", re.MULTILINE)


def _may_have_tag_characters(text: str) -> bool:
    """By two of their bytes in UTF-8, in a tenth of the time that a search for the characters takes."""
    return not text.isascii() and b"\xf3\xa0" in text.encode("utf-8", "surrogatepass")


def _tidy(text: str) -> str:
    """Marks → lines; invisible characters out, blanks trimmed, at most one empty line in a row, none at the ends."""
    if not text.isascii():
        text = _TAG_CHARACTERS.sub("", text) if _may_have_tag_characters(text) else text
        text = _ZERO_WIDTH.sub("", text) if _MAYBE_ZERO_WIDTH.search(text) else text
    text = _BREAKS.sub(_line_break, text)
    if SET_OFF in text:
        text = _ANSWERED.sub(r"\1\n\2", text)
    blocks: list[str] = []  # short lines take many times their text, so they are joined now and then
    kept: list[str] = []
    depth = blank_depth = 0
    is_signature = False  # whether one begins with the next words
    has_preformatted = BLANK in text
    for match in _LINES.finditer(text):
        line = match[0]
        if len(kept) > 1000:
            blocks.append("\n".join(kept))
            kept = []
        depth += line.count(QUOTE)
        if SIGNATURE in line:
            is_signature = depth == 0
        is_set_off = SET_OFF in line and not any(map(str.isalnum, _SET_OFF_TEXT.sub("", line)))
        words = _with_single_spaces(line if line.isprintable() else _ANY_MARK.sub("", line)).strip()
        if has_preformatted:
            words = words.replace(BLANK, " ").rstrip()
        marks = ">" * min(depth, 10)
        if words.strip("| "):
            if is_signature:
                is_signature = False
                if words != "--" and not (kept and kept[-1] == "--"):
                    kept += ["", "--"][not (kept and kept[-1]) :]
                    blank_depth = -1
            if blank_depth >= 0 and (kept or blocks):
                kept.append(">" * min(blank_depth, depth, 10))
            words = f"{SET_IN}{words}" if is_set_off else words
            kept.append(f"{marks} {words}" if marks else words)
            blank_depth = -1
        else:
            blank_depth = depth if blank_depth < 0 else min(blank_depth, depth)
        is_signature = is_signature and SIGNED not in line
        depth = max(0, depth - line.count(UNQUOTE))
    return "\n".join(blocks + kept)


def _line_break(run: re.Match[str]) -> str:
    return "\n\n" if PARAGRAPH in run[0] else "\n" if LINE in run[0] else " "
