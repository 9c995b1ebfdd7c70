"""What a backup says of itself; it is written last, so that what has no manifest is no backup."""

import hashlib
import json
from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum
from typing import Self

from pydantic import BaseModel, ConfigDict, ValidationError

from app.core.backups.pieces import Entry, Tree, pieces_of
from app.core.backups.place import Place
from app.core.errors import Conflict, NotFound

FOLDER = "manifests"
FORMAT = 1


class ManifestDamaged(Conflict):
    """A manifest is not what was written."""

    code = "backup.manifest_damaged"
    message = "Bản kê «{name}» bị hỏng hoặc bị sửa: không dùng được bản sao lưu này."


class NoBackup(NotFound):
    """No backup answers to what was asked."""

    code = "backup.none"
    message = "Không có bản sao lưu nào {asked} ở {place}."


class Kind(StrEnum):
    """How the database was copied."""

    SQLITE = "sqlite"
    POSTGRESQL = "postgresql"  # with the log that is archived: to any moment afterwards
    PORTABLE = "portable"  # PostgreSQL's own dump: to that moment, into any later version


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class TableFacts(_Part):
    """How many rows a table had and the hash over all of them; empty where it was not reckoned."""

    rows: int
    sha256: str = ""


class PostgresFacts(_Part):
    """What is needed to bring a copy of a PostgreSQL cluster to a moment."""

    version: int  # the major one
    system: str  # the identifier of the cluster: its log fits no other
    user: str
    database: str
    first_segment: str = ""
    last_segment: str = ""
    restore_point: str = ""  # the moment of the facts about tables
    exact: bool = True  # off where writers left no moment in which facts and restore point are one


class Manifest(_Part):
    """One backup."""

    format: int = FORMAT
    code: str
    kind: Kind
    at: datetime  # the moment that the database shows (of a cluster: the earliest it can show)
    finished_at: datetime
    release: str
    revision: str
    database: Tree
    postgres: PostgresFacts | None = None
    tables: dict[str, TableFacts]
    told: dict[str, str]
    files: Entry  # a list: hash and size of each kept file, one a line
    file_count: int
    file_bytes: int
    trees: dict[str, Tree]
    left_out: tuple[str, ...]
    damaged: tuple[str, ...] = ()  # files whose content was no longer what their name says
    sha256: str = ""

    def sealed(self) -> Self:
        """Return it with its own hash."""
        return self.model_copy(update={"sha256": self.reckoned()})

    def reckoned(self) -> str:
        """Return the hash over everything it says."""
        said = self.model_dump(mode="json", exclude={"sha256"})
        text = json.dumps(said, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()

    @property
    def name(self) -> str:
        """Where it lies in its place."""
        return f"{FOLDER}/{self.code}.json"

    @property
    def is_exact(self) -> bool:
        """Whether the facts about tables are of the very moment it restores to."""
        return self.postgres is None or self.postgres.exact

    def pieces(self) -> set[str]:
        """Return the names of all pieces, those of kept files aside."""
        return pieces_of((self.database, *self.trees.values())) | set(self.files.pieces)


def write(place: Place, manifest: Manifest) -> None:
    """Make a backup true."""
    said = manifest.sealed().model_dump_json(indent=1)
    place.write(manifest.name, said.encode())


def read(place: Place, name: str) -> Manifest:
    """Return a backup, refused when its manifest is not as it was written."""
    content = place.read(name)
    if content is None:
        raise ManifestDamaged(name=name)
    try:
        manifest = Manifest.model_validate_json(content)
    except ValidationError as broken:
        raise ManifestDamaged(name=name) from broken
    if manifest.sha256 != manifest.reckoned() or manifest.name != name:
        raise ManifestDamaged(name=name)
    return manifest


def all_in(place: Place) -> list[Manifest]:
    """Return every backup of a place, the oldest first."""
    return sorted((read(place, name) for name in place.names(FOLDER)), key=lambda one: one.at)


def chosen(
    place: Place, manifests: Iterable[Manifest], *, code: str = "", at: datetime | None = None
) -> Manifest:
    """Return the backup of this code, or the newest one that does not lie behind a moment.

    A copy of a cluster goes before a portable one that is newer: its log leads on from it.
    """
    fitting = [
        one for one in manifests if (not code or one.code == code) and (at is None or one.at <= at)
    ]
    if not fitting:
        asked = f"mang mã «{code}»" if code else "trước mốc đã cho" if at else "nào hoàn chỉnh"
        raise NoBackup(asked=asked, place=place.told)
    return max(fitting, key=lambda one: (one.kind is Kind.POSTGRESQL, one.at))
