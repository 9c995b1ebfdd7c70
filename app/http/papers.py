"""Papers as answers: a PDF shown in the browser under a sensible name, kept by nobody else."""

from typing import Any

from fastapi import Response

# How the API description tells of a paper.
PDF_ANSWER: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "Bản in PDF.",
        "content": {"application/pdf": {"schema": {"type": "string", "format": "binary"}}},
    }
}


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
