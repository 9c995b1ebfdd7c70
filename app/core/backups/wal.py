"""The log that PostgreSQL archives: segments of a cluster under their names, each kept once.

A name is `wal/<cluster>/<segment>.json`: an entry of pieces. Clusters are told apart by their identifier, so
that one place may serve several and a restored one never mixes its log with a stranger's.
"""

import struct
from pathlib import Path

from pydantic import ValidationError

from app.core.backups.pieces import Entry, Shelf, take_file
from app.core.backups.place import Place
from app.core.errors import Conflict

FOLDER = "wal"
SEGMENT_LETTERS = 24
_OF_LOG = 256  # segments of 16 MiB in one log file's number; other sizes are refused
SEGMENT_BYTES = 16 * 1024 * 1024


class NoCluster(Conflict):
    """The command was not called by a server of PostgreSQL."""

    code = "backup.no_cluster"
    message = "Lệnh này do PostgreSQL gọi (archive_command), trong thư mục dữ liệu của nó."


class LogMissing(Conflict):
    """Part of the archived log is not there."""

    code = "backup.log_missing"
    message = (
        "Thiếu nhật ký WAL: {segments}. Không phục hồi được tới mốc đã cho; "
        "mốc gần nhất là trước đoạn thiếu đầu tiên."
    )


def system_of(data: Path) -> str:
    """Return the identifier of the cluster whose data directory this is."""
    try:
        with (data / "global" / "pg_control").open("rb") as control:
            return str(struct.unpack("<Q", control.read(8))[0])
    except (FileNotFoundError, struct.error) as none:
        raise NoCluster from none


def archive(place: Place, file: Path, name: str, *, system: str) -> None:
    """Keep a segment for good before PostgreSQL may forget it; another one of that name is refused."""
    entry = Shelf(place.pieces, looks_first=False).put_file(file, name)
    kept = entry_of(place, system, name)
    if kept is not None and (kept.size, kept.sha256) == (entry.size, entry.sha256):
        return  # PostgreSQL asks again when it did not hear our answer
    place.write(f"{FOLDER}/{system}/{name}.json", entry.model_dump_json().encode())


def segments(place: Place, system: str) -> list[str]:
    """Return the names of what was archived of a cluster, in order."""
    return [
        name.rsplit("/", 1)[-1].removesuffix(".json") for name in place.names(f"{FOLDER}/{system}")
    ]


def entry_of(place: Place, system: str, segment: str) -> Entry | None:
    """Return where a segment's content is."""
    said = place.read(f"{FOLDER}/{system}/{segment}.json")
    if said is None:
        return None
    try:
        return Entry.model_validate_json(said)
    except ValidationError as broken:
        raise LogMissing(segments=f"{segment} (bản kê hỏng)") from broken


def entries(place: Place) -> dict[str, Entry]:
    """Return everything archived, of all clusters, by the name it lies under."""
    found = {}
    for name in place.names(FOLDER):
        _folder, system, segment = name.split("/")
        entry = entry_of(place, system, segment.removesuffix(".json"))
        if entry is not None:
            found[name] = entry
    return found


def gaps(names: list[str], *, first: str, last: str = "") -> list[str]:
    """Return the segments that lack between the first one needed and the last (or the last there is)."""
    line = {name for name in names if _is_segment(name) and name[:8] == first[:8]}
    end = last if last[:8] == first[:8] else max(line | {first})
    return [
        name
        for number in range(number_of(first), number_of(end) + 1)
        if (name := _name(first[:8], number)) not in line
    ]


def take(place: Place, system: str, *, first: str, to: Path) -> int:
    """Write everything archived from a segment on where PostgreSQL will look for it; return how many."""
    to.mkdir(mode=0o700)
    taken = 0
    for name in segments(place, system):
        # A later line of the log begins in an earlier one: its number alone tells what is needed.
        if _is_segment(name) and number_of(name) < number_of(first):
            continue
        entry = entry_of(place, system, name)
        if entry is not None:
            take_file(place.pieces, entry, to / name)
            taken += 1
    return taken


def older_than(names: list[str], first: str) -> list[str]:
    """Return the segments that no backup from this one on needs; histories of lines always stay."""
    return [name for name in names if _is_segment(name) and number_of(name) < number_of(first)]


def _is_segment(name: str) -> bool:
    return len(name) == SEGMENT_LETTERS and all(letter in "0123456789ABCDEF" for letter in name)


def number_of(name: str) -> int:
    """Return how far along the log a segment is, whatever line of history it belongs to."""
    return int(name[8:16], 16) * _OF_LOG + int(name[16:24], 16)


def _name(line: str, number: int) -> str:
    return f"{line}{number // _OF_LOG:08X}{number % _OF_LOG:08X}"
