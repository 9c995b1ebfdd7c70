"""Files that are still arriving: one writer at a time, and their size is the truth."""

import os
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

from app.core.parts import Part, PartBusy, codes_in, discard, size_of


def test_a_file_grows_where_it_ended_and_is_told_by_its_size(tmp_path: Path) -> None:
    assert size_of(tmp_path, "TL-1") == 0
    with Part(tmp_path, "TL-1") as part:
        part.append(b"abc")
        part.sync()
    with Part(tmp_path, "TL-1") as part:
        part.append(b"def")
        assert part.read() == b"abcdef"
    assert size_of(tmp_path, "TL-1") == 6
    assert codes_in(tmp_path) == {"TL-1"}


def test_the_second_writer_is_refused_at_once_and_the_next_one_let_in(tmp_path: Path) -> None:
    with Part(tmp_path, "TL-1"), Part(tmp_path, "TL-2"):
        with pytest.raises(PartBusy):
            Part(tmp_path, "TL-1")
        assert not discard(tmp_path, "TL-1")
    assert discard(tmp_path, "TL-1")
    assert codes_in(tmp_path) == {"TL-2"}


def test_what_came_without_its_checksum_does_not_count_even_after_a_crash(tmp_path: Path) -> None:
    part = Part(tmp_path, "TL-1")
    part.append(b"sound")
    part.expect_checksum()
    part.append(b" and not yet known")
    part.close()  # as if the process had died here
    assert size_of(tmp_path, "TL-1") == 5
    with Part(tmp_path, "TL-1") as again:
        assert again.read() == b"sound"
        again.expect_checksum()
        again.append(b" twice")
        again.verified()
    assert size_of(tmp_path, "TL-1") == 11


def _hold(place: Path, told: Connection) -> None:
    part = Part(place, "TL-1")
    part.append(b"1234")
    told.send(part.size)
    told.recv()
    os._exit(9)


def test_the_lock_of_a_process_that_is_killed_ends_with_it(tmp_path: Path) -> None:
    ours, theirs = get_context("spawn").Pipe()
    process = get_context("spawn").Process(target=_hold, args=(tmp_path, theirs))
    process.start()
    assert ours.recv() == 4
    with pytest.raises(PartBusy):
        Part(tmp_path, "TL-1")
    process.kill()
    process.join()
    with Part(tmp_path, "TL-1") as part:
        assert part.read() == b"1234"
    process.close()
    ours.close()
    theirs.close()
