"""What a printed artwork holds, told by the file itself: QR symbols, their size, the resolution.

The reading is a fact about the file and is kept with it. It is done in a process of its own with
bounds of memory and time (core/artwork_process), before any transaction begins.
"""

import base64
import json
import subprocess  # -- of our own program only, see below
import sys
from dataclasses import dataclass
from pathlib import Path
from threading import BoundedSemaphore
from typing import Any, Final

from app.core.errors import Invalid
from app.core.files import StoredFile, inspected_type, store
from app.core.pictures import KeptCopy, keep_thumbnail
from app.core.storage import Storage

ARTWORK_TYPES: Final = frozenset({"application/pdf", "image/png", "image/jpeg"})
_READER: Final = Path(__file__).with_name("artwork_process.py")
_LONGEST_SECONDS: Final = 30
_READING: Final = BoundedSemaphore(2)  # each may take a processor and some hundred megabytes


@dataclass(frozen=True, slots=True)
class SymbolRead:
    """One QR symbol: what it says, on which page, its side with the quiet zone where that is known."""

    text: str
    page: int
    side_mm: float | None


@dataclass(frozen=True, slots=True)
class PageRead:
    """One page: its size where it is known, the coarsest picture on it, or that all is drawn."""

    number: int
    width_mm: float | None
    height_mm: float | None
    dpi: int | None
    drawn: bool


@dataclass(frozen=True, slots=True)
class ArtworkReading:
    """What was read of a file; `complete` is false where it could not be opened or has more pages."""

    complete: bool
    pages: tuple[PageRead, ...] = ()
    symbols: tuple[SymbolRead, ...] = ()

    def plain(self) -> dict[str, Any]:
        """Return the reading as it is kept."""
        return {
            "complete": self.complete,
            "pages": [
                {
                    "number": page.number,
                    "width_mm": page.width_mm,
                    "height_mm": page.height_mm,
                    "dpi": page.dpi,
                    "drawn": page.drawn,
                }
                for page in self.pages
            ],
            "symbols": [
                {"text": one.text, "page": one.page, "side_mm": one.side_mm} for one in self.symbols
            ],
        }


def reading_of(plain: dict[str, Any]) -> ArtworkReading:
    """Return a reading as it was kept."""
    return ArtworkReading(
        complete=bool(plain.get("complete")),
        pages=tuple(PageRead(**page) for page in plain.get("pages", ())),
        symbols=tuple(SymbolRead(**one) for one in plain.get("symbols", ())),
    )


@dataclass(frozen=True, slots=True)
class StoredArtwork:
    """A kept artwork: the file, what was read of it, and a small picture of its first page."""

    file: StoredFile
    reading: ArtworkReading
    thumbnail: KeptCopy | None


def store_artwork(storage: Storage, content: bytes, *, field: str = "file") -> StoredArtwork:
    """Check, keep and read an artwork (PDF, PNG, JPEG); what cannot be read is kept all the same."""
    kind = inspected_type(content, field=field)
    if kind not in ARTWORK_TYPES:
        raise Invalid(
            {field: "Mẫu bao bì là tệp PDF hoặc ảnh PNG, JPEG."}, code="file.not_an_artwork"
        )
    kept = store(storage, content, field=field)
    reading, preview = read_artwork(content, kind)
    picture = preview if kind == "application/pdf" else content
    thumbnail = keep_thumbnail(storage, picture) if picture else None
    return StoredArtwork(kept, reading, thumbnail)


def read_artwork(content: bytes, media_type: str) -> tuple[ArtworkReading, bytes]:
    """Return what a file holds, and of a PDF a picture of its first page; never a fault."""
    with _READING:
        try:
            # The command is this file's neighbour under the running Python: nothing typed is in it.
            done = subprocess.run(  # noqa: S603 -- see above
                [sys.executable, "-I", str(_READER), media_type],
                input=content,
                capture_output=True,
                timeout=_LONGEST_SECONDS,
                check=True,
            )
        except (subprocess.SubprocessError, OSError):
            return ArtworkReading(complete=False), b""
    told = json.loads(done.stdout)
    reading = reading_of(told | {"complete": not told.get("left")})
    return reading, base64.b64decode(told["preview"])
