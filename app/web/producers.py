"""Pages of producers: list, one producer, the form."""

from fastapi import Response

from app.core.clock import local_day
from app.core.errors import Invalid
from app.domain.accounts.enums import Role
from app.domain.places.queries import commune_names, communes_on
from app.domain.privacy.actions import read_personal
from app.domain.privacy.policy import why_not_read_personal, why_not_write_down
from app.domain.privacy.schemas import ProducerPersonalOut
from app.domain.producers.actions import change_producer, create_producer
from app.domain.producers.policy import why_not_change, why_not_create, why_not_invite
from app.domain.producers.queries import get_producer, producers_page
from app.domain.producers.rules import GENDER_LABELS, KIND_LABELS, shown_tax_code
from app.domain.producers.schemas import ChangeProducer, CreateProducer
from app.domain.products.policy import why_not_write
from app.domain.products.queries import products_page
from app.domain.recognition.policy import why_not_dissolve
from app.rulebooks import loader
from app.web.deps import After, Page, SignedInPage, page_router
from app.web.forms import Form, PostedForm, empty_form
from app.web.privacy import note_reading_of

router = page_router()


@router.get("/producers", name="producers.list")
def index(page: Page, q: str = "", commune: str = "", after: After = 0) -> Response:
    """List the producers this person may see."""
    day = local_day(page.at)
    found = producers_page(
        page.session, actor=page.actor, search=q[:80], commune_code=commune[:5], after=after
    )
    template = "producers/_table.html" if page.is_fragment else "producers/list.html"
    return page.render(
        template,
        found=found,
        communes={unit.code: unit.full_name for unit in communes_on(page.session, day)},
        kinds=KIND_LABELS,
        q=q,
        commune=commune,
        after=after,
        why_not_create=why_not_create(page.actor),
    )


@router.get("/producers/new", name="producers.new")
def new(page: Page) -> Response:
    """Ask for a new producer's data."""
    refusal = why_not_create(page.actor)
    if refusal:
        raise refusal
    return _form(page, empty_form({"commune_code": next(iter(page.actor.units), "")}))


@router.post("/producers", name="producers.create")
def create(form: PostedForm, page: Page) -> Response:
    """Register a producer."""
    try:
        producer = create_producer(
            page.session, form.read(CreateProducer), actor=page.actor, at=page.at
        )
    except Invalid as problem:
        return _form(page, form.showing(problem), status=422)
    return page.go("producers.show", code=producer.code, said="Đã đăng ký chủ thể.")


@router.get("/producers/{code}", name="producers.show")
def show(page: Page, code: str) -> Response:
    """Show a producer and its products."""
    return _show(page, code)


@router.post("/producers/{code}/personal", name="producers.personal")
def personal(_key: PostedForm, page: Page, code: str) -> Response:
    """Show how to reach a producer and what is sensitive, this once; the reading is recorded."""
    seen = read_personal(page.session, code, actor=page.actor, at=page.at)
    page.unit.keep_no_answer()
    page.session.flush()
    return _show(page, code, personal=seen)


@router.get("/producers/{code}/edit", name="producers.edit")
def edit(page: Page, code: str) -> Response:
    """Ask for changes."""
    producer = get_producer(page.session, code, actor=page.actor)
    refusal = why_not_change(page.actor, producer)
    if refusal:
        raise refusal
    note_reading_of(page, producer, "trang sửa thông tin")
    values = {k: str(v) for k, v in producer.model_dump(mode="json").items() if v is not None}
    return _form(page, empty_form(values), code=code)


@router.post("/producers/{code}", name="producers.change")
def change(form: PostedForm, page: Page, code: str) -> Response:
    """Store changes."""
    try:
        change_producer(page.session, code, form.read(ChangeProducer), actor=page.actor, at=page.at)
    except Invalid as problem:
        return _form(page, form.showing(problem), code=code, status=422)
    return page.go("producers.show", code=code, said="Đã lưu thông tin chủ thể.")


def _show(
    page: SignedInPage, code: str, *, personal: ProducerPersonalOut | None = None
) -> Response:
    producer = get_producer(page.session, code, actor=page.actor)
    names = commune_names(page.session, [producer.commune_code], on=local_day(page.at))
    return page.render(
        "producers/show.html",
        producer=producer,
        commune=names.get(producer.commune_code, producer.commune_code),
        kind=KIND_LABELS[producer.kind],
        gender=GENDER_LABELS[producer.representative_gender],
        is_own=page.actor.acts_for(producer.id),
        personal=personal,
        tax_code=shown_tax_code(producer.tax_code),
        why_not_personal=why_not_read_personal(page.actor, producer),
        writes_down=not why_not_write_down(page.actor, producer),
        products=products_page(page.session, actor=page.actor, producer_id=producer.id, limit=50),
        sets={
            s.set_number: s.name for s in loader.rubrics(loader.in_force(local_day(page.at)).code)
        },
        why_not_change=why_not_change(page.actor, producer),
        why_not_add=why_not_write(page.actor, producer),
        may_invite=not why_not_invite(page.actor, producer),
        sees_dissolution=not why_not_dissolve(page.actor, producer),
    )


def _form(
    page: SignedInPage, form: Form, *, code: str | None = None, status: int = 200
) -> Response:
    own = page.actor.units if page.actor.has(Role.COMMUNE_OFFICER) else frozenset()
    communes = [u for u in communes_on(page.session, local_day(page.at)) if u.code in own]
    return page.render(
        "producers/form.html",
        status=status,
        form=form,
        code=code,
        kinds=KIND_LABELS,
        genders=GENDER_LABELS,
        communes={unit.code: unit.full_name for unit in communes},
    )
