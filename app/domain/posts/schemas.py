"""What comes in and goes out about posts that people take up, give away and hold for each other."""

from datetime import date, datetime
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from app.domain.accounts.enums import Role
from app.domain.accounts.models import Membership, User
from app.domain.accounts.schemas import Mailbox, NewGrant
from app.domain.posts.enums import InvitationState
from app.domain.posts.models import Absence, Handover, Invitation
from app.domain.posts.rules import MOST_GRANTS, invitation_state

USERNAME = r"^[a-z0-9][a-z0-9._-]*$"


def state_of(invitation: Invitation, *, at: datetime) -> InvitationState:
    """Return how an invitation stands at a moment."""
    return invitation_state(
        accepted_at=invitation.accepted_at,
        revoked_at=invitation.revoked_at,
        expires_at=invitation.expires_at,
        at=at,
    )


class Invite(BaseModel):
    """Whom to invite, and the posts the account will hold."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    name: str = Field(min_length=2, max_length=120, examples=["Giàng A Mẫu"])
    organisation: str = Field(default="", max_length=200, examples=["UBND xã Bình Lư"])
    email: Mailbox = Field(default="", max_length=200, examples=["giang.a.mau@example.com"])
    grants: list[NewGrant] = Field(min_length=1, max_length=MOST_GRANTS)


class InviteRepresentative(BaseModel):
    """Whom to invite to speak for a producer."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    name: str = Field(min_length=2, max_length=120, examples=["Lò Thị Mẫu"])
    email: Mailbox = Field(default="", max_length=200, examples=["hoptacxa@example.com"])


class AtVersion(BaseModel):
    """A step upon what was seen at this version."""

    model_config = ConfigDict(extra="forbid")

    version: int = Field(ge=1)


class AcceptInvitation(BaseModel):
    """The name and the password somebody who was invited chooses."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    username: str = Field(min_length=3, max_length=60, pattern=USERNAME)
    password: str = Field(min_length=1, max_length=200)


class AcceptByProvider(BaseModel):
    """The name somebody chooses who signs in at the provider and needs no password here."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    username: str = Field(min_length=3, max_length=60, pattern=USERNAME)


class EndPost(BaseModel):
    """The last day on which a post is held."""

    model_config = ConfigDict(extra="forbid")

    last_day: date = Field(examples=["2026-12-31"])
    reason: str = Field(default="", max_length=500, examples=["Hết nhiệm vụ"])


class HandOver(BaseModel):
    """Which posts go to whom, from which day on."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    to_username: str = Field(min_length=1, max_length=60, examples=["giang.a.mau"])
    posts: list[int] = Field(min_length=1, max_length=50, examples=[[12]])
    on_day: date = Field(examples=["2026-12-01"])
    reason: str = Field(default="", max_length=500, examples=["Chuyển công tác"])


class EnterLeave(BaseModel):
    """Days on which somebody is away, and who stands in; empty `username` means oneself."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    username: str = Field(default="", max_length=60, examples=["lanhdao.binhlu"])
    deputy: str = Field(min_length=1, max_length=60, examples=["canbo.binhlu"])
    first_day: date = Field(examples=["2026-12-01"])
    last_day: date = Field(examples=["2026-12-07"])
    reason: str = Field(default="", max_length=500, examples=["Nghỉ phép năm"])

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.last_day < self.first_day:
            raise ValueError("Ngày cuối không được trước ngày đầu.")
        return self


class PostOut(BaseModel):
    """A post, from one day to another (included); `stands_in` tells a deputy's."""

    number: int
    role: Role
    unit_code: str | None
    producer_id: int | None
    agency_code: str | None
    valid_from: date
    valid_to: date | None
    stands_in: bool

    @classmethod
    def of(cls, post: Membership) -> Self:
        """Return what the API answers of a post."""
        return cls(
            number=post.id or 0,
            role=post.role,
            unit_code=post.unit_code,
            producer_id=post.producer_id,
            agency_code=post.agency_code,
            valid_from=post.valid_from,
            valid_to=post.valid_to,
            stands_in=post.deputises_for_id is not None,
        )


class AccountOut(BaseModel):
    """An account with its posts, past and to come."""

    username: str
    name: str
    organisation: str
    is_open: bool
    posts: list[PostOut]

    @classmethod
    def of(cls, user: User, posts: list[Membership]) -> Self:
        """Return what the API answers of an account."""
        return cls(
            username=user.username,
            name=user.name,
            organisation=user.organisation,
            is_open=user.disabled_at is None,
            posts=[PostOut.of(post) for post in posts],
        )


class InvitationOut(BaseModel):
    """An invitation; the link itself was shown once."""

    code: str
    version: int
    state: InvitationState
    name: str
    organisation: str
    email: str
    grants: list[dict[str, Any]]
    invited_at: datetime
    invited_by: str
    expires_at: datetime

    @classmethod
    def of(cls, invitation: Invitation, *, at: datetime) -> Self:
        """Return what the API answers of an invitation."""
        return cls(
            state=state_of(invitation, at=at),
            **invitation.model_dump(include=set(cls.model_fields)),
        )


class InvitationLinkOut(BaseModel):
    """A fresh invitation with its link, shown this once."""

    invitation: InvitationOut
    link: str


class HandoverOut(BaseModel):
    """Posts given from one person to another."""

    code: str
    from_username: str
    to_username: str
    posts: list[int]
    on_day: date
    reason: str
    made_at: datetime
    made_by: str

    @classmethod
    def of(cls, handover: Handover, giver: User, receiver: User) -> Self:
        """Return what the API answers of a handover."""
        return cls(
            code=handover.code,
            from_username=giver.username,
            to_username=receiver.username,
            posts=handover.membership_ids,
            on_day=handover.on_day,
            reason=handover.reason,
            made_at=handover.made_at,
            made_by=handover.made_by,
        )


class AbsenceOut(BaseModel):
    """Days on which a deputy holds somebody's posts."""

    code: str
    version: int
    username: str
    deputy: str
    first_day: date
    last_day: date
    reason: str
    made_by: str
    ended_at: datetime | None

    @classmethod
    def of(cls, absence: Absence, user: User, deputy: User) -> Self:
        """Return what the API answers of a leave."""
        return cls(
            code=absence.code,
            version=absence.version,
            username=user.username,
            deputy=deputy.username,
            first_day=absence.first_day,
            last_day=absence.last_day,
            reason=absence.reason,
            made_by=absence.made_by,
            ended_at=absence.ended_at,
        )
