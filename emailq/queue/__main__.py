"""The child process of `isolation`: told on standard input what to run, it dies with the worker that started it."""

import json
import os
import sys

from emailq.process import die_with_parent

if __name__ == "__main__":
    die_with_parent()
    order = json.loads(sys.stdin.buffer.read() or "{}")
    if order.pop("parent", None) == os.getppid():  # else it went while we started, too early to take us with it
        from emailq.queue.suspects import run_all  # not above: one whose worker is gone can do without half a second

        sys.exit(run_all(**order))
