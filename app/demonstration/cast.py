"""The invented people: who acts, and the one password they share."""

from datetime import date, datetime

from app.core.db import WriteSession
from app.demonstration.sources import Person, people
from app.domain.accounts.actions import create_user
from app.domain.accounts.enums import Role
from app.domain.accounts.models import User
from app.domain.accounts.queries import actor_of
from app.domain.accounts.rules import SYSTEM, Actor, Grant
from app.domain.accounts.schemas import CreateUser, NewGrant
from app.domain.producers.models import Producer

PASSWORD = "hoa-ban-trang-nui"  # noqa: S105 -- printed on every start: of invented accounts only
SINCE = date(2025, 7, 1)  # the first day of the communes of today


class Cast:
    """Accounts opened so far, and the actors behind them."""

    def __init__(self, session: WriteSession) -> None:
        self._session = session
        self._users: dict[str, User] = {}
        self._actors: dict[str, Actor] = {}

    def actor(self, username: str, at: datetime) -> Actor:
        """Return who this account is."""
        if username not in self._actors:
            self._actors[username] = actor_of(self._session, self._users[username], at=at)
        return self._actors[username]

    def name(self, username: str) -> str:
        """Return the name of the person behind an account."""
        return self._users[username].name

    def user_id(self, username: str) -> int:
        """Return the number of an account."""
        return self._users[username].id or 0

    def open_offices(self, at: datetime) -> None:
        """Open the account of everybody but the producers, whose producers come first."""
        for person in people():
            if person.role is not Role.PRODUCER:
                self._open(person, [self._grant(person)], at)

    def open_producer(self, username: str, producers: list[Producer], at: datetime) -> None:
        """Open the account of somebody who acts for these producers."""
        person = next(one for one in people() if one.username == username)
        self._open(person, [self._grant(person, producer) for producer in producers], at)

    def registrar(self, commune_code: str, at: datetime) -> Actor:
        """Return who registers producers there: its officer, or else the loader for a moment."""
        for person in people():
            if person.role is Role.COMMUNE_OFFICER and person.unit_code == commune_code:
                return self.actor(person.username, at)
        return Actor(
            user_id=None,
            name="Nạp dữ liệu minh họa",
            grants=(Grant(Role.COMMUNE_OFFICER, unit_code=commune_code),),
        )

    def _open(self, person: Person, grants: list[NewGrant], at: datetime) -> None:
        self._users[person.username] = create_user(
            self._session,
            CreateUser(
                username=person.username,
                name=person.name,
                organisation=person.organisation,
                password=PASSWORD,
                grants=grants,
            ),
            actor=SYSTEM,
            at=at,
        )

    @staticmethod
    def _grant(person: Person, producer: Producer | None = None) -> NewGrant:
        return NewGrant(
            role=person.role,
            unit_code=None if producer else person.unit_code or None,
            producer_id=producer.id if producer else None,
            agency_code=person.agency_code or None,
            valid_from=SINCE,
        )
