"""Pages of score sheets: the rubric a section at a time, saved by itself, and nobody else's business."""

import re

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine
from sqlmodel import col, func, select

from app.core.db import WriteSession, reading
from app.domain.audit.models import AuditEvent
from app.domain.councils.models import Mark, ScoreSheet
from app.domain.dossiers.models import Dossier
from tests.factories.agency import advise, extra_test, survey
from tests.factories.councils import lower_answers
from tests.factories.dossiers import complete_answers
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
    make_hall,
)
from tests.web.page_checks import check_page
from tests.web.test_dossiers import LARGEST_FRAGMENT, LARGEST_PAGE, MOST_STATEMENTS, PACKED
from tests.web.typing import form_on

SECTION = "?section=1"


def marks(engine: Engine, code: str) -> dict[str, tuple[str | None, str]]:
    with reading(engine) as session:
        return {
            mark.criterion_code: (mark.option_code, mark.remark)
            for mark in session.exec(
                select(Mark)
                .join(ScoreSheet, col(ScoreSheet.id) == col(Mark.sheet_id))
                .where(col(ScoreSheet.code) == code)
            )
        }


def saves(engine: Engine) -> int:
    with reading(engine) as session:
        return session.exec(
            select(func.count())
            .select_from(AuditEvent)
            .where(col(AuditEvent.kind) == "sheet.saved")
        ).one()


def test_the_sheet_is_the_rubric_with_what_the_producer_claims_and_the_commune_found(
    client: TestClient, engine: Engine
) -> None:
    hall = make_hall(client, engine).by(MEMBER)
    page = hall.page(hall.sheet(MEMBER) + SECTION)
    check_page(page)
    for criterion in hall.rubric.parts[0].sections[0].criteria:
        assert criterion.name in page
        for option in criterion.options:
            assert option.label in page
    for said in ("Chủ thể tự chấm", "Phiếu kiểm nghiệm", "Xã đánh giá", "đã xem sổ thu mua", "★"):
        assert said in page
    assert f"/dossiers/{hall.dossiers[0]}/evidence/" in page


def test_a_section_saved_without_script_leads_to_the_next_and_the_last_to_handing_in(
    client: TestClient, engine: Engine
) -> None:
    hall = make_hall(client, engine).by(MEMBER)
    path = hall.sheet(MEMBER)
    saved = hall.press(
        path + SECTION, path + SECTION, **{"option.1.1": "a", "remark.1.1": "Xem lại."}
    )
    assert saved.headers["location"] == path + "?section=2"
    assert marks(engine, hall.sheets[MEMBER]) == {"1.1": ("a", "Xem lại.")}
    last = hall.rubric.parts[-1].sections[-1].code
    saved = hall.press(f"{path}?section={last}", f"{path}?section={last}")
    assert saved.headers["location"] == path + "?section=submit"


def test_htmx_saves_twice_in_a_row_with_what_the_first_answer_carries(
    client: TestClient, engine: Engine
) -> None:
    hall = make_hall(client, engine).by(MEMBER)
    path = hall.sheet(MEMBER) + SECTION
    form = form_on(hall.page(path), path)
    for criterion in ("1.2", "1.3"):
        form[f"option.{criterion}"] = ["b"]
        answer = client.post(path, data=form, headers=HTMX | PACKED)
        assert answer.status_code == 200, answer.text
        assert "<html" not in answer.text
        assert int(answer.headers["content-length"]) <= LARGEST_FRAGMENT
        form |= form_on(
            f'<form method="post" id="marks" action="{path}"></form>{answer.text}', path
        )
    chosen = [hall.rubric.criterion(code).find_option("b") for code in ("1.2", "1.3")]
    points = sum(option.points for option in chosen if option)
    assert f"<b>{points}/100</b>" in answer.text
    assert set(marks(engine, hall.sheets[MEMBER])) == {"1.2", "1.3"}


def test_the_same_key_twice_saves_once(client: TestClient, engine: Engine) -> None:
    hall = make_hall(client, engine).by(MEMBER)
    path = hall.sheet(MEMBER) + SECTION
    form = form_on(hall.page(path), path) | {"option.1.1": ["a"]}
    first, again = (client.post(path, data=form) for _ in range(2))
    assert first.status_code == again.status_code == 303
    assert first.headers["location"] == again.headers["location"]
    assert saves(engine) == 1


@pytest.mark.parametrize("is_fragment", [True, False])
def test_a_stale_save_shows_what_is_stored_beside_what_was_sent_and_loses_nothing(
    client: TestClient, engine: Engine, is_fragment: bool
) -> None:
    hall = make_hall(client, engine).by(MEMBER)
    path = hall.sheet(MEMBER) + SECTION
    old = hall.page(path)
    assert hall.press(path, path, **{"option.1.1": "a"}).status_code == 303
    form = form_on(old, path) | {"option.1.1": ["b"], "remark.1.1": ["Ý của tôi"]}
    answer = client.post(path, data=form, headers=HTMX if is_fragment else {})
    assert answer.status_code == 409
    criterion = hall.rubric.criterion("1.1")
    for option in criterion.options[:2]:
        assert option.label in answer.text
    assert "Ý của tôi" in answer.text
    assert marks(engine, hall.sheets[MEMBER]) == {"1.1": ("a", "")}
    if not is_fragment:
        form = form_on(answer.text, path)
        assert form["option.1.1"] == ["b"]
        assert client.post(path, data=form).status_code == 303
        assert marks(engine, hall.sheets[MEMBER]) == {"1.1": ("b", "Ý của tôi")}


def test_a_choice_the_rubric_does_not_have_comes_back_beside_its_criterion(
    client: TestClient, engine: Engine
) -> None:
    hall = make_hall(client, engine).by(MEMBER)
    path = hall.sheet(MEMBER) + SECTION
    wrong = hall.press(path, path, **{"option.1.1": "zz", "remark.1.2": "Giữ lại"})
    assert wrong.status_code == 422
    assert "Không có phương án này." in wrong.text
    assert "Giữ lại</textarea>" in wrong.text
    long = hall.press(path, path, **{"remark.1.2": "x" * 2001})
    assert long.status_code == 422
    assert "Dài quá 2000 ký tự." in long.text


def test_an_incomplete_sheet_is_not_handed_in_and_the_opinion_stays(
    client: TestClient, engine: Engine
) -> None:
    hall = make_hall(client, engine)
    answer = hall.submit(MEMBER, opinion="Đổi bao bì giấy.")
    assert answer.status_code == 422
    assert "tiêu chí chưa chấm" in answer.text
    assert "Đổi bao bì giấy.</textarea>" in answer.text
    check_page(answer.text)


def test_a_sheet_is_handed_in_read_and_taken_back(client: TestClient, engine: Engine) -> None:
    hall = make_hall(client, engine, scored=(100, 90))
    path = hall.sheet(MEMBER)
    page = hall.by(MEMBER).page(path)
    check_page(page)
    assert "option.1.1" not in page
    assert re.search(r"<b>\d+/100</b>", page)
    assert hall.press(path, f"{path}/withdraw").status_code == 303
    assert 'name="option.1.1"' in hall.page(path + SECTION)


def test_a_conditional_criterion_is_not_asked_until_it_applies(
    client: TestClient, engine: Engine
) -> None:
    hall = make_hall(client, engine).by(MEMBER)
    conditional = next(c for c in hall.rubric.criteria if c.applies_when)
    rule = conditional.applies_when
    assert rule is not None
    other = hall.rubric.criterion(rule.criterion)
    lowest = min(other.options, key=lambda option: option.points)
    assert lowest.points < rule.min_points
    section = next(s.code for _, s, c in hall.rubric.walk() if c is conditional)
    path = f"{hall.sheet(MEMBER)}?section={section}"
    assert hall.press(path, path, **{f"option.{other.code}": lowest.code}).status_code == 303
    page = hall.page(path)
    assert rule.text in page
    assert "hiện không áp dụng" in page


def test_criteria_with_two_cases_show_both_and_not_met_where_it_may_be_said(
    client: TestClient, engine: Engine
) -> None:
    hall = make_hall(client, engine, set_number=26, is_open=False).by(AGENCY)
    surveyed = hall.press(
        hall.meeting, f"{hall.item}/survey", record="Biên bản khảo sát số 03 ngày 05/09/2026"
    )
    assert surveyed.status_code == 303
    opened = hall.by(SECRETARY).press(hall.meeting, f"{hall.meeting}/open")
    assert opened.status_code == 303, opened.text
    hall.by(MEMBER)
    path = re.findall(r"/score-sheets/[\w-]+", hall.page(hall.meeting))[0]
    criterion = next(c for c in hall.rubric.criteria if c.cases)
    section = next(s.code for _, s, c in hall.rubric.walk() if c is criterion)
    page = hall.page(f"{path}?section={section}")
    check_page(page)
    for case in criterion.cases:
        assert case.name in page
    assert criterion.choose_case in page
    asked = next(c for c in hall.rubric.criteria if c.allows_not_met)
    section = next(s.code for _, s, c in hall.rubric.walk() if c is asked)
    assert "Không đạt" in hall.page(f"{path}?section={section}")


def test_declining_asks_for_a_reason_and_is_never_refused_for_the_quorum(
    client: TestClient, engine: Engine
) -> None:
    hall = make_hall(client, engine, members=0).by(CHAIR)
    path = hall.sheet(CHAIR)
    short = hall.press(f"{path}?section=submit", f"{path}/recuse", reason="Bận")
    assert short.status_code == 422
    assert 'value="Bận"' in short.text
    done = hall.press(f"{path}?section=submit", f"{path}/recuse", reason="Người nhà của chủ thể.")
    assert done.status_code == 303
    assert "Không tham gia" in hall.page(path)


def test_a_declined_sheet_says_why(client: TestClient, engine: Engine) -> None:
    hall = make_hall(client, engine, members=3).by(MEMBER)
    path = hall.sheet(MEMBER)
    done = hall.press(f"{path}?section=submit", f"{path}/recuse", reason="Người nhà của chủ thể.")
    assert done.status_code == 303
    assert "Người nhà của chủ thể." in hall.page(path)


@pytest.mark.parametrize("who", [CHAIR, OTHER, SECRETARY, AGENCY, AUDITOR, ADMINISTRATOR, STRANGER])
def test_nobody_opens_the_sheet_of_somebody_else_before_the_lock(
    client: TestClient, engine: Engine, who: str
) -> None:
    hall = make_hall(client, engine, scored=(100, 90)).by(who)
    path = hall.sheet(MEMBER)
    for page in (path, path + SECTION, path + "?section=submit"):
        assert client.get(page).status_code == 404
        assert client.get(page, headers=HTMX).status_code == 404
    for step in ("", "/submit", "/withdraw", "/recuse"):
        posted = hall.post(path + step, version="1", reason="Muốn xem thử.")
        assert posted.status_code == 404, step


def test_after_the_lock_the_council_and_the_province_read_every_sheet(
    client: TestClient, engine: Engine
) -> None:
    hall = make_hall(client, engine, scored=(100, 100, 100), locked=True)
    for who in (CHAIR, OTHER, SECRETARY, AGENCY, AUDITOR):
        page = hall.by(who).page(hall.sheet(MEMBER))
        assert "100/100" in page
        assert "/withdraw" not in page
    for who in (ADMINISTRATOR, STRANGER, hall.owner):
        assert hall.by(who).client.get(hall.sheet(MEMBER)).status_code == 404


def test_sheets_are_light_and_ask_the_database_little(client: TestClient, engine: Engine) -> None:
    hall = make_hall(client, engine, scored=(90,)).by(MEMBER)
    path = hall.sheet(MEMBER)
    sections = [section.code for part in hall.rubric.parts for section in part.sections]
    for page in [*sections, "submit"]:
        with counted(client) as said:
            answer = client.get(f"{path}?section={page}", headers=PACKED)
        assert len(said) <= MOST_STATEMENTS, "\n".join(said)
        assert int(answer.headers["content-length"]) <= LARGEST_PAGE, page
    with counted(client) as said:
        answer = hall.by(CHAIR).client.get(hall.sheet(CHAIR), headers=PACKED)
    assert int(answer.headers["content-length"]) <= LARGEST_PAGE


def test_what_the_sheet_alone_would_give_is_told_as_it_grows(
    client: TestClient, engine: Engine
) -> None:
    hall = make_hall(client, engine)
    hall.fill_in(MEMBER, complete_answers(hall.rubric))
    page = hall.page(f"{hall.sheet(MEMBER)}{SECTION}")
    assert "<b>100/100</b>" in page
    assert "5 sao theo riêng phiếu này" in page
    hall.fill_in(MEMBER, lower_answers(hall.rubric_code, 40))
    page = hall.page(f"{hall.sheet(MEMBER)}{SECTION}")
    assert "chưa đủ 3 sao" in page


def test_the_sheet_shows_advice_surveys_and_tests_beside_the_criteria(
    client: TestClient, engine: Engine
) -> None:
    def found_out(session: WriteSession, people: People, dossier: Dossier) -> None:
        survey(session, people, dossier)
        extra_test(session, people, dossier, "1.1")
        extra_test(session, people, dossier)
        advise(session, people, dossier)

    hall = make_hall(client, engine, before=found_out).by(MEMBER)
    with counted(client) as said:
        answer = client.get(hall.sheet(MEMBER) + SECTION, headers=PACKED)
    assert len(said) <= MOST_STATEMENTS
    assert answer.num_bytes_downloaded <= LARGEST_PAGE
    check_page(answer.text)
    for told in ("Nhận xét phần A.", "Gợi ý tham khảo, không phải điểm", "05/BB-KS", "Độ ẩm"):
        assert told in answer.text
    assert "Nhận xét phần B." not in answer.text
    assert answer.text.count("Chờ kết quả") == 2

    hall.fill_in(MEMBER, lower_answers(hall.rubric_code, 40))
    assert hall.submit(MEMBER).status_code == 303
    with counted(client) as said:
        handed_in = client.get(hall.sheet(MEMBER))
    assert len(said) <= MOST_STATEMENTS
    check_page(handed_in.text)
    for told in ("Nhận xét phần A.", "Nhận xét phần B.", "05/BB-KS"):
        assert handed_in.text.count(told) == 1
    assert handed_in.text.count("Chờ kết quả") == 2
