"""Access tokens for mailboxes: a refresh token becomes an access token (RFC 6749 §6)."""

import time
from urllib.parse import urlencode

from emailq.app import App
from emailq.errors import Unavailable
from emailq.http import NoAnswer, NotSent, send
from emailq.ingest.imap_client import LoginRefused
from emailq.settings import ImapAccount


async def access_token(app: App, account: ImapAccount) -> str:
    """A valid access token, kept in memory until a minute before it ends. Raises LoginRefused or Unavailable."""
    token, good_until = _kept(app).get(_key(account), ("", 0.0))
    if time.monotonic() < good_until:
        return token
    secrets = {"client_secret": account.oauth_client_secret, "refresh_token": account.oauth_refresh_token}
    form = {"grant_type": "refresh_token", "client_id": account.oauth_client_id or ""}
    form |= {name: secret.get_secret_value() for name, secret in secrets.items() if secret}
    try:
        answer = await send(
            app.http,
            "POST",
            account.oauth_token_url or "",
            timeout_s=30,
            content=urlencode(form).encode(),
            headers={"content-type": "application/x-www-form-urlencoded", "accept": "application/json"},
        )
    except (NotSent, NoAnswer) as error:
        raise Unavailable(f"OAuth2 token of {account.user}: {error}") from None
    found = answer.json()
    if answer.status in (400, 401, 403):
        reason = found.get("error") if isinstance(found, dict) else None
        raise LoginRefused(f"OAuth2 token of {account.user}: refused ({reason or answer.status}); log in anew")
    if answer.status != 200 or not isinstance(found, dict) or not isinstance(found.get("access_token"), str):
        raise Unavailable(f"OAuth2 token of {account.user}: the server answers {answer.status} and no token")
    lifetime_s = found.get("expires_in")
    lifetime_s = float(lifetime_s) if isinstance(lifetime_s, int | float) else 300.0
    _kept(app)[_key(account)] = found["access_token"], time.monotonic() + max(lifetime_s - 60, 0)
    return str(found["access_token"])


def forget_token(app: App, account: ImapAccount) -> None:
    """The mail server did not take it: the next one is asked for anew."""
    _kept(app).pop(_key(account), None)


def _kept(app: App) -> dict[str, tuple[str, float]]:
    """Account → token, and until when it is good by the monotonic clock."""
    return app.shared("oauth", dict, _nothing)


def _key(account: ImapAccount) -> str:
    return f"{account.oauth_token_url} {account.oauth_client_id} {account.user}"


async def _nothing(kept: object) -> None:
    pass
