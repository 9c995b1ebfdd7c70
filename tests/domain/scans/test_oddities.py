"""What looks odd, by pure rules: rounding never accuses, the same telephone never counts twice."""

from datetime import UTC, datetime, timedelta
from math import asin, cos, radians, sin, sqrt

from hypothesis import given
from hypothesis import strategies as st

from app.domain.scans.rules import (
    FAR_KM,
    FAST_KMH,
    USUAL_DEVICES,
    DeviceSeen,
    Placed,
    device_count,
    jumps,
    least_km,
    outside_markets,
    period_of,
    tenths,
)

NOON = datetime(2026, 9, 14, 5, 0, tzinfo=UTC)
MEAN_RADIUS_KM = 6_371.0
PLACES = st.tuples(st.floats(-90, 90), st.floats(-180, 180))


def seen(minute: float, *, period: int = 1) -> DeviceSeen:
    at = NOON + timedelta(minutes=minute)
    return DeviceSeen(period, at, at, 1)


def placed(minutes: float, device: str, latitude: int, longitude: int) -> Placed:
    return Placed(NOON + timedelta(minutes=minutes), device, latitude, longitude)


def true_km(one: tuple[float, float], other: tuple[float, float]) -> float:
    """Return the length of a great circle between two places, in degrees."""
    (north, east), (far_north, far_east) = one, other
    half_chord = (
        sin(radians(far_north - north) / 2) ** 2
        + cos(radians(north)) * cos(radians(far_north)) * sin(radians(far_east - east) / 2) ** 2
    )
    return 2 * MEAN_RADIUS_KM * asin(sqrt(min(1.0, half_chord)))


@given(PLACES, PLACES)
def test_the_distance_of_two_rounded_places_is_never_more_than_that_of_the_true_ones(
    one: tuple[float, float], other: tuple[float, float]
) -> None:
    rounded = [(tenths(place[0]), tenths(place[1])) for place in (one, other)]
    least = least_km(rounded[0], rounded[1])
    assert 0 <= least <= true_km(one, other) + 1e-6
    assert least == least_km(rounded[1], rounded[0])


def test_distances_that_are_told_are_near_the_truth_where_a_province_lies() -> None:
    lai_chau, ha_noi = (224, 1035), (210, 1058)
    assert 0.9 < least_km(lai_chau, ha_noi) / true_km((22.4, 103.5), (21.0, 105.8)) < 1
    assert least_km((0, 1800), (0, -1799)) == 0  # neighbours across the line of the date


def test_a_pack_cannot_be_in_two_provinces_within_an_hour_but_can_by_the_evening() -> None:
    here, there = placed(0, "a", 224, 1035), placed(60, "b", 210, 1058)
    (found,) = jumps([there, here])
    assert (found.earlier, found.later) == (here, there)
    assert found.km > max(FAR_KM, FAST_KMH)
    assert not jumps([here, placed(10 * 60, "b", 210, 1058)])
    assert not jumps([here, placed(0, "b", 224, 1036)])  # ten kilometres, at the same moment
    assert not jumps([here, placed(60, "a", 210, 1058)])  # one telephone that lost its bearings
    assert not jumps([here, placed(60, "", 210, 1058)])  # a program without a device


@given(st.lists(st.tuples(st.integers(0, 600), st.sampled_from("abc"), PLACES), max_size=12))
def test_every_jump_is_one_by_its_own_numbers(
    told: list[tuple[int, str, tuple[float, float]]],
) -> None:
    sightings = [placed(m, d, tenths(lat), tenths(lon)) for m, d, (lat, lon) in told]
    for found in jumps(sightings):
        hours = (found.later.at - found.earlier.at) / timedelta(hours=1)
        assert hours >= 0
        assert found.earlier.device != found.later.device
        assert found.km > FAR_KM
        assert found.km > hours * FAST_KMH
    assert len(jumps(sightings, most=2)) <= 2


def test_six_telephones_are_more_than_usual_and_five_are_not() -> None:
    assert device_count([seen(10 * n) for n in range(5)]) == USUAL_DEVICES
    assert device_count([seen(10 * n) for n in range(6)]) == USUAL_DEVICES + 1
    assert device_count([]) == 0


def test_a_telephone_whose_mark_changed_is_not_counted_twice() -> None:
    before = [seen(10 * n, period=1) for n in range(4)]
    after = [seen(1000 + 10 * n, period=2) for n in range(5)]
    assert device_count(before + after) == 5


def test_many_marks_within_a_minute_are_one_person_with_a_program() -> None:
    assert device_count([seen(n / 100) for n in range(100)]) == 1


@given(st.lists(st.tuples(st.floats(0, 60 * 24 * 30), st.integers(1, 2))))
def test_devices_counted_are_never_more_than_marks_of_one_period(
    marks: list[tuple[float, int]],
) -> None:
    counted = device_count([seen(minute, period=period) for minute, period in marks])
    assert counted <= max((sum(p == one for _, p in marks) for one in (1, 2)), default=0)


def test_marks_live_for_thirty_days() -> None:
    days = [NOON.date() + timedelta(days=n) for n in range(60)]
    assert len({period_of(day) for day in days}) == 3
    assert len({period_of(day) for day in days[:31]}) == 2


def test_only_a_market_that_was_told_can_be_left() -> None:
    assert outside_markets(["12", "01", "", "01"], ["12"]) == ["01"]
    assert outside_markets(["01"], []) == []
    assert outside_markets([""], ["12"]) == []
