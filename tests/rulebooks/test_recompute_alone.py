"""Whoever holds a result file computes it again without the application."""

import json
import random
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from app.core.errors import Refusal
from app.rulebooks import loader, scoring
from app.rulebooks.model import CouncilRules, Rubric
from app.rulebooks.recomputation import record_of, result_file
from tests.rulebooks import naive
from tests.rulebooks.test_cases import CASES, TODAY, scored, situations
from tests.rulebooks.test_scoring_properties import answers_of, starting_sheets

ALONE = Path(__file__).with_name("recompute_alone.py")
COUNCILS = 12  # for each of the 26 sets, by a seed of its own


def file_of(
    result: scoring.Result, rubric: Rubric, rules: CouncilRules, *, sheets: bool = True
) -> dict[str, Any]:
    law = loader.in_force(TODAY)
    record = record_of(
        result, rubric, law, rules, dossier="HS-000001X", nonce="a long word nobody guesses"
    )
    return dict(result_file(record, rubric, law, rules, with_sheets=sheets))


def recomputed_alone(tmp_path: Path, files: Sequence[Mapping[str, Any]]) -> tuple[int, list[str]]:
    """Run the script over files in a Python that sees neither the application nor its libraries."""
    paths = []
    for number, file in enumerate(files):
        path = tmp_path / f"{number}.json"
        path.write_text(scoring.canonical_json(file), encoding="utf-8")
        paths.append(str(path))
    ran = subprocess.run(
        [sys.executable, "-I", "-S", str(ALONE), *paths],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
        env={"PYTHONUTF8": "1"},
    )
    assert not ran.stderr, ran.stderr
    return ran.returncode, [line.partition(": ")[2] for line in ran.stdout.splitlines()]


def some_council(
    dice: random.Random, raw: dict[str, Any], rubric: Rubric, rules: CouncilRules
) -> scoring.Result:
    """Return the result of one to twelve members who mostly see a product alike."""
    ticks = {c["code"]: answers_of(c) for c in naive.raw_criteria(raw)}
    common = dice.choice(starting_sheets(raw))
    sheets = [
        common
        | {
            code: dice.choice(ticks[code])
            for code in dice.sample(sorted(ticks), k=dice.randint(0, 9))
        }
        for _ in range(dice.randint(1, 12))
    ]
    marks = [(m.criterion_code, m.star) for m in scoring.minima(rubric)]
    gate = rubric.gates[0] if rubric.gates and not dice.randrange(6) else None
    return scoring.council_result(
        rubric,
        loader.in_force(TODAY),
        rules,
        sheets,
        gates_upheld=[scoring.GateUpheld(gate.criterion_code, gate.effect, "Vì sao", 5, 2)]
        if gate
        else [],
        chair_confirmations={
            key: dice.random() < 0.5 for key in dice.sample(marks, k=min(5, len(marks)))
        },
    )


@pytest.mark.parametrize("method", ["majority", "mean", "chair"])
def test_the_results_of_many_councils_are_computed_again_from_their_files(
    tmp_path: Path, method: str
) -> None:
    default = loader.council_rules("lai-chau-default")
    rules = default.model_copy(
        update={"minimum_rule": default.minimum_rule.model_copy(update={"method": method})}
    )
    dice = random.Random(f"councils, {method}")  # noqa: S311 -- repeatable, nothing secret
    files = []
    for number in range(1, 27):
        raw, rubric = naive.raw_set(number), loader.rubric_in_force(number, TODAY)
        for _ in range(COUNCILS):
            result = some_council(dice, raw, rubric, rules)
            files += [file_of(result, rubric, rules, sheets=one) for one in (True, False)]
    code, said = recomputed_alone(tmp_path, files)
    assert [line for line in said if line != "agrees"] == []
    assert (code, len(said)) == (0, 26 * COUNCILS * 2)


def test_every_situation_of_the_cases_is_computed_again_from_its_file(tmp_path: Path) -> None:
    files = []
    for situation in situations():
        (case,) = situation.values
        try:
            result = scored(case)
        except Refusal:  # no result, no file
            continue
        rubric = loader.rubric_in_force(case["bộ"], TODAY)
        rules = loader.council_rules("lai-chau-default")
        files += [file_of(result, rubric, rules, sheets=one) for one in (True, False)]
    assert len(files) > len(list(CASES.glob("*/*.yaml")))
    code, said = recomputed_alone(tmp_path, files)
    assert (code, set(said)) == (0, {"agrees"})


def one_file(*, sheets: bool = True) -> dict[str, Any]:
    rubric = loader.rubric_in_force(4, TODAY)
    rules = loader.council_rules("lai-chau-default")
    result = some_council(random.Random(4), naive.raw_set(4), rubric, rules)  # noqa: S311 -- repeatable
    written = scoring.canonical_json(file_of(result, rubric, rules, sheets=sheets))
    found: dict[str, Any] = json.loads(written)
    return found


def test_one_changed_mark_is_told(tmp_path: Path) -> None:
    file = one_file()
    sheet = file["sealed"]["sheets"][0]
    criterion = file["rules"]["criteria"][0]
    sheet[criterion["code"]] = next(
        option["code"]
        for option in criterion["options"]
        if option["code"] != sheet[criterion["code"]]
    )
    code, (said,) = recomputed_alone(tmp_path, [file])
    assert code == 1
    assert "the sheets are not those of the document" in said
    assert "average: written" in said


@pytest.mark.parametrize("sheets", [True, False])
@pytest.mark.parametrize(
    ("field", "value"),
    [("star", 1), ("band_star", 1), ("average", "1/1"), ("outcome", "excluded"), ("spread", 99)],
)
def test_a_document_that_says_something_else_is_told_even_with_a_fitting_hash(
    tmp_path: Path, field: str, value: object, *, sheets: bool
) -> None:
    file = one_file(sheets=sheets)
    file["document"][field] = value
    file["document_hash"] = scoring.document_hash(file["document"])
    code, (said,) = recomputed_alone(tmp_path, [file])
    assert code == 1
    assert f"{field}: written {value}" in said


def test_rules_that_were_bent_are_told(tmp_path: Path) -> None:
    file = one_file()
    for option in file["rules"]["criteria"][0]["options"]:
        option["points"] += 1
    code, (said,) = recomputed_alone(tmp_path, [file])
    assert code == 1
    assert "the rules are not those of the document" in said


def test_the_file_of_a_producer_holds_no_sheet_and_the_hash_of_the_minutes() -> None:
    whole, told = one_file(), one_file(sheets=False)
    assert "sealed" not in told
    assert told["document_hash"] == whole["document_hash"]
    assert whole["sealed"]["nonce"] not in scoring.canonical_json(told["document"])
    assert "totals" not in told["document"]
