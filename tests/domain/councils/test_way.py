"""The way of a product through the council, whole."""

import pytest
from sqlmodel import col, select

from app.core.db import WriteSession
from app.domain.dossiers.enums import DossierState
from app.domain.dossiers.models import Dossier
from tests.conftest import commit
from tests.factories.councils import (
    close,
    convene,
    items_of,
    lock,
    locked_result,
    make_meeting,
    score_all,
)
from tests.factories.people import People


@pytest.mark.parametrize(
    ("star", "state"),
    [
        (5, DossierState.LOCKED),
        (4, DossierState.LOCKED),
        (3, DossierState.LOCKED),
        (2, DossierState.BELOW_THREE),
    ],
)
def test_a_product_ends_where_its_points_and_minima_lead(
    session: WriteSession, people: People, star: int, state: DossierState
) -> None:
    result = locked_result(session, people, star=star)
    commit(session)
    dossier = session.exec(select(Dossier).where(col(Dossier.id) == result.dossier_id)).one()
    assert dossier.state is state
    assert result.band_star == star


def test_a_meeting_ends_with_its_minutes(session: WriteSession, people: People) -> None:
    meeting = convene(session, people, make_meeting(session, people))
    for item in items_of(session, meeting):
        score_all(session, people, item)
        lock(session, people, item)
    close(session, people, meeting)
    commit(session)
    assert meeting.closed_at == people.at
    assert meeting.minutes_number == "02/BB-HĐ"
