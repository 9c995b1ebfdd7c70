"""Whose token it is, and the safety of one's own account, over JSON.

Accounts, passwords, second factors and first tokens are made on the pages, by a person.
"""

from typing import Annotated

from fastapi import Path

from app.api.deps import Call, api_router, code_path, needs
from app.core.paging import LARGEST_KEY
from app.domain.accounts.actions import end_login, rotate_token
from app.domain.accounts.enums import Scope
from app.domain.accounts.queries import login_out, me_out, open_logins_of, token_out, tokens_of
from app.domain.accounts.schemas import LoginOut, MeOut, NewTokenOut, TokenOut

router = api_router(tags=["accounts"])
AnyToken = Annotated[Call, needs(None)]
Reading = Annotated[Call, needs(Scope.ACCOUNT_READ)]
Writing = Annotated[Call, needs(Scope.ACCOUNT_WRITE)]
Code = Annotated[str, code_path("KN-7K2M9Q4")]
Number = Annotated[int, Path(ge=1, le=LARGEST_KEY, examples=[12])]


@router.get("/me", summary="Khóa kết nối này là của ai")
def show(call: AnyToken) -> MeOut:
    """Tell whose token this is, their posts today, its scopes and its last day."""
    return me_out(call.actor, call.token)


@router.get("/me/sessions", summary="Nơi chủ khóa đang đăng nhập")
def sessions(call: Reading) -> list[LoginOut]:
    """List the browsers signed in to the owner's account, the last used first."""
    found = open_logins_of(
        call.session, call.actor.user_id or 0, at=call.at, idle=call.settings.session_idle_time
    )
    return [login_out(login) for login in found]


@router.post("/me/sessions/{number}/end", summary="Đăng xuất một nơi")
def end_session(call: Writing, number: Number) -> LoginOut:
    """Sign one of the owner's browsers out at once; twice is no harm."""
    return login_out(end_login(call.session, number, actor=call.actor, at=call.at))


@router.get("/me/tokens", summary="Các khóa kết nối của chủ khóa")
def tokens(call: Reading) -> list[TokenOut]:
    """List the owner's tokens, those in force first, without their secrets."""
    return [token_out(token) for token in tokens_of(call.session, call.actor.user_id or 0)]


@router.post("/me/tokens/{code}/rotate", summary="Đổi chính khóa này lấy khóa mới")
def rotate(call: Writing, code: Code) -> NewTokenOut:
    """Exchange the token of this call for a new one that may do the same and lasts as long.

    The secret is told this once and kept nowhere, so that the same `Idempotency-Key` sent again is
    another exchange, which ends the first. The old token works for a day more.
    """
    secret, token, old = rotate_token(
        call.session, code, actor=call.actor, at=call.at, held=call.token.id
    )
    call.unit.keep_no_answer()
    return NewTokenOut(
        secret=secret, token=token_out(token), replaces=old.code, old_until=old.expires_at
    )
