"""What changes a council at work: seats by a later decision, and the chair's delegation."""

from datetime import datetime

from sqlmodel import col, select

from app.core.clock import local_day
from app.core.codes import new_code
from app.core.db import WriteSession
from app.core.errors import Conflict, Invalid, Worded, check_version
from app.core.official_days import check_in_effect
from app.domain.accounts.rules import Actor
from app.domain.audit.actions import record
from app.domain.councils.actions.setting_up import (
    check_decision,
    check_seats,
    new_seat,
    people_of,
)
from app.domain.councils.enums import MeetingState, Seat
from app.domain.councils.models import (
    ChairDelegation,
    Council,
    CouncilAmendment,
    CouncilMember,
    Meeting,
)
from app.domain.councils.policy import why_not_delegate, why_not_prepare
from app.domain.councils.queries import CouncilRow, council_for_update
from app.domain.councils.rules import COUNCIL_BASIS
from app.domain.councils.schemas import AmendCouncil, DelegateChair


class MeetingGoesOn(Conflict):
    """Who judges does not change while a meeting of the council is open."""

    code = "council.meeting_goes_on"
    message = "Phiên họp {meeting} đang mở: hãy kết thúc phiên họp rồi mới thay đổi thành viên."
    basis = COUNCIL_BASIS


def amend_council(
    session: WriteSession, code: str, data: AmendCouncil, *, actor: Actor, at: datetime
) -> CouncilAmendment:
    """Change who sits on a council by a later decision; records council.amended.

    Seats end and begin on the day of effect; whoever left keeps what was done in the seat, and the
    sheets stay. A seat that takes the place of one of the same kind is its successor.
    Refused: while a meeting of the council is open, a day of effect ahead, before the decision or
    outside the term, an account that is no council member, seats that make no council (art. 7.3.b).
    """
    if refusal := why_not_prepare(actor):
        raise refusal
    row = council_for_update(session, code, actor=actor)
    council = row.council
    check_version(data.version, council.version)
    effective_on = data.effective_on or data.decided_on
    _check_days(council, data, at=at)
    _check_no_meeting(session, council)
    check_decision(session, data.decision_number, data.decided_on.year)
    leaving = _leaving(row, data)
    staying = [seat for seat in row.seats if seat.username not in leaving]
    seated = {seat.username for seat in staying}
    if again := sorted(seated & {seat.username for seat in data.joins}):
        said = Worded("Đang giữ ghế trong Hội đồng: {names}.", names=", ".join(again))
        raise Invalid({"joins": said})
    people = people_of(
        session, [seat.username for seat in data.joins], on=local_day(at), field="joins"
    )
    check_seats(
        [(seat.member.seat, seat.member.voting) for seat in staying]
        + [(seat.seat, seat.votes) for seat in data.joins]
    )
    for member in leaving.values():
        member.left_on = effective_on
    # The old seat ends before the new one begins: nobody has two at a time.
    session.flush()
    vacant = list(leaving.values())
    for seat in data.joins:
        successor = new_seat(council, seat, people[seat.username], on=effective_on)
        before = next((one for one in vacant if one.seat is seat.seat), None)
        if before is not None:
            vacant.remove(before)
            successor.succeeds_id = before.id
        session.add(successor)
    amendment = CouncilAmendment(
        code=new_code("SD"),
        council_id=council.id or 0,
        decision_number=data.decision_number,
        decided_on=data.decided_on,
        year=data.decided_on.year,
        effective_on=effective_on,
        changes=[
            *(
                {"username": name, "name": member.name, "left": member.seat.value}
                for name, member in leaving.items()
            ),
            *(
                {
                    "username": seat.username,
                    "name": people[seat.username].name,
                    "joined": seat.seat.value,
                }
                for seat in data.joins
            ),
        ],
        recorded_by=actor.name,
        recorded_at=at,
    )
    session.add(amendment)
    council.version += 1
    record(
        session,
        "council.amended",
        subject=council,
        actor=actor,
        at=at,
        decision_number=data.decision_number,
        effective_on=effective_on,
        left={name: member.seat for name, member in leaving.items()},
        joined={seat.username: seat.seat for seat in data.joins},
    )
    return amendment


def delegate_chair(
    session: WriteSession, code: str, data: DelegateChair, *, actor: Actor, at: datetime
) -> ChairDelegation:
    """Record the chair's paper that lets a voting member preside; records council.chair_delegated.

    It also stands for a meeting that the delegate presides at this moment without a paper.
    Refused: somebody who does not vote, the chair, a day of signing ahead, days beyond the term.
    """
    row = council_for_update(session, code, actor=actor)
    council = row.council
    seat = next((one.member for one in row.seats if one.member.user_id == actor.user_id), None)
    if refusal := why_not_delegate(actor, seat):
        raise refusal
    delegate = next((one.member for one in row.seats if one.username == data.delegate), None)
    if delegate is None or not delegate.voting or delegate.seat is Seat.CHAIR:
        raise Invalid(
            {"delegate": "Người được ủy quyền phải là thành viên chấm điểm, không phải Chủ tịch."}
        )
    if data.signed_on > local_day(at):
        raise Invalid({"signed_on": "Ngày ký không được sau hôm nay."})
    if not council.term_from <= data.first_day <= data.last_day <= council.term_to:
        raise Invalid({"last_day": _outside(council)})
    delegation = ChairDelegation(
        code=new_code("UQ"),
        council_id=council.id or 0,
        member_id=delegate.id or 0,
        number=data.number,
        signed_on=data.signed_on,
        scope=data.scope,
        first_day=data.first_day,
        last_day=data.last_day,
        recorded_by=actor.name,
        recorded_at=at,
    )
    session.add(delegation)
    session.flush()
    _note_in_open_meetings(session, delegation)
    record(
        session,
        "council.chair_delegated",
        subject=council,
        actor=actor,
        at=at,
        delegation=delegation.code,
        delegate=data.delegate,
        number=data.number,
        signed_on=data.signed_on,
        scope=data.scope,
        first_day=data.first_day,
        last_day=data.last_day,
    )
    return delegation


def _note_in_open_meetings(session: WriteSession, delegation: ChairDelegation) -> None:
    """Let a paper that is recorded late stand for the meeting its delegate presides already."""
    for meeting in session.exec(
        select(Meeting)
        .where(
            col(Meeting.council_id) == delegation.council_id,
            col(Meeting.state) == MeetingState.OPEN,
            col(Meeting.presiding_id) == delegation.member_id,
            col(Meeting.delegation_id).is_(None),
        )
        .with_for_update()
    ):
        day = local_day(meeting.opened_at or meeting.starts_at)
        if delegation.first_day <= day <= delegation.last_day:
            meeting.delegation_id = delegation.id


def _check_days(council: Council, data: AmendCouncil, *, at: datetime) -> None:
    effective_on = data.effective_on or data.decided_on
    check_in_effect(data.decided_on, effective_on, today=local_day(at))
    if not council.term_from <= effective_on <= council.term_to:
        raise Invalid({"effective_on": _outside(council)})


def _outside(council: Council) -> Worded:
    return Worded(
        "Ngoài nhiệm kỳ của Hội đồng ({first} – {last}).",
        first=f"{council.term_from:%d/%m/%Y}",
        last=f"{council.term_to:%d/%m/%Y}",
    )


def _check_no_meeting(session: WriteSession, council: Council) -> None:
    meeting = session.exec(
        select(Meeting)
        .where(col(Meeting.council_id) == council.id, col(Meeting.state) == MeetingState.OPEN)
        .limit(1)
    ).one_or_none()
    if meeting is not None:
        raise MeetingGoesOn(meeting=meeting.code)


def _leaving(row: CouncilRow, data: AmendCouncil) -> dict[str, CouncilMember]:
    seated = {seat.username: seat.member for seat in row.seats}
    unknown = [name for name in data.leaves if name not in seated]
    if unknown:
        said = Worded("Không có ghế trong Hội đồng: {names}.", names=", ".join(unknown))
        raise Invalid({"leaves": said})
    effective_on = data.effective_on or data.decided_on
    for name in data.leaves:
        if seated[name].seated_on > effective_on:
            raise Invalid({"effective_on": "Ngày hiệu lực trước ngày người này giữ ghế."})
    return {name: seated[name] for name in data.leaves}
