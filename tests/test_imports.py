"""Imports point down: a module may know what lies below it, never who uses it."""

import ast
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "emailq"

# From the faces at the top to plain data at the bottom. A new module gets its place here first.
LAYERS = [
    {"__main__", "cli", "commands", "api", "demo", "doctor", "checks", "render", "printable", "progress"},
    {"queue", "handlers"},
    {"ingest", "parse", "scan", "classify", "extract", "erp"},
    {"app"},
    {"store"},
    {"db", "migrate", "http"},
    {"settings", "models", "outcomes", "errors", "blob_names", "log", "metrics", "process", "__init__"},
]
STAGES = LAYERS[2]

# parse is also a library without database, network or clock: bytes in, ParsedMessage out; extract: text in, values out.
STAGES_THAT_USE_PARSE = {"ingest", "classify", "extract"}


def modules() -> dict[str, set[str]]:
    """Each module of emailq and the modules of emailq that it imports anywhere in it, all without `emailq.`."""
    names = {_name(path): path for path in PACKAGE.rglob("*.py")}
    return {name: _imports(path) & names.keys() - {name} for name, path in names.items()}


def layer(module: str) -> int:
    place = [number for number, parts in enumerate(LAYERS) if part(module) in parts]
    assert place, f"emailq/{part(module)} has no place in LAYERS"
    return place[0]


def part(module: str) -> str:
    return module.split(".")[0]


def test_no_module_imports_from_a_layer_above_its_own() -> None:
    upward = [(one, other) for one, others in modules().items() for other in others if layer(other) < layer(one)]

    assert not upward


def test_stages_do_not_import_each_other() -> None:
    allowed = {(stage, "parse") for stage in STAGES_THAT_USE_PARSE} | {("erp", "extract")}

    across = [
        (one, other)
        for one, others in modules().items()
        for other in others
        if {part(one), part(other)} <= STAGES and part(one) != part(other) and (part(one), part(other)) not in allowed
    ]

    assert not across


def test_parsing_knows_only_plain_data() -> None:
    plain = {"models", "errors", "blob_names", "process", "__init__"}

    impure = [
        (one, other)
        for one, others in modules().items()
        for other in others
        if part(one) == "parse" and one != "parse.handler" and part(other) not in plain | {"parse"}
    ]

    assert not impure


def test_imports_have_no_cycle() -> None:
    TopologicalSorter(modules()).prepare()  # raises CycleError and names the cycle


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("import emailq.store.blobs", {"store.blobs"}),
        ("from emailq.store import blobs", {"store", "store.blobs"}),
        ("from emailq import log", {"__init__", "log"}),
        ("def late():\n    from emailq.db import connect", {"db", "db.connect"}),
        ("from . import jobs", {"queue", "queue.jobs"}),
        ("from ..errors import NotFound", {"errors", "errors.NotFound"}),
        ("import email", set()),
    ],
)
def test_every_way_to_import_is_seen(tmp_path: Path, line: str, expected: set[str]) -> None:
    path = tmp_path / "worker.py"
    path.write_text(line)

    assert _imports(path, package="emailq.queue") == expected


class _WithoutTypeChecking(ast.NodeTransformer):
    """Drops what only type checkers import: it is no dependency at run time."""

    def visit_If(self, node: ast.If) -> ast.AST | None:
        return None if ast.unparse(node.test) == "TYPE_CHECKING" else self.generic_visit(node)


def _name(path: Path) -> str:
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(parts if len(parts) == 1 or parts[-1] != "__init__" else parts[:-1])


def _imports(path: Path, package: str | None = None) -> set[str]:
    """What the text of `path` imports from emailq; `from x import y` gives x and x.y, which may be a module or not."""
    package = package or ".".join(["emailq", *path.relative_to(PACKAGE).parent.parts])
    found: list[str] = []
    tree = _WithoutTypeChecking().visit(ast.parse(path.read_text(encoding="utf-8")))
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
            source = ".".join([*base, *([node.module] if node.module else [])])
            found += [source, *(f"{source}.{alias.name}" for alias in node.names)]
    own = {name.removeprefix("emailq").removeprefix(".") for name in found if name.split(".")[0] == "emailq"}
    return {name or "__init__" for name in own}


def test_nothing_but_serve_needs_the_packages_of_the_api() -> None:
    users = {(one, other) for one, others in modules().items() for other in others if part(other) == "api" != part(one)}

    assert users == {("commands.serve", "api.app")}  # which says what to install
