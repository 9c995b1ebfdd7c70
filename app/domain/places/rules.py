"""Working days, over a calendar handed in, and the provinces of the country: pure."""

from collections.abc import Collection
from datetime import date, timedelta

_FIRST_DAY_OF_REST = 5  # Saturday


def is_working_day(day: date, holidays: Collection[date]) -> bool:
    """Tell whether offices work on this day (Labour Code 2019 art. 111–112)."""
    return day.weekday() < _FIRST_DAY_OF_REST and day not in holidays


def working_days_after(start: date, count: int, holidays: Collection[date]) -> date:
    """Return the day on which a limit of `count` working days ends; the first day is not counted.

    Basis: Civil Code 2015 art. 147.2 (the starting day is not counted).
    """
    day = start
    while count > 0:
        day += timedelta(days=1)
        if is_working_day(day, holidays):
            count -= 1
    return day


def working_days_between(start: date, end: date, holidays: Collection[date]) -> int:
    """Return how many working days lie after `start` up to and including `end` (negative if past)."""
    if end < start:
        return -working_days_between(end, start, holidays)
    span = (start + timedelta(days=n) for n in range(1, (end - start).days + 1))
    return sum(is_working_day(day, holidays) for day in span)


# The provinces and cities under the central government since 1 July 2025, by their codes
# (19/2025/QĐ-TTg, Phụ lục I).
PROVINCES: dict[str, str] = {
    "01": "Hà Nội",
    "04": "Cao Bằng",
    "08": "Tuyên Quang",
    "11": "Điện Biên",
    "12": "Lai Châu",
    "14": "Sơn La",
    "15": "Lào Cai",
    "19": "Thái Nguyên",
    "20": "Lạng Sơn",
    "22": "Quảng Ninh",
    "24": "Bắc Ninh",
    "25": "Phú Thọ",
    "31": "Hải Phòng",
    "33": "Hưng Yên",
    "37": "Ninh Bình",
    "38": "Thanh Hóa",
    "40": "Nghệ An",
    "42": "Hà Tĩnh",
    "44": "Quảng Trị",
    "46": "Huế",
    "48": "Đà Nẵng",
    "51": "Quảng Ngãi",
    "52": "Gia Lai",
    "56": "Khánh Hòa",
    "66": "Đắk Lắk",
    "68": "Lâm Đồng",
    "75": "Đồng Nai",
    "79": "Thành phố Hồ Chí Minh",
    "80": "Tây Ninh",
    "82": "Đồng Tháp",
    "86": "Vĩnh Long",
    "91": "An Giang",
    "92": "Cần Thơ",
    "96": "Cà Mau",
}
