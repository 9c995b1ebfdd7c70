"""Public copies of photos: upright, small, the same each time, and silent about where and by whom."""

from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from app.core.errors import Invalid
from app.core.pictures import (
    LONGEST_COPY,
    LONGEST_THUMBNAIL,
    MOST_THUMBNAIL_BYTES,
    PublicCopy,
    public_copy,
    store_picture,
    thumbnail,
)
from app.core.storage import DiskStorage, whole
from tests.factories.files import blank_pdf, painted, photo, png_of, written

SECRETS = (b"May anh bi mat", b"Exif", b"GPS", b"ICCP", b"XMP", b"bi-mat")


def opened(copy: PublicCopy) -> Image.Image:
    image = Image.open(BytesIO(copy.content))
    assert image.format == "WEBP"
    assert image.size == (copy.width, copy.height)
    return image


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("make", [public_copy, thumbnail])
def test_a_copy_holds_nothing_but_the_picture(kind: str, make: object) -> None:
    original = photo(kind, icc_profile=b"bi-mat" * 40)
    assert b"May anh bi mat" in original
    copy = public_copy(original) if make is public_copy else thumbnail(original)
    assert not any(secret in copy.content for secret in SECRETS)
    image = opened(copy)
    assert not image.getexif()
    assert {"exif", "icc_profile", "xmp", "comment"}.isdisjoint(image.info)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_copy_stands_upright_whichever_side_the_camera_was_held(orientation: int) -> None:
    upright = painted(320, 200)
    turned = {
        1: upright,
        2: upright.transpose(Image.Transpose.FLIP_LEFT_RIGHT),
        3: upright.transpose(Image.Transpose.ROTATE_180),
        4: upright.transpose(Image.Transpose.FLIP_TOP_BOTTOM),
        5: upright.transpose(Image.Transpose.TRANSPOSE),
        6: upright.transpose(Image.Transpose.ROTATE_90),
        7: upright.transpose(Image.Transpose.TRANSVERSE),
        8: upright.transpose(Image.Transpose.ROTATE_270),
    }[orientation]
    image = opened(public_copy(photo(image=turned, orientation=orientation)))
    assert image.size == (320, 200)
    left, right = image.getpixel((20, 100)), image.getpixel((300, 100))
    assert isinstance(left, tuple)
    assert isinstance(right, tuple)
    assert left[1] > left[0]
    assert right[0] > right[1]


@pytest.mark.parametrize(("width", "height"), [(4000, 3000), (3000, 4000), (5000, 40), (30, 20)])
def test_a_copy_is_never_longer_than_told_and_never_blown_up(width: int, height: int) -> None:
    original = photo(image=painted(width, height))
    for copy, longest in (
        (public_copy(original), LONGEST_COPY),
        (thumbnail(original), LONGEST_THUMBNAIL),
    ):
        image = opened(copy)
        assert max(image.size) <= min(longest, max(width, height))
        assert abs(image.width / image.height - width / height) / (width / height) < 0.3


@pytest.mark.parametrize("noise", [0, 40, 200])
def test_a_thumbnail_fits_a_slow_line_however_wild_the_picture(noise: int) -> None:
    small = thumbnail(photo(image=Image.effect_noise((2000, 1500), noise).convert("RGB")))
    assert len(small.content) <= MOST_THUMBNAIL_BYTES
    assert max(small.width, small.height) > 100


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "I;16"])
def test_pictures_of_every_kind_of_colour_are_copied(mode: str) -> None:
    kind = "JPEG" if mode == "CMYK" else "PNG"
    picture = painted().convert("L") if mode == "I;16" else painted()
    assert opened(public_copy(photo(kind, picture.convert(mode)))).mode == "RGB"


def test_what_was_clear_becomes_white() -> None:
    clear = Image.new("RGBA", (40, 40), (255, 0, 0, 0))
    assert opened(public_copy(photo("PNG", clear))).getpixel((20, 20)) == (255, 255, 255)


def test_the_same_photo_gives_the_same_copies() -> None:
    original = photo(image=painted(2000, 1500))
    assert public_copy(original) == public_copy(original)
    assert thumbnail(original) == thumbnail(original)


def test_three_files_are_kept_and_only_the_original_tells_of_the_camera(tmp_path: Path) -> None:
    storage = DiskStorage(tmp_path)
    original = photo(image=painted(2000, 1500))
    stored = store_picture(storage, original)
    assert whole(storage, stored.original.sha256) == original
    assert stored.original.media_type == "image/jpeg"
    for copy in (stored.copy, stored.thumbnail):
        content = whole(storage, copy.sha256)
        assert opened(PublicCopy(content, copy.width, copy.height))
        assert not any(secret in content for secret in SECRETS)
    assert len(list(storage.kept())) == 3


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (written(blank_pdf()), "file.not_a_picture"),
        (b"", "file.empty"),
        (photo() + b"<?php ?>", "file.two_kinds"),
        (png_of(30_000, 30_000), "file.too_many_pixels"),
    ],
)
def test_what_is_no_sound_photo_leaves_nothing(tmp_path: Path, content: bytes, code: str) -> None:
    with pytest.raises(Invalid) as refusal:
        store_picture(DiskStorage(tmp_path), content, field="anh")
    assert refusal.value.reason_code == code
    assert list(refusal.value.fields) == ["anh"]
    assert not list(tmp_path.iterdir())
