"""Which function serves which queue: built in, announced by packages, named on the command line."""

from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from emailq import handlers
from emailq.errors import UsageError
from emailq.handlers import HANDLERS, Served, known_handlers, load_handler


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_the_three_queues_have_handlers_that_can_be_loaded() -> None:
    assert known_handlers().keys() >= {"parsing", "classification", "erp_action"}
    assert all(callable(load_handler(served.target)) for served in HANDLERS.values())


def test_a_handler_of_ones_own_is_added() -> None:
    found = known_handlers(["translate=my.module:translate", "to=de=my.module:german"])

    assert found["translate"] == Served("my.module:translate")
    assert found["to=de"] == Served("my.module:german")
    assert found.keys() > HANDLERS.keys()


def test_a_handler_of_ones_own_takes_the_place_of_a_built_in_one() -> None:
    assert known_handlers(["parsing=mine:parse"])["parsing"].target == "mine:parse"


def test_an_installed_package_announces_its_handlers(monkeypatch: pytest.MonkeyPatch) -> None:
    point = EntryPoint("translate", "package.module:function", handlers.ENTRY_POINTS)
    monkeypatch.setattr(handlers, "entry_points", lambda group: [point] if group == "emailq.handlers" else [])

    assert known_handlers()["translate"] == Served("package.module:function")
    assert known_handlers(["translate=mine:function"])["translate"].target == "mine:function"


@pytest.mark.parametrize(
    ("texts", "says"),
    [(["one=m:f", "one=m:g"], "has another handler already"), (["n" * 51 + "=m:f"], "at most 50 characters")],
)
def test_two_handlers_for_a_queue_and_a_name_that_no_item_can_have_are_refused(texts: list[str], says: str) -> None:
    with pytest.raises(UsageError, match=says):
        known_handlers(texts)


@pytest.mark.parametrize("text", ["", "translate", "translate=module", "=module:function", "module:function"])
def test_what_names_no_handler_is_refused_with_the_right_form(text: str) -> None:
    with pytest.raises(UsageError, match="write QUEUE=module:function"):
        known_handlers([text])


def test_a_module_of_the_current_folder_counts(tmp_path: Path) -> None:
    (tmp_path / "module_of_this_folder.py").write_text("async def handle(job, app): ...\n")

    assert load_handler("module_of_this_folder:handle").__name__ == "handle"


def test_a_module_that_is_not_there_is_named() -> None:
    with pytest.raises(UsageError, match="no module named nowhere; run emailq where it can be imported"):
        load_handler("nowhere:handle")


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ("open('/nowhere')", "FileNotFoundError: .*nowhere.* line 1"),
        ("async def handle(:", "SyntaxError: "),
        ("import sys; sys.exit(3)", "SystemExit: 3"),
    ],
)
def test_a_module_that_fails_when_it_is_imported_is_named(tmp_path: Path, source: str, says: str) -> None:
    (tmp_path / "fails.py").write_text(source)

    with pytest.raises(UsageError, match=f"handler fails:handle: fails can't be imported: {says}"):
        load_handler("fails:handle")


def test_a_handler_that_does_not_take_job_and_app_is_refused(tmp_path: Path) -> None:
    (tmp_path / "takes_nothing.py").write_text("async def handle(): ...\n")

    with pytest.raises(UsageError, match=r"a handler takes \(job, app\): too many positional arguments"):
        load_handler("takes_nothing:handle")


def test_a_missing_import_of_the_handlers_module_is_named(tmp_path: Path) -> None:
    (tmp_path / "module_that_needs_more.py").write_text("import something_not_installed\n")

    with pytest.raises(UsageError, match="no module named something_not_installed"):
        load_handler("module_that_needs_more:handle")


@pytest.mark.parametrize("name", ["nothing", "__name__"])
def test_a_function_that_is_not_there_is_named(name: str) -> None:
    with pytest.raises(UsageError, match=f"emailq.models has no function {name}"):
        load_handler(f"emailq.models:{name}")


def test_a_function_that_is_not_async_is_refused_with_the_right_form() -> None:
    with pytest.raises(UsageError, match="write async def known_handlers"):
        load_handler("emailq.handlers:known_handlers")
