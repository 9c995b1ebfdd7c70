"""How far sheets lie apart: for the council's own eyes, never a part of a result."""

import subprocess
import sys
from fractions import Fraction

import pytest

from app.rulebooks import loader, scoring
from app.rulebooks.spread import (
    NearBand,
    agreement,
    criterion_spreads,
    deviations,
    furthest_apart,
    mean_of,
    near_band,
)
from tests.rulebooks import naive
from tests.rulebooks.test_cases import TODAY

LAW = loader.in_force(TODAY)
HONEY = loader.rubric_in_force(4, TODAY)


def result_of(*lower: dict[str, str]) -> scoring.Result:
    """Return the result of sheets that all tick the best but for some criteria."""
    best = {c.code: max(c.options, key=lambda o: o.points).code for c in HONEY.criteria}
    rules = loader.council_rules("lai-chau-default")
    return scoring.council_result(HONEY, LAW, rules, [best | one for one in lower])


def least(code: str) -> str:
    return min(HONEY.criterion(code).options, key=lambda option: option.points).code


def test_the_spread_of_a_criterion_is_its_highest_less_its_lowest_points() -> None:
    result = result_of({}, {"1.1": least("1.1")}, {})
    spreads = criterion_spreads(result)
    points = [option.points for option in HONEY.criterion("1.1").options]
    assert spreads["1.1"] == max(points) - min(points)
    assert sum(spreads.values()) == spreads["1.1"]
    assert furthest_apart(result, 3) == [("1.1", spreads["1.1"])]
    assert furthest_apart(result_of({}, {}), 3) == []


@pytest.mark.parametrize(
    ("totals", "expected"),
    [
        ([91, 91], (4, Fraction(1), False)),
        ([92, 92], (4, Fraction(2), False)),
        ([88, 88], (5, Fraction(2), True)),
        ([89, 90], (5, Fraction(1, 2), True)),
        ([80, 80], None),
        ([100, 100], None),
        ([29, 29], (2, Fraction(1), True)),
        ([24, 24], None),
    ],
)
def test_a_product_within_two_points_of_an_edge_is_named(
    totals: list[int], expected: tuple[int, Fraction, bool] | None
) -> None:
    near = near_band(with_totals(*totals), LAW)
    assert (near and (near.star, near.points, near.is_below)) == expected


def with_totals(*totals: int) -> scoring.Result:
    """Return a result of sheets with these totals, each lowered from the best from below."""
    raw = naive.raw_set(4)
    sheets = []
    for total in totals:
        sheet = {c.code: max(c.options, key=lambda o: o.points).code for c in HONEY.criteria}
        for criterion in sorted(HONEY.criteria, key=lambda c: -c.max):
            if criterion.code in {"5.1", "5.2"}:
                continue
            for option in sorted(criterion.options, key=lambda o: -o.points):
                if naive.total(raw, sheet) <= total:
                    break
                lowered = sheet | {criterion.code: option.code}
                if naive.total(raw, lowered) >= total:
                    sheet = lowered
        assert naive.total(raw, sheet) == total, (total, naive.total(raw, sheet))
        sheets.append(sheet)
    rules = loader.council_rules("lai-chau-default")
    return scoring.council_result(HONEY, LAW, rules, sheets)


def test_the_criterion_that_decides_is_the_one_that_could_carry_the_product_over() -> None:
    high = with_totals(90).answers[0]
    low = next(
        high | {criterion.code: option.code}
        for criterion in HONEY.criteria
        for option in criterion.options
        if naive.total(naive.raw_set(4), high | {criterion.code: option.code}) == 89
    )
    rules = loader.council_rules("lai-chau-default")
    result = scoring.council_result(HONEY, LAW, rules, [high, high, high, low])
    near = near_band(result, LAW)
    assert near is not None
    assert near.points == Fraction(1, 4)
    (apart,) = [code for code, points in criterion_spreads(result).items() if points]
    assert near == NearBand(5, Fraction(1, 4), is_below=True, criterion_code=apart)


def test_no_criterion_decides_where_all_sheets_are_alike() -> None:
    near = near_band(with_totals(89, 89), LAW)
    assert near is not None
    assert near.criterion_code is None


def test_a_product_that_is_excluded_is_near_nothing() -> None:
    rules = loader.council_rules("lai-chau-default")
    gate = HONEY.gates[0]
    result = scoring.council_result(
        HONEY,
        LAW,
        rules,
        with_totals(89, 89).answers,
        gates_upheld=[scoring.GateUpheld(gate.criterion_code, gate.effect, "", 3, 1)],
    )
    assert near_band(result, LAW) is None


def test_deviations_are_exact_and_add_up_to_nothing() -> None:
    apart = deviations({"a": 70, "b": 71, "c": 75})
    assert apart == {"a": -2, "b": -1, "c": 3}
    assert mean_of(list(apart.values())) == 0
    assert deviations({"a": 70, "b": 71}) == {"a": Fraction(-1, 2), "b": Fraction(1, 2)}
    assert mean_of([]) is None


def test_agreement_is_krippendorffs_alpha_by_hand() -> None:
    """Two members, three products: observed 1/6 of the squares, expected as the pooled values give."""
    totals = [{"a": 70, "b": 71}, {"a": 80, "b": 80}, {"a": 90, "b": 91}]
    values = [one for pair in totals for one in pair.values()]
    observed = sum((pair["a"] - pair["b"]) ** 2 for pair in totals) * 2 / len(values)
    expected = sum((x - y) ** 2 for x in values for y in values) / (len(values) * (len(values) - 1))
    assert agreement(totals) == pytest.approx(1 - observed / expected)


def test_agreement_takes_members_who_judged_only_some_products() -> None:
    full = [{"a": 70, "b": 71, "c": 70}, {"a": 80, "b": 80}, {"b": 90, "c": 90}, {"a": 60}]
    said = agreement(full)
    assert said is not None
    assert 0.9 < said < 1


@pytest.mark.parametrize(
    "products", [[], [{"a": 70, "b": 71}], [{"a": 70}, {"a": 80}], [{"a": 7, "b": 7}] * 3]
)
def test_too_little_says_nothing(products: list[dict[str, int]]) -> None:
    assert agreement(products) is None


def test_the_heavy_library_is_read_by_nobody_who_does_not_ask() -> None:
    code = "import sys, app.main; sys.exit('numpy' in sys.modules or 'krippendorff' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
