"""Scans read in, looked at and forgotten by command, and beside a running server."""

from collections.abc import Callable
from datetime import timedelta
from threading import Event

import pytest
from sqlmodel import func, select
from typer.testing import CliRunner, Result

from app.cli import cli
from app.commands.scans import reading_scans
from app.core.clock import now
from app.core.db import make_engine, reading
from app.core.settings import Settings
from app.domain.scans.enums import Caller, FlagKind
from app.domain.scans.models import CloneFlag, ScanDay, ScanEvent, ScanTotal
from app.domain.scans.rules import Event as Scan
from app.domain.stamps.enums import Verdict
from tests.factories.scans import write_journal

Ocop = Callable[..., Result]


@pytest.fixture
def ocop(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Ocop:
    """Return a function that runs a command on this test's installation."""
    monkeypatch.setenv("OCOP_DATA_DIR", str(settings.data_dir))
    monkeypatch.setenv("OCOP_DATABASE_URL", settings.database_url)
    return lambda *words: CliRunner().invoke(cli, list(words))


def test_scans_are_read_in_once_looked_at_and_forgotten(ocop: Ocop, settings: Settings) -> None:
    old = now() - timedelta(days=100)
    write_journal(
        settings.scans_dir,
        Scan(old, 5, Verdict.VALID, Caller.BUYER, "ab"),
        Scan(now(), 5, Verdict.VALID, Caller.BUYER, "ab"),
        Scan(now(), 4_000_000_000, Verdict.UNKNOWN, Caller.BUYER, alarm=True),
    ).close()
    read = ocop("scans", "ingest")
    assert read.exit_code == 0, read.output
    assert "Đã đọc 3 lượt quét; xong hẳn 1 tệp." in read.output
    assert "Đã đọc 0 lượt quét" in ocop("scans", "ingest").output
    assert "Đã xem 2 tem; nêu 0 dấu hiệu mới." in ocop("scans", "examine").output
    assert "Đã xem 0 tem" in ocop("scans", "examine").output
    assert "Đã thay 1 lượt quét" in ocop("scans", "forget").output
    assert "Đã thay 0 lượt quét" in ocop("scans", "forget").output
    engine = make_engine(settings)
    with reading(engine) as session:
        assert session.exec(select(func.count()).select_from(ScanEvent)).one() == 2
        raw = session.exec(select(func.count()).where(ScanEvent.stamp_index == 5)).one()
        days = session.exec(select(ScanDay.scans).where(ScanDay.stamp_index == 5)).all()
        total = session.exec(select(ScanTotal.scans).where(ScanTotal.stamp_index == 5)).one()
        assert (raw, days, total) == (1, [1], 2)
        assert session.exec(select(CloneFlag.kind)).all() == [FlagKind.NEVER_ISSUED]
    engine.dispose()


def test_a_line_that_nobody_can_read_is_told_aloud(ocop: Ocop, settings: Settings) -> None:
    write_journal(settings.scans_dir, broken=b"hong").close()
    read = ocop("scans", "ingest")
    assert read.exit_code == 1
    assert "LƯỢT QUÉT HỎNG: 1 dòng" in read.output


def test_a_server_reads_scans_in_beside_itself(settings: Settings) -> None:
    quick = settings.model_copy(update={"scans_every_seconds": 0.05})
    with reading_scans(quick):
        write_journal(settings.scans_dir, Scan(now(), 5, Verdict.VALID, Caller.BUYER)).close()
        while list(settings.scans_dir.glob("*.journal")):
            Event().wait(0.05)
    engine = make_engine(settings)
    with reading(engine) as session:
        assert session.exec(select(ScanEvent.stamp_index)).all() == [5]
    engine.dispose()
