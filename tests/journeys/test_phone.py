"""People take a product from registration to a scanned stamp, in a real browser on a small phone."""

from contextlib import closing
from datetime import timedelta
from io import BytesIO
from pathlib import Path

import pypdfium2
import pytest
import zxingcpp
from playwright.sync_api import expect
from sqlalchemy import Engine

from app.core.clock import VIET_NAM, now, today
from app.core.db import reading, transaction
from app.core.settings import Settings
from app.domain.audit.queries import verified_chain
from app.domain.stamps.actions import create_stamp_key
from app.rulebooks import loader
from app.rulebooks.model import Rubric
from tests.factories.dossiers import four_star_answers, pdf_bytes
from tests.factories.people import HOME, People
from tests.journeys.person import SCREENSHOTS, Person, commune_reports, ticks
from tests.journeys.program import sign_once
from tests.plugins.browser import OpenPage
from tests.plugins.server import give_htmx

PRODUCT = "Mật ong thử nghiệm"
SCORERS = ("hoidong1", "hoidong3", "hoidong4")
QUANTITY = 30


@pytest.fixture
def people_at_work(engine: Engine, settings: Settings) -> None:
    """Open the accounts of everybody the chain needs, and a key to sign stamps."""
    at = now()
    with transaction(engine) as session:
        people = People(session, at)
        for _ in (people.officer(), people.leader(), people.agency(), people.head()):
            pass
        people.signer()
        for number in range(1, 5):
            people.council_member(number)
        create_stamp_key(session, settings.private_key_dir, 1, at=at)


def _registers(officer: Person) -> str:
    officer.goes("/producers/new").fills(
        {
            "Tên chủ thể": "Hợp tác xã Thử Nghiệm",
            "Địa chỉ": "Bản Thử Nghiệm",
            "Họ tên": "Lò Thị Mẫu",
        }
    )
    officer.page.get_by_label("Xã, phường").select_option(HOME)
    officer.presses("Lưu").sees("Đã đăng ký chủ thể.")
    officer.goes(f"/producers/{officer.code}/products/new").fills({"Tên sản phẩm": PRODUCT})
    officer.page.get_by_label("Bộ sản phẩm").select_option("4")
    officer.presses("Lưu").sees("Đã đăng ký sản phẩm.")
    officer.follows("Mở hồ sơ đánh giá")
    for no in officer.page.get_by_label("Không", exact=True).all():
        no.check()
    officer.presses("Mở hồ sơ").sees("Tự đánh giá")
    return officer.code


def _assesses_itself(officer: Person, dossier: str, rubric: Rubric) -> None:
    answers = four_star_answers(rubric)
    officer.goes(f"/dossiers/{dossier}/evidence")
    officer.page.get_by_label("Tệp PDF hoặc ảnh").set_input_files(
        {"name": "kiem-nghiem.pdf", "mimeType": "application/pdf", "buffer": pdf_bytes()}
    )
    officer.fills({"Tên giấy tờ": "Phiếu kiểm nghiệm 2026"})
    officer.page.get_by_label("Gắn ngay vào tiêu chí").select_option("1.1")
    officer.presses("Thêm minh chứng").sees("Phiếu kiểm nghiệm 2026")
    sections = [section for part in rubric.parts for section in part.sections]
    for section in sections:
        officer.goes(f"/dossiers/{dossier}/sections/{section.code}")
        ticks(officer, rubric, section.code, answers)
        if section is sections[0]:
            officer.keeps_picture("self-assessment")
    officer.goes(f"/dossiers/{dossier}/parts").fills(
        {
            "II. Kết quả thực hiện": "Năm 2025 bán 1.200 lít.",
            "IV. Kế hoạch sản xuất": "Mở thêm 50 đõ ong.",
            "Số sản phẩm mẫu gửi kèm": "5",
        }
    )
    officer.presses("Lưu")
    officer.goes(f"/dossiers/{dossier}/file").presses("Nộp hồ sơ tại xã").sees("PĐK")


def _agency_prepares(agency: Person, dossier: str) -> str:
    agency.goes("/rounds/new").presses("Mở đợt")
    agency.page.locator('a[href^="/rounds/D"]').first.click()
    round_code = agency.code
    agency.goes(f"/dossiers/{dossier}/accept")
    agency.page.locator(f'input[name=round][value="{round_code}"]').check()
    agency.presses("Tiếp nhận vào đợt").sees("Tỉnh đã tiếp nhận")
    agency.goes("/councils/new").fills(
        {"Số quyết định": "812/QĐ-UBND", "Ngày quyết định": today().isoformat()}
    )
    for username, seat in {
        "hoidong1": "chair",
        "hoidong2": "secretary",
        "hoidong3": "member",
        "hoidong4": "member",
    }.items():
        agency.page.locator(f'select[name="seat.{username}"]').select_option(seat)
    agency.presses("Lập Hội đồng")
    starts = (now() + timedelta(minutes=1)).astimezone(VIET_NAM)
    agency.goes(f"/rounds/{round_code}/meetings/new").fills(
        {"Địa điểm": "Phòng họp số 2", "Bắt đầu (giờ Việt Nam)": f"{starts:%Y-%m-%dT%H:%M}"}
    )
    agency.page.locator(f'input[name=dossiers][value="{dossier}"]').check()
    agency.presses("Xếp phiên họp").sees(PRODUCT)
    return agency.code


def _council_meets(secretary: Person, members: list[Person], meeting: str, rubric: Rubric) -> None:
    secretary.goes(f"/meetings/{meeting}")
    for box in secretary.page.locator("input[name=present]").all():
        box.check()
    secretary.presses("Mở phiên họp").sees("Đang họp")
    answers = four_star_answers(rubric)
    sections = [section.code for part in rubric.parts for section in part.sections]
    for member in members:
        member.goes("/work").keeps_picture("work").follows(f"Chấm điểm: {PRODUCT}")
        sheet = member.code
        for position, section in enumerate(sections):
            member.goes(f"/score-sheets/{sheet}?section={section}")
            ticks(member, rubric, section, answers)
            if position == 1:
                member.keeps_picture("score-sheet")
        member.goes(f"/score-sheets/{sheet}?section=submit").presses("Nộp phiếu").sees("Đã nộp")
    chair = members[0]
    secretary.goes("/work").follows(f"Xác nhận bảng tổng hợp: {PRODUCT}")
    secretary.presses("Xác nhận bảng tổng hợp")
    chair.goes("/work").follows(f"Chốt kết quả: {PRODUCT}")
    chair.presses("Chốt kết quả")
    secretary.goes(f"/meetings/{meeting}").fills({"Số biên bản": "02/BB-HĐ"})
    secretary.presses("Kết thúc phiên họp").sees("Biên bản (PDF)")


def _province_recognises(agency: Person, signer: Person, dossier: str) -> str:
    agency.goes(f"/dossiers/{dossier}/result").keeps_picture("result")
    expect(agency.page.get_by_role("img", name="4 sao").first).to_be_visible()
    agency.goes("/decisions/new").fills({"Số, ký hiệu": "1268/QĐ-UBND"})
    agency.page.locator(f'input[name=dossiers][value="{dossier}"]').check()
    agency.presses("Lưu dự thảo")
    signer.goes(f"/decisions/{agency.code}").presses("Ký và cấp giấy chứng nhận")
    signer.sees("Đã ký").keeps_picture("decision")
    certificate = signer.page.locator('a[href^="/certificates/CN-"]').first
    return str(certificate.inner_text())


def _stamps_come(
    officer: Person, head: Person, agency: Person, certificate: str, settings: Settings
) -> bytes:
    officer.goes(f"/certificates/{certificate}/batches/new").fills(
        {"Số tem": str(QUANTITY), "Sản lượng một năm": "2000"}
    )
    officer.presses("Gửi đơn đặt tem")
    batch = officer.code
    head.goes(f"/batches/{batch}").sees("Hôm nay, không kể đơn này").presses("Duyệt")
    agency.goes(f"/batches/{batch}").presses(f"Bắt đầu ký {QUANTITY} tem").sees("Đang ký tem")
    sign_once(settings)
    # The page asks by itself how far the signing process is.
    agency.sees("Mở lại lô tem để làm bước tiếp theo").keeps_picture("batch")
    agency.follows("Mở lại lô tem để làm bước tiếp theo")
    agency.follows("Giao tệp cho nơi in").fills({"Ai in, ở đâu": "Nhà in Thử Nghiệm"})
    agency.presses("Giao tệp in").sees("Tờ nhãn từng cuộn (PDF)")
    printed = agency.page.request.get(
        str(agency.page.locator('a[href$="/1.pdf"]').first.get_attribute("href"))
    )
    assert printed.ok
    agency.goes(f"/batches/{batch}/deliveries").fills({"Giao cho": "Lò Thị Mẫu"})
    agency.presses("Ghi nhận đã giao").sees("Biên bản giao nhận (PDF)")
    officer.goes("/work").follows("Xác nhận đã nhận tem")
    officer.goes(f"/batches/{batch}/deliveries").presses("Xác nhận đã nhận tem")
    officer.goes(f"/batches/{batch}").sees("đang có hiệu lực").keeps_picture("batch-in-use")
    return bytes(printed.body())


def _decoded(pdf: bytes) -> list[str]:
    """Return what an independent reader finds on sheets printed at 300 dots an inch."""
    texts = []
    with closing(pypdfium2.PdfDocument(BytesIO(pdf))) as document:  # type: ignore[no-untyped-call]  # -- no types
        for sheet in document:
            image = sheet.render(scale=300 / 72).to_pil().convert("L")
            texts += [found.text for found in zxingcpp.read_barcodes(image)]
    return texts


@pytest.mark.usefixtures("people_at_work")
def test_people_take_a_product_from_registration_to_a_scanned_stamp(
    server: str, new_page: OpenPage, engine: Engine, settings: Settings
) -> None:
    def person(username: str) -> Person:
        return Person(give_htmx(new_page(base_url=server)), username)

    officer, leader, agency = person(f"canbo{HOME}"), person(f"lanhdao{HOME}"), person("canbotinh")
    dossier = _registers(officer)
    rubric = loader.rubric("qd26-2026-04")
    _assesses_itself(officer, dossier, rubric)
    commune_reports(officer, leader, dossier)
    meeting = _agency_prepares(agency, dossier)
    _council_meets(person("hoidong2"), [person(name) for name in SCORERS], meeting, rubric)
    certificate = _province_recognises(agency, person("lanhdaotinh"), dossier)
    printed = _stamps_come(officer, person("truongcoquan"), agency, certificate, settings)

    urls = _decoded(printed)
    assert len(set(urls)) == QUANTITY + 1  # the label of the roll comes first
    buyer = new_page(base_url=server)
    buyer.goto(urls[-1].removeprefix(f"https://{settings.stamp_host}"))
    expect(buyer.get_by_role("heading", level=1)).to_contain_text("Tem còn hiệu lực")
    expect(buyer.get_by_text(PRODUCT).first).to_be_visible()
    if SCREENSHOTS:
        buyer.screenshot(path=Path(SCREENSHOTS) / "verdict.png")
    with reading(engine) as session:
        assert verified_chain(session).is_whole
