"""How long a failed job waits: exponential, capped, with full jitter."""

import random


def retry_delay(attempt: int, base_s: float, max_s: float) -> float:
    """Seconds before the next try after `attempt` (from 1) failed.

    Uniform between half of and the whole of base · 2^(attempt-1), capped at `max_s`: full jitter spreads a herd, the
    floor keeps a retry from being immediate.
    """
    ceiling = min(max_s, base_s * 2.0 ** min(attempt - 1, 60))
    return random.uniform(ceiling / 2, ceiling)
