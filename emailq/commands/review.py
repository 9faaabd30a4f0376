"""Commands for decisions about labels: label, review, replay."""

import sys
from typing import Any

import click

from emailq.commands.database import with_connection
from emailq.commands.output import EX_DATAERR, EX_OK, as_json, by, print_row, print_rows
from emailq.db import Connection
from emailq.errors import UsageError
from emailq.models import Intent, Priority, Sentiment
from emailq.settings import load_settings

_intent = click.option("--intent", type=click.Choice([one.value for one in Intent]))
_sentiment = click.option("--sentiment", type=click.Choice([one.value for one in Sentiment]))
_priority = click.option("--priority", type=click.Choice([one.value for one in Priority]))


@click.command()
@click.argument("email_id", metavar="EMAIL_ID")
@_intent
@_sentiment
@_priority
@click.option("--note", help="Kept with the decision.")
@click.option("--no-action", is_flag=True, help="Nothing goes on to the ERP.")
@by
@as_json
def label(
    email_id: str,
    intent: str | None,
    sentiment: str | None,
    priority: str | None,
    note: str | None,
    no_action: bool,
    by: str,
    as_json: bool,
) -> int:
    """Say what a message is. This wins over every model, now and later; what is not given stays as it is."""
    from emailq.classify.decisions import label_email
    from emailq.store.emails import email_id as email_id_of

    if not (intent or sentiment or priority):
        raise UsageError("nothing to decide: give --intent, --sentiment or --priority")

    async def run(conn: Connection) -> dict[str, Any]:
        found = await email_id_of(conn, email_id)
        acts = await label_email(
            conn,
            found,
            intent=intent,
            sentiment=sentiment,
            priority=priority,
            person=by,
            note=note,
            act=not no_action,
        )
        return {"email_id": str(found), "erp_action": acts}

    done = with_connection(run)
    follows = "; goes on to the ERP queue" if done["erp_action"] else ""
    print_row(done, as_json, f"labelled {done['email_id'][:8]}{follows}")
    return EX_OK


@click.command()
@click.option("--limit", type=click.IntRange(1, 10_000), default=100, show_default=True, help="Rows of --json.")
@by
@as_json
def review(limit: int, by: str, as_json: bool) -> int:
    """Walk through what needs a person: one key decides. The view review_queue has the same data."""
    from emailq.classify.decisions import list_waiting

    if as_json:
        print_rows(with_connection(lambda conn: list_waiting(conn, limit)))
        return EX_OK
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise UsageError("review needs a terminal; use emailq review --json and emailq label instead")
    from emailq.commands.review_screen import keys_of_terminal, walk

    with keys_of_terminal() as read_key:
        with_connection(lambda conn: walk(conn, by, read_key))
    return EX_OK


@click.command()
@click.argument("decision", metavar="EMAIL_ID|HISTORY_ID")
@as_json
def replay(decision: str, as_json: bool) -> int:
    """Make a recorded decision again and compare.

    By the local model, or by an LLM with the very same prompt.

    Exit code 65 where the labels are not the same.
    """
    from emailq.classify.replay import Replay, find_decision
    from emailq.classify.replay import replay as decide_again
    from emailq.store.emails import decision_id

    async def run(conn: Connection) -> Replay:
        found = await find_decision(conn, await decision_id(conn, decision))
        return await decide_again(conn, found, load_settings())

    result = with_connection(run)
    line = {
        "history_id": str(result.history_id),
        "email_id": str(result.email_id),
        "provider": result.provider,
        "model": result.model,
        "same": result.is_same,
        "then": result.then,
        "now": result.now,
        "remarks": result.remarks,
    }
    words = [f"{'same' if result.is_same else 'DIFFERENT'}  by {result.model} ({result.provider})"]
    words += [f"  then  {_words(result.then)}", f"  now   {_words(result.now)}"]
    words += [f"  {remark}" for remark in result.remarks]
    print_row(line, as_json, "\n".join(words))
    return EX_OK if result.is_same else EX_DATAERR


def _words(labels: dict[str, Any] | None) -> str:
    if labels is None:
        return "no label"
    return f"{labels['intent']} {labels['confidence']:.1%}, {labels['sentiment']}, priority {labels['priority']}"
