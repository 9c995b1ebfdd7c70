"""Pages of rounds, councils, meetings and results: the whole way without script, reasons told."""

import html
import re
from datetime import timedelta

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine
from sqlmodel import func, select

from app.core.clock import VIET_NAM, now
from app.core.db import reading, transaction
from app.domain.councils.models import Council, GateFinding, Result, Round
from app.domain.dossiers.enums import DossierState
from tests.conftest import AT
from tests.factories.councils import lower_answers, make_council, the_round
from tests.factories.dossiers import make_dossier
from tests.factories.people import People
from tests.factories.statements import counted
from tests.web.hall import (
    ADMINISTRATOR,
    AGENCY,
    AUDITOR,
    CHAIR,
    HTMX,
    MEMBER,
    OTHER,
    SECRETARY,
    STRANGER,
    Hall,
    make_hall,
)
from tests.web.page_checks import check_page
from tests.web.test_dossiers import LARGEST_LIST, LARGEST_PAGE, MOST_STATEMENTS, PACKED
from tests.web.typing import form_on


def rows(engine: Engine, table: type[Council | Round | Result]) -> int:
    with reading(engine) as session:
        return session.exec(select(func.count()).select_from(table)).one()


def test_the_whole_way_from_a_round_to_a_result_goes_without_script(
    client: TestClient, engine: Engine
) -> None:
    with transaction(engine) as session:
        people = People(session, now())
        people.agency()
        for number in range(1, 4):
            people.council_member(number)
        dossier = make_dossier(session, people, state=DossierState.PROPOSED)
        code, rubric_code, owner = dossier.code, dossier.rubric_code, f"chuthe{dossier.producer_id}"
    hall = Hall(client, "", [], [code], rubric_code=rubric_code).by(AGENCY)

    assert hall.press("/rounds/new", "/rounds").headers["location"] == "/rounds"
    assert "Đã mở đợt." in hall.page("/rounds")
    with reading(engine) as session:
        round_ = "/rounds/" + session.exec(select(Round.code)).one()
    assert "Không có hồ sơ nào chờ xếp phiên họp." in hall.page(round_)
    accept = f"/dossiers/{code}/accept"
    assert hall.press(accept, accept, round=round_.rpartition("/")[2]).status_code == 303
    assert code in hall.page(round_)

    made = hall.press(
        "/councils/new",
        "/councils",
        decision_number="812/QĐ-UBND",
        decided_on=f"{now() - timedelta(days=3):%Y-%m-%d}",
        **{"seat.hoidong1": "chair", "seat.hoidong2": "secretary", "seat.hoidong3": "member"},
    )
    assert made.status_code == 303, made.text
    page = hall.page(made.headers["location"])
    check_page(page)
    for said in ("Chủ tịch Hội đồng", "3/4", "10 điểm", "không làm tròn lên", "Căn cứ"):
        assert said in page

    scheduled = hall.press(
        f"{round_}/meetings/new",
        f"{round_}/meetings",
        place="Phòng họp số 2",
        starts_at=f"{now().astimezone(VIET_NAM):%Y-%m-%dT%H:%M}",
        dossiers=code,
    )
    assert scheduled.status_code == 303, scheduled.text
    hall.meeting = scheduled.headers["location"]
    page = hall.page(hall.meeting)
    check_page(page)
    assert "Hồ sơ mở muộn hơn Quy chế" in page
    hall.items = re.findall(r"/items/([\w-]+)", page)[:1]

    opened = hall.by(SECRETARY).press(hall.meeting, f"{hall.meeting}/open")
    assert opened.status_code == 303, opened.text
    for member in (CHAIR, MEMBER):
        page = hall.by(member).page(hall.meeting)
        assert "Chấm điểm" in page
        hall.sheets[member] = re.findall(r"/score-sheets/([\w-]+)", page)[0]
        hall.fill_in(member, lower_answers(rubric_code, 85))
        assert hall.submit(member, opinion="Đồng ý.").status_code == 303

    assert hall.by(SECRETARY).press(hall.item, f"{hall.item}/certify").status_code == 303
    assert hall.by(CHAIR).press(hall.item, f"{hall.item}/lock").status_code == 303
    page = hall.page(hall.meeting)
    assert "Hội đồng thống nhất kết quả đánh giá, phân hạng 1 sản phẩm:" in page
    closed = hall.press(hall.meeting, f"{hall.meeting}/close", minutes_number="02/BB-HĐ")
    assert closed.status_code == 303, closed.text
    page = hall.page(hall.meeting)
    assert "02/BB-HĐ" in page
    minutes = client.get(f"{hall.meeting}/minutes.pdf")
    assert minutes.content.startswith(b"%PDF")

    for who in (CHAIR, SECRETARY, AGENCY, owner):
        page = hall.by(who).page(f"/dossiers/{code}/result")
        check_page(page)
        for said in ("Vì sao", "Yêu cầu tối thiểu", "không làm tròn lên", "SHA-256"):
            assert said in page
        assert ("/score-sheets/" in page) == (who != owner)


# --- rounds and councils ----------------------------------------------------------------------


def test_a_form_pressed_twice_has_one_effect(client: TestClient, engine: Engine) -> None:
    make_hall(client, engine).by(AGENCY)
    form = form_on(client.get("/rounds/new").text, "/rounds")
    first, again = (client.post("/rounds", data=form) for _ in range(2))
    assert first.status_code == again.status_code == 303
    assert rows(engine, Round) == 2


def test_a_council_without_a_chair_is_refused_and_the_seats_stay(
    client: TestClient, engine: Engine
) -> None:
    hall = make_hall(client, engine).by(AGENCY)
    answer = hall.press(
        "/councils/new",
        "/councils",
        decision_number="900/QĐ-UBND",
        decided_on="2026-09-01",
        **{"seat.hoidong2": "secretary"},
    )
    assert answer.status_code == 422
    assert "Hội đồng cần đúng một Chủ tịch." in answer.text
    kept = form_on(answer.text, "/councils")
    assert kept["seat.hoidong2"] == ["secretary"]
    assert kept["decision_number"] == ["900/QĐ-UBND"]
    assert rows(engine, Council) == 1


def test_a_decision_number_is_used_once(client: TestClient, engine: Engine) -> None:
    hall = make_hall(client, engine).by(AGENCY)
    answer = hall.press(
        "/councils/new",
        "/councils",
        decision_number="812/QĐ-UBND",
        decided_on="2026-09-01",
        **{"seat.hoidong1": "chair", "seat.hoidong2": "secretary"},
    )
    assert answer.status_code == 409
    assert "đã dùng để lập hoặc sửa đổi một Hội đồng" in answer.text


def test_who_does_not_prepare_sees_why(client: TestClient, engine: Engine) -> None:
    hall = make_hall(client, engine).by(CHAIR)
    page = hall.page("/rounds")
    assert page.count('aria-disabled="true"') == 2
    assert "Chỉ cán bộ cơ quan tham mưu OCOP cấp tỉnh" in page
    for path in ("/rounds/new", "/councils/new", "/rounds/D2-2026/meetings/new"):
        assert client.get(path).status_code == 403


def test_a_meeting_form_with_mistakes_keeps_what_was_typed(
    client: TestClient, engine: Engine
) -> None:
    with transaction(engine) as session:
        people = People(session, AT)
        round_ = the_round(session, people)
        code = make_dossier(session, people, state=DossierState.ACCEPTED, round_=round_).code
        make_council(session, people)
    hall = Hall(client, "", [], [code]).by(AGENCY)
    form, action = f"/rounds/{round_.code}/meetings/new", f"/rounds/{round_.code}/meetings"
    empty = hall.press(form, action, place="Nhà văn hóa")
    assert empty.status_code == 422
    assert 'value="Nhà văn hóa"' in empty.text
    past = hall.press(
        form, action, place="Nhà văn hóa", starts_at="2026-09-01T08:00", dossiers=code
    )
    assert past.status_code == 422
    assert "Ngày họp đã qua." in past.text
    assert form_on(past.text, action)["dossiers"] == [code]
    late = hall.press(
        form, action, place="Nhà văn hóa", starts_at="2027-03-01T08:00", dossiers=code
    )
    assert late.status_code == 422
    assert "phiên họp phải sớm hơn" in late.text
    assert 'value="2027-03-01T08:00"' in late.text


# --- meetings ---------------------------------------------------------------------------------


def test_a_meeting_below_its_quorum_is_not_opened_and_the_ticks_stay(
    client: TestClient, engine: Engine
) -> None:
    hall = make_hall(client, engine, is_open=False).by(SECRETARY)
    present = [CHAIR, SECRETARY]
    answer = hall.press(hall.meeting, f"{hall.meeting}/open", present=present)
    assert answer.status_code == 422
    assert "có mặt 1/3 thành viên chấm điểm, cần ít nhất 3" in answer.text
    assert form_on(answer.text, f"{hall.meeting}/open")["present"] == present
    check_page(answer.text)
    stale = hall.press(hall.meeting, f"{hall.meeting}/open", version="7")
    assert stale.status_code == 409
    assert hall.press(hall.meeting, f"{hall.meeting}/open").status_code == 303


def test_a_delegate_presides_when_the_chair_is_away(client: TestClient, engine: Engine) -> None:
    hall = make_hall(client, engine, members=4, is_open=False).by(SECRETARY)
    present = [SECRETARY, MEMBER, OTHER, "hoidong5", "hoidong6"]
    alone = hall.press(hall.meeting, f"{hall.meeting}/open", present=present)
    assert alone.status_code == 422
    opened = hall.press(hall.meeting, f"{hall.meeting}/open", present=present, delegate=MEMBER)
    assert opened.status_code == 303, opened.text
    page = hall.page(hall.meeting)
    assert "vắng" in page
    assert "Chủ trì" in page


@pytest.mark.parametrize("who", [MEMBER, AGENCY, AUDITOR])
def test_who_does_not_conduct_sees_why_and_is_refused(
    client: TestClient, engine: Engine, who: str
) -> None:
    hall = make_hall(client, engine, is_open=False).by(who)
    page = hall.page(hall.meeting)
    assert "Chỉ Chủ tịch hoặc Thư ký Hội đồng được điều hành phiên họp." in page
    assert hall.post(f"{hall.meeting}/open", version="1", present=[CHAIR]).status_code == 403


def test_tourism_waits_for_its_survey(client: TestClient, engine: Engine) -> None:
    hall = make_hall(client, engine, set_number=26, is_open=False).by(SECRETARY)
    refused = hall.press(hall.meeting, f"{hall.meeting}/open")
    assert refused.status_code == 422
    assert "chưa có biên bản khảo sát thực tế" in refused.text
    hall.by(AGENCY)
    short = hall.press(hall.meeting, f"{hall.item}/survey", record="BB")
    assert short.status_code == 422
    assert 'value="BB"' in short.text
    assert hall.press(hall.meeting, f"{hall.item}/survey", record="BB 03").status_code == 303
    assert "BB 03" in hall.page(hall.meeting)


def test_a_meeting_is_not_ended_while_a_result_is_open(client: TestClient, engine: Engine) -> None:
    hall = make_hall(client, engine).by(SECRETARY)
    assert "Còn 1 sản phẩm chưa chốt kết quả" in hall.page(hall.meeting)
    refused = hall.post(
        f"{hall.meeting}/close", version="2", minutes_number="02/BB-HĐ", conclusion="Thống nhất."
    )
    assert refused.status_code == 422
    assert client.get(f"{hall.meeting}/minutes.pdf").status_code in {409, 422}


# --- one product ------------------------------------------------------------------------------


def test_the_lock_waits_for_every_sheet_and_for_whoever_presides(
    client: TestClient, engine: Engine
) -> None:
    hall = make_hall(client, engine, scored=(90, 90)).by(CHAIR)
    assert "Mới có 2/3 phiếu được nộp." in hall.page(hall.item)
    refused = hall.post(f"{hall.item}/lock", version="2")
    assert refused.status_code == 422
    hall.by(SECRETARY)
    assert "Chỉ người chủ trì phiên họp được kết luận và chốt kết quả." in hall.page(hall.item)
    assert hall.post(f"{hall.item}/lock", version="2").status_code == 403
    assert rows(engine, Result) == 0


def test_minima_that_are_not_seen_alike_wait_for_the_chair(
    client: TestClient, engine: Engine
) -> None:
    hall = make_hall(client, engine, scored=(100, 100, 93)).by(CHAIR)
    page = hall.page(hall.item)
    check_page(page)
    assert "Còn yêu cầu tối thiểu chờ Chủ tịch xác nhận" in page
    assert "2/3" in page
    split = re.findall(r'id="minimum-([\w.]+)-(\d)"', page)
    assert split
    for criterion, star in split:
        blank = hall.post(
            f"{hall.item}/minima", criterion_code=criterion, star=star, reason="Đã xem"
        )
        assert blank.status_code == 422
        assert 'value="Đã xem"' in blank.text
        done = hall.post(
            f"{hall.item}/minima",
            criterion_code=criterion,
            star=star,
            met="true",
            reason="Đã xem giấy.",
        )
        assert done.status_code == 303
    assert "Chủ trì xác nhận: đạt" in hall.page(hall.item)
    assert hall.by(SECRETARY).press(hall.item, f"{hall.item}/certify").status_code == 303
    assert hall.by(CHAIR).press(hall.item, f"{hall.item}/lock").status_code == 303
    page = hall.page(f"/dossiers/{hall.dossiers[0]}/result")
    assert "293/3" in page
    assert "97,66" in page


def test_sheets_that_differ_too_much_are_scored_anew(client: TestClient, engine: Engine) -> None:
    hall = make_hall(client, engine, scored=(100, 100, 60)).by(CHAIR)
    page = hall.page(hall.item)
    assert "quá giới hạn 10 điểm" in page
    short = hall.press(hall.item, f"{hall.item}/rescore", reason="Lệch")
    assert short.status_code == 422
    assert "Lệch</textarea>" in short.text
    done = hall.press(hall.item, f"{hall.item}/rescore", reason="Chênh nhau quá nhiều.")
    assert done.status_code == 303
    assert "Đã nộp 0/3" in hall.page(hall.item)
    assert 'name="option.1.1"' in hall.page(hall.sheet(CHAIR) + "?section=1")


def test_a_gate_is_raised_by_a_member_and_voted_through_the_chair(
    client: TestClient, engine: Engine
) -> None:
    hall = make_hall(client, engine, scored=(100, 100, 100)).by(MEMBER)
    gate = hall.rubric.gates[0]
    choice = f"{gate.criterion_code} {gate.effect}"
    assert gate.text in html.unescape(hall.page(hall.item))
    blank = hall.press(hall.item, f"{hall.item}/gates", reason="Không có giấy")
    assert blank.status_code == 422
    assert "Không có giấy</textarea>" in blank.text
    raised = hall.press(hall.item, f"{hall.item}/gates", gate=choice, reason="Không có giấy.")
    assert raised.status_code == 303, raised.text
    with reading(engine) as session:
        vote = "/gates/" + session.exec(select(GateFinding.code)).one() + "/decide"
    assert hall.post(vote, votes_for="3", votes_against="0").status_code == 403
    hall.by(CHAIR)
    assert "Còn điều kiện loại trừ chưa biểu quyết" in hall.page(hall.item)
    many = hall.press(hall.item, vote, votes_for="9", votes_against="0")
    assert many.status_code == 422
    assert 'value="9"' in many.text
    assert hall.press(hall.item, vote, votes_for="2", votes_against="1").status_code == 303
    assert "Hội đồng xác nhận" in hall.page(hall.item)
    assert hall.by(SECRETARY).press(hall.item, f"{hall.item}/certify").status_code == 303
    assert hall.by(CHAIR).press(hall.item, f"{hall.item}/lock").status_code == 303
    page = hall.by(hall.owner).page(f"/dossiers/{hall.dossiers[0]}/result")
    assert "không phân hạng" in page
    assert "2 thuận, 1 không thuận" in page


# --- blindness --------------------------------------------------------------------------------

_TOTALS = (93, 91, 89)


@pytest.mark.parametrize("who", [MEMBER, OTHER, AGENCY, AUDITOR, ADMINISTRATOR, STRANGER])
def test_no_page_tells_a_total_or_an_average_before_the_lock(
    client: TestClient, engine: Engine, who: str
) -> None:
    hall = make_hall(client, engine, scored=_TOTALS).by(who)
    own = hall.sheets.get(who)
    paths = [hall.meeting, hall.item, "/rounds", "/rounds/D2-2026", f"/dossiers/{hall.dossiers[0]}"]
    for path in [*paths, f"/dossiers/{hall.dossiers[0]}/result", "/work"]:
        for headers in ({}, HTMX):
            text = client.get(path, headers=headers).text
            for total in _TOTALS:
                assert f">{total}<" not in text, path
                assert f"{total}/100" not in text, path
            assert "91,00" not in text, path
            assert "điểm chênh nhau" not in text, path
            assert set(re.findall(r"/score-sheets/([\w-]+)", text)) <= {own}, path
    assert client.get(f"/dossiers/{hall.dossiers[0]}/result").status_code == 404


@pytest.mark.parametrize("who", [ADMINISTRATOR, STRANGER])
def test_strangers_find_nothing(client: TestClient, engine: Engine, who: str) -> None:
    hall = make_hall(client, engine).by(who)
    for path in (hall.meeting, hall.item):
        assert client.get(path).status_code == 404
    for step in ("lock", "rescore", "minima", "gates"):
        answer = hall.post(
            f"{hall.item}/{step}",
            version="2",
            reason="Muốn thử xem.",
            criterion_code="1.1",
            star="3",
            met="true",
            gate="dossier disqualify",
        )
        assert answer.status_code == 404


# --- weight -----------------------------------------------------------------------------------


def test_pages_are_whole_light_and_ask_the_database_little(
    client: TestClient, engine: Engine
) -> None:
    hall = make_hall(client, engine, products=3, scored=(100, 100, 88))
    council = re.findall(r"/councils/[\w-]+", hall.by(AGENCY).page(hall.meeting))[0]
    weighed = {
        "/rounds": LARGEST_LIST,
        "/rounds/new": LARGEST_PAGE,
        "/rounds/D2-2026": LARGEST_LIST,
        "/councils/new": LARGEST_PAGE,
        council: LARGEST_PAGE,
        hall.meeting: LARGEST_PAGE,
        hall.item: LARGEST_PAGE,
    }
    for who in (AGENCY, CHAIR):
        hall.by(who)
        for path, largest in weighed.items():
            if who == CHAIR and path.endswith("/new"):
                continue
            with counted(client) as said:
                answer = client.get(path, headers=PACKED)
            assert answer.status_code == 200, path
            check_page(answer.text)
            assert len(said) <= MOST_STATEMENTS, "\n".join(said)
            assert int(answer.headers["content-length"]) <= largest, path


def test_a_result_is_whole_light_and_asks_the_database_little(
    client: TestClient, engine: Engine
) -> None:
    hall = make_hall(client, engine, scored=(100, 100, 100), locked=True)
    for who in (hall.owner, CHAIR, AGENCY):
        hall.by(who)
        with counted(client) as said:
            answer = client.get(f"/dossiers/{hall.dossiers[0]}/result", headers=PACKED)
        check_page(answer.text)
        assert len(said) <= MOST_STATEMENTS
        assert int(answer.headers["content-length"]) <= LARGEST_PAGE
