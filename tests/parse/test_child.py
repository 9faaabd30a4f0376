"""Child processes: what breaks one costs the message that it was at, and no other."""

import os
import signal
import subprocess
import sys

import pytest

from emailq.parse.child import ChildPool, Crashed

WARM_UP = b""


def work(raw: bytes, greeting: str) -> str:
    """What the children of this test run."""
    if raw == b"kill me":
        os.kill(os.getpid(), signal.SIGKILL)
    if raw == b"raise":
        raise ValueError
    if raw == b"group":
        return str(os.getpgid(0) == os.getpid())
    return f"{greeting} {raw.decode()}"


@pytest.mark.parametrize(("bad", "reason"), [(b"kill me", "signal 9"), (b"raise", "raised ValueError")])
async def test_one_that_crashes_in_a_batch_costs_only_itself(bad: bytes, reason: str) -> None:
    pool = ChildPool(1, "tests.parse.test_child:work", "hello")
    try:
        before, crashed, after, last = await pool.run_each([b"ann", bad, b"bob", b"x" * 3_000_000])
        again = await pool.run(b"eve")
    finally:
        await pool.close()

    assert (before, after, again) == ("hello ann", "hello bob", "hello eve")
    assert isinstance(crashed, Crashed)
    assert reason in str(crashed)
    assert len(last) == 3_000_006


async def test_a_pool_that_is_closed_ends_what_runs() -> None:
    pool = ChildPool(1, "tests.parse.test_child:work", "hello")
    await pool.run(b"ann")
    await pool.close()

    with pytest.raises((Crashed, RuntimeError)):
        await pool.run(b"bob")


async def test_a_terminals_ctrl_c_is_not_for_a_child() -> None:
    pool = ChildPool(1, "tests.parse.test_child:work", "hello")
    try:
        assert await pool.run(b"group") == "True"
    finally:
        await pool.close()


def test_a_child_does_not_load_what_only_its_parent_needs() -> None:
    code = "import sys, emailq.parse.served, emailq.parse.stored; print(*sys.modules)"
    loaded = subprocess.run((sys.executable, "-c", code), check=True, capture_output=True, text=True).stdout.split()

    assert {"asyncio", "subprocess", "psycopg", "pydantic"}.isdisjoint(loaded)  # a fifth of its start, or more
