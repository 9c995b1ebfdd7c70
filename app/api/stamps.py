"""Stamp batches over JSON: what may be ordered, orders, approval, the issue as it goes on, the end."""

from typing import Annotated

from app.api.deps import Call, PageOut, Pages, api_router, code_path, needs, page_out
from app.core.clock import local_day
from app.core.errors import NotFound
from app.domain.accounts.enums import Scope
from app.domain.recognition.queries import get_certificate
from app.domain.stamps.actions import (
    approve_batch,
    close_batch,
    order_batch,
    refuse_batch,
    start_issue,
    stop_issue,
)
from app.domain.stamps.models import StampBatch
from app.domain.stamps.policy import sees_balance
from app.domain.stamps.queries import (
    balance,
    balance_out,
    batch_detail_out,
    batch_out,
    batches_page,
    get_batch,
)
from app.domain.stamps.schemas import (
    ApproveBatch,
    BalanceOut,
    BatchDetailOut,
    BatchOut,
    CloseBatch,
    OrderBatch,
    RefuseBatch,
    StartIssue,
    StopIssue,
)

router = api_router(tags=["stamps"])
Reading = Annotated[Call, needs(Scope.STAMPS_READ)]
Writing = Annotated[Call, needs(Scope.STAMPS_WRITE)]
Code = Annotated[str, code_path("LT-7K2M9Q4")]
CertificateCode = Annotated[str, code_path("CN-7K2M9Q4")]


@router.get("/certificates/{code}/stamp-balance", summary="Số tem còn đặt được")
def stamp_balance(call: Reading, code: CertificateCode) -> BalanceOut:
    """Tell how many stamps may still be ordered for a certificate today, and how that was found."""
    day = local_day(call.at)
    found = get_certificate(call.session, code, actor=call.actor, on=day)
    if not sees_balance(call.actor, found.certificate, found.product):
        raise NotFound
    return balance_out(balance(call.session, found.certificate, on=day))


@router.get("/batches", summary="Danh sách lô tem")
def index(call: Reading, pages: Pages) -> PageOut[BatchOut]:
    """List the batches the token's owner may see, newest first."""
    found = batches_page(call.session, actor=call.actor, after=pages.after, limit=pages.limit)
    return page_out(found, batch_out)


@router.post("/batches", status_code=201, summary="Đặt tem")
def order(call: Writing, data: OrderBatch) -> BatchDetailOut:
    """Order stamps for a certificate in force, within what its declared output allows."""
    return told_batch(call, order_batch(call.session, data, actor=call.actor, at=call.at))


@router.get("/batches/{code}", summary="Một lô tem")
def show(call: Reading, code: Code) -> BatchDetailOut:
    """Show a batch, how far its issue is, and where its stamps are."""
    row = get_batch(call.session, code, actor=call.actor)
    return batch_detail_out(call.session, row)


@router.post("/batches/{code}/approve", summary="Duyệt lô tem")
def approve(call: Writing, code: Code, data: ApproveBatch) -> BatchDetailOut:
    """Approve an order, or less than was ordered."""
    return told_batch(call, approve_batch(call.session, code, data, actor=call.actor, at=call.at))


@router.post("/batches/{code}/refuse", summary="Từ chối lô tem")
def refuse(call: Writing, code: Code, data: RefuseBatch) -> BatchDetailOut:
    """Refuse an order with a reason."""
    return told_batch(call, refuse_batch(call.session, code, data, actor=call.actor, at=call.at))


@router.post("/batches/{code}/issue", summary="Bắt đầu ký tem")
def issue(call: Writing, code: Code, data: StartIssue) -> BatchDetailOut:
    """Let exactly the approved number of stamps be made and signed, once.

    The signing goes on by itself: `issued_count` tells how far it is, `halt_reason` why it stands.
    """
    return told_batch(call, start_issue(call.session, code, data, actor=call.actor, at=call.at))


@router.post("/batches/{code}/stop", summary="Kết thúc sớm việc ký tem")
def stop(call: Writing, code: Code, data: StopIssue) -> BatchDetailOut:
    """End an issue that does not go on: what was signed stays, the rest is never made."""
    return told_batch(call, stop_issue(call.session, code, data, actor=call.actor, at=call.at))


@router.post("/batches/{code}/close", summary="Đóng lô tem")
def close(call: Writing, code: Code, data: CloseBatch) -> BatchDetailOut:
    """Close a batch whose rolls were all activated or withdrawn."""
    return told_batch(call, close_batch(call.session, code, data, actor=call.actor, at=call.at))


def told_batch(call: Call, batch: StampBatch) -> BatchDetailOut:
    """Return a batch that was just changed, as it is told."""
    return batch_detail_out(call.session, get_batch(call.session, batch.code, actor=call.actor))
