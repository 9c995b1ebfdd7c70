"""The agency and the advisory team over JSON: check, completion, advice, surveys, extra tests."""

from typing import Annotated

from fastapi import Response

from app.api.deps import Call, Sent, WithFile, api_router, code_path, needs, only_with, sent
from app.api.dossiers import FILE_ANSWER, Code
from app.core.clock import local_day
from app.core.files import StoredFile
from app.core.layout import PaperFormat
from app.domain.accounts.enums import Scope
from app.domain.councils.queries import dossier_ids_on_agenda
from app.domain.dossiers.actions import (
    answer_completion,
    attach,
    check_at_province,
    order_test,
    recall_request,
    record_site_survey,
    record_test_result,
    request_completion,
    save_advice,
    sign_advice,
)
from app.domain.dossiers.papers import advisory_report_paper, completion_request_paper
from app.domain.dossiers.queries import (
    DossierRow,
    agency_file,
    get_advice,
    get_attachment,
    get_dossier,
)
from app.domain.dossiers.schemas import (
    AdvisoryReportOut,
    AgencyFileOut,
    AnswerCompletion,
    Attach,
    AttachmentOut,
    CheckAtProvince,
    CompletionRequestOut,
    DossierOut,
    ExtraTestOut,
    OrderTest,
    RecallRequest,
    RecordSiteSurvey,
    RecordTestResult,
    RequestCompletion,
    SaveAdvisoryReport,
    SignAdvisoryReport,
    SiteSurveyOut,
)
from app.http.attachments import file_answer
from app.http.papers import FORM_ANSWER, PDF_ANSWER, form_answer, pdf_answer

router = api_router(tags=["agency"])
Reading = Annotated[Call, needs(Scope.DOSSIERS_READ)]
Writing = Annotated[Call, needs(Scope.DOSSIERS_WRITE)]
# A database cannot even look for some signs, such as U+0000.
RequestCode = Annotated[str, code_path("YC-7K2M9Q4")]
SubjectCode = Annotated[str, code_path("KS-7K2M9Q4")]
TestCode = Annotated[str, code_path("KN-7K2M9Q4")]
FileCode = Annotated[str, code_path("TL-7K2M9Q4")]


class AttachmentForm(WithFile, Attach):
    """A photo or paper with its file, as a multipart form sends it."""


SentAttachment = Annotated[Sent[Attach, StoredFile], sent(AttachmentForm, Attach)]


@router.get("/dossiers/{code}/agency", summary="Việc của cơ quan tham mưu và Tổ tư vấn")
def show(call: Reading, code: Code) -> AgencyFileOut:
    """Show checks, requests, advice (for its readers), surveys and extra tests of a dossier."""
    return agency_file(call.session, _seen(call, code), actor=call.actor).out()


@router.put("/dossiers/{code}/province-check", summary="Kiểm tra thành phần, nội dung hồ sơ")
def check(call: Writing, code: Code, data: CheckAtProvince) -> AgencyFileOut:
    """Keep the agency's check of every part."""
    check_at_province(call.session, code, data, actor=call.actor, at=call.at)
    return agency_file(call.session, _seen(call, code), actor=call.actor).out()


@router.post("/dossiers/{code}/completion-requests", status_code=201, summary="Yêu cầu hoàn thiện")
def ask(call: Writing, code: Code, data: RequestCompletion) -> CompletionRequestOut:
    """Ask producer and commune to complete what is named by a day."""
    return CompletionRequestOut.of(
        request_completion(call.session, code, data, actor=call.actor, at=call.at)
    )


@router.post("/dossiers/{code}/completion", summary="Trả lời yêu cầu, gửi lại hồ sơ")
def answer(call: Writing, code: Code, data: AnswerCompletion) -> DossierOut:
    """Keep answers; with `send` the dossier goes back to the agency."""
    answer_completion(call.session, code, data, actor=call.actor, at=call.at)
    return _seen(call, code).out(local_day(call.at))


@router.post("/dossiers/{code}/completion/recall", summary="Thôi yêu cầu hoàn thiện")
def recall(call: Writing, code: Code, data: RecallRequest) -> DossierOut:
    """Take the request back."""
    recall_request(call.session, code, data, actor=call.actor, at=call.at)
    return _seen(call, code).out(local_day(call.at))


@router.get(
    "/dossiers/{code}/completion-requests/{request_code}.pdf",
    summary="Công văn yêu cầu hoàn thiện",
    response_class=Response,
    responses=PDF_ANSWER,
)
def letter(call: Reading, code: Code, request_code: RequestCode) -> Response:
    """Print the letter that asks for completion."""
    content = completion_request_paper(
        call.session,
        code,
        request_code,
        actor=call.actor,
        at=call.at,
        agency=call.settings.agency_name,
        demonstration=call.settings.demonstration,
    )
    return pdf_answer(content, f"yeu-cau-{request_code}.pdf")


@router.get("/dossiers/{code}/advisory-report", summary="Báo cáo của Tổ tư vấn")
def show_advice(call: Reading, code: Code) -> AdvisoryReportOut:
    """Show the advisory team's report to its readers."""
    report = get_advice(call.session, _seen(call, code).dossier, actor=call.actor)
    return AdvisoryReportOut.of(report, dossier_code=code)


@router.put("/dossiers/{code}/advisory-report", summary="Viết báo cáo của Tổ tư vấn")
def write_advice(call: Writing, code: Code, data: SaveAdvisoryReport) -> AdvisoryReportOut:
    """Write the advisory team's report."""
    report = save_advice(call.session, code, data, actor=call.actor, at=call.at)
    return AdvisoryReportOut.of(report, dossier_code=code)


@router.post("/dossiers/{code}/advisory-report/sign", summary="Ký báo cáo của Tổ tư vấn")
def sign(call: Writing, code: Code, data: SignAdvisoryReport) -> AdvisoryReportOut:
    """Sign the advisory team's report as its author."""
    report = sign_advice(call.session, code, data, actor=call.actor, at=call.at)
    return AdvisoryReportOut.of(report, dossier_code=code)


@router.get(
    "/dossiers/{code}/advisory-report.{kind}",
    summary="Báo cáo của Tổ tư vấn (PDF, DOCX)",
    response_class=Response,
    responses=FORM_ANSWER,
)
def print_advice(call: Reading, code: Code, kind: PaperFormat) -> Response:
    """Print the advisory team's report for its readers."""
    paper = advisory_report_paper(
        call.session,
        code,
        actor=call.actor,
        demonstration=call.settings.demonstration,
        extra_ids=dossier_ids_on_agenda(call.session, call.actor, on=local_day(call.at)),
    )
    content = paper.printed(kind, own=call.settings.paper_templates_dir, at=call.at)
    return form_answer(content, f"bao-cao-to-tu-van-{code}", kind)


@router.post("/dossiers/{code}/surveys", status_code=201, summary="Ghi biên bản khảo sát thực tế")
def survey(call: Writing, code: Code, data: RecordSiteSurvey) -> SiteSurveyOut:
    """Keep the record of a survey at the place of production."""
    return SiteSurveyOut.of(
        record_site_survey(call.session, code, data, actor=call.actor, at=call.at)
    )


@router.post("/dossiers/{code}/extra-tests", status_code=201, summary="Đề nghị kiểm nghiệm bổ sung")
def order(call: Writing, code: Code, data: OrderTest) -> ExtraTestOut:
    """Order a test beside those of the dossier."""
    return ExtraTestOut.of(order_test(call.session, code, data, actor=call.actor, at=call.at))


@router.post("/dossiers/{code}/extra-tests/{test}/result", summary="Ghi kết quả kiểm nghiệm")
def result(call: Writing, code: Code, test: TestCode, data: RecordTestResult) -> ExtraTestOut:
    """Enter what the laboratory found, once."""
    return ExtraTestOut.of(
        record_test_result(call.session, code, test, data, actor=call.actor, at=call.at)
    )


@router.post(
    "/dossiers/{code}/attachments/{subject}",
    status_code=201,
    summary="Thêm ảnh khảo sát, phiếu kiểm nghiệm",
    dependencies=[only_with(Scope.DOSSIERS_WRITE)],
)
def send_attachment(
    paper: SentAttachment, call: Writing, code: Code, subject: SubjectCode
) -> AttachmentOut:
    """Keep a photo of a survey or the paper of a test, byte for byte."""
    return AttachmentOut.of(
        attach(
            call.session,
            code,
            subject,
            paper.data,
            paper.stored,
            file_name=paper.file_name,
            actor=call.actor,
            at=call.at,
        )
    )


@router.get(
    "/dossiers/{code}/attachments/{file_code}/file",
    summary="Tải ảnh khảo sát, phiếu kiểm nghiệm",
    response_class=Response,
    responses=FILE_ANSWER,
)
def download(call: Reading, code: Code, file_code: FileCode) -> Response:
    """Send the file, to be kept and not to be opened in the browser."""
    named = get_attachment(call.session, _seen(call, code).dossier, file_code)
    return file_answer(call.request, call.settings.files, named)


def _seen(call: Call, code: str) -> DossierRow:
    return get_dossier(
        call.session,
        code,
        actor=call.actor,
        extra_ids=dossier_ids_on_agenda(call.session, call.actor, on=local_day(call.at)),
    )
