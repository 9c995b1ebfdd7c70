"""A member scores without network on a phone, the secretary keys paper in: both in a real browser."""

import json
from contextlib import closing
from io import BytesIO
from pathlib import Path

import pypdfium2
import pytest
import zxingcpp
from playwright.sync_api import Page, expect
from sqlalchemy import Engine

from app.core.db import reading, transaction
from app.domain.accounts.rules import Actor
from app.domain.councils.queries import get_sheet
from app.domain.packs.queries import stored_answers
from app.rulebooks.model import Rubric
from app.rulebooks.scoring import NOT_MET, sheet_score
from tests.conftest import AT
from tests.factories.councils import (
    FIRST_MEMBER,
    SECRETARY,
    convene,
    items_of,
    make_meeting,
    sheets_of,
)
from tests.factories.dossiers import complete_answers
from tests.factories.people import PASSWORD, People
from tests.plugins.browser import OpenPage
from tests.plugins.server import give_htmx

MEMBER_NAME, SECRETARY_NAME = f"hoidong{FIRST_MEMBER}", f"hoidong{SECRETARY}"


class Table:
    """An open meeting over one product: its addresses, and what stands on the member's sheet."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        with transaction(engine) as session:
            people = People(session, AT)
            meeting = make_meeting(session, people, members=2)
            convene(session, people, meeting)
            item = items_of(session, meeting)[0]
            self.meeting, self.item = meeting.code, item.code
            self.sheet = sheets_of(session, item)[1].code
            self.member: Actor = people.council_member(FIRST_MEMBER)
            self.rubric: Rubric = get_sheet(session, self.sheet, actor=self.member).dossier.rubric

    def stored(self) -> tuple[str, str, dict[str, str], str]:
        """Return state, origin, options and opinion of the member's sheet."""
        with reading(self.engine) as session:
            row = get_sheet(session, self.sheet, actor=self.member)
            options = {
                code: said.option for code, said in stored_answers(row).items() if said.option
            }
            return row.sheet.state.value, row.sheet.origin.value, options, row.sheet.opinion


def signed_in(page: Page, username: str) -> Page:
    give_htmx(page)
    page.goto("/sign-in")
    page.get_by_label("Tên đăng nhập").fill(username)
    page.get_by_label("Mật khẩu").fill(PASSWORD)
    page.get_by_role("button", name="Đăng nhập").click()
    page.wait_for_url("**/work")
    return page


@pytest.fixture
def table(engine: Engine) -> Table:
    return Table(engine)


def marked(rubric: Rubric) -> dict[str, str]:
    """Return answers with an explicit không đạt, and a criterion that its other one switches off."""
    answers = complete_answers(rubric)
    fails = next(one for one in rubric.criteria if one.allows_not_met)
    answers[fails.code] = NOT_MET
    return answers


def test_a_pack_is_scored_from_a_file_without_network_and_its_file_becomes_the_sheet(
    new_page: OpenPage, server: str, table: Table, tmp_path: Path
) -> None:
    online = signed_in(new_page(base_url=server), MEMBER_NAME)
    online.goto(f"/meetings/{table.meeting}/offline")
    with online.expect_download() as taken:
        online.get_by_role("link", name="Tải gói chấm cả phiên").click()
    pack = tmp_path / taken.value.suggested_filename
    taken.value.save_as(pack)

    away = new_page()
    away.context.set_offline(True)
    said: list[str] = []
    asked: set[str] = set()
    away.on("console", lambda message: said.append(message.text))
    away.on("pageerror", lambda error: said.append(str(error)))
    away.on("request", lambda request: asked.add(request.url.partition(":")[0]))
    away.goto(pack.as_uri())
    expect(away.get_by_role("heading", level=1)).to_contain_text("Mật ong")
    answers = marked(table.rubric)
    sections = [section for part in table.rubric.parts for section in part.sections]
    for place, section in enumerate(sections):
        for criterion in section.criteria:
            field = away.locator(f"fieldset[id='option.{criterion.code}']")
            choice = field.locator(f"input[value='{answers[criterion.code]}']")
            if place % 2:
                choice.focus()
                away.keyboard.press("Space")
            else:
                field.locator(f"label:has([value='{answers[criterion.code]}'])").tap()
            expect(choice).to_be_checked()
        away.get_by_role("button", name="Tiếp", exact=True).tap()
    assert away.evaluate("document.documentElement.scrollWidth") <= 360
    expect(away.get_by_text("Đã chấm đủ các tiêu chí.")).to_be_visible()
    away.get_by_label("Ý kiến chung").fill("Chấm ở bản, không có mạng.")
    total = sheet_score(table.rubric, answers).total
    expect(away.locator("output")).to_contain_text(f"Tạm tính {total}/100")

    away.reload()
    expect(away.locator("output")).to_contain_text(f"Tạm tính {total}/100")
    with away.expect_download() as saved:
        away.get_by_role("button", name="Lưu tệp phiếu chấm").tap()
    expect(away.locator(".told")).to_contain_text(saved.value.suggested_filename)
    file = tmp_path / saved.value.suggested_filename
    saved.value.save_as(file)
    assert "total" not in json.dumps(json.loads(file.read_bytes())["sheets"])
    assert said == []
    assert asked <= {"file", "data", "blob"}

    online.get_by_label("Tệp phiếu chấm").set_input_files(file)
    online.get_by_role("button", name="Gửi và xem trước").click()
    expect(online.get_by_label("Nộp phiếu luôn")).to_be_checked()
    assert table.stored()[0] == "draft"
    online.get_by_role("button", name="Đưa vào phiếu").click()
    expect(online.get_by_text("không còn gì phải làm")).to_be_visible()
    assert table.stored() == ("submitted", "pack", answers, "Chấm ở bản, không có mạng.")


def test_a_saved_file_is_opened_again_in_the_pack_on_another_device(
    new_page: OpenPage, server: str, table: Table, tmp_path: Path
) -> None:
    online = signed_in(new_page(base_url=server), MEMBER_NAME)
    with online.expect_download() as taken:
        online.goto(f"/meetings/{table.meeting}/offline")
        online.get_by_role("link", name="Tải gói chấm cả phiên").click()
    pack = tmp_path / "goi.html"
    taken.value.save_as(pack)
    first = table.rubric.criteria[0]

    phone = new_page()
    phone.goto(pack.as_uri())
    phone.locator(f"fieldset[id='option.{first.code}'] label.c").first.tap()
    with phone.expect_download() as saved:
        phone.get_by_role("button", name="Lưu tệp phiếu chấm").tap()
    file = tmp_path / "phieu.json"
    saved.value.save_as(file)

    desk = new_page(phone=False)
    desk.goto(pack.as_uri())
    chosen = desk.locator(f"fieldset[id='option.{first.code}'] input[type=radio]").first
    expect(chosen).not_to_be_checked()
    desk.get_by_text("Cách khác").click()
    desk.get_by_label("Mở lại tệp phiếu chấm đã lưu").set_input_files(file)
    expect(chosen).to_be_checked()
    other = tmp_path / "khac.json"
    other.write_text(json.dumps(json.loads(file.read_text()) | {"seal": "00"}))
    desk.get_by_label("Mở lại tệp phiếu chấm đã lưu").set_input_files(other)
    expect(desk.locator(".told")).to_contain_text("không phải của gói chấm đang mở")


def test_paper_is_printed_read_by_its_code_keyed_twice_and_becomes_the_sheet(
    new_page: OpenPage, server: str, table: Table
) -> None:
    desk = signed_in(new_page(phone=False, base_url=server), SECRETARY_NAME)
    printed = desk.request.get(f"/score-sheets/{table.sheet}/grid.pdf").body()
    with closing(pypdfium2.PdfDocument(BytesIO(printed))) as document:  # type: ignore[no-untyped-call]  # -- no types
        picture = document[0].render(scale=2.5).to_pil()
    (code,) = [one.text for one in zxingcpp.read_barcodes(picture)]
    desk.goto(f"/meetings/{table.meeting}/paper")
    desk.get_by_label("Mã phiếu").fill(code)
    desk.keyboard.press("Enter")
    answers = marked(table.rubric)
    signs = {code: "k" if sign == NOT_MET else sign for code, sign in answers.items()}

    def key(signs: dict[str, str]) -> None:
        desk.locator("input[maxlength='1']").first.focus()
        for criterion in table.rubric.criteria:
            desk.keyboard.type(signs[criterion.code])
            desk.keyboard.press("Tab")

    key(signs)
    desk.get_by_role("button", name="Ghi lần nhập một").click()
    expect(desk.get_by_text("Lần hai:")).to_be_visible()
    assert all(not one.input_value() for one in desk.locator("input[maxlength='1']").all())
    last = table.rubric.criteria[-1]
    wrong = next(one.code for one in last.options if one.code != signs[last.code])
    key(signs | {last.code: wrong})
    desk.get_by_role("button", name="Ghi lần nhập hai và đối chiếu").click()
    expect(desk.get_by_text("Hai lần nhập khác nhau ở")).to_be_visible()
    desk.get_by_label("Lần một").check()
    desk.get_by_role("button", name="Ghi kết quả đối chiếu").click()
    desk.get_by_role("button", name="Ghi thành phiếu và nộp thay thành viên").click()
    expect(desk.get_by_text("đã thành phiếu của thành viên và đã nộp")).to_be_visible()
    assert table.stored()[:3] == ("submitted", "paper", answers)
