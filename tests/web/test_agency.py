"""Pages of agency and advisory team before the council: forms without script, refusals, weights."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from io import BytesIO

import pytest
from fastapi.testclient import TestClient
from PIL import Image
from pypdf import PdfReader
from sqlalchemy import Engine
from sqlmodel import col, select

from app.core.clock import now, today
from app.core.db import WriteSession, reading, transaction
from app.domain.dossiers.enums import CheckedPart, DossierState
from app.domain.dossiers.models import AdvisoryReport, CompletionRequest, Dossier, ExtraTest
from tests.factories.agency import extra_test, report_to_council, survey
from tests.factories.dossiers import make_dossier
from tests.factories.people import ELSEWHERE, HOME, People, signed_in
from tests.factories.statements import counted
from tests.web.page_checks import check_page
from tests.web.test_dossiers import LARGEST_PAGE, MOST_STATEMENTS, PACKED
from tests.web.typing import form_on, press

AGENCY, ADVISOR, OFFICER = "canbotinh", "totuvan", f"canbo{HOME}"
IN_TEN_DAYS = (today() + timedelta(days=10)).isoformat()


@dataclass
class Case:
    """A dossier and the browser of whoever looks at it."""

    client: TestClient
    code: str
    owner: str

    def at(self, step: str = "") -> str:
        return f"/dossiers/{self.code}{step}"

    def by(self, username: str) -> "Case":
        signed_in(self.client, username)
        return self

    def page(self, step: str = "", status: int = 200) -> str:
        answer = self.client.get(self.at(step))
        assert answer.status_code == status, answer.text
        if status == 200:
            check_page(answer.text)
        return answer.text


Begin = Callable[..., Case]


@pytest.fixture
def begin(client: TestClient, engine: Engine) -> Begin:
    """Return a function that makes a dossier in a state, and the people around it."""

    def make(
        state: DossierState,
        also: Callable[[WriteSession, People, Dossier], object] = lambda *_: None,
    ) -> Case:
        with transaction(engine) as session:
            people = People(session, now())
            dossier = make_dossier(session, people, state=state)
            also(session, people, dossier)
            for office in (people.officer, people.agency, people.advisor, people.auditor):
                office()
            people.officer(ELSEWHERE)
            return Case(client, dossier.code, f"chuthe{dossier.producer_id}")

    return make


def stored(engine: Engine, code: str) -> Dossier:
    with reading(engine) as session:
        found = session.exec(select(Dossier).where(col(Dossier.code) == code)).one()
        session.expunge(found)
        return found


def test_the_agency_checks_and_asks_with_what_the_check_found(begin: Begin, engine: Engine) -> None:
    case = begin(DossierState.PROPOSED).by(AGENCY)
    url = case.at("/province-check")
    unsaid = press(case.client, case.page("/province-check"), url)
    assert unsaid.status_code == 422
    assert "Hãy chọn đủ hoặc thiếu." in unsaid.text
    found = {f"found__{part}": "yes" for part in CheckedPart if part is not CheckedPart.CHANGES}
    found["found__evidence"] = "no"
    unexplained = press(case.client, case.page("/province-check"), url, **found)
    assert unexplained.status_code == 422
    assert "Hãy ghi phần này thiếu gì." in unexplained.text
    found["note__evidence"] = "Phiếu kiểm nghiệm hết hạn."
    assert press(case.client, case.page("/province-check"), url, **found).status_code == 303
    assert "Phiếu kiểm nghiệm hết hạn." in case.page("/agency")

    ask = case.at("/request-completion")
    form = form_on(case.page("/request-completion"), ask)
    assert form["reason.evidence"] == ["Phiếu kiểm nghiệm hết hạn."]
    late = press(case.client, case.page("/request-completion"), ask, due_on=today().isoformat())
    assert late.status_code == 422
    assert "Hạn hoàn thiện phải sau hôm nay." in late.text
    sent = press(
        case.client,
        case.page("/request-completion"),
        ask,
        due_on=IN_TEN_DAYS,
        letter_number="214/SNN",
        reason__commune_report="Ghi rõ số lao động.",
    )
    assert sent.status_code == 303
    dossier = stored(engine, case.code)
    assert dossier.state is DossierState.COMPLETION_REQUESTED
    assert dossier.asked_parts == ["evidence"]
    with reading(engine) as session:
        (request,) = session.exec(select(CompletionRequest)).all()
        assert [item["addressee"] for item in request.items] == ["producer", "commune"]


def test_a_request_without_a_part_says_so(begin: Begin) -> None:
    case = begin(DossierState.PROPOSED).by(AGENCY)
    answer = press(
        case.client,
        case.page("/request-completion"),
        case.at("/request-completion"),
        due_on=IN_TEN_DAYS,
    )
    assert answer.status_code == 422
    assert "Hãy nêu ít nhất một phần." in answer.text


def test_producer_and_commune_read_the_request_answer_and_send_back(
    begin: Begin, engine: Engine
) -> None:
    case = begin(DossierState.COMPLETION_REQUESTED)
    case.by(case.owner)
    assert "Bổ sung phiếu kiểm nghiệm còn hạn." in case.page()
    assert "Thêm tệp" in case.page("/evidence")
    assert "Hoàn thiện theo yêu cầu của tỉnh" in case.client.get("/work").text
    url = case.at("/completion")
    empty = press(case.client, case.page("/completion"), url, go="send")
    assert empty.status_code == 422
    assert "Chưa trả lời yêu cầu về: Minh chứng." in empty.text
    kept = press(case.client, case.page("/completion"), url, go="save", answer__evidence="Đã gửi.")
    assert kept.status_code == 303
    assert form_on(case.page("/completion"), url)["answer.evidence"] == ["Đã gửi."]
    stale = form_on(case.page("/completion"), url) | {"version": ["1"]}
    answer = case.client.post(url, data=stale | {"answer.evidence": ["Khác."]})
    assert answer.status_code == 409
    assert "Khác." in answer.text
    assert "Đã gửi." in answer.text
    sent = press(case.by(OFFICER).client, case.page("/completion"), url, go="send")
    assert sent.status_code == 303
    assert stored(engine, case.code).state is DossierState.PROPOSED


def test_others_read_why_they_cannot_answer_and_the_agency_recalls(
    begin: Begin, engine: Engine
) -> None:
    case = begin(DossierState.COMPLETION_REQUESTED).by(AGENCY)
    html = case.page("/completion")
    assert "Chỉ chủ thể, hoặc cán bộ xã sở tại" in html
    url = case.at("/completion/recall")
    assert press(case.client, html, url, reason="").status_code == 422
    assert press(case.client, html, url, reason="Quá hạn, xét như đã nộp.").status_code == 303
    assert stored(engine, case.code).state is DossierState.PROPOSED
    case.by(f"canbo{ELSEWHERE}").page("/completion", status=404)


def test_a_member_writes_and_signs_and_the_applicant_never_reads_it(
    begin: Begin, engine: Engine
) -> None:
    case = begin(DossierState.ACCEPTED).by(ADVISOR)
    assert "Viết báo cáo của Tổ tư vấn" in case.client.get("/work").text
    url = case.at("/advice")
    too_much = press(
        case.client, case.page("/advice"), url, text__A="Nguyên liệu rõ.", suggested__A="99"
    )
    assert too_much.status_code == 422
    assert "Gợi ý cao hơn điểm tối đa của phần." in too_much.text
    assert "Nguyên liệu rõ." in too_much.text
    typed = {f"text__{part}": f"Nhận xét phần {part}." for part in "ABC"}
    assert press(case.client, case.page("/advice"), url, **typed).status_code == 303
    html = case.page("/agency")
    assert "Chưa ký" in html
    assert press(case.client, html, case.at("/advice/sign")).status_code == 303
    assert stored(engine, case.code).state is DossierState.ADVISED
    assert "Nhận xét phần B." in case.by(AGENCY).page("/agency")
    pdf = PdfReader(BytesIO(case.client.get(case.at("/advisory-report.pdf")).content))
    assert "Nhận xét phần B." in " ".join(page.extract_text() for page in pdf.pages)
    for reader in (case.owner, OFFICER):
        assert "Nhận xét phần B." not in case.by(reader).page("/agency")
        case.page("/advisory-report.pdf", status=404)
    case.by(ADVISOR).page("/advice", status=409)


def test_a_survey_takes_photos_and_gives_them_back_as_they_were(
    begin: Begin, engine: Engine
) -> None:
    case = begin(DossierState.ACCEPTED).by(ADVISOR)
    made = press(
        case.client,
        case.page("/survey"),
        case.at("/survey"),
        record_number="05/BB-KS",
        surveyed_on=today().isoformat(),
        people="Đoàn khảo sát; chủ thể.",
        findings="Đúng như hồ sơ mô tả.",
    )
    assert made.status_code == 303
    html = case.page("/agency")
    action = next(line for line in html.split('"') if "/attachments/" in line)
    image = BytesIO()
    Image.new("RGB", (30, 20), "green").save(image, "PNG")
    form = {name: values[0] for name, values in form_on(html, action).items()}
    nothing = case.client.post(action, data=form, files={})
    assert nothing.status_code == 422
    sent = case.client.post(
        action,
        data=form | {"title": "Khu sơ chế", "_key": "another-key-1"},
        files={"file": ("anh.png", image.getvalue(), "image/png")},
    )
    assert sent.status_code == 303, sent.text
    html = case.page("/agency")
    assert "Khu sơ chế" in html
    link = next(line for line in html.split('"') if line.endswith("/file"))
    answer = case.by(case.owner).client.get(link)
    assert answer.content == image.getvalue()
    assert answer.headers["content-disposition"].startswith("attachment")
    with reading(engine) as session:
        assert session.exec(select(AdvisoryReport)).all() == []


def test_a_test_is_ordered_and_its_result_entered(begin: Begin, engine: Engine) -> None:
    case = begin(DossierState.ACCEPTED).by(AGENCY)
    ordered = press(
        case.client,
        case.page("/extra-test"),
        case.at("/extra-test"),
        subject="Độ ẩm",
        laboratory="Trung tâm Mẫu",
        sample_codes="M1",
    )
    assert ordered.status_code == 303
    with reading(engine) as session:
        code = session.exec(select(ExtraTest.code)).one()
    step = f"/extra-tests/{code}/result"
    undecided = press(case.client, case.page(step), case.at(step), result_number="KN-1")
    assert undecided.status_code == 422
    entered = press(
        case.client,
        case.page(step),
        case.at(step),
        outcome="failed",
        result_number="KN-1",
        result_on=today().isoformat(),
        result="Độ ẩm 23 %.",
    )
    assert entered.status_code == 303
    assert "Không đạt" in case.page("/agency")
    case.page(step, status=409)


@pytest.mark.parametrize("who", [AGENCY, ADVISOR, "kiemtoan"])
def test_the_page_of_a_busy_dossier_is_light(begin: Begin, who: str) -> None:
    def busy(session: WriteSession, people: People, dossier: Dossier) -> None:
        for _ in range(2):
            survey(session, people, dossier)
            extra_test(session, people, dossier, "1.1")
        report_to_council(session, people, dossier)

    case = begin(DossierState.ACCEPTED, busy).by(who)
    for step in ("/agency", ""):
        with counted(case.client) as asked:
            answer = case.client.get(case.at(step), headers=PACKED)
        assert answer.status_code == 200
        check_page(answer.text)
        assert len(asked) <= MOST_STATEMENTS
        assert answer.num_bytes_downloaded <= LARGEST_PAGE


def test_the_letter_is_printed_for_whoever_sees_the_dossier(begin: Begin, engine: Engine) -> None:
    case = begin(DossierState.COMPLETION_REQUESTED)
    with reading(engine) as session:
        code = session.exec(select(CompletionRequest.code)).one()
    step = f"/completion-requests/{code}.pdf"
    answer = case.by(case.owner).client.get(case.at(step))
    said = " ".join(page.extract_text() for page in PdfReader(BytesIO(answer.content)).pages)
    assert "Bổ sung phiếu kiểm nghiệm còn hạn." in " ".join(said.split())
    case.by(f"canbo{ELSEWHERE}").page(step, status=404)


def test_acceptance_says_whether_the_dossier_was_checked(begin: Begin) -> None:
    case = begin(DossierState.PROPOSED).by(AGENCY)
    assert "Chưa ghi kết quả kiểm tra" in case.page("/accept")
    assert "Kiểm tra hồ sơ" in case.page()
