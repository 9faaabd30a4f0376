"""Which messages there are in files, folders, mbox files and Maildirs."""

import os
from pathlib import Path

import pytest

from emailq.ingest.files import Found, find_messages, total_bytes

MESSAGE = b"From: a@example.com\nSubject: one\n\nHello\n"
MBOX = (
    b"From a@example.com Tue Nov 10 09:00:00 2026\nFrom: a@example.com\n\nfirst\n>From the start\n\n"
    b"From b@example.com Tue Nov 10 09:05:00 2026\nFrom: b@example.com\n\nsecond\nFrom here on, no separator\n"
)


def found_in(path: Path | str, max_bytes: int = 10_000) -> list[Found]:
    return list(find_messages(str(path), max_bytes))


def test_a_file_is_one_message_byte_for_byte(tmp_path: Path) -> None:
    raw = b"\r\nFrom: a@example.com\r\n\r\n\x00\xff"
    (tmp_path / "a.eml").write_bytes(raw)

    assert [one.raw for one in found_in(tmp_path / "a.eml")] == [raw]


def test_an_mbox_is_split_at_its_separators_and_unquoted(tmp_path: Path) -> None:
    (tmp_path / "inbox.mbox").write_bytes(MBOX)

    assert [one.raw for one in found_in(tmp_path / "inbox.mbox")] == [
        b"From: a@example.com\n\nfirst\nFrom the start\n",
        b"From: b@example.com\n\nsecond\nFrom here on, no separator\n",
    ]


def test_an_eml_file_with_a_from_line_stays_one_message(tmp_path: Path) -> None:
    (tmp_path / "a.eml").write_bytes(MBOX)

    assert [one.raw for one in found_in(tmp_path / "a.eml")] == [MBOX]


def test_a_maildir_gives_folders_and_flags_and_leaves_tmp_alone(tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / ".Orders.2026"):
        for name in ("cur", "new", "tmp"):
            (folder / name).mkdir(parents=True)
    (tmp_path / "cur" / "1.a.host:2,FS").write_bytes(MESSAGE)
    (tmp_path / ".Orders.2026" / "new" / "2.b.host").write_bytes(MESSAGE)
    (tmp_path / "tmp" / "3.c.host").write_bytes(MESSAGE)

    found = found_in(tmp_path)

    assert sorted((one.folder, one.flags) for one in found) == [("INBOX", ("flagged", "seen")), ("Orders/2026", ())]


@pytest.mark.parametrize("name", ["1.a:2,FS", "1.a;2,SF", "1.a!2,FSx", "1.a,S=100:2,FS"])
def test_flags_stand_behind_every_sign_that_file_systems_allow(tmp_path: Path, name: str) -> None:
    for folder in ("cur", "new", "tmp"):
        (tmp_path / folder).mkdir()
    (tmp_path / "cur" / name).write_bytes(MESSAGE)

    [found] = found_in(tmp_path)

    assert set(found.flags) == {"flagged", "seen"}


def test_a_folder_is_read_to_the_bottom_and_other_files_are_left_out(tmp_path: Path) -> None:
    (tmp_path / "deep" / "er").mkdir(parents=True)
    (tmp_path / "deep" / "er" / "noextension").write_bytes(MESSAGE)
    (tmp_path / "photo.eml").write_bytes(b"\x89PNG")
    (tmp_path / "README.md").write_bytes(b"# About these files\n")
    (tmp_path / ".hidden").write_bytes(MESSAGE)

    found = found_in(tmp_path)

    assert [(os.path.basename(one.source), one.skipped) for one in found] == [
        ("README.md", True),
        ("photo.eml", False),
        ("noextension", False),
    ]


def test_what_cannot_be_taken_comes_back_with_a_reason(tmp_path: Path) -> None:
    (tmp_path / "empty.eml").write_bytes(b"\r\n \n")
    (tmp_path / "large.eml").write_bytes(b"x" * 10_001)
    (tmp_path / "old.msg").write_bytes(MESSAGE)
    os.mkfifo(tmp_path / "pipe.eml")
    (tmp_path / "gone.eml").symlink_to(tmp_path / "nowhere")

    reasons = {os.path.basename(one.source): one.refusal for one in found_in(tmp_path)}

    assert reasons["empty.eml"] == "empty"
    assert "larger than 10000 bytes" in (reasons["large.eml"] or "")
    assert "Outlook" in (reasons["old.msg"] or "")
    assert reasons["pipe.eml"] == "not a regular file (for a pipe use -)"
    assert reasons["gone.eml"] == "no such file or directory"


def test_a_loop_of_links_ends(tmp_path: Path) -> None:
    (tmp_path / "a.eml").write_bytes(MESSAGE)
    (tmp_path / "again").symlink_to(tmp_path)

    assert len(found_in(tmp_path)) == 1


def test_an_oversized_message_of_an_mbox_costs_only_itself(tmp_path: Path) -> None:
    (tmp_path / "inbox").write_bytes(MBOX.replace(b"first", b"x" * 20_000))

    found = found_in(tmp_path / "inbox")

    assert [one.raw is None for one in found] == [True, False]


def test_a_name_with_newline_and_bad_utf8_is_read(tmp_path: Path) -> None:
    name = os.fsencode(tmp_path) + b"/a\n\xff.eml"
    with open(name, "wb") as file:
        file.write(MESSAGE)

    assert [one.raw for one in found_in(tmp_path)] == [MESSAGE]


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "Outlook .msg"),
        (b"\x1f\x8b\x08\x00", "compressed"),
        (b"PK\x03\x04", "archive"),
        (b"!BDN", ".pst"),
    ],
)
def test_what_is_in_another_form_is_refused_by_its_bytes_too(tmp_path: Path, content: bytes, word: str) -> None:
    (tmp_path / "cur").mkdir()
    (tmp_path / "tmp").mkdir()
    (tmp_path / "cur" / "1.a.host:2,").write_bytes(content)

    [found] = found_in(tmp_path)

    assert found.raw is None
    assert "not supported" in (found.refusal or "")
    assert word in (found.refusal or "")


def test_a_compressed_mailbox_in_a_folder_is_refused_and_not_left_out(tmp_path: Path) -> None:
    (tmp_path / "inbox.mbox.gz").write_bytes(b"\x1f\x8b")

    [found] = found_in(tmp_path)

    assert (found.skipped, found.refusal) == (False, "not supported: a compressed file; unpack it first (gunzip)")


def test_devices_are_refused() -> None:
    assert [one.refusal for one in found_in("/dev/zero")] == ["not a regular file (for a pipe use -)"]


def test_a_folder_that_cannot_be_read_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "inner").mkdir()
    (tmp_path / "a.eml").write_bytes(MESSAGE)
    scandir = os.scandir

    def locked(folder: str) -> object:  # root may read everything, so a folder that is closed to it must be played
        if folder.endswith("inner"):
            raise PermissionError(13, "Permission denied")
        return scandir(folder)

    monkeypatch.setattr(os, "scandir", locked)
    found = found_in(tmp_path)

    assert [one.refusal for one in found] == [None, "permission denied"]


def test_what_is_found_adds_up_to_what_there_is_to_read(tmp_path: Path) -> None:
    (tmp_path / "a.eml").write_bytes(MESSAGE)
    (tmp_path / "large.eml").write_bytes(b"x" * 20_000)
    (tmp_path / "notes.md").write_bytes(b"# notes\n")
    (tmp_path / "old.msg").write_bytes(b"\xd0\xcf")

    assert sum(one.size_bytes for one in found_in(tmp_path)) == total_bytes((str(tmp_path),))


def test_a_folder_of_very_many_files_takes_little_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(50):
        (tmp_path / f"{number:02}.eml").write_bytes(MESSAGE)
    monkeypatch.setattr("emailq.ingest.files._NAMES_AT_ONCE", 7)

    found = found_in(tmp_path)

    assert len({one.source for one in found}) == 50
