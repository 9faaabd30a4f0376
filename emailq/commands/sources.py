"""Commands for where mail comes from: imap, reconcile, lmtp (files come in by ingest)."""

import asyncio
from dataclasses import asdict

import click

from emailq import log
from emailq.commands.database import check_schema, connected
from emailq.commands.output import EX_OK, as_json, print_row
from emailq.errors import ConfigError
from emailq.settings import load_settings

EX_GAP = 1  # of reconcile


@click.command()
@click.argument("accounts", nargs=-1, metavar="[ACCOUNT…]")
@click.option("--once", is_flag=True, help="End when all that is there has come in.")
@as_json
def imap(accounts: tuple[str, ...], once: bool, as_json: bool) -> int:
    """Read IMAP mailboxes: all mail, and new mail as it arrives.

    They are the tables [imap.NAME] of emailq.toml.

    Old mail comes in newest first. What was interrupted goes on where it stopped.
    """
    from emailq.app import open_app
    from emailq.ingest.imap import chosen_accounts, read_mailboxes
    from emailq.ingest.imap_folder import Progress
    from emailq.process import until_told_to_stop
    from emailq.progress import Progress as Bar

    settings = load_settings()
    log.configure(settings.log_level if not once else "warning", settings.log_format)
    chosen = chosen_accounts(settings, accounts)
    progress = Progress()

    async def run() -> None:
        async with connected(settings) as conn:
            await check_schema(conn)
        async with open_app(settings) as app:
            await app.blobs.check()
            await until_told_to_stop(read_mailboxes(app, chosen, progress, once=once))

    with Bar("messages", enabled=once and not as_json) as bar:
        progress.changed = lambda now: bar.show(now.done, now.found)
        asyncio.run(run())
    print_row(progress.counts(), as_json, progress.summary())
    return EX_OK


@click.command()
@click.option(
    "--listen",
    default="127.0.0.1:2424",
    show_default=True,
    metavar="HOST:PORT|PATH",
    help="Address, or a socket's path.",
)
@click.option("--account", help="Account of all messages.  [default: the address of each recipient]")
def lmtp(listen: str, account: str | None) -> int:
    """Take in messages from a mail server by LMTP.

    250 means that the message is stored here and safe.
    """
    try:
        from emailq.ingest.lmtp import serve_lmtp
    except ModuleNotFoundError as error:
        raise ConfigError(f"LMTP needs {error.name}; install it with: pip install 'emailq[lmtp]'") from None
    from emailq.app import open_app
    from emailq.process import until_told_to_stop

    settings = load_settings()
    log.configure(settings.log_level, settings.log_format)

    async def run() -> None:
        async with connected(settings) as conn:
            await check_schema(conn)
        async with open_app(settings) as app:
            await until_told_to_stop(serve_lmtp(app, listen, account))

    asyncio.run(run())
    return EX_OK


@click.command()
@click.argument("account")
@click.option("--fetch", is_flag=True, help="Get what is missing; what was left out too, if it may come in now.")
@as_json
def reconcile(account: str, fetch: bool, as_json: bool) -> int:
    """Compare an IMAP mailbox with what is here.

    Message by message; exit code 1 if any is missing here.
    """
    from emailq.app import open_app
    from emailq.ingest.imap import Gap, chosen_accounts
    from emailq.ingest.imap import reconcile as compare

    settings = load_settings()
    [(name, mailbox)] = chosen_accounts(settings, [account]).items()
    log.configure("warning", settings.log_format)

    async def run() -> list[Gap]:
        async with open_app(settings) as app:
            return await compare(app, name, mailbox, fetch=fetch)

    gaps = asyncio.run(run())
    for gap in gaps:
        row = {**asdict(gap), "account": name}
        fetched = f", {len(gap.fetched)} fetched now" if gap.fetched else ""
        print_row(row, as_json, f"{gap.folder}: {gap.listed} on the server, {len(gap.missing)} missing here{fetched}")
        for uid in gap.missing if not as_json else []:
            click.echo(f"  uid {uid}: {gap.reasons.get(uid, 'never came in')}")
    return EX_GAP if any(gap.missing for gap in gaps) else EX_OK
