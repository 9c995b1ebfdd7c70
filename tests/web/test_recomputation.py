"""A locked result on its page: taken up again only by a decision, and computed again by anybody."""

import json
import re

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine
from sqlmodel import func, select

from app.core.db import reading, transaction
from app.domain.audit.models import AuditEvent
from app.rulebooks.scoring import canonical_json
from tests.conftest import AT
from tests.factories.people import People
from tests.factories.statements import counted
from tests.rulebooks.test_recompute_alone import one_file
from tests.web.hall import AGENCY, CHAIR, MEMBER, SECRETARY, STRANGER, make_hall
from tests.web.page_checks import check_page
from tests.web.test_dossiers import MOST_STATEMENTS, PACKED

HARD_CAP = 14 * 1024
HEAD = "truongcoquan"


def events(engine: Engine) -> int:
    with reading(engine) as session:
        return session.exec(select(func.count()).select_from(AuditEvent)).one()


def test_the_result_page_gives_the_file_and_the_page_finds_that_it_agrees(
    client: TestClient, engine: Engine
) -> None:
    hall = make_hall(client, engine, scored=(95, 96, 97), locked=True).by(CHAIR)
    result = f"/dossiers/{hall.dossiers[0]}/result"
    page = hall.page(result)
    check_page(page)
    assert "Tải tệp kết quả" in page
    assert "trung vị" in page
    assert "Hoidong2 Thử Nghiệm" in page
    file = client.get(f"{result}/file")
    assert file.headers["content-disposition"].startswith("attachment")
    assert file.headers["cache-control"] == "private, no-store"
    assert "Hoidong" not in file.text

    client.cookies.clear()
    before = events(engine)
    asked = client.get("/recompute")
    check_page(asked.text)
    found = client.post("/recompute", files={"file": ("ket-qua.json", file.content)})
    assert found.status_code == 200
    check_page(found.text)
    assert "Kết quả khớp" in found.text
    assert json.loads(file.content)["document_hash"] in found.text
    assert events(engine) == before


def test_the_producer_has_a_file_without_sheets_that_fits_the_minutes(
    client: TestClient, engine: Engine
) -> None:
    hall = make_hall(client, engine, scored=(95, 96, 97), locked=True)
    result = f"/dossiers/{hall.dossiers[0]}/result"
    whole = hall.by(MEMBER).page(f"{result}/file")
    told = hall.by(hall.owner).page(f"{result}/file")
    assert "sealed" not in json.loads(told)
    assert json.loads(told)["document_hash"] == json.loads(whole)["document_hash"]
    assert "Hoidong" not in hall.page(result).partition("<main")[2]
    found = client.post("/recompute", data={"text": told})
    assert "Kết quả khớp" in found.text
    assert "không kiểm được từng phiếu" in found.text
    assert hall.by(STRANGER).client.get(f"{result}/file").status_code == 404


def test_a_bent_file_is_told_line_by_line(client: TestClient) -> None:
    file = one_file()
    file["document"]["star"] = 5
    found = client.post("/recompute", data={"text": canonical_json(file)})
    check_page(found.text)
    assert "Kết quả không khớp." in found.text
    assert "Hạng sao" in found.text


@pytest.mark.parametrize("sent", ["", "<b>", "{}", "[" * 5000, '{"format":"x"}', "\x00"])
def test_what_is_no_file_is_refused_on_the_page(client: TestClient, sent: str) -> None:
    found = client.post("/recompute", data={"text": sent})
    assert found.status_code == 422
    assert "Không đọc được tệp kết quả" in found.text
    check_page(found.text)


def test_a_file_beyond_the_bound_is_refused(client: TestClient) -> None:
    found = client.post("/recompute", files={"file": ("a.json", b'"' + b"a" * 400_000 + b'"')})
    assert found.status_code == 422
    assert "tệp quá lớn" in found.text


def test_checking_asks_nothing_of_the_database_and_stays_light(client: TestClient) -> None:
    with counted(client) as sent:
        found = client.post("/recompute", data={"text": canonical_json(one_file())}, headers=PACKED)
    assert not sent
    assert found.num_bytes_downloaded <= HARD_CAP


def test_a_result_is_taken_up_again_by_two_people_on_its_page(
    client: TestClient, engine: Engine
) -> None:
    hall = make_hall(client, engine, scored=(95, 96, 97), locked=True).by(CHAIR)
    with transaction(engine) as session:
        People(session, AT).head()
    page = hall.page(hall.item)
    check_page(page)
    assert "Đề nghị mở lại kết quả đã chốt" in page
    short = hall.press(hall.item, f"{hall.item}/reopenings", reason="Sai")
    assert short.status_code == 422
    assert "Sai</textarea>" in short.text
    asked = hall.press(hall.item, f"{hall.item}/reopenings", reason="Nhập nhầm phiếu giấy số 3.")
    assert asked.status_code == 303
    assert "Chỉ lãnh đạo cơ quan OCOP cấp tỉnh" in hall.page(hall.item)
    address = re.search(r"/reopenings/[\w-]+/decide", hall.by(HEAD).page(hall.item))
    assert address is not None
    blank = hall.press(hall.item, address[0], answer="Đồng ý mở lại.")
    assert blank.status_code == 422
    assert "Đồng ý mở lại.</textarea>" in blank.text
    unnumbered = hall.press(hall.item, address[0], answer="Đồng ý mở lại.", grant="true")
    assert unnumbered.status_code == 422
    done = hall.press(
        hall.item,
        address[0],
        answer="Đồng ý mở lại.",
        grant="true",
        decision_number="15/QĐ-VPĐP",
    )
    assert done.status_code == 303
    with counted(client) as sent:
        page = hall.by(SECRETARY).page(hall.item)
    assert len(sent) <= MOST_STATEMENTS * 2  # signing in, and the page
    check_page(page)
    assert "Kết quả trước khi mở lại" in page
    assert "Xác nhận bảng tổng hợp" in page
    assert hall.press(hall.item, f"{hall.item}/certify").status_code == 303
    assert "Đã xác nhận" in hall.page(hall.item)
    assert hall.by(CHAIR).press(hall.item, f"{hall.item}/lock").status_code == 303


def test_the_secretary_certifies_and_the_chair_cannot(client: TestClient, engine: Engine) -> None:
    hall = make_hall(client, engine, scored=(95, 95, 95)).by(CHAIR)
    assert "Thư ký chưa xác nhận bảng tổng hợp phiếu." in hall.page(hall.item)
    assert hall.post(f"{hall.item}/certify", version="2").status_code == 403
    page = hall.by(SECRETARY).page(hall.item)
    check_page(page)
    assert hall.press(hall.item, f"{hall.item}/certify").status_code == 303
    assert "Đã xác nhận bảng tổng hợp." in hall.page(hall.item)
    assert hall.by(AGENCY).client.get(hall.item).status_code == 200
