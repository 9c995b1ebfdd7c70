"""Pages of stamps: batches with their steps, orders, label sheets."""

from collections.abc import Callable
from typing import Annotated, TypeVar

from fastapi import Query, Response
from pydantic import BaseModel

from app.core.clock import local_day
from app.core.errors import Invalid
from app.domain.recognition.queries import get_certificate
from app.domain.stamps.actions import (
    activate_batch,
    approve_batch,
    close_batch,
    deliver_batch,
    issue_batch,
    order_batch,
    refuse_batch,
    void_stamps,
)
from app.domain.stamps.enums import BatchState
from app.domain.stamps.models import StampBatch
from app.domain.stamps.papers import MOST_PARTS, label_sheets, sheet_parts
from app.domain.stamps.policy import (
    STATE_LABELS,
    WAY,
    why_not_activate,
    why_not_approve,
    why_not_close,
    why_not_deliver,
    why_not_issue,
    why_not_order,
    why_not_print,
    why_not_refuse,
    why_not_void,
)
from app.domain.stamps.queries import (
    batch_counts,
    batches_page,
    get_batch,
)
from app.domain.stamps.schemas import (
    LARGEST_BATCH,
    ActivateBatch,
    ApproveBatch,
    CloseBatch,
    DeliverBatch,
    IssueBatch,
    OrderBatch,
    RefuseBatch,
    VoidStamps,
)
from app.http.papers import pdf_answer
from app.web.deps import After, Page, SignedInPage, page_router
from app.web.forms import Form, PostedForm, empty_form
from app.web.tones import BATCH_TONES

router = page_router()

Part = Annotated[int, Query(ge=1, le=MOST_PARTS)]
Step = TypeVar("Step", bound=BaseModel)


@router.get("/batches", name="batches.list")
def index(page: Page, after: After = 0) -> Response:
    """List the batches this person may see."""
    found = batches_page(page.session, actor=page.actor, after=after)
    template = "stamps/_batches.html" if page.is_fragment else "stamps/batches.html"
    return page.render(template, found=found, after=after, labels=STATE_LABELS, tones=BATCH_TONES)


@router.get("/certificates/{code}/batches/new", name="batches.new")
def new(page: Page, code: str) -> Response:
    """Ask how many stamps are wanted."""
    return _order_form(page, code, empty_form())


@router.post("/certificates/{code}/batches", name="batches.order")
def order(form: PostedForm, page: Page, code: str) -> Response:
    """Order stamps for a certificate."""
    try:
        data = form.read(OrderBatch, certificate=code)
        batch = order_batch(page.session, data, actor=page.actor, at=page.at)
    except Invalid as problem:
        return _order_form(page, code, form.showing(problem), status=422)
    return page.go("batches.show", code=batch.code, said="Đã đặt tem.")


@router.get("/batches/{code}", name="batches.show")
def show(page: Page, code: str) -> Response:
    """Show a batch: where it stands, where its stamps are, what can be done now and by whom."""
    return _show(page, code, empty_form())


@router.post("/batches/{code}/approve", name="batches.approve")
def approve(form: PostedForm, page: Page, code: str) -> Response:
    """Approve an order."""

    def do(data: ApproveBatch) -> StampBatch:
        return approve_batch(page.session, code, data, actor=page.actor, at=page.at)

    return _step(page, code, form, ApproveBatch, do, said="Đã duyệt lô tem.")


@router.post("/batches/{code}/refuse", name="batches.refuse")
def refuse(form: PostedForm, page: Page, code: str) -> Response:
    """Refuse an order."""

    def do(data: RefuseBatch) -> StampBatch:
        return refuse_batch(page.session, code, data, actor=page.actor, at=page.at)

    return _step(page, code, form, RefuseBatch, do, said="Đã từ chối đơn đặt tem.")


@router.post("/batches/{code}/issue", name="batches.issue")
def issue(form: PostedForm, page: Page, code: str) -> Response:
    """Make and sign the stamps."""

    def do(data: IssueBatch) -> StampBatch:
        return issue_batch(
            page.session,
            code,
            data,
            actor=page.actor,
            at=page.at,
            key_dir=page.settings.private_key_dir,
        )

    return _step(page, code, form, IssueBatch, do, said="Đã phát hành tem, có thể in tờ nhãn.")


@router.post("/batches/{code}/deliver", name="batches.deliver")
def deliver(form: PostedForm, page: Page, code: str) -> Response:
    """Hand a batch over."""

    def do(data: DeliverBatch) -> StampBatch:
        return deliver_batch(page.session, code, data, actor=page.actor, at=page.at)

    return _step(page, code, form, DeliverBatch, do, said="Đã ghi nhận giao tem.")


@router.post("/batches/{code}/activate", name="batches.activate")
def activate(form: PostedForm, page: Page, code: str) -> Response:
    """Confirm receipt."""

    def do(data: ActivateBatch) -> StampBatch:
        return activate_batch(page.session, code, data, actor=page.actor, at=page.at)

    return _step(page, code, form, ActivateBatch, do, said="Đã nhận tem; tem có hiệu lực.")


@router.post("/batches/{code}/close", name="batches.close")
def close(form: PostedForm, page: Page, code: str) -> Response:
    """Close a batch."""

    def do(data: CloseBatch) -> StampBatch:
        return close_batch(page.session, code, data, actor=page.actor, at=page.at)

    return _step(page, code, form, CloseBatch, do, said="Đã đóng lô tem.")


@router.post("/batches/{code}/void", name="batches.void")
def void(form: PostedForm, page: Page, code: str) -> Response:
    """Withdraw stamps; serials are typed one a line or parted by commas."""

    def do(data: VoidStamps) -> StampBatch:
        return void_stamps(page.session, code, data, actor=page.actor, at=page.at)

    return _step(
        page,
        code,
        form,
        VoidStamps,
        do,
        said="Đã hủy tem.",
        serials=_serials(form.text("serials")),
    )


@router.get("/batches/{code}/labels.pdf", name="batches.labels")
def labels(page: Page, code: str, part: Part = 1) -> Response:
    """Print a part of the label sheets of a batch."""
    row = get_batch(page.session, code, actor=page.actor)
    if refusal := why_not_print(page.actor, row.batch):
        raise refusal
    content = label_sheets(
        page.session,
        row,
        part=part,
        host=page.settings.stamp_host,
        at=page.at,
        demonstration=page.settings.demonstration,
    )
    return pdf_answer(content, f"tem-{code}-{part}.pdf")


def _serials(typed: str) -> list[str]:
    return [line.strip() for line in typed.replace(",", "\n").splitlines() if line.strip()]


def _step(
    page: SignedInPage,
    code: str,
    form: Form,
    schema: type[Step],
    do: Callable[[Step], StampBatch],
    *,
    said: str,
    **extra: object,
) -> Response:
    """Read the form, take the step, go back to the batch; or show it again with what is wrong."""
    try:
        do(form.read(schema, **extra))
    except Invalid as problem:
        return _show(page, code, form.showing(problem), status=422)
    return page.go("batches.show", code=code, said=said)


def _show(page: SignedInPage, code: str, form: Form, *, status: int = 200) -> Response:
    row = get_batch(page.session, code, actor=page.actor)
    batch, actor = row.batch, page.actor
    return page.render(
        "stamps/batch.html",
        status=status,
        form=form,
        row=row,
        batch=batch,
        counts=batch_counts(page.session, batch),
        labels=STATE_LABELS,
        tones=BATCH_TONES,
        steps=_steps(batch),
        sheets=sheet_parts(batch),
        why_not={
            "approve": why_not_approve(actor, batch),
            "refuse": why_not_refuse(actor, batch),
            "issue": why_not_issue(actor, batch, row.certificate, local_day(page.at)),
            "print": why_not_print(actor, batch),
            "deliver": why_not_deliver(actor, batch),
            "activate": why_not_activate(actor, batch, row.product),
            "close": why_not_close(actor, batch),
            "void": why_not_void(actor, batch),
        },
    )


def _steps(batch: StampBatch) -> list[tuple[str, str]]:
    """Return the way of a batch with where it stands; a refused order ends after its first step."""
    if batch.state is BatchState.REFUSED:
        return [(STATE_LABELS[BatchState.ORDERED], "done"), (STATE_LABELS[batch.state], "now")]
    here = WAY.index(batch.state)
    return [
        (STATE_LABELS[state], "done" if place < here else "now" if place == here else "")
        for place, state in enumerate(WAY)
    ]


def _order_form(page: SignedInPage, code: str, form: Form, *, status: int = 200) -> Response:
    day = local_day(page.at)
    found = get_certificate(page.session, code, actor=page.actor, on=day)
    if refusal := why_not_order(page.actor, found.certificate, found.product, day):
        raise refusal
    return page.render(
        "stamps/order.html", status=status, form=form, found=found, most=LARGEST_BATCH
    )
