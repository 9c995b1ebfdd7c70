"""Where files lie: under the hash of their content, on this machine's disk or in an S3 bucket.

A file is written whole or not at all and never changed afterwards. Nothing here is public: files
leave only through a door that asked who is there. Only this module knows obstore.
"""

import hashlib
import mmap
import os
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeAlias
from urllib.parse import urlsplit

import obstore
from obstore.exceptions import AlreadyExistsError, BaseError, NotFoundError
from obstore.store import S3Store

from app.core.errors import Unreachable

if TYPE_CHECKING:
    from obstore.store import S3Config  # known to checkers only

CHUNK_BYTES = 256 * 1024
Content: TypeAlias = bytes | memoryview
_HASH = re.compile(r"[0-9a-f]{64}")
_SHORT = timedelta(seconds=20)


class StorageUnreachable(Unreachable):
    """The bucket does not answer, or not to us."""

    code = "files.unreachable"
    message = "Kho tệp tạm thời không trả lời. Hãy thử lại sau ít phút."


class NotKept(LookupError):  # noqa: N818 -- read as a sentence where it is caught
    """No file of this hash is kept."""


@dataclass(frozen=True, slots=True)
class KeptFile:
    """One kept file as a listing tells of it."""

    sha256: str
    size: int
    kept_at: datetime


class Storage(Protocol):
    """What may be done with kept files; every file is named by the SHA-256 of its content."""

    def keep(self, sha256: str, content: Content) -> None:
        """Write a file unless it is there; afterwards it survives a crash of the machine."""

    def find(self, sha256: str) -> KeptFile | None:
        """Tell of one file, None when it is not kept."""

    def size_of(self, sha256: str) -> int | None:
        """Return the size in bytes, None when the file is not kept."""

    def chunks(self, sha256: str, first: int = 0, last: int | None = None) -> Iterator[bytes]:
        """Give the bytes from first to last (both included) in bounded pieces; NotKept if absent."""

    def kept(self) -> Iterator[KeptFile]:
        """Tell of every kept file, in no order."""

    def remove(self, sha256: str) -> None:
        """Take a file away; one that is gone already is no fault."""

    def drop_drafts(self, *, before: datetime) -> int:
        """Clear away what a crash left half written before this moment; return how many."""


@dataclass(frozen=True, slots=True)
class DiskStorage:
    """Files in a folder of this machine."""

    directory: Path

    def keep(self, sha256: str, content: Content) -> None:
        """Write beside the place, settle on the disk, then move: no reader sees half a file."""
        place = self.place_of(sha256)
        if (found := self.find(sha256)) and found.size == len(content):
            os.utime(place)  # asked for again: a sweep that looks at its age lets it be
            return
        place.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=place.parent, prefix=".", delete=False) as draft:
            draft.write(content)
            draft.flush()
            os.fsync(draft.fileno())
        Path(draft.name).replace(place)
        folder = os.open(place.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def find(self, sha256: str) -> KeptFile | None:
        """Look at the folder."""
        try:
            seen = self.place_of(sha256).stat()
        except FileNotFoundError:
            return None
        return KeptFile(sha256, seen.st_size, datetime.fromtimestamp(seen.st_mtime, tz=UTC))

    def size_of(self, sha256: str) -> int | None:
        """Return the size as found."""
        found = self.find(sha256)
        return None if found is None else found.size

    def chunks(self, sha256: str, first: int = 0, last: int | None = None) -> Iterator[bytes]:
        """Read piece by piece."""
        place = self.place_of(sha256)
        if not place.is_file():
            raise NotKept(sha256)
        with place.open("rb") as file:
            file.seek(first)
            left = place.stat().st_size - first if last is None else last - first + 1
            while left > 0 and (piece := file.read(min(CHUNK_BYTES, left))):
                left -= len(piece)
                yield piece

    def kept(self) -> Iterator[KeptFile]:
        """Walk the folder; what a crash left half written is not told of."""
        for place in self.directory.glob("??/*"):
            if _HASH.fullmatch(place.name) and (found := self.find(place.name)):
                yield found

    def remove(self, sha256: str) -> None:
        """Unlink."""
        self.place_of(sha256).unlink(missing_ok=True)

    def drop_drafts(self, *, before: datetime) -> int:
        """Unlink files that never got their name."""
        dropped = 0
        for draft in self.directory.glob("??/.*"):
            if draft.is_file() and draft.stat().st_mtime < before.timestamp():
                draft.unlink(missing_ok=True)
                dropped += 1
        return dropped

    def place_of(self, sha256: str) -> Path:
        """Return where a file with this hash lies."""
        return self.directory / _key(sha256)


class BucketStorage:
    """Files in a bucket that speaks S3; a write that finds the file there leaves it alone."""

    def __init__(self, store: S3Store) -> None:
        self._store = store

    def keep(self, sha256: str, content: Content) -> None:
        """Create the object, never overwrite one."""
        with _told():
            try:
                obstore.put(self._store, _key(sha256), content, mode="create")
            except AlreadyExistsError:
                return

    def find(self, sha256: str) -> KeptFile | None:
        """Ask for the object's head."""
        with _told():
            try:
                head = obstore.head(self._store, _key(sha256))
            except (FileNotFoundError, NotFoundError):
                return None
        return KeptFile(sha256, head["size"], head["last_modified"])

    def size_of(self, sha256: str) -> int | None:
        """Return the size as found."""
        found = self.find(sha256)
        return None if found is None else found.size

    def chunks(self, sha256: str, first: int = 0, last: int | None = None) -> Iterator[bytes]:
        """Stream the object from the bucket."""
        key, kept = _key(sha256), self.find(sha256)
        if kept is None:
            raise NotKept(sha256)
        end = kept.size if last is None else min(last + 1, kept.size)
        if first >= end:
            return
        with _told():
            found = obstore.get(self._store, key, options={"range": (first, end)})
            for piece in found.stream(min_chunk_size=CHUNK_BYTES):
                yield bytes(piece)

    def kept(self) -> Iterator[KeptFile]:
        """List the bucket page by page."""
        with _told():
            for page in obstore.list(self._store):
                for one in page:
                    name = one["path"].rsplit("/", 1)[-1]
                    if _HASH.fullmatch(name):
                        yield KeptFile(name, one["size"], one["last_modified"])

    def remove(self, sha256: str) -> None:
        """Delete the object."""
        with _told():
            obstore.delete(self._store, _key(sha256))

    def drop_drafts(self, *, before: datetime) -> int:  # noqa: ARG002 -- the same call for every storage
        """Nothing to do: a bucket shows only what arrived whole."""
        return 0


def bucket_storage(
    url: str, *, endpoint: str = "", region: str = "", access_key: str = "", secret_key: str = ""
) -> BucketStorage:
    """Return the storage of `s3://bucket/prefix`; without keys, the machine's own role is asked.

    An endpoint names a service other than Amazon's; plain http is spoken only to one that says so.
    """
    return BucketStorage(
        _store(url, endpoint=endpoint, region=region, access_key=access_key, secret_key=secret_key)
    )


class NamedObjects:
    """Small things in a bucket under names of their own; each is written once."""

    def __init__(self, store: S3Store) -> None:
        self._store = store

    def create(self, name: str, content: bytes) -> bool:
        """Write the object; False when the name is taken, and nothing was written."""
        with _told():
            try:
                obstore.put(self._store, name, content, mode="create")
            except AlreadyExistsError:
                return False
        return True

    def read(self, name: str) -> bytes | None:
        """Return the content, None when there is none."""
        with _told():
            try:
                return bytes(obstore.get(self._store, name).bytes())
            except (FileNotFoundError, NotFoundError):
                return None

    def names(self, folder: str) -> Iterator[str]:
        """Tell of every name below a folder, in no order."""
        with _told():
            for page in obstore.list(self._store, f"{folder}/"):
                for one in page:
                    yield one["path"]

    def remove(self, name: str) -> None:
        """Delete the object."""
        with _told():
            obstore.delete(self._store, name)


def named_objects(
    url: str, *, endpoint: str = "", region: str = "", access_key: str = "", secret_key: str = ""
) -> NamedObjects:
    """Return what is kept by name in `s3://bucket/prefix`."""
    return NamedObjects(
        _store(url, endpoint=endpoint, region=region, access_key=access_key, secret_key=secret_key)
    )


def _store(url: str, *, endpoint: str, region: str, access_key: str, secret_key: str) -> S3Store:
    parts = urlsplit(url)
    if parts.scheme != "s3" or not parts.netloc:
        raise ValueError("a bucket looks like s3://bucket/prefix")
    config: S3Config = {}
    if endpoint:
        config["endpoint"] = endpoint
    if region:
        config["region"] = region
    if access_key:
        config["access_key_id"] = access_key
        config["secret_access_key"] = secret_key
    return S3Store(
        parts.netloc,
        prefix=parts.path.strip("/") or None,
        config=config,
        client_options={
            "allow_http": endpoint.startswith("http://"),
            "connect_timeout": _SHORT,
        },
        retry_config={"max_retries": 3, "retry_timeout": _SHORT},
    )


def whole(storage: Storage, sha256: str) -> bytes:
    """Return a file as one piece: for what must hold all of it anyway, not for sending it on."""
    return b"".join(storage.chunks(sha256))


def hash_of(storage: Storage, sha256: str) -> str:
    """Return the hash that a kept file really has, read in bounded pieces."""
    digest = hashlib.sha256()
    for piece in storage.chunks(sha256):
        digest.update(piece)
    return digest.hexdigest()


def keep_made(storage: Storage, made: Path) -> KeptFile:
    """Keep a file that we made ourselves, of any size but none: it is never whole in our memory."""
    digest = hashlib.sha256()
    with made.open("rb") as file:
        while piece := file.read(CHUNK_BYTES):
            digest.update(piece)
        sha256 = digest.hexdigest()
        with (
            mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as whole,
            memoryview(whole) as seen,
        ):
            storage.keep(sha256, seen)
    return KeptFile(sha256, made.stat().st_size, datetime.fromtimestamp(made.stat().st_mtime, UTC))


def _key(sha256: str) -> str:
    if not _HASH.fullmatch(sha256):
        raise ValueError("not a SHA-256")
    return f"{sha256[:2]}/{sha256}"


@contextmanager
def _told() -> Iterator[None]:
    """Turn the library's faults into the house's own."""
    try:
        yield
    except (BaseError, OSError) as fault:
        raise StorageUnreachable from fault


def copy_kept(source: Storage, target: Storage, sha256: str, *, room: Path) -> bool:
    """Copy one kept file from store to store, by way of a file at `room`, whatever its size.

    False when its content is not what its name says: then nothing is kept. Refused (NotKept) where
    the source has none.
    """
    digest, size = hashlib.sha256(), 0
    with room.open("wb") as written:
        for piece in source.chunks(sha256):
            digest.update(piece)
            size += len(piece)
            written.write(piece)
    if digest.hexdigest() != sha256:
        return False
    if size:
        keep_made(target, room)
    else:
        target.keep(sha256, b"")
    return True
