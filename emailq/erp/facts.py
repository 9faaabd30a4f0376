"""What adapters write into documents, read out of an action's payload: the same words in every ERP."""

from decimal import Decimal
from typing import Any, NamedTuple

from emailq.erp.outbox import Action
from emailq.erp.result import Result, Stopped

_TITLE_LIMIT = 120  # characters of a subject in a title


class Line(NamedTuple):
    """`item` as the message has it; what is not known is None."""

    item: str
    article: str | None
    quantity: Decimal | None
    unit: str | None
    price: Decimal | None

    @property
    def text(self) -> str:
        """The line in one row, for systems that take no quantity in words: "12 boxes candles"."""
        return " ".join(str(part) for part in (self.quantity, self.unit, self.item) if part is not None)


def title(action: Action) -> str:
    """The subject, and in brackets the reference by which the document is found again."""
    subject = " ".join((action.request_payload["email"]["subject"] or "(no subject)").split())
    return f"{subject[:_TITLE_LIMIT]} [{action.reference}]"


def note(action: Action) -> str:
    """The message's own text with where it came from."""
    email = action.request_payload["email"]
    return f"From: {email['from_name'] or ''} <{email['from']}>\n\n{email.get('text') or ''}\n\n[{action.reference}]"


def sender(action: Action) -> tuple[str, str]:
    """(name, address). Raises Stopped where there is no address: nobody to book it for."""
    email = action.request_payload["email"]
    if not email["from"]:
        raise Stopped(Result("rejected", "review", "the message has no sender, so there is nobody to book it for"))
    return email["from_name"] or email["from"], email["from"]


def value(action: Action, name: str) -> str | None:
    found = action.request_payload["fields"].get(name)
    return found.get("value") if isinstance(found, dict) else found


def lines(action: Action) -> list[Line]:
    return [
        Line(
            str(line.get("item") or "(no name)"),
            line.get("article"),
            _number(line.get("quantity")),
            line.get("unit"),
            _number(line.get("price")),
        )
        for line in action.request_payload["fields"].get("lines") or []
    ]


def total(action: Action) -> tuple[Decimal | None, str | None]:
    """(sum, currency): the one that is called the total, else the only one there is."""
    amounts = action.request_payload["fields"].get("amounts") or []
    named = [one for one in amounts if one.get("kind") == "total"] or amounts
    if len({(one["value"], one["currency"]) for one in named}) != 1:
        return None, None
    return _number(named[0]["value"]), named[0]["currency"]


def date(action: Action, kind: str) -> str | None:
    """The one date of this kind (issued, due, delivery), ISO 8601."""
    found = {one["value"] for one in action.request_payload["fields"].get("dates") or [] if one.get("kind") == kind}
    return str(found.pop()) if len(found) == 1 else None


def _number(text: Any) -> Decimal | None:
    return None if text is None else Decimal(str(text))
