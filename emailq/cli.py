"""The command `emailq`: its commands in one list, and how a command ends.

The commands are in emailq/commands: each reads settings, calls one function and prints the result.
"""

import io
import os
import sys
from types import ModuleType
from typing import NoReturn

import click
import psycopg

from emailq import __version__
from emailq.commands import classify, erp, evaluate, mail, queue, review, serve, setup, sources, store
from emailq.commands.output import EX_IOERR, EX_OK, EX_USAGE
from emailq.db import brief
from emailq.errors import ConfigError, EmailqError, SchemaError, Unavailable

_SUBJECTS = {
    "Set up": (setup,),
    "Mail": (mail, sources, store),
    "Labels": (classify, review, evaluate),
    "ERP actions": (erp,),
    "Queues": (queue,),
    "HTTP API and page": (serve,),
}


def main() -> NoReturn:
    """Run a command; every expected error is one line on stderr and an exit code of sysexits.h."""
    sys.stdout = sys.stdout or open(os.devnull, "w")  # noqa: SIM115 -- it was closed
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # for what the terminal's encoding lacks
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
    except (psycopg.errors.UndefinedTable, psycopg.errors.UndefinedFunction):
        _fail("the database has no emailq schema, or an older one; run: emailq migrate", SchemaError.exit_code)
    except psycopg.errors.InsufficientPrivilege as error:
        hint = "use a role that may do this, such as a member of emailq_worker (docs/security.md)"
        _fail(f"PostgreSQL: {brief(error)}; {hint}", ConfigError.exit_code)
    except psycopg.errors.ReadOnlySqlTransaction as error:
        hint = "this server, database or role takes no writes (emailq doctor)"
        _fail(f"PostgreSQL: {brief(error)}; {hint}", ConfigError.exit_code)
    except psycopg.OperationalError as error:
        _fail(f"PostgreSQL: {brief(error)}", Unavailable.exit_code)
    except psycopg.Error as error:
        _fail(f"PostgreSQL: {brief(error)}", EmailqError.exit_code)
    except (KeyboardInterrupt, click.Abort):
        sys.exit(130)
    except OSError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # what is left there would raise it again
        if isinstance(error, BrokenPipeError):  # the reader, such as head, had enough
            sys.exit(EX_OK)
        _fail(f"can't read or write: {error}", EX_IOERR)


def _fail(message: str, code: int) -> NoReturn:
    click.echo(f"emailq: {message}", err=True)
    sys.exit(code)


class _BySubject(click.Group):
    """Lists its commands by subject: forty in one list are hard to choose from."""

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        for subject, modules in _SUBJECTS.items():
            with formatter.section(subject):
                rows = [(name, command) for module in modules for name, command in _commands(module)]
                formatter.write_dl([(name.ljust(10), command.get_short_help_str(60)) for name, command in rows])


def _commands(module: ModuleType) -> list[tuple[str, click.Command]]:
    """Those with a name of their own; the others belong to a group."""
    found = [(name, one) for name, one in vars(module).items() if isinstance(one, click.Command)]
    return [(one.name or name, one) for name, one in found if not name.startswith("_")]


@click.group(cls=_BySubject, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(__version__, message="emailq %(version)s")
def cli() -> None:
    """Turn a mailbox into work that is done, with PostgreSQL as the broker.

    Settings come from EMAILQ_… environment variables and emailq.toml; `emailq doctor` shows and checks them.
    """


for _modules in _SUBJECTS.values():
    for _module in _modules:
        for _name, _command in _commands(_module):
            cli.add_command(_command, _name)
