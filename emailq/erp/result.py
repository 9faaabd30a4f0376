"""What an adapter says about one call: what is known of its effect, and how to go on."""

from dataclasses import dataclass
from typing import Any, Literal


@dataclass(frozen=True, slots=True)
class Result:
    """`outcome` is what is known: success, rejected (the ERP refused), unavailable (it can't have been done), unknown.

    `then`: done; fail (this action never works); review (a person has to look); retry (as often as the job may, then it
    failed); repeat (until the outcome is known, or a person has to look); wait (the whole queue does, for `wait_s`
    seconds). `response` is bounded and without secrets.
    """

    outcome: Literal["success", "rejected", "unavailable", "unknown"]
    then: Literal["done", "fail", "review", "retry", "repeat", "wait"]
    error: str | None = None
    http_status: int | None = None
    entity_id: str | None = None
    response: Any = None
    wait_s: float | None = None
    is_misconfigured: bool = False
