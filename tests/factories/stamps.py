"""Builders of stamps: a signing key, and batches of every state through the real actions."""

from datetime import datetime
from pathlib import Path

from sqlmodel import col, select

from app.core.db import ReadSession, WriteSession
from app.domain.accounts.rules import Actor
from app.domain.recognition.models import Certificate
from app.domain.stamps.actions import (
    activate_batch,
    approve_batch,
    close_batch,
    create_stamp_key,
    deliver_batch,
    issue_batch,
    order_batch,
    refuse_batch,
)
from app.domain.stamps.enums import BatchState
from app.domain.stamps.models import Stamp, StampBatch, StampKey
from app.domain.stamps.queries import find_signing_key
from app.domain.stamps.rules import Token, decode_header, serial_of, token_digits
from app.domain.stamps.schemas import (
    ActivateBatch,
    ApproveBatch,
    CloseBatch,
    DeliverBatch,
    IssueBatch,
    OrderBatch,
    RefuseBatch,
)
from tests.factories.people import People
from tests.factories.recognition import import_certificate

KID = 7
WAY = (
    BatchState.ORDERED,
    BatchState.APPROVED,
    BatchState.ISSUED,
    BatchState.DELIVERED,
    BatchState.IN_USE,
    BatchState.CLOSED,
)


def ensure_key(session: WriteSession, key_dir: Path, *, at: datetime) -> StampKey:
    """Return the key that signs now, made when there is none yet."""
    return find_signing_key(session, at=at) or create_stamp_key(session, key_dir, KID, at=at)


def make_batch(
    session: WriteSession,
    people: People,
    key_dir: Path,
    *,
    state: BatchState = BatchState.ORDERED,
    quantity: int = 5,
    certificate: Certificate | None = None,
) -> StampBatch:
    """Order stamps and take the batch to a state, each step by who takes it."""
    certificate = certificate or import_certificate(session, people)
    ensure_key(session, key_dir, at=people.at)
    batch = order_batch(
        session,
        OrderBatch(certificate=certificate.code, quantity=quantity, purpose="Hàng Tết"),
        actor=people.producer(certificate.producer_id),
        at=people.at,
    )
    session.flush()
    if state is BatchState.REFUSED:
        return step(session, people, key_dir, batch, state)
    for reached in WAY[1 : WAY.index(state) + 1]:
        step(session, people, key_dir, batch, reached)
    return batch


def step(
    session: WriteSession,
    people: People,
    key_dir: Path,
    batch: StampBatch,
    to: BatchState,
    *,
    actor: Actor | None = None,
) -> StampBatch:
    """Take one step of a batch, by who takes it or by somebody else."""
    code, version, at = batch.code, batch.version, people.at
    match to:
        case BatchState.APPROVED:
            who = actor or people.head()
            return approve_batch(session, code, ApproveBatch(version=version), actor=who, at=at)
        case BatchState.REFUSED:
            refusal = RefuseBatch(version=version, reason="Vượt sản lượng đã khai")
            return refuse_batch(session, code, refusal, actor=actor or people.head(), at=at)
        case BatchState.ISSUED:
            return issue_batch(
                session,
                code,
                IssueBatch(version=version),
                actor=actor or people.agency(),
                at=at,
                key_dir=key_dir,
            )
        case BatchState.DELIVERED:
            handing = DeliverBatch(version=version, delivered_to="Bà Lò Thị Mẫu")
            return deliver_batch(session, code, handing, actor=actor or people.agency(), at=at)
        case BatchState.IN_USE:
            who = actor or people.producer(batch.producer_id)
            return activate_batch(session, code, ActivateBatch(version=version), actor=who, at=at)
        case _:
            who = actor or people.agency()
            return close_batch(session, code, CloseBatch(version=version), actor=who, at=at)


def stamps_of(session: ReadSession, batch: StampBatch) -> list[Stamp]:
    """Return the stamps of a batch in the order of the roll, as stored now."""
    return list(
        session.exec(
            select(Stamp)
            .where(col(Stamp.batch_id) == batch.id)
            .order_by(col(Stamp.position))
            .execution_options(populate_existing=True)
        )
    )


def digits_of(stamp: Stamp) -> str:
    """Return the digits printed in a stamp's code."""
    return token_digits(Token(decode_header(stamp.header), stamp.signature))


def serial_text(stamp: Stamp) -> str:
    """Return a stamp's serial, without hyphens."""
    return serial_of(decode_header(stamp.header))
