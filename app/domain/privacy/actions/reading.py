"""Reading what is personal of a producer: shown to those who need it, each time recorded."""

from collections.abc import Callable
from datetime import datetime

from app.core.db import Database, WriteSession, transaction
from app.domain.accounts.rules import Actor
from app.domain.audit.actions import record
from app.domain.privacy.policy import needs_recording, why_not_read_personal
from app.domain.privacy.schemas import ProducerPersonalOut
from app.domain.producers.models import Producer
from app.domain.producers.queries import get_producer
from app.domain.producers.rules import GENDER_LABELS


def read_personal(
    session: WriteSession, code: str, *, actor: Actor, at: datetime
) -> ProducerPersonalOut:
    """Return how to reach a producer and what is sensitive of its representative.

    Records personal_data.read, unless a producer reads its own. Basis: Nghị định 356/2025/NĐ-CP,
    Điều 4.
    """
    producer = get_producer(session, code, actor=actor)
    refusal = why_not_read_personal(actor, producer)
    if refusal:
        raise refusal
    note_reading(session, producer, "liên hệ, người đại diện", actor=actor, at=at)
    return ProducerPersonalOut(
        phone=producer.phone,
        email=producer.email,
        tax_code=producer.tax_code,
        representative_gender=GENDER_LABELS[producer.representative_gender],
        representative_ethnicity=producer.representative_ethnicity,
        representative_address=producer.representative_address,
    )


def note_reading(
    session: WriteSession, producer: Producer, what: str, *, actor: Actor, at: datetime
) -> None:
    """Record personal_data.read of a producer, unless it is the producer itself; `what` is for people."""
    if needs_recording(actor, producer):
        record(session, "personal_data.read", subject=producer, actor=actor, at=at, what=what)


def noting_later(
    producer_id: int, what: str, *, actor: Actor, at: datetime
) -> Callable[[Database], None]:
    """Return what records a reading after a page was shown, in a transaction of its own."""

    def note(engine: Database) -> None:
        with transaction(engine) as session:
            producer = session.get_one(Producer, producer_id)
            note_reading(session, producer, what, actor=actor, at=at)

    return note
