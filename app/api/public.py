"""The public register over JSON: recognised products, for anybody, without a token."""

from typing import Annotated

from fastapi import Query

from app.api.deps import AnyCall, PageOut, Pages, api_router, page_out
from app.core.clock import local_day
from app.domain.recognition.queries import certificate_out, get_register_entry, register_page
from app.domain.recognition.schemas import CertificateOut

router = api_router(tags=["register"])


@router.get("/register", summary="Danh bạ sản phẩm được công nhận")
def index(
    call: AnyCall,
    pages: Pages,
    q: Annotated[str, Query(max_length=80, description="Tên, không cần dấu.")] = "",
    commune_code: Annotated[str, Query(max_length=5)] = "",
    star: Annotated[int | None, Query(ge=3, le=5)] = None,
) -> PageOut[CertificateOut]:
    """List the products recognised today, newest first."""
    found = register_page(
        call.session,
        on=local_day(call.at),
        search=q,
        commune_code=commune_code,
        star=star,
        after=pages.after,
        limit=pages.limit,
    )
    return page_out(found, certificate_out)


@router.get("/register/{code}", summary="Một giấy chứng nhận trong danh bạ")
def show(call: AnyCall, code: str) -> CertificateOut:
    """Show one certificate, an ended one too, with what it is worth today."""
    return certificate_out(get_register_entry(call.session, code, on=local_day(call.at)))
