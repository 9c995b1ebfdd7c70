"""How far apart the sheets of a council are: for its own eyes, never a part of a result.

Points are added up and averaged by the law itself (26/2026/QĐ-TTg art. 3.3), so one point is as far
from two as nine from ten: spreads, deviations and agreement all read totals on an interval scale.
"""

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import nan
from typing import TypeVar

from app.rulebooks.model import Regime, StarBand
from app.rulebooks.scoring import HIGHEST, Result

Who = TypeVar("Who", bound=Hashable)

NEAR_POINTS = 2
"""A product this near the edge of a band is looked at once more before its lock."""

# Krippendorff (Content Analysis, 2004): from 0.8 conclusions may rest on it, from 2/3 tentatively.
RELIABLE = 0.8
TENTATIVE = 2 / 3
FEWEST = 2


@dataclass(frozen=True, slots=True)
class NearBand:
    """A product within two points of an edge between bands; `star` is the band across the edge.

    The criterion that decides is the one where the average would cross the edge if all sheets agreed
    with the highest (below the edge) or the lowest (above it) that is given there; None when no
    single criterion could.
    """

    star: int
    points: Fraction
    is_below: bool
    criterion_code: str | None


def criterion_spreads(result: Result) -> dict[str, int]:
    """Return how many points the sheets differ by at each criterion."""
    return {
        code: max(sheet.by_criterion[code] for sheet in result.sheets)
        - min(sheet.by_criterion[code] for sheet in result.sheets)
        for code in result.criterion_means
    }


def furthest_apart(result: Result, most: int) -> list[tuple[str, int]]:
    """Return the criteria where the sheets differ most, with the difference; none that agree."""
    spreads = criterion_spreads(result)
    apart = [(code, points) for code, points in spreads.items() if points]
    return sorted(apart, key=lambda one: -one[1])[:most]


def near_band(result: Result, regime: Regime) -> NearBand | None:
    """Return the edge of a band that the average is near, or None."""
    if result.gates_upheld:
        return None
    own: StarBand = regime.band(result.band_star)
    if own.star < HIGHEST and own.high - result.average <= NEAR_POINTS:
        gap = own.high - result.average
        gains = {
            code: max(sheet.by_criterion[code] for sheet in result.sheets) - mean
            for code, mean in result.criterion_means.items()
        }
        able = {code: gain for code, gain in gains.items() if gain >= gap}
        return NearBand(own.star + 1, gap, is_below=True, criterion_code=_largest(able))
    if own.star > 1 and result.average - own.low <= NEAR_POINTS:
        gap = result.average - own.low
        losses = {
            code: mean - min(sheet.by_criterion[code] for sheet in result.sheets)
            for code, mean in result.criterion_means.items()
        }
        able = {code: loss for code, loss in losses.items() if loss > gap}
        return NearBand(own.star - 1, gap, is_below=False, criterion_code=_largest(able))
    return None


def _largest(shifts: Mapping[str, Fraction]) -> str | None:
    return max(shifts, key=lambda code: shifts[code]) if shifts else None


def mean_of(values: Sequence[Fraction]) -> Fraction | None:
    """Return the exact mean, or None of nothing."""
    return sum(values, Fraction()) / len(values) if values else None


def deviations(totals: Mapping[Who, int]) -> dict[Who, Fraction]:
    """Return how far each sheet of one product lies from the mean of all its sheets."""
    mean = Fraction(sum(totals.values()), len(totals))
    return {who: total - mean for who, total in totals.items()}


def agreement(products: Iterable[Mapping[Who, int]]) -> float | None:
    """Return Krippendorff's alpha of the totals, members as coders; None where it says nothing.

    It takes members who judge only some products, and any number of them. Interval level, see above.
    Nothing is said of fewer than two products with two sheets, or when all totals are the same.
    """
    pairable = [totals for totals in products if len(totals) >= FEWEST]
    if len(pairable) < FEWEST or len({one for totals in pairable for one in totals.values()}) == 1:
        return None
    # It brings numpy: heavy, and needed by nobody but a chair who opens this page.
    import krippendorff

    members = sorted({who for totals in pairable for who in totals}, key=str)
    table = [[totals.get(who, nan) for totals in pairable] for who in members]
    return float(krippendorff.alpha(reliability_data=table, level_of_measurement="interval"))
