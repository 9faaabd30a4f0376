"""Commands for labels: classify."""

import click

from emailq.commands.output import MessageReader, as_json, print_row, printable_name
from emailq.settings import load_settings


@click.command()
@click.argument("files", nargs=-1, required=True, metavar="FILE…")
@as_json
def classify(files: tuple[str, ...], as_json: bool) -> int:
    """Label messages in files; needs no database.

    With the classifier of the settings.
    """
    from emailq.classify.handler import classify_files

    settings = load_settings()
    reader = MessageReader(files)
    for source, label in classify_files(reader, settings):
        line = {
            "file": source,
            "intent": label.intent,
            "sentiment": label.sentiment,
            "priority": label.priority,
            "confidence": round(label.confidence, 4),
            "model": label.model,
        }
        labels = f"{label.intent:10} {label.confidence:4.0%}  {label.sentiment:8} {label.priority:6}"
        print_row(line, as_json, f"{labels}  {printable_name(source)}")
    return reader.exit_code
