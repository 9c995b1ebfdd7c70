"""Reads about personal data: requests, what is kept of one person, what a law keeps of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum
from typing import Any

import sqlalchemy as sa
from sqlmodel import SQLModel, col, false, func, or_, select
from sqlmodel.sql.expression import SelectOfScalar

from app.core.db import ReadSession, WriteSession
from app.core.errors import NotFound, Worded
from app.core.paging import Page, newest_first
from app.core.work import WorkItem
from app.domain.accounts.enums import Role
from app.domain.accounts.models import Membership, User
from app.domain.accounts.rules import Actor
from app.domain.audit.models import AuditEvent
from app.domain.councils.models import CouncilMember
from app.domain.dossiers.models import Dossier
from app.domain.dossiers.rules import FINAL as DOSSIER_FINAL
from app.domain.privacy.enums import Care, RequestState
from app.domain.privacy.models import PersonalDataRequest
from app.domain.privacy.policy import AGENCY, SEE_ALL
from app.domain.privacy.rules import HOLDINGS, KIND_LABELS, RIGHTS
from app.domain.privacy.schemas import PersonalDataOut
from app.domain.producers.models import Producer
from app.domain.recognition.models import Certificate

MOST_WORK = 20
MOST_ROWS = 1000  # of one table in a person's copy, the newest

# How a table tells which account a row is about; two steps where it is about a seat of a person.
OF_ACCOUNT: Mapping[str, str] = {
    "users": "id",
    "memberships": "user_id",
    "login_sessions": "user_id",
    "api_tokens": "user_id",
    "second_factors": "user_id",
    "recovery_codes": "user_id",
    "provider_identities": "user_id",
    "invitations": "user_id",
    "absences": "user_id",
    "handovers": "from_user_id",
    "notices": "user_id",
    "uploads": "owner_id",
    "jobs": "user_id",
    "advisory_members": "user_id",
    "council_members": "user_id",
    "inspection_members": "user_id",
    "pack_returns": "handed_in_by_id",
    "reopenings": "requested_by_id",
    "advisory_reports": "written_by_id",
    "personal_data_requests": "user_id",
    "audit_events": "actor_id",
}
OF_SEAT: Mapping[str, str] = {
    "score_sheets": "member_id",
    "conflict_declarations": "member_id",
    "meeting_wishes": "member_id",
    "attendances": "member_id",
}
OF_PRODUCER: Mapping[str, str] = {
    "producers": "id",
    "memberships": "producer_id",
    "product_ideas": "producer_id",
    "evidence": "producer_id",
    "dossiers": "producer_id",
    "products": "producer_id",
    "certificates": "producer_id",
    "packaging_permissions": "producer_id",
    "stamp_batches": "producer_id",
    "personal_data_requests": "producer_id",
}
OF_DOSSIER: Mapping[str, str] = {
    "self_assessment_answers": "dossier_id",
    "change_reports": "dossier_id",
    "commune_reports": "dossier_id",
    "completion_requests": "dossier_id",
    "site_surveys": "dossier_id",
    "attachments": "dossier_id",
}


@dataclass(frozen=True, slots=True)
class Person:
    """Whom a request or a copy is about: an account, a producer, or both; a name at least."""

    name: str
    user_id: int | None = None
    producer_ids: tuple[int, ...] = ()


def person_of(session: ReadSession, actor: Actor) -> Person:
    """Return the person behind an actor, with the producers they represent today."""
    user = session.get_one(User, actor.user_id)
    return Person(user.name, user.id, tuple(sorted(actor.producer_ids)))


def person_asked_about(request: PersonalDataRequest) -> Person:
    """Return whom a request is about."""
    ids = () if request.producer_id is None else (request.producer_id,)
    return Person(request.subject_name, request.user_id, ids)


def requests_visible_to(actor: Actor) -> SelectOfScalar[PersonalDataRequest]:
    """Return the only base for requests of others: all, or those of one's own commune."""
    query = select(PersonalDataRequest)
    if actor.has(*SEE_ALL):
        return query
    here = [g.unit_code for g in actor.grants if g.role is Role.COMMUNE_OFFICER and g.unit_code]
    if not here:
        return query.where(false())
    producers = select(col(Producer.id)).where(col(Producer.commune_code).in_(here))
    return query.where(col(PersonalDataRequest.producer_id).in_(producers))


def requests_page(
    session: ReadSession,
    *,
    actor: Actor,
    state: RequestState | None = None,
    after: int = 0,
    limit: int = 20,
) -> Page[PersonalDataRequest]:
    """Return requests this actor may see, newest first."""
    query = requests_visible_to(actor)
    if state is not None:
        query = query.where(col(PersonalDataRequest.state) == state)
    return newest_first(session, query, PersonalDataRequest, after=after, limit=limit)


def get_request(session: ReadSession, code: str, *, actor: Actor) -> PersonalDataRequest:
    """Return a request this actor may see, as an office."""
    found = session.exec(
        requests_visible_to(actor).where(col(PersonalDataRequest.code) == code)
    ).one_or_none()
    if found is None:
        raise NotFound
    return found


def request_for_update(session: WriteSession, code: str, *, actor: Actor) -> PersonalDataRequest:
    """Return a request this actor may see, locked until the transaction ends."""
    found = session.exec(
        requests_visible_to(actor).where(col(PersonalDataRequest.code) == code).with_for_update()
    ).one_or_none()
    if found is None:
        raise NotFound
    return found


def own_requests(
    session: ReadSession, actor: Actor, *, limit: int = 20
) -> Sequence[PersonalDataRequest]:
    """Return the newest requests of this person."""
    return session.exec(
        select(PersonalDataRequest)
        .where(col(PersonalDataRequest.user_id) == actor.user_id)
        .order_by(col(PersonalDataRequest.id).desc())
        .limit(limit)
    ).all()


def own_requests_page(
    session: ReadSession, actor: Actor, *, after: int = 0, limit: int = 20
) -> Page[PersonalDataRequest]:
    """Return requests of this person, newest first."""
    query = select(PersonalDataRequest).where(col(PersonalDataRequest.user_id) == actor.user_id)
    return newest_first(session, query, PersonalDataRequest, after=after, limit=limit)


def own_request_for_update(
    session: WriteSession, code: str, *, actor: Actor
) -> PersonalDataRequest:
    """Return a request of this person, locked until the transaction ends."""
    found = session.exec(
        select(PersonalDataRequest)
        .where(
            col(PersonalDataRequest.code) == code,
            col(PersonalDataRequest.user_id) == actor.user_id,
        )
        .with_for_update()
    ).one_or_none()
    if found is None:
        raise NotFound
    return found


def how_many_open(session: ReadSession, *, user_id: int | None, producer_id: int | None) -> int:
    """Return how many requests of a person wait for an answer."""
    whose = (
        col(PersonalDataRequest.user_id) == user_id
        if user_id is not None
        else col(PersonalDataRequest.producer_id) == producer_id
    )
    return session.exec(
        select(func.count())
        .select_from(PersonalDataRequest)
        .where(whose, col(PersonalDataRequest.state) == RequestState.RECEIVED)
    ).one()


def work_for(session: ReadSession, actor: Actor, *, on: date) -> list[WorkItem]:
    """Return the requests that wait for the agency, the first due first; nobody's own."""
    if not actor.has(*AGENCY):
        return []
    waiting = session.exec(
        select(PersonalDataRequest)
        .where(
            col(PersonalDataRequest.state) == RequestState.RECEIVED,
            or_(
                col(PersonalDataRequest.user_id).is_(None),
                col(PersonalDataRequest.user_id) != actor.user_id,
            ),
        )
        .order_by(col(PersonalDataRequest.due_on), col(PersonalDataRequest.id))
        .limit(MOST_WORK)
    ).all()
    return [
        WorkItem(
            kind="privacy.request",
            code=request.code,
            title=Worded(
                "Trả lời yêu cầu về dữ liệu cá nhân: {kind}", kind=KIND_LABELS[request.kind]
            ),
            subtitle=request.code,
            due_on=request.due_on,
            overdue=request.due_on < on,
            basis=RIGHTS,
            route_name="privacy.request",
        )
        for request in waiting
    ]


def kept_by_law(session: ReadSession, person: Person, *, on: date) -> tuple[str, ...]:
    """Return the keys of the inventory that an erasure leaves: what others' rights stand on.

    One statement for the account, one for each producer.
    """
    kept: list[str] = []
    if person.user_id is not None:
        in_office, seated, recorded = session.execute(
            sa.select(
                sa.exists().where(*_in_office(person.user_id, on=on)),
                sa.exists().where(col(CouncilMember.user_id) == person.user_id),
                sa.exists().where(col(AuditEvent.actor_id) == person.user_id),
            )
        ).one()
        kept += ["account"] if in_office else []
        kept += ["councils"] if seated else []
        kept += ["audit", "steps"] if recorded else []
    for producer_id in person.producer_ids:
        filed, certified, under_way = session.execute(
            sa.select(
                sa.exists().where(col(Dossier.producer_id) == producer_id),
                sa.exists().where(col(Certificate.producer_id) == producer_id),
                sa.exists().where(
                    col(Dossier.producer_id) == producer_id,
                    col(Dossier.state).not_in(DOSSIER_FINAL),
                ),
            )
        ).one()
        kept.append("producers")
        kept += ["dossiers", "papers"] if filed else []
        kept += ["decisions"] if certified else []
        kept += ["representatives"] if under_way else []
    return tuple(dict.fromkeys(kept))


def personal_data(session: ReadSession, person: Person, *, at: datetime) -> PersonalDataOut:
    """Return what is kept about a person, by the inventory; at most a thousand rows of a table.

    Names of those who did a step stand in many papers as text: the log, which is in the copy, says
    which steps these were.
    """
    tables: dict[str, list[dict[str, Any]]] = {}
    cut: list[str] = []
    metadata = SQLModel.metadata.tables
    for table, conditions in _conditions(person).items():
        columns = _columns(table)
        if not columns or table not in metadata:
            continue
        rows = session.execute(
            sa.select(*(metadata[table].c[name] for name in columns))
            .where(sa.or_(*conditions))
            .order_by(*(key.desc() for key in metadata[table].primary_key.columns))
            .limit(MOST_ROWS + 1)
        ).all()
        if len(rows) > MOST_ROWS:
            cut.append(table)
        if rows:
            secret = {name for name, care in columns.items() if care is Care.SECRET}
            tables[table] = [
                {
                    name: bool(value) if name in secret else _plain(value)
                    for name, value in zip(columns, row, strict=True)
                }
                for row in rows[:MOST_ROWS]
            ]
    return PersonalDataOut(made_at=at, about=person.name, tables=tables, cut_off=cut)


def _in_office(user_id: int, *, on: date) -> tuple[sa.ColumnElement[bool], ...]:
    """Return the conditions of a post of an office on a day; to represent a producer is none."""
    return (
        col(Membership.user_id) == user_id,
        col(Membership.role) != Role.PRODUCER,
        col(Membership.valid_from) <= on,
        sa.or_(col(Membership.valid_to).is_(None), col(Membership.valid_to) >= on),
    )


# Hashes and sealed secrets: that they are there is told, what they are would help only a thief.
_SECRETS = frozenset(
    {
        ("users", "password_hash"),
        ("second_factors", "sealed_secret"),
        ("recovery_codes", "code_hash"),
        ("api_tokens", "token_hash"),
        ("login_sessions", "token_hash"),
        ("invitations", "token_hash"),
    }
)


def _columns(table: str) -> dict[str, Care]:
    return {
        name: Care.SECRET
        if (place, name) in _SECRETS
        else holding.care
        if holding.care is not Care.SECRET
        else Care.BASIC
        for holding in HOLDINGS
        for place, name in holding.names
        if place == table
    }


def _conditions(person: Person) -> dict[str, list[sa.ColumnElement[bool]]]:
    found: dict[str, list[sa.ColumnElement[bool]]] = {}
    metadata = SQLModel.metadata.tables

    def add(links: Mapping[str, str], wanted: Any) -> None:
        for table, name in links.items():
            if table in metadata:
                found.setdefault(table, []).append(metadata[table].c[name].in_(wanted))

    if person.user_id is not None:
        add(OF_ACCOUNT, [person.user_id])
        seats = sa.select(col(CouncilMember.id)).where(col(CouncilMember.user_id) == person.user_id)
        add(OF_SEAT, seats)
    if person.producer_ids:
        add(OF_PRODUCER, list(person.producer_ids))
        dossiers = sa.select(col(Dossier.id)).where(
            col(Dossier.producer_id).in_(person.producer_ids)
        )
        add(OF_DOSSIER, dossiers)
    return found


def _plain(value: Any) -> Any:
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, bytes):
        return value.hex()
    return value
