"""Notices on the pages: on the work list until read, on their own page for ever, and how to be told."""

import re
from importlib import import_module
from importlib.util import find_spec
from pkgutil import iter_modules

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine
from sqlmodel import select

import app.domain
from app.core.carriers import Trouble
from app.core.db import transaction
from app.domain.accounts.models import User
from app.domain.audit.models import AuditEvent
from app.domain.dossiers.enums import DossierState
from app.domain.notices.enums import Channel, DeliveryState
from app.domain.notices.models import Delivery, Notice
from app.domain.notices.rules import Letter
from tests.conftest import AT
from tests.domain.notices.letters import told
from tests.factories.dossiers import make_dossier
from tests.factories.people import HOME, People, signed_in
from tests.factories.statements import counted
from tests.web.page_checks import WORK_STATEMENTS, check_page
from tests.web.test_dossiers import LARGEST_PAGE, PACKED
from tests.web.typing import press

LETTERS = [
    value
    for module in iter_modules(app.domain.__path__)
    if find_spec(f"app.domain.{module.name}.letters")
    for value in vars(import_module(f"app.domain.{module.name}.letters")).values()
    if isinstance(value, Letter)
]


@pytest.fixture
def dossier(engine: Engine) -> str:
    """Return a dossier that was just filed, by its producer."""
    with transaction(engine) as session:
        people = People(session, AT)
        people.officer()
        people.leader()
        people.agency()
        people.administrator()
        return make_dossier(session, people, state=DossierState.FILED).code


def test_what_one_was_told_is_on_the_work_list_until_it_is_read(
    client: TestClient, dossier: str
) -> None:
    officer = signed_in(client, f"canbo{HOME}")
    work = officer.get("/work").text
    check_page(work)
    assert f"Hồ sơ {dossier} của" in work
    assert "trong 15 ngày làm việc." in work
    assert "Thông báo mới: 1" in work
    found = re.search(r'action="(/notices/TB-\w+/read)"', work)
    assert found is not None
    assert press(officer, work, found[1]).headers["location"] == "/work"
    after = officer.get("/work").text
    check_page(after)
    assert "Thông báo mới: 0" in after
    assert found[1] not in after
    # Twice is no harm.
    assert press(officer, work, found[1]).status_code == 303
    listed = officer.get("/notices").text
    check_page(listed)
    assert f"Hồ sơ {dossier} của" in listed
    assert "Đã đọc" in listed


def test_a_letter_leads_to_what_it_is_about_and_reading_it_there_changes_nothing(
    client: TestClient, engine: Engine, dossier: str
) -> None:
    officer = signed_in(client, f"canbo{HOME}")
    with transaction(engine) as session:
        notice = session.exec(select(Notice).where(Notice.kind == "dossier.filed")).one()
    answer = officer.get(f"/notices/{notice.code}", follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, f"/dossiers/{dossier}")
    assert "Thông báo mới: 1" in officer.get("/work").text
    stranger = signed_in(client, f"lanhdao{HOME}")
    assert stranger.get(f"/notices/{notice.code}").status_code == 404
    theirs = stranger.post(f"/notices/{notice.code}/read", data={"_key": "a-key-of-its-own"})
    assert theirs.status_code == 404


@pytest.mark.usefixtures("dossier")
def test_notices_are_shown_in_english_to_whoever_reads_english(client: TestClient) -> None:
    officer = signed_in(client, f"canbo{HOME}")
    work = officer.get("/work?lang=en").text
    assert "was just filed at the commune" in work
    assert "New notices: 1" in work
    listed = officer.get("/notices?lang=en").text
    check_page(listed)
    assert "What the system told you, newest first." in listed


def test_many_notices_stay_within_a_page_and_its_statements(
    client: TestClient, engine: Engine
) -> None:
    with transaction(engine) as session:
        people = People(session, AT)
        told(session, people, people.officer(), count=45)
    officer = signed_in(client, f"canbo{HOME}")
    with counted(client) as said:
        answer = officer.get("/work", headers=PACKED)
    assert len(said) <= WORK_STATEMENTS
    assert answer.num_bytes_downloaded <= LARGEST_PAGE
    work = answer.text
    check_page(work)
    assert work.count("đã xảy ra") == 20
    assert "Còn thông báo chưa đọc nữa." in work
    seen = 0
    address: str | None = "/notices"
    while address:
        page = officer.get(address).text
        check_page(page)
        seen += page.count("đã xảy ra")
        more = re.search(r'href="(/notices\?after=\d+)" rel="next"', page)
        address = more[1] if more else None
    assert seen == 45
    assert press(officer, officer.get("/notices").text, "/notices/read").status_code == 303
    assert "Thông báo mới: 0" in officer.get("/work").text


def test_everybody_chooses_how_to_be_told(client: TestClient, engine: Engine) -> None:
    with transaction(engine) as session:
        People(session, AT).officer()
    officer = signed_in(client, f"canbo{HOME}")
    page = officer.get("/account").text
    check_page(page)
    assert "Hệ thống này hiện chưa gửi thư." in page
    lacking = press(officer, page, "/account/contact", email="", wants_email="on")
    assert lacking.status_code == 422
    assert "Hãy ghi địa chỉ thư" in lacking.text
    wrong = press(officer, page, "/account/contact", email="a@b\r\nBcc: c@d.example", phone="0212")
    assert wrong.status_code == 422
    check_page(wrong.text)
    assert "Địa chỉ thư chưa đúng." in wrong.text
    assert "Số di động chưa đúng." in wrong.text
    assert 'value="0212"' in wrong.text
    right = press(
        officer,
        wrong.text,
        "/account/contact",
        email="canbo@example.com",
        phone="0912.345.678",
        wants_email="on",
    )
    assert right.status_code == 303
    again = officer.get("/account").text
    assert 'value="canbo@example.com"' in again
    assert 'value="+84912345678"' in again
    with transaction(engine) as session:
        user = session.exec(select(User).where(User.username == f"canbo{HOME}")).one()
        assert (user.wants_email, user.wants_sms) == (True, False)
        event = session.exec(
            select(AuditEvent).where(AuditEvent.kind == "account.contact_changed")
        ).one()
        assert event.data == {"fields": ["email", "phone", "wants_email"]}


@pytest.fixture
def stuck(engine: Engine, dossier: str) -> str:
    """Return a letter that was given up."""
    assert dossier
    with transaction(engine) as session:
        notice = session.exec(select(Notice).where(Notice.kind == "dossier.filed")).one()
        delivery = Delivery(
            code="GT-STUCK01",
            notice_id=notice.id or 0,
            channel=Channel.EMAIL,
            state=DeliveryState.GIVEN_UP,
            attempts=20,
            due_at=AT,
            problem=Trouble.REFUSED,
            problem_answer=550,
        )
        session.add(delivery)
    return "GT-STUCK01"


@pytest.mark.parametrize("username", ["canbotinh", "quantri"])
def test_agency_and_administrator_see_what_did_not_arrive_and_send_it_again(
    client: TestClient, engine: Engine, stuck: str, username: str
) -> None:
    person = signed_in(client, username)
    assert "Chưa gửi được" in person.get("/notices").text
    page = person.get("/deliveries").text
    check_page(page)
    assert "Nơi nhận gửi từ chối thông báo này." in page
    assert "550" in page
    assert f"canbo{HOME}" in page
    assert press(person, page, f"/deliveries/{stuck}/retry").status_code == 303
    with transaction(engine) as session:
        delivery = session.exec(select(Delivery)).one()
        assert (delivery.state, delivery.attempts) == (DeliveryState.WAITING, 0)
    again = person.post(f"/deliveries/{stuck}/retry", data={"_key": "another-key"})
    assert again.status_code == 409


@pytest.mark.usefixtures("stuck")
def test_nobody_else_sees_what_did_not_arrive(client: TestClient) -> None:
    officer = signed_in(client, f"canbo{HOME}")
    assert officer.get("/deliveries").status_code == 403
    assert "/deliveries" not in officer.get("/notices").text


def test_messages_lead_to_pages_there_are(client: TestClient) -> None:
    pages = client.app.state.pages  # type: ignore[attr-defined]  # -- the application we made
    assert pages["notices.open"].path == "/notices/{code}"
    assert pages["account.show"].path == "/account"


@pytest.mark.parametrize("letter", LETTERS, ids=lambda letter: letter.kind)
def test_every_letter_leads_to_a_page_there_is(client: TestClient, letter: Letter) -> None:
    pages = client.app.state.pages  # type: ignore[attr-defined]  # -- the application we made
    assert set(pages[letter.route_name].param_convertors) <= {"code"}


def test_kinds_of_letters_are_told_apart() -> None:
    kinds = [letter.kind for letter in LETTERS]
    assert len(kinds) == len(set(kinds))
