"""Where the cells of a table stand: each column of a row has its bar, also where cells span several."""

from bisect import bisect_left
from collections.abc import Mapping

_MOST = 40  # columns that are counted
_DATA = 3  # cells with text, in a row that tells what the columns are
_FEW = 3  # such rows, with less of which only the first is a heading over others


class Cell:
    """A cell of a page: the text that it is in, where in that it begins, how many columns and rows it spans."""

    __slots__ = ("columns", "content", "out", "rows", "start")

    def __init__(self, out: list[str], attributes: Mapping[str, str | None]) -> None:
        self.out = out
        self.start = len(out)
        self.content = 0  # 0: none, 1: one line, more: several, as text.py says
        self.columns = _span(attributes.get("colspan")) if attributes else 1
        self.rows = _span(attributes.get("rowspan")) if attributes else 1


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
        is_heading = is_heading and all(cell.content <= 1 for cell in cells)
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
