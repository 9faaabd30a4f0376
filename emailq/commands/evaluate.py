"""Commands that measure a classifier and make it better: eval, calibrate, train."""

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from emailq.commands.database import check_schema, connected
from emailq.commands.output import EX_OK, as_json, print_row, to_json
from emailq.errors import BadInput
from emailq.settings import Settings, load_settings

if TYPE_CHECKING:
    from emailq.classify.calibrate import Calibration
    from emailq.classify.learn import Lesson

_labels = click.argument("labels", type=click.Path(path_type=Path), metavar="LABELS.jsonl")
_error = click.option(
    "--error", type=click.FloatRange(0, 1), default=0.05, show_default=True, help="Share of wrong intents to aim for."
)


@click.command("eval")
@_labels
@_error
@click.option("--svg", type=click.Path(path_type=Path, dir_okay=False), help="Write the reliability plot to this file.")
@as_json
def evaluate(labels: Path, error: float, svg: Path | None, as_json: bool) -> int:
    """Measure the classifier of the settings on labelled mail.

    A line of LABELS.jsonl is {"file": …, "intent": …} and, where known, sentiment, priority, language, hard, injection
    and twin; paths are relative to it. With a database, stored calibrations apply as they do in a worker.
    """
    from emailq.classify.report import as_text, reliability_svg

    figures = asyncio.run(_measure(labels, error, load_settings()))
    if svg:
        svg.write_text(reliability_svg(figures), "utf-8")
    click.echo(to_json(figures) if as_json else as_text(figures))
    return EX_OK


@click.command()
@_labels
@_error
@as_json
def calibrate(labels: Path, error: float, as_json: bool) -> int:
    """Fit confidence and thresholds to labelled mail.

    They are stored for the workers.
    """
    for one in asyncio.run(_calibrate(labels, error, load_settings())):
        share = f"{one.answered} of {one.messages} messages reach it, {one.wrong} of them wrong"
        print_row(one._asdict(), as_json, f"{one.provider} {one.model}: threshold {one.threshold:.4f}; {share}")
    return EX_OK


@click.command()
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), required=True, help="File for the new weights.")
@as_json
def train(out: Path, as_json: bool) -> int:
    """Teach the local model what people decided.

    Learns from emailq label and emailq review, and writes the weights to a file.

    Workers use them with EMAILQ_LOCAL_MODEL. Nothing is written when messages kept aside get worse.
    """
    from emailq.classify.local import to_bytes

    lesson = asyncio.run(_learn(load_settings()))
    found = {"examples": lesson.examples, "right_before": lesson.before, "right_after": lesson.after}
    kept = (
        f"of {lesson.examples} messages kept aside in turn, {lesson.before} were right before, {lesson.after} are now"
    )
    if lesson.after < lesson.before:
        print_row(found | {"model": None, "file": None}, as_json, f"nothing written: {kept}")
        return EX_OK
    out.write_bytes(to_bytes(lesson.model))
    print_row(found | {"model": lesson.model.name, "file": str(out)}, as_json, f"{lesson.model.name} in {out}: {kept}")
    return EX_OK


async def _measure(path: Path, error: float, settings: Settings) -> dict[str, Any]:
    from emailq.classify.calibrate import load_calibrations
    from emailq.classify.evaluate import measure
    from emailq.classify.labelled import ask, read_labels

    labels = read_labels(path)
    calibrations = {}
    if settings.dsn:
        async with connected(settings) as conn:
            calibrations = await load_calibrations(conn)
    cases = await ask(path, labels, settings, calibrations)
    return measure(cases, settings, calibrations, error)


async def _calibrate(path: Path, error: float, settings: Settings) -> "list[Calibration]":
    from emailq.classify.calibrate import store_calibration
    from emailq.classify.evaluate import fit
    from emailq.classify.labelled import read_labels

    labels = read_labels(path)
    async with connected(settings) as conn:
        await check_schema(conn)
        found = await fit(path, labels, settings, error)
        for one in found:
            await store_calibration(conn, one)
    return found


async def _learn(settings: Settings) -> "Lesson":
    from emailq.classify import learn, local

    async with connected(settings) as conn:
        await check_schema(conn)
        examples = await learn.load_examples(conn)
    if len(examples) < learn.LEAST:
        raise BadInput(f"people have decided on {len(examples)} messages; learning takes {learn.LEAST} or more")
    return learn.learn(local.load(), examples)
