"""Each refusal of plans, checks, corrections and conclusions, told by its code."""

from datetime import timedelta

import pytest

from app.core.clock import local_day
from app.core.db import WriteSession
from app.core.errors import Invalid, NotFound, Refusal
from app.domain.accounts.enums import Role
from app.domain.inspections.actions import (
    CheckedInPlan,
    CheckedTwice,
    ConcludedOutOfOrder,
    ConclusionNumberUsed,
    NotConcludedYet,
    NothingLookedAt,
    NotInPlan,
    OtherAgency,
    OutcomeContradicts,
    OutsidePeriod,
    PlanNumberUsed,
    WrongCorrectionState,
    answer_correction,
    approve_plan,
    cancel_inspection,
    change_choice,
    close_record,
    conclude,
    draft_plan,
    judge_correction,
    plan_inspection,
    save_section,
)
from app.domain.inspections.enums import Finding, Outcome
from app.domain.inspections.policy import (
    AnswerByProducer,
    ApprovalByHead,
    BreachFound,
    ByLeader,
    JudgedByAgency,
    NothingChosen,
    NotOnTeam,
    PlanningByAgency,
    PlanWrongState,
    WrongState,
)
from app.domain.inspections.queries import InspectionRow, get_inspection, items_of
from app.domain.inspections.rules import MARK_SECTION
from app.domain.inspections.schemas import (
    AnswerCorrection,
    ApprovePlan,
    CancelInspection,
    ChangeChoice,
    CloseRecord,
    Conclude,
    JudgeCorrection,
)
from app.domain.recognition.enums import RevocationGround
from tests.factories.inspections import (
    check_data,
    findings,
    inspector,
    make_check,
    make_plan,
    mending_check,
    plan_data,
    recorded_check,
)
from tests.factories.people import ELSEWHERE, People
from tests.factories.recognition import import_certificate
from tests.factories.register import make_producer, make_product


def ending(people: People, row: InspectionRow, outcome: Outcome = Outcome.KEPT) -> Conclude:
    """Return a conclusion of today."""
    return Conclude(
        outcome=outcome,
        conclusion_number="31/KL-SNNMT",
        conclusion_authority="Sở Nông nghiệp và Môi trường",
        concluded_on=local_day(people.at),
        conclusion="Kết luận theo biên bản kiểm tra.",
        ground=RevocationGround.MARK_MISUSED if outcome is Outcome.BREACH else None,
        version=row.inspection.version,
    )


def test_a_plan_is_approved_by_the_head_and_then_only_amended(
    session: WriteSession, people: People
) -> None:
    producer = make_producer(session, people)
    first, second = (
        import_certificate(session, people, make_product(session, people, producer, name=name))
        for name in ("Mật ong một", "Mật ong hai")
    )
    with pytest.raises(PlanningByAgency):
        draft_plan(session, plan_data(people), actor=people.officer(), at=people.at)
    plan = make_plan(session, people, approved=False)
    with pytest.raises(PlanNumberUsed):
        draft_plan(session, plan_data(people), actor=people.agency(), at=people.at)
    approval = ApprovePlan(version=plan.version)
    with pytest.raises(ApprovalByHead):
        approve_plan(session, plan.code, approval, actor=people.agency(), at=people.at)
    with pytest.raises(NothingChosen):
        approve_plan(session, plan.code, approval, actor=people.head(), at=people.at)
    data = check_data(people, first, plan=plan, team=())
    with pytest.raises(PlanWrongState):
        plan_inspection(session, data, actor=people.agency(), at=people.at)
    choice = ChangeChoice(add=[first.code], reason="Chưa kiểm tra", version=plan.version)
    change_choice(session, plan.code, choice, actor=people.agency(), at=people.at)
    approval = ApprovePlan(version=plan.version)
    approve_plan(session, plan.code, approval, actor=people.head(), at=people.at)
    plan_inspection(session, data, actor=people.agency(), at=people.at)
    with pytest.raises(CheckedTwice):
        plan_inspection(session, data, actor=people.agency(), at=people.at)
    with pytest.raises(NotInPlan):
        plan_inspection(
            session,
            check_data(people, second, plan=plan, team=()),
            actor=people.agency(),
            at=people.at,
        )
    paper = {
        "amendment_number": "52/KH-SNNMT",
        "amended_on": local_day(people.at),
        "amendment_reason": "Thay sản phẩm.",
    }
    drop = ChangeChoice(drop=[first.code], version=plan.version, **paper)
    with pytest.raises(CheckedInPlan):
        change_choice(session, plan.code, drop, actor=people.agency(), at=people.at)
    add = ChangeChoice(add=[second.code], reason="Bị phản ánh", version=plan.version)
    with pytest.raises(Invalid, match="ô chưa đúng") as lacking:
        change_choice(session, plan.code, add, actor=people.agency(), at=people.at)
    assert set(lacking.value.fields) == set(paper)


def test_a_check_keeps_to_its_plan_and_its_team(session: WriteSession, people: People) -> None:
    certificate = import_certificate(session, people)
    guest = inspector(session, people)
    inspector(session, people, "soyte1", agency="SO_YT", role=Role.DEPARTMENT_OFFICER)
    plan = make_plan(session, people, certificate)
    late = plan.period_to + timedelta(days=1)
    for refusal, how in (
        (OutsidePeriod, {"planned_on": late}),
        (OtherAgency, {"team": ("soyte1",)}),
    ):
        with pytest.raises(refusal):
            plan_inspection(
                session,
                check_data(people, certificate, plan=plan, **how),
                actor=people.agency(),
                at=people.at,
            )
    row = make_check(session, people, certificate, team=())
    code = row.inspection.code
    with pytest.raises(NotFound):
        save_section(session, code, MARK_SECTION, findings(row), actor=guest, at=people.at)
    with pytest.raises(NotOnTeam):
        save_section(session, code, MARK_SECTION, findings(row), actor=people.head(), at=people.at)
    follow = check_data(people, certificate, team=(), follows=code)
    with pytest.raises(NotConcludedYet):
        plan_inspection(session, follow, actor=people.agency(), at=people.at)
    away = CancelInspection(reason="Chủ thể trả giấy.", version=row.inspection.version)
    cancel_inspection(session, code, away, actor=people.agency(), at=people.at)
    begun = make_check(session, people, certificate, team=())
    said = findings(begun, said={"star": Finding.NOT_KEPT})
    save_section(
        session, begun.inspection.code, MARK_SECTION, said, actor=people.agency(), at=people.at
    )
    away = CancelInspection(reason="Đổi ý.", version=begun.inspection.version)
    with pytest.raises(BreachFound):
        cancel_inspection(session, begun.inspection.code, away, actor=people.agency(), at=people.at)
    with pytest.raises(WrongState):
        save_section(
            session, code, MARK_SECTION, findings(row), actor=people.agency(), at=people.at
        )


def test_minutes_are_closed_by_the_leader_over_something_that_was_looked_at(
    session: WriteSession, people: People
) -> None:
    certificate = import_certificate(session, people)
    guest = inspector(session, people)
    row = make_check(session, people, certificate)
    code = row.inspection.code
    blank = dict.fromkeys([one.item for one in findings(row).items], Finding.NOT_CHECKED)
    save_section(session, code, MARK_SECTION, findings(row, said=blank), actor=guest, at=people.at)
    closing = CloseRecord(
        record_number="07/BB-KT",
        held_on=local_day(people.at),
        present="Đoàn, chủ thể",
        version=row.inspection.version,
    )
    with pytest.raises(ByLeader):
        close_record(session, code, closing, actor=guest, at=people.at)
    with pytest.raises(NothingLookedAt):
        close_record(session, code, closing, actor=people.agency(), at=people.at)
    save_section(session, code, MARK_SECTION, findings(row, version=1), actor=guest, at=people.at)
    close_record(session, code, closing, actor=people.agency(), at=people.at)
    kept = sum(one.finding is Finding.KEPT for one in items_of(session, row.inspection).values())
    assert kept == len(blank)
    sealed = row.inspection.record["sections"]
    assert len(items_of(session, row.inspection)) == sum(len(one["items"]) for one in sealed)


def test_a_correction_is_answered_by_the_producers_side_and_judged_by_the_agency(
    session: WriteSession, people: People
) -> None:
    certificate = import_certificate(session, people)
    row = mending_check(session, people, certificate, "star")
    code = row.inspection.code
    answer = AnswerCorrection(item="star", text="Đã in lại nhãn.", version=row.inspection.version)
    with pytest.raises(NotFound):
        answer_correction(session, code, answer, actor=people.officer(ELSEWHERE), at=people.at)
    with pytest.raises(AnswerByProducer):
        answer_correction(session, code, answer, actor=people.agency(), at=people.at)
    yes = JudgeCorrection(item="star", accepted=True, version=row.inspection.version)
    with pytest.raises(WrongCorrectionState):
        judge_correction(session, code, yes, actor=people.agency(), at=people.at)
    with pytest.raises(OutcomeContradicts):
        conclude(
            session,
            code,
            ending(people, row, Outcome.CORRECTED),
            actor=people.agency(),
            at=people.at,
        )
    owner = people.producer(certificate.producer_id)
    answer_correction(session, code, answer, actor=owner, at=people.at)
    yes = JudgeCorrection(item="star", accepted=True, version=row.inspection.version)
    with pytest.raises(JudgedByAgency):
        judge_correction(session, code, yes, actor=people.head(), at=people.at)
    judge_correction(session, code, yes, actor=people.agency(), at=people.at)
    assert row.inspection.correction_due_on is None
    done = ending(people, row, Outcome.CORRECTED)
    conclude(session, code, done, actor=people.agency(), at=people.at)
    assert (row.inspection.outcome, row.inspection.case_code) == (Outcome.CORRECTED, "")


def test_a_conclusion_stays_and_is_only_followed_by_another_check(
    session: WriteSession, people: People
) -> None:
    certificate = import_certificate(session, people)
    row = recorded_check(session, people, certificate)
    code = row.inspection.code
    early = ending(people, row).model_copy(
        update={"concluded_on": local_day(people.at) - timedelta(days=1)}
    )
    with pytest.raises(ConcludedOutOfOrder):
        conclude(session, code, early, actor=people.agency(), at=people.at)
    conclude(session, code, ending(people, row), actor=people.agency(), at=people.at)
    with pytest.raises(WrongState):
        conclude(session, code, ending(people, row), actor=people.agency(), at=people.at)
    follow = check_data(people, certificate, team=(), follows=code)
    again = plan_inspection(session, follow, actor=people.agency(), at=people.at)
    seen = get_inspection(
        session, again.inspection.code, actor=people.auditor(), on=local_day(people.at)
    )
    assert seen.follows == code
    other = recorded_check(session, people, certificate)
    refused: type[Refusal] = ConclusionNumberUsed
    with pytest.raises(refused):
        conclude(
            session,
            other.inspection.code,
            ending(people, other),
            actor=people.agency(),
            at=people.at,
        )
