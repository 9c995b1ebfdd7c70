"""Looking after backups: every piece against its hash, and taking away what is old enough."""

import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from app.core.backups import cluster, manifest, sqlite, wal
from app.core.backups.manifest import Kind, Manifest
from app.core.backups.pieces import PieceDamaged, Tree, contents, pieces_of, take_file
from app.core.backups.place import Place, alone
from app.core.backups.programs import Programs
from app.core.backups.retention import kept as kept_times
from app.core.errors import Conflict
from app.core.storage import hash_of

# What is younger may belong to a backup that is being made, or to a moment after the last one.
YOUNG = timedelta(days=2)


@dataclass(slots=True)
class Verified:
    """What was looked at in a place of backups, and what was wrong."""

    backups: int = 0
    pieces: int = 0
    segments: int = 0
    wrong: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Pruned:
    """What was taken away."""

    backups: list[str]
    segments: int
    pieces: int
    bytes: int


def verify(
    place: Place, *, programs: Programs, room: Path, only: str = "", takes_away: bool = False
) -> Verified:
    """Hash every piece anew, put every database together and let its own tools look it over.

    `takes_away` removes damaged pieces, so that the next backup writes them again.
    """
    report = Verified()
    with alone(place, sharing=not takes_away):
        damaged = _damaged(place, report)
        names = place.names(manifest.FOLDER)
        for name in names:
            if only and only not in name:
                continue
            report.backups += 1
            try:
                one = manifest.read(place, name)
                _check(place, one, damaged, programs=programs, room=room)
            except Conflict as wrong:
                report.wrong.append(f"{name}: {wrong.text}")
        for name, entry in wal.entries(place).items():
            report.segments += 1
            lost = [
                piece
                for piece in entry.pieces
                if piece in damaged or place.pieces.find(piece) is None
            ]
            if lost:
                report.wrong.append(f"{name}: {PieceDamaged(sha256=lost[0], path=entry.path).text}")
        if takes_away:
            for sha256 in damaged:
                place.pieces.remove(sha256)
    return report


def _damaged(place: Place, report: Verified) -> set[str]:
    damaged = set()
    for one in place.pieces.kept():
        report.pieces += 1
        if hash_of(place.pieces, one.sha256) != one.sha256:
            damaged.add(one.sha256)
            report.wrong.append(f"mảnh {one.sha256}: nội dung không còn đúng mã băm")
    return damaged


def _check(
    place: Place, one: Manifest, damaged: set[str], *, programs: Programs, room: Path
) -> None:
    names = b"".join(contents(place.pieces, one.files)).decode("ascii")
    for line in names.splitlines():
        sha256 = line.split()[0]
        if sha256 in damaged or place.pieces.find(sha256) is None:
            raise PieceDamaged(sha256=sha256, path="files")
    for tree in one.trees.values():
        _read_through(place, tree)
    room.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=room, prefix="verify-") as made:
        to = Path(made)
        match one.kind:
            case Kind.SQLITE:
                [entry] = one.database.files
                take_file(place.pieces, entry, to / entry.path)
                sqlite.check(to / entry.path)
            case Kind.POSTGRESQL if one.postgres is not None:
                lacking = wal.gaps(
                    wal.segments(place, one.postgres.system),
                    first=one.postgres.first_segment,
                    last=one.postgres.last_segment,
                )
                if lacking:
                    raise wal.LogMissing(segments=", ".join(lacking[:5]))
                _read_through(place, one.database)
                listed = [e for e in one.database.files if e.path == cluster.LIST]
                cluster.check_files(
                    one.database, b"".join(c for e in listed for c in contents(place.pieces, e))
                )
            case _:
                [entry] = one.database.files
                take_file(place.pieces, entry, to / entry.path)
                version = one.postgres.version if one.postgres else 0
                programs.run("pg_restore", "--list", str(to / entry.path), version=version)


def _read_through(place: Place, tree: Tree) -> None:
    for entry in tree.files:
        for _piece in contents(place.pieces, entry):  # each is held against its hash on the way
            pass


def prune(
    place: Place,
    *,
    at: datetime,
    daily: int,
    weekly: int,
    monthly: int,
    told: Callable[[str], None] = lambda _name: None,
) -> Pruned:
    """Take away backups that no rule keeps, then segments and pieces that nobody needs any more.

    Of each kind by itself. Whatever is younger than two days stays. A damaged manifest stops everything:
    what it needed cannot be known.
    """
    with alone(place, sharing=False):
        everything = manifest.all_in(place)
        stays: list[Manifest] = []
        for kind in Kind:
            of_kind = [one for one in everything if one.kind is kind]
            times = kept_times(
                [one.at for one in of_kind], daily=daily, weekly=weekly, monthly=monthly
            )
            stays += [one for one in of_kind if one.at in times or one.at > at - YOUNG]
        codes = {one.code for one in stays}
        gone = [one for one in everything if one.code not in codes]
        for one in gone:
            place.remove(one.name)
            told(one.code)
        segments = _prune_log(place, stays)
        pieces, size = _prune_pieces(place, stays, before=at - YOUNG)
        return Pruned([one.code for one in gone], segments, pieces, size)


def _prune_log(place: Place, stays: Iterable[Manifest]) -> int:
    first: dict[str, str] = {}
    for one in stays:
        if one.postgres is not None and one.postgres.first_segment:
            known = first.setdefault(one.postgres.system, one.postgres.first_segment)
            first[one.postgres.system] = min(known, one.postgres.first_segment, key=wal.number_of)
    gone = 0
    for system, needed in first.items():
        for name in wal.older_than(wal.segments(place, system), needed):
            place.remove(f"{wal.FOLDER}/{system}/{name}.json")
            gone += 1
    return gone


def _prune_pieces(place: Place, stays: Iterable[Manifest], *, before: datetime) -> tuple[int, int]:
    needed: set[str] = set()
    for one in stays:
        needed |= one.pieces()
        listed = b"".join(contents(place.pieces, one.files)).decode("ascii")
        needed |= {line.split()[0] for line in listed.splitlines()}
    needed |= pieces_of([Tree(files=tuple(wal.entries(place).values()))])
    removed = size = 0
    for piece in list(place.pieces.kept()):
        if piece.sha256 not in needed and piece.kept_at < before:
            place.pieces.remove(piece.sha256)
            removed, size = removed + 1, size + piece.size
    place.pieces.drop_drafts(before=before)
    return removed, size
