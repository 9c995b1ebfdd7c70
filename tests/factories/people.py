"""People of the tests, one per role: real accounts made through the real action."""

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine

from app.core.clock import now
from app.core.db import ReadSession, WriteSession, transaction
from app.domain.accounts.actions import create_token, create_user
from app.domain.accounts.enums import Role, Scope
from app.domain.accounts.queries import actor_of, find_user
from app.domain.accounts.rules import SYSTEM, Actor
from app.domain.accounts.schemas import CreateToken, CreateUser, NewGrant

HOME = "03390"  # xã Bình Lư
ELSEWHERE = "03405"  # xã Tả Lèng
PASSWORD = "mat-khau-tren-giay-nhap"  # noqa: S105 -- invented, for tests only
SINCE = date(2025, 7, 1)


def make_person(
    session: WriteSession,
    username: str,
    *roles: Role,
    at: datetime,
    unit_code: str | None = None,
    producer_id: int | None = None,
    organisation: str = "",
) -> Actor:
    """Open an account with these roles and return who it is."""
    user = create_user(
        session,
        CreateUser(
            username=username,
            name=f"{username.title()} Thử Nghiệm",
            organisation=organisation,
            password=PASSWORD,
            grants=[
                NewGrant(role=role, unit_code=unit_code, producer_id=producer_id, valid_from=SINCE)
                for role in roles
            ],
        ),
        actor=SYSTEM,
        at=at,
    )
    return actor_of(session, user, at=at)


class People:
    """The people of one test, opened when first asked for."""

    def __init__(self, session: WriteSession, at: datetime) -> None:
        self._session = session
        self.at = at
        self._known: dict[str, Actor] = {}

    def _person(self, username: str, *roles: Role, **where: Any) -> Actor:
        if username not in self._known:
            self._known[username] = make_person(
                self._session, username, *roles, at=self.at, **where
            )
        return self._known[username]

    def officer(self, unit_code: str = HOME) -> Actor:
        """Return the officer of a commune."""
        return self._person(f"canbo{unit_code}", Role.COMMUNE_OFFICER, unit_code=unit_code)

    def leader(self, unit_code: str = HOME) -> Actor:
        """Return the leader of a commune."""
        return self._person(f"lanhdao{unit_code}", Role.COMMUNE_LEADER, unit_code=unit_code)

    def producer(self, producer_id: int) -> Actor:
        """Return the account of a producer."""
        return self._person(f"chuthe{producer_id}", Role.PRODUCER, producer_id=producer_id)

    def agency(self) -> Actor:
        """Return an officer of the provincial OCOP agency."""
        return self._person("canbotinh", Role.AGENCY_OFFICER)

    def head(self) -> Actor:
        """Return the head of the agency."""
        return self._person("truongcoquan", Role.AGENCY_HEAD)

    def advisor(self) -> Actor:
        """Return a member of the council's advisory team."""
        return self._person("totuvan", Role.ADVISORY_MEMBER)

    def signer(self) -> Actor:
        """Return the provincial signer."""
        return self._person("lanhdaotinh", Role.PROVINCIAL_SIGNER)

    def council_member(self, number: int) -> Actor:
        """Return a person who may sit on a council."""
        return self._person(f"hoidong{number}", Role.COUNCIL_MEMBER, organisation=f"Sở {number}")

    def inspector(self) -> Actor:
        """Return an inspector of market surveillance."""
        return self._person("quanlythitruong", Role.INSPECTOR)

    def auditor(self) -> Actor:
        """Return the auditor."""
        return self._person("kiemtoan", Role.AUDITOR)

    def administrator(self) -> Actor:
        """Return the administrator."""
        return self._person("quantri", Role.ADMINISTRATOR)

    def partner(self) -> Actor:
        """Return a partner's program."""
        return self._person("doitac", Role.PARTNER)


@pytest.fixture
def people(session: WriteSession, at: datetime) -> People:
    """Return the people of this test, in its session."""
    return People(session, at)


def token_for(engine: Engine, username: str, *scopes: Scope) -> str:
    """Make a bearer token for an account and return its secret."""
    at = now()
    with transaction(engine) as session:
        user = find_user(ReadSession(session), username)
        assert user is not None, username
        secret, _ = create_token(
            session,
            CreateToken(name="Thử nghiệm", scopes=list(scopes or Scope), days=1),
            actor=actor_of(session, user, at=at),
            at=at,
        )
    return secret


def signed_in(client: TestClient, username: str, password: str = PASSWORD) -> TestClient:
    """Sign a client in as this account."""
    client.cookies.clear()
    answer = client.post("/sign-in", data={"username": username, "password": password})
    assert answer.status_code == 303, answer.text
    return client


SignIn = Callable[[TestClient, str], TestClient]
