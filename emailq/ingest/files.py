"""Messages from files: .eml, folders of them, mbox, Maildir, standard input."""

import os
import re
import stat
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

_SEPARATOR = re.compile(rb"^From \S.*\d{4}\s*$")  # RFC 4155: ends with an asctime date
_HEADER_LINE = re.compile(rb"(?:From |>?[!-9;-~]+[ \t]*:)")
_MAIL_SUFFIXES = {".eml", ".mbox", ".mbx", ".mail", ".email", ".raw", ".mime"}
_NOT_MAIL = {
    ".msg": "an Outlook .msg file is no RFC 5322 message; export it as .eml",
    ".pst": "an Outlook .pst archive is not supported; export its messages as .eml",
    ".gz": "compressed files are not supported; unpack it first",
    ".zip": "archives are not supported; unpack it first",
    ".tar": "archives are not supported; unpack it first",
}


@dataclass(frozen=True, slots=True)
class Found:
    """A message in a file, or why there is none (`raw` is None). `skipped`: a file of a folder that is no mail."""

    source: str
    raw: bytes | None
    refusal: str | None = None
    skipped: bool = False
    folder: str = "INBOX"
    flags: tuple[str, ...] = ()


def find_messages(path: str, max_bytes: int) -> Iterator[Found]:
    """Every message below `path` ("-": standard input is one message), one at a time.

    Never raises for what is in the files: a file that can't be taken comes back as a refusal. Links to folders are
    not followed, so loops end.
    """
    if path == "-":
        yield _whole("-", sys.stdin.buffer.read(max_bytes + 1), max_bytes)
    elif os.path.isdir(path):
        yield from _folder(path, max_bytes)
    else:
        yield from _file(path, max_bytes)


def count_files(paths: tuple[str, ...]) -> int:
    """How many files there are to read, for a progress bar."""
    return sum(len(list(_walk(path))) if os.path.isdir(path) else 1 for path in paths)


def _folder(path: str, max_bytes: int) -> Iterator[Found]:
    for file in _walk(path):
        if _is_maildir_message(file):
            for found in _file(file, max_bytes):
                yield replace(found, folder=_maildir_folder(path, file), flags=_maildir_flags(file))
        elif Path(file).suffix.lower() in _MAIL_SUFFIXES or _looks_like_mail(file):
            yield from _file(file, max_bytes)
        else:
            yield Found(file, None, "does not look like mail", skipped=True)


def _walk(path: str) -> Iterator[str]:
    for folder, subfolders, names in os.walk(path):
        if os.path.basename(folder) == "tmp" and os.path.isdir(os.path.join(os.path.dirname(folder), "cur")):
            continue  # Maildir: still being written
        subfolders.sort()
        for name in sorted(names):
            if not name.startswith(".") and not (name.startswith("dovecot") and "cur" in subfolders):
                yield os.path.join(folder, name)


def _is_maildir_message(file: str) -> bool:
    folder = os.path.dirname(file)
    return os.path.basename(folder) in ("cur", "new") and os.path.isdir(os.path.join(os.path.dirname(folder), "tmp"))


def _maildir_folder(root: str, file: str) -> str:
    """Maildir++: subfolders are named .Name.Sub."""
    name = os.path.relpath(os.path.dirname(os.path.dirname(file)), root)
    return "INBOX" if name == "." else name.lstrip(".").replace(".", "/")


def _maildir_flags(file: str) -> tuple[str, ...]:
    names = {"S": "seen", "R": "answered", "F": "flagged", "T": "deleted", "D": "draft", "P": "forwarded"}
    _, _, letters = file.rpartition(":2,")
    return tuple(names[letter] for letter in letters if letter in names) if ":2," in file else ()


def _looks_like_mail(file: str) -> bool:
    try:
        if not stat.S_ISREG(os.stat(file).st_mode):
            return False
        with open(file, "rb") as stream:
            return _HEADER_LINE.match(stream.read(1000).lstrip(b"\xef\xbb\xbf\r\n")) is not None
    except OSError:
        return True  # the refusal tells why it can't be read


def _file(path: str, max_bytes: int) -> Iterator[Found]:
    suffix = Path(path).suffix.lower()
    if suffix in _NOT_MAIL:
        yield Found(path, None, f"not supported: {_NOT_MAIL[suffix]}")
        return
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)  # a FIFO must not block
        with open(descriptor, "rb") as file:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                yield Found(path, None, "not a regular file")
                return
            head = file.read(8192)
            file.seek(0)
            if suffix != ".eml" and _is_mbox(head):
                for number, raw in enumerate(_mbox(file, max_bytes), 1):
                    yield _whole(f"{path}#{number}", raw, max_bytes)
            else:
                yield _whole(path, file.read(max_bytes + 1), max_bytes)
    except OSError as error:
        yield Found(path, None, (error.strerror or str(error)).lower())


def _whole(source: str, raw: bytes, max_bytes: int) -> Found:
    if len(raw) > max_bytes:
        return Found(source, None, f"larger than {max_bytes} bytes (EMAILQ_MAX_MESSAGE_BYTES)")
    if not raw.strip():
        return Found(source, None, "empty")
    return Found(source, raw)


def _is_mbox(head: bytes) -> bool:
    line, newline, _ = head.lstrip(b"\r\n").partition(b"\n")
    return bool(newline) and _SEPARATOR.match(line.rstrip(b"\r")) is not None


def _mbox(lines: Iterator[bytes], max_bytes: int) -> Iterator[bytes]:
    """The messages of an mbox, without From_ lines and with `>From ` unquoted (mboxrd); one too large is cut."""
    message: list[bytes] = []
    size = 0
    blank = True
    for line in lines:
        if blank and line.startswith(b"From ") and _SEPARATOR.match(line.rstrip(b"\r\n")):
            if message:
                yield _joined(message)
            message, size = [], 0
            blank = False
            continue
        blank = line in (b"\n", b"\r\n")
        if size <= max_bytes:
            message.append(line[1:] if re.match(rb">+From ", line) else line)
            size += len(line)
    if message:
        yield _joined(message)


def _joined(lines: list[bytes]) -> bytes:
    """Without the blank line that separates it from the next message."""
    if lines[-1] in (b"\n", b"\r\n") and len(lines) > 1:
        lines = lines[:-1]
    return b"".join(lines)
