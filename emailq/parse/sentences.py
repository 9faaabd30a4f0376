"""A text in pieces that can each be a request of its own: sentences, and lines where those are shorter."""

import re

_LIMIT = 40  # pieces; the last one holds the rest
_END = re.compile(r"(?<=[.!?。！？])\s+(?=[^\W\d_a-zа-яё]|¿|¡|\d+\s)|(?<=[。！？])|\n+")


def sentences(text: str) -> list[str]:
    """The pieces in order, none empty; the same text always has the same pieces, so their numbers can be stored."""
    pieces = [piece.strip() for piece in _END.split(text, maxsplit=4 * _LIMIT) if piece and piece.strip()]
    return [*pieces[: _LIMIT - 1], "\n".join(pieces[_LIMIT - 1 :])] if len(pieces) > _LIMIT else pieces
