"""The pieces that backups are made of, each by itself: which stay, what lacks, what is damaged, what is told."""

import hashlib
import json
import struct
from contextlib import ExitStack
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from app.cli import cli
from app.core.backups import wal
from app.core.backups.cluster import ListDiffers, check_files
from app.core.backups.manifest import TableFacts
from app.core.backups.pieces import (
    PIECE_BYTES,
    Entry,
    PieceDamaged,
    Shelf,
    Tree,
    contents,
    take_tree,
)
from app.core.backups.place import DiskPlace, NameTaken, PlaceBusy, alone
from app.core.backups.programs import Address
from app.core.backups.retention import kept, next_night
from app.core.backups.tables import differing
from app.core.storage import DiskStorage

LONG = b"".join(hashlib.sha256(b"%d" % number).digest() for number in range(24_000))
AT = datetime(2026, 11, 26, 12, 0, tzinfo=UTC)


def test_the_newest_of_each_day_week_and_month_stays() -> None:
    hourly = [AT - timedelta(hours=hour) for hour in range(24 * 100)]
    stays = kept(hourly, daily=3, weekly=2, monthly=2)
    assert sorted(stays, reverse=True) == [
        AT,  # today, this week, this month
        datetime(2026, 11, 25, 16, 0, tzinfo=UTC),  # the day ends at 17:00 UTC in Viet Nam
        datetime(2026, 11, 24, 16, 0, tzinfo=UTC),
        datetime(2026, 11, 22, 16, 0, tzinfo=UTC),  # a Sunday
        datetime(2026, 10, 31, 16, 0, tzinfo=UTC),
    ]


def test_the_newest_backup_stays_whatever_is_asked() -> None:
    assert kept([AT, AT - timedelta(days=400)], daily=0, weekly=0, monthly=0) == {AT}
    assert kept([], daily=14, weekly=8, monthly=24) == set()


def test_days_without_a_backup_use_up_no_place() -> None:
    rare = [AT, AT - timedelta(days=90), AT - timedelta(days=200)]
    assert kept(rare, daily=3, weekly=0, monthly=0) == set(rare)


@pytest.mark.parametrize(
    ("after", "due"),
    [
        ("2026-11-26T18:29:59+00:00", "2026-11-27T01:30:00+07:00"),
        ("2026-11-27T01:30:00+07:00", "2026-11-28T01:30:00+07:00"),
        ("2026-12-31T23:00:00+07:00", "2027-01-01T01:30:00+07:00"),
    ],
)
def test_the_next_night_is_counted_by_the_clock_of_viet_nam(after: str, due: str) -> None:
    night = next_night(datetime.fromisoformat(after), time(1, 30))
    assert night == datetime.fromisoformat(due)


def test_a_gap_in_the_log_is_named_across_the_end_of_a_log_file() -> None:
    names = [f"0000000100000000000000{number:02X}" for number in (0xFD, 0xFE, 0xFF)]
    names += ["000000010000000100000001", "00000002.history"]
    first = names[0]
    assert wal.gaps(names, first=first) == ["000000010000000100000000"]
    assert wal.gaps(names, first=first, last=names[2]) == []
    assert wal.gaps(names, first="0000000100000000000000FC", last=names[1]) == [
        "0000000100000000000000FC"
    ]
    assert wal.gaps([], first=first) == [first]


def test_segments_before_the_first_needed_go_and_histories_stay() -> None:
    names = ["0000000100000000000000FE", "000000020000000100000000", "00000002.history"]
    assert wal.older_than(names, "0000000100000000000000FF") == ["0000000100000000000000FE"]


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """Make a folder with an empty file, a long one, an empty folder and a link."""
    root = tmp_path / "root"
    (root / "deep" / "empty").mkdir(parents=True)
    (root / "nothing").write_bytes(b"")
    (root / "deep" / "long").write_bytes(LONG)
    (root / "link").symlink_to("nothing")
    return root


def test_a_folder_comes_back_byte_for_byte_and_is_kept_once(tree: Path, tmp_path: Path) -> None:
    storage = DiskStorage(tmp_path / "pieces")
    first = Shelf(storage)
    packed = first.put_tree(tree)
    again = Shelf(storage)
    assert again.put_tree(tree) == packed
    assert (first.added > 0, again.added) == (True, 0)
    assert len(next(one for one in packed.files if one.path == "deep/long").pieces) == 3
    take_tree(storage, packed, tmp_path / "back")
    assert (tmp_path / "back" / "deep" / "long").read_bytes() == LONG
    assert (tmp_path / "back" / "nothing").read_bytes() == b""
    assert (tmp_path / "back" / "deep" / "empty").is_dir()
    assert not (tmp_path / "back" / "link").exists()


def test_one_changed_page_is_one_new_piece(tmp_path: Path) -> None:
    file, storage = tmp_path / "database", DiskStorage(tmp_path / "pieces")
    content = bytearray(LONG)
    file.write_bytes(content)
    Shelf(storage).put_file(file, "database")
    content[PIECE_BYTES + 5] ^= 1
    file.write_bytes(content)
    shelf = Shelf(storage)
    shelf.put_file(file, "database")
    assert shelf.added == 1


@pytest.mark.parametrize("how", ["changed", "gone", "swapped"])
def test_a_file_of_a_damaged_piece_is_refused(tree: Path, tmp_path: Path, how: str) -> None:
    storage = DiskStorage(tmp_path / "pieces")
    entry = Shelf(storage).put_file(tree / "deep" / "long", "long")
    piece = storage.place_of(entry.pieces[0])
    match how:
        case "changed":
            piece.write_bytes(piece.read_bytes()[:-1] + b"\0")
        case "gone":
            piece.unlink()
        case _:
            entry = entry.model_copy(update={"pieces": entry.pieces[::-1]})
    with pytest.raises(PieceDamaged, match="long"):
        list(contents(storage, entry))


def test_a_name_is_written_once(tmp_path: Path) -> None:
    place = DiskPlace(tmp_path)
    place.write("manifests/a.json", b"one")
    place.write("manifests/a.json", b"one")
    with pytest.raises(NameTaken):
        place.write("manifests/a.json", b"two")
    assert place.read("manifests/a.json") == b"one"
    assert place.read("manifests/b.json") is None
    assert place.names("manifests") == ["manifests/a.json"]
    assert [path.name for path in (tmp_path / "manifests").iterdir()] == ["a.json"]


def test_who_takes_away_works_alone(tmp_path: Path) -> None:
    place = DiskPlace(tmp_path)
    with ExitStack() as held:
        held.enter_context(alone(place, sharing=True))
        held.enter_context(alone(place, sharing=True))
        with pytest.raises(PlaceBusy), alone(place, sharing=False):
            pass
    with alone(place, sharing=False), pytest.raises(PlaceBusy), alone(place, sharing=True):
        pass


def test_differing_tables_are_named() -> None:
    before = {
        "a": TableFacts(rows=1, sha256="x"),
        "b": TableFacts(rows=2, sha256="x"),
        "c": TableFacts(rows=3),
        "d": TableFacts(rows=0),
    }
    after = {
        "a": TableFacts(rows=1, sha256="y"),
        "b": TableFacts(rows=3, sha256="x"),
        "c": TableFacts(rows=3, sha256="reckoned now"),
        "e": TableFacts(rows=0),
    }
    assert differing(before, after) == [
        "a: 1 dòng, nội dung khác bản kê",
        "b: 3 dòng, bản kê ghi 2",
        "d: thiếu bảng",
        "e: thừa bảng",
    ]


@pytest.mark.parametrize(
    ("url", "bare", "user", "database", "password"),
    [
        (
            "postgresql+psycopg://ocop:b%40t@db:5433/ocop",
            "postgresql://ocop@db:5433/ocop",
            "ocop",
            "ocop",
            "b@t",
        ),
        (
            "postgresql://ocop@/ocop?host=/run/pg&password=bimat",
            "postgresql://ocop@/ocop?host=%2Frun%2Fpg",
            "ocop",
            "ocop",
            "bimat",
        ),
    ],
)
def test_a_password_never_stands_in_the_address(
    url: str, bare: str, user: str, database: str, password: str
) -> None:
    address = Address.of(url)
    assert (address.url, address.user, address.database) == (bare, user, database)
    assert address.environment == {"PGPASSWORD": password}
    assert password not in repr(address)


def _listed(**files: bytes) -> bytes:
    said = [
        {"Path": path, "Size": len(content), "Checksum": hashlib.sha256(content).hexdigest()}
        for path, content in files.items()
    ]
    head = b'{"Files": ' + json.dumps(said).encode() + b",\n"
    return head + b'"Manifest-Checksum": "' + hashlib.sha256(head).hexdigest().encode() + b'"}\n'


def _entry(path: str, content: bytes) -> Entry:
    return Entry(
        path=path, size=len(content), sha256=hashlib.sha256(content).hexdigest(), pieces=()
    )


def test_a_copied_server_is_held_against_its_own_list() -> None:
    listed = _listed(PG_VERSION=b"18\n", base=b"rows")
    log = _entry("pg_wal/000000010000000000000001", b"log")
    whole = (_entry("PG_VERSION", b"18\n"), _entry("base", b"rows"), log)
    check_files(Tree(files=whole), listed)
    for wrong in (
        whole[1:],
        (*whole, _entry("more", b"")),
        (_entry("PG_VERSION", b"17\n"), *whole[1:]),
    ):
        with pytest.raises(ListDiffers):
            check_files(Tree(files=wrong), listed)
    with pytest.raises(ListDiffers, match="mã băm"):
        check_files(Tree(files=whole), listed.replace(b'"PG_VERSION"', b'"pg_version"'))
    with pytest.raises(ListDiffers, match="không đọc được"):
        check_files(Tree(files=whole), b"")


def test_postgresql_hands_over_its_log_by_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data, place = tmp_path / "data", DiskPlace(tmp_path / "place")
    (data / "global").mkdir(parents=True)
    (data / "pg_wal").mkdir()
    (data / "global" / "pg_control").write_bytes(struct.pack("<Q", 77) + bytes(100))
    segment = "000000010000000000000003"
    (data / "pg_wal" / segment).write_bytes(b"log" * 100_000)
    words = ["backup", "archive-wal", place.told, f"pg_wal/{segment}", segment]
    monkeypatch.setenv("OCOP_DATA_DIR", str(tmp_path / "none"))
    monkeypatch.chdir(data)
    for _ in range(2):  # PostgreSQL asks again when it did not hear the answer
        done = CliRunner().invoke(cli, words)
        assert done.exit_code == 0, done.output
    assert wal.segments(place, "77") == [segment]
    entry = wal.entry_of(place, "77", segment)
    assert entry is not None
    assert b"".join(contents(place.pieces, entry)) == b"log" * 100_000
    (data / "pg_wal" / segment).write_bytes(b"another log")
    refused = CliRunner().invoke(cli, words)
    assert refused.exit_code == 1
    assert "Không ghi đè" in refused.output
    monkeypatch.chdir(tmp_path)
    stranger = CliRunner().invoke(cli, words)
    assert stranger.exit_code == 1
    assert "archive_command" in stranger.output
