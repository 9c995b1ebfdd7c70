"""What is carried from a recognised dossier, and how then and now are told apart: pure."""

import pytest

from app.domain.dossiers.enums import DossierKind
from app.domain.dossiers.models import ChangeReport
from app.domain.dossiers.rules import (
    Claim,
    carried_answers,
    compared,
    gate_questions,
    missing_changes,
)
from app.domain.producers.enums import ProducerKind
from app.rulebooks import loader
from app.rulebooks.model import Part, Rubric
from app.rulebooks.scoring import NOT_MET
from tests.factories.dossiers import complete_answers

LAW = loader.regime("qd26-2026")
HONEY, CEREALS, TOURISM = (loader.rubric(f"qd26-2026-{n:02d}") for n in (4, 3, 26))


def claims_of(rubric: Rubric) -> dict[str, Claim]:
    return {code: Claim(option) for code, option in complete_answers(rubric).items()}


def worded_anew(rubric: Rubric, criterion_code: str, *, label: str = "", name: str = "") -> Rubric:
    """Return a corrected edition of a sheet: one criterion or all its options in other words."""
    raw = [part.model_dump() for part in rubric.parts]
    for part in raw:
        for section in part["sections"]:
            for criterion in section["criteria"]:
                if criterion["code"] == criterion_code:
                    criterion["name"] = name or criterion["name"]
                    for option in criterion["options"]:
                        option["label"] = label or option["label"]
    parts = tuple(Part.model_validate(part) for part in raw)
    corrected = rubric.model_copy(update={"parts": parts, "sha256": "f" * 64})
    for kept in ("criteria", "_by_code", "gates"):  # computed from the old parts
        corrected.__dict__.pop(kept, None)
    return corrected


def test_everything_is_carried_within_one_sheet() -> None:
    kept, lost = carried_answers(HONEY, HONEY, claims_of(HONEY))
    assert kept == claims_of(HONEY)
    assert lost == ()


@pytest.mark.parametrize("change", [{"label": "Nói khác"}, {"name": "Tên khác"}])
def test_an_answer_in_other_words_is_listed_and_not_carried(change: dict[str, str]) -> None:
    corrected = worded_anew(HONEY, "1.2", **change)
    kept, lost = carried_answers(HONEY, corrected, claims_of(HONEY))
    assert [one.criterion_code for one in lost] == ["1.2"]
    assert lost[0].option
    assert set(kept) == set(claims_of(HONEY)) - {"1.2"}


def test_across_sets_only_the_same_words_are_carried() -> None:
    kept, lost = carried_answers(CEREALS, HONEY, claims_of(CEREALS))
    assert kept
    assert lost
    for code, claim in kept.items():
        old, new = CEREALS.criterion(code), HONEY.criterion(code)
        assert old.name == new.name
        before, after = (one.find_option(claim.option_code or "") for one in (old, new))
        assert before is not None
        assert after is not None
        assert before.label == after.label


def test_without_the_old_sheet_nothing_is_carried_and_all_is_listed() -> None:
    kept, lost = carried_answers(None, HONEY, claims_of(HONEY))
    assert kept == {}
    assert len(lost) == len(claims_of(HONEY))


def test_an_explicit_not_met_is_carried_where_the_sheet_still_allows_it() -> None:
    code = next(one.code for one in HONEY.criteria if one.allows_not_met)
    claims = {code: Claim(NOT_MET)}
    assert carried_answers(HONEY, HONEY, claims) == (claims, ())


def test_then_and_now_stand_side_by_side() -> None:
    code = HONEY.criteria[0].code
    worst = min(HONEY.criterion(code).options, key=lambda one: one.points).code
    before = claims_of(HONEY)
    after = before | {
        code: Claim(worst),
        HONEY.criteria[1].code: Claim(before[HONEY.criteria[1].code].option_code, "mới"),
    }
    found = {one.criterion.code: one for one in compared(HONEY, HONEY, before, after)}
    assert found[code].option_changed
    assert found[code].before_text != found[code].after_text
    second = found[HONEY.criteria[1].code]
    assert not second.option_changed
    assert not second.is_unchanged
    assert all(found[one.code].is_unchanged for one in HONEY.criteria[2:])


def test_another_paper_is_a_change_and_the_same_content_is_none() -> None:
    code = HONEY.criteria[0].code
    same = Claim("a", "", frozenset({"1" * 64}))
    other = Claim("a", "", frozenset({"2" * 64}))
    (first, *_) = compared(HONEY, HONEY, {code: same}, {code: same})
    assert first.is_unchanged
    (first, *_) = compared(HONEY, HONEY, {code: same}, {code: other})
    assert not first.is_unchanged


def test_an_upgrade_tells_its_changes_and_a_renewal_its_results() -> None:
    assert missing_changes(DossierKind.FIRST, None) == ()
    assert len(missing_changes(DossierKind.UPGRADE, None)) == 1
    assert len(missing_changes(DossierKind.RENEWAL, None)) == 5
    told = ChangeReport(
        dossier_id=1,
        changes="Bao bì mới",
        tests="Ba lần đạt",
        market="Hà Nội",
        output_amount=0,
        output_unit="lít",
        revenue=0,
    )
    for kind in DossierKind:
        assert missing_changes(kind, told) == ()
    assert all("Điều 6.1.c" in one.basis for one in missing_changes(DossierKind.RENEWAL, None))


@pytest.mark.parametrize("number", range(1, 27))
def test_every_gate_of_every_set_is_asked_once_in_its_own_words(number: int) -> None:
    rubric = loader.rubric(f"qd26-2026-{number:02d}")
    asked = [
        one
        for one in gate_questions(LAW, rubric, ProducerKind.COOPERATIVE, has_registration=True)
        if one.is_asked
    ]
    assert [one.wording for one in asked] == [gate.text for gate in rubric.gates]
    assert len({one.code for one in asked}) == len(asked)
    assert all(f"bộ {number}" in one.basis for one in asked)


def test_what_the_system_knows_it_answers_itself() -> None:
    def known(rubric: Rubric, kind: ProducerKind, *, registered: bool) -> dict[str, bool | None]:
        questions = gate_questions(LAW, rubric, kind, has_registration=registered)
        return {one.code: one.holds for one in questions if not one.is_asked}

    assert known(HONEY, ProducerKind.COOPERATIVE, registered=False) == {
        "producer_kind": True,
        "category": True,
    }
    assert known(HONEY, ProducerKind.ASSOCIATION, registered=False)["producer_kind"] is False
    assert known(TOURISM, ProducerKind.ASSOCIATION, registered=False)["producer_kind"] is True
    assert known(HONEY, ProducerKind.HOUSEHOLD, registered=False)["business_registration"] is False
    assert known(HONEY, ProducerKind.HOUSEHOLD, registered=True)["business_registration"] is True
