"""Pages of stamps: order to destruction without script, refusals with reasons, files of printers."""

import csv
import re
from datetime import timedelta
from io import BytesIO, TextIOWrapper
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pypdfium2
import pytest
import zxingcpp
from fastapi.testclient import TestClient
from pypdf import PdfReader
from sqlalchemy import Engine
from sqlmodel import func, select

from app.core.clock import now
from app.core.db import reading, transaction
from app.core.settings import Settings
from app.core.signing import create_pepper, load_pepper
from app.domain.accounts.models import User
from app.domain.accounts.queries import actor_of
from app.domain.stamps.enums import BatchState
from app.domain.stamps.models import Stamp, StampBatch
from app.domain.stamps.rules import format_serial, pin_of
from tests.conftest import AT
from tests.factories.people import ELSEWHERE, HOME, People, signed_in
from tests.factories.recognition import import_certificate
from tests.factories.stamps import (
    ensure_key,
    make_batch,
    print_all,
    rolls_in,
    serial_text,
    sign_all,
    stamps_of,
)
from tests.factories.statements import counted
from tests.web.page_checks import check_page, vietnamese_left

MOST_STATEMENTS = 8


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


def batch_in(engine: Engine, keys: Path, state: BatchState, *, with_pin: bool = False) -> str:
    """Return the code of a batch of two rolls in a state, and open everybody's account."""
    with transaction(engine) as session:
        people = People(session, AT)
        batch = make_batch(
            session, people, keys, state=state, quantity=100, roll_size=50, with_pin=with_pin
        )
        for known in (people.agency, people.head, people.auditor, people.officer):
            known()
        people.officer(ELSEWHERE)
        return batch.code


def hidden(html: str, action: str) -> dict[str, str]:
    """Return the hidden fields of the form with this action."""
    form = html.partition(f'action="{action}"')[2].partition("</form>")[0]
    return dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', form))


def press(client: TestClient, code: str, step: str, *, on: str = "", **typed: str) -> str:
    """Press the button of a step on a page of the batch and return the page that follows."""
    address = f"/batches/{code}"
    keys = hidden(client.get(address + on).text, f"{address}/{step}")
    assert "_key" in keys, f"no button for {step}"
    answer = client.post(f"{address}/{step}", data=typed | keys)
    assert answer.status_code == 303, answer.text
    page = client.get(str(answer.headers["location"]))
    assert page.status_code == 200
    check_page(page.text)
    return page.text


def test_stamps_go_from_order_to_closing_through_the_pages(
    client: TestClient, engine: Engine, keys: Path, certificate: str
) -> None:
    officer = signed_in(client, f"canbo{HOME}")
    action = f"/certificates/{certificate}/batches"
    form = officer.get(f"{action}/new").text
    check_page(form)
    assert "Chưa khai sản lượng" in form
    typed = {"quantity": "120", "purpose": "Hàng Tết", "packs_a_year": "6000", "roll_size": "50"}
    ordered = officer.post(action, data=typed | {"markets": ["12", "01"]} | hidden(form, action))
    assert ordered.status_code == 303, ordered.text
    code = str(ordered.headers["location"]).rpartition("/")[2]
    page = officer.get(f"/batches/{code}").text
    check_page(page)
    assert "Chỉ thủ trưởng cơ quan OCOP cấp tỉnh" in page
    assert "Hà Nội, Lai Châu" in page
    assert "Còn đặt được 5.880 tem" in officer.get(f"{action}/new").text
    page = press(signed_in(client, "truongcoquan"), code, "approve", count="100")
    assert "Đã duyệt lô tem." in page
    agency = signed_in(client, "canbotinh")
    assert "đang ký cuộn 1/2" in " ".join(press(agency, code, "issue").split())
    with transaction(engine) as session:
        sign_all(session, keys, at=AT)
    assert "2 cuộn chưa in" in agency.get(f"/batches/{code}").text
    page = press(
        agency, code, "printings", on="/printings", form="sheets_25", printer="Nhà in Thử Nghiệm"
    )
    assert "Nhà in Thử Nghiệm" in page
    page = press(agency, code, "deliver", on="/deliveries", delivered_to="Bà Lò Thị Mẫu", rolls="1")
    note = re.search(r'href="(/batches/[^"]+\.pdf)"', page)
    assert note is not None
    paper = agency.get(note[1])
    assert paper.headers["content-type"] == "application/pdf"
    assert "Bà Lò Thị Mẫu" in PdfReader(BytesIO(paper.content)).pages[0].extract_text()
    producer = signed_in(client, f"canbo{HOME}")
    assert "Đã nhận tem" in press(producer, code, "activate", on="/deliveries")
    agency = signed_in(client, "canbotinh")
    press(agency, code, "deliver", on="/deliveries", delivered_to="Bà Lò Thị Mẫu")
    producer = signed_in(client, f"canbo{HOME}")
    with reading(engine) as session:
        batch = session.exec(select(StampBatch).where(StampBatch.code == code)).one()
        label = session.get(Stamp, rolls_in(session, batch)[1].label_index)
        assert label is not None
        typed_label = format_serial(serial_text(label)).lower()
    press(producer, code, "activate", on="/deliveries", labels=typed_label)
    page = press(signed_in(client, "canbotinh"), code, "close")
    assert "Lô tem đã kết thúc." in page
    assert "cán bộ xã làm hộ" in page


def test_starting_twice_takes_the_indexes_once(
    client: TestClient, engine: Engine, keys: Path
) -> None:
    code = batch_in(engine, keys, BatchState.APPROVED)
    agency = signed_in(client, "canbotinh")
    form = hidden(agency.get(f"/batches/{code}").text, f"/batches/{code}/issue")
    first, again = (agency.post(f"/batches/{code}/issue", data=form) for _ in range(2))
    assert first.status_code == again.status_code == 303
    late = agency.post(f"/batches/{code}/issue", data=form | {"_key": "mot-ma-khac-hoan-toan"})
    assert late.status_code == 409
    assert "Đang ký" in late.text
    with transaction(engine) as session:
        sign_all(session, keys, at=AT)
    with reading(engine) as session:
        assert session.exec(select(func.count()).select_from(Stamp)).one() == 102


def test_an_issue_is_watched_without_script_and_ended_when_it_stands(
    client: TestClient, engine: Engine, keys: Path
) -> None:
    code = batch_in(engine, keys, BatchState.ISSUING)
    agency = signed_in(client, "canbotinh")
    part = agency.get(f"/batches/{code}/progress", headers={"hx-request": "true"}).text
    assert 'hx-trigger="every 2s"' in part
    assert f'href="/batches/{code}"' in part
    assert "<html" not in part
    with transaction(engine) as session:
        session.exec(select(StampBatch)).one().halt_reason = "Khóa số 7 không có ở máy này."
    assert "Khóa số 7 không có" in agency.get(f"/batches/{code}").text
    page = press(agency, code, "stop", reason="Đặt nhầm lô")
    assert "Lô tem đã kết thúc." in page
    part = agency.get(f"/batches/{code}/progress", headers={"hx-request": "true"}).text
    assert "hx-trigger" not in part


@pytest.mark.parametrize("quantity", ["0", "-1", "1000001", "1.5", "nhiều", ""])
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


def test_more_than_the_balance_is_told_on_the_form_itself(
    client: TestClient, certificate: str
) -> None:
    officer = signed_in(client, f"canbo{HOME}")
    action = f"/certificates/{certificate}/batches"
    keys = hidden(officer.get(f"{action}/new").text, action)
    typed = {"quantity": "101", "packs_a_year": "100", "markets": "01", "roll_size": "50"}
    answer = officer.post(action, data=typed | keys)
    assert answer.status_code == 422
    check_page(answer.text)
    assert "Chỉ còn đặt được 100 tem" in answer.text
    assert 'value="01" checked' in answer.text


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


# --- files of printers ------------------------------------------------------------------------


def opened(client: TestClient, code: str, form: str, **rolls: str) -> str:
    """Give rolls to a printer through the page, and return the code of the printing."""
    page = press(
        client, code, "printings", on="/printings", form=form, printer="Nhà in Thử Nghiệm", **rolls
    )
    found = re.search(r"<b>(IN-[0-9A-Z]+)</b>", page)
    assert found is not None
    return found[1]


def stored(engine: Engine, code: str, roll: int = 0) -> list[Stamp]:
    """Return the stamps of one roll, its label not among them."""
    with reading(engine) as session:
        batch = session.exec(select(StampBatch).where(StampBatch.code == code)).one()
        rolls, stamps = rolls_in(session, batch), stamps_of(session, batch)
        session.expunge_all()
        return [one for one in stamps if one.roll_id == rolls[roll].id]


def test_label_sheets_decode_to_every_stamp_of_the_roll_with_its_label_first(
    client: TestClient, engine: Engine, keys: Path, settings: Settings
) -> None:
    create_pepper(settings.answer_key_dir)
    code = batch_in(engine, keys, BatchState.ISSUED, with_pin=True)
    agency = signed_in(client, "canbotinh")
    printing = opened(agency, code, "sheets_22")
    spoilt, *kept = stored(engine, code)
    press(
        agency,
        code,
        "withdraw",
        on="/withdrawals",
        kind="misprinted",
        serials=serial_text(spoilt),
        reason="Tem in hỏng",
    )
    sheets = agency.get(f"/batches/{code}/printings/{printing}/1.pdf")
    assert sheets.headers["content-type"] == "application/pdf"
    assert "no-store" in sheets.headers["cache-control"]
    words = " ".join(page.extract_text() for page in PdfReader(BytesIO(sheets.content)).pages)
    read: list[str] = []
    document: Any = pypdfium2.PdfDocument(sheets.content)  # type: ignore[no-untyped-call]  # -- untyped library
    for page in document:
        picture = page.render(scale=300 / 72).to_pil()
        read += [found.text for found in zxingcpp.read_barcodes(picture)]
    assert len(read) == len(set(read)) == 50
    assert all(one.startswith("https://tem.example/") for one in read)
    assert "Cuộn 1/2" in words
    pepper = load_pepper(settings.answer_key_dir)
    for stamp in kept:
        pin = pin_of(pepper, stamp.header)
        assert format_serial(serial_text(stamp)) in words
        assert f"{pin[:4]}-{pin[4:]}" in words
    assert format_serial(serial_text(spoilt)) not in words
    for missing in ("3.pdf", "0.pdf", "x.pdf"):
        answer = agency.get(f"/batches/{code}/printings/{printing}/{missing}")
        assert answer.status_code in {404, 422}
    rolls = agency.get(f"/batches/{code}/printings/{printing}/files.zip")
    with ZipFile(BytesIO(rolls.content)) as archive:
        assert archive.namelist() == [
            f"in-tem-{printing}/cuon-0001.pdf",
            f"in-tem-{printing}/cuon-0002.pdf",
        ]


def test_a_print_house_takes_table_and_symbols_in_one_archive(
    client: TestClient, engine: Engine, keys: Path
) -> None:
    code = batch_in(engine, keys, BatchState.ISSUED)
    agency = signed_in(client, "canbotinh")
    printing = opened(agency, code, "print_house", first_roll="2", last_roll="2")
    answer = agency.get(f"/batches/{code}/printings/{printing}/files.zip")
    assert answer.headers["content-type"] == "application/zip"
    with ZipFile(BytesIO(answer.content)) as archive:
        (table,) = (name for name in archive.namelist() if name.endswith("tem.csv"))
        with archive.open(table) as raw:
            rows = list(csv.DictReader(TextIOWrapper(raw, "utf-8-sig")))
        drawn = [name for name in archive.namelist() if name.endswith(".svg")]
    assert len(rows) == len(drawn) == 51
    assert [row["place"] for row in rows[:3]] == ["0", "51", "52"]
    assert {row["roll"] for row in rows} == {"2"}
    assert [row["serial"] for row in rows[1:]] == [
        format_serial(serial_text(stamp)) for stamp in stored(engine, code, 1)
    ]


def test_a_roll_is_not_printed_again_and_the_page_says_what_to_do(
    client: TestClient, engine: Engine, keys: Path
) -> None:
    code = batch_in(engine, keys, BatchState.ISSUED)
    agency = signed_in(client, "canbotinh")
    printing = opened(agency, code, "sheets_25", first_roll="1", last_roll="1")
    address = f"/batches/{code}"
    form = hidden(agency.get(f"{address}/printings").text, f"{address}/printings")
    typed = {"form": "sheets_25", "printer": "Nhà in khác", "first_roll": "1", "last_roll": "2"}
    again = agency.post(f"{address}/printings", data=typed | form)
    assert again.status_code == 409
    check_page(again.text)
    assert "tem không được in lại" in again.text
    assert "đặt tem mới" in again.text
    press(agency, code, f"printings/{printing}/close", on="/printings")
    closed = agency.get(f"{address}/printings/{printing}/1.pdf")
    assert closed.status_code == 409
    assert "tệp in không giao nữa" in closed.text


def test_files_are_given_for_three_days_and_to_the_agency_only(
    client: TestClient, engine: Engine, keys: Path
) -> None:
    code = batch_in(engine, keys, BatchState.ISSUED)
    with transaction(engine) as session:
        batch = session.exec(select(StampBatch).where(StampBatch.code == code)).one()
        agency = session.exec(select(User).where(User.username == "canbotinh")).one()
        actor = actor_of(session, agency, at=AT)
        printing = print_all(session, batch, actor=actor, at=now() - timedelta(hours=73)).code
    path = f"/batches/{code}/printings/{printing}/1.pdf"
    assert signed_in(client, "canbotinh").get(path).status_code == 409
    assert signed_in(client, f"canbo{HOME}").get(path).status_code == 403
    assert signed_in(client, f"canbo{ELSEWHERE}").get(path).status_code == 404


# --- out of use -------------------------------------------------------------------------------


def test_stamps_are_withdrawn_by_typed_serials_and_destroyed_with_minutes(
    client: TestClient, engine: Engine, keys: Path
) -> None:
    code = batch_in(engine, keys, BatchState.IN_USE)
    first, second, *_ = (serial_text(stamp) for stamp in stored(engine, code))
    agency = signed_in(client, "canbotinh")
    address = f"/batches/{code}"
    form = hidden(agency.get(f"{address}/withdrawals").text, f"{address}/withdraw")
    wrong = {"serials": "009D-D1X1-PB1X-9SDX", "reason": "Tem in hỏng", "kind": "spoilt"}
    answer = agency.post(f"{address}/withdraw", data=wrong | form)
    assert answer.status_code == 422
    assert "009D-D1X1-PB1X-9SDX" in answer.text
    words = agency.post(f"{address}/withdraw", data=wrong | {"rolls": "một", "serials": ""} | form)
    assert words.status_code == 422
    assert "không phải số cuộn" in words.text
    page = press(
        agency,
        code,
        "withdraw",
        on="/withdrawals",
        kind="spoilt",
        serials=f"{first}\n{second.lower()},",
        reason="Tem in hỏng",
    )
    assert "Chờ tiêu hủy" in page
    (withdrawal,) = set(re.findall(r"RT-[0-9A-Z]+", page))
    waiting = agency.get("/stamp-withdrawals").text
    check_page(waiting)
    form = hidden(waiting, "/stamp-destructions")
    minutes = {
        "place": "Kho của Chi cục",
        "method": "Cắt vụn, đốt",
        "witnesses": "Giàng A Mẫu, Sở Công Thương\nLò Thị Mẫu, HTX Bình Lư",
    }
    nothing = agency.post("/stamp-destructions", data=minutes | form)
    assert nothing.status_code == 422
    check_page(nothing.text)
    done = agency.post("/stamp-destructions", data=minutes | {"withdrawals": withdrawal} | form)
    assert done.status_code == 303, done.text
    page = agency.get("/stamp-withdrawals").text
    assert "Không có tem nào chờ tiêu hủy." in page
    found = re.search(r'href="(/stamp-destructions/[^"]+\.pdf)"', page)
    assert found is not None
    said = PdfReader(BytesIO(agency.get(found[1]).content)).pages[0].extract_text()
    assert withdrawal in said
    assert "Lò Thị Mẫu" in said
    officer = signed_in(client, f"canbo{HOME}")
    assert officer.get("/stamp-withdrawals").status_code == 403
    assert officer.get(found[1]).status_code == 403


def test_rolls_are_suspended_and_released_with_a_reason(
    client: TestClient, engine: Engine, keys: Path
) -> None:
    code = batch_in(engine, keys, BatchState.IN_USE)
    head = signed_in(client, "truongcoquan")
    page = press(head, code, "suspend", on="/rolls", rolls="1–2", reason="Quét ở nơi lạ")
    assert page.count("Quét ở nơi lạ") == 2
    address = f"/batches/{code}"
    form = hidden(head.get(f"{address}/rolls").text, f"{address}/suspend")
    again = head.post(f"{address}/suspend", data={"rolls": "1", "reason": "Lần nữa"} | form)
    assert again.status_code == 409
    check_page(again.text)
    page = press(head, code, "release", on="/rolls", rolls="2", reason="Đã xác minh")
    assert page.count("Quét ở nơi lạ") == 1


# --- who sees what ----------------------------------------------------------------------------


def test_a_stranger_sees_nothing_and_others_see_why_not(
    client: TestClient, engine: Engine, keys: Path
) -> None:
    code = batch_in(engine, keys, BatchState.ISSUED)
    stranger = signed_in(client, f"canbo{ELSEWHERE}")
    for part in ("", "/progress", "/rolls", "/printings", "/deliveries", "/withdrawals"):
        assert stranger.get(f"/batches/{code}{part}").status_code == 404
    assert code not in stranger.get("/batches").text
    owner = signed_in(client, f"canbo{HOME}")
    page = owner.get(f"/batches/{code}/printings").text
    assert 'aria-disabled="true"' in page
    assert "Điều 9.3.b" in page
    keys_ = {"_key": "mot-ma-dai-vua-du", "version": "4", "delivered_to": "Bà Mẫu"}
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
    assert "phiên bản 4" in answer.text


def test_before_issue_there_are_no_rolls_to_look_at(
    client: TestClient, engine: Engine, keys: Path
) -> None:
    code = batch_in(engine, keys, BatchState.APPROVED)
    agency = signed_in(client, "canbotinh")
    for part in ("rolls", "printings", "deliveries", "withdrawals"):
        assert agency.get(f"/batches/{code}/{part}").status_code == 404


def test_every_page_of_every_batch_is_sound_asks_little_and_is_said_in_english(
    client: TestClient, engine: Engine, keys: Path
) -> None:
    with transaction(engine) as session:
        people = People(session, AT)
        certificate = import_certificate(session, people)
        addresses = []
        for state in BatchState:
            batch = make_batch(
                session, people, keys, state=state, quantity=4, certificate=certificate
            )
            parts = ["", "/rolls", "/printings", "/deliveries", "/withdrawals"]
            addresses += [
                f"/batches/{batch.code}{part}"
                for part in parts[: 5 * bool(batch.issued_count) or 1]
            ]
            if state is BatchState.ISSUING:
                batch.state = BatchState.APPROVED  # so that the next is not signed along with it
                session.flush()
                waiting = batch
        waiting.state = BatchState.ISSUING
        for known in (people.agency, people.head, people.auditor, people.officer):
            known()
    for username in ("canbotinh", "truongcoquan", f"canbo{HOME}", "kiemtoan"):
        reader = signed_in(client, username)
        for address in addresses:
            with counted(engine) as said:
                page = reader.get(f"{address}?lang=en")
            assert page.status_code == 200, (username, address)
            assert len(said) <= MOST_STATEMENTS, (address, said)
            check_page(page.text)
            assert not vietnamese_left(page.text), (address, vietnamese_left(page.text))


def test_the_list_is_a_page_and_a_fragment(client: TestClient, engine: Engine, keys: Path) -> None:
    code = batch_in(engine, keys, BatchState.ORDERED)
    agency = signed_in(client, "canbotinh")
    assert code in agency.get("/batches").text
    part = agency.get("/batches", headers={"hx-request": "true"}).text
    assert "<html" not in part
    assert code in part
