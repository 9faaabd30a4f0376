"""What the commands' output has in common. Everything that comes from mail goes through `safe` or `printable`."""

from datetime import datetime

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from emailq.printable import printable

INTENT_COLOURS = {
    "order": "green",
    "invoice": "cyan",
    "complaint": "red",
    "inquiry": "yellow",
    "newsletter": "bright_black",
    "spam": "magenta",
    "other": "white",
}


def console() -> Console:
    """Standard output; wide enough for a table where there is no terminal to ask. `:car:` in mail stays as it is."""
    found = Console(highlight=False, emoji=False)
    return found if found.is_terminal else Console(highlight=False, emoji=False, width=140)


def safe(text: str | None, limit: int) -> str:
    """Text from mail: nothing in it moves the cursor, or passes for our own markup."""
    return escape(printable(text or "", limit))


def intent_text(intent: str | None) -> str:
    return f"[{INTENT_COLOURS.get(intent, 'white')}]{intent}[/]" if intent else "-"


def percent(value: float | None) -> str:
    return "-" if value is None else f"{value:.0%}"


def moment(value: datetime | str | None) -> str:
    if value is None:
        return "-"
    at = value if isinstance(value, datetime) else datetime.fromisoformat(value)
    return at.strftime("%Y-%m-%d %H:%M")


def table(*names: str) -> Table:
    made = Table(box=None, pad_edge=False, header_style="bold bright_black", padding=(0, 2, 0, 0))
    numbers = {"pending", "scheduled", "running", "failed", "oldest", "rate", "drained in", "workers", "conf"}
    for name in names:
        made.add_column(
            name,
            justify="right" if name in numbers else "left",
            no_wrap=name in ("id", "received", "from"),
            min_width=14 if name == "queue" else None,  # classification: commands want it whole
        )
    return made
