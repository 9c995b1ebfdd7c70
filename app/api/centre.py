"""Products before the ministry over JSON: what is to be sent, what was sent, what it answered."""

from typing import Annotated

from fastapi import Response

from app.api.deps import (
    Call,
    PageOut,
    Pages,
    Sent,
    WithFile,
    api_router,
    needs,
    only_with,
    page_out,
    sent,
)
from app.api.dossiers import FILE_ANSWER, Code
from app.core.files import StoredFile
from app.domain.accounts.enums import Scope
from app.domain.recognition.actions import attach_answer_scan, forward_to_centre, record_answer
from app.domain.recognition.queries import (
    SubmissionRow,
    answer_scan,
    get_submission,
    submissions_page,
)
from app.domain.recognition.schemas import (
    AttachAnswerScan,
    ForwardToCentre,
    RecordAnswer,
    SubmissionOut,
)
from app.http.attachments import file_answer

router = api_router(tags=["recognition"])
Reading = Annotated[Call, needs(Scope.RECOGNITION_READ)]
Writing = Annotated[Call, needs(Scope.RECOGNITION_WRITE)]


class AnswerScanForm(WithFile, AttachAnswerScan):
    """The scan of the ministry's answer, as a multipart form sends it."""


SentScan = Annotated[Sent[AttachAnswerScan, StoredFile], sent(AnswerScanForm, AttachAnswerScan)]


@router.get("/centre-submissions", summary="Sản phẩm đã trình Trung ương")
def index(call: Reading, pages: Pages) -> PageOut[SubmissionOut]:
    """List the products before the ministry that the token's owner may see, newest first."""
    found = submissions_page(call.session, actor=call.actor, after=pages.after, limit=pages.limit)
    return page_out(found, SubmissionRow.out)


@router.post(
    "/dossiers/{code}/centre-submissions",
    status_code=201,
    summary="Ghi hồ sơ đã gửi Trung ương",
)
def send(call: Writing, code: str, data: ForwardToCentre) -> SubmissionOut:
    """Write down that an approved product went to the ministry (art. 6.3, 7.3.e)."""
    made = forward_to_centre(call.session, code, data, actor=call.actor, at=call.at)
    return get_submission(call.session, made.code, actor=call.actor).out()


@router.get("/centre-submissions/{code}", summary="Một sản phẩm trình Trung ương")
def show(call: Reading, code: str) -> SubmissionOut:
    """Show a product before the ministry and what it answered."""
    return get_submission(call.session, code, actor=call.actor).out()


@router.post("/centre-submissions/{code}/answer", summary="Ghi kết quả của Trung ương")
def answer(call: Writing, code: str, data: RecordAnswer) -> SubmissionOut:
    """Write down the ministry's answer: five stars, or below ninety points (art. 7.4.g)."""
    record_answer(
        call.session,
        code,
        data,
        actor=call.actor,
        at=call.at,
    )
    return get_submission(call.session, code, actor=call.actor).out()


@router.post(
    "/centre-submissions/{code}/scan",
    summary="Lưu bản chụp văn bản của Bộ",
    dependencies=[only_with(Scope.RECOGNITION_WRITE)],
)
def attach(paper: SentScan, call: Writing, code: Code) -> SubmissionOut:
    """Keep the scan of the ministry's answer (PDF, JPEG, PNG); a later one replaces it."""
    attach_answer_scan(
        call.session,
        code,
        paper.data,
        paper.stored,
        file_name=paper.file_name,
        actor=call.actor,
        at=call.at,
    )
    return get_submission(call.session, code, actor=call.actor).out()


@router.get(
    "/centre-submissions/{code}/scan",
    summary="Tải bản chụp văn bản của Bộ",
    response_class=Response,
    responses=FILE_ANSWER,
)
def scan(call: Reading, code: Code) -> Response:
    """Send the scan to everybody who sees the product before the ministry."""
    kept = answer_scan(get_submission(call.session, code, actor=call.actor).submission)
    return file_answer(call.request, call.settings.files, kept)
