"""Reads about advisory teams."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from sqlmodel import col, select

from app.core.db import ReadSession, WriteSession
from app.core.errors import NotFound
from app.domain.accounts.enums import Role
from app.domain.accounts.models import User
from app.domain.accounts.rules import Actor
from app.domain.advisory.enums import Duty
from app.domain.advisory.models import AdvisoryAmendment, AdvisoryMember, AdvisoryTeam
from app.domain.advisory.rules import Service, Standing, standing
from app.domain.advisory.schemas import PlaceOut, TeamAmendmentOut, TeamOut

MOST_TEAMS = 20
MOST_PAPERS = 40


@dataclass(frozen=True, slots=True)
class PlaceRow:
    """A place and the account that holds it."""

    member: AdvisoryMember
    username: str

    def out(self) -> PlaceOut:
        """Return what the API answers."""
        return PlaceOut(
            username=self.username,
            **self.member.model_dump(include=set(PlaceOut.model_fields) - {"username"}),
        )


@dataclass(frozen=True, slots=True)
class TeamRow:
    """A team with its places, the head first, those that ended, and what changed it."""

    team: AdvisoryTeam
    places: tuple[PlaceRow, ...]
    past: tuple[PlaceRow, ...]
    amendments: tuple[AdvisoryAmendment, ...] = ()

    def out(self) -> TeamOut:
        """Return what the API answers."""
        return TeamOut(
            **self.team.model_dump(include=set(TeamOut.model_fields) - {"places", "amendments"}),
            places=[one.out() for one in (*self.places, *self.past)],
            amendments=[
                TeamAmendmentOut.model_validate(
                    one.model_dump(include=set(TeamAmendmentOut.model_fields))
                )
                for one in self.amendments
            ],
        )


def standing_of(session: ReadSession, actor: Actor, *, on: date) -> Standing:
    """Return how somebody stands to the teams on a day, in one statement; none for other posts."""
    if not actor.has(Role.ADVISORY_MEMBER):
        return Standing.NO_TEAM
    rows = session.exec(
        select(AdvisoryTeam, AdvisoryMember)
        .join(
            AdvisoryMember,
            (col(AdvisoryMember.team_id) == col(AdvisoryTeam.id))
            & (col(AdvisoryMember.user_id) == actor.user_id),
            isouter=True,
        )
        .order_by(col(AdvisoryTeam.term_to).desc())
        .limit(MOST_TEAMS)
    ).all()
    services = [
        Service(team.term_from, team.term_to, member.joined_on, member.left_on)
        for team, member in rows
        if member is not None
    ]
    return standing(services, any_team=bool(rows), day=on)


def teams_list(session: ReadSession, *, actor: Actor) -> Sequence[TeamRow]:
    """Return the newest teams: all for the province and council members, the own ones otherwise."""
    rows = session.exec(
        select(AdvisoryTeam).order_by(col(AdvisoryTeam.id).desc()).limit(MOST_TEAMS)
    ).all()
    places = _places(session, [row.id or 0 for row in rows])
    found = [_row(row, places[row.id or 0]) for row in rows]
    return [row for row in found if _sees(actor, row)]


def get_team(session: ReadSession, code: str, *, actor: Actor) -> TeamRow:
    """Return a team this actor may see, with what changed it, in three statements."""
    return _team(session, code, actor=actor, lock=False)


def team_for_update(session: WriteSession, code: str, *, actor: Actor) -> TeamRow:
    """Return a team, locked until the transaction ends."""
    return _team(session, code, actor=actor, lock=True)


def _team(session: ReadSession, code: str, *, actor: Actor, lock: bool) -> TeamRow:
    query = select(AdvisoryTeam).where(col(AdvisoryTeam.code) == code)
    team = session.exec(query.with_for_update() if lock else query).one_or_none()
    if team is None:
        raise NotFound
    amendments = session.exec(
        select(AdvisoryAmendment)
        .where(col(AdvisoryAmendment.team_id) == team.id)
        .order_by(col(AdvisoryAmendment.id).desc())
        .limit(MOST_PAPERS)
    ).all()
    row = _row(team, _places(session, [team.id or 0])[team.id or 0], tuple(amendments))
    if not _sees(actor, row):
        raise NotFound
    return row


def _sees(actor: Actor, row: TeamRow) -> bool:
    return (
        actor.sees_province
        or actor.has(Role.COUNCIL_MEMBER)
        or any(one.member.user_id == actor.user_id for one in (*row.places, *row.past))
    )


def _row(
    team: AdvisoryTeam, places: Sequence[PlaceRow], amendments: tuple[AdvisoryAmendment, ...] = ()
) -> TeamRow:
    return TeamRow(
        team,
        tuple(one for one in places if one.member.left_on is None),
        tuple(one for one in places if one.member.left_on is not None),
        amendments,
    )


def _places(session: ReadSession, team_ids: Iterable[int]) -> dict[int, list[PlaceRow]]:
    order = list(Duty)
    found: dict[int, list[PlaceRow]] = {one: [] for one in team_ids}
    for member, username in session.exec(
        select(AdvisoryMember, User.username)
        .join(User, col(User.id) == col(AdvisoryMember.user_id))
        .where(col(AdvisoryMember.team_id).in_(list(found)))
        .order_by(col(AdvisoryMember.id))
    ):
        found[member.team_id].append(PlaceRow(member, username))
    for places in found.values():
        places.sort(key=lambda row: order.index(row.member.duty))
    return found
