"""A process that has loaded emailq and forks: a start of `emailq` without the 0.3 s of CPU that its imports take.

Each message on its socket asks for one start: a JSON object with `args`, `env` and `cwd`, and four descriptors: the new
process's standard input, output and error, and where its id and in the end its status are written, a line each.
"""

import gc
import json
import os
import signal
import socket
import sys
import time
from contextlib import suppress

import emailq.cli
import emailq.ingest.accept
import emailq.queue.worker

MOST_BYTES = 1 << 20  # of a message


def until_forked(requests: socket.socket) -> None:
    """Returns in each new process; the first one ends when nobody can ask any more."""
    gc.freeze()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C ends pytest, and that ends this one
    while True:
        message, descriptors, _, _ = socket.recv_fds(requests, MOST_BYTES, 4)
        if not message:
            os._exit(0)
        with suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        if os.fork() == 0:
            break
        for descriptor in descriptors:
            os.close(descriptor)
    requests.close()
    *streams, report = descriptors
    if process := os.fork():
        os.write(report, b"%d\n" % process)
        os.write(report, b"%d\n" % os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]))
        os._exit(0)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.close(report)
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    begin(**json.loads(message))


def begin(args: list[str], env: dict[str, str], cwd: str) -> None:
    os.chdir(cwd)
    os.environ.clear()
    os.environ.update(env)
    time.tzset()
    sys.argv = args
    sys.path[0] = os.path.dirname(args[0])


if __name__ == "__main__":
    until_forked(socket.socket(fileno=int(sys.argv[1])))
    emailq.cli.main()
