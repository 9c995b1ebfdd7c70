"""Uploads are judged by their content and kept under its hash."""

from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image
from pypdf import PdfWriter

from app.core.errors import Invalid
from app.core.files import path_of, store


def _png(width: int = 8, height: int = 8) -> bytes:
    out = BytesIO()
    Image.new("RGB", (width, height), "green").save(out, "PNG")
    return out.getvalue()


def _pdf(pages: int) -> bytes:
    out = BytesIO()
    writer = PdfWriter()
    for _ in range(pages):
        writer.add_blank_page(100, 100)
    writer.write(out)
    return out.getvalue()


def test_a_photo_is_kept_under_its_hash_once(tmp_path: Path) -> None:
    first = store(tmp_path, _png())
    again = store(tmp_path, _png())
    assert first == again
    assert first.media_type == "image/png"
    assert path_of(tmp_path, first.sha256).read_bytes() == _png()
    assert len([p for p in tmp_path.rglob("*") if p.is_file()]) == 1


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "file.empty"),
        (b"<html><script>alert(1)</script></html>", "file.type_not_accepted"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "file.type_not_accepted"),
        (b"MZ\x90\x00" + b"\x00" * 200, "file.type_not_accepted"),
        (b"%PDF-1.7\nbroken", "file.broken"),
        (_png()[:40], "file.broken"),
    ],
)
def test_anything_but_a_sound_pdf_or_photo_is_refused(
    tmp_path: Path, content: bytes, code: str
) -> None:
    with pytest.raises(Invalid) as refusal:
        store(tmp_path, content)
    assert refusal.value.reason_code == code
    assert list(tmp_path.iterdir()) == []


def test_a_pdf_of_more_than_five_hundred_pages_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Invalid) as refusal:
        store(tmp_path, _pdf(501))
    assert refusal.value.reason_code == "file.too_many_pages"


def test_a_picture_of_too_many_pixels_is_refused_without_being_unpacked(tmp_path: Path) -> None:
    bomb = _png(10_000, 10_000)
    assert len(bomb) < 1_000_000
    with pytest.raises(Invalid):
        store(tmp_path, bomb)
