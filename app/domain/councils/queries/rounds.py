"""Rounds, councils and their seats."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from sqlalchemy import literal, union_all
from sqlalchemy import select as sa_select
from sqlmodel import col, select
from sqlmodel.sql.expression import SelectOfScalar

from app.core.db import ReadSession, WriteSession
from app.core.errors import Invalid, NotFound, Refused
from app.domain.accounts.enums import Role
from app.domain.accounts.models import User
from app.domain.accounts.rules import Actor
from app.domain.councils.enums import Seat
from app.domain.councils.models import (
    ChairDelegation,
    Council,
    CouncilAmendment,
    CouncilMember,
    Meeting,
    PinnedCouncilRules,
    Round,
)
from app.domain.councils.schemas import (
    AmendmentOut,
    CouncilDetailOut,
    CouncilOut,
    DelegationOut,
    RoundOut,
    SeatOut,
)
from app.domain.dossiers.rules import RoundDays, last_safe_filing_day, statutory_rounds
from app.domain.dossiers.schemas import RoundChoice
from app.domain.places.models import Holiday
from app.rulebooks import loader
from app.rulebooks.model import CouncilRules, Regime, RulebookError, UnknownRulebook

MOST_ROUNDS = 40
MOST_WINDOWS = 4
MOST_ITEMS = 100
MOST_PAPERS = 40

# Who reads rounds and agendas: the province, and whoever sits on a council.
READERS = frozenset({Role.COUNCIL_MEMBER, Role.ADVISORY_MEMBER})


class RulesChanged(Refused):
    """Neither a file nor the kept copy has the content that was pinned."""

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
            **self.member.model_dump(include=set(SeatOut.model_fields) - {"username"}),
        )


@dataclass(frozen=True, slots=True)
class CouncilRow:
    """A council with its seats, chair first, and those that a later decision ended."""

    council: Council
    seats: tuple[SeatRow, ...]
    past: tuple[SeatRow, ...] = ()

    def out(self) -> CouncilOut:
        """Return what the API answers."""
        return CouncilOut(
            **self.council.model_dump(include=set(CouncilOut.model_fields) - {"seats"}),
            seats=[seat.out() for seat in (*self.seats, *self.past)],
        )


@dataclass(frozen=True, slots=True)
class DelegationRow:
    """A paper of the chair with the member it lets preside."""

    delegation: ChairDelegation
    delegate: SeatRow

    def is_for(self, member: CouncilMember, day: date) -> bool:
        """Whether it lets this seat preside on a day."""
        return (
            self.delegation.member_id == member.id
            and self.delegation.first_day <= day <= self.delegation.last_day
        )

    def out(self) -> DelegationOut:
        """Return what the API answers."""
        return DelegationOut(
            **self.delegation.model_dump(
                include=set(DelegationOut.model_fields) - {"delegate", "delegate_name"}
            ),
            delegate=self.delegate.username,
            delegate_name=self.delegate.member.name,
        )


@dataclass(frozen=True, slots=True)
class CouncilFile:
    """A council with the decisions that changed it and the chair's delegations."""

    row: CouncilRow
    amendments: tuple[CouncilAmendment, ...]
    delegations: tuple[DelegationRow, ...]

    def out(self) -> CouncilDetailOut:
        """Return what the API answers."""
        return CouncilDetailOut(
            **self.row.out().model_dump(),
            amendments=[
                AmendmentOut.model_validate(one.model_dump(include=set(AmendmentOut.model_fields)))
                for one in self.amendments
            ],
            delegations=[one.out() for one in self.delegations],
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
    return [_council_row(row, seats[row.id or 0]) for row in rows]


def _council_row(council: Council, seats: Sequence[SeatRow]) -> CouncilRow:
    return CouncilRow(
        council,
        tuple(one for one in seats if one.member.left_on is None),
        tuple(one for one in seats if one.member.left_on is not None),
    )


def get_council(session: ReadSession, code: str, *, actor: Actor) -> CouncilRow:
    """Return a council: for the province and for those who sit on it."""
    return _council(session, code, actor=actor, lock=False)


def council_for_update(session: WriteSession, code: str, *, actor: Actor) -> CouncilRow:
    """Return a council, locked until the transaction ends."""
    return _council(session, code, actor=actor, lock=True)


def _council(session: ReadSession, code: str, *, actor: Actor, lock: bool) -> CouncilRow:
    query = select(Council).where(col(Council.code) == code)
    council = session.exec(query.with_for_update() if lock else query).one_or_none()
    if council is None:
        raise NotFound
    row = _council_row(council, _seats(session, [council.id or 0])[council.id or 0])
    sat = any(seat.member.user_id == actor.user_id for seat in (*row.seats, *row.past))
    if not (actor.sees_province or sat):
        raise NotFound
    return row


def council_file(session: ReadSession, code: str, *, actor: Actor) -> CouncilFile:
    """Return a council with what changed it, in four statements (at most 40 of each kind)."""
    row = get_council(session, code, actor=actor)
    amendments = session.exec(
        select(CouncilAmendment)
        .where(col(CouncilAmendment.council_id) == row.council.id)
        .order_by(col(CouncilAmendment.id).desc())
        .limit(MOST_PAPERS)
    ).all()
    return CouncilFile(row, tuple(amendments), delegations_of(session, row.council))


def delegations_of(session: ReadSession, council: Council) -> tuple[DelegationRow, ...]:
    """Return the chair's delegations in a council, the newest first."""
    return tuple(
        DelegationRow(delegation, SeatRow(member, username))
        for delegation, member, username in session.exec(
            select(ChairDelegation, CouncilMember, User.username)
            .join(CouncilMember, col(CouncilMember.id) == col(ChairDelegation.member_id))
            .join(User, col(User.id) == col(CouncilMember.user_id))
            .where(col(ChairDelegation.council_id) == council.id)
            .order_by(col(ChairDelegation.id).desc())
            .limit(MOST_PAPERS)
        )
    )


def rules_of(
    session: ReadSession, pinned: Council | Meeting, directory: Path | None
) -> CouncilRules:
    """Return the council rules by which a council works or a meeting was held, by their content.

    A file that was changed or taken away since is no matter: then the copy kept with the pin is
    read, in one more statement.
    """
    code, content_hash = pinned.council_rules_code, pinned.council_rules_hash
    try:
        rules = loader.council_rules(code, directory)
    except (UnknownRulebook, RulebookError):
        rules = None
    if rules is not None and rules.sha256 == content_hash:
        return rules
    kept = session.exec(
        select(PinnedCouncilRules).where(col(PinnedCouncilRules.content_hash) == content_hash)
    ).one_or_none()
    rules = loader.council_rules_from(kept.code, kept.content) if kept else None
    if rules is None or rules.sha256 != content_hash:
        raise RulesChanged(rules=code)
    return rules


def round_out(row: Round) -> RoundOut:
    """Return a round as the API answers it."""
    return RoundOut.model_validate(row.model_dump(include=set(RoundOut.model_fields)))
