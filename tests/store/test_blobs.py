"""Blobs: the same promises from a directory and from a real S3 server."""

import asyncio
import hashlib
import os
import stat
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import pytest

from emailq.app import open_blobs
from emailq.blob_names import blob_key
from emailq.errors import ConfigError, NotFound, Unavailable
from emailq.settings import load_settings
from emailq.store import directory_blobs
from emailq.store.blobs import Blobs, CorruptBlob
from emailq.store.directory_blobs import DirectoryBlobs
from tests.servers import S3Server, free_ports

HELLO = b"hello\x00\r\n\xff"
HELLO_NAME = hashlib.sha256(HELLO).hexdigest()
BACKENDS = pytest.mark.parametrize("backend", ["directory", "s3"])


@pytest.fixture
def blobs_of(tmp_path: Path, request: pytest.FixtureRequest) -> Callable[[str], Blobs]:
    def make(backend: str) -> Blobs:
        if backend == "directory":
            return open_blobs(load_settings({}, blob_dir=str(tmp_path / "blobs")))
        server: S3Server = request.getfixturevalue("s3")
        return s3_blobs(server, request.getfixturevalue("s3_bucket"))

    return make


def s3_blobs(server: S3Server, bucket: str, **changed: str) -> Blobs:
    given = {"s3_endpoint": server.endpoint, "s3_access_key": server.access_key, "s3_secret_key": server.secret_key}
    return open_blobs(load_settings({}, blobs="s3", s3_bucket=bucket, **given | changed))


@BACKENDS
async def test_what_was_put_is_there_byte_for_byte_under_its_hash(
    backend: str, blobs_of: Callable[[str], Blobs]
) -> None:
    blobs = blobs_of(backend)

    names = await blobs.put([HELLO, b""])

    assert names == [HELLO_NAME, hashlib.sha256(b"").hexdigest()]
    assert [await blobs.get(name) for name in names] == [HELLO, b""]


@BACKENDS
async def test_putting_the_same_again_is_harmless(backend: str, blobs_of: Callable[[str], Blobs]) -> None:
    blobs = blobs_of(backend)

    first = await blobs.put([HELLO, HELLO])
    second = await blobs.put([HELLO])

    assert first == [HELLO_NAME] * 2
    assert second == [HELLO_NAME]
    assert await blobs.get(HELLO_NAME) == HELLO


@BACKENDS
async def test_many_at_once_keep_their_order(backend: str, blobs_of: Callable[[str], Blobs]) -> None:
    blobs = blobs_of(backend)
    contents = [os.urandom(1000) for _ in range(40)]

    batches = await asyncio.gather(*(blobs.put(contents[start : start + 20]) for start in (0, 20)))

    assert [await blobs.get(name) for names in batches for name in names] == contents


@BACKENDS
async def test_a_message_of_many_megabytes_passes(backend: str, blobs_of: Callable[[str], Blobs]) -> None:
    blobs = blobs_of(backend)
    content = os.urandom(1 << 20) * 12

    [name] = await blobs.put([content])

    assert await blobs.get(name) == content


@BACKENDS
async def test_a_name_that_was_never_put_is_not_found(backend: str, blobs_of: Callable[[str], Blobs]) -> None:
    with pytest.raises(NotFound, match=HELLO_NAME):
        await blobs_of(backend).get(HELLO_NAME)


@BACKENDS
async def test_the_check_makes_what_is_needed(backend: str, blobs_of: Callable[[str], Blobs]) -> None:
    blobs = blobs_of(backend)

    await blobs.check()
    await blobs.check()

    assert await blobs.put([HELLO]) == [HELLO_NAME]


def test_both_backends_keep_a_blob_under_the_same_key() -> None:
    assert blob_key(HELLO_NAME) == f"sha256/{HELLO_NAME[:2]}/{HELLO_NAME[2:4]}/{HELLO_NAME}"


# ------------------------------------------------------------------------------------------ directory


async def test_damaged_bytes_are_not_given_out(tmp_path: Path) -> None:
    blobs = DirectoryBlobs(tmp_path)
    await blobs.put([HELLO])
    (tmp_path / blob_key(HELLO_NAME)).write_bytes(HELLO.replace(b"h", b"H"))

    with pytest.raises(CorruptBlob, match=HELLO_NAME):
        await blobs.get(HELLO_NAME)


async def test_a_file_cut_short_is_written_again(tmp_path: Path) -> None:
    """A crash of the machine before the first put returned may leave such a file."""
    blobs = DirectoryBlobs(tmp_path)
    await blobs.put([HELLO])
    (tmp_path / blob_key(HELLO_NAME)).write_bytes(HELLO[:3])

    await blobs.put([HELLO])

    assert await blobs.get(HELLO_NAME) == HELLO


async def test_nothing_but_the_blobs_is_left_in_the_directory(tmp_path: Path) -> None:
    blobs = DirectoryBlobs(tmp_path)

    await blobs.put([HELLO, b"other"])

    files = {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file()}
    assert files == {blob_key(HELLO_NAME), blob_key(hashlib.sha256(b"other").hexdigest())}


async def test_others_cannot_read_the_mail(tmp_path: Path) -> None:
    blobs = DirectoryBlobs(tmp_path / "blobs")

    await blobs.put([HELLO])

    modes = {path.name: stat.S_IMODE(path.stat().st_mode) & 0o007 for path in (tmp_path / "blobs").rglob("*")}
    assert set(modes.values()) == {0}


async def test_file_and_directories_are_synced_before_put_returns(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[str] = []

    def remember(sync: Callable[[int], None]) -> Callable[[int], None]:
        def wrapped(descriptor: int) -> None:
            synced.append(os.readlink(f"/proc/self/fd/{descriptor}"))
            sync(descriptor)

        return wrapped

    monkeypatch.setattr(os, "fsync", remember(os.fsync))
    monkeypatch.setattr(os, "fdatasync", remember(os.fdatasync))
    root = tmp_path / "blobs"

    await DirectoryBlobs(root).put([HELLO])

    blob = root / blob_key(HELLO_NAME)
    assert Path(synced[0]).parent == blob.parent
    assert {Path(one) for one in synced[1:]} == {*blob.parents[:4], tmp_path}


async def test_of_many_files_the_bytes_are_synced_before_the_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files_when_synced: list[list[str]] = []
    sync = directory_blobs._sync_file_system

    def remember(directory: Path) -> None:
        files_when_synced.append([path.name for path in tmp_path.rglob("*") if path.is_file()])
        sync(directory)

    monkeypatch.setattr(directory_blobs, "_sync_file_system", remember)

    names = await DirectoryBlobs(tmp_path).put([bytes([number]) for number in range(30)])

    before, after = files_when_synced
    assert len(before) == 30
    assert all(name.startswith(".new-") for name in before)
    assert sorted(after) == sorted(names)


async def test_puts_that_come_while_one_is_written_are_written_together(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    blobs = DirectoryBlobs(tmp_path)
    sizes: list[int] = []
    write = blobs._put
    monkeypatch.setattr(blobs, "_put", lambda contents: (sizes.append(len(contents)), write(contents)))

    names = await asyncio.gather(*(blobs.put([bytes([number])]) for number in range(30)))

    assert sizes == [1, 29] or sizes == [30]
    assert [await blobs.get(name) for [name] in names] == [bytes([number]) for number in range(30)]


async def test_many_puts_into_a_full_disk_are_unavailable_each(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(directory: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(directory_blobs, "_sync_file_system", full)
    blobs = DirectoryBlobs(tmp_path)

    results = await asyncio.gather(*(blobs.put([bytes([number])] * 15) for number in range(40)), return_exceptions=True)
    monkeypatch.undo()

    assert [type(result) for result in results].count(Unavailable) >= 39
    assert await blobs.put([HELLO]) == [HELLO_NAME]
    assert [path.name for path in tmp_path.rglob(".new-*")] == []


async def test_a_directory_that_cannot_be_written_is_unavailable(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")

    with pytest.raises(Unavailable, match="can't write to the blob directory"):
        await DirectoryBlobs(tmp_path / "file").put([HELLO])


async def test_a_full_disk_is_unavailable_and_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fdatasync", full)

    with pytest.raises(Unavailable, match="No space left on device"):
        await DirectoryBlobs(tmp_path).put([HELLO])

    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


async def test_the_check_tells_a_disk_that_has_become_full(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    await DirectoryBlobs(tmp_path).check()
    files = [*tmp_path.rglob("*")]
    monkeypatch.setattr(os, "fdatasync", full)

    with pytest.raises(Unavailable, match="No space left on device"):
        await DirectoryBlobs(tmp_path).check()

    assert [*tmp_path.rglob("*")] == files


# ------------------------------------------------------------------------------------------ s3


async def test_the_object_in_the_bucket_is_the_message_itself(s3: S3Server, s3_bucket: str) -> None:
    await s3_blobs(s3, s3_bucket).put([HELLO])

    answer = s3.client().get_object(s3_bucket, blob_key(HELLO_NAME))
    try:
        assert answer.read() == HELLO
    finally:
        answer.close()
        answer.release_conn()


async def test_an_object_that_was_changed_is_not_given_out(s3: S3Server, s3_bucket: str) -> None:
    blobs = s3_blobs(s3, s3_bucket)
    await blobs.put([HELLO])
    s3.client().put_object(s3_bucket, blob_key(HELLO_NAME), BytesIO(b"other"), 5)

    with pytest.raises(CorruptBlob, match=HELLO_NAME):
        await blobs.get(HELLO_NAME)


async def test_a_bucket_is_made_when_it_is_missing(s3: S3Server) -> None:
    blobs = s3_blobs(s3, "made-by-check")

    await blobs.check()

    assert s3.client().bucket_exists("made-by-check")


@pytest.mark.parametrize("call", ["put", "get", "check"])
async def test_wrong_keys_are_unavailable_and_not_shown(s3: S3Server, s3_bucket: str, call: str) -> None:
    blobs = s3_blobs(s3, s3_bucket, s3_secret_key="hunter2")

    with pytest.raises(Unavailable) as caught:
        await (blobs.put([HELLO]) if call == "put" else blobs.get(HELLO_NAME) if call == "get" else blobs.check())

    assert s3_bucket in str(caught.value)
    assert "hunter2" not in str(caught.value)


async def test_keys_that_may_only_read_do_not_pass_the_check(s3: S3Server, s3_bucket: str) -> None:
    with pytest.raises(Unavailable, match="AccessDenied"):
        await s3_blobs(s3, s3_bucket, s3_access_key="reader").check()


async def test_a_server_that_is_not_there_is_unavailable() -> None:
    [port] = free_ports(1)
    server = S3Server(f"127.0.0.1:{port}", "a", "b")

    with pytest.raises(Unavailable, match=f"S3 at 127.0.0.1:{port}"):
        await s3_blobs(server, "bucket").put([HELLO])


def test_s3_needs_its_keys() -> None:
    with pytest.raises(ConfigError, match="EMAILQ_S3_ACCESS_KEY"):
        open_blobs(load_settings({}, blobs="s3"))
