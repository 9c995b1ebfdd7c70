"""What happens to advisory teams: set up by a decision, changed by later ones."""

from datetime import date, datetime

from sqlmodel import col, select

from app.core.clock import local_day
from app.core.codes import new_code
from app.core.db import WriteSession
from app.core.errors import Conflict, Invalid, Refused, Worded, check_version
from app.core.official_days import check_in_effect
from app.domain.accounts.enums import Role
from app.domain.accounts.models import User
from app.domain.accounts.queries import users_in_post
from app.domain.accounts.rules import Actor
from app.domain.advisory.enums import Duty
from app.domain.advisory.models import AdvisoryAmendment, AdvisoryMember, AdvisoryTeam
from app.domain.advisory.policy import why_not_set_up
from app.domain.advisory.queries import TeamRow, team_for_update
from app.domain.advisory.rules import TEAM_BASIS, has_one_head
from app.domain.advisory.schemas import AmendTeam, PlaceIn, SetUpTeam
from app.domain.audit.actions import record


class DecisionKnown(Conflict):
    """A number names one decision of a year."""

    code = "advisory.decision_known"
    message = "Quyết định số {number} năm {year} đã dùng cho một Tổ tư vấn."
    basis = TEAM_BASIS


class DutiesUnfit(Refused):
    """A team has one head."""

    code = "advisory.duties_unfit"
    message = "Tổ tư vấn cần đúng một Tổ trưởng."
    basis = TEAM_BASIS


def set_up_team(
    session: WriteSession, data: SetUpTeam, *, actor: Actor, at: datetime
) -> AdvisoryTeam:
    """Set a team up by decision for a term; records advisory_team.set_up.

    From the first team on, only members of a team in force advise the council (art. 7.3.c).
    Refused: a decision dated ahead or known, a term that ends before it begins, other than one
    head, an account without the post of advisory member.
    """
    if refusal := why_not_set_up(actor):
        raise refusal
    if data.decided_on > local_day(at):
        raise Invalid({"decided_on": "Ngày quyết định không được sau hôm nay."})
    term_from, term_to = data.term
    if term_to < term_from:
        raise Invalid({"term_to": "Ngày cuối nhiệm kỳ không được trước ngày đầu."})
    _check_duties([place.duty for place in data.places])
    _check_decision(session, data.decision_number, data.decided_on.year)
    people = _people(
        session, [one.username for one in data.places], on=local_day(at), field="places"
    )
    team = AdvisoryTeam(
        code=new_code("TT"),
        decision_number=data.decision_number,
        decided_on=data.decided_on,
        year=data.decided_on.year,
        term_from=term_from,
        term_to=term_to,
        created_at=at,
    )
    session.add(team)
    session.flush()
    session.add_all(_place(team, one, people[one.username], on=term_from) for one in data.places)
    record(
        session,
        "advisory_team.set_up",
        subject=team,
        actor=actor,
        at=at,
        decision_number=team.decision_number,
        term_from=term_from,
        term_to=term_to,
        places={one.username: one.duty for one in data.places},
    )
    return team


def amend_team(
    session: WriteSession, code: str, data: AmendTeam, *, actor: Actor, at: datetime
) -> AdvisoryAmendment:
    """Change who serves on a team by a later decision; records advisory_team.amended.

    What a member signed while serving stays signed. Refused: a day of effect ahead, before the
    decision or outside the term, somebody who serves already, other than one head.
    """
    if refusal := why_not_set_up(actor):
        raise refusal
    row = team_for_update(session, code, actor=actor)
    team = row.team
    check_version(data.version, team.version)
    effective_on = data.effective_on or data.decided_on
    _check_days(team, data, effective_on, today=local_day(at))
    _check_decision(session, data.decision_number, data.decided_on.year)
    leaving = _leaving(row, data, effective_on)
    staying = [one for one in row.places if one.username not in leaving]
    again = sorted({one.username for one in staying} & {one.username for one in data.joins})
    if again:
        said = Worded("Đang thuộc Tổ tư vấn: {names}.", names=", ".join(again))
        raise Invalid({"joins": said})
    people = _people(session, [one.username for one in data.joins], on=local_day(at), field="joins")
    _check_duties([one.member.duty for one in staying] + [one.duty for one in data.joins])
    for member in leaving.values():
        member.left_on = effective_on
    # The old place ends before the new one begins: nobody has two at a time.
    session.flush()
    session.add_all(_place(team, one, people[one.username], on=effective_on) for one in data.joins)
    amendment = AdvisoryAmendment(
        code=new_code("ST"),
        team_id=team.id or 0,
        decision_number=data.decision_number,
        decided_on=data.decided_on,
        year=data.decided_on.year,
        effective_on=effective_on,
        changes=[
            *(
                {"username": name, "name": member.name, "left": member.duty.value}
                for name, member in leaving.items()
            ),
            *(
                {
                    "username": one.username,
                    "name": people[one.username].name,
                    "joined": one.duty.value,
                }
                for one in data.joins
            ),
        ],
        recorded_by=actor.name,
        recorded_at=at,
    )
    session.add(amendment)
    team.version += 1
    record(
        session,
        "advisory_team.amended",
        subject=team,
        actor=actor,
        at=at,
        decision_number=data.decision_number,
        effective_on=effective_on,
        left={name: member.duty for name, member in leaving.items()},
        joined={one.username: one.duty for one in data.joins},
    )
    return amendment


def _place(team: AdvisoryTeam, place: PlaceIn, person: User, *, on: date) -> AdvisoryMember:
    return AdvisoryMember(
        team_id=team.id or 0,
        user_id=person.id or 0,
        name=person.name,
        organisation=place.organisation or person.organisation,
        title=place.title,
        duty=place.duty,
        joined_on=on,
    )


def _check_duties(duties: list[Duty]) -> None:
    if not has_one_head(duties):
        raise DutiesUnfit


def _check_decision(session: WriteSession, number: str, year: int) -> None:
    for table in (AdvisoryTeam, AdvisoryAmendment):
        known = session.exec(
            select(table).where(col(table.decision_number) == number, col(table.year) == year)
        ).first()
        if known is not None:
            raise DecisionKnown(number=number, year=year)


def _check_days(team: AdvisoryTeam, data: AmendTeam, effective_on: date, *, today: date) -> None:
    check_in_effect(data.decided_on, effective_on, today=today)
    if not team.term_from <= effective_on <= team.term_to:
        raise Invalid({"effective_on": "Ngày hiệu lực ngoài nhiệm kỳ."})


def _leaving(row: TeamRow, data: AmendTeam, effective_on: date) -> dict[str, AdvisoryMember]:
    serving = {one.username: one.member for one in row.places}
    unknown = [name for name in data.leaves if name not in serving]
    if unknown:
        said = Worded("Không thuộc Tổ tư vấn: {names}.", names=", ".join(unknown))
        raise Invalid({"leaves": said})
    if any(serving[name].joined_on > effective_on for name in data.leaves):
        raise Invalid({"effective_on": "Ngày hiệu lực trước ngày người này tham gia."})
    return {name: serving[name] for name in data.leaves}


def _people(
    session: WriteSession, usernames: list[str], *, on: date, field: str
) -> dict[str, User]:
    """Return the accounts; without the post of advisory member nobody would find the dossiers."""
    found = users_in_post(session, usernames, Role.ADVISORY_MEMBER, on=on)
    unknown = [name for name in usernames if name not in found]
    if unknown:
        said = Worded(
            "Không có tài khoản thành viên Tổ tư vấn đang mở: {names}.", names=", ".join(unknown)
        )
        raise Invalid({field: said})
    return found
