"""Pages of the own sheets: evidence beside a mark, the own order, what was scored before."""

import re

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine
from sqlmodel import col, select

from app.core.clock import now
from app.core.db import reading, transaction
from app.domain.accounts.enums import Scope
from app.domain.councils.models import Mark, ScoreSheet
from app.domain.dossiers.models import Evidence
from tests.factories.people import token_for
from tests.factories.statements import counted
from tests.web.hall import AGENCY, CHAIR, HTMX, MEMBER, OTHER, STRANGER, Hall, make_hall
from tests.web.page_checks import check_page
from tests.web.test_dossiers import LARGEST_PAGE, MOST_STATEMENTS, PACKED
from tests.web.typing import form_on

SECTION = "?section=1"


def paper_of(engine: Engine, *, pages: int) -> str:
    """Return the code of the paper that the dossier cites, with so many pages."""
    with transaction(engine) as session:
        paper = session.exec(select(Evidence)).one()
        paper.pages = pages
        return paper.code


def mark_of(engine: Engine, sheet: str, criterion: str) -> Mark:
    with reading(engine) as session:
        mark = session.exec(
            select(Mark)
            .join(ScoreSheet, col(ScoreSheet.id) == col(Mark.sheet_id))
            .where(col(ScoreSheet.code) == sheet, col(Mark.criterion_code) == criterion)
        ).one()
        session.expunge_all()
        return mark


def test_a_mark_points_to_a_page_that_opens_in_place(client: TestClient, engine: Engine) -> None:
    hall = make_hall(client, engine).by(MEMBER)
    paper = paper_of(engine, pages=7)
    path = hall.sheet(MEMBER) + SECTION
    page = hall.page(path)
    assert f"<option value={paper}>" in page
    assert "(7 trang)" in page
    said = {"option.1.1": "a", "evidence.1.1": paper, "page.1.1": "3"}
    assert hall.press(path, path, **said).status_code == 303
    kept = mark_of(engine, hall.sheets[MEMBER], "1.1")
    assert (kept.option_code, kept.evidence_code, kept.evidence_page) == ("a", paper, 3)
    page = hall.page(path)
    check_page(page)
    assert f"/dossiers/{hall.dossiers[0]}/evidence/{paper}/read#page=3" in page
    assert f"<option value={paper} selected>" in page


def test_that_there_is_no_evidence_is_said_and_taken_back(
    client: TestClient, engine: Engine
) -> None:
    hall = make_hall(client, engine).by(MEMBER)
    path = hall.sheet(MEMBER) + SECTION
    assert hall.press(path, path, **{"evidence.1.1": "none", "page.1.1": "3"}).status_code == 303
    kept = mark_of(engine, hall.sheets[MEMBER], "1.1")
    assert (kept.without_evidence, kept.evidence_page) == (True, None)
    assert hall.press(path, path, **{"evidence.1.1": ""}).status_code == 303
    assert not mark_of(engine, hall.sheets[MEMBER], "1.1").without_evidence


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"evidence.1.1": "MC-0000000"}, "Hồ sơ không viện dẫn giấy tờ này."),
        ({"evidence.1.1": "paper", "page.1.1": "8"}, "Giấy tờ này chỉ có 7 trang."),
        ({"evidence.1.1": "paper", "page.1.1": "ba"}, "Cần là số nguyên."),
    ],
)
def test_a_wrong_page_comes_back_beside_its_criterion_with_what_was_typed(
    client: TestClient, engine: Engine, typed: dict[str, str], sentence: str
) -> None:
    hall = make_hall(client, engine).by(MEMBER)
    paper = paper_of(engine, pages=7)
    typed = {name: paper if value == "paper" else value for name, value in typed.items()}
    path = hall.sheet(MEMBER) + SECTION
    wrong = hall.press(path, path, **typed, **{"remark.1.1": "Giữ lại"})
    assert wrong.status_code == 422
    check_page(wrong.text)
    assert sentence in wrong.text
    assert "Giữ lại</textarea>" in wrong.text
    if "page.1.1" in typed:
        assert f'value="{typed["page.1.1"]}"' in wrong.text


def test_a_stale_page_shows_both_pieces_of_evidence(client: TestClient, engine: Engine) -> None:
    hall = make_hall(client, engine).by(MEMBER)
    paper = paper_of(engine, pages=7)
    path = hall.sheet(MEMBER) + SECTION
    old = hall.page(path)
    assert hall.press(path, path, **{"evidence.1.1": paper, "page.1.1": "2"}).status_code == 303
    form = form_on(old, path) | {"evidence.1.1": ["none"]}
    for headers in ({}, HTMX):
        answer = client.post(path, data=form, headers=headers)
        assert answer.status_code == 409
        assert f"minh chứng {paper}, trang 2" in answer.text
        assert "không có minh chứng" in answer.text


def test_a_paper_opens_in_place_for_who_may_read_it_and_nobody_else(
    client: TestClient, engine: Engine
) -> None:
    hall = make_hall(client, engine).by(MEMBER)
    address = f"/dossiers/{hall.dossiers[0]}/evidence/{paper_of(engine, pages=1)}/read"
    # The factories keep no file: who may read is told that it is gone, who may not that it never was.
    assert "không còn trên máy chủ" in client.get(address).text
    for who in (STRANGER,):
        answer = hall.by(who).client.get(address)
        assert answer.status_code == 404
        assert "không còn trên máy chủ" not in answer.text


def own_links(page: str) -> list[str]:
    return re.findall(r'rel=(?:prev|next) href="(/score-sheets/[\w-]+)"', page)


def order_of(hall: Hall, engine: Engine, who: str) -> list[str]:
    token = token_for(engine, who, Scope.COUNCILS_READ)
    answer = hall.client.get(
        f"/api/v1{hall.meeting}/own-sheets", headers={"authorization": f"Bearer {token}"}
    )
    assert answer.status_code == 200, answer.text
    return [one["sheet"] for one in answer.json()]


def test_the_own_order_leads_from_sheet_to_sheet(client: TestClient, engine: Engine) -> None:
    hall = make_hall(client, engine, products=4)
    order = order_of(hall, engine, MEMBER)
    hall.by(MEMBER)
    for place, code in enumerate(order, start=1):
        with counted(client) as said:
            answer = client.get(f"/score-sheets/{code}", headers=PACKED)
        assert len(said) <= MOST_STATEMENTS
        assert answer.num_bytes_downloaded <= LARGEST_PAGE
        page = answer.text
        check_page(page)
        assert f"Sản phẩm {place}/4 theo thứ tự của riêng bạn" in page
        around = [order[place - 2]] if place > 1 else []
        around.append(order[place] if place < 4 else order[0])
        assert own_links(page) == [f"/score-sheets/{one}" for one in around]


def test_after_handing_in_the_next_product_is_offered(client: TestClient, engine: Engine) -> None:
    hall = make_hall(client, engine, products=2, scored=(100, 90)).by(MEMBER)
    page = hall.page(hall.sheet(MEMBER))
    (following,) = [code for code in order_of(hall, engine, MEMBER) if code != hall.sheets[MEMBER]]
    page = hall.page(hall.sheet(MEMBER))
    assert "Sản phẩm tiếp theo của bạn" in page
    assert f'href="/score-sheets/{following}"' in page


def test_unmarked_criteria_are_links_in_the_total(client: TestClient, engine: Engine) -> None:
    hall = make_hall(client, engine).by(MEMBER)
    path = hall.sheet(MEMBER)
    form = form_on(hall.page(path + SECTION), path + SECTION) | {"option.1.1": ["a"]}
    total = client.post(path + SECTION, data=form, headers=HTMX).text
    assert f'href="{path}?section=1#option.1.2"' in total
    assert "#option.1.1" not in total


def rescored(client: TestClient, engine: Engine) -> Hall:
    """Return a hall whose first product was scored and must be scored anew."""
    hall = make_hall(client, engine, scored=(100, 80, 90)).by(CHAIR)
    done = hall.press(hall.item, f"{hall.item}/rescore", reason="Phiếu chênh nhiều, chấm lại.")
    assert done.status_code == 303, done.text
    return hall


def test_the_old_sheet_is_read_by_its_member_at_once_and_by_others_after_the_lock(
    client: TestClient, engine: Engine
) -> None:
    hall = rescored(client, engine)
    old = f"{hall.sheet(MEMBER)}/rounds/1"
    hall.by(MEMBER)
    assert old in hall.page(f"{hall.sheet(MEMBER)}?section=submit")
    page = hall.page(old)
    check_page(page)
    assert "không được tính vào kết quả" in page
    for who in (CHAIR, OTHER, AGENCY, STRANGER):
        assert hall.by(who).client.get(old).status_code == 404
    assert hall.by(MEMBER).client.get(f"{hall.sheet(MEMBER)}/rounds/2").status_code == 404


def test_the_old_sheet_is_told_by_the_json_door(client: TestClient, engine: Engine) -> None:
    hall = rescored(client, engine)
    address = f"/api/v1{hall.sheet(MEMBER)}/superseded"
    own = token_for(engine, MEMBER, Scope.COUNCILS_READ)
    (told,) = client.get(address, headers={"authorization": f"Bearer {own}"}).json()
    assert told["scoring_round"] == 1
    assert len(told["marks"]) == len(hall.rubric.criteria)
    assert told["superseded_at"] <= now().isoformat()
    other = token_for(engine, OTHER, Scope.COUNCILS_READ)
    assert client.get(address, headers={"authorization": f"Bearer {other}"}).status_code == 404
