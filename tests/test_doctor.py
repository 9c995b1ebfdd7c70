"""`ocop doctor` on real faults: each is found, told in words, with what to do, and without a secret."""

import json
import os
import socket
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, text
from typer.testing import CliRunner

from app.cli import cli
from app.core.clock import now
from app.core.db import transaction
from app.core.settings import Settings
from app.core.signing import create_pepper
from app.domain.audit.models import AuditEvent
from app.domain.jobs.enums import JobState
from app.domain.jobs.models import Job
from app.domain.stamps.actions import create_stamp_key
from app.domain.stamps.enums import KeyPurpose
from tests.conftest import AT
from tests.factories.people import People

SECRET = "mat-khau-khong-ai-duoc-thay"  # noqa: S105 -- invented


@pytest.fixture
def sound(settings: Settings, engine: Engine) -> Settings:
    """Return an installation with keys, a backup and an audit chain."""
    with transaction(engine) as session:
        People(session, AT).auditor()
        for purpose, folder in (
            (KeyPurpose.STAMPS, settings.private_key_dir),
            (KeyPurpose.ANSWERS, settings.answer_key_dir),
            (KeyPurpose.ROOT, settings.private_key_dir),
        ):
            create_stamp_key(session, folder, at=now(), purpose=purpose)
    create_pepper(settings.answer_key_dir)
    made = {"made_at": now().isoformat(), "verified": True, "damaged_files": 0}
    (settings.data_dir / "backups.json").write_text(json.dumps(made))
    return settings


def examined(settings: Settings, **more: str) -> tuple[int, dict[str, set[str]], str]:
    """Run the command; return its code, the standings of each part, and all it wrote."""
    here = {name: None for name in os.environ if name.startswith("OCOP_")}
    environment: dict[str, str | None] = here | {
        "OCOP_DATA_DIR": str(settings.data_dir),
        "OCOP_DATABASE_URL": settings.database_url,
        "OCOP_PUBLIC_URL": "https://ocop.laichau.gov.vn",
        "OCOP_TRUSTED_PROXIES": "10.0.0.5/32",
        "OCOP_METRICS_TOKEN": SECRET,
        "OCOP_SECURITY_CONTACT": "mailto:anninh@laichau.gov.vn",
        "OCOP_SMS": "off",
        **more,
    }
    done = CliRunner().invoke(cli, ["doctor", "--json"], env=environment)
    assert SECRET not in done.output
    parts: dict[str, set[str]] = {}
    for one in json.loads(done.stdout):
        parts.setdefault(one["part"], set()).add(one["standing"])
        assert (one["standing"] == "right") == (one["todo"] == ""), one
    return done.exit_code, parts, done.stdout


def test_a_sound_installation_has_nothing_wrong(sound: Settings) -> None:
    code, parts, told = examined(sound)
    wrong = [part for part, standings in parts.items() if "wrong" in standings]
    # The PostgreSQL of the tests is told not to survive a power cut: the doctor sees that.
    on_server = not sound.database_url.startswith("sqlite")
    assert wrong == (["độ bền"] if on_server else []), told
    assert code == (1 if on_server else 2), "nobody scans files for viruses here, no mail goes out"
    for part in ("địa chỉ", "thư mục", "kho tệp", "cấu trúc", "khóa ký tem", "mã cào", "nhật ký"):
        assert parts[part] == {"right"}, part
    assert parts["sao lưu"] == {"right"}


def test_many_faults_at_once_are_each_found(sound: Settings, engine: Engine) -> None:
    pem = next(sound.private_key_dir.glob("*.pem"))
    pem.chmod(0o644)
    later = now() - timedelta(hours=9)
    with transaction(engine) as session:
        for number, state in enumerate((JobState.WAITING, JobState.DEAD)):
            finished = later if state is JobState.DEAD else None
            session.add(
                Job(
                    code=f"VC-{number}",
                    kind="stamps.balance",
                    state=state,
                    due_at=later,
                    created_at=later,
                    finished_at=finished,
                )
            )
    (sound.data_dir / "backups.json").write_text('{"made_at": "2026-01-01T00:00:00+00:00"}')
    with socket.create_server(("127.0.0.1", 0)) as silent:
        closed = silent.getsockname()[1]
    code, parts, told = examined(
        sound,
        OCOP_PUBLIC_URL="http://ocop.laichau.gov.vn",
        OCOP_STAMP_HOST="tem.example",
        OCOP_TRUSTED_PROXIES="0.0.0.0/0",
        OCOP_CLAMAV_URL=f"tcp://127.0.0.1:{closed}",
        OCOP_SMTP_HOST="127.0.0.1",
        OCOP_SMTP_PORT=str(closed),
        OCOP_SMTP_PASSWORD=SECRET,
        OCOP_MAIL_FROM="ocop@laichau.gov.vn",
        OCOP_SMS=f"http://127.0.0.1:{closed}/gui",
        OCOP_SMS_TOKEN=SECRET,
        OCOP_OIDC_ISSUER=f"http://127.0.0.1:{closed}",
        OCOP_OIDC_CLIENT_ID="ocop",
        OCOP_OIDC_CLIENT_SECRET=SECRET,
    )
    assert code == 1
    for part in (
        "địa chỉ",
        "tem",
        "máy đứng trước",
        "khóa ký tem",
        "sao lưu",
        "quét vi-rút",
        "thư",
        "tin nhắn",
        "tài khoản tỉnh",
        "kho tệp",  # what nobody can scan is not kept
    ):
        assert "wrong" in parts[part], part
    assert parts["việc nền"] == {"wrong", "doubtful"}
    assert pem.name in told


def test_who_has_no_backup_is_told_and_beside_others_asked_to_look_there(sound: Settings) -> None:
    (sound.data_dir / "backups.json").unlink()
    _, parts, told = examined(sound)
    alone = sound.database_url.startswith("sqlite")
    assert parts["sao lưu"] == {"wrong" if alone else "doubtful"}
    assert ("hỏi «ocop doctor» ở đó" in told) is not alone


def test_a_changed_event_of_the_log_is_found(sound: Settings, engine: Engine) -> None:
    with engine.begin() as connection:
        # As somebody with the file in their hands would: the guards of the table are taken off first.
        if engine.dialect.name == "sqlite":
            names = connection.execute(
                text(
                    "SELECT name FROM sqlite_master WHERE type='trigger' AND tbl_name='audit_events'"
                )
            ).scalars()
            for name in list(names):
                connection.execute(text(f'DROP TRIGGER "{name}"'))
        else:
            connection.execute(text("ALTER TABLE audit_events DISABLE TRIGGER USER"))
        connection.execute(
            text("UPDATE audit_events SET actor_name = 'Người khác' WHERE sequence = 1")
        )
    assert AuditEvent.__tablename__ == "audit_events"
    assert examined(sound)[1]["nhật ký"] == {"wrong"}


def test_an_older_schema_is_told_before_anything_is_asked_of_it(
    sound: Settings, engine: Engine
) -> None:
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '0001'"))
    code, parts, _ = examined(sound)
    assert code == 1
    assert parts["cấu trúc"] == {"wrong"}
    assert "việc nền" not in parts


def test_a_release_that_was_taken_back_is_doubtful_and_all_else_is_looked_at(
    sound: Settings, engine: Engine
) -> None:
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = 'later'"))
    _, parts, _ = examined(sound)
    assert parts["cấu trúc"] == {"doubtful"}
    assert "việc nền" in parts


def test_another_key_than_the_published_one_is_found(sound: Settings, tmp_path: Path) -> None:
    [pem] = sound.answer_key_dir.glob("*.pem")
    other = next(sound.private_key_dir.glob("*.pem")).read_bytes()
    pem.unlink()
    pem.write_bytes(other)
    pem.chmod(0o600)
    assert "wrong" in examined(sound)[1]["khóa"]
    assert tmp_path.is_dir()


@pytest.fixture
def nowhere(tmp_path: Path) -> Settings:
    """Return an installation whose database is not there."""
    url = f"postgresql+psycopg://ocop:{SECRET}@127.0.0.1:1/ocop"
    return Settings(data_dir=tmp_path, database_url=url)


def test_a_database_that_is_not_there_is_told_without_its_password(nowhere: Settings) -> None:
    code, parts, _ = examined(nowhere)
    assert code == 1
    assert parts["cơ sở dữ liệu"] == {"wrong"}


@pytest.mark.parametrize(
    "broken",
    [
        {"OCOP_FILES_URL": f"https://{SECRET}"},
        {"OCOP_PORT": SECRET},
        {"OCOP_METRICS_TOKEN_FILE": f"/nowhere/{SECRET}"},
        {"OCOP_SMTP_HOST": "a", "OCOP_SMTP_PASSWORD": SECRET, "OCOP_MAIL_FROM": ""},
    ],
)
def test_a_setting_that_cannot_be_is_told_without_what_was_set(
    nowhere: Settings, broken: dict[str, str]
) -> None:
    code, parts, _ = examined(nowhere, **broken)
    assert code == 1
    assert parts == {"thiết đặt": {"wrong"}}
