"""emailq works from its wheel alone, with no checkout around it."""

import os
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


@pytest.mark.long
@pytest.mark.compiler
@pytest.mark.timeout(900)
def test_a_wheel_can_have_a_compiled_parser(tmp_path: Path) -> None:
    enabled = {"HATCH_BUILD_HOOK_ENABLE_CUSTOM": "1"}
    _run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", tmp_path, cwd=ROOT, env=enabled)
    zipfile.ZipFile(next(tmp_path.glob("*.whl"))).extractall(tmp_path)

    found = _run(sys.executable, "-c", "from emailq.parse import message; print(message.__file__)", cwd=tmp_path)

    assert Path(found.strip()).suffix == ".so"
    assert not [*(ROOT / "emailq").rglob("*.so")]


def _files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts]


def _run(*command: str | Path, cwd: Path | None = None, env: Mapping[str, str] | None = None) -> str:
    done = subprocess.run(command, cwd=cwd, env=os.environ | (env or {}), capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
