"""Products before the ministry over JSON: what is to be sent, what was sent, what it answered."""

from typing import Annotated

from app.api.deps import Call, PageOut, Pages, api_router, needs, page_out
from app.domain.accounts.enums import Scope
from app.domain.recognition.actions import forward_to_centre, record_answer
from app.domain.recognition.queries import SubmissionRow, get_submission, submissions_page
from app.domain.recognition.schemas import ForwardToCentre, RecordAnswer, SubmissionOut

router = api_router(tags=["recognition"])
Reading = Annotated[Call, needs(Scope.RECOGNITION_READ)]
Writing = Annotated[Call, needs(Scope.RECOGNITION_WRITE)]


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
    sent = forward_to_centre(call.session, code, data, actor=call.actor, at=call.at)
    return get_submission(call.session, sent.code, actor=call.actor).out()


@router.get("/centre-submissions/{code}", summary="Một sản phẩm trình Trung ương")
def show(call: Reading, code: str) -> SubmissionOut:
    """Show a product before the ministry and what it answered."""
    return get_submission(call.session, code, actor=call.actor).out()


@router.post("/centre-submissions/{code}/answer", summary="Ghi kết quả của Trung ương")
def answer(call: Writing, code: str, data: RecordAnswer) -> SubmissionOut:
    """Write down the ministry's answer: five stars, or below ninety points (art. 7.4.g)."""
    record_answer(call.session, code, data, actor=call.actor, at=call.at)
    return get_submission(call.session, code, actor=call.actor).out()
