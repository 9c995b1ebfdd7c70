"""Accounts by command: for the day on which no administrator can sign in any more."""

from collections.abc import Callable

import pytest
from sqlalchemy import Engine
from sqlmodel import col, select
from typer.testing import CliRunner, Result

from app.cli import cli
from app.core.clock import now
from app.core.db import reading, transaction
from app.core.passwords import is_password
from app.core.settings import Settings
from app.domain.accounts.actions import begin_second_factor
from app.domain.accounts.models import SecondFactor
from app.domain.accounts.queries import find_user
from app.domain.audit.models import AuditEvent
from tests.factories.people import People

Ocop = Callable[..., Result]


@pytest.fixture
def ocop(settings: Settings, engine: Engine, monkeypatch: pytest.MonkeyPatch) -> Ocop:
    """Return a function that runs a command where an administrator has a second factor."""
    monkeypatch.setenv("OCOP_DATA_DIR", str(settings.data_dir))
    monkeypatch.setenv("OCOP_DATABASE_URL", settings.database_url)
    with transaction(engine) as session:
        administrator = People(session, now()).administrator()
        begin_second_factor(session, actor=administrator, key_dir=settings.answer_key_dir, at=now())
    return lambda *words, typed="": CliRunner().invoke(cli, list(words), input=typed)


def test_the_last_administrator_begins_anew_by_command(ocop: Ocop, engine: Engine) -> None:
    answer = ocop("account", "reset-second-factor", "quantri")
    assert answer.exit_code == 0, answer.output
    assert "Đã đặt lại bảo vệ hai lớp của «quantri»" in answer.output
    with reading(engine) as session:
        assert session.exec(select(SecondFactor)).one_or_none() is None
        event = session.exec(select(AuditEvent).order_by(col(AuditEvent.sequence).desc())).first()
        assert event is not None
        assert (event.kind, event.actor_id) == ("second_factor.reset", None)
    nobody = ocop("account", "reset-second-factor", "khongai")
    assert nobody.exit_code == 1
    assert "Không tìm thấy" in nobody.output


def test_a_forgotten_password_is_set_by_command_and_a_weak_one_refused(
    ocop: Ocop, engine: Engine
) -> None:
    weak = ocop("account", "set-password", "quantri", typed="12345678\n12345678\n")
    assert weak.exit_code == 1
    assert "rất nhiều người dùng" in weak.output
    new = "mot con ngua dau"
    answer = ocop("account", "set-password", "quantri", typed=f"{new}\n{new}\n")
    assert answer.exit_code == 0, answer.output
    assert new not in answer.output
    with reading(engine) as session:
        user = find_user(session, "quantri")
        assert user is not None
        assert user.must_change_password
        assert is_password(new, user.password_hash)
