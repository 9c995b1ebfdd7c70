"""Reports over JSON: sent by anybody's program, and worked on by those who check them.

What anybody may do stands at the address of the form; `/reports` are those an office has made.
"""

from typing import Annotated

from fastapi import Query, Response
from fastapi.responses import StreamingResponse

from app.api.deps import (
    AnybodysCall,
    AnyCall,
    Call,
    PageOut,
    Pages,
    api_router,
    code_path,
    needs,
    open_or_with,
    page_out,
)
from app.core.errors import NotFound
from app.core.pictures import COPY_MEDIA_TYPE
from app.domain.accounts.enums import Scope
from app.domain.misuse.actions import (
    close_report,
    forget_reporter,
    give_back_report,
    join_report,
    name_certificate,
    read_contact,
    send_report,
    take_report,
)
from app.domain.misuse.enums import Concern, ReportState
from app.domain.misuse.policy import why_not_read
from app.domain.misuse.queries import (
    get_photo,
    open_state,
    report_detail,
    report_out,
    reports_page,
)
from app.domain.misuse.schemas import (
    CloseReport,
    ContactOut,
    ForgetReporter,
    GiveBackReport,
    JoinReport,
    NameCertificate,
    OpenStateOut,
    ReportDetailOut,
    ReportOut,
    SendReport,
    TakeReport,
)

router = api_router(tags=["reports"])
Sending = Annotated[AnybodysCall, open_or_with(Scope.REPORTS_WRITE)]
Reading = Annotated[Call, needs(Scope.REPORTS_READ)]
Writing = Annotated[Call, needs(Scope.REPORTS_WRITE)]
Code = Annotated[str, code_path("BC-7K2M9Q4")]
PhotoCode = Annotated[str, code_path("HA-4T8XW20")]


@router.post(
    "/report",
    status_code=201,
    summary="Gửi phản ánh",
    openapi_extra={"security": [{}]},
)
def send(call: Sending, data: SendReport) -> OpenStateOut:
    """Send what somebody saw; no token is needed, but with one more may be sent in an hour (429)."""
    report = send_report(call.session, data, program=call.program, at=call.at)
    call.session.flush()
    return open_state(call.session, report.code)


@router.get("/report/{code}", summary="Phản ánh đến đâu")
def state(call: AnyCall, code: Code) -> OpenStateOut:
    """Say how far a report is and since when, nothing else."""
    return open_state(call.session, code)


@router.get("/misuse-reports", summary="Danh sách phản ánh")
def index(
    call: Reading,
    pages: Pages,
    state: ReportState | None = None,
    concern: Concern | None = None,
    certificate: Annotated[str, Query(max_length=20, examples=["CN-4M7P2Q8"])] = "",
) -> PageOut[ReportOut]:
    """List the reports the token's owner may see, newest first."""
    if refusal := why_not_read(call.actor):
        raise refusal
    found = reports_page(
        call.session,
        actor=call.actor,
        at=call.at,
        state=state,
        concern=concern,
        certificate=certificate,
        after=pages.after,
        limit=pages.limit,
    )
    return page_out(found, report_out)


@router.get("/misuse-reports/{code}", summary="Một phản ánh")
def show(call: Reading, code: Code) -> ReportDetailOut:
    """Show a report with its photos and steps; who sent it is told apart."""
    return _told(call, code)


@router.post("/misuse-reports/{code}/take", summary="Nhận kiểm tra phản ánh")
def take(call: Writing, code: Code, data: TakeReport) -> ReportDetailOut:
    """Take a report to check it, a colleague's too."""
    take_report(call.session, code, data, actor=call.actor, at=call.at)
    return _told(call, code)


@router.post("/misuse-reports/{code}/give-back", summary="Trả lại phản ánh")
def give_back(call: Writing, code: Code, data: GiveBackReport) -> ReportDetailOut:
    """Let somebody else take it."""
    give_back_report(call.session, code, data, actor=call.actor, at=call.at)
    return _told(call, code)


@router.post("/misuse-reports/{code}/certificate", summary="Ghi giấy chứng nhận liên quan")
def certificate(call: Writing, code: Code, data: NameCertificate) -> ReportDetailOut:
    """Put down which certificate a report is about."""
    name_certificate(call.session, code, data, actor=call.actor, at=call.at)
    return _told(call, code)


@router.post("/misuse-reports/{code}/close", summary="Kết thúc phản ánh")
def close(call: Writing, code: Code, data: CloseReport) -> ReportDetailOut:
    """End a report with what was found and where it goes on."""
    close_report(call.session, code, data, actor=call.actor, at=call.at)
    return _told(call, code)


@router.post("/misuse-reports/{code}/join", summary="Gộp phản ánh cùng việc")
def join(call: Writing, code: Code, data: JoinReport) -> ReportDetailOut:
    """Join a report to another one about the same matter."""
    join_report(call.session, code, data, actor=call.actor, at=call.at)
    return _told(call, code)


@router.post("/misuse-reports/{code}/contact", summary="Đọc liên hệ của người phản ánh")
def contact(call: Writing, code: Code, response: Response) -> ContactOut:
    """Show how to reach the reporter; each reading is recorded, and the answer kept nowhere."""
    found = ContactOut.of(read_contact(call.session, code, actor=call.actor, at=call.at))
    call.unit.keep_no_answer()
    response.headers["cache-control"] = "no-store"
    return found


@router.post("/misuse-reports/{code}/forget", summary="Xóa liên hệ của người phản ánh")
def forget(call: Writing, code: Code, data: ForgetReporter) -> ReportDetailOut:
    """Delete the reporter's contact before its time."""
    forget_reporter(call.session, code, data, actor=call.actor, at=call.at)
    return _told(call, code)


@router.get(
    "/misuse-reports/{code}/photos/{photo}",
    summary="Ảnh của phản ánh",
    response_class=StreamingResponse,
    responses={200: {"content": {COPY_MEDIA_TYPE: {}}}},
)
def photo(call: Reading, code: Code, photo: PhotoCode) -> StreamingResponse:
    """Send the copy of a photo, without what the camera noted."""
    found = get_photo(call.session, code, photo, actor=call.actor)
    if found.copy_sha256 is None or call.settings.files.find(found.copy_sha256) is None:
        raise NotFound
    return StreamingResponse(
        call.settings.files.chunks(found.copy_sha256),
        media_type=COPY_MEDIA_TYPE,
        headers={"cache-control": "private, no-store", "x-content-type-options": "nosniff"},
    )


def _told(call: Call, code: str) -> ReportDetailOut:
    call.session.flush()
    return report_detail(call.session, code, actor=call.actor, at=call.at)
