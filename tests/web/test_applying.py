"""Pages before and between dossiers: gates, windows, upgrade, renewal, then and now."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

import pytest
from fastapi.testclient import TestClient
from httpx2 import Response
from sqlalchemy import Engine
from sqlmodel import select

from app.core.clock import now, today
from app.core.db import reading, transaction
from app.domain.dossiers.models import ChangeReport, Dossier
from app.domain.recognition.rules import last_valid_day
from tests.factories.dossiers import passing_gates
from tests.factories.people import People, signed_in
from tests.factories.recognition import (
    certificates_of,
    import_certificate,
    locked_dossier,
    make_decision,
    sign,
)
from tests.factories.register import make_product
from tests.factories.statements import counted
from tests.web.page_checks import faults
from tests.web.typing import press

MOST_STATEMENTS = 8
LARGEST_PAGE = 6 * 1024
PACKED = {"accept-encoding": "br"}
NO = {f"gate.{one.gate}": "no" for one in passing_gates()}


@dataclass
class Case:
    """A certificate and its producer, signed in."""

    client: TestClient
    certificate: str
    earlier: str


Certified = Callable[..., Case]


@pytest.fixture
def certified(client: TestClient, engine: Engine) -> Certified:
    """Return a function that gives a product a certificate that ends in so many days."""

    def make(days: int | None = None, *, of_the_past: bool = False) -> Case:
        with transaction(engine) as session:
            people = People(session, now())
            if of_the_past:
                certificate, earlier = import_certificate(session, people, star=3), ""
            else:
                dossier = locked_dossier(session, people, star=3)
                decision = sign(session, people, make_decision(session, people, dossier))
                (certificate,) = certificates_of(session, decision)
                earlier = dossier.code
            if days is not None:
                certificate.expires_on = today() + timedelta(days=days)
                certificate.issued_on = last_valid_day(certificate.expires_on, -36)
            code, owner = certificate.code, f"chuthe{certificate.producer_id}"
        return Case(signed_in(client, owner), code, earlier)

    return make


def check_page(answer: Response) -> None:
    assert faults(answer.text) == []


def opened(case: Case, kind: str) -> str:
    """Answer the gates and open; return the address of the dossier."""
    address = f"/certificates/{case.certificate}/{kind}"
    answer = press(case.client, case.client.get(address).text, address, **NO)
    assert answer.status_code == 303, answer.text
    return answer.headers["location"].partition("?")[0]


def test_gates_are_asked_in_their_own_words_with_their_place(
    client: TestClient, engine: Engine
) -> None:
    with transaction(engine) as session:
        product = make_product(session, People(session, now()))
        code, owner = product.code, f"chuthe{product.producer_id}"
    page = signed_in(client, owner).get(f"/dossiers/new?product={code}")
    check_page(page)
    for said in (
        "Giả mạo hồ sơ",
        "26/2026/QĐ-TTg, Phụ lục II, bộ 4",
        "tiêu chí 2.1",
        "Điều 2.3",
        "hệ thống tự trả lời",
        "Ngày nộp an toàn cuối cùng",
    ):
        assert said in page.text
    unanswered = press(client, page.text, "/dossiers")
    assert unanswered.status_code == 422
    assert unanswered.text.count("Hãy trả lời.") == len(passing_gates())
    first = next(iter(NO))
    excluded = press(client, page.text, "/dossiers", **NO | {first: "yes"})
    assert excluded.status_code == 422
    assert "Chưa mở được hồ sơ. Hồ sơ bị loại khi: Giả mạo hồ sơ" in excluded.text
    check_page(excluded)
    with reading(engine) as session:
        assert session.exec(select(Dossier)).all() == []


def test_an_upgrade_is_opened_from_its_certificate_and_told_side_by_side(
    certified: Certified, engine: Engine
) -> None:
    case = certified()
    certificate = case.client.get(f"/certificates/{case.certificate}")
    check_page(certificate)
    assert f"/certificates/{case.certificate}/upgrade" in certificate.text
    assert "Chưa đến kỳ" in certificate.text  # the renewal's button says why it is grey
    address = opened(case, "upgrade")
    for step in ("", "/changes", "/sections/1"):
        with counted(case.client) as said:
            packed = case.client.get(address + step, headers=PACKED)
        assert len(said) <= MOST_STATEMENTS, (step, said)
        assert packed.num_bytes_downloaded <= LARGEST_PAGE, (step, packed.num_bytes_downloaded)
    page = case.client.get(address)
    check_page(page)
    assert "giữ nguyên" in page.text
    assert "Ngày nộp an toàn cuối cùng" in page.text
    assert "26/2026/QĐ-TTg, Điều 6.1.b" in page.text
    section = f"{address}/sections/1"
    form = case.client.get(section).text
    changed = press(case.client, form, section, **{"option.1.1": "a"})
    assert changed.status_code == 303
    changes = case.client.get(f"{address}/changes")
    check_page(changes)
    for words in ("Tiêu chí đã thay đổi (1)", "Trước", "Nay"):
        assert words in changes.text
    assert "đã thay đổi" in case.client.get(address).text
    told = press(
        case.client, changes.text, f"{address}/changes", changes="Bao bì mới.", revenue="1200000000"
    )
    assert told.status_code == 303
    with reading(engine) as session:
        (report,) = session.exec(select(ChangeReport)).all()
        assert (report.changes, report.revenue) == ("Bao bì mới.", 1_200_000_000)


def test_a_renewal_has_its_window_on_the_certificate_and_on_the_work_list(
    certified: Certified,
) -> None:
    case = certified(150)
    page = case.client.get(f"/certificates/{case.certificate}").text
    assert "ngày còn lại: 30" in page
    work = case.client.get("/work").text
    assert "Nộp hồ sơ đánh giá lại: Mật ong thử nghiệm" in work
    asked = case.client.get(f"/certificates/{case.certificate}/renewal")
    check_page(asked)
    assert "không chờ đợt" in asked.text
    dossier = case.client.get(opened(case, "renewal"))
    check_page(dossier)
    assert "Chưa ghi doanh thu." in dossier.text
    assert "Ngày nộp an toàn" not in dossier.text
    assert "Nộp hồ sơ đánh giá lại" not in case.client.get("/work").text


@pytest.mark.parametrize(("days", "said"), [(181, "Chưa đến kỳ"), (119, "Đã quá kỳ")])
def test_outside_the_window_the_page_refuses_with_both_days(
    certified: Certified, days: int, said: str
) -> None:
    case = certified(days)
    refused = case.client.get(f"/certificates/{case.certificate}/renewal")
    assert refused.status_code == 422
    ends = today() + timedelta(days=days)
    for words in (said, f"{ends - timedelta(days=180):%d/%m/%Y}", "Điều 7.6.a"):
        assert words in refused.text


def test_a_certificate_of_the_past_says_why_nothing_can_be_compared(certified: Certified) -> None:
    case = certified(of_the_past=True)
    assert "Điều 12.1" in case.client.get(f"/certificates/{case.certificate}").text
    page = case.client.get(f"{opened(case, 'upgrade')}/changes")
    check_page(page)
    assert "trước khi có hệ thống này" in page.text


def test_a_stale_report_of_changes_shows_what_is_stored_beside(certified: Certified) -> None:
    case = certified()
    address = opened(case, "upgrade")
    first, second = (case.client.get(f"{address}/changes").text for _ in range(2))
    assert press(case.client, first, f"{address}/changes", changes="Một").status_code == 303
    stale = press(case.client, second, f"{address}/changes", changes="Hai")
    assert stale.status_code == 409
    assert "Một" in stale.text
    assert "Hai" in stale.text


def test_a_first_dossier_has_no_page_of_changes(certified: Certified) -> None:
    case = certified()
    assert case.client.get(f"/dossiers/{case.earlier}/changes").status_code == 422
