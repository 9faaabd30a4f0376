"""A bar on a terminal; what draws it is loaded only where there is one."""

import sys
from collections.abc import Callable
from threading import Thread
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from rich.progress import Progress as Bar


class Progress:
    """A bar on stderr; nothing where stderr is no terminal. `total` is asked beside it, if there is one."""

    def __init__(self, label: str, *, enabled: bool, total: Callable[[], int] | None = None) -> None:
        self._bar = _bar(label) if enabled and sys.stderr.isatty() else None
        self._total = total

    def __enter__(self) -> "Progress":
        if self._bar:
            self._bar.start()
            self._task = self._bar.add_task("", total=None)
            if self._total:
                Thread(target=self._measure, args=(self._bar, self._total), daemon=True).start()
        return self

    def __exit__(self, *exc: object) -> None:
        if self._bar:
            self._bar.stop()

    def advance(self, amount: int) -> None:
        if self._bar:
            self._bar.advance(self._task, amount)

    def show(self, done: int, total: int) -> None:
        if self._bar:
            self._bar.update(self._task, completed=done, total=total)

    def print(self, line: str) -> None:
        """A line on stderr, above the bar."""
        if self._bar:
            self._bar.console.print(line, markup=False, highlight=False, soft_wrap=True)
        else:
            click.echo(line, err=True)

    def _measure(self, bar: "Bar", total: Callable[[], int]) -> None:
        bar.update(self._task, total=total() or None)


def _bar(label: str) -> "Bar":
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

    columns = (TextColumn(label), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    return Progress(*columns, console=Console(stderr=True), transient=True)
