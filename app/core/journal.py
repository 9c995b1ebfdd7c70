"""Lines that are safe on this machine's disk before anybody is answered, and a database's a little later.

A worker appends to a file of its own; whoever ingests reads all files. A writer holds a lock on its
file as long as it lives: that tells a file that may grow from a finished one. For local disks only.

Lost of the lines whose `append` returned: nothing when a process is killed; when the power fails, at
most those since the last `Tail.sync`, or nothing with `Durability.POWER`. A line whose `append` raised
may be there or not. Each line carries a checksum, so that a half never passes for a whole.

Exactly once is the ingest's work, with these pieces. Under `claim`, for each file of `pending`:

1. look up the file's offset (0 for a new name; names are random, none is used twice), `Tail.read` from
   there, `Tail.sync`, and store rows and new offset in ONE transaction; again while the offset moves;
2. if then `Tail.is_finished`, tell of what is `torn` and `remove` the file, but not before the database
   has those transactions on its own disk: one that commits first and syncs later might lose them;
3. forget the offset after `remove` returned, never before: the file would be read a second time.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from heapq import nsmallest
from pathlib import Path
from secrets import token_hex
from threading import Lock
from typing import NamedTuple, Self
from zlib import crc32

LONGEST_RECORD = 4096  # bytes: checksum, space, line, end of line
LONGEST_LINE = LONGEST_RECORD - len(b"00000000 \n")
_SUFFIX = ".journal"


class JournalError(OSError):
    """The disk did not take a line: full, broken, or closed to us. The cause tells."""


class Durability(StrEnum):
    """What a line outlives once `append` has returned."""

    PROCESS = "process"  # the death of the process
    POWER = "power"  # and the machine's loss of power


class Journal:
    """The writing side: one for each process, used by all its threads; a file ends at `most_bytes`."""

    def __init__(
        self,
        directory: Path,
        durability: Durability = Durability.PROCESS,
        *,
        most_bytes: int = 16 * 1024 * 1024,
    ) -> None:
        self._directory = directory
        self._durable = durability is Durability.POWER
        self._most_bytes = most_bytes
        self._writing = Lock()
        self._file: _File | None = None
        self._process = 0

    def append(self, line: bytes) -> None:
        """Return when the line is kept; JournalError when it is not, or not known to be.

        More than LONGEST_LINE bytes, or two lines, are a fault of the caller (ValueError).
        """
        if len(line) > LONGEST_LINE or b"\n" in line:
            raise ValueError(f"a line of a journal is one line of at most {LONGEST_LINE} bytes")
        if self._process not in {0, os.getpid()}:  # its locks and counts are the parent's
            raise JournalError("this journal belongs to the process that this one was forked from")
        try:
            with self._writing:
                file = self._usable_file()
                end = file.write(b"%08x %b\n" % (crc32(line), line))
            if self._durable:
                file.sync(end)
        except OSError as broken:
            raise JournalError(f"{self._directory} did not take a line: {broken}") from broken

    def close(self) -> None:
        """Let the file go; a later line would begin another one."""
        with self._writing:
            self._let_go()

    def _usable_file(self) -> "_File":
        if self._file and (self._file.spoilt or self._file.written >= self._most_bytes):
            self._let_go()
        if not self._file:
            self._process = os.getpid()
            self._file = _File(_create(self._directory))
        return self._file

    def _let_go(self) -> None:
        file, self._file = self._file, None
        if file:
            file.close(durable=self._durable)


class _File:
    """One file of a writer, open and locked; its writes come one at a time."""

    def __init__(self, handle: int) -> None:
        self.handle = handle
        self.written = 0  # bytes of whole records
        self.spoilt = False  # nothing may be written behind what is there
        self._syncing = Lock()
        self._synced = 0
        self._unsure = False

    def write(self, record: bytes) -> int:
        """Append the whole record; return the length of the file up to its end."""
        rest = memoryview(record)
        try:
            while rest:
                rest = rest[os.write(self.handle, rest) :]
        except BaseException:
            # A full disk is not to be filled with empty files: an untouched one is kept.
            self.spoilt = self.written > 0 or len(rest) < len(record)
            raise
        self.written += len(record)
        return self.written

    def sync(self, end: int) -> None:
        """Return when everything up to `end` is on the disk: one sync serves all who wait for it."""
        with self._syncing:
            if self._synced < end:
                self._sync()

    def close(self, *, durable: bool) -> None:
        """Unlock; whoever still waits for a sync is served or refused by this one."""
        with self._syncing:
            try:
                if durable and self._synced < self.written and not self._unsure:
                    self._sync()
            finally:
                os.close(self.handle)

    def _sync(self) -> None:
        if self._unsure:  # the kernel tells of lost pages once; a second sync would prove nothing
            raise OSError("an earlier sync of this file failed")
        covered = self.written
        try:
            os.fdatasync(self.handle)
        except OSError:
            self._unsure = self.spoilt = True
            raise
        self._synced = covered


def _create(directory: Path) -> int:
    """Begin a file, locked before it holds anything; return it open."""
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    while True:
        path = directory / f"{token_hex(16)}{_SUFFIX}"
        handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            if _locked(handle) and os.fstat(handle).st_nlink:
                _sync_names(directory.parent)
                _sync_names(directory)
                return handle
        except BaseException:
            os.close(handle)
            raise
        os.close(handle)  # a reader was faster, and takes the empty file away


@contextmanager
def claim(directory: Path) -> Iterator[bool]:
    """Hold the right to read a directory's journals; False when another reader holds it.

    Nobody waits for it, writers take no notice, and it ends with the process at the latest.
    """
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield _locked(handle)
    finally:
        os.close(handle)


def pending(directory: Path, *, most: int = 1000) -> list[Path]:
    """Return at most so many files (under the claim), those first that were left alone longest."""
    return nsmallest(most, directory.glob(f"*{_SUFFIX}"), key=lambda path: path.stat().st_mtime_ns)


class Chunk(NamedTuple):
    """Whole lines, the offset behind them, and how many records a power cut had damaged."""

    lines: list[bytes]
    offset: int
    damaged: int


class Tail:
    """The reading side of one file, for the holder of the claim; the disk's faults are OSError."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._finished = False
        self._handle = os.open(path, os.O_RDONLY)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_failure: object) -> None:
        os.close(self._handle)

    def read(self, offset: int, *, most_lines: int = 500, most_bytes: int = 1 << 18) -> Chunk:
        """Return the next whole lines and what follows them; the same offset when there are none.

        So many records, of so many bytes, at most (but one record whatever its length).
        """
        seen = os.pread(self._handle, max(most_bytes, LONGEST_RECORD), offset)
        *records, rest = seen.split(b"\n", most_lines)
        if not records and len(seen) >= LONGEST_RECORD:  # no writer wrote that
            return Chunk([], offset + len(seen), 1)
        lines = [record[9:] for record in records if b"%08x " % crc32(record[9:]) == record[:9]]
        return Chunk(lines, offset + len(seen) - len(rest), len(records) - len(lines))

    def sync(self) -> None:
        """Return when what was read is on the disk, so that no database knows more than that."""
        os.fdatasync(self._handle)

    def is_finished(self, offset: int) -> bool:
        """Tell whether its writer is gone and every whole line stands before `offset`."""
        if _locked(self._handle):  # from now on nothing comes
            rest = os.pread(self._handle, LONGEST_RECORD, offset)
            self._finished = b"\n" not in rest and len(rest) < LONGEST_RECORD
        return self._finished

    def torn(self, offset: int) -> bytes:
        """Return the half line a dead writer left: nobody was told that it is kept."""
        if not self.is_finished(offset):
            return b""
        return os.pread(self._handle, LONGEST_RECORD, offset)

    def remove(self) -> None:
        """Take a finished file away, for good even if the power fails the next moment."""
        if not self._finished:
            raise RuntimeError("only a finished file may be taken away")
        self._path.unlink(missing_ok=True)
        _sync_names(self._path.parent)


def _locked(handle: int) -> bool:
    """Take the lock of an open file or directory, unless somebody else holds it."""
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _sync_names(directory: Path) -> None:
    """Put a directory's list of files on the disk."""
    handle = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
