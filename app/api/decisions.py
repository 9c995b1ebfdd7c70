"""Decisions on certificates over JSON; of all decisions: the scan of the paper, publication."""

from typing import Annotated

from fastapi import Query, Response

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
from app.core.clock import local_day
from app.core.errors import Invalid
from app.core.files import StoredFile
from app.domain.accounts.enums import Scope
from app.domain.recognition.actions import (
    attach_decision_scan,
    draft_on_certificates,
    publish_decision,
    revise_on_certificates,
)
from app.domain.recognition.enums import DecisionKind
from app.domain.recognition.queries import (
    Decidable,
    decidable_page,
    decision_detail_out,
    decision_scan,
    get_decision,
)
from app.domain.recognition.rules import ON_CERTIFICATES
from app.domain.recognition.schemas import (
    AttachDecisionScan,
    DecidableOut,
    DecisionDetailOut,
    DraftOnCertificates,
    PublishDecision,
    ReviseOnCertificates,
)
from app.http.attachments import file_answer

router = api_router(tags=["recognition"])
Reading = Annotated[Call, needs(Scope.RECOGNITION_READ)]
Writing = Annotated[Call, needs(Scope.RECOGNITION_WRITE)]


class DecisionScanForm(WithFile, AttachDecisionScan):
    """The scan of a signed decision, as a multipart form sends it."""


SentScan = Annotated[
    Sent[AttachDecisionScan, StoredFile], sent(DecisionScanForm, AttachDecisionScan)
]


@router.get("/certificate-decisions/candidates", summary="Giấy chứng nhận đưa vào quyết định được")
def candidates(
    call: Reading,
    pages: Pages,
    kind: Annotated[DecisionKind, Query(examples=["extension"])] = DecisionKind.EXTENSION,
    q: Annotated[str, Query(max_length=80, description="Tên không cần dấu, hoặc mã.")] = "",
) -> PageOut[DecidableOut]:
    """List the certificates that a decision of this kind may take today, newest first."""
    if kind not in ON_CERTIFICATES:
        raise Invalid({"kind": "Quyết định về kết quả đánh giá được soạn ở mục riêng."})
    found = decidable_page(
        call.session,
        actor=call.actor,
        kind=kind,
        on=local_day(call.at),
        search=q,
        after=pages.after,
        limit=pages.limit,
    )
    return page_out(found, Decidable.out)


@router.post(
    "/certificate-decisions", status_code=201, summary="Soạn quyết định về giấy chứng nhận"
)
def create(call: Writing, data: DraftOnCertificates) -> DecisionDetailOut:
    """Draft a decision that revokes, extends, corrects or hands certificates over (art. 8, 12.3)."""
    decision = draft_on_certificates(call.session, data, actor=call.actor, at=call.at)
    return decision_detail_out(call.session, decision)


@router.put("/certificate-decisions/{code}", summary="Sửa dự thảo quyết định về giấy chứng nhận")
def revise(call: Writing, code: Code, data: ReviseOnCertificates) -> DecisionDetailOut:
    """Write a draft anew; it is signed, shown and printed like every decision."""
    decision = revise_on_certificates(call.session, code, data, actor=call.actor, at=call.at)
    return decision_detail_out(call.session, decision)


@router.post(
    "/decisions/{code}/scan",
    summary="Lưu bản chụp quyết định đã ký",
    dependencies=[only_with(Scope.RECOGNITION_WRITE)],
)
def attach(paper: SentScan, call: Writing, code: Code) -> DecisionDetailOut:
    """Keep the scan of a signed decision (PDF, JPEG, PNG); replaceable until it is published."""
    decision = attach_decision_scan(
        call.session,
        code,
        paper.data,
        paper.stored,
        file_name=paper.file_name,
        actor=call.actor,
        at=call.at,
    )
    return decision_detail_out(call.session, decision)


@router.get(
    "/decisions/{code}/scan",
    summary="Tải bản chụp quyết định",
    response_class=Response,
    responses=FILE_ANSWER,
)
def scan(call: Reading, code: Code) -> Response:
    """Send the scan to everybody who may see the decision."""
    kept = decision_scan(get_decision(call.session, code, actor=call.actor))
    return file_answer(call.request, call.settings.files, kept)


@router.post("/decisions/{code}/publish", summary="Công bố quyết định")
def publish(call: Writing, code: Code, data: PublishDecision) -> DecisionDetailOut:
    """Let anybody read a signed decision with its scan, for good."""
    decision = publish_decision(call.session, code, data, actor=call.actor, at=call.at)
    return decision_detail_out(call.session, decision)
