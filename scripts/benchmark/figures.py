"""What was measured: figures with all their runs, and how they are told."""

import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field


@dataclass
class Figure:
    """One thing measured of one system, once a run. `goal` is the least (or with `at_most` the greatest) to reach."""

    name: str
    system: str
    unit: str
    runs: list[float] = field(default_factory=list)
    goal: float | None = None
    at_most: bool = False

    @property
    def median(self) -> float:
        return statistics.median(self.runs)

    @property
    def reached(self) -> bool | None:
        if self.goal is None:
            return None
        return self.median <= self.goal if self.at_most else self.median >= self.goal


class Figures:
    """All figures of one benchmark, in the order in which they were first seen."""

    def __init__(self) -> None:
        self.all: dict[tuple[str, str], Figure] = {}

    def add(
        self, name: str, system: str, value: float, unit: str, *, goal: float | None = None, at_most: bool = False
    ) -> None:
        figure = self.all.setdefault((name, system), Figure(name, system, unit, goal=goal, at_most=at_most))
        figure.runs.append(value)

    def of(self, name: str, system: str = "emailq") -> Figure | None:
        return self.all.get((name, system))

    def ratio(self, name: str, over: str, label: str, *, goal: float | None = None, system: str = "emailq") -> None:
        """Adds the rate of emailq, in one of its forms, over another's, run by run."""
        ours, theirs = self.of(name, system), self.of(name, over)
        if ours and theirs:
            for mine, other in zip(ours.runs, theirs.runs, strict=False):
                self.add(label, system, mine / other, "×", goal=goal)


def percentile(values: Iterable[float], percent: float) -> float:
    """The smallest value that so many percent of all do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))]


def table(figures: Sequence[Figure]) -> str:
    """A Markdown table, ratios first."""
    lines = ["| figure | system | median | range (runs) | goal | |", "|---|---|---:|---:|---:|---|"]
    lines += [_row(figure) for figure in sorted(figures, key=lambda one: one.unit != "×")]
    return "\n".join(lines)


def _row(one: Figure) -> str:
    goal = "" if one.goal is None else f"{'≤' if one.at_most else '≥'} {number(one.goal)}"
    verdict = {None: "", True: "reached", False: "**missed**"}[one.reached]
    spread = f"{number(min(one.runs))}–{number(max(one.runs))} ({len(one.runs)})"
    unit = one.unit if one.unit == "×" else f" {one.unit}"
    return f"| {one.name} | {one.system} | {number(one.median)}{unit} | {spread} | {goal} | {verdict} |"


def number(value: float) -> str:
    """Three digits that count."""
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.3g}" if abs(value) < 100 else f"{value:.0f}"
