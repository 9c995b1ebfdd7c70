"""The way back: into an empty place, to a moment, and held open so that it can be compared.

While a restoration is under way, and after one that did not hold, the place has a file that says so.
"""

import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from app.core.backups import cluster, sqlite, wal
from app.core.backups.making import DATABASE_FILE, SCANS
from app.core.backups.manifest import Kind, Manifest, ManifestDamaged
from app.core.backups.pieces import Tree, contents, take_file, take_tree
from app.core.backups.place import Place
from app.core.backups.programs import Programs
from app.core.errors import Conflict
from app.core.storage import DiskStorage, NotKept, Storage, copy_kept, hash_of

UNFINISHED = "PHUC-HOI-CHUA-XONG"
CLUSTER = "postgres"
_LOG = ".wal"


class NotEmpty(Conflict):
    """There is something already where a backup is to be restored to."""

    code = "backup.not_empty"
    message = "«{to}» không trống. Chỉ phục hồi vào một chỗ trống; không ghi đè dữ liệu nào."


@dataclass(frozen=True, slots=True)
class Restored:
    """A backup that stands in its place, its database answering."""

    manifest: Manifest
    place: Path
    database_url: str
    is_own_moment: bool  # the moment of the manifest, so that its facts must be found again

    @property
    def files(self) -> DiskStorage:
        """Where the kept files are."""
        return DiskStorage(self.place / "files")


def check_empty(to: Path) -> None:
    """Refuse a place that has anything in it."""
    if to.exists() and (not to.is_dir() or any(to.iterdir())):
        raise NotEmpty(to=to)


@contextmanager
def restored(
    place: Place,
    kept: Manifest,
    to: Path,
    *,
    programs: Programs,
    at: datetime | None = None,
    newest: bool = False,
) -> Iterator[Restored]:
    """Restore a backup and lend its database; what comes of it is true once this ends without a fault.

    Of a PostgreSQL cluster: to the backup's own moment, to `at`, or (`newest`) as far as its log goes; any
    other comes back as it was when it was made.
    """
    check_empty(to)
    if kept.kind is not Kind.SQLITE:
        programs.check_account()
    to = to.resolve()
    to.mkdir(mode=0o755 if kept.kind is not Kind.SQLITE else 0o700, parents=True, exist_ok=True)
    mark = to / UNFINISHED
    mark.write_text(f"{kept.code}\n", encoding="utf-8")
    _take_files(place, kept, to)
    for name, tree in kept.trees.items():
        take_tree(place.pieces, tree, to / name)
    if kept.kind is Kind.SQLITE:
        [entry] = kept.database.files
        take_file(place.pieces, entry, to / DATABASE_FILE)
        sqlite.check(to / DATABASE_FILE)
        url = f"sqlite:///{to / DATABASE_FILE}"
        yield Restored(kept, to, url, is_own_moment=True)
    else:
        with _server(place, kept, to, programs=programs, at=at, newest=newest) as url:
            is_own = kept.kind is Kind.PORTABLE or (at is None and not newest)
            yield Restored(kept, to, url, is_own_moment=is_own and kept.is_exact)
    mark.unlink()


@contextmanager
def _server(
    place: Place,
    kept: Manifest,
    to: Path,
    *,
    programs: Programs,
    at: datetime | None,
    newest: bool,
) -> Iterator[str]:
    facts, data = kept.postgres, to / CLUSTER
    if facts is None:
        raise ManifestDamaged(name=kept.name)
    programs.path("postgres", version=facts.version)
    if kept.kind is Kind.PORTABLE:
        dump = to / ".dump"
        [entry] = kept.database.files
        take_file(place.pieces, entry, dump)
        cluster.load_dump(programs, dump, data, facts)
        dump.unlink()
        with cluster.brought_back(programs, data, facts, log_from=None) as url:
            yield url
        return
    lacking = wal.gaps(
        wal.segments(place, facts.system), first=facts.first_segment, last=facts.last_segment
    )
    if lacking:
        raise wal.LogMissing(segments=", ".join(lacking[:5]))
    take_tree(place.pieces, kept.database, data)
    log = to / _LOG
    wal.take(place, facts.system, first=facts.first_segment, to=log)
    with cluster.brought_back(
        programs,
        data,
        facts,
        log_from=log,
        target="" if at or newest else facts.restore_point,
        at=at,
    ) as url:
        yield url
    shutil.rmtree(log)


def _take_files(place: Place, kept: Manifest, to: Path) -> None:
    listed = b"".join(contents(place.pieces, kept.files)).decode("ascii")
    files = DiskStorage(to / "files")
    for line in listed.splitlines():
        bring(place.pieces, files, line.split()[0], room=to / ".file")


def bring(pieces: Storage, files: DiskStorage, sha256: str, *, room: Path) -> bool:
    """Copy one kept file back, whole and with the hash it is named by; False when it is not there so."""
    if files.find(sha256) is not None:
        return True
    try:
        return copy_kept(pieces, files, sha256, room=room)
    except NotKept:
        return False
    finally:
        room.unlink(missing_ok=True)


def damaged_files(restored: Restored, named: Iterable[str]) -> list[str]:
    """Return those of the named files that do not stand in the restored place with their own hash."""
    files = restored.files
    return [
        sha256
        for sha256 in sorted(named)
        if files.find(sha256) is None or hash_of(files, sha256) != sha256
    ]


def drop_journals(to: Path, names: Iterable[str]) -> int:
    """Take away journals whose lines an earlier or later database may hold already."""
    gone = 0
    for name in names:
        path = to / SCANS / name
        if path.exists():
            path.unlink()
            gone += 1
    return gone


def own_tree(kept: Manifest, name: str) -> Tree:
    """Return a folder of a backup, an empty one when it has none of that name."""
    return kept.trees.get(name, Tree())
