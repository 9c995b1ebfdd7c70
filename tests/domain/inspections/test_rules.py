"""What a check may be concluded with, and which star mark must still hold: without a database."""

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from app.domain.inspections.enums import CorrectionState, Finding, MarkItem, Outcome
from app.domain.inspections.rules import MARK_RULES, needed_option, possible_outcomes
from app.rulebooks.loader import in_force, rubric

CODES = ("1.1", "star", "label")
found = st.fixed_dictionaries(dict.fromkeys(CODES, st.sampled_from(Finding)))
mended = st.dictionaries(st.sampled_from(CODES), st.sampled_from(CorrectionState))


@given(found, mended)
def test_a_conclusion_never_says_less_than_what_was_found(
    findings: dict[str, Finding], corrections: dict[str, CorrectionState]
) -> None:
    broken = {code for code, one in findings.items() if one is Finding.NOT_KEPT}
    accepted = {code for code, one in corrections.items() if one is CorrectionState.ACCEPTED}
    possible = possible_outcomes(findings, corrections)
    assert possible
    assert (Outcome.KEPT in possible) == (not broken)
    assert (Outcome.BREACH in possible) == bool(broken)
    assert (Outcome.CORRECTED in possible) == (bool(broken) and broken <= accepted)


def test_the_star_mark_that_must_hold_is_the_highest_up_to_the_star_granted() -> None:
    for summary in in_force(date(2026, 11, 26)).product_sets:
        for criterion in rubric(summary.code).criteria:
            marks = {one.star_min for one in criterion.options if one.star_min}
            for star in (3, 4, 5):
                needed = needed_option(criterion, star)
                wanted = max((mark for mark in marks if mark <= star), default=None)
                assert (needed.star_min if needed else None) == wanted


def test_each_rule_on_the_mark_is_asked_once_and_cites_its_source() -> None:
    assert [rule.item for rule in MARK_RULES] == list(MarkItem)
    assert all("/" in rule.basis for rule in MARK_RULES)
