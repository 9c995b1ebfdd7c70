"""Certificates whose end comes near or passed: chosen by the database, never walked one by one."""

from collections.abc import Sequence
from datetime import date, timedelta

from sqlalchemy import ColumnElement
from sqlmodel import and_, case, col, exists, or_, select
from sqlmodel.sql.expression import SelectOfScalar

from app.core.db import ReadSession, WriteSession
from app.domain.dossiers.enums import DossierState
from app.domain.dossiers.models import Dossier
from app.domain.dossiers.rules import FINAL
from app.domain.notices.models import Notice
from app.domain.products.models import Product
from app.domain.recognition.enums import ChangeKind, Milestone
from app.domain.recognition.models import Certificate, RegisterChange
from app.domain.recognition.rules import DaysLeft

AT_ONCE = 500
# Told in the last month as well where a dossier is under way: the star may end before the result.
ALWAYS_TOLD = frozenset({Milestone.ENDS_SOON, Milestone.ENDS})
UNFILED = frozenset({DossierState.DRAFT})


def end_of_certificate() -> ColumnElement[date]:
    """Return the last day in force, of the term or of its extension: `rules.last_day_in_force`."""
    return case(
        (
            col(Certificate.extended_until) > col(Certificate.expires_on),
            col(Certificate.extended_until),
        ),
        else_=col(Certificate.expires_on),
    )


def held_on(on: date) -> Sequence[ColumnElement[bool]]:
    """Return the conditions under which only the calendar ends a certificate: `rules.standing`."""
    return (
        col(Certificate.issued_on) <= on,
        or_(col(Certificate.holder_ended_on).is_(None), col(Certificate.holder_ended_on) > on),
        or_(col(Certificate.revoked_on).is_(None), col(Certificate.revoked_on) > on),
        or_(col(Certificate.superseded_on).is_(None), col(Certificate.superseded_on) > on),
    )


def products_under_way() -> SelectOfScalar[int]:
    """Return the products a dossier was filed for and is not finished; a draft is not filed yet."""
    return select(Dossier.product_id).where(col(Dossier.state).not_in(FINAL | UNFILED))


def to_tell(
    session: ReadSession,
    milestone: Milestone,
    days: DaysLeft,
    kind: str,
    *,
    on: date,
    after: int,
) -> Sequence[tuple[Certificate, Product]]:
    """Return the certificates for which a milestone is the newest reached and nobody was told.

    So many at once, by number. A window is of the term only: a certificate that was extended has
    had its own.
    """
    first, last = on + timedelta(days=days.least), on + timedelta(days=days.most)
    told = exists().where(
        col(Notice.subject_code) == col(Certificate.code), col(Notice.kind) == kind
    )
    in_term = and_(
        col(Certificate.extended_until).is_(None),
        col(Certificate.expires_on).between(first, last),
    )
    query = (
        select(Certificate, Product)
        .join(Product, col(Product.id) == col(Certificate.product_id))
        .where(*held_on(on), col(Certificate.id) > after)
        .order_by(col(Certificate.id))
        .limit(AT_ONCE)
    )
    if milestone in ALWAYS_TOLD:
        told = told.where(col(Notice.due_on) == end_of_certificate())
        in_extension = and_(
            col(Certificate.extended_until).between(first, last),
            end_of_certificate() == col(Certificate.extended_until),
        )
        return session.exec(query.where(or_(in_term, in_extension), ~told)).all()
    return session.exec(
        query.where(in_term, ~told, col(Certificate.product_id).not_in(products_under_way()))
    ).all()


def expired_untold(session: WriteSession, *, on: date, after: int) -> Sequence[Certificate]:
    """Return certificates whose last day passed without a line in the public register, locked.

    So many at once, by number.
    """
    told = exists().where(
        col(RegisterChange.certificate_id) == col(Certificate.id),
        col(RegisterChange.kind) == ChangeKind.EXPIRED,
        col(RegisterChange.since) > end_of_certificate(),
    )
    return session.exec(
        select(Certificate)
        .where(
            *held_on(on),
            col(Certificate.expires_on) < on,
            end_of_certificate() < on,
            ~told,
            col(Certificate.id) > after,
        )
        .order_by(col(Certificate.id))
        .limit(AT_ONCE)
        .with_for_update()
    ).all()


def expiry_told_since(
    session: ReadSession, certificates: Sequence[Certificate]
) -> set[tuple[int, date]]:
    """Return for these certificates the days since which the register tells that they expired."""
    return {
        (certificate_id, since)
        for certificate_id, since in session.exec(
            select(col(RegisterChange.certificate_id), col(RegisterChange.since)).where(
                col(RegisterChange.certificate_id).in_([one.id for one in certificates]),
                col(RegisterChange.kind) == ChangeKind.EXPIRED,
            )
        )
    }
