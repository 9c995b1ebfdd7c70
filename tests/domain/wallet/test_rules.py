"""Rules of papers: to the day when one runs out, and which kind suits which criterion."""

from datetime import date, timedelta

import pytest

from app.domain.dossiers.enums import DossierPart, EvidenceKind
from app.domain.dossiers.rules import UnfitPaper, has_expired, missing_for_filing
from app.domain.wallet.enums import PaperState
from app.domain.wallet.rules import (
    NOTICE_DAYS,
    STATE_LABELS,
    URGENT_DAYS,
    fitting_kinds,
    is_urgent,
    state_of,
)
from app.rulebooks import loader

DAY = date(2026, 9, 14)
GUIDE = loader.regime("qd26-2026").procedure.evidence
RUBRICS = [loader.rubric(one.code) for one in loader.rubrics("qd26-2026")]


@pytest.mark.parametrize(
    ("days", "state"),
    [
        (-1, PaperState.EXPIRED),
        (0, PaperState.EXPIRING),
        (URGENT_DAYS, PaperState.EXPIRING),
        (NOTICE_DAYS, PaperState.EXPIRING),
        (NOTICE_DAYS + 1, PaperState.VALID),
        (None, PaperState.VALID),
    ],
)
def test_a_paper_is_good_through_its_last_day_and_named_ninety_days_before(
    days: int | None, state: PaperState
) -> None:
    end = None if days is None else DAY + timedelta(days=days)
    assert state_of(expires_on=end, is_replaced=False, is_withdrawn=False, on=DAY) is state
    assert has_expired(end, DAY) is (state is PaperState.EXPIRED)


@pytest.mark.parametrize(("days", "urgent"), [(-5, True), (0, True), (30, True), (31, False)])
def test_the_last_thirty_days_are_urgent(days: int, *, urgent: bool) -> None:
    assert is_urgent(DAY + timedelta(days=days), DAY) is urgent
    assert not is_urgent(None, DAY)


def test_what_was_replaced_or_put_away_says_so_whatever_its_dates() -> None:
    past = DAY - timedelta(days=1)
    replaced = state_of(expires_on=past, is_replaced=True, is_withdrawn=False, on=DAY)
    put_away = state_of(expires_on=past, is_replaced=False, is_withdrawn=True, on=DAY)
    assert (replaced, put_away) == (PaperState.REPLACED, PaperState.WITHDRAWN)
    assert set(STATE_LABELS) == set(PaperState)


@pytest.mark.parametrize(
    ("name", "kinds"),
    [
        ("Sử dụng lao động địa phương", {EvidenceKind.LOCAL_LABOUR}),
        ("Sở hữu trí tuệ", {EvidenceKind.INTELLECTUAL_PROPERTY}),
        ("Tăng trưởng sản xuất kinh doanh", {EvidenceKind.GROWTH}),
        ("Bảo vệ môi trường trong quá trình sản xuất", {EvidenceKind.ENVIRONMENT}),
        ("Câu chuyện sản phẩm", {EvidenceKind.STORY}),
        ("Quảng bá sản phẩm", {EvidenceKind.PROMOTION}),
        ("Màu sắc", set()),
    ],
)
def test_a_criterion_asks_for_the_kind_that_the_list_names_for_its_topic(
    name: str, kinds: set[EvidenceKind]
) -> None:
    assert fitting_kinds(name, GUIDE) == kinds


def test_every_kind_of_the_list_suits_some_criterion() -> None:
    asked = {
        kind
        for rubric in RUBRICS
        for criterion in rubric.criteria
        for kind in fitting_kinds(criterion.name, GUIDE)
    }
    assert asked == {EvidenceKind(one.kind) for one in GUIDE}
    assert asked == set(EvidenceKind) - {EvidenceKind.OTHER}


def test_a_regime_that_lists_nothing_prefers_nothing() -> None:
    assert fitting_kinds("Sở hữu trí tuệ", ()) == frozenset()


def test_papers_that_prove_nothing_any_more_are_named_one_by_one_with_their_basis() -> None:
    found = missing_for_filing(
        unanswered=(),
        evidence_count=2,
        business_results="x",
        business_plan="x",
        sample_count=5,
        samples_needed=5,
        unfit_papers=[
            UnfitPaper("Phiếu {A}", ("1.1", "2.3"), date(2026, 9, 13)),
            UnfitPaper("Giấy cũ", ("4.1",)),
        ],
    )
    assert {one.part for one in found} == {DossierPart.EVIDENCE}
    assert "«Phiếu {A}» (tiêu chí 1.1, 2.3) hết hạn 13/09/2026" in found[0].text
    assert "«Giấy cũ» (tiêu chí 4.1) đã thôi dùng" in found[1].text
    assert all("Mẫu số 02" in one.basis for one in found)
