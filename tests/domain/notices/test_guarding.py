"""Tokens that end soon are told of, once each, early enough, and only where it matters."""

from datetime import datetime, timedelta

from sqlmodel import select

from app.core.db import WriteSession
from app.domain.accounts.actions import create_token, rotate_token
from app.domain.accounts.enums import Scope
from app.domain.accounts.rules import Actor
from app.domain.accounts.schemas import CreateToken
from app.domain.notices.actions import warn_of_expiring_tokens
from app.domain.notices.models import Notice
from tests.factories.people import People


def make(session: WriteSession, actor: Actor, name: str, days: int, at: datetime) -> str:
    data = CreateToken(name=name, scopes=[Scope.REGISTER_READ], days=days)
    return create_token(session, data, actor=actor, at=at)[1].code


def test_a_token_is_told_of_fourteen_days_before_it_ends_and_once(
    session: WriteSession, people: People, at: datetime
) -> None:
    officer = people.officer()
    code = make(session, officer, "Máy cửa hàng", 90, at)
    make(session, officer, "Thử vài ngày", 10, at + timedelta(days=70))
    exchanged = make(session, officer, "Máy kho", 90, at)
    rotate_token(session, exchanged, actor=officer, at=at + timedelta(days=75))
    session.flush()
    counts = {
        day: warn_of_expiring_tokens(session, at=at + timedelta(days=day))
        for day in (10, 75, 76, 77, 90)
    }
    assert counts == {10: 0, 75: 0, 76: 1, 77: 0, 90: 0}
    told = session.exec(select(Notice)).one()
    assert told.subject_code == code
    assert told.params == {"name": "Máy cửa hàng"}
    assert told.user_id == officer.user_id
