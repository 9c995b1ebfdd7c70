"""A locked result taken up again: asked for by whoever presided, granted by the agency's head.

Two people, two sentences, one decision with a number. What was locked stays as it was in a table
that nobody can change; the sheets stay in, and the council goes on from there.
"""

from datetime import datetime
from pathlib import Path

from sqlmodel import col, select

from app.core.codes import new_code
from app.core.db import WriteSession
from app.core.errors import Conflict, NotFound, check_version
from app.domain.accounts.rules import Actor
from app.domain.audit.actions import record
from app.domain.councils.enums import ItemState, MeetingState, ReopeningState
from app.domain.councils.models import (
    AgendaItem,
    Meeting,
    Reopening,
    Result,
    SupersededResult,
)
from app.domain.councils.policy import why_not_decide_reopening, why_not_request_reopening
from app.domain.councils.queries import item_for_update
from app.domain.councils.rules import RESULT_BASIS
from app.domain.councils.schemas import DecideReopening, RequestReopening
from app.domain.dossiers.actions import reopen_scoring
from app.domain.dossiers.enums import Step
from app.domain.dossiers.models import Dossier
from app.domain.dossiers.rules import FINAL, STATE_LABELS, states_before


class NotReopenable(Conflict):
    """A decision, a certificate or a letter to the ministry rests on the result."""

    code = "result.not_reopenable"
    message = "Hồ sơ đang ở trạng thái «{state}»: kết quả không mở lại được nữa."
    basis = RESULT_BASIS


class OtherDossier(Conflict):
    """The product has begun anew: two results of one product would run side by side."""

    code = "result.other_dossier"
    message = "Sản phẩm đã có hồ sơ {dossier} đang làm: kết quả cũ không mở lại được nữa."
    basis = RESULT_BASIS


class ReopeningPending(Conflict):
    """One request at a time."""

    code = "reopening.pending"
    message = "Đã có một đề nghị mở lại đang chờ quyết định."
    basis = RESULT_BASIS


def request_reopening(
    session: WriteSession,
    code: str,
    data: RequestReopening,
    *,
    actor: Actor,
    at: datetime,
    council_rules_dir: Path | None = None,
) -> Reopening:
    """Ask for a locked result to be taken up again; records reopening.requested with the reason.

    Refused before the lock, once a decision or a letter to the ministry rests on the result, and
    while another request waits.
    """
    detail = item_for_update(session, code, actor=actor, rules_dir=council_rules_dir)
    item = detail.row.item
    refusal = why_not_request_reopening(detail.meeting.meeting, item, detail.meeting.seat)
    if refusal:
        raise refusal
    check_version(data.version, item.version)
    if detail.is_reopening_asked:
        raise ReopeningPending
    _reopenable_dossier(session, item)
    reopening = Reopening(
        code=new_code("ML"),
        item_id=item.id or 0,
        state=ReopeningState.REQUESTED,
        reason=data.reason,
        requested_by=actor.name,
        requested_by_id=actor.user_id or 0,
        requested_at=at,
    )
    session.add(reopening)
    item.version += 1
    record(
        session,
        "reopening.requested",
        subject=item,
        actor=actor,
        at=at,
        reopening=reopening.code,
        reason=data.reason,
    )
    return reopening


def decide_reopening(
    session: WriteSession, code: str, data: DecideReopening, *, actor: Actor, at: datetime
) -> Reopening:
    """Grant or decline a request as the agency's head; records result.reopened or reopening.declined.

    Granted: the result is kept as superseded with its document and hash, the dossier is being scored
    again with its sheets still in, and a meeting that had ended is open again, its minutes kept with
    the superseded result.
    """
    found = session.exec(
        select(Reopening, AgendaItem.meeting_id)
        .join(AgendaItem, col(AgendaItem.id) == col(Reopening.item_id))
        .where(col(Reopening.code) == code)
    ).one_or_none()
    if found is None or not actor.sees_province:
        raise NotFound
    # Meeting, then item: whoever ends the meeting meanwhile waits, and then sees an open item.
    meeting = session.exec(
        select(Meeting)
        .where(col(Meeting.id) == found[1])
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one()
    item, reopening = session.exec(
        select(AgendaItem, Reopening)
        .join(Reopening, col(Reopening.item_id) == col(AgendaItem.id))
        .where(col(Reopening.code) == code)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one()
    if refusal := why_not_decide_reopening(actor, reopening):
        raise refusal
    check_version(data.version, reopening.version)
    dossier = _reopenable_dossier(session, item) if data.grant else None
    reopening.state = ReopeningState.GRANTED if data.grant else ReopeningState.DECLINED
    reopening.answer = data.answer
    reopening.decision_number = data.decision_number
    reopening.decided_by = actor.name
    reopening.decided_at = at
    reopening.version += 1
    item.version += 1
    if dossier is None:
        record(
            session,
            "reopening.declined",
            subject=item,
            actor=actor,
            at=at,
            reopening=reopening.code,
            answer=data.answer,
        )
        return reopening
    result = session.exec(select(Result).where(col(Result.item_id) == item.id)).one()
    record(
        session,
        "result.reopened",
        subject=item,
        actor=actor,
        at=at,
        reopening=reopening.code,
        decision=data.decision_number,
        answer=data.answer,
        result=result.code,
        star=result.star,
        document_hash=result.document_hash,
    )
    session.add(_kept(result, item, meeting, reopening, at))
    session.delete(result)
    session.flush()
    item.state = ItemState.SCORING
    item.locked_at = item.locked_by = None
    item.certified_at = item.certified_by = None
    item.certified_hash = ""
    if meeting.state is MeetingState.CLOSED:
        _reopen_meeting(session, meeting, actor=actor, at=at)
    reopen_scoring(session, dossier, actor=actor, at=at)
    return reopening


def _reopenable_dossier(session: WriteSession, item: AgendaItem) -> Dossier:
    """Return the dossier, locked; refused when something rests on its result already."""
    dossier = session.exec(
        select(Dossier)
        .where(col(Dossier.id) == item.dossier_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one()
    if dossier.state not in states_before(Step.REOPEN_SCORING):
        raise NotReopenable(state=STATE_LABELS[dossier.state])
    other = session.exec(
        select(Dossier.code).where(
            col(Dossier.product_id) == dossier.product_id,
            col(Dossier.id) != dossier.id,
            col(Dossier.state).not_in(FINAL),
        )
    ).first()
    if other:
        raise OtherDossier(dossier=other)
    return dossier


def _kept(
    result: Result, item: AgendaItem, meeting: Meeting, reopening: Reopening, at: datetime
) -> SupersededResult:
    return SupersededResult(
        **result.model_dump(
            include={
                "code",
                "item_id",
                "average_text",
                "star",
                "outcome",
                "document",
                "sealed",
                "document_hash",
                "locked_at",
            }
        ),
        reopening_id=reopening.id or 0,
        locked_by=item.locked_by or "",
        certified_by=item.certified_by or "",
        minutes_number=meeting.minutes_number,
        conclusion=meeting.conclusion,
        superseded_at=at,
    )


def _reopen_meeting(session: WriteSession, meeting: Meeting, *, actor: Actor, at: datetime) -> None:
    record(
        session,
        "meeting.reopened",
        subject=meeting,
        actor=actor,
        at=at,
        minutes_number=meeting.minutes_number,
    )
    meeting.state = MeetingState.OPEN
    meeting.closed_at = None
    meeting.minutes_number = ""
    meeting.conclusion = ""
    meeting.version += 1
