"""A second computation, naive on purpose, written from the words of 26/2026/QĐ-TTg.

It reads the YAML of a set as it lies on the disk and imports nothing of the application, so that an
error in the types, the loader or the scoring cannot hide in both. Slow, flat and literal.
"""

from fractions import Fraction
from pathlib import Path
from typing import Any

import yaml

RUBRICS = Path(__file__).parents[2] / "app" / "rulebooks" / "data" / "rubrics" / "qd26-2026"
NOTHING_REACHED = "none"


def raw_set(number: int) -> dict[str, Any]:
    """Return one set as plain dictionaries."""
    (path,) = RUBRICS.glob(f"{number:02d}-*.yaml")
    loaded: dict[str, Any] = yaml.load(path.read_bytes(), Loader=yaml.CSafeLoader)
    return loaded


def raw_criteria(the_set: dict[str, Any]) -> list[dict[str, Any]]:
    """Return its criteria in the order of the table."""
    found = []
    for part in the_set["parts"]:
        for section in part["sections"]:
            found += section["criteria"]
    return found


def points_ticked(criterion: dict[str, Any], ticked: str) -> int:
    """Return the points printed beside the ticked option; "không đạt" has none."""
    if ticked == NOTHING_REACHED:
        return 0
    for option in criterion["options"]:
        if option["code"] == ticked:
            return int(option["points"])
    raise AssertionError(f"{criterion['code']} has no option {ticked}")


def story_exists(the_set: dict[str, Any], sheet: dict[str, str]) -> bool:
    """Tell whether 5.1 has a point ("Chỉ áp dụng khi có câu chuyện sản phẩm")."""
    for criterion in raw_criteria(the_set):
        if criterion["code"] == "5.1":
            return points_ticked(criterion, sheet["5.1"]) > 0
    raise AssertionError("no 5.1")


def counts(the_set: dict[str, Any], criterion: dict[str, Any], sheet: dict[str, str]) -> bool:
    """Tell whether the criterion counts on the sheet."""
    return "applies_when" not in criterion or story_exists(the_set, sheet)


def total(the_set: dict[str, Any], sheet: dict[str, str]) -> int:
    """Điều 3.3: "Tổng điểm đánh giá cho mỗi sản phẩm tối đa là 100 điểm"."""
    added = 0
    for criterion in raw_criteria(the_set):
        if counts(the_set, criterion, sheet):
            added += points_ticked(criterion, sheet[criterion["code"]])
    return added


def part_total(the_set: dict[str, Any], sheet: dict[str, str], part_code: str) -> int:
    """Điều 3.1: the points of phần A, B or C."""
    added = 0
    for part in the_set["parts"]:
        if part["code"] == part_code:
            for section in part["sections"]:
                for criterion in section["criteria"]:
                    if counts(the_set, criterion, sheet):
                        added += points_ticked(criterion, sheet[criterion["code"]])
    return added


def star_of_points(average: Fraction) -> int:
    """Điều 3.3.a-đ: 90 to 100; 70 to under 90; 50 to under 70; 30 to under 50; under 30."""
    if 90 <= average <= 100:
        return 5
    if 70 <= average < 90:
        return 4
    if 50 <= average < 70:
        return 3
    if 30 <= average < 50:
        return 2
    return 1


def at_least(criterion: dict[str, Any], ticked: str, star: int) -> bool:
    """Phụ lục II, legend: the starred line is the least that must be reached for the star.

    Lines of the same case are read from top to bottom; the ticked one must be the starred line or
    stand below it.
    """
    if ticked == NOTHING_REACHED:
        return False
    case = None
    for option in criterion["options"]:
        if option["code"] == ticked:
            case = option.get("case")
    seen_star = False
    for option in criterion["options"]:
        if option.get("case") != case:
            continue
        if option.get("star_min") == star:
            seen_star = True
        if option["code"] == ticked:
            return seen_star
    raise AssertionError("ticked option not in the table")


def starred_lines(the_set: dict[str, Any], star: int) -> list[dict[str, Any]]:
    """Return the criteria that print a line with this many stars."""
    return [
        criterion
        for criterion in raw_criteria(the_set)
        if any(option.get("star_min") == star for option in criterion["options"])
    ]


def votes_for_line(criterion: dict[str, Any], sheets: list[dict[str, str]], star: int) -> int:
    """Count the sheets that reach the starred line."""
    return len([sheet for sheet in sheets if at_least(criterion, sheet[criterion["code"]], star)])


def line_holds(
    criterion: dict[str, Any],
    sheets: list[dict[str, str]],
    star: int,
    chair: dict[tuple[str, int], bool],
) -> bool:
    """Tell whether the council reaches the line: all, none, the chair's word, else the majority."""
    votes = votes_for_line(criterion, sheets, star)
    if votes == len(sheets):
        return True
    if votes == 0:
        return False
    if (criterion["code"], star) in chair:
        return chair[(criterion["code"], star)]
    return votes > len(sheets) / 2


def stopped_by_zero(the_set: dict[str, Any], sheets: list[dict[str, str]]) -> bool:
    """Bộ 16: "Nếu được 0 điểm tại một trong các chỉ tiêu trên…", for more than half of the sheets."""
    for criterion in raw_criteria(the_set):
        for gate in criterion.get("gates", []):
            named = gate.get("any_zero_of", [])
            if not named:
                continue
            zeros = 0
            for sheet in sheets:
                by_code = {c["code"]: c for c in raw_criteria(the_set)}
                if any(points_ticked(by_code[code], sheet[code]) == 0 for code in named):
                    zeros += 1
            if zeros > len(sheets) / 2:
                return True
    return False


def verdict(
    the_set: dict[str, Any],
    sheets: list[dict[str, str]],
    *,
    chair: dict[tuple[str, int], bool],
    gate_upheld: bool,
) -> dict[str, Any]:
    """Return average, band, star and outcome of the council."""
    totals = [total(the_set, sheet) for sheet in sheets]
    average = Fraction(sum(totals)) / len(totals)
    band = star_of_points(average)
    if gate_upheld or stopped_by_zero(the_set, sheets):
        return {"average": average, "band": band, "star": 0, "outcome": "excluded"}
    star = 1
    if band >= 2:
        star = 2
    for candidate in (3, 4, 5):
        enough_points = band >= candidate
        all_lines = True
        for asked in range(3, candidate + 1):
            for criterion in starred_lines(the_set, asked):
                if not line_holds(criterion, sheets, asked, chair):
                    all_lines = False
        if enough_points and all_lines:
            star = candidate
    if star == 5:
        outcome = "awaiting_centre"
    elif star >= 3:
        outcome = "recognised_candidate"
    else:
        outcome = "below_three"
    return {"average": average, "band": band, "star": star, "outcome": outcome}
