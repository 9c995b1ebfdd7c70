"""Builders of stamps: a signing key, and batches of every state through the real actions."""

from datetime import datetime
from pathlib import Path

from sqlmodel import col, select

from app.core.db import ReadSession, WriteSession
from app.domain.accounts.rules import Actor
from app.domain.recognition.models import Certificate
from app.domain.stamps.actions import (
    activate_rolls,
    approve_batch,
    close_batch,
    create_stamp_key,
    deliver_rolls,
    issue_next_roll,
    open_printing,
    order_batch,
    refuse_batch,
    start_issue,
)
from app.domain.stamps.enums import BatchState, PrintForm
from app.domain.stamps.models import Stamp, StampBatch, StampKey, StampPrinting, StampRoll
from app.domain.stamps.queries import find_signing_key
from app.domain.stamps.rules import Token, decode_header, serial_of, token_digits
from app.domain.stamps.schemas import (
    ActivateRolls,
    ApproveBatch,
    CloseBatch,
    DeliverRolls,
    OpenPrinting,
    OrderBatch,
    RefuseBatch,
    StartIssue,
)
from tests.factories.people import People
from tests.factories.recognition import import_certificate

KID = 7
PACKS_A_YEAR = 1_000_000
WAY = (
    BatchState.ORDERED,
    BatchState.APPROVED,
    BatchState.ISSUING,
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
    roll_size: int = 1_000,
    with_pin: bool = False,
    markets: list[str] | None = None,
) -> StampBatch:
    """Order stamps and take the batch to a state, each step by who takes it."""
    certificate = certificate or import_certificate(session, people)
    ensure_key(session, key_dir, at=people.at)
    batch = order_batch(
        session,
        OrderBatch(
            certificate=certificate.code,
            quantity=quantity,
            packs_a_year=PACKS_A_YEAR,
            purpose="Hàng Tết",
            roll_size=roll_size,
            with_pin=with_pin,
            markets=markets or [],
        ),
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
        case BatchState.ISSUING:
            who = actor or people.agency()
            return start_issue(session, code, StartIssue(version=version), actor=who, at=at)
        case BatchState.ISSUED:
            sign_all(session, key_dir, at=at)
            return batch
        case BatchState.DELIVERED:
            who = actor or people.agency()
            print_all(session, batch, actor=people.agency(), at=at)
            handing = DeliverRolls(version=batch.version, delivered_to="Bà Lò Thị Mẫu")
            deliver_rolls(session, code, handing, actor=who, at=at)
            return batch
        case BatchState.IN_USE:
            who = actor or people.producer(batch.producer_id)
            return activate_rolls(session, code, ActivateRolls(version=version), actor=who, at=at)
        case _:
            who = actor or people.agency()
            return close_batch(session, code, CloseBatch(version=version), actor=who, at=at)


def sign_all(session: WriteSession, key_dir: Path, *, at: datetime) -> None:
    """Do what the signing process does, until no batch waits for it."""
    while issue_next_roll(session, at=at, key_dir=key_dir):
        session.flush()


def print_all(
    session: WriteSession,
    batch: StampBatch,
    *,
    actor: Actor,
    at: datetime,
    form: PrintForm = PrintForm.SHEETS_25,
) -> StampPrinting:
    """Give every roll of a batch to a printer."""
    wanted = OpenPrinting(version=batch.version, form=form, printer="Nhà in Thử Nghiệm")
    return open_printing(session, batch.code, wanted, actor=actor, at=at)


def rolls_in(session: ReadSession, batch: StampBatch) -> list[StampRoll]:
    """Return the rolls of a batch, as stored now."""
    return list(
        session.exec(
            select(StampRoll)
            .where(col(StampRoll.batch_id) == batch.id)
            .order_by(col(StampRoll.number))
            .execution_options(populate_existing=True)
        )
    )


def stamps_of(session: ReadSession, batch: StampBatch) -> list[Stamp]:
    """Return the stamps of a batch in the order of its rolls, as stored now; labels left out."""
    return list(
        session.exec(
            select(Stamp)
            .join(StampRoll, col(StampRoll.id) == col(Stamp.roll_id))
            .where(col(StampRoll.batch_id) == batch.id, col(Stamp.place) > 0)
            .order_by(col(StampRoll.number), col(Stamp.place))
            .execution_options(populate_existing=True)
        )
    )


def digits_of(stamp: Stamp) -> str:
    """Return the digits printed in a stamp's code."""
    return token_digits(Token(decode_header(stamp.header), stamp.signature))


def serial_text(stamp: Stamp) -> str:
    """Return a stamp's serial, without hyphens."""
    return serial_of(decode_header(stamp.header))
