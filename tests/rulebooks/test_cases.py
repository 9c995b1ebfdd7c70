"""Runs the situations of `cases/`, which an official can read and add to."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from app.core.errors import Refusal
from app.rulebooks import loader, scoring
from app.rulebooks.model import GateEffect, Rubric

CASES = Path(__file__).parent / "cases"
TODAY = date(2026, 11, 24)

NOT_MET = "không đạt"
BLANK = "bỏ trống"

EFFECTS = {
    "loại": GateEffect.DISQUALIFY,
    "không đánh giá": GateEffect.EXCLUDE,
    "dừng": GateEffect.STOP,
}
OUTCOMES = {
    "đề nghị công nhận": scoring.Outcome.RECOGNISED_CANDIDATE,
    "chờ trung ương": scoring.Outcome.AWAITING_CENTRE,
    "dưới 3 sao": scoring.Outcome.BELOW_THREE,
    "bị loại": scoring.Outcome.EXCLUDED,
}


def situations() -> list[Any]:
    return [
        pytest.param(case, id=f"{path.stem}: {case['tình huống']}")
        for path in sorted(CASES.glob("*/*.yaml"))
        for case in yaml.load(path.read_bytes(), Loader=yaml.CSafeLoader)
    ]


def sheets_of(rubric: Rubric, case: dict[str, Any]) -> list[dict[str, str]]:
    sheets = []
    for described in case["phiếu"]:
        everywhere = described["mọi tiêu chí"]
        ticks = {}
        for criterion in rubric.criteria:
            match everywhere:
                case "tốt nhất":
                    ticks[criterion.code] = criterion.options[-1].code
                case "thấp nhất":
                    ticks[criterion.code] = criterion.options[0].code
                case _:
                    ticks[criterion.code] = everywhere
        for code, tick in described.get("riêng", {}).items():
            assert code in ticks, f"bộ {case['bộ']} không có tiêu chí {code}"
            ticks[code] = tick
        sheet = {
            code: scoring.NOT_MET if tick == NOT_MET else tick
            for code, tick in ticks.items()
            if tick != BLANK
        }
        sheets += [sheet] * described["số phiếu"]
    return sheets


def scored(case: dict[str, Any]) -> scoring.Result:
    rubric = loader.rubric_in_force(case["bộ"], TODAY)
    return scoring.council_result(
        rubric,
        loader.in_force(TODAY),
        loader.council_rules("lai-chau-default"),
        sheets_of(rubric, case),
        gates_upheld=[
            scoring.GateUpheld(
                finding["tiêu chí"],
                EFFECTS[finding["hình thức"]],
                votes_for=finding["thuận"],
                votes_against=finding["không thuận"],
            )
            for finding in case.get("hội đồng kết luận", [])
        ],
        chair_confirmations={
            (word["tiêu chí"], word["hạng"]): word["đạt"]
            for word in case.get("chủ tịch xác nhận", [])
        },
    )


def named(findings: tuple[scoring.MinimumFinding, ...]) -> list[str]:
    return [f"{finding.criterion_code} {finding.star} sao" for finding in findings]


@pytest.mark.parametrize("case", situations())
def test_the_situation_ends_as_written(case: dict[str, Any]) -> None:
    if "từ chối" in case:
        with pytest.raises(Refusal) as refused:
            scored(case)
        assert case["từ chối"] in refused.value.text
        return
    expected = case["kết quả"]
    result = scored(case)

    assert result.average_text == expected["trung bình"]
    assert result.band_star == expected["khung"]
    assert result.star == expected["hạng"]
    assert result.outcome is OUTCOMES[expected["kết luận"]]
    assert result.is_divergent == expected.get("lệch", result.spread > 10)
    if "tổng" in expected:
        totals = [score.total for score in result.sheets]
        assert totals == (expected["tổng"] * len(totals))[: len(totals)]
    if "chờ chủ tịch" in expected:
        assert named(result.awaiting_chair) == expected["chờ chủ tịch"]
    if "nêu để hội đồng quyết" in expected:
        raised = [gate.criterion_code for gate in result.gates_suggested]
        assert raised == expected["nêu để hội đồng quyết"]
    missed = tuple(f for f in result.minima if not f.met and f.star <= result.band_star)
    if "thiếu" in expected:
        assert named(missed) == expected["thiếu"]
    elif result.star == result.band_star:
        assert not missed


@pytest.mark.parametrize("case", situations())
def test_every_result_explains_itself_with_a_citation(case: dict[str, Any]) -> None:
    if "từ chối" in case:
        return
    result = scored(case)
    codes = [reason.code for reason in result.reasons]

    assert codes[0] == "band"
    assert codes[-1] == result.outcome.value
    assert ("star_lowered" in codes) == (result.star not in (0, result.band_star))
    for reason in result.reasons:
        assert reason.text.endswith(".")
        assert "{" not in reason.text
        assert "Quyết định 26/2026/QĐ-TTg" in reason.basis or "Quy tắc mặc định" in reason.basis
