"""Writing notices in the caller's transaction: they are true together with the change, or not at all."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any, Protocol

from sqlalchemy import ColumnElement
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import and_, col, or_, select

from app.core.clock import local_day
from app.core.codes import new_code
from app.core.db import WriteSession
from app.domain.accounts.models import Membership, User
from app.domain.accounts.rules import SYSTEM, Actor, Grant
from app.domain.notices.models import Notice
from app.domain.notices.rules import Draft, Letter, Recipients, is_held, written

# One question and one insert for so many: far below what either database takes at once.
_DRAFTS_AT_ONCE = 200
_ROWS_AT_ONCE = 500


class Subject(Protocol):
    """What a notice is about: anything with a public code."""

    @property
    def code(self) -> str:
        """The code by which its page is found."""


def notify(
    session: WriteSession,
    letter: Letter,
    *,
    to: Recipients,
    subject: Subject,
    actor: Actor,
    at: datetime,
    due_on: date | None = None,
    occasion: str = "",
    **said: object,
) -> int:
    """Tell these accounts; return how many were told now and not before.

    Two statements, one when nobody is there to be told. See the package for a whole example.
    """
    draft = Draft(
        letter=letter,
        to=to,
        subject_code=subject.code,
        occasion=occasion,
        due_on=due_on,
        said=said,
    )
    return notify_each(session, [draft], actor=actor, at=at)


def notify_each(
    session: WriteSession, drafts: Sequence[Draft], *, actor: Actor = SYSTEM, at: datetime
) -> int:
    """Tell many things at once; return how many notices are new."""
    if actor.loads_history:
        return 0
    return sum(
        _told(session, drafts[place : place + _DRAFTS_AT_ONCE], actor=actor, at=at)
        for place in range(0, len(drafts), _DRAFTS_AT_ONCE)
    )


def _told(session: WriteSession, drafts: Sequence[Draft], *, actor: Actor, at: datetime) -> int:
    everybody = Recipients()
    for draft in drafts:
        everybody |= draft.to
    held = _holders(session, everybody, on=local_day(at))
    rows = [row for draft in drafts for row in _rows(draft, held, besides=actor.user_id, at=at)]
    return sum(
        _inserted(session, rows[place : place + _ROWS_AT_ONCE])
        for place in range(0, len(rows), _ROWS_AT_ONCE)
    )


def _holders(
    session: WriteSession, asked: Recipients, *, on: date
) -> Mapping[int, frozenset[Grant]]:
    """Return the open accounts among those asked for, each with the posts it was asked for."""
    conditions = [_is_post(post) for post in sorted(asked.posts, key=str)]
    if asked.user_ids:
        conditions.append(col(User.id).in_(sorted(asked.user_ids)))
    if not conditions:
        return {}
    rows = session.exec(
        select(User.id, Membership)
        .join(
            Membership,
            and_(
                col(Membership.user_id) == col(User.id),
                col(Membership.valid_from) <= on,
                or_(col(Membership.valid_to).is_(None), col(Membership.valid_to) >= on),
            ),
            isouter=True,
        )
        .where(col(User.disabled_at).is_(None), or_(*conditions))
        .order_by(col(User.id))
    )
    held: dict[int, frozenset[Grant]] = {}
    for user_id, post in rows:
        mine = held.setdefault(user_id or 0, frozenset())
        if post is not None:
            grant = Grant(post.role, unit_code=post.unit_code, producer_id=post.producer_id)
            held[user_id or 0] = mine | {grant}
    return held


def _is_post(post: Grant) -> ColumnElement[bool]:
    wanted = [col(Membership.role) == post.role]
    if post.unit_code is not None:
        wanted.append(col(Membership.unit_code) == post.unit_code)
    if post.producer_id is not None:
        wanted.append(col(Membership.producer_id) == post.producer_id)
    return and_(*wanted)


def _rows(
    draft: Draft, held: Mapping[int, frozenset[Grant]], *, besides: int | None, at: datetime
) -> Iterator[dict[str, Any]]:
    """Return a row for each recipient of a draft; accounts in order, so that nobody waits in a circle."""
    letter = draft.letter
    for user_id, grants in held.items():
        is_asked = user_id in draft.to.user_ids or any(
            is_held(mine, post) for post in draft.to.posts for mine in grants
        )
        if user_id == besides or not is_asked:
            continue
        yield {
            "code": new_code("TB"),
            "user_id": user_id,
            "kind": letter.kind,
            "subject_code": draft.subject_code,
            "occasion": draft.occasion,
            "title": letter.title,
            "todo": letter.todo,
            "params": {name: written(value) for name, value in draft.said.items()},
            "due_on": draft.due_on,
            "route_name": letter.route_name,
            "basis": letter.basis,
            "created_at": at,
        }


def _inserted(session: WriteSession, rows: Sequence[dict[str, Any]]) -> int:
    """Insert what was not told before; the database's own key decides, also against a neighbour."""
    is_sqlite = session.get_bind().dialect.name == "sqlite"
    insert = sqlite.insert if is_sqlite else postgresql.insert
    statement = (
        insert(Notice)
        .values(list(rows))
        .on_conflict_do_nothing(index_elements=["user_id", "kind", "subject_code", "occasion"])
        .returning(col(Notice.id))
    )
    return len(session.exec(statement).all())
