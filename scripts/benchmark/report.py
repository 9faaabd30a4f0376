"""The report of the queue's benchmark: one table side by side, one of the goals, and under what conditions."""

import os
import platform
import statistics
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from scripts.benchmark.figures import Figures, number, table
from scripts.benchmark.picture import bars
from scripts.benchmark.system import System

NO_OP_1, NO_OP_2 = "no-op jobs, 1 process", "no-op jobs, 2 processes"
WAIT = "5-ms jobs, 1 process"
WORKER_CPU, DATABASE_CPU = "worker CPU", "database CPU"
BULK = "enqueue in bulk"
PICKUP = "pickup by an idle worker, p{}"

_COLUMNS = (NO_OP_1, NO_OP_2, WAIT, WORKER_CPU, DATABASE_CPU, BULK, PICKUP.format(50), PICKUP.format(99))
_PICTURE = "queue-benchmark.svg"


def report(figures: Figures, systems: Sequence[System], command: str, shares: Sequence[float]) -> str:
    """Markdown."""
    return "\n\n".join(
        (
            conditions(command, shares),
            _side_by_side(figures, systems),
            _systems(systems),
            "emailq and its goals:",
            table([one for one in figures.all.values() if one.system == "emailq"]),
        )
    )


def write_docs(text: str, figures: Figures, systems: Sequence[System], page: Path) -> None:
    """Puts the report between the page's marks, and the picture beside the page."""
    write_between(page, "measured", text)
    rows = [(one.name, [figures.of(kind, one.name) for kind in (NO_OP_1, NO_OP_2)]) for one in systems]
    shown = [row for row in rows if any(row[1])]
    if shown:
        picture = bars(
            "No-op jobs a second: median, and from the slowest to the fastest run", ("1 process", "2"), shown
        )
        (page.parent / _PICTURE).write_text(picture)


def write_between(page: Path, mark: str, text: str) -> None:
    """Replaces what stands between <!-- mark: begin --> and <!-- mark: end -->."""
    begin, end = f"<!-- {mark}: begin -->", f"<!-- {mark}: end -->"
    before, _, rest = page.read_text().partition(begin)
    after = rest.partition(end)[2]
    page.write_text(f"{before}{begin}\n{text}\n{end}{after}")


def conditions(command: str, shares: Sequence[float]) -> str:
    others = f"{statistics.median(shares):.0%} (at most {max(shares):.0%})" if shares else "not measured"
    return (
        f"Measured {datetime.now(UTC):%Y-%m-%d %H:%M} UTC with `{command}`: {os.cpu_count()} cores ({_cpu()}), Linux"
        f" {platform.release().split('-')[0]}, Python {platform.python_version()}. Other programs had {others} of the"
        " machine's time meanwhile: with more than a tenth, rates tell less than ratios of the same run."
    )


def _cpu() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(": ")[2]
    return platform.machine()


def _side_by_side(figures: Figures, systems: Sequence[System]) -> str:
    columns = [name for name in _COLUMNS if any(figures.of(name, one.name) for one in systems)]
    units = {one.name: one.unit for one in figures.all.values()}
    head = "| queue | " + " | ".join(f"{name}, {units[name]}" for name in columns) + " |"
    lines = [head, "|---|" + "---:|" * len(columns)]
    for one in systems:
        cells = [figures.of(name, one.name) for name in columns]
        if any(cells):
            texts = [_cell(figure.median, figure.runs) if figure else "–" for figure in cells]
            lines.append(f"| {one.name} | " + " | ".join(texts) + " |")
    return "\n".join(lines)


def _cell(median: float, runs: Sequence[float]) -> str:
    if len(runs) == 1:
        return f"**{number(median)}**"
    return f"**{number(median)}** ({number(min(runs))}–{number(max(runs))}; {len(runs)})"


def _systems(systems: Sequence[System]) -> str:
    lines = ["| queue | version | settings | what the comparison hides |", "|---|---|---|---|"]
    lines += [f"| {one.name} | {one.version} | {one.settings} | {one.unfair} |" for one in systems]
    return "\n".join(lines)
