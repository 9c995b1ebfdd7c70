"""Published decisions over JSON, for anybody, without a token."""

from typing import Annotated

from fastapi import Query, Response

from app.api.deps import AnyCall, PageOut, Pages, page_out, public_router
from app.api.dossiers import FILE_ANSWER, Code
from app.domain.recognition.enums import DecisionKind
from app.domain.recognition.queries import (
    get_published_decision,
    published_decision_detail_out,
    published_decision_out,
    published_decisions_page,
    published_scan,
)
from app.domain.recognition.schemas import PublishedDecisionDetailOut, PublishedDecisionOut
from app.http.attachments import file_answer

# This module's name comes before the register's: its addresses are looked at first.
router = public_router(tags=["register"])


@router.get("/register/decisions", summary="Quyết định đã công bố")
def index(
    call: AnyCall, pages: Pages, kind: Annotated[DecisionKind | None, Query()] = None
) -> PageOut[PublishedDecisionOut]:
    """List the published decisions, newest first."""
    found = published_decisions_page(call.session, kind=kind, after=pages.after, limit=pages.limit)
    return page_out(found, lambda pair: published_decision_out(*pair))


@router.get("/register/decisions/{code}", summary="Một quyết định đã công bố")
def show(call: AnyCall, code: Code) -> PublishedDecisionDetailOut:
    """Show a published decision with its products or certificates."""
    return published_decision_detail_out(call.session, get_published_decision(call.session, code))


@router.get(
    "/register/decisions/{code}/scan",
    summary="Bản chụp quyết định đã công bố",
    response_class=Response,
    responses=FILE_ANSWER,
)
def scan(call: AnyCall, code: Code) -> Response:
    """Send the scan of a published decision."""
    kept = published_scan(call.session, code)
    return file_answer(call.request, call.settings.files, kept)
