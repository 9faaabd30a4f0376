"""Signs that a sender is, or is not, who a reader takes it for: data for policy (sql/functions/trust.sql)."""

import re
from collections.abc import Collection
from typing import Any, Protocol

from emailq.parse.addresses import Address
from emailq.parse.authentication import aligned
from emailq.parse.domains import is_ours, mixes_scripts, registrable


class Message(Protocol):
    from_: list[Address]
    reply_to: list[Address]

    @property
    def defects(self) -> list[str]: ...


_CODES = {"dmarc": "dmarc-pass", "dkim": "dkim-aligned", "spf": "spf-aligned"}
_ADDRESS = re.compile(r"[\w.+-]{1,64}@(?:[\w-]{1,63}\.){1,8}[\w-]{2,63}")


def message_signs(message: Message) -> list[str]:
    """What the message alone tells: no-sender, from-multiple, reply-to-differs, name-shows-other-address or
    mixed-script-domain."""
    sender = message.from_[0] if message.from_ else None
    if sender is None or not sender.email:
        return ["no-sender"]
    domain = registrable(sender.email)
    signs = []
    if "from-multiple" in message.defects:
        signs.append("from-multiple")
    if any(registrable(one.email) != domain for one in message.reply_to[:20]):
        signs.append("reply-to-differs")
    shown = _ADDRESS.search(sender.name[:300]) if sender.name and "@" in sender.name else None
    if shown and registrable(shown[0]) != domain:
        signs.append("name-shows-other-address")
    if domain and mixes_scripts(domain):
        signs.append("mixed-script-domain")
    return signs


def server_signs(authentication: dict[str, Any] | None, from_address: str | None, own: Collection[str]) -> list[str]:
    """What our own servers tell: dmarc-pass, dkim-aligned, spf-aligned; dmarc-fail; own-domain-unverified; spf-fail.

    `own`: see is_ours. Mail from us is also verified by a login (RFC 8601 §2.7.4).
    """
    if authentication is None:
        return []
    signs = [_CODES[method] for method in aligned(authentication, from_address)]
    if authentication["dmarc"] == "fail":
        signs.append("dmarc-fail")
    logged_in = any((one["method"], one["result"]) == ("auth", "pass") for one in authentication["results"])
    if is_ours(from_address, own) and not (signs or logged_in):
        signs.append("own-domain-unverified")
    elif authentication["spf"] == "fail" and not (signs or logged_in):
        signs.append("spf-fail")
    return signs
