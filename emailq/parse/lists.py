"""What stands before the items of a list."""

import re
from collections.abc import Mapping

from emailq.parse.unseen import squeezed

_STYLE_OF_LIST = re.compile(r"list-style(?:-type)?:((?:low|upp)er-(?:alpha|latin|roman))")
_STYLES = {
    "lower-alpha": "a",
    "lower-latin": "a",
    "lower-roman": "i",
    "upper-alpha": "A",
    "upper-latin": "A",
    "upper-roman": "I",
}
_ROMAN = ("", "i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix")


class Numbers:
    """Those of an <ol>: an answer "2. no" says more than "- no"."""

    __slots__ = ("_number", "_style")

    def __init__(self, attributes: Mapping[str, str | None]) -> None:
        self._number = _count(attributes.get("start")) or 1
        style = _STYLE_OF_LIST.search(squeezed(attributes.get("style") or "")) if attributes else None
        self._style = _STYLES[style[1]] if style else attributes.get("type") or ""

    def next(self, value: str | None) -> str:
        number = _count(value) or self._number
        self._number = number + 1
        if self._style in ("a", "A") and number <= 26:
            return f"{chr(ord(self._style) + number - 1)}. "
        if self._style in ("i", "I") and number < 40:
            roman = "x" * (number // 10) + _ROMAN[number % 10]
            return f"{roman.upper() if self._style == 'I' else roman}. "
        return f"{number}. "


def _count(text: str | None) -> int:
    return int(text) if text and text.isascii() and text.isdecimal() and len(text) < 7 else 0
