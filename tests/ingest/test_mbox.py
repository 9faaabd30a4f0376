"""mbox files of every make: where their messages begin and end."""

import io
import mailbox
import re
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emailq.ingest.mbox import is_mbox, split_mbox

FROM = b"From ann@example.com Tue Nov 10 09:00:00 2026\n"


def split(raw: bytes, max_bytes: int = 10_000, head: int = 8192) -> list[bytes]:
    return list(split_mbox(raw[:head], io.BytesIO(raw[head:]), max_bytes))


def message(text: bytes, *headers: bytes) -> bytes:
    return b"".join([b"Subject: x\n", *(header + b"\n" for header in headers), b"\n", text])


@pytest.mark.parametrize(
    "line",
    [
        b"From ann@example.com Tue Nov 10 09:00:00 2026",
        b"From - Tue Nov 10 09:00:00 2026",
        b"From MAILER-DAEMON Tue Nov  3 9:00:00 2026",
        b"From ???@??? Tue Nov 10 09:00:00 2026",
        b"From 1790000000000000000@xxx Tue Nov 10 09:00:00 +0000 2026",
        b"From ann@example.com Tue Nov 10 09:00:00 2026 +0300 (MSK)",
        b"From ann@example.com Tue Nov 10 09:00:00 MET DST 2026",
        b"From ann@example.com Tue, 10 Nov 2026 09:00:00 +0000",
        b"From ann Tue Nov 10 09:00 GMT 2026 remote from host",
        b'From "ann smith"@example.com Tue Nov 10 09:00:00 2026',
    ],
)
@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_separators_of_every_program_are_known(line: bytes, end: bytes) -> None:
    one = line + end + b"Subject: x" + end + end + b"hello" + end + end

    assert is_mbox(one)
    assert split(one * 2) == [b"Subject: x" + end + end + b"hello" + end] * 2


@pytest.mark.parametrize(
    "line",
    [
        b"From the start of 2026",
        b"From Monday at 10:30 on, we are open",
        b"From 10:30 in May 2026 on\nwe are open",
        b"From: ann@example.com",
        b"FROM ann@example.com Tue Nov 10 09:00:00 2026\nSubject: y",
        b" From ann@example.com Tue Nov 10 09:00:00 2026\nSubject: y",
    ],
)
def test_a_line_of_text_is_no_separator(line: bytes) -> None:
    one = message(b"hello\n\n" + line + b"\nmore\n")

    assert split(FROM + one) == [one]


def test_a_message_without_a_blank_line_at_its_end_ends_all_the_same() -> None:
    assert split(FROM + message(b"one\n") + FROM + message(b"two")) == [message(b"one\n"), message(b"two")]


def test_what_was_quoted_is_unquoted_once() -> None:
    raw = FROM + message(b">From me\n>>From you\n>from her\n> From us\n")

    assert split(raw) == [message(b"From me\n>From you\n>from her\n> From us\n")]


def test_a_content_length_that_fits_is_believed() -> None:
    body = b"one\n\n" + FROM + message(b">From inside\n")
    one = message(body, b"Content-Length: %d" % len(body))
    raw = FROM + one + b"\n" + FROM + message(b"two\n")

    assert split(raw) == [one, message(b"two\n")]
    assert split(FROM + one) == [one]


@pytest.mark.parametrize("length", [b"0", b"3", b"300", b"9000", b"999999999", b"x"])
def test_a_content_length_that_does_not_fit_is_not_believed(length: bytes) -> None:
    one = message(b"one\n", b"Content-Length: " + length)

    assert split((FROM + one + b"\n") * 3) == [one] * 3


def test_an_oversized_message_costs_only_itself() -> None:
    large = message(b"x" * 50_000 + b"\n")

    found = split(FROM + large + b"\n" + FROM + message(b"two\n"))

    assert [len(one) > 10_000 for one in found] == [True, False]


def test_a_line_without_an_end_is_read_in_pieces() -> None:
    class Endless(io.RawIOBase):
        given = 0

        def readline(self, limit: int = -1) -> bytes:  # type: ignore[override]
            self.given += limit
            return b"x" * limit if self.given < 50_000_000 else b""

    found = list(split_mbox(FROM + message(b"begin "), Endless(), 100_000))  # type: ignore[arg-type]

    assert [100_000 < len(one) < 300_000 for one in found] == [True]


def test_what_another_program_wrote_is_read(tmp_path: Path) -> None:
    texts = [b"hello\nFrom here on\n\nFrom me\n", b"", b">From you\n"]
    box = mailbox.mbox(tmp_path / "box")
    for text in texts:
        box.add(message(text))
    box.close()

    found = split((tmp_path / "box").read_bytes())

    assert found[:2] == [message(text) for text in texts[:2]]  # the third is ambiguous: that program quotes once only


BODIES = st.lists(st.sampled_from([b"a", b"", b"From me", b">From you", b"From: x", FROM.rstrip(b"\n"), b"Subject: y"]))


@given(st.lists(BODIES, min_size=1, max_size=4), st.sampled_from([b"\n", b"\r\n"]), st.integers(1, 200))
def test_what_is_quoted_as_mboxrd_comes_back_as_it_was(bodies: list[list[bytes]], end: bytes, head: int) -> None:
    messages = [end.join([b"Subject: x", b"", *lines, b"last", b""]) for lines in bodies]
    box = b"".join(
        FROM.replace(b"\n", end) + re.sub(rb"^(>*From )", rb">\1", one, flags=re.MULTILINE) + end for one in messages
    )

    assert split(box, head=max(head, len(FROM) + 20)) == messages


@pytest.mark.parametrize("raw", [FROM * 100_000, b"From " * 400_000, (b"From " + b"1:11 2026 " * 200 + b"\n") * 1000])
def test_hostile_files_are_read_at_once(raw: bytes) -> None:
    start = time.process_time()
    split(FROM + raw, max_bytes=10_000_000)

    assert time.process_time() - start < 2
