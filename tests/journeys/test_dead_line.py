"""A line that dies in the middle: nothing typed is lost, nothing is saved twice."""

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import Engine
from sqlmodel import col, func, select

from app.core.clock import now
from app.core.db import reading, transaction
from app.domain.audit.models import AuditEvent
from app.domain.dossiers.models import SelfAssessmentAnswer
from app.domain.producers.models import Producer
from tests.factories.dossiers import make_dossier
from tests.factories.people import HOME, PASSWORD, People
from tests.plugins.browser import OpenPage
from tests.plugins.server import give_htmx

TYPED = "Toàn bộ mật lấy từ rừng già của xã, có sổ thu mua ba vụ."


@pytest.fixture
def dossier(engine: Engine) -> str:
    """Open a draft for the officer of a commune to write in."""
    with transaction(engine) as session:
        people = People(session, now())
        people.officer()
        return make_dossier(session, people).code


@pytest.fixture
def officer(server: str, new_page: OpenPage, dossier: str) -> Page:
    """Sign the officer in on a phone and open the first section."""
    page = give_htmx(new_page(base_url=server))
    page.goto("/sign-in")
    page.fill("#username", f"canbo{HOME}")
    page.fill("#password", PASSWORD)
    page.click("main button")
    page.wait_for_url("**/work")
    page.goto(f"/dossiers/{dossier}/sections/1")
    return page


def _description(engine: Engine) -> str | None:
    with reading(engine) as session:
        return session.exec(
            select(col(SelfAssessmentAnswer.description)).where(
                col(SelfAssessmentAnswer.criterion_code) == "1.1"
            )
        ).one_or_none()


def test_what_could_not_be_sent_is_offered_again(
    officer: Page, engine: Engine, dossier: str
) -> None:
    area = officer.locator('textarea[name="description.1.1"]')
    area.press_sequentially(TYPED)
    officer.context.set_offline(True)
    with officer.expect_event("requestfailed"):
        officer.get_by_role("button", name="Lưu, về hồ sơ").click()
    officer.context.set_offline(False)
    assert _description(engine) is None

    officer.goto(f"/dossiers/{dossier}/sections/1")
    expect(area).to_have_value("")
    officer.get_by_role("button", name="Điền lại").click()
    expect(area).to_have_value(TYPED)
    officer.get_by_role("button", name="Lưu, về hồ sơ").click()
    officer.wait_for_url(f"**/dossiers/{dossier}")
    assert _description(engine) == TYPED


def test_what_was_typed_is_still_offered_after_a_look_at_the_evidence(
    officer: Page, dossier: str
) -> None:
    area = officer.locator('textarea[name="description.1.1"]')
    officer.context.set_offline(True)
    area.press_sequentially(TYPED)
    officer.context.set_offline(False)
    officer.goto(f"/dossiers/{dossier}/evidence")
    expect(officer.locator("form[data-ready]")).to_be_visible()
    officer.goto(f"/dossiers/{dossier}/sections/1")
    officer.get_by_role("button", name="Điền lại").click()
    expect(area).to_have_value(TYPED)


def test_a_tick_on_a_dead_line_says_so_and_is_sent_again(officer: Page, engine: Engine) -> None:
    option = officer.locator('input[name="option.1.1"]').first
    officer.context.set_offline(True)
    option.check()
    again = officer.get_by_role("button", name="Gửi lại")
    expect(again).to_be_visible()
    expect(option).to_be_checked()
    officer.context.set_offline(False)
    again.click()
    expect(officer.locator("#total")).to_contain_text("Đã lưu lúc")
    with reading(engine) as session:
        kept = session.exec(
            select(col(SelfAssessmentAnswer.option_code)).where(
                col(SelfAssessmentAnswer.criterion_code) == "1.1"
            )
        ).one()
    assert kept == option.get_attribute("value")


def test_a_button_pressed_twice_does_its_work_once(officer: Page, engine: Engine) -> None:
    officer.goto("/producers/new")
    officer.get_by_label("Tên chủ thể").fill("Hợp tác xã Bấm Hai Lần")
    officer.get_by_label("Địa chỉ", exact=False).first.fill("Bản Thử Nghiệm")
    officer.get_by_label("Họ tên").fill("Lò Thị Mẫu")
    officer.get_by_label("Xã, phường").select_option(HOME)
    officer.get_by_role("button", name="Lưu", exact=True).dblclick()
    expect(officer.get_by_text("Đã đăng ký chủ thể.")).to_be_visible()
    with reading(engine) as session:
        made = session.exec(
            select(func.count())
            .select_from(Producer)
            .where(col(Producer.name) == "Hợp tác xã Bấm Hai Lần")
        ).one()
        told = session.exec(
            select(func.count())
            .select_from(AuditEvent)
            .where(col(AuditEvent.kind) == "producer.created")
        ).one()
    assert (made, told) == (1, 2)  # the other one belongs to the dossier
