"""A PDF looked at as a viewer would read it: whole, within limits, without programs and other files.

Every object that can be reached from the document's root is looked at once. Packed objects are
unpacked here under one limit for the whole file, before the library may unpack them.
"""

import logging
import re
import zlib
from contextlib import suppress
from io import BytesIO
from typing import Any, Final

from pypdf import PdfReader
from pypdf.generic import (
    ArrayObject,
    DictionaryObject,
    IndirectObject,
    StreamObject,
)

MOST_PAGES: Final = 500
MOST_OBJECTS: Final = 60_000
MOST_UNPACKED: Final = 48 * 1024 * 1024
_TAIL: Final = 2048
_DEEPEST_PAGES: Final = 60
_MOST_NODES: Final = 5_000
_MOST_STRAYS: Final = 40
_HEADER: Final = re.compile(rb"\s*\d+\s+\d+\s+obj\b")
# Names that no picture or text contains by chance, wherever they stand: a viewer that mends a file
# by itself may find what its own table of objects does not name.
_TABLE_NAME: Final = re.compile(rb"/(?:X|#58)(?:R|#52)(?:e|#65)(?:f|#66)\b")
_STREAM: Final = re.compile(rb"stream\r?\n")
_TRIED_STREAMS: Final = 3
_MOST_TABLE: Final = 4 * 1024 * 1024
_HIDDEN: Final = re.compile(rb"/(JavaScript|EmbeddedFiles?)\b")
_ACTIVE_STEPS: Final = frozenset(
    {"/JavaScript", "/Launch", "/ImportData", "/SubmitForm", "/Rendition", "/RichMediaExecute"}
)
_ACTIVE_KEYS: Final = frozenset({"/JS", "/JavaScript", "/XFA", "/RichMediaContent"})
_FILE_KEYS: Final = frozenset({"/EF", "/EmbeddedFiles"})
_FILE_KINDS: Final = frozenset({"/EmbeddedFile", "/FileAttachment", "/GoToE"})
_LINEARIZED: Final = re.compile(rb"/Linearized\b[^>]*?/L\s+(\d+)")

# The library tells of each oddity of a file; what it could not read is refused here in one sentence.
logging.getLogger("pypdf").setLevel(logging.CRITICAL)


class PdfProblem(Exception):  # noqa: N818 -- an answer of the inspection, not a fault
    """Why a PDF is not accepted, by code."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def check_pdf(content: bytes) -> int:
    """Return how many pages a PDF has; refuse one that is cut, locked, too large, active, or two kinds."""
    _check_ends(content)
    _check_tables(content)
    reader = PdfReader(BytesIO(content))
    # Asked for before anything is unpacked: a locked file's objects cannot be read.
    if "/Encrypt" in reader.trailer:
        raise PdfProblem("file.encrypted")
    if len(reader.xref_objStm) + sum(map(len, reader.xref.values())) > MOST_OBJECTS:
        raise PdfProblem("file.too_complex")
    look = _Look(reader, content)
    look.check_packed_objects()
    pages = look.check_pages()
    look.check_objects()
    if hidden := _HIDDEN.search(content):
        raise PdfProblem("file.active" if hidden[1] == b"JavaScript" else "file.carries_files")
    return pages


def _check_ends(content: bytes) -> None:
    tail = content[-_TAIL:].rstrip(b"\x00\r\n\t ")
    end = tail.rfind(b"%%EOF")
    if end < 0 or b"startxref" not in tail[:end]:
        # Either the end is missing, or more than a viewer looks at stands behind it.
        raise PdfProblem("file.two_kinds" if _opens_again(content) else "file.broken")
    if tail[end + 5 :]:
        raise PdfProblem("file.two_kinds")
    told = _LINEARIZED.search(content[:1024])
    if told and int(told[1][:12]) > len(content):
        raise PdfProblem("file.broken")


def _opens_again(content: bytes) -> bool:
    """Tell a whole PDF with a tail from a cut one: its last table of objects lies where it says."""
    end = content.rfind(b"%%EOF")
    told = re.search(rb"startxref\s+(\d{1,12})\s+$", content[max(0, end - 64) : max(0, end)])
    linearized = _LINEARIZED.search(content[:1024])
    return bool(told and 0 < int(told[1]) < end and not linearized)


def _check_tables(content: bytes) -> None:
    """Unpack the packed tables of objects under a limit: the library reads them before all else."""
    left = _MOST_TABLE
    for name in _TABLE_NAME.finditer(content):
        for _, stream in zip(
            range(_TRIED_STREAMS), _STREAM.finditer(content, name.end()), strict=False
        ):
            packed = content[stream.end() : stream.end() + _MOST_TABLE]
            with suppress(zlib.error):  # not packed at all, or packed in a way the library refuses
                left -= len(zlib.decompressobj().decompress(packed, left + 1))
            if left < 0:
                raise PdfProblem("file.too_complex")


class _Look:
    """One look at one file: what was followed so far, and what may still be spent on it."""

    def __init__(self, reader: PdfReader, content: bytes) -> None:
        self._reader = reader
        self._content = content
        self._strays = _MOST_STRAYS

    def check_packed_objects(self) -> None:
        """Unpack the packed objects under one limit, before the library does it without one."""
        left = MOST_UNPACKED
        for number in sorted({stream for stream, _ in self._reader.xref_objStm.values()}):
            packed = self._plain(IndirectObject(number, 0, self._reader))
            if not isinstance(packed, StreamObject):
                raise PdfProblem("file.broken")
            filters = self._plain(packed.get("/Filter"))
            data: bytes = packed._data  # noqa: SLF001 -- the packed bytes: asking for the data unpacks it
            if filters is None:
                left -= len(data)
            elif filters in ("/FlateDecode", ["/FlateDecode"]):
                left -= len(zlib.decompressobj().decompress(data, left + 1))
            else:
                raise PdfProblem("file.too_complex")
            if left < 0:
                raise PdfProblem("file.too_complex")

    def check_pages(self) -> int:
        """Count the pages along the tree; one page hung up many times counts as many."""
        root = self._plain(self._reader.trailer["/Root"])
        waiting: list[tuple[Any, int]] = [(root["/Pages"], 0)]
        pages = nodes = 0
        while waiting:
            node, depth = waiting.pop()
            node, nodes = self._plain(node), nodes + 1
            if not isinstance(node, DictionaryObject) or depth > _DEEPEST_PAGES:
                raise PdfProblem("file.broken")
            kids = self._plain(node.get("/Kids"))
            if kids is None:
                pages += 1
            elif not isinstance(kids, ArrayObject):
                raise PdfProblem("file.broken")
            if pages > MOST_PAGES or (kids is not None and len(kids) > _MOST_NODES):
                raise PdfProblem("file.too_many_pages")
            if nodes > _MOST_NODES:
                raise PdfProblem("file.too_complex")
            waiting.extend((kid, depth + 1) for kid in kids or ())
        if not pages:
            raise PdfProblem("file.broken")
        return pages

    def check_objects(self) -> None:
        """Look once at everything that the root leads to."""
        seen: set[int] = set()
        waiting: list[Any] = [self._reader.trailer.get("/Root")]
        looked = 0
        while waiting:
            one, looked = waiting.pop(), looked + 1
            if looked > MOST_OBJECTS * 20:
                raise PdfProblem("file.too_complex")
            if isinstance(one, IndirectObject):
                if one.idnum in seen:
                    continue
                seen.add(one.idnum)
            found = self._plain(one)
            if isinstance(found, DictionaryObject):
                self._check_dictionary(found)
                waiting.extend(v for v in dict.values(found) if _holds_more(v))
            elif isinstance(found, ArrayObject):
                waiting.extend(v for v in list.__iter__(found) if _holds_more(v))

    def _check_dictionary(self, one: DictionaryObject) -> None:
        words = {str(self._plain(one.get(key))) for key in ("/S", "/Type", "/Subtype")}
        if _ACTIVE_KEYS & one.keys() or _ACTIVE_STEPS & words:
            raise PdfProblem("file.active")
        if _FILE_KEYS & one.keys() or _FILE_KINDS & words:
            raise PdfProblem("file.carries_files")

    def _plain(self, value: Any) -> Any:
        """Follow a pointer; what the file's table does not name is nothing, as the format says.

        The library would search the whole file for each stray pointer: a few are let pass so.
        """
        if not isinstance(value, IndirectObject):
            return value
        number, generation = value.idnum, value.generation
        if number not in self._reader.xref_objStm or generation:
            place = self._reader.xref.get(generation, {}).get(number)
            if place is None:
                return None
            if not _HEADER.match(self._content, place):
                self._strays -= 1
                if self._strays < 0:
                    raise PdfProblem("file.broken")
        return self._reader.get_object(value)


def _holds_more(value: object) -> bool:
    return isinstance(value, IndirectObject | DictionaryObject | ArrayObject)
