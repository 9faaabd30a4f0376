"""The command `emailq`: its commands in one list, and how a command ends.

The commands are in emailq/commands: each reads settings, calls one function and prints the result.
"""

import os
import sys
from typing import NoReturn

import click
import psycopg

from emailq import __version__
from emailq.commands import classify, erp, evaluate, mail, queue, review, serve, setup, sources, store
from emailq.db import brief
from emailq.errors import EmailqError, SchemaError, Unavailable

EX_OK, EX_USAGE = 0, 64  # sysexits.h


def main() -> NoReturn:
    """Run a command; every expected error is one line on stderr and an exit code of sysexits.h."""
    try:
        code = cli.main(standalone_mode=False)
        sys.stdout.flush()
        sys.exit(code or EX_OK)
    except click.UsageError as error:
        command = error.ctx.command_path if error.ctx else "emailq"
        _fail(f"{error.format_message()} (see: {command} --help)", EX_USAGE)
    except click.ClickException as error:
        _fail(error.format_message(), EX_USAGE)
    except EmailqError as error:
        _fail(str(error), error.exit_code)
    except psycopg.errors.UndefinedTable:
        _fail("the database has no emailq schema; run: emailq migrate", SchemaError.exit_code)
    except psycopg.OperationalError as error:
        _fail(f"PostgreSQL: {brief(error)}", Unavailable.exit_code)
    except psycopg.Error as error:
        _fail(f"PostgreSQL: {brief(error)}", EmailqError.exit_code)
    except (KeyboardInterrupt, click.Abort):
        sys.exit(130)
    except BrokenPipeError:  # the reader, such as head, had enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(EX_OK)


def _fail(message: str, code: int) -> NoReturn:
    click.echo(f"emailq: {message}", err=True)
    sys.exit(code)


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(__version__, message="emailq %(version)s")
def cli() -> None:
    """Turn a mailbox into work that is done, with PostgreSQL as the broker.

    Settings come from EMAILQ_… environment variables and emailq.toml; `emailq doctor` shows and checks them.
    """


for module in (setup, mail, sources, store, queue, classify, evaluate, serve, erp, review):
    for name, command in vars(module).items():
        if isinstance(command, click.Command) and not name.startswith("_"):  # those belong to a group of their own
            cli.add_command(command)
