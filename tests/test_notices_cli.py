"""Sending and reminding by command, and beside a running server."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from pydantic import ValidationError
from sqlmodel import select
from typer.testing import CliRunner, Result

from app.cli import cli
from app.commands.notices import sending
from app.core.clock import now
from app.core.db import make_engine, reading, transaction
from app.core.settings import Settings
from app.domain.notices.enums import DeliveryState
from app.domain.notices.models import Delivery
from tests.domain.notices.letters import reachable, told
from tests.factories.people import People
from tests.plugins.mail import SENDER, PostOffice

Ocop = Callable[..., Result]


@pytest.fixture
def ocop(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Ocop:
    """Return a function that runs a command on this test's installation, told one thing just now."""
    monkeypatch.setenv("OCOP_DATA_DIR", str(settings.data_dir))
    monkeypatch.setenv("OCOP_DATABASE_URL", settings.database_url)
    engine = make_engine(settings)
    with transaction(engine) as session:
        people = People(session, now())
        officer = people.officer()
        reachable(session, people, officer)
        told(session, people, officer)
    engine.dispose()
    return lambda *words: CliRunner().invoke(cli, list(words))


@pytest.fixture
def by_mail(post_office: PostOffice, monkeypatch: pytest.MonkeyPatch) -> PostOffice:
    """Return a mail server that the installation is set up with."""
    monkeypatch.setenv("OCOP_SMTP_HOST", "127.0.0.1")
    monkeypatch.setenv("OCOP_SMTP_PORT", str(post_office.port))
    monkeypatch.setenv("OCOP_SMTP_SECURITY", "none")
    monkeypatch.setenv("OCOP_MAIL_FROM", SENDER)
    return post_office


def test_what_is_due_is_sent_by_every_way_and_once(
    ocop: Ocop, by_mail: PostOffice, settings: Settings
) -> None:
    answer = ocop("notices", "send")
    assert answer.exit_code == 0, answer.output
    assert "đã gửi: 2; chưa gửi được, sẽ thử lại: 0" in answer.output
    (letter,) = by_mail.letters
    assert letter["Subject"] == "Việc 0 của Hợp tác xã Bình Lư đã xảy ra"
    (line,) = settings.sms_file.read_text(encoding="utf-8").splitlines()
    assert json.loads(line)["to"] == "+84912345601"
    assert "đã gửi: 0" in ocop("notices", "send").output


def test_without_a_mail_server_the_file_of_messages_is_written_all_the_same(
    ocop: Ocop, settings: Settings
) -> None:
    assert "đã gửi: 1" in ocop("notices", "send").output
    assert settings.sms_file.exists()


def test_where_both_ways_are_off_nothing_is_sent(
    ocop: Ocop, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OCOP_SMS", "off")
    assert "đã gửi: 0" in ocop("notices", "send").output
    assert not settings.sms_file.exists()


def test_a_failure_is_counted_and_no_address_is_printed(ocop: Ocop, by_mail: PostOffice) -> None:
    by_mail.moods.append("refuse_recipient")
    answer = ocop("notices", "send")
    assert answer.exit_code == 0
    assert "sẽ thử lại: 1" in answer.output
    assert "example.com" not in answer.output


@pytest.mark.usefixtures("ocop")
def test_a_running_server_sends_by_itself_and_ends_with_its_thread(
    by_mail: PostOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OCOP_NOTICES_EVERY_SECONDS", "0.05")
    settings = Settings()
    with sending(settings):
        assert by_mail.arrived.wait(20)
    engine = make_engine(settings)
    with reading(engine) as session:
        states = {one.state for one in session.exec(select(Delivery))}
    engine.dispose()
    assert DeliveryState.SENT in states


def test_reminding_twice_reminds_once(ocop: Ocop) -> None:
    answer = ocop("notices", "remind")
    assert answer.exit_code == 0, answer.output
    assert "Đã nhắc: giấy tờ 0; đánh giá lại 0; xã quá hạn 0" in answer.output


@pytest.mark.parametrize(
    "wrong",
    [
        {"smtp_host": "mail.example", "mail_from": ""},
        {"smtp_host": "mail.example", "mail_from": "không phải địa chỉ"},
        {"sms": "ftp://x"},
    ],
)
def test_settings_that_cannot_work_are_refused_at_the_start(
    tmp_path: Path, wrong: dict[str, str]
) -> None:
    with pytest.raises(ValidationError):
        Settings.model_validate({"data_dir": tmp_path, **wrong})


def test_secrets_are_read_from_files(tmp_path: Path) -> None:
    kept = "bí mật"
    (tmp_path / "secret").write_text(f"{kept}\n", encoding="utf-8")
    settings = Settings(
        data_dir=tmp_path,
        smtp_host="mail.example",
        mail_from=SENDER,
        smtp_password_file=tmp_path / "secret",
        sms_token_file=tmp_path / "secret",
    )
    assert settings.mail_server is not None
    assert settings.mail_server.password == settings.sms_token.get_secret_value() == kept
    assert kept not in repr(settings) + repr(settings.mail_server)
