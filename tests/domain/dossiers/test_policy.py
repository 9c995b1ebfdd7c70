"""Who may take which step: every role against every step, and every state against every step."""

from collections.abc import Callable
from itertools import product

import pytest

from app.core.errors import Conflict, NotPermitted, Refusal
from app.domain.accounts.enums import Role
from app.domain.accounts.rules import Actor, Grant
from app.domain.dossiers.enums import DossierState, Finding, Step
from app.domain.dossiers.models import CommuneReport, Dossier
from app.domain.dossiers.policy import (
    sees_all_evidence,
    why_not_accept,
    why_not_edit,
    why_not_file,
    why_not_open,
    why_not_propose,
    why_not_report,
    why_not_return,
    why_not_sign,
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
        for role in COMMUNE_ROLES
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


def dossier(state: DossierState = DossierState.DRAFT) -> Dossier:
    pins = loader.pins(4, AT.date())
    return Dossier(
        code="HS-1",
        state=state,
        product_id=1,
        producer_id=OWN,
        commune_code=HOME,
        opened_at=AT,
        **pins.model_dump(),
    )


def report(*, confirmed: bool = True, signed: bool = False) -> CommuneReport:
    row = CommuneReport(dossier_id=1, prepared_at=AT, signed_at=AT if signed else None)
    for finding in Finding:
        setattr(row, f"{finding}_confirmed", confirmed)
    return row


def why_not_sign_ready(actor: Actor, one: Dossier) -> Refusal | None:
    return why_not_sign(actor, one, report())


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
    (Step.ACCEPT, why_not_accept, DossierState.PROPOSED, AGENCY, "dossier.not_agency_officer"),
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


@pytest.mark.parametrize("who", ACTORS)
def test_all_papers_are_seen_by_the_producer_its_commune_and_the_province(who: str) -> None:
    actor = ACTORS[who]
    expected = who == "producer" or HOME in actor.units or actor.sees_province
    assert sees_all_evidence(actor, dossier()) is expected
