"""mbox files: messages one after the other, each below a line `From sender date` (RFC 4155, and what came before)."""

import re
from collections.abc import Iterator
from typing import BinaryIO

# "From ann@example.com Tue Nov 10 09:00:00 2026", with a time zone, "remote from host" or the order of other dates
_SEPARATOR = re.compile(
    rb"From (?=[^\n]{0,1000}\d{1,2}:\d\d)(?=[^\n]{0,1000}\b(?:19|20)\d\d\b)"
    rb"(?:[^\n]{0,900}\s)?(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun|Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*\b"
)
_HEADER = re.compile(rb">?[!-9;-~]+[ \t]*:|>?From ")
_CONTENT_LENGTH = re.compile(rb"content-length:[ \t]*(\d{1,12})[ \t]*\r?$", re.IGNORECASE)
_QUOTED = re.compile(rb">+From ")
_LINE = re.compile(rb"[^\n]*\n|[^\n]+")
_BLANK = (b"\n", b"\r\n")
_LINE_BYTES = 65_536  # longer lines come in pieces


def is_mbox(head: bytes) -> bool:
    """Whether a file that begins so is an mbox."""
    return _SEPARATOR.match(head.lstrip(b"\r\n")) is not None


def looks_like_mail(head: bytes) -> bool:
    return _HEADER.match(head.lstrip(b"\xef\xbb\xbf\r\n")) is not None


def split_mbox(head: bytes, stream: BinaryIO, max_bytes: int) -> Iterator[bytes]:
    """The messages, without their From_ lines; `head` was read from `stream` already.

    Lines that had been quoted (">From ") are unquoted as in mboxrd. A Content-Length that ends right before the next
    From_ line or the end of the file is believed (mboxcl2 quotes nothing); any other is not. A message above max_bytes
    is cut, at some length above it.
    """
    message = _Message(max_bytes)
    previous = b"\n"
    for line, following in _with_following(_lines(head, stream)):
        if previous.endswith(b"\n") and _is_separator(line, following, previous):
            if message.ends_here():
                yield from message.pieces()
                message = _Message(max_bytes)
            else:
                message.cut(line)
        else:
            message.add(line)
        previous = line
    message.ends_here(is_last=True)
    yield from message.pieces()


def _is_separator(line: bytes, following: bytes, previous: bytes) -> bool:
    if not line.startswith(b"From ") or _SEPARATOR.match(line) is None:
        return False
    return _HEADER.match(following) is not None or (previous in _BLANK and following in (b"", *_BLANK))


class _Message:
    """The lines since the last sure separator, and where the doubtful ones stood."""

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._lines: list[bytes] = []
        self._cuts: list[int] = []
        self._kept_bytes = 0  # since the last cut
        self._body_bytes: int | None = None  # None: still in the header
        self._length: int | None = None
        self._is_confirmed = False

    def add(self, line: bytes) -> None:
        if self._body_bytes is not None:
            self._body_bytes += len(line)
        elif line in _BLANK and self._lines:
            self._body_bytes = 0
        elif (found := _CONTENT_LENGTH.match(line)) and int(found[1]) <= self._max_bytes:
            self._length = int(found[1])
        if self._kept_bytes <= self._max_bytes:
            self._lines.append(line)
            self._kept_bytes += len(line)

    def ends_here(self, *, is_last: bool = False) -> bool:
        """Whether a separator ends this message; no, while its Content-Length reaches further."""
        if self._length is None or self._body_bytes is None:
            return True
        beyond = self._body_bytes - self._length
        self._is_confirmed = 0 <= beyond <= 2
        return beyond >= 0 or is_last

    def cut(self, line: bytes) -> None:
        """A separator inside of Content-Length: text, or the begin of the next message if that proves wrong."""
        self._cuts.append(len(self._lines))
        self._kept_bytes = 0
        self.add(line)

    def pieces(self) -> Iterator[bytes]:
        if self._is_confirmed:
            yield from self._piece(self._lines, quoted=not self._cuts)
            return
        starts = [0, *(cut + 1 for cut in self._cuts)]
        for start, stop in zip(starts, [*self._cuts, len(self._lines)], strict=True):
            yield from self._piece(self._lines[start:stop], quoted=True)

    def _piece(self, lines: list[bytes], *, quoted: bool) -> Iterator[bytes]:
        if len(lines) > 1 and lines[-1] in _BLANK:  # it separates from the next message
            lines = lines[:-1]
        if lines:
            yield b"".join(line[1:] if quoted and _QUOTED.match(line) else line for line in lines)


def _lines(head: bytes, stream: BinaryIO) -> Iterator[bytes]:
    *whole, rest = _LINE.findall(head.lstrip(b"\r\n")) or [b""]
    yield from whole
    yield rest if rest.endswith(b"\n") else rest + stream.readline(_LINE_BYTES)
    while line := stream.readline(_LINE_BYTES):
        yield line


def _with_following(lines: Iterator[bytes]) -> Iterator[tuple[bytes, bytes]]:
    """Each line and the one after it (b"" after the last)."""
    line = next(lines, None)
    for following in lines:
        assert line is not None
        yield line, following
        line = following
    if line is not None:
        yield line, b""
