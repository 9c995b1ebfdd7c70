"""Decisions and certificates over JSON."""

from typing import Annotated

from fastapi import Query, Response

from app.api.deps import Call, PageOut, Pages, api_router, needs, page_out
from app.core.clock import local_day
from app.domain.accounts.enums import Scope
from app.domain.recognition.actions import draft_decision, revise_decision, sign_decision
from app.domain.recognition.enums import DecisionKind
from app.domain.recognition.papers import decision_paper
from app.domain.recognition.queries import (
    certificate_out,
    certificates_page,
    decision_detail_out,
    decision_out,
    decisions_page,
    get_certificate,
    get_decision,
)
from app.domain.recognition.schemas import (
    CertificateOut,
    DecisionDetailOut,
    DecisionOut,
    DraftDecision,
    ReviseDecision,
    SignDecision,
)
from app.http.papers import PDF_ANSWER, pdf_answer

router = api_router(tags=["recognition"])
Reading = Annotated[Call, needs(Scope.RECOGNITION_READ)]
Writing = Annotated[Call, needs(Scope.RECOGNITION_WRITE)]


@router.get("/decisions", summary="Danh sách quyết định")
def index(
    call: Reading, pages: Pages, kind: Annotated[DecisionKind | None, Query()] = None
) -> PageOut[DecisionOut]:
    """List decisions, newest first, of one kind or all; drafts only for the province."""
    found = decisions_page(
        call.session, actor=call.actor, kind=kind, after=pages.after, limit=pages.limit
    )
    return page_out(found, lambda pair: decision_out(*pair))


@router.post("/decisions", status_code=201, summary="Soạn quyết định công nhận")
def create(call: Writing, data: DraftDecision) -> DecisionDetailOut:
    """Draft a decision over locked results of three or four stars."""
    decision = draft_decision(call.session, data, actor=call.actor, at=call.at)
    return decision_detail_out(call.session, decision)


@router.get("/decisions/{code}", summary="Một quyết định")
def show(call: Reading, code: str) -> DecisionDetailOut:
    """Show a decision with its products and their certificates."""
    decision = get_decision(call.session, code, actor=call.actor)
    return decision_detail_out(call.session, decision)


@router.put("/decisions/{code}", summary="Sửa dự thảo quyết định")
def revise(call: Writing, code: str, data: ReviseDecision) -> DecisionDetailOut:
    """Write a draft anew; a signed decision is never edited."""
    decision = revise_decision(call.session, code, data, actor=call.actor, at=call.at)
    return decision_detail_out(call.session, decision)


@router.post("/decisions/{code}/sign", summary="Ký quyết định")
def sign(call: Writing, code: str, data: SignDecision) -> DecisionDetailOut:
    """Sign a decision: certificates are issued, or end, last longer, are corrected, change hands."""
    decision = sign_decision(
        call.session,
        code,
        data,
        actor=call.actor,
        at=call.at,
    )
    return decision_detail_out(call.session, decision)


@router.get(
    "/decisions/{code}/paper.pdf",
    summary="Bản in quyết định",
    response_class=Response,
    responses=PDF_ANSWER,
)
def decision_pdf(call: Reading, code: str) -> Response:
    """Print a decision."""
    paper = decision_paper(
        call.session,
        code,
        actor=call.actor,
        at=call.at,
        agency=call.settings.agency_name,
        demonstration=call.settings.demonstration,
    )
    return pdf_answer(paper, f"quyet-dinh-{code}.pdf")


@router.get("/certificates", summary="Danh sách giấy chứng nhận")
def certificates(call: Reading, pages: Pages) -> PageOut[CertificateOut]:
    """List the certificates the token's owner may see, with what each is worth today."""
    found = certificates_page(
        call.session,
        actor=call.actor,
        on=local_day(call.at),
        after=pages.after,
        limit=pages.limit,
    )
    return page_out(found, certificate_out)


@router.get("/certificates/{code}", summary="Một giấy chứng nhận")
def certificate(call: Reading, code: str) -> CertificateOut:
    """Show one certificate and what it is worth today."""
    return certificate_out(
        get_certificate(call.session, code, actor=call.actor, on=local_day(call.at))
    )
