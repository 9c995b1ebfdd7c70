"""Every set of 26/2026/QĐ-TTg scored twice: by the application and by `naive`, on random sheets."""

from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.rulebooks import loader, recomputation, scoring
from app.rulebooks.model import Rubric
from tests.rulebooks import naive

TODAY = date(2026, 11, 24)
SETS = range(1, 27)
FEW = settings(max_examples=60)


def answers_of(criterion: dict[str, Any]) -> list[str]:
    """Everything a member may tick: the printed options, or "none" where a case has no 0."""
    ticks = [option["code"] for option in criterion["options"]]
    for case in {option.get("case") for option in criterion["options"]}:
        points = [o["points"] for o in criterion["options"] if o.get("case") == case]
        if 0 not in points and "none" not in ticks:
            ticks.append("none")
    return ticks


def starting_sheets(raw: dict[str, Any]) -> list[dict[str, str]]:
    """Sheets near the places where stars change: best, worst, and just the minima of a star."""
    criteria = naive.raw_criteria(raw)
    sheets = [{c["code"]: answers_of(c)[index] for c in criteria} for index in (0, -1)]
    sheets.append({c["code"]: c["options"][-1]["code"] for c in criteria})
    for star in (3, 4, 5):
        sheet = {}
        for criterion in criteria:
            marked = [o for o in criterion["options"] if o.get("star_min", 9) <= star]
            sheet[criterion["code"]] = (marked or criterion["options"][-1:])[-1]["code"]
        sheets.append(sheet)
    return sheets


@st.composite
def councils(draw: st.DrawFn, raw: dict[str, Any]) -> list[dict[str, str]]:
    """One to six sheets of one council: a common opinion, and what each member sees differently."""
    common = draw(st.sampled_from(starting_sheets(raw)))
    ticks = {c["code"]: answers_of(c) for c in naive.raw_criteria(raw)}
    different = st.lists(st.sampled_from(sorted(ticks)), max_size=10, unique=True)
    shared = draw(different)
    common = {**common, **{code: draw(st.sampled_from(ticks[code])) for code in shared}}
    return [
        {**common, **{code: draw(st.sampled_from(ticks[code])) for code in draw(different)}}
        for _ in range(draw(st.integers(1, 6)))
    ]


def some_gate(rubric: Rubric) -> list[scoring.GateUpheld]:
    gate = rubric.gates[0]
    return [scoring.GateUpheld(gate.criterion_code, gate.effect, "", 3, 1)]


@pytest.mark.parametrize("number", SETS)
def test_the_council_result_equals_the_naive_reading_of_the_law(number: int) -> None:
    raw = naive.raw_set(number)
    law = loader.in_force(TODAY)
    rubric = loader.rubric_in_force(number, TODAY)
    rules = loader.council_rules("lai-chau-default")
    marks = [(m.criterion_code, m.star) for m in scoring.minima(rubric)]

    @FEW
    @given(
        sheets=councils(raw),
        chair=st.dictionaries(st.sampled_from(marks), st.booleans(), max_size=6),
        gate_upheld=st.integers(0, 7).map(lambda n: n == 0 and bool(rubric.gates)),
    )
    def agree(
        sheets: list[dict[str, str]], chair: dict[tuple[str, int], bool], gate_upheld: bool
    ) -> None:
        result = scoring.council_result(
            rubric,
            law,
            rules,
            sheets,
            gates_upheld=some_gate(rubric) if gate_upheld else [],
            chair_confirmations=chair,
        )
        expected = naive.verdict(raw, sheets, chair=chair, gate_upheld=gate_upheld)

        assert [score.total for score in result.sheets] == [naive.total(raw, s) for s in sheets]
        assert [score.by_part for score in result.sheets] == [
            {code: naive.part_total(raw, s, code) for code in "ABC"} for s in sheets
        ]
        assert {
            "average": result.average,
            "band": result.band_star,
            "star": result.star,
            "outcome": result.outcome.value,
        } == expected
        for finding in result.minima:
            criterion = next(
                c for c in naive.raw_criteria(raw) if c["code"] == finding.criterion_code
            )
            assert finding.reached_by == naive.votes_for_line(criterion, sheets, finding.star)
        record = recomputation.record_of(result, rubric, law, rules, dossier="HS-1", nonce="n")
        assert (
            recomputation.recomputed(record.document, record.sealed, rubric, law, rules) == record
        )
        again = scoring.council_result(
            rubric,
            law,
            rules,
            sheets[::-1],
            gates_upheld=result.gates_upheld,
            chair_confirmations=chair,
        )
        assert (
            recomputation.record_of(again, rubric, law, rules, dossier="HS-1", nonce="n") == record
        )

    agree()


@pytest.mark.parametrize("number", SETS)
def test_a_sheet_alone_has_the_star_of_a_council_of_one(number: int) -> None:
    raw = naive.raw_set(number)
    law = loader.in_force(TODAY)
    rubric = loader.rubric_in_force(number, TODAY)

    @settings(max_examples=20)
    @given(sheets=councils(raw))
    def agree(sheets: list[dict[str, str]]) -> None:
        (sheet, *_) = sheets
        star = scoring.sheet_star(rubric, law, sheet)
        points = naive.total(raw, sheet)
        for wanted in (3, 4, 5):
            nearest = scoring.nearest_points(rubric, law, sheet, wanted)
            assert nearest.is_reached == (star >= wanted)
            assert nearest.points_short == max(0, nearest.points_needed - points)
        for minimum in scoring.nearest_points(rubric, law, sheet, 5).minima_missed:
            criterion = next(
                c for c in naive.raw_criteria(raw) if c["code"] == minimum.criterion_code
            )
            assert not naive.at_least(criterion, sheet[minimum.criterion_code], minimum.star)

    agree()


@pytest.mark.parametrize("number", SETS)
def test_a_blank_is_told_and_never_counted(number: int) -> None:
    raw = naive.raw_set(number)
    law = loader.in_force(TODAY)
    rubric = loader.rubric_in_force(number, TODAY)
    rules = loader.council_rules("lai-chau-default")
    best = starting_sheets(raw)[2]

    for code in best:
        sheet = {other: tick for other, tick in best.items() if other != code}
        missing = scoring.sheet_score(rubric, sheet).missing

        assert code in missing
        with pytest.raises(scoring.IncompleteSheet):
            scoring.council_result(rubric, law, rules, [best, sheet])
