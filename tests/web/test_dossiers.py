"""Pages of dossiers: every form without script, nothing typed is lost, reasons are told."""

import re
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine
from sqlmodel import col, select

from app.core.clock import now
from app.core.db import WriteSession, reading, transaction
from app.core.settings import Settings
from app.domain.dossiers.enums import DossierPart, DossierState
from app.domain.dossiers.models import CommuneReport, Dossier, Evidence, SelfAssessmentAnswer
from app.domain.producers.enums import ProducerKind
from app.domain.producers.models import Producer
from tests.conftest import AT
from tests.factories.councils import locked_result, make_meeting
from tests.factories.dossiers import (
    make_dossier,
    make_evidence,
    make_round,
    passing_gates,
    pdf_bytes,
    report_on,
    stored_file,
)
from tests.factories.people import ELSEWHERE, HOME, People, signed_in
from tests.factories.register import make_producer, make_product
from tests.factories.statements import counted
from tests.web.typing import form_on, press

HTMX = {"hx-request": "true"}
PACKED = {"accept-encoding": "br"}
OFFICER, LEADER, AGENCY = f"canbo{HOME}", f"lanhdao{HOME}", "canbotinh"
MOST_STATEMENTS = 8
LARGEST_PAGE, LARGEST_LIST, LARGEST_FRAGMENT = 6 * 1024, 4.5 * 1024, 3 * 1024


@dataclass
class Case:
    """A dossier in some state and the browser of whoever looks at it."""

    client: TestClient
    code: str
    owner: str

    def at(self, step: str = "") -> str:
        return f"/dossiers/{self.code}{step}"

    def by(self, username: str) -> "Case":
        signed_in(self.client, username)
        return self

    def page(self, step: str = "") -> str:
        answer = self.client.get(self.at(step))
        assert answer.status_code == 200, answer.text
        return answer.text


Begin = Callable[..., Case]


@pytest.fixture
def begin(client: TestClient, engine: Engine, settings: Settings) -> Begin:
    """Return a function that makes a dossier in a state and signs its producer in."""

    def make(
        state: DossierState = DossierState.DRAFT,
        *,
        set_number: int = 4,
        papers: int = 0,
        also: Callable[[WriteSession, People, Dossier], object] = lambda *_: None,
    ) -> Case:
        with transaction(engine) as session:
            people = People(session, now())
            dossier = make_dossier(session, people, state=state, set_number=set_number)
            for number in range(papers):
                make_evidence(
                    session, people, dossier, f"Giấy {number}", directory=settings.files_dir
                )
            also(session, people, dossier)
            for office in (people.officer, people.leader, people.agency, people.auditor):
                office()
            people.officer(ELSEWHERE)
            people.council_member(1)
            owner = f"chuthe{dossier.producer_id}"
            code = dossier.code
        return Case(signed_in(client, owner), code, owner)

    return make


def stored(engine: Engine, code: str) -> Dossier:
    with reading(engine) as session:
        found = session.exec(select(Dossier).where(col(Dossier.code) == code)).one()
        session.expunge(found)  # ending the session would empty it
        return found


def answers(engine: Engine) -> dict[str, tuple[str | None, str]]:
    with reading(engine) as session:
        return {
            one.criterion_code: (one.option_code, one.description)
            for one in session.exec(select(SelfAssessmentAnswer))
        }


# --- opening and filing -----------------------------------------------------------------------


def test_the_page_before_opening_tells_gates_applicants_and_rulebooks(
    client: TestClient, engine: Engine
) -> None:
    with transaction(engine) as session:
        people = People(session, now())
        product = make_product(session, people, name="Mật ong")
        code, owner = product.code, f"chuthe{product.producer_id}"
    signed_in(client, owner)
    page = client.get(f"/dossiers/new?product={code}").text
    for said in ("Hồ sơ bị loại khi", "Dừng đánh giá", "Hợp tác xã", "26/2026/QĐ-TTg", "Quy chế"):
        assert said in page
    no = {f"gate.{one.gate}": "no" for one in passing_gates()}
    opened = press(client, page, "/dossiers", **no)
    assert opened.status_code == 303
    assert "Đã mở hồ sơ." in client.get(opened.headers["location"]).text
    again = press(client, client.get(f"/dossiers/new?product={code}").text, "/dossiers", **no)
    assert again.status_code == 409
    assert "chưa kết thúc" in again.text


def test_a_kind_of_producer_that_may_not_apply_sees_the_greyed_button(
    client: TestClient, engine: Engine
) -> None:
    with transaction(engine) as session:
        people = People(session, now())
        producer = make_producer(session, people, kind=ProducerKind.ASSOCIATION)
        code = make_product(session, people, producer).code
        owner = f"chuthe{producer.id}"
    page = signed_in(client, owner).get(f"/dossiers/new?product={code}").text
    assert 'aria-disabled="true"' in page
    assert "không thuộc đối tượng đăng ký" in page


def test_an_incomplete_dossier_shows_what_is_missing_with_its_basis(begin: Begin) -> None:
    case = begin()
    for page in (case.page(), case.page("/file")):
        assert "Chưa viết kế hoạch sản xuất, kinh doanh (phần IV)." in page
        assert "Mẫu số 02" in page
        assert "Điều 6.2.d" in page
    assert 'aria-disabled="true"' in case.page("/file")


def test_a_complete_dossier_is_handed_in_with_one_press(begin: Begin, engine: Engine) -> None:
    case = begin(DossierState.RETURNED)
    assert "Phiếu đã quá 12 tháng." in case.page()
    answer = press(case.client, case.page("/file"), case.at("/file"))
    assert answer.status_code == 303
    page = case.page()
    assert "Đã nộp hồ sơ tại xã." in page
    dossier = stored(engine, case.code)
    assert dossier.state is DossierState.FILED
    assert str(dossier.slip_number) in page
    assert "15 ngày làm việc" in page


def test_withdrawing_asks_for_a_reason_and_keeps_what_was_typed(
    begin: Begin, engine: Engine
) -> None:
    case = begin()
    short = press(case.client, case.page(), case.at("/withdraw"), reason="Bận")
    assert short.status_code == 422
    assert "Bận</textarea>" in short.text
    done = press(case.client, short.text, case.at("/withdraw"), reason="Chưa kịp đổi bao bì")
    assert done.status_code == 303
    assert stored(engine, case.code).state is DossierState.WITHDRAWN


# --- the self-assessment ----------------------------------------------------------------------


def test_a_section_is_saved_without_script_and_leads_to_the_next(
    begin: Begin, engine: Engine
) -> None:
    case = begin(papers=1)
    with reading(engine) as session:
        paper = session.exec(select(Evidence)).one().code
    answer = press(
        case.client,
        case.page("/sections/1"),
        case.at("/sections/1"),
        option__1__1="c",
        option__1__2="a",
        description__1__1="Mật từ rừng <b>Tả Lèng</b>",
        evidence__1__1=[paper],
        go="next",
    )
    assert answer.status_code == 303
    assert answer.headers["location"] == case.at("/sections/2")
    assert answers(engine)["1.1"] == ("c", "Mật từ rừng <b>Tả Lèng</b>")
    form = form_on(case.page("/sections/1"), case.at("/sections/1"))
    assert form["option.1.1"] == ["c"]
    assert form["evidence.1.1"] == [paper]
    assert "&lt;b&gt;Tả Lèng" in case.page("/sections/1")
    back = press(case.client, case.page("/sections/2"), case.at("/sections/2"), go="back")
    assert back.headers["location"] == case.at()


def test_a_section_shows_official_wording_stars_not_met_cases_and_conditions(
    begin: Begin,
) -> None:
    case = begin()
    assert "Không đạt" in case.page("/sections/1")
    assert "★ 4 sao" in case.page("/sections/1")
    assert "Chỉ áp dụng khi có câu chuyện sản phẩm" in case.page("/sections/5")
    assert case.client.get(case.at("/sections/99")).status_code == 404


def test_a_set_with_cases_names_each_case(begin: Begin) -> None:
    page = begin(set_number=26).page("/sections/8")
    assert "Lựa chọn một trong hai trường hợp sau" in page
    assert "Trường hợp 1: Dịch vụ du lịch do cộng đồng cung cấp" in page


def test_a_wrong_answer_comes_back_with_everything_that_was_typed(
    begin: Begin, engine: Engine
) -> None:
    case = begin()
    answer = press(
        case.client,
        case.page("/sections/1"),
        case.at("/sections/1"),
        option__1__1="z",
        option__1__2="b",
        description__1__3="Giữ lại câu này",
    )
    assert answer.status_code == 422
    assert "Không có phương án này." in answer.text
    form = form_on(answer.text, case.at("/sections/1"))
    assert form["option.1.2"] == ["b"]
    assert form["description.1.3"] == ["Giữ lại câu này"]
    assert answers(engine) == {}
    mended = press(case.client, answer.text, case.at("/sections/1"), option__1__1="a")
    assert mended.status_code == 303


def test_a_section_written_by_two_people_shows_both_texts(begin: Begin, engine: Engine) -> None:
    case = begin()
    mine = case.page("/sections/1")
    press(
        case.client,
        case.page("/sections/1"),
        case.at("/sections/1"),
        option__1__1="a",
        description__1__1="Bản của người kia",
    )
    answer = press(
        case.client,
        mine,
        case.at("/sections/1"),
        option__1__1="c",
        description__1__1="Bản của tôi",
    )
    assert answer.status_code == 409
    assert "Bản của người kia" in answer.text
    form = form_on(answer.text, case.at("/sections/1"))
    assert form["description.1.1"] == ["Bản của tôi"]
    assert answers(engine)["1.1"] == ("a", "Bản của người kia")
    assert press(case.client, answer.text, case.at("/sections/1")).status_code == 303
    assert answers(engine)["1.1"] == ("c", "Bản của tôi")


def autosave(case: Case, form: dict[str, list[str]], **typed: str) -> tuple[int, str]:
    values = form | {name.replace("__", "."): [value] for name, value in typed.items()}
    answer = case.client.post(case.at("/sections/1"), data=values, headers=HTMX)
    assert answer.num_bytes_downloaded <= LARGEST_FRAGMENT
    return answer.status_code, answer.text


def fresh(fragment: str) -> dict[str, list[str]]:
    found = re.findall(r'type="hidden" form="answers" name="(\w+)" value="([^"]+)"', fragment)
    assert {name for name, _ in found} == {"version", "_key"}
    return {name: [value] for name, value in found}


def test_two_automatic_saves_in_a_row_are_both_kept(begin: Begin, engine: Engine) -> None:
    case = begin()
    form = form_on(case.page("/sections/1"), case.at("/sections/1"))
    status, first = autosave(case, form, option__1__1="c")
    assert status == 200
    assert "<html" not in first
    assert "<b>3/100</b>" in first
    form |= {"option.1.1": ["c"]} | fresh(first)
    status, second = autosave(case, form, option__1__2="c")
    assert status == 200
    assert "<b>5/100</b>" in second
    assert answers(engine)["1.2"] == ("c", "")


def test_an_automatic_save_never_writes_over_what_somebody_else_stored(
    begin: Begin, engine: Engine
) -> None:
    case = begin()
    form = form_on(case.page("/sections/1"), case.at("/sections/1"))
    press(case.client, case.page("/sections/1"), case.at("/sections/1"), option__1__1="a")
    status, refused = autosave(case, form, option__1__1="c")
    assert status == 409
    assert "đã được người khác sửa" in refused
    assert fresh(refused)["version"] == form["version"]
    assert answers(engine)["1.1"] == ("a", "")
    status, wrong = autosave(case, form | {"version": ["2"]}, option__1__1="z")
    assert status == 422
    assert "Không có phương án này." in wrong


@pytest.mark.parametrize(
    ("state", "said"),
    [
        (DossierState.DRAFT, ("0/100", "<b>3 sao</b>: thiếu 50 điểm", "Chưa trả lời: 1.1")),
        (DossierState.FILED, ("100/100", "<b>5 sao</b>: đủ")),
    ],
)
def test_the_running_total_tells_what_is_missing_for_each_star(
    begin: Begin, state: DossierState, said: tuple[str, ...]
) -> None:
    page = begin(state).page("/sections/1")
    for words in said:
        assert words in page


# --- parts II and IV --------------------------------------------------------------------------


def test_parts_two_and_four_are_saved_and_a_stale_form_shows_both(
    begin: Begin, engine: Engine
) -> None:
    case = begin()
    mine = case.page("/parts")
    typed = {"business_results": "Bán 1.200 lít", "business_plan": "Thêm 50 đõ"}
    wrong = press(case.client, mine, case.at("/parts"), **typed, sample_count="nhiều")
    assert wrong.status_code == 422
    assert "Bán 1.200 lít" in wrong.text
    assert "Cần là số nguyên." in wrong.text
    assert press(case.client, mine, case.at("/parts"), **typed, sample_count="5").status_code == 303
    assert stored(engine, case.code).sample_count == 5
    old = form_on(mine, case.at("/parts")) | {"_key": ["mot-khoa-khac-1"]}
    stale = case.client.post(
        case.at("/parts"), data=old | {"business_plan": ["Bản của tôi"], "sample_count": ["5"]}
    )
    assert stale.status_code == 409
    assert "Thêm 50 đõ" in stale.text
    assert "Bản của tôi</textarea>" in stale.text


# --- evidence ---------------------------------------------------------------------------------


def upload(case: Case, content: bytes, name: str = "phiếu.pdf", **typed: str) -> tuple[int, str]:
    form = form_on(case.page("/evidence"), case.at("/evidence"))
    values = form | {"title": ["Phiếu kiểm nghiệm 2026"], "criterion_code": ["1.1"]}
    answer = case.client.post(
        case.at("/evidence"),
        data=values | {name: [value] for name, value in typed.items()},
        files={"file": (name, content, "application/pdf")},
    )
    return answer.status_code, answer.text


def test_a_paper_is_added_cited_taken_away_and_downloaded(begin: Begin, engine: Engine) -> None:
    case = begin()
    content = pdf_bytes("Tải lên")
    assert upload(case, content, 'Phiếu "đẹp" số 1.pdf')[0] == 303
    with reading(engine) as session:
        paper = session.exec(select(Evidence)).one().code
    page = case.page("/evidence")
    assert f'value="{paper} 1.1"' in page
    cited = press(
        case.client,
        page,
        case.at("/evidence/cite"),
        evidence_code=paper,
        cited_criterion="1.2",
    )
    assert cited.status_code == 303
    unknown = press(
        case.client, case.page("/evidence"), case.at("/evidence/cite"), cited_criterion="99"
    )
    assert unknown.status_code == 422
    assert "Không có tiêu chí này." in unknown.text
    gone = press(
        case.client, case.page("/evidence"), case.at("/evidence/uncite"), use=f"{paper} 1.1"
    )
    assert gone.status_code == 303
    page = case.page("/evidence")
    assert f'value="{paper} 1.2"' in page
    assert f'value="{paper} 1.1"' not in page
    file = case.client.get(case.at(f"/evidence/{paper}/file"))
    assert file.content == content
    said = file.headers["content-disposition"]
    assert said.startswith('attachment; filename="Phieu')
    assert "; filename*=UTF-8''Phi%E1" in said
    assert file.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in file.headers["content-security-policy"]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "Tệp rỗng"),
        (b"<script>alert(1)</script>", "Chỉ nhận tệp PDF hoặc ảnh"),
        (b"%PDF-1.7 cut", "Tệp hỏng hoặc tải chưa trọn"),
    ],
)
def test_a_file_that_is_not_sound_is_refused_and_the_rest_is_kept(
    begin: Begin, engine: Engine, content: bytes, said: str
) -> None:
    case = begin()
    status, page = upload(case, content, number="KN-12")
    assert status == 422
    assert said in page
    form = form_on(page, case.at("/evidence"))
    assert form["title"] == ["Phiếu kiểm nghiệm 2026"]
    assert form["number"] == ["KN-12"]
    assert form["criterion_code"] == ["1.1"]
    with reading(engine) as session:
        assert session.exec(select(Evidence)).first() is None


def test_a_form_without_file_or_title_names_both(begin: Begin) -> None:
    case = begin()
    answer = press(case.client, case.page("/evidence"), case.at("/evidence"), title="")
    assert answer.status_code == 422
    assert "Hãy chọn tệp." in answer.text
    assert "Cần ít nhất 2 ký tự." in answer.text


def test_a_file_larger_than_the_limit_is_refused_before_it_is_read(
    begin: Begin, settings: Settings
) -> None:
    case = begin()
    settings.largest_upload_bytes = 1024
    status, page = upload(case, pdf_bytes() + b"%" * 80_000)
    assert status == 413
    assert "quá lớn" in page


def test_somebody_who_may_not_write_leaves_no_file_behind(begin: Begin, settings: Settings) -> None:
    case = begin()
    form = form_on(case.page("/evidence"), case.at("/evidence")) | {"title": ["Lén"]}
    files = {"file": ("a.pdf", pdf_bytes("Lén"), "application/pdf")}
    for username, status in ((f"canbo{ELSEWHERE}", 404), (LEADER, 403)):
        case.by(username)
        assert case.client.post(case.at("/evidence"), data=form, files=files).status_code == status
    case.client.cookies.clear()
    assert case.client.post(case.at("/evidence"), data=form, files=files).status_code == 303
    assert not settings.files_dir.exists()


# --- the commune and the province -------------------------------------------------------------


def test_the_commune_reports_signs_and_proposes_and_the_province_takes_in(
    begin: Begin, engine: Engine
) -> None:
    case = begin(
        DossierState.FILED, also=lambda session, people, _: make_round(session, people)
    ).by(OFFICER)
    early = press(
        case.client,
        case.page("/report"),
        case.at("/report"),
        material_confirmed="on",
        workers_total="12",
        workers_local="9",
    )
    assert early.status_code == 422
    assert "Hãy viết nhận xét trước khi xác nhận từng nội dung." in early.text
    assert form_on(early.text, case.at("/report"))["material_confirmed"] == ["on"]
    findings = {f"{name}_finding": f"Nhận xét {name}" for name in FINDINGS}
    confirmed = {f"{name}_confirmed": "on" for name in FINDINGS}
    saved = press(case.client, early.text, case.at("/report"), **findings, **confirmed)
    assert saved.status_code == 303
    received = press(case.client, case.page("/receive"), case.at("/receive"), samples_received="4")
    assert received.status_code == 303
    unsaid = press(case.client, case.page("/check"), case.at("/check"), found__evidence="lacking")
    assert unsaid.status_code == 422
    assert "Hãy ghi rõ phần này thiếu gì." in unsaid.text
    noted = press(case.client, unsaid.text, case.at("/check"), note__evidence="Thiếu trang 2.")
    assert noted.status_code == 303
    assert "Thiếu trang 2.</textarea>" in case.page("/return")
    there = {f"found__{part}": "there" for part in DossierPart if part is not DossierPart.CHANGES}
    assert press(case.client, case.page("/check"), case.at("/check"), **there).status_code == 303
    assert "đếm được 4" in case.page()
    assert case.client.get(case.at("/receipt.pdf")).content.startswith(b"%PDF")
    case.by(LEADER)
    assert "Nhận xét idea" in case.page("/sign")
    blank = press(case.client, case.page("/sign"), case.at("/sign"), report_number="27/BC-UBND")
    assert blank.status_code == 422
    assert 'value="27/BC-UBND"' in blank.text
    signed = press(case.client, blank.text, case.at("/sign"), signed_title="Phó Chủ tịch")
    assert signed.status_code == 303
    proposed = press(
        case.client, case.page("/propose"), case.at("/propose"), proposal_number="58/UBND-KT"
    )
    assert proposed.status_code == 303
    case.by(AGENCY)
    page = case.page("/accept")
    nothing = press(case.client, page, case.at("/accept"))
    assert nothing.status_code == 422
    assert "Hãy chọn đợt." in nothing.text
    code = re.findall(r'name="round" value="([^"]+)"', page)[0]
    taken = press(case.client, page, case.at("/accept"), round=code)
    assert taken.status_code == 303
    shown = case.page()
    assert "Tỉnh đã tiếp nhận" in shown
    assert str(stored(engine, case.code).province_slip_number) in shown


FINDINGS = ("material", "labour", "idea", "identity")


def test_a_report_written_by_two_people_shows_both_texts(begin: Begin, engine: Engine) -> None:
    case = begin(DossierState.FILED).by(OFFICER)
    mine = case.page("/report")
    press(case.client, case.page("/report"), case.at("/report"), idea_finding="Bản kia")
    answer = press(case.client, mine, case.at("/report"), idea_finding="Bản tôi")
    assert answer.status_code == 409
    assert "Bản kia" in answer.text
    assert "Bản tôi</textarea>" in answer.text
    assert press(case.client, answer.text, case.at("/report")).status_code == 303
    with reading(engine) as session:
        assert session.exec(select(CommuneReport)).one().idea_finding == "Bản tôi"


def test_giving_back_needs_a_reason_and_names_the_part(begin: Begin, engine: Engine) -> None:
    case = begin(DossierState.FILED).by(OFFICER)
    page = case.page("/return")
    blank = press(case.client, page, case.at("/return"))
    assert blank.status_code == 422
    assert "Hãy nêu lý do ở ít nhất một phần." in blank.text
    short = press(
        case.client,
        page,
        case.at("/return"),
        reason__samples="x",
        reason__evidence="Phiếu kiểm nghiệm đã quá hạn.",
    )
    assert short.status_code == 422
    assert "Cần ít nhất 3 ký tự." in short.text
    assert "Phiếu kiểm nghiệm đã quá hạn.</textarea>" in short.text
    done = press(case.client, short.text, case.at("/return"), reason__samples="Thiếu một mẫu.")
    assert done.status_code == 303
    items = stored(engine, case.code).return_items
    assert {item["part"] for item in items} == {DossierPart.SAMPLES, DossierPart.EVIDENCE}
    assert "Thiếu một mẫu." in case.by(case.owner).page()


def test_without_an_open_round_the_agency_is_told_to_open_one(begin: Begin) -> None:
    page = begin(DossierState.PROPOSED).by(AGENCY).page("/accept")
    assert "Chưa có đợt nào đang mở" in page
    assert 'href="/rounds"' in page


# --- who sees what ----------------------------------------------------------------------------


def test_buttons_that_cannot_be_pressed_are_shown_with_their_reason(begin: Begin) -> None:
    case = begin(
        DossierState.FILED,
        also=report_on,
    )
    page = case.page()
    for said in (
        "Chỉ cán bộ của xã nhận hồ sơ được thực hiện việc này.",
        "Chỉ lãnh đạo UBND xã nhận hồ sơ được ký báo cáo và đề nghị.",
        "chỉ sửa được khi đang soạn hoặc được trả lại",
    ):
        assert said in page
    officer = case.by(OFFICER).page()
    assert f'href="{case.at("/report")}"' in officer
    assert f'href="{case.at("/sign")}"' not in officer
    assert case.client.get(case.at("/sign")).status_code == 403


@pytest.mark.parametrize(
    "step",
    ["", "/sections/1", "/parts", "/evidence", "/file", "/report", "/return", "/sign", "/propose"],
)
def test_strangers_find_nothing(begin: Begin, step: str) -> None:
    case = begin(DossierState.FILED)
    for username in (f"canbo{ELSEWHERE}", "hoidong1"):
        assert case.by(username).client.get(case.at(step)).status_code == 404
    case.client.cookies.clear()
    assert case.client.get(case.at(step)).status_code == 303


def test_a_council_member_reads_what_is_on_the_agenda_and_nothing_else(
    client: TestClient, engine: Engine, settings: Settings
) -> None:
    stored_file(directory=settings.files_dir)
    with transaction(engine) as session:
        people = People(session, AT)
        make_meeting(session, people)
        listed = session.exec(select(Dossier)).one()
        other = make_dossier(session, people, state=DossierState.FILED)
        case = Case(client, listed.code, "")
        hidden = other.code
    case.by("hoidong1")
    with counted(client) as said:
        page = case.page()
    assert len(said) <= MOST_STATEMENTS
    assert "Đã xếp phiên họp" in page
    assert "<fieldset disabled>" in case.page("/sections/1")
    paper = re.findall(r'href="([^"]+/file)"', page)[0]
    assert client.get(paper).content.startswith(b"%PDF")
    assert listed.code in client.get("/dossiers").text
    assert hidden not in client.get("/dossiers").text
    assert client.get(f"/dossiers/{hidden}").status_code == 404


def test_a_judged_dossier_leads_to_its_result(client: TestClient, engine: Engine) -> None:
    with transaction(engine) as session:
        locked_result(session, People(session, AT))
        dossier = session.exec(select(Dossier)).one()
        case = Case(client, dossier.code, f"chuthe{dossier.producer_id}")
    page = case.by(case.owner).page()
    assert "Đã chốt kết quả" in page
    assert f'href="{case.at("/result")}"' in page


def test_who_may_read_but_not_write_gets_the_section_without_a_form(begin: Begin) -> None:
    page = begin(DossierState.FILED).by("kiemtoan").page("/sections/1")
    assert "<fieldset disabled>" in page
    assert "hx-post" not in page
    assert 'form="answers"' not in page
    assert "Phiếu kiểm nghiệm" in page


def test_papers_are_printed(begin: Begin) -> None:
    case = begin(
        DossierState.FILED,
        also=report_on,
    )
    for name in ("mau-01", "mau-03"):
        answer = case.client.get(case.at(f"/{name}.pdf"))
        assert answer.headers["content-type"] == "application/pdf"
        assert answer.content.startswith(b"%PDF")


# --- the list, and what a page costs ----------------------------------------------------------


def many(session: WriteSession, people: People, dossier: Dossier) -> None:
    producer = session.get_one(Producer, dossier.producer_id)
    for number in range(24):
        product = make_product(session, people, producer, f"Sản phẩm số {number}")
        make_dossier(session, people, product=product)


def test_the_list_is_searched_without_accents_filtered_and_turned(begin: Begin) -> None:
    case = begin(DossierState.FILED, also=many)
    assert "Mật ong thử nghiệm" in case.client.get("/dossiers?q=mat ong").text
    part = case.client.get("/dossiers?state=filed", headers=HTMX).text
    assert "<html" not in part
    assert "Sản phẩm số" not in part
    first = case.client.get("/dossiers").text
    following = re.findall(r'href="(/dossiers\?after=\d+)" rel="next"', first)[0]
    assert "Mật ong thử nghiệm" in case.client.get(following).text
    assert "Không thấy hồ sơ nào." in case.client.get("/dossiers?q=khongco").text
    with counted(case.client) as said:
        answer = case.client.get("/dossiers", headers=PACKED)
    assert len(said) <= MOST_STATEMENTS
    assert answer.num_bytes_downloaded <= LARGEST_LIST


@pytest.mark.parametrize("state", [DossierState.DRAFT, DossierState.FILED])
def test_pages_stay_light_and_ask_little_however_many_papers_there_are(
    begin: Begin, state: DossierState
) -> None:
    def some(session: WriteSession, people: People, dossier: Dossier) -> None:
        if state is DossierState.FILED:
            report_on(session, people, dossier)

    case = begin(state, papers=0 if state is DossierState.FILED else 30, also=some)
    steps = ["", "/sections/1", "/sections/6", "/evidence"]
    steps += ["/file", "/parts"] if state is DossierState.DRAFT else []
    for step in steps:
        with counted(case.client) as said:
            answer = case.client.get(case.at(step), headers=PACKED)
        assert answer.headers["content-encoding"] == "br"
        assert len(said) <= MOST_STATEMENTS, (step, said)
        assert answer.num_bytes_downloaded <= LARGEST_PAGE, (step, answer.num_bytes_downloaded)
