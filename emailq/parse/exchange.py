"""What a worker and the processes that parse for it say to each other; apart from the parser, which only they load."""

from dataclasses import dataclass
from typing import NamedTuple


@dataclass(frozen=True, slots=True)
class Site:
    """What the settings say: who we are (see is_ours), which servers are believed, what becomes of attachments."""

    own: frozenset[str]
    authserv_ids: tuple[str, ...]
    scans: bool
    bucket: str | None


class Parsed(NamedTuple):
    """`row`: JSON and texts, for store_parsed_emails. `refusal`: why this can't be worked on, though it is kept."""

    row: tuple[str, ...]
    attachments: list[bytes]
    refusal: str | None
