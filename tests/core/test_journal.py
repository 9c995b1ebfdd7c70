"""A line that was accepted comes out once and whole, whoever is killed; a half never comes out."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from random import Random
from threading import Event, Thread
from typing import IO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.core.journal import (
    LONGEST_LINE,
    LONGEST_RECORD,
    Durability,
    Journal,
    JournalError,
    Tail,
    claim,
    pending,
)
from tests.architecture.source import ROOT

# A worker: appends numbered lines and tells each number once it was accepted, «no» when it was not.
WORKER = """
import os, resource, sys
from pathlib import Path
from app.core.journal import Durability, Journal, JournalError

directory, durability, most_bytes, first, count, limit = sys.argv[1:]
if limit:
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(limit), int(limit)))
journal = Journal(Path(directory), Durability(durability), most_bytes=int(most_bytes))
for number in range(int(first), int(first) + int(count)):
    try:
        journal.append(b"%d " % number + b"x" * (number * 37 % 400))
        said = b"%d\\n" % number
    except JournalError:
        said = b"no\\n"
    os.write(1, said)
sys.stdin.read()
"""

# A worker whose new file a reader takes for a dead one's, just before the worker locks it.
OVERTAKEN = """
import sys
from pathlib import Path
from app.core.journal import Journal, Tail, pending

directory, moment = Path(sys.argv[1]), sys.argv[2]
readers = []

def overtake(event, _arguments):
    if event == "fcntl.flock" and not readers:
        tail = Tail(pending(directory)[0])
        readers.append(tail)
        assert tail.is_finished(0)
        if moment == "removed":
            tail.remove()
            tail.__exit__()

sys.addaudithook(overtake)
journal = Journal(directory)
journal.append(b"kept")
if moment == "held":
    readers[0].remove()
"""


def numbered(number: int) -> bytes:
    """Return the line that a worker writes for a number."""
    return b"%d " % number + b"x" * (number * 37 % 400)


class Worker:
    """Another process that writes, until it is killed."""

    def __init__(
        self,
        directory: Path,
        *,
        durability: Durability = Durability.PROCESS,
        most_bytes: int = 1 << 24,
        first: int = 0,
        count: int = 1_000_000,
        limit: str = "",
    ) -> None:
        numbers = (str(most_bytes), str(first), str(count), limit)
        self.process = subprocess.Popen(
            [sys.executable, "-c", WORKER, str(directory), durability, *numbers],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        assert self.process.stdout
        self.said: IO[bytes] = self.process.stdout

    def told(self, count: int) -> list[bytes]:
        """Return the next so many answers."""
        return [self.said.readline().strip() for _ in range(count)]

    def kill(self) -> list[bytes]:
        """End it without a warning; return the answers nobody has read yet."""
        self.process.kill()
        rest = self.said.read().split()
        self.process.communicate()
        return rest


class Ingest:
    """What the module's docstring asks of an ingest; a dictionary stands for the database.

    Nothing but the claim keeps two of its passes apart.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.offsets: dict[str, int] = {}
        self.lines: dict[str, list[bytes]] = {}
        self.torn: list[bytes] = []
        self.damaged = 0

    @property
    def all_lines(self) -> list[bytes]:
        return [line for lines in self.lines.values() for line in lines]

    def run(self, *, most_lines: int = 500, most_bytes: int = 1 << 18) -> None:
        with claim(self.directory) as mine:
            for path in pending(self.directory) if mine else []:
                with Tail(path) as tail:
                    self._take(path, tail, most_lines, most_bytes)

    def _take(self, path: Path, tail: Tail, most_lines: int, most_bytes: int) -> None:
        offset = self.offsets.get(path.name, 0)
        while True:
            chunk = tail.read(offset, most_lines=most_lines, most_bytes=most_bytes)
            if chunk.offset == offset:
                break
            tail.sync()
            assert len(chunk.lines) + chunk.damaged <= most_lines
            self.lines.setdefault(path.name, []).extend(chunk.lines)
            self.damaged += chunk.damaged
            self.offsets[path.name] = offset = chunk.offset
        if tail.is_finished(offset):
            if half := tail.torn(offset):
                self.torn.append(half)
            tail.remove()
            self.offsets.pop(path.name, None)


LINES = st.binary(max_size=300).map(lambda line: line.replace(b"\n", b"\r"))
READS = st.tuples(st.integers(1, 7), st.integers(1, 10_000))


@settings(max_examples=60)
@given(steps=st.lists(st.one_of(LINES, READS), max_size=60))
def test_lines_come_out_once_and_in_order_however_they_are_read(
    steps: list[bytes | tuple[int, int]],
) -> None:
    with tempfile.TemporaryDirectory() as place:
        journal, ingest = Journal(Path(place)), Ingest(Path(place))
        expected = [step for step in steps if isinstance(step, bytes)]
        for step in steps:
            if isinstance(step, bytes):
                journal.append(step)
            else:
                ingest.run(most_lines=step[0], most_bytes=step[1])
                assert len(pending(Path(place))) == (1 if journal._file else 0)
        journal.close()
        ingest.run(most_lines=3)
        assert ingest.all_lines == expected
        assert not pending(Path(place))
        assert not ingest.torn


def test_a_line_is_bounded_and_one_line(tmp_path: Path) -> None:
    journal, ingest = Journal(tmp_path), Ingest(tmp_path)
    longest = b"\xff" * LONGEST_LINE
    journal.append(longest)
    for wrong in (longest + b"x", b"two\nlines", b"\n"):
        with pytest.raises(ValueError, match="one line"):
            journal.append(wrong)
    journal.append(b"")
    journal.close()
    ingest.run(most_bytes=1)
    assert ingest.all_lines == [longest, b""]


@pytest.mark.parametrize(
    ("durability", "most_bytes", "each"),
    [
        (Durability.PROCESS, 4000, 500),
        (Durability.PROCESS, 1, 40),  # a file for every line
        (Durability.POWER, 1500, 60),
    ],
)
def test_threads_share_a_journal_while_two_ingests_read_and_files_are_rotated(
    tmp_path: Path, durability: Durability, most_bytes: int, each: int
) -> None:
    journal, ingest = Journal(tmp_path, durability, most_bytes=most_bytes), Ingest(tmp_path)
    done = Event()

    def write(thread: int) -> None:
        for number in range(each):
            journal.append(b"%d %d" % (thread, number))

    def read() -> None:
        while not done.is_set():
            ingest.run(most_lines=50)

    with ThreadPoolExecutor(10) as pool:
        readers = [pool.submit(read) for _ in range(2)]
        writers = [pool.submit(write, thread) for thread in range(8)]
        for writer in writers:
            writer.result()
        done.set()
        for reader in readers:
            reader.result()
    journal.close()
    ingest.run()
    assert len(ingest.lines) > 8 * each * 13 // (most_bytes + 20)  # files, by the bytes of a line
    assert sorted(ingest.all_lines) == sorted(
        b"%d %d" % (thread, number) for thread in range(8) for number in range(each)
    )
    for lines in ingest.lines.values():
        for thread in range(8):
            numbers = [int(line.split()[1]) for line in lines if line.startswith(b"%d " % thread)]
            assert numbers == sorted(numbers)
    assert not pending(tmp_path)
    assert not ingest.torn


@pytest.mark.parametrize("durability", list(Durability))
def test_a_killed_worker_loses_nothing_it_had_accepted(
    tmp_path: Path, durability: Durability
) -> None:
    chance, ingest, first = Random(7), Ingest(tmp_path), 0  # noqa: S311 -- moments, no secrets
    for _ in range(4):
        worker = Worker(tmp_path, durability=durability, most_bytes=20_000, first=first)
        told = worker.told(1)
        for _ in range(chance.randrange(4)):
            told += worker.told(chance.randrange(1, 120))
            ingest.run(most_lines=chance.randrange(1, 40))
        told += worker.kill()
        ingest.run()
        assert told == [b"%d" % number for number in range(first, first + len(told))]
        # One more may be there: it was written, and its worker killed before it could tell.
        there = len(ingest.all_lines)
        assert there - first - len(told) in {0, 1}
        assert sorted(ingest.all_lines) == sorted(map(numbered, range(there)))
        assert not pending(tmp_path)
        first = there


def test_a_file_is_finished_when_its_writer_is_gone_and_not_before(tmp_path: Path) -> None:
    worker = Worker(tmp_path, count=2)
    assert worker.told(2) == [b"0", b"1"]
    (path,) = pending(tmp_path)
    end = path.stat().st_size
    with Tail(path) as tail:
        assert tail.read(0).lines == [numbered(0), numbered(1)]
        assert not tail.is_finished(end)
        with pytest.raises(RuntimeError):
            tail.remove()
        worker.kill()
        assert not tail.is_finished(0)
        assert tail.is_finished(end)
        tail.remove()
    assert not pending(tmp_path)


@pytest.mark.parametrize("moment", ["held", "removed"])
def test_a_reader_that_is_faster_than_a_new_writer_takes_no_line_with_it(
    tmp_path: Path, moment: str
) -> None:
    subprocess.run([sys.executable, "-c", OVERTAKEN, str(tmp_path), moment], cwd=ROOT, check=True)
    ingest = Ingest(tmp_path)
    ingest.run()
    assert ingest.all_lines == [b"kept"]
    assert not pending(tmp_path)


def test_one_reader_at_a_time(tmp_path: Path) -> None:
    with claim(tmp_path / "new") as first:
        assert first
        with claim(tmp_path / "new") as second:
            assert not second
        Journal(tmp_path / "new").append(b"writers take no notice")
    with claim(tmp_path / "new") as third:
        assert third


def test_a_short_write_is_refused_and_its_half_never_comes_out(tmp_path: Path) -> None:
    worker = Worker(tmp_path, count=100, limit="5000")  # the kernel cuts the write at this length
    told = worker.told(100)
    ingest = Ingest(tmp_path)
    ingest.run()
    assert len(pending(tmp_path)) == 1  # the others were let go when they were spoilt
    worker.kill()
    ingest.run()
    refused = [number for number in range(100) if told[number] == b"no"]
    assert len(refused) > 3
    assert sorted(ingest.all_lines) == sorted(
        numbered(number) for number in range(100) if number not in refused
    )
    assert len(ingest.torn) == len(refused)
    for number, half in zip(
        refused, sorted(ingest.torn, key=lambda half: int(half[9:].split()[0])), strict=True
    ):
        assert numbered(number).startswith(half[9:])


def test_a_full_disk_is_not_filled_with_empty_files(tmp_path: Path) -> None:
    worker = Worker(tmp_path, count=20, limit="0")
    assert worker.told(20) == [b"no"] * 20
    assert len(pending(tmp_path)) == 1
    worker.kill()


def replace(journal: Journal, handle: int) -> int:
    """Put another open file in the place of the journal's own; return its own."""
    assert journal._file
    own = os.dup(journal._file.handle)
    os.dup2(handle, journal._file.handle)
    return own


def test_a_line_the_disk_has_no_room_for_is_refused_and_the_next_one_begins_a_file(
    tmp_path: Path,
) -> None:
    journal = Journal(tmp_path)
    journal.append(b"first")
    full = os.open("/dev/full", os.O_WRONLY)
    own = replace(journal, full)
    with pytest.raises(JournalError, match="No space left"):
        journal.append(b"second")
    os.close(full)
    os.close(own)
    journal.append(b"third")
    journal.close()
    ingest = Ingest(tmp_path)
    ingest.run()
    assert sorted(ingest.lines.values()) == [[b"first"], [b"third"]]


def test_a_line_whose_sync_fails_is_refused_and_no_later_sync_vouches_for_it(
    tmp_path: Path,
) -> None:
    journal = Journal(tmp_path, Durability.POWER)
    journal.append(b"first")
    reading, writing = os.pipe()  # takes every line, and cannot be synced
    own = replace(journal, writing)
    with pytest.raises(JournalError):
        journal.append(b"second")
    assert b"second" in os.read(reading, LONGEST_RECORD)  # written first, then synced
    file = journal._file
    assert file
    os.dup2(own, file.handle)
    with pytest.raises(OSError, match="earlier sync"):
        file.sync(file.written)
    for handle in (reading, writing, own):
        os.close(handle)
    journal.append(b"third")
    journal.close()
    ingest = Ingest(tmp_path)
    ingest.run()
    assert sorted(ingest.lines.values()) == [[b"first"], [b"third"]]


def waiting_for_a_sync(
    journal: Journal, then: Callable[[int], object]
) -> list[BaseException | None]:
    """Let eight threads append while the sync is held up; then release them and tell their fate."""
    file = journal._file
    assert file
    before, fates = file.written, list[BaseException | None]()

    def write() -> None:
        try:
            journal.append(b"one of eight")
            fates.append(None)
        except JournalError as refused:
            fates.append(refused)

    threads = [Thread(target=write) for _ in range(8)]
    with file._syncing:
        for thread in threads:
            thread.start()
        while file.written < before + 8 * len(b"00000000 one of eight\n"):
            threads[0].join(0.001)
        assert not fates  # written, not synced: nobody was answered
        then(file.handle)
    for thread in threads:
        thread.join()
    return fates


def test_nobody_is_answered_before_a_sync_and_one_serves_all_who_wait(tmp_path: Path) -> None:
    journal = Journal(tmp_path, Durability.POWER)
    journal.append(b"first")
    reading, writing = os.pipe()

    def sync_once(handle: int) -> None:
        assert journal._file
        journal._file._sync()
        os.dup2(writing, handle)  # any further sync would fail

    assert waiting_for_a_sync(journal, sync_once) == [None] * 8
    with pytest.raises(JournalError):
        journal.append(b"one that needs a sync of its own")
    journal.close()
    os.close(reading)
    os.close(writing)


def test_all_who_wait_for_a_sync_that_fails_are_refused(tmp_path: Path) -> None:
    journal = Journal(tmp_path, Durability.POWER)
    journal.append(b"first")
    reading, writing = os.pipe()
    fates = waiting_for_a_sync(journal, lambda handle: os.dup2(writing, handle))
    assert len(fates) == 8
    assert all(fates)
    journal.close()
    os.close(reading)
    os.close(writing)


@pytest.mark.parametrize("sound", [True, False])
def test_who_waits_for_a_file_that_is_let_go_is_answered_by_its_last_sync(
    tmp_path: Path, sound: bool
) -> None:
    journal = Journal(tmp_path, Durability.POWER, most_bytes=1)
    journal.append(b"first")
    file = journal._file
    assert file
    end = file.write(b"written by a thread that does not yet wait")
    if sound:
        journal.append(b"of a second file")
        file.sync(end)
    else:
        reading, writing = os.pipe()
        own = replace(journal, writing)
        with pytest.raises(JournalError):
            journal.append(b"of a second file")
        with pytest.raises(OSError, match="earlier sync"):
            file.sync(end)
        for handle in (reading, writing, own):
            os.close(handle)
        journal.append(b"of a third file")
    journal.close()


def test_what_a_power_cut_damaged_is_counted_and_passed_over(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    for number in range(5):
        journal.append(b"line %d" % number)
    journal.close()
    (path,) = pending(tmp_path)
    content = path.read_bytes().replace(b"line 1", b"li\0\0 1")
    holes = b"\0" * (3 * LONGEST_RECORD)
    middle = content.index(b"line 3")
    path.write_bytes(content[:middle] + holes + content[middle:] + b"\0" * 10)
    with Tail(path) as tail:
        assert not tail.is_finished(middle)
        assert not tail.is_finished(len(content))
    ingest = Ingest(tmp_path)
    ingest.run(most_bytes=LONGEST_RECORD)
    assert ingest.all_lines == [b"line 0", b"line 2", b"line 4"]
    assert ingest.damaged >= 2
    assert ingest.torn == [b"\0" * 10]
    assert not pending(tmp_path)


def test_a_forked_process_may_not_write_into_its_parents_file(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    journal.append(b"of the parent")
    child = os.fork()
    if child == 0:
        try:
            journal.append(b"of the child")
        except JournalError:
            os._exit(3)
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 3
    journal.close()
    ingest = Ingest(tmp_path)
    ingest.run()
    assert ingest.all_lines == [b"of the parent"]
