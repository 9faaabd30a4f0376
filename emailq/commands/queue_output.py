"""How queues and workers look in the terminal."""

import time
from collections.abc import Callable, Sequence
from typing import Any

from rich.console import Group
from rich.live import Live
from rich.table import Table

from emailq.render import console, moment, safe, table


def print_status(rows: Sequence[dict[str, Any]]) -> None:
    console().print(_status_table(rows))


def watch_status(
    read: Callable[[], tuple[Sequence[dict[str, Any]], Sequence[dict[str, Any]]]], interval_s: float
) -> None:
    """Queues and workers, anew each `interval_s` until Ctrl-C; on a terminal in place, else one after the other."""
    out = console()
    with Live(console=out, auto_refresh=False, screen=out.is_terminal) as live:
        while True:
            queues, workers = read()
            live.update(_top(queues, workers), refresh=True)
            time.sleep(interval_s)


def _top(queues: Sequence[dict[str, Any]], workers: Sequence[dict[str, Any]]) -> Group:
    who = table("worker", "host", "pid", "queues", "running", "up since")
    for row in workers:
        who.add_row(
            str(row["id"]),
            safe(row["host"], 40),
            str(row["pid"]),
            safe(", ".join(row["queues"]), 60),
            _count(row["processing"]),
            moment(row["started_at"]),
        )
    due, done = sum(row["pending"] for row in queues), sum(row["rate_per_s"] for row in queues)
    failed = sum(row["failed"] for row in queues)
    figures = f"{due:,} due, {_rate(done)} done, {failed:,} failed, {len(workers)} workers"
    head = f"[bold]emailq[/]  {figures}  [bright_black]Ctrl-C ends[/]"
    return Group(head, "", _status_table(queues), "", who if workers else "[yellow]no worker is connected[/]")


def _status_table(rows: Sequence[dict[str, Any]]) -> Table:
    """What a narrow terminal has no room for is left out."""
    cells: dict[str, Callable[[dict[str, Any]], str]] = {
        "queue": lambda row: safe(row["queue_name"], 50),
        "pending": lambda row: _count(row["pending"]),
        "scheduled": lambda row: _count(row["scheduled"]),
        "running": lambda row: _count(row["processing"]),
        "failed": lambda row: _count(row["failed"], "red"),
        "oldest": lambda row: _duration(row["oldest_s"]),
        "rate": lambda row: _rate(row["rate_per_s"]),
        "drained in": lambda row: _duration(row["drain_s"]),
        "workers": lambda row: _count(row["workers"]),
        "state": _queue_state,
    }
    width = console().width
    lacking = {"scheduled", "drained in", "workers"} if width < 100 else set()
    lacking |= {"running", "rate", "oldest"} if width < 60 else set()
    names = [name for name in cells if name not in lacking]
    found = table(*names)
    for row in rows:
        found.add_row(*(cells[name](row) for name in names))
    return found


def _queue_state(row: dict[str, Any]) -> str:
    reason = f": {safe(row['reason'], 60)}" if row["reason"] else ""
    if row["paused"]:
        return f"[yellow]paused{reason}[/]"
    if row["waiting_for_dependency"]:
        return f"[red]waits{reason}[/]"
    if row["pending"] and not row["workers"]:
        return "[yellow]no worker[/]"
    return "[green]ok[/]"


def _count(value: int, colour: str = "") -> str:
    text = f"{value:,}" if value else "-"
    return f"[{colour}]{text}[/]" if colour and value else text


def _rate(per_s: float) -> str:
    """A tenth a second is the least that one decimal shows; below, it is told by the minute."""
    if not per_s:
        return "-"
    return f"{per_s:.1f}/s" if per_s >= 0.1 else f"{per_s * 60:.0f}/min"


def _duration(seconds: float | None) -> str:
    if seconds is None:
        return "-"
    for limit, unit, name in ((90, 1, "s"), (5400, 60, "min"), (129_600, 3600, "h")):
        if seconds < limit:
            return f"{seconds / unit:.0f} {name}"
    return f"{seconds / 86_400:.0f} d"
