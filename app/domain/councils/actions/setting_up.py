"""Before any meeting: the rounds of the year, and councils by decision."""

from datetime import date, datetime
from pathlib import Path

from sqlmodel import col, or_, select

from app.core.clock import local_day
from app.core.codes import new_code
from app.core.db import WriteSession
from app.core.errors import Conflict, Invalid, Refused, Worded
from app.domain.accounts.enums import Role
from app.domain.accounts.models import Membership, User
from app.domain.accounts.rules import Actor
from app.domain.audit.actions import record
from app.domain.councils.enums import Seat
from app.domain.councils.models import Council, CouncilMember, Round
from app.domain.councils.policy import why_not_open_round, why_not_prepare
from app.domain.councils.rules import (
    COUNCIL_BASIS,
    ROUND_BASIS,
    SeatPlan,
    round_dates,
    round_windows,
)
from app.domain.councils.schemas import OpenRound, SetUpCouncil
from app.rulebooks import loader


class RoundKnown(Conflict):
    """A round is opened once."""

    code = "round.known"
    message = "Đợt {ordinal} năm {year} đã được mở (mã {known})."
    basis = ROUND_BASIS


class NoSuchRound(Refused):
    """The regime names two rounds a year; more need the province's own regulation and plan."""

    code = "round.not_in_regime"
    message = (
        "Quy định chỉ nêu sẵn {count} đợt một năm. Đợt thêm cần Quy chế của Hội đồng và kế hoạch "
        "đánh giá của tỉnh."
    )
    basis = ROUND_BASIS


class RoundOver(Refused):
    """A round whose results are due is not opened any more."""

    code = "round.over"
    message = "Đợt {ordinal} năm {year} phải xong trước ngày {end}, không mở được nữa."
    basis = ROUND_BASIS


class CouncilKnown(Conflict):
    """A decision sets one council up."""

    code = "council.known"
    message = "Quyết định số {number} đã dùng để lập một Hội đồng (mã {known})."
    basis = COUNCIL_BASIS


class SeatsUnfit(Refused):
    """A council has one chair, one secretary, and members who score."""

    code = "council.seats_unfit"
    message = "{fault}"
    basis = COUNCIL_BASIS


def open_round(
    session: WriteSession,
    data: OpenRound,
    *,
    actor: Actor,
    at: datetime,
    council_rules_dir: Path | None = None,
) -> Round:
    """Open a round of a year with the dates of the regime or council rules; records round.opened."""
    if refusal := why_not_open_round(actor):
        raise refusal
    today = local_day(at)
    windows = round_windows(
        loader.in_force(today), loader.council_rules_in_force(today, council_rules_dir)
    )
    if data.ordinal not in windows:
        raise NoSuchRound(count=len(windows))
    known = session.exec(
        select(Round).where(col(Round.year) == data.year, col(Round.ordinal) == data.ordinal)
    ).one_or_none()
    if known is not None:
        raise RoundKnown(ordinal=data.ordinal, year=data.year, known=known.code)
    proposals_before, results_before = round_dates(windows[data.ordinal], data.year)
    if today >= results_before:
        raise RoundOver(ordinal=data.ordinal, year=data.year, end=f"{results_before:%d/%m/%Y}")
    row = Round(
        code=f"D{data.ordinal}-{data.year}",
        year=data.year,
        ordinal=data.ordinal,
        proposals_before=proposals_before,
        results_before=results_before,
        created_at=at,
    )
    session.add(row)
    record(
        session,
        "round.opened",
        subject=row,
        actor=actor,
        at=at,
        proposals_before=proposals_before,
        results_before=results_before,
    )
    return row


def set_up_council(
    session: WriteSession,
    data: SetUpCouncil,
    *,
    actor: Actor,
    at: datetime,
    council_rules_dir: Path | None = None,
) -> Council:
    """Set a council up by decision, pinned to the council rules of the day; records council.set_up.

    Refused: other seats than one chair, one secretary and members who score (art. 7.3.b), an
    account that is unknown, closed or without the post of council member, a decision dated ahead.
    """
    if refusal := why_not_prepare(actor):
        raise refusal
    if data.decided_on > local_day(at):
        raise Invalid({"decided_on": "Ngày quyết định không được sau hôm nay."})
    plan = SeatPlan(
        chairs=sum(seat.seat is Seat.CHAIR for seat in data.seats),
        secretaries=sum(seat.seat is Seat.SECRETARY for seat in data.seats),
        voting=sum(seat.votes for seat in data.seats),
    )
    if fault := plan.fault():
        raise SeatsUnfit(fault=fault)
    known = session.exec(
        select(Council).where(col(Council.decision_number) == data.decision_number)
    ).one_or_none()
    if known is not None:
        raise CouncilKnown(number=data.decision_number, known=known.code)
    people = _people(session, [seat.username for seat in data.seats], on=local_day(at))
    rules = loader.council_rules_in_force(local_day(at), council_rules_dir)
    council = Council(
        code=new_code("HD"),
        decision_number=data.decision_number,
        decided_on=data.decided_on,
        council_rules_code=rules.code,
        council_rules_hash=rules.sha256,
        created_at=at,
    )
    session.add(council)
    session.flush()
    session.add_all(
        CouncilMember(
            council_id=council.id or 0,
            user_id=people[seat.username].id or 0,
            name=people[seat.username].name,
            organisation=people[seat.username].organisation,
            seat=seat.seat,
            voting=seat.votes,
        )
        for seat in data.seats
    )
    record(
        session,
        "council.set_up",
        subject=council,
        actor=actor,
        at=at,
        decision_number=council.decision_number,
        seats={seat.username: seat.seat for seat in data.seats},
        council_rules=rules.code,
    )
    return council


def _people(session: WriteSession, usernames: list[str], *, on: date) -> dict[str, User]:
    """Return the accounts of the seats; without the post nobody would find the own sheets."""
    posted = select(col(Membership.user_id)).where(
        col(Membership.role) == Role.COUNCIL_MEMBER,
        col(Membership.valid_from) <= on,
        or_(col(Membership.valid_to).is_(None), col(Membership.valid_to) >= on),
    )
    found = {
        user.username: user
        for user in session.exec(
            select(User).where(
                col(User.username).in_(usernames),
                col(User.disabled_at).is_(None),
                col(User.id).in_(posted),
            )
        )
    }
    unknown = [name for name in usernames if name not in found]
    if unknown:
        said = Worded(
            "Không có tài khoản thành viên Hội đồng đang mở: {names}.", names=", ".join(unknown)
        )
        raise Invalid({"seats": said})
    return found
