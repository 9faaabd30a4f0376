"""What an adapter says about one call: what is known of its effect, and how to go on."""

from dataclasses import dataclass
from typing import Any, Literal

from emailq.errors import EmailqError


@dataclass(frozen=True, slots=True)
class Result:
    """`outcome` is what is known: success, rejected (the ERP refused), unavailable (it can't have been done), unknown.

    `then`: done; fail (this action never works); review (a person has to look); retry (some times, then it failed);
    repeat (until the outcome is known, or a person has to look); wait (the whole queue does, for `wait_s` seconds);
    pause (the whole queue, until a person resumes it). `request` and `response` are bounded and without secrets.
    """

    outcome: Literal["success", "rejected", "unavailable", "unknown"]
    then: Literal["done", "fail", "review", "retry", "repeat", "wait", "pause"]
    error: str | None = None
    http_status: int | None = None
    entity_id: str | None = None
    request: Any = None
    response: Any = None
    wait_s: float | None = None


class Stopped(EmailqError):
    """Raised inside an adapter where a call ended the action's try: `result` is what the adapter returns."""

    def __init__(self, result: Result) -> None:
        super().__init__(result.error or result.outcome)
        self.result = result
