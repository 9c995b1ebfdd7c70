"""What anybody may read of decisions: those published, what each is about, the scan of the paper."""

from fastapi import Response

from app.core.clock import local_day
from app.domain.recognition.enums import DecisionKind
from app.domain.recognition.queries import (
    decided_certificates,
    decided_products,
    get_published_decision,
    published_decisions_page,
    published_scan,
)
from app.domain.recognition.rules import (
    CORRECTED_LABELS,
    DECISION_BASIS,
    DECISION_KIND_LABELS,
    ON_CERTIFICATES,
    ground_texts,
)
from app.http.attachments import file_answer
from app.rulebooks.loader import in_force
from app.web.deps import After, PublicPage, public_router

# This module's name comes before the register's: its addresses are looked at first.
router = public_router()


@router.get("/register/decisions", name="register.decisions")
def index(page: PublicPage, kind: str = "", after: After = 0) -> Response:
    """List the published decisions, of one kind or all."""
    wanted = DecisionKind(kind) if kind in set(DecisionKind) else None
    return page.render(
        "public/_decisions.html" if page.is_fragment else "public/decisions.html",
        found=published_decisions_page(page.session, kind=wanted, after=after),
        after=after,
        kind=wanted,
        kinds=DECISION_KIND_LABELS,
    )


@router.get("/register/decisions/{code}", name="register.decision")
def show(page: PublicPage, code: str) -> Response:
    """Show a published decision and what it is about."""
    decision = get_published_decision(page.session, code)
    on_certificates = decision.kind in ON_CERTIFICATES
    return page.render(
        "public/decision.html",
        decision=decision,
        kinds=DECISION_KIND_LABELS,
        basis=DECISION_BASIS[decision.kind],
        on_certificates=on_certificates,
        products=[] if on_certificates else decided_products(page.session, decision),
        certificates=decided_certificates(page.session, decision) if on_certificates else [],
        grounds=ground_texts(in_force(local_day(page.at))),
        field_labels=CORRECTED_LABELS,
    )


@router.get("/register/decisions/{code}/scan", name="register.decision_scan")
def scan(page: PublicPage, code: str) -> Response:
    """Give the scan of a published decision to anybody."""
    kept = published_scan(page.session, code)
    return file_answer(page.request, page.settings.files, kept, to_read=True)
