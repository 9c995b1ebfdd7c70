"""Pages of product ideas: list, one idea, the form, the commune's answer, making a product of it."""

from fastapi import Response

from app.core.clock import local_day
from app.core.errors import Invalid, StaleVersion, Worded
from app.domain.accounts.enums import Role
from app.domain.ideas.actions import convert_idea, register_idea, review_idea, revise_idea
from app.domain.ideas.enums import IdeaState
from app.domain.ideas.models import ProductIdea
from app.domain.ideas.policy import (
    sees_contact,
    why_not_convert,
    why_not_register,
    why_not_review,
    why_not_revise,
)
from app.domain.ideas.queries import (
    IdeaRow,
    counts_by_commune,
    get_idea,
    ideas_page,
    reviews_of,
)
from app.domain.ideas.rules import REGISTRATION, REVIEWS, STATE_LABELS, STEP_LABELS
from app.domain.ideas.schemas import ConvertIdea, RegisterIdea, ReviewIdea, ReviseIdea
from app.domain.places.queries import communes_on
from app.domain.producers.queries import producers_page
from app.domain.producers.rules import KIND_LABELS
from app.rulebooks import loader
from app.web.deps import After, Page, SignedInPage, page_router
from app.web.dossiers import taken_step
from app.web.forms import Form, PostedForm, empty_form
from app.web.tones import IDEA_TONES

router = page_router()
MOST_PRODUCERS = 100
TEXT_LABELS: dict[str, str] = {
    "proposer": "Tên người hoặc nhóm đề xuất",
    "village": "Bản, thôn, tổ dân phố",
    "contact": "Cách liên hệ",
    "title": "Tên sản phẩm muốn làm",
    "description": "Ý tưởng: làm gì, cho ai",
    "material": "Nguyên liệu lấy ở đâu",
    "local_identity": "Điều gì là riêng của địa phương",
    "wished_support": "Mong được hỗ trợ gì",
}


@router.get("/ideas", name="ideas.list")
def index(
    page: Page, q: str = "", state: str = "", commune: str = "", after: After = 0
) -> Response:
    """List the ideas this person may see; the province also sees how many each commune has."""
    wanted = IdeaState(state) if state in set(IdeaState) else None
    found = ideas_page(
        page.session,
        actor=page.actor,
        search=q[:80],
        state=wanted,
        commune_code=commune[:5],
        after=after,
    )
    communes = {unit.code: unit.full_name for unit in communes_on(page.session, local_day(page.at))}
    return page.render(
        "ideas/_table.html" if page.is_fragment else "ideas/list.html",
        found=found,
        communes=communes,
        counts=_counts(page) if page.actor.sees_province and not page.is_fragment else {},
        labels=STATE_LABELS,
        tones=IDEA_TONES,
        q=q,
        state=wanted,
        commune=commune if commune in communes else "",
        after=after,
        why_not_register=why_not_register(page.actor),
        basis=REGISTRATION,
    )


@router.get("/ideas/new", name="ideas.new")
def new(page: Page) -> Response:
    """Ask for an idea."""
    if refusal := why_not_register(page.actor):
        raise refusal
    return _new(page, empty_form(), 200)


@router.post("/ideas", name="ideas.create")
def create(form: PostedForm, page: Page) -> Response:
    """Register an idea."""
    try:
        # One field says whose idea it is: a producer's code, or the commune of a person.
        whose = form.text("whose")
        source = {"commune_code" if whose.isdigit() else "producer_code": whose}
        idea = register_idea(
            page.session, form.read(RegisterIdea, **source), actor=page.actor, at=page.at
        )
    except Invalid as problem:
        return _new(page, form.showing(problem), 422)
    return page.go("ideas.show", code=idea.code, said="Đã đăng ký ý tưởng.")


@router.get("/ideas/{code}", name="ideas.show")
def show(page: Page, code: str) -> Response:
    """Show an idea, what the commune said, and what can be done next."""
    row = get_idea(page.session, code, actor=page.actor)
    idea = row.idea
    return page.render(
        "ideas/show.html",
        row=row,
        idea=idea,
        labels=STATE_LABELS,
        steps=STEP_LABELS,
        tones=IDEA_TONES,
        reviews=reviews_of(page.session, idea),
        shows_contact=sees_contact(page.actor, idea),
        why_not_revise=why_not_revise(page.actor, idea),
        why_not_review=why_not_review(page.actor, idea),
        why_not_convert=why_not_convert(page.actor, idea),
        basis=REGISTRATION,
    )


@router.get("/ideas/{code}/edit", name="ideas.edit")
def edit(page: Page, code: str) -> Response:
    """Ask for changes."""
    return _edit(page, code, None, 200, None)


@router.post("/ideas/{code}", name="ideas.revise")
def revise(form: PostedForm, page: Page, code: str) -> Response:
    """Store changes; an idea that was given back comes in again."""
    return taken_step(
        form,
        lambda: revise_idea(
            page.session, code, form.read(ReviseIdea), actor=page.actor, at=page.at
        ),
        lambda shown, status, stale: _edit(page, code, shown, status, stale),
        lambda: page.go("ideas.show", code=code, said="Đã gửi ý tưởng tới xã."),
    )


@router.get("/ideas/{code}/review", name="ideas.review")
def review(page: Page, code: str) -> Response:
    """Ask for the commune's answer."""
    return _review(page, code, empty_form(), 200, None)


@router.post("/ideas/{code}/review", name="ideas.answer")
def answer(form: PostedForm, page: Page, code: str) -> Response:
    """Record the commune's answer."""
    return taken_step(
        form,
        lambda: review_idea(
            page.session, code, form.read(ReviewIdea), actor=page.actor, at=page.at
        ),
        lambda shown, status, stale: _review(page, code, shown, status, stale),
        lambda: page.go("ideas.show", code=code, said="Đã ghi ý kiến của xã."),
    )


@router.get("/ideas/{code}/convert", name="ideas.convert")
def convert(page: Page, code: str) -> Response:
    """Ask whose product the idea becomes, and in which set."""
    return _convert(page, code, empty_form(), 200, None)


@router.post("/ideas/{code}/convert", name="ideas.make_product")
def make_product(form: PostedForm, page: Page, code: str) -> Response:
    """Make a product of the idea."""
    made: list[str] = []

    def do() -> None:
        product = convert_idea(
            page.session, code, form.read(ConvertIdea), actor=page.actor, at=page.at
        )
        made.append(product.code)

    return taken_step(
        form,
        do,
        lambda shown, status, stale: _convert(page, code, shown, status, stale),
        lambda: page.go("products.show", code=made[0], said="Ý tưởng đã thành sản phẩm."),
    )


def _counts(page: SignedInPage) -> dict[str, dict[IdeaState, int]]:
    found: dict[str, dict[IdeaState, int]] = {}
    for one in counts_by_commune(page.session, actor=page.actor):
        found.setdefault(one.commune_code, {})[one.state] = one.count
    return found


def _new(page: SignedInPage, form: Form, status: int) -> Response:
    """Show the form; whose idea it is: one of the producers in reach, or a person of the commune."""
    actor = page.actor
    officer_of = {g.unit_code for g in actor.grants if g.role is Role.COMMUNE_OFFICER}
    reach = producers_page(page.session, actor=actor, limit=MOST_PRODUCERS).items
    whose: dict[str, str] = {
        unit.code: Worded("{unit}: người dân, nhóm chưa là chủ thể", unit=unit.full_name)
        for unit in communes_on(page.session, local_day(page.at))
        if unit.code in officer_of
    }
    whose |= {
        producer.code: producer.name
        for producer in reach
        if why_not_register(actor, producer_id=producer.id, commune_code=producer.commune_code)
        is None
    }
    return page.render(
        "ideas/form.html", status=status, form=form, whose=whose, idea=None, stale=None
    )


def _edit(
    page: SignedInPage, code: str, form: Form | None, status: int, stale: StaleVersion | None
) -> Response:
    row = get_idea(page.session, code, actor=page.actor)
    if refusal := why_not_revise(page.actor, row.idea):
        raise refusal
    stored = _stored(row.idea)
    return page.render(
        "ideas/form.html",
        status=status,
        form=form or empty_form(stored),
        idea=row.idea,
        reviews=reviews_of(page.session, row.idea),
        stale=stale,
        stored_now=[
            (TEXT_LABELS[name], text)
            for name, text in stored.items()
            if form and text != form.text(name).strip().replace("\r\n", "\n")
        ]
        if stale
        else [],
    )


def _stored(idea: ProductIdea) -> dict[str, str]:
    return {name: str(getattr(idea, name)) for name in TEXT_LABELS}


def _review(
    page: SignedInPage, code: str, form: Form, status: int, stale: StaleVersion | None
) -> Response:
    row = get_idea(page.session, code, actor=page.actor)
    if refusal := why_not_review(page.actor, row.idea):
        raise refusal
    return page.render(
        "ideas/review.html",
        status=status,
        form=form,
        row=row,
        idea=row.idea,
        reviews=reviews_of(page.session, row.idea),
        decisions={step: STEP_LABELS[step] for step in REVIEWS},
        steps=STEP_LABELS,
        shows_contact=sees_contact(page.actor, row.idea),
        basis=REGISTRATION,
        stale=stale,
    )


def _convert(
    page: SignedInPage, code: str, form: Form, status: int, stale: StaleVersion | None
) -> Response:
    row = get_idea(page.session, code, actor=page.actor)
    if refusal := why_not_convert(page.actor, row.idea):
        raise refusal
    return page.render(
        "ideas/convert.html",
        status=status,
        form=form,
        row=row,
        idea=row.idea,
        producers=_makers(page, row),
        may_register=page.actor.has_in_unit(row.idea.commune_code, Role.COMMUNE_OFFICER),
        kinds=KIND_LABELS,
        summaries=loader.rubrics(loader.in_force(local_day(page.at)).code),
        stale=stale,
    )


def _makers(page: SignedInPage, row: IdeaRow) -> dict[str, str]:
    """Return the producers of the commune in reach of this person, the proposer first."""
    found = producers_page(
        page.session,
        actor=page.actor,
        commune_code=row.idea.commune_code,
        limit=MOST_PRODUCERS,
    ).items
    first = {row.producer.code: row.producer.name} if row.producer else {}
    return first | {producer.code: producer.name for producer in found}
