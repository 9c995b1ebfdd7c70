"""Pages of products before the ministry: approving, sending, writing the answer down."""

import re
from collections.abc import Callable

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine

from app.core.db import WriteSession, transaction
from app.domain.dossiers.models import Dossier
from app.domain.recognition.models import CentreSubmission
from tests.conftest import AT
from tests.factories.people import ELSEWHERE, HOME, People, signed_in
from tests.factories.recognition import SIGNATURE, approved_dossier, locked_dossier, sent_to_centre
from tests.web.page_checks import check_page


def hidden(html: str, action: str) -> dict[str, str]:
    """Return the hidden fields of the form with this action."""
    form = html.partition(f'action="{action}"')[2].partition("</form>")[0]
    return dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', form))


def made(
    engine: Engine, build: Callable[[WriteSession, People], Dossier | CentreSubmission]
) -> str:
    """Put a dossier or a submission in place, with everybody's account, and return its code."""
    with transaction(engine) as session:
        people = People(session, AT)
        for known in (people.agency, people.signer, people.officer):
            known()
        people.officer(ELSEWHERE)
        one = build(session, people)
        session.flush()
        return one.code


def test_the_agency_drafts_an_approval_and_the_province_signs_it(
    client: TestClient, engine: Engine
) -> None:
    code = made(engine, lambda session, people: locked_dossier(session, people, star=5))
    signed_in(client, "canbotinh")
    work = client.get("/work").text
    assert "Trình phê duyệt kết quả từ 90 điểm: 1 sản phẩm" in work
    page = client.get("/decisions/new-approval")
    check_page(page.text)
    assert code in page.text
    assert code not in client.get("/decisions/new").text
    fields = hidden(page.text, "/decisions") | {
        "number": "1301/QĐ-UBND",
        "decided_on": "2026-09-14",
        "authority": "Ủy ban nhân dân tỉnh Lai Châu",
        "dossiers": code,
    }
    again = client.post("/decisions", data=fields | {"number": "không số"})
    assert again.status_code == 422
    check_page(again.text)
    assert 'value="approval"' in again.text
    address = client.post("/decisions", data=fields).headers["location"]
    shown = client.get(address)
    check_page(shown.text)
    assert "Phê duyệt kết quả từ 90 điểm" in shown.text
    assert "cấp khi ký" not in shown.text
    signed_in(client, "lanhdaotinh")
    assert "Ký quyết định phê duyệt kết quả số 1301/QĐ-UBND" in client.get("/work").text
    page = client.get(address)
    signing = hidden(page.text, f"{address}/sign") | SIGNATURE
    assert client.post(f"{address}/sign", data=signing).status_code == 303
    paper = client.get(f"{address}/paper.pdf")
    assert paper.content.startswith(b"%PDF-")
    signed_in(client, "canbotinh")
    listed = client.get("/centre")
    assert '<a href="/decisions" aria-current="page">' in listed.text
    check_page(listed.text)
    assert "Đã phê duyệt, chờ gửi" in listed.text
    assert "Gửi Trung ương đánh giá" in client.get("/work").text


def test_the_agency_sends_an_approved_product_and_keeps_what_was_typed(
    client: TestClient, engine: Engine
) -> None:
    code = made(engine, approved_dossier)
    signed_in(client, "canbotinh")
    place = f"/dossiers/{code}/centre"
    page = client.get(place)
    check_page(page.text)
    fields = hidden(page.text, place) | {
        "letter_number": "2104/UBND-KTN",
        "sent_on": "2026-09-14",
        "samples": "2",
    }
    refused = client.post(place, data=fields)
    assert refused.status_code == 422
    assert "Hồ sơ gửi Bộ kèm 5 sản phẩm mẫu; đang ghi 2." in refused.text
    assert 'value="2104/UBND-KTN"' in refused.text
    check_page(refused.text)
    fields = hidden(refused.text, place) | fields | {"_key": hidden(refused.text, place)["_key"]}
    sent = client.post(place, data=fields | {"samples": "5"})
    assert sent.status_code == 303
    check_page(client.get(sent.headers["location"]).text)
    assert client.get(place).status_code == 409


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({}, 'href="#conclusion"'),
        ({"conclusion": "not_reached"}, "Hãy ghi điểm của Hội đồng cấp trung ương."),
        ({"conclusion": "not_reached", "average": "tám"}, "Điểm là số từ 0 đến 100"),
        ({"conclusion": "not_reached", "average": "92"}, "không khớp với kết luận"),
    ],
)
def test_an_unclear_answer_is_asked_for_again(
    client: TestClient, engine: Engine, typed: dict[str, str], said: str
) -> None:
    code = made(engine, sent_to_centre)
    signed_in(client, "canbotinh")
    place = f"/centre/{code}"
    fields = hidden(client.get(place).text, f"{place}/answer") | {
        "answer_number": "6120/BNNMT-VPĐP",
        "answered_on": "2026-09-14",
    }
    answer = client.post(f"{place}/answer", data=fields | typed)
    assert answer.status_code == 422
    assert said in answer.text
    assert "6120/BNNMT-VPĐP" in answer.text
    check_page(answer.text)


def test_the_answer_is_shown_to_the_commune_which_cannot_write_it(
    client: TestClient, engine: Engine
) -> None:
    code = made(engine, sent_to_centre)
    place = f"/centre/{code}"
    signed_in(client, f"canbo{HOME}")
    page = client.get(place)
    check_page(page.text)
    assert "Chỉ cán bộ cơ quan tham mưu OCOP cấp tỉnh được gửi hồ sơ lên Trung ương" in page.text
    signed_in(client, "canbotinh")
    fields = hidden(client.get(place).text, f"{place}/answer") | {
        "conclusion": "not_reached",
        "average": "86,75",
        "answer_number": "6120/BNNMT-VPĐP",
        "answered_on": "2026-09-14",
        "note": "Chưa đạt tiêu chí 5.4.",
    }
    assert client.post(f"{place}/answer", data=fields).status_code == 303
    shown = client.get(place)
    check_page(shown.text)
    assert "86,75" in shown.text
    assert "Soạn quyết định công nhận" in shown.text
    signed_in(client, f"canbo{ELSEWHERE}")
    assert client.get(place).status_code == 404
