"""Replies as people and the mail programs of nineteen languages write them: what is new, with and without signatures.

tests/parse/clients: words.txt has what is written in each language; [abc].txt what each program sets above the
message that it quotes, with ">" behind the language where it marks each quoted line. In people-*.txt each line says
whose it is (n new, q quoted, s signature), below the author (a) where known, "Ann" or "Ann <a@b.example>"; in html*.txt
a page is followed by what is new in it, and the author may stand behind its title.
"""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from textwrap import wrap

import pytest

from emailq.parse.replies import SplitText, split_reply
from emailq.parse.text import html_to_text

Marked = list[tuple[str, str]]  # (whose it is, line)
FOLDER = Path(__file__).parent / "clients"


def sections(name: str) -> Iterator[tuple[list[str], str]]:
    """(words of the title, text) of each "=== title" in a file."""
    for section in re.split(r"(?m)^=== ", (FOLDER / name).read_text("utf-8"))[1:]:
        title, _, text = section.partition("\n")
        yield title.split(), text.removesuffix("\n")


def said_in(language: str) -> dict[str, list[str]]:
    """By "new", "old" and "sig"."""
    said: dict[str, list[str]] = {"new": [], "old": [], "sig": [""]}
    for line in {title[0]: text for title, text in sections("words.txt")}[language].split("\n"):
        kind, _, text = line.partition(": ")
        said[kind].append(text.replace("|", "\n"))
    return said


def replies(name: str) -> Iterator[tuple[str, str, str]]:
    """(name of the form, text, what is new in it)."""
    for (program, language, *marks), above in sections(name):
        said = said_in(language)
        new, old = "\n".join(said["new"]), said["old"]
        is_marked = bool(marks) or above.startswith("> ")
        quoted = "\n".join(f"> {line}" for line in old) if is_marked else "\n".join(old)
        for number, signature in enumerate(said["sig"]):
            text = "\n\n".join(part for part in (new, signature, f"{above}\n{quoted}") if part)
            yield f"{program}-{language}-{number}", text, new
        if marks:
            yield f"{program}-{language}-inline", f"{above}\n> {old[0]}\n\n{new}\n\n> {old[1]}\n", new
            yield f"{program}-{language}-below", f"{above}\n{quoted}\n\n{new}\n\n{said['sig'][1]}\n", new


@pytest.mark.parametrize("name", ["a.txt", "b.txt", "c.txt"])
def test_replies_of_mail_programs_are_split_in_every_language(name: str) -> None:
    given = list(replies(name))

    wrong = [form for form, text, new in given if split_reply(text).new.split() != new.split()]

    assert len(given) > 400
    assert not wrong


def split(marked: Marked) -> SplitText:
    author = next((line for mark, line in marked if mark == "a"), "")
    name, _, address = author.partition(" <")
    return split_reply(
        "\n".join(line for mark, line in marked if mark != "a"), name or None, address.rstrip(">") or None
    )


@pytest.mark.parametrize("name", sorted(path.name for path in FOLDER.glob("people-*.txt")))
def test_each_line_of_what_people_write_goes_where_its_mark_says(name: str) -> None:
    wrong = []
    for (title,), text in sections(name):
        marked = [(line[:1], line[2:]) for line in text.split("\n")]
        expected = ["\n".join(line for mark, line in marked if mark == wanted).split() for wanted in "nqs"]
        found = split(marked)
        parts = [part.split() for part in (found.new, found.quoted, found.signature)]
        if parts != expected or found.forwarded != title.startswith("forward"):
            wrong.append(title)

    assert not wrong


@pytest.mark.parametrize("name", sorted(path.name for path in FOLDER.glob("html*.txt")))
def test_replies_in_html_are_split_as_each_mail_program_writes_them(name: str) -> None:
    wrong = []
    for (title, *author), text in sections(name):
        html, _, new = text.rpartition("\n--- ")
        if split_reply(html_to_text(html), " ".join(author)).new.split() != new.split():
            wrong.append(title)

    assert not wrong


SMALL_PRINT = (
    "This e-mail is confidential and intended solely for the addressee. If it is not for you, please delete it."
)


def with_small_print(marked: Marked) -> Marked:
    """Below a text that ends without history; there it would be of the history."""
    return marked if marked[-1][0] == "q" else [*marked, ("s", ""), ("s", SMALL_PRINT)]


def wrapped(marked: Marked) -> Marked:
    return [
        (mark, part) for mark, line in marked for part in (line.startswith(">") and [line]) or wrap(line, 70) or [""]
    ]


def double_spaced(marked: Marked) -> Marked:
    return [part for mark, line in marked for part in [(mark, line)] + [(mark, "")] * (mark != "q")]


def with_hard_blanks(marked: Marked) -> Marked:
    return [(mark, line if line.startswith(">") else line.replace(" ", "\u00a0")) for mark, line in marked]


def without_blank_lines(marked: Marked) -> Marked:
    return [(mark, line) for mark, line in marked if line.strip()]


@pytest.mark.parametrize("change", [with_small_print, wrapped, double_spaced, with_hard_blanks, without_blank_lines])
def test_what_mail_programs_do_to_a_text_changes_the_owner_of_hardly_a_line(change: Callable[[Marked], Marked]) -> None:
    wrong, count = [], 0
    for path in FOLDER.glob("people-*.txt"):
        for (title,), text in sections(path.name):
            lines = [(line[:1], line[2:]) for line in text.split("\n")]
            author = [(mark, line) for mark, line in lines if mark == "a"]
            changed = change([(mark, line) for mark, line in lines if mark != "a"])
            expected = ["\n".join(line for mark, line in changed if mark == wanted).split() for wanted in "nqs"]
            found = split(author + changed)
            wrong += [title] * ([part.split() for part in (found.new, found.quoted, found.signature)] != expected)
            count += 1

    assert len(wrong) < count / 50, wrong
