"""Pages of products: list, one product, the form."""

from typing import Annotated

from fastapi import Query, Response

from app.core.clock import local_day
from app.core.errors import Invalid, Worded
from app.domain.councils.queries import filing_windows
from app.domain.dossiers.policy import why_not_open
from app.domain.dossiers.queries import dossiers_of_product
from app.domain.dossiers.rules import FILING_WINDOWS
from app.domain.ideas.queries import idea_of_product
from app.domain.photos.actions import MOST_PHOTOS
from app.domain.photos.queries import photos_of
from app.domain.producers.queries import get_producer
from app.domain.products.actions import GtinTaken, change_product, create_product
from app.domain.products.models import SETS
from app.domain.products.policy import why_not_write
from app.domain.products.queries import get_product, get_product_with_old_codes, products_page
from app.domain.products.rules import as_printed
from app.domain.products.schemas import ChangeProduct, CreateProduct
from app.domain.recognition.queries import running_certificate
from app.rulebooks import loader
from app.web.deps import After, Page, SignedInPage, page_router
from app.web.forms import Form, PostedForm, empty_form

router = page_router()

SetNumber = Annotated[int | None, Query(ge=1, le=SETS)]


@router.get("/products", name="products.list")
def index(page: Page, q: str = "", set_number: SetNumber = None, after: After = 0) -> Response:
    """List the products this person may see."""
    found = products_page(
        page.session, actor=page.actor, search=q[:80], set_number=set_number, after=after
    )
    template = "products/_table.html" if page.is_fragment else "products/list.html"
    return page.render(
        template, found=found, sets=_sets(page), q=q, set_number=set_number, after=after
    )


@router.get("/producers/{producer_code}/products/new", name="products.new")
def new(page: Page, producer_code: str) -> Response:
    """Ask for a new product's data."""
    producer = get_producer(page.session, producer_code, actor=page.actor)
    refusal = why_not_write(page.actor, producer)
    if refusal:
        raise refusal
    return _form(page, empty_form(), producer_code=producer_code)


@router.post("/producers/{producer_code}/products", name="products.create")
def create(form: PostedForm, page: Page, producer_code: str) -> Response:
    """Register a product."""
    try:
        data = form.read(CreateProduct, producer_code=producer_code)
        product = create_product(page.session, data, actor=page.actor, at=page.at)
    except Invalid as problem:
        return _form(page, form.showing(problem), producer_code=producer_code, status=422)
    except GtinTaken as taken:
        return _form(page, _gtin_taken(form, taken), producer_code=producer_code, status=409)
    return page.go("products.show", code=product.code, said="Đã đăng ký sản phẩm.")


@router.get("/products/{code}", name="products.show")
def show(page: Page, code: str) -> Response:
    """Show a product, its dossiers, and what can be done next."""
    return product_page(page, code, empty_form())


@router.get("/products/{code}/edit", name="products.edit")
def edit(page: Page, code: str) -> Response:
    """Ask for changes."""
    product, producer = get_product(page.session, code, actor=page.actor)
    refusal = why_not_write(page.actor, producer)
    if refusal:
        raise refusal
    values = {k: str(v) for k, v in product.model_dump(mode="json").items() if v is not None}
    values["gtin"] = as_printed(product.gtin)
    return _form(page, empty_form(values), code=code)


@router.post("/products/{code}", name="products.change")
def change(form: PostedForm, page: Page, code: str) -> Response:
    """Store changes."""
    try:
        change_product(page.session, code, form.read(ChangeProduct), actor=page.actor, at=page.at)
    except Invalid as problem:
        return _form(page, form.showing(problem), code=code, status=422)
    except GtinTaken as taken:
        return _form(page, _gtin_taken(form, taken), code=code, status=409)
    return page.go("products.show", code=code, said="Đã lưu thông tin sản phẩm.")


def product_page(page: SignedInPage, code: str, form: Form, *, status: int = 200) -> Response:
    """Show a product with its dossiers and photos; the form is the one for a new photo."""
    product, producer, old_codes = get_product_with_old_codes(page.session, code, actor=page.actor)
    day = local_day(page.at)
    return page.render(
        "products/show.html",
        status=status,
        form=form,
        product=product,
        producer=producer,
        set_name=_sets(page).get(product.set_number, ""),
        old_codes=old_codes,
        gtin=as_printed(product.gtin),
        dossiers=dossiers_of_product(page.session, product.id or 0, actor=page.actor),
        photos=photos_of(page.session, product.id or 0),
        most_photos=MOST_PHOTOS,
        idea=idea_of_product(page.session, product, actor=page.actor),
        why_not_change=why_not_write(page.actor, producer),
        why_not_open=why_not_open(page.actor, producer),
        certificate=running_certificate(page.session, product.id or 0, on=day),
        windows_basis=FILING_WINDOWS,
        rounds=filing_windows(page.session, loader.in_force(day), on=day),
    )


def _sets(page: SignedInPage) -> dict[int, str]:
    return {s.set_number: s.name for s in loader.rubrics(loader.in_force(local_day(page.at)).code)}


def _gtin_taken(form: Form, taken: GtinTaken) -> Form:
    """Keep what was typed, and say beside the field that the number is another's."""
    return form.showing(
        Invalid({"gtin": Worded(taken.template, **taken.params)}, code=taken.reason_code)
    )


def _form(
    page: SignedInPage,
    form: Form,
    *,
    code: str | None = None,
    producer_code: str | None = None,
    status: int = 200,
) -> Response:
    return page.render(
        "products/form.html",
        status=status,
        form=form,
        code=code,
        producer_code=producer_code,
        summaries=loader.rubrics(loader.in_force(local_day(page.at)).code),
    )
