"""Commands that set up and check: migrate, doctor, demo."""

import asyncio
from collections.abc import Iterable
from typing import TYPE_CHECKING

import click
import psycopg

from emailq.commands.output import EX_OK, as_json, print_row, print_rows
from emailq.db import unreachable
from emailq.errors import ConfigError, UsageError
from emailq.settings import load_settings

if TYPE_CHECKING:
    from emailq.checks import Finding


@click.command()
@click.option("--roles", is_flag=True, help="Make the roles of docs/security.md, and give all to emailq_owner.")
@as_json
def migrate(roles: bool, as_json: bool) -> int:
    """Create or upgrade tables, functions and views."""
    from emailq.migrate import migrate as apply

    settings = load_settings()
    try:
        applied = apply(settings.require_dsn(), roles=roles)
    except psycopg.OperationalError as error:
        raise unreachable(error) from None
    told = [f"applied {name}" for name in applied] or ["all is up to date"]
    if roles:
        told.append("the roles are there, with their rights; emailq_owner owns the schema")
    print_row({"applied": applied}, as_json, "\n".join(told))
    return EX_OK


@click.command()
@as_json
def doctor(as_json: bool) -> int:
    """Check the settings against the real servers.

    Shows those that are not the default, and where each came from.
    """
    from emailq.doctor import diagnose, worst_exit_code

    findings = asyncio.run(diagnose())
    if as_json:
        print_rows(finding._asdict() for finding in findings)
    else:
        _print_findings(findings)
    return worst_exit_code(findings)


@click.command(context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False})
@click.option("--erp", "with_erp", is_flag=True, help="Send the actions to a small ERP, to look at in the browser.")
@click.argument("command", nargs=-1, metavar="[COMMAND…]", type=click.UNPROCESSED)
def demo(command: tuple[str, ...], with_erp: bool) -> int:
    """Show emailq at work on an embedded PostgreSQL.

    With COMMAND, run that emailq command on the demo's database (or `psql …`, the embedded one).
    """
    if command and with_erp:
        raise UsageError("--erp runs the demo itself; leave out the command")
    try:
        from emailq.demo.run import run_demo
    except ModuleNotFoundError as error:
        raise ConfigError(f"the demo needs {error.name}; install it with: pip install 'emailq[demo]'") from None
    return run_demo(command, with_erp=with_erp)


def _print_findings(findings: "Iterable[Finding]") -> None:
    from emailq.render import console, safe

    out = console()
    marks = {"ok": "[green]ok  [/]", "warn": "[yellow]warn[/]", "fail": "[red]FAIL[/]"}
    for finding in findings:
        out.print(f"{marks[finding.state]} {safe(finding.check, 200)}: {safe(finding.text, 4000)}", soft_wrap=True)
