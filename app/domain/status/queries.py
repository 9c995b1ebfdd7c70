"""Lists as they are served, what changed since a number, and who may sign an answer: nothing written."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased
from sqlmodel import col, func, select

from app.core import jws
from app.core.db import ReadSession
from app.core.errors import Unreachable
from app.core.signing import EcdsaKey, KeyFileError, load_key
from app.domain.places.queries import commune_names
from app.domain.products.models import Product
from app.domain.recognition.enums import Replacement
from app.domain.recognition.models import Certificate, RegisterChange
from app.domain.stamps.enums import KeyPurpose
from app.domain.stamps.models import StampChange
from app.domain.stamps.queries import find_signing_key
from app.domain.status.models import PublishedList
from app.domain.status.rules import (
    CHANGES_TYP,
    MOST_CHANGES,
    STAMPS,
    Change,
    NotPublished,
    UnknownChange,
    frame,
    written_delta,
)

CHANGES_PATH = "/api/v1/status/changes"
_AT_ONCE = 5_000
_PAST_STAMPS = STAMPS.replace("/", "0")  # the character after the slash


class NoAnswersKey(Unreachable):
    """The key that signs answers is not here, or does not sign yet."""

    code = "answers.no_key"
    message = (
        "Máy chủ này chưa có khóa ký câu trả lời, nên không trả lời được điều cần chữ ký. Hãy thử "
        "lại sau, hoặc báo quản trị hệ thống."
    )


@dataclass(frozen=True, slots=True)
class Served:
    """A signed text with its mark."""

    token: str
    etag: str


@dataclass(slots=True)
class Line:
    """A certificate with all that is told of it to whoever has no network; see `rules.Listed`."""

    id: int
    record_number: int
    code: str
    product_code: str | None
    star: int
    issued_on: date
    expires_on: date
    extended_from: date | None
    extended_until: date | None
    holder_ended_on: date | None
    revoked_on: date | None
    superseded_on: date | None
    superseded_how: Replacement | None
    product_name: str
    producer_name: str
    newer: int | None
    commune_code: str
    commune: str = ""


def answers_key(session: ReadSession, key_dir: Path, *, at: datetime) -> EcdsaKey:
    """Return the key that signs answers now, the published one; NoAnswersKey where it is not."""
    return _key(session, KeyPurpose.ANSWERS, key_dir, at=at)


def root_key(session: ReadSession, key_dir: Path, *, at: datetime) -> EcdsaKey:
    """Return the key that an inspector's page trusts; NoAnswersKey where it is not."""
    return _key(session, KeyPurpose.ROOT, key_dir, at=at)


def _key(session: ReadSession, purpose: KeyPurpose, key_dir: Path, *, at: datetime) -> EcdsaKey:
    published = find_signing_key(session, purpose, at=at)
    if published is None:
        raise NoAnswersKey
    try:
        key = load_key(key_dir, published.kid)
    except KeyFileError as trouble:
        raise NoAnswersKey from trouble
    if key.verifying_key.jwk() != published.jwk:
        raise NoAnswersKey
    return key


def served(session: ReadSession, name: str, held: Callable[[str], bool]) -> Served:
    """Return a list as it was signed; NotPublished where there is none of this name.

    Whoever holds it already, by its mark, is not sent it: its text, up to a megabyte, is not even read.
    """
    signed = (col(PublishedList.name) == name, col(PublishedList.token) != "")
    mark = session.exec(select(PublishedList.etag).where(*signed)).one_or_none()
    if mark is None:
        raise NotPublished
    if held(mark):
        return Served("", mark)
    return Served(
        *session.exec(select(PublishedList.token, PublishedList.etag).where(*signed)).one()
    )


def known_changes(session: ReadSession) -> int:
    """Return the number of the newest change that the lists of stamps know, 0 before the first."""
    newest = session.exec(
        select(func.max(col(PublishedList.version))).where(
            col(PublishedList.name) >= STAMPS, col(PublishedList.name) < _PAST_STAMPS
        )
    ).one()
    return newest or 0


def last_change(session: ReadSession) -> int:
    """Return the number of the newest change of what stamps are worth, 0 before the first."""
    return session.exec(select(func.max(col(StampChange.id)))).one() or 0


def changes_after(session: ReadSession, number: int, *, limit: int) -> list[tuple[int, Change]]:
    """Return changes after a number, with theirs, in the order in which they became true."""
    rows = session.exec(
        select(
            col(StampChange.id),
            col(StampChange.first_index),
            col(StampChange.count),
            col(StampChange.status),
        )
        .where(col(StampChange.id) > number)
        .order_by(col(StampChange.id))
        .limit(limit)
    )
    return [(number or 0, Change(*change)) for number, *change in rows]


def signed_delta(
    session: ReadSession,
    since: int,
    *,
    public_url: str,
    key_dir: Path,
    invented: bool,
    at: datetime,
) -> Served:
    """Return what changed since a number, signed: a list of that number and this is a newer list.

    At most `MOST_CHANGES` at once; `more` tells that the rest is asked for with `since=version`. It is
    asked at the database and not at the lists: whoever has none but this misses nothing. Applied to a
    list that is newer already it does no harm, if every page up to the last one is. The mark is good
    for an hour: whoever holds an unchanged delta gets a fresh signature now and then. Refused:
    UnknownChange, NoAnswersKey.
    """
    key = answers_key(session, key_dir, at=at)
    last = last_change(session)
    if since > last:
        raise UnknownChange(since=since, last=last)
    found = changes_after(session, since, limit=MOST_CHANGES)
    version = found[-1][0] if found else since
    claims: dict[str, Any] = frame(public_url, CHANGES_PATH, at=at) | {
        "since": since,
        "version": version,
        "more": version < last,
        "count": len(found),
        "lst": written_delta([change for _number, change in found]),
    }
    if invented:
        claims["invented"] = True
    token = jws.sealed(claims, typ=CHANGES_TYP, kid=key.kid, at=at, sign=key.sign)
    more = "+" if version < last else ""
    return Served(token, f"{since}-{version}{more}-{key.kid}-{at:%j%H}")


def register_mark(session: ReadSession, on: date) -> tuple[int, str]:
    """Return the newest change of the register with a mark that changes whenever a list would.

    Numbers of the register may become visible out of order, so that their count is part of it.
    """
    newest, count = session.exec(
        select(func.max(col(RegisterChange.id)), func.count(col(RegisterChange.id)))
    ).one()
    return newest or 0, f"{on.isoformat()}/{newest or 0}/{count}"


def certificate_lines(session: ReadSession, *, on: date) -> Iterator[Line]:
    """Yield every certificate that has begun by a day, by record number, some thousands at a time."""
    newer = aliased(Certificate)
    own = [getattr(Certificate, name) for name in list(Line.__dataclass_fields__)[:-3]]
    query = (
        sa.select(*own, col(newer.record_number), col(Product.commune_code))
        .join(Product, col(Product.id) == col(Certificate.product_id))
        .outerjoin(newer, col(newer.id) == col(Certificate.superseded_by_id))
        .where(col(Certificate.issued_on) <= on)
        .order_by(col(Certificate.record_number))
        .limit(_AT_ONCE)
    )
    after = 0
    while True:
        lines = [
            Line(*row)
            for row in session.execute(query.where(col(Certificate.record_number) > after))
        ]
        names = commune_names(session, sorted({one.commune_code for one in lines}), on=on)
        for one in lines:
            one.commune = names.get(one.commune_code, "")
            yield one
        if len(lines) < _AT_ONCE:
            return
        after = lines[-1].record_number
