"""The structure of JPEG, PNG and WebP files, walked to their end without unpacking a single pixel.

A decoder stops at the end of the picture and never sees what was hung on behind it; this walk does.
"""

import zlib
from typing import Final

MOST_PIXELS: Final = 60_000_000
MOST_SCANS: Final = 100
_PNG_HEAD: Final = b"\x89PNG\r\n\x1a\n"
_PADDING: Final = b"\x00\r\n\t "
_CHECKSUM: Final = 4
_LENGTH: Final = 2
_MARK: Final = 0xFF
_JPEG_END: Final = 0xD9
_JPEG_SCAN: Final = 0xDA
_WITHIN_SCAN: Final = frozenset({0x00, *range(0xD0, 0xD8)})
_FRAME_MARKERS: Final = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_ALONE: Final = frozenset({0x01, *range(0xD0, 0xD9)})
# What phones rightly write behind a photo: further pictures, a short film, a maker's own block.
_FILM_AT: Final = slice(4, 8)
_MAKERS_END: Final = b"SEFT"


class PictureProblem(Exception):  # noqa: N818 -- an answer of the inspection, not a fault
    """Why a picture is not accepted, by code."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def check_jpeg(content: bytes) -> None:
    """Walk the segments and scans of a photo; refuse cut ones, wide ones, and a foreign tail."""
    end = _end_of_jpeg(content)
    tail = content[end:].rstrip(_PADDING)
    if not tail or tail.lstrip(_PADDING).startswith(b"\xff\xd8\xff"):
        return
    if tail[_FILM_AT] == b"ftyp" or tail.endswith(_MAKERS_END):
        return
    raise PictureProblem("file.two_kinds")


def _end_of_jpeg(content: bytes) -> int:
    at, scans, seen_frame = 2, 0, False
    while True:
        marker, at = _marker(content, at)
        if marker == _JPEG_END:
            if not scans or not seen_frame:
                raise PictureProblem("file.broken")
            return at
        if marker in _ALONE:
            continue
        segment = content[at : at + int.from_bytes(content[at : at + _LENGTH], "big")]
        if len(segment) < _LENGTH or len(segment) != int.from_bytes(segment[:_LENGTH], "big"):
            raise PictureProblem("file.broken")
        if marker in _FRAME_MARKERS:
            seen_frame = True
            _check_size(
                width=int.from_bytes(segment[5:7], "big"),
                height=int.from_bytes(segment[3:5], "big"),
            )
        at += len(segment)
        if marker == _JPEG_SCAN:
            scans += 1
            if scans > MOST_SCANS:  # each scan may walk the whole picture again
                raise PictureProblem("file.broken")
            at = _end_of_scan(content, at)


def _marker(content: bytes, at: int) -> tuple[int, int]:
    if content[at] != _MARK:
        raise PictureProblem("file.broken")
    while content[at] == _MARK:
        at += 1
    return content[at], at + 1


def _end_of_scan(content: bytes, at: int) -> int:
    while True:
        at = content.find(b"\xff", at)
        if at < 0 or at + 1 >= len(content):
            raise PictureProblem("file.broken")
        follows = content[at + 1]
        if follows == _MARK:
            at += 1
        elif follows in _WITHIN_SCAN:
            at += 2
        else:
            return at


def check_png(content: bytes) -> None:
    """Walk the chunks, each with its checksum; refuse cut, wide, animated ones, and any tail."""
    if not content.startswith(_PNG_HEAD):
        raise PictureProblem("file.broken")
    at, first = len(_PNG_HEAD), True
    while True:
        length = int.from_bytes(content[at : at + 4], "big")
        name, body_end = content[at + 4 : at + 8], at + 8 + length
        told = content[body_end : body_end + 4]
        if len(told) < _CHECKSUM or zlib.crc32(content[at + 4 : body_end]) != int.from_bytes(
            told, "big"
        ):
            raise PictureProblem("file.broken")
        if first != (name == b"IHDR"):
            raise PictureProblem("file.broken")
        if first:
            _check_size(
                int.from_bytes(content[at + 8 : at + 12], "big"),
                int.from_bytes(content[at + 12 : at + 16], "big"),
            )
        if name == b"acTL":
            raise PictureProblem("file.animated")
        at, first = body_end + 4, False
        if name == b"IEND":
            break
    if content[at:].strip(_PADDING):
        raise PictureProblem("file.two_kinds")


def check_webp(content: bytes) -> None:
    """Hold the told length against the real one; refuse cut, wide, animated ones, and any tail."""
    end = 8 + int.from_bytes(content[4:8], "little")
    if content[:4] != b"RIFF" or content[8:12] != b"WEBP" or len(content) < end:
        raise PictureProblem("file.broken")
    if content[end:].strip(_PADDING):
        raise PictureProblem("file.two_kinds")
    at = 12
    while at + 8 <= end:
        name, body = content[at : at + 4], content[at + 8 : at + 18]
        length = int.from_bytes(content[at + 4 : at + 8], "little")
        if at + 8 + length > end:
            raise PictureProblem("file.broken")
        if name == b"VP8X":
            if body[0] & 0x02:
                raise PictureProblem("file.animated")
            _check_size(
                1 + int.from_bytes(body[4:7], "little"), 1 + int.from_bytes(body[7:10], "little")
            )
        elif name in {b"ANIM", b"ANMF"}:
            raise PictureProblem("file.animated")
        elif name == b"VP8 ":
            _check_size(
                int.from_bytes(body[6:8], "little") & 0x3FFF,
                int.from_bytes(body[8:10], "little") & 0x3FFF,
            )
        elif name == b"VP8L":
            bits = int.from_bytes(body[1:5], "little")
            _check_size(1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF))
        at += 8 + length + length % 2


def _check_size(width: int, height: int) -> None:
    if not width or not height:
        raise PictureProblem("file.broken")
    if width * height > MOST_PIXELS:
        raise PictureProblem("file.too_many_pixels")
