"""Public codes: sayable, checked against typing mistakes, and impossible to count."""

import re

from hypothesis import given
from hypothesis import strategies as st

from app.core.codes import ALPHABET, LETTERS, check_character, new_code, new_secret

bodies = st.text(alphabet=LETTERS, min_size=6, max_size=6)


def test_a_code_is_prefix_body_and_check_character() -> None:
    prefix, _, rest = new_code("HS").partition("-")
    assert prefix == "HS"
    assert len(rest) == 7
    assert set(rest) <= set(LETTERS)
    assert rest[-1] == check_character(rest[:-1])


def test_letters_that_look_like_digits_are_left_out() -> None:
    assert not set("ILOU") & set(ALPHABET)
    assert len(set(ALPHABET)) == 32


def test_no_two_letters_of_a_code_weigh_the_same() -> None:
    weights = {check_character(letter) for letter in LETTERS}
    assert len(weights) == len(LETTERS)


def test_codes_do_not_repeat_and_do_not_follow_each_other() -> None:
    codes = [new_code("HS") for _ in range(2000)]
    assert len(set(codes)) == len(codes)
    assert codes != sorted(codes)


@given(body=bodies, place=st.integers(0, 5), typed=st.sampled_from(LETTERS))
def test_one_mistyped_character_is_noticed(body: str, place: int, typed: str) -> None:
    wrong = body[:place] + typed + body[place + 1 :]
    if wrong != body:
        assert check_character(wrong) != check_character(body)


@given(body=bodies, place=st.integers(0, 4))
def test_two_swapped_neighbours_are_noticed(body: str, place: int) -> None:
    wrong = body[:place] + body[place + 1] + body[place] + body[place + 2 :]
    if wrong != body:
        assert check_character(wrong) != check_character(body)


def test_a_secret_is_256_random_bits_that_fit_an_address() -> None:
    secrets = {new_secret() for _ in range(100)}
    assert len(secrets) == 100
    assert all(re.fullmatch(r"[A-Za-z0-9_-]{43}", secret) for secret in secrets)
