"""Commands for ERP actions: policy, actions, approve, reject, erp-sim."""

import asyncio
import json
import os
from pathlib import Path
from typing import Any

import click

from emailq.commands.database import with_connection
from emailq.commands.output import EX_OK, as_json, by, print_row, print_rows
from emailq.db import Connection
from emailq.errors import Unavailable, UsageError
from emailq.settings import load_settings


@click.group(invoke_without_command=True)
@click.pass_context
@as_json
def policy(context: click.Context, as_json: bool) -> int:
    """Show the rules that decide about ERP actions.

    They are a table, erp_policy, changed with SQL.
    """
    if context.invoked_subcommand:
        return EX_OK
    from emailq.commands.erp_output import print_rules
    from emailq.erp.desk import list_rules

    rows = with_connection(list_rules)
    if as_json:
        print_rows(rows)
    else:
        print_rules(rows)
    return EX_OK


@policy.command(name="test")
@click.argument("email_id", metavar="EMAIL_ID")
@as_json
def _policy_test(email_id: str, as_json: bool) -> int:
    """Say which rule decides about a message, and why.

    Also what would be asked, and why the other rules do not fit.
    """
    from emailq.app import open_app
    from emailq.commands.erp_output import print_policy_test
    from emailq.erp.desk import test_policy
    from emailq.store.emails import email_id as email_id_of

    async def run() -> dict[str, Any]:
        async with open_app(load_settings()) as app:
            async with app.pool.connection() as conn:
                found = await email_id_of(conn, email_id)
            return await test_policy(app, found)

    found = asyncio.run(run())
    if as_json:
        print_rows([found])
    else:
        print_policy_test(found)
    return EX_OK


@click.command()
@click.option("--status", help="Only this status.  [default: those that wait for a person]")
@click.option("--all", "everything", is_flag=True, help="All of them.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=50, show_default=True)
@as_json
def actions(status: str | None, everything: bool, limit: int, as_json: bool) -> int:
    """List ERP actions that wait for a person, and why they do."""
    from emailq.commands.erp_output import print_actions
    from emailq.erp.desk import STATUSES, list_actions

    if status and status not in STATUSES:
        raise UsageError(f"no status {status!r}; there are {', '.join(STATUSES)}")
    wanted = list(STATUSES) if everything else [status or "needs_review"]
    rows = with_connection(lambda conn: list_actions(conn, wanted, limit))
    if as_json:
        print_rows(rows)
    else:
        print_actions(rows, waiting_only=not (everything or status))
    return EX_OK


@click.command()
@click.argument("action_id", metavar="ACTION_ID")
@click.option(
    "--set", "given", multiple=True, metavar="PATH=VALUE", help="Change a value, e.g. fields.lines.0.quantity=12."
)
@click.option("--edit", is_flag=True, help="Change the payload in $EDITOR.")
@click.option("--reason", help="Kept with the decision.")
@by
@as_json
def approve(action_id: str, given: tuple[str, ...], edit: bool, reason: str | None, by: str, as_json: bool) -> int:
    """Send an action that waits for a person.

    As it is or with changed values. VALUE is JSON, or else text.
    """
    from emailq.commands.erp_output import print_changes
    from emailq.erp import desk
    from emailq.store.emails import action_id as action_id_of

    async def run(conn: Connection) -> dict[str, Any]:
        action = await desk.show_action(conn, await action_id_of(conn, action_id))
        payload = desk.changed(action["request_payload"], given)
        if edit:
            payload = _edited(payload)
        changes = desk.differences(action["request_payload"], payload)
        await desk.approve(conn, action, payload, changes, by, reason)
        return {"approved": str(action["id"]), "changes": changes}

    result = with_connection(run)
    if as_json:
        print_rows([result])
    else:
        print_changes(result["changes"])
        click.echo(f"approved {result['approved'][:8]}; a worker sends it")
    return EX_OK


@click.command()
@click.argument("action_id", metavar="ACTION_ID")
@click.option("--reason", help="Kept with the decision.")
@by
@as_json
def reject(action_id: str, reason: str | None, by: str, as_json: bool) -> int:
    """Say no to an action: it is never sent."""
    from emailq.erp import desk
    from emailq.store.emails import action_id as action_id_of

    async def run(conn: Connection) -> str:
        found = await action_id_of(conn, action_id)
        await desk.reject(conn, found, by, reason)
        return str(found)

    done = with_connection(run)
    print_row({"rejected": done}, as_json, f"rejected {done[:8]}")
    return EX_OK


@click.command(name="erp-sim")
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", type=click.IntRange(0, 65_535), default=8069, show_default=True, help="0: any that is free.")
@click.option("--journal", type=click.Path(dir_okay=False, path_type=Path), help="Keep the documents in this file.")
@click.option("--token", help="Bearer token to ask for.")
@click.option("--hmac-key", help="Key of the signature to ask for.")
@click.option("--fault", "given", multiple=True, metavar="NAME=SHARE", help="A switch, e.g. lose_answers=0.3.")
@click.option("--seed", type=int, help="Of the faults.")
def erp_sim(
    host: str,
    port: int,
    journal: Path | None,
    token: str | None,
    hmac_key: str | None,
    given: tuple[str, ...],
    seed: int | None,
) -> int:
    """Run a small ERP to try things on.

    It takes actions of the adapter http; its page shows documents, and faults as switches.
    """
    from emailq.erp.sim.ledger import Ledger
    from emailq.erp.sim.server import Faults, Sim

    try:
        faults = Faults.parse({name: share for name, _, share in (one.partition("=") for one in given)})
    except ValueError as error:
        raise UsageError(f"--fault: {error}") from None
    try:
        sim = Sim(Ledger(journal), host=host, port=port, token=token, hmac_key=hmac_key, faults=faults, seed=seed)
    except (OSError, ValueError) as error:
        raise Unavailable(f"can't serve on {host}:{port} with journal {journal}: {error}; try another --port") from None
    click.echo(f"ERP simulator: {sim.url}")
    click.echo(f"  EMAILQ_ERP_ADAPTER=http EMAILQ_ERP_URL={sim.url}/actions EMAILQ_ERP_LOOKUP=/{{key}} emailq worker")
    try:
        sim.serve_forever()
    finally:
        sim.stop()
    return EX_OK


def _edited(payload: dict[str, Any]) -> dict[str, Any]:
    """The payload as it comes back from $EDITOR."""
    text = click.edit(json.dumps(payload, indent=2, ensure_ascii=False), extension=".json")
    if text is None:
        raise UsageError(f"nothing was saved in {os.environ.get('EDITOR', 'the editor')}; nothing was approved")
    try:
        found = json.loads(text)
    except ValueError as error:
        raise UsageError(f"this is not JSON ({error}); nothing was approved") from None
    if not isinstance(found, dict):
        raise UsageError("the payload must stay a JSON object; nothing was approved")
    return found
