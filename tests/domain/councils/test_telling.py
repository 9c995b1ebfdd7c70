"""Applicants are told of meeting and result; members are called; nobody is told anybody's marks."""

import json

from sqlmodel import select

from app.core.db import WriteSession
from app.domain.dossiers.enums import DossierState
from app.domain.notices.models import Notice
from app.rulebooks import loader
from tests.factories.councils import locked_result, lower_answers, make_meeting, scorers
from tests.factories.notices import notices_of, title_of, told
from tests.factories.people import HOME, People
from tests.factories.register import make_product

OFFICER, LEADER = f"canbo{HOME}", f"lanhdao{HOME}"


def test_a_meeting_is_told_to_applicants_with_its_day_and_its_members_are_called(
    session: WriteSession, people: People
) -> None:
    product = make_product(session, people)
    make_meeting(session, people, products=[product])
    rows = told(session, "dossier.scheduled")
    assert set(rows) == {f"chuthe{product.producer_id}", OFFICER, LEADER}
    assert "ngày 14/09/2026" in title_of(rows[OFFICER])
    assert not told(session, "dossier.opinions_asked")
    called = {notice.user_id for _, notice in notices_of(session, "meeting.called")}
    assert {member.user_id for member in scorers(people)} <= called


def test_a_result_is_told_to_producer_and_commune_without_marks(
    session: WriteSession, people: People
) -> None:
    product = make_product(session, people)
    result = locked_result(session, people, product=product, star=4)
    rows = told(session, "dossier.locked")
    assert set(rows) == {f"chuthe{product.producer_id}", OFFICER, LEADER}
    assert rows[OFFICER].basis == "26/2026/QĐ-TTg, Điều 7.3.g"
    said = json.dumps([[one.title, one.params] for one in session.exec(select(Notice))])
    assert str(result.average_text) not in said


def test_a_result_that_ends_the_dossier_is_told_once(session: WriteSession, people: People) -> None:
    product = make_product(session, people)
    rubric = loader.rubrics("qd26-2026")[product.set_number - 1].code
    result = locked_result(session, people, product=product, answers=lower_answers(rubric, 40))
    assert result.star < 3 or DossierState(result.outcome) is DossierState.BELOW_THREE
    assert not told(session, "dossier.locked")
    assert set(told(session, "dossier.below_three")) == {
        f"chuthe{product.producer_id}",
        OFFICER,
        LEADER,
    }
