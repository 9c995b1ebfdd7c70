"""Notices over JSON: one's own, and for agency and administrator what did not arrive."""

from typing import Annotated

from fastapi import Query

from app.api.deps import Call, PageOut, Pages, api_router, code_path, needs, page_out
from app.domain.accounts.enums import Scope
from app.domain.notices.actions import mark_all_read, mark_read, retry_delivery
from app.domain.notices.policy import why_not_see_deliveries
from app.domain.notices.queries import get_delivery, notices_page, undelivered_page
from app.domain.notices.schemas import AllReadOut, DeliveryOut, NoticeOut

router = api_router(tags=["notices"])
Reading = Annotated[Call, needs(Scope.NOTICES_READ)]
Writing = Annotated[Call, needs(Scope.NOTICES_WRITE)]
Code = Annotated[str, code_path("TB-7K2M9Q4")]


@router.get("/notices", summary="Thông báo của chủ khóa")
def index(
    call: Reading,
    pages: Pages,
    unread: Annotated[bool, Query(description="Chỉ thông báo chưa đọc.")] = False,
) -> PageOut[NoticeOut]:
    """List what the token's owner was told, newest first."""
    found = notices_page(
        call.session, actor=call.actor, unread=unread, after=pages.after, limit=pages.limit
    )
    return page_out(found, NoticeOut.of)


@router.post("/notices/read", summary="Đánh dấu mọi thông báo đã đọc")
def read_all(call: Writing) -> AllReadOut:
    """Mark everything the token's owner was told as read."""
    return AllReadOut(marked=mark_all_read(call.session, actor=call.actor, at=call.at))


@router.post("/notices/{code}/read", summary="Đánh dấu một thông báo đã đọc")
def read(call: Writing, code: Code) -> NoticeOut:
    """Mark one notice as read; twice is no harm."""
    return NoticeOut.of(mark_read(call.session, code, actor=call.actor, at=call.at))


@router.get("/deliveries", summary="Thư, tin nhắn chưa gửi được")
def deliveries(call: Reading, pages: Pages) -> PageOut[DeliveryOut]:
    """List what did not arrive by e-mail or SMS, newest first; for agency and administrator."""
    if refusal := why_not_see_deliveries(call.actor):
        raise refusal
    found = undelivered_page(call.session, after=pages.after, limit=pages.limit)
    return page_out(found, lambda row: row.out())


@router.post("/deliveries/{code}/retry", summary="Gửi lại thư, tin nhắn đã thôi gửi")
def retry(call: Writing, code: Code) -> DeliveryOut:
    """Let something that was given up be tried anew, under the same name."""
    retry_delivery(call.session, code, actor=call.actor, at=call.at)
    return get_delivery(call.session, code).out()
