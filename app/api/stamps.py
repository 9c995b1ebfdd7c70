"""Stamp batches over JSON: every step from order to closing, and the label sheets."""

from typing import Annotated

from fastapi import Query, Response

from app.api.deps import Call, PageOut, Pages, api_router, needs, page_out
from app.domain.accounts.enums import Scope
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
from app.domain.stamps.models import StampBatch
from app.domain.stamps.papers import MOST_PARTS, label_sheets
from app.domain.stamps.policy import why_not_print
from app.domain.stamps.queries import (
    batch_detail_out,
    batch_out,
    batches_page,
    get_batch,
    stamps_out,
)
from app.domain.stamps.schemas import (
    ActivateBatch,
    ApproveBatch,
    BatchDetailOut,
    BatchOut,
    CloseBatch,
    DeliverBatch,
    IssueBatch,
    OrderBatch,
    RefuseBatch,
    StampOut,
    VoidStamps,
)
from app.http.papers import PDF_ANSWER, pdf_answer

router = api_router(tags=["stamps"])
Reading = Annotated[Call, needs(Scope.STAMPS_READ)]
Writing = Annotated[Call, needs(Scope.STAMPS_WRITE)]


@router.get("/batches", summary="Danh sách lô tem")
def index(call: Reading, pages: Pages) -> PageOut[BatchOut]:
    """List the batches the token's owner may see, newest first."""
    found = batches_page(call.session, actor=call.actor, after=pages.after, limit=pages.limit)
    return page_out(found, batch_out)


@router.post("/batches", status_code=201, summary="Đặt tem")
def order(call: Writing, data: OrderBatch) -> BatchDetailOut:
    """Order stamps for a certificate in force."""
    return _told(call, order_batch(call.session, data, actor=call.actor, at=call.at))


@router.get("/batches/{code}", summary="Một lô tem")
def show(call: Reading, code: str) -> BatchDetailOut:
    """Show a batch and where its stamps are."""
    row = get_batch(call.session, code, actor=call.actor)
    return batch_detail_out(call.session, row)


@router.post("/batches/{code}/approve", summary="Duyệt lô tem")
def approve(call: Writing, code: str, data: ApproveBatch) -> BatchDetailOut:
    """Approve an order."""
    return _told(call, approve_batch(call.session, code, data, actor=call.actor, at=call.at))


@router.post("/batches/{code}/refuse", summary="Từ chối lô tem")
def refuse(call: Writing, code: str, data: RefuseBatch) -> BatchDetailOut:
    """Refuse an order with a reason."""
    return _told(call, refuse_batch(call.session, code, data, actor=call.actor, at=call.at))


@router.post("/batches/{code}/issue", summary="Phát hành tem")
def issue(call: Writing, code: str, data: IssueBatch) -> BatchDetailOut:
    """Make and sign exactly the approved number of stamps, once."""
    batch = issue_batch(
        call.session,
        code,
        data,
        actor=call.actor,
        at=call.at,
        key_dir=call.settings.private_key_dir,
    )
    return _told(call, batch)


@router.post("/batches/{code}/deliver", summary="Giao tem")
def deliver(call: Writing, code: str, data: DeliverBatch) -> BatchDetailOut:
    """Hand the printed stamps over."""
    return _told(call, deliver_batch(call.session, code, data, actor=call.actor, at=call.at))


@router.post("/batches/{code}/activate", summary="Nhận và kích hoạt tem")
def activate(call: Writing, code: str, data: ActivateBatch) -> BatchDetailOut:
    """Confirm receipt: the stamps become valid."""
    return _told(call, activate_batch(call.session, code, data, actor=call.actor, at=call.at))


@router.post("/batches/{code}/close", summary="Đóng lô tem")
def close(call: Writing, code: str, data: CloseBatch) -> BatchDetailOut:
    """Close a batch."""
    return _told(call, close_batch(call.session, code, data, actor=call.actor, at=call.at))


@router.post("/batches/{code}/void", summary="Hủy tem")
def void(call: Writing, code: str, data: VoidStamps) -> BatchDetailOut:
    """Withdraw named stamps or the whole batch."""
    return _told(call, void_stamps(call.session, code, data, actor=call.actor, at=call.at))


@router.get("/batches/{code}/stamps", summary="Các con tem của một lô")
def stamps(call: Reading, code: str, pages: Pages) -> PageOut[StampOut]:
    """List the stamps of a batch as a printer needs them, in the order of printing."""
    row = get_batch(call.session, code, actor=call.actor)
    if refusal := why_not_print(call.actor, row.batch):
        raise refusal
    return page_out(
        stamps_out(
            call.session,
            row.batch,
            host=call.settings.stamp_host,
            after=pages.after,
            limit=pages.limit,
        ),
        lambda stamp: stamp,
    )


@router.get(
    "/batches/{code}/labels.pdf",
    summary="Tờ nhãn để in",
    response_class=Response,
    responses=PDF_ANSWER,
)
def labels(
    call: Reading, code: str, part: Annotated[int, Query(ge=1, le=MOST_PARTS)] = 1
) -> Response:
    """Print a part of the label sheets of a batch."""
    row = get_batch(call.session, code, actor=call.actor)
    if refusal := why_not_print(call.actor, row.batch):
        raise refusal
    content = label_sheets(
        call.session,
        row,
        part=part,
        host=call.settings.stamp_host,
        at=call.at,
        demonstration=call.settings.demonstration,
    )
    return pdf_answer(content, f"tem-{code}-{part}.pdf")


def _told(call: Call, batch: StampBatch) -> BatchDetailOut:
    return batch_detail_out(call.session, get_batch(call.session, batch.code, actor=call.actor))
