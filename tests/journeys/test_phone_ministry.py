"""Ninety points and more, and the ministry's no: the province goes on by itself, in a browser."""

import pytest
from playwright.sync_api import expect
from sqlalchemy import Engine

from app.core.clock import now, today
from app.core.db import transaction
from tests.factories.people import HOME, People
from tests.factories.recognition import locked_dossier
from tests.journeys.person import SCREENSHOTS, Person
from tests.plugins.browser import OpenPage
from tests.plugins.server import give_htmx


@pytest.fixture
def dossier(engine: Engine) -> str:
    """Return a dossier the council locked at ninety points and more, with everybody's account."""
    with transaction(engine) as session:
        people = People(session, now())
        for office in (people.officer, people.agency, people.signer):
            office()
        return locked_dossier(session, people, star=5).code


def test_the_ministry_says_no_and_the_province_gives_four_stars(
    server: str, new_page: OpenPage, dossier: str
) -> None:
    def person(username: str, *, phone: bool = True, dark: bool = False) -> Person:
        page = new_page(base_url=server, phone=phone, dark=dark)
        return Person(give_htmx(page), username)

    agency, signer = person("canbotinh"), person("lanhdaotinh")
    agency.goes("/work").follows("Trình phê duyệt kết quả từ 90 điểm").fills(
        {"Số, ký hiệu": "1301/QĐ-UBND"}
    )
    agency.page.locator(f'input[name=dossiers][value="{dossier}"]').check()
    agency.keeps_picture("approval-form").presses("Lưu dự thảo").sees("Đã soạn quyết định.")
    decision = agency.code
    signer.goes("/work").follows("Ký quyết định phê duyệt kết quả số 1301/QĐ-UBND")
    signer.presses("Ký phê duyệt kết quả").sees("Đã ký").keeps_picture("approval")
    paper = signer.page.request.get(f"/decisions/{decision}/paper.pdf")
    assert paper.ok
    agency.goes("/work").follows("Gửi Trung ương đánh giá").fills(
        {"Số, ký hiệu văn bản": "2104/UBND-KTN", "Sản phẩm mẫu gửi kèm": "3"}
    )
    agency.presses("Ghi đã gửi").sees("Hồ sơ gửi Bộ kèm 5 sản phẩm mẫu; đang ghi 3.")
    agency.keeps_picture("forward-refused").fills({"Sản phẩm mẫu gửi kèm": "5"})
    agency.presses("Ghi đã gửi").sees("Đã gửi, chờ Trung ương")
    submission = agency.code
    agency.page.get_by_label("Dưới 90 điểm, trả kết quả cho tỉnh").check()
    agency.fills(
        {
            "Số, ký hiệu văn bản của Bộ": "6120/BNNMT-VPĐP",
            "Ngày văn bản": today().isoformat(),
            "Điểm của Hội đồng cấp trung ương": "86,75",
            "Ghi chú": "Chưa đạt tiêu chí 5.4.",
        }
    )
    agency.keeps_picture("centre-answer").presses("Ghi kết quả")
    agency.sees("Trung ương đánh giá dưới 90 điểm").keeps_picture("centre-answered")
    agency.follows("Soạn quyết định công nhận").fills({"Số, ký hiệu": "1400/QĐ-UBND"})
    agency.page.locator(f'input[name=dossiers][value="{dossier}"]').check()
    agency.presses("Lưu dự thảo")
    signer.goes(f"/decisions/{agency.code}").presses("Ký và cấp giấy chứng nhận").sees("Đã ký")
    certificate = signer.page.locator('a[href^="/certificates/CN-"]').first.inner_text()

    officer = person(f"canbo{HOME}")
    officer.goes(f"/certificates/{certificate}")
    expect(officer.page.get_by_role("img", name="4 sao").first).to_be_visible()
    officer.goes(f"/centre/{submission}").sees("86,75")
    if SCREENSHOTS:
        for dark in (False, True):
            desk = person("canbotinh", phone=False, dark=dark)
            for name, address in {
                "centre": "/centre",
                "submission": f"/centre/{submission}",
                "decision": f"/decisions/{decision}",
                "decisions": "/decisions",
            }.items():
                desk.goes(address).keeps_picture(f"desk-{name}{'-dark' if dark else ''}")
