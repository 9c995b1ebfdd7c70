"""Computes result files again with nothing but Python itself, from the words of 26/2026/QĐ-TTg.

    python recompute_alone.py FILE [FILE …]

It imports nothing of the application and reads no database, no rulebook, no network: what it needs
stands in the file, bound by hashes to the one hash that is printed on the minutes. It says, file by
file, what agrees and what differs, and ends with 0 when everything agrees. A file without its sheets
(as a producer receives it) is computed from the criterion means and the counts of its minima.
"""

import hashlib
import json
import sys
from fractions import Fraction
from pathlib import Path
from typing import Any

Values = dict[str, Any]
Sheet = dict[str, str]

NOTHING_REACHED = "none"  # "không đạt"
# Điều 3.3.a-đ: 90 to 100 points, 70 to under 90, 50 to under 70, 30 to under 50, under 30.
LOWEST_POINTS = {5: 90, 4: 70, 3: 50, 2: 30, 1: 0}


def sha256(value: Values) -> str:
    text = json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def written(value: Fraction) -> str:
    return f"{value.numerator}/{value.denominator}"


def cut_off(value: Fraction, decimals: int) -> str:
    """Write with a decimal comma; the digits beyond are cut off, nothing is rounded up."""
    whole = value.numerator * 10**decimals // value.denominator
    digits = str(whole).rjust(decimals + 1, "0")
    return f"{digits[:-decimals]},{digits[-decimals:]}" if decimals else digits


def middle(numbers: list[int]) -> Fraction:
    ordered = sorted(numbers)
    half = len(ordered) // 2
    if len(ordered) % 2:
        return Fraction(ordered[half])
    return Fraction(ordered[half - 1] + ordered[half], 2)


def points(criterion: Values, ticked: str) -> int:
    if ticked == NOTHING_REACHED:
        return 0
    (chosen,) = [option for option in criterion["options"] if option["code"] == ticked]
    return int(chosen["points"])


def points_on(sheet: Sheet, criteria: list[Values]) -> dict[str, int]:
    """Phụ lục II: the points beside each ticked line; 5.2 counts only where 5.1 has a point."""
    by_code = {criterion["code"]: criterion for criterion in criteria}
    found: dict[str, int] = {}
    for criterion in criteria:
        condition = criterion["applies_when"]
        if condition is not None:
            other = by_code[condition["criterion"]]
            if points(other, sheet[other["code"]]) < condition["min_points"]:
                found[criterion["code"]] = 0
                continue
        found[criterion["code"]] = points(criterion, sheet[criterion["code"]])
    return found


def is_at_least(criterion: Values, ticked: str, star: int) -> bool:
    """The ticked line is the line with the stars, or stands below it in the same case."""
    if ticked == NOTHING_REACHED:
        return False
    case = [option["case"] for option in criterion["options"] if option["code"] == ticked]
    passed = False
    for option in criterion["options"]:
        if [option["case"]] != case:
            continue
        passed = passed or option["star_min"] == star
        if option["code"] == ticked:
            return passed
    raise ValueError(f"{criterion['code']}: {ticked}")


def starred(criteria: list[Values]) -> list[tuple[Values, int]]:
    """Every criterion with a line of three, four or five stars, in the order of the table."""
    return [
        (criterion, star)
        for star in (3, 4, 5)
        for criterion in criteria
        if any(option["star_min"] == star for option in criterion["options"])
    ]


def is_met(
    criterion: Values,
    star: int,
    *,
    votes: int,
    counted: int,
    means: dict[str, Fraction],
    confirmed: bool | None,
    method: str,
) -> bool:
    """All sheets, no sheet, the chair's word, else as the council's own regulation says."""
    if votes in (0, counted):
        return votes == counted
    if confirmed is not None:
        return confirmed
    if method == "mean":
        lines = [one["points"] for one in criterion["options"] if one["star_min"] == star]
        return bool(means[criterion["code"]] >= lines[0])
    return method == "majority" and 2 * votes > counted


def band_of(average: Fraction) -> int:
    return max(star for star, least in LOWEST_POINTS.items() if average >= least)


def star_of(band: int, lines: dict[tuple[str, int], bool]) -> int:
    """The highest star with enough points whose lines, and those of every lower star, are met."""
    star = min(band, 2)
    for candidate in (3, 4, 5):
        lower = [met for (_, asked), met in lines.items() if asked <= candidate]
        if band >= candidate and all(lower):
            star = candidate
    return star


def outcome_of(star: int) -> str:
    return {0: "excluded", 1: "below_three", 2: "below_three", 5: "awaiting_centre"}.get(
        star, "recognised_candidate"
    )


def zeros_stop(gate: Values, sheets: list[Sheet], criteria: list[Values]) -> bool:
    """Bộ 16: 0 points at one of the named criteria stops, for more than half of the sheets."""
    named = [one for one in criteria if one["code"] in gate["any_zero_of"]]
    closing = [s for s in sheets if any(points(one, s[one["code"]]) == 0 for one in named)]
    return 2 * len(closing) > len(sheets)


def computed(file: Values) -> Values:
    """Return what the document should say."""
    document, rules = file["document"], file["rules"]
    criteria, council = rules["criteria"], rules["council_rules"]
    chair = {(one["criterion"], one["star"]): one["met"] for one in document["chair_confirmations"]}
    said = {(one["criterion"], one["star"]): one for one in document["minima"]}
    counted = document["sheets_counted"]
    found: Values = {}
    upheld = {(one["criterion"], one["effect"]) for one in document["gates_upheld"]}
    if "sealed" in file:
        sheets = file["sealed"]["sheets"]
        counted = found["sheets_counted"] = len(sheets)
        rows = [points_on(sheet, criteria) for sheet in sheets]
        totals = [sum(row.values()) for row in rows]
        means = {code: Fraction(sum(row[code] for row in rows), counted) for code in rows[0]}
        votes = {
            (one["code"], star): sum(is_at_least(one, s[one["code"]], star) for s in sheets)
            for one, star in starred(criteria)
        }
        found["median"] = written(middle(totals))
        found["lowest"], found["highest"] = min(totals), max(totals)
        if sorted(totals) != file["sealed"]["totals"]:
            found["totals"] = sorted(totals)
        if council["gates"]["decided_by"] == "majority":
            upheld |= {
                (gate["criterion"], gate["effect"])
                for gate in rules["gates"]
                if gate["any_zero_of"] and zeros_stop(gate, sheets, criteria)
            }
    else:
        means = {code: Fraction(mean) for code, mean in document["criterion_means"].items()}
        votes = {key: one["reached_by"] for key, one in said.items()}
    known = found or document
    found["spread"] = known["highest"] - known["lowest"]
    average = sum(means.values(), Fraction())
    lines, minima = {}, []
    for criterion, star in starred(criteria):
        key = criterion["code"], star
        split = votes[key] not in (0, counted)
        confirmed = chair.get(key) if split else None
        lines[key] = is_met(
            criterion,
            star,
            votes=votes[key],
            counted=counted,
            means=means,
            confirmed=confirmed,
            method=council["minimum_rule"]["method"],
        )
        minima.append(
            {
                "criterion": criterion["code"],
                "star": star,
                "option": next(o["code"] for o in criterion["options"] if o["star_min"] == star),
                "reached_by": votes[key],
                "counted": counted,
                "met": lines[key],
                "confirmed": confirmed,
            }
        )
    band = band_of(average)
    star = 0 if upheld else star_of(band, lines)
    return found | {
        "criterion_means": {code: written(mean) for code, mean in means.items()},
        "average": written(average),
        "average_text": cut_off(average, council["averaging"]["shown_decimals"]),
        "minima": minima,
        "band_star": band,
        "star": star,
        "outcome": outcome_of(star),
    }


def differences(file: Values) -> list[str]:
    """Say what does not agree; nothing when the file holds."""
    document = file["document"]
    found = []
    if sha256(document) != file["document_hash"]:
        found.append("the document is not the one that was hashed")
    if sha256(file["rules"]) != document["rules_hash"]:
        found.append("the rules are not those of the document")
    if "sealed" in file and sha256(file["sealed"]) != document["sealed_hash"]:
        found.append("the sheets are not those of the document")
    if "26/2026/QĐ-TTg" not in file["rules"]["decision"]:
        found.append("not a result under 26/2026/QĐ-TTg")
    for name, value in computed(file).items():
        if document.get(name) != value:
            found.append(f"{name}: written {document.get(name)}, computed {value}")
    return found


def main(paths: list[str]) -> int:
    failed = False
    for path in paths:
        found = differences(json.loads(Path(path).read_text(encoding="utf-8")))
        failed = failed or bool(found)
        sys.stdout.write(f"{path}: {'; '.join(found) or 'agrees'}\n")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
