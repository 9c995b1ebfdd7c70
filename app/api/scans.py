"""Scratch codes and signs of copies over JSON."""

from typing import Annotated

from fastapi import Query, Request, Response

from app.api.deps import (
    AnyCall,
    Call,
    PageOut,
    Pages,
    api_router,
    code_path,
    needs,
    page_out,
)
from app.core.clock import VIET_NAM
from app.domain.accounts.enums import Scope
from app.domain.scans.actions import decide_flag, pepper_in, try_pin
from app.domain.scans.enums import FlagKind, FlagState
from app.domain.scans.queries import flag_detail, flag_out, flags_page
from app.domain.scans.rules import PIN_MESSAGES
from app.domain.scans.schemas import DecideFlag, FlagDetailOut, FlagOut, PinOut, TryPin
from app.http.limits import FloodLimit, network_of

router = api_router(tags=["stamps"])
Reading = Annotated[Call, needs(Scope.STAMPS_READ)]
Writing = Annotated[Call, needs(Scope.STAMPS_WRITE)]
Code = Annotated[str, code_path("DH-7K2M9Q4")]
_MOMENT = "%H:%M %d/%m/%Y"


@router.post("/verify/{serial}/pin", summary="Kiểm tra mã cào của tem")
def try_scratch_code(
    call: AnyCall,
    request: Request,
    response: Response,
    serial: Annotated[str, code_path("009D-D1X1-PB1X-9SDW", longest=24)],
    data: TryPin,
) -> PinOut:
    """Compare a scratch code; five wrong ones close it for 24 hours. No token, and no key: each call counts."""
    limit: FloodLimit = request.app.state.pin_tries
    limit.count(network_of(request.client.host if request.client else ""))
    response.headers["cache-control"] = "no-store"
    pepper = pepper_in(call.settings.answer_key_dir)
    tried = try_pin(call.session, serial, data.pin, at=call.at, pepper=pepper)
    told = {
        name: at.astimezone(VIET_NAM).strftime(_MOMENT) if at else ""
        for name, at in (("first", tried.first_right_at), ("until", tried.blocked_until))
    }
    return PinOut(
        result=tried.result,
        message=PIN_MESSAGES[tried.result].format(**told),
        first_right_at=tried.first_right_at,
        blocked_until=tried.blocked_until,
    )


@router.get("/clone-flags", summary="Danh sách dấu hiệu sao chép tem")
def index(
    call: Reading,
    pages: Pages,
    state: Annotated[FlagState | None, Query()] = None,
    kind: Annotated[FlagKind | None, Query()] = None,
) -> PageOut[FlagOut]:
    """List what looks odd, newest first; a reason to look, never a verdict."""
    found = flags_page(
        call.session,
        actor=call.actor,
        state=state,
        kind=kind,
        after=pages.after,
        limit=pages.limit,
    )
    return page_out(found, flag_out)


@router.get("/clone-flags/{code}", summary="Một dấu hiệu sao chép tem")
def show(call: Reading, code: Code) -> FlagDetailOut:
    """Show a flag with its evidence and the newest scans of its stamp."""
    return flag_detail(call.session, code, actor=call.actor)


@router.post("/clone-flags/{code}/decide", summary="Kết luận về dấu hiệu sao chép tem")
def decide(call: Writing, code: Code, data: DecideFlag) -> FlagDetailOut:
    """Dismiss or confirm a flag; confirming may suspend its roll in the same step."""
    decide_flag(call.session, code, data, actor=call.actor, at=call.at)
    call.session.flush()
    return flag_detail(call.session, code, actor=call.actor)
