"""Reads the corpus: hand-written pieces in sections, with the labels that a message made from them will have.

A folder a language. `== kind | intent | sentiment | priority | traits` opens a section; below it `s:` is a subject,
`d:` a detail that fits any message of the section's intent, and any other line a core: what such a message says.
`[high negative]` before a core overrides labels. `== kind | intent` alone holds details only. In frame.txt sections
are named and plain.
"""

import re
from dataclasses import dataclass, field
from pathlib import Path

CORPUS = Path(__file__).parent / "corpus"
SENTIMENTS = ("positive", "neutral", "negative")
PRIORITIES = ("low", "normal", "high", "urgent")


@dataclass(frozen=True, slots=True)
class Core:
    text: str
    sentiment: str
    priority: str


@dataclass(slots=True)
class Section:
    kind: str
    intent: str
    sentiment: str = "neutral"
    priority: str = "normal"
    traits: frozenset[str] = frozenset()
    subjects: list[str] = field(default_factory=list)
    details: list[str] = field(default_factory=list)
    cores: list[Core] = field(default_factory=list)


@dataclass(slots=True)
class Language:
    code: str
    sections: list[Section]
    frame: dict[str, list[str]]
    slots: dict[str, list[str]]

    def details(self, intent: str) -> list[str]:
        return [detail for section in self.sections if section.intent == intent for detail in section.details]


def read_languages(folder: Path = CORPUS) -> list[Language]:
    return [_read_language(path) for path in sorted(folder.iterdir()) if path.is_dir()]


def _read_language(folder: Path) -> Language:
    language = Language(folder.name, [], {}, {})
    for path in sorted(folder.glob("*.txt")):
        lines = [line for line in path.read_text("utf-8").splitlines() if line.strip()]
        match path.stem:
            case "frame":
                _read_frame(lines, language.frame)
            case "slots":
                language.slots.update(read_slots(path))
            case _:
                language.sections += _read_sections(lines)
    return language


def read_slots(path: Path) -> dict[str, list[str]]:
    """Lines such as `name: one; other`."""
    lines = (line.partition(":") for line in path.read_text("utf-8").splitlines() if line.strip())
    return {name: [value.strip() for value in values.split(";")] for name, _, values in lines}


def _read_frame(lines: list[str], frame: dict[str, list[str]]) -> None:
    name = ""
    for line in lines:
        if line.startswith("== "):
            name = line[3:].strip()
        else:
            frame.setdefault(name, []).append(line)


def _read_sections(lines: list[str]) -> list[Section]:
    sections: list[Section] = []
    for line in lines:
        if line.startswith("== "):
            kind, intent, *rest = (part.strip() for part in line[3:].split("|"))
            sentiment, priority, traits = (rest + ["neutral", "normal", ""][len(rest) :])[:3]
            sections.append(Section(kind, intent, sentiment, priority, frozenset(traits.split())))
            continue
        section = sections[-1]
        if line.startswith("s: "):
            section.subjects.append(line[3:])
        elif line.startswith("d: "):
            section.details.append(line[3:])
        else:
            section.cores.append(_core(line, section))
    return sections


def _core(line: str, section: Section) -> Core:
    override = re.match(r"\[([a-z ]+)\] (.*)", line)
    if not override:
        return Core(line, section.sentiment, section.priority)
    words = override.group(1).split()
    if unknown := set(words) - {*SENTIMENTS, *PRIORITIES}:
        raise ValueError(f"unknown label {unknown} in: {line}")
    sentiment = next((word for word in words if word in SENTIMENTS), section.sentiment)
    priority = next((word for word in words if word in PRIORITIES), section.priority)
    return Core(override.group(2), sentiment, priority)
