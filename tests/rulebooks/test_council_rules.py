"""The province's own council rules: told what is wrong, compared, kept, and honoured in every value."""

from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from app.rulebooks import loader
from app.rulebooks.comparison import differing, rule_values
from app.rulebooks.model import RulebookError, UnknownRulebook
from app.rulebooks.scoring import council_result, sheet_score
from tests.factories.rules import OWN, own_file

TODAY = date(2026, 11, 24)


def test_a_file_that_decides_everything_otherwise_is_read_compared_and_cited(
    tmp_path: Path,
) -> None:
    rules, faults = loader.council_file(own_file(tmp_path))
    assert faults == ()
    assert rules is not None
    assert differing(rules, loader.default_council_rules()) == set(OWN)
    values = {one.name: one for one in rule_values(rules, loader.default_council_rules())}
    assert (values["quorum.share"].value, values["quorum.share"].default) == ("2/3", "3/4")
    assert values["quorum.share"].citation == "Điều 6 Quyết định 900/QĐ-UBND"
    assert values["site_survey.sets"].value == "15, 26"
    assert values["rounds"].value == "3: 10-01 – 11-15"
    assert not values["not_met.points"].differs
    assert loader.check(tmp_path).errors == ()
    assert loader.council_rules_in_force(TODAY, tmp_path).sha256 == rules.sha256


def test_the_default_differs_from_itself_in_nothing() -> None:
    default = loader.default_council_rules()
    assert differing(default, default) == frozenset()


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"quorum": {"share": 0.75}}, "quorum.share: phải là phân số dạng chữ"),
        ({"quorum": {"share": "3/4"}}, "quorum.basis: Chưa điền ô này"),
        ({"gates": {"decided_by": "ai đó"}}, "gates.decided_by: Không có trong danh sách lựa chọn"),
        ({"divergence": "mười"}, "divergence:"),
        ({"quorm": {}}, "quorm: Ô này không được nhận ở đây"),
        ({"is_default": True}, "is_default: quy chế riêng của tỉnh phải ghi false"),
        ({"province": "11"}, "province: phải là '12'"),
        (
            {"rounds": [{"ordinal": 2, "proposals_before": "10-01", "results_before": "11-15"}]},
            "rounds: không nêu lại các đợt",
        ),
        (
            {"rounds": [{"ordinal": 3, "proposals_before": "11-15", "results_before": "10-01"}]},
            "rounds: ngày nhận đề nghị phải trước",
        ),
        (
            {
                "rounds": [
                    {"ordinal": 3, "proposals_before": "10-01", "results_before": "11-15"},
                    {"ordinal": 3, "proposals_before": "10-02", "results_before": "11-16"},
                ]
            },
            "rounds: mỗi đợt chỉ nêu một lần",
        ),
        ({"documents": {"qd26-2026": {}}}, "documents trùng mã đã có trong sổ"),
        ({"documents": ["quy-che-2026"]}, "documents phải là danh mục"),
        ({"documents": {}}, "nguồn 'quy-che-2026' chưa có trong sổ"),
    ],
)
def test_what_is_wrong_with_a_file_is_said_with_its_place(
    tmp_path: Path, changes: dict[str, Any], complaint: str
) -> None:
    _, faults = loader.council_file(own_file(tmp_path, **changes))
    assert any(complaint in fault for fault in faults), faults
    assert any(complaint in error for error in loader.check(tmp_path).errors)


def test_what_would_be_accepted_is_named(tmp_path: Path) -> None:
    _, (fault,) = loader.council_file(
        own_file(tmp_path, sheets_visible={"members": "always", "producer": "nothing"})
    )
    assert "sheets_visible.members" in fault
    assert "'after_lock'" in fault


def test_a_file_that_takes_the_name_of_a_published_one_or_is_not_there_is_refused(
    tmp_path: Path,
) -> None:
    _, faults = loader.council_file(own_file(tmp_path, code="lai-chau-default"))
    assert any("trùng quy chế có sẵn" in fault for fault in faults)
    _, faults = loader.council_file(tmp_path / "khong-co.yaml")
    assert "không đọc được tệp" in faults[0]
    _, faults = loader.council_file(own_file(tmp_path, quorum={"share": "0"} | BASIS))
    assert any("phải lớn hơn 0" in fault for fault in faults)


BASIS = {"chair_or_delegate": True, "basis": {"source": "system-default"}}


def test_a_kept_text_gives_the_same_rules_when_the_file_is_gone(tmp_path: Path) -> None:
    path = own_file(tmp_path)
    rules = loader.council_rules("lai-chau-2026", tmp_path)
    text = loader.council_rules_text("lai-chau-2026", tmp_path)
    path.unlink()
    assert loader.council_rules_from("lai-chau-2026", text) == rules
    with pytest.raises(UnknownRulebook):
        loader.council_rules_text("lai-chau-2026", tmp_path)


def test_a_file_that_changed_after_it_was_read_is_not_kept(tmp_path: Path) -> None:
    path = own_file(tmp_path)
    loader.council_rules("lai-chau-2026", tmp_path)
    path.write_text(path.read_text("utf-8") + "\n", "utf-8")
    with pytest.raises(RulebookError, match="đã đổi từ khi được đọc"):
        loader.council_rules_text("lai-chau-2026", tmp_path)


def test_the_quorum_of_the_province_is_the_one_that_counts(tmp_path: Path) -> None:
    own_file(tmp_path)
    own, default = loader.council_rules("lai-chau-2026", tmp_path), loader.default_council_rules()
    assert own.quorum.share == Fraction(2, 3)
    assert own.quorum.is_met(present=4, voting=6, chair_present=False)
    assert not default.quorum.is_met(present=4, voting=6, chair_present=True)
    assert not default.quorum.is_met(present=5, voting=6, chair_present=False)


def test_divergence_decimals_and_minima_follow_the_province(tmp_path: Path) -> None:
    own_file(tmp_path)
    own, default = loader.council_rules("lai-chau-2026", tmp_path), loader.default_council_rules()
    rubric, regime = loader.rubric("qd26-2026-04"), loader.regime("qd26-2026")
    best = {
        c.code: max(
            (o for o in c.options_of_case(c.cases[0].code if c.cases else None)),
            key=lambda option: option.points,
        ).code
        for c in rubric.criteria
    }
    lower = dict(best)
    for criterion in rubric.criteria:
        gap = sheet_score(rubric, best).total - sheet_score(rubric, lower).total
        options = criterion.options_of_case(criterion.cases[0].code if criterion.cases else None)
        worse = [o for o in options if 0 < criterion.max - o.points <= 13 - gap]
        if worse:
            lower[criterion.code] = worse[0].code
    gap = sheet_score(rubric, best).total - sheet_score(rubric, lower).total
    assert 10 < gap <= 13
    sheets = [best, best, lower]
    mine, ours = (council_result(rubric, regime, rules, sheets) for rules in (own, default))
    assert (mine.is_divergent, ours.is_divergent) == (False, True)
    assert len(mine.average_text.partition(",")[2]) == 3
    assert len(ours.average_text.partition(",")[2]) == 2
    assert mine.average == ours.average
    assert mine.awaiting_chair == ()
    assert ours.awaiting_chair != ()
