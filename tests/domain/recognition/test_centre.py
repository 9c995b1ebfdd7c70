"""Ninety points and more: approved by the province, sent to the ministry, answered, and then."""

from datetime import date, timedelta
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from sqlmodel import col, select

from app.core.clock import local_day
from app.core.db import WriteSession
from app.core.errors import Invalid, NotFound, StaleVersion
from app.domain.audit.models import AuditEvent
from app.domain.councils.actions import decide_reopening, request_reopening
from app.domain.councils.models import AgendaItem
from app.domain.councils.schemas import DecideReopening, RequestReopening
from app.domain.dossiers.enums import DossierState
from app.domain.dossiers.models import Dossier
from app.domain.recognition.actions import (
    AlreadyInDecision,
    AnsweredBeforeSent,
    BelowThreeStars,
    FiveStarsByMinistry,
    NotApproved,
    NotForApproval,
    NotYet,
    PointsContradict,
    SamplesMissing,
    SentBeforeApproval,
    StarAbovePoints,
    draft_decision,
    forward_to_centre,
    record_answer,
)
from app.domain.recognition.enums import DecisionKind, SubmissionState
from app.domain.recognition.models import CentreSubmission, Certificate
from app.domain.recognition.policy import AnswerRecorded, ForwardingByAgency
from app.domain.recognition.queries import (
    approved_to_send,
    decided_products,
    get_submission,
    recognisable,
    submissions_page,
    work_for,
)
from app.domain.recognition.rules import star_after_centre
from app.domain.recognition.schemas import MINISTRY, ForwardToCentre, RecordAnswer
from app.rulebooks.loader import regime
from tests.conftest import commit
from tests.factories.councils import CHAIR, lock, locked_result
from tests.factories.people import ELSEWHERE, People
from tests.factories.recognition import (
    approved_dossier,
    decision_data,
    import_certificate,
    locked_dossier,
    make_decision,
    sent_to_centre,
    sign,
)
from tests.factories.register import make_product


@pytest.fixture
def today(people: People) -> date:
    return local_day(people.at)


def sending(dossier: Dossier, on: date, **changes: Any) -> ForwardToCentre:
    fields = {
        "letter_number": "2104/UBND-KTN",
        "sent_on": on,
        "samples": 5,
        "version": dossier.version,
    }
    return ForwardToCentre(**(fields | changes))


def answer(on: date, **changes: Any) -> RecordAnswer:
    fields = {
        "conclusion": "not_reached",
        "answer_number": "6120/BNNMT-VPĐP",
        "answered_on": on,
        "average": "86,75",
        "version": 1,
    }
    return RecordAnswer(**(fields | changes))


def kinds(session: WriteSession) -> list[str]:
    return list(session.exec(select(AuditEvent.kind).order_by(col(AuditEvent.sequence))))


def test_a_result_of_ninety_points_is_approved_not_recognised(
    session: WriteSession, people: People
) -> None:
    best, good = locked_dossier(session, people, star=5), locked_dossier(session, people, star=4)
    agency = people.agency()
    approvable = recognisable(session, actor=agency, kind=DecisionKind.APPROVAL)
    assert [one.dossier.code for one in approvable] == [best.code]
    assert [one.dossier.code for one in recognisable(session, actor=agency)] == [good.code]
    with pytest.raises(FiveStarsByMinistry):
        draft_decision(session, decision_data(best), actor=agency, at=people.at)
    with pytest.raises(NotForApproval):
        draft_decision(
            session, decision_data(good, kind=DecisionKind.APPROVAL), actor=agency, at=people.at
        )
    approval = make_decision(session, people, best, kind=DecisionKind.APPROVAL)
    with pytest.raises(AlreadyInDecision):
        make_decision(session, people, best, kind=DecisionKind.APPROVAL, number="1302/QĐ-UBND")
    sign(session, people, approval)
    commit(session)
    assert best.state is DossierState.LOCKED
    assert session.exec(select(Certificate)).all() == []
    assert [one.dossier.code for one in approved_to_send(session, actor=agency)] == [best.code]


def test_an_approved_product_is_sent_with_its_letter_and_samples(
    session: WriteSession, people: People, today: date
) -> None:
    dossier, agency = approved_dossier(session, people), people.agency()
    submission = forward_to_centre(
        session, dossier.code, sending(dossier, today), actor=agency, at=people.at
    )
    commit(session)
    assert dossier.state is DossierState.AWAITING_CENTRE
    assert (submission.state, submission.samples) == (SubmissionState.SENT, 5)
    assert kinds(session)[-2:] == ["dossier.sent_to_centre", "centre.sent"]
    assert approved_to_send(session, actor=agency) == []


def test_nothing_is_sent_unapproved_unsampled_too_early_or_by_others(
    session: WriteSession, people: People, today: date
) -> None:
    agency = people.agency()
    waiting = locked_dossier(session, people, star=5)
    with pytest.raises(NotApproved):
        forward_to_centre(
            session, waiting.code, sending(waiting, today), actor=agency, at=people.at
        )
    dossier = approved_dossier(session, people)

    def send(actor: Any = agency, **changes: Any) -> None:
        forward_to_centre(
            session, dossier.code, sending(dossier, today, **changes), actor=actor, at=people.at
        )

    with pytest.raises(SamplesMissing):
        send(samples=4)
    with pytest.raises(NotYet):
        send(sent_on=today + timedelta(days=1))
    with pytest.raises(SentBeforeApproval):
        send(sent_on=today - timedelta(days=1))
    with pytest.raises(StaleVersion):
        send(version=dossier.version + 1)
    with pytest.raises(ForwardingByAgency):
        send(actor=people.leader())
    with pytest.raises(NotFound):
        forward_to_centre(
            session, "HS-0000000", sending(dossier, today), actor=agency, at=people.at
        )
    assert dossier.state is DossierState.LOCKED
    send()
    with pytest.raises(NotApproved):
        send()


def test_tourism_is_sent_without_samples(
    session: WriteSession, people: People, today: date
) -> None:
    product = make_product(session, people, set_number=26)
    dossier = approved_dossier(session, people, product=product)
    submission = forward_to_centre(
        session,
        dossier.code,
        sending(dossier, today, samples=0),
        actor=people.agency(),
        at=people.at,
    )
    assert submission.samples == 0


def test_five_stars_of_the_ministry_replace_the_older_certificate_and_keep_the_code(
    session: WriteSession, people: People, today: date
) -> None:
    product = make_product(session, people)
    older = import_certificate(session, people, product)
    older.product_code = "12-03390-07-2025"
    submission = sent_to_centre(session, people, product=product)
    record_answer(
        session,
        submission.code,
        answer(today, conclusion="recognised", average="91,5", answer_number="88/QĐ-BNNMT"),
        actor=people.agency(),
        at=people.at,
    )
    commit(session)
    newer = session.exec(select(Certificate).where(col(Certificate.star) == 5)).one()
    assert (newer.authority, newer.decision_number) == (MINISTRY, "88/QĐ-BNNMT")
    assert newer.product_code == "12-03390-07-2025"
    assert newer.expires_on == today.replace(year=today.year + 3)
    assert older.superseded_by_id == newer.id
    row = get_submission(session, submission.code, actor=people.agency())
    assert row.dossier.state is DossierState.RECOGNISED
    assert row.average == Fraction(183, 2)
    assert kinds(session)[-3:] == ["centre.answered", "dossier.recognised", "certificate.issued"]


def test_below_ninety_points_the_province_recognises_by_its_own_decision(
    session: WriteSession, people: People, today: date
) -> None:
    agency = people.agency()
    submission = sent_to_centre(session, people)
    record_answer(session, submission.code, answer(today), actor=agency, at=people.at)
    row = get_submission(session, submission.code, actor=agency)
    assert row.dossier.state.value == "returned_by_centre"
    assert (submission.state, submission.star) == (SubmissionState.NOT_REACHED, 4)
    [candidate] = recognisable(session, actor=agency)
    assert (candidate.dossier.code, candidate.star) == (row.dossier.code, 4)
    decision = make_decision(session, people, row.dossier, number="1400/QĐ-UBND")
    sign(session, people, decision)
    commit(session)
    certificate = session.exec(select(Certificate)).one()
    assert (certificate.star, certificate.decision_number) == (4, "1400/QĐ-UBND")
    assert row.dossier.state.value == "recognised"
    assert recognisable(session, actor=agency) == []
    [approved] = decided_products(session, row.decision)
    assert approved.certificate is None


def test_the_province_may_give_less_than_the_points_hold_never_more(
    session: WriteSession, people: People, today: date
) -> None:
    submission = sent_to_centre(session, people)

    def answered(**changes: Any) -> CentreSubmission:
        return record_answer(
            session,
            submission.code,
            answer(today, **changes),
            actor=people.agency(),
            at=people.at,
        )

    with pytest.raises(StarAbovePoints):
        answered(average="69,99", star=4)
    with pytest.raises(PointsContradict):
        answered(average="90")
    with pytest.raises(PointsContradict):
        answered(conclusion="recognised", average="89,9")
    for wrong in ({"average": None}, {"conclusion": "recognised", "average": "95", "star": 4}):
        with pytest.raises(Invalid):
            answered(**wrong)
    with pytest.raises(AnsweredBeforeSent):
        answered(answered_on=today - timedelta(days=1))
    with pytest.raises(NotYet):
        answered(answered_on=today + timedelta(days=1))
    with pytest.raises(StaleVersion):
        answered(version=2)
    with pytest.raises(ForwardingByAgency):
        record_answer(session, submission.code, answer(today), actor=people.head(), at=people.at)
    with pytest.raises(NotFound):
        record_answer(
            session, submission.code, answer(today), actor=people.officer(ELSEWHERE), at=people.at
        )
    assert answered(average="74", star=3).star == 3
    with pytest.raises(AnswerRecorded):
        answered(version=2)


def test_what_falls_below_three_stars_gets_no_decision(
    session: WriteSession, people: People, today: date
) -> None:
    submission = sent_to_centre(session, people)
    record_answer(
        session, submission.code, answer(today, average="48"), actor=people.agency(), at=people.at
    )
    assert submission.star == 0
    assert recognisable(session, actor=people.agency()) == []
    row = get_submission(session, submission.code, actor=people.agency())
    with pytest.raises(BelowThreeStars):
        make_decision(session, people, row.dossier, number="1400/QĐ-UBND")


@pytest.mark.parametrize(
    "wrong",
    [
        {"average": "101"},
        {"average": "-3"},
        {"average": "tám mươi"},
        {"star": 5},
    ],
)
def test_points_are_a_number_from_nought_to_a_hundred(today: date, wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        answer(today, **wrong)


@given(st.fractions(min_value=0, max_value=Fraction(8999, 100)))
def test_the_star_after_the_ministry_is_that_of_the_band_below_five(average: Fraction) -> None:
    star = star_after_centre(average, regime("qd26-2026"))
    assert star == (4 if average >= 70 else 3 if average >= 50 else 0)


def test_producer_and_commune_see_their_product_before_the_ministry_others_do_not(
    session: WriteSession, people: People
) -> None:
    submission = sent_to_centre(session, people)
    dossier = get_submission(session, submission.code, actor=people.agency()).dossier
    owner = people.producer(dossier.producer_id)
    for actor in (people.agency(), people.signer(), people.officer(), owner):
        page = submissions_page(session, actor=actor)
        assert [row.submission.code for row in page.items] == [submission.code]
    assert submissions_page(session, actor=people.officer(ELSEWHERE)).items == []


def test_the_agency_is_told_what_to_approve_to_send_and_to_decide(
    session: WriteSession, people: People, today: date
) -> None:
    agency = people.agency()

    def told() -> set[str]:
        kinds = {item.kind for item in work_for(session, agency, on=today)}
        return kinds - {"decision.to_scan"}  # the scan of the approval is another matter

    dossier = locked_dossier(session, people, star=5)
    assert told() == {"decision.to_approve"}
    sign(session, people, make_decision(session, people, dossier, kind=DecisionKind.APPROVAL))
    assert told() == {"centre.to_send"}
    submission = forward_to_centre(
        session, dossier.code, sending(dossier, today), actor=agency, at=people.at
    )
    assert told() == set()
    record_answer(session, submission.code, answer(today), actor=agency, at=people.at)
    assert told() == {"decision.to_draft"}


def test_the_province_judges_anew_what_the_ministry_gave_back(
    session: WriteSession, people: People, today: date
) -> None:
    result = locked_result(session, people)
    dossier = session.exec(select(Dossier).where(col(Dossier.id) == result.dossier_id)).one()
    item = session.exec(select(AgendaItem).where(col(AgendaItem.id) == result.item_id)).one()
    sign(session, people, make_decision(session, people, dossier, kind=DecisionKind.APPROVAL))
    agency = people.agency()
    submission = forward_to_centre(
        session, dossier.code, sending(dossier, today), actor=agency, at=people.at
    )
    record_answer(session, submission.code, answer(today), actor=agency, at=people.at)

    people.at += timedelta(days=7)
    reopening = request_reopening(
        session,
        item.code,
        RequestReopening(reason="Trung ương đánh giá dưới 90 điểm.", version=item.version),
        actor=people.council_member(CHAIR),
        at=people.at,
    )
    decide_reopening(
        session,
        reopening.code,
        DecideReopening(
            grant=True,
            decision_number="16/QĐ-VPĐP",
            answer="Đánh giá lại theo thẩm quyền của tỉnh.",
            version=reopening.version,
        ),
        actor=people.head(),
        at=people.at,
    )
    assert dossier.state.value == "scoring"
    assert recognisable(session, actor=agency) == []
    lock(session, people, item)
    commit(session)
    assert dossier.state.value == "locked"
    assert recognisable(session, actor=agency) == []
    [candidate] = recognisable(session, actor=agency, kind=DecisionKind.APPROVAL)
    assert (candidate.dossier.code, candidate.judgement.given_back) == (dossier.code, None)
    assert approved_to_send(session, actor=agency) == []
