"""A renewal by written opinion in a real browser: agreed and locked; different and put to a meeting."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import pytest
from playwright.sync_api import expect
from sqlalchemy import Engine
from sqlmodel import col, select

from app.core.clock import VIET_NAM, now
from app.core.db import WriteSession, transaction
from app.domain.accounts.queries import actor_of, find_user
from app.domain.accounts.rules import Actor
from app.domain.councils.models import AgendaItem
from app.rulebooks import loader
from tests.factories.councils import make_council, score, sheets_of
from tests.factories.dossiers import complete_answers, four_star_answers
from tests.factories.opinions import make_renewal
from tests.factories.people import People
from tests.journeys.person import Person, tick
from tests.plugins.browser import OpenPage
from tests.plugins.server import give_htmx

RUBRIC = loader.rubric("qd26-2026-04")
AGENCY, CHAIR, SECRETARY = "canbotinh", "hoidong1", "hoidong2"
MEMBERS = ("hoidong1", "hoidong3", "hoidong4")


@dataclass
class Table:
    """Who sits around: each with a phone of their own."""

    server: str
    new_page: OpenPage
    engine: Engine

    def of(self, username: str) -> Person:
        """Sign somebody in."""
        return Person(give_htmx(self.new_page(base_url=self.server)), username)

    def judge(self, each: Sequence[dict[str, str]]) -> None:
        """Fill every member's sheet of the newest item but for the last criterion, not handed in."""
        last = RUBRIC.criteria[-1].code
        with transaction(self.engine) as session:
            people = People(session, now())
            item = session.exec(select(AgendaItem).order_by(col(AgendaItem.id).desc())).first()
            assert item is not None
            members = [_known(session, people, name) for name in MEMBERS]
            for sheet, member, answers in zip(sheets_of(session, item), members, each, strict=True):
                most = {code: option for code, option in answers.items() if code != last}
                score(session, people, sheet, member, answers=most, submit=False)


@pytest.fixture
def table(server: str, new_page: OpenPage, engine: Engine) -> Table:
    """Return a council of three that score, and a renewal that waits for it."""
    with transaction(engine) as session:
        people = People(session, now())
        people.agency()
        make_renewal(session, people)
        make_council(session, people, members=2)
    return Table(server, new_page, engine)


def _known(session: WriteSession, people: People, username: str) -> Actor:
    user = find_user(session, username)
    assert user is not None
    return actor_of(session, user, at=people.at)


def _asked(table: Table) -> str:
    """Ask the council from the list of renewals; return the address of the written opinion."""
    agency = table.of(AGENCY)
    agency.goes("/work").follows("Lấy ý kiến Hội đồng").sees("Hồ sơ chờ Hội đồng (1)")
    agency.follows("Lấy ý kiến bằng văn bản")
    agency.page.locator("input[name=dossiers]").check()
    agency.presses("Gửi lấy ý kiến").sees("Đã gửi lấy ý kiến.").sees("chưa gửi đủ")
    return agency.page.url.split("?")[0]


def _hands_in(table: Table, username: str, option: str) -> Person:
    """Find the own sheet on the work list, tick what is left, and hand it in."""
    member = table.of(username)
    member.follows("Chấm điểm: ")
    tick(member, RUBRIC.criteria[-1].code, option)
    member.presses("Lưu và tiếp")
    return member.presses("Nộp phiếu").sees("Đã nộp phiếu.")


def _item(person: Person, opinion: str) -> Person:
    person.goes(opinion).page.locator("main a[href*='/items/']").first.click()
    return person


def test_opinions_that_agree_end_in_a_locked_result_and_minutes(table: Table) -> None:
    opinion = _asked(table)
    answers = four_star_answers(RUBRIC)
    table.judge([answers] * len(MEMBERS))
    for username in MEMBERS:
        _hands_in(table, username, answers[RUBRIC.criteria[-1].code])
    secretary = table.of(SECRETARY)
    _item(secretary, opinion).sees("Các ý kiến thống nhất")
    secretary.presses("Xác nhận bảng tổng hợp")
    chair = table.of(CHAIR)
    _item(chair, opinion).presses("Chốt kết quả").sees("Đã chốt kết quả.")
    secretary.goes(opinion).fills({"Số biên bản": "03/BB-HĐ"})
    expect(secretary.page.get_by_label("Kết luận")).to_have_value(
        re.compile("Tổng hợp ý kiến bằng văn bản")
    )
    secretary.presses("Lập biên bản").sees("03/BB-HĐ")
    paper = secretary.page.locator("main a[href$='/minutes.pdf']").first.get_attribute("href")
    assert secretary.page.request.get(paper or "").body().startswith(b"%PDF")


def test_opinions_that_differ_are_put_before_a_meeting(table: Table) -> None:
    opinion = _asked(table)
    answers, higher = four_star_answers(RUBRIC), complete_answers(RUBRIC)
    table.judge([higher, answers, answers])
    for username, said in zip(MEMBERS, (higher, answers, answers), strict=True):
        _hands_in(table, username, said[RUBRIC.criteria[-1].code])
    secretary = table.of(SECRETARY)
    _item(secretary, opinion).sees("Các phiếu cho số sao khác nhau: 4, 5.")
    secretary.presses("Chuyển ra họp").sees("Đã chuyển sản phẩm ra họp")
    agency = table.of(AGENCY)
    agency.goes("/renewals").sees("đưa ra họp").follows("Xếp phiên họp")
    agency.fills(
        {
            "Địa điểm": "Phòng họp số 2",
            "Bắt đầu (giờ Việt Nam)": f"{now().astimezone(VIET_NAM):%Y-%m-%dT%H:%M}",
        }
    )
    agency.page.locator("input[name=dossiers]").check()
    agency.presses("Xếp phiên họp").sees("Đã xếp phiên họp.")
    meeting = agency.page.url.split("?")[0]
    secretary.goes(meeting).presses("Mở phiên họp").sees("Đã mở phiên họp.")
    _item(secretary, meeting).sees("được giữ và không tính vào kết quả này")
