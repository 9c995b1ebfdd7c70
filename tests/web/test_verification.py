"""What a buyer's phone opens: one small page, whole in itself, that never says «genuine»."""

import json
import re
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from fastapi import Request
from fastapi.testclient import TestClient
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine

from app.core.db import transaction
from app.core.settings import Settings
from app.domain.stamps.enums import BatchState, Verdict
from app.domain.stamps.rules import DIGITS, Serial
from app.domain.verification.schemas import (
    Answer,
    CertificateTold,
    NewerTold,
    ProducerTold,
    ProductTold,
)
from app.main import create_app
from app.web.verification import HEADINGS, TONES, verdict_page
from tests.conftest import AT
from tests.factories.people import People
from tests.factories.recognition import import_certificate
from tests.factories.register import make_producer, make_product
from tests.factories.scanning import withdraw
from tests.factories.stamps import digits_of, make_batch, serial_text, stamps_of

MOST_BYTES = 2_560
MOST_BYTES_OF_PAGE = 2_048


class Shop:
    """A product with five stamps in use, and one of them withdrawn."""

    def __init__(self, engine: Engine, keys: Path) -> None:
        with transaction(engine) as session:
            people = People(session, AT)
            producer = make_producer(session, people, name='HTX <b>Bình Lư</b> & "Bạn"')
            product = make_product(session, people, producer, name="Miến dong </script>Bình Lư")
            certificate = import_certificate(session, people, product)
            self.certificate = certificate.code
            batch = make_batch(
                session, people, keys, state=BatchState.IN_USE, certificate=certificate
            )
            stamps = stamps_of(session, batch)
            withdraw(
                session,
                people,
                batch,
                serials=[serial_text(stamps[1])],
                reason="Tem <i>in hỏng</i>",
            )
            self.digits = [digits_of(stamp) for stamp in stamps]
            self.serials = [serial_text(stamp) for stamp in stamps]


@pytest.fixture
def shop(engine: Engine, settings: Settings) -> Shop:
    return Shop(engine, settings.private_key_dir)


def test_a_scan_is_answered_in_the_right_order(client: TestClient, shop: Shop) -> None:
    page = client.get(f"/{shop.digits[0]}")
    assert page.status_code == 200
    told = [
        "<h1>Tem còn hiệu lực</h1>",
        "<h2>Miến dong",
        'aria-label="4 sao"',
        "HTX &lt;b&gt;Bình Lư&lt;/b&gt; &amp;",
        "<dd>01/08/2028",
        "Theo dữ liệu lúc",
    ]
    places = [page.text.index(words) for words in told]
    assert places == sorted(places)
    assert "Hãy so tên sản phẩm, bao gói và nhà sản xuất" in page.text
    assert "hàng thật" not in page.text.lower()
    assert re.search(r"Theo dữ liệu lúc <b>\d\d:\d\d \d\d/\d\d/\d{4}</b>", page.text)
    assert f"/register/{shop.certificate}" in page.text


def test_the_page_is_one_small_answer_without_script_cookie_or_file(
    client: TestClient, shop: Shop
) -> None:
    for path in (shop.digits[0], shop.digits[1], shop.serials[0], "0" * DIGITS):
        page = client.get(f"/{path}", headers={"accept-encoding": "br"})
        size = int(page.headers["content-length"])
        around = sum(len(k) + len(v) + 4 for k, v in page.headers.multi_items())
        assert page.headers["content-encoding"] == "br"
        assert size <= MOST_BYTES_OF_PAGE
        assert size + around + 100 <= MOST_BYTES, (size, around)
        assert "set-cookie" not in page.headers
        assert page.headers["cache-control"].startswith("private, max-age=")
        assert page.headers["referrer-policy"] == "no-referrer"
        policy = page.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert "style-src 'sha256-" in policy


def test_other_files_and_running_scripts_are_not_in_the_page(
    client: TestClient, shop: Shop
) -> None:
    page = client.get(f"/{shop.digits[0]}").text
    assert re.findall(r"<script[^>]*>", page) == ['<script type="application/ld+json">']
    assert not re.search(r"<(link|img|iframe|form)\b|\son\w+=|style=|url\(", page)


def test_names_stay_text_in_the_page_and_in_what_programs_read(
    client: TestClient, shop: Shop
) -> None:
    page = client.get(f"/{shop.digits[0]}").text
    assert page.count("</script>") == 1
    linked = json.loads(page.partition('ld+json">')[2].partition("</script>")[0])
    assert linked["@type"] == "Product"
    assert linked["name"] == "Miến dong </script>Bình Lư"
    assert linked["hasCertification"]["certificationIdentification"] == shop.certificate
    assert linked["hasCertification"]["expires"] == "2028-08-01"


def test_a_withdrawn_stamp_says_why_and_claims_no_star_for_programs(
    client: TestClient, shop: Shop
) -> None:
    page = client.get(f"/{shop.serials[1]}").text
    assert "<h1>Tem đã hủy</h1>" in page
    assert "Tem &lt;i&gt;in hỏng&lt;/i&gt;" in page
    assert "hasCertification" not in page
    assert "Đừng mua" in page


def test_digits_and_serial_open_the_same_answer(client: TestClient, shop: Shop) -> None:
    serial = shop.serials[0]
    hyphens = "-".join(serial[i : i + 4] for i in range(0, 16, 4))
    look_alike = serial.replace("0", "O").replace("1", "l")
    for path in (shop.digits[0], serial, serial.lower(), hyphens, hyphens.lower(), look_alike):
        page = client.get(f"/{path}")
        assert page.status_code == 200
        assert "<h1>Tem còn hiệu lực</h1>" in page.text
        assert hyphens in page.text


def test_head_is_answered_like_get(client: TestClient, shop: Shop) -> None:
    for path in (shop.digits[0], shop.serials[0], "verify", ".well-known/jwks.json"):
        answer = client.head(f"/{path}")
        assert answer.status_code == 200, path


def test_the_page_speaks_english_when_asked_and_offers_the_other_language(
    client: TestClient, shop: Shop
) -> None:
    vietnamese = client.get(f"/{shop.serials[0]}")
    assert '<html lang="vi">' in vietnamese.text
    assert f'<a href="/{shop.serials[0]}?lang=en" lang="en">English</a>' in vietnamese.text
    english = client.get(f"/{shop.serials[0]}?lang=en")
    assert '<html lang="en">' in english.text
    assert "Tiếng Việt</a>" in english.text
    assert client.get(f"/{shop.serials[0]}?lang=xx").text.startswith(
        vietnamese.text.partition("<title>")[0]
    )
    remembered = client.get(f"/{shop.serials[0]}", headers={"cookie": "ocop_lang=en"})
    assert '<html lang="vi">' in remembered.text


def test_a_typing_mistake_is_asked_for_again(client: TestClient, shop: Shop) -> None:
    serial = shop.serials[0]
    wrong = serial[:3] + ("7" if serial[3] != "7" else "8") + serial[4:]
    page = client.get(f"/{wrong}")
    assert page.status_code == 404
    assert "Số sê-ri chưa đúng" in page.text
    assert f'value="{wrong}"' in page.text
    assert 'action="/verify"' in page.text


@pytest.mark.parametrize("path", ["1" * 192, "1" * 194, "0123456789ABCDEU"])
def test_other_addresses_are_simply_not_there(client: TestClient, path: str) -> None:
    assert client.get(f"/{path}").status_code == 404


@settings(max_examples=25)
@given(bit=st.integers(0, 639))
def test_a_flipped_bit_is_a_tampered_page_never_a_fault(
    client: TestClient, shop: Shop, bit: int
) -> None:
    digits = str(int(shop.digits[0]) ^ (1 << bit)).zfill(DIGITS)
    page = client.get(f"/{digits}")
    assert page.status_code == 200
    assert "<h1>Mã không hợp lệ</h1>" in page.text


def test_the_form_leads_to_the_answer(client: TestClient, shop: Shop) -> None:
    assert 'name="code"' in client.get("/verify").text
    serial = shop.serials[0]
    spaced = " ".join(serial[i : i + 4] for i in range(0, 16, 4)).lower()
    answer = client.get("/verify", params={"code": spaced})
    assert answer.status_code == 303
    assert answer.headers["location"] == f"/{serial}"
    scanned = client.get("/verify", params={"code": shop.digits[0]})
    assert scanned.headers["location"] == f"/{shop.digits[0]}"


@pytest.mark.parametrize("code", ["abc", "009D-D1X1-PB1X-9SDX", "x" * 5000, "1" * 192, "\x00"])
def test_the_form_keeps_what_cannot_be_right_and_says_so(client: TestClient, code: str) -> None:
    page = client.get("/verify", params={"code": code})
    assert page.status_code == 422
    assert "Số sê-ri chưa đúng" in page.text
    assert code[:100].replace("\x00", "�") in page.text or code == "\x00"


def test_an_unknown_serial_tells_how_to_report(client: TestClient, shop: Shop) -> None:
    assert shop.serials
    page = client.get(f"/{Serial(99_999, b'abcde').text}").text
    assert "<h1>Không có trong sổ tem</h1>" in page
    assert "quản lý thị trường" in page


def told(said: Verdict) -> Answer:
    """Return an answer as full as this verdict ever is."""
    bare = said in {Verdict.UNKNOWN, Verdict.TAMPERED}
    return Answer(
        verdict=said,
        valid=said is Verdict.VALID,
        message="",
        basis="26/2026/QĐ-TTg, Điều 8",
        known_at=datetime(2026, 9, 14, 2, 0, tzinfo=UTC),
        serial="009D-D1X1-PB1X-9SDW",
        product=None
        if bare
        else ProductTold(
            name="Trà Shan tuyết cổ thụ Sin Suối Hồ loại đặc biệt",
            packaging="Hộp giấy 100 g",
            product_code="12-03478-07-2026",
        ),
        producer=None
        if bare
        else ProducerTold(
            name="Hợp tác xã Nông nghiệp và Dịch vụ Mẫu Đơn",
            address="Bản Sin Suối Hồ",
            commune="Xã Sin Suối Hồ",
        ),
        certificate=None
        if bare
        else CertificateTold(
            code="CN-4M7P2Q8",
            star=4,
            issued_on=date(2026, 9, 14),
            expires_on=date(2029, 9, 14),
            decision_number="1268/QĐ-UBND",
            authority="Ủy ban nhân dân tỉnh Lai Châu",
        ),
        newer=NewerTold(
            code="CN-9T2W6X4",
            producer_name="Hợp tác xã Bình Lư",
            star=5,
            issued_on=date(2026, 9, 1),
            expires_on=date(2029, 9, 1),
        )
        if said in {Verdict.SUPERSEDED, Verdict.HOLDER_CHANGED}
        else None,
        since=date(2026, 9, 1),
        reason="Cung cấp thông tin không trung thực trong hồ sơ."
        if said is Verdict.REVOKED
        else "",
        demonstration=True,
    )


@pytest.mark.parametrize("said", list(Verdict))
@pytest.mark.parametrize("language", ["vi", "en"])
def test_each_verdict_has_its_page(tmp_path: Path, said: Verdict, language: str) -> None:
    app = create_app(Settings(data_dir=tmp_path, demonstration=True))
    scope = {
        "type": "http",
        "app": app,
        "method": "GET",
        "path": "/009DD1X1PB1X9SDW",
        "query_string": b"",
        "headers": [],
    }
    page = verdict_page(Request(scope), told(said), language)
    html = bytes(page.body).decode()
    assert html.count("<h1>") == 1
    assert "{" not in re.sub(r"<style>.*?</style>|<script.*?</script>", "", html, flags=re.DOTALL)
    assert f'class="v {TONES[said][0]}"' in html
    assert TONES[said][1] in html
    assert "hàng thật" not in html.lower()
    assert 'class="d"' in html
    if language == "vi":
        assert HEADINGS[said] in html
    app.state.engine.dispose()
