"""Papers as answers: shown or saved under a sensible name, kept by nobody else on the way."""

from collections.abc import Iterator
from typing import Any

from fastapi import Response
from fastapi.responses import StreamingResponse

from app.core.layout import PaperFormat

DOCX_TYPE = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
_BINARY: dict[str, Any] = {"schema": {"type": "string", "format": "binary"}}

# How the API description tells of a paper.
PDF_ANSWER: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "Bản in PDF.",
        "content": {"application/pdf": _BINARY},
    }
}
FORM_ANSWER: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "Bản in PDF, hoặc bản DOCX để chỉnh sửa tiếp.",
        "content": {"application/pdf": _BINARY, DOCX_TYPE: _BINARY},
    }
}
ARCHIVE_ANSWER: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "Tệp ZIP: các mẫu, minh chứng theo thứ tự tiêu chí, danh mục kèm mã băm.",
        "content": {"application/zip": _BINARY},
    }
}


def form_answer(content: bytes, name: str, kind: PaperFormat) -> Response:
    """Answer with a form: a PDF is shown, a DOCX saved. The name is ours and has no ending."""
    if kind is PaperFormat.PDF:
        return pdf_answer(content, f"{name}.pdf")
    return Response(content, media_type=DOCX_TYPE, headers=_saved_as(f"{name}.docx"))


def archive_answer(pieces: Iterator[bytes], name: str) -> Response:
    """Answer with an archive that is put together while it goes out; the name is ours."""
    return StreamingResponse(pieces, media_type="application/zip", headers=_saved_as(name))


def long_pdf_answer(pieces: Iterator[bytes], name: str) -> Response:
    """Answer with a PDF that takes long to set: it is made while it goes out, after the transaction."""
    return StreamingResponse(
        pieces,
        media_type="application/pdf",
        headers={
            "content-disposition": f'inline; filename="{name}"',
            "cache-control": "private, no-store",
        },
    )


def _saved_as(name: str) -> dict[str, str]:
    return {
        "content-disposition": f'attachment; filename="{name}"',
        "cache-control": "private, no-store",
        "x-content-type-options": "nosniff",
    }


# How the API description tells of a scoring pack.
OFFLINE_PAGE_ANSWER: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "Một tệp HTML mở được khi không có mạng.",
        "content": {"text/html": {"schema": {"type": "string"}}},
    }
}


def offline_page_answer(content: bytes, name: str) -> Response:
    """Answer with a page that is to be saved and opened without network; here it runs nothing."""
    return Response(
        content,
        media_type="text/html; charset=utf-8",
        headers=_saved_as(name) | {"content-security-policy": "default-src 'none'; sandbox"},
    )


WORKBOOK_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
# How the API description tells of a workbook.
WORKBOOK_ANSWER: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "Tệp Excel.",
        "content": {WORKBOOK_TYPE: {"schema": {"type": "string", "format": "binary"}}},
    }
}


def workbook_answer(content: bytes, name: str) -> Response:
    """Answer with a workbook to be saved; the name is ours (letters, digits, hyphens)."""
    return Response(
        content,
        media_type=WORKBOOK_TYPE,
        headers={
            "content-disposition": f'attachment; filename="{name}"',
            "cache-control": "private, no-store",
            "x-content-type-options": "nosniff",
        },
    )


# How the API description tells of a drawing.
SVG_ANSWER: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "Hình véc-tơ SVG.",
        "content": {"image/svg+xml": {"schema": {"type": "string"}}},
    }
}


def svg_answer(content: bytes, name: str) -> Response:
    """Answer with a drawing of ours to be saved; opened all the same, it runs nothing."""
    return Response(
        content,
        media_type="image/svg+xml",
        headers=_saved_as(name) | {"content-security-policy": "default-src 'none'; sandbox"},
    )


def pdf_answer(content: bytes, name: str) -> Response:
    """Answer with a PDF; the name is ours (letters, digits, hyphens), never a person's text."""
    return Response(
        content,
        media_type="application/pdf",
        headers={
            "content-disposition": f'inline; filename="{name}"',
            "cache-control": "private, no-store",
        },
    )
