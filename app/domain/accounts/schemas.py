"""What comes in and goes out about accounts."""

import re
from datetime import date, datetime
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, field_validator

from app.core.mail import MAILBOX
from app.core.paging import LARGEST_KEY
from app.domain.accounts.enums import Role, Scope
from app.domain.accounts.rules import LONGEST_PASSWORD, SHORTEST_PASSWORD


class SignIn(BaseModel):
    """A name and a password."""

    model_config = ConfigDict(extra="ignore")

    username: str = Field(min_length=1, max_length=60)
    password: str = Field(min_length=1, max_length=200)


class ShowCode(BaseModel):
    """A code of the authenticator app, or one of the printed list."""

    model_config = ConfigDict(extra="ignore", str_strip_whitespace=True)

    code: str = Field(min_length=1, max_length=40)


class ChangePassword(BaseModel):
    """The password so far, and the new one twice: what is hidden while typed is mistyped unseen."""

    model_config = ConfigDict(extra="ignore")

    password: str = Field(min_length=1, max_length=LONGEST_PASSWORD)
    new_password: str = Field(min_length=1, max_length=LONGEST_PASSWORD)
    again: str = Field(min_length=1, max_length=LONGEST_PASSWORD)
    ends_tokens: bool = False


class SetPassword(BaseModel):
    """A password for somebody else, who must choose another one at once."""

    model_config = ConfigDict(extra="ignore")

    new_password: str = Field(min_length=1, max_length=LONGEST_PASSWORD)


class NameLogin(BaseModel):
    """What the owner calls a browser; empty goes back to what it calls itself."""

    model_config = ConfigDict(extra="ignore", str_strip_whitespace=True)

    device_name: str = Field(default="", max_length=60)


class NewGrant(BaseModel):
    """A post to give."""

    model_config = ConfigDict(extra="forbid")

    role: Role
    unit_code: str | None = Field(default=None, max_length=5, examples=["03390"])
    producer_id: int | None = Field(default=None, ge=1, le=LARGEST_KEY)
    agency_code: str | None = Field(default=None, max_length=40, examples=["SO_CONG_THUONG"])
    valid_from: date = Field(examples=["2026-12-01"])
    valid_to: date | None = Field(default=None, examples=["2027-12-31"])


class CreateUser(BaseModel):
    """A new account with its first post."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    username: str = Field(min_length=3, max_length=60, pattern=r"^[a-z0-9][a-z0-9._-]*$")
    name: str = Field(min_length=2, max_length=120)
    organisation: str = Field(default="", max_length=200)
    password: str = Field(min_length=SHORTEST_PASSWORD, max_length=LONGEST_PASSWORD)
    grants: list[NewGrant] = Field(min_length=1, max_length=10)


class CreateToken(BaseModel):
    """A bearer token to make for oneself."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    name: str = Field(min_length=2, max_length=80, examples=["Máy tính cửa hàng"])
    scopes: list[Scope] = Field(min_length=1, max_length=40)
    days: int = Field(default=90, ge=1, le=365)


_MOBILE = re.compile(r"(?:\+84|0)([35789]\d{8})")
FORMAT_MESSAGES = {
    "email": "Địa chỉ thư chưa đúng. Ví dụ: hoptacxa@example.com.",
    "phone": "Số di động chưa đúng. Ví dụ: 0912 345 678.",
}
LACKING_MESSAGES = {
    "email": "Hãy ghi địa chỉ thư để nhận thông báo qua thư.",
    "phone": "Hãy ghi số di động để nhận tin nhắn.",
}


def _mailbox(value: str) -> str:
    if value and not MAILBOX.fullmatch(value):
        raise ValueError(FORMAT_MESSAGES["email"])
    return value


Mailbox = Annotated[str, AfterValidator(_mailbox)]  # an address for letters, or nothing


class ChangeContact(BaseModel):
    """How the owner of an account wants to be told beside the work list."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    email: Mailbox = Field(default="", max_length=200, examples=["hoptacxa@example.com"])
    phone: str = Field(default="", max_length=20, examples=["0912 345 678"])
    wants_email: bool = False
    wants_sms: bool = False

    @field_validator("phone")
    @classmethod
    def _mobile(cls, value: str) -> str:
        digits = re.sub(r"[\s.()-]", "", value)
        if not digits:
            return ""
        found = _MOBILE.fullmatch(digits)
        if found is None:
            raise ValueError(FORMAT_MESSAGES["phone"])
        return f"+84{found.group(1)}"


class TokenOut(BaseModel):
    """What is known of a token; the secret itself was shown once."""

    code: str
    name: str
    scopes: list[Scope]
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None
    last_used_on: date | None = Field(description="Ngày dùng gần nhất; không ghi giờ.")


class NewTokenOut(BaseModel):
    """A token that was just made, with its secret: shown this once and kept nowhere."""

    secret: str = Field(examples=["ocop_Vd3x…"])
    token: TokenOut
    replaces: str = Field(description="Mã khóa cũ.", examples=["KN-7K2M9Q4"])
    old_until: datetime = Field(description="Khóa cũ còn dùng được đến lúc này.")


class LoginOut(BaseModel):
    """A browser that is signed in to one's own account."""

    number: int
    name: str = Field(examples=["Chrome trên Android"])
    created_at: datetime
    last_seen_at: datetime
    expires_at: datetime


class GrantOut(BaseModel):
    """A post held today and what it is for."""

    role: Role
    unit_code: str | None
    producer_id: int | None
    agency_code: str | None


class MeOut(BaseModel):
    """Who a token speaks for, in which posts, what it may be used for and until when."""

    name: str
    office: str
    grants: list[GrantOut]
    token: TokenOut
