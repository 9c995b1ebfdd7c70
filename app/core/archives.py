"""A ZIP archive of many files in bounded memory: the same files are the same bytes each time.

It is put together in a temporary file on the disk and read from there. A stream that nobody can
seek in would mark its entries in a way that some readers of archives refuse.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

PIECE_BYTES = 256 * 1024
# No file of an archive tells when it was put there.
_EPOCH = (1980, 1, 1, 0, 0, 0)
_READABLE_BY_ALL = 0o100644 << 16


class AlteredFile(Exception):  # noqa: N818 -- read as a sentence where it is caught
    """A file is not the one its hash names: an archive with it must not be finished."""


@dataclass(frozen=True, slots=True)
class ArchivedFile:
    """One file of an archive: its path, its hash and size, and how its bytes are had."""

    path: str
    sha256: str
    size: int
    pieces: Callable[[], Iterable[bytes]]
    is_text: bool = False


def file_of(path: str, content: bytes, *, is_text: bool = False) -> ArchivedFile:
    """Return a small file that is in memory already."""
    digest = hashlib.sha256(content).hexdigest()
    return ArchivedFile(path, digest, len(content), lambda: (content,), is_text=is_text)


def zipped(files: Iterable[ArchivedFile], scratch: Path) -> Iterator[bytes]:
    """Give the archive in pieces, each file checked against its hash on the way.

    `scratch` is a folder on a disk: it holds the archive while it is read, under no name.
    """
    scratch.mkdir(parents=True, exist_ok=True)
    with TemporaryFile(dir=scratch) as kept:
        with ZipFile(kept, "w") as archive:
            for file in files:
                told = ZipInfo(file.path, _EPOCH)
                told.external_attr = _READABLE_BY_ALL
                told.create_system = 3
                # Photos and PDF files are packed already.
                told.compress_type = ZIP_DEFLATED if file.is_text else ZIP_STORED
                told.file_size = file.size
                with archive.open(told, "w") as place:
                    _copy(file, place)
        kept.seek(0)
        while piece := kept.read(PIECE_BYTES):
            yield piece


def _copy(file: ArchivedFile, place: IO[bytes]) -> None:
    digest = hashlib.sha256()
    for piece in file.pieces():
        digest.update(piece)
        place.write(piece)
    if digest.hexdigest() != file.sha256:
        raise AlteredFile(file.path)
