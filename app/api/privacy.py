"""Personal data over JSON: what is kept, one's own, requests and their answers.

Whatever shows personal data is asked for by a POST: it is recorded each time, and its answer is kept
nowhere.
"""

from typing import Annotated

from app.api.deps import (
    AnyCall,
    Call,
    PageOut,
    Pages,
    api_router,
    code_path,
    needs,
    page_out,
)
from app.domain.accounts.enums import Scope
from app.domain.dossiers.models import Evidence
from app.domain.privacy.actions import (
    answer_request,
    ask,
    copy_for_request,
    copy_own,
    noting_later,
    read_personal,
    withdraw_request,
    write_down,
)
from app.domain.privacy.enums import RequestState
from app.domain.privacy.policy import needs_recording, why_not_read
from app.domain.privacy.queries import get_request, own_requests_page, requests_page
from app.domain.privacy.rules import HOLDINGS, SENSITIVE_PAPERS
from app.domain.privacy.schemas import (
    AnswerRequest,
    AskAboutData,
    DataRequestOut,
    HoldingOut,
    PersonalDataOut,
    PrivacyOut,
    ProducerPersonalOut,
    WithdrawRequest,
    WriteDownRequest,
)
from app.domain.producers.models import Producer

router = api_router(tags=["privacy"])
Reading = Annotated[Call, needs(Scope.PERSONAL_DATA_READ)]
Writing = Annotated[Call, needs(Scope.PERSONAL_DATA_WRITE)]
Code = Annotated[str, code_path("DL-7K2M9Q4")]
ProducerCode = Annotated[str, code_path("CT-7K2M9Q4")]


def note_reading_of(call: Call, producer: Producer, what: str) -> None:
    """Let it be recorded, once it is answered, that an office read what is personal."""
    if needs_recording(call.actor, producer):
        call.unit.later.append(noting_later(producer.id or 0, what, actor=call.actor, at=call.at))


def note_paper_of(call: Call, producer: Producer, paper: Evidence) -> None:
    """Let it be recorded that an office opened a paper of the kinds that hold sensitive data."""
    if paper.kind in SENSITIVE_PAPERS:
        note_reading_of(call, producer, f"giấy tờ {paper.code}")


@router.get("/privacy", summary="Dữ liệu cá nhân: giữ gì, để làm gì, bao lâu")
def notice(call: AnyCall) -> PrivacyOut:
    """Tell what is kept about people, why, on which basis, how long and who reads it."""
    settings = call.settings
    return PrivacyOut(
        keeper=settings.agency_name,
        contact=settings.privacy_contact,
        holdings=[
            HoldingOut.of(holding, reporters_days=settings.reporters_kept_days)
            for holding in HOLDINGS
        ],
    )


@router.post("/my-data/copy", summary="Lấy bản dữ liệu của mình")
def copy(call: Writing) -> PersonalDataOut:
    """Give all that is kept about the token's owner; recorded, and the answer is kept nowhere."""
    copied = copy_own(call.session, actor=call.actor, at=call.at)
    call.unit.keep_no_answer()
    return copied


@router.get("/my-data/requests", summary="Yêu cầu của mình")
def own(call: Reading, pages: Pages) -> PageOut[DataRequestOut]:
    """List what the token's owner asked about their own data, newest first."""
    found = own_requests_page(call.session, call.actor, after=pages.after, limit=pages.limit)
    return page_out(found, DataRequestOut.of)


@router.post("/my-data/requests", status_code=201, summary="Gửi yêu cầu về dữ liệu của mình")
def ask_about_data(call: Writing, data: AskAboutData) -> DataRequestOut:
    """Ask for a copy, correction, erasure or less use of one's own data."""
    made = ask(call.session, data, actor=call.actor, at=call.at)
    call.session.flush()
    return DataRequestOut.of(made)


@router.post("/my-data/requests/{code}/withdraw", summary="Rút yêu cầu của mình")
def withdraw(call: Writing, code: Code, data: WithdrawRequest) -> DataRequestOut:
    """Take a request back."""
    return DataRequestOut.of(
        withdraw_request(call.session, code, data, actor=call.actor, at=call.at)
    )


@router.get("/privacy-requests", summary="Yêu cầu về dữ liệu cá nhân")
def index(
    call: Reading, pages: Pages, state: RequestState | None = None
) -> PageOut[DataRequestOut]:
    """List the requests the token's owner may see as an office, newest first."""
    if refusal := why_not_read(call.actor):
        raise refusal
    found = requests_page(
        call.session, actor=call.actor, state=state, after=pages.after, limit=pages.limit
    )
    return page_out(found, DataRequestOut.of)


@router.post("/privacy-requests", status_code=201, summary="Ghi giúp một yêu cầu")
def write(call: Writing, data: WriteDownRequest) -> DataRequestOut:
    """Write down what somebody without an account asks."""
    made = write_down(call.session, data, actor=call.actor, at=call.at)
    call.session.flush()
    return DataRequestOut.of(made)


@router.get("/privacy-requests/{code}", summary="Một yêu cầu về dữ liệu cá nhân")
def show(call: Reading, code: Code) -> DataRequestOut:
    """Show a request and its answer."""
    return DataRequestOut.of(get_request(call.session, code, actor=call.actor))


@router.post("/privacy-requests/{code}/answer", summary="Trả lời yêu cầu")
def answer(call: Writing, code: Code, data: AnswerRequest) -> DataRequestOut:
    """Answer a request and do what the answer says; what a law keeps is kept and told."""
    return DataRequestOut.of(answer_request(call.session, code, data, actor=call.actor, at=call.at))


@router.post("/privacy-requests/{code}/copy", summary="Lấy bản dữ liệu để giao")
def copy_for(call: Writing, code: Code) -> PersonalDataOut:
    """Give what is kept about whom a request is about, to be handed over; recorded."""
    copied = copy_for_request(call.session, code, actor=call.actor, at=call.at)
    call.unit.keep_no_answer()
    return copied


@router.post("/producers/{code}/personal", summary="Xem dữ liệu cá nhân của chủ thể")
def personal(call: Writing, code: ProducerCode) -> ProducerPersonalOut:
    """Show how to reach a producer and what is sensitive of its representative; recorded."""
    seen = read_personal(call.session, code, actor=call.actor, at=call.at)
    call.unit.keep_no_answer()
    return seen
