"""Reports through the pages: sent by anybody, worked on by few, the reporter read by one."""

import re
from io import BytesIO

from fastapi import FastAPI
from fastapi.testclient import TestClient
from PIL import Image
from sqlalchemy import Engine
from sqlmodel import select

from app.core.db import reading, transaction
from app.core.settings import Settings
from app.core.storage import whole
from app.domain.audit.models import AuditEvent
from app.domain.misuse.models import MisusePhoto, MisuseReport
from app.domain.stamps.enums import BatchState
from app.http.limits import FloodLimit
from tests.conftest import AT
from tests.factories.files import blank_pdf, photo, written
from tests.factories.misuse import REPORTER, make_report, report_texts
from tests.factories.people import HOME, People, signed_in
from tests.factories.stamps import digits_of, make_batch, stamps_of
from tests.factories.statements import counted
from tests.web.page_checks import check_page, vietnamese_left
from tests.web.typing import form_on, press

MOST_BYTES = 14 * 1024
MOST_STATEMENTS = 8
HEIC = b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic" + bytes(64)


def opened(engine: Engine) -> None:
    with transaction(engine) as session:
        people = People(session, AT)
        people.agency()
        people.inspector()
        people.officer()
        people.signer()


def scanned(engine: Engine, settings: Settings) -> str:
    """Put a stamp into use and return what its code says."""
    with transaction(engine) as session:
        people = People(session, AT)
        people.inspector()
        batch = make_batch(session, people, settings.private_key_dir, state=BatchState.IN_USE)
        return digits_of(stamps_of(session, batch)[0])


def test_a_buyer_reports_from_a_scan_and_an_inspector_works_on_it(
    client: TestClient, engine: Engine, settings: Settings
) -> None:
    digits = scanned(engine, settings)
    link = re.search(r'href="(/report\?[^"]+)"', client.get(f"/{digits}").text)
    assert link is not None
    form = client.get(link[1], headers={"accept-encoding": "br"})
    check_page(form.text)
    assert int(form.headers["content-length"]) <= MOST_BYTES
    assert "Hạng được công nhận" in form.text
    data = form_on(form.text, "/report") | report_texts(commune_code=HOME, **REPORTER)
    files = {"photo1": ("a.jpg", photo(), "image/jpeg")}
    sent = client.post("/report", data=data, files=files)
    assert sent.status_code == 303
    again = client.post("/report", data=data, files=files)
    assert again.headers["location"] == sent.headers["location"]
    code = sent.headers["location"].rpartition("/")[2]
    state = client.get(f"/report/{code}").text
    check_page(state)
    assert "Đã nhận" in state
    assert not any(words in state for words in (*REPORTER.values(), "Miến dong"))
    assert client.get("/report/state", params={"code": code.lower()}).status_code == 303
    check_page(client.get("/report/state", params={"code": "BC-0000000"}).text)
    worked_on(signed_in(client, "quanlythitruong"), engine, code)


def worked_on(inspector: TestClient, engine: Engine, code: str) -> None:
    """Take the report, read the contact once, and end it; the log tells each."""
    assert code in inspector.get("/work").text
    listed = inspector.get("/misuse").text
    check_page(listed)
    page = f"/misuse/{code}"
    shown = inspector.get(page).text
    check_page(shown)
    assert REPORTER["reporter_phone"] not in shown
    assert press(inspector, shown, f"{page}/take").status_code == 303
    with counted(engine) as said:
        shown = inspector.get(page).text
    assert len(said) <= MOST_STATEMENTS
    read = press(inspector, shown, f"{page}/contact")
    assert read.status_code == 200
    check_page(read.text)
    assert REPORTER["reporter_phone"] in read.text
    assert REPORTER["reporter_phone"] not in inspector.get(page).text
    bare = press(inspector, shown, f"{page}/close", outcome="handed_over", note="Còn 12 túi.")
    assert bare.status_code == 422
    check_page(bare.text)
    done = press(inspector, bare.text, f"{page}/close", outcome="no_breach")
    assert done.status_code == 303
    check_page(inspector.get(page).text)
    with reading(engine) as session:
        kinds = session.exec(select(AuditEvent.kind).where(AuditEvent.subject_code == code)).all()
        (stored,) = session.exec(select(MisusePhoto)).all()
        assert len(session.exec(select(MisuseReport)).all()) == 1
        session.expunge_all()
    assert set(kinds) >= {"report.received", "report.taken", "report.contact_read"}
    assert (stored.sha256, stored.position) == (None, "")
    copy = inspector.get(f"{page}/photos/{stored.code}")
    assert not Image.open(BytesIO(copy.content)).getexif()
    assert inspector.get(f"{page}/photos/{stored.code}/original").status_code == 404


def test_a_position_is_kept_when_it_is_given_and_shown_to_whoever_works_on_it(
    client: TestClient, engine: Engine, settings: Settings
) -> None:
    opened(engine)
    original = photo("PNG")
    data = form_on(client.get("/report").text, "/report") | report_texts(
        commune_code=HOME, gives_position="on"
    )
    sent = client.post("/report", data=data, files={"photo2": ("a.png", original, "image/png")})
    page = sent.headers["location"].replace("/report/", "/misuse/")
    with reading(engine) as session:
        stored = session.exec(select(MisusePhoto)).one()
        session.expunge_all()
    assert whole(settings.files, stored.sha256 or "") == original
    agency = signed_in(client, "canbotinh")
    assert "22.39556, 103.45833" in agency.get(page).text
    assert agency.get(f"{page}/photos/{stored.code}/original").content == original
    officer = signed_in(client, f"canbo{HOME}")
    shown = officer.get(page).text
    check_page(shown)
    assert "22.39556" not in shown
    assert officer.get(f"{page}/photos/{stored.code}/original").status_code == 404


def test_what_no_person_sends_is_told_and_keeps_nothing(
    client: TestClient, engine: Engine, settings: Settings
) -> None:
    form = client.get("/report").text
    trapped = press(client, form, "/report", **report_texts(website="https://mua.example"))
    assert trapped.status_code == 422
    check_page(trapped.text)
    assert "mua.example" not in trapped.text
    for content, words in ((HEIC, "HEIC"), (written(blank_pdf()), "không phải tệp PDF")):
        data = form_on(client.get("/report").text, "/report") | report_texts()
        told = client.post("/report", data=data, files={"photo3": ("a.jpg", content, "image/jpeg")})
        assert told.status_code == 422
        check_page(told.text)
        assert words in told.text
        assert "Quầy số 3, chợ trung tâm" in told.text
    assert not settings.files_dir.exists()
    with reading(engine) as session:
        assert session.exec(select(MisuseReport)).all() == []


def test_a_flood_is_stopped_and_told_when_there_is_room_again(client: TestClient) -> None:
    assert isinstance(client.app, FastAPI)
    client.app.state.network_reports = FloodLimit("2/hour")
    form = client.get("/report").text
    for _ in range(2):
        assert press(client, form, "/report", **report_texts()).status_code == 303
    stopped = press(client, form, "/report", **report_texts())
    assert stopped.status_code == 429
    assert 3000 < int(stopped.headers["retry-after"]) <= 3600


def test_others_are_not_let_in(client: TestClient, engine: Engine) -> None:
    opened(engine)
    with transaction(engine) as session:
        page = f"/misuse/{make_report(session, People(session, AT)).code}"
    assert client.get(page).headers["location"].startswith("/sign-in")
    assert signed_in(client, "lanhdaotinh").get("/misuse").status_code == 403
    assert client.get(page).status_code == 404
    assert signed_in(client, f"canbo{HOME}").get(page).status_code == 404


def test_the_form_is_whole_in_english(client: TestClient) -> None:
    page = client.get("/report", params={"lang": "en"}).text
    check_page(page)
    assert "What is not right?" in page
    assert not vietnamese_left(page)
