"""Dossiers over JSON: from opening to the province's acceptance, with papers and printed forms."""

from typing import Annotated, Any

from fastapi import Query, Response

from app.api.deps import (
    Call,
    PageOut,
    Pages,
    Sent,
    WithFile,
    api_router,
    code_path,
    needs,
    only_with,
    page_out,
    sent,
)
from app.api.privacy import note_paper_of
from app.core.clock import local_day
from app.core.files import StoredFile
from app.domain.accounts.enums import Scope
from app.domain.councils.queries import dossier_ids_on_agenda, round_choice
from app.domain.dossiers.actions import (
    accept_dossier,
    add_evidence,
    check_components,
    file_dossier,
    propose_dossier,
    receive_dossier,
    return_dossier,
    save_commune_report,
    save_report_parts,
    save_section,
    sign_commune_report,
    stop_using_evidence,
    use_evidence,
    withdraw_dossier,
)
from app.domain.dossiers.enums import DossierState
from app.domain.dossiers.models import CommuneReport, Dossier
from app.domain.dossiers.papers import receipt_paper
from app.domain.dossiers.queries import (
    DossierRow,
    SelfAssessment,
    dossiers_page,
    get_dossier,
    get_evidence,
    get_report,
    self_assessment,
)
from app.domain.dossiers.schemas import (
    AcceptDossier,
    AcceptIntoRound,
    AddEvidence,
    CheckComponents,
    CiteEvidence,
    CommuneReportOut,
    DossierOut,
    EvidenceOut,
    FileDossier,
    MissingOut,
    OpenDossier,
    ProposeDossier,
    ReceiveDossier,
    ReturnDossier,
    SaveCommuneReport,
    SaveReportParts,
    SaveSection,
    SelfAssessmentOut,
    SignCommuneReport,
    WithdrawDossier,
)
from app.domain.recognition.actions import open_first
from app.http.attachments import file_answer
from app.http.papers import PDF_ANSWER, pdf_answer

router = api_router(tags=["dossiers"])
Reading = Annotated[Call, needs(Scope.DOSSIERS_READ)]
Writing = Annotated[Call, needs(Scope.DOSSIERS_WRITE)]
# A database cannot even look for some signs, such as U+0000.
Code = Annotated[str, code_path("HS-7K2M9Q4")]
EvidenceCode = Annotated[str, code_path("MC-4T8XW20")]
SectionCode = Annotated[str, code_path("1", longest=12)]

FILE_ANSWER: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "Tệp minh chứng, đúng từng byte như khi tải lên.",
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    }
}


class EvidenceForm(WithFile, AddEvidence):
    """A paper with its file, as a multipart form sends it."""


SentPaper = Annotated[Sent[AddEvidence, StoredFile], sent(EvidenceForm, AddEvidence)]


@router.get("/dossiers", summary="Danh sách hồ sơ")
def index(  # noqa: PLR0917 -- FastAPI hands parameters over by name
    call: Reading,
    pages: Pages,
    q: Annotated[
        str, Query(max_length=80, description="Tên sản phẩm hoặc chủ thể, không cần dấu.")
    ] = "",
    state: DossierState | None = None,
    commune_code: Annotated[str, Query(pattern=r"^(\d{5})?$", examples=["03390"])] = "",
    overdue: Annotated[bool, Query(description="Chỉ những hồ sơ xã đã quá hạn.")] = False,
) -> PageOut[DossierOut]:
    """List the dossiers the token's owner may see, newest first."""
    found = dossiers_page(
        call.session,
        actor=call.actor,
        search=q,
        state=state,
        commune_code=commune_code,
        late_on=local_day(call.at) if overdue else None,
        extra_ids=dossier_ids_on_agenda(call.session, call.actor, on=local_day(call.at)),
        after=pages.after,
        limit=pages.limit,
    )
    return page_out(found, lambda row: row.out(local_day(call.at)))


@router.post("/dossiers", status_code=201, summary="Mở hồ sơ")
def open_(call: Writing, data: OpenDossier) -> DossierOut:
    """Open the dossier of a product, pinned to the rulebooks of today."""
    dossier = open_first(
        call.session,
        data,
        actor=call.actor,
        at=call.at,
        council_rules_dir=call.settings.council_rules_dir,
    )
    return _told(call, dossier)


@router.get("/dossiers/{code}", summary="Một hồ sơ")
def show(call: Reading, code: Code) -> DossierOut:
    """Show one dossier."""
    return _seen(call, code).out(local_day(call.at))


# --- what the producer writes -----------------------------------------------------------------


@router.get("/dossiers/{code}/self-assessment", summary="Tự đánh giá theo tiêu chí")
def show_self_assessment(call: Reading, code: Code) -> SelfAssessmentOut:
    """Show part III of Mẫu số 02 with its running total and what each star still lacks."""
    return _assessed(call, code).out()


@router.put("/dossiers/{code}/self-assessment/{section}", summary="Ghi một mục tự đánh giá")
def write_section(
    call: Writing, code: Code, section: SectionCode, data: SaveSection
) -> SelfAssessmentOut:
    """Store the answers of one section; criteria that are not named stay as they are."""
    save_section(call.session, code, section, data, actor=call.actor, at=call.at)
    return _assessed(call, code).out()


@router.put("/dossiers/{code}/parts", summary="Ghi phần II, phần IV và số sản phẩm mẫu")
def write_parts(call: Writing, code: Code, data: SaveReportParts) -> DossierOut:
    """Store parts II and IV of Mẫu số 02 and the number of samples."""
    return _told(call, save_report_parts(call.session, code, data, actor=call.actor, at=call.at))


@router.get("/dossiers/{code}/missing", summary="Hồ sơ còn thiếu gì để nộp")
def missing(call: Reading, code: Code) -> list[MissingOut]:
    """List what must be added before the dossier can be filed, each with its basis."""
    found = _assessed(call, code).missing_on(local_day(call.at))
    return [MissingOut.of(one) for one in found]


@router.get("/dossiers/{code}/evidence", summary="Minh chứng")
def evidence(call: Reading, code: Code) -> list[EvidenceOut]:
    """List the papers of the dossier's producer and the criteria they support here."""
    return _assessed(call, code).papers_out()


@router.post(
    "/dossiers/{code}/evidence",
    status_code=201,
    summary="Thêm minh chứng",
    dependencies=[only_with(Scope.DOSSIERS_WRITE)],
)
def send_evidence(paper: SentPaper, call: Writing, code: Code) -> EvidenceOut:
    """Keep a PDF or photo as a paper of the producer; the same file again is the same paper."""
    kept = add_evidence(
        call.session,
        code,
        paper.data,
        paper.stored,
        file_name=paper.file_name,
        actor=call.actor,
        at=call.at,
    )
    return EvidenceOut.of(kept, criteria=_assessed(call, code).criteria_of(kept))


@router.post("/dossiers/{code}/evidence/cite", summary="Gắn minh chứng vào tiêu chí")
def cite(call: Writing, code: Code, data: CiteEvidence) -> SelfAssessmentOut:
    """Let a paper support a criterion."""
    use_evidence(call.session, code, data, actor=call.actor, at=call.at)
    return _assessed(call, code).out()


@router.post("/dossiers/{code}/evidence/uncite", summary="Gỡ minh chứng khỏi tiêu chí")
def uncite(call: Writing, code: Code, data: CiteEvidence) -> SelfAssessmentOut:
    """Let a paper no longer support a criterion; the paper stays."""
    stop_using_evidence(call.session, code, data, actor=call.actor, at=call.at)
    return _assessed(call, code).out()


@router.get(
    "/dossiers/{code}/evidence/{evidence_code}/file",
    summary="Tải tệp minh chứng",
    response_class=Response,
    responses=FILE_ANSWER,
)
def download(call: Reading, code: Code, evidence_code: EvidenceCode) -> Response:
    """Send the file of a paper, to be kept and not to be opened in the browser."""
    row = _seen(call, code)
    paper = get_evidence(call.session, row, evidence_code, actor=call.actor)
    note_paper_of(call, row.producer, paper)
    return file_answer(call.request, call.settings.files, paper)


# --- steps ------------------------------------------------------------------------------------


@router.post("/dossiers/{code}/file", summary="Nộp hồ sơ tại xã")
def file(call: Writing, code: Code, data: FileDossier) -> DossierOut:
    """Hand the dossier in: it gets its slip number and the commune's limit begins."""
    return _told(call, file_dossier(call.session, code, data, actor=call.actor, at=call.at))


@router.post("/dossiers/{code}/receive", summary="Tiếp nhận hồ sơ tại xã")
def receive(call: Writing, code: Code, data: ReceiveDossier) -> DossierOut:
    """Say who received the dossier and how many samples came; the limit does not move."""
    return _told(call, receive_dossier(call.session, code, data, actor=call.actor, at=call.at))


@router.put("/dossiers/{code}/components", summary="Kiểm tra thành phần hồ sơ")
def check(call: Writing, code: Code, data: CheckComponents) -> DossierOut:
    """Note for each part whether it is there; the report is signed when all are."""
    return _told(call, check_components(call.session, code, data, actor=call.actor, at=call.at))


@router.post("/dossiers/{code}/return", summary="Trả lại để hoàn thiện")
def give_back(call: Writing, code: Code, data: ReturnDossier) -> DossierOut:
    """Give the dossier back with a reason for each part."""
    return _told(call, return_dossier(call.session, code, data, actor=call.actor, at=call.at))


@router.post("/dossiers/{code}/withdraw", summary="Rút hồ sơ")
def withdraw(call: Writing, code: Code, data: WithdrawDossier) -> DossierOut:
    """Take the dossier back for good."""
    return _told(call, withdraw_dossier(call.session, code, data, actor=call.actor, at=call.at))


@router.get("/dossiers/{code}/commune-report", summary="Báo cáo đánh giá của xã")
def show_report(call: Reading, code: Code) -> CommuneReportOut:
    """Show the commune's report (Mẫu số 03)."""
    dossier = _seen(call, code).dossier
    return _report_told(get_report(call.session, dossier), code)


@router.put("/dossiers/{code}/commune-report", summary="Viết báo cáo đánh giá của xã")
def write_report(call: Writing, code: Code, data: SaveCommuneReport) -> CommuneReportOut:
    """Write the four findings; each is confirmed on its own."""
    report = save_commune_report(call.session, code, data, actor=call.actor, at=call.at)
    return _report_told(report, code)


@router.post("/dossiers/{code}/commune-report/sign", summary="Ký báo cáo đánh giá của xã")
def sign_report(call: Writing, code: Code, data: SignCommuneReport) -> CommuneReportOut:
    """Sign the report: the commune's assessment is done."""
    report = sign_commune_report(call.session, code, data, actor=call.actor, at=call.at)
    return _report_told(report, code)


@router.post("/dossiers/{code}/propose", summary="Đề nghị tỉnh đánh giá, phân hạng")
def propose(call: Writing, code: Code, data: ProposeDossier) -> DossierOut:
    """Propose the dossier to the province by letter."""
    return _told(call, propose_dossier(call.session, code, data, actor=call.actor, at=call.at))


@router.post("/dossiers/{code}/accept", summary="Tiếp nhận vào đợt")
def accept(call: Writing, code: Code, data: AcceptIntoRound) -> DossierOut:
    """Take a proposed dossier into a round."""
    dossier = accept_dossier(
        call.session,
        code,
        AcceptDossier(version=data.version),
        round_choice(call.session, data.round) if data.round else None,
        actor=call.actor,
        at=call.at,
    )
    return _told(call, dossier)


@router.get(
    "/dossiers/{code}/receipt.pdf",
    summary="Giấy biên nhận hồ sơ",
    response_class=Response,
    responses=PDF_ANSWER,
)
def receipt(call: Reading, code: Code) -> Response:
    """Print the slip that says what the commune received, and until when it answers."""
    content = receipt_paper(
        call.session,
        code,
        actor=call.actor,
        at=call.at,
        demonstration=call.settings.demonstration,
        extra_ids=dossier_ids_on_agenda(call.session, call.actor, on=local_day(call.at)),
    )
    return pdf_answer(content, f"bien-nhan-{code}.pdf")


def _seen(call: Call, code: str) -> DossierRow:
    return get_dossier(
        call.session,
        code,
        actor=call.actor,
        extra_ids=dossier_ids_on_agenda(call.session, call.actor, on=local_day(call.at)),
    )


def _assessed(call: Call, code: str) -> SelfAssessment:
    return self_assessment(call.session, _seen(call, code), actor=call.actor)


def _told(call: Call, dossier: Dossier) -> DossierOut:
    row = get_dossier(call.session, dossier.code, actor=call.actor)
    return row.out(local_day(call.at))


def _report_told(report: CommuneReport, code: str) -> CommuneReportOut:
    return CommuneReportOut.of(report, dossier_code=code)
