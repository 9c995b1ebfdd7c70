"""A backup made while people write comes back in an empty place, complete and provably the same.

On SQLite, by the commands that an administrator types. What belongs to PostgreSQL stands in
test_backup_postgres.py.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import zlib
from collections.abc import Callable
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path

import httpx2
import pytest
from sqlalchemy import Engine
from sqlmodel import col, select
from typer.testing import CliRunner, Result

from app.cli import cli
from app.core.backups import manifest
from app.core.backups.keeping import prune
from app.core.backups.manifest import all_in
from app.core.backups.place import DiskPlace
from app.core.clock import VIET_NAM, now
from app.core.db import make_engine, reading, transaction
from app.core.settings import Settings
from app.domain.ideas.models import ProductIdea
from app.domain.stamps.models import Stamp
from tests.factories.ideas import make_idea
from tests.factories.people import People
from tests.factories.stamps import serial_text
from tests.journeys.pressing import Press, gather, kinds_of, missing
from tests.journeys.test_killed_server import pressing, served, until
from tests.plugins.bucket import Bucket

Ocop = Callable[..., Result]


@pytest.fixture
def database_url(sqlite_template: Path, tmp_path: Path) -> str:
    """Return a fresh SQLite database: a file is what these backups are about."""
    shutil.copy(sqlite_template, tmp_path / "ocop.db")
    return f"sqlite:///{tmp_path / 'ocop.db'}"


@pytest.fixture
def ocop(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Ocop:
    """Return a function that runs a command on this test's installation."""
    monkeypatch.setenv("OCOP_DATA_DIR", str(settings.data_dir))
    monkeypatch.setenv("OCOP_DATABASE_URL", settings.database_url)

    def run(*words: str | Path) -> Result:
        return CliRunner().invoke(cli, ["backup", *map(str, words)])

    return run


@pytest.fixture
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return where backups go: another disk, as it were."""
    return tmp_path_factory.mktemp("place")


def settings_of(restored: Path) -> Settings:
    """Return the settings of an installation that was restored."""
    return Settings(
        data_dir=restored,
        database_url=f"sqlite:///{restored / 'ocop.db'}",
        stamp_host="tem.example",
        key_dir=restored / "keys",
    )


def idea_titles(engine: Engine) -> set[str]:
    """Return what the ideas of a database are called."""
    with reading(engine) as session:
        return set(session.exec(select(ProductIdea.title)))


def test_a_backup_made_while_people_write_comes_back_whole(
    settings: Settings,
    engine: Engine,
    server: str,
    ocop: Ocop,
    place: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    with transaction(engine) as session:
        people = gather(session, settings, 6, at=now())
    press = Press(server, people, seed=7)
    with pressing(press):
        until(lambda: set(kinds_of(press.acknowledged)) >= {"idea", "photo", "paper", "scan"})
        before = list(press.acknowledged)
        made = ocop("make", place)
        assert made.exit_code == 0, made.output
        meanwhile = len(press.acknowledged)
        until(lambda: len(press.acknowledged) > meanwhile)
    assert (press.refused, press.faults) == ([], [])
    assert meanwhile > len(before), "nobody wrote while the backup was made"
    assert "phải giữ ở nơi khác" in made.output
    [kept] = all_in(DiskPlace(place))
    mark = json.loads((settings.data_dir / "backups.json").read_text())
    assert (mark["kind"], mark["verified"], mark["code"]) == ("sqlite", False, kept.code)
    assert datetime.fromisoformat(mark["made_at"]) == kept.at

    to = tmp_path_factory.mktemp("restored")
    back = ocop("restore", place, "--to", to)
    assert back.exit_code == 0, back.output
    assert "SAI" not in back.output
    assert "so số dòng và mã băm với bản kê" in back.output
    assert not (to / "PHUC-HOI-CHUA-XONG").exists()

    there = settings_of(to)
    # The secret by which devices are marked is no part of a backup; here it tells the scans apart.
    shutil.copytree(settings.data_dir / "scans-marks", to / "scans-marks")
    shutil.copytree(settings.answer_key_dir, there.answer_key_dir)
    restored = make_engine(there)
    assert missing(restored, there, before) == []
    with reading(restored) as session:
        stamp = session.exec(
            select(Stamp).where(col(Stamp.place) > 0).order_by(col(Stamp.index)).limit(1)
        ).one()
        serial = serial_text(stamp)
    restored.dispose()
    with served(there) as running:
        answer = httpx2.get(f"{running.address}/api/v1/verify/{serial}", timeout=60)
    assert (answer.status_code, answer.json()["verdict"]) == (200, "valid")


def test_a_restored_moment_has_what_was_before_and_nothing_of_what_came_after(
    engine: Engine, ocop: Ocop, place: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    def write(title: str) -> None:
        with transaction(engine) as session:
            make_idea(session, People(session, now()), title=title)

    write("Trà giảo cổ lam trước tai nạn")
    first = ocop("follow", place, "--times", "1")
    assert first.exit_code == 0, first.output
    moment = (now() + timedelta(seconds=1)).replace(microsecond=0)
    until(lambda: now() > moment)
    with transaction(engine) as session:
        [idea] = session.exec(select(ProductIdea))
        idea.title = "Hỏng vì tai nạn"
    assert ocop("follow", place, "--times", "1").exit_code == 0
    at = f"{moment.astimezone(VIET_NAM):%Y-%m-%dT%H:%M:%S}"
    to = tmp_path_factory.mktemp("then")
    back = ocop("restore", place, "--to", to, "--at", at)
    assert back.exit_code == 0, back.output
    assert "lần chụp gần nhất trước mốc đã cho" in back.output
    restored = make_engine(settings_of(to))
    assert idea_titles(restored) == {"Trà giảo cổ lam trước tai nạn"}
    restored.dispose()
    newest = tmp_path_factory.mktemp("newest")
    assert ocop("restore", place, "--to", newest).exit_code == 0
    restored = make_engine(settings_of(newest))
    assert idea_titles(restored) == {"Hỏng vì tai nạn"}
    restored.dispose()
    early = ocop("restore", place, "--to", tmp_path_factory.mktemp("e"), "--at", "2020-01-01T00:00")
    assert early.exit_code == 1
    assert "Không có bản sao lưu nào trước mốc đã cho" in early.output


def test_one_command_makes_the_first_backup_at_once_and_looks_it_over(
    settings: Settings, engine: Engine, ocop: Ocop, place: Path
) -> None:
    with transaction(engine) as session:
        make_idea(session, People(session, now()), title="Trà giảo cổ lam")
    begun = ocop("follow", place, "--every", "1", "--times", "2", "--nightly", "01:30")
    assert begun.exit_code == 0, begun.output
    hashed = [
        one
        for one in all_in(DiskPlace(place))
        if all(table.sha256 for table in one.tables.values())
    ]
    assert len(hashed) == 1, "complete once, not at every step"
    assert "Đã bỏ 0 bản sao lưu" in begun.output
    mark = json.loads((settings.data_dir / "backups.json").read_text())
    assert mark["verified"]
    assert "nguyên vẹn" in begun.output
    later = ocop("follow", place, "--times", "1", "--nightly", "01:30")
    assert "nguyên vẹn" not in later.output, "the next night is not yet"


def test_a_snapshot_is_taken_only_when_something_changed_and_shares_its_pieces(
    engine: Engine, ocop: Ocop, place: Path
) -> None:
    assert ocop("make", place).exit_code == 0
    pieces = {one.sha256 for one in DiskPlace(place).pieces.kept()}
    again = ocop("make", place)
    assert again.exit_code == 0
    fresh = {one.sha256 for one in DiskPlace(place).pieces.kept()} - pieces
    assert len(fresh) <= 1, "the same content was kept twice"
    with transaction(engine) as session:
        make_idea(session, People(session, now()))
    assert ocop("make", place).exit_code == 0
    assert {one.sha256 for one in DiskPlace(place).pieces.kept()} - pieces - fresh
    told = ocop("list", place)
    assert "3 bản sao lưu." in told.output


def test_nothing_is_restored_over_anything(ocop: Ocop, place: Path, tmp_path: Path) -> None:
    assert ocop("make", place).exit_code == 0
    refused = ocop("restore", place, "--to", tmp_path)
    assert refused.exit_code == 1
    assert "không trống" in refused.output
    nothing = ocop("restore", tmp_path / "khong-co", "--to", tmp_path / "moi")
    assert nothing.exit_code == 1
    assert "Không có bản sao lưu nào" in nothing.output


def test_a_damaged_piece_is_found_told_and_made_good_by_the_next_backup(
    ocop: Ocop, place: Path, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    assert ocop("make", place).exit_code == 0
    assert ocop("verify", place).exit_code == 0
    assert json.loads((tmp_path / "backups.json").read_text())["verified"] is True
    [kept] = all_in(DiskPlace(place))
    [database] = kept.database.files
    piece = place / "pieces" / database.pieces[3][:2] / database.pieces[3]
    content = bytearray(piece.read_bytes())
    content[len(content) // 2] ^= 1
    piece.write_bytes(content)
    found = ocop("verify", place)
    assert found.exit_code == 1
    assert f"mảnh {database.pieces[3]}" in found.output
    refused = ocop("restore", place, "--to", tmp_path_factory.mktemp("broken") / "to")
    assert refused.exit_code == 1
    assert "bị mất hoặc hỏng" in refused.output
    assert ocop("verify", place, "--remove-damaged").exit_code == 1
    assert ocop("make", place).exit_code == 0
    assert ocop("verify", place).exit_code == 0
    told = place / kept.name
    told.write_text(told.read_text().replace('"rows": 0', '"rows": 1', 1))
    changed = ocop("verify", place)
    assert changed.exit_code == 1
    assert "bị hỏng hoặc bị sửa" in changed.output


def test_a_file_that_went_bad_in_the_store_is_told_and_does_not_stop_the_backup(
    settings: Settings, ocop: Ocop, place: Path
) -> None:
    name = "ab" + "0" * 62
    shelf = settings.files_dir / "ab"
    shelf.mkdir(parents=True)
    (shelf / name).write_bytes(b"not what the name says")
    made = ocop("make", place)
    assert made.exit_code == 1
    assert f"TỆP HỎNG Ở KHO, không sao lưu được: {name}" in made.output
    [kept] = all_in(DiskPlace(place))
    assert kept.damaged == (name,)


# A command that kills itself when it is about to give a file its name below a folder, the n-th time that
# the name holds a word: at that very moment, however quick or busy the machine is.
DIES = """
import os, signal, sys
below, word, left = sys.argv.pop(1), sys.argv.pop(1), int(sys.argv.pop(1))
def look(event, words):
    global left
    if event in {"os.rename", "os.link"} and str(words[1]).startswith(below) and word in str(words[1]):
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
sys.addaudithook(look)
from app.cli import main
main()
"""


@pytest.mark.parametrize(
    ("word", "nth"),
    [("pieces", 1), ("pieces", 2), ("pieces", 150), ("pieces", 202), ("manifests", 1)],
)
def test_a_backup_that_is_killed_leaves_nothing_that_looks_whole(
    settings: Settings, ocop: Ocop, place: Path, word: str, nth: int
) -> None:
    for number in range(200):
        content = str(number).encode() * 1000
        settings.files.keep(sha256(content).hexdigest(), content)
    killed = subprocess.run(
        [sys.executable, "-c", DIES, str(place), word, str(nth), "backup", "make", str(place)],
        env=os.environ
        | {
            "OCOP_DATA_DIR": str(settings.data_dir),
            "OCOP_DATABASE_URL": settings.database_url,
        },
        capture_output=True,
        check=False,
    )
    assert killed.returncode == -signal.SIGKILL, killed.stderr.decode()
    assert all_in(DiskPlace(place)) == []
    assert not (settings.data_dir / "backups.json").exists()
    assert ocop("make", place).exit_code == 0
    assert ocop("verify", place).exit_code == 0


def test_no_secret_of_a_key_goes_into_a_backup(
    settings: Settings, engine: Engine, ocop: Ocop, place: Path
) -> None:
    with transaction(engine) as session:
        gather(session, settings, 1, at=now())
    secrets = [
        file.read_bytes()
        for folder in (settings.private_key_dir, settings.answer_key_dir)
        for file in folder.iterdir()
    ]
    assert len(secrets) >= 2
    assert ocop("make", place).exit_code == 0
    for piece in place.glob("pieces/*/*"):
        packed = piece.read_bytes()
        try:
            content = zlib.decompress(packed)
        except zlib.error:
            content = packed
        for secret in secrets:
            lines = [line for line in secret.splitlines() if not line.startswith(b"-----")]
            assert not any(line in content for line in lines if len(line) > 20)


def test_old_backups_go_and_what_stays_still_comes_back(
    engine: Engine,
    ocop: Ocop,
    place: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    where = DiskPlace(place)
    assert ocop("make", place).exit_code == 0
    [first] = all_in(where)
    for days in range(1, 6):  # the same backup, as if it had been made on other days
        older = first.model_copy(
            update={"code": f"{first.code}-{days}", "at": first.at - timedelta(days=days)}
        )
        manifest.write(where, older)
    with transaction(engine) as session:
        make_idea(session, People(session, now()))
    assert ocop("make", place).exit_code == 0
    pruned = prune(where, at=now(), daily=2, weekly=0, monthly=0)
    assert pruned.backups == [f"{first.code}-{days}" for days in (5, 4, 3, 2)]
    later = prune(where, at=now() + timedelta(days=10), daily=1, weekly=0, monthly=0)
    assert len(later.backups) == 2
    assert later.pieces > 0
    assert ocop("verify", place).exit_code == 0
    assert ocop("restore", place, "--to", tmp_path_factory.mktemp("left")).exit_code == 0
    told = ocop("prune", place)
    assert "Đã bỏ 0 bản sao lưu" in told.output


def test_a_bucket_keeps_backups_as_a_folder_does(
    engine: Engine,
    ocop: Ocop,
    bucket: Bucket,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    for name, value in bucket.settings().items():
        if name != "files_url":
            monkeypatch.setenv(f"OCOP_{name.replace('files', 'backup').upper()}", value)
    with transaction(engine) as session:
        make_idea(session, People(session, now()), title="Ý tưởng trong kho đám mây")
    for words in (("make",), ("verify",), ("list",)):
        done = ocop(*words, bucket.url)
        assert done.exit_code == 0, done.output
    to = tmp_path_factory.mktemp("from-bucket")
    assert ocop("restore", bucket.url, "--to", to).exit_code == 0
    restored = make_engine(settings_of(to))
    assert idea_titles(restored) == {"Ý tưởng trong kho đám mây"}
    restored.dispose()
