"""What happens to a dossier, step by step, on real tables: effects, refusals and the audit."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from itertools import product
from typing import Any

import pytest
from pydantic import ValidationError
from sqlmodel import col, select

from app.core.db import WriteSession
from app.core.errors import Conflict, Invalid, NotFound, NotPermitted, Refusal, StaleVersion
from app.domain.accounts.rules import Actor
from app.domain.audit.actions import waiting_kinds
from app.domain.audit.models import AuditEvent
from app.domain.dossiers.actions import (
    AlreadyRecognised,
    DossierIncomplete,
    DossierOpen,
    ProducerKindExcluded,
    RoundClosed,
    TooLateForRound,
    UnknownSection,
    accept_dossier,
    add_evidence,
    close_without_recognition,
    file_dossier,
    lock_dossier,
    open_dossier,
    open_scoring,
    propose_dossier,
    recognise_dossier,
    return_by_centre,
    return_dossier,
    save_commune_report,
    save_report_parts,
    save_section,
    schedule_dossier,
    send_to_centre,
    sign_commune_report,
    stop_using_evidence,
    use_evidence,
    withdraw_dossier,
)
from app.domain.dossiers.actions.evidence import plain_file_name
from app.domain.dossiers.enums import DossierPart, DossierState, EvidenceKind, Finding, Step
from app.domain.dossiers.models import Dossier, Evidence, EvidenceUse, SelfAssessmentAnswer
from app.domain.dossiers.queries import find_report
from app.domain.dossiers.rules import EVENTS, FINAL, find_transition
from app.domain.dossiers.schemas import (
    AcceptDossier,
    AddEvidence,
    AnswerIn,
    CiteEvidence,
    FileDossier,
    OpenDossier,
    ProposeDossier,
    ReturnDossier,
    ReturnItem,
    SaveCommuneReport,
    SaveReportParts,
    SaveSection,
    SignCommuneReport,
    WithdrawDossier,
)
from app.domain.producers.enums import ProducerKind
from app.rulebooks import loader
from tests.conftest import commit
from tests.factories.dossiers import (
    assess,
    cite_evidence,
    file,
    fill_dossier,
    filled_report,
    give_back,
    make_dossier,
    make_evidence,
    passing_gates,
    pdf_bytes,
    put_round,
    report_on,
    stored_file,
    take_to,
)
from tests.factories.people import ELSEWHERE, HOME, People
from tests.factories.register import make_producer, make_product

BEFORE_COUNCIL = (
    DossierState.DRAFT,
    DossierState.FILED,
    DossierState.RETURNED,
    DossierState.ASSESSED,
    DossierState.PROPOSED,
    DossierState.ACCEPTED,
    DossierState.WITHDRAWN,
)


def section(*answers: AnswerIn, version: int) -> SaveSection:
    return SaveSection(answers=list(answers), version=version)


def refused(session: WriteSession, kind: type[Refusal], act: Callable[[], object]) -> Any:
    """Return the refusal of an act that must leave nothing behind."""
    before = waiting_kinds(session)
    with pytest.raises(kind) as caught:
        act()
    assert waiting_kinds(session) == before
    assert not session.dirty
    assert not session.new
    return caught.value


# --- the builder and the table ------------------------------------------------------------------


@pytest.mark.parametrize("state", BEFORE_COUNCIL)
def test_every_state_before_the_council_is_reached_by_its_actions(
    session: WriteSession, people: People, state: DossierState
) -> None:
    assert make_dossier(session, people, state=state).state is state


def test_each_step_moves_along_the_table_records_its_event_and_goes_nowhere_else(
    session: WriteSession, people: People
) -> None:
    dossier = make_dossier(session, people)
    leader, at = people.leader(), people.at
    council: dict[Step, Callable[[], Dossier]] = {
        Step.SCHEDULE: lambda: schedule_dossier(session, dossier, actor=leader, at=at),
        Step.OPEN_SCORING: lambda: open_scoring(session, dossier, actor=leader, at=at),
        Step.LOCK: lambda: lock_dossier(session, dossier, actor=leader, at=at),
        Step.RECOGNISE: lambda: recognise_dossier(session, dossier, actor=leader, at=at),
        Step.CLOSE_BELOW_THREE: lambda: close_without_recognition(
            session, dossier, DossierState.BELOW_THREE, actor=leader, at=at
        ),
        Step.CLOSE_EXCLUDED: lambda: close_without_recognition(
            session, dossier, DossierState.EXCLUDED, actor=leader, at=at
        ),
        Step.SEND_TO_CENTRE: lambda: send_to_centre(
            session, dossier, actor=leader, at=at, letter="2104/UBND-KTN"
        ),
        Step.RETURN_BY_CENTRE: lambda: return_by_centre(session, dossier, actor=leader, at=at),
    }
    for state, step in product(DossierState, council):
        dossier.state, dossier.closed_at = state, None
        session.flush()
        version, events = dossier.version, waiting_kinds(session)
        way = find_transition(state, step)
        if way is None:
            assert refused(session, Conflict, council[step]).reason_code == "dossier.wrong_state"
            assert (dossier.state, dossier.version) == (state, version)
        else:
            council[step]()
            assert dossier.state is way.to_state
            assert dossier.version == version + 1
            assert (dossier.closed_at == at) is (way.to_state in FINAL)
            assert waiting_kinds(session) == [*events, EVENTS[step]]


def test_no_action_starts_from_a_state_the_table_does_not_name(
    session: WriteSession, people: People
) -> None:
    dossier = make_dossier(session, people, state=DossierState.FILED)
    report_on(session, people, dossier)
    round_ = put_round(
        session, people, proposals_before=date(2026, 10, 30), results_before=date(2026, 12, 30)
    )
    code, at = dossier.code, people.at
    owner, officer = people.producer(dossier.producer_id), people.officer()
    leader, agency = people.leader(), people.agency()
    steps: dict[Step, Callable[[int], object]] = {
        Step.FILE: lambda v: file_dossier(
            session, code, FileDossier(version=v), actor=owner, at=at
        ),
        Step.RETURN: lambda v: return_dossier(
            session,
            code,
            ReturnDossier(
                items=[ReturnItem(part=DossierPart.SAMPLES, reason="Thiếu mẫu.")], version=v
            ),
            actor=officer,
            at=at,
        ),
        Step.SIGN_REPORT: lambda v: sign_commune_report(
            session,
            code,
            SignCommuneReport(report_number="1/BC", signed_title="Chủ tịch", version=v),
            actor=leader,
            at=at,
        ),
        Step.PROPOSE: lambda v: propose_dossier(
            session, code, ProposeDossier(proposal_number="1", version=v), actor=leader, at=at
        ),
        Step.ACCEPT: lambda v: accept_dossier(
            session, code, AcceptDossier(version=v), round_, actor=agency, at=at
        ),
        Step.WITHDRAW: lambda v: withdraw_dossier(
            session, code, WithdrawDossier(reason="Chưa kịp.", version=v), actor=owner, at=at
        ),
    }
    for state, (step, act) in product(DossierState, steps.items()):
        if find_transition(state, step):
            continue
        dossier.state = state
        session.flush()
        problem = refused(session, Conflict, lambda act=act: act(dossier.version))  # type: ignore[misc]  # -- binds the loop's value
        assert problem.reason_code == "dossier.wrong_state"
        assert problem.legal_basis
        assert dossier.state is state


def test_the_events_of_a_whole_way_are_chained_with_its_commit(
    session: WriteSession, people: People
) -> None:
    dossier = make_dossier(session, people, state=DossierState.RETURNED)
    file(session, people, dossier)
    take_to(session, people, dossier, DossierState.ACCEPTED)
    withdraw_dossier(
        session,
        dossier.code,
        WithdrawDossier(reason="Đổi chủ sở hữu.", version=dossier.version),
        actor=people.producer(dossier.producer_id),
        at=people.at,
    )
    commit(session)
    kinds = session.exec(
        select(col(AuditEvent.kind))
        .where(col(AuditEvent.subject_code) == dossier.code)
        .order_by(col(AuditEvent.sequence))
    ).all()
    moves = [kind for kind in kinds if kind in set(EVENTS.values())]
    assert moves == [
        EVENTS[step]
        for step in (
            Step.FILE,
            Step.RETURN,
            Step.FILE,
            Step.SIGN_REPORT,
            Step.PROPOSE,
            Step.ACCEPT,
            Step.WITHDRAW,
        )
    ]


# --- opening ------------------------------------------------------------------------------------


def open_for(
    session: WriteSession, people: People, code: str, actor: Actor, *, set_number: int = 4
) -> Dossier:
    data = OpenDossier(product_code=code, gate_answers=passing_gates(set_number))
    return open_dossier(session, data, actor=actor, at=people.at)


def test_a_dossier_is_pinned_to_the_rulebooks_of_its_day(
    session: WriteSession, people: People
) -> None:
    dossier = make_dossier(session, people, set_number=4)
    pins = loader.pins(4, date(2026, 9, 14))
    assert {name: getattr(dossier, name) for name in type(pins).model_fields} == pins.model_dump()
    assert dossier.regime_code == "qd26-2026"
    assert dossier.rubric_code == "qd26-2026-04"
    assert len(dossier.rubric_hash) == 64
    assert waiting_kinds(session)[-1] == "dossier.opened"


def test_the_officer_opens_on_behalf_of_the_producer_and_that_is_noted(
    session: WriteSession, people: People
) -> None:
    made = make_product(session, people)
    assert open_for(session, people, made.code, people.officer()).opened_by_helper
    assert not make_dossier(session, people).opened_by_helper


def test_a_second_dossier_of_a_product_is_refused_while_one_is_under_way(
    session: WriteSession, people: People
) -> None:
    row = make_product(session, people)
    dossier = make_dossier(session, people, product=row)
    owner = people.producer(dossier.producer_id)
    for state in DossierState:
        dossier.state = state
        session.flush()
        if state not in FINAL:
            problem = refused(
                session, DossierOpen, lambda: open_for(session, people, row.code, owner)
            )
            assert problem.reason_code == "dossier.open_already"
            assert dossier.code in problem.text
            assert problem.legal_basis


def test_a_recognised_product_goes_on_otherwise_than_with_a_first_dossier(
    session: WriteSession, people: People
) -> None:
    made = make_product(session, people)
    dossier = make_dossier(session, people, product=made)
    dossier.state = DossierState.RECOGNISED
    session.flush()
    owner = people.producer(dossier.producer_id)
    problem = refused(
        session, AlreadyRecognised, lambda: open_for(session, people, made.code, owner)
    )
    assert problem.reason_code == "dossier.recognised_already"
    assert dossier.code in problem.text


@pytest.mark.parametrize(
    "state", [DossierState.WITHDRAWN, DossierState.BELOW_THREE, DossierState.EXCLUDED]
)
def test_after_an_end_without_recognition_a_product_may_apply_again(
    session: WriteSession, people: People, state: DossierState
) -> None:
    made = make_product(session, people)
    first = make_dossier(session, people, product=made)
    first.state = state
    session.flush()
    assert make_dossier(session, people, product=made).code != first.code


def test_an_association_applies_for_tourism_but_not_for_honey(
    session: WriteSession, people: People
) -> None:
    producer = make_producer(session, people, "Hội Du lịch", kind=ProducerKind.ASSOCIATION)
    honey = make_product(session, people, producer, "Mật ong của hội")
    owner = people.producer(producer.id or 0)
    problem = refused(
        session, ProducerKindExcluded, lambda: open_for(session, people, honey.code, owner)
    )
    assert "Điều 2.3" in problem.legal_basis
    tour = make_product(session, people, producer, "Bản du lịch", set_number=26)
    opened = open_for(session, people, tour.code, owner, set_number=26)
    assert opened.rubric_code == "qd26-2026-26"


def test_strangers_cannot_tell_a_product_from_none_and_the_leader_is_refused(
    session: WriteSession, people: People
) -> None:
    made = make_product(session, people)
    other = make_producer(session, people, "Hợp tác xã khác", commune_code=ELSEWHERE)
    for actor in (people.officer(ELSEWHERE), people.producer(other.id or 0), people.partner()):
        refused(session, NotFound, lambda a=actor: open_for(session, people, made.code, a))  # type: ignore[misc]  # -- binds the loop's value
    leader = people.leader()
    problem = refused(session, NotPermitted, lambda: open_for(session, people, made.code, leader))
    assert problem.reason_code == "dossier.not_applicant"


# --- writing ------------------------------------------------------------------------------------


def test_a_section_is_stored_and_storing_it_again_changes_and_records_nothing(
    session: WriteSession, people: People
) -> None:
    dossier = make_dossier(session, people)
    owner = people.producer(dossier.producer_id)
    answers = (
        AnswerIn(criterion_code="1.1", option_code="c", description="Toàn bộ ở xã."),
        AnswerIn(criterion_code="1.3", option_code="none"),
        AnswerIn(criterion_code="1.4", description="Sẽ bổ sung."),
        AnswerIn(criterion_code="1.5"),
    )

    def save() -> None:
        data = section(*answers, version=dossier.version)
        save_section(session, dossier.code, "1", data, actor=owner, at=people.at)

    save()
    stored = {
        row.criterion_code: (row.option_code, row.description)
        for row in session.exec(select(SelfAssessmentAnswer))
    }
    assert stored == {
        "1.1": ("c", "Toàn bộ ở xã."),
        "1.3": ("none", ""),
        "1.4": (None, "Sẽ bổ sung."),
    }
    assert waiting_kinds(session)[-1] == "dossier.section_saved"
    version, events = dossier.version, waiting_kinds(session)
    save()
    assert (dossier.version, waiting_kinds(session)) == (version, events)


def test_criteria_that_are_not_named_stay_and_a_blank_takes_an_answer_back(
    session: WriteSession, people: People
) -> None:
    dossier = make_dossier(session, people)
    owner = people.producer(dossier.producer_id)
    first = section(
        AnswerIn(criterion_code="1.1", option_code="c"),
        AnswerIn(criterion_code="1.2", option_code="a"),
        version=dossier.version,
    )
    save_section(session, dossier.code, "1", first, actor=owner, at=people.at)
    second = section(AnswerIn(criterion_code="1.2"), version=dossier.version)
    save_section(session, dossier.code, "1", second, actor=owner, at=people.at)
    stored = {r.criterion_code: r.option_code for r in session.exec(select(SelfAssessmentAnswer))}
    assert stored == {"1.1": "c", "1.2": None}


@pytest.mark.parametrize(
    ("section_code", "answers", "kind", "code"),
    [
        ("77", [], UnknownSection, "dossier.unknown_section"),
        ("1", [AnswerIn(criterion_code="9.9")], Invalid, "dossier.unknown_criterion"),
        ("1", [AnswerIn(criterion_code="2.1")], Invalid, "dossier.unknown_criterion"),
        ("1", [AnswerIn(criterion_code="1.1")] * 2, Invalid, "dossier.unknown_criterion"),
        (
            "1",
            [AnswerIn(criterion_code="1.1", option_code="z")],
            Invalid,
            "scoring.unknown_answer",
        ),
        (
            "1",
            [AnswerIn(criterion_code="1.2", option_code="none")],
            Invalid,
            "scoring.unknown_answer",
        ),
        ("1", [AnswerIn(criterion_code="1.1", evidence=["MC-0"])], Invalid, "evidence.unknown"),
    ],
)
def test_a_section_with_one_wrong_code_is_refused_whole(
    session: WriteSession,
    people: People,
    section_code: str,
    answers: list[AnswerIn],
    kind: type[Refusal],
    code: str,
) -> None:
    dossier = make_dossier(session, people)
    good = AnswerIn(criterion_code="1.5", option_code="a")
    problem = refused_after_rollback(
        session,
        people,
        dossier,
        kind,
        lambda: save_section(
            session,
            dossier.code,
            section_code,
            section(good, *answers, version=1),
            actor=people.producer(dossier.producer_id),
            at=people.at,
        ),
    )
    assert problem.reason_code == code


def refused_after_rollback(
    session: WriteSession,
    people: People,
    dossier: Dossier,
    kind: type[Refusal],
    act: Callable[[], object],
) -> Any:
    """Return a refusal; what was written before it is undone with its transaction, as by a door."""
    people.producer(dossier.producer_id)
    commit(session)
    with pytest.raises(kind) as caught:
        act()
    session.rollback()
    assert not session.exec(select(SelfAssessmentAnswer)).all()
    assert not session.exec(select(EvidenceUse)).all()
    return caught.value


def test_the_paper_of_another_producer_supports_nothing_here(
    session: WriteSession, people: People
) -> None:
    foreign = make_evidence(session, people, make_dossier(session, people))
    dossier = make_dossier(session, people)
    problem = refused_after_rollback(
        session,
        people,
        dossier,
        Invalid,
        lambda: save_section(
            session,
            dossier.code,
            "1",
            section(AnswerIn(criterion_code="1.1", evidence=[foreign.code]), version=1),
            actor=people.producer(dossier.producer_id),
            at=people.at,
        ),
    )
    assert problem.reason_code == "evidence.unknown"
    refused(session, NotFound, lambda: cite_evidence(session, people, dossier, foreign, "1.1"))


def test_each_writing_on_an_old_version_is_refused_with_both_versions(
    session: WriteSession, people: People
) -> None:
    dossier = make_dossier(session, people)
    owner, at, code = people.producer(dossier.producer_id), people.at, dossier.code
    for act in (
        lambda: save_section(session, code, "1", section(version=9), actor=owner, at=at),
        lambda: save_report_parts(
            session,
            code,
            SaveReportParts(business_results="", business_plan="", sample_count=0, version=9),
            actor=owner,
            at=at,
        ),
        lambda: file_dossier(session, code, FileDossier(version=9), actor=owner, at=at),
        lambda: withdraw_dossier(
            session, code, WithdrawDossier(reason="Chưa kịp.", version=9), actor=owner, at=at
        ),
    ):
        problem = refused(session, StaleVersion, act)
        assert problem.params == {"sent": 9, "current": dossier.version}


def test_report_parts_are_stored_once(session: WriteSession, people: People) -> None:
    dossier = make_dossier(session, people)
    owner = people.producer(dossier.producer_id)

    def save() -> None:
        data = SaveReportParts(
            business_results=" Bán  được\r\nnhiều. ",
            business_plan="Mở rộng.",
            sample_count=5,
            version=dossier.version,
        )
        save_report_parts(session, dossier.code, data, actor=owner, at=people.at)

    save()
    assert dossier.business_results == "Bán được\nnhiều."
    version, events = dossier.version, waiting_kinds(session)
    assert events[-1] == "dossier.report_parts_saved"
    save()
    assert (dossier.version, waiting_kinds(session)) == (version, events)


def test_what_was_filed_is_not_written_on(session: WriteSession, people: People) -> None:
    dossier = make_dossier(session, people, state=DossierState.FILED)
    owner, at, code = people.producer(dossier.producer_id), people.at, dossier.code
    paper = session.exec(select(Evidence)).one()
    cite = CiteEvidence(evidence_code=paper.code, criterion_code="1.1")
    added = AddEvidence(kind=EvidenceKind.OTHER, title="Giấy khác")
    stored = stored_file("Giấy khác")
    for act in (
        lambda: save_section(session, code, "1", section(version=1), actor=owner, at=at),
        lambda: save_report_parts(
            session,
            code,
            SaveReportParts(business_results="", business_plan="", sample_count=0, version=1),
            actor=owner,
            at=at,
        ),
        lambda: add_evidence(session, code, added, stored, file_name="a", actor=owner, at=at),
        lambda: use_evidence(session, code, cite, actor=owner, at=at),
        lambda: stop_using_evidence(session, code, cite, actor=owner, at=at),
    ):
        assert refused(session, Conflict, act).reason_code == "dossier.not_editable"


@pytest.mark.parametrize(
    "blank", ["\u200b\u200b\u200b\u200b\u200b", "\x00\x01\x02\x03\x04", "     "]
)
def test_signs_without_a_shape_are_no_title_and_no_reason(blank: str) -> None:
    with pytest.raises(ValidationError):
        AddEvidence(kind=EvidenceKind.OTHER, title=blank)
    with pytest.raises(ValidationError):
        ReturnItem(part=DossierPart.EVIDENCE, reason=blank)
    with pytest.raises(ValidationError):
        WithdrawDossier(reason=blank, version=1)
    with pytest.raises(ValidationError):
        SaveCommuneReport(idea_finding=blank, idea_confirmed=True)


def test_no_code_that_a_database_cannot_read_passes_the_schemas() -> None:
    answer = AnswerIn(criterion_code="1.1\x00", option_code="c\x00", evidence=["MC-1\x00"])
    assert (answer.criterion_code, answer.option_code, answer.evidence) == ("1.1", "c", ["MC-1"])


# --- evidence -----------------------------------------------------------------------------------


def test_the_same_file_twice_is_one_paper_with_its_first_description(
    session: WriteSession, people: People
) -> None:
    dossier = make_dossier(session, people)
    first = make_evidence(session, people, dossier, criterion_code="1.1")
    events = waiting_kinds(session)
    again = add_evidence(
        session,
        dossier.code,
        AddEvidence(kind=EvidenceKind.OTHER, title="Tên khác", criterion_code="1.2"),
        stored_file(),
        file_name="khac.pdf",
        actor=people.producer(dossier.producer_id),
        at=people.at,
    )
    assert again.id == first.id
    assert again.title == "Phiếu kiểm nghiệm"
    assert waiting_kinds(session) == [*events, "dossier.evidence_cited"]
    uses = {use.criterion_code for use in session.exec(select(EvidenceUse))}
    assert uses == {"1.1", "1.2"}


def test_two_producers_may_hold_the_same_file_each_as_its_own_paper(
    session: WriteSession, people: People
) -> None:
    papers = [make_evidence(session, people, make_dossier(session, people)) for _ in range(2)]
    assert papers[0].code != papers[1].code
    assert papers[0].sha256 == papers[1].sha256


def test_a_paper_is_cited_once_and_let_go_once(session: WriteSession, people: People) -> None:
    dossier = make_dossier(session, people)
    paper = make_evidence(session, people, dossier)
    start = waiting_kinds(session)
    cite_evidence(session, people, dossier, paper, "1.1")
    cite_evidence(session, people, dossier, paper, "1.1")
    cited = [*start, "dossier.evidence_cited"]
    assert waiting_kinds(session) == cited
    version = dossier.version
    for _ in range(2):
        stop_using_evidence(
            session,
            dossier.code,
            CiteEvidence(evidence_code=paper.code, criterion_code="1.1"),
            actor=people.producer(dossier.producer_id),
            at=people.at,
        )
    assert waiting_kinds(session) == [*cited, "dossier.evidence_dropped"]
    assert dossier.version == version + 1
    assert session.exec(select(Evidence)).one().id == paper.id
    problem = refused(
        session, Invalid, lambda: cite_evidence(session, people, dossier, paper, "9.9")
    )
    assert problem.reason_code == "dossier.unknown_criterion"


def test_a_section_replaces_the_papers_of_the_criteria_it_names(
    session: WriteSession, people: People
) -> None:
    dossier = make_dossier(session, people)
    owner = people.producer(dossier.producer_id)
    old = make_evidence(session, people, dossier, criterion_code="1.1")
    new = make_evidence(session, people, dossier, "Giấy mới")
    kept = make_evidence(session, people, dossier, "Giấy giữ", criterion_code="1.2")
    save_section(
        session,
        dossier.code,
        "1",
        section(
            AnswerIn(criterion_code="1.1", option_code="c", evidence=[new.code, new.code]),
            AnswerIn(criterion_code="1.2", option_code="a"),
            version=dossier.version,
        ),
        actor=owner,
        at=people.at,
    )
    uses = {(u.criterion_code, u.evidence_id) for u in session.exec(select(EvidenceUse))}
    assert uses == {("1.1", new.id), ("1.2", kept.id)}
    assert old.id is not None


def test_an_unknown_criterion_keeps_no_paper(session: WriteSession, people: People) -> None:
    dossier = make_dossier(session, people)
    people.producer(dossier.producer_id)
    refused(
        session,
        Invalid,
        lambda: make_evidence(session, people, dossier, criterion_code="9.9"),
    )
    assert not session.exec(select(Evidence)).all()


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("phieu.pdf", "phieu.pdf"),
        ("C:\\ho so\\phiếu.pdf", "phiếu.pdf"),
        ("../../etc/passwd", "passwd"),
        ('a"b\r\nc.pdf', "ab c.pdf"),
        ("", "minh-chung"),
        ("thư mục/", "minh-chung"),
        ("\u202egpj.exe", "gpj.exe"),
        ("x" * 300 + ".pdf", "x" * 116 + ".pdf"),
        ("y" * 300, "y" * 120),
        ("." + "z" * 300, ("." + "z" * 300)[:120]),
    ],
)
def test_a_file_name_holds_nothing_a_path_or_header_could_read(sent: str, kept: str) -> None:
    assert plain_file_name(sent) == kept


def test_the_officer_adds_a_paper_for_the_producer_and_that_is_noted(
    session: WriteSession, people: People
) -> None:
    dossier = make_dossier(session, people)
    paper = add_evidence(
        session,
        dossier.code,
        AddEvidence(kind=EvidenceKind.OTHER, title="Giấy của xã"),
        stored_file("Giấy của xã"),
        file_name="x.pdf",
        actor=people.officer(),
        at=people.at,
    )
    assert paper.added_by_helper
    assert paper.size == len(pdf_bytes("Giấy của xã"))
    assert paper.media_type == "application/pdf"


# --- filing -------------------------------------------------------------------------------------


def test_an_empty_dossier_is_not_filed_and_is_told_all_it_lacks(
    session: WriteSession, people: People
) -> None:
    dossier = make_dossier(session, people)
    people.producer(dossier.producer_id)
    problem = refused(session, DossierIncomplete, lambda: file(session, people, dossier))
    assert {one.part for one in problem.missing} == {
        DossierPart.SELF_ASSESSMENT,
        DossierPart.EVIDENCE,
        DossierPart.BUSINESS_RESULTS,
        DossierPart.BUSINESS_PLAN,
        DossierPart.SAMPLES,
    }
    assert "32 tiêu chí" in problem.text or "31 tiêu chí" in problem.text
    assert (dossier.state, dossier.slip_number) == (DossierState.DRAFT, None)


def test_a_paper_that_supports_no_criterion_is_not_yet_evidence(
    session: WriteSession, people: People
) -> None:
    dossier = make_dossier(session, people)
    fill_dossier(session, people, dossier)
    paper = session.exec(select(Evidence)).one()
    use = session.exec(select(EvidenceUse)).one()
    stop_using_evidence(
        session,
        dossier.code,
        CiteEvidence(evidence_code=paper.code, criterion_code=use.criterion_code),
        actor=people.producer(dossier.producer_id),
        at=people.at,
    )
    problem = refused(session, DossierIncomplete, lambda: file(session, people, dossier))
    assert [one.part for one in problem.missing] == [DossierPart.EVIDENCE]


def test_a_household_files_only_with_its_business_registration(
    session: WriteSession, people: People
) -> None:
    producer = make_producer(session, people, "Hộ Lò Thị Mẫu", kind=ProducerKind.HOUSEHOLD)
    producer.registration_number = "12A8001234"
    dossier = make_dossier(session, people, product=make_product(session, people, producer))
    producer.registration_number = ""
    fill_dossier(session, people, dossier)
    problem = refused(session, DossierIncomplete, lambda: file(session, people, dossier))
    assert [one.part for one in problem.missing] == [DossierPart.REGISTRATION]
    producer.registration_number = "12A8001234"
    session.flush()
    assert file(session, people, dossier).state is DossierState.FILED


def test_slip_numbers_count_up_in_each_commune_and_year(
    session: WriteSession, people: People
) -> None:
    elsewhere = make_producer(session, people, "Hợp tác xã khác", commune_code=ELSEWHERE)
    dossiers = [
        make_dossier(session, people, state=DossierState.FILED),
        make_dossier(session, people, state=DossierState.FILED),
        make_dossier(
            session,
            people,
            state=DossierState.FILED,
            product=make_product(session, people, elsewhere),
        ),
    ]
    people.at = datetime(2027, 1, 4, 2, 0, tzinfo=UTC)
    dossiers.append(make_dossier(session, people, state=DossierState.FILED))
    assert [one.slip_number for one in dossiers] == [
        f"01/PĐK-12-{HOME}-2026",
        f"02/PĐK-12-{HOME}-2026",
        f"01/PĐK-12-{ELSEWHERE}-2026",
        f"01/PĐK-12-{HOME}-2027",
    ]


@pytest.mark.parametrize(
    ("filed", "due"),
    [
        (datetime(2026, 9, 14, 2, 0, tzinfo=UTC), date(2026, 10, 5)),
        # The 31st of August to the 2nd of September 2026 are public holidays or the days beside.
        (datetime(2026, 8, 28, 2, 0, tzinfo=UTC), None),
        # 23:30 UTC on Monday is Tuesday in Viet Nam.
        (datetime(2026, 9, 14, 23, 30, tzinfo=UTC), date(2026, 10, 6)),
    ],
)
def test_the_commune_has_fifteen_working_days(
    session: WriteSession, people: People, filed: datetime, due: date | None
) -> None:
    people.at = filed
    dossier = make_dossier(session, people, state=DossierState.FILED)
    assert dossier.commune_due_on is not None
    if due is not None:
        assert dossier.commune_due_on == due
    else:
        plain = filed.date() + timedelta(days=21)
        assert dossier.commune_due_on > plain


# --- giving back --------------------------------------------------------------------------------


def test_giving_back_clears_the_limit_and_the_confirmations_and_keeps_the_slip_number(
    session: WriteSession, people: People
) -> None:
    dossier = make_dossier(session, people, state=DossierState.FILED)
    report_on(session, people, dossier)
    slip = dossier.slip_number
    report = find_report(session, dossier)
    assert report is not None
    version = report.version
    give_back(session, people, dossier)
    assert dossier.state is DossierState.RETURNED
    assert dossier.commune_due_on is None
    assert dossier.return_items == [{"part": "evidence", "reason": "Phiếu đã quá 12 tháng."}]
    assert not any(getattr(report, f"{finding}_confirmed") for finding in Finding)
    assert report.material_finding
    assert report.version == version + 1
    people.at += timedelta(days=10)
    file(session, people, dossier)
    assert dossier.slip_number == slip
    assert dossier.return_items == []
    assert dossier.commune_due_on == date(2026, 10, 15)
    assert dossier.filed_at == people.at
    leader, at = people.leader(), people.at
    signing = SignCommuneReport(
        report_number="1/BC", signed_title="Chủ tịch", version=report.version
    )
    problem = refused(
        session,
        Conflict,
        lambda: sign_commune_report(session, dossier.code, signing, actor=leader, at=at),
    )
    # Parts and findings are gone through anew: what was given back may have changed everywhere.
    assert problem.reason_code == "dossier.components_unchecked"


# --- the commune's report -----------------------------------------------------------------------


def test_the_report_is_written_once_and_again_only_when_something_changed(
    session: WriteSession, people: People
) -> None:
    dossier = make_dossier(session, people, state=DossierState.FILED)
    report_on(session, people, dossier)
    report = find_report(session, dossier)
    assert report is not None
    assert (report.version, report.prepared_by) == (1, people.officer().name)
    events = waiting_kinds(session)
    assert events[-1] == "dossier.commune_report_saved"
    report_on(session, people, dossier)
    assert (report.version, waiting_kinds(session)) == (1, events)
    stale = filled_report(version=0)
    refused(
        session,
        StaleVersion,
        lambda: save_commune_report(
            session, dossier.code, stale, actor=people.officer(), at=people.at
        ),
    )


@pytest.mark.parametrize(
    "wrong",
    [
        {"workers_local": 13},
        {"material_local_percent": 101},
        {"material_local_percent": -1},
        {"idea_finding": ""},
        {"workers_total": 0, "workers_local": 0},
        {"workers_local": -1},
    ],
)
def test_an_unsound_report_is_not_even_read(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        SaveCommuneReport.model_validate(filled_report().model_dump() | wrong)


def test_the_signature_names_who_signed_in_which_office_and_when(
    session: WriteSession, people: People
) -> None:
    dossier = make_dossier(session, people, state=DossierState.ASSESSED)
    report = find_report(session, dossier)
    assert report is not None
    assert report.signed_by == people.leader().name
    assert report.signed_title == "Phó Chủ tịch UBND xã"
    assert report.signed_at == dossier.assessed_at == people.at
    late = filled_report(version=report.version)
    problem = refused(
        session,
        Conflict,
        lambda: save_commune_report(
            session, dossier.code, late, actor=people.officer(), at=people.at
        ),
    )
    assert problem.reason_code == "dossier.report_signed"


def test_a_report_changed_since_it_was_read_is_not_signed(
    session: WriteSession, people: People
) -> None:
    dossier = make_dossier(session, people, state=DossierState.FILED)
    report_on(session, people, dossier)
    leader = people.leader()
    signing = SignCommuneReport(report_number="1/BC", signed_title="Chủ tịch", version=7)
    refused(
        session,
        StaleVersion,
        lambda: sign_commune_report(session, dossier.code, signing, actor=leader, at=people.at),
    )


def test_another_communes_officer_and_leader_do_not_even_see_the_dossier(
    session: WriteSession, people: People
) -> None:
    dossier = make_dossier(session, people, state=DossierState.FILED)
    officer, leader, at = people.officer(ELSEWHERE), people.leader(ELSEWHERE), people.at
    report = filled_report()
    letter = ProposeDossier(proposal_number="1", version=dossier.version)
    for act in (
        lambda: save_commune_report(session, dossier.code, report, actor=officer, at=at),
        lambda: propose_dossier(session, dossier.code, letter, actor=leader, at=at),
    ):
        refused(session, NotFound, act)


# --- the province takes in ----------------------------------------------------------------------


def test_accepting_gives_a_slip_of_the_province_and_the_round(
    session: WriteSession, people: People
) -> None:
    first = make_dossier(session, people, state=DossierState.ACCEPTED)
    second = make_dossier(session, people, state=DossierState.ACCEPTED)
    assert first.province_slip_number == f"01/PĐK-12-{HOME}-2026"
    assert second.province_slip_number == f"02/PĐK-12-{HOME}-2026"
    assert first.round_id == second.round_id
    assert first.accepted_at == people.at


@pytest.mark.parametrize(
    ("cut_off", "taken"),
    [(date(2026, 9, 13), False), (date(2026, 9, 14), False), (date(2026, 9, 15), True)],
)
def test_before_the_cut_off_means_the_day_before_at_the_latest(
    session: WriteSession, people: People, cut_off: date, *, taken: bool
) -> None:
    dossier = make_dossier(session, people, state=DossierState.PROPOSED)
    round_ = put_round(session, people, proposals_before=cut_off, results_before=date(2026, 12, 30))
    agency = people.agency()
    data = AcceptDossier(version=dossier.version)

    def accept() -> Dossier:
        return accept_dossier(session, dossier.code, data, round_, actor=agency, at=people.at)

    if taken:
        assert accept().round_id == round_.id
    else:
        problem = refused(session, TooLateForRound, accept)
        assert "14/09/2026" in problem.text
        assert "Điều 5.1" in problem.legal_basis
        assert dossier.province_slip_number is None


@pytest.mark.parametrize(("days", "taken"), [(0, True), (1, False)])
def test_a_round_whose_results_are_due_takes_nothing_in(
    session: WriteSession, people: People, days: int, *, taken: bool
) -> None:
    dossier = make_dossier(session, people, state=DossierState.PROPOSED)
    round_ = put_round(
        session, people, proposals_before=date(2026, 10, 30), results_before=date(2026, 12, 30)
    )
    agency = people.agency()
    at = datetime(2026, 12, 29, 3, 0, tzinfo=UTC) + timedelta(days=days)
    data = AcceptDossier(version=dossier.version)

    def accept() -> Dossier:
        return accept_dossier(session, dossier.code, data, round_, actor=agency, at=at)

    if taken:
        assert accept().state is DossierState.ACCEPTED
    else:
        assert refused(session, RoundClosed, accept).legal_basis


# --- withdrawing --------------------------------------------------------------------------------


def test_a_withdrawn_dossier_is_closed_waits_for_nobody_and_keeps_its_number(
    session: WriteSession, people: People
) -> None:
    dossier = make_dossier(session, people, state=DossierState.FILED)
    slip = dossier.slip_number
    withdraw_dossier(
        session,
        dossier.code,
        WithdrawDossier(reason="Chưa kịp đổi bao bì.", version=dossier.version),
        actor=people.officer(),
        at=people.at,
    )
    assert dossier.state is DossierState.WITHDRAWN
    assert (dossier.commune_due_on, dossier.closed_at) == (None, people.at)
    assert dossier.slip_number == slip


def test_assessing_and_proposing_keep_their_days(session: WriteSession, people: People) -> None:
    dossier = make_dossier(session, people, state=DossierState.FILED)
    people.at += timedelta(days=3)
    assess(session, people, dossier)
    people.at += timedelta(days=2)
    take_to(session, people, dossier, DossierState.PROPOSED)
    assert dossier.assessed_at == people.at - timedelta(days=2)
    assert dossier.proposed_at == people.at
    assert dossier.proposal_number == "58/UBND-KT"
