"""The log, for auditors and administrators: what happened, by whom, when, and whether it is whole."""

from fastapi import Response

from app.core.errors import NotPermitted
from app.domain.accounts.enums import Role
from app.domain.audit.queries import events_page, verified_chain
from app.web.audit_text import event_sentence
from app.web.deps import After, Page, SignedInPage, page_router

router = page_router()


def _readers_only(page: SignedInPage) -> None:
    if not page.actor.has(Role.AUDITOR, Role.ADMINISTRATOR):
        raise NotPermitted("Nhật ký dành cho kiểm toán, thanh tra và quản trị hệ thống.")


@router.get("/audit", name="audit.list")
def index(page: Page, before: After | None = None) -> Response:
    """List events, newest first."""
    _readers_only(page)
    return page.render(
        "audit/list.html",
        found=events_page(page.session, before=before, limit=30),
        event_sentence=event_sentence,
        before=before,
    )


@router.get("/audit/verify", name="audit.verify")
def verify(page: Page) -> Response:
    """Recompute the chain and say whether it is whole."""
    _readers_only(page)
    return page.render("audit/verify.html", report=verified_chain(page.session))
