"""The life of a dossier as a table, and the sums of the law: pure, no database."""

from fractions import Fraction
from itertools import product

import pytest

from app.domain.accounts.enums import Role
from app.domain.dossiers.enums import (
    DossierKind,
    DossierPart,
    DossierState,
    EvidenceKind,
    Finding,
    Step,
)
from app.domain.dossiers.rules import (
    CLOSING_STEPS,
    EDITABLE,
    EVENTS,
    EVIDENCE_LABELS,
    FINAL,
    FINDING_LABELS,
    INITIAL,
    KIND_LABELS,
    PART_LABELS,
    STATE_LABELS,
    STEP_LABELS,
    TRANSITIONS,
    Progress,
    basis_of,
    find_transition,
    local_labour_percent,
    may_apply,
    missing_changes,
    missing_for_filing,
    needs_registration,
    slip_number,
    states_before,
    stepper,
)
from app.domain.producers.enums import ProducerKind
from app.rulebooks import loader

REGIME = loader.regime("qd26-2026")
COMPLETE = {
    "unanswered": (),
    "evidence_count": 1,
    "business_results": "Bán 1.200 lít.",
    "business_plan": "Mở thêm 50 đõ ong.",
    "sample_count": 5,
    "samples_needed": 5,
}


def test_every_state_is_reached_from_the_first_one() -> None:
    reached = {INITIAL}
    while True:
        fresh = {row.to_state for row in TRANSITIONS if row.from_state in reached} - reached
        if not fresh:
            break
        reached |= fresh
    assert reached == set(DossierState)


@pytest.mark.parametrize("state", DossierState)
def test_final_states_alone_have_no_way_out_but_a_recorded_reopening(state: DossierState) -> None:
    ways = {row.step for row in TRANSITIONS if row.from_state is state} - {Step.REOPEN_SCORING}
    assert bool(ways) is (state not in FINAL)


@pytest.mark.parametrize(("state", "step"), list(product(DossierState, Step)))
def test_a_step_leads_where_the_table_says_and_nowhere_else(
    state: DossierState, step: Step
) -> None:
    rows = [row for row in TRANSITIONS if (row.from_state, row.step) == (state, step)]
    way = find_transition(state, step)
    assert [way] == rows if rows else way is None
    assert (state in states_before(step)) is bool(rows)


def test_every_step_has_a_basis_an_event_of_its_own_and_words() -> None:
    assert {row.step for row in TRANSITIONS} == set(Step) == set(EVENTS) == set(STEP_LABELS)
    assert all("26/2026/QĐ-TTg" in basis_of(step) for step in Step)
    # Taking off an agenda leads back to two states: the same event for people.
    assert len(set(EVENTS.values())) == len(set(Step) - {Step.TAKE_OFF_ADVISED})
    assert all(kind.startswith("dossier.") for kind in EVENTS.values())


def test_every_word_of_the_vocabularies_has_a_vietnamese_one() -> None:
    assert set(STATE_LABELS) == set(DossierState)
    assert set(KIND_LABELS) == set(DossierKind)
    assert set(PART_LABELS) == set(DossierPart)
    assert set(FINDING_LABELS) == set(Finding)
    assert set(EVIDENCE_LABELS) == set(EvidenceKind)


def test_only_the_applicant_withdraws_and_only_before_the_agenda() -> None:
    rows = [row for row in TRANSITIONS if row.step is Step.WITHDRAW]
    assert {row.roles for row in rows} == {frozenset({Role.PRODUCER, Role.COMMUNE_OFFICER})}
    assert not {row.from_state for row in rows} & {
        DossierState.SCHEDULED,
        DossierState.SCORING,
        DossierState.LOCKED,
        *FINAL,
    }


def test_a_product_that_waits_for_the_ministry_is_still_under_way() -> None:
    assert not {DossierState.AWAITING_CENTRE, DossierState.RETURNED_BY_CENTRE} & FINAL
    assert not EDITABLE & FINAL


def test_each_outcome_without_recognition_has_its_step() -> None:
    for outcome, step in CLOSING_STEPS.items():
        way = find_transition(DossierState.LOCKED, step)
        assert way is not None
        assert way.to_state is outcome


@pytest.mark.parametrize("state", DossierState)
def test_the_stepper_shows_exactly_one_place_where_a_dossier_stands(state: DossierState) -> None:
    stops = stepper(state)
    assert STATE_LABELS[state] in {stop.label for stop in stops}
    here = [stop for stop in stops if stop.progress in {Progress.CURRENT, Progress.STOPPED}]
    assert len(here) == (0 if state is DossierState.RECOGNISED else 1)
    order = [stop.progress for stop in stops]
    assert order == sorted(order, key=lambda one: (one is Progress.TODO, one is not Progress.DONE))


def test_a_slip_number_reads_as_the_form_prints_it() -> None:
    assert (
        slip_number(REGIME, province="12", commune="03390", ordinal=1, year=2026)
        == "01/PĐK-12-03390-2026"
    )
    assert (
        slip_number(REGIME, province="12", commune="03390", ordinal=123, year=2027)
        == "123/PĐK-12-03390-2027"
    )


@pytest.mark.parametrize(
    ("local", "total", "percent"),
    [(9, 12, Fraction(75)), (1, 3, Fraction(100, 3)), (0, 0, Fraction(0)), (7, 7, Fraction(100))],
)
def test_the_share_of_local_labour_is_exact(local: int, total: int, percent: Fraction) -> None:
    assert local_labour_percent(local, total) == percent


@pytest.mark.parametrize("kind", ProducerKind)
def test_associations_and_centres_apply_for_tourism_only(kind: ProducerKind) -> None:
    tourism_only = kind in {ProducerKind.ASSOCIATION, ProducerKind.OPERATING_CENTRE}
    honey, tourism = loader.rubric("qd26-2026-04"), loader.rubric("qd26-2026-26")
    assert may_apply(REGIME, kind, honey.category_code) is not tourism_only
    assert may_apply(REGIME, kind, tourism.category_code)


def test_farms_and_households_need_a_business_registration() -> None:
    needing = {kind for kind in ProducerKind if needs_registration(REGIME, kind)}
    assert needing == {ProducerKind.FARM, ProducerKind.HOUSEHOLD}


def test_a_complete_dossier_lacks_nothing() -> None:
    assert missing_for_filing(**COMPLETE) == ()  # type: ignore[arg-type]  # -- one dict of all kinds


@pytest.mark.parametrize(
    ("change", "part", "words"),
    [
        ({"unanswered": ("1.2", "5.1")}, DossierPart.SELF_ASSESSMENT, "Còn 2 tiêu chí"),
        ({"evidence_count": 0}, DossierPart.EVIDENCE, "minh chứng"),
        ({"business_results": " \n"}, DossierPart.BUSINESS_RESULTS, "phần II"),
        ({"business_plan": ""}, DossierPart.BUSINESS_PLAN, "phần IV"),
        ({"sample_count": 4}, DossierPart.SAMPLES, "4/5"),
        ({"lacks_registration": True}, DossierPart.REGISTRATION, "đăng ký kinh doanh"),
    ],
)
def test_each_thing_lacking_is_named_with_its_basis(
    change: dict[str, object], part: DossierPart, words: str
) -> None:
    (found,) = missing_for_filing(**COMPLETE | change)  # type: ignore[arg-type]  # -- as above
    assert found.part is part
    assert words in found.text
    assert "26/2026/QĐ-TTg" in found.basis


def test_everything_lacking_is_named_at_once() -> None:
    found = missing_for_filing(
        unanswered=("1.1",),
        evidence_count=0,
        business_results="",
        business_plan="",
        sample_count=0,
        samples_needed=5,
        lacks_registration=True,
    ) + missing_changes(DossierKind.UPGRADE, None)
    assert {one.part for one in found} == set(DossierPart)


def test_services_come_without_samples() -> None:
    assert REGIME.procedure.samples_for(26) == 0
    assert REGIME.procedure.samples_for(4) == 5
