"""A real clamd with a few signatures of our own."""

import os
import shutil
import signal
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.servers import end_of_log, free_ports, identity_of_servers, start_program, stop_program
from tests.waiting import wait_until

# The harmless test file of EICAR (eicar.org), in halves so that no scanner minds this file.
EICAR = rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR" + b"-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
EICAR_NAME = "Eicar-Test.UNOFFICIAL"

_CONF = """
DatabaseDirectory {folder}/db
TCPSocket {port}
TCPAddr 127.0.0.1
LocalSocket {folder}/clamd.sock
LogFile {folder}/clamd.log
Foreground yes
StreamMaxLength 1M
MaxThreads 4
SelfCheck 0
AlertExceedsMax {admits}
AlertEncrypted yes
"""


def have_clamd() -> bool:
    return shutil.which("clamd") is not None


@dataclass(frozen=True)
class Clamd:
    folder: Path
    port: int

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def socket(self) -> str:
        return str(self.folder / "clamd.sock")


@contextmanager
def start_clamd(*, admits_its_limits: bool = True) -> Iterator[Clamd]:
    with tempfile.TemporaryDirectory(prefix="emailq-clamd", dir="/tmp", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        (folder / "db").mkdir()
        (folder / "db/own.ndb").write_text(f"Eicar-Test:0:*:{EICAR.hex()}\n")
        server = Clamd(folder, *free_ports(1))
        admits = "yes" if admits_its_limits else "no"
        (folder / "clamd.conf").write_text(_CONF.format(folder=folder, port=server.port, admits=admits))
        identity = identity_of_servers()
        if identity:
            for path in (folder, folder / "db"):
                os.chown(path, identity["user"], identity["group"])
        command = ["clamd", "-c", folder / "clamd.conf"]
        process = start_program(command, log=folder / "log", stop_signal=signal.SIGTERM, identity=identity)

        def answers() -> bool:
            if process.poll() is not None:
                raise RuntimeError(f"clamd did not start:\n{end_of_log(folder / 'log')}")
            try:
                socket.create_connection(("127.0.0.1", server.port)).close()
            except OSError:
                return False
            return True

        try:
            wait_until(answers, 30)
            yield server
        finally:
            stop_program(process, signal.SIGTERM)
