"""What comes in and goes out about accounts."""

import re
from datetime import date, datetime

from pydantic import BaseModel, ConfigDict, Field, field_validator

from app.core.mail import MAILBOX
from app.domain.accounts.enums import Role, Scope


class SignIn(BaseModel):
    """A name and a password."""

    model_config = ConfigDict(extra="ignore")

    username: str = Field(min_length=1, max_length=60)
    password: str = Field(min_length=1, max_length=200)


class NewGrant(BaseModel):
    """A post to give."""

    model_config = ConfigDict(extra="forbid")

    role: Role
    unit_code: str | None = Field(default=None, max_length=5)
    producer_id: int | None = None
    agency_code: str | None = Field(default=None, max_length=40)
    valid_from: date
    valid_to: date | None = None


class CreateUser(BaseModel):
    """A new account with its first post."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    username: str = Field(min_length=3, max_length=60, pattern=r"^[a-z0-9][a-z0-9._-]*$")
    name: str = Field(min_length=2, max_length=120)
    organisation: str = Field(default="", max_length=200)
    password: str = Field(min_length=8, max_length=200)
    grants: list[NewGrant] = Field(min_length=1, max_length=10)


class CreateToken(BaseModel):
    """A bearer token to make for oneself."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    name: str = Field(min_length=2, max_length=80, examples=["Máy tính cửa hàng"])
    scopes: list[Scope] = Field(min_length=1, max_length=20)
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


class ChangeContact(BaseModel):
    """How the owner of an account wants to be told beside the work list."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    email: str = Field(default="", max_length=200, examples=["hoptacxa@example.com"])
    phone: str = Field(default="", max_length=20, examples=["0912 345 678"])
    wants_email: bool = False
    wants_sms: bool = False

    @field_validator("email")
    @classmethod
    def _mailbox(cls, value: str) -> str:
        if value and not MAILBOX.fullmatch(value):
            raise ValueError(FORMAT_MESSAGES["email"])
        return value

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
