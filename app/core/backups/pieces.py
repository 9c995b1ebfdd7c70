"""Files cut into pieces of 256 KiB: what did not change since the last backup is kept once.

Databases change in pages and grow at their ends, so equal places of two copies hold equal pieces. A piece
is packed and then named by the hash of what lies there: damage is found without unpacking anything.
"""

import hashlib
import os
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from app.core.errors import Conflict
from app.core.storage import NotKept, Storage, whole

PIECE_BYTES = 256 * 1024
_PACKED = 1  # quick; pages of databases pack well all the same


class PieceDamaged(Conflict):
    """A piece of a backup is gone, or is not what it was."""

    code = "backup.piece_damaged"
    message = "Mảnh {sha256} của «{path}» bị mất hoặc hỏng: không dựng lại được tệp này."


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Entry(_Part):
    """One file of a backup: its content is the unpacked pieces, one after the other."""

    path: str
    mode: int = 0o600
    size: int
    sha256: str
    pieces: tuple[str, ...]


class Tree(_Part):
    """A folder of a backup."""

    folders: tuple[str, ...] = ()
    files: tuple[Entry, ...] = ()


@dataclass(slots=True)
class Shelf:
    """Puts pieces into a storage, each once; counts what was new."""

    storage: Storage
    looks_first: bool = True  # once, at all there is: to ask for each piece would be slower by far
    known: set[str] = field(init=False)
    added: int = 0
    added_bytes: int = 0

    def __post_init__(self) -> None:
        """Look what is there."""
        self.known = {one.sha256 for one in self.storage.kept()} if self.looks_first else set()

    def put(self, content: bytes) -> str:
        """Keep one piece as it is; return its hash."""
        sha256 = hashlib.sha256(content).hexdigest()
        if sha256 not in self.known:
            self.storage.keep(sha256, content)
            self.known.add(sha256)
            self.added += 1
            self.added_bytes += len(content)
        return sha256

    def put_file(self, file: Path, name: str) -> Entry:
        """Keep a file; one that grows meanwhile is kept as long as it was when it was opened."""
        digest, pieces = hashlib.sha256(), []
        with file.open("rb") as opened:
            seen = os.fstat(opened.fileno())
            left = seen.st_size
            while left and (piece := opened.read(min(PIECE_BYTES, left))):
                left -= len(piece)
                digest.update(piece)
                pieces.append(self.put(zlib.compress(piece, _PACKED)))
        return Entry(
            path=name,
            mode=seen.st_mode & 0o777,
            size=seen.st_size - left,
            sha256=digest.hexdigest(),
            pieces=tuple(pieces),
        )

    def put_tree(self, root: Path) -> Tree:
        """Keep a folder with everything in it; links and sockets are not followed."""
        folders, files = [], []
        for path in sorted(root.rglob("*")):
            name = path.relative_to(root).as_posix()
            if path.is_symlink():
                continue
            if path.is_dir():
                folders.append(name)
            elif path.is_file():
                files.append(self.put_file(path, name))
        return Tree(folders=tuple(folders), files=tuple(files))


def contents(storage: Storage, entry: Entry) -> Iterator[bytes]:
    """Give a file piece by piece, each held against its name; PieceDamaged when one does not hold."""
    digest = hashlib.sha256()
    for sha256 in entry.pieces:
        try:
            packed = whole(storage, sha256)
        except NotKept as gone:
            raise PieceDamaged(sha256=sha256, path=entry.path) from gone
        if hashlib.sha256(packed).hexdigest() != sha256:
            raise PieceDamaged(sha256=sha256, path=entry.path)
        piece = zlib.decompress(packed)
        digest.update(piece)
        yield piece
    if digest.hexdigest() != entry.sha256:
        raise PieceDamaged(sha256=entry.sha256, path=entry.path)


def take_file(storage: Storage, entry: Entry, to: Path) -> None:
    """Write a file of a backup to a place where none is."""
    to.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle = os.open(to, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as written:
        for piece in contents(storage, entry):
            written.write(piece)
        written.flush()
        os.fsync(written.fileno())
    to.chmod(entry.mode)


def take_tree(storage: Storage, tree: Tree, to: Path) -> None:
    """Write a folder of a backup to an empty place."""
    to.mkdir(mode=0o700, parents=True, exist_ok=True)
    for name in tree.folders:
        (to / name).mkdir(mode=0o700, parents=True, exist_ok=True)
    for entry in tree.files:
        take_file(storage, entry, to / entry.path)


def pieces_of(trees: Iterable[Tree]) -> set[str]:
    """Return the names of all pieces that these folders consist of."""
    return {piece for tree in trees for entry in tree.files for piece in entry.pieces}
