"""People upgrade, renew and begin products in a real browser on a small phone."""

from datetime import timedelta

import pytest
from playwright.sync_api import expect
from sqlalchemy import Engine

from app.core.clock import now, today
from app.core.db import transaction
from app.rulebooks import loader
from tests.factories.dossiers import complete_answers, pdf_bytes
from tests.factories.people import HOME, People
from tests.factories.register import make_producer
from tests.journeys.certified import CertifiedProduct, recognised_product
from tests.journeys.person import Person, commune_reports, tick
from tests.plugins.browser import OpenPage
from tests.plugins.server import give_htmx

RUBRIC = "qd26-2026-04"


class Phones:
    """Gives each person a phone of their own."""

    def __init__(self, server: str, new_page: OpenPage) -> None:
        self._server, self._new_page = server, new_page

    def of(self, username: str) -> Person:
        """Sign somebody in on a phone of their own."""
        return Person(give_htmx(self._new_page(base_url=self._server)), username)


@pytest.fixture
def phones(server: str, new_page: OpenPage) -> Phones:
    """Return phones that reach this test's server."""
    return Phones(server, new_page)


@pytest.fixture
def certified(engine: Engine) -> CertifiedProduct:
    """Return a product of three stars, recognised through this system."""
    return recognised_product(engine)


def _answers_the_gates(owner: Person) -> str:
    """Say «có» once and be refused; say «không» everywhere and have a dossier."""
    fieldsets = owner.page.locator("fieldset.q1")
    fieldsets.first.get_by_label("Có", exact=True).check()
    for position in range(1, fieldsets.count()):
        fieldsets.nth(position).get_by_label("Không", exact=True).check()
    owner.presses("Mở hồ sơ").sees("Chưa mở được hồ sơ")
    owner.page.locator("fieldset.q1").first.get_by_label("Không", exact=True).check()
    owner.presses("Mở hồ sơ").sees("Đã mở hồ sơ.")
    return owner.code


def _through_the_commune(phones: Phones, dossier: str) -> None:
    officer = phones.of(f"canbo{HOME}")
    officer.goes(f"/dossiers/{dossier}/receive").presses("Tiếp nhận").sees("Đã tiếp nhận")
    commune_reports(officer, phones.of(f"lanhdao{HOME}"), dossier)


def _accepted_into_a_round(agency: Person, dossier: str) -> None:
    agency.goes(f"/dossiers/{dossier}/accept").page.locator("input[name=round]").first.check()
    agency.presses("Tiếp nhận vào đợt").sees("Tỉnh đã tiếp nhận")


def test_a_product_is_upgraded_and_shows_what_changed(
    phones: Phones, certified: CertifiedProduct
) -> None:
    owner = phones.of(certified.owner)
    owner.goes(f"/certificates/{certified.certificate}").sees("Chưa đến kỳ")
    owner.follows("Nâng hạng").sees("Ngày nộp an toàn cuối cùng")
    dossier = _answers_the_gates(owner)
    owner.sees("giữ nguyên").goes(f"/dossiers/{dossier}/changes")
    owner.sees("Chưa có gì khác hồ sơ đã được công nhận.")

    rubric = loader.rubric(RUBRIC)
    section = rubric.parts[0].sections[0]
    owner.goes(f"/dossiers/{dossier}/sections/{section.code}")
    changed = section.criteria[0].code
    tick(owner, changed, complete_answers(rubric, best=False)[changed])
    owner.goes(f"/dossiers/{dossier}/changes").sees("Tiêu chí đã thay đổi (1)")
    expect(owner.page.locator("dl").first).to_contain_text(changed)
    expect(owner.page.locator("dl").first).to_contain_text("Trước")

    owner.goes(f"/dossiers/{dossier}/parts").fills(
        {"II. Kết quả thực hiện": "Bán thêm 300 lít.", "Số sản phẩm mẫu gửi kèm": "5"}
    )
    owner.presses("Lưu")
    owner.goes(f"/dossiers/{dossier}/file").sees("Điều 6.1.b")
    owner.goes(f"/dossiers/{dossier}/changes").fills(
        {"Nội dung những thay đổi": "Bao bì thủy tinh mới."}
    )
    owner.presses("Lưu").sees("Đã lưu phần những thay đổi.")
    owner.goes(f"/dossiers/{dossier}/file").presses("Nộp hồ sơ tại xã").sees("PĐK")

    _through_the_commune(phones, dossier)
    _accepted_into_a_round(phones.of("canbotinh"), dossier)


def test_a_product_is_renewed_in_its_window_with_what_is_new(
    phones: Phones, certified: CertifiedProduct, engine: Engine
) -> None:
    owner = phones.of(certified.owner)
    certificate = f"/certificates/{certified.certificate}"
    for days, refusal in ((200, "Chưa đến kỳ"), (100, "Đã quá kỳ")):
        certified.ends_in(engine, days)
        owner.goes(f"{certificate}/renewal").sees(refusal)
        owner.sees(f"{today() + timedelta(days=days - 120):%d/%m/%Y}")

    certified.ends_in(engine, 150)
    owner.goes("/work").follows("Nộp hồ sơ đánh giá lại").sees("ngày còn lại: 30")
    owner.follows("Đánh giá lại").sees("không chờ đợt")
    dossier = _answers_the_gates(owner)
    owner.sees("1 minh chứng cần thay").goes(f"/dossiers/{dossier}/changes")
    owner.sees("Minh chứng cần thay").sees("Phiếu kiểm nghiệm")

    owner.goes(f"/dossiers/{dossier}/evidence")
    owner.page.get_by_label("Tệp PDF hoặc ảnh").set_input_files(
        {"name": "moi.pdf", "mimeType": "application/pdf", "buffer": pdf_bytes("Phiếu mới")}
    )
    owner.fills({"Tên giấy tờ": "Phiếu kiểm nghiệm định kỳ"})
    owner.page.get_by_label("Gắn ngay vào tiêu chí").select_option("1.1")
    owner.presses("Thêm minh chứng").sees("Phiếu kiểm nghiệm định kỳ")
    owner.goes(f"/dossiers/{dossier}/changes").fills(
        {
            "Các phiếu kiểm nghiệm định kỳ": "Kiểm nghiệm tháng 3 hằng năm, đều đạt.",
            "Số phiếu kiểm nghiệm": "3",
            "Thị trường tiêu thụ": "Hai cửa hàng ở Hà Nội.",
            "Sản lượng từ khi": "3600",
            "Đơn vị tính": "lít",
            "Doanh thu từ khi": "1440000000",
        }
    )
    owner.presses("Lưu")
    owner.goes(f"/dossiers/{dossier}/parts").fills(
        {"II. Kết quả thực hiện": "Bán ổn định.", "Số sản phẩm mẫu gửi kèm": "5"}
    )
    owner.presses("Lưu")
    owner.goes(f"/dossiers/{dossier}/file").presses("Nộp hồ sơ tại xã").sees("PĐK")

    _through_the_commune(phones, dossier)
    agency = phones.of("canbotinh").goes(f"/dossiers/{dossier}/changes").sees("1.440.000.000")
    agency.goes(f"/dossiers/{dossier}/accept").sees("không theo đợt")
    agency.sees(f"{today() + timedelta(days=45):%d/%m/%Y}")
    agency.presses("Tiếp nhận hồ sơ").sees("Tỉnh đã tiếp nhận")


def test_an_idea_becomes_a_product_with_a_dossier(phones: Phones, engine: Engine) -> None:
    with transaction(engine) as session:
        people = People(session, now())
        producer = make_producer(session, people)
        people.officer()
        people.producer(producer.id or 0)
        account = f"chuthe{producer.id}"
    owner, officer = phones.of(account), phones.of(f"canbo{HOME}")
    owner.goes("/ideas/new").fills(
        {
            "Tên người hoặc nhóm đề xuất": "Nhóm phụ nữ bản Thử",
            "Tên sản phẩm muốn làm": "Mật ong gác bếp thử",
            "Ý tưởng: làm gì": "Mật ong rừng ngâm gừng, đóng chai nhỏ.",
            "Nguyên liệu lấy ở đâu": "Mật trong rừng của bản.",
            "Điều gì là riêng": "Cách ngâm của người trong bản.",
        }
    )
    owner.presses("Gửi tới xã").sees("Đã đăng ký ý tưởng.")
    idea = owner.code
    officer.goes("/work").follows("Xem xét ý tưởng: Mật ong gác bếp thử")
    officer.page.get_by_label("Yêu cầu hoàn thiện").check()
    officer.fills({"Lý do": "Nói rõ lấy được bao nhiêu mật."}).presses("Ghi ý kiến")
    owner.goes("/work").follows("Hoàn thiện ý tưởng: Mật ong gác bếp thử")
    owner.sees("Nói rõ lấy được bao nhiêu mật.")
    owner.fills({"Nguyên liệu lấy ở đâu": "Mật trong rừng của bản, 200 lít một năm."})
    owner.presses("Gửi tới xã").sees("Chờ xã xem xét")
    officer.goes(f"/ideas/{idea}/review").page.get_by_label("Chấp nhận", exact=True).check()
    officer.presses("Ghi ý kiến").sees("Được chấp nhận")

    owner.goes(f"/ideas/{idea}").follows("Chuyển thành sản phẩm")
    owner.page.get_by_label("Bộ sản phẩm").select_option("4")
    owner.presses("Tạo sản phẩm").sees("Mật ong gác bếp thử")
    owner.follows("Mở hồ sơ đánh giá")
    for no in owner.page.get_by_label("Không", exact=True).all():
        no.check()
    owner.presses("Mở hồ sơ").sees("Tự đánh giá")
    owner.goes(f"/ideas/{idea}").sees("Ý tưởng đã thành sản phẩm")
