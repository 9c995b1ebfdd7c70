"""The second factor: asked for after the password, set up with a telephone, replaced, turned off."""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Protocol

from fastapi import Response

from app.core.db import Database, transaction
from app.core.errors import Invalid
from app.core.qr import qr_svg
from app.domain.accounts.actions import (
    WrongCode,
    begin_second_factor,
    confirm_second_factor,
    refuse_second_factor,
    remove_second_factor,
    renew_recovery_codes,
    replace_second_factor,
    show_second_factor,
)
from app.domain.accounts.enums import SignInStep
from app.domain.accounts.queries import find_second_factor, secret_of, unused_recovery_codes
from app.domain.accounts.rules import Actor, totp_address
from app.domain.accounts.schemas import ShowCode
from app.http.limits import LoginLimit
from app.web.deps import SignedInPage, keep_signed_in, page_during, page_router, session_cookie
from app.web.devices import remember_device
from app.web.forms import Form, PostedForm, empty_form
from app.web.sign_in import after_step, network, own_path, step_of

router = page_router()

Showing = Annotated[SignedInPage, page_during(SignInStep.SHOW_FACTOR)]
SettingUp = Annotated[SignedInPage, page_during(SignInStep.SET_UP_FACTOR)]

_LETTERS_IN_GROUP = 4


@router.get("/sign-in/code", name="second_factor.ask")
def ask(page: Showing, next: str = "/") -> Response:  # noqa: A002 -- the word in the address
    """Ask for a code of the telephone or of the printed list."""
    if page.started.step is None:
        return page.go_to(own_path(next))
    return _ask(page, empty_form({"next": own_path(next)}))


@router.post("/sign-in/code", name="second_factor.check")
def check(form: PostedForm, page: Showing) -> Response:
    """Finish signing in, with another session secret."""
    wanted = own_path(form.text("next") or "/")
    if page.started.step is None:
        return page.go_to(wanted)

    def finish(code: str) -> Response:
        secret = show_second_factor(
            page.session,
            code,
            login_id=page.login_id,
            actor=page.actor,
            key_dir=page.settings.answer_key_dir,
            at=page.at,
        )
        answer = page.go_to(after_step(page, step_of(page, secret), wanted))
        keep_signed_in(answer, secret, page.settings)
        remember_device(answer, page, page.started.username)
        return answer

    return _with_code(form, page, finish, shown_again=_ask)


@router.get("/account/second-factor", name="second_factor.show")
def show(page: SettingUp, next: str = "/") -> Response:  # noqa: A002 -- the word in the address
    """Show whether the second factor is on, and while it is set up, what the telephone is to be given."""
    return _show(page, empty_form({"next": own_path(next)}))


@router.post("/account/second-factor", name="second_factor.begin")
def begin(form: PostedForm, page: SettingUp) -> Response:
    """Make a secret for the telephone."""
    begin_second_factor(
        page.session, actor=page.actor, key_dir=page.settings.answer_key_dir, at=page.at
    )
    return page.go("second_factor.show", next=own_path(form.text("next") or "/"))


@router.post("/account/second-factor/confirm", name="second_factor.confirm")
def confirm(form: PostedForm, page: SettingUp) -> Response:
    """Turn it on by the first code, and show the printed list this once."""
    wanted = own_path(form.text("next") or "/")

    def turn_on(code: str) -> Response:
        secret, codes = confirm_second_factor(
            page.session,
            code,
            login_id=page.login_id,
            actor=page.actor,
            key_dir=page.settings.answer_key_dir,
            at=page.at,
        )
        step = step_of(page, secret)
        if step is None:  # whole from here on, also in the shell of this page
            page.request.state.actor = page.actor
        go_on = after_step(page, step, wanted)
        answer = _codes(page, codes, go_on=go_on if go_on != "/" else page.url("account.show"))
        keep_signed_in(answer, secret, page.settings)
        remember_device(answer, page, page.started.username)
        return answer

    return _with_code(form, page, turn_on)


@router.post("/account/second-factor/codes", name="second_factor.renew_codes")
def renew(form: PostedForm, page: SettingUp) -> Response:
    """Show ten new codes this once; the old ones stop working."""
    return _with_code(
        form,
        page,
        lambda code: _codes(
            page,
            renew_recovery_codes(
                page.session,
                code,
                actor=page.actor,
                key_dir=page.settings.answer_key_dir,
                at=page.at,
            ),
            go_on=page.url("account.show"),
        ),
    )


@router.post("/account/second-factor/replace", name="second_factor.replace")
def replace(form: PostedForm, page: SettingUp) -> Response:
    """Begin anew with another telephone."""

    def begin_anew(code: str) -> Response:
        replace_second_factor(
            page.session,
            code,
            actor=page.actor,
            key_dir=page.settings.answer_key_dir,
            at=page.at,
        )
        return page.go("second_factor.show")

    return _with_code(form, page, begin_anew)


@router.post("/account/second-factor/remove", name="second_factor.remove")
def remove(form: PostedForm, page: SettingUp) -> Response:
    """Go without it again, where no role asks for it."""

    def turn_off(code: str) -> Response:
        remove_second_factor(
            page.session,
            code,
            actor=page.actor,
            roles=page.request.app.state.second_factor_roles,
            key_dir=page.settings.answer_key_dir,
            at=page.at,
        )
        return page.go("account.show", said="Đã tắt bảo vệ hai lớp.")

    return _with_code(form, page, turn_off)


class _ShownAgain(Protocol):
    """The page that asks for the code."""

    def __call__(
        self, page: SignedInPage, form: Form, *, status: int = 200, refusal: WrongCode | None = None
    ) -> Response: ...


def _with_code(
    form: Form,
    page: SignedInPage,
    do: Callable[[str], Response],
    *,
    shown_again: _ShownAgain | None = None,
) -> Response:
    """Do something that a code is asked for, and count the code when it is wrong."""
    again = shown_again or _show
    try:
        _room(page)
        return do(form.read(ShowCode).code)
    except Invalid as problem:
        return again(page, form.showing(problem), status=422)
    except WrongCode as wrong:
        if _wrong(page):
            return _signed_out(page)
        # What was typed is worth nothing any more.
        wanted = own_path(form.text("next") or "/")
        return again(page, empty_form({"next": wanted}), status=422, refusal=wrong)


def _room(page: SignedInPage) -> None:
    limit: LoginLimit = page.request.app.state.login_limit
    limit.check(username=page.started.username, network=network(page))


def _wrong(page: SignedInPage) -> bool:
    """Count and record a wrong code; tell whether the session ends with it."""
    limit: LoginLimit = page.request.app.state.login_limit
    limit.failed(username=page.started.username, network=network(page))
    ends = limit.wrong_code(page.login_id)
    page.unit.later.append(_refusing(page.login_id, ends=ends, actor=page.actor, at=page.at))
    return ends


def _refusing(
    login_id: int, *, ends: bool, actor: Actor, at: datetime
) -> Callable[[Database], None]:
    # Afterwards, in a transaction of its own: that of a refused request is undone.
    def refuse(engine: Database) -> None:
        with transaction(engine) as session:
            refuse_second_factor(session, login_id, ends=ends, actor=actor, at=at)

    return refuse


def _signed_out(page: SignedInPage) -> Response:
    answer = page.go(
        "sign_in.form",
        said="Nhập sai mã quá nhiều lần nên phiên này đã kết thúc. Hãy đăng nhập lại.",
    )
    answer.delete_cookie(
        session_cookie(page.settings), path="/", secure=page.settings.secure_cookies, httponly=True
    )
    return answer


def _ask(
    page: SignedInPage, form: Form, *, status: int = 200, refusal: WrongCode | None = None
) -> Response:
    return page.render("sign_in/code.html", status=status, form=form, refusal=refusal)


def _codes(page: SignedInPage, codes: list[str], *, go_on: str) -> Response:
    page.session.flush()
    return page.render("sign_in/recovery_codes.html", codes=codes, go_on=go_on)


def _show(
    page: SignedInPage, form: Form, *, status: int = 200, refusal: WrongCode | None = None
) -> Response:
    user_id = page.actor.user_id or 0
    factor = find_second_factor(page.session, user_id)
    is_on = factor is not None and factor.confirmed_at is not None
    secret = secret_of(factor, page.settings.answer_key_dir) if factor and not is_on else ""
    return page.render(
        "sign_in/second_factor.html",
        status=status,
        form=form,
        refusal=refusal,
        factor=factor,
        is_on=is_on,
        asked=page.actor.has(*page.request.app.state.second_factor_roles),
        unfinished=page.started.step is not None,
        left=len(unused_recovery_codes(page.session, user_id)) if is_on else 0,
        secret=" ".join(
            secret[place : place + _LETTERS_IN_GROUP]
            for place in range(0, len(secret), _LETTERS_IN_GROUP)
        ),
        qr=qr_svg(totp_address(secret, page.started.username)) if secret else "",
        address=totp_address(secret, page.started.username) if secret else "",
    )
