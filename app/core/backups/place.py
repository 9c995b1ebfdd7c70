"""Where backups lie: pieces under their hash, and a few named things beside them.

A name is written whole or not at all and never changed; so what was killed half way left pieces that
nobody names, never a backup that looks whole.
"""

import fcntl
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from app.core.errors import Conflict
from app.core.storage import DiskStorage, NamedObjects, Storage, bucket_storage, named_objects


class PlaceBusy(Conflict):
    """Another command works in this place."""

    code = "backup.place_busy"
    message = "Một lệnh sao lưu khác đang làm việc ở nơi này. Hãy đợi nó xong."


class NameTaken(Conflict):
    """The name is there already, with other content."""

    code = "backup.name_taken"
    message = "«{name}» đã có ở nơi cất bản sao lưu, với nội dung khác. Không ghi đè."


class Place(Protocol):
    """What may be done with a place of backups."""

    @property
    def pieces(self) -> Storage:
        """Contents under their hash."""

    def write(self, name: str, content: bytes) -> None:
        """Write a name that survives a power cut; the same again is no harm, another is refused."""

    def read(self, name: str) -> bytes | None:
        """Return what is kept under a name."""

    def names(self, folder: str) -> list[str]:
        """Return the names below a folder, in order."""

    def remove(self, name: str) -> None:
        """Take a name away."""

    @property
    def told(self) -> str:
        """What to call this place in a sentence."""


class DiskPlace:
    """A folder of this machine, or of another one that is mounted here."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory.resolve()
        self.pieces: Storage = DiskStorage(self._directory / "pieces")

    def write(self, name: str, content: bytes) -> None:
        """Write beside the place, settle on the disk, then link: an old name is never replaced."""
        path = self._directory / name
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".") as draft:
            draft.write(content)
            draft.flush()
            os.fsync(draft.fileno())
            try:
                os.link(draft.name, path)
            except FileExistsError as taken:
                if path.read_bytes() != content:
                    raise NameTaken(name=name) from taken
        _settle(path.parent)

    def read(self, name: str) -> bytes | None:
        """Read the file."""
        try:
            return (self._directory / name).read_bytes()
        except FileNotFoundError:
            return None

    def names(self, folder: str) -> list[str]:
        """Walk the folder; drafts are not told of."""
        return sorted(
            path.relative_to(self._directory).as_posix()
            for path in (self._directory / folder).rglob("*")
            if path.is_file() and not path.name.startswith(".")
        )

    def remove(self, name: str) -> None:
        """Unlink."""
        (self._directory / name).unlink(missing_ok=True)

    @property
    def told(self) -> str:
        """Return the folder."""
        return str(self._directory)

    @property
    def directory(self) -> Path:
        """Where this place is."""
        return self._directory


class BucketPlace:
    """A bucket that speaks S3."""

    def __init__(
        self, url: str, *, endpoint: str, region: str, access_key: str, secret_key: str
    ) -> None:
        self._url = url.rstrip("/")
        self.pieces: Storage = bucket_storage(
            f"{self._url}/pieces",
            endpoint=endpoint,
            region=region,
            access_key=access_key,
            secret_key=secret_key,
        )
        self._named: NamedObjects = named_objects(
            self._url,
            endpoint=endpoint,
            region=region,
            access_key=access_key,
            secret_key=secret_key,
        )

    def write(self, name: str, content: bytes) -> None:
        """Create the object, never overwrite one."""
        if not self._named.create(name, content) and self._named.read(name) != content:
            raise NameTaken(name=name)

    def read(self, name: str) -> bytes | None:
        """Fetch the object."""
        return self._named.read(name)

    def names(self, folder: str) -> list[str]:
        """List the bucket."""
        return sorted(self._named.names(folder))

    def remove(self, name: str) -> None:
        """Delete the object."""
        self._named.remove(name)

    @property
    def told(self) -> str:
        """Return the address."""
        return self._url


@contextmanager
def alone(place: Place, *, sharing: bool) -> Iterator[None]:
    """Hold a place: whoever only adds shares it, whoever takes away has it alone; nobody waits.

    A bucket knows no locks: there, whoever takes away spares what is younger than two days.
    """
    if not isinstance(place, DiskPlace):
        yield
        return
    place.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle = os.open(place.directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        try:
            fcntl.flock(handle, (fcntl.LOCK_SH if sharing else fcntl.LOCK_EX) | fcntl.LOCK_NB)
        except BlockingIOError as held:
            raise PlaceBusy from held
        yield
    finally:
        os.close(handle)


def _settle(directory: Path) -> None:
    """Put a directory's list of names on the disk."""
    handle = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
