"""The queue's figures: emailq at its defaults beside other queues tuned by their own documentation, in the same run."""

import dataclasses
import shlex
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import click

from scripts.benchmark import quiet
from scripts.benchmark.drain import drain
from scripts.benchmark.enqueue import Workers, in_batches_per_s, rows_per_s
from scripts.benchmark.figures import Figures, percentile
from scripts.benchmark.flat import blocks_of_a_claim, drain_beside
from scripts.benchmark.install import NotInstalled
from scripts.benchmark.limits import PROCESSES, claims_under
from scripts.benchmark.memory import memory
from scripts.benchmark.pickup import RACE_S, pickup_ms, pickup_without_listen_ms
from scripts.benchmark.poison import DEEDS, beside_poison
from scripts.benchmark.quiet import in_quiet, shares
from scripts.benchmark.report import (
    BULK,
    DATABASE_CPU,
    NO_OP_1,
    NO_OP_2,
    PICKUP,
    WAIT,
    WORKER_CPU,
    report,
    write_docs,
)
from scripts.benchmark.rescue import rescue_s
from scripts.benchmark.server import benchmark_server
from scripts.benchmark.system import Bench, System, set_up
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
    silences: int
    beside: int  # jobs of a drain beside other rows
    finished: int
    kills: int
    memory_jobs: int
    insert_pairs: int
    claims: int


FULL = Size(
    runs=5,
    jobs=60_000,
    pickups=120,
    races=10_000,
    silences=20,
    beside=100_000,
    finished=1_000_000,
    kills=100,
    memory_jobs=1_000_000,
    insert_pairs=10,
    claims=100_000,
)
QUICK = Size(
    runs=1,
    jobs=40_000,
    pickups=60,
    races=500,
    silences=4,
    beside=40_000,
    finished=200_000,
    kills=8,
    memory_jobs=100_000,
    insert_pairs=3,
    claims=20_000,
)


def drains(benches: list[Bench], size: Size, figures: Figures) -> None:
    ours = benches[0]
    for bench in benches:
        try:
            _drain_one(bench, size, figures, ours=bench is ours)
        except RuntimeError as error:  # a peer that stands still must not end the others' run
            if bench is ours:
                raise
            click.echo(str(error), err=True)
    for label, special in (
        ("right after ANALYZE", {"fill": fill_and_analyze}),
        ("ten priorities", {"fill": fill_ten_lanes}),
        ("8 processes", {"processes": 8}),
    ):
        found = in_quiet(partial(drain, ours, "noop", size.jobs, **special))
        figures.add(f"no-op jobs, {label}", "emailq", found.jobs_per_s, "jobs/s")


def _drain_one(bench: Bench, size: Size, figures: Figures, *, ours: bool) -> None:
    name, jobs = bench.system.name, min(size.jobs, bench.system.jobs or size.jobs)
    one = in_quiet(partial(drain, bench, "noop", jobs))
    two = in_quiet(partial(drain, bench, "noop", jobs, processes=2))
    figures.add(NO_OP_1, name, one.jobs_per_s, "jobs/s")
    figures.add(NO_OP_2, name, two.jobs_per_s, "jobs/s")
    figures.add(WORKER_CPU, name, one.worker_us, "µs/job", goal=45 if ours else None, at_most=True)
    figures.add(DATABASE_CPU, name, one.database_us, "µs/job", goal=50 if ours else None, at_most=True)
    figures.add(BULK, name, one.fill_per_s, "rows/s", goal=30_000 if ours else None)
    if "wait" in bench.system.handlers:
        waits = in_quiet(partial(drain, bench, "wait", jobs))
        figures.add(WAIT, name, waits.jobs_per_s, "jobs/s", goal=10_000 if ours else None)


def _ratios(benches: list[Bench], figures: Figures) -> None:
    for over, label in ((SAME_TABLE.name, "same table"), (LEAN.name, "a table of 5 columns")):
        figures.ratio(NO_OP_1, over, f"emailq ÷ bare loop ({label}), 1 process", goal=0.7)
    figures.ratio(NO_OP_1, PGQUEUER.name, "emailq ÷ PgQueuer, 1 process", goal=2)
    peers = [bench.system.name for bench in benches if bench.system in PEERS]
    for name, label, goal in ((NO_OP_1, "1 process", 1.2), (NO_OP_2, "2 processes", 1)):
        medians = {peer: figure.median for peer in peers if (figure := figures.of(name, peer))}
        if medians:
            fastest = max(medians, key=medians.__getitem__)
            figures.ratio(name, fastest, f"emailq ÷ the fastest peer ({fastest}), {label}", goal=goal)
    for label in ("right after ANALYZE", "ten priorities", "8 processes"):
        one, special = figures.of(NO_OP_1), figures.of(f"no-op jobs, {label}")
        if one and special:
            for plain, found in zip(one.runs, special.runs, strict=False):
                figures.add(f"{label} ÷ a plain drain by 1 process", "emailq", found / plain, "×", goal=0.8)


def writes(benches: list[Bench], size: Size, figures: Figures) -> None:
    found = writes_per_job(benches[0], 50, 50)
    label = "WAL, batches of 50, without full-page images"
    figures.add(label, "emailq", found.wal_bytes, "bytes/job", goal=1200, at_most=True)
    figures.add("commits, batches of 50", "emailq", found.commits, "/job", goal=0.1, at_most=True)


def enqueue(benches: list[Bench], size: Size, figures: Figures) -> None:
    ours = benches[0]
    batches = in_quiet(partial(in_batches_per_s, ours))
    figures.add("enqueue 256 at a time, a commit each (as `emailq ingest`)", "emailq", batches, "rows/s", goal=30_000)
    kinds: tuple[Workers, ...] = ("none", "idle", "busy")
    for workers in kinds:
        label = "no worker" if workers == "none" else f"worker {workers}"
        goal = None if workers == "none" else 0.9
        for with_trigger, without in in_quiet(partial(rows_per_s, ours, workers, size.insert_pairs)):
            figures.add(f"16 clients row by row, {label}", "emailq", with_trigger, "rows/s")
            figures.add(f"16 clients row by row, {label}, no trigger", "emailq", without, "rows/s")
            figures.add(f"trigger ÷ no trigger, {label}", "emailq", with_trigger / without, "×", goal=goal)


def pickups(benches: list[Bench], size: Size, figures: Figures) -> None:
    for bench in benches:
        if "mark" not in bench.system.handlers:
            continue
        found = pickup_ms(bench, size.pickups)
        for percent, goal in ((50, 3), (95, None), (99, 15)):
            goal = goal if bench is benches[0] else None
            figures.add(
                PICKUP.format(percent), bench.system.name, percentile(found, percent), "ms", goal=goal, at_most=True
            )


def races(benches: list[Bench], size: Size, figures: Figures) -> None:
    raced = pickup_ms(benches[0], size.races, RACE_S)
    label = f"pickup on the way to sleep, {size.races:,} races"
    figures.add(f"{label}, p99", "emailq", percentile(raced, 99), "ms", goal=100, at_most=True)
    figures.add(f"{label}, longest", "emailq", max(raced), "ms", goal=1000, at_most=True)
    deaf = pickup_without_listen_ms(benches[0], size.silences)
    label = "pickup while the LISTEN connection is silently dead"
    figures.add(f"{label}, p50", "emailq", percentile(deaf, 50), "ms")
    figures.add(f"{label}, longest of {size.silences}", "emailq", max(deaf), "ms", goal=1000, at_most=True)


def flat(benches: list[Bench], size: Size, figures: Figures) -> None:
    """Each drain beside other rows stands between two on a clean table: the machine changes meanwhile."""
    measure = partial(drain_beside, benches[0], size.beside)
    after = in_quiet(measure)
    for label, beside in (
        ("100,000 dead rows, xmin pinned", {"dead": 100_000}),
        (f"{size.finished:,} finished rows", {"finished": size.finished}),
        ("100,000 due tomorrow at priority 1", {"tomorrow": 100_000}),
    ):
        before, found, after = after, in_quiet(partial(measure, **beside)), in_quiet(measure)
        clean_per_s = (before.jobs_per_s + after.jobs_per_s) / 2
        clean_us = (before.database_us + after.database_us) / 2
        figures.add(f"rate beside {label} ÷ clean", "emailq", found.jobs_per_s / clean_per_s, "×", goal=0.9)
        figures.add(f"database CPU beside {label} ÷ clean", "emailq", found.database_us / clean_us, "×")


def blocks(benches: list[Bench], size: Size, figures: Figures) -> None:
    for dead in (0, 100_000):
        for lanes in (1, 10):
            for limit in (1, 50):
                touched = blocks_of_a_claim(benches[0], dead, lanes=lanes, limit=limit, marks=True)
                label = f"blocks of a claim of {limit}, {lanes} lane{'s' * (lanes > 1)}, {dead:,} dead"
                figures.add(label, "emailq", touched, "blocks", goal=60 if limit == 1 else None, at_most=True)


def rescue(benches: list[Bench], size: Size, figures: Figures) -> None:
    took = rescue_s(benches[0], size.kills)
    figures.add(f"rescue after SIGKILL, p50 of {size.kills}", "emailq", percentile(took, 50), "s")
    figures.add(f"rescue after SIGKILL, p99 of {size.kills}", "emailq", percentile(took, 99), "s", goal=1, at_most=True)


def poison(benches: list[Bench], size: Size, figures: Figures) -> None:
    for deed in DEEDS:
        found = in_quiet(partial(beside_poison, benches[0], deed))
        figures.add(f"rate beside a poisoned job ({deed}) ÷ without, 2 workers", "emailq", found.share, "×", goal=0.8)
        figures.add(f"a poisoned job ({deed}) costs its neighbours the work of", "emailq", found.lost_s, "s")
        figures.add(f"a poisoned job ({deed}) has failed after", "emailq", found.failed_after_s, "s")


def limits(benches: list[Bench], size: Size, figures: Figures) -> None:
    """Limits that never bind tell the cost. As with `flat`, each stands between two without one."""
    measure = partial(claims_under, benches[0], size.claims // 2)
    after = in_quiet(measure)
    for label, loose in (("of running jobs", {"max_running": 400}), ("of rate", {"max_per_s": 1e6})):
        before, found, after = after, in_quiet(partial(measure, **loose)), in_quiet(measure)
        plain_per_s = (before.jobs_per_s + after.jobs_per_s) / 2
        plain_us = (before.database_us + after.database_us) / 2
        name = f"claims of {PROCESSES} processes, a limit {label} ÷ none"
        figures.add(name, "emailq", found.jobs_per_s / plain_per_s, "×", goal=0.85)
        figures.add(f"database CPU, a limit {label} ÷ none", "emailq", found.database_us / plain_us, "×")


def overshoots(benches: list[Bench], size: Size, figures: Figures) -> None:
    """Limits that always bind tell whether they hold."""
    running = claims_under(benches[0], size.claims, max_running=100)
    rate = claims_under(benches[0], size.claims, max_per_s=20_000)
    label = f"in {size.claims:,} claims of {PROCESSES} processes"
    over = max(0, running.most_at_once - 100)
    figures.add(f"running beyond a limit of 100, {label}", "emailq", over, "jobs", goal=0, at_most=True)
    figures.add(f"begun beyond 20,000 a second, {label}", "emailq", rate.excess, "jobs", goal=0, at_most=True)


def memories(benches: list[Bench], size: Size, figures: Figures) -> None:
    found = memory(benches[0], size.memory_jobs)
    figures.add("memory, idle", "emailq", found.idle_mb, "MB", goal=45, at_most=True)
    figures.add("memory, under load", "emailq", found.load_mb, "MB", goal=70, at_most=True)
    figures.add(f"memory, after {size.memory_jobs:,} jobs", "emailq", found.after_mb, "MB", goal=70, at_most=True)


PARTS: dict[str, Callable[[list[Bench], Size, Figures], None]] = {
    "drain": drains,
    "writes": writes,
    "enqueue": enqueue,
    "pickup": pickups,
    "flat": flat,
    "limits": limits,
    "races": races,
    "blocks": blocks,
    "rescue": rescue,
    "poison": poison,
    "overshoots": overshoots,
    "memory": memories,
}
ONCE = {"races", "blocks", "rescue", "poison", "overshoots", "memory"}  # long, or with enough tries of their own
COMPARED = {"drain", "pickup"}  # parts that other systems take part in


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--quick", is_flag=True, help="One run of each, and smaller.")
@click.option("--only", multiple=True, type=click.Choice(list(PARTS)), help="Only these parts.")
@click.option("--runs", type=click.IntRange(1, 50), help="Runs of what is told with a range.")
@click.option("--tries", type=click.IntRange(1, 9), default=3, help="Runs disturbed by others are repeated so often.")
@click.option(
    "--docs", type=click.Path(dir_okay=False, exists=True, path_type=Path), help="Page to write it to as well."
)
def bench(quick: bool, only: tuple[str, ...], runs: int | None, tries: int, docs: Path | None) -> None:
    """Measure emailq's queue beside others, and against its goals."""
    size = QUICK if quick else FULL
    if runs:
        size = dataclasses.replace(size, runs=runs)
    quiet.tries = tries
    figures = Figures()
    names = [name for name in PARTS if not only or name in only]
    systems = [EMAILQ, *([SAME_TABLE, LEAN, *_installed(PEERS)] if COMPARED.intersection(names) else [])]
    failed = False
    with tempfile.TemporaryDirectory(prefix="emailq-bench-") as folder, benchmark_server() as server:
        benches = [set_up(server, system, Path(folder)) for system in systems]
        try:
            for n in range(size.runs):  # round by round, so that a run cut short has something of everything
                for name in names:
                    if not n or name not in ONCE:
                        failed |= not _measured(name, benches, size, figures)
        except KeyboardInterrupt:  # enough: what was measured is told
            failed = True
        _ratios(benches, figures)
    text = report(figures, systems, shlex.join(["scripts/bench", "queue", *sys.argv[2:]]), shares)
    click.echo(text)
    if docs:
        write_docs(text, figures, systems, docs)
    if failed:
        raise click.exceptions.Exit(70)


def _measured(name: str, benches: list[Bench], size: Size, figures: Figures) -> bool:
    began = time.monotonic()
    try:
        PARTS[name](benches, size, figures)
    except Exception:  # the other parts are worth having
        traceback.print_exc()
        return False
    finally:
        click.echo(f"{name}: {time.monotonic() - began:.0f} s", err=True)
    return True


def _installed(systems: list[System]) -> Iterator[System]:
    for system in systems:
        try:
            system.install()
        except NotInstalled as error:
            click.echo(f"without {system.name}: {error}", err=True)
        else:
            yield system


def main(args: list[str]) -> int:
    bench.main(args, prog_name="scripts/bench queue", standalone_mode=True)
    return 0
