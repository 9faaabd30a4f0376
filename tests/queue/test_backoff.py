"""How long a failed job waits."""

from hypothesis import given
from hypothesis import strategies as st

from emailq.queue.backoff import retry_delay


@given(st.integers(1, 2**31), st.floats(0, 1e6), st.floats(0, 1e9))
def test_a_delay_is_bounded_whatever_the_attempt(attempt: int, base_s: float, max_s: float) -> None:
    assert 0 <= retry_delay(attempt, base_s, max_s) <= max_s


@given(st.integers(1, 20))
def test_a_delay_lies_between_half_and_all_of_a_ceiling_that_doubles(attempt: int) -> None:
    ceiling = 2.0 * 2 ** (attempt - 1)

    assert ceiling / 2 <= retry_delay(attempt, 2.0, 1e12) <= ceiling


def test_delays_of_a_herd_spread() -> None:
    delays = {retry_delay(3, 2.0, 600.0) for _ in range(50)}

    assert max(delays) - min(delays) > 1
