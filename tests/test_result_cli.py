"""`ocop result`: a file proves itself, and old results are computed again under old and new rules."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import Engine
from sqlmodel import col, select
from typer.testing import CliRunner, Result

from app.cli import cli
from app.core.db import transaction
from app.core.settings import Settings
from app.domain.councils.actions import decide_reopening, request_reopening
from app.domain.councils.models import AgendaItem, Meeting
from app.domain.councils.models import Result as Locked
from app.domain.councils.queries import get_result
from app.domain.councils.schemas import DecideReopening, RequestReopening
from app.domain.dossiers.models import Dossier
from app.rulebooks.scoring import canonical_json
from tests.conftest import AT
from tests.domain.councils.board import (
    DEFAULT_RULES,
    confirm_all,
    lock_with,
    meeting_of,
    opened,
    several_products,
    with_total,
)
from tests.factories.councils import CHAIR, items_of, score_all
from tests.factories.people import People
from tests.rulebooks.test_recompute_alone import one_file

Ocop = Callable[..., Result]


@pytest.fixture
def ocop(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Ocop:
    """Return a function that runs a command on this test's installation."""
    monkeypatch.setenv("OCOP_DATA_DIR", str(settings.data_dir))
    monkeypatch.setenv("OCOP_DATABASE_URL", settings.database_url)
    return lambda *words: CliRunner().invoke(cli, list(words))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Return an honest result file."""
    path = tmp_path / "ket-qua.json"
    path.write_text(canonical_json(one_file()), encoding="utf-8")
    return path


def test_an_honest_file_agrees(ocop: Ocop, file: Path) -> None:
    answer = ocop("result", "verify", str(file))
    assert answer.exit_code == 0, answer.output
    assert "Kết quả khớp." in answer.output
    assert json.loads(file.read_text(encoding="utf-8"))["document_hash"] in answer.output
    assert "KHÁC" not in answer.output


def test_a_bent_file_differs_and_names_the_place(ocop: Ocop, file: Path) -> None:
    said = json.loads(file.read_text(encoding="utf-8"))
    said["document"]["star"] = 5
    file.write_text(canonical_json(said), encoding="utf-8")
    answer = ocop("result", "verify", str(file))
    assert answer.exit_code == 1
    assert "KHÁC  Hạng sao: 5 – tính lại:" in answer.output
    assert "KẾT QUẢ KHÔNG KHỚP." in answer.output


@pytest.mark.parametrize("content", ["", "{}", "[1, 2"])
def test_what_is_no_file_ends_with_two(ocop: Ocop, file: Path, content: str) -> None:
    file.write_text(content, encoding="utf-8")
    assert ocop("result", "verify", str(file)).exit_code == 2


@pytest.fixture
def old_results(engine: Engine) -> str:
    """Lock two results, take the first up again and lock it anew; return the meeting."""
    with transaction(engine) as session:
        people = People(session, AT)
        products = several_products(session, people, 2)
        meeting = meeting_of(session, opened(session, people, products=products))
        for item, totals in zip(
            items_of(session, meeting), ([80, 80, 80, 80, 85], [95, 96, 96, 96, 96]), strict=True
        ):
            score_all(session, people, item, each=[with_total(total) for total in totals])
            confirm_all(session, people, item)
            lock_with(session, people, item)
        item = items_of(session, meeting)[0]
        asked = request_reopening(
            session,
            item.code,
            RequestReopening(reason="Nhập nhầm phiếu số 3.", version=item.version),
            actor=people.council_member(CHAIR),
            at=AT,
        )
        decide_reopening(
            session,
            asked.code,
            DecideReopening(grant=True, decision_number="1/QĐ", answer="Đồng ý.", version=1),
            actor=people.head(),
            at=AT,
        )
        lock_with(session, people, item)
        return meeting.code


def test_old_results_follow_from_their_own_rules_superseded_ones_too(
    ocop: Ocop, old_results: str
) -> None:
    answer = ocop("result", "replay", "--meeting", old_results)
    assert answer.exit_code == 0, answer.output
    assert answer.output.count("KHỚP") == 3
    assert "(đã thay thế)" in answer.output
    assert "3 kết quả; 0 không tính lại được như cũ." in answer.output
    assert ocop("result", "replay", "--meeting", "PH-0000000").exit_code == 1


def test_a_result_that_was_changed_in_the_database_is_found(
    ocop: Ocop, old_results: str, engine: Engine
) -> None:
    assert old_results
    with transaction(engine) as session:
        result = session.exec(select(Locked).order_by(col(Locked.id))).first()
        assert result is not None
        result.document = result.document | {"star": 5 if result.star != 5 else 3}
    answer = ocop("result", "replay")
    assert answer.exit_code == 1
    assert answer.output.count("KHÁC") == 1
    assert "1 không tính lại được như cũ." in answer.output


def test_other_council_rules_show_what_they_would_give(
    ocop: Ocop, old_results: str, tmp_path: Path
) -> None:
    assert old_results
    text = DEFAULT_RULES.read_text(encoding="utf-8")
    other = tmp_path / "thu-nghiem.yaml"
    other.write_text(
        text.replace("code: lai-chau-default", "code: thu-nghiem").replace(
            "method: majority", "method: mean"
        ),
        encoding="utf-8",
    )
    answer = ocop("result", "replay", "--rules", str(other))
    assert answer.exit_code == 0, answer.output
    assert answer.output.count("→") == 3
    assert "Theo quy định thử:" in answer.output
    other.write_text("code: [", encoding="utf-8")
    assert ocop("result", "replay", "--rules", str(other)).exit_code == 2


def test_another_criteria_set_is_tried_where_it_can_be(ocop: Ocop, old_results: str) -> None:
    assert old_results
    answer = ocop("result", "replay", "--rubric", "qd1048-2019-04")
    assert answer.exit_code == 0, answer.output
    assert answer.output.count("→ không áp dụng được") == 3
    same = ocop("result", "replay", "--rubric", "qd26-2026-04")
    assert "Theo quy định thử: 0 kết quả khác đi." in same.output
    assert ocop("result", "replay", "--rubric", "khong-co").exit_code == 2


def test_the_file_of_a_stored_result_agrees(
    ocop: Ocop, old_results: str, engine: Engine, tmp_path: Path
) -> None:
    with transaction(engine) as session:
        dossier = session.exec(
            select(Dossier.code)
            .join(AgendaItem, col(AgendaItem.dossier_id) == col(Dossier.id))
            .join(Meeting, col(Meeting.id) == col(AgendaItem.meeting_id))
            .where(col(Meeting.code) == old_results)
        ).first()
        assert dossier is not None
        people = People(session, AT)
        text = get_result(session, dossier, actor=people.auditor()).file
    path = tmp_path / "f.json"
    path.write_text(text, encoding="utf-8")
    assert ocop("result", "verify", str(path)).exit_code == 0
