"""Files as people send them: real photos and papers, and what hostile hands make of them."""

import struct
import zlib
from collections.abc import Mapping
from io import BytesIO
from random import Random
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

from PIL import Image
from pypdf import PdfWriter
from pypdf.generic import ArrayObject, DictionaryObject, NameObject, TextStringObject

LAI_CHAU = {1: "N", 2: (22.0, 23.0, 44.0), 3: "E", 4: (103.0, 27.0, 30.0)}
_ORIENTATION, _MAKER, _GPS = 0x0112, 0x010F, 0x8825


def painted(width: int = 320, height: int = 200, *, noise: int = 40) -> Image.Image:
    """Paint a picture that does not pack away to nothing: green on its left, red on its right."""
    grain = Image.frombytes("L", (width, height), Random(noise).randbytes(width * height))  # noqa: S311 -- grain, the same in every run
    image = Image.blend(Image.new("L", grain.size, 128), grain, noise / 255).convert("RGB")
    image.paste((0, 160, 0), (0, 0, width // 3, height))
    image.paste((200, 0, 0), (2 * width // 3, 0, width, height))
    return image


def photo(
    kind: str = "JPEG", image: Image.Image | None = None, *, orientation: int = 1, **how: Any
) -> bytes:
    """Return a photo as a telephone writes it: with its maker, its position and its side up."""
    exif = Image.Exif()
    exif[_MAKER] = "May anh bi mat"
    exif[_ORIENTATION] = orientation
    exif[_GPS] = LAI_CHAU
    kept = BytesIO()
    (image or painted()).save(kept, kind, exif=exif, **how)
    return kept.getvalue()


def written(writer: PdfWriter) -> bytes:
    """Return the file of a writer."""
    kept = BytesIO()
    writer.write(kept)
    return kept.getvalue()


def blank_pdf(pages: int = 1) -> PdfWriter:
    """Return a writer with blank pages."""
    writer = PdfWriter()
    for _ in range(pages):
        writer.add_blank_page(100, 100)
    return writer


def pdf_opening_with(step: Mapping[str, str]) -> bytes:
    """Return a PDF that takes a step when it is opened; values with a slash are names."""
    writer = blank_pdf()
    writer.root_object[NameObject("/OpenAction")] = DictionaryObject(
        {
            NameObject(key): NameObject(said) if said.startswith("/") else TextStringObject(said)
            for key, said in step.items()
        }
    )
    return written(writer)


def pdf_with_pages_hung_up_again_and_again(levels: int = 12) -> bytes:
    """Return a small PDF whose tree of pages has ten to the power of `levels` leaves."""
    writer = blank_pdf()
    below: Any = writer.pages[0].indirect_reference
    for _ in range(levels):
        below = writer._add_object(
            DictionaryObject(
                {
                    NameObject("/Type"): NameObject("/Pages"),
                    NameObject("/Kids"): ArrayObject([below] * 10),
                }
            )
        )
    writer.root_object[NameObject("/Pages")] = below
    kept = BytesIO()
    writer.write(kept)
    return kept.getvalue()


def png_of(width: int, height: int) -> bytes:
    """Return a sound PNG of one colour: few bytes, as many pixels as asked for."""
    row = b"\x00" + bytes((width + 7) // 8)
    packer = zlib.compressobj(9)
    packed = b"".join(packer.compress(row) for _ in range(height)) + packer.flush()
    head = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", packed) + chunk(b"IEND")


def chunk(name: bytes, body: bytes = b"") -> bytes:
    """Return a chunk of a PNG with its checksum."""
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def archive(members: Mapping[str, bytes]) -> bytes:
    """Return a zip of these members."""
    kept = BytesIO()
    with ZipFile(kept, "w", ZIP_DEFLATED) as zipped:
        for name, content in members.items():
            zipped.writestr(name, content)
    return kept.getvalue()
