"""The other queues' packages: from their registries into .bench, a folder each, never into .venv."""

import shutil
import subprocess
import sys
from pathlib import Path

from scripts.benchmark.processes import ROOT

FOLDER = ROOT / ".bench"


class NotInstalled(Exception):
    """This system can't be had here; the rest is measured without it."""


def python_with(name: str, *requirements: str) -> Path:
    """A Python that has these packages, in a virtual environment of its own."""
    folder = FOLDER / name
    python = folder / "bin/python"
    if not _is_there(folder, requirements):
        _run([sys.executable, "-m", "venv", "--clear", str(folder)])
        _run([str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *requirements])
        _note(folder, requirements)
    return python


def node_with(name: str, *packages: str) -> Path:
    """A folder whose scripts can import these npm packages."""
    folder = FOLDER / name
    if not _is_there(folder, packages):
        folder.mkdir(parents=True, exist_ok=True)
        _run(["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix", str(folder), *packages])
        _note(folder, packages)
    return folder


def node() -> str:
    found = shutil.which("node")
    if found is None:
        raise NotInstalled("no node on the PATH")
    return found


def _is_there(folder: Path, packages: tuple[str, ...]) -> bool:
    note = folder / "installed.txt"
    return note.exists() and note.read_text().split() == list(packages)


def _note(folder: Path, packages: tuple[str, ...]) -> None:
    (folder / "installed.txt").write_text("\n".join(packages) + "\n")


def _run(command: list[str]) -> None:
    try:
        subprocess.run(command, check=True, capture_output=True, text=True, timeout=600)
    except (OSError, subprocess.SubprocessError) as error:
        lines = (getattr(error, "stderr", "") or str(error)).strip().splitlines()
        raise NotInstalled(f"{' '.join(command[:4])} …: {lines[-1] if lines else type(error).__name__}") from None
