"""text/enriched (RFC 1896) and its forerunner text/richtext (RFC 1341 §7.1.3) → text."""

import re

_TOKENS = re.compile(r"<<|<(/?)([A-Za-z0-9-]{1,60})>|\n+")
_UNSEEN = frozenset(["param", "comment"])
_BREAKS = {"nl": "\n", "np": "\n\n", "lt": "<"}  # of richtext, which has no end tags for them


def to_text(enriched: str, *, is_richtext: bool = False) -> str:
    """Without commands; a line break alone is a space, several are one fewer, and all stay inside of <nofill>.

    What is an <excerpt> of other mail has ">" before each line. Linear in the text.
    """
    out: list[str] = []
    verbatim = unseen = 0
    at = 0
    for token in _TOKENS.finditer(enriched):
        if not unseen:
            out.append(enriched[at : token.start()])
        at = token.end()
        command = (token[2] or "").lower()
        step = -1 if token[1] else 1
        if command in _UNSEEN:
            unseen = max(0, unseen + step)
        elif unseen:
            continue
        elif not command:
            out.append("<" if token[0] == "<<" else _breaks(len(token[0]), verbatim > 0, is_richtext))
        elif command == "nofill":
            verbatim = max(0, verbatim + step)
        elif command == "excerpt":
            out.append(f"\n{_QUOTE if step > 0 else _UNQUOTE}")
        elif is_richtext:
            out.append(_BREAKS.get(command, "\n" if command == "paragraph" else ""))
    if not unseen:
        out.append(enriched[at:])
    return _quoted("".join(out)).strip("\n")


_QUOTE, _UNQUOTE = "\x01", "\x02"


def _breaks(count: int, is_verbatim: bool, is_richtext: bool) -> str:
    if is_verbatim:
        return "\n" * count
    return " " if is_richtext or count == 1 else "\n" * (count - 1)


def _quoted(text: str) -> str:
    """The marks of excerpts as ">" before their lines."""
    if _QUOTE not in text:
        return text
    depth = 0
    lines = []
    for line in text.split("\n"):
        depth += line.count(_QUOTE) - line.count(_UNQUOTE)
        words = line.replace(_QUOTE, "").replace(_UNQUOTE, "").strip(" ")
        lines.append(f"{'>' * min(max(depth, 0), 10)} {words}" if depth > 0 and words else words)
    return "\n".join(lines)
