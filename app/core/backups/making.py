"""Making a backup: database, kept files, lines not read in yet, own rules; the manifest last."""

import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from secrets import token_hex
from threading import Event

from sqlalchemy import Engine, text

from app.core import journal
from app.core.backups import cluster, manifest, sqlite, wal
from app.core.backups.manifest import Kind, Manifest, PostgresFacts, TableFacts
from app.core.backups.pieces import Entry, Shelf, Tree
from app.core.backups.place import Place, alone
from app.core.backups.programs import Address, Programs
from app.core.backups.tables import facts_seen, seeing
from app.core.db import ReadSession, steady_reading
from app.core.errors import Conflict
from app.core.storage import Storage, copy_kept

SCANS = "scans"
DATABASE_FILE = "ocop.db"
_READER_WAITS = 60.0
_LOOK_EVERY = 0.05
_MOST_JOURNALS = 100_000


class JournalsBusy(Conflict):
    """Whoever reads the journals does not let go of them."""

    code = "backup.journals_busy"
    message = "Nhật ký lượt quét đang được đọc suốt một phút liền. Hãy thử lại sau."


@dataclass(frozen=True, slots=True)
class Source:
    """What is backed up."""

    engine: Engine
    database_url: str  # of whoever may copy the whole cluster
    files: Storage
    journals: Path
    scratch: Path
    release: str
    trees: Mapping[str, Path] = field(default_factory=dict)  # folders outside the data folder
    left_out: tuple[str, ...] = ()
    programs: Programs = field(default_factory=Programs)

    @property
    def on_sqlite(self) -> bool:
        """Whether the database is a file."""
        return self.engine.dialect.name == "sqlite"

    @property
    def file(self) -> Path:
        """The file that the database is."""
        return Path(str(self.engine.url.database))


@dataclass(frozen=True, slots=True)
class Made:
    """A backup that was made, and what was new of it."""

    manifest: Manifest
    pieces: int
    bytes: int
    files: int


Telling = Callable[[ReadSession], Mapping[str, str]]


def make(
    source: Source,
    place: Place,
    *,
    tell: Telling,
    clock: Callable[[], datetime],
    hashed: bool = True,
    portable: bool = False,
) -> Made:
    """Make a backup; killed at any point, it leaves pieces that no manifest names.

    `tell` says of a database what the manifest is to hold beside its tables. `hashed` reckons a hash over
    each table. Files whose content is not what their name says are told of, and everything else is kept.
    """
    source.scratch.mkdir(parents=True, exist_ok=True)
    with (
        alone(place, sharing=True),
        tempfile.TemporaryDirectory(dir=source.scratch, prefix="backup-") as made,
    ):
        shelf = Shelf(place.pieces)
        copying = _Copying(source, place, shelf, Path(made), tell, clock, hashed=hashed)
        copied = copying.copied(portable=portable)
        listed, count, size, damaged, added = _keep_files(source, shelf, Path(made))
        trees = dict(copied.trees)
        for name, folder in source.trees.items():
            trees[name] = shelf.put_tree(folder)
        kept = Manifest(
            code=f"{copied.at:%Y%m%dT%H%M%SZ}-{copied.kind}-{token_hex(3)}",
            kind=copied.kind,
            at=copied.at,
            finished_at=clock(),
            release=source.release,
            revision=copied.revision,
            database=copied.database,
            postgres=copied.postgres,
            tables=copied.tables,
            told=copied.told,
            files=listed,
            file_count=count,
            file_bytes=size,
            trees=trees,
            left_out=source.left_out,
            damaged=tuple(damaged),
        ).sealed()
        manifest.write(place, kept)
        return Made(kept, shelf.added, shelf.added_bytes, added)


def copy_new_files(source: Source, place: Place) -> int:
    """Keep the files that came since, without a manifest: a later moment of the log may name them."""
    source.scratch.mkdir(parents=True, exist_ok=True)
    with (
        alone(place, sharing=True),
        tempfile.TemporaryDirectory(dir=source.scratch, prefix="backup-") as made,
    ):
        return _keep_files(source, Shelf(place.pieces), Path(made))[-1]


@dataclass(frozen=True, slots=True)
class _Copied:
    kind: Kind
    at: datetime
    database: Tree
    revision: str
    tables: dict[str, TableFacts]
    told: dict[str, str]
    trees: dict[str, Tree]
    postgres: PostgresFacts | None = None


@dataclass(frozen=True, slots=True)
class _Copying:
    source: Source
    place: Place
    shelf: Shelf
    room: Path
    tell: Telling
    clock: Callable[[], datetime]
    hashed: bool

    def copied(self, *, portable: bool) -> _Copied:
        if self.source.on_sqlite:
            return self.sqlite()
        return self.portable() if portable else self.postgresql()

    def sqlite(self) -> _Copied:
        copy = self.room / DATABASE_FILE
        with _unread(self.source.journals):
            at = self.clock()  # whatever was committed before is in the copy
            sqlite.copy_database(self.source.file, copy)
            journals = self._journals()
        sqlite.check(copy)
        with sqlite.opened(copy) as engine, steady_reading(engine) as session:
            tables, told = facts_seen(session, hashed=self.hashed), dict(self.tell(session))
            revision = _revision(session)
        entry = self.shelf.put_file(copy, DATABASE_FILE)
        copy.unlink()
        return _Copied(Kind.SQLITE, at, Tree(files=(entry,)), revision, tables, told, journals)

    def postgresql(self) -> _Copied:
        address = Address.of(self.source.database_url)
        server = cluster.look(address)
        if not server.archives:
            raise cluster.NotArchiving
        copy, name = self.room / "cluster", f"ocop-{token_hex(8)}"
        first = cluster.copy_files(address, self.source.programs, version=server.version, to=copy)
        with ExitStack() as unread:
            unread.enter_context(_unread(self.source.journals))
            with (
                cluster.moment(address, name) as moment,
                seeing(self.source.engine, moment.snapshot) as session,
            ):
                moment.let_go()  # the snapshot is ours: writers go on
                journals = self._journals()
                unread.close()
                tables, told = facts_seen(session, hashed=self.hashed), dict(self.tell(session))
                revision = _revision(session)
        cluster.push_out(address, self.place, system=server.system, segment=moment.segment)
        lacking = wal.gaps(
            wal.segments(self.place, server.system), first=first, last=moment.segment
        )
        if lacking:
            raise wal.LogMissing(segments=", ".join(lacking[:5]))
        tree = self.shelf.put_tree(copy)
        shutil.rmtree(copy)
        facts = PostgresFacts(
            version=server.version,
            system=server.system,
            user=Address.of(str(self.source.engine.url.render_as_string(False))).user,
            database=address.database,
            first_segment=first,
            last_segment=moment.segment,
            restore_point=name,
            exact=moment.exact,
        )
        return _Copied(Kind.POSTGRESQL, moment.at, tree, revision, tables, told, journals, facts)

    def portable(self) -> _Copied:
        address = Address.of(self.source.database_url)
        server = cluster.look(address)
        copy = self.room / "ocop.dump"
        with ExitStack() as unread:
            unread.enter_context(_unread(self.source.journals))
            with (
                cluster.moment(address) as moment,
                seeing(self.source.engine, moment.snapshot) as session,
            ):
                journals = self._journals()
                unread.close()
                cluster.dump(
                    address,
                    self.source.programs,
                    version=server.version,
                    snapshot=moment.snapshot,
                    to=copy,
                )
                tables, told = facts_seen(session, hashed=self.hashed), dict(self.tell(session))
                revision = _revision(session)
        entry = self.shelf.put_file(copy, copy.name)
        copy.unlink()
        facts = PostgresFacts(
            version=server.version,
            system=server.system,
            user=Address.of(str(self.source.engine.url.render_as_string(False))).user,
            database=address.database,
        )
        return _Copied(
            Kind.PORTABLE,
            moment.at,
            Tree(files=(entry,)),
            revision,
            tables,
            told,
            journals,
            facts,
        )

    def _journals(self) -> dict[str, Tree]:
        files = [
            self.shelf.put_file(path, path.name)
            for path in journal.pending(self.source.journals, most=_MOST_JOURNALS)
        ]
        return {SCANS: Tree(files=tuple(files))}


@contextmanager
def _unread(journals: Path) -> Iterator[None]:
    """Keep the journals from being read in meanwhile: else a line might be in both copies, or in none."""
    for _ in range(int(_READER_WAITS / _LOOK_EVERY)):
        with journal.claim(journals) as ours:
            if ours:
                yield
                return
        Event().wait(_LOOK_EVERY)
    raise JournalsBusy


def _revision(session: ReadSession) -> str:
    return str(session.scalar(text("SELECT version_num FROM alembic_version")))


def _keep_files(source: Source, shelf: Shelf, room: Path) -> tuple[Entry, int, int, list[str], int]:
    """Keep every file that is not there yet; return their list, number, bytes, damage, and how many came."""
    lines, size, damaged, added = [], 0, [], 0
    for one in sorted(source.files.kept(), key=lambda kept: kept.sha256):
        if one.sha256 not in shelf.known:
            if not _keep_file(source.files, shelf, one.sha256, room / "file"):
                damaged.append(one.sha256)
                continue
            added += 1
        lines.append(f"{one.sha256} {one.size}\n")
        size += one.size
    listed = room / "files.txt"
    listed.write_text("".join(lines), encoding="ascii")
    return shelf.put_file(listed, listed.name), len(lines), size, damaged, added


def _keep_file(files: Storage, shelf: Shelf, sha256: str, room: Path) -> bool:
    """Keep one file, of any size; False when its content is not what its name says."""
    if not copy_kept(files, shelf.storage, sha256, room=room):
        return False
    shelf.known.add(sha256)
    return True
