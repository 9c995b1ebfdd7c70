"""A packed text with gaps is, whatever is laid into them, the text that an unpacker finds."""

import brotli  # type: ignore[import-untyped]  # -- brings no types
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.stitched import CannotStitchError, Stitched

PIECES = st.binary(min_size=2, max_size=300) | st.text("aăâbđêo <p>/=\"'{}", min_size=2).map(
    str.encode
)


@given(st.data())
def test_words_are_found_where_they_were_laid(data: st.DataObject) -> None:
    number = data.draw(st.integers(0, 5))
    pieces = data.draw(st.lists(PIECES, min_size=number + 1, max_size=number + 1))
    lengths = data.draw(st.lists(st.integers(1, 200), min_size=number, max_size=number))
    stitched = Stitched(pieces, lengths)
    for _ in range(2):
        words = [data.draw(st.binary(min_size=size, max_size=size)) for size in lengths]
        whole = pieces[0] + b"".join(
            word + piece for word, piece in zip(words, pieces[1:], strict=True)
        )
        assert brotli.decompress(stitched.filled(words)) == whole


def test_a_word_that_stands_in_the_text_already_changes_nothing() -> None:
    piece = b"<p>Ban Thong Nhat, xa Binh Lu</p>" * 4
    stitched = Stitched([piece] * 4, [len(piece)] * 3)
    assert brotli.decompress(stitched.filled([piece] * 3)) == piece * 7
    assert len(stitched.filled([piece] * 3)) < len(piece * 7)


@pytest.mark.parametrize(
    ("pieces", "lengths"),
    [([b"ab"], [1]), ([b"", b"x"], [1]), ([b"ab", b"cd"], [0]), ([b"ab", b"cd"], [1 << 16])],
)
def test_what_leaves_no_room_is_refused(pieces: list[bytes], lengths: list[int]) -> None:
    with pytest.raises(CannotStitchError):
        Stitched(pieces, lengths)
