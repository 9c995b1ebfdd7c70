"""What was found out before the council serves it: the survey at the opening, advice on the agenda."""

import pytest
from sqlmodel import col, select

from app.core.db import WriteSession
from app.core.errors import Refused
from app.domain.councils.enums import MeetingState
from app.domain.councils.queries import get_meeting, schedulable
from app.domain.councils.queries import work_for as council_work
from app.domain.dossiers.enums import DossierState
from app.domain.dossiers.models import Dossier
from tests.conftest import AT
from tests.domain.councils.board import refused
from tests.factories.agency import advise, survey
from tests.factories.councils import CHAIR, convene, items_of, make_meeting, the_round
from tests.factories.dossiers import make_dossier
from tests.factories.people import People

TOURISM = 26


def tourism(session: WriteSession, people: People) -> Dossier:
    """Return an accepted dossier of a set that is scored only after a survey."""
    round_ = the_round(session, people)
    return make_dossier(
        session, people, state=DossierState.ACCEPTED, set_number=TOURISM, round_=round_
    )


def test_the_survey_of_the_dossier_is_the_record_at_the_opening(
    session: WriteSession, people: People
) -> None:
    dossier = tourism(session, people)
    record = survey(session, people, dossier)
    meeting = make_meeting(session, people, dossiers=[dossier])
    shown = get_meeting(session, meeting.code, actor=people.council_member(CHAIR), rules_dir=None)
    assert shown.items[0].survey is record
    assert convene(session, people, meeting).state is MeetingState.OPEN
    assert items_of(session, meeting)[0].survey_record == record.told


def test_a_survey_held_after_the_agenda_was_made_still_counts(
    session: WriteSession, people: People
) -> None:
    dossier = tourism(session, people)
    meeting = make_meeting(session, people, dossiers=[dossier])
    with refused(Refused, code="meeting.survey_missing"):
        convene(session, people, meeting)
    survey(session, people, dossier)
    assert convene(session, people, meeting).state is MeetingState.OPEN


@pytest.mark.parametrize("advised", [True, False])
def test_a_dossier_goes_on_an_agenda_with_or_without_advice(
    session: WriteSession, people: People, *, advised: bool
) -> None:
    round_ = the_round(session, people)
    dossier = make_dossier(session, people, state=DossierState.ACCEPTED, round_=round_)
    if advised:
        advise(session, people, dossier)
    agency = people.agency()
    assert [one.dossier.code for one in schedulable(session, round_.id, actor=agency)] == [
        dossier.code
    ]
    assert "round.schedule" in {one.kind for one in council_work(session, agency, AT.date())}
    make_meeting(session, people, dossiers=[dossier])
    stored = session.exec(select(Dossier).where(col(Dossier.code) == dossier.code)).one()
    assert stored.state is DossierState.SCHEDULED
    if not advised:
        advise(session, people, dossier)
        assert dossier.state is DossierState.SCHEDULED, "advice comes until the council scores"
