"""Scoring with keys alone, with a thumb, and on a line that dies: nothing chosen is lost."""

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import Engine
from sqlmodel import col, select

from app.core.db import reading, transaction
from app.domain.councils.models import Mark, ScoreSheet
from tests.conftest import AT
from tests.factories.councils import convene, items_of, make_meeting, sheets_of
from tests.factories.people import PASSWORD, People
from tests.plugins.browser import OpenPage
from tests.plugins.server import give_htmx

on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
pytestmark = on_sqlite
THUMB = 44


@pytest.fixture
def sheet(engine: Engine) -> str:
    """Open a meeting and return the chair's own sheet."""
    with transaction(engine) as session:
        people = People(session, AT)
        meeting = convene(session, people, make_meeting(session, people, members=2))
        return sheets_of(session, items_of(session, meeting)[0])[0].code


def opened(page: Page, sheet: str) -> Page:
    page = give_htmx(page)
    page.goto("/sign-in")
    page.fill("#username", "hoidong1")
    page.fill("#password", PASSWORD)
    page.click("main button")
    page.wait_for_url("**/work")
    page.goto(f"/score-sheets/{sheet}?section=1")
    return page


def chosen(engine: Engine, sheet: str) -> dict[str, str | None]:
    with reading(engine) as session:
        return dict(
            session.exec(
                select(Mark.criterion_code, Mark.option_code)
                .join(ScoreSheet, col(ScoreSheet.id) == col(Mark.sheet_id))
                .where(col(ScoreSheet.code) == sheet)
            ).all()
        )


def test_numbers_choose_and_enter_goes_on(
    server: str, new_page: OpenPage, sheet: str, engine: Engine
) -> None:
    page = opened(new_page(base_url=server, phone=False), sheet)
    expect(page.locator("#keys")).to_be_visible()
    page.locator('input[name="option.1.1"]').first.focus()
    page.keyboard.press("2")
    expect(page.locator('input[name="option.1.1"]').nth(1)).to_be_checked()
    expect(page.locator("#total")).to_contain_text("Đã lưu lúc")
    page.keyboard.press("Enter")
    expect(page.locator('input[name="option.1.2"]').first).to_be_focused()
    page.keyboard.press("1")
    page.keyboard.press("Shift+Enter")
    expect(page.locator('input[name="option.1.1"]').nth(1)).to_be_focused()
    page.keyboard.press("u")
    expect(page.locator('input[name="option.1.3"]').first).to_be_focused()
    page.keyboard.press("g")
    expect(page.locator('[id="evidence.1.3"]')).to_be_focused()
    page.locator('[id="remark.1.3"]').fill("12 u g")
    page.locator('[id="remark.1.3"]').blur()
    expect(page.locator("#total")).to_contain_text("Đã lưu lúc")
    page.reload()
    stored = chosen(engine, sheet)
    options = [
        page.locator(f'input[name="option.{code}"]').nth(at).get_attribute("value")
        for code, at in (("1.1", 1), ("1.2", 0))
    ]
    assert [stored["1.1"], stored["1.2"]] == options
    assert stored["1.3"] is None


def test_everything_is_large_enough_for_a_thumb(
    server: str, new_page: OpenPage, sheet: str
) -> None:
    page = opened(new_page(base_url=server), sheet)
    page.locator("summary", has_text="Minh chứng, nhận xét").first.click()
    page.locator("#total summary").click()
    small = page.locator("main a:visible, main button:visible, main summary:visible").evaluate_all(
        """(all) => all.filter((one) => !one.closest("p.s"))
            .map((one) => [one.innerText, one.getBoundingClientRect().height])
            .filter(([, height]) => height < 44)"""
    )
    assert small == []
    cards = page.locator("label.c").evaluate_all(
        "(all) => Math.min(...all.map((one) => one.getBoundingClientRect().height))"
    )
    assert cards >= THUMB
    before = page.url
    page.locator("#total .go").click()
    page.wait_for_url(before + "#option.1.1")


def test_a_choice_on_a_dead_line_is_offered_again_after_the_page_is_opened_anew(
    server: str, new_page: OpenPage, sheet: str, engine: Engine
) -> None:
    page = opened(new_page(base_url=server), sheet)
    page.context.set_offline(True)
    page.locator('input[name="option.1.1"]').first.check()
    expect(page.get_by_role("button", name="Gửi lại")).to_be_visible()
    page.context.set_offline(False)
    page.reload()
    assert chosen(engine, sheet) == {}
    expect(page.locator('input[name="option.1.1"]').first).not_to_be_checked()
    page.get_by_role("button", name="Điền lại").click()
    expect(page.locator('input[name="option.1.1"]').first).to_be_checked()
    expect(page.locator("#total")).to_contain_text("Đã lưu lúc")
    assert set(chosen(engine, sheet)) == {"1.1"}
    page.reload()
    expect(page.get_by_role("button", name="Điền lại")).to_have_count(0)


def test_without_script_a_section_is_scored_with_the_keys_of_the_browser(
    server: str, new_page: OpenPage, sheet: str, engine: Engine
) -> None:
    page = opened(new_page(base_url=server, script=False), sheet)
    expect(page.locator("#keys")).to_be_hidden()
    page.locator('input[name="option.1.1"]').first.focus()
    page.keyboard.press("Space")
    page.get_by_role("button", name="Lưu và tiếp").click()
    page.wait_for_url("**?section=2")
    assert set(chosen(engine, sheet)) == {"1.1"}
