"""An answer that is written once and then only filled in: what does not differ is never made again.

The whole text is written by the ordinary way, once with marks where a stamp's own words stand and once
with its real words. Cut at the marks and filled in with the words, the first must be the second, or the
text is not taken: a quick answer cannot say anything else than the slow one.
"""

import re
from collections.abc import Sequence
from typing import NamedTuple

from app.core.stitched import CannotStitchError, Stitched
from app.http.codings import Headers

_MOST_LENGTHS = 8


class Written(NamedTuple):
    """A text as the ordinary way makes it, with the headers it needs."""

    text: str
    headers: Headers


class Ready:
    """A text in pieces, with gaps for words."""

    def __init__(self, marked: str, marks: Sequence[str]) -> None:
        known = {mark: place for place, mark in enumerate(marks) if mark}
        found = re.split("(" + "|".join(map(re.escape, known)) + ")", marked) if known else [marked]
        self._pieces = [piece.encode() for piece in found[::2]]
        self._places = [known[mark] for mark in found[1::2]]
        self._whole = [piece.encode() for piece in found]
        self._packed: dict[tuple[int, ...], Stitched | None] = {}

    def filled(self, words: Sequence[str]) -> bytes:
        """Return the text with the words in its gaps, in the order of the marks."""
        whole = self._whole.copy()
        for number, place in enumerate(self._places):
            whole[2 * number + 1] = words[place].encode()
        return b"".join(whole)

    def packed(self, words: Sequence[str]) -> bytes | None:
        """Return the same as a stream of brotli, None where it cannot be stitched together."""
        laid = [words[place].encode() for place in self._places]
        lengths = tuple(map(len, laid))
        if lengths not in self._packed:
            if len(self._packed) >= _MOST_LENGTHS:
                self._packed.clear()
            try:
                self._packed[lengths] = Stitched(self._pieces, lengths)
            except CannotStitchError:
                self._packed[lengths] = None
        stitched = self._packed[lengths]
        return stitched.filled(laid) if stitched else None


def made_ready(
    marked: Written, marks: Sequence[str], real: Written, words: Sequence[str]
) -> Ready | None:
    """Return a text to be filled in, None where it would not say what the ordinary way says."""
    ready = Ready(marked.text, marks)
    same = ready.filled(words) == real.text.encode() and marked.headers == real.headers
    return ready if same else None
