"""The month's snapshot by command: once a month, and only of this month."""

import pytest
from sqlalchemy import Engine
from typer.testing import CliRunner

from app.cli import cli
from app.core.clock import now, today
from app.core.db import reading, transaction
from app.core.settings import Settings
from app.domain.exports.queries import snapshots_page
from app.domain.exports.rules import month_of
from tests.factories.people import People
from tests.factories.recognition import import_certificate


def test_a_daily_job_takes_each_month_once(
    settings: Settings, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OCOP_DATA_DIR", str(settings.data_dir))
    monkeypatch.setenv("OCOP_DATABASE_URL", settings.database_url)
    with transaction(engine) as session:
        import_certificate(session, People(session, now()))

    def ocop(*words: str) -> tuple[int, str]:
        answer = CliRunner().invoke(cli, ["register", "snapshot", *words])
        return answer.exit_code, answer.output

    month = month_of(today())
    code, said = ocop("--month", month)
    assert (code, "Đã chụp" in said, ": 1 giấy" in said) == (0, True, True), said
    code, said = ocop()
    assert (code, "Đã có" in said) == (0, True), said
    code, said = ocop("--month", "2026-01")
    assert (code, "không dựng lại" in said) == (1, True), said
    with reading(engine) as looking:
        [kept] = snapshots_page(looking).items
        assert kept.code == month
        assert settings.files.find(kept.csv_sha256)
