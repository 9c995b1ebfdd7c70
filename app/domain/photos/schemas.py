"""What comes in and goes out about photos."""

from datetime import datetime
from typing import Self

from pydantic import BaseModel, ConfigDict, Field

from app.domain.photos.models import ProductPhoto


class AddPhoto(BaseModel):
    """What a photo shows; read out to those who do not see it."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    caption: str = Field(min_length=3, max_length=120, examples=["Hũ mật ong 500 ml, mặt trước"])


class PictureOut(BaseModel):
    """A public copy: where it is, and the room it needs."""

    path: str = Field(examples=["/photos/9f86d081884c7d65….webp"])
    width: int
    height: int


class PhotoOut(BaseModel):
    """A photo of a product, with the copies that anybody may see."""

    code: str
    caption: str
    picture: PictureOut
    thumbnail: PictureOut
    added_at: datetime

    @classmethod
    def of(cls, photo: ProductPhoto) -> Self:
        """Make the answer from a row."""
        return cls(
            code=photo.code,
            caption=photo.caption,
            picture=PictureOut(
                path=photo_path(photo.copy_sha256),
                width=photo.copy_width,
                height=photo.copy_height,
            ),
            thumbnail=PictureOut(
                path=photo_path(photo.thumbnail_sha256),
                width=photo.thumbnail_width,
                height=photo.thumbnail_height,
            ),
            added_at=photo.added_at,
        )


def photo_path(sha256: str) -> str:
    """Return where a public copy is served; the content of an address never changes."""
    return f"/photos/{sha256}.webp"
