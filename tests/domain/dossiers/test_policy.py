"""Who may take which step: every role against every step, and every state against every step."""

from collections.abc import Callable
from itertools import product

import pytest

from app.core.errors import Conflict, NotPermitted, Refusal
from app.domain.accounts.enums import Role
from app.domain.accounts.rules import Actor, Grant
from app.domain.dossiers.enums import DossierPart, DossierState, Finding, Recommendation, Step
from app.domain.dossiers.models import AdvisoryReport, CommuneReport, Dossier, ExtraTest
from app.domain.dossiers.policy import (
    sees_advice,
    sees_all_evidence,
    why_not_accept,
    why_not_advise,
    why_not_attach,
    why_not_check_at_province,
    why_not_complete,
    why_not_edit,
    why_not_file,
    why_not_open,
    why_not_order_test,
    why_not_propose,
    why_not_recall_request,
    why_not_record_test,
    why_not_report,
    why_not_request_completion,
    why_not_return,
    why_not_sign,
    why_not_sign_advice,
    why_not_survey,
    why_not_withdraw,
)
from app.domain.dossiers.rules import EDITABLE, STATE_LABELS, find_transition
from app.domain.producers.enums import ProducerKind
from app.domain.producers.models import Producer
from app.rulebooks import loader
from tests.conftest import AT
from tests.factories.people import ELSEWHERE, HOME

OWN, OTHER = 7, 8
COMMUNE_ROLES = {Role.COMMUNE_OFFICER, Role.COMMUNE_LEADER}

ACTORS = {
    "producer": Actor(1, "Chủ thể", (Grant(Role.PRODUCER, producer_id=OWN),)),
    "another producer": Actor(2, "Chủ thể khác", (Grant(Role.PRODUCER, producer_id=OTHER),)),
    **{
        f"{role} at {unit}": Actor(3, "Cán bộ", (Grant(role, unit_code=unit),))
        for role in sorted(COMMUNE_ROLES)
        for unit in (HOME, ELSEWHERE)
    },
    **{
        str(role): Actor(4, "Người khác", (Grant(role),))
        for role in Role
        if role not in COMMUNE_ROLES | {Role.PRODUCER}
    },
    "nobody": Actor(5, "Không vai trò"),
}
APPLICANTS = {"producer", f"{Role.COMMUNE_OFFICER} at {HOME}"}
OFFICERS = {f"{Role.COMMUNE_OFFICER} at {HOME}"}
LEADERS = {f"{Role.COMMUNE_LEADER} at {HOME}"}
AGENCY = {str(Role.AGENCY_OFFICER)}
ADVISORY = {str(Role.ADVISORY_MEMBER)}


def dossier(state: DossierState = DossierState.DRAFT) -> Dossier:
    pins = loader.pins(4, AT.date())
    return Dossier(
        code="HS-1",
        state=state,
        product_id=1,
        producer_id=OWN,
        commune_code=HOME,
        opened_at=AT,
        component_checks=[{"part": part.value, "complete": True} for part in DossierPart],
        **pins.model_dump(),
    )


def report(*, confirmed: bool = True, signed: bool = False) -> CommuneReport:
    row = CommuneReport(dossier_id=1, prepared_at=AT, signed_at=AT if signed else None)
    for finding in Finding:
        setattr(row, f"{finding}_confirmed", confirmed)
    return row


def why_not_sign_ready(actor: Actor, one: Dossier) -> Refusal | None:
    return why_not_sign(actor, one, report())


def advice(*, signed: bool = False, author: int = 4) -> AdvisoryReport:
    return AdvisoryReport(
        dossier_id=1,
        parts={"A": "Nhận xét."},
        recommendation=Recommendation.EVALUATE,
        written_by_id=author,
        written_by="Người viết",
        written_at=AT,
        signed_at=AT if signed else None,
    )


def why_not_sign_written(actor: Actor, one: Dossier) -> Refusal | None:
    return why_not_sign_advice(actor, one, advice(), ["A"])


WhyNot = Callable[[Actor, Dossier], Refusal | None]
# The step, who decides, a state it starts from, who may, and how others are refused.
STEPS: list[tuple[Step, WhyNot, DossierState, set[str], str]] = [
    (Step.FILE, why_not_file, DossierState.DRAFT, APPLICANTS, "dossier.not_applicant"),
    (Step.WITHDRAW, why_not_withdraw, DossierState.FILED, APPLICANTS, "dossier.not_applicant"),
    (Step.RETURN, why_not_return, DossierState.FILED, OFFICERS, "dossier.not_commune_officer"),
    (
        Step.SIGN_REPORT,
        why_not_sign_ready,
        DossierState.FILED,
        LEADERS,
        "dossier.not_commune_leader",
    ),
    (Step.PROPOSE, why_not_propose, DossierState.ASSESSED, LEADERS, "dossier.not_commune_leader"),
    (
        Step.REQUEST_COMPLETION,
        why_not_request_completion,
        DossierState.PROPOSED,
        AGENCY,
        "dossier.not_agency_officer",
    ),
    (
        Step.COMPLETE,
        why_not_complete,
        DossierState.COMPLETION_REQUESTED,
        APPLICANTS,
        "dossier.not_applicant",
    ),
    (
        Step.RECALL_REQUEST,
        why_not_recall_request,
        DossierState.COMPLETION_REQUESTED,
        AGENCY,
        "dossier.not_agency_officer",
    ),
    (Step.ACCEPT, why_not_accept, DossierState.PROPOSED, AGENCY, "dossier.not_agency_officer"),
    (
        Step.ADVISE,
        why_not_sign_written,
        DossierState.ACCEPTED,
        ADVISORY,
        "dossier.not_advisory_member",
    ),
]


@pytest.mark.parametrize(("row", "who"), list(product(STEPS, ACTORS)))
def test_a_step_is_for_its_role_and_unit_and_refused_to_all_others_with_the_basis(
    row: tuple[Step, WhyNot, DossierState, set[str], str], who: str
) -> None:
    _, why_not, state, allowed, code = row
    refusal = why_not(ACTORS[who], dossier(state))
    if who in allowed:
        assert refusal is None
    else:
        assert isinstance(refusal, NotPermitted)
        assert refusal.reason_code == code
        assert "26/2026/QĐ-TTg" in (refusal.legal_basis or "")


@pytest.mark.parametrize(("row", "state"), list(product(STEPS, DossierState)))
def test_a_step_starts_only_from_the_states_of_the_table(
    row: tuple[Step, WhyNot, DossierState, set[str], str], state: DossierState
) -> None:
    step, why_not, _, allowed, _ = row
    refusal = why_not(ACTORS[min(allowed)], dossier(state))
    if find_transition(state, step):
        assert refusal is None
    else:
        assert isinstance(refusal, Conflict)
        assert refusal.reason_code == "dossier.wrong_state"
        assert STATE_LABELS[state] in refusal.text
        assert refusal.legal_basis


@pytest.mark.parametrize(("row", "who"), list(product(STEPS, ACTORS)))
def test_the_table_names_the_roles_that_the_policy_lets_in(
    row: tuple[Step, WhyNot, DossierState, set[str], str], who: str
) -> None:
    step, why_not, state, _, _ = row
    way = find_transition(state, step)
    assert way is not None
    if why_not(ACTORS[who], dossier(state)) is None:
        assert {grant.role for grant in ACTORS[who].grants} & way.roles


@pytest.mark.parametrize("who", ACTORS)
def test_a_dossier_is_opened_and_written_by_its_applicant(who: str) -> None:
    producer = Producer(
        id=OWN,
        code="CT-1",
        name="Hợp tác xã",
        name_folded="hop tac xa",
        kind=ProducerKind.COOPERATIVE,
        commune_code=HOME,
        address="Bản",
        created_at=AT,
        updated_at=AT,
    )
    assert (why_not_open(ACTORS[who], producer) is None) is (who in APPLICANTS)
    assert (why_not_edit(ACTORS[who], dossier()) is None) is (who in APPLICANTS)


@pytest.mark.parametrize("state", DossierState)
def test_what_was_filed_stays_as_it_was_filed(state: DossierState) -> None:
    refusal = why_not_edit(ACTORS["producer"], dossier(state))
    if state in EDITABLE:
        assert refusal is None
    else:
        assert refusal is not None
        assert refusal.reason_code == "dossier.not_editable"


@pytest.mark.parametrize("who", ACTORS)
def test_only_the_officer_of_the_commune_writes_the_report(who: str) -> None:
    refusal = why_not_report(ACTORS[who], dossier(DossierState.FILED))
    assert (refusal is None) is (who in OFFICERS)


@pytest.mark.parametrize("state", [s for s in DossierState if s is not DossierState.FILED])
def test_the_report_is_written_only_while_the_dossier_lies_at_the_commune(
    state: DossierState,
) -> None:
    refusal = why_not_report(ACTORS[f"{Role.COMMUNE_OFFICER} at {HOME}"], dossier(state))
    assert isinstance(refusal, Conflict)
    assert refusal.reason_code == "dossier.wrong_state"


def test_a_signed_report_is_not_written_on() -> None:
    officer = ACTORS[f"{Role.COMMUNE_OFFICER} at {HOME}"]
    refusal = why_not_report(officer, dossier(DossierState.ASSESSED), report(signed=True))
    assert refusal is not None
    assert refusal.reason_code == "dossier.report_signed"


@pytest.mark.parametrize("open_finding", Finding)
def test_a_report_is_not_signed_while_a_finding_is_unconfirmed(open_finding: Finding) -> None:
    leader, written = ACTORS[f"{Role.COMMUNE_LEADER} at {HOME}"], report()
    setattr(written, f"{open_finding}_confirmed", False)
    refusal = why_not_sign(leader, dossier(DossierState.FILED), written)
    assert refusal is not None
    assert refusal.reason_code == "dossier.report_not_ready"
    assert why_not_sign(leader, dossier(DossierState.FILED), None) is not None


@pytest.mark.parametrize(
    ("checks", "code"),
    [
        ([], "dossier.components_unchecked"),
        (
            [
                {"part": part.value, "complete": part is not DossierPart.SAMPLES}
                for part in DossierPart
            ],
            "dossier.components_lacking",
        ),
    ],
)
def test_a_report_is_not_signed_before_every_part_was_found_there(
    checks: list[dict[str, object]], code: str
) -> None:
    leader, filed = ACTORS[f"{Role.COMMUNE_LEADER} at {HOME}"], dossier(DossierState.FILED)
    filed.component_checks = checks
    refusal = why_not_sign(leader, filed, report())
    assert refusal is not None
    assert refusal.reason_code == code


@pytest.mark.parametrize("who", ACTORS)
def test_all_papers_are_seen_by_the_producer_its_commune_and_the_province(who: str) -> None:
    actor = ACTORS[who]
    expected = who == "producer" or HOME in actor.units or actor.sees_province
    assert sees_all_evidence(actor, dossier()) is expected


@pytest.mark.parametrize("part", DossierPart)
def test_while_completion_is_asked_only_the_named_parts_are_written(part: DossierPart) -> None:
    asked = dossier(DossierState.COMPLETION_REQUESTED)
    asked.asked_parts = [part.value]
    assert why_not_edit(ACTORS["producer"], asked, part) is None
    assert why_not_edit(ACTORS[f"{Role.COMMUNE_OFFICER} at {HOME}"], asked, part) is None
    assert why_not_edit(ACTORS["another producer"], asked, part) is not None
    for other in set(DossierPart) - {part}:
        refusal = why_not_edit(ACTORS["producer"], asked, other)
        assert refusal is not None
        assert refusal.reason_code == "dossier.part_not_asked"
    whole = why_not_edit(ACTORS["producer"], asked)
    assert whole is not None
    assert whole.reason_code == "dossier.not_editable"


@pytest.mark.parametrize("state", DossierState)
def test_named_parts_open_nothing_in_another_state(state: DossierState) -> None:
    one = dossier(state)
    one.asked_parts = [part.value for part in DossierPart]
    is_open = state in EDITABLE | {DossierState.COMPLETION_REQUESTED}
    assert (why_not_edit(ACTORS["producer"], one, *DossierPart) is None) is is_open


@pytest.mark.parametrize(("who", "state"), list(product(ACTORS, DossierState)))
def test_the_agency_checks_what_was_proposed(who: str, state: DossierState) -> None:
    refusal = why_not_check_at_province(ACTORS[who], dossier(state))
    assert (refusal is None) is (who in AGENCY and state is DossierState.PROPOSED)


@pytest.mark.parametrize(("who", "state"), list(product(ACTORS, DossierState)))
def test_what_was_accepted_is_surveyed_and_tested_until_it_is_scored(
    who: str, state: DossierState
) -> None:
    actor, one = ACTORS[who], dossier(state)
    is_open = state in {DossierState.ACCEPTED, DossierState.ADVISED, DossierState.SCHEDULED}
    assert (why_not_survey(actor, one) is None) is (is_open and who in AGENCY | ADVISORY)
    assert (why_not_order_test(actor, one) is None) is (is_open and who in AGENCY)
    is_open |= state is DossierState.SCORING
    assert (why_not_record_test(actor, one, ordered()) is None) is (is_open and who in AGENCY)
    assert (why_not_attach(actor, one) is None) is (is_open and who in AGENCY | ADVISORY)


def ordered() -> ExtraTest:
    return ExtraTest(
        code="KN-1",
        dossier_id=1,
        subject="Độ ẩm",
        laboratory="Trung tâm",
        sample_codes="M1",
        ordered_by="Cán bộ",
        ordered_at=AT,
    )


def test_a_test_result_is_entered_once() -> None:
    known = ordered()
    known.recorded_at = AT
    refusal = why_not_record_test(
        ACTORS[str(Role.AGENCY_OFFICER)], dossier(DossierState.ACCEPTED), known
    )
    assert refusal is not None
    assert refusal.reason_code == "dossier.test_result_known"


def test_an_advisory_report_is_signed_whole_once_and_by_its_author() -> None:
    member, one = ACTORS[str(Role.ADVISORY_MEMBER)], dossier(DossierState.ACCEPTED)
    codes = {
        "dossier.advice_not_ready": why_not_sign_advice(member, one, None, ["A"]),
        "dossier.advice_signed": why_not_sign_advice(member, one, advice(signed=True), ["A"]),
        "dossier.advice_not_own": why_not_sign_advice(member, one, advice(author=99), ["A"]),
    }
    for code, refusal in codes.items():
        assert refusal is not None
        assert refusal.reason_code == code
    lacking = why_not_sign_advice(member, one, advice(), ["A", "B"])
    assert lacking is not None
    assert lacking.reason_code == "dossier.advice_not_ready"
    assert why_not_advise(member, one, advice(author=99)) is None


@pytest.mark.parametrize("who", ACTORS)
def test_advice_is_for_the_province_and_once_signed_for_the_council(who: str) -> None:
    actor = ACTORS[who]
    reads_drafts = actor.sees_province or who in ADVISORY
    assert sees_advice(actor, advice()) is reads_drafts
    reads_signed = reads_drafts or who == Role.COUNCIL_MEMBER
    assert sees_advice(actor, advice(signed=True)) is reads_signed
