"""emailq works from its wheel alone, with no checkout around it."""

import os
import shutil
import subprocess
import sys
import sysconfig
import venv
import zipfile
from collections.abc import Mapping
from pathlib import Path

import psycopg
import pytest

import emailq
from scripts.compile_parser import compile_parser

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    _run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder, cwd=ROOT)
    return next(folder.glob("*.whl"))


@pytest.fixture(scope="module")
def bin_elsewhere(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The programs of a fresh environment with the wheel; the packages it depends on are lent by ours."""
    folder = tmp_path_factory.mktemp("elsewhere")
    venv.create(folder, with_pip=False)
    _run(sys.executable, "-m", "pip", "--python", folder, "install", "--quiet", "--no-deps", "--no-index", wheel)
    # A path in a .pth file is searched, but not for .pth files of its own: the link to this checkout stays out.
    site_packages = next(folder.glob("lib/python*/site-packages"))
    (site_packages / "lent.pth").write_text(sysconfig.get_path("purelib"))
    return folder / "bin"


def test_every_file_of_the_package_and_all_sql_are_in_the_wheel(wheel: Path) -> None:
    expected = {path.relative_to(ROOT).as_posix() for path in _files(ROOT / "emailq")}
    expected |= {f"emailq/{path.relative_to(ROOT).as_posix()}" for path in _files(ROOT / "sql")}

    names = set(zipfile.ZipFile(wheel).namelist())

    assert expected <= names
    assert any(name.endswith("licenses/LICENSE") for name in names)


def test_installed_wheel_does_not_use_the_checkout(bin_elsewhere: Path, tmp_path: Path) -> None:
    found = _run(bin_elsewhere / "python", "-c", "import emailq; print(emailq.__file__)", cwd=tmp_path)

    assert Path(found.strip()).is_relative_to(bin_elsewhere.parent)


def test_installed_wheel_tells_its_version(bin_elsewhere: Path, tmp_path: Path) -> None:
    assert emailq.__version__ in _run(bin_elsewhere / "emailq", "--version", cwd=tmp_path)


def test_installed_wheel_migrates_a_database(bin_elsewhere: Path, empty_dsn: str, tmp_path: Path) -> None:
    _run(bin_elsewhere / "emailq", "migrate", cwd=tmp_path, env={"EMAILQ_DSN": empty_dsn})

    with psycopg.connect(empty_dsn) as conn:
        assert conn.execute("select count(*) from emails").fetchone() == (0,)


def test_the_parser_can_be_compiled(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "emailq", tmp_path / "emailq")

    compile_parser(tmp_path, only_check=True)


@pytest.mark.long
@pytest.mark.timeout(900)
def test_a_compiled_parser_tells_the_same_of_all_messages(tmp_path: Path) -> None:
    enabled = {"HATCH_BUILD_HOOK_ENABLE_CUSTOM": "1"}
    _run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", tmp_path, cwd=ROOT, env=enabled)
    zipfile.ZipFile(next(tmp_path.glob("*.whl"))).extractall(tmp_path)

    def told(root: Path) -> list[str]:
        return _run(sys.executable, "-c", _TELL, ROOT / "tests/mail", cwd=root).splitlines()  # -c looks there first

    (compiled, *rows), (source, *expected) = told(tmp_path), told(ROOT)
    differ = [one[:100] for one, other in zip(rows, expected, strict=True) if one != other]

    assert (Path(compiled).suffix, Path(source).suffix) == (".so", ".py")
    assert not differ
    assert not [*(ROOT / "emailq").rglob("*.so")]


_TELL = """
import sys
from pathlib import Path
from emailq.parse import message, stored
from emailq.parse.exchange import Site

print(message.__file__)
for path in sorted(Path(sys.argv[1]).glob("*.eml")):
    print(path.name, ascii(stored.parse(path.read_bytes(), Site(frozenset(), (), False, None))))
"""


def _files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts]


def _run(*command: str | Path, cwd: Path | None = None, env: Mapping[str, str] | None = None) -> str:
    done = subprocess.run(command, cwd=cwd, env=os.environ | (env or {}), capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
