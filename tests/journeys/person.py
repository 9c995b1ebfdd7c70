"""A person with a phone in a real browser, and the ways several journeys share."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Self

from playwright.sync_api import Page, expect

from app.rulebooks.model import Rubric
from tests.factories.people import PASSWORD

SCREENSHOTS = os.environ.get("OCOP_SCREENSHOTS")


class Person:
    """One person with a phone: signs in, reads what is on the screen, presses what it offers."""

    def __init__(self, page: Page, username: str) -> None:
        self.page = page
        page.goto("/sign-in")
        page.get_by_label("Tên đăng nhập").fill(username)
        page.get_by_label("Mật khẩu").fill(PASSWORD)
        page.get_by_role("button", name="Đăng nhập").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Việc cần làm")

    def goes(self, address: str) -> Self:
        """Open an address."""
        self.page.goto(address)
        return self

    def follows(self, name: str) -> Self:
        """Follow a link or press a button of this name."""
        target = self.page.get_by_role("link", name=name).or_(
            self.page.get_by_role("button", name=name)
        )
        target.first.click()
        return self

    def fills(self, fields: Mapping[str, str]) -> Self:
        """Type into fields by their labels."""
        for label, text in fields.items():
            self.page.get_by_label(label, exact=False).first.fill(text)
        return self

    def presses(self, name: str) -> Self:
        """Press a button and wait for the page that follows."""
        with self.page.expect_navigation():
            self.page.get_by_role("button", name=name, exact=True).first.click()
        return self

    def sees(self, text: str) -> Self:
        """Check that a text is on the screen."""
        expect(self.page.get_by_text(text).first).to_be_visible()
        return self

    def keeps_picture(self, name: str) -> Self:
        """Keep a picture of the screen, when pictures are asked for."""
        if SCREENSHOTS:
            Path(SCREENSHOTS).mkdir(parents=True, exist_ok=True)
            self.page.screenshot(path=Path(SCREENSHOTS) / f"{name}.png")
        return self

    @property
    def code(self) -> str:
        """The code at the end of the present address."""
        return self.page.url.split("?")[0].rstrip("/").rsplit("/", 1)[1]


def tick(person: Person, criterion_code: str, option_code: str) -> None:
    """Tick an option that was not chosen yet, and wait until the server has it."""
    version = person.page.locator("#total input[name=version]")
    before = version.input_value()
    person.page.locator(f'input[name="option.{criterion_code}"][value="{option_code}"]').check()
    expect(version).not_to_have_value(before)


def ticks(person: Person, rubric: Rubric, section_code: str, answers: dict[str, str]) -> None:
    """Tick an option for each criterion of the section on the present page."""
    for part in rubric.parts:
        for section in part.sections:
            for criterion in section.criteria if section.code == section_code else ():
                tick(person, criterion.code, answers[criterion.code])


def commune_reports(officer: Person, leader: Person, dossier: str) -> None:
    """Take a filed dossier through its commune: report, check, signature, proposal."""
    officer.goes(f"/dossiers/{dossier}/report")
    officer.fills(
        {
            "Tỷ lệ nguyên liệu địa phương": "92",
            "Tổng số lao động": "12",
            "Trong đó ở địa phương": "9",
        }
    )
    for area in officer.page.get_by_label("Nhận xét").all():
        area.fill("Đã kiểm tra thực tế, phù hợp.")
    for box in officer.page.get_by_label("Xác nhận nội dung này").all():
        box.check()
    officer.presses("Lưu báo cáo")
    officer.goes(f"/dossiers/{dossier}/check")
    for there in officer.page.get_by_label("Đủ", exact=True).all():
        there.check()
    officer.presses("Lưu kết quả kiểm tra")
    leader.goes("/work").follows("Ký báo cáo đánh giá").fills(
        {"Số báo cáo": "27/BC-UBND", "Chức vụ người ký": "Phó Chủ tịch UBND xã"}
    )
    leader.presses("Ký báo cáo")
    leader.goes(f"/dossiers/{dossier}/propose").fills({"Số công văn đề nghị": "58/UBND-KT"})
    leader.presses("Gửi đề nghị").sees("Đã đề nghị tỉnh")
