"""The certificate as a file: its code read back by a camera's eye, what is inside, what is across it."""

from contextlib import closing
from datetime import date, timedelta
from io import BytesIO
from pathlib import Path

import pypdfium2
import pytest
import zxingcpp
from pypdf import PdfReader

from app.core.clock import local_day
from app.core.db import WriteSession
from app.core.settings import Settings
from app.domain.credentials.papers import certificate_paper
from app.domain.recognition.models import Certificate
from app.domain.stamps.enums import Verdict
from app.domain.verification.queries import verdict
from tests.factories.credentials import (
    ISSUER,
    credentials_of,
    extend,
    seal_all,
    signed_certificate,
)
from tests.factories.people import People
from tests.factories.recognition import import_certificate
from tests.factories.stamps import ensure_key
from tests.print.reading import pdf_words

HOST = "tem.example"
LONG_NAME = (
    "Trà Shan tuyết cổ thụ hái tay một tôm hai lá sao chảo gang truyền thống của đồng bào Mông "
    "vùng núi cao Sin Suối Hồ"
)


@pytest.fixture
def keys(session: WriteSession, people: People, settings: Settings) -> Path:
    ensure_key(session, settings.private_key_dir, at=people.at)
    return settings.private_key_dir


def printed(session: WriteSession, people: People, certificate: Certificate) -> bytes:
    session.flush()
    return certificate_paper(
        session,
        certificate.code,
        actor=people.agency(),
        at=people.at,
        issuer=ISSUER,
        stamp_host=HOST,
    )


def codes_on(pdf: bytes) -> list[str]:
    """Return what a reader finds on the sheet at 150 dots an inch, as a plain scanner sees it."""
    with closing(pypdfium2.PdfDocument(BytesIO(pdf))) as document:  # type: ignore[no-untyped-call]  # -- no types
        image = document[0].render(scale=150 / 72).to_pil()
        return [found.text for found in zxingcpp.read_barcodes(image)]


def test_the_code_on_the_sheet_is_the_signed_token_and_the_credential_is_inside(
    session: WriteSession, people: People, keys: Path
) -> None:
    certificate = signed_certificate(session, people, keys)
    [credential] = credentials_of(session, certificate)
    pdf = printed(session, people, certificate)
    [code] = codes_on(pdf)
    address, _, digits = code.rpartition("/")
    assert address == f"https://{HOST}"
    assert verdict(session, digits, at=people.at).verdict is Verdict.VALID
    reader = PdfReader(BytesIO(pdf))
    assert reader.attachments == {f"{certificate.code}.jwt": [credential.jws.encode()]}
    assert reader.metadata is not None
    assert reader.metadata.title == "Giấy chứng nhận sản phẩm OCOP: Mật ong thử nghiệm"
    words = pdf_words(pdf)
    assert "GIẤY CHỨNG NHẬN" in words
    assert "CHỦ TỊCH ỦY BAN NHÂN DÂN TỈNH LAI CHÂU" in words
    assert "từ 14/09/2026 đến hết 14/09/2029" in words
    assert "BẢN TRÍCH" not in words


def test_what_others_issued_is_an_extract_that_names_them_and_its_source(
    session: WriteSession, people: People, keys: Path
) -> None:
    certificate = import_certificate(session, people)
    certificate.authority = "Ủy ban nhân dân huyện Tam Đường"
    pdf = printed(session, people, certificate)
    assert codes_on(pdf) == [f"https://ocop.example/register/{certificate.code}"]
    assert PdfReader(BytesIO(pdf)).attachments == {}
    words = pdf_words(pdf)
    assert "BẢN TRÍCH SỔ ĐĂNG KÝ" in words
    assert "Ủy ban nhân dân huyện Tam Đường đã công nhận sản phẩm" in words
    assert "Dựng cho thử nghiệm" in words
    assert "GIẤY CHỨNG NHẬN" not in words
    seal_all(session, people, keys)
    assert codes_on(printed(session, people, certificate))[0].startswith(f"https://{HOST}/")


def test_a_sheet_says_what_became_of_the_certificate(
    session: WriteSession, people: People, keys: Path
) -> None:
    certificate = signed_certificate(session, people, keys)
    certificate.product_name = LONG_NAME
    changed = printed(session, people, certificate)
    assert LONG_NAME in pdf_words(changed)
    assert len(PdfReader(BytesIO(changed)).pages) == 1
    assert PdfReader(BytesIO(changed)).attachments == {}  # it says something else than the sheet
    certificate.revoked_on = local_day(people.at)
    ended = printed(session, people, certificate)
    assert "ĐÃ THU HỒI TỪ 14/09/2026" in pdf_words(ended)
    assert len(codes_on(ended)) == 1


def test_an_extension_is_printed_with_its_decision_until_it_ends_too(
    session: WriteSession, people: People, keys: Path
) -> None:
    ends = local_day(people.at)
    certificate = import_certificate(session, people, issued_on=date(2023, 7, 1), expires_on=ends)
    extend(session, people, keys, certificate, date(2026, 12, 31))
    words = pdf_words(printed(session, people, certificate))
    assert "đến hết 31/12/2026 theo Quyết định 1500/QĐ-UBND ngày 14 tháng 9 năm 2026" in words
    people.at += timedelta(days=200)
    assert "ĐÃ HẾT HẠN SAU NGÀY 31/12/2026" in pdf_words(printed(session, people, certificate))
