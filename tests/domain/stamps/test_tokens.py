"""What a wrong digit, bit or letter of a stamp can lead to: never to another stamp, never to a fault.

What the check character of a serial catches, for every serial alike (a CRC is linear: whether an error
shows depends on the error alone, so all of them can be gone through): every one wrong character, every
two characters that changed places however far apart, every burst of up to eight bits; of all other
errors 255 in 256.
"""

import itertools

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from app.core.codes import ALPHABET
from app.core.signing import KeyRing, VerifyingKey
from app.domain.stamps.rules import (
    DIGITS,
    HEADER_BYTES,
    HIGHEST_INDEX,
    SERIAL_CHARACTERS,
    SIGNATURE_BYTES,
    MalformedToken,
    Serial,
    SerialTypo,
    crc8,
    decode_header,
    is_header,
    is_signed,
    parse_digits,
    parse_serial,
    raw_serial,
    raw_token,
    serial_of,
)

# The published example of OST1 (design of stamps, §1).
HEADER_HEX = "140706fb4030390012d687a1b2c3d4e5"
SIGNATURE_HEX = (
    "816d3913c00d0dfd6814c26ac6aa39acc22fb88570cfbd9d6ddbf8b26171ec53"
    "1132e62001000c0786ce8a2abff737051fd47f4426ac60a81d6c16681f7f2065"
)
EXAMPLE_DIGITS = str(int(HEADER_HEX + SIGNATURE_HEX, 16)).zfill(DIGITS)
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
RING = KeyRing([VerifyingKey.from_jwk(JWK)])
BITS = 8 * (HEADER_BYTES + SIGNATURE_BYTES)
FIVE = 5

serials = st.builds(Serial, st.integers(0, HIGHEST_INDEX), st.binary(min_size=5, max_size=5))


def genuine(digits: str) -> bool:
    """Tell whether digits are a token that the published key signed."""
    try:
        token = parse_digits(digits)
    except MalformedToken:
        return False
    return is_signed(token, RING.verifies)


def test_each_of_the_640_bits_counts() -> None:
    number = int(EXAMPLE_DIGITS)
    assert genuine(EXAMPLE_DIGITS)
    assert not any(genuine(str(number ^ 1 << bit).zfill(DIGITS)) for bit in range(BITS))


@given(st.sets(st.integers(0, BITS - 1), min_size=1, max_size=12))
def test_no_few_flipped_bits_make_another_stamp(bits: set[int]) -> None:
    number = int(EXAMPLE_DIGITS)
    for bit in bits:
        number ^= 1 << bit
    assert not genuine(str(number).zfill(DIGITS))


@given(st.integers(0, DIGITS - 2))
def test_two_digits_read_in_the_wrong_order_make_no_stamp(place: int) -> None:
    swapped = (
        EXAMPLE_DIGITS[:place]
        + EXAMPLE_DIGITS[place + 1]
        + EXAMPLE_DIGITS[place]
        + EXAMPLE_DIGITS[place + 2 :]
    )
    assert swapped == EXAMPLE_DIGITS or not genuine(swapped)


def test_the_same_number_written_otherwise_is_no_token() -> None:
    number = int(EXAMPLE_DIGITS)
    for text in (str(number), f"+{number}", f" {EXAMPLE_DIGITS}", f"{number:_}", f"{number:x}"):
        with pytest.raises(MalformedToken):
            parse_digits(text)


# --- the quick way to the bytes -------------------------------------------------------------------


@given(st.binary(min_size=HEADER_BYTES, max_size=HEADER_BYTES))
@example(bytes.fromhex(HEADER_HEX))
@example(bytes([0x12]) + bytes(15))
@example(bytes([0x12]) + bytes(14) + b"\1")
def test_the_quick_look_at_a_header_takes_what_the_thorough_one_takes(raw: bytes) -> None:
    for version in (raw, bytes([0x10 | raw[0] & 15]) + raw[1:]):
        try:
            header = decode_header(version)
        except MalformedToken:
            assert not is_header(version)
            continue
        assert is_header(version)
        if header.level != 2:
            assert raw_serial(version) == serial_of(header)


@given(st.integers(0, 10**DIGITS - 1))
@example(int(EXAMPLE_DIGITS))
@example((1 << BITS) - 1)
@example(1 << BITS)
def test_the_quick_look_at_digits_takes_what_the_thorough_one_takes(number: int) -> None:
    digits = str(number).zfill(DIGITS)
    try:
        parse_digits(digits)
    except MalformedToken:
        assert raw_token(digits) is None
    else:
        assert raw_token(digits) == number.to_bytes(HEADER_BYTES + SIGNATURE_BYTES, "big")


# --- serials --------------------------------------------------------------------------------------


def shows(error: int) -> bool:
    """Tell whether the check character catches an error, given as the bits that it flips."""
    *body, check = error.to_bytes(10, "big")
    return crc8(bytes(body)) != check


def at(place: int, character: int) -> int:
    """Return the bits of a character at a place, the last place being 0."""
    return character << FIVE * place


def test_every_one_wrong_character_shows() -> None:
    assert all(
        shows(at(place, wrong)) for place in range(SERIAL_CHARACTERS) for wrong in range(1, 32)
    )


def test_every_two_characters_that_changed_places_show() -> None:
    assert all(
        shows(at(one, difference) ^ at(other, difference))
        for one, other in itertools.combinations(range(SERIAL_CHARACTERS), 2)
        for difference in range(1, 32)
    )


def test_every_burst_of_up_to_eight_bits_shows() -> None:
    assert all(shows(burst << place) for place in range(80 - 7) for burst in range(1, 256))


def test_of_two_wrong_characters_less_than_one_pair_in_two_hundred_passes() -> None:
    pairs = [
        at(one, first) ^ at(other, second)
        for one, other in itertools.combinations(range(SERIAL_CHARACTERS), 2)
        for first in range(1, 32)
        for second in range(1, 32)
    ]
    assert sum(not shows(error) for error in pairs) < len(pairs) / 200


@given(serials, st.integers(1, (1 << 80) - 1))
def test_whether_an_error_shows_does_not_depend_on_the_serial(serial: Serial, error: int) -> None:
    number = 0
    for character in serial.text:
        number = number << FIVE | ALPHABET.index(character)
    number ^= error
    typed = "".join(ALPHABET[number >> FIVE * place & 31] for place in reversed(range(16)))
    if shows(error):
        with pytest.raises(SerialTypo):
            parse_serial(typed)
    else:
        assert parse_serial(typed) != serial


@given(serials, st.data())
def test_a_serial_is_read_however_it_is_written_down(serial: Serial, data: st.DataObject) -> None:
    alike = {"0": "0Oo", "1": "1IiLl"}
    typed = ""
    for character in serial.text:
        typed += data.draw(st.sampled_from(alike.get(character, character + character.lower())))
        typed += data.draw(st.sampled_from(["", "", "-", " ", "–", "\u00a0", " - "]))
    assert parse_serial(typed) == serial


@pytest.mark.parametrize("wrong", ["U", "u", "Ơ", "Ⅰ", "ſ", "", "00", "\x00", "*"])
def test_what_no_serial_is_made_of_is_asked_for_again(wrong: str) -> None:
    for typed in (wrong + SERIAL[1:], SERIAL[:-1] + wrong):
        with pytest.raises(SerialTypo):
            parse_serial(typed)


def test_digits_of_full_width_are_not_taken_for_digits() -> None:
    for typed in (SERIAL.replace("0", "\uff10"), "".join(chr(ord(c) + 0xFEE0) for c in SERIAL)):
        with pytest.raises(SerialTypo):
            parse_serial(typed)
