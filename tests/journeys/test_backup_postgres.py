"""A PostgreSQL server comes back as it was at a moment between a good deed and an accident.

One cluster of its own, whose log `ocop backup follow` receives all the while.
"""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from math import ceil
from pathlib import Path

import pytest
from sqlalchemy import Engine
from sqlmodel import select
from typer.testing import CliRunner, Result

from app.cli import cli
from app.commands.schema import migrate_database
from app.core.backups import wal
from app.core.backups.cluster import brought_back
from app.core.backups.manifest import Kind, Manifest, all_in, chosen
from app.core.backups.place import DiskPlace
from app.core.backups.programs import ProgramMissing, ProgramOfOtherVersion, Programs
from app.core.clock import VIET_NAM, now
from app.core.db import make_engine, reading, transaction
from app.core.settings import Settings
from app.core.storage import hash_of
from app.domain.accounts.rules import Actor
from app.domain.ideas.models import ProductIdea
from app.domain.places.actions import load_reference
from app.domain.stamps.enums import BatchState
from tests.factories.ideas import make_idea
from tests.factories.people import People
from tests.factories.register import make_producer
from tests.factories.stamps import make_batch
from tests.factories.wallet import make_paper
from tests.journeys.test_killed_server import until
from tests.plugins.archiving import ReceivedCluster

Ocop = Callable[..., Result]


@dataclass(frozen=True, slots=True)
class Installation:
    """An installation on a cluster of its own, and where its backups go."""

    settings: Settings
    engine: Engine
    place: DiskPlace
    run: Ocop
    programs: Programs
    room: Path
    known: dict[str, Actor] = field(default_factory=dict)

    def only(self, kind: Kind) -> Manifest:
        """Return the one backup of a kind."""
        [found] = [one for one in all_in(self.place) if one.kind is kind]
        return found

    def ideas_in(self, restored: Path, kept: Manifest) -> set[str]:
        """Start a restored server by itself and return what its ideas are called."""
        assert kept.postgres is not None
        with brought_back(
            self.programs, restored / "postgres", kept.postgres, log_from=None
        ) as url:
            engine = make_engine(Settings(data_dir=restored, database_url=url))
            titles = ideas(engine)
            engine.dispose()
        return titles


def ideas(engine: Engine) -> set[str]:
    """Return what the ideas of a database are called."""
    with reading(engine) as session:
        return set(session.exec(select(ProductIdea.title)))


@pytest.fixture(scope="module")
def installation(
    received_cluster: ReceivedCluster, open_folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Installation]:
    """Set an installation up, let its log be received until the end, and make a backup."""
    room = open_folder / "rooms"
    room.mkdir()
    settings = Settings(
        data_dir=tmp_path_factory.mktemp("data"),
        database_url=received_cluster.url,
        pool_size=4,
        stamp_host="tem.example",
    )
    migrate_database(settings)
    engine = make_engine(settings)
    with transaction(engine) as session:
        load_reference(session)
    place = DiskPlace(tmp_path_factory.mktemp("place"))
    surroundings = {
        "OCOP_DATA_DIR": str(settings.data_dir),
        "OCOP_DATABASE_URL": settings.database_url,
        "OCOP_PG_BIN": str(received_cluster.programs),
    }

    def run(*words: str | Path) -> Result:
        told = [*map(str, words)]
        if told[0] == "restore" and received_cluster.account:
            told += ["--pg-user", received_cluster.account]
        return CliRunner(env=surroundings).invoke(cli, ["backup", *told])

    command = [sys.executable, "-c", "from app.cli import main; main()"]
    log = settings.data_dir / "follow.log"
    with (
        log.open("w") as said,
        subprocess.Popen(
            [*command, "backup", "follow", place.told, "--every", "1"],
            env=os.environ | surroundings,
            stdout=said,
            stderr=said,
        ) as following,
    ):
        until(lambda: "Đoạn WAL" in log.read_text())
        programs = Programs(received_cluster.programs, received_cluster.account)
        here = Installation(settings, engine, place, run, programs, room)
        with transaction(engine) as session:
            people = People(session, now())
            people._known = here.known
            key_dir = settings.private_key_dir
            make_batch(session, people, key_dir, state=BatchState.IN_USE, quantity=5)
        made = run("make", place.told)
        assert made.exit_code == 0, made.output
        yield here
        following.terminate()
        assert following.wait(60) == 0, log.read_text()
    engine.dispose()


def _later() -> datetime:
    """Return the next whole second, once it has come."""
    moment = datetime.fromtimestamp(ceil(now().timestamp()), tz=VIET_NAM)
    until(lambda: now() > moment)
    return moment


def _written(installation: Installation, title: str) -> str:
    """Write an idea and a paper with its file; return the file's hash."""
    with transaction(installation.engine) as session:
        people = People(session, now())
        people._known = installation.known  # who was opened before
        producer = make_producer(session, people, f"Hợp tác xã {title}")
        make_idea(session, people, producer=producer, title=title)
        paper = make_paper(
            session, people, producer, f"Phiếu {title}", directory=installation.settings.files_dir
        )
        return paper.sha256


def test_a_cluster_comes_back_between_a_good_deed_and_an_accident(
    installation: Installation,
) -> None:
    here = installation
    kept = here.only(Kind.POSTGRESQL)
    assert kept.is_exact

    first = _written(here, "việc tốt thứ nhất")
    second = _written(here, "việc tốt thứ hai")
    moment = _later()
    _later()
    with transaction(here.engine) as session:  # the accident
        for idea in session.exec(select(ProductIdea)):
            idea.title = "Hỏng vì tai nạn"
    before = set(wal.segments(here.place, kept.postgres.system if kept.postgres else ""))
    until(lambda: len(set(_segments(here, kept)) - before) >= 2)

    to = here.room / "then"
    back = here.run("restore", here.place.told, "--to", to, "--at", f"{moment:%Y-%m-%dT%H:%M:%S}")
    assert back.exit_code == 0, back.output
    assert "SAI" not in back.output
    assert here.ideas_in(to, kept) == {"việc tốt thứ nhất", "việc tốt thứ hai"}
    there = Settings(data_dir=to, database_url="sqlite://")
    assert [hash_of(there.files, one) for one in (first, second)] == [first, second]


def test_without_a_moment_all_there_is_comes_back_and_by_code_the_very_moment_of_a_backup(
    installation: Installation,
) -> None:
    here = installation
    kept = here.only(Kind.POSTGRESQL)
    last = _written(here, "việc sau cùng")
    before = set(_segments(here, kept))
    until(lambda: len(set(_segments(here, kept)) - before) >= 1)
    newest = here.room / "newest"
    assert here.run("restore", here.place.told, "--to", newest).exit_code == 0
    assert here.ideas_in(newest, kept) == ideas(here.engine)
    assert hash_of(Settings(data_dir=newest, database_url="sqlite://").files, last) == last

    own = here.room / "own-moment"
    exact = here.run("restore", here.place.told, "--to", own, "--backup", kept.code)
    assert exact.exit_code == 0, exact.output
    assert "so số dòng và mã băm với bản kê" in exact.output
    assert "từng chữ ký đúng" in exact.output
    assert here.ideas_in(own, kept) == set()

    over = here.run("restore", here.place.told, "--to", own)
    assert over.exit_code == 1
    assert "không trống" in over.output


def _segments(installation: Installation, kept: Manifest) -> list[str]:
    return wal.segments(installation.place, kept.postgres.system if kept.postgres else "")


def test_a_gap_in_the_log_is_told_before_anything_is_restored(installation: Installation) -> None:
    here = installation
    kept = here.only(Kind.POSTGRESQL)
    assert kept.postgres is not None
    name = f"wal/{kept.postgres.system}/{kept.postgres.last_segment}.json"
    content = here.place.read(name)
    assert content is not None
    here.place.remove(name)
    refused = here.run("restore", here.place.told, "--to", here.room / "gap")
    assert refused.exit_code == 1
    assert f"Thiếu nhật ký WAL: {kept.postgres.last_segment}" in refused.output
    assert not (here.room / "gap" / "postgres").exists()
    found = here.run("verify", here.place.told)
    assert found.exit_code == 1
    assert kept.postgres.last_segment in found.output
    here.place.write(name, content)
    whole = here.run("verify", here.place.told)  # against the list that PostgreSQL made, too
    assert whole.exit_code == 0, whole.output


def test_a_moment_the_log_does_not_reach_is_told(installation: Installation) -> None:
    here = installation
    refused = here.run(
        "restore", here.place.told, "--to", here.room / "never", "--at", "2099-01-01T00:00"
    )
    assert refused.exit_code == 1
    assert "kết thúc trước mốc đã cho" in refused.output
    assert (here.room / "never" / "PHUC-HOI-CHUA-XONG").exists()


def test_a_portable_copy_comes_back_the_same_in_a_new_server(installation: Installation) -> None:
    here = installation
    made = here.run("make", here.place.told, "--portable")
    assert made.exit_code == 0, made.output
    kept = here.only(Kind.PORTABLE)
    to = here.room / "portable"
    back = here.run("restore", here.place.told, "--to", to, "--backup", kept.code)
    assert back.exit_code == 0, back.output
    assert "so số dòng và mã băm với bản kê" in back.output
    assert here.ideas_in(to, kept) == ideas(here.engine)
    # Newer as it is: whoever wants a moment is given the copy from which the log leads on.
    assert chosen(here.place, all_in(here.place), at=now()).kind is Kind.POSTGRESQL


def test_programs_that_are_missing_or_of_another_version_are_named(
    installation: Installation, tmp_path: Path
) -> None:
    here = installation
    kept = here.only(Kind.POSTGRESQL)
    assert kept.postgres is not None
    with pytest.raises(ProgramMissing, match="Không thấy chương trình «pg_basebackup»"):
        Programs(tmp_path).path("pg_basebackup", version=kept.postgres.version)
    with pytest.raises(ProgramOfOtherVersion, match="máy chủ là 12"):
        here.programs.path("pg_basebackup", version=12)
