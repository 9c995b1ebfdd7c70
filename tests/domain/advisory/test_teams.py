"""Advisory teams by decision: who serves, what changes, and who may then advise the council."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from app.core.db import ReadSession, WriteSession
from app.core.errors import Conflict, Invalid, NotFound, NotPermitted, Refused, StaleVersion
from app.domain.accounts.enums import Role
from app.domain.accounts.queries import actor_of, find_user
from app.domain.advisory.actions import amend_team, set_up_team
from app.domain.advisory.enums import Duty
from app.domain.advisory.models import AdvisoryTeam
from app.domain.advisory.queries import get_team, standing_of, teams_list
from app.domain.advisory.rules import Service, Standing, standing, twelve_months
from app.domain.advisory.schemas import AmendTeam, PlaceIn, SetUpTeam
from app.domain.dossiers.actions import record_site_survey, save_advice
from app.domain.dossiers.enums import DossierState, Recommendation
from app.domain.dossiers.queries import work_for
from app.domain.dossiers.schemas import RecordSiteSurvey, SaveAdvisoryReport
from tests.conftest import AT
from tests.domain.councils.board import by, events, refused
from tests.factories.dossiers import make_dossier
from tests.factories.people import People, make_person

TODAY = AT.date()
HEAD = PlaceIn(username="totuvan", duty=Duty.HEAD, title="Trưởng phòng")
SECOND = PlaceIn(username="totuvan2", organisation="Sở Công Thương")


def advisors(session: WriteSession, people: People) -> None:
    people.advisor()
    make_person(session, "totuvan2", Role.ADVISORY_MEMBER, at=people.at, organisation="Sở Y tế")


def start(session: WriteSession, people: People, **changes: Any) -> AdvisoryTeam:
    data = {"decision_number": "815/QĐ-UBND", "decided_on": TODAY, "places": [HEAD]} | changes
    return set_up_team(session, SetUpTeam(**data), **by(people.agency()))


def change(session: WriteSession, people: People, team: AdvisoryTeam, **changes: Any) -> None:
    more = {key: changes.pop(key) for key in ("actor", "at") if key in changes}
    data = {
        "decision_number": "1035/QĐ-UBND",
        "decided_on": TODAY,
        "version": team.version,
    } | changes
    amend_team(session, team.code, AmendTeam(**data), **by(people.agency(), **more))


# --- rules ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("first", "last"),
    [
        (date(2026, 9, 14), date(2027, 9, 13)),
        (date(2028, 2, 29), date(2029, 2, 28)),
        (date(2027, 3, 1), date(2028, 2, 29)),
        (date(2026, 1, 1), date(2026, 12, 31)),
    ],
)
def test_twelve_months_end_the_day_before(first: date, last: date) -> None:
    assert twelve_months(first) == last


@pytest.mark.parametrize(
    ("day", "serves"),
    [
        (date(2026, 6, 30), False),
        (date(2026, 7, 1), True),
        (date(2026, 9, 30), True),
        (date(2026, 10, 1), False),
    ],
)
def test_a_place_counts_from_joining_until_the_day_before_leaving(
    day: date, *, serves: bool
) -> None:
    place = Service(date(2026, 7, 1), date(2026, 12, 31), date(2026, 7, 1), date(2026, 10, 1))
    expected = Standing.SERVES if serves else Standing.DOES_NOT_SERVE
    assert standing([place], any_team=True, day=day) is expected
    assert standing([], any_team=False, day=day) is Standing.NO_TEAM


# --- decisions --------------------------------------------------------------------------------


def test_a_team_is_set_up_for_a_term_and_told(session: WriteSession, people: People) -> None:
    advisors(session, people)
    team = start(session, people, places=[HEAD, SECOND])
    row = get_team(session, team.code, actor=people.auditor())
    assert [one.username for one in row.places] == ["totuvan", "totuvan2"]
    assert row.places[1].member.organisation == "Sở Công Thương"
    assert (team.term_from, team.term_to) == (TODAY, date(2027, 9, 13))
    (event,) = events(session, "advisory_team.set_up")
    assert event.data["places"] == {"totuvan": "head", "totuvan2": "member"}


@pytest.mark.parametrize(
    ("changes", "kind", "code"),
    [
        ({"places": [SECOND]}, Refused, "advisory.duties_unfit"),
        ({"places": [HEAD, PlaceIn(username="canbotinh")]}, Invalid, "invalid"),
        ({"decided_on": TODAY + timedelta(days=1)}, Invalid, "invalid"),
        ({"term_to": TODAY - timedelta(days=1)}, Invalid, "invalid"),
    ],
)
def test_teams_that_cannot_be_are_refused(
    session: WriteSession, people: People, changes: dict[str, Any], kind: Any, code: str
) -> None:
    advisors(session, people)
    with refused(kind, code=code):
        start(session, people, **changes)


def test_a_number_names_one_decision_of_a_year_and_the_agency_records_it(
    session: WriteSession, people: People
) -> None:
    advisors(session, people)
    team = start(session, people)
    start(session, people, decided_on=date(2025, 9, 1), term_to=date(2025, 12, 31))
    with refused(Conflict, code="advisory.decision_known", says="năm 2026"):
        start(session, people)
    with refused(Conflict, code="advisory.decision_known"):
        change(session, people, team, joins=[SECOND], decision_number="815/QĐ-UBND")
    with refused(NotPermitted, code="advisory.agency_sets_up", basis="Điều 7.3"):
        set_up_team(
            session,
            SetUpTeam(decision_number="1/QĐ", decided_on=TODAY, places=[HEAD]),
            **by(people.head()),
        )


def test_a_later_decision_changes_who_serves(session: WriteSession, people: People) -> None:
    advisors(session, people)
    team = start(session, people)
    head = PlaceIn(username="totuvan2", duty=Duty.HEAD)
    change(session, people, team, leaves=["totuvan"], joins=[head])
    row = get_team(session, team.code, actor=people.agency())
    assert [one.username for one in row.places] == ["totuvan2"]
    assert [one.username for one in row.past] == ["totuvan"]
    assert row.out().amendments[0].decision_number == "1035/QĐ-UBND"
    (event,) = events(session, "advisory_team.amended")
    assert event.data["left"] == {"totuvan": "head"}


@pytest.mark.parametrize(
    ("changes", "kind", "code"),
    [
        ({"leaves": ["totuvan"]}, Refused, "advisory.duties_unfit"),
        ({"leaves": ["khongai"]}, Invalid, "invalid"),
        ({"joins": [HEAD]}, Invalid, "invalid"),
        ({"joins": [SECOND], "effective_on": TODAY + timedelta(days=1)}, Invalid, "invalid"),
        ({"joins": [SECOND], "effective_on": TODAY - timedelta(days=1)}, Invalid, "invalid"),
        ({"joins": [SECOND], "decided_on": TODAY + timedelta(days=1)}, Invalid, "invalid"),
        (
            {"joins": [SECOND], "decided_on": TODAY - timedelta(days=9)},
            Invalid,
            "invalid",
        ),
        ({"joins": [SECOND], "version": 7}, StaleVersion, "stale_version"),
    ],
)
def test_changes_that_cannot_be_are_refused(
    session: WriteSession, people: People, changes: dict[str, Any], kind: Any, code: str
) -> None:
    advisors(session, people)
    team = start(session, people)
    with refused(kind, code=code):
        change(session, people, team, **changes)


def test_an_amendment_says_something_once() -> None:
    for values in ({}, {"leaves": ["totuvan", "totuvan"]}, {"joins": [SECOND, SECOND]}):
        with pytest.raises(ValidationError):
            AmendTeam(decision_number="1/QĐ", decided_on=TODAY, version=1, **values)


def test_a_team_is_seen_by_the_province_the_council_and_its_members(
    session: WriteSession, people: People
) -> None:
    advisors(session, people)
    team = start(session, people)
    for actor in (people.agency(), people.council_member(1), people.advisor()):
        assert [row.team.code for row in teams_list(session, actor=actor)] == [team.code]
    assert teams_list(session, actor=people.officer()) == []
    with refused(NotFound, code="not_found"):
        get_team(session, team.code, actor=people.officer())
    with refused(NotFound, code="not_found"):
        get_team(session, "TT-KHONGCO", actor=people.agency())


# --- who advises ------------------------------------------------------------------------------


def advice() -> SaveAdvisoryReport:
    return SaveAdvisoryReport(
        parts=[],
        legal_papers="Đủ.",
        legal_papers_in_order=True,
        recommendation=next(iter(Recommendation)),
        conclusion="Đủ điều kiện trình Hội đồng.",
        version=0,
    )


def test_without_any_team_the_post_suffices(session: WriteSession, people: People) -> None:
    dossier = make_dossier(session, people, state=DossierState.ACCEPTED)
    assert save_advice(session, dossier.code, advice(), **by(people.advisor())).version == 1


def test_once_there_is_a_team_only_its_members_advise_and_survey(
    session: WriteSession, people: People
) -> None:
    dossier = make_dossier(session, people, state=DossierState.ACCEPTED)
    advisors(session, people)
    start(session, people, places=[PlaceIn(username="totuvan2", duty=Duty.HEAD)])
    stranger = by(people.advisor())
    with refused(NotPermitted, code="advisory.not_on_team", basis="Điều 7.3.c"):
        save_advice(session, dossier.code, advice(), **stranger)
    survey = RecordSiteSurvey(
        record_number="03/BB",
        surveyed_on=TODAY,
        people="Tổ tư vấn và chủ thể",
        findings="Nhà xưởng sạch, có khu sơ chế riêng.",
    )
    with refused(NotPermitted, code="advisory.not_on_team"):
        record_site_survey(session, dossier.code, survey, **stranger)
    assert record_site_survey(session, dossier.code, survey, **by(people.agency())).code


def test_a_team_out_of_its_term_does_not_advise(session: WriteSession, people: People) -> None:
    dossier = make_dossier(session, people, state=DossierState.ACCEPTED)
    advisors(session, people)
    start(session, people, term_to=TODAY + timedelta(days=1))
    member = people.advisor()
    later: datetime = AT + timedelta(days=2)
    with refused(NotPermitted, code="advisory.not_on_team"):
        save_advice(session, dossier.code, advice(), actor=member, at=later)
    assert save_advice(session, dossier.code, advice(), **by(member)).version == 1
    assert standing_of(ReadSession(session), people.agency(), on=TODAY) is Standing.NO_TEAM


def test_reports_wait_only_for_those_who_serve(session: WriteSession, people: People) -> None:
    advisors(session, people)
    make_dossier(session, people, state=DossierState.ACCEPTED)
    user = find_user(session, "totuvan2")
    assert user is not None
    inside, outside = people.advisor(), actor_of(session, user, at=AT)
    for actor in (inside, outside):
        assert [item.kind for item in work_for(session, actor, TODAY)] == ["dossier.advise"]
    start(session, people)
    assert [item.kind for item in work_for(session, inside, TODAY)] == ["dossier.advise"]
    assert work_for(session, outside, TODAY) == []
