"""The log over JSON, for auditors and administrators: what happened, and whether it is whole."""

from typing import Annotated

from fastapi import Query
from pydantic import BaseModel, Field

from app.api.deps import Call, api_router, needs
from app.core.errors import NotPermitted
from app.core.paging import LARGEST_PAGE
from app.domain.accounts.enums import Role, Scope
from app.domain.audit.queries import events_page, verified_chain
from app.domain.audit.schemas import ChainOut, EventsOut

router = api_router(tags=["audit"])
Reading = Annotated[Call, needs(Scope.AUDIT_READ)]


class NewestFirst(BaseModel):
    """Where the log goes on into the past, how much of it at once, and of which kind."""

    before: int | None = Field(
        default=None, ge=1, le=2**62, description="Giá trị `next_before` của trang trước."
    )
    limit: int = Field(default=50, ge=1, le=LARGEST_PAGE)
    kind: str = Field(default="", max_length=80, examples=["dossier.filed"])


@router.get("/audit", summary="Nhật ký")
def index(call: Reading, asked: Annotated[NewestFirst, Query()]) -> EventsOut:
    """List events, newest first."""
    _readers_only(call)
    found = events_page(
        call.session, before=asked.before, kind=asked.kind or None, limit=asked.limit
    )
    return EventsOut.of(found)


@router.get("/audit/verify", summary="Kiểm tra nhật ký nguyên vẹn")
def verify(call: Reading) -> ChainOut:
    """Recompute every hash from the first event to the last."""
    _readers_only(call)
    report = verified_chain(call.session)
    return ChainOut(
        whole=report.is_whole,
        events=report.events,
        head_hash=report.head_hash,
        first_broken=report.first_broken,
        reason=report.reason,
    )


def _readers_only(call: Call) -> None:
    if not call.actor.has(Role.AUDITOR, Role.ADMINISTRATOR):
        raise NotPermitted("Nhật ký dành cho kiểm toán, thanh tra và quản trị hệ thống.")
