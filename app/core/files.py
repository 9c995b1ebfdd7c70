"""Uploads: looked at by their content, then kept under its SHA-256, outside anything shown by itself."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from app.core.inspection import ACCEPTED, IMAGES, inspected, inspected_type
from app.core.storage import DiskStorage, Storage

__all__ = [
    "ACCEPTED",
    "IMAGES",
    "StoredFile",
    "inspected_type",
    "path_of",
    "store",
]


@dataclass(frozen=True, slots=True)
class StoredFile:
    """What is known of a file after it was looked at: hash, size in bytes, real type, pages of a PDF."""

    sha256: str
    size: int
    media_type: str
    pages: int | None = None


def store(place: Storage | Path, content: bytes, *, field: str = "file") -> StoredFile:
    """Check and keep a file; the same content twice is one file. Safe against a crash in the middle.

    `place` is `settings.files`; a folder means files on the disk below it. A refusal names `field`.
    """
    looked = inspected(content, field=field)
    digest = hashlib.sha256(content).hexdigest()
    storage = DiskStorage(place) if isinstance(place, Path) else place
    storage.keep(digest, content)
    return StoredFile(digest, len(content), looked.media_type, looked.pages)


def path_of(directory: Path, sha256: str) -> Path:
    """Return where a file with this hash lies on the disk; a bucket has no such place."""
    return DiskStorage(directory).place_of(sha256)
