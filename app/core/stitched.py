"""Brotli without compressing: a text that is packed once, with gaps into which words are laid as they are.

Between two flushes a stream of brotli is whole bytes, and a stretch may stand in it unpacked (RFC 7932,
9.2: ISUNCOMPRESSED). So the pieces of a text are packed once, with stand-ins for the words; later each
word goes unpacked where its stand-in was, as long as it is: what comes behind finds everything at the
same distance. Two bytes of the text behind a word are laid down with it, because a letter is unpacked in
the light of the two before it. Nothing behind may have been copied from a stand-in, or counted on a copy
inside one: stand-ins are random bytes no text has in a row, and what was packed is tried with two sets of
words that have no byte in common before it is used.
"""

import random
from collections.abc import Sequence

import brotli  # type: ignore[import-untyped]  # -- brings no types

_QUALITY = 9
_BEHIND = 2
_LONGEST_WORD = 1 << 16
_STAND_INS = range(0x80, 0x100)
_ATTEMPTS = 8
_TRIED = (b"0", b"~")


class CannotStitchError(ValueError):
    """A text that is better packed whole: no room between its gaps, or no luck with stand-ins."""


class Stitched:
    """A packed text with gaps for words of these lengths, in bytes."""

    def __init__(self, pieces: Sequence[bytes], lengths: Sequence[int]) -> None:
        """Pack pieces, one more than there are gaps; each behind a gap has at least two bytes."""
        if len(pieces) != len(lengths) + 1 or any(len(piece) < _BEHIND for piece in pieces[1:]):
            raise CannotStitchError(
                "each gap lies between two pieces, the second of two bytes or more"
            )
        if not all(0 < length < _LONGEST_WORD - _BEHIND for length in lengths):
            raise CannotStitchError("a word is neither empty nor longer than a stretch may be")
        self._behind = [piece[:_BEHIND] for piece in pieces[1:]]
        for attempt in range(_ATTEMPTS):
            self._pack(pieces, lengths, random.Random(attempt))  # noqa: S311 -- nothing is kept secret
            if all(self._holds(pieces, [byte * length for length in lengths]) for byte in _TRIED):
                return
        raise CannotStitchError("something behind a word was packed with the help of its stand-in")

    def _pack(self, pieces: Sequence[bytes], lengths: Sequence[int], chance: random.Random) -> None:
        packer = brotli.Compressor(quality=_QUALITY)
        packed = packer.process(pieces[0]) + packer.flush()
        self._packed: list[bytes] = []
        for length, piece in zip(lengths, pieces[1:], strict=True):
            self._packed.append(packed + _stretch(length + _BEHIND))
            packer.process(bytes(chance.choices(_STAND_INS, k=length)) + piece[:_BEHIND])
            packer.flush()
            rest = piece[_BEHIND:]
            packed = (packer.process(rest) + packer.flush()) if rest else b""
        self._end = packed + packer.finish()

    def _holds(self, pieces: Sequence[bytes], words: Sequence[bytes]) -> bool:
        whole = pieces[0] + b"".join(
            word + piece for word, piece in zip(words, pieces[1:], strict=True)
        )
        try:
            unpacked: bytes = brotli.decompress(self.filled(words))
        except brotli.error:
            return False
        return unpacked == whole

    def filled(self, words: Sequence[bytes]) -> bytes:
        """Return the stream with the words in its gaps; they have the lengths it was made for."""
        out: list[bytes] = []
        for packed, word, behind in zip(self._packed, words, self._behind, strict=True):
            out += (packed, word, behind)
        out.append(self._end)
        return b"".join(out)


def _stretch(length: int) -> bytes:
    """Return the head of an unpacked stretch: not the last, four nibbles of length, unpacked."""
    return ((length - 1) << 3 | 1 << 19).to_bytes(3, "little")
