"""Child processes that must not outlive their parent."""

import ctypes
import signal
from contextlib import suppress


def die_with_parent() -> None:
    """Be killed when the parent ends, however it ends (PR_SET_PDEATHSIG); does nothing where there is no prctl."""
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)
