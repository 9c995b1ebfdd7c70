"""Reads about linked identities."""

from collections.abc import Sequence

from sqlmodel import col, select

from app.core.db import ReadSession
from app.domain.identities.models import ProviderIdentity
from app.domain.identities.rules import Subject


def find_identity(session: ReadSession, subject: Subject) -> ProviderIdentity | None:
    """Return the account here that a provider's subject stands for."""
    return session.exec(
        select(ProviderIdentity).where(
            col(ProviderIdentity.issuer) == subject.issuer,
            col(ProviderIdentity.subject) == subject.subject,
        )
    ).one_or_none()


def identities_of(session: ReadSession, user_id: int) -> Sequence[ProviderIdentity]:
    """Return what an account is linked to, oldest first (at most twenty)."""
    return session.exec(
        select(ProviderIdentity)
        .where(col(ProviderIdentity.user_id) == user_id)
        .order_by(col(ProviderIdentity.id))
        .limit(20)
    ).all()
