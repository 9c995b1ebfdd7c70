"""Pages of the administrator: accounts and their posts. The administrator never scores."""

from collections.abc import Collection
from typing import Any

from fastapi import Response

from app.core.clock import local_day
from app.core.errors import Invalid, NotFound, NotPermitted, Refusal
from app.domain.accounts.actions import create_user, disable_user
from app.domain.accounts.enums import Role
from app.domain.accounts.models import Membership
from app.domain.accounts.queries import users_page
from app.domain.accounts.rules import ROLE_LABELS
from app.domain.accounts.schemas import CreateUser, NewGrant
from app.domain.identities.actions import link_identity, unlink_identity
from app.domain.identities.queries import identities_of
from app.domain.identities.rules import Subject
from app.domain.identities.schemas import LinkIdentity
from app.domain.inspections.queries import agencies_on
from app.domain.places.queries import commune_names, communes_on
from app.domain.posts.actions import enable_account, end_post, give_post
from app.domain.posts.policy import why_not_keep_posts_of
from app.domain.posts.queries import get_account, handovers_of, held_posts
from app.domain.posts.schemas import EndPost
from app.domain.producers.queries import find_producer, producer_names
from app.web.deps import After, Page, SignedInPage, VisitorPage, page_router
from app.web.forms import Form, PostedForm, empty_form

router = page_router()


def administrator_only(page: SignedInPage) -> None:
    """Refuse a page to everybody but the administrator."""
    if not page.actor.has(Role.ADMINISTRATOR):
        raise NotPermitted("Trang này dành cho quản trị hệ thống.")


@router.get("/accounts", name="accounts.list")
def index(page: Page, after: After = 0) -> Response:
    """List accounts with their posts."""
    administrator_only(page)
    found = users_page(page.session, after=after)
    return page.render(
        "accounts/list.html",
        found=found,
        roles=ROLE_LABELS,
        after=after,
        day=local_day(page.at),
        where=where_held(page, [post for _, posts in found.items for post in posts]),
    )


@router.get("/accounts/new", name="accounts.new")
def new(page: Page) -> Response:
    """Ask for a new account."""
    administrator_only(page)
    return _form(page, empty_form())


@router.post("/accounts", name="accounts.create")
def create(form: PostedForm, page: Page) -> Response:
    """Open an account."""
    administrator_only(page)
    try:
        create_user(
            page.session,
            form.read(CreateUser, grants=[grant_typed(page, form)]),
            actor=page.actor,
            at=page.at,
            breached=page.settings.breached_passwords_file,
        )
    except Invalid as problem:
        return _form(page, form.showing(problem), status=422)
    return page.go("accounts.list", said="Đã mở tài khoản.")


@router.get("/accounts/{username}", name="accounts.show")
def show(page: Page, username: str) -> Response:
    """Show one account: its posts now, to come and past, and what may be done with it."""
    administrator_only(page)
    return _account(page, username)


@router.post("/accounts/{username}/disable", name="accounts.disable")
def disable(_key: PostedForm, page: Page, username: str) -> Response:
    """Close an account; its browsers are signed out at once."""
    disable_user(page.session, username, actor=page.actor, at=page.at)
    return page.go("accounts.list", said="Đã khóa tài khoản.")


@router.post("/accounts/{username}/enable", name="accounts.enable")
def enable(_key: PostedForm, page: Page, username: str) -> Response:
    """Open an account again."""
    enable_account(page.session, username, actor=page.actor, at=page.at)
    return page.go("accounts.show", username=username, said="Đã mở lại tài khoản.")


@router.post("/accounts/{username}/posts", name="accounts.give_post")
def give(form: PostedForm, page: Page, username: str) -> Response:
    """Give somebody a post."""
    administrator_only(page)
    try:
        give_post(page.session, username, grant_typed(page, form), actor=page.actor, at=page.at)
    except Refusal as refused:
        return _again(page, username, form, refused, "NewGrant")
    return page.go("accounts.show", username=username, said="Đã giao vai.")


@router.post("/accounts/{username}/posts/{number}/end", name="accounts.end_post")
def end(form: PostedForm, page: Page, username: str, number: int) -> Response:
    """End a post after a day."""
    administrator_only(page)
    try:
        end_post(page.session, username, number, form.read(EndPost), actor=page.actor, at=page.at)
    except Refusal as refused:
        return _again(page, username, form, refused, f"EndPost{number}")
    return page.go("accounts.show", username=username, said="Đã ghi ngày kết thúc vai.")


@router.post("/accounts/{username}/identities", name="accounts.link")
def link(form: PostedForm, page: Page, username: str) -> Response:
    """Let a subject of the provider stand for an account."""
    administrator_only(page)
    if page.settings.provider is None:
        raise NotFound
    try:
        data = form.read(LinkIdentity)
        subject = Subject(page.settings.provider.issuer, data.subject)
        link_identity(page.session, username, subject, actor=page.actor, at=page.at)
    except Refusal as refused:
        return _again(page, username, form, refused, "LinkIdentity")
    return page.go("accounts.show", username=username, said="Đã nối tài khoản liên kết.")


@router.post("/accounts/{username}/identities/{number}/unlink", name="accounts.unlink")
def unlink(_key: PostedForm, page: Page, username: str, number: int) -> Response:
    """Let a subject stand for this account no longer."""
    administrator_only(page)
    unlink_identity(page.session, username, number, actor=page.actor, at=page.at)
    return page.go("accounts.show", username=username, said="Đã gỡ tài khoản liên kết.")


def grant_typed(page: SignedInPage, form: Form) -> NewGrant:
    """Return the post of a form; a producer is named by its code, and a post begins today."""
    typed = form.text("producer_id").strip()
    known: dict[str, object] = {}
    if typed and not typed.isdecimal():
        producer = find_producer(page.session, typed.upper())
        if producer is None:
            raise Invalid({"producer_id": "Không có chủ thể nào mang mã này."})
        known["producer_id"] = producer.id
    if not form.text("valid_from").strip():
        known["valid_from"] = local_day(page.at)
    return form.read(NewGrant, **known)


def where_held(page: VisitorPage, posts: Collection[Membership]) -> dict[int, str]:
    """Return in words where each of these posts is held: commune, producer or agency."""
    day = local_day(page.at)
    units = sorted({post.unit_code for post in posts if post.unit_code})
    numbers = sorted({post.producer_id for post in posts if post.producer_id is not None})
    communes = commune_names(page.session, units, on=day) if units else {}
    producers = producer_names(page.session, numbers) if numbers else {}
    agencies = _agencies(page) if any(post.agency_code for post in posts) else {}
    return {
        post.id or 0: communes.get(post.unit_code or "", post.unit_code or "")
        or (producers[post.producer_id].name if post.producer_id in producers else "")
        or agencies.get(post.agency_code or "", post.agency_code or "")
        for post in posts
    }


def places_to_choose(page: SignedInPage) -> dict[str, Any]:
    """Return what a form for a post offers: roles, communes and agencies of today."""
    day = local_day(page.at)
    return {
        "roles": ROLE_LABELS,
        "communes": {unit.code: unit.full_name for unit in communes_on(page.session, day)},
        "agencies": _agencies(page),
    }


def _agencies(page: VisitorPage) -> dict[str, str]:
    return {one.code: one.name for one in agencies_on(page.session, local_day(page.at))}


def _form(page: SignedInPage, form: Form, *, status: int = 200) -> Response:
    return page.render("accounts/form.html", status=status, form=form, **places_to_choose(page))


def _again(
    page: SignedInPage, username: str, form: Form, refused: Refusal, filled: str
) -> Response:
    if isinstance(refused, Invalid):
        return _account(page, username, status=422, filled=filled, typed=form.showing(refused))
    raise refused


def _account(
    page: SignedInPage,
    username: str,
    *,
    status: int = 200,
    filled: str = "",
    typed: Form | None = None,
) -> Response:
    user = get_account(page.session, username)
    day = local_day(page.at)
    held = held_posts(page.session, user.id or 0, on=day)
    return page.render(
        "accounts/show.html",
        status=status,
        user=user,
        held=held,
        where=where_held(page, [*held.now, *held.to_come, *held.past]),
        why_not=why_not_keep_posts_of(page.actor, user),
        identities=identities_of(page.session, user.id or 0),
        handovers=handovers_of(page.session, user.id or 0),
        provider=page.settings.oidc_name if page.settings.provider else "",
        filled=filled,
        typed=typed or empty_form(),
        blank=empty_form(),
        **places_to_choose(page),
    )
