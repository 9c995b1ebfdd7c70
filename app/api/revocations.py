"""Revocation cases and producers that ended over JSON (art. 8)."""

from typing import Annotated

from fastapi import Response

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
from app.api.dossiers import FILE_ANSWER
from app.core.clock import local_day
from app.core.files import StoredFile
from app.domain.accounts.enums import Scope
from app.domain.producers.models import Producer
from app.domain.recognition.actions import (
    attach_conclusion,
    drop_case,
    open_case,
    record_dissolution,
    submit_case,
    undo_dissolution,
    verify_case,
)
from app.domain.recognition.queries import CaseRow, cases_page, conclusion_of, get_case
from app.domain.recognition.schemas import (
    AttachConclusion,
    CaseOut,
    DissolutionOut,
    DropCase,
    OpenCase,
    RecordDissolution,
    SubmitCase,
    UndoDissolution,
    VerifyCase,
)
from app.http.attachments import file_answer

router = api_router(tags=["recognition"])
Reading = Annotated[Call, needs(Scope.RECOGNITION_READ)]
Writing = Annotated[Call, needs(Scope.RECOGNITION_WRITE)]
CaseCode = Annotated[str, code_path("TH-7K2M9Q4")]
CertificateCode = Annotated[str, code_path("CN-4M7P2Q8")]
ProducerCode = Annotated[str, code_path("CT-7K2M9Q4")]


class ConclusionForm(WithFile, AttachConclusion):
    """The scan of a conclusion, as a multipart form sends it."""


SentConclusion = Annotated[
    Sent[AttachConclusion, StoredFile], sent(ConclusionForm, AttachConclusion)
]


@router.get("/revocation-cases", summary="Danh sách hồ sơ thu hồi")
def index(call: Reading, pages: Pages) -> PageOut[CaseOut]:
    """List the revocation cases the token's owner may see, newest first."""
    found = cases_page(
        call.session,
        actor=call.actor,
        on=local_day(call.at),
        after=pages.after,
        limit=pages.limit,
    )
    return page_out(found, CaseRow.out)


@router.post("/certificates/{code}/revocation-cases", status_code=201, summary="Mở hồ sơ thu hồi")
def create(call: Writing, code: CertificateCode, data: OpenCase) -> CaseOut:
    """Open a case by a conclusion; the commune by confirming that production ended."""
    case = open_case(call.session, code, data, actor=call.actor, at=call.at)
    return _out(call, case.code)


@router.get("/revocation-cases/{code}", summary="Một hồ sơ thu hồi")
def show(call: Reading, code: CaseCode) -> CaseOut:
    """Show a case with its clock."""
    return _out(call, code)


@router.post("/revocation-cases/{code}/verify", summary="Ghi kết quả kiểm tra, xác minh")
def verify(call: Writing, code: CaseCode, data: VerifyCase) -> CaseOut:
    """Write down what the agency's check found."""
    return verify_case(call.session, code, data, actor=call.actor, at=call.at).out()


@router.post("/revocation-cases/{code}/submit", summary="Ghi tờ trình thu hồi")
def submit(call: Writing, code: CaseCode, data: SubmitCase) -> CaseOut:
    """Put a verified case before the province, five stars before the ministry."""
    return submit_case(call.session, code, data, actor=call.actor, at=call.at).out()


@router.post("/revocation-cases/{code}/drop", summary="Dừng hồ sơ thu hồi")
def drop(call: Writing, code: CaseCode, data: DropCase) -> CaseOut:
    """End a case without a revocation, with the reason."""
    return drop_case(call.session, code, data, actor=call.actor, at=call.at).out()


@router.post(
    "/revocation-cases/{code}/conclusion",
    summary="Lưu bản quét kết luận",
    dependencies=[only_with(Scope.RECOGNITION_WRITE)],
)
def attach(paper: SentConclusion, call: Writing, code: CaseCode) -> CaseOut:
    """Keep the scan of the conclusion with its case."""
    return attach_conclusion(
        call.session,
        code,
        paper.data,
        paper.stored,
        file_name=paper.file_name,
        actor=call.actor,
        at=call.at,
    ).out()


@router.get(
    "/revocation-cases/{code}/conclusion",
    summary="Tải bản quét kết luận",
    response_class=Response,
    responses=FILE_ANSWER,
)
def conclusion(call: Reading, code: CaseCode) -> Response:
    """Send the scan of the conclusion to whoever sees the case."""
    scan = conclusion_of(call.session, code, actor=call.actor, on=local_day(call.at))
    return file_answer(call.request, call.settings.files, scan)


@router.post("/producers/{code}/dissolution", summary="Ghi nhận chủ thể ngừng hoạt động")
def dissolve(call: Writing, code: ProducerCode, data: RecordDissolution) -> DissolutionOut:
    """Write down that a producer ended: its certificates stop and cases of revocation open."""
    return _ended(record_dissolution(call.session, code, data, actor=call.actor, at=call.at))


@router.post("/producers/{code}/dissolution/undo", summary="Hủy ghi nhận ngừng hoạt động")
def undo(call: Writing, code: ProducerCode, data: UndoDissolution) -> DissolutionOut:
    """Take back that a producer ended, while nothing was revoked for it."""
    return _ended(undo_dissolution(call.session, code, data, actor=call.actor, at=call.at))


def _out(call: Call, code: str) -> CaseOut:
    return get_case(call.session, code, actor=call.actor, on=local_day(call.at)).out()


def _ended(producer: Producer) -> DissolutionOut:
    return DissolutionOut(
        producer=producer.code,
        version=producer.version,
        dissolved_on=producer.dissolved_on,
        dissolution_source=producer.dissolution_source,
    )
