"""The `ocop` command: what each word does to a real installation, and what it answers."""

import os
from collections.abc import Callable
from datetime import date, timedelta
from hashlib import sha256
from pathlib import Path

import pytest
from sqlalchemy import Engine, text
from typer.testing import CliRunner, Result

from app.cli import cli
from app.core.clock import now
from app.core.db import reading, transaction
from app.core.parts import Part, codes_in
from app.core.settings import Settings
from app.domain.accounts.enums import Role
from app.domain.accounts.queries import actor_of, find_user
from app.domain.dossiers.enums import DossierState
from app.domain.misuse.enums import ReportOutcome, ReportState
from app.domain.uploads.rules import KEPT_FOR
from app.http.idempotency import KEPT_FOR as KEYS_KEPT_FOR
from app.http.idempotency import claim
from tests.conftest import AT
from tests.factories.councils import close, convene, items_of, lock, make_meeting, score_all
from tests.factories.dossiers import make_dossier
from tests.factories.misuse import REPORTER, make_report
from tests.factories.people import PASSWORD, People
from tests.factories.recognition import import_certificate
from tests.factories.rules import own_file
from tests.factories.uploads import make_upload

EMPTY_HASH = sha256(b"").hexdigest()

Ocop = Callable[..., Result]


@pytest.fixture
def ocop(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Ocop:
    """Return a function that runs a command on this test's installation."""
    monkeypatch.setenv("OCOP_DATA_DIR", str(settings.data_dir))
    monkeypatch.setenv("OCOP_DATABASE_URL", settings.database_url)

    def run(*words: str, typed: str | None = None) -> Result:
        return CliRunner().invoke(cli, list(words), input=typed)

    return run


def test_migrating_and_loading_twice_changes_nothing(ocop: Ocop) -> None:
    assert ocop("migrate").exit_code == 0
    answer = ocop("seed")
    assert answer.exit_code == 0, answer.output
    assert "thêm 0 dòng" in answer.output


def test_a_new_installation_is_migrated_and_loaded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OCOP_DATA_DIR", str(tmp_path / "moi"))
    monkeypatch.setenv("OCOP_DATABASE_URL", f"sqlite:///{tmp_path / 'moi' / 'ocop.db'}")
    assert CliRunner().invoke(cli, ["migrate"]).exit_code == 0
    answer = CliRunner().invoke(cli, ["seed"])
    assert answer.exit_code == 0, answer.output
    assert "thêm 0 dòng" not in answer.output


def test_the_first_administrator_is_made_once(ocop: Ocop, engine: Engine) -> None:
    words = ("create-admin", "quantri", "--name", "Quản Trị")
    answer = ocop(*words, typed=f"{PASSWORD}\n{PASSWORD}\n")
    assert answer.exit_code == 0, answer.output
    assert PASSWORD not in answer.output
    with reading(engine) as session:
        user = find_user(session, "quantri")
        assert user is not None
        assert actor_of(session, user, at=user.created_at).has(Role.ADMINISTRATOR)
    again = ocop(*words, typed=f"{PASSWORD}\n{PASSWORD}\n")
    assert again.exit_code == 1
    assert "Tên đăng nhập «quantri» đã có người dùng." in again.output


def test_the_rulebooks_that_come_with_the_program_are_in_order(ocop: Ocop) -> None:
    answer = ocop("check-rulebooks")
    assert answer.exit_code == 0, answer.output
    assert "Các bộ quy định đều đúng" in answer.output


def test_a_province_with_wrong_council_rules_is_told_so(
    ocop: Ocop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = tmp_path / "quy-che"
    own.mkdir()
    (own / "quy-che.yaml").write_text("code: quy-che\nquorum: nhiều\n", encoding="utf-8")
    monkeypatch.setenv("OCOP_COUNCIL_RULES_DIR", str(own))
    answer = ocop("check-rulebooks")
    assert answer.exit_code == 1
    assert "quy-che" in answer.output


def test_a_province_tries_its_own_file_before_it_is_used(ocop: Ocop, tmp_path: Path) -> None:
    path = own_file(tmp_path)
    answer = ocop("council-rules", "check", str(path))
    assert answer.exit_code == 0, answer.output
    for said in ("dùng được", "SHA-256", "quorum.share: 2/3 (mặc định: 3/4)", "rounds: 3:"):
        assert said in answer.output
    assert "not_met" not in answer.output
    wrong = ocop("council-rules", "check", str(own_file(tmp_path, is_default=True)))
    assert wrong.exit_code == 1
    assert "is_default: quy chế riêng của tỉnh phải ghi false" in wrong.output
    assert ocop("council-rules", "check", str(tmp_path / "khong-co.yaml")).exit_code == 1


def test_nothing_is_served_by_a_regulation_that_cannot_be_trusted(
    ocop: Ocop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own_file(tmp_path, province="11")
    monkeypatch.setenv("OCOP_COUNCIL_RULES_DIR", str(tmp_path))
    answer = ocop("serve")
    assert answer.exit_code == 1
    assert "province: phải là '12'" in answer.output


def test_the_drawn_states_are_up_to_date(ocop: Ocop) -> None:
    assert ocop("draw-states", "--check").exit_code == 0


def test_the_log_is_verified_and_a_cut_end_noticed(ocop: Ocop, engine: Engine) -> None:
    with transaction(engine) as session:
        People(session, AT).auditor()
    answer = ocop("audit", "verify")
    assert answer.exit_code == 0, answer.output
    assert "Nhật ký nguyên vẹn: 1 sự kiện" in answer.output
    with engine.begin() as connection:
        connection.execute(text("UPDATE audit_head SET sequence = 2"))
    broken = ocop("audit", "verify")
    assert broken.exit_code == 1
    assert "NHẬT KÝ HỎNG" in broken.output


def test_a_stamp_key_is_made_once_per_number_and_kept_from_others(
    ocop: Ocop, settings: Settings
) -> None:
    assert ocop("stamp-key", "create", "7").exit_code == 0
    kept = [path for path in settings.private_key_dir.rglob("*") if path.is_file()]
    assert len(kept) == 1
    assert kept[0].stat().st_mode & 0o077 == 0
    again = ocop("stamp-key", "create", "7")
    assert again.exit_code == 1
    assert "Khóa số 7 đã có" in again.output
    assert ocop("stamp-key", "create", "256").exit_code != 0


def test_certificates_are_sealed_where_the_key_is(ocop: Ocop, engine: Engine) -> None:
    with transaction(engine) as session:
        import_certificate(session, People(session, AT), expires_on=date(2099, 1, 1))
    without = ocop("certificates", "seal")
    assert without.exit_code == 1
    assert "không có khóa ký tem" in without.output
    assert ocop("stamp-key", "create", "7").exit_code == 0
    answer = ocop("certificates", "seal")
    assert answer.exit_code == 0, answer.output
    assert "Đã ký 1 bản điện tử trong 1 giấy chứng nhận" in answer.output
    assert "Đã ký 0 bản điện tử" in ocop("certificates", "seal").output


def test_half_sent_files_are_cleared_away_when_their_day_has_passed(
    ocop: Ocop, engine: Engine, settings: Settings
) -> None:
    with transaction(engine) as session:
        people = People(session, now() - KEPT_FOR)
        dossier = make_dossier(session, people)
        old = make_upload(session, people, dossier)
        people.at = now()
        fresh = make_upload(session, people, dossier)
        for code in (old.code, fresh.code, "TL-0000000"):
            with Part(settings.parts_dir, code) as part:
                part.append(b"half")
    with Part(settings.parts_dir, "TL-1111111"):  # somebody is just writing it
        answer = ocop("uploads", "expire")
    assert answer.exit_code == 0, answer.output
    assert "quá hạn: 1; phần tệp đã xóa: 2" in answer.output
    assert codes_in(settings.parts_dir) == {fresh.code, "TL-1111111"}


def test_kept_files_are_swept_and_verified(ocop: Ocop, settings: Settings) -> None:
    settings.files.keep(EMPTY_HASH, b"")
    counted = ocop("files", "sweep", "--dry-run")
    assert counted.exit_code == 0, counted.output
    assert "Sẽ xóa 0 tệp" in counted.output
    os.utime(settings.files_dir / EMPTY_HASH[:2] / EMPTY_HASH, (1_000_000_000, 1_000_000_000))
    assert "Đã xóa 1 tệp" in ocop("files", "sweep").output
    assert settings.files.find(EMPTY_HASH) is None
    assert "Kho tệp nguyên vẹn: 0 tệp." in ocop("files", "verify").output


def test_a_named_file_that_is_not_there_fails_the_verification(ocop: Ocop, engine: Engine) -> None:
    with transaction(engine) as session:
        make_dossier(session, People(session, AT), state=DossierState.FILED)
    answer = ocop("files", "verify")
    assert answer.exit_code == 1
    assert "THIẾU" in answer.output


def test_old_keys_against_double_presses_are_forgotten(ocop: Ocop, engine: Engine) -> None:
    with transaction(engine) as session:
        for key, made_at in (("old-key-1", AT - KEYS_KEPT_FOR), ("new-key-1", now())):
            claim(session, owner="user:1", key=key, request_fingerprint="x", at=made_at)
    answer = ocop("forget-keys")
    assert answer.exit_code == 0, answer.output
    assert "Đã xóa 1 mã" in answer.output


def test_a_province_gets_templates_to_start_from_and_keeps_what_it_worded(
    ocop: Ocop, engine: Engine, tmp_path: Path
) -> None:
    with transaction(engine) as session:
        people = People(session, AT)
        meeting = convene(session, people, make_meeting(session, people))
        score_all(session, people, items_of(session, meeting)[0])
        lock(session, people, items_of(session, meeting)[0])
        close(session, people, meeting)
        code = meeting.code
    folder = tmp_path / "mau"
    words = ("papers", "start", str(folder), "--as", "canbotinh", "--meeting", code)
    (folder).mkdir()
    (folder / "minutes.typ").write_text("Mẫu của tỉnh", encoding="utf-8")
    answer = ocop(*words)
    assert answer.exit_code == 0, answer.output
    assert {place.name for place in folder.glob("*.docx")} == {
        "minutes.docx",
        "summary.docx",
        "council_report.docx",
        "score_sheet.docx",
        "result_notice.docx",
    }
    assert (folder / "minutes.typ").read_text(encoding="utf-8") == "Mẫu của tỉnh"
    assert "Giữ nguyên minutes.typ" in answer.output
    assert ocop(*words[:-1], "PH-0000000").exit_code == 2
    assert ocop("papers", "start", str(folder), "--as", "ai-do", "--meeting", code).exit_code == 2


def test_reporters_are_forgotten_once_their_time_is_over(ocop: Ocop, engine: Engine) -> None:
    with transaction(engine) as session:
        people = People(session, now())
        report = make_report(
            session, people, state=ReportState.CHECKING, seen_on="2026-01-05", **REPORTER
        )
        report.state, report.outcome = ReportState.CLOSED, ReportOutcome.NO_BREACH
        report.ended_at = now() - timedelta(days=366)
    assert "của 1 phản ánh" in ocop("misuse", "forget").output
    assert "của 0 phản ánh" in ocop("misuse", "forget").output
    with reading(engine) as session:
        assert session.execute(text("SELECT count(*) FROM misuse_contacts")).scalar_one() == 0
