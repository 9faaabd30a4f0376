"""Mail's figures: emailq's parser beside others on the same messages, and the way from files to rows beside both."""

import json
import os
import re
import resource
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import click
import psycopg

from scripts.benchmark import quiet
from scripts.benchmark.figures import Figures, table
from scripts.benchmark.install import NotInstalled, python_with
from scripts.benchmark.processes import ROOT, cpu_s
from scripts.benchmark.report import conditions, write_between
from scripts.benchmark.server import benchmark_server, create_database
from scripts.compile_parser import compile_parser
from tests.servers import PostgresServer

CORPUS = ROOT.parent / "shared/corpus"
MESSAGES = (ROOT / "tests/mail", ROOT / "emailq/demo/mailbox")
SCRIPT = "scripts/benchmark/workers/mail_parsers.py"
SPECIFIED = ROOT / "scripts/benchmark/workers/mail_specified.py"

# name → what must be installed for it, besides Python
PARSERS: dict[str, tuple[str, ...]] = {
    "emailq": (),
    "emailq, compiled": (),
    "emailq, without what is derived": (),
    "email, policy.default": (),
    "email, compat32 hardened": (),
    "fast-mail-parser": ("fast-mail-parser",),
    "mail-parser": ("mail-parser",),
}
OURS = ("emailq", "emailq, compiled")
SPEED, VOLUME = "messages → finished object", "the same, bytes"
INGEST, PARSE, WAY = "ingest", "worker, parsing", "files → rows and blobs"
WAY_CPU, PARSER_CPU = "CPU time, files → rows and blobs", "CPU time, parser alone"
MEAN_BYTES = 24_000  # of the real mail on which the figures of the goals were seen
RATE, POLICY_RATE = 1200, 208  # messages/s: the goal, and what was seen of policy.default on the same machine
LARGEST_BYTES = 1_000_000  # of the messages that make this mean: a few larger ones would be all of it


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("folders", nargs=-1, type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--runs", type=click.IntRange(1, 50), default=3, show_default=True)
@click.option(
    "--messages",
    default=12_000,
    show_default=True,
    help="At least so many on the way, so that the second in which a worker starts doesn't count.",
)
@click.option("--seconds", type=click.FloatRange(0.2, 60), default=2.0, show_default=True, help="A parser's run.")
@click.option(
    "--parser", "parsers", multiple=True, type=click.Choice(list(PARSERS)), help="These alone, beside emailq."
)
@click.option(
    "--tries", type=click.IntRange(1, 10), default=3, show_default=True, help="Of a parser that others disturb."
)
@click.option(
    "--docs", type=click.Path(dir_okay=False, exists=True, path_type=Path), help="Page to write it to as well."
)
def bench(
    folders: tuple[Path, ...],
    runs: int,
    messages: int,
    seconds: float,
    parsers: tuple[str, ...],
    tries: int,
    docs: Path | None,
) -> None:
    """Measure parsers on the messages of FOLDERS, and the way from files to rows; then on the larger ones of them.

    Without folders: our own fixtures and demo mailbox, and the corpus beside the checkout if there is one.
    """
    quiet.tries = tries
    paths = sorted(path for folder in folders or _messages() for path in folder.rglob("*.eml"))
    if not paths:
        raise click.UsageError("no .eml file in these folders")
    chosen = ("emailq", *(one for one in parsers or PARSERS if one != "emailq"))
    # all files stay until the end: ext4 without a journal looks at each inode that was freed in the last minutes before
    # it gives one away, which made a new blob cost four times as much
    with tempfile.TemporaryDirectory(prefix="emailq-bench-") as place:
        folder = Path(place)
        if "emailq, compiled" in chosen and not _compile_into(folder):
            chosen = tuple(one for one in chosen if one != "emailq, compiled")
        texts = [_measure("All", paths, chosen, folder, runs, messages, seconds)]
        if larger := _with_mean(paths):
            texts.append(_measure("The larger", larger, chosen, folder, runs, messages, seconds))
    text = "\n\n".join([conditions(shlex.join(["scripts/bench", "mail", *sys.argv[2:]]), quiet.shares), *texts])
    click.echo(text)
    if docs:
        write_between(docs, "mail", text)


def _compile_into(root: Path) -> bool:
    """A copy of what the parser needs, compiled; False where that can't be."""
    click.echo("compiling the parser", err=True)
    for folder in ("emailq", "scripts/benchmark/workers"):
        shutil.copytree(ROOT / folder, root / folder)
    try:
        compile_parser(root)
    except subprocess.CalledProcessError:
        click.echo("emailq, compiled: no C compiler, or no headers of Python; see above", err=True)
        return False
    return True


def _measure(
    name: str, paths: list[Path], parsers: tuple[str, ...], place: Path, runs: int, messages: int, seconds: float
) -> str:
    """A line on the messages, and a table. `place`: a folder with a copy of our parser, and room for more."""
    figures = Figures()
    folder = place / name
    with benchmark_server() as server:
        count, size = _gather(paths, folder / "mail", messages)
        _gather(paths, folder / "once", 1)
        mean_kb = size / count / 1000
        title = f"{name} messages: {len(paths):,}, copied until there are {count:,}; {mean_kb:.1f} kB on average:"
        click.echo(title, err=True)
        for run in range(runs):
            for parser in parsers:
                root = place if parser == "emailq, compiled" else ROOT
                _measure_parser(figures, parser, root, folder / "once", seconds)
            _measure_way(figures, server, folder, run)
        _compare(figures)
    return f"{title}\n\n{table(list(figures.all.values()))}"


def _messages() -> list[Path]:
    return [*MESSAGES, *([CORPUS] if CORPUS.is_dir() else [])]


def _with_mean(paths: list[Path]) -> list[Path]:
    """Those without the smallest, so many that the rest is MEAN_BYTES long on average; [] where that can't be."""
    sizes = sorted((size, path) for path in paths if (size := path.stat().st_size) <= LARGEST_BYTES)
    total = sum(size for size, _ in sizes)
    for start, (size, _) in enumerate(sizes):
        if total / (len(sizes) - start) >= MEAN_BYTES:
            return sorted(path for _, path in sizes[start:])
        total -= size
    return []


def _gather(paths: list[Path], into: Path, least: int) -> tuple[int, int]:
    """All messages in one folder, as often as makes enough of them, each with other content; how many, and bytes."""
    into.mkdir(parents=True)
    count = size = copies = 0
    while count < least:
        for path in paths:
            content = _copy(path.read_bytes(), copies) + b"\r\n%d\r\n" % count
            (into / f"{count:06}.eml").write_bytes(content)
            count, size = count + 1, size + len(content)
        copies += 1
    return count, size


def _copy(raw: bytes, number: int) -> bytes:
    """The same message in other conversations than its copies: thirty with one Message-ID are no mailbox."""
    return _IDS.sub(lambda ids: ids[0].replace(b"@", b".%d@" % number), raw) if number else raw


_IDS = re.compile(rb"^(?:Message-ID|In-Reply-To|References):.*(?:\n[ \t].*)*", re.IGNORECASE | re.MULTILINE)


def _measure_parser(figures: Figures, name: str, root: Path, mail: Path, seconds: float) -> None:
    needs = PARSERS[name]
    try:
        python = str(python_with(needs[0], *needs)) if needs else sys.executable
    except NotInstalled as reason:
        click.echo(f"{name}: {reason}", err=True)
        return
    command = [python, str(root / SCRIPT), name, str(mail), str(seconds)]
    done = quiet.in_quiet(lambda: subprocess.run(command, check=True, capture_output=True, text=True, cwd=root))
    found = json.loads(done.stdout)
    goal = RATE if name in OURS else None
    figures.add(SPEED, name, found["messages"] / found["cpu_s"], "messages/s", goal=goal)
    if name == "emailq":
        figures.add(PARSER_CPU, name, found["cpu_s"] / found["messages"] * 1e3, "ms/message", at_most=True)
    figures.add(VOLUME, name, found["bytes"] / found["cpu_s"] / 1e6, "MB/s")
    figures.add("messages that it raises on", name, found["raised"], "messages")


@dataclass(frozen=True)
class Cost:
    wall_s: float
    own_s: float  # CPU time of the command and its children
    database_s: float  # CPU time of all of PostgreSQL

    @property
    def cpu_s(self) -> float:
        return self.own_s + self.database_s


def _measure_way(figures: Figures, server: PostgresServer, folder: Path, run: int) -> None:
    for name in ("emailq", "as specified, repaired"):
        dsn = create_database(server, "mail")
        blobs = folder / f"blobs of {name}, {run}"
        if name == "emailq":
            emailq = [sys.executable, "-m", "emailq"]
            env = {"EMAILQ_DSN": dsn, "EMAILQ_BLOB_DIR": str(blobs), "EMAILQ_LOG_LEVEL": "error"}
            _run([*emailq, "migrate"], env)
            ingest = _cost(server, [*emailq, "ingest", str(folder / "mail")], env)
            parse = _cost(server, [*emailq, "worker", "--queue", "parsing", "--drain"], env)
            rows = _rows(dsn)
            figures.add(INGEST, name, rows / ingest.wall_s, "messages/s")
            figures.add(PARSE, name, rows / parse.wall_s, "messages/s")
            parts = {
                "emailq ingest": ingest.own_s,
                "emailq worker and its children": parse.own_s,
                "PostgreSQL during ingest": ingest.database_s,
                "PostgreSQL during parsing": parse.database_s,
            }
            cost = Cost(ingest.wall_s + parse.wall_s, ingest.own_s + parse.own_s, ingest.database_s + parse.database_s)
        else:
            cost = _cost(server, [sys.executable, str(SPECIFIED), str(folder / "once"), str(blobs)], {"DSN": dsn})
            rows, parts = _rows(dsn), {}
        figures.add(WAY, name, rows / cost.wall_s, "messages/s")
        figures.add(WAY_CPU, name, cost.cpu_s / rows * 1e3, "ms/message", at_most=True)
        for part, part_s in parts.items():
            figures.add(f"of this, {part}", name, part_s / rows * 1e3, "ms/message", at_most=True)


def _rows(dsn: str) -> int:
    with psycopg.connect(dsn) as conn:
        row = conn.execute("select count(*) from emails").fetchone()
    assert row is not None
    return int(row[0])


def _cost(server: PostgresServer, command: list[str], env: dict[str, str]) -> Cost:
    assert server.process
    before, database = resource.getrusage(resource.RUSAGE_CHILDREN), cpu_s(server.process.pid)
    began = time.monotonic()
    _run(command, env)
    wall_s = time.monotonic() - began
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    own = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Cost(wall_s, own, cpu_s(server.process.pid) - database)


def _run(command: list[str], env: dict[str, str]) -> None:
    """Refused and failed messages are told with an exit code too, so only the output of a crash ends the benchmark."""
    done = subprocess.run(
        command, capture_output=True, text=True, cwd=ROOT, env={"PATH": os.environ["PATH"], "HOME": "/", **env}
    )
    if "Traceback" in done.stderr:
        raise RuntimeError(f"{command} ended with {done.returncode}: {done.stderr[-500:]}")


def _compare(figures: Figures) -> None:
    for other in PARSERS:
        if not other.startswith("emailq"):
            goal = RATE / POLICY_RATE if other == "email, policy.default" else None
            for ours in OURS:
                figures.ratio(SPEED, other, f"emailq's parser ÷ {other}", goal=goal, system=ours)
    figures.ratio(WAY, "as specified, repaired", "emailq's way ÷ as specified, repaired")
    for name in ("emailq", "as specified, repaired"):
        for parser, way in _pairs(figures, name):
            goal = 2 if name == "emailq" else None
            label = f"{WAY_CPU} ÷ {PARSER_CPU}"
            figures.add(label, name, way / parser, "×", goal=goal, at_most=True)


def _pairs(figures: Figures, name: str) -> Iterator[tuple[float, float]]:
    """CPU times of our parser, and of a way, run by run."""
    parser, way = figures.of(PARSER_CPU), figures.of(WAY_CPU, name)
    assert parser
    assert way
    return zip(parser.runs, way.runs, strict=True)


def main(args: list[str]) -> int:
    bench.main(args, prog_name="scripts/bench mail", standalone_mode=True)
    return 0
