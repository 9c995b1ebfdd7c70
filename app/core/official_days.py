"""Places and days as official papers write them."""

from datetime import date

from app.core.errors import Invalid

# Decree 30/2020/NĐ-CP, Annex I: days below 10 and the months 1 and 2 are written with a zero.
_LAST_MONTH_WITH_ZERO = 2


def written_day(on: date) -> str:
    """Return "ngày 14 tháng 9 năm 2026"."""
    month = f"{on.month:02d}" if on.month <= _LAST_MONTH_WITH_ZERO else str(on.month)
    return f"ngày {on.day:02d} tháng {month} năm {on.year}"


def place_and_date(unit: str, on: date | None) -> str:
    """Return "Bum Tở, ngày 14 tháng 9 năm 2026"; without a day, room for the pen."""
    place = unit.partition(" ")[2] or unit
    if on is None:
        return f"{place}, ngày .... tháng .... năm ......"
    return f"{place}, {written_day(on)}"


def short_day(on: date | None) -> str:
    """Return "14/09/2026", or nothing."""
    return f"{on:%d/%m/%Y}" if on else ""


def check_in_effect(decided_on: date, effective_on: date, *, today: date) -> None:
    """Refuse to record a decision that is dated ahead or not in effect yet, by the field that is wrong."""
    if decided_on > today:
        raise Invalid({"decided_on": "Ngày quyết định không được sau hôm nay."})
    if effective_on > today:
        raise Invalid({"effective_on": "Ghi thay đổi khi đã có hiệu lực, không ghi trước."})
    if effective_on < decided_on:
        raise Invalid({"effective_on": "Ngày hiệu lực không được trước ngày quyết định."})
