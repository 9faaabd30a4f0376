"""Words by which a message speaks of a bill and is none: it credits, cancels, corrects, chases, disputes or thanks.

Booked as a bill it would be paid, some a second time. The words are in `words`. What
suppliers print at the foot of their bills must not be among them.
"""

from emailq.erp import words
from emailq.erp.words import any_of
from emailq.extract.parts import in_one_row, span_of

_NONE = any_of(words.CORRECTED_BILLS, words.CHASED_BILLS, words.LISTED_BILLS, words.ANSWERED_BILLS, words.OFFERED_BILLS)


def speaks_of_no_new_bill(subject: str, text: str) -> str | None:
    """The words that say so, in the subject or the newest text; None if it may well be a new bill."""
    match = _NONE.search(in_one_row(subject)) or _NONE.search(in_one_row(text))
    return span_of(match[0]) if match else None
