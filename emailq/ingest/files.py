"""Messages from files: .eml, folders of them, mbox, Maildir, standard input."""

import os
import re
import stat
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice
from typing import BinaryIO

from emailq.ingest.mbox import is_mbox, looks_like_mail, split_mbox

_MAIL_SUFFIXES = {".eml", ".mbox", ".mbx", ".mail", ".email", ".raw", ".mime"}
_UNSUPPORTED = {
    ".msg": "an Outlook .msg file is no RFC 5322 message; export it as .eml",
    ".pst": "an Outlook .pst archive; export its messages as .eml",
    ".emlx": "an Apple Mail .emlx file; export the mailbox as .mbox",
    ".gz": "a compressed file; unpack it first (gunzip)",
    ".bz2": "a compressed file; unpack it first (bunzip2)",
    ".xz": "a compressed file; unpack it first (unxz)",
    ".zst": "a compressed file; unpack it first (unzstd)",
    ".zip": "an archive; unpack it first",
    ".tar": "an archive; unpack it first",
    ".tgz": "an archive; unpack it first",
}
_MAGIC = {  # first bytes, for files whose name does not say it
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1": ".msg",
    b"!BDN": ".pst",
    b"\x1f\x8b": ".gz",
    b"BZh": ".bz2",
    b"\xfd7zXZ\x00": ".xz",
    b"\x28\xb5\x2f\xfd": ".zst",
    b"PK\x03\x04": ".zip",
}
_HEAD_BYTES = 8192
_PIECE_BYTES = 65536
_NAMES_AT_ONCE = 10_000  # of a folder, in memory and in order


@dataclass(frozen=True, slots=True)
class Found:
    """A message in a file, or why there is none (`raw` is None). `skipped`: a file of a folder that is no mail.

    `size_bytes` is how much of the input is dealt with by this.
    """

    source: str
    raw: bytes | None
    refusal: str | None = None
    skipped: bool = False
    size_bytes: int = 0
    folder: str = "INBOX"
    flags: tuple[str, ...] = ()


def find_messages(path: str, max_bytes: int) -> Iterator[Found]:
    """Every message below `path` ("-": standard input), one at a time; memory is bounded by the largest message.

    Never raises for what is in the files: what can't be taken comes back as a refusal. Links to folders are not
    followed, so loops end; FIFOs and devices are refused.
    """
    if path == "-":
        yield from _stream("-", sys.stdin.buffer, max_bytes, whole=False)
    elif os.path.isdir(path):
        yield from _folder(path, max_bytes)
    else:
        yield from _file(path, max_bytes)


def total_bytes(paths: tuple[str, ...]) -> int:
    """How much there is to read below these paths, for a progress bar; 0 for what has no size."""
    files = (file for path in paths for file in (_walk(path) if os.path.isdir(path) else [path]))
    return sum(_size(file) for file in files if isinstance(file, str))


def _folder(root: str, max_bytes: int) -> Iterator[Found]:
    for file in _walk(root):
        if isinstance(file, Found):
            yield file
        elif _is_maildir_message(file):
            for found in _file(file, max_bytes):
                yield replace(found, folder=_maildir_folder(root, file), flags=_maildir_flags(file))
        elif _suffix(file) in _MAIL_SUFFIXES or _unsupported(file, b"") or _starts_like_mail(file):
            yield from _file(file, max_bytes)
        else:
            yield Found(file, None, "does not look like mail", skipped=True, size_bytes=_size(file))


def _walk(folder: str) -> Iterator[str | Found]:
    """All files below a folder, its own first; a folder that can't be read is a refusal."""
    try:
        with os.scandir(folder) as entries:
            subfolders: list[str] = []
            while names := sorted(islice(_names(entries, subfolders), _NAMES_AT_ONCE)):
                yield from (os.path.join(folder, name) for name in names)
    except OSError as error:
        yield Found(folder, None, _reason(error))
        return
    is_maildir = "cur" in subfolders
    for name in sorted(subfolders):
        if not (is_maildir and name == "tmp"):  # Maildir: still being written
            yield from _walk(os.path.join(folder, name))


def _names(entries: Iterator[os.DirEntry[str]], subfolders: list[str]) -> Iterator[str]:
    """Names of files; those of folders are added to `subfolders`. Hidden files and Dovecot's own are left out."""
    for entry in entries:
        if entry.is_dir(follow_symlinks=False):
            subfolders.append(entry.name)
        elif not entry.name.startswith((".", "dovecot")) and not (entry.is_symlink() and entry.is_dir()):
            yield entry.name


def _is_maildir_message(file: str) -> bool:
    folder = os.path.dirname(file)
    return os.path.basename(folder) in ("cur", "new") and os.path.isdir(os.path.join(os.path.dirname(folder), "tmp"))


def _maildir_folder(root: str, file: str) -> str:
    """Maildir++: subfolders are named .Name.Sub."""
    name = os.path.relpath(os.path.dirname(os.path.dirname(file)), root)
    return "INBOX" if name == "." else name.lstrip(".").replace(".", "/")


def _maildir_flags(file: str) -> tuple[str, ...]:
    """The letters behind ":2,", or behind another sign where files can't have colons."""
    names = {"S": "seen", "R": "answered", "F": "flagged", "T": "deleted", "D": "draft", "P": "forwarded"}
    found = re.search(r"[:;!]2,([A-Za-z]*)$", file)
    return tuple(names[letter] for letter in found[1] if letter in names) if found else ()


def _starts_like_mail(file: str) -> bool:
    try:
        if not stat.S_ISREG(os.stat(file).st_mode):
            return False
        with open(file, "rb") as stream:
            head = stream.read(1000)
            return looks_like_mail(head) or _unsupported(file, head) in (_UNSUPPORTED[".msg"], _UNSUPPORTED[".pst"])
    except OSError:
        return True  # the refusal tells why it can't be read


def _unsupported(file: str, head: bytes) -> str | None:
    kind = _suffix(file)
    if kind not in _UNSUPPORTED:
        kind = next((kind for magic, kind in _MAGIC.items() if head.startswith(magic)), "")
    return _UNSUPPORTED.get(kind)


def _file(path: str, max_bytes: int) -> Iterator[Found]:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)  # a FIFO must not block
        with open(descriptor, "rb") as file:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                yield Found(path, None, "not a regular file (for a pipe use -)")
                return
            yield from _stream(path, file, max_bytes, whole=_suffix(path) == ".eml")
    except OSError as error:
        yield Found(path, None, _reason(error))


def _stream(source: str, stream: BinaryIO, max_bytes: int, *, whole: bool) -> Iterator[Found]:
    """The messages of an open file. `whole`: it is one message, even if it begins like an mbox."""
    head = stream.read(_HEAD_BYTES)
    if reason := _unsupported(source, head):
        yield Found(source, None, f"not supported: {reason}", size_bytes=_size(source))
    elif not whole and is_mbox(head):
        for number, message in enumerate(split_mbox(head, stream, max_bytes), 1):
            yield _message(f"{source}#{number}", message, max_bytes)
    else:
        yield _message(source, head + _read(stream, max_bytes + 1 - len(head)), max_bytes)


def _read(stream: BinaryIO, most: int) -> bytes:
    """At most so many bytes, in pieces: Python makes room for all that it is asked to read."""
    pieces = []
    while most > 0 and (piece := stream.read(min(most, _PIECE_BYTES))):
        pieces.append(piece)
        most -= len(piece)
    return b"".join(pieces)


def _message(source: str, raw: bytes, max_bytes: int) -> Found:
    if len(raw) > max_bytes:
        reason = f"larger than {max_bytes} bytes (EMAILQ_MAX_MESSAGE_BYTES)"
        return Found(source, None, reason, size_bytes=_size(source) or len(raw))
    if not raw or raw.isspace():
        return Found(source, None, "empty", size_bytes=len(raw))
    return Found(source, raw, size_bytes=len(raw))


def _suffix(file: str) -> str:
    return os.path.splitext(file)[1].lower()


def _size(file: str) -> int:
    try:
        return os.stat(file).st_size
    except (OSError, ValueError):
        return 0


def _reason(error: OSError) -> str:
    return (error.strerror or str(error)).lower()
