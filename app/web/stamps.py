"""Pages of stamps: orders within their balance, approval, the issue as it goes on, the end of a batch."""

from collections.abc import Callable
from typing import Any, TypeVar

from fastapi import Response
from pydantic import BaseModel

from app.core.clock import local_day
from app.core.errors import Refusal
from app.domain.places.rules import PROVINCES
from app.domain.recognition.queries import get_certificate
from app.domain.stamps.actions import (
    approve_batch,
    close_batch,
    order_batch,
    refuse_batch,
    start_issue,
    stop_issue,
)
from app.domain.stamps.enums import BatchState
from app.domain.stamps.models import StampBatch
from app.domain.stamps.policy import (
    STATE_LABELS,
    WAY,
    why_not_activate,
    why_not_approve,
    why_not_close,
    why_not_deliver,
    why_not_order,
    why_not_print,
    why_not_refuse,
    why_not_see_destroyed,
    why_not_start,
    why_not_stop,
)
from app.domain.stamps.queries import (
    BatchRow,
    balance,
    balance_out,
    batch_counts,
    batches_page,
    get_batch,
    roll_tally,
)
from app.domain.stamps.rules import roll_count
from app.domain.stamps.schemas import (
    LARGEST_BATCH,
    LARGEST_OUTPUT,
    LARGEST_ROLL,
    SMALLEST_ROLL,
    USUAL_ROLL,
    ApproveBatch,
    BalanceOut,
    CloseBatch,
    OrderBatch,
    RefuseBatch,
    StartIssue,
    StopIssue,
)
from app.web.deps import After, Page, SignedInPage, page_router
from app.web.forms import Form, PostedForm, empty_form
from app.web.steps import answer_status, tried
from app.web.tones import BATCH_TONES

router = page_router()

Step = TypeVar("Step", bound=BaseModel)


@router.get("/batches", name="batches.list")
def index(page: Page, after: After = 0) -> Response:
    """List the batches this person may see."""
    found = batches_page(page.session, actor=page.actor, after=after)
    template = "stamps/_batches.html" if page.is_fragment else "stamps/batches.html"
    return page.render(
        template,
        found=found,
        after=after,
        labels=STATE_LABELS,
        tones=BATCH_TONES,
        why_not_destroyed=why_not_see_destroyed(page.actor),
    )


@router.get("/certificates/{code}/batches/new", name="batches.new")
def new(page: Page, code: str) -> Response:
    """Ask how many stamps are wanted, with what may still be ordered."""
    return _order_form(page, code, empty_form(), None)


@router.post("/certificates/{code}/batches", name="batches.order")
def order(form: PostedForm, page: Page, code: str) -> Response:
    """Order stamps for a certificate."""
    made: list[StampBatch] = []

    def do() -> None:
        data = form.read(OrderBatch, certificate=code)
        made.append(order_batch(page.session, data, actor=page.actor, at=page.at))

    return tried(
        page,
        form,
        do,
        shown_again=lambda typed, refusal: _order_form(page, code, typed, refusal),
        done=lambda: page.go("batches.show", code=made[0].code, said="Đã đặt tem."),
    )


@router.get("/batches/{code}", name="batches.show")
def show(page: Page, code: str) -> Response:
    """Show a batch: where it stands, where its stamps are, what can be done now and by whom."""
    return _show(page, code, empty_form(), None)


@router.get("/batches/{code}/progress", name="batches.progress")
def progress(page: Page, code: str) -> Response:
    """Show how far the signing is: the part of the page that asks again while it goes on."""
    row = get_batch(page.session, code, actor=page.actor)
    return page.render("stamps/_progress.html", row=row, batch=row.batch, **_progress(row.batch))


@router.post("/batches/{code}/approve", name="batches.approve")
def approve(form: PostedForm, page: Page, code: str) -> Response:
    """Approve an order, or less than was ordered."""

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
    """Let exactly the approved number of stamps be signed, once."""

    def do(data: StartIssue) -> StampBatch:
        return start_issue(page.session, code, data, actor=page.actor, at=page.at)

    return _step(page, code, form, StartIssue, do, said="Đã bắt đầu ký tem.")


@router.post("/batches/{code}/stop", name="batches.stop")
def stop(form: PostedForm, page: Page, code: str) -> Response:
    """End an issue that does not go on."""

    def do(data: StopIssue) -> StampBatch:
        return stop_issue(page.session, code, data, actor=page.actor, at=page.at)

    return _step(page, code, form, StopIssue, do, said="Đã kết thúc việc ký tem.")


@router.post("/batches/{code}/close", name="batches.close")
def close(form: PostedForm, page: Page, code: str) -> Response:
    """Close a batch."""

    def do(data: CloseBatch) -> StampBatch:
        return close_batch(page.session, code, data, actor=page.actor, at=page.at)

    return _step(page, code, form, CloseBatch, do, said="Đã đóng lô tem.")


def _step(
    page: SignedInPage,
    code: str,
    form: Form,
    schema: type[Step],
    do: Callable[[Step], object],
    *,
    said: str,
) -> Response:
    """Read the form, take the step, go back to the batch; or show it again with what is wrong."""
    return tried(
        page,
        form,
        lambda: do(form.read(schema)),
        shown_again=lambda typed, refusal: _show(page, code, typed, refusal),
        done=lambda: page.go("batches.show", code=code, said=said),
    )


def batch_frame(row: BatchRow, *, current: str) -> dict[str, Any]:
    """Return what every page of a batch begins with: its head, its way, its other pages."""
    return {
        "row": row,
        "batch": row.batch,
        "labels": STATE_LABELS,
        "tones": BATCH_TONES,
        "steps": _steps(row.batch),
        "current": current,
    }


def _show(page: SignedInPage, code: str, form: Form, refused: Refusal | None) -> Response:
    row = get_batch(page.session, code, actor=page.actor)
    batch, actor, day = row.batch, page.actor, local_day(page.at)
    waits = batch.state is BatchState.ORDERED
    now = balance(page.session, row.certificate, on=day, without=batch) if waits else None
    return page.render(
        "stamps/batch.html",
        status=answer_status(refused),
        form=form,
        refused=refused,
        counts=batch_counts(page.session, batch) if batch.issued_at else None,
        tally=roll_tally(page.session, batch) if batch.issued_at else None,
        now=balance_out(now) if now else None,
        then=BalanceOut.model_validate(batch.balance) if batch.balance else None,
        market_names=", ".join(PROVINCES.get(key, key) for key in batch.markets),
        why_not={
            "approve": why_not_approve(actor, batch, row.certificate, day),
            "refuse": why_not_refuse(actor, batch),
            "issue": why_not_start(actor, batch, row.certificate, day),
            "stop": why_not_stop(actor, batch),
            "print": why_not_print(actor, batch),
            "deliver": why_not_deliver(actor, batch),
            "activate": why_not_activate(actor, batch, row.product),
            "close": why_not_close(actor, batch),
        },
        **batch_frame(row, current="show"),
        **_progress(batch),
    )


def _progress(batch: StampBatch) -> dict[str, Any]:
    rolls = roll_count(batch.count, batch.roll_size)
    done = roll_count(batch.issued_count, batch.roll_size)
    return {
        "rolls": rolls,
        "next_roll": min(done + 1, rolls),
        "percent": 100 * batch.issued_count // batch.count,
    }


def _steps(batch: StampBatch) -> list[tuple[str, str]]:
    """Return the way of a batch with where it stands; a refused order ends after its first step."""
    if batch.state is BatchState.REFUSED:
        return [(STATE_LABELS[BatchState.ORDERED], "done"), (STATE_LABELS[batch.state], "now")]
    here = WAY.index(batch.state)
    return [
        (STATE_LABELS[state], "done" if place < here else "now" if place == here else "")
        for place, state in enumerate(WAY)
    ]


def _order_form(page: SignedInPage, code: str, form: Form, refused: Refusal | None) -> Response:
    day = local_day(page.at)
    found = get_certificate(page.session, code, actor=page.actor, on=day)
    if refusal := why_not_order(page.actor, found.certificate, found.product, day):
        raise refusal
    return page.render(
        "stamps/order.html",
        status=answer_status(refused),
        form=form,
        refused=refused,
        found=found,
        now=balance_out(balance(page.session, found.certificate, on=day)),
        chosen=set(form.many("markets")),
        provinces=PROVINCES,
        limits={
            "most": LARGEST_BATCH,
            "output": LARGEST_OUTPUT,
            "smallest_roll": SMALLEST_ROLL,
            "largest_roll": LARGEST_ROLL,
            "usual_roll": USUAL_ROLL,
        },
    )
