"""Papers: a Typst template and plain data become a PDF/A, byte for byte the same each time.

Data reaches a template as JSON, never as source, so that nothing typed by a person is read as
markup. Only the fonts in this folder are used: a paper looks the same on every machine.
"""

import json
import struct
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Literal

import typst
from pypdf import PdfReader, PdfWriter

FONTS = Path(__file__).parent / "fonts"
TEMPLATES = Path(__file__).parents[2] / "templates" / "print"

# What stands for a character that neither family can show, such as an emoji in a product name.
UNKNOWN_CHARACTER = "□"

# Controls are dropped: they have no shape, and some turn the letters of a line around.
_UNSEEN = {"Cc", "Cf"}
_MARKS = {"Mn", "Me"}

_SEGMENTS = 4
_GROUPS = 12


class TypesettingFailed(Exception):  # noqa: N818 -- read as a sentence where it is caught
    """A template does not compile with this data; says why."""


def render_pdf(
    template: str,
    data: Mapping[str, object],
    *,
    timestamp: datetime,
    tagged: bool = True,
    folder: Path = TEMPLATES,
    standard: Literal["a-2b", "a-3b"] = "a-2b",
) -> bytes:
    """Return the PDF of `<folder>/<template>.typ`, which lists the keys it reads.

    The template sees the files of its own folder and nothing else; TypesettingFailed when it is
    wrong. `standard` is the kind of PDF/A: only `a-3b` may carry an attached file.
    """
    try:
        pdf = typst.compile(
            folder / f"{template}.typ",
            root=folder,
            font_paths=_fonts(),
            ignore_system_fonts=True,
            sys_inputs={"data": json.dumps(_printable(data), ensure_ascii=False)},
            pdf_standards=standard,
            pdf_tags=tagged,
            timestamp=timestamp.astimezone(UTC).replace(microsecond=0),  # it refuses parts
        )
    except typst.TypstError as fault:
        raise TypesettingFailed(str(fault)) from fault
    if not isinstance(pdf, bytes):
        raise TypeError("a template compiles to one document")
    return pdf


def join_pdfs(parts: Sequence[bytes]) -> bytes:
    """Return one PDF with the pages of all parts, marked as PDF/A as the first part is."""
    first, *others = parts
    if not others:
        return first
    writer = PdfWriter(clone_from=PdfReader(BytesIO(first)))
    for part in others:
        for page in PdfReader(BytesIO(part)).pages:
            writer.add_page(page)
    joined = BytesIO()
    writer.write(joined)
    return joined.getvalue()


def printable(text: str) -> str:
    """Return a text in composed form with only characters that our fonts can show."""
    composed = unicodedata.normalize("NFC", text).replace("\r\n", "\n").replace("\t", " ")
    return "".join(_shown(character) for character in composed)


@cache
def repertoire() -> frozenset[int]:
    """Return the code points that at least one of our upright faces can show."""
    faces = (path for path in FONTS.glob("*/*-Regular.ttf"))
    return frozenset(point for face in faces for point in _code_points(face.read_bytes()))


@cache
def _fonts() -> typst.Fonts:
    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[FONTS])


def _printable(value: object) -> object:
    match value:
        case str():
            return printable(value)
        case Mapping():
            return {str(key): _printable(item) for key, item in value.items()}
        case bytes():
            return list(value)
        case Sequence():
            return [_printable(item) for item in value]
        case _:
            return value


def _shown(character: str) -> str:
    category = unicodedata.category(character)
    if character == "\n" or (ord(character) in repertoire() and category not in _UNSEEN):
        return character
    return "" if category in _UNSEEN | _MARKS else UNKNOWN_CHARACTER


def _code_points(font: bytes) -> Iterator[int]:
    """Read the character map of a TrueType file (OpenType 1.9, cmap formats 4 and 12)."""
    tables = struct.unpack_from(">H", font, 4)[0]
    for position in range(12, 12 + 16 * tables, 16):
        tag, _, start, _ = struct.unpack_from(">4sLLL", font, position)
        if tag == b"cmap":
            for entry in range(struct.unpack_from(">H", font, start + 2)[0]):
                offset = struct.unpack_from(">L", font, start + 8 + 8 * entry)[0]
                yield from _mapped(font, start + offset)


def _mapped(font: bytes, start: int) -> Iterator[int]:
    kind = struct.unpack_from(">H", font, start)[0]
    if kind == _SEGMENTS:
        width = struct.unpack_from(">H", font, start + 6)[0]
        ends = struct.unpack_from(f">{width // 2}H", font, start + 14)
        starts = struct.unpack_from(f">{width // 2}H", font, start + 16 + width)
        for first, last in zip(starts, ends, strict=True):
            yield from range(first, min(last, 0xFFFE) + 1)
    elif kind == _GROUPS:
        for group in range(struct.unpack_from(">L", font, start + 12)[0]):
            first, last, _ = struct.unpack_from(">LLL", font, start + 16 + 12 * group)
            yield from range(first, last + 1)
