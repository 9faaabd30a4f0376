"""What nobody sees of a page: elements that styles hide, text as small as a dot or in the colour behind it."""

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import NamedTuple

_HIDING = re.compile(
    r"(?:^|;)(?:display:none|visibility:(?:hidden|collapse)|opacity:0(?:\.0\d*)?(?:;|!|$)|color:transparent|"
    r"text-indent:-\d{3,}|(?:left|top|margin-left|margin-top):-\d{4,}|max-height:0(?:px)?(?:;|!|$)|clip:rect\(0|"
    r"clip-path:inset\((?:50|100)%|transform:scale\(0\)|filter:opacity\(0)"
)
_NO_SIZE = re.compile(r"(?:^|;)(?:max-)?(?:height|width):0(?:px)?(?:;|!|$)")
_FONT_SIZE = re.compile(r"(?:^|;)font(?:-size)?:(?:[a-z]+)?(\d{1,4}(?:\.\d{1,4})?|\.\d{1,4})(px|pt|r?em|%|[;!/]|$)")
_SYMBOL_FONT = re.compile(r"(?:^|;)(?:mso-symbol-)?font(?:-family)?:[^;,]{0,40}?wingdings[\"']?(?:[;,!]|$)")
_COLOUR = re.compile(r"(?:^|;)(color|background|background-color):(#[\da-f]{3,8}|rgba?\([\d.,%]{5,30}\)|[a-z]{3,20})")
_RGB = re.compile(r"rgba?\((\d{1,3}),(\d{1,3}),(\d{1,3})")
_NAMED_COLOURS = {
    "white": "ffffff",
    "black": "000000",
    "red": "ff0000",
    "yellow": "ffff00",
    "silver": "c0c0c0",
    "blue": "0000ff",
    "green": "008000",
    "orange": "ffa500",
    "purple": "800080",
}
_STYLE_SHEET = re.compile(r"<style\b[^<>]{0,500}>", re.IGNORECASE)
_FOR_OTHER_MEDIA = re.compile(
    r"""\bmedia\s{0,9}=["'\s]{0,9}[^"'>]{0,100}(?:print|max-(?:device-)?width|dark)""", re.IGNORECASE
)
_END_OF_SHEET = re.compile(r"</style", re.IGNORECASE)
_SELECTOR = re.compile(r"(?:[a-z][a-z0-9]{0,10})?[.#][\w-]{1,80}$|[a-z][a-z0-9]{0,10}$")

_REMEMBERED_CHARS = 300
_Colour = tuple[int, int, int]
_BRIGHT = 100  # between the strongest and the weakest of red, green and blue


class Style(NamedTuple):
    """What an element's own style says of its look; None for what it does not say."""

    hides: bool
    is_tiny: bool | None
    colour: str | None
    background: str | None
    has_picture: bool  # behind the text
    keeps_lines: bool | None
    is_struck: bool
    hides_in_outlook: bool
    is_block: bool
    has_symbols: bool | None  # a font of pictures instead of letters


class Look(NamedTuple):
    """What an element hands down to those inside; None for a colour that is not known."""

    is_tiny: bool = False
    colour: _Colour | None = (0, 0, 0)
    background: _Colour | None = (255, 255, 255)
    is_unseen: bool = False
    keeps_lines: bool = False  # as they break in the source
    is_struck: bool = False
    has_symbols: bool = False


def read_style(style: str) -> Style:
    return _read_style(style) if len(style) <= _REMEMBERED_CHARS else _read_style.__wrapped__(style)


@lru_cache(maxsize=512)  # most elements of a page have the style of another
def _read_style(style: str) -> Style:
    style = squeezed(style)
    if not style:
        return Style(False, None, None, None, False, None, False, False, False, None)
    may_be_coloured = "color:" in style or "background" in style
    found = _COLOUR.findall(style) if may_be_coloured else ()
    colours = {name.partition("-")[0]: value for name, value in found}  # of "background-color" the background
    return Style(
        _is_hiding(style),
        _is_tiny(style),
        colours.get("color"),
        colours.get("background"),
        may_be_coloured and ("url(" in style or "gradient" in style),
        "white-space:pre" in style or "white-space:break-spaces" in style if "white-space:" in style else None,
        "line-through" in style,
        "mso-hide:all" in style,
        "display:block" in style,
        _has_symbols(style) if "font" in style else None,
    )


def _has_symbols(style: str) -> bool | None:
    if "wingdings" in style and _SYMBOL_FONT.search(style):
        return True
    return False if "font-family:" in style or "font:" in style else None


def squeezed(style: str) -> str:
    """A style without blanks and comments, in lower case."""
    if "/*" in style:
        first, *others = style.split("/*")
        style = first + "".join(other.partition("*/")[2] for other in others)
    return "".join(style.lower().split())


def _is_hiding(style: str) -> bool:
    return bool(_HIDING.search(style)) or ("overflow:hidden" in style and bool(_NO_SIZE.search(style)))


def hiding_selectors(html: str) -> frozenset[str]:
    """What the page's own style sheets hide on every screen: ".class", "#id", "tag" and "tag.class"."""
    found: set[str] = set()
    for selectors, declarations in _rules(_style_sheets(html)):
        style = squeezed(declarations)
        if "background" in style:
            found.add("background")
        if _is_hiding(style) or _is_tiny(style):
            names = [name.strip().lower() for name in selectors.split(",")]
            found.update(name for name in names if _SELECTOR.match(name))
    return frozenset(found)


def _style_sheets(html: str) -> str:
    sheets = []
    begin = _STYLE_SHEET.search(html)
    while begin:
        end = _END_OF_SHEET.search(html, begin.end())
        if not _FOR_OTHER_MEDIA.search(begin[0]):
            sheets.append(html[begin.end() : end.start() if end else len(html)])
        begin = _STYLE_SHEET.search(html, end.end()) if end else None
    return "\n".join(sheets)


def _rules(sheet: str) -> Iterator[tuple[str, str]]:
    """(selectors, declarations) of the rules that hold on every screen, so without those inside of @media."""
    depth = start = 0
    selectors = ""
    for brace in re.finditer("[{}]", sheet):
        if brace[0] == "{":
            depth += 1
            if depth == 1:
                selectors = sheet[start : brace.start()].rpartition("*/")[2].strip()
                start = brace.end()
        elif depth:
            depth -= 1
            if depth == 0:
                if not selectors.startswith("@"):
                    yield selectors, sheet[start : brace.start()]
                start = brace.end()


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


def is_vivid(seen: Look) -> bool:
    """Whether text is set off by its colour or by the one behind it: red, but not black, grey or a dark blue."""
    return _is_bright(seen.colour) or _is_bright(seen.background)


def _is_bright(colour: _Colour | None) -> bool:
    return colour is not None and max(colour) - min(colour) >= _BRIGHT


def hides(tag: str, attributes: Mapping[str, str | None], style: Style, selectors: frozenset[str]) -> bool:
    """Whether an element and all that is inside is not shown; `selectors`: what style sheets hide."""
    if style.hides or "hidden" in attributes or (style.hides_in_outlook and tag != "a"):
        return True  # Outlook has a button of its own instead of that link
    if not selectors:
        return False
    classes = (attributes.get("class") or "").lower().split()
    names = [tag, *("." + name for name in classes), *(f"{tag}.{name}" for name in classes)]
    if identity := attributes.get("id"):
        names += ["#" + identity.lower(), f"{tag}#{identity.lower()}"]
    return not selectors.isdisjoint(names)


def look(outer: Look, attributes: Mapping[str, str | None], style: Style, *, unknown_backgrounds: bool) -> Look:
    """The look of an element inside of another: its text is seen again if it sets its own size or colour.

    `unknown_backgrounds`: a style sheet sets some, by class.
    """
    if style.keeps_lines is not None:
        outer = outer._replace(keeps_lines=style.keeps_lines)
    if style.is_struck:
        outer = outer._replace(is_struck=True)
    has_symbols = style.has_symbols
    if has_symbols is None and (face := attributes.get("face")):
        has_symbols = face.lower() == "wingdings"
    if has_symbols is not None and has_symbols != outer.has_symbols:
        outer = outer._replace(has_symbols=has_symbols)
    is_tiny = style.is_tiny
    colour = style.colour or attributes.get("color")
    behind = style.background or attributes.get("bgcolor")
    is_picture = style.has_picture or "background" in attributes
    is_set_elsewhere = unknown_backgrounds and bool(attributes.get("class"))
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
    return Look(tiny, text, background, tiny or is_same, outer.keeps_lines, outer.is_struck, outer.has_symbols)
