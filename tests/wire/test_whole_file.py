"""A file that somebody names may be anything, and is read to an end."""

import os
from pathlib import Path
from threading import Event, Thread

import pytest

from cx_conformance.wire.whole_file import NobodyWrites, TooLarge, bytes_of, opened, text_of


def test_a_file_is_read_whole(tmp_path: Path) -> None:
    """Up to the most that it may have."""
    path = tmp_path / "file"
    path.write_bytes(b"x" * 1000)
    assert bytes_of(path, 1000) == b"x" * 1000
    path.write_bytes(b"x" * 2049)
    with pytest.raises(TooLarge, match="is larger than 2 KiB, the most that is read"):
        bytes_of(path, 2048)


def test_what_has_no_end_is_too_large() -> None:
    """Not until the memory is full."""
    with pytest.raises(TooLarge):
        bytes_of(Path("/dev/zero"), 1 << 20)


def test_a_pipe_that_nobody_writes_to_is_told_at_once(tmp_path: Path) -> None:
    """Whoever opens one waits until somebody writes."""
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(NobodyWrites, match="is a pipe that nobody writes to"):
        bytes_of(tmp_path / "pipe")
    with opened(tmp_path / "pipe") as stream:
        assert stream.read() == b""


def test_a_pipe_is_read_to_its_end(tmp_path: Path) -> None:
    """Though its writer, who waits for a reader, takes time to begin."""
    pipe, begin = tmp_path / "pipe", Event()
    os.mkfifo(pipe)

    def write() -> None:
        with pipe.open("wb") as file:
            begin.set()
            file.write(b"x" * 300_000)

    writer = Thread(target=write)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)  # lets the writer in
    writer.start()
    assert begin.wait(10)
    try:
        assert bytes_of(pipe) == b"x" * 300_000
    finally:
        os.close(reader)
        writer.join()


def test_a_folder_and_what_is_not_there_are_told_as_such(tmp_path: Path) -> None:
    """As by any other reader."""
    with pytest.raises(IsADirectoryError):
        bytes_of(tmp_path)
    with pytest.raises(FileNotFoundError):
        bytes_of(tmp_path / "absent")


def test_text_is_the_same_by_any_editor(tmp_path: Path) -> None:
    """A password that an editor of Windows wrote has no mark before it and no carriage return behind it."""
    path = tmp_path / "password"
    path.write_bytes(b"\xef\xbb\xbfsecret\r\n")
    assert text_of(path) == "secret\n"
    path.write_bytes(b"caf\xe9")
    with pytest.raises(UnicodeDecodeError):
        text_of(path)


def test_what_came_through_a_pipe_is_kept() -> None:
    """A site file is read by itself, then beside its blueprint, and copied into the pack."""
    reading, writing = os.pipe()
    os.write(writing, b"site: {name: x}")
    os.close(writing)
    try:
        assert [bytes_of(Path(f"/dev/fd/{reading}")) for _ in range(2)] == [b"site: {name: x}"] * 2
    finally:
        os.close(reading)
