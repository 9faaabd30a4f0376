"""The parser that mypyc has compiled, as the Docker image has it, tells of each message what its source tells."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from scripts.compile_parser import compile_parser

ROOT = Path(__file__).parents[2]


@pytest.mark.compiler
@pytest.mark.timeout(600)
def test_compiled_parser_tells_the_same_of_all_messages(
    tmp_path: Path, corpus_files: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(ROOT / "emailq", tmp_path / "emailq")
    if shutil.which("tcc"):  # takes a second where gcc takes a minute
        monkeypatch.setenv("CC", "tcc")
        monkeypatch.setenv("LDSHARED", "tcc -shared")
    compile_parser(tmp_path, opt_level=0)
    messages = [*sorted(ROOT.glob("tests/mail/*.eml")), *corpus_files]

    compiled, source = _told(tmp_path, messages), _told(ROOT, messages)
    differ = [path for path, one, other in zip(messages, compiled[1:], source[1:], strict=True) if one != other]

    assert (Path(compiled[0]).suffix, Path(source[0]).suffix) == (".so", ".py")
    assert not differ


def _told(root: Path, messages: list[Path]) -> list[str]:
    """Where the parser in `root` was loaded from, and a digest of what it tells of each message."""
    paths = "\n".join(map(str, messages))
    command = [sys.executable, "-c", _TELL]  # looks for modules in the working directory first
    return subprocess.run(
        command, cwd=root, input=paths, stdout=subprocess.PIPE, text=True, check=True
    ).stdout.splitlines()


_TELL = """
import hashlib
import sys
from pathlib import Path
from emailq.parse import message, stored
from emailq.parse.exchange import Site

site = Site(frozenset(), (), False, None)
print(message.__file__)
for path in sys.stdin.read().splitlines():
    print(hashlib.sha256(ascii(stored.parse(Path(path).read_bytes(), site)).encode()).hexdigest())
"""
