"""Pure rules of recognition: how long a certificate lasts, what it is worth on a day, its code."""

import calendar
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from typing import Protocol

from app.domain.dossiers.enums import DossierState
from app.domain.recognition.enums import DecisionKind, DecisionState, Standing, SubmissionState
from app.rulebooks.model import Actor as Authority
from app.rulebooks.model import Regime

LOWEST_RECOGNISED = 3
HIGHEST_STAR = 5
ANNOUNCED_DAYS_BEFORE = 30
UPGRADE = "26/2026/QĐ-TTg, Điều 7.5"
RENEWAL = "26/2026/QĐ-TTg, Điều 7.6"
RENEWAL_FILING = "26/2026/QĐ-TTg, Điều 7.6.a"
APPROVAL = "26/2026/QĐ-TTg, Điều 7.3.e"
FORWARDING = "26/2026/QĐ-TTg, Điều 6.3, Điều 7.3.e"
CENTRE = "26/2026/QĐ-TTg, Điều 7.4"
CENTRE_ANSWER = "26/2026/QĐ-TTg, Điều 7.4.g"
GOES_ON = "26/2026/QĐ-TTg, Điều 4.3, Điều 7.5, Điều 7.6"
_MONTHS_A_YEAR = 12

STANDING_BASIS: dict[Standing, str] = {
    Standing.VALID: "26/2026/QĐ-TTg, Điều 4.3",
    Standing.RENEWAL_WINDOW: "26/2026/QĐ-TTg, Điều 7.6.a",
    Standing.LATE: "26/2026/QĐ-TTg, Điều 7.6.a",
    Standing.EXPIRED: "26/2026/QĐ-TTg, Điều 4.3",
    Standing.SUPERSEDED: "26/2026/QĐ-TTg, Điều 7.5, Điều 7.6",
    Standing.REVOKED: "26/2026/QĐ-TTg, Điều 8",
}

STANDING_LABELS: dict[Standing, str] = {
    Standing.VALID: "Còn hiệu lực",
    Standing.RENEWAL_WINDOW: "Đến kỳ đánh giá lại",
    Standing.LATE: "Quá hạn nộp đánh giá lại",
    Standing.EXPIRED: "Đã hết hạn",
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
# The product may carry its star: the certificate's term has not ended and nothing replaced it.
IN_FORCE = frozenset({Standing.VALID, Standing.RENEWAL_WINDOW, Standing.LATE})


class Certified(Protocol):
    """What the standing of a certificate is computed from."""

    issued_on: date
    expires_on: date
    revoked_on: date | None
    superseded_on: date | None


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

    Revocation outranks replacement, replacement outranks the calendar.
    Basis: `STANDING_BASIS`, one citation for each answer.
    """
    if certificate.revoked_on is not None and on >= certificate.revoked_on:
        return Standing.REVOKED
    if certificate.superseded_on is not None and on >= certificate.superseded_on:
        return Standing.SUPERSEDED
    if on > certificate.expires_on:
        return Standing.EXPIRED
    window = renewal_window(certificate.expires_on, regime)
    if window is None or on < window.first:
        return Standing.VALID
    return Standing.RENEWAL_WINDOW if on <= window.last else Standing.LATE


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
