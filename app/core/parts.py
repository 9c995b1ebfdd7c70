"""Files that are still arriving: their size is the truth about what came, whoever stops the server.

One writer at a time: the operating system holds the lock with the open file, so it ends with the
process. Nobody waits for it; who comes second is told so at once.
"""

import fcntl
import os
from pathlib import Path
from typing import Self

from app.core.errors import Conflict


class PartBusy(Conflict):
    """Another request is writing this file at the moment."""

    code = "upload.busy"
    message = "Tệp này đang được gửi từ một kết nối khác. Hãy đợi giây lát rồi gửi tiếp."


def size_of(directory: Path, code: str) -> int:
    """Return how many bytes arrived for good; bytes whose checksum is not known yet do not count."""
    mark = _mark_of(directory, code)
    try:
        return int(mark.read_text())
    except FileNotFoundError:
        pass
    try:
        return _path_of(directory, code).stat().st_size
    except FileNotFoundError:
        return 0


def codes_in(directory: Path) -> set[str]:
    """Return the codes of all files that lie here unfinished."""
    if not directory.is_dir():
        return set()
    return {entry.name.partition(".")[0] for entry in directory.iterdir()}


class Part:
    """A file that is still arriving, open and locked; to be closed by whoever took it."""

    def __init__(self, directory: Path, code: str) -> None:
        """Open the file, or refuse at once when somebody else writes it."""
        directory.mkdir(parents=True, exist_ok=True)
        self._path = _path_of(directory, code)
        self._mark = _mark_of(directory, code)
        self._file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            self._lock()
            self._undo_unverified()
        except BaseException:
            os.close(self._file)
            raise

    def _lock(self) -> None:
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as held:
            raise PartBusy from held
        if os.fstat(self._file).st_nlink == 0:  # taken away between opening and locking
            raise PartBusy

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_failure: object) -> None:
        self.close()

    @property
    def size(self) -> int:
        """How many bytes there are."""
        return os.fstat(self._file).st_size

    def append(self, content: bytes) -> None:
        """Add bytes at the end."""
        rest = memoryview(content)
        while rest:
            rest = rest[os.write(self._file, rest) :]

    def sync(self) -> None:
        """Return when what was added lies on the disk."""
        os.fsync(self._file)

    def cut_back(self, size: int) -> None:
        """Forget everything after this many bytes."""
        os.ftruncate(self._file, size)
        os.fsync(self._file)

    def expect_checksum(self) -> None:
        """Note that what follows counts only once `verified` is said, even across a crash."""
        draft = self._mark.with_suffix(".draft")
        with draft.open("w") as mark:
            mark.write(str(self.size))
            mark.flush()
            os.fsync(mark.fileno())
        draft.replace(self._mark)

    def verified(self) -> None:
        """Let what came since `expect_checksum` count."""
        self.sync()
        self._mark.unlink(missing_ok=True)

    def _undo_unverified(self) -> None:
        try:
            size = int(self._mark.read_text())
        except FileNotFoundError:
            return
        self.cut_back(size)
        self._mark.unlink(missing_ok=True)

    def read(self) -> bytes:
        """Return the whole content; its length was bounded before the first byte was taken."""
        return self._path.read_bytes()

    def remove(self) -> None:
        """Take the file away; the lock stays until it is closed."""
        self._path.unlink(missing_ok=True)
        self._mark.unlink(missing_ok=True)

    def close(self) -> None:
        """Let the next writer in."""
        os.close(self._file)


def discard(directory: Path, code: str) -> bool:
    """Take a file away that nobody goes on with; tell whether it was free to be taken."""
    try:
        with Part(directory, code) as part:
            part.remove()
    except PartBusy:
        return False
    return True


def _path_of(directory: Path, code: str) -> Path:
    return directory / f"{code}.part"


def _mark_of(directory: Path, code: str) -> Path:
    return directory / f"{code}.unverified"
