"""What changed in the register: the feed, and the addresses for search engines."""

from dataclasses import dataclass
from datetime import date, datetime

import sqlalchemy as sa
from sqlmodel import col, func, or_, select

from app.core.db import ReadSession
from app.core.paging import Page, page_of
from app.domain.recognition.enums import ChangeKind
from app.domain.recognition.models import Certificate, RegisterChange

ADDRESSES_A_FILE = 5000


@dataclass(frozen=True, slots=True)
class Change:
    """A line of the feed with what its certificate says."""

    id: int
    kind: ChangeKind
    since: date
    told_at: datetime
    code: str
    product_code: str | None
    product_name: str
    producer_name: str
    star: int


@dataclass(frozen=True, slots=True)
class Address:
    """An entry for search engines, and when something was last told of it."""

    code: str
    changed_at: datetime | None


@dataclass(frozen=True, slots=True)
class AddressFile:
    """A file of addresses: its number from 1, and when something within it was last told."""

    number: int
    changed_at: datetime | None


def changes_page(
    session: ReadSession, *, after: int = 0, limit: int = 20, newest_first: bool = False
) -> Page[Change]:
    """Return lines of the feed by their numbers: upwards for programs, newest first for people."""
    number = col(RegisterChange.id)
    query = sa.select(
        number,
        col(RegisterChange.kind),
        col(RegisterChange.since),
        col(RegisterChange.told_at),
        col(Certificate.code),
        col(Certificate.product_code),
        col(Certificate.product_name),
        col(Certificate.producer_name),
        col(Certificate.star),
    ).join(Certificate, col(Certificate.id) == col(RegisterChange.certificate_id))
    if after:
        query = query.where(number < after if newest_first else number > after)
    rows = session.execute(
        query.order_by(number.desc() if newest_first else number).limit(limit + 1)
    )
    return page_of([Change(*row) for row in rows], limit=limit, key=lambda one: one.id)


def address_files(session: ReadSession) -> list[AddressFile]:
    """Return into how many files the addresses go; a certificate never changes its file."""
    last = session.exec(select(func.max(col(Certificate.id)))).one() or 0
    place = (
        (col(RegisterChange.certificate_id) - 1) // sa.literal_column(str(ADDRESSES_A_FILE))
    ).label("place")
    newest = sa.select(place, func.max(col(RegisterChange.told_at))).group_by("place")
    told: dict[int, datetime] = {row[0]: row[1] for row in session.execute(newest)}
    return [
        AddressFile(place + 1, told.get(place))
        for place in range(max(last - 1, 0) // ADDRESSES_A_FILE + 1)
    ]


def addresses(session: ReadSession, number: int, *, on: date) -> list[Address]:
    """Return the entries of one file: each product by the certificate that speaks for it."""
    first = (number - 1) * ADDRESSES_A_FILE
    key = col(Certificate.id)
    rows = session.execute(
        sa.select(col(Certificate.code), func.max(col(RegisterChange.told_at)))
        .join(RegisterChange, col(RegisterChange.certificate_id) == key, isouter=True)
        .where(
            key > first,
            key <= first + ADDRESSES_A_FILE,
            col(Certificate.issued_on) <= on,
            or_(
                col(Certificate.superseded_on).is_(None),
                col(Certificate.superseded_on) > on,
                col(Certificate.revoked_on) <= on,
            ),
        )
        .group_by(key, col(Certificate.code))
        .order_by(key)
    )
    return [Address(code, at) for code, at in rows]
