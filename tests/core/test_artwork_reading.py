"""Artwork read in a process of its own: symbols measured in true millimetres, and never a fault."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from app.core.artwork_reading import read_artwork, reading_of, store_artwork
from app.core.errors import Invalid
from app.core.settings import Settings
from tests.factories.files import blank_pdf, photo, written
from tests.factories.packaging import artwork_pdf, artwork_png

AT = datetime(2026, 9, 14, 2, 0, tzinfo=UTC)
LINK = "https://tem.example/" + "7" * 193


@pytest.fixture
def place(tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path)


@pytest.mark.parametrize("size_mm", [22, 25, 15])
def test_a_symbol_of_a_pdf_is_measured_as_it_will_be_printed(size_mm: int) -> None:
    reading, preview = read_artwork(artwork_pdf(AT, LINK, size_mm=size_mm), "application/pdf")
    (symbol,) = reading.symbols
    assert symbol.text == LINK
    assert symbol.side_mm == pytest.approx(size_mm, abs=0.3)
    assert reading.complete
    assert reading.pages[0].drawn
    assert preview.startswith(b"\x89PNG")


def test_a_picture_is_measured_only_where_it_says_how_large_it_is() -> None:
    unsaid, _ = read_artwork(artwork_png(LINK), "image/png")
    said, _ = read_artwork(artwork_png(LINK, dpi=300), "image/png")
    screen, _ = read_artwork(artwork_png(LINK, dpi=72), "image/png")
    assert [one.symbols[0].text for one in (unsaid, said, screen)] == [LINK] * 3
    assert (unsaid.symbols[0].side_mm, screen.symbols[0].side_mm) == (None, None)
    assert said.symbols[0].side_mm == pytest.approx(25, abs=0.5)
    assert said.pages[0].dpi == 300


def test_what_cannot_be_opened_is_told_as_unread_and_a_reading_survives_being_kept() -> None:
    broken, preview = read_artwork(b"%PDF-1.7 nothing", "application/pdf")
    assert (broken.complete, broken.pages, preview) == (False, (), b"")
    long, _ = read_artwork(written(blank_pdf(8)), "application/pdf")
    assert not long.complete
    assert len(long.pages) == 6
    assert reading_of(long.plain()) == long


def test_artwork_is_kept_with_a_small_picture_and_other_kinds_are_refused(place: Settings) -> None:
    kept = store_artwork(place.files, artwork_pdf(AT, LINK))
    assert kept.thumbnail is not None
    assert place.files.find(kept.file.sha256)
    assert place.files.find(kept.thumbnail.sha256)
    with pytest.raises(Invalid) as refused:
        store_artwork(place.files, photo("WEBP"))
    assert refused.value.reason_code == "file.not_an_artwork"
