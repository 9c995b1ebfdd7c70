"""Pages of agendas and of renewals by written opinion, without script."""

import re
from datetime import timedelta

from fastapi.testclient import TestClient
from sqlalchemy import Engine
from sqlmodel import col, select

from app.core.clock import VIET_NAM, local_day, now
from app.core.db import reading, transaction
from app.domain.councils.models import AgendaItem, Meeting
from app.domain.dossiers.enums import DossierState
from app.rulebooks import loader
from tests.factories.councils import make_council
from tests.factories.dossiers import four_star_answers, make_dossier, make_round
from tests.factories.opinions import make_renewal
from tests.factories.people import People
from tests.factories.statements import counted
from tests.web.hall import AGENCY, CHAIR, MEMBER, OTHER, SECRETARY, STRANGER, Hall
from tests.web.page_checks import check_page
from tests.web.test_dossiers import MOST_STATEMENTS, PACKED

LIGHT = 14 * 1024  # one congestion window
REASON = "Quy mô sản xuất thay đổi lớn."


def renewals(client: TestClient, engine: Engine, count: int = 1) -> Hall:
    """Return accepted renewals and a council of chair, secretary and two members."""
    with transaction(engine) as session:
        people = People(session, now())
        people.agency()
        people.auditor()
        people.council_member(9)
        found = [make_renewal(session, people) for _ in range(count)]
        make_council(session, people, members=2)
        codes, rubric = [one.code for one in found], found[0].rubric_code
    return Hall(client, "", [], codes, rubric_code=rubric)


def asked(client: TestClient, engine: Engine, count: int = 1) -> Hall:
    """Return renewals about which the council was asked through the page."""
    return asked_from(renewals(client, engine, count), engine)


def asked_from(hall: Hall, engine: Engine) -> Hall:
    """Ask through the page, from the renewals that wait."""
    made = hall.by(AGENCY).press("/opinions/new", "/opinions", dossiers=hall.dossiers)
    assert made.status_code == 303, made.text
    hall.meeting = made.headers["location"]
    with reading(engine) as session:
        hall.items = list(session.exec(select(AgendaItem.code).order_by(col(AgendaItem.position))))
    for member in (CHAIR, MEMBER, OTHER):
        page = hall.by(member).page(hall.meeting)
        hall.sheets[member] = re.findall(r"/score-sheets/([\w-]+)", page)[0]
    return hall


def overdue(engine: Engine) -> None:
    """Let the day for opinions be past."""
    with transaction(engine) as session:
        for meeting in session.exec(select(Meeting)):
            meeting.opinions_due_on = local_day(now()) - timedelta(days=1)


def test_a_renewal_goes_from_the_list_to_its_result_in_writing_without_script(
    client: TestClient, engine: Engine
) -> None:
    hall = renewals(client, engine).by(AGENCY)
    page = hall.page("/renewals")
    check_page(page)
    assert f"{local_day(now()) + timedelta(days=45):%d/%m/%Y}" in page
    check_page(hall.page("/opinions/new"))
    hall = asked_from(hall, engine)
    page = hall.by(MEMBER).page(hall.meeting)
    check_page(page)
    for said in ("Lấy ý kiến bằng văn bản", "Cho ý kiến", "Điều 7.6.d", "chưa gửi đủ"):
        assert said in page
    answers = four_star_answers(loader.rubric(hall.rubric_code))
    for member in (CHAIR, MEMBER, OTHER):
        hall.fill_in(member, answers)
        assert hall.submit(member).status_code == 303
    page = hall.by(SECRETARY).page(hall.item)
    check_page(page)
    assert "Các ý kiến thống nhất" in page
    assert hall.press(hall.item, f"{hall.item}/certify").status_code == 303
    assert hall.by(CHAIR).press(hall.item, f"{hall.item}/lock").status_code == 303
    page = hall.page(hall.meeting)
    assert "Tổng hợp ý kiến bằng văn bản của Hội đồng về 1 sản phẩm:" in page
    closed = hall.press(hall.meeting, f"{hall.meeting}/close", minutes_number="03/BB-HĐ")
    assert closed.status_code == 303, closed.text
    assert client.get(f"{hall.meeting}/minutes.pdf").content.startswith(b"%PDF")
    check_page(hall.page(hall.meeting))


def test_a_last_day_without_time_to_read_is_told_with_what_was_typed(
    client: TestClient, engine: Engine
) -> None:
    hall = renewals(client, engine).by(AGENCY)
    today = local_day(now())
    answer = hall.press(
        "/opinions/new", "/opinions", dossiers=hall.dossiers, due_on=f"{today:%Y-%m-%d}"
    )
    assert answer.status_code == 422
    check_page(answer.text)
    assert "ngày làm việc để đọc hồ sơ" in answer.text
    assert f'value="{hall.dossiers[0]}" checked' in answer.text


def test_a_member_asks_for_a_meeting_and_the_secretary_calls_it(
    client: TestClient, engine: Engine
) -> None:
    hall = asked(client, engine)
    answer = hall.by(MEMBER).press(hall.item, f"{hall.item}/wish", reason=REASON)
    assert answer.status_code == 303, answer.text
    page = hall.page(hall.item)
    check_page(page)
    assert REASON in page
    assert f'action="{hall.item}/wish"' not in page
    assert hall.post(f"{hall.item}/to-meeting", reason=REASON, version="2").status_code == 403
    hall.by(SECRETARY)
    done = hall.press(hall.item, f"{hall.item}/to-meeting", reason="Thành viên đề nghị họp.")
    assert done.status_code == 303, done.text
    page = hall.page(hall.item)
    check_page(page)
    assert "Thành viên đề nghị họp." in page
    page = hall.by(AGENCY).page("/renewals")
    assert "đưa ra họp" in page
    form = hall.page("/renewals/meetings/new")
    check_page(form)
    assert "đã lấy ý kiến bằng văn bản" in form
    made = hall.press(
        "/renewals/meetings/new",
        "/renewals/meetings",
        place="Phòng họp số 2",
        starts_at=f"{now().astimezone(VIET_NAM):%Y-%m-%dT%H:%M}",
        dossiers=hall.dossiers,
    )
    assert made.status_code == 303, made.text
    page = hall.page(made.headers["location"])
    check_page(page)
    assert "đánh giá lại, không theo đợt" in page
    item = re.findall(r'"(/items/[\w-]+)"', page)[0]
    assert "được giữ và không tính vào kết quả này" in hall.page(item)


def test_the_secretary_reminds_extends_and_ends_the_collection(
    client: TestClient, engine: Engine
) -> None:
    hall = asked(client, engine)
    page = hall.by(SECRETARY).page(hall.meeting)
    assert "Còn chờ" in page
    assert "chưa kết thúc nhận ý kiến được" in page  # the greyed button says why
    assert hall.press(hall.meeting, f"{hall.meeting}/remind").status_code == 303
    assert "Đã nhắc." in hall.page(hall.meeting)
    assert hall.press(hall.meeting, f"{hall.meeting}/remind").status_code == 303
    assert "Hôm nay đã nhắc rồi." in hall.page(hall.meeting)
    early = hall.press(
        hall.meeting, f"{hall.meeting}/extend", due_on=f"{now():%Y-%m-%d}", reason=REASON
    )
    assert early.status_code == 422
    check_page(early.text)
    assert "sau hạn đang có" in early.text
    later = local_day(now()) + timedelta(days=20)
    done = hall.press(
        hall.meeting, f"{hall.meeting}/extend", due_on=f"{later:%Y-%m-%d}", reason=REASON
    )
    assert done.status_code == 303, done.text
    overdue(engine)
    page = hall.page(hall.meeting)
    check_page(page)
    assert "Phiếu nộp muộn vẫn được tính" in page
    ended = hall.press(hall.meeting, f"{hall.meeting}/end-collection")
    assert ended.status_code == 303, ended.text
    page = hall.page(hall.meeting)
    check_page(page)
    assert "không gửi" in page
    hall.by(MEMBER)
    assert "Không gửi ý kiến" in hall.page(hall.meeting)
    assert f"{hall.meeting}/remind" not in hall.page(hall.meeting)


def test_strangers_and_members_of_other_councils_see_no_written_opinion(
    client: TestClient, engine: Engine
) -> None:
    hall = asked(client, engine)
    hall.by(STRANGER)
    for path in (hall.meeting, hall.item):
        assert client.get(path).status_code == 404
    assert client.get("/opinions/new").status_code == 403
    assert hall.post("/opinions", council="HD-XXXXXXX").status_code in {403, 422}


def test_the_pages_of_renewals_are_light_and_ask_little(client: TestClient, engine: Engine) -> None:
    hall = asked(client, engine, count=4)
    hall.by(SECRETARY)
    for path in ("/renewals", hall.meeting, hall.item):
        with counted(client) as sent:
            answer = client.get(path, headers=PACKED)
        assert answer.status_code == 200
        assert len(answer.content) <= LIGHT
        assert len(sent) <= MOST_STATEMENTS, sent
    hall.by(AGENCY)
    for path in ("/renewals", "/opinions/new", "/renewals/meetings/new"):
        with counted(client) as sent:
            assert client.get(path, headers=PACKED).status_code == 200
        assert len(sent) <= MOST_STATEMENTS, sent


# --- agendas ----------------------------------------------------------------------------------


def scheduled(client: TestClient, engine: Engine, *, days_ahead: int = 10) -> Hall:
    """Return a meeting about three products some days from now, and a fourth that waits."""
    with transaction(engine) as session:
        people = People(session, now())
        people.agency()
        round_ = make_round(session, people)
        found = [
            make_dossier(session, people, state=DossierState.ACCEPTED, round_=round_)
            for _ in range(4)
        ]
        make_dossier(session, people, state=DossierState.PROPOSED)
        make_council(session, people, members=2)
        codes, where = [one.code for one in found], round_.code
    hall = Hall(client, "", [], codes).by(AGENCY)
    starts_at = now().astimezone(VIET_NAM) + timedelta(days=days_ahead)
    made = hall.press(
        f"/rounds/{where}/meetings/new",
        f"/rounds/{where}/meetings",
        place="Phòng họp số 2",
        starts_at=f"{starts_at:%Y-%m-%dT%H:%M}",
        dossiers=codes[:3],
    )
    assert made.status_code == 303, made.text
    hall.meeting = made.headers["location"]
    page = hall.page(f"/rounds/{where}")
    check_page(page)
    assert "Xã đã đề nghị, tỉnh chưa tiếp nhận" in page
    with reading(engine) as session:
        hall.items = list(session.exec(select(AgendaItem.code).order_by(col(AgendaItem.position))))
    return hall


def test_an_agenda_is_arranged_added_to_and_taken_from_by_its_page(
    client: TestClient, engine: Engine
) -> None:
    hall = scheduled(client, engine)
    agenda = f"{hall.meeting}/agenda"
    page = hall.page(agenda)
    check_page(page)
    assert "3 sản phẩm, ít nhất 1 giờ" in page
    one, two, three = hall.items
    second_day = local_day(now()) + timedelta(days=11)
    done = hall.press(
        agenda,
        agenda,
        **{
            f"position.{one}": "3",
            f"position.{three}": "1",
            f"day.{one}": f"{second_day:%Y-%m-%d}",
        },
    )
    assert done.status_code == 303, done.text
    page = hall.page(hall.meeting)
    assert re.findall(r'"/items/([\w-]+)"', page)[:3] == [three, two, one]
    assert f"{second_day:%d/%m/%Y}" in page
    wrong = hall.press(agenda, agenda, **{f"position.{two}": "hai"})
    assert wrong.status_code == 422
    check_page(wrong.text)
    assert "Thứ tự là một số." in wrong.text
    assert 'value="hai"' in wrong.text
    early = hall.press(agenda, agenda, **{f"day.{two}": "2026-01-01"})
    assert early.status_code == 422
    assert "Không sớm hơn ngày đầu của phiên họp." in early.text
    no_reason = hall.press(agenda, f"/items/{two}/take-off", reason="")
    assert no_reason.status_code == 422
    off = hall.press(agenda, f"/items/{two}/take-off", reason=REASON)
    assert off.status_code == 303, off.text
    added = hall.press(agenda, f"{agenda}/add", dossiers=hall.dossiers[3:], reason=REASON)
    assert added.status_code == 303, added.text
    page = hall.page(agenda)
    check_page(page)
    assert "Đã rút khỏi chương trình" in page
    assert REASON in page


def test_members_see_the_agenda_before_the_dossiers_are_opened_to_them(
    client: TestClient, engine: Engine
) -> None:
    hall = scheduled(client, engine).by(MEMBER)
    page = hall.page(hall.meeting)
    check_page(page)
    assert "Hồ sơ mở cho thành viên từ ngày" in page
    assert "Sửa chương trình" in page  # greyed, with who may
    page = hall.page(f"/items/{hall.items[0]}")
    assert "Hồ sơ mở cho thành viên từ ngày" in page
    assert client.get(f"/dossiers/{hall.dossiers[0]}").status_code == 404


def test_an_agenda_costs_few_statements(client: TestClient, engine: Engine) -> None:
    hall = scheduled(client, engine)
    for path in (f"{hall.meeting}/agenda", hall.meeting):
        with counted(client) as sent:
            answer = client.get(path, headers=PACKED)
        assert len(answer.content) <= LIGHT
        assert len(sent) <= MOST_STATEMENTS, sent
