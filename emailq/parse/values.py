"""Values as the database takes them; apart from the parser, which who takes mail in need not load."""

from datetime import UTC, datetime, timedelta
from typing import Any

from emailq.parse.addresses import Address


def plausible(moment: datetime | None) -> datetime | None:
    """None for a date before e-mail or more than two days ahead; PostgreSQL and people can't use those."""
    if moment is None or moment.tzinfo is None:
        return None
    try:
        moment = moment.astimezone(UTC)
    except (OverflowError, ValueError):
        return None
    return moment if datetime(1980, 1, 1, tzinfo=UTC) <= moment <= datetime.now(UTC) + timedelta(days=2) else None


def address_key(address: Address) -> str:
    return address.email.lower()[:500]


_LISTS = (list, tuple)  # asked for `list | tuple`, isinstance takes three times as long


def scrub(value: Any) -> Any:
    """PostgreSQL takes neither NUL nor lone surrogates; this is the one place that sees to it."""
    if isinstance(value, str):
        return value if value.isascii() and "\x00" not in value else _clean(value)
    if isinstance(value, _LISTS):  # most strings need no call, and there are many in a header
        return [item if type(item) is str and item.isascii() and "\x00" not in item else scrub(item) for item in value]
    if isinstance(value, dict):
        return {key: scrub(item) for key, item in value.items()}
    return value


def _clean(text: str) -> str:
    return text.replace("\x00", "\ufffd").encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
