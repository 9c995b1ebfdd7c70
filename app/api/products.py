"""Products over JSON."""

from typing import Annotated

from fastapi import Query

from app.api.deps import Call, PageOut, Pages, api_router, needs, page_out
from app.domain.accounts.enums import Scope
from app.domain.products.actions import change_product, create_product
from app.domain.products.models import SETS
from app.domain.products.queries import ProductRow, get_product, products_page
from app.domain.products.schemas import ChangeProduct, CreateProduct, ProductOut

router = api_router(tags=["products"])
Reading = Annotated[Call, needs(Scope.REGISTER_READ)]
Writing = Annotated[Call, needs(Scope.REGISTER_WRITE)]


def _out(row: ProductRow) -> ProductOut:
    product, producer = row
    return ProductOut.of(product, producer_code=producer.code, producer_name=producer.name)


@router.get("/products", summary="Danh sách sản phẩm")
def index(
    call: Reading,
    pages: Pages,
    q: Annotated[str, Query(max_length=80)] = "",
    set_number: Annotated[int | None, Query(ge=1, le=SETS)] = None,
) -> PageOut[ProductOut]:
    """List the products the token's owner may see; `q` ignores accents and case."""
    found = products_page(
        call.session,
        actor=call.actor,
        search=q,
        set_number=set_number,
        after=pages.after,
        limit=pages.limit,
    )
    return page_out(found, _out)


@router.post("/products", status_code=201, summary="Đăng ký sản phẩm")
def create(call: Writing, data: CreateProduct) -> ProductOut:
    """Register a product of a producer."""
    product = create_product(call.session, data, actor=call.actor, at=call.at)
    return _out(get_product(call.session, product.code, actor=call.actor))


@router.get("/products/{code}", summary="Một sản phẩm")
def show(call: Reading, code: str) -> ProductOut:
    """Show one product."""
    return _out(get_product(call.session, code, actor=call.actor))


@router.put("/products/{code}", summary="Sửa sản phẩm")
def change(call: Writing, code: str, data: ChangeProduct) -> ProductOut:
    """Change a product's description."""
    change_product(call.session, code, data, actor=call.actor, at=call.at)
    return _out(get_product(call.session, code, actor=call.actor))
