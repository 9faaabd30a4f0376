"""The log of a service, when nobody reads it."""

import fcntl
import os
import subprocess
import sys

LINES = 400

WRITES = f"""
from emailq import log

log.configure("info", "text")
for number in range({LINES}):
    log.event("line", number=number)
print("through", flush=True)
input()
log.event("after")
"""


def test_a_log_that_nobody_reads_holds_up_nothing_and_says_later_what_it_left_out() -> None:
    reader, writer = os.pipe()
    fcntl.fcntl(writer, fcntl.F_SETPIPE_SZ, 4096)
    process = subprocess.Popen(
        (sys.executable, "-c", WRITES), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=writer, text=True
    )
    os.close(writer)
    with process, open(reader) as log:
        assert process.stdout
        assert process.stdin
        try:
            assert process.stdout.readline() == "through\n"
            first = os.read(log.fileno(), 65536).decode().splitlines()
            process.stdin.write("\n")
            process.stdin.close()
            dropped, after = log.read().splitlines()
        finally:
            process.kill()

    assert first[0].endswith("info    line number=0")
    assert dropped.endswith(f'warning log.dropped lines={LINES - len(first)} reason="nobody reads the log"')
    assert after.endswith("after")


def test_without_a_log_all_goes_on() -> None:
    code = 'from emailq import log; log.configure("info", "text"); log.event("line"); print("done")'
    done = subprocess.run(
        ("sh", "-c", 'exec "$0" "$@" 2>&-', sys.executable, "-c", code), check=True, capture_output=True, text=True
    )

    assert done.stdout == "done\n"
