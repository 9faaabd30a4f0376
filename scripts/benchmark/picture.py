"""Bars of one figure for each system, as an SVG that needs no script and no font."""

from collections.abc import Sequence
from html import escape

from scripts.benchmark.figures import Figure, number

_LEFT, _WIDTH, _BAR, _GAP, _TOP = 190, 720, 15, 14, 58
_COLOURS = ("#0b7285", "#8fd0da")
_STYLE = (
    "text{font:13px system-ui,sans-serif;fill:#222}.title{font-weight:600;font-size:15px}.range{stroke:#444}"
    "@media(prefers-color-scheme:dark){text{fill:#ddd}.range{stroke:#bbb}}"
)


def bars(title: str, kinds: Sequence[str], rows: Sequence[tuple[str, Sequence[Figure | None]]]) -> str:
    """A row a system, a bar a kind: the median, with a line from the slowest run to the fastest."""
    most = max(max(figure.runs) for _, figures in rows for figure in figures if figure)
    row_height = _BAR * len(kinds) + _GAP
    height = _TOP + row_height * len(rows) + 6
    parts = [f'<text class="title" x="8" y="20">{escape(title)}</text>']
    for n, kind in enumerate(kinds):
        x = _LEFT + 150 * n
        parts.append(f'<rect x="{x}" y="32" width="12" height="12" fill="{_COLOURS[n]}"/>')
        parts.append(f'<text x="{x + 18}" y="43">{escape(kind)}</text>')
    for row, (name, figures) in enumerate(rows):
        y = _TOP + row_height * row
        parts.append(
            f'<text x="{_LEFT - 10}" y="{y + _BAR * len(kinds) / 2 + 5:g}" text-anchor="end">{escape(name)}</text>'
        )
        for n, figure in enumerate(figures):
            if figure:
                parts += _bar(figure, y + _BAR * n, (_WIDTH - _LEFT - 90) / most, _COLOURS[n])
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{height}"'
        f' viewBox="0 0 {_WIDTH} {height}" role="img" aria-label="{escape(title)}"><style>{_STYLE}</style>\n'
        + "\n".join(parts)
        + "\n</svg>\n"
    )


def _bar(figure: Figure, y: float, scale: float, colour: str) -> list[str]:
    end, least, most = (_LEFT + value * scale for value in (figure.median, min(figure.runs), max(figure.runs)))
    middle = y + _BAR / 2
    return [
        f'<rect x="{_LEFT}" y="{y:g}" width="{end - _LEFT:.1f}" height="{_BAR - 2}" fill="{colour}"/>',
        f'<line class="range" x1="{least:.1f}" x2="{most:.1f}" y1="{middle - 1:g}" y2="{middle - 1:g}"/>',
        f'<text x="{most + 6:.1f}" y="{y + _BAR - 3:g}">{number(figure.median)}</text>',
    ]
