"""Drafts of decisions, whatever they decide: one number for each authority and year, begun, rewritten."""

from datetime import date, datetime
from typing import Protocol

from sqlmodel import col, select

from app.core.codes import new_code
from app.core.db import WriteSession
from app.core.errors import Conflict, Invalid, Refused
from app.core.text import fold
from app.domain.recognition.enums import DecisionKind, DecisionState
from app.domain.recognition.models import RecognitionDecision


class NumberUsed(Conflict):
    """Two decisions of one authority and year cannot share a number."""

    code = "decision.number_used"
    message = "Số {number} năm {year} của cơ quan này đã dùng cho một quyết định khác."
    basis = "30/2020/NĐ-CP, Điều 15.1"


class DatedInFuture(Refused):
    """A decision is not dated ahead of its signature."""

    code = "decision.dated_in_future"
    message = "Quyết định ghi ngày {day}, chưa đến ngày đó nên chưa ký được."
    basis = "26/2026/QĐ-TTg, Điều 4.3"


class Heading(Protocol):
    """What every draft says about itself, before what it decides."""

    @property
    def kind(self) -> DecisionKind:
        """What the decision does."""

    @property
    def number(self) -> str:
        """Its number."""

    @property
    def decided_on(self) -> date:
        """Its day."""

    @property
    def authority(self) -> str:
        """Whose decision it is, in full."""


def begin_draft(session: WriteSession, data: Heading, *, at: datetime) -> RecognitionDecision:
    """Return a new draft without its lines; refused for a number that is used."""
    _check_number(session, data, except_id=None)
    decision = RecognitionDecision(
        code=new_code("QD"),
        kind=data.kind,
        state=DecisionState.DRAFT,
        number=data.number,
        year=data.decided_on.year,
        decided_on=data.decided_on,
        authority=data.authority,
        authority_folded=fold(data.authority),
        created_at=at,
    )
    session.add(decision)
    session.flush()
    return decision


def rewrite_draft(
    session: WriteSession, decision: RecognitionDecision, data: Heading
) -> dict[str, object]:
    """Write number, day and authority anew; return what stood there before.

    Refused for another kind, and for a number that is used.
    """
    if data.kind is not decision.kind:
        raise Invalid({"kind": "Loại quyết định không đổi được; hãy soạn quyết định khác."})
    _check_number(session, data, except_id=decision.id)
    before: dict[str, object] = {"number": decision.number, "decided_on": decision.decided_on}
    decision.number = data.number
    decision.year = data.decided_on.year
    decision.decided_on = data.decided_on
    decision.authority = data.authority
    decision.authority_folded = fold(data.authority)
    decision.version += 1
    return before


def _check_number(session: WriteSession, data: Heading, *, except_id: int | None) -> None:
    """Refuse a number that another decision of this authority and year bears."""
    used = session.exec(
        select(RecognitionDecision.id).where(
            col(RecognitionDecision.authority_folded) == fold(data.authority),
            col(RecognitionDecision.number) == data.number,
            col(RecognitionDecision.year) == data.decided_on.year,
        )
    ).one_or_none()
    if used is not None and used != except_id:
        raise NumberUsed(number=data.number, year=data.decided_on.year)
