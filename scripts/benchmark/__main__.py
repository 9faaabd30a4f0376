"""The benchmarks by name: scripts/bench NAME [OPTION …]."""

import importlib
import signal
import sys

BENCHMARKS = {
    "queue": "scripts.benchmark.queue",  # emailq's queue and others, side by side
    "mail": "scripts.benchmark.mail",  # its parser and others, and the way from files to rows
    "imap": "scripts.benchmark.imap",  # a large mailbox on a Dovecot, and new mail
}


def main(args: list[str]) -> int:
    if not args or args[0] not in BENCHMARKS:
        sys.stderr.write(f"usage: scripts/bench {{{','.join(BENCHMARKS)}}} [--help]\n")
        return 64
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # like Ctrl-C: what was started is stopped
    status: int = importlib.import_module(BENCHMARKS[args[0]]).main(args[1:])
    return status


sys.exit(main(sys.argv[1:]))
