"""Before any meeting: the rounds of the year, and councils by decision."""

from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path

import sqlalchemy as sa
from sqlmodel import col, select

from app.core.clock import local_day
from app.core.codes import new_code
from app.core.db import WriteSession
from app.core.errors import Conflict, Invalid, Refused, Worded
from app.domain.accounts.enums import Role
from app.domain.accounts.models import User
from app.domain.accounts.queries import users_in_post
from app.domain.accounts.rules import Actor
from app.domain.audit.actions import record
from app.domain.councils.enums import Seat
from app.domain.councils.models import (
    Council,
    CouncilAmendment,
    CouncilMember,
    Round,
)
from app.domain.councils.policy import why_not_open_round, why_not_prepare
from app.domain.councils.rules import (
    COUNCIL_BASIS,
    ROUND_BASIS,
    SeatPlan,
    round_dates,
    round_windows,
)
from app.domain.councils.schemas import OpenRound, SeatIn, SetUpCouncil
from app.rulebooks import loader
from app.rulebooks.model import CouncilRules, Status, UnknownRulebook

_KEEP = sa.text(
    "INSERT INTO pinned_council_rules (content_hash, code, content) "
    "VALUES (:hash, :code, :content) ON CONFLICT (content_hash) DO NOTHING"
)


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
    message = (
        "Quyết định số {number} năm {year} đã dùng để lập hoặc sửa đổi một Hội đồng (mã {known})."
    )
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
    """Set a council up by decision for a term, pinned to council rules; records council.set_up.

    The rules are those of the day, or those named: dossiers opened under earlier rules are judged
    under these. Their text is kept, so that no change of a file touches the council.
    Refused: other seats than one chair, one secretary and members who score (art. 7.3.b), an
    account that is unknown, closed or without the post of council member, a decision dated ahead,
    a number that another decision of the year has, a term that ends before it begins.
    """
    if refusal := why_not_prepare(actor):
        raise refusal
    if data.decided_on > local_day(at):
        raise Invalid({"decided_on": "Ngày quyết định không được sau hôm nay."})
    term_from, term_to = data.term
    if term_to < term_from:
        raise Invalid({"term_to": "Ngày cuối nhiệm kỳ không được trước ngày đầu."})
    check_seats([(seat.seat, seat.votes) for seat in data.seats])
    check_decision(session, data.decision_number, data.decided_on.year)
    people = people_of(session, [seat.username for seat in data.seats], on=local_day(at))
    rules = _rules(data.council_rules, on=local_day(at), directory=council_rules_dir)
    keep_rules(session, rules, council_rules_dir)
    council = Council(
        code=new_code("HD"),
        decision_number=data.decision_number,
        decided_on=data.decided_on,
        year=data.decided_on.year,
        term_from=term_from,
        term_to=term_to,
        council_rules_code=rules.code,
        council_rules_hash=rules.sha256,
        created_at=at,
    )
    session.add(council)
    session.flush()
    session.add_all(
        new_seat(council, seat, people[seat.username], on=term_from) for seat in data.seats
    )
    record(
        session,
        "council.set_up",
        subject=council,
        actor=actor,
        at=at,
        decision_number=council.decision_number,
        term_from=term_from,
        term_to=term_to,
        seats={seat.username: seat.seat for seat in data.seats},
        council_rules=rules.code,
    )
    return council


def new_seat(council: Council, seat: SeatIn, person: User, *, on: date) -> CouncilMember:
    """Return a seat as the decision names it, held from a day."""
    return CouncilMember(
        council_id=council.id or 0,
        user_id=person.id or 0,
        name=person.name,
        organisation=seat.organisation or person.organisation,
        title=seat.title,
        seat=seat.seat,
        voting=seat.votes,
        seated_on=on,
    )


def check_seats(seats: Sequence[tuple[Seat, bool]]) -> None:
    """Refuse seats, each with whether it votes, that make no council (art. 7.3.b)."""
    plan = SeatPlan(
        chairs=sum(seat is Seat.CHAIR for seat, _ in seats),
        secretaries=sum(seat is Seat.SECRETARY for seat, _ in seats),
        voting=sum(votes for _, votes in seats),
    )
    if fault := plan.fault():
        raise SeatsUnfit(fault=fault)


def check_decision(session: WriteSession, number: str, year: int) -> None:
    """Refuse a number that another decision about a council has in the year."""
    known = session.exec(
        select(Council).where(col(Council.decision_number) == number, col(Council.year) == year)
    ).one_or_none()
    known = (
        known
        or session.exec(
            select(Council)
            .join(CouncilAmendment, col(CouncilAmendment.council_id) == col(Council.id))
            .where(
                col(CouncilAmendment.decision_number) == number, col(CouncilAmendment.year) == year
            )
        ).one_or_none()
    )
    if known is not None:
        raise CouncilKnown(number=number, year=year, known=known.code)


def keep_rules(session: WriteSession, rules: CouncilRules, directory: Path | None) -> None:
    """Keep the text of council rules once for each content; the first to pin it writes it."""
    content = loader.council_rules_text(rules.code, directory)
    session.connection().execute(
        _KEEP, {"hash": rules.sha256, "code": rules.code, "content": content}
    )


def _rules(code: str, *, on: date, directory: Path | None) -> CouncilRules:
    """Return the rules named, or those in force; what cannot be pinned is refused."""
    if not code:
        return loader.council_rules_in_force(on, directory)
    try:
        rules = loader.council_rules(code, directory)
    except UnknownRulebook as problem:
        raise Invalid({"council_rules": "Không có quy chế mang mã này."}) from problem
    if rules.status is Status.DRAFT or rules.in_force.first > on:
        raise Invalid({"council_rules": "Quy chế này là bản thảo hoặc chưa có hiệu lực."})
    return rules


def people_of(
    session: WriteSession, usernames: list[str], *, on: date, field: str = "seats"
) -> dict[str, User]:
    """Return the accounts of the seats; without the post nobody would find the own sheets."""
    found = users_in_post(session, usernames, Role.COUNCIL_MEMBER, on=on)
    unknown = [name for name in usernames if name not in found]
    if unknown:
        said = Worded(
            "Không có tài khoản thành viên Hội đồng đang mở: {names}.", names=", ".join(unknown)
        )
        raise Invalid({field: said})
    return found
