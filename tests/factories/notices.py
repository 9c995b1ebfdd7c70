"""What people were told, as tests look at it."""

from sqlmodel import col, select

from app.core.db import WriteSession
from app.domain.accounts.models import User
from app.domain.notices.models import Notice
from app.domain.notices.rules import filled


def notices_of(session: WriteSession, kind: str) -> list[tuple[str, Notice]]:
    """Return the notices of a kind with the names of their recipients, oldest first."""
    return [
        (username, notice)
        for username, notice in session.exec(
            select(User.username, Notice)
            .join(Notice, col(Notice.user_id) == col(User.id))
            .where(col(Notice.kind) == kind)
            .order_by(col(Notice.id))
        )
    ]


def told(session: WriteSession, kind: str) -> dict[str, Notice]:
    """Return the newest notice of a kind of each recipient."""
    return dict(notices_of(session, kind))


def title_of(notice: Notice) -> str:
    """Return what a notice says happened."""
    return filled(notice.title, notice.params)


def todo_of(notice: Notice) -> str:
    """Return what a notice says to do."""
    return filled(notice.todo, notice.params)
