"""Rounds, seats, majorities and quorums as the law and the council rules word them."""

from collections.abc import Iterable
from datetime import date
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.councils.enums import GateKind, ItemState, MeetingState, Seat, SheetState
from app.domain.councils.models import CouncilMember
from app.domain.councils.queries import meeting_quorum
from app.domain.councils.rules import (
    GATE_LABELS,
    ITEM_LABELS,
    ITEM_MOVES,
    MEETING_LABELS,
    MEETING_MOVES,
    OUTCOME_LABELS,
    SEAT_LABELS,
    SHEET_LABELS,
    SHEET_MOVES,
    Move,
    SeatPlan,
    gates_of,
    is_majority,
    needs_survey,
    quorum_count,
    round_dates,
    round_windows,
)
from app.rulebooks import loader
from app.rulebooks.scoring import Outcome
from tests.conftest import AT
from tests.domain.councils.board import own_rules

REGIME = loader.in_force(AT.date())
RULES = loader.council_rules("lai-chau-default")


@pytest.mark.parametrize(
    ("ordinal", "proposals", "results"),
    [
        (1, date(2027, 4, 30), date(2027, 6, 30)),
        (2, date(2027, 10, 30), date(2027, 12, 30)),
    ],
)
def test_the_two_legal_rounds_have_the_days_the_law_prints(
    ordinal: int, proposals: date, results: date
) -> None:
    windows = round_windows(REGIME, RULES)
    assert set(windows) == {1, 2}
    assert round_dates(windows[ordinal], 2027) == (proposals, results)


def test_the_province_adds_rounds_and_moves_none_of_the_law(tmp_path: Path) -> None:
    moved = "rounds:\n- {ordinal: 1, proposals_before: '01-31', results_before: '02-28'}\n"
    more = "- {ordinal: 3, proposals_before: '07-01', results_before: '08-15'}"
    rules = loader.council_rules("lai-chau-2026", own_rules(tmp_path, {"rounds: []": moved + more}))
    windows = round_windows(REGIME, rules)
    assert round_dates(windows[1], 2027) == (date(2027, 4, 30), date(2027, 6, 30))
    assert round_dates(windows[3], 2027) == (date(2027, 7, 1), date(2027, 8, 15))


@pytest.mark.parametrize(
    ("plan", "fault"),
    [
        (SeatPlan(chairs=1, secretaries=1, voting=5), None),
        (SeatPlan(chairs=0, secretaries=1, voting=5), "Chủ tịch"),
        (SeatPlan(chairs=2, secretaries=1, voting=5), "Chủ tịch"),
        (SeatPlan(chairs=1, secretaries=0, voting=5), "Thư ký"),
        (SeatPlan(chairs=1, secretaries=2, voting=5), "Thư ký"),
        (SeatPlan(chairs=1, secretaries=1, voting=0), "chấm điểm"),
    ],
)
def test_a_council_has_one_chair_one_secretary_and_scorers(
    plan: SeatPlan, fault: str | None
) -> None:
    said = plan.fault()
    assert said is None if fault is None else fault in (said or "")


@given(eligible=st.integers(1, 40), votes=st.integers(0, 40))
def test_a_majority_is_more_than_half_of_those_who_may_vote(eligible: int, votes: int) -> None:
    assert is_majority(votes, eligible=eligible) is (Fraction(votes, eligible) > Fraction(1, 2))


@pytest.mark.parametrize(
    ("present", "voting", "is_met"),
    [(3, 4, True), (2, 4, False), (6, 8, True), (5, 8, False), (4, 5, True), (3, 5, False)],
)
def test_the_quorum_is_three_quarters_counted_exactly(
    present: int, voting: int, is_met: bool
) -> None:
    count = quorum_count(RULES, voting=voting, present=present, chair_present=True)
    assert count.is_met is is_met
    assert is_met is (present >= count.needed)
    assert not quorum_count(RULES, voting=voting, present=present, chair_present=False).is_met


@given(
    seats=st.lists(st.tuples(st.booleans(), st.booleans(), st.booleans()), min_size=1, max_size=12),
    chair_there=st.booleans(),
)
def test_the_quorum_with_recusals_equals_counting_on_fingers(
    seats: list[tuple[bool, bool, bool]], chair_there: bool
) -> None:
    """Each seat: votes, present, recused. The first seat presides."""
    members = [
        CouncilMember(
            id=number,
            council_id=1,
            user_id=number,
            name="",
            organisation="",
            seat=Seat.MEMBER,
            voting=votes,
            seated_on=date(2026, 7, 1),
        )
        for number, (votes, _, _) in enumerate(seats, start=1)
    ]
    present = {n for n, (_, here, _) in enumerate(seats, start=1) if here} - {1}
    present |= {1} if chair_there else set()
    recused = {n for n, (_, _, out) in enumerate(seats, start=1) if out}

    count = meeting_quorum(
        RULES,
        members,
        present_ids=frozenset(present),
        presiding_id=1,
        without=frozenset(recused),
    )

    may, here = 0, 0
    for number, (votes, _, out) in enumerate(seats, start=1):
        if votes and not out:
            may += 1
            if number in present:
                here += 1
    assert (count.voting, count.present) == (may, here)
    assert count.is_met is (may > 0 and 4 * here >= 3 * may and chair_there)


@pytest.mark.parametrize("set_number", range(1, 27))
def test_only_tourism_is_surveyed_first(set_number: int) -> None:
    assert needs_survey(RULES, set_number) is (set_number == 26)


@pytest.mark.parametrize("set_number", range(1, 26))
def test_every_set_of_goods_prints_the_gate_of_the_dossier(set_number: int) -> None:
    gates = gates_of(loader.rubric_in_force(set_number, AT.date()))
    assert ("dossier", GateKind.DISQUALIFY) in {(code, kind) for code, kind, _ in gates}
    assert all(text for _, _, text in gates)


def test_every_word_has_its_label() -> None:
    assert set(SEAT_LABELS) == set(Seat)
    assert set(MEETING_LABELS) == set(MeetingState)
    assert set(ITEM_LABELS) == set(ItemState)
    assert set(SHEET_LABELS) == set(SheetState)
    assert set(GATE_LABELS) == set(GateKind)
    assert set(OUTCOME_LABELS) == set(Outcome)


def test_nothing_leads_out_of_an_end_but_a_recorded_reopening() -> None:
    def steps(moves: Iterable[Move], end: str) -> set[str]:
        return {move.step for move in moves if move.before == end}

    assert steps(MEETING_MOVES, MeetingState.CLOSED) <= {"reopen"}
    assert steps(ITEM_MOVES, ItemState.LOCKED) <= {"reopen"}
    assert not [move for move in SHEET_MOVES if move.before == SheetState.RECUSED]
