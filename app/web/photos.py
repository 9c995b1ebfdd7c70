"""Photos of products: added and taken away on the product's page, served to anybody as copies."""

from typing import Annotated

from fastapi import Depends, Path, Request, Response
from fastapi.responses import StreamingResponse

from app.core.errors import Invalid, NotFound
from app.core.pictures import COPY_MEDIA_TYPE, StoredPicture, store_picture
from app.core.settings import Settings
from app.domain.photos.actions import add_photo, remove_photo
from app.domain.photos.queries import is_public_copy
from app.domain.photos.schemas import AddPhoto
from app.domain.products.policy import why_not_write
from app.domain.products.queries import get_product
from app.http.attachments import FILE_POLICY
from app.http.sessions import unit_of
from app.web.deps import Page, page_router
from app.web.evidence import kept_or_told, let_in
from app.web.forms import PostedForm
from app.web.products import product_page

router = page_router()

Hash = Annotated[str, Path(pattern=r"^[0-9a-f]{64}$")]


def kept_photo(request: Request, form: PostedForm, code: str) -> StoredPicture | Invalid:
    """Check the photo and keep it with its copies, before the request's transaction begins."""
    settings: Settings = request.app.state.settings
    let_in(
        request,
        lambda session, actor: why_not_write(actor, get_product(session, code, actor=actor)[1]),
    )
    sent = form.file("file")
    if sent is None:
        return Invalid({"file": "Hãy chọn tệp."}, code="file.missing")
    return kept_or_told(lambda: store_picture(settings.files, sent.file.read()))


KeptPhoto = Annotated[StoredPicture | Invalid, Depends(kept_photo)]


# `kept` stands before `page`: dependencies run in this order, see kept_photo.
@router.post("/products/{code}/photos", name="photos.add")
def add(form: PostedForm, kept: KeptPhoto, page: Page, code: str) -> Response:
    """Add a photo to the product."""
    try:
        data = form.read(AddPhoto)
        if isinstance(kept, Invalid):
            raise kept
        add_photo(page.session, code, data, kept, actor=page.actor, at=page.at)
    except Invalid as problem:
        if isinstance(kept, Invalid):
            problem.fields |= kept.fields
        return product_page(page, code, form.showing(problem), status=422)
    return page.go("products.show", code=code, said="Đã thêm ảnh sản phẩm.")


@router.post("/products/{code}/photos/{photo}/remove", name="photos.remove")
def remove(_form: PostedForm, page: Page, code: str, photo: str) -> Response:
    """Take a photo off the product."""
    remove_photo(page.session, code, photo, actor=page.actor, at=page.at)
    return page.go("products.show", code=code, said="Đã gỡ ảnh sản phẩm.")


@router.api_route("/photos/{sha256}.webp", methods=["GET", "HEAD"], name="photos.show")
def show(request: Request, sha256: Hash) -> Response:
    """Send a public copy: its address names its content, so it may be kept for ever."""
    settings: Settings = request.app.state.settings
    session = unit_of(request).session
    kept = settings.files.find(sha256) if is_public_copy(session, sha256) else None
    if kept is None:
        raise NotFound
    return StreamingResponse(
        settings.files.chunks(sha256),
        media_type=COPY_MEDIA_TYPE,
        headers={
            "content-length": str(kept.size),
            "content-security-policy": FILE_POLICY,
            "x-content-type-options": "nosniff",
            "cache-control": "public, max-age=31536000, immutable",
            "cross-origin-resource-policy": "cross-origin",
        },
    )
