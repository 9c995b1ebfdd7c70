"""An auditor sets the second factor up on a small phone, without scripts, and signs in with it."""

import pyotp
import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import Engine

from app.core.clock import now
from app.core.db import transaction
from app.core.settings import SECOND_FACTOR_ROLES, Settings
from tests.factories.people import PASSWORD, People
from tests.factories.second_factors import Telephone, codes_shown
from tests.plugins.browser import OpenPage

WIDTH = 360


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """Return an installation that asks for the second factor as one in earnest does."""
    return settings.model_copy(update={"second_factor_roles": SECOND_FACTOR_ROLES})


def fits(page: Page) -> None:
    assert page.evaluate("document.documentElement.scrollWidth") <= WIDTH


def signs_in(page: Page) -> None:
    page.goto("/sign-in?next=/audit")
    page.get_by_label("Tên đăng nhập").fill("kiemtoan")
    page.get_by_label("Mật khẩu").fill(PASSWORD)
    page.get_by_role("button", name="Đăng nhập").click()


def gives(page: Page, code: str) -> None:
    expect(page.get_by_role("heading", level=1)).to_have_text("Nhập mã trên điện thoại")
    fits(page)
    page.get_by_label("Mã 6 số").fill(code)
    page.get_by_role("button", name="Tiếp tục").click()


def test_a_second_factor_from_setting_it_up_to_losing_the_telephone(
    server: str, new_page: OpenPage, engine: Engine
) -> None:
    with transaction(engine) as session:
        People(session, now()).auditor()
    page = new_page(base_url=server, script=False)
    signs_in(page)
    expect(page.get_by_role("heading", level=1)).to_contain_text("Bảo vệ hai lớp")
    fits(page)
    page.get_by_role("button", name="Bắt đầu").click()
    expect(page.locator(".setup svg")).to_be_visible()
    fits(page)
    link = page.get_by_role("link", name="mở ứng dụng xác thực").get_attribute("href")
    key = page.locator(".key").inner_text()
    assert link is not None
    scanned = pyotp.parse_uri(link)
    assert isinstance(scanned, pyotp.TOTP)
    assert scanned.secret == key.replace(" ", "")
    telephone = Telephone(key)
    page.get_by_label("Mã 6 số").fill(telephone.code())
    page.get_by_role("button", name="Bật bảo vệ hai lớp").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Mã dự phòng")
    fits(page)
    printed = codes_shown(page.content())
    assert len(printed) == 10
    page.get_by_role("link", name="Tôi đã cất, tiếp tục").click()
    expect(page).to_have_url(f"{server}/audit")
    page.get_by_role("button", name="Đăng xuất").click()

    signs_in(page)
    gives(page, "000 000")
    expect(page.get_by_role("alert")).to_contain_text("Mã chưa đúng")
    gives(page, telephone.code())
    expect(page).to_have_url(f"{server}/audit")
    page.get_by_role("button", name="Đăng xuất").click()

    signs_in(page)
    gives(page, printed[0].lower())
    expect(page).to_have_url(f"{server}/audit")
    page.goto("/account/second-factor")
    expect(page.get_by_text("Còn 9 mã dự phòng chưa dùng.")).to_be_visible()
    fits(page)
    page.goto("/account")
    expect(page.get_by_text("Bảo vệ hai lớp đã bật.")).to_be_visible()
    fits(page)
