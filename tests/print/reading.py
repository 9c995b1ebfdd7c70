"""The words of a paper as a person copies them out of it, in one line."""

from collections.abc import Iterator
from io import BytesIO
from typing import Any
from zipfile import ZipFile

import pypdfium2 as pdfium
from docx import Document
from docx.oxml.ns import qn

BOXES = ("☑", "☐")


def pdf_words(pdf: bytes) -> str:
    """Return the words of a PDF, page after page."""
    document: Any = pdfium.PdfDocument(pdf)  # type: ignore[no-untyped-call]  # -- the library has no types
    try:
        words = " ".join(page.get_textpage().get_text_bounded() for page in document)
    finally:
        document.close()
    return in_one_line(words)


def docx_words(docx: bytes) -> str:
    """Return the words of the body of a DOCX in the order of reading, tables included."""
    return in_one_line("".join(_pieces(docx)))


def docx_parts(docx: bytes) -> dict[str, bytes]:
    """Return every part of the package by name."""
    with ZipFile(BytesIO(docx)) as package:
        return {name: package.read(name) for name in package.namelist()}


def in_one_line(words: str) -> str:
    """Return a text with single spaces only."""
    return " ".join(words.split())


def squeezed(words: str) -> str:
    """Return a text without spaces: a typesetter may break a line behind a sign, as at «và/hoặc»."""
    return "".join(words.split())


def _pieces(docx: bytes) -> Iterator[str]:
    body: Any = Document(BytesIO(docx)).element.body
    for element in body.iter():
        if element.tag == qn("w:t"):
            yield element.text or ""
        elif element.tag in {qn("w:p"), qn("w:tab"), qn("w:br")}:
            yield " "
