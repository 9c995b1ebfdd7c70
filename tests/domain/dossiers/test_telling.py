"""Who is told of which step of a dossier, with the day that binds them and what to do."""

from datetime import date, datetime, timedelta

import pytest

from app.core.clock import local_day
from app.core.db import WriteSession
from app.domain.accounts.rules import Actor
from app.domain.dossiers.actions import file_dossier, remind_of_overdue, withdraw_dossier
from app.domain.dossiers.enums import DossierState, Step
from app.domain.dossiers.letters import TELLINGS
from app.domain.dossiers.models import Dossier
from app.domain.dossiers.schemas import FileDossier, WithdrawDossier
from app.domain.notices.rules import filled
from tests.factories.dossiers import fill_dossier, make_dossier
from tests.factories.notices import title_of, todo_of, told
from tests.factories.people import HOME, People

OFFICER, LEADER, AGENCY = f"canbo{HOME}", f"lanhdao{HOME}", "canbotinh"


@pytest.fixture
def everybody(people: People) -> People:
    """Return people who all have their accounts."""
    people.officer()
    people.leader()
    people.agency()
    return people


def owner_of(people: People, dossier: Dossier) -> tuple[str, Actor]:
    """Return the account of a dossier's producer."""
    return f"chuthe{dossier.producer_id}", people.producer(dossier.producer_id)


def test_the_commune_is_told_of_a_dossier_with_its_fifteen_working_days(
    session: WriteSession, everybody: People
) -> None:
    dossier = make_dossier(session, everybody, state=DossierState.FILED)
    (notice,) = told(session, "dossier.filed").values()
    assert set(told(session, "dossier.filed")) == {OFFICER}
    assert notice.due_on == dossier.commune_due_on
    assert title_of(notice).startswith(f"Hồ sơ {dossier.code} của «")
    # Who filed knows already.
    assert not told(session, "dossier.filed_for_you")


def test_a_producer_whose_dossier_was_filed_for_it_is_told_and_the_helper_is_not(
    session: WriteSession, everybody: People
) -> None:
    dossier = make_dossier(session, everybody)
    fill_dossier(session, everybody, dossier)
    owner, _ = owner_of(everybody, dossier)
    file_dossier(
        session,
        dossier.code,
        FileDossier(version=dossier.version),
        actor=everybody.officer(),
        at=everybody.at,
    )
    assert not told(session, "dossier.filed")
    (notice,) = told(session, "dossier.filed_for_you").values()
    assert set(told(session, "dossier.filed_for_you")) == {owner}
    assert dossier.commune_due_on is not None
    assert f"{dossier.commune_due_on:%d/%m/%Y}" in todo_of(notice)
    assert notice.due_on is None


def test_a_returned_dossier_is_told_to_its_producer_with_the_parts(
    session: WriteSession, everybody: People
) -> None:
    dossier = make_dossier(session, everybody, state=DossierState.RETURNED)
    owner, _ = owner_of(everybody, dossier)
    rows = told(session, "dossier.returned")
    assert set(rows) == {owner}
    assert "rồi nộp lại tại xã" in todo_of(rows[owner])
    assert "()" not in todo_of(rows[owner])


def test_report_and_proposal_are_told_up_and_down(session: WriteSession, everybody: People) -> None:
    dossier = make_dossier(session, everybody, state=DossierState.PROPOSED)
    owner, _ = owner_of(everybody, dossier)
    assert set(told(session, "dossier.report_signed")) == {OFFICER}
    assert set(told(session, "dossier.assessed")) == {owner}
    assert set(told(session, "dossier.proposed")) == {AGENCY}
    assert set(told(session, "dossier.proposed_for_you")) == {owner}
    (proposed,) = told(session, "dossier.proposed").values()
    assert dossier.proposal_number
    assert dossier.proposal_number in title_of(proposed)


def test_a_request_for_completion_is_told_to_producer_and_commune_with_its_day(
    session: WriteSession, everybody: People
) -> None:
    dossier = make_dossier(session, everybody, state=DossierState.COMPLETION_REQUESTED)
    owner, _ = owner_of(everybody, dossier)
    rows = told(session, "dossier.completion_requested")
    assert set(rows) == {owner, OFFICER, LEADER}
    assert {one.due_on for one in rows.values()} == {dossier.completion_due_on}
    assert dossier.completion_due_on is not None


def test_acceptance_is_told_with_the_slip_number(session: WriteSession, everybody: People) -> None:
    dossier = make_dossier(session, everybody, state=DossierState.ACCEPTED)
    owner, _ = owner_of(everybody, dossier)
    rows = told(session, "dossier.accepted")
    assert set(rows) == {owner, OFFICER, LEADER}
    said = title_of(rows[owner])
    assert dossier.province_slip_number
    assert dossier.province_slip_number in said


def test_a_draft_that_is_withdrawn_is_told_to_nobody_a_filed_one_to_the_commune(
    session: WriteSession, everybody: People
) -> None:
    for state, expected in ((DossierState.DRAFT, set()), (DossierState.FILED, {OFFICER, LEADER})):
        dossier = make_dossier(session, everybody, state=state)
        _, owner = owner_of(everybody, dossier)
        withdraw_dossier(
            session,
            dossier.code,
            WithdrawDossier(reason="Chưa đủ vốn.", version=dossier.version),
            actor=owner,
            at=everybody.at,
        )
        assert set(told(session, "dossier.withdrawn")) == expected


def after(dossier: Dossier, days: int, at: datetime) -> datetime:
    """Return the same hour so many days after the commune's limit."""
    last = dossier.commune_due_on or date.max
    return at + (last - local_day(at)) + timedelta(days=days)


def test_a_late_commune_is_told_to_the_province_once_for_each_limit(
    session: WriteSession, everybody: People
) -> None:
    dossier = make_dossier(session, everybody, state=DossierState.FILED)
    assert remind_of_overdue(session, at=after(dossier, 0, everybody.at)) == 0
    assert remind_of_overdue(session, at=after(dossier, 1, everybody.at)) == 1
    assert remind_of_overdue(session, at=after(dossier, 9, everybody.at)) == 0
    rows = told(session, "dossier.overdue")
    assert set(rows) == {AGENCY}
    assert todo_of(rows[AGENCY]).startswith("Xã Bình Lư hết hạn 15 ngày làm việc")


def test_letters_take_only_what_every_dossier_can_say() -> None:
    known = (
        "dossier",
        "product",
        "slip_number",
        "proposal_number",
        "parts",
        "reason",
        "commune_until",
        "meeting_on",
    )
    params = dict.fromkeys(known, "")
    for tellings in TELLINGS.values():
        for telling in tellings:
            assert filled(telling.letter.title, params)
            assert filled(telling.letter.todo, params)


@pytest.mark.parametrize("step", [Step.OPEN_SCORING, Step.RECOGNISE])
def test_the_council_and_the_certificate_tell_of_their_own_steps(step: Step) -> None:
    assert step not in TELLINGS
