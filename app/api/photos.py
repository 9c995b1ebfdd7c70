"""Photos of products over JSON."""

from typing import Annotated

from app.api.deps import (
    AnyCall,
    Call,
    Sent,
    WithFile,
    api_router,
    code_path,
    needs,
    only_with,
    sent,
)
from app.core.clock import local_day
from app.core.pictures import StoredPicture, store_picture
from app.domain.accounts.enums import Scope
from app.domain.photos.actions import add_photo, remove_photo
from app.domain.photos.queries import photos_of
from app.domain.photos.schemas import AddPhoto, PhotoOut
from app.domain.products.queries import get_product
from app.domain.register.queries import get_register_entry

router = api_router(tags=["products"])
Reading = Annotated[Call, needs(Scope.REGISTER_READ)]
Writing = Annotated[Call, needs(Scope.REGISTER_WRITE)]
Code = Annotated[str, code_path("SP-7K2M9Q4")]
PhotoCode = Annotated[str, code_path("HA-4T8XW20")]


class PhotoForm(WithFile, AddPhoto):
    """A photo with its caption, as a multipart form sends it."""


SentPhoto = Annotated[Sent[AddPhoto, StoredPicture], sent(PhotoForm, AddPhoto, keep=store_picture)]


@router.get("/products/{code}/photos", summary="Ảnh của sản phẩm")
def index(call: Reading, code: Code) -> list[PhotoOut]:
    """List the photos of a product, the first one first."""
    product, _ = get_product(call.session, code, actor=call.actor)
    return [PhotoOut.of(photo) for photo in photos_of(call.session, product.id or 0)]


@router.post(
    "/products/{code}/photos",
    status_code=201,
    summary="Thêm ảnh sản phẩm",
    dependencies=[only_with(Scope.REGISTER_WRITE)],
)
def add(photo: SentPhoto, call: Writing, code: Code) -> PhotoOut:
    """Add a JPEG, PNG or WebP photo; copies for the public are made without position or camera."""
    kept = add_photo(call.session, code, photo.data, photo.stored, actor=call.actor, at=call.at)
    return PhotoOut.of(kept)


@router.post("/products/{code}/photos/{photo}/remove", summary="Gỡ ảnh sản phẩm")
def remove(call: Writing, code: Code, photo: PhotoCode) -> list[PhotoOut]:
    """Take a photo off a product and list those that stay."""
    remove_photo(call.session, code, photo, actor=call.actor, at=call.at)
    return index(call, code)


@router.get("/register/{code}/photos", summary="Ảnh của sản phẩm trong danh bạ")
def of_register_entry(call: AnyCall, code: Code) -> list[PhotoOut]:
    """List the photos of a product in the public register."""
    found = get_register_entry(call.session, code, on=local_day(call.at))
    return [PhotoOut.of(photo) for photo in photos_of(call.session, found.product.id or 0)]
