"""Producers that end: their certificates stop that day, and the fifteen days to revoke them begin."""

from collections.abc import Sequence
from datetime import date, datetime

from sqlmodel import col, select

from app.core.clock import local_day
from app.core.db import WriteSession
from app.core.errors import Refused, check_version
from app.domain.accounts.rules import Actor
from app.domain.audit.actions import record
from app.domain.producers.models import Producer
from app.domain.producers.queries import producer_for_update
from app.domain.recognition.actions.changing import tell_change
from app.domain.recognition.actions.revoking import close_case, enter_case
from app.domain.recognition.enums import ChangeKind, RevocationGround, RevocationState
from app.domain.recognition.models import Certificate, RevocationCase
from app.domain.recognition.policy import why_not_dissolve, why_not_undo_dissolution
from app.domain.recognition.queries import (
    CaseRow,
    CertifiedProduct,
    certified_products,
    in_force_on,
)
from app.domain.recognition.rules import OPEN_CASES, PRODUCTION_STOPPED
from app.domain.recognition.schemas import OpenCase, RecordDissolution, UndoDissolution


class EndsInFuture(Refused):
    """A producer is ended when it has ended, and confirmed when that was known."""

    code = "producer.ends_in_future"
    message = "Ngày {day} chưa đến."
    basis = PRODUCTION_STOPPED


def record_dissolution(
    session: WriteSession,
    producer_code: str,
    data: RecordDissolution,
    *,
    actor: Actor,
    at: datetime,
) -> Producer:
    """Write down that a producer ended as a whole; records producer.dissolved.

    Its running certificates stop with that day, the public register tells it, and a case of
    revocation opens for each, due fifteen days from the confirmation (art. 8.1.đ, 8.4).
    """
    on = local_day(at)
    producer = producer_for_update(session, producer_code, actor=actor)
    if refusal := why_not_dissolve(actor, producer):
        raise refusal
    check_version(data.version, producer.version)
    for day in (data.dissolved_on, data.confirmed_on):
        if day > on:
            raise EndsInFuture(day=f"{day:%d/%m/%Y}")
    running = _running(session, producer, on)
    producer.dissolved_on = data.dissolved_on
    producer.dissolution_source = data.source
    producer.version += 1
    record(
        session,
        "producer.dissolved",
        subject=producer,
        actor=actor,
        at=at,
        dissolved_on=data.dissolved_on,
        source=data.source,
        certificates=[found.certificate.code for found in running],
    )
    _end(session, running, data, actor=actor, at=at)
    return producer


def undo_dissolution(
    session: WriteSession,
    producer_code: str,
    data: UndoDissolution,
    *,
    actor: Actor,
    at: datetime,
) -> Producer:
    """Take back that a producer ended, with the reason; records producer.dissolution_undone.

    By the agency, while nothing was revoked for it. What the public register told stays told, with
    a line that it was corrected; the cases that came of it are dropped.
    """
    producer = producer_for_update(session, producer_code, actor=actor)
    ended = _ended(session, producer)
    cases = _cases_of(session, ended, producer)
    revoked = any(case.state is RevocationState.REVOKED for case in cases)
    if refusal := why_not_undo_dissolution(actor, producer, revoked=revoked):
        raise refusal
    check_version(data.version, producer.version)
    on = local_day(at)
    for certificate in ended:
        certificate.holder_ended_on = None
        tell_change(session, certificate, ChangeKind.CORRECTED, since=on, at=at)
    for row in _open_rows(session, [case for case in cases if case.state in OPEN_CASES], on):
        row.case.version += 1
        close_case(session, row, data.reason, actor=actor, at=at)
    before, producer.dissolved_on = producer.dissolved_on, None
    producer.dissolution_source = ""
    producer.version += 1
    record(
        session,
        "producer.dissolution_undone",
        subject=producer,
        actor=actor,
        at=at,
        dissolved_on=before,
        reason=data.reason,
        certificates=[one.code for one in ended],
    )
    return producer


def _end(
    session: WriteSession,
    running: Sequence[CertifiedProduct],
    data: RecordDissolution,
    *,
    actor: Actor,
    at: datetime,
) -> None:
    taken = _with_case(session, [found.certificate for found in running])
    for found in running:
        certificate = found.certificate
        ended_on = max(data.dissolved_on, certificate.issued_on)
        certificate.holder_ended_on = ended_on
        tell_change(session, certificate, ChangeKind.PRODUCER_DISSOLVED, since=ended_on, at=at)
        if certificate.id not in taken:
            enter_case(session, found, _case(data), actor=actor, at=at)


def _case(data: RecordDissolution) -> OpenCase:
    return OpenCase(
        ground=RevocationGround.PRODUCTION_STOPPED,
        conclusion_number=data.number,
        conclusion_authority=data.authority,
        concluded_on=data.confirmed_on,
    )


def _running(session: WriteSession, producer: Producer, on: date) -> list[CertifiedProduct]:
    rows = session.exec(
        certified_products(on)
        .where(col(Certificate.producer_id) == producer.id, *in_force_on(on))
        .order_by(col(Certificate.id))
        .with_for_update(of=Certificate)
    ).all()
    return [CertifiedProduct(*row, on=on) for row in rows]


def _ended(session: WriteSession, producer: Producer) -> Sequence[Certificate]:
    return session.exec(
        select(Certificate)
        .where(
            col(Certificate.producer_id) == producer.id,
            col(Certificate.holder_ended_on).is_not(None),
        )
        .order_by(col(Certificate.id))
        .with_for_update()
    ).all()


def _with_case(session: WriteSession, certificates: Sequence[Certificate]) -> set[int | None]:
    return set(
        session.exec(
            select(RevocationCase.certificate_id).where(
                col(RevocationCase.certificate_id).in_([one.id for one in certificates]),
                col(RevocationCase.state).in_(OPEN_CASES),
            )
        ).all()
    )


def _cases_of(
    session: WriteSession, certificates: Sequence[Certificate], producer: Producer
) -> Sequence[RevocationCase]:
    """Return the cases that rest on the end of the producer, decided ones too."""
    return [
        case
        for case in session.exec(
            select(RevocationCase)
            .where(
                col(RevocationCase.certificate_id).in_([one.id for one in certificates]),
                col(RevocationCase.ground) == RevocationGround.PRODUCTION_STOPPED,
            )
            .order_by(col(RevocationCase.id))
            .with_for_update()
        )
        # One that the commune opened before, for a single product, has a paper of its own.
        if producer.dissolution_source.startswith(f"{case.conclusion_number} · ")
    ]


def _open_rows(
    session: WriteSession, cases: Sequence[RevocationCase], on: date
) -> Sequence[CaseRow]:
    found = {
        row[0].id: CertifiedProduct(*row, on=on)
        for row in session.exec(
            certified_products(on).where(
                col(Certificate.id).in_([case.certificate_id for case in cases])
            )
        )
    }
    return [
        CaseRow(case, one.certificate, one.product, one.producer, on=on)
        for case in cases
        if (one := found.get(case.certificate_id))
    ]
