"""Bits, folds and deltas: what is written in slices is what a slow reader of the words would find."""

import base64
from collections.abc import Iterator, Sequence
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.status.rules import (
    NEVER_ISSUED,
    SHARD_BYTES,
    SHARD_SIZE,
    Change,
    fold,
    net_effect,
    packed,
    paint,
    shards_of,
    written_delta,
)

EDGE = SHARD_SIZE  # where two shards meet: what happens here happens in both


def read_delta(text: str) -> Iterator[Change]:
    """Read groups of numbers of seven bits a byte, as the address of deltas explains them."""
    numbers, value, shift = [], 0, 0
    for byte in base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)):
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            numbers.append(value)
            value = shift = 0
    while numbers:
        status, size, many, *numbers = numbers
        first = 0
        for gap in numbers[:many]:
            first += gap
            yield Change(first, size, status)
        del numbers[:many]


def changes(most: int) -> st.SearchStrategy[list[Change]]:
    """Return changes around the edge of a shard: single stamps, rolls, and now and then many."""
    near = st.integers(EDGE - 60, EDGE + 60)
    sizes = st.integers(1, 40) | st.integers(1, 3)
    one = st.builds(Change, near, sizes, st.integers(0, 3))
    wide = st.builds(Change, st.integers(0, 90), st.integers(100_000, 300_000), st.integers(0, 3))
    return st.lists(one | wide, max_size=most)


def slowly(many: Sequence[Change], first: int, last: int) -> list[int]:
    """Return what each index is worth, read one change after the other."""
    worth = [1] * (last - first)
    for change in many:
        for index in range(max(first, change.first), min(last, change.first + change.size)):
            worth[index - first] = change.status
    return worth


def quickly(many: Sequence[Change], first: int, last: int) -> list[int]:
    shards: dict[int, bytearray] = {}
    fold(shards, many)
    read = []
    for index in range(first, last):
        bits = shards.get(index // SHARD_SIZE, NEVER_ISSUED)
        place = index % SHARD_SIZE
        read.append(bits[place // 4] >> 2 * (place % 4) & 3)
    return read


@pytest.mark.parametrize(
    ("statuses", "raw", "text"),
    [([1, 2, 0, 3, 0, 1, 0, 1, 1, 2, 3, 3], b"\xc9\x44\xf9", "eNo76fITAAPfAgc")],
)
def test_the_example_of_the_specification_comes_out_byte_for_byte(
    statuses: list[int], raw: bytes, text: str
) -> None:
    bits = bytearray(3)
    for place, status in enumerate(statuses):
        paint(bits, place, place + 1, status)
    assert bytes(bits) == raw
    assert packed(raw) == text


@given(changes(12))
def test_changes_are_folded_as_if_each_stamp_were_written_alone(many: list[Change]) -> None:
    first, last = EDGE - 120, EDGE + 120
    assert quickly(many, first, last) == slowly(many, first, last)


@given(changes(12), changes(12))
def test_a_list_and_its_delta_make_the_newer_list(
    earlier: list[Change], later: list[Change]
) -> None:
    old: dict[int, bytearray] = {}
    fold(old, earlier)
    new = {shard: bytearray(bits) for shard, bits in old.items()}
    fold(new, later)
    delta = list(read_delta(written_delta(later)))
    fold(old, reversed(delta))  # they lie apart: in which order makes no difference
    assert old == new


@given(changes(20))
def test_the_net_effect_lies_apart_and_in_order(many: list[Change]) -> None:
    stretches = net_effect(many)
    for one, following in pairwise(stretches):
        end = one.first + one.size
        assert end <= following.first
        assert end < following.first or one.status != following.status


def test_a_change_of_a_million_touches_eight_shards_and_leaves_their_edges_alone() -> None:
    whole = Change(EDGE - 1, 8 * SHARD_SIZE, 0)
    shards: dict[int, bytearray] = {}
    fold(shards, [whole])
    assert list(shards) == list(shards_of(whole)) == list(range(9))
    assert all(len(bits) == SHARD_BYTES for bits in shards.values())
    assert quickly([whole], EDGE - 3, EDGE + 1) == [1, 1, 0, 0]
    assert quickly([whole], 9 * SHARD_SIZE - 2, 9 * SHARD_SIZE) == [0, 1]


def test_never_issued_is_void() -> None:
    assert quickly([], 0, 8) == [1] * 8
