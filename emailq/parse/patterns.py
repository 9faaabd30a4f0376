"""Patterns of many phrases that ignore case, several times as fast as re.IGNORECASE: for texts in lower case."""

import re


def in_lower_case(pattern: str, flags: int = 0) -> re.Pattern[str]:
    """A pattern, written in lower case, for texts that went through `lower`."""
    return re.compile(pattern.replace("ı", "i"), flags)


def one_of(table: str, before: str = "", after: str = "") -> re.Pattern[str]:
    """A pattern of which each line of `table` is an alternative.

    What alternatives begin with alike is looked at once, which is several times as fast; and `re` enters a group
    at each character, but an alternative only where its first letter stands.
    """
    lines = "|".join(line.strip() for line in table.splitlines() if line.strip())
    return in_lower_case(f"{before}(?:{_factored(_spread(_alternatives(lines)))}){after}")


def _alternatives(pattern: str) -> list[list[str]]:
    """Of each alternative its pieces: a character, class or group, with how often it stands there."""
    found: list[list[str]] = [[]]
    group, depth = "", 0
    for token in _TOKEN.findall(pattern):
        depth += token == "("
        if depth:
            group += token
            depth -= token == ")"
            if depth == 0:
                found[-1].append(group)
                group = ""
        elif token == "|":
            found.append([])
        elif token[0] in "?*+{":
            found[-1][-1] += token
        else:
            found[-1].append(token)
    return found


def _spread(alternatives: list[list[str]]) -> list[list[str]]:
    """Without groups at their begin: of "(?:mail|post)box" are made "mailbox" and "postbox"."""
    found: list[list[str]] = []
    for pieces in alternatives:
        if pieces and pieces[0].startswith("(?:") and pieces[0].endswith(")"):
            found += _spread([[*inner, *pieces[1:]] for inner in _alternatives(pieces[0][3:-1])])
        else:
            found.append(pieces)
    return found


def _factored(alternatives: list[list[str]]) -> str:
    """One pattern of them all, in which those with the same first piece share it."""
    rests: dict[str, list[list[str]]] = {}
    for pieces in alternatives:
        rests.setdefault(pieces[0] if pieces else "", []).append(pieces[1:])
    parts = []
    for first, rest in rests.items():
        if len(rest) == 1 or not first:
            parts.append("".join((first, *rest[0])))
        else:
            parts.append(f"{first}(?:{_factored(rest)})")
    return "|".join(parts)


_TOKEN = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|[?*+][?+]?|\{\d*,?\d*\}[?+]?|.", re.DOTALL)


def lower(text: str) -> str:
    """`text` in as many lower-case characters; those are one that re.IGNORECASE takes for one."""
    if not text.isascii():
        text = text.replace("İ", "i").replace("ı", "i").replace("ſ", "s")
    return text.lower()


def words_of(table: str) -> tuple[str, ...]:
    """Those between bars and ends of lines, as `lower` makes them; a blank at an end is written as "_"."""
    return tuple(lower(word.strip()).replace("_", " ") for word in table.strip().replace("\n", "|").split("|"))


def has_any(words: tuple[str, ...], text: str) -> bool:
    """Whether one of `words` is in `text`."""
    for word in words:  # noqa: SIM110 - half as long as any()
        if word in text:
            return True
    return False
