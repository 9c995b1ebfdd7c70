"""Who may have what made: reports for those who see the province, revenue for fewer of them."""

from datetime import date

from app.core.errors import Invalid, NotPermitted, Refusal
from app.domain.accounts.enums import Role
from app.domain.accounts.rules import PROVINCE_WIDE, Actor
from app.domain.exports.enums import ExportKind
from app.domain.exports.rules import FIRST_YEAR

REPORTING = "26/2026/QĐ-TTg, Điều 10.3"
READERS = PROVINCE_WIDE
CERTIFICATES_AT_ONCE = 1_000
MASTER_READERS = frozenset({Role.AGENCY_OFFICER, Role.AGENCY_HEAD, Role.AUDITOR})


class ReportsOfProvince(NotPermitted):
    """Reports hold what every commune does."""

    code = "export.reports_of_province"
    message = (
        "Chỉ cơ quan tham mưu OCOP cấp tỉnh, lãnh đạo UBND tỉnh và kiểm toán, thanh tra được lập "
        "và xem báo cáo của tỉnh."
    )
    basis = REPORTING


class RevenueIsBusiness(NotPermitted):
    """The master table holds revenue: business data that is not for everybody."""

    code = "export.revenue_is_business"
    message = (
        "Bảng dữ liệu dùng chung có doanh thu của từng chủ thể: chỉ cơ quan tham mưu OCOP cấp tỉnh "
        "và kiểm toán, thanh tra được lập và tải."
    )
    basis = REPORTING


def why_not_report(actor: Actor) -> Refusal | None:
    """Say why this actor may not have reports made: those who see the whole province may."""
    return None if actor.has(*READERS) else ReportsOfProvince()


def why_not_master_table(actor: Actor) -> Refusal | None:
    """Say why this actor may not have the master table made: the agency and auditors may."""
    return None if actor.has(*MASTER_READERS) else RevenueIsBusiness()


def kinds_for(actor: Actor) -> frozenset[ExportKind]:
    """Return the kinds of export this actor may have made and may fetch."""
    may = {
        ExportKind.PROVINCE_REPORT: why_not_report(actor),
        ExportKind.MASTER_TABLE: why_not_master_table(actor),
    }
    return frozenset(kind for kind, refusal in may.items() if refusal is None)


def is_made_first(certificates: int) -> bool:
    """Tell whether reports on so many certificates are made by a job: more take longer than a second."""
    return certificates > CERTIFICATES_AT_ONCE


def check_day(on: date, *, today: date, field: str) -> None:
    """Refuse a day that has not come, or lies before the programme: there is nothing to report."""
    if on > today:
        raise Invalid(
            {field: "Chưa đến thời gian này, chưa thể báo cáo."}, code="export.day_to_come"
        )
    if on.year < FIRST_YEAR:
        raise Invalid(
            {field: "Chương trình chưa bắt đầu vào thời gian này."},
            code="export.before_the_programme",
        )
