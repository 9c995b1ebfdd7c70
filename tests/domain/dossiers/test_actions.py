"""What happens to a dossier, step by step, on real tables."""

import pytest

from app.core.db import WriteSession
from app.domain.dossiers.enums import DossierState
from tests.factories.dossiers import make_dossier
from tests.factories.people import People


@pytest.mark.parametrize(
    "state",
    [
        DossierState.DRAFT,
        DossierState.FILED,
        DossierState.RETURNED,
        DossierState.ASSESSED,
        DossierState.PROPOSED,
        DossierState.ACCEPTED,
        DossierState.WITHDRAWN,
    ],
)
def test_the_builder_reaches_each_state_before_the_council(
    session: WriteSession, people: People, state: DossierState
) -> None:
    assert make_dossier(session, people, state=state).state is state
