"""Pages of posts that change hands: invitations, the link an invited person opens, handovers, leave."""

from dataclasses import replace
from datetime import date

from fastapi import Response

from app.core.clock import local_day
from app.core.errors import Conflict, Invalid, Refusal
from app.core.work import WorkItem
from app.domain.accounts.enums import Role
from app.domain.accounts.models import Membership
from app.domain.accounts.queries import actor_of, get_user
from app.domain.accounts.rules import ROLE_LABELS, Actor, Grant
from app.domain.accounts.schemas import NewGrant
from app.domain.identities.rules import Subject
from app.domain.posts.actions import (
    accept_by_provider,
    accept_invitation,
    end_leave,
    enter_leave,
    hand_over,
    invite,
    open_invitation,
    revoke_invitation,
)
from app.domain.posts.models import Invitation
from app.domain.posts.policy import (
    InvitationOver,
    why_not_arrange_leave,
    why_not_end_leave,
    why_not_keep,
    why_not_keep_posts_of,
    why_not_step,
)
from app.domain.posts.queries import (
    HandoverRow,
    InvitationRow,
    absences_for,
    colleagues_of,
    get_absence,
    get_account,
    get_handover,
    held_posts,
    invitations_page,
    is_held_on,
    led_people,
    posts_of,
    still_open,
    username_of,
    users_named,
)
from app.domain.posts.rules import BY_DECISION, INVITATION_DAYS, LONGEST_LEAVE_DAYS, STATE_LABELS
from app.domain.posts.schemas import (
    AcceptByProvider,
    AcceptInvitation,
    AtVersion,
    EnterLeave,
    HandOver,
    Invite,
    InviteRepresentative,
    state_of,
)
from app.domain.producers.actions import invite_representative, renew_invitation
from app.domain.producers.policy import why_not_invite, why_not_renew
from app.domain.producers.queries import get_producer, invited_for
from app.web.accounts import administrator_only, grant_typed, places_to_choose, where_held
from app.web.deps import (
    After,
    AnybodysPage,
    Page,
    PublicPage,
    SignedInPage,
    VisitorPage,
    page_router,
)
from app.web.forms import Form, PostedForm, empty_form
from app.web.refusals import refusal_page
from app.web.sealed_cookies import forget_proof, proof_of
from app.web.work import SOURCES

router = page_router()
MOST_ITEMS = 50


# --- invitations: who invites -------------------------------------------------------------------


@router.get("/invitations", name="invitations.list")
def invitations(page: Page, after: After = 0) -> Response:
    """List the invitations one made; the administrator sees all."""
    return _invitations(page, after=after)


@router.get("/invitations/new", name="invitations.new")
def new_invitation(page: Page, producer: str = "") -> Response:
    """Ask whom to invite to what; of a producer, its commune's officer asks for a name only."""
    if producer:
        return _representative(page, producer, empty_form())
    if refusal := why_not_keep(page.actor):
        raise refusal
    return _ask_whom(page, empty_form())


@router.post("/invitations", name="invitations.create")
def make_invitation(form: PostedForm, page: Page) -> Response:
    """Make an invitation and show its link, this once."""
    administrator_only(page)
    try:
        grant = grant_typed(page, form)
        secret, made = invite(
            page.session, form.read(Invite, grants=[grant]), actor=page.actor, at=page.at
        )
    except Invalid as problem:
        return _ask_whom(page, form.showing(problem), status=422)
    return _with_link(page, secret, made)


@router.post("/producers/{code}/invitations", name="invitations.representative")
def make_representative(form: PostedForm, page: Page, code: str) -> Response:
    """Invite somebody to speak for a producer and show the link, this once."""
    try:
        data = form.read(InviteRepresentative)
        secret, made = invite_representative(page.session, code, data, actor=page.actor, at=page.at)
    except Invalid as problem:
        return _representative(page, code, form.showing(problem), status=422)
    return _with_link(page, secret, made)


@router.post("/invitations/{code}/renew", name="invitations.renew")
def renew(form: PostedForm, page: Page, code: str) -> Response:
    """Make a new link and show it, this once."""
    data = form.read(AtVersion)
    secret, made = renew_invitation(page.session, code, data, actor=page.actor, at=page.at)
    return _with_link(page, secret, made)


@router.post("/invitations/{code}/revoke", name="invitations.revoke")
def revoke(form: PostedForm, page: Page, code: str) -> Response:
    """Take an invitation back."""
    revoke_invitation(page.session, code, form.read(AtVersion), actor=page.actor, at=page.at)
    return page.go("invitations.list", said="Đã hủy lời mời.")


def _ask_whom(page: SignedInPage, form: Form, *, status: int = 200) -> Response:
    return page.render(
        "posts/invite.html",
        status=status,
        form=form,
        days=INVITATION_DAYS,
        **places_to_choose(page),
    )


def _representative(page: SignedInPage, code: str, form: Form, *, status: int = 200) -> Response:
    producer = get_producer(page.session, code, actor=page.actor)
    if refusal := why_not_invite(page.actor, producer):
        raise refusal
    return page.render(
        "posts/invite_representative.html",
        status=status,
        form=form,
        producer=producer,
        days=INVITATION_DAYS,
    )


def _with_link(page: SignedInPage, secret: str, made: Invitation) -> Response:
    page.unit.claimed = None  # the link is shown once and kept nowhere, not even for a replay
    page.session.flush()
    link = f"{page.settings.public_url.rstrip('/')}{page.url('join.show', token=secret)}"
    return _invitations(page, link=link, made=made)


def _invitations(
    page: SignedInPage, *, after: int = 0, link: str = "", made: Invitation | None = None
) -> Response:
    found = invitations_page(page.session, actor=page.actor, after=after)
    username = username_of(page.session, page.actor)
    producers = invited_for(page.session, [row.invitation for row in found.items])
    states = {row.invitation.id: state_of(row.invitation, at=page.at) for row in found.items}
    return page.render(
        "posts/invitations.html",
        found=found,
        after=after,
        link=link,
        made=made,
        states=states,
        labels=STATE_LABELS,
        roles=ROLE_LABELS,
        why_not={
            row.invitation.id: why_not_step(
                page.actor,
                row.invitation,
                states[row.invitation.id],
                username=username,
            )
            for row in found.items
        },
        why_not_renew={
            row.invitation.id: why_not_renew(page.actor, row.invitation, producers)
            for row in found.items
        },
        days=INVITATION_DAYS,
        keeps_accounts=page.actor.has(Role.ADMINISTRATOR),
    )


# --- invitations: who was invited ---------------------------------------------------------------


@router.get("/join/{token}", name="join.show")
def join(page: PublicPage, token: str) -> Response:
    """Show who invites to what, and ask for a name and a password."""
    try:
        row = open_invitation(page.session, token, at=page.at)
    except InvitationOver as over:
        return refusal_page(page.request, over, 410)
    return _join(page, token, row, empty_form())


@router.post("/join/{token}", name="join.accept")
def accept(form: PostedForm, page: AnybodysPage, token: str) -> Response:
    """Open the account, with a password or by the provider somebody just signed in at."""
    try:
        row = open_invitation(page.session, token, at=page.at)
        shown = proof_of(page, token)
        if shown is not None:
            subject = Subject(shown.issuer, shown.subject)
            data = form.read(AcceptByProvider)
            accept_by_provider(page.session, token, data, subject, at=page.at)
        else:
            accept_invitation(
                page.session,
                token,
                form.read(AcceptInvitation),
                at=page.at,
                breached=page.settings.breached_passwords_file,
            )
    except InvitationOver as over:
        return refusal_page(page.request, over, 410)
    except Invalid as problem:
        return _join(page, token, row, form.showing(problem), status=422)
    except Conflict as taken:
        told = Invalid({"username": taken.text}, code=taken.reason_code)
        return _join(page, token, row, form.showing(told), status=409)
    if shown is None:
        return page.go("sign_in.form", said="Đã mở tài khoản. Hãy đăng nhập.")
    answer = page.go("single_sign_on.start", said="Đã mở tài khoản.")
    forget_proof(answer, page.settings)
    return answer


def _join(
    page: VisitorPage, token: str, row: InvitationRow, form: Form, *, status: int = 200
) -> Response:
    posts = [
        Membership(id=number, user_id=0, **NewGrant(**grant).model_dump())
        for number, grant in enumerate(row.invitation.grants, start=1)
    ]
    shown = proof_of(page, token)
    return page.render(
        "posts/join.html",
        status=status,
        headers={"referrer-policy": "no-referrer", "cache-control": "no-store"},
        form=form,
        invitation=row.invitation,
        inviter=row.inviter,
        posts=posts,
        where=where_held(page, posts),
        roles=ROLE_LABELS,
        token=token,
        shown=shown,
        provider=page.settings.oidc_name if page.settings.provider else "",
    )


# --- handing over -------------------------------------------------------------------------------


@router.get("/accounts/{username}/handover", name="handovers.new")
def new_handover(page: Page, username: str) -> Response:
    """Show what somebody holds and what is open, and ask to whom it goes."""
    return _ask_receiver(page, username, empty_form())


@router.post("/accounts/{username}/handover", name="handovers.create")
def make_handover(form: PostedForm, page: Page, username: str) -> Response:
    """Hand posts over."""
    administrator_only(page)
    try:
        made = hand_over(page.session, username, form.read(HandOver), actor=page.actor, at=page.at)
    except Refusal as refused:
        return _ask_receiver(page, username, form, refused=refused)
    page.session.flush()
    return page.go("handovers.show", code=made.code, said="Đã bàn giao. Hai người đã được báo.")


@router.get("/handovers/{code}", name="handovers.show")
def handover(page: Page, code: str) -> Response:
    """Show a handover: what was given, and what still hangs on the giver by name."""
    row = get_handover(page.session, code, actor=page.actor)
    return page.render(
        "posts/handover.html",
        row=row,
        where=where_held(page, row.posts),
        roles=ROLE_LABELS,
        tied=_tied_after(page, row),
        left=still_open(page.session, row.giver.id or 0, at=page.at),
    )


def _ask_receiver(
    page: SignedInPage, username: str, form: Form, *, refused: Refusal | None = None
) -> Response:
    administrator_only(page)
    user = get_account(page.session, username)
    if refusal := why_not_keep_posts_of(page.actor, user):
        raise refusal
    day = local_day(page.at)
    held = held_posts(page.session, user.id or 0, on=day)
    posts = [post for post in held.now if post.deputises_for_id is None]
    actor = actor_of(page.session, user, at=page.at)
    problem = refused if isinstance(refused, Invalid) else None
    return page.render(
        "posts/hand_over.html",
        status=422 if refused else 200,
        form=form.showing(problem) if problem else form,
        refused=None if problem else refused,
        user=user,
        posts=posts,
        chosen=set(form.many("posts")),
        where=where_held(page, posts),
        roles=ROLE_LABELS,
        by_decision=BY_DECISION,
        people={
            one.username: f"{one.name} ({one.username})"
            for one in users_named(page.session, "")
            if one.id not in {user.id, page.actor.user_id}
        },
        tied=_tied(page, actor, day),
        left=still_open(page.session, user.id or 0, at=page.at),
    )


def _tied(page: SignedInPage, actor: Actor, day: date) -> list[WorkItem]:
    """Return the work that goes with the person: what nobody else in the same posts would have."""
    another = replace(actor, user_id=0)
    common = {(item.kind, item.code) for item in _work(page, another, day)}
    own = [item for item in _work(page, actor, day) if (item.kind, item.code) not in common]
    return own[:MOST_ITEMS]


def _work(page: SignedInPage, actor: Actor, day: date) -> list[WorkItem]:
    return [item for source in SOURCES for item in source(page.session, actor, on=day)]


def _tied_after(page: SignedInPage, row: HandoverRow) -> list[WorkItem]:
    grants = tuple(
        Grant(post.role, post.unit_code, post.producer_id, post.agency_code) for post in row.posts
    )
    actor = Actor(user_id=row.giver.id, name=row.giver.name, grants=grants)
    return _tied(page, actor, local_day(page.at))


# --- leave --------------------------------------------------------------------------------------


@router.get("/absences", name="absences.list")
def absences(page: Page) -> Response:
    """List leave: one's own, where one stands in, and that of the offices one leads."""
    return page.render(
        "posts/absences.html",
        rows=absences_for(page.session, actor=page.actor),
        day=local_day(page.at),
        keeps_accounts=page.actor.has(Role.ADMINISTRATOR),
    )


@router.get("/absences/new", name="absences.new")
def new_absence(page: Page, username: str = "") -> Response:
    """Ask for the days and for who stands in."""
    return _ask_days(page, username, empty_form())


@router.post("/absences", name="absences.create")
def make_absence(form: PostedForm, page: Page) -> Response:
    """Enter a leave; the deputy holds the posts for those days."""
    try:
        made = enter_leave(page.session, form.read(EnterLeave), actor=page.actor, at=page.at)
    except Refusal as refused:
        return _ask_days(page, form.text("username"), form, refused=refused)
    page.session.flush()
    return page.go("absences.show", code=made.code, said="Đã ghi ngày nghỉ. Hai người đã được báo.")


@router.get("/absences/{code}", name="absences.show")
def absence(page: Page, code: str) -> Response:
    """Show a leave and the posts lent for it."""
    row = get_absence(page.session, code, actor=page.actor)
    day = local_day(page.at)
    own = posts_of(page.session, row.user.id or 0)
    numbers = {post.id for post in own}
    lent = [
        post
        for post in posts_of(page.session, row.deputy.id or 0)
        if post.deputises_for_id in numbers and post.valid_from == row.absence.first_day
    ]
    return page.render(
        "posts/absence.html",
        row=row,
        lent=lent,
        where=where_held(page, lent),
        roles=ROLE_LABELS,
        day=day,
        why_not=why_not_end_leave(
            page.actor,
            row.absence,
            row.user,
            [post for post in own if is_held_on(post, day)],
            today=day,
        ),
    )


@router.post("/absences/{code}/end", name="absences.end")
def end_absence(form: PostedForm, page: Page, code: str) -> Response:
    """End a leave early."""
    end_leave(page.session, code, form.read(AtVersion), actor=page.actor, at=page.at)
    return page.go(
        "absences.show", code=code, said="Đợt nghỉ đã kết thúc; người làm thay thôi giữ vai."
    )


def _ask_days(
    page: SignedInPage, username: str, form: Form, *, refused: Refusal | None = None
) -> Response:
    own = get_user(page.session, page.actor.user_id or 0)
    user = get_account(page.session, username) if username else own
    day = local_day(page.at)
    posts = held_posts(page.session, user.id or 0, on=day).now
    if refusal := why_not_arrange_leave(page.actor, user, posts):
        raise refusal
    problem = refused if isinstance(refused, Invalid) else None
    return page.render(
        "posts/absence_new.html",
        status=422 if refused else 200,
        form=form.showing(problem) if problem else form,
        refused=None if problem else refused,
        user=user,
        own=user.id == own.id,
        people=led_people(page.session, actor=page.actor, on=day),
        deputies={
            one.username: one.name
            for one in colleagues_of(page.session, posts, first=day, last=day)
        },
        longest=LONGEST_LEAVE_DAYS,
    )
