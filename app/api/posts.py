"""Posts over JSON: accounts with what they hold, invitations, handovers, leave with a deputy.

Accounts themselves are opened by people, from an invitation's link or on the administrator's page.
"""

from typing import Annotated

from fastapi import Path, Response

from app.api.deps import Call, PageOut, Pages, api_router, code_path, needs, page_out
from app.core.paging import LARGEST_KEY
from app.domain.accounts.actions import disable_user
from app.domain.accounts.enums import Scope
from app.domain.accounts.queries import users_page
from app.domain.accounts.schemas import NewGrant
from app.domain.posts.actions import (
    enable_account,
    end_leave,
    end_post,
    enter_leave,
    give_post,
    hand_over,
    invite,
    revoke_invitation,
)
from app.domain.posts.models import Invitation
from app.domain.posts.policy import why_not_keep
from app.domain.posts.queries import (
    absences_for,
    get_absence,
    get_account,
    get_handover,
    invitations_page,
    posts_of,
)
from app.domain.posts.schemas import (
    AbsenceOut,
    AccountOut,
    AtVersion,
    EndPost,
    EnterLeave,
    HandOver,
    HandoverOut,
    InvitationLinkOut,
    InvitationOut,
    Invite,
    InviteRepresentative,
)
from app.domain.producers.actions import invite_representative, renew_invitation

router = api_router(tags=["posts"])
Reading = Annotated[Call, needs(Scope.POSTS_READ)]
Writing = Annotated[Call, needs(Scope.POSTS_WRITE)]
Username = Annotated[str, code_path("giang.a.mau", longest=60)]
InvitationCode = Annotated[str, code_path("LM-7K2M9Q4")]
HandoverCode = Annotated[str, code_path("BG-7K2M9Q4")]
AbsenceCode = Annotated[str, code_path("NP-7K2M9Q4")]
ProducerCode = Annotated[str, code_path("CT-7K2M9Q4")]
Number = Annotated[int, Path(ge=1, le=LARGEST_KEY, examples=[12])]


# --- accounts -----------------------------------------------------------------------------------


@router.get("/accounts", summary="Danh sách tài khoản")
def accounts(call: Reading, pages: Pages) -> PageOut[AccountOut]:
    """List accounts with their posts, past and to come; for the administrator."""
    _administrator(call)
    found = users_page(call.session, after=pages.after, limit=pages.limit)
    return page_out(found, lambda row: AccountOut.of(row[0], row[1]))


@router.get("/accounts/{username}", summary="Một tài khoản và các vai")
def account(call: Reading, username: Username) -> AccountOut:
    """Show an account with its posts, past and to come; for the administrator."""
    _administrator(call)
    return _account(call, username)


@router.post("/accounts/{username}/disable", summary="Khóa tài khoản")
def disable(call: Writing, username: Username) -> AccountOut:
    """Close an account; its browsers are signed out at once, its tokens open nothing."""
    disable_user(call.session, username, actor=call.actor, at=call.at)
    return _account(call, username)


@router.post("/accounts/{username}/enable", summary="Mở lại tài khoản")
def enable(call: Writing, username: Username) -> AccountOut:
    """Open an account again that was closed."""
    enable_account(call.session, username, actor=call.actor, at=call.at)
    return _account(call, username)


@router.post("/accounts/{username}/posts", status_code=201, summary="Giao vai")
def give(call: Writing, username: Username, data: NewGrant) -> AccountOut:
    """Give somebody a post from one day to another."""
    give_post(call.session, username, data, actor=call.actor, at=call.at)
    return _account(call, username)


@router.post("/accounts/{username}/posts/{number}/end", summary="Kết thúc vai")
def end(call: Writing, username: Username, number: Number, data: EndPost) -> AccountOut:
    """End a post after a day."""
    end_post(call.session, username, number, data, actor=call.actor, at=call.at)
    return _account(call, username)


@router.post("/accounts/{username}/handovers", status_code=201, summary="Bàn giao vai")
def make_handover(call: Writing, username: Username, data: HandOver) -> HandoverOut:
    """Give posts of one person to another from a day on; the giver's tokens end."""
    made = hand_over(call.session, username, data, actor=call.actor, at=call.at)
    return _handover(call, made.code)


@router.get("/handovers/{code}", summary="Một lần bàn giao")
def handover(call: Reading, code: HandoverCode) -> HandoverOut:
    """Show a handover to both people and to the administrator."""
    return _handover(call, code)


# --- invitations --------------------------------------------------------------------------------


@router.get("/invitations", summary="Danh sách lời mời")
def invitations(call: Reading, pages: Pages) -> PageOut[InvitationOut]:
    """List the invitations the token's owner made, all of them to the administrator, newest first."""
    found = invitations_page(call.session, actor=call.actor, after=pages.after, limit=pages.limit)
    return page_out(found, lambda row: InvitationOut.of(row.invitation, at=call.at))


@router.post("/invitations", status_code=201, summary="Mời mở tài khoản")
def make_invitation(call: Writing, data: Invite, response: Response) -> InvitationLinkOut:
    """Invite somebody to posts; the link is told this once and kept nowhere."""
    secret, made = invite(call.session, data, actor=call.actor, at=call.at)
    return _linked(call, response, secret, made)


@router.post(
    "/producers/{code}/invitations", status_code=201, summary="Mời người đại diện của chủ thể"
)
def make_representative(
    call: Writing, code: ProducerCode, data: InviteRepresentative, response: Response
) -> InvitationLinkOut:
    """Invite somebody to speak for a producer of the commune; the link is told this once."""
    secret, made = invite_representative(call.session, code, data, actor=call.actor, at=call.at)
    return _linked(call, response, secret, made)


@router.post("/invitations/{code}/renew", summary="Làm mới liên kết mời")
def renew(
    call: Writing, code: InvitationCode, data: AtVersion, response: Response
) -> InvitationLinkOut:
    """Make a new link of seven days; the one before leads nowhere."""
    secret, made = renew_invitation(call.session, code, data, actor=call.actor, at=call.at)
    return _linked(call, response, secret, made)


@router.post("/invitations/{code}/revoke", summary="Hủy lời mời")
def revoke(call: Writing, code: InvitationCode, data: AtVersion) -> InvitationOut:
    """Take an invitation back."""
    made = revoke_invitation(call.session, code, data, actor=call.actor, at=call.at)
    call.session.flush()
    return InvitationOut.of(made, at=call.at)


# --- leave --------------------------------------------------------------------------------------


@router.get("/absences", summary="Nghỉ phép và người làm thay")
def absences(call: Reading) -> list[AbsenceOut]:
    """List leave: one's own, where one stands in, of the offices one leads; the newest hundred."""
    found = absences_for(call.session, actor=call.actor)
    return [AbsenceOut.of(row.absence, row.user, row.deputy) for row in found]


@router.post("/absences", status_code=201, summary="Ghi ngày nghỉ")
def make_absence(call: Writing, data: EnterLeave) -> AbsenceOut:
    """Enter a leave for somebody; the deputy holds the posts for those days. For the administrator."""
    made = enter_leave(call.session, data, actor=call.actor, at=call.at)
    return _absence(call, made.code)


@router.post("/absences/{code}/end", summary="Kết thúc nghỉ sớm")
def end_absence(call: Writing, code: AbsenceCode, data: AtVersion) -> AbsenceOut:
    """End a leave early; the deputy holds nothing for the person any more."""
    end_leave(call.session, code, data, actor=call.actor, at=call.at)
    return _absence(call, code)


def _administrator(call: Call) -> None:
    if refusal := why_not_keep(call.actor):
        raise refusal


def _account(call: Call, username: str) -> AccountOut:
    call.session.flush()
    user = get_account(call.session, username)
    return AccountOut.of(user, list(posts_of(call.session, user.id or 0)))


def _handover(call: Call, code: str) -> HandoverOut:
    call.session.flush()
    row = get_handover(call.session, code, actor=call.actor)
    return HandoverOut.of(row.handover, row.giver, row.receiver)


def _absence(call: Call, code: str) -> AbsenceOut:
    call.session.flush()
    row = get_absence(call.session, code, actor=call.actor)
    return AbsenceOut.of(row.absence, row.user, row.deputy)


def _linked(call: Call, response: Response, secret: str, made: Invitation) -> InvitationLinkOut:
    call.session.flush()
    call.unit.keep_no_answer()
    response.headers["cache-control"] = "no-store"
    return InvitationLinkOut(
        invitation=InvitationOut.of(made, at=call.at),
        link=f"{call.settings.public_url.rstrip('/')}/join/{secret}",
    )
