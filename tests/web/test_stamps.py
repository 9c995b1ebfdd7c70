"""Pages of stamps: order to closing without script, refusals with reasons, label sheets."""

import re
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine
from sqlmodel import func, select

from app.core.db import reading, transaction
from app.core.settings import Settings
from app.domain.stamps.enums import BatchState
from app.domain.stamps.models import Stamp, StampBatch
from tests.conftest import AT
from tests.factories.people import ELSEWHERE, HOME, People, signed_in
from tests.factories.recognition import import_certificate
from tests.factories.stamps import ensure_key, make_batch, serial_text, stamps_of


@pytest.fixture
def keys(settings: Settings) -> Path:
    return settings.private_key_dir


@pytest.fixture
def certificate(engine: Engine, keys: Path) -> str:
    with transaction(engine) as session:
        people = People(session, AT)
        made = import_certificate(session, people)
        ensure_key(session, keys, at=AT)
        for known in (people.agency, people.head, people.auditor):
            known()
        people.officer(ELSEWHERE)
        return made.code


def batch_in(engine: Engine, keys: Path, state: BatchState, quantity: int = 5) -> str:
    with transaction(engine) as session:
        people = People(session, AT)
        batch = make_batch(session, people, keys, state=state, quantity=quantity)
        people.agency()
        people.head()
        people.officer(ELSEWHERE)
        return batch.code


def hidden(html: str, action: str) -> dict[str, str]:
    """Return the hidden fields of the form with this action."""
    form = html.partition(f'action="{action}"')[2].partition("</form>")[0]
    return dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', form))


def press(client: TestClient, code: str, step: str, **typed: str) -> str:
    """Press the button of a step on the batch's page and return the page that follows."""
    address = f"/batches/{code}"
    keys = hidden(client.get(address).text, f"{address}/{step}")
    assert "_key" in keys, f"no button for {step}"
    answer = client.post(f"{address}/{step}", data=typed | keys)
    assert answer.status_code == 303, answer.text
    return client.get(str(answer.headers["location"])).text


def test_stamps_go_from_order_to_closing_through_the_pages(
    client: TestClient, certificate: str
) -> None:
    officer = signed_in(client, f"canbo{HOME}")
    action = f"/certificates/{certificate}/batches"
    form = officer.get(f"{action}/new").text
    typed = {"quantity": "40", "purpose": "Hàng Tết"}
    ordered = officer.post(action, data=typed | hidden(form, action))
    assert ordered.status_code == 303, ordered.text
    code = str(ordered.headers["location"]).rpartition("/")[2]
    assert "Chỉ thủ trưởng cơ quan OCOP cấp tỉnh" in officer.get(f"/batches/{code}").text
    assert "Đã duyệt lô tem." in press(signed_in(client, "truongcoquan"), code, "approve")
    agency = signed_in(client, "canbotinh")
    assert "Đã phát hành tem" in press(agency, code, "issue")
    sheet = agency.get(f"/batches/{code}/labels.pdf")
    assert sheet.headers["content-type"] == "application/pdf"
    press(agency, code, "deliver", delivered_to="Bà Lò Thị Mẫu")
    assert "Đã nhận tem" in press(signed_in(client, f"canbo{HOME}"), code, "activate")
    page = press(signed_in(client, "canbotinh"), code, "close")
    assert "Lô tem đã kết thúc." in page
    assert "cán bộ xã làm hộ" in page


def test_pressing_issue_twice_makes_the_stamps_once(
    client: TestClient, engine: Engine, keys: Path
) -> None:
    code = batch_in(engine, keys, BatchState.APPROVED)
    agency = signed_in(client, "canbotinh")
    form = hidden(agency.get(f"/batches/{code}").text, f"/batches/{code}/issue")
    first, again = (agency.post(f"/batches/{code}/issue", data=form) for _ in range(2))
    assert first.status_code == again.status_code == 303
    assert first.headers["location"] == again.headers["location"]
    with reading(engine) as session:
        assert session.exec(select(func.count()).select_from(Stamp)).one() == 5
    late = agency.post(f"/batches/{code}/issue", data=form | {"_key": "mot-ma-khac-hoan-toan"})
    assert late.status_code == 409
    assert "Đã phát hành" in late.text


@pytest.mark.parametrize("quantity", ["0", "-1", "20001", "1.5", "nhiều", ""])
def test_an_impossible_quantity_comes_back_with_a_sentence(
    client: TestClient, certificate: str, quantity: str
) -> None:
    officer = signed_in(client, f"canbo{HOME}")
    action = f"/certificates/{certificate}/batches"
    keys = hidden(officer.get(f"{action}/new").text, action)
    answer = officer.post(action, data={"quantity": quantity, "purpose": "Giữ lại"} | keys)
    assert answer.status_code == 422
    assert 'value="Giữ lại"' in answer.text
    assert 'aria-invalid="true"' in answer.text


def test_a_refused_order_shows_its_reason(client: TestClient, engine: Engine, keys: Path) -> None:
    code = batch_in(engine, keys, BatchState.ORDERED)
    head = signed_in(client, "truongcoquan")
    address = f"/batches/{code}"
    form = hidden(head.get(address).text, f"{address}/refuse")
    short = head.post(f"{address}/refuse", data={"reason": "a"} | form)
    assert short.status_code == 422
    assert "<details open>" in short.text
    page = press(head, code, "refuse", reason="Vượt sản lượng đã khai")
    assert "Vượt sản lượng đã khai" in page
    assert "Không duyệt" in page


def test_stamps_are_withdrawn_by_typed_serials(
    client: TestClient, engine: Engine, keys: Path
) -> None:
    code = batch_in(engine, keys, BatchState.IN_USE)
    with reading(engine) as session:
        batch = session.exec(select(StampBatch).where(StampBatch.code == code)).one()
        first, second, *_ = (serial_text(stamp) for stamp in stamps_of(session, batch))
    agency = signed_in(client, "canbotinh")
    address = f"/batches/{code}"
    form = hidden(agency.get(address).text, f"{address}/void")
    wrong = {"serials": "009D-D1X1-PB1X-9SDX", "reason": "Tem in hỏng"}
    answer = agency.post(f"{address}/void", data=wrong | form)
    assert answer.status_code == 422
    assert "009D-D1X1-PB1X-9SDX" in answer.text
    short = agency.post(f"{address}/void", data={"serials": "12", "reason": "Tem in hỏng"} | form)
    assert short.status_code == 422
    page = press(agency, code, "void", serials=f"{first}\n{second.lower()},", reason="Tem in hỏng")
    assert "Đã hủy tem." in page
    assert re.search(r"<b>2</b><span>đã hủy", page)


def test_a_stranger_sees_nothing_and_others_see_why_not(
    client: TestClient, engine: Engine, keys: Path
) -> None:
    code = batch_in(engine, keys, BatchState.ISSUED)
    stranger = signed_in(client, f"canbo{ELSEWHERE}")
    for path in (f"/batches/{code}", f"/batches/{code}/labels.pdf"):
        assert stranger.get(path).status_code == 404
    assert code not in stranger.get("/batches").text
    owner = signed_in(client, f"canbo{HOME}")
    page = owner.get(f"/batches/{code}").text
    assert 'aria-disabled="true"' in page
    assert "Điều 9.3.b" in page
    assert owner.get(f"/batches/{code}/labels.pdf").status_code == 403
    keys_ = {"_key": "mot-ma-dai-vua-du", "version": "3", "delivered_to": "Bà Mẫu"}
    refused = owner.post(f"/batches/{code}/deliver", data=keys_)
    assert refused.status_code == 403
    assert "Chỉ cán bộ cơ quan OCOP cấp tỉnh" in refused.text


def test_an_old_version_is_answered_with_both(
    client: TestClient, engine: Engine, keys: Path
) -> None:
    code = batch_in(engine, keys, BatchState.ISSUED)
    agency = signed_in(client, "canbotinh")
    data = {"_key": "mot-ma-dai-vua-du", "version": "1", "delivered_to": "Bà Mẫu"}
    answer = agency.post(f"/batches/{code}/deliver", data=data)
    assert answer.status_code == 409
    assert "phiên bản 3" in answer.text


@pytest.mark.parametrize("part", ["0", "2", "-1", "x", "99999999999999999999"])
def test_a_part_that_is_not_there_is_not_found(
    client: TestClient, engine: Engine, keys: Path, part: str
) -> None:
    code = batch_in(engine, keys, BatchState.ISSUED)
    agency = signed_in(client, "canbotinh")
    assert agency.get(f"/batches/{code}/labels.pdf", params={"part": part}).status_code == 404


def test_before_issue_there_is_nothing_to_print(
    client: TestClient, engine: Engine, keys: Path
) -> None:
    code = batch_in(engine, keys, BatchState.APPROVED)
    agency = signed_in(client, "canbotinh")
    assert agency.get(f"/batches/{code}/labels.pdf").status_code == 409


def test_the_list_is_a_page_and_a_fragment(client: TestClient, engine: Engine, keys: Path) -> None:
    code = batch_in(engine, keys, BatchState.ORDERED)
    agency = signed_in(client, "canbotinh")
    assert code in agency.get("/batches").text
    part = agency.get("/batches", headers={"hx-request": "true"}).text
    assert "<html" not in part
    assert code in part
