"""Tables of accounts: secrets are kept as hashes only."""

from datetime import date, datetime

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from app.core.columns import document, words
from app.domain.accounts.enums import Role, SignInWay

_NO = {"server_default": sa.false()}


class User(SQLModel, table=True):
    """A person (or a partner's program) with an account."""

    __tablename__ = "users"

    id: int | None = Field(default=None, primary_key=True)
    username: str = Field(max_length=60, unique=True)
    name: str
    organisation: str = ""
    password_hash: str
    # How the person wants to be told beside the work list; never in the log, never in the audit.
    email: str = ""
    phone: str = Field(default="", max_length=20)
    wants_email: bool = False
    wants_sms: bool = False
    created_at: datetime
    disabled_at: datetime | None = None
    password_changed_at: datetime | None = None
    # Somebody else chose the password, or it became known: a new one is asked for before anything.
    must_change_password: bool = Field(default=False, sa_column_kwargs=_NO)

    @property
    def code(self) -> str:
        """What the audit log calls this account."""
        return self.username


class Membership(SQLModel, table=True):
    """A post: role and the unit, producer or agency it is for, from one day to another (included)."""

    __tablename__ = "memberships"
    __table_args__ = (
        sa.CheckConstraint("valid_to IS NULL OR valid_to >= valid_from", name="range"),
    )

    id: int | None = Field(default=None, primary_key=True)
    user_id: int = Field(foreign_key="users.id", index=True)
    role: Role = words(Role)
    unit_code: str | None = Field(default=None, max_length=5)
    producer_id: int | None = Field(default=None, index=True)
    agency_code: str | None = Field(default=None, max_length=40)
    valid_from: date
    valid_to: date | None = None
    # The post of somebody on leave that a deputy holds meanwhile.
    deputises_for_id: int | None = Field(default=None, foreign_key="memberships.id", index=True)


class LoginSession(SQLModel, table=True):
    """A browser that signed in; the cookie holds the secret, this row only its hash."""

    __tablename__ = "login_sessions"

    id: int | None = Field(default=None, primary_key=True)
    token_hash: str = Field(max_length=64, unique=True)
    user_id: int = Field(foreign_key="users.id", index=True)
    created_at: datetime
    last_seen_at: datetime
    expires_at: datetime
    ended_at: datetime | None = None
    device: str = ""
    device_name: str = Field(default="", max_length=60, sa_column_kwargs={"server_default": ""})
    way: SignInWay = words(SignInWay, default=SignInWay.PASSWORD, server_default="password")
    # When the second factor was shown; without it, a role that needs one can do nothing yet.
    second_factor_at: datetime | None = None

    @property
    def code(self) -> str | None:
        """Sessions have no public name."""
        return None


class ApiToken(SQLModel, table=True):
    """A bearer token of an account, with scopes; shown once, kept as a hash."""

    __tablename__ = "api_tokens"

    id: int | None = Field(default=None, primary_key=True)
    code: str = Field(max_length=20, unique=True)
    token_hash: str = Field(max_length=64, unique=True)
    user_id: int = Field(foreign_key="users.id", index=True)
    name: str
    scopes: list[str] = document()
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None = None
    last_used_on: date | None = None
    replaces_id: int | None = Field(default=None, foreign_key="api_tokens.id")


class SecondFactor(SQLModel, table=True):
    """A secret shared with the authenticator app of one person, sealed with a key of the server.

    `last_step` is the last step of thirty seconds whose code was taken: no code works twice.
    """

    __tablename__ = "second_factors"

    id: int | None = Field(default=None, primary_key=True)
    user_id: int = Field(foreign_key="users.id", unique=True)
    sealed_secret: bytes = Field(sa_type=sa.LargeBinary, nullable=False)
    created_at: datetime
    confirmed_at: datetime | None = None
    last_step: int = Field(default=0, sa_type=sa.BigInteger, nullable=False)


class RecoveryCode(SQLModel, table=True):
    """One code of a printed list that stands in for the authenticator app, once."""

    __tablename__ = "recovery_codes"

    id: int | None = Field(default=None, primary_key=True)
    user_id: int = Field(foreign_key="users.id", index=True)
    code_hash: str = Field(max_length=64, unique=True)
    created_at: datetime
    used_at: datetime | None = None
