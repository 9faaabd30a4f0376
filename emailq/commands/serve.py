"""Commands for the HTTP API: serve, token."""

import asyncio
import ipaddress
import socket
from datetime import timedelta

import click
import psycopg

from emailq import log
from emailq.commands.database import check_schema, connected, with_connection
from emailq.commands.output import EX_OK, as_json, print_row, print_rows
from emailq.db import Connection
from emailq.errors import ConfigError, NotFound, UsageError
from emailq.settings import Settings, load_settings
from emailq.store.tokens import SCOPES, create_token, has_valid_token, list_tokens, revoke_token


@click.command()
@click.option("--host", help="Address to listen on.  [default: the setting api_host, 127.0.0.1]")
@click.option(
    "--port", type=click.IntRange(0, 65_535), help="Port to listen on.  [default: the setting api_port, 8025]"
)
def serve(host: str | None, port: int | None) -> int:
    """Serve the HTTP API and the page, until SIGTERM or Ctrl-C."""
    settings = load_settings(api_host=host, api_port=port)
    log.configure(settings.log_level, settings.log_format)
    try:
        from emailq.api.app import server
    except ModuleNotFoundError as error:
        raise ConfigError(f"serve needs {error.name}; install it with: pip install 'emailq[api]'") from None
    asyncio.run(_check_start(settings))
    try:
        listener = socket.create_server((settings.api_host, settings.api_port), backlog=2048)
    except OSError as error:
        raise ConfigError(f"can't listen on {settings.api_host}:{settings.api_port}: {error.strerror}") from None
    log.event("api.listening", url=f"http://{settings.api_host}:{listener.getsockname()[1]}")
    server(settings).run(sockets=[listener])
    return EX_OK


async def _check_start(settings: Settings) -> None:
    """Refuse to be reachable by others before there is a token: nobody could use it, and it would look open."""
    async with connected(settings) as conn:
        await check_schema(conn)
        may_be_used = await has_valid_token(conn)
    if not may_be_used:
        advice = "make one with: emailq token create NAME --scope admin"
        if not _is_loopback(settings.api_host):
            raise ConfigError(f"no API token, and {settings.api_host} is open to others; {advice}")
        click.echo(f"emailq: there is no API token yet; {advice}", err=True)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


@click.group()
def token() -> None:
    """Make, list and revoke tokens of the HTTP API."""


@token.command(name="create")
@click.argument("name")
@click.option(
    "--scope", "scopes", multiple=True, required=True, type=click.Choice(SCOPES), help="Repeat for more; admin: all."
)
@click.option("--days", type=click.IntRange(1, 3650), help="Days until it expires.  [default: never]")
@as_json
def _create(name: str, scopes: tuple[str, ...], days: int | None, as_json: bool) -> int:
    """Make a token and print it: it can't be seen again."""

    async def run(conn: Connection) -> str:
        try:
            return await create_token(conn, name, sorted(set(scopes)), timedelta(days=days) if days else None)
        except psycopg.errors.UniqueViolation:
            raise UsageError(f"there is a token {name!r} already; choose another name") from None

    made = with_connection(run)
    print_row({"name": name, "scopes": sorted(set(scopes)), "token": made}, as_json, made)
    return EX_OK


@token.command(name="list")
@as_json
def _list(as_json: bool) -> int:
    """List the tokens; never their secret."""
    rows = with_connection(list_tokens)
    if as_json:
        print_rows(rows)
        return EX_OK
    for row in rows:
        state = "revoked" if row["revoked_at"] else f"expires {row['expires_at']:%Y-%m-%d}" if row["expires_at"] else ""
        used = f"used {row['last_used_at']:%Y-%m-%d %H:%M}" if row["last_used_at"] else "never used"
        click.echo(f"{row['name']:24} {','.join(row['scopes']):24} {used:22} {state}".rstrip())
    return EX_OK


@token.command(name="revoke")
@click.argument("name")
def _revoke(name: str) -> int:
    """Make a token useless, within seconds."""
    if not with_connection(lambda conn: revoke_token(conn, name)):
        raise NotFound(f"no valid token {name!r}; see: emailq token list")
    click.echo(f"{name} is revoked")
    return EX_OK
