"""Folding for search: every Vietnamese letter, whatever its normal form."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.text import fold, normal

LETTERS = "aàáảãạăằắẳẵặâầấẩẫậeèéẻẽẹêềếểễệiìíỉĩịoòóỏõọôồốổỗộơờớởỡợuùúủũụưừứửữựyỳýỷỹỵđ"


@pytest.mark.parametrize("letter", list(LETTERS + LETTERS.upper()))
def test_every_vietnamese_letter_folds_to_plain_latin(letter: str) -> None:
    for form in ("NFC", "NFD"):
        folded = fold(unicodedata.normalize(form, letter))
        assert folded.isascii()
        assert len(folded) == 1


@given(st.text(max_size=60))
def test_folding_and_normalising_twice_changes_nothing_more(text: str) -> None:
    assert fold(fold(text)) == fold(text)
    assert normal(normal(text)) == normal(text)


def test_control_and_direction_marks_do_not_survive() -> None:
    assert normal("Mật\u202e ong\x00") == "Mật ong"
