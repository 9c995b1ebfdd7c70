"""Pure rules of scans: how an event is written into a journal, one line each, and read back.

A line has ten fields with a tab between them:

    1  milliseconds since 1970 (UTC)  index or -  verdict  caller  device  latitude  longitude
    province  alarm

The first is the form of the line. Device, place and province are empty when nothing was told; a
latitude and a longitude are whole tenths of a degree. The alarm is 1 when a valid signature stands
on an index that was never issued. No field can hold a tab or an end of line.
"""

import re
from collections.abc import Collection, Iterable
from datetime import UTC, date, datetime, timedelta
from math import asin, cos, radians, sin, sqrt
from typing import NamedTuple

from app.domain.scans.enums import Caller, FlagKind, FlagState, PinResult
from app.domain.stamps.enums import Verdict

_FORM = "1"
_FIELDS = 10
_START = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_DEVICE = re.compile(r"[0-9a-f]{0,16}")
_PROVINCE = re.compile(r"(?:[0-9]{2})?", re.ASCII)
HIGHEST_LATITUDE, HIGHEST_LONGITUDE = 900, 1800  # tenths of a degree


class UnreadableEventError(ValueError):
    """A line that no release of this program has written."""


class Event(NamedTuple):
    """One answer to a scan, as much of it as is kept; see `ScanEvent` for what the fields mean."""

    at: datetime
    stamp_index: int | None
    verdict: Verdict
    caller: Caller
    device: str = ""
    latitude: int | None = None
    longitude: int | None = None
    province: str = ""
    alarm: bool = False


def encode_event(event: Event) -> bytes:
    """Return an event as a line of a journal, without its end; the time is cut to milliseconds."""
    index, latitude, longitude = event.stamp_index, event.latitude, event.longitude
    return (
        f"{_FORM}\t{(event.at - _START) // _MILLISECOND}\t{'-' if index is None else index}"
        f"\t{event.verdict.value}\t{event.caller.value}\t{event.device}"
        f"\t{'' if latitude is None else latitude}\t{'' if longitude is None else longitude}"
        f"\t{event.province}\t{int(event.alarm)}"
    ).encode()


def decode_event(line: bytes) -> Event:
    """Read a line of a journal; UnreadableEventError for anything else, to be counted and passed over."""
    fields = line.decode("ascii", "replace").split("\t")
    if len(fields) != _FIELDS or fields[0] != _FORM:
        raise UnreadableEventError(f"not an event of form {_FORM}")
    _form, at, index, said, caller, device, latitude, longitude, province, alarm = fields
    try:
        event = Event(
            at=_START + int(at) * _MILLISECOND,
            stamp_index=None if index == "-" else int(index),
            verdict=Verdict(said),
            caller=Caller(caller),
            device=device,
            latitude=int(latitude) if latitude else None,
            longitude=int(longitude) if longitude else None,
            province=province,
            alarm=alarm == "1",
        )
    except (ValueError, OverflowError) as wrong:
        raise UnreadableEventError(str(wrong)) from wrong
    if not _DEVICE.fullmatch(device) or not _PROVINCE.fullmatch(province):
        raise UnreadableEventError("a device mark is hexadecimal, a province two digits")
    return event


def tenths(degrees: float) -> int:
    """Return a coordinate as coarse as it is kept: tenths of a degree, about eleven kilometres."""
    return round(degrees * 10)


# --- what looks odd about a stamp: reasons for a human to look, never a verdict -------------------

# How long a sighting counts: what lies further back weighs nothing any more.
WINDOW = timedelta(days=30)
# A device's mark lives so long; the next one cannot be tied to it.
DEVICE_PERIOD_DAYS = 30
# A pack is scanned in a shop, at home, by a friend; a sixth telephone is worth a look.
USUAL_DEVICES = 5
# Farther than a person is from where the telephone thinks it is, faster than a road allows.
FAR_KM = 50
FAST_KMH = 120
FLAGGED_OF_ROLL = 3

# The smallest radius with which the Earth is curved anywhere (along a meridian, at the equator).
_RADIUS_KM = 6_335.0
_FARTHEST_KM = 20_100.0
_HALF_CELL = 0.05  # degrees by which a kept coordinate may differ from the told one


class DeviceSeen(NamedTuple):
    """A device at one stamp: the period of its mark, when it was seen first and last, how often."""

    period: int
    first_at: datetime
    last_at: datetime
    scans: int


class Placed(NamedTuple):
    """A scan whose place was told, in tenths of a degree."""

    at: datetime
    device: str
    latitude: int
    longitude: int


class Jump(NamedTuple):
    """Two scans of one stamp that one pack cannot have had; the distance is the least possible."""

    earlier: Placed
    later: Placed
    km: float


def period_of(day: date) -> int:
    """Return the number of the period in which a device's mark stays the same."""
    return day.toordinal() // DEVICE_PERIOD_DAYS


def device_count(seen: Iterable[DeviceSeen]) -> int:
    """Return how many devices surely saw a stamp within the window.

    A window touches two periods of marks, and one telephone has a mark in each: the period with more
    devices counts, never the sum. Devices that come first within the same minute count as one,
    because one person with a program looks like that; no network is kept that would tell more.
    """
    minutes: dict[int, set[int]] = {}
    for one in seen:
        minute = (one.first_at - _START) // timedelta(minutes=1)
        minutes.setdefault(one.period, set()).add(minute)
    return max(map(len, minutes.values()), default=0)


def least_km(one: tuple[int, int], other: tuple[int, int]) -> float:
    """Return the least distance that two places may have whose tenths of a degree these are.

    Latitude, then longitude. Each may lie half a tenth off either way: rounding never accuses.
    """
    north = max(0.0, abs(one[0] - other[0]) / 10 - 2 * _HALF_CELL)
    turn = abs(one[1] - other[1]) % (2 * HIGHEST_LONGITUDE)
    east = max(0.0, min(turn, 2 * HIGHEST_LONGITUDE - turn) / 10 - 2 * _HALF_CELL)
    narrow = [cos(radians(min(90.0, abs(place[0]) / 10 + _HALF_CELL))) for place in (one, other)]
    chord = sin(radians(north / 2)) ** 2 + narrow[0] * narrow[1] * sin(radians(east / 2)) ** 2
    return 2 * _RADIUS_KM * asin(sqrt(min(1.0, chord)))


def jumps(placed: Iterable[Placed], *, most: int = 10) -> list[Jump]:
    """Return pairs of scans more than 50 km apart that ask for more than 120 km/h, at most so many.

    Only between two devices: one that seems to fly tells nothing of the stamp. A place is what the
    device said; whoever wants to can lie, which is why a human judges.
    """
    ordered = sorted(placed)
    found: list[Jump] = []
    for number, earlier in enumerate(ordered):
        for later in ordered[number + 1 :]:
            hours = (later.at - earlier.at) / timedelta(hours=1)
            if hours * FAST_KMH > _FARTHEST_KM:
                break
            if not earlier.device or not later.device or earlier.device == later.device:
                continue
            km = least_km(earlier[2:], later[2:])
            if km > FAR_KM and km > hours * FAST_KMH:
                found.append(Jump(earlier, later, km))
                if len(found) == most:
                    return found
    return found


def outside_markets(provinces: Iterable[str], markets: Collection[str]) -> list[str]:
    """Return the provinces in which a stamp was seen and not to be sold; no markets are anywhere."""
    return sorted({one for one in provinces if one and one not in markets}) if markets else []


# --- words -------------------------------------------------------------------------------------

KIND_LABELS: dict[FlagKind, str] = {
    FlagKind.MANY_DEVICES: "Nhiều máy cùng quét một tem",
    FlagKind.TOO_FAST: "Hai nơi quá xa nhau trong thời gian quá ngắn",
    FlagKind.OUTSIDE_MARKET: "Quét ở ngoài nơi khai sẽ bán",
    FlagKind.ROLL: "Nhiều tem của một cuộn có dấu hiệu",
    FlagKind.NEVER_ISSUED: "Chữ ký đúng trên số tem chưa phát hành",
}
STATE_LABELS: dict[FlagState, str] = {
    FlagState.OPEN: "Chờ xem xét",
    FlagState.DISMISSED: "Không phải sao chép",
    FlagState.CONFIRMED: "Có sao chép",
}
CALLER_LABELS: dict[Caller, str] = {
    Caller.BUYER: "Người mua",
    Caller.PROGRAM: "Phần mềm",
    Caller.INSPECTOR: "Người kiểm tra",
}
PIN_HEADINGS: dict[PinResult, str] = {
    PinResult.RIGHT: "Mã cào đúng",
    PinResult.RIGHT_AGAIN: "Mã cào đã dùng trước đó",
    PinResult.WRONG: "Mã cào không đúng",
    PinResult.BLOCKED: "Tạm đóng kiểm tra mã cào",
}
# Never «genuine»: who scratched before tells nothing of the pack.
PIN_MESSAGES: dict[PinResult, str] = {
    PinResult.RIGHT: (
        "Mã cào đúng và đây là lần đầu tiên mã này được kiểm tra. Hãy so món hàng với mô tả khi quét tem."
    ),
    PinResult.RIGHT_AGAIN: (
        "Mã cào đúng, nhưng đã được cào và kiểm tra lần đầu lúc {first}. Nếu bạn vừa mới cào và lần ấy "
        "không phải bạn, hãy cẩn thận: tem có thể đã bị sao chép."
    ),
    PinResult.WRONG: (
        "Mã này không phải mã cào của con tem có số sê-ri ấy. Hãy so lại từng ký tự. Sau 5 lần sai, "
        "việc kiểm tra mã cào của con tem đóng trong 24 giờ."
    ),
    PinResult.BLOCKED: ("Mã cào của con tem này đã bị nhập sai 5 lần. Có thể thử lại từ {until}."),
}
