"""Patterns of many phrases that ignore case, several times as fast as re.IGNORECASE: for texts in lower case."""

import re


def in_lower_case(pattern: str, flags: int = 0) -> re.Pattern[str]:
    """A pattern, written in lower case, for texts that went through `lower`."""
    return re.compile(pattern.replace("ı", "i"), flags)


def one_of(table: str, before: str = "", after: str = "") -> re.Pattern[str]:
    """A pattern of which each line of `table` is an alternative."""
    lines = "|".join(line.strip() for line in table.strip().splitlines())
    return in_lower_case(f"{before}(?:{lines}){after}")


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
