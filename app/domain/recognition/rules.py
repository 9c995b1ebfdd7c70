"""Pure rules of recognition: how long a certificate lasts, what it is worth on a day, its code."""

import calendar
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from itertools import pairwise
from typing import Protocol, TypeVar

from app.domain.dossiers.enums import DossierState
from app.domain.recognition.enums import (
    ChangeKind,
    DecisionKind,
    DecisionState,
    Milestone,
    Replacement,
    RevocationGround,
    RevocationState,
    RevocationStep,
    Standing,
    SubmissionState,
)
from app.rulebooks.model import Actor as Authority
from app.rulebooks.model import Ground, Regime

LOWEST_RECOGNISED = 3
HIGHEST_STAR = 5
ANNOUNCED_DAYS_BEFORE = 30
TOLD_LATE_DAYS = 30
RADAR_MONTHS = 18
RADAR_DAYS_BACK = 180
UPGRADE = "26/2026/QĐ-TTg, Điều 7.5"
RENEWAL = "26/2026/QĐ-TTg, Điều 7.6"
RENEWAL_FILING = "26/2026/QĐ-TTg, Điều 7.6.a"
APPROVAL = "26/2026/QĐ-TTg, Điều 7.3.e"
FORWARDING = "26/2026/QĐ-TTg, Điều 6.3, Điều 7.3.e"
CENTRE = "26/2026/QĐ-TTg, Điều 7.4"
CENTRE_ANSWER = "26/2026/QĐ-TTg, Điều 7.4.g"
EXTENSION = "26/2026/QĐ-TTg, Điều 12.3"
REVOCATION = "26/2026/QĐ-TTg, Điều 8"
REVOCATION_GROUNDS = "26/2026/QĐ-TTg, Điều 8.1"
REVOCATION_STEPS = "26/2026/QĐ-TTg, Điều 8.3"
REVOCATION_CLOCK = "26/2026/QĐ-TTg, Điều 8.4"
PRODUCTION_STOPPED = "26/2026/QĐ-TTg, Điều 8.1.đ"
ONE_HOLDER = "26/2026/QĐ-TTg, Điều 4.3, Điều 8.1.đ"
GOES_ON = "26/2026/QĐ-TTg, Điều 4.3, Điều 7.5, Điều 7.6"
_MONTHS_A_YEAR = 12

STANDING_BASIS: dict[Standing, str] = {
    Standing.VALID: "26/2026/QĐ-TTg, Điều 4.3",
    Standing.RENEWAL_WINDOW: "26/2026/QĐ-TTg, Điều 7.6.a",
    Standing.LATE: "26/2026/QĐ-TTg, Điều 7.6.a",
    Standing.EXTENDED: EXTENSION,
    Standing.EXPIRED: "26/2026/QĐ-TTg, Điều 4.3",
    Standing.PRODUCER_DISSOLVED: PRODUCTION_STOPPED,
    Standing.HOLDER_CHANGED: ONE_HOLDER,
    Standing.SUPERSEDED: "26/2026/QĐ-TTg, Điều 7.5, Điều 7.6",
    Standing.REVOKED: "26/2026/QĐ-TTg, Điều 8",
}

STANDING_LABELS: dict[Standing, str] = {
    Standing.VALID: "Còn hiệu lực",
    Standing.RENEWAL_WINDOW: "Đến kỳ đánh giá lại",
    Standing.LATE: "Quá hạn nộp đánh giá lại",
    Standing.EXTENDED: "Được kéo dài hiệu lực",
    Standing.EXPIRED: "Đã hết hạn",
    Standing.PRODUCER_DISSOLVED: "Chủ thể đã ngừng hoạt động",
    Standing.HOLDER_CHANGED: "Đã đổi chủ thể",
    Standing.SUPERSEDED: "Đã có giấy mới",
    Standing.REVOKED: "Đã thu hồi",
}
DECISION_LABELS: dict[DecisionState, str] = {
    DecisionState.DRAFT: "Dự thảo",
    DecisionState.SIGNED: "Đã ký",
}

DECISION_KIND_LABELS: dict[DecisionKind, str] = {
    DecisionKind.RECOGNITION: "Công nhận kết quả 3 sao, 4 sao",
    DecisionKind.APPROVAL: "Phê duyệt kết quả từ 90 điểm",
    DecisionKind.REVOCATION: "Thu hồi giấy chứng nhận",
    DecisionKind.EXTENSION: "Kéo dài hiệu lực giấy chứng nhận",
    DecisionKind.CORRECTION: "Đính chính giấy chứng nhận",
    DecisionKind.HOLDER_CHANGE: "Ghi nhận chủ thể kế thừa",
}
REVOCATION_LABELS: dict[RevocationState, str] = {
    RevocationState.OPENED: "Chờ kiểm tra, xác minh",
    RevocationState.VERIFIED: "Đã xác minh, chờ trình",
    RevocationState.SUBMITTED: "Đã trình, chờ quyết định",
    RevocationState.REVOKED: "Đã thu hồi",
    RevocationState.DROPPED: "Không thu hồi",
}
REVOCATION_STEP_LABELS: dict[RevocationStep, str] = {
    RevocationStep.VERIFY: "Ghi kết quả kiểm tra, xác minh",
    RevocationStep.SUBMIT: "Trình quyết định thu hồi",
    RevocationStep.REVOKE: "Ký quyết định thu hồi",
    RevocationStep.DROP: "Dừng, không thu hồi",
}
CHANGE_LABELS: dict[ChangeKind, str] = {
    ChangeKind.ISSUED: "Được công nhận",
    ChangeKind.EXTENDED: "Được kéo dài hiệu lực",
    ChangeKind.CORRECTED: "Đính chính",
    ChangeKind.EXPIRED: "Hết hạn",
    ChangeKind.SUPERSEDED: "Có giấy chứng nhận mới",
    ChangeKind.HOLDER_CHANGED: "Đổi chủ thể",
    ChangeKind.PRODUCER_DISSOLVED: "Chủ thể ngừng hoạt động",
    ChangeKind.REVOKED: "Bị thu hồi",
}
# What a decision is about: results that councils locked, or certificates that were issued.
ON_CERTIFICATES = frozenset(
    {
        DecisionKind.REVOCATION,
        DecisionKind.EXTENSION,
        DecisionKind.CORRECTION,
        DecisionKind.HOLDER_CHANGE,
    }
)
DECISION_BASIS: dict[DecisionKind, str] = {
    DecisionKind.RECOGNITION: "26/2026/QĐ-TTg, Điều 4.1, Điều 7.3.e",
    DecisionKind.APPROVAL: APPROVAL,
    DecisionKind.REVOCATION: "26/2026/QĐ-TTg, Điều 8.1, Điều 8.2",
    DecisionKind.EXTENSION: EXTENSION,
    DecisionKind.CORRECTION: "26/2026/QĐ-TTg, Điều 4.1, Điều 4.3",
    DecisionKind.HOLDER_CHANGE: ONE_HOLDER,
}
# What a correction may change on a certificate; its star, term and holder are changed otherwise.
CORRECTED_LABELS: dict[str, str] = {
    "product_name": "Tên sản phẩm",
    "producer_name": "Chủ thể",
    "producer_address": "Địa chỉ",
    "product_code": "Mã sản phẩm",
}
SUBMISSION_LABELS: dict[SubmissionState, str] = {
    SubmissionState.SENT: "Đã gửi, chờ Trung ương",
    SubmissionState.RECOGNISED: "Trung ương công nhận 5 sao",
    SubmissionState.NOT_REACHED: "Trung ương đánh giá dưới 90 điểm",
}

# Where a dossier stands when a decision of this kind takes it (art. 7.3.e, 7.4.g).
DECIDED_FROM: dict[DecisionKind, frozenset[DossierState]] = {
    DecisionKind.RECOGNITION: frozenset({DossierState.LOCKED, DossierState.RETURNED_BY_CENTRE}),
    DecisionKind.APPROVAL: frozenset({DossierState.LOCKED}),
}
# The product may carry its star: the term, or its extension, runs and nothing replaced it.
IN_FORCE = frozenset({Standing.VALID, Standing.RENEWAL_WINDOW, Standing.LATE, Standing.EXTENDED})


@dataclass(frozen=True, slots=True)
class RevocationMove:
    """One way of a revocation case from a state to another."""

    step: RevocationStep
    before: RevocationState
    after: RevocationState


# Verified, then submitted, then decided (art. 8.3); until the decision it may turn out unfounded.
REVOCATION_MOVES: tuple[RevocationMove, ...] = (
    RevocationMove(RevocationStep.VERIFY, RevocationState.OPENED, RevocationState.VERIFIED),
    RevocationMove(RevocationStep.SUBMIT, RevocationState.VERIFIED, RevocationState.SUBMITTED),
    RevocationMove(RevocationStep.REVOKE, RevocationState.SUBMITTED, RevocationState.REVOKED),
    RevocationMove(RevocationStep.DROP, RevocationState.OPENED, RevocationState.DROPPED),
    RevocationMove(RevocationStep.DROP, RevocationState.VERIFIED, RevocationState.DROPPED),
    RevocationMove(RevocationStep.DROP, RevocationState.SUBMITTED, RevocationState.DROPPED),
)
REVOCATION_INITIAL = RevocationState.OPENED
REVOCATION_FINAL = frozenset({RevocationState.REVOKED, RevocationState.DROPPED})
OPEN_CASES = frozenset(
    {RevocationState.OPENED, RevocationState.VERIFIED, RevocationState.SUBMITTED}
)


class Certified(Protocol):
    """What the standing of a certificate is computed from."""

    issued_on: date
    expires_on: date
    extended_from: date | None
    extended_until: date | None
    holder_ended_on: date | None
    revoked_on: date | None
    superseded_on: date | None
    superseded_how: Replacement | None


AnyCertified = TypeVar("AnyCertified", bound=Certified)


@dataclass(frozen=True, slots=True)
class RenewalWindow:
    """The days on which a dossier for renewal may be filed, both included."""

    first: date
    last: date


def last_valid_day(issued_on: date, months: int) -> date:
    """Return the last day of a term of whole months that starts on the day of issue.

    The term ends with the corresponding day of its last month, or with that month's last day when
    there is no such day. Basis: Civil Code 2015 art. 147.2, 148.3; 26/2026/QĐ-TTg art. 4.3.
    """
    count = issued_on.month - 1 + months
    year, month = issued_on.year + count // _MONTHS_A_YEAR, count % _MONTHS_A_YEAR + 1
    return date(year, month, min(issued_on.day, calendar.monthrange(year, month)[1]))


def renewal_window(expires_on: date, regime: Regime) -> RenewalWindow | None:
    """Return when a renewal may be filed: not before E-180, not after E-120.

    A past regime whose procedure is not held has no window. Basis: 26/2026/QĐ-TTg art. 7.6.a.
    """
    if regime.stated_procedure is None:
        return None
    renewal = regime.stated_procedure.renewal
    return RenewalWindow(
        first=expires_on - timedelta(days=renewal.file_from_days_before),
        last=expires_on - timedelta(days=renewal.file_until_days_before),
    )


@dataclass(frozen=True, slots=True)
class DaysLeft:
    """The days before an end on which a milestone is the newest that was reached, both included."""

    most: int
    least: int


def milestones(regime: Regime) -> dict[Milestone, DaysLeft]:
    """Return when each milestone is told: 210, 180, 150, 120, 30 and 0 days before the end.

    The 180th and 120th day bound the window (art. 7.6.a); thirty days before each of the two and
    before the end nobody has to hurry yet. A month after the end it is no news any more.
    """
    renewal = regime.procedure.renewal
    days = (
        renewal.file_from_days_before + ANNOUNCED_DAYS_BEFORE,
        renewal.file_from_days_before,
        renewal.file_until_days_before + ANNOUNCED_DAYS_BEFORE,
        renewal.file_until_days_before,
        ANNOUNCED_DAYS_BEFORE,
        0,
        -TOLD_LATE_DAYS - 1,
    )
    return {
        milestone: DaysLeft(most=most, least=following + 1)
        for milestone, (most, following) in zip(Milestone, pairwise(days), strict=True)
    }


@dataclass(frozen=True, slots=True)
class RadarMonth:
    """A month of the renewal radar."""

    code: str
    first: date
    last: date

    @classmethod
    def of(cls, code: str) -> "RadarMonth":
        """Return the month of a code such as `2027-03`."""
        year, month = (int(part) for part in code.split("-"))
        days = calendar.monthrange(year, month)[1]
        return cls(code, date(year, month, 1), date(year, month, days))


def radar_months(on: date) -> tuple[RadarMonth, ...]:
    """Return the months the radar looks ahead, this one first."""
    count = on.year * _MONTHS_A_YEAR + on.month - 1
    return tuple(
        RadarMonth.of(f"{number // _MONTHS_A_YEAR:04}-{number % _MONTHS_A_YEAR + 1:02}")
        for number in range(count, count + RADAR_MONTHS)
    )


def last_extended_day(expires_on: date, regime: Regime) -> date:
    """Return the last day a certificate may outlive its term: 180 days on (art. 12.3)."""
    return expires_on + timedelta(days=regime.procedure.extension.max_days_after_expiry)


def could_not_meet_window(expires_on: date, regime: Regime) -> bool:
    """Tell whether the window had closed before the decision that sets it began (art. 12.3)."""
    window = renewal_window(expires_on, regime)
    return window is not None and window.last < regime.in_force.first


def may_file_renewal(expires_on: date, on: date, regime: Regime) -> bool:
    """Tell whether a renewal may be filed on a day.

    Within E-180 to E-120 (art. 7.6.a); a certificate whose window had closed before the decision
    began is renewed as long as art. 12.3 can keep it: until E+180.
    """
    window = renewal_window(expires_on, regime)
    if window is None:
        return False
    if could_not_meet_window(expires_on, regime):
        return on <= last_extended_day(expires_on, regime)
    return window.first <= on <= window.last


def standing(certificate: Certified, on: date, regime: Regime) -> Standing:
    """Return what a certificate is worth on a day, under the regime in force on that day.

    Revocation outranks replacement, replacement the end of the producer, that the calendar. An
    extension counts from the day it was decided, never backwards. Before the day of issue there
    is no standing: see `certificate_on`. Basis: `STANDING_BASIS`, one citation for each answer.
    """
    if certificate.revoked_on is not None and on >= certificate.revoked_on:
        return Standing.REVOKED
    if certificate.superseded_on is not None and on >= certificate.superseded_on:
        moved = certificate.superseded_how is Replacement.HOLDER_CHANGE
        return Standing.HOLDER_CHANGED if moved else Standing.SUPERSEDED
    if certificate.holder_ended_on is not None and on >= certificate.holder_ended_on:
        return Standing.PRODUCER_DISSOLVED
    if on > certificate.expires_on:
        return Standing.EXTENDED if is_extended(certificate, on) else Standing.EXPIRED
    window = renewal_window(certificate.expires_on, regime)
    if window is None or on < window.first:
        return Standing.VALID
    return Standing.RENEWAL_WINDOW if on <= window.last else Standing.LATE


def is_extended(certificate: Certified, on: date) -> bool:
    """Tell whether a day lies in the extension that was granted (art. 12.3)."""
    first, last = certificate.extended_from, certificate.extended_until
    return first is not None and last is not None and first <= on <= last


def last_day_in_force(certificate: Certified) -> date:
    """Return the last day of the term, or of its extension; what ends it earlier aside."""
    return max(certificate.expires_on, certificate.extended_until or certificate.expires_on)


def certificate_on(certificates: Sequence[AnyCertified], on: date) -> AnyCertified | None:
    """Return the certificate that speaks for a product on a day: the youngest issued by then."""
    issued = [one for one in certificates if one.issued_on <= on]
    return max(issued, key=lambda one: one.issued_on) if issued else None


def revocation_due_on(concluded_on: date, regime: Regime) -> date:
    """Return the last day to decide on revocation: 15 days from the conclusion (art. 8.4)."""
    return concluded_on + timedelta(days=regime.procedure.revocation.within_days)


def revocation_after(state: RevocationState, step: RevocationStep) -> RevocationState | None:
    """Return where a step leads a revocation case, None when it does not start there (art. 8.3)."""
    return next(
        (move.after for move in REVOCATION_MOVES if (move.step, move.before) == (step, state)), None
    )


def revocation_ground(ground: RevocationGround, regime: Regime) -> Ground:
    """Return the words and the basis of a ground as the decision states them (art. 8.1)."""
    return next(one for one in regime.procedure.revocation.grounds if one.code == ground)


def ground_texts(regime: Regime) -> dict[RevocationGround, str]:
    """Return the grounds of revocation in the words of a regime (art. 8.1)."""
    return {ground: revocation_ground(ground, regime).text for ground in RevocationGround}


def is_in_force(certificate: Certified, on: date, regime: Regime) -> bool:
    """Tell whether the product may carry its star on this day (26/2026/QĐ-TTg art. 4.3)."""
    return certificate.issued_on <= on and standing(certificate, on, regime) in IN_FORCE


def is_recognised_by_province(star: int, regime: Regime) -> bool:
    """Tell whether the province decides about this star (26/2026/QĐ-TTg art. 4.1.a)."""
    return regime.level_of(star) is Authority.PROVINCE


def decided_by_kind(star: int, regime: Regime) -> DecisionKind:
    """Return what the province decides about this star: it recognises it, or approves the result.

    Basis: 26/2026/QĐ-TTg art. 4.1, 7.3.e.
    """
    by_province = is_recognised_by_province(star, regime)
    return DecisionKind.RECOGNITION if by_province else DecisionKind.APPROVAL


def star_after_centre(average: Fraction, regime: Regime) -> int:
    """Return the most the province may give by the ministry's average; below three stars it is 0.

    Basis: 26/2026/QĐ-TTg art. 3.3, 7.4.g.
    """
    star = min(regime.band_of(average).star, HIGHEST_STAR - 1)
    return star if star >= LOWEST_RECOGNISED else 0


def product_code(regime: Regime, *, province: str, commune: str, ordinal: int, year: int) -> str:
    """Return the product code the sheets of Annex II ask for (26/2026/QĐ-TTg, Phụ lục II)."""
    return regime.procedure.product_code.filled(
        province=province, commune=commune, ordinal=ordinal, year=year
    )
