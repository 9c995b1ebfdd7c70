"""Pages of seats, delegations, advisory teams, interests and council rules: without script, reasons told."""

import re
from datetime import date, timedelta
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine
from sqlmodel import col, select

from app.core.clock import now
from app.core.db import WriteSession, reading, transaction
from app.core.settings import Settings
from app.domain.accounts.enums import Role
from app.domain.accounts.models import Membership, User
from app.domain.councils.enums import SheetState
from app.domain.councils.models import ConflictDeclaration, Council, ScoreSheet
from app.main import create_app
from tests.factories.people import HOME, SINCE, People, make_person, signed_in
from tests.factories.rules import own_file
from tests.factories.statements import counted
from tests.web.hall import (
    AGENCY,
    AUDITOR,
    CHAIR,
    MEMBER,
    OTHER,
    SECRETARY,
    STRANGER,
    Hall,
    make_hall,
)
from tests.web.page_checks import check_page
from tests.web.test_dossiers import LARGEST_PAGE, MOST_STATEMENTS, PACKED
from tests.web.typing import form_on

YESTERDAY = f"{now() - timedelta(days=1):%Y-%m-%d}"


def council_page(engine: Engine) -> str:
    with reading(engine) as session:
        return "/councils/" + session.exec(select(Council.code)).one()


# --- seats ------------------------------------------------------------------------------------


def test_a_member_is_replaced_by_a_later_decision(client: TestClient, engine: Engine) -> None:
    hall = make_hall(client, engine, is_open=False).by(AGENCY)
    council = council_page(engine)
    check_page(hall.page(f"{council}/amend"))
    done = hall.press(
        f"{council}/amend",
        f"{council}/amendments",
        decision_number="1034/QĐ-UBND",
        decided_on="2026-09-14",
        leaves=MEMBER,
        **{f"seat.{STRANGER}": "member", f"title.{STRANGER}": "Phó Giám đốc"},
    )
    assert done.status_code == 303, done.text
    for who in (AGENCY, AUDITOR, CHAIR):
        page = hall.by(who).page(council)
        check_page(page)
        for said in ("1034/QĐ-UBND", "Đã thôi giữ ghế (1)", "Phó Giám đốc", "Nhiệm kỳ"):
            assert said in page
    assert client.get(f"{council}/amend").status_code == 403


def test_what_makes_no_council_is_refused_and_what_was_typed_stays(
    client: TestClient, engine: Engine
) -> None:
    hall = make_hall(client, engine, is_open=False).by(AGENCY)
    council = council_page(engine)
    answer = hall.press(
        f"{council}/amend",
        f"{council}/amendments",
        decision_number="1034/QĐ-UBND",
        decided_on="2026-09-14",
        leaves=CHAIR,
        **{f"seat.{STRANGER}": "member"},
    )
    assert answer.status_code == 422
    check_page(answer.text)
    assert "Hội đồng cần đúng một Chủ tịch." in answer.text
    assert re.search(rf'value="{CHAIR}" checked', answer.text)
    assert 'value="1034/QĐ-UBND"' in answer.text


def test_the_chair_delegates_in_writing(client: TestClient, engine: Engine) -> None:
    hall = make_hall(client, engine, is_open=False).by(SECRETARY)
    council = council_page(engine)
    said = {
        "delegate": MEMBER,
        "number": "15/GUQ-HĐ",
        "signed_on": "2026-09-14",
        "scope": "Chủ trì phiên họp tháng 9.",
        "first_day": "2026-09-14",
        "last_day": "2026-09-30",
    }
    refused = hall.press(council, f"{council}/delegations", **said | {"last_day": "2100-01-01"})
    assert refused.status_code == 422
    assert "Ngoài nhiệm kỳ của Hội đồng" in refused.text
    check_page(refused.text)
    assert hall.press(council, f"{council}/delegations", **said).status_code == 303
    assert "15/GUQ-HĐ" in hall.page(council)
    assert "Ghi văn bản ủy quyền" not in hall.by(MEMBER).page(council)


def its_term_ended(session: WriteSession, *_: object) -> None:
    council = session.exec(select(Council)).one()
    council.term_to = date(2026, 9, 30)


def test_outside_the_term_a_meeting_is_not_offered_to_be_opened(
    client: TestClient, engine: Engine
) -> None:
    hall = make_hall(client, engine, is_open=False, before=its_term_ended).by(SECRETARY)
    page = hall.page(hall.meeting)
    check_page(page)
    assert "có nhiệm kỳ 15/08/2026 – 30/09/2026: ngày này ngoài nhiệm kỳ." in page
    assert f"{hall.meeting}/open" not in page
    assert hall.post(f"{hall.meeting}/open", present=CHAIR, version="1").status_code == 422
    assert "Ngoài nhiệm kỳ" in hall.page(council_page(engine))


# --- advisory teams ---------------------------------------------------------------------------


def test_an_advisory_team_is_recorded_changed_and_shown(client: TestClient, engine: Engine) -> None:
    with transaction(engine) as session:
        people = People(session, now())
        people.agency()
        people.advisor()
        people.officer()
        make_person(session, "totuvan2", Role.ADVISORY_MEMBER, at=people.at)
    hall = Hall(client, "", [], []).by(AGENCY)
    assert "Chưa ghi Tổ tư vấn nào" in hall.page("/advisory-teams")
    wrong = hall.press(
        "/advisory-teams/new",
        "/advisory-teams",
        decision_number="815/QĐ-UBND",
        decided_on=YESTERDAY,
        **{"seat.totuvan": "member"},
    )
    assert wrong.status_code == 422
    assert "đúng một Tổ trưởng" in wrong.text
    check_page(wrong.text)
    made = hall.press(
        "/advisory-teams/new",
        "/advisory-teams",
        decision_number="815/QĐ-UBND",
        decided_on=YESTERDAY,
        **{"seat.totuvan": "head"},
    )
    assert made.status_code == 303, made.text
    team = made.headers["location"]
    check_page(hall.page(team))
    changed = hall.press(
        team,
        f"{team}/amendments",
        decision_number="1035/QĐ-UBND",
        decided_on=YESTERDAY,
        **{"seat.totuvan2": "member"},
    )
    assert changed.status_code == 303, changed.text
    page = hall.by("totuvan2").page(team)
    check_page(page)
    assert "1035/QĐ-UBND" in page
    assert "Chỉ cán bộ cơ quan tham mưu" in page
    listed = hall.page("/advisory-teams")
    check_page(listed)
    assert "Đang nhiệm kỳ" in listed
    assert hall.by(f"canbo{HOME}").client.get(team).status_code == 404


# --- interests --------------------------------------------------------------------------------


def lives_there(session: WriteSession, *_: object) -> None:
    """Give one member a post in the producer's commune."""
    user = session.exec(select(User).where(col(User.username) == MEMBER)).one()
    session.add(
        Membership(
            user_id=user.id or 0, role=Role.COMMUNE_OFFICER, unit_code=HOME, valid_from=SINCE
        )
    )


def test_interests_are_declared_for_a_whole_agenda_and_change_the_quorum_in_sight(
    client: TestClient, engine: Engine
) -> None:
    hall = make_hall(client, engine, members=4, products=2, is_open=False, before=lives_there).by(
        MEMBER
    )
    address = f"{hall.meeting}/conflicts"
    page = hall.page(address)
    check_page(page)
    assert "Công tác tại xã, phường của chủ thể" in page
    first, second = hall.items
    unanswered = hall.press(address, address)
    assert unanswered.status_code == 422
    said = {f"conflict.{first}": "no", f"conflict.{second}": "yes"}
    missing = hall.press(address, address, **said)
    assert missing.status_code == 422
    check_page(missing.text)
    assert "Dữ liệu có dấu hiệu; hãy nêu vì sao vẫn chấm được." in missing.text
    kept = form_on(missing.text, address)
    assert kept[f"conflict.{second}"] == ["yes"]
    why = {f"reason.{first}": "Đã chuyển công tác.", f"reason.{second}": "Là anh trai."}
    assert hall.press(address, address, **said | why).status_code == 303

    for who in (CHAIR, SECRETARY):
        shown = hall.by(who).page(address)
        check_page(shown)
        assert "Của cả Hội đồng" in shown
        assert "Là anh trai." in shown
    assert "Của cả Hội đồng" not in hall.by(OTHER).page(address)

    opened = hall.by(SECRETARY).press(hall.meeting, f"{hall.meeting}/open")
    assert opened.status_code == 303, opened.text
    board = hall.page(f"/items/{second}")
    check_page(board)
    eligible = re.search(r'<p id="?eligible"?>(.*?)</p>', board, re.DOTALL)
    assert eligible is not None
    assert "4/5</b> có quyền chấm, <b>1</b> không tham gia" in eligible.group(1)
    assert "Khai không có" in hall.page(f"/items/{first}")
    with reading(engine) as session:
        states = session.exec(select(ScoreSheet.state)).all()
        assert states.count(SheetState.RECUSED) == 1
        assert len(session.exec(select(ConflictDeclaration)).all()) == 2


def test_a_product_that_too_few_may_judge_is_put_off(client: TestClient, engine: Engine) -> None:
    hall = make_hall(client, engine, members=1)
    for who in (CHAIR, MEMBER):
        address = f"{hall.meeting}/conflicts"
        done = hall.by(who).press(
            address,
            address,
            **{f"conflict.{hall.items[0]}": "yes", f"reason.{hall.items[0]}": "Là người nhà."},
        )
        assert done.status_code == 303, done.text
    page = hall.by(CHAIR).page(hall.item)
    check_page(page)
    assert "Không đủ người chấm sản phẩm này" in page
    assert "Chỉ còn 0/0 thành viên chấm sản phẩm này" in page
    assert hall.press(hall.item, f"{hall.item}/put-off", reason="x").status_code == 422
    assert hall.press(hall.item, f"{hall.item}/put-off", reason="Thiếu người.").status_code == 303


@pytest.mark.parametrize("who", [CHAIR, MEMBER])
def test_the_pages_of_interests_are_light(client: TestClient, engine: Engine, who: str) -> None:
    hall = make_hall(client, engine, members=4, products=4, is_open=False).by(who)
    for address in (f"{hall.meeting}/conflicts", council_page(engine), "/council-rules"):
        with counted(client) as said:
            answer = client.get(address, headers=PACKED)
        assert answer.status_code == 200
        assert len(said) <= MOST_STATEMENTS, "\n".join(said)
        assert int(answer.headers["content-length"]) <= LARGEST_PAGE, address


# --- council rules ----------------------------------------------------------------------------


def test_the_rules_in_force_are_shown_with_their_basis(client: TestClient, engine: Engine) -> None:
    hall = make_hall(client, engine, is_open=False)
    for who in (AGENCY, AUDITOR, MEMBER):
        page = hall.by(who).page("/council-rules")
        check_page(page)
        for said in ("Đang áp dụng", "ít nhất 3/4", "Căn cứ", "Ai xem phiếu", "0ae8c651"):
            assert said in page
        assert "Khác mặc định" not in page
    assert hall.by(hall.owner).client.get("/council-rules").status_code == 404
    assert hall.by(AGENCY).client.get("/council-rules?code=khong-co").status_code == 404


def test_the_own_file_of_the_province_is_shown_with_what_differs_and_what_is_wrong(
    settings: Settings, engine: Engine, tmp_path: Path
) -> None:
    own_file(tmp_path)
    (tmp_path / "hong.yaml").write_text("code: hong\nquorum: nhiều\n", "utf-8")
    with transaction(engine) as session:
        People(session, now()).agency()
    app = create_app(settings.model_copy(update={"council_rules_dir": tmp_path}))
    with TestClient(app, follow_redirects=False) as client:
        page = signed_in(client, AGENCY).get("/council-rules").text
        check_page(page)
        for said in (
            "lai-chau-2026",
            "Khác mặc định",
            "ít nhất 2/3",
            "Mặc định: ít nhất 3/4",
            "quá 15 điểm",
            "Người chủ trì quyết định",
            "hong.yaml",
            "Tệp quy chế của tỉnh có lỗi",
            "Điều 6 Quyết định 900/QĐ-UBND",
        ):
            assert said in page
        default = client.get("/council-rules?code=lai-chau-default").text
        check_page(default)
        assert "Các bản quy chế đang giữ" in default
