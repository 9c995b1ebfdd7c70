"""Background work by command: today's work now, what was given up, having it done again."""

from collections.abc import Callable

import pytest
from sqlalchemy import Engine
from typer.testing import CliRunner, Result

from app.cli import cli
from app.core.clock import now
from app.core.db import transaction
from app.core.settings import Settings
from app.domain.accounts.rules import SYSTEM
from app.domain.jobs.actions import claim_next, fail_job, put_down
from app.domain.jobs.enums import JobKind
from app.domain.jobs.rules import SCHEDULE

Ocop = Callable[..., Result]


@pytest.fixture
def ocop(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Ocop:
    """Return a function that runs a command on this test's installation."""
    monkeypatch.setenv("OCOP_DATA_DIR", str(settings.data_dir))
    monkeypatch.setenv("OCOP_DATABASE_URL", settings.database_url)
    return lambda *words: CliRunner().invoke(cli, list(words))


def test_todays_work_is_done_by_command_once(ocop: Ocop) -> None:
    count = len(SCHEDULE)
    first = ocop("jobs", "run-daily")
    assert f"Việc của hôm nay: {count} việc mới; đã làm {count} việc." in first.output
    again = ocop("jobs", "run-daily")
    assert "0 việc mới; đã làm 0 việc" in again.output
    assert "Không có việc nào bị bỏ" in ocop("jobs", "dead").output
    assert ocop("work", "--once").output == "Đã làm 0 việc.\n"


def test_what_was_given_up_is_told_and_done_again(ocop: Ocop, engine: Engine) -> None:
    with transaction(engine) as session:
        code = put_down(session, JobKind.FORGET_KEYS, {}, actor=SYSTEM, at=now()).code
    with transaction(engine) as session:
        claim = claim_next(session, worker="một", at=now())
        assert claim is not None
        fail_job(session, claim, "Đĩa đầy.", at=now(), for_good=True)
    dead = ocop("jobs", "dead")
    assert dead.exit_code == 1
    assert f"{code}  requests.forget" in dead.output
    assert "Đĩa đầy." in dead.output
    assert "không làm được 1" in ocop("jobs", "list").output
    assert ocop("jobs", "retry", code).exit_code == 0
    twice = ocop("jobs", "retry", code)
    assert twice.exit_code == 1
    assert "không làm được" in twice.output
    ocop("work", "--once")
    assert "không làm được 0" in ocop("jobs", "list").output
