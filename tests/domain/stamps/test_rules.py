"""The token bit by bit against the published example, and serials as people type them."""

import hmac
import random
from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.codes import ALPHABET
from app.core.signing import KeyRing, VerifyingKey
from app.domain.stamps.enums import StampLevel
from app.domain.stamps.rules import (
    DIGITS,
    FIRST_DAY,
    HIGHEST_CERTIFICATE,
    HIGHEST_INDEX,
    LAST_DAY,
    Block,
    InvalidNumbers,
    MalformedToken,
    Serial,
    SerialTypo,
    StampHeader,
    Token,
    TokenFields,
    TokenLength,
    TokenVersion,
    balance_of,
    block_of,
    common_bits,
    crc8,
    decode_header,
    encode_header,
    format_serial,
    header_of,
    is_signed,
    numbers_told,
    numbers_typed,
    parse_digits,
    parse_serial,
    pin_of,
    roll_count,
    serial_of,
    serial_url,
    signed_bytes,
    stamp_url,
    token_digits,
)

# The published example of OST1 (design of stamps, §1), value for value.
HEADER_HEX = "140706fb4030390012d687a1b2c3d4e5"
SIGNATURE_HEX = (
    "816d3913c00d0dfd6814c26ac6aa39acc22fb88570cfbd9d6ddbf8b26171ec53"
    "1132e62001000c0786ce8a2abff737051fd47f4426ac60a81d6c16681f7f2065"
)
URL = (
    "https://tem.ocop.gov.vn/"
    "0356929893038232323303035417586887278605645363618081862177281523288943475307772376110416377316"
    "8558028372653577640325356068197275684459092185925691819704861354352306618348900029382185453700"
    "46565"
)
SERIAL = "009DD1X1PB1X9SDW"
JWK = {
    "kty": "EC",
    "crv": "P-256",
    "x": "aFJY3VAVCStqQimmNjq9ivkCFiutvmMAi0l3MDjZwbY",
    "y": "CqUuIMcMIlKbqcP4sHHDbuYl16rx_yB5uiGCE6n19Kg",
    "kid": "7",
    "alg": "ES256",
    "use": "sig",
}
HEADER = StampHeader(
    specimen=False,
    pin=True,
    level=StampLevel.ITEM,
    kid=7,
    last_valid_day=date(2029, 11, 23),
    stars=4,
    certificate=12345,
    index=1234567,
    random=bytes.fromhex("a1b2c3d4e5"),
)
RING = KeyRing([VerifyingKey.from_jwk(JWK)])
EXAMPLE_DIGITS = URL.rpartition("/")[2]


def test_the_published_example_verifies_and_is_written_again_byte_for_byte() -> None:
    token = parse_digits(EXAMPLE_DIGITS)
    assert token.header == HEADER
    assert token.signature.hex() == SIGNATURE_HEX
    assert is_signed(token, RING.verifies)
    assert encode_header(HEADER).hex() == HEADER_HEX
    assert signed_bytes(HEADER) == b"OCOP-STAMP-v1\0" + bytes.fromhex(HEADER_HEX)
    assert stamp_url("tem.ocop.gov.vn", token_digits(token)) == URL
    assert serial_of(HEADER) == SERIAL
    assert VerifyingKey.from_jwk(JWK).jwk() == JWK


headers = st.builds(
    StampHeader,
    specimen=st.booleans(),
    pin=st.booleans(),
    level=st.sampled_from([StampLevel.ITEM, StampLevel.ROLL]),
    kid=st.integers(0, 255),
    last_valid_day=st.dates(FIRST_DAY, LAST_DAY),
    stars=st.sampled_from([3, 4, 5]),
    certificate=st.integers(0, HIGHEST_CERTIFICATE),
    index=st.integers(0, HIGHEST_INDEX),
    random=st.binary(min_size=5, max_size=5),
)


@given(headers, st.binary(min_size=64, max_size=64))
def test_what_is_written_is_read_back(header: StampHeader, signature: bytes) -> None:
    assert decode_header(encode_header(header)) == header
    digits = token_digits(Token(header, signature))
    assert len(digits) == DIGITS
    assert digits.isdecimal()
    assert parse_digits(digits) == Token(header, signature)


@given(st.binary(min_size=16, max_size=16))
def test_sixteen_bytes_are_a_header_or_are_refused(raw: bytes) -> None:
    try:
        header = decode_header(raw)
    except MalformedToken:
        return
    assert encode_header(header) == raw


@given(st.integers(0, 639))
def test_one_flipped_bit_is_never_signed(bit: int) -> None:
    flipped = (int(EXAMPLE_DIGITS) ^ (1 << bit)).to_bytes(80, "big")
    digits = str(int.from_bytes(flipped, "big")).zfill(DIGITS)
    try:
        token = parse_digits(digits)
    except MalformedToken:
        return
    assert not is_signed(token, RING.verifies)


@given(st.integers(0, DIGITS - 1), st.sampled_from("0123456789"))
def test_one_changed_digit_is_never_signed(place: int, digit: str) -> None:
    changed = EXAMPLE_DIGITS[:place] + digit + EXAMPLE_DIGITS[place + 1 :]
    if changed == EXAMPLE_DIGITS:
        return
    try:
        token = parse_digits(changed)
    except MalformedToken:
        return
    assert not is_signed(token, RING.verifies)


@pytest.mark.parametrize(
    "text",
    ["", "1", "0" * 192, "0" * 194, "9" * 193, "x" * 193, "٣" * 193, EXAMPLE_DIGITS + "\n"],
)
def test_what_is_not_193_digits_of_80_bytes_is_refused(text: str) -> None:
    with pytest.raises(TokenLength):
        parse_digits(text)


def test_other_versions_and_impossible_fields_are_refused() -> None:
    number = int(HEADER_HEX, 16)
    with pytest.raises(TokenVersion):
        decode_header((number ^ (1 << 125)).to_bytes(16, "big"))
    with pytest.raises(TokenFields):
        decode_header((number | 3 << 120).to_bytes(16, "big"))  # level 3
    with pytest.raises(TokenFields):
        decode_header((number | 3 << 94).to_bytes(16, "big"))  # stars 3
    with pytest.raises(TokenFields):
        decode_header(b"short")


def test_artwork_has_neither_index_nor_serial() -> None:
    artwork = replace(HEADER, level=StampLevel.PRODUCT, index=0, random=bytes(5))
    assert decode_header(encode_header(artwork)) == artwork
    with pytest.raises(ValueError, match="no serial"):
        serial_of(artwork)
    with pytest.raises(ValueError, match="no stamp"):
        replace(artwork, index=9)


@pytest.mark.parametrize("day", [FIRST_DAY - timedelta(days=1), LAST_DAY + timedelta(days=1)])
def test_days_outside_the_field_are_refused(day: date) -> None:
    with pytest.raises(ValueError, match="no stamp"):
        replace(HEADER, last_valid_day=day)


@pytest.mark.parametrize(
    "typed",
    [
        SERIAL,
        "009D-D1X1-PB1X-9SDW",
        "009d-d1x1-pb1x-9sdw",
        " 009D D1X1  PB1X 9SDW ",
        "OO9D-DIX1-PBLX-9SDW",
        "oo9d-dlxi-pb1x-9sdw",
        "009D–D1X1—PB1X‑9SDW",
    ],
)
def test_a_serial_is_read_however_it_is_typed(typed: str) -> None:
    serial = parse_serial(typed)
    assert serial == Serial(HEADER.index, HEADER.random)
    assert serial.text == SERIAL
    assert format_serial(serial.text) == "009D-D1X1-PB1X-9SDW"


@given(st.integers(0, HIGHEST_INDEX), st.binary(min_size=5, max_size=5))
def test_every_serial_is_read_back(index: int, tail: bytes) -> None:
    serial = Serial(index, tail)
    assert parse_serial(format_serial(serial.text).lower()) == serial


@given(
    st.integers(0, HIGHEST_INDEX),
    st.binary(min_size=5, max_size=5),
    st.integers(0, 15),
    st.sampled_from(ALPHABET),
)
def test_any_one_wrong_character_shows(index: int, tail: bytes, place: int, wrong: str) -> None:
    text = Serial(index, tail).text
    if text[place] == wrong:
        return
    with pytest.raises(SerialTypo):
        parse_serial(text[:place] + wrong + text[place + 1 :])


@given(st.integers(0, HIGHEST_INDEX), st.binary(min_size=5, max_size=5), st.integers(0, 14))
def test_two_swapped_neighbours_show(index: int, tail: bytes, place: int) -> None:
    text = Serial(index, tail).text
    swapped = text[:place] + text[place + 1] + text[place] + text[place + 2 :]
    if swapped == text:
        return
    with pytest.raises(SerialTypo):
        parse_serial(swapped)


@pytest.mark.parametrize(
    "typed", ["", "009D", SERIAL + "0", "009D-D1X1-PB1X-9SDU", "００９Ｄ" * 4, "!" * 16]
)
def test_what_is_no_serial_is_refused_with_a_sentence(typed: str) -> None:
    with pytest.raises(SerialTypo, match="Hãy so lại từng ký tự"):
        parse_serial(typed)


@given(st.text(max_size=40))
def test_no_text_breaks_the_reader(text: str) -> None:
    try:
        parse_serial(text)
    except SerialTypo:
        return
    assert len(text) >= 16


def test_crc8_is_the_one_of_the_design() -> None:
    assert crc8(b"123456789") == 0xF4


def test_links_are_short() -> None:
    assert serial_url("tem.ocop.gov.vn", SERIAL) == f"https://tem.ocop.gov.vn/{SERIAL}"


# --- stretches of indexes ----------------------------------------------------------------------


@given(
    st.integers(0, 10_000),
    st.integers(1, 400),
    st.integers(1, 60),
    st.integers(0, 2**32),
    st.integers(0, 2**32),
)
def test_rolls_share_the_indexes_of_a_batch_whoever_makes_which(
    first: int, count: int, roll_size: int, seed: int, other_seed: int
) -> None:
    sources = [random.Random(seed), random.Random(other_seed)]  # noqa: S311 -- the order is tested
    rolls = roll_count(count, roll_size)
    blocks: list[Block] = []
    for number in range(rolls):  # every roll by another process, as after a crash
        taken = {block.first for block in blocks}
        blocks.append(block_of(first, count, roll_size, taken, sources[number % 2]))
    assert [block.number for block in blocks] == list(range(1, rolls + 1))
    assert [len(block.stamps) for block in blocks[:-1]] == [roll_size] * (rolls - 1)
    for block in blocks:
        assert sorted([block.label, *block.stamps]) == list(range(block.first, block.last + 1))
    every = sorted(index for block in blocks for index in (block.label, *block.stamps))
    assert every == list(range(first, first + count + rolls))
    with pytest.raises(ValueError, match="indexes"):
        block_of(first, count, roll_size, {block.first for block in blocks}, sources[0])


def test_indexes_of_a_batch_are_out_of_order() -> None:
    source = random.Random(1)  # noqa: S311 -- the order is tested
    blocks: list[Block] = []
    for _ in range(20):
        blocks.append(block_of(100, 1000, 50, {block.first for block in blocks}, source))
    starts = [block.first for block in blocks]
    assert starts != sorted(starts)
    assert all(block.stamps != sorted(block.stamps) for block in blocks)


@pytest.mark.parametrize(("first", "count"), [(0, 0), (-1, 1), (HIGHEST_INDEX, 1)])
def test_batches_outside_the_token_are_refused(first: int, count: int) -> None:
    with pytest.raises(ValueError, match="indexes"):
        block_of(first, count, 50, set(), random.Random(1))  # noqa: S311 -- the order is tested


@given(header=headers, own=st.binary(min_size=5, max_size=5), index=st.integers(0, HIGHEST_INDEX))
def test_the_quick_way_writes_the_same_header(header: StampHeader, own: bytes, index: int) -> None:
    if header.level is not StampLevel.PRODUCT:
        whole = replace(header, index=index, random=own)
        assert header_of(common_bits(header), index, own) == encode_header(whole)


# --- what may be ordered ------------------------------------------------------------------------

DAY = date(2026, 9, 14)
YEAR = timedelta(days=365)


@pytest.mark.parametrize(
    ("declared", "earlier", "last_day", "most", "left"),
    [
        ([], 0, DAY + YEAR, 0, 0),
        ([(DAY, 6000)], 600, DAY + 3 * YEAR, 6000, 5400),
        ([(DAY, 6000)], 6001, DAY + 3 * YEAR, 6000, 0),
        ([(DAY, 6000)], 0, DAY + timedelta(days=72), 1200, 1200),  # the certificate ends sooner
        ([(DAY, 1000)], 0, DAY, 3, 3),  # one day of it, rounded up
        ([(DAY - YEAR, 1000)], 900, DAY + 3 * YEAR, 2000, 1100),
        ([(DAY - YEAR, 1000), (DAY, 4000)], 0, DAY + 3 * YEAR, 5000, 5000),
        ([(DAY, 1000), (DAY, 4000)], 0, DAY + 3 * YEAR, 4000, 4000),  # corrected the same day
        ([(DAY - YEAR, 1000)], 0, DAY - timedelta(days=300), 181, 181),
    ],
)
def test_stamps_are_allowed_for_the_declared_output(
    declared: list[tuple[date, int]], earlier: int, last_day: date, most: int, left: int
) -> None:
    found = balance_of(declared, earlier=earlier, on=DAY, last_day=last_day)
    assert (found.most, found.left) == (most, left)
    assert found.counted_until == min(last_day, DAY + YEAR - timedelta(days=1))


@given(
    st.lists(st.integers(1, 10**6), min_size=1, max_size=5),
    st.integers(0, 400),
    st.integers(0, 10**7),
)
def test_a_day_more_never_allows_less(packs: list[int], days: int, earlier: int) -> None:
    declared = [(DAY + timedelta(days=30 * place), one) for place, one in enumerate(packs)]
    on, end = DAY + timedelta(days=days + 150), DAY + 5 * YEAR
    now, later = (
        balance_of(declared, earlier=earlier, on=day, last_day=end)
        for day in (on, on + timedelta(days=1))
    )
    assert 0 <= now.left <= later.left
    assert now.packs_a_year == packs[-1]


# --- numbers of rolls, scratch codes ------------------------------------------------------------


@given(st.lists(st.integers(1, 20_000), max_size=40))
def test_numbers_of_rolls_are_read_back_as_they_are_told(numbers: list[int]) -> None:
    assert numbers_typed(numbers_told(numbers), most=20_000) == sorted(set(numbers))


@pytest.mark.parametrize(
    ("typed", "read"),
    [("", []), (" 3 ", [3]), ("1-3,5", [1, 2, 3, 5]), ("1 – 3; 2\n7", [1, 2, 3, 7])],
)
def test_numbers_of_rolls_are_typed_as_people_do(typed: str, read: list[int]) -> None:
    assert numbers_typed(typed, most=9) == read


@pytest.mark.parametrize("typed", ["0", "3-1", "10", "1-10", "a", "1-2-3", "-1", "1,,x", "9999999"])
def test_what_is_no_list_of_rolls_is_refused_with_what_was_typed(typed: str) -> None:
    with pytest.raises(InvalidNumbers, match="1–3, 5"):
        numbers_typed(typed, most=9)


def test_a_scratch_code_is_the_first_forty_bits_under_the_pepper() -> None:
    pepper, header = bytes(range(32)), bytes.fromhex(HEADER_HEX)
    mac = hmac.digest(pepper, b"OCOP-PIN-v1\0" + header, "sha256")
    number = sum(
        ALPHABET.index(letter) << 5 * place
        for place, letter in enumerate(reversed(pin_of(pepper, header)))
    )
    assert number == int.from_bytes(mac[:5], "big")
    assert len(pin_of(pepper, header)) == 8
    assert pin_of(bytes(32), header) != pin_of(pepper, header)
