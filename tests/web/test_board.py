"""The secretary's board in the browser: light at any size, live, and silent when nothing changed."""

import re

import pytest
from fastapi.testclient import TestClient
from playwright.sync_api import expect
from sqlalchemy import Engine

from app.core.db import transaction
from tests.conftest import AT
from tests.factories.dossiers import complete_answers
from tests.factories.large_meetings import large_meeting
from tests.factories.people import PASSWORD, People, signed_in
from tests.factories.statements import counted
from tests.plugins.browser import OpenPage
from tests.plugins.server import give_htmx
from tests.web.hall import AGENCY, CHAIR, HTMX, MEMBER, SECRETARY, STRANGER, make_hall
from tests.web.page_checks import check_page
from tests.web.test_dossiers import MOST_STATEMENTS, PACKED

HARD_CAP = 14 * 1024
PRODUCTS = 60


def test_the_board_shows_who_has_done_what_and_links_to_each_product(
    client: TestClient, engine: Engine
) -> None:
    hall = make_hall(client, engine, scored=(75, 76)).by(SECRETARY)
    page = hall.page(f"{hall.meeting}/board")
    check_page(page)
    assert "2/3" in page
    assert "phiếu đã nộp" in page
    assert f"/items/{hall.items[0]}" in page
    assert page.count("✓") >= 2
    assert "chênh" not in page
    assert "Bảng theo dõi" in hall.page(hall.meeting)


def test_a_complete_product_shows_spread_and_what_waits(client: TestClient, engine: Engine) -> None:
    hall = make_hall(client, engine, scored=(68, 69, 69)).by(CHAIR)
    page = hall.page(f"{hall.meeting}/board")
    check_page(page)
    assert "chênh" in page
    assert "Sát mốc điểm" in page


@pytest.mark.parametrize(("who", "status"), [(MEMBER, 403), (AGENCY, 403), (STRANGER, 404)])
def test_nobody_else_sees_the_board(
    client: TestClient, engine: Engine, who: str, status: int
) -> None:
    hall = make_hall(client, engine, scored=(75, 76)).by(who)
    assert client.get(f"{hall.meeting}/board").status_code == status
    if status == 403:
        assert "Bảng theo dõi" not in hall.page(hall.meeting)


def test_htmx_gets_the_part_alone_and_nothing_while_nothing_changed(
    client: TestClient, engine: Engine
) -> None:
    hall = make_hall(client, engine, scored=(75,)).by(SECRETARY)
    whole = hall.page(f"{hall.meeting}/board")
    address = re.search(r'hx-get="([^"]+)"', whole)
    assert address is not None
    again = address[1].replace("&amp;", "&")
    assert client.get(again, headers=HTMX).status_code == 204
    hall.fill_in(MEMBER, complete_answers(hall.rubric))
    assert hall.submit(MEMBER).status_code == 303
    hall.by(SECRETARY)
    part = client.get(again, headers=HTMX)
    assert part.status_code == 200
    assert "<h1" not in part.text
    assert "2/3" in part.text
    assert client.get(again, headers=HTMX).status_code == 200


def test_sixty_products_and_twelve_members_stay_light_and_quick(
    client: TestClient, engine: Engine
) -> None:
    with transaction(engine) as session:
        code = large_meeting(session, People(session, AT), products=PRODUCTS).code
    signed_in(client, SECRETARY)
    with counted(client) as sent:
        answer = client.get(f"/meetings/{code}/board", headers=PACKED)
    assert answer.status_code == 200
    assert answer.text.count('class="t"') == PRODUCTS
    assert len(sent) <= MOST_STATEMENTS
    assert answer.num_bytes_downloaded <= HARD_CAP
    with counted(client) as sent:
        address = re.search(r'hx-get="([^"]+)"', answer.text)
        assert address is not None
        quiet = client.get(address[1].replace("&amp;", "&"), headers=HTMX)
    assert (quiet.status_code, len(quiet.content)) == (204, 0)
    assert len(sent) <= 2


def test_everybody_sees_the_own_severity_and_the_chair_how_well_all_agree(
    client: TestClient, engine: Engine
) -> None:
    hall = make_hall(client, engine, scored=(95, 96, 97), locked=True)
    page = hall.by(MEMBER).page(f"{hall.meeting}/agreement")
    check_page(page)
    assert "Mức chặt, rộng của riêng bạn" in page
    assert "Mức thống nhất của Hội đồng" not in page
    page = hall.by(CHAIR).page(f"{hall.meeting}/agreement")
    check_page(page)
    assert "Mức thống nhất của Hội đồng" in page
    assert "hoidong" not in page.lower().replace("hội đồng", "").partition("<main")[2]
    assert client.get(f"{hall.by(STRANGER).meeting}/agreement").status_code == 404


def test_the_board_keeps_up_while_somebody_looks_and_rests_when_hidden(
    server: str, engine: Engine, client: TestClient, new_page: OpenPage
) -> None:
    hall = make_hall(client, engine, scored=(75,))
    page = give_htmx(new_page(base_url=server))
    page.goto("/sign-in")
    page.get_by_label("Tên đăng nhập").fill(SECRETARY)
    page.get_by_label("Mật khẩu").fill(PASSWORD)
    page.get_by_role("button", name="Đăng nhập").click()
    page.goto(f"{hall.meeting}/board")
    expect(page.locator("#board")).to_contain_text("1/3")
    looks = "dispatchEvent(new Event('visibilitychange'))"
    with page.expect_response(lambda answer: "seen=" in answer.url) as quiet:
        page.evaluate(looks)
    assert quiet.value.status == 204
    hall.fill_in(MEMBER, complete_answers(hall.rubric))
    assert hall.submit(MEMBER).status_code == 303
    with page.expect_response(lambda answer: "seen=" in answer.url) as told:
        page.evaluate(looks)
    assert told.value.status == 200
    expect(page.locator("#board")).to_contain_text("2/3")
    expect(page.locator("#board")).to_have_count(1)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.evaluate("Object.defineProperty(document, 'hidden', {value: true}); " + looks)
    assert page.evaluate("1 + 1") == 2
    assert asked == []
