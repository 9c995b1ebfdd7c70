"""A council that does not agree, and one with too few left to judge: in a browser, on phones."""

from collections.abc import Mapping
from dataclasses import dataclass

import pytest
from playwright.sync_api import expect
from sqlalchemy import Engine

from app.core.db import transaction
from app.domain.councils.actions import open_meeting
from app.domain.councils.schemas import OpenMeeting
from tests.conftest import AT
from tests.domain.councils.board import with_total
from tests.factories.councils import items_of, make_meeting, score, sheets_of
from tests.factories.people import People
from tests.journeys.person import Person
from tests.plugins.browser import OpenPage
from tests.plugins.server import give_htmx

CHAIR, SECRETARY = "hoidong1", "hoidong2"


@dataclass
class Hall:
    """A council in an open meeting over one product; everybody has a phone of their own."""

    server: str
    new_page: OpenPage
    engine: Engine
    item: str = ""
    meeting: str = ""
    sheet: str = ""

    def of(self, username: str) -> Person:
        """Sign somebody in on a phone of their own."""
        return Person(give_htmx(self.new_page(base_url=self.server)), username)

    def opens(self, totals: Mapping[int, int], *, away: str = "") -> None:
        """Open the meeting; each member's sheet is filled, whoever sits last has still to hand in."""
        with transaction(self.engine) as session:
            people = People(session, AT)
            people.agency()
            meeting = make_meeting(session, people, members=3 if away else 2)
            present = ["hoidong2", *(f"hoidong{number}" for number in totals)]
            open_meeting(
                session,
                meeting.code,
                OpenMeeting(present=present, version=1),
                actor=people.council_member(2),
                at=people.at,
            )
            item = items_of(session, meeting)[0]
            sheets = sheets_of(session, item)
            last = max(totals)
            for sheet, (number, total) in zip(sheets, totals.items(), strict=True):
                member = people.council_member(number)
                answers = with_total(total)
                score(session, people, sheet, member, answers=answers, submit=number != last)
            self.item, self.meeting, self.sheet = item.code, meeting.code, sheets[-1].code


@pytest.fixture
def hall(server: str, new_page: OpenPage, engine: Engine) -> Hall:
    return Hall(server, new_page, engine)


def _hands_in(hall: Hall, username: str) -> Person:
    member = hall.of(username)
    member.goes("/work").follows("Chấm điểm: ")
    sheet = member.page.url.split("?")[0]
    return member.goes(f"{sheet}?section=submit").presses("Nộp phiếu").sees("Đã nộp phiếu.")


def test_sheets_that_differ_are_scored_anew_and_the_old_ones_kept(hall: Hall) -> None:
    hall.opens({1: 78, 3: 75, 4: 60})
    _hands_in(hall, "hoidong4")
    chair = hall.of(CHAIR).goes(f"/items/{hall.item}")
    expect(chair.page.locator("#settling")).to_contain_text("18")
    chair.fills({"Lý do chấm lại": "Chênh nhau 18 điểm ở phần tiếp thị."})
    chair.presses("Mở chấm lại")
    expect(chair.page.locator("#settling")).to_have_count(0)
    for username in (CHAIR, "hoidong3", "hoidong4"):
        member = _hands_in(hall, username)
    member.goes(f"/score-sheets/{hall.sheet}").follows("Phiếu lượt 1")
    member.sees("Phiếu này được giữ nguyên khi Hội đồng chấm lại")
    chair.goes(f"/items/{hall.item}")
    _confirms(chair)
    hall.of(SECRETARY).goes(f"/items/{hall.item}").presses("Xác nhận bảng tổng hợp")
    chair.goes(f"/items/{hall.item}")
    chair.fills({"Ý kiến thảo luận về chênh lệch": "Đã thảo luận, giữ ý kiến."})
    chair.presses("Chốt kết quả").sees("Đã chốt kết quả.").sees("Đã thảo luận, giữ ý kiến.")


def _confirms(chair: Person) -> None:
    """Say «met» for every minimum the sheets do not see alike."""
    while chair.page.locator("details[id^=minimum-]", has_text="Chờ xác nhận").count():
        box = chair.page.locator("details[id^=minimum-]", has_text="Chờ xác nhận").first
        if box.get_attribute("open") is None:
            box.locator("summary").click()
        box.get_by_label("Đạt", exact=True).check()
        box.get_by_label("Lý do").fill("Hội đồng đã xem giấy tờ.")
        with chair.page.expect_navigation():
            box.get_by_role("button", name="Xác nhận").click()


def test_a_product_with_too_few_left_to_judge_is_put_off(hall: Hall) -> None:
    hall.opens({1: 78, 3: 75, 4: 74}, away="hoidong5")
    chair = hall.of(CHAIR).goes(f"/items/{hall.item}")
    expect(chair.page.locator("#eligible")).to_contain_text("4/4 có quyền chấm")
    member = hall.of("hoidong4").goes(f"/meetings/{hall.meeting}/conflicts")
    member.page.get_by_label("Có, tôi không chấm sản phẩm này").check()
    member.fills({"Vì sao": "Là thành viên hợp tác xã của chủ thể."}).presses("Ghi khai báo")
    chair.goes(f"/items/{hall.item}")
    expect(chair.page.locator("#eligible")).to_contain_text("3/4 có quyền chấm, 1 không tham gia")
    expect(chair.page.locator("#eligible")).to_contain_text("không đủ")
    assert chair.page.get_by_role("button", name="Chốt kết quả").count() == 0
    put_off = chair.page.locator("#put-off")
    put_off.get_by_label("Lý do").fill("Chỉ còn hai người được chấm.")
    chair.presses("Chuyển sang phiên khác").sees("Đã rút khỏi chương trình")
    chair.goes(f"/meetings/{hall.meeting}").sees("Chỉ còn hai người được chấm.")
