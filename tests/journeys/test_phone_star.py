"""A star that outlives its term, on phones: extended by the province, found and doubted by a buyer."""

from pathlib import Path

import pytest
from playwright.sync_api import expect
from sqlalchemy import Engine

from tests.factories.dossiers import pdf_bytes
from tests.journeys.certified import CertifiedProduct, recognised_product
from tests.journeys.person import SCREENSHOTS, Person
from tests.plugins.browser import OpenPage
from tests.plugins.server import give_htmx


@pytest.fixture
def lapsed(engine: Engine) -> CertifiedProduct:
    """Return a product whose certificate ended twenty days ago, with everybody's account."""
    product = recognised_product(engine)
    product.ends_in(engine, -20)
    return product


@pytest.fixture
def scan(tmp_path: Path) -> Path:
    """Return what a signed decision looks like once it was scanned."""
    place = tmp_path / "quyet-dinh-1500.pdf"
    place.write_bytes(pdf_bytes("Quyết định kéo dài hiệu lực"))
    return place


def test_a_star_is_extended_published_found_by_a_buyer_and_reported(
    server: str, new_page: OpenPage, lapsed: CertifiedProduct, scan: Path
) -> None:
    def person(username: str) -> Person:
        return Person(give_htmx(new_page(base_url=server)), username)

    agency, signer = person("canbotinh"), person("lanhdaotinh")
    agency.goes("/certificate-decisions/new?kind=extension")
    agency.page.locator(f'input[name=certificates][value="{lapsed.certificate}"]').check()
    agency.fills({"Lý do riêng": "Đường lở, xã gửi hồ sơ chậm.", "Số, ký hiệu": "1500/QĐ-UBND"})
    agency.keeps_picture("extension-form").presses("Lưu dự thảo").sees("1500/QĐ-UBND")
    decision = agency.code
    signer.goes("/work").follows("1500/QĐ-UBND").fills(
        {
            "Họ tên người ký": "Nguyễn Văn Mẫu",
            "Chức vụ": "Phó Chủ tịch",
        }
    )
    signer.presses("Ký quyết định").sees("Đã ký")
    agency.goes(f"/decisions/{decision}")
    agency.page.locator("input[type=file]").set_input_files(scan)
    agency.presses("Lưu bản chụp").presses("Công bố quyết định").sees("Đã công bố")

    # A buyer types without accents and finds it, with its state and the paper behind it.
    buyer = give_htmx(new_page(base_url=server))
    buyer.goto("/register")
    found = buyer.locator(f'#rows a[href*="{lapsed.certificate}"]')
    buyer.locator("#q").fill("khong co")
    expect(found).to_be_hidden()
    buyer.locator("#q").fill("mat ong thu")
    expect(found).to_be_visible()
    expect(buyer.locator("#rows").get_by_text("Được kéo dài hiệu lực")).to_be_visible()
    if SCREENSHOTS:
        buyer.screenshot(path=Path(SCREENSHOTS) / "register-found.png")
    asked: list[str] = []
    buyer.on("request", lambda request: asked.append(request.url))
    with buyer.expect_navigation():
        found.click()
    assert "?" not in asked[0], (
        "leaving the field asks anew and takes the link from under the finger"
    )
    expect(buyer.get_by_role("heading", level=1)).to_contain_text("Được kéo dài hiệu lực")
    with buyer.expect_navigation():
        buyer.get_by_role("link", name="1500/QĐ-UBND").first.click()
    assert buyer.request.get(f"/register/decisions/{decision}/scan").body() == scan.read_bytes()

    # What looks wrong is told without an account; whoever checks it finds it as work.
    buyer.goto(f"/report?certificate={lapsed.certificate}")
    buyer.get_by_label("Ghi hạng sao cao hơn hạng được công nhận").check()
    buyer.get_by_label("Món hàng bạn thấy").fill("Mật ong, hộp in 5 sao")
    buyer.get_by_label("Thấy ở đâu").fill("Chợ Mẫu")
    with buyer.expect_navigation():
        buyer.get_by_role("button", name="Gửi phản ánh").click()
    expect(buyer.get_by_text("BC-").first).to_be_visible()
    agency.goes("/work").sees("Phản ánh mới")
