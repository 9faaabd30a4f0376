"""Text out of mail, made safe for terminals and logs."""

import unicodedata


def printable(text: str, limit: int) -> str:
    """For terminals and logs: one line, at most `limit` characters, everything that is not plain text escaped.

    Control, bidirectional and zero-width characters come out as \\x1b or \\u202e, so that mail can't steer a terminal.
    """
    if len(text) <= limit and text.isascii() and text.isprintable():
        return text
    shown = [c if c.isprintable() and unicodedata.category(c) != "Cf" else _escaped(c) for c in text[:limit]]
    if len(text) <= limit and sum(map(len, shown)) <= limit:
        return "".join(shown)
    room = limit - 1
    kept = []
    for part in shown:
        room -= len(part)
        if room < 0:
            break
        kept.append(part)
    return "".join(kept) + "…"


def _escaped(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")
