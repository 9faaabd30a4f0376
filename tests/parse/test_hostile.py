"""Any bytes give a result, in linear time and little memory, and no part is lost."""

import os
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emailq.parse import limits
from emailq.parse.digest import digest_message
from emailq.parse.message import ParsedMessage, parse_message
from tests.commands import EMAILQ
from tests.parse.mutations import ROOT, broken_promises, misplaced, mutated
from tests.parse.shapes import SHAPES
from tests.parse.test_mail import CASES, MAIL


def cpu_s(raw: bytes, runs: int) -> float:
    """The fastest of some runs."""
    times = []
    for _ in range(runs):
        began = time.process_time()
        digest_message(raw)
        times.append(time.process_time() - began)
    return min(times)


@pytest.mark.parametrize("name", SHAPES)
def test_ten_times_the_size_takes_no_more_than_twenty_times_as_long(name: str) -> None:
    small, large = SHAPES[name](30_000), SHAPES[name](300_000)

    assert cpu_s(large, 2) < max(20 * cpu_s(small, 3), 0.2)


@pytest.mark.long
@pytest.mark.parametrize("name", SHAPES)
def test_25_megabytes_take_no_more_than_5_seconds(name: str) -> None:
    assert cpu_s(SHAPES[name](25_000_000), 1) < 5


MEMORY = """
import sys
from emailq.parse.digest import digest_message
from tests.parse.shapes import SHAPES

def peak_mb():
    lines = open("/proc/self/status").read().split("\\n")
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1000

digest_message(SHAPES["high-bytes"](1000))  # loads all there is to load
raw = SHAPES[sys.argv[1]](8_000_000)
open("/proc/self/clear_refs", "w").write("5")  # forget the peak so far
before = peak_mb() - len(raw) / 1e6
digest_message(raw)
print(peak_mb() - before)
"""


@pytest.mark.parametrize(
    "name", ["base64-on-one-line", "lines", "cyrillic", "small-parts", "links", "addresses", "flowed", "lists"]
)
def test_memory_is_at_most_five_times_the_message_and_30_megabytes(name: str) -> None:
    done = subprocess.run([sys.executable, "-c", MEMORY, name], check=True, capture_output=True, text=True, cwd=ROOT)

    assert float(done.stdout) <= 5 * 8 + 30


def test_so_is_that_of_the_command_when_each_letter_takes_four_bytes(tmp_path: Path) -> None:
    small, large = tmp_path / "small.eml", tmp_path / "large.eml"
    small.write_bytes(b"Subject: Hi\n\nHi\n")
    large.write_bytes(b"Content-Type: text/plain; charset=utf-8\n\n" + b"Some words\n" * 360_000 + "😀\n".encode())

    def peak_mb(path: Path) -> float:
        with subprocess.Popen([EMAILQ, "parse", "--json", path], stdout=subprocess.DEVNULL) as command:
            _, status, usage = os.wait4(command.pid, 0)
        assert status == 0
        return usage.ru_maxrss / 1000

    assert peak_mb(large) - peak_mb(small) <= 5 * 4 + 30


def test_two_thousand_mutated_messages_break_no_promise() -> None:
    """More of them: scripts/fuzz."""
    assert [(number, fault) for number in range(2000) for fault in broken_promises(mutated(number))] == []


@pytest.mark.parametrize("name", CASES[::6])
def test_a_message_cut_anywhere_gives_a_result(name: str) -> None:
    raw = (MAIL / f"{name}.eml").read_bytes()[:1500]

    assert [fault for end in range(len(raw)) for fault in misplaced(parse_message(raw[:end]))] == []


@settings(deadline=None)  # the first text of another charset loads a library
@given(st.binary(max_size=400))
def test_any_bytes_give_a_result(raw: bytes) -> None:
    assert list(broken_promises(raw)) == []


@pytest.mark.parametrize("depth", [limits.DEPTH + 1, 1000, 20_000])
def test_nesting_is_read_to_the_limit_and_the_rest_kept_as_one_part(depth: int) -> None:
    raw = (
        b"".join(b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (n, n) for n in range(depth)) + b"\nend\n"
    )

    message = parse_message(raw)

    assert "nesting-truncated" in message.defects
    assert b"end" in message.leaves[-1].content


def test_parts_are_read_to_the_limit_and_the_rest_kept_as_one_part() -> None:
    raw = b"Content-Type: multipart/mixed; boundary=b\n\n" + b"--b\n\nx\n" * 5000 + b"--b\n\nlast\n--b--\n"

    message = parse_message(raw)

    assert len(message.leaves) == limits.PARTS
    assert "parts-truncated" in message.defects
    assert b"last" in message.leaves[-1].content


def test_who_writes_what_is_read_below_more_fields_than_the_limit() -> None:
    hops = b"Received: from a by b\r\n" * (limits.HEADERS + 200)

    message = parse_message(hops + b"From: ida@example.com\r\nX-Spare: 1\r\nSubject: a long way\r\n\r\nhello")

    assert [one.email for one in message.from_] == ["ida@example.com"]
    assert message.subject == "a long way"
    assert len(message.headers) == limits.HEADERS + 2
    assert "headers-truncated" in message.defects


@pytest.mark.parametrize("name", CASES)
def test_every_part_that_a_walk_over_lines_finds_is_there(name: str) -> None:
    raw = (MAIL / f"{name}.eml").read_bytes()

    found = parse_message(raw)

    assert [content for content in walk(raw) if content not in contents(found)] == []


def test_every_part_of_the_corpus_is_there(corpus_files: list[Path]) -> None:
    lost = []
    for path in corpus_files:
        raw = path.read_bytes()
        if len(raw) < 500_000 and (wanted := walk(raw)):
            there = contents(parse_message(raw))
            lost += [(path.name, content[:60]) for content in wanted if content not in there]

    assert lost == []


def walk(raw: bytes) -> list[bytes]:
    """The still encoded leaves of a well-formed multipart at the top, found by cutting at its boundary and nothing
    else; [] for any other message, and for a digest, whose parts are messages. Shares no code with the parser."""
    head, _, body = raw.replace(b"\r\n", b"\n").partition(b"\n\n")
    unfolded = re.sub(rb"\n[ \t]+", b" ", head)
    declared = re.findall(
        rb'(?im)^content-type:\s*multipart/(?!digest)[a-z]+\s*;[^\n]*?boundary="?([^\s";]+)', unfolded
    )
    if len(declared) != 1 or len(re.findall(rb"(?im)^content-type:", head)) != 1 or b"\r" in body or b"\0" in head:
        return []
    delimiter = rb"(?m)(?:^|\n)--" + re.escape(declared[0])
    body = re.split(delimiter + rb"--", body)[0]
    leaves = []
    for piece in re.split(delimiter + rb"[ \t]*(?:\n|$)", body)[1:]:
        inner_head, separator, content = piece.partition(b"\n\n")
        is_clean = all(re.match(rb"[\w-]+:|[ \t]", line) for line in inner_head.split(b"\n"))
        if separator and is_clean and b"multipart/" not in inner_head.lower() and b"\n--" + declared[0] not in content:
            leaves.append(content)
    return leaves


def contents(message: ParsedMessage) -> set[bytes]:
    """The encoded bytes of all leaves, as they stand in the message, with line feeds."""
    found = set()
    for part in message.leaves:
        found.add(part._data[part._start : part._end].replace(b"\r\n", b"\n"))
    return found
