"""Tables of a page as lines of text: the cells of a row in one line, with a bar for each column between them."""

import re
from bisect import bisect_left
from collections.abc import Mapping

from emailq.parse.marks import BLANK, BREAKS, BROKEN, LINE, PARAGRAPH, QUOTE, SIGNATURE, SIGNED, UNQUOTE

_MOST = 40  # columns that are counted
_DATA = 3  # cells with text, in a row that tells what the columns are
_FEW = 3  # such rows, with less of which only the first is a heading over others
_UNJOINED = frozenset(f"{QUOTE}{UNQUOTE}{SIGNATURE}{SIGNED}{BLANK}")  # in cells
_CELL_PIECES = 50  # looked at, so that tables in tables stay linear
_CELL_LINES, _CELL_LENGTH = 4, 200  # at most, of a cell whose lines are joined
_EMPTY, _ONE_LINE, _FEW_LINES, _MANY_LINES = range(4)  # what a cell has
_CELL_BREAK = re.compile(f"[ \n{LINE}{PARAGRAPH}]*[\n{LINE}{PARAGRAPH}][ \n{LINE}{PARAGRAPH}]*")


class Cell:
    """A cell of a page: the text that it is in, where in that it begins, how many columns and rows it spans."""

    __slots__ = ("columns", "content", "out", "rows", "start")

    def __init__(self, out: list[str], attributes: Mapping[str, str | None]) -> None:
        self.out = out
        self.start = len(out)
        self.content = _EMPTY
        self.columns = _span(attributes.get("colspan")) if attributes else 1
        self.rows = _span(attributes.get("rowspan")) if attributes else 1

    def end(self) -> None:
        """One of a line stays in the line of its row, though Word sets a paragraph into each."""
        self.content = _MANY_LINES
        if len(self.out) <= self.start + _CELL_PIECES:
            text = "".join(self.out[self.start :]).strip(BREAKS)
            self.content = _content(text)
            if self.content == _ONE_LINE:
                self.out[self.start :] = [text]


def _span(value: str | None) -> int:
    return min(int(value), 1000) or 1 if value and value.isascii() and value.isdecimal() and len(value) < 7 else 1


class Grid:
    """The columns of one table."""

    __slots__ = ("_begun", "_data_rows", "_has_heading", "_held", "_row", "_uneven")

    def __init__(self) -> None:
        self._begun: set[int] = set()  # columns with which a cell of the data begins
        self._held: dict[int, int] = {}  # the row with which a column is free again of a cell that spans rows
        self._row = self._data_rows = 0
        self._has_heading = False
        # rows in which cells span others: their columns, and with how many rows of data their place is known
        self._uneven: list[tuple[list[Cell], list[int], int]] = []

    def add(self, cells: list[Cell], full: int) -> None:
        """A row that ended; `full` of its cells have text."""
        self._row += 1
        if len(cells) > _MOST:
            return
        column, columns, is_below, is_wide = 0, [], False, False
        for cell in cells:
            while self._held and self._held.get(column, 0) > self._row:
                column += 1
                is_below = True
            columns.append(column)
            if cell.rows > 1:
                until = self._row + cell.rows
                self._held.update(dict.fromkeys(range(column, min(column + cell.columns, _MOST)), until))
            is_wide = is_wide or cell.columns > 1
            column += cell.columns
        if full < 2:
            return
        is_heading = not self._has_heading or (full >= _DATA and not self._data_rows)
        is_heading = is_heading and all(cell.content <= _ONE_LINE for cell in cells)
        self._has_heading = True
        if full >= _DATA:
            self._begun.update(columns)
            self._data_rows += 1
        if is_below or (is_wide and (is_heading or full >= _DATA)):
            self._uneven.append((cells, columns, 0 if is_below or is_heading else _FEW))

    def set_bars(self) -> None:
        """As many in front of a cell as there are columns between it and the one before."""
        begun = sorted(self._begun)
        for cells, columns, least in self._uneven:
            if self._data_rows < least:
                continue
            place = 0
            for number, (cell, column) in enumerate(zip(cells, columns, strict=True)):
                bars = bisect_left(begun, column) - place
                place += bars
                cell.out[cell.start - 1] = " | " * max(bars, number > 0)


def set_row(out: list[str], cells: list[Cell]) -> int:
    """A row that ended in `out`. How many of its cells have text; 0 where they are no row."""
    contents = [cell.content for cell in cells]
    full = len(cells) - contents.count(_EMPTY)
    if full == 1 and len(cells) > 1:
        for cell in cells:
            cell.out[cell.start - 1] = " "  # no bars around it
    elif full > 1 and max(contents) > _ONE_LINE and not _set_into_lines(out, cells):
        return 0
    return full


def _set_into_lines(out: list[str], cells: list[Cell]) -> bool:
    """Cells of few lines are joined where the next one would go on in the last of them.

    False for two columns of a page, which stand one below the other.
    """
    full = [cell for cell in cells if cell.content != _EMPTY]
    contents = [cell.content for cell in full]
    if len(full) == 2 and min(contents) > _ONE_LINE:
        if contents == [_FEW_LINES, _FEW_LINES] and (rows := _pairs(out, full)):
            out[full[0].start :] = [rows]
        else:
            out[full[1].start - 1] = PARAGRAPH
        return False
    is_amount = len(full) == 2 and contents[1] == _ONE_LINE and _is_amount("".join(out[full[1].start :]))
    if max(contents) == _FEW_LINES and (len(full) > 2 or is_amount):
        _join_lines(out, cells)
    return True


def _join_lines(out: list[str], cells: list[Cell]) -> None:
    """Make one line of each cell with a few, in the text that ends with them."""
    ends = [*(cell.start - 1 for cell in cells[1:]), len(out)]
    row: list[str] = []
    begin = cells[0].start - 1
    for cell, end in zip(cells, ends, strict=True):
        pieces = out[cell.start : end]
        row.append(out[cell.start - 1])
        cell.start = begin + len(row)
        if cell.content == _FEW_LINES:
            pieces = [_CELL_BREAK.sub(" ", "".join(pieces).strip(BREAKS))]
            cell.content = _ONE_LINE
        row += pieces
    out[begin:] = row


def _pairs(out: list[str], cells: list[Cell]) -> str:
    """The lines of two cells as rows, where the first names what stands in the second: "Date:"; else ""."""
    parts = ("".join(out[cells[0].start : cells[1].start - 1]), "".join(out[cells[1].start :]))
    names, values = (_CELL_BREAK.split(part.strip(BREAKS)) for part in parts)
    if len(names) != len(values) or not all(name.endswith(":") for name in names):
        return ""
    return LINE.join(f"{name} | {value}" for name, value in zip(names, values, strict=True))


def _content(text: str) -> int:
    """What a cell has: as many lines as can be joined, or others."""
    if not text:
        return _EMPTY
    if BROKEN.isdisjoint(text):
        return _ONE_LINE
    if len(text) > _CELL_LENGTH or not _UNJOINED.isdisjoint(text) or " | " in text:
        return _MANY_LINES
    return _FEW_LINES if len(_CELL_BREAK.findall(text)) < _CELL_LINES else _MANY_LINES


def _is_amount(text: str) -> bool:
    """ "20 pcs", "€ 24.00", but no telephone number."""
    text = text.strip(BREAKS)
    is_number = text[0] in "+(" or (text[0] == "0" and text[1:2].isdigit())
    return len(text) <= 20 and any(map(str.isdigit, text)) and sum(map(str.isalpha, text)) <= 4 and not is_number
