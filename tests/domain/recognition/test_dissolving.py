"""Producers that end: their certificates stop, cases open, and it may be taken back in time."""

from datetime import date
from typing import Any

import pytest
from sqlmodel import col, select

from app.core.clock import local_day
from app.core.db import WriteSession
from app.domain.dossiers.policy import ProducerEnded, why_not_open
from app.domain.producers.models import Producer
from app.domain.recognition.actions import (
    EndsInFuture,
    HolderEnded,
    record_dissolution,
    undo_dissolution,
)
from app.domain.recognition.enums import ChangeKind, RevocationGround, RevocationState, Standing
from app.domain.recognition.models import Certificate, RegisterChange, RevocationCase
from app.domain.recognition.policy import (
    EndedAlready,
    EndingByCommune,
    RevokedForIt,
    UndoingByAgency,
)
from app.domain.recognition.queries import get_certificate
from app.domain.recognition.schemas import RecordDissolution, UndoDissolution
from app.domain.stamps.policy import why_not_order
from tests.domain.recognition.test_revoking import opened
from tests.factories.people import People
from tests.factories.recognition import (
    import_certificate,
    locked_dossier,
    make_decision,
    sign,
)
from tests.factories.register import make_producer, make_product

ENDED = date(2026, 9, 1)


def dissolution(producer: Producer, *, dissolved_on: date = ENDED) -> RecordDissolution:
    """Return what the form holds."""
    return RecordDissolution(
        dissolved_on=dissolved_on,
        number="38/UBND-KT",
        authority="UBND xã Bình Lư",
        confirmed_on=date(2026, 9, 10),
        version=producer.version,
    )


def three(session: WriteSession, people: People) -> tuple[Producer, list[Certificate]]:
    """Return a producer with two running certificates and one that expired."""
    producer = make_producer(session, people)
    terms: list[dict[str, Any]] = [
        {},
        {},
        {"issued_on": date(2022, 1, 5), "expires_on": date(2025, 1, 5)},
    ]
    return producer, [
        import_certificate(
            session, people, make_product(session, people, producer, name=f"Chè {number}"), **term
        )
        for number, term in enumerate(terms)
    ]


def cases(session: WriteSession) -> list[RevocationCase]:
    return list(session.exec(select(RevocationCase).order_by(col(RevocationCase.id))).all())


def changes(session: WriteSession, certificate: Certificate) -> list[ChangeKind]:
    return list(
        session.exec(
            select(col(RegisterChange.kind))
            .where(col(RegisterChange.certificate_id) == certificate.id)
            .order_by(col(RegisterChange.id))
        ).all()
    )


def test_the_end_of_a_producer_stops_its_running_certificates_and_opens_their_cases(
    session: WriteSession, people: People
) -> None:
    producer, (first, second, expired) = three(session, people)
    today = local_day(people.at)
    before = opened(session, people, second)
    record_dissolution(
        session, producer.code, dissolution(producer), actor=people.leader(), at=people.at
    )
    assert producer.dissolved_on == ENDED
    found = get_certificate(session, first.code, actor=people.agency(), on=today)
    assert found.standing is Standing.PRODUCER_DISSOLVED
    assert expired.holder_ended_on is None
    assert changes(session, first) == [ChangeKind.ISSUED, ChangeKind.PRODUCER_DISSOLVED]
    known, new = cases(session)
    assert known.id == before.id
    assert (new.certificate_id, new.ground) == (first.id, RevocationGround.PRODUCTION_STOPPED)
    assert new.due_on == date(2026, 9, 25)
    assert isinstance(why_not_open(people.officer(), producer), ProducerEnded)
    assert why_not_order(people.producer(producer.id or 0), first, found.product, today)
    with pytest.raises(EndedAlready):
        record_dissolution(
            session, producer.code, dissolution(producer), actor=people.agency(), at=people.at
        )


def test_a_strange_hand_or_a_day_to_come_ends_no_producer(
    session: WriteSession, people: People
) -> None:
    producer = make_producer(session, people)
    with pytest.raises(EndingByCommune):
        record_dissolution(
            session,
            producer.code,
            dissolution(producer),
            actor=people.producer(producer.id or 0),
            at=people.at,
        )
    with pytest.raises(EndsInFuture):
        record_dissolution(
            session,
            producer.code,
            dissolution(producer, dissolved_on=date(2026, 9, 15)),
            actor=people.officer(),
            at=people.at,
        )


def test_the_agency_takes_it_back_while_nothing_was_revoked(
    session: WriteSession, people: People
) -> None:
    producer, (first, second, _) = three(session, people)
    record_dissolution(
        session, producer.code, dissolution(producer), actor=people.officer(), at=people.at
    )

    def undo(actor_name: str) -> None:
        undo_dissolution(
            session,
            producer.code,
            UndoDissolution(reason="Nhầm tên", version=producer.version),
            actor=getattr(people, actor_name)(),
            at=people.at,
        )

    with pytest.raises(UndoingByAgency):
        undo("leader")
    one, other = cases(session)
    one.state = RevocationState.REVOKED
    with pytest.raises(RevokedForIt):
        undo("agency")
    one.state = RevocationState.SUBMITTED
    undo("agency")
    assert (producer.dissolved_on, first.holder_ended_on, second.holder_ended_on) == (None,) * 3
    assert {one.state, other.state} == {RevocationState.DROPPED}
    assert changes(session, first)[-1] is ChangeKind.CORRECTED
    assert why_not_open(people.officer(), producer) is None


def test_a_producer_that_ended_is_recognised_no_more(session: WriteSession, people: People) -> None:
    dossier = locked_dossier(session, people)
    producer = session.exec(select(Producer).where(col(Producer.id) == dossier.producer_id)).one()
    record_dissolution(
        session, producer.code, dissolution(producer), actor=people.leader(), at=people.at
    )
    with pytest.raises(HolderEnded):
        sign(session, people, make_decision(session, people, dossier))
    session.rollback()
