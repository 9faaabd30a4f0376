"""The queue's figures: emailq at its defaults beside other queues tuned by their own documentation, in the same run."""

import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import click

from scripts.benchmark.drain import drain
from scripts.benchmark.enqueue import Workers, rows_per_s
from scripts.benchmark.figures import Figures, percentile, table
from scripts.benchmark.flat import blocks_of_a_claim, drain_beside
from scripts.benchmark.memory import memory
from scripts.benchmark.pickup import RACE_S, pickup_ms
from scripts.benchmark.quiet import in_quiet
from scripts.benchmark.rescue import rescue_s
from scripts.benchmark.server import benchmark_server
from scripts.benchmark.system import Bench, set_up
from scripts.benchmark.systems.bare import LEAN, SAME_TABLE
from scripts.benchmark.systems.emailq import EMAILQ, fill_and_analyze, fill_ten_lanes
from scripts.benchmark.systems.graphile import GRAPHILE
from scripts.benchmark.systems.pgboss import PG_BOSS
from scripts.benchmark.systems.pgqueuer import PGQUEUER
from scripts.benchmark.systems.procrastinate import PROCRASTINATE
from scripts.benchmark.writes import writes_per_job

PEERS = [GRAPHILE, PG_BOSS, PGQUEUER, PROCRASTINATE]


@dataclass(frozen=True)
class Size:
    """How much is measured. A slow system gets as many jobs as it does in a few seconds."""

    runs: int
    jobs: int
    pickups: int
    races: int
    finished: int
    kills: int
    memory_jobs: int
    insert_s: int


FULL = Size(
    runs=5, jobs=60_000, pickups=250, races=2000, finished=1_000_000, kills=100, memory_jobs=1_000_000, insert_s=4
)
QUICK = Size(runs=1, jobs=40_000, pickups=60, races=200, finished=200_000, kills=8, memory_jobs=100_000, insert_s=2)

NO_OP_1, NO_OP_2 = "no-op jobs, 1 process", "no-op jobs, 2 processes"
WAIT = "5-ms jobs, 1 process"
BULK = "enqueue in bulk"


def drains(benches: list[Bench], size: Size, figures: Figures) -> None:
    ours = benches[0]
    for _ in range(size.runs):
        for bench in benches:
            name, jobs = bench.system.name, min(size.jobs, bench.system.jobs or size.jobs)
            one = in_quiet(partial(drain, bench, "noop", jobs))
            figures.add(NO_OP_1, name, one.jobs_per_s, "jobs/s")
            two = in_quiet(partial(drain, bench, "noop", jobs, processes=2))
            figures.add(NO_OP_2, name, two.jobs_per_s, "jobs/s")
            goals = (45, 50) if bench is ours else (None, None)
            figures.add("worker CPU", name, one.worker_us, "µs/job", goal=goals[0], at_most=True)
            figures.add("database CPU", name, one.database_us, "µs/job", goal=goals[1], at_most=True)
            if "wait" in bench.system.handlers:
                waits = in_quiet(partial(drain, bench, "wait", jobs))
                figures.add(WAIT, name, waits.jobs_per_s, "jobs/s", goal=10_000 if bench is ours else None)
            figures.add(BULK, name, one.fill_per_s, "rows/s", goal=30_000 if bench is ours else None)
        for label, special in (
            ("right after ANALYZE", {"fill": fill_and_analyze}),
            ("ten priorities", {"fill": fill_ten_lanes}),
            ("8 processes", {"processes": 8}),
        ):
            found = in_quiet(partial(drain, ours, "noop", size.jobs, **special))
            figures.add(f"no-op jobs, {label}", "emailq", found.jobs_per_s, "jobs/s")
    for over, label, goal in ((SAME_TABLE.name, "same table", 0.7), (LEAN.name, "lean table", None)):
        figures.ratio(NO_OP_1, over, f"emailq ÷ bare loop ({label}), 1 process", goal=goal)


def writes(ours: Bench, size: Size, figures: Figures) -> None:
    for _ in range(min(size.runs, 3)):
        found = writes_per_job(ours, 50, 50)
        figures.add(
            "WAL, batches of 50, without full-page images",
            "emailq",
            found.wal_bytes,
            "bytes/job",
            goal=1200,
            at_most=True,
        )
        figures.add("commits, batches of 50", "emailq", found.commits, "/job", goal=0.1, at_most=True)


def enqueue(ours: Bench, size: Size, figures: Figures) -> None:
    kinds: tuple[Workers, ...] = ("none", "idle", "busy")
    for _ in range(size.runs):
        for workers in kinds:
            with_trigger = in_quiet(partial(rows_per_s, ours, workers, size.insert_s, trigger=True))
            without = in_quiet(partial(rows_per_s, ours, workers, size.insert_s, trigger=False))
            label = "no worker" if workers == "none" else f"worker {workers}"
            figures.add(f"16 clients row by row, {label}", "emailq", with_trigger, "rows/s")
            figures.add(f"16 clients row by row, {label}, no trigger", "emailq", without, "rows/s")
            goal = None if workers == "none" else 0.9
            figures.add(f"trigger ÷ no trigger, {label}", "emailq", with_trigger / without, "×", goal=goal)


def pickups(benches: list[Bench], size: Size, figures: Figures) -> None:
    for _ in range(min(size.runs, 3)):
        for bench in benches:
            if "mark" not in bench.system.handlers:
                continue
            found = pickup_ms(bench, size.pickups)
            for percent, goal in ((50, 3), (95, None), (99, 15)):
                goal = goal if bench is benches[0] else None
                name = f"pickup by an idle worker, p{percent}"
                figures.add(name, bench.system.name, percentile(found, percent), "ms", goal=goal, at_most=True)
    raced = pickup_ms(benches[0], size.races, RACE_S)
    figures.add("pickup on the way to sleep, p99", "emailq", percentile(raced, 99), "ms", goal=100, at_most=True)
    figures.add("pickup on the way to sleep, longest", "emailq", max(raced), "ms", goal=1000, at_most=True)


def flat(ours: Bench, size: Size, figures: Figures) -> None:
    for _ in range(size.runs):
        clean = in_quiet(partial(drain_beside, ours, size.jobs)).jobs_per_s
        for label, beside in (
            ("100,000 dead rows, xmin pinned", {"dead": 100_000}),
            (f"{size.finished:,} finished rows", {"finished": size.finished}),
            ("100,000 due tomorrow at priority 1", {"tomorrow": 100_000}),
        ):
            found = in_quiet(partial(drain_beside, ours, size.jobs, **beside)).jobs_per_s
            figures.add(f"rate beside {label} ÷ clean", "emailq", found / clean, "×", goal=0.9)
    for dead in (0, 100_000):
        for lanes in (1, 10):
            for limit in (1, 50):
                blocks = blocks_of_a_claim(ours, dead, lanes=lanes, limit=limit, marks=True)
                label = f"blocks of a claim of {limit}, {lanes} lane{'s' * (lanes > 1)}, {dead:,} dead"
                figures.add(label, "emailq", blocks, "blocks", goal=60 if limit == 1 else None, at_most=True)


def rescue(ours: Bench, size: Size, figures: Figures) -> None:
    took = rescue_s(ours, size.kills)
    figures.add(f"rescue after SIGKILL, p50 of {size.kills}", "emailq", percentile(took, 50), "s")
    figures.add(f"rescue after SIGKILL, p99 of {size.kills}", "emailq", percentile(took, 99), "s", goal=1, at_most=True)


def memories(benches: list[Bench], size: Size, figures: Figures) -> None:
    found = memory(benches[0], size.memory_jobs)
    figures.add("memory, idle", "emailq", found.idle_mb, "MB", goal=45, at_most=True)
    figures.add("memory, under load", "emailq", found.load_mb, "MB", goal=70, at_most=True)
    figures.add(f"memory, after {size.memory_jobs:,} jobs", "emailq", found.after_mb, "MB", goal=70, at_most=True)


PARTS: dict[str, Callable[[list[Bench], Size, Figures], None]] = {
    "drain": drains,
    "writes": lambda benches, size, figures: writes(benches[0], size, figures),
    "enqueue": lambda benches, size, figures: enqueue(benches[0], size, figures),
    "pickup": pickups,
    "flat": lambda benches, size, figures: flat(benches[0], size, figures),
    "rescue": lambda benches, size, figures: rescue(benches[0], size, figures),
    "memory": memories,
}


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--quick", is_flag=True, help="One run of each, smaller: 2-3 minutes.")
@click.option("--only", multiple=True, type=click.Choice(list(PARTS)), help="Only these parts.")
@click.option("--runs", type=click.IntRange(1, 50), help="Runs of what is told with a range.")
def bench(quick: bool, only: tuple[str, ...], runs: int | None) -> None:
    """Measure emailq's queue beside others."""
    size = QUICK if quick else FULL
    if runs:
        size = Size(**{**vars(size), "runs": runs})
    figures = Figures()
    with tempfile.TemporaryDirectory(prefix="emailq-bench-") as folder, benchmark_server() as server:
        benches = [set_up(server, system, Path(folder)) for system in (EMAILQ, SAME_TABLE, LEAN, *PEERS)]
        for name in only or PARTS:
            began = time.monotonic()
            PARTS[name](benches, size, figures)
            click.echo(f"{name}: {time.monotonic() - began:.0f} s", err=True)
        click.echo(table(list(figures.all.values())))


def main(args: list[str]) -> int:
    bench.main(args, prog_name="scripts/bench queue", standalone_mode=True)
    return 0
