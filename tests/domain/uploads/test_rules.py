"""Codes that are read out over a telephone, and how much may lie about unfinished."""

from hypothesis import given
from hypothesis import strategies as st

from app.core.codes import LETTERS
from app.domain.uploads.rules import (
    MOST_UNFINISHED,
    MOST_UNFINISHED_BYTES,
    is_over_quota,
    new_resume_code,
    read_resume_code,
    spoken,
)


def test_a_code_has_eight_signs_that_cannot_be_mistaken() -> None:
    code = new_resume_code()
    assert len(code) == 8
    assert not set(code) & set("ILOUZ")
    assert read_resume_code(spoken(code).lower()) == code


def test_misread_letters_are_understood() -> None:
    assert read_resume_code(" oil0-123a ") == "0110123A"


@given(st.text(max_size=20))
def test_whatever_is_typed_becomes_a_code_or_nothing(typed: str) -> None:
    read = read_resume_code(typed)
    assert read == "" or (len(read) == 8 and set(read) <= set(LETTERS))


def test_both_the_number_and_the_bytes_of_unfinished_files_are_bounded() -> None:
    assert not is_over_quota(files=MOST_UNFINISHED - 1, total=0, length=1)
    assert is_over_quota(files=MOST_UNFINISHED, total=0, length=1)
    assert not is_over_quota(files=1, total=MOST_UNFINISHED_BYTES - 1, length=1)
    assert is_over_quota(files=1, total=MOST_UNFINISHED_BYTES - 1, length=2)
