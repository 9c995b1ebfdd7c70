"""Rounds, councils and their seats."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from sqlalchemy import literal, union_all
from sqlalchemy import select as sa_select
from sqlmodel import col, select
from sqlmodel.sql.expression import SelectOfScalar

from app.core.db import ReadSession
from app.core.errors import Invalid, NotFound, Refused
from app.domain.accounts.enums import Role
from app.domain.accounts.models import User
from app.domain.accounts.rules import Actor
from app.domain.councils.enums import Seat
from app.domain.councils.models import (
    Council,
    CouncilMember,
    Round,
)
from app.domain.councils.schemas import (
    CouncilOut,
    RoundOut,
    SeatOut,
)
from app.domain.dossiers.rules import RoundDays, last_safe_filing_day, statutory_rounds
from app.domain.dossiers.schemas import RoundChoice
from app.domain.places.models import Holiday
from app.rulebooks import loader
from app.rulebooks.model import CouncilRules, Regime

MOST_ROUNDS = 40
MOST_WINDOWS = 4
MOST_ITEMS = 100

# Who reads rounds and agendas: the province, and whoever sits on a council.
READERS = frozenset({Role.COUNCIL_MEMBER, Role.ADVISORY_MEMBER})


class RulesChanged(Refused):
    """The file that councils or dossiers are pinned to no longer has the content it had."""

    code = "council.rules_changed"
    message = "Quy chế {rules} khác bản đã gắn khi lập. Hãy báo quản trị hệ thống."


def rounds_visible_to(actor: Actor) -> SelectOfScalar[Round]:
    """Return the only base for rounds: for the province and for people of councils."""
    query = select(Round)
    if actor.sees_province or actor.has(*READERS):
        return query
    return query.where(col(Round.id).is_(None))


def rounds_list(session: ReadSession, *, actor: Actor) -> Sequence[Round]:
    """Return the newest rounds (at most 40)."""
    return session.exec(
        rounds_visible_to(actor)
        .order_by(col(Round.year).desc(), col(Round.ordinal).desc())
        .limit(MOST_ROUNDS)
    ).all()


def get_round(session: ReadSession, code: str, *, actor: Actor) -> Round:
    """Return a round this actor may see."""
    found = session.exec(rounds_visible_to(actor).where(col(Round.code) == code)).one_or_none()
    if found is None:
        raise NotFound
    return found


def _choice(row: Round) -> RoundChoice:
    return RoundChoice(
        id=row.id or 0,
        code=row.code,
        proposals_before=row.proposals_before,
        results_before=row.results_before,
    )


def open_round_choices(session: ReadSession, on: date) -> list[RoundChoice]:
    """Return the rounds that may still take dossiers in on a day, the nearest first."""
    return [
        _choice(row)
        for row in session.exec(
            select(Round)
            .where(col(Round.results_before) > on)
            .order_by(col(Round.results_before))
            .limit(MOST_ROUNDS)
        )
    ]


def filing_windows(session: ReadSession, regime: Regime, *, on: date) -> tuple[RoundDays, ...]:
    """Return the rounds a dossier can still reach, each with its last safe day to file.

    The province's own rounds, and the two the law names where the province has opened none for
    that limit (26/2026/QĐ-TTg art. 5.1); a round whose safe day is past is not offered. Rounds and
    public holidays come in one statement: the pages that show this have few to spend.
    """
    rows = session.execute(
        union_all(
            sa_select(
                col(Round.code), col(Round.proposals_before), col(Round.results_before)
            ).where(col(Round.proposals_before) > on),
            sa_select(literal(""), col(Holiday.day), col(Holiday.day)).where(
                col(Holiday.day) >= on
            ),
        )
    ).all()
    days_off = {day for code, day, _ in rows if not code}
    rounds = {closes: (code, ends) for code, closes, ends in rows if code}
    for name, closes, ends in statutory_rounds(regime, on):
        rounds.setdefault(closes, (name, ends))
    limit = regime.procedure.commune_assessment.working_days
    found = (
        RoundDays(name, closes, ends, last_safe_filing_day(closes, limit, days_off))
        for closes, (name, ends) in sorted(rounds.items())
    )
    return tuple(one for one in found if one.last_safe_day >= on)[:MOST_WINDOWS]


def round_choice(session: ReadSession, code: str) -> RoundChoice:
    """Return a round by its code as accepting a dossier needs it; an unknown code is refused."""
    found = session.exec(select(Round).where(col(Round.code) == code)).one_or_none()
    if found is None:
        raise Invalid({"round": "Không có đợt này."})
    return _choice(found)


@dataclass(frozen=True, slots=True)
class SeatRow:
    """A seat and the account that holds it."""

    member: CouncilMember
    username: str

    def out(self) -> SeatOut:
        """Return what the API answers."""
        return SeatOut(
            username=self.username,
            **self.member.model_dump(include={"name", "organisation", "seat", "voting"}),
        )


@dataclass(frozen=True, slots=True)
class CouncilRow:
    """A council with its seats, chair first."""

    council: Council
    seats: tuple[SeatRow, ...]

    def out(self) -> CouncilOut:
        """Return what the API answers."""
        return CouncilOut(
            **self.council.model_dump(include=set(CouncilOut.model_fields) - {"seats"}),
            seats=[seat.out() for seat in self.seats],
        )


def _seats(session: ReadSession, council_ids: Iterable[int]) -> dict[int, list[SeatRow]]:
    order = list(Seat)
    found: dict[int, list[SeatRow]] = {one: [] for one in council_ids}
    for member, username in session.exec(
        select(CouncilMember, User.username)
        .join(User, col(User.id) == col(CouncilMember.user_id))
        .where(col(CouncilMember.council_id).in_(list(found)))
        .order_by(col(CouncilMember.id))
    ):
        found[member.council_id].append(SeatRow(member, username))
    for seats in found.values():
        seats.sort(key=lambda row: order.index(row.member.seat))
    return found


def councils_list(session: ReadSession, *, actor: Actor, limit: int = 20) -> Sequence[CouncilRow]:
    """Return the newest councils with their seats: all for the province, the own ones otherwise."""
    query = select(Council).order_by(col(Council.id).desc()).limit(limit)
    if not actor.sees_province:
        query = query.where(
            col(Council.id).in_(
                select(col(CouncilMember.council_id)).where(
                    col(CouncilMember.user_id) == actor.user_id
                )
            )
        )
    rows = session.exec(query).all()
    seats = _seats(session, [row.id or 0 for row in rows])
    return [CouncilRow(row, tuple(seats[row.id or 0])) for row in rows]


def get_council(session: ReadSession, code: str, *, actor: Actor) -> CouncilRow:
    """Return a council: for the province and for those who sit on it."""
    council = session.exec(select(Council).where(col(Council.code) == code)).one_or_none()
    if council is None:
        raise NotFound
    row = CouncilRow(council, tuple(_seats(session, [council.id or 0])[council.id or 0]))
    sits = any(seat.member.user_id == actor.user_id for seat in row.seats)
    if not (actor.sees_province or sits):
        raise NotFound
    return row


def rules_of(council: Council, directory: Path | None) -> CouncilRules:
    """Return the council rules a council works by, by code and by content."""
    rules = loader.council_rules(council.council_rules_code, directory)
    if rules.sha256 != council.council_rules_hash:
        raise RulesChanged(rules=rules.code)
    return rules


def round_out(row: Round) -> RoundOut:
    """Return a round as the API answers it."""
    return RoundOut.model_validate(row.model_dump(include=set(RoundOut.model_fields)))
