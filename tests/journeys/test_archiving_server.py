"""A server of PostgreSQL that archives its log by itself: `archive_command` calls `ocop backup archive-wal`."""

import os
import subprocess
from pathlib import Path

import psycopg
import pytest
from sqlmodel import select
from typer.testing import CliRunner, Result

from app.cli import cli
from app.commands.schema import migrate_database
from app.core.backups.cluster import brought_back
from app.core.backups.manifest import all_in
from app.core.backups.place import DiskPlace
from app.core.backups.programs import Programs
from app.core.clock import now
from app.core.db import make_engine, reading, transaction
from app.core.settings import Settings
from app.domain.ideas.models import ProductIdea
from app.domain.places.actions import load_reference
from tests.architecture.source import ROOT
from tests.factories.ideas import make_idea
from tests.factories.people import People
from tests.factories.register import make_producer
from tests.factories.releases import OCOP
from tests.plugins.archiving import Archive, ReceivedCluster
from tests.plugins.standby import until


@pytest.fixture
def settings(archiving_cluster: ReceivedCluster, tmp_path: Path) -> Settings:
    here = Settings(data_dir=tmp_path / "data", database_url=archiving_cluster.url, pool_size=4)
    migrate_database(here)
    return here


def written(settings: Settings, title: str) -> None:
    engine = make_engine(settings)
    with transaction(engine) as session:
        load_reference(session)
        people = People(session, now())
        producer = make_producer(session, people, f"Hợp tác xã {title}")
        make_idea(session, people, producer=producer, title=title)
    engine.dispose()


def test_what_the_server_archived_itself_brings_back_everything_though_once_it_could_not(
    settings: Settings, archiving_cluster: ReceivedCluster, archive: Archive, tmp_path: Path
) -> None:
    place = DiskPlace(tmp_path / "place")
    surroundings = {
        "OCOP_DATA_DIR": str(settings.data_dir),
        "OCOP_DATABASE_URL": settings.database_url,
        "OCOP_PG_BIN": str(archiving_cluster.programs),
    }

    def as_the_server_does(where: Path, file: str, name: str) -> int:
        done = subprocess.run(
            [*OCOP, "backup", "archive-wal", place.told, file, name],
            cwd=where,
            env=os.environ | surroundings | {"PYTHONPATH": str(ROOT)},
            check=False,
        )
        return done.returncode

    def run(*words: str | Path) -> Result:
        return CliRunner(env=surroundings).invoke(cli, ["backup", *map(str, words)])

    archive.command, archive.refuses = as_the_server_does, 1
    made = run("make", place.told)
    assert made.exit_code == 0, made.output
    assert archive.calls[0] == archive.calls[1], "refused once, the server comes again"

    written(settings, "sau bản sao")
    with psycopg.connect(archiving_cluster.url, autocommit=True) as server:
        [wanted] = server.execute("SELECT pg_walfile_name(pg_switch_wal())").fetchone() or ("",)
        until(
            lambda: (
                server.execute(
                    "SELECT last_archived_wal >= %s FROM pg_stat_archiver", [wanted]
                ).fetchone()
                == (True,)
            )
        )
    sound = run("verify", place.told)
    assert sound.exit_code == 0, sound.output

    account = archiving_cluster.account
    to = archive.script.parent / "restored"  # where the account of the server may go
    back = run("restore", place.told, "--to", to, *(("--pg-user", account) if account else ()))
    assert back.exit_code == 0, back.output
    [kept] = all_in(place)
    assert kept.postgres is not None
    programs = Programs(archiving_cluster.programs, account)
    with brought_back(programs, to / "postgres", kept.postgres, log_from=None) as url:
        engine = make_engine(Settings(data_dir=to, database_url=url))
        with reading(engine) as session:
            assert session.exec(select(ProductIdea.title)).all() == ["sau bản sao"]
        engine.dispose()
