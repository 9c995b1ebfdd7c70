"""Issue: started by an officer, done roll by roll where the private key is, exactly once.

Signing takes most of the time and changes nothing: it is done while only reading, so that nobody
waits for it (`sign_rolls`). Then whole rolls become true in one short transaction with their batch
locked: their stamps, their lines in the signing log, what the batch counts (`keep_rolls`). A crash
leaves a roll kept or not begun; whoever comes next goes on among what is left. Signatures that were
not kept never left the process; when two signers make the same roll, one throws its own away.
"""

import random
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from sqlmodel import col, select

from app.core.clock import local_day
from app.core.db import (
    Database,
    ReadSession,
    WriteSession,
    insert_many,
    reading,
    transaction,
)
from app.core.errors import Refusal, check_version
from app.core.signing import EcdsaKey
from app.domain.accounts.rules import SYSTEM, Actor
from app.domain.audit.actions import record
from app.domain.recognition.models import Certificate
from app.domain.recognition.rules import last_day_in_force
from app.domain.stamps.actions.keys import is_retired, signing_key, take_indexes
from app.domain.stamps.actions.moving import move, tell_new_rolls
from app.domain.stamps.actions.stretches import Stretches
from app.domain.stamps.enums import BatchState, RollState, StampLevel
from app.domain.stamps.models import SigningRecord, StampBatch, StampKey, StampRoll
from app.domain.stamps.policy import why_not_sign, why_not_start, why_not_stop
from app.domain.stamps.queries import batch_for_update
from app.domain.stamps.rules import (
    RANDOM_BYTES,
    SIGNED_PREFIX,
    Block,
    StampHeader,
    block_of,
    common_bits,
    header_of,
    roll_count,
)
from app.domain.stamps.schemas import StartIssue, StopIssue

_AT_ONCE = 20
# In one transaction: what a transaction costs is little for each, and nobody waits for long.
STAMPS_AT_ONCE = 5_000
_COLUMNS = ("index", "roll_id", "place", "header", "signature")
_TYPES = ("int8", "int4", "int4", "bytea", "bytea")  # of the columns, as PostgreSQL calls them


@dataclass(frozen=True, slots=True)
class SignedRoll:
    """The indexes of a roll and what stands on its stamps, in the order of places, the label first."""

    block: Block
    stamps: Sequence[tuple[bytes, bytes]]  # header and signature


@dataclass(frozen=True, slots=True)
class Signed:
    """Rolls of one batch that are signed and not kept yet."""

    batch_id: int
    kid: int
    bits: tuple[int, int]  # what labels of rolls share, and what stamps share
    rolls: Sequence[SignedRoll]


@dataclass(frozen=True, slots=True)
class Signing:
    """What a look at the waiting batches led to: rolls to keep, and batches that cannot go on."""

    signed: Signed | None = None
    halted: Mapping[int, str] = field(
        default_factory=dict
    )  # batch to a reason it does not know yet

    @property
    def is_nothing(self) -> bool:
        """Whether there is nothing to keep."""
        return self.signed is None and not self.halted


def start_issue(
    session: WriteSession, code: str, data: StartIssue, *, actor: Actor, at: datetime
) -> StampBatch:
    """Let exactly the approved number of stamps be made, once; records batch.started.

    The indexes are taken here, under lock; the stamps are signed by whoever holds the private key
    (`issue_waiting`), which this door need not.
    """
    row = batch_for_update(session, code, actor=actor)
    batch = row.batch
    if refusal := why_not_start(actor, batch, row.certificate, local_day(at)):
        raise refusal
    check_version(data.version, batch.version)
    rolls = roll_count(batch.count, batch.roll_size)
    batch.kid, batch.first_index = take_indexes(session, batch.count + rolls, at=at)
    batch.started_at = at
    batch.started_by = actor.name
    move(
        session,
        batch,
        BatchState.ISSUING,
        "batch.started",
        actor=actor,
        at=at,
        count=batch.count,
        rolls=rolls,
        kid=batch.kid,
    )
    return batch


def stop_issue(
    session: WriteSession, code: str, data: StopIssue, *, actor: Actor, at: datetime
) -> StampBatch:
    """End an issue that does not go on: what was signed stays, the rest is never made.

    Records batch.stopped. A batch of which nothing was signed is closed.
    """
    batch = batch_for_update(session, code, actor=actor).batch
    if refusal := why_not_stop(actor, batch):
        raise refusal
    check_version(data.version, batch.version)
    after = BatchState.ISSUED if batch.issued_count else BatchState.CLOSED
    if batch.issued_count:
        batch.approved_count, batch.issued_at = batch.issued_count, at
    else:
        batch.closed_at = at
    batch.halt_reason = ""
    move(
        session,
        batch,
        after,
        "batch.stopped",
        actor=actor,
        at=at,
        count=batch.issued_count,
        reason=data.reason,
    )
    return batch


def issue_next_roll(session: WriteSession, *, at: datetime, key_dir: Path) -> StampBatch | None:
    """Sign and keep the next roll of the batch that waits longest; None when no batch waits.

    Records what `keep_rolls` records.
    """
    signing = sign_rolls(session, at=at, key_dir=key_dir, stamps=1)
    keep_rolls(session, signing, at=at)
    return None if signing.signed is None else session.get(StampBatch, signing.signed.batch_id)


def issue_waiting(
    engine: Database,
    *,
    key_dir: Path,
    clock: Callable[[], datetime],
    stop: Callable[[], bool] = lambda: False,
    stamps: int = STAMPS_AT_ONCE,
) -> int:
    """Issue whatever waits, until nothing does or `stop` says so; return how many stamps were made.

    What the signing process does, about so many stamps in a transaction. Any number of them may do
    it at once.
    """
    made, stretches = 0, Stretches(engine)
    while not stop():
        with reading(engine) as session:
            signing = sign_rolls(session, at=clock(), key_dir=key_dir, stamps=stamps)
        if signing.signed is not None:
            blocks = [roll.block for roll in signing.signed.rolls]
            stretches.reach(
                min(block.first for block in blocks), max(block.last for block in blocks)
            )
        if not signing.is_nothing:
            with transaction(engine) as session:
                made += keep_rolls(session, signing, at=clock())
        if signing.signed is None:
            break
    return made


def sign_rolls(
    session: ReadSession, *, at: datetime, key_dir: Path, stamps: int = STAMPS_AT_ONCE
) -> Signing:
    """Sign the next rolls of the batch that waits longest, about so many stamps; changes nothing.

    A batch that may not go on (its star ended, its key is retired or elsewhere) is passed over until
    that ends.
    """
    halted: dict[int, str] = {}
    for batch, certificate in session.exec(
        select(StampBatch, Certificate)
        .join(Certificate, col(Certificate.id) == col(StampBatch.certificate_id))
        .where(col(StampBatch.state) == BatchState.ISSUING)
        .order_by(col(StampBatch.started_at), col(StampBatch.id))
        .execution_options(populate_existing=True)
        .limit(_AT_ONCE)
    ):
        try:
            if refusal := why_not_sign(batch, certificate, local_day(at)):
                raise refusal
            key = signing_key(session, key_dir, at=at, kid=batch.kid)
        except Refusal as refusal:
            if batch.halt_reason != refusal.text:
                halted[batch.id or 0] = refusal.text
            continue
        bits = _shared_bits(batch, certificate, key.kid)
        rolls = [_sign(key, block, bits) for block in _next_blocks(session, batch, stamps)]
        return Signing(Signed(batch.id or 0, key.kid, bits, rolls), halted)
    return Signing(None, halted)


def keep_rolls(session: WriteSession, signing: Signing, *, at: datetime) -> int:
    """Let signed rolls become true, each exactly once; return how many stamps they have.

    What is no longer wanted is thrown away: another signer was quicker, the batch was stopped, its
    key was retired, its certificate changed. Records batch.issued after the last roll, and
    batch.halted of batches that cannot go on.
    """
    for batch_id, reason in signing.halted.items():
        batch, _certificate = _locked(session, batch_id)
        if batch.state is BatchState.ISSUING and batch.halt_reason != reason:
            batch.halt_reason = reason
            record(session, "batch.halted", subject=batch, actor=SYSTEM, at=at, reason=reason)
    if signing.signed is None:
        return 0
    batch, certificate = _locked(session, signing.signed.batch_id)
    if not _is_wanted(session, signing.signed, batch, certificate, at=at):
        return 0
    taken = _taken(session, batch)
    left = [roll for roll in signing.signed.rolls if roll.block.first not in taken]
    if left:
        _keep(session, left, batch, signing.signed.kid, after=len(taken), at=at)
    return sum(len(roll.block.stamps) for roll in left)


def _locked(session: WriteSession, batch_id: int) -> tuple[StampBatch, Certificate]:
    return session.exec(
        select(StampBatch, Certificate)
        .join(Certificate, col(Certificate.id) == col(StampBatch.certificate_id))
        .where(col(StampBatch.id) == batch_id)
        .with_for_update(of=StampBatch)
        .execution_options(populate_existing=True)
    ).one()


def _is_wanted(
    session: WriteSession,
    signed: Signed,
    batch: StampBatch,
    certificate: Certificate,
    *,
    at: datetime,
) -> bool:
    """Tell whether a batch that is locked now still wants what was signed for it."""
    if why_not_sign(batch, certificate, local_day(at)) or batch.kid != signed.kid:
        return False
    key = session.get(StampKey, signed.kid, populate_existing=True)
    if key is None or is_retired(key, at=at):
        return False
    return signed.bits == _shared_bits(batch, certificate, signed.kid)


def _keep(
    session: WriteSession,
    signed: Sequence[SignedRoll],
    batch: StampBatch,
    kid: int,
    *,
    after: int,
    at: datetime,
) -> None:
    rolls = [
        StampRoll(
            batch_id=batch.id or 0,
            number=after + place,
            size=len(one.block.stamps),
            state=RollState.IN_STORE,
            first_index=one.block.first,
            label_index=one.block.label,
        )
        for place, one in enumerate(signed, start=1)
    ]
    session.add_all(rolls)
    session.flush()
    insert_many(
        session,
        "stamps",
        _COLUMNS,
        _TYPES,
        [row for roll, one in zip(rolls, signed, strict=True) for row in _rows(roll.id or 0, one)],
    )
    session.add_all(
        SigningRecord(
            batch_id=batch.id or 0,
            kid=kid,
            first_index=one.block.first,
            last_index=one.block.last,
            count=len(one.stamps),
            signed_at=at,
        )
        for one in signed
    )
    tell_new_rolls(session, rolls, at=at)
    batch.issued_count += sum(roll.size for roll in rolls)
    batch.halt_reason = ""
    if batch.issued_count == batch.count:
        batch.issued_at = at
        move(
            session,
            batch,
            BatchState.ISSUED,
            "batch.issued",
            actor=SYSTEM,
            at=at,
            kid=kid,
            count=batch.issued_count,
            rolls=after + len(rolls),
        )


def _rows(roll_id: int, roll: SignedRoll) -> list[tuple[object, ...]]:
    """Return the stamps of a roll as they are stored: index, roll, place, header, signature."""
    indexes = [roll.block.label, *roll.block.stamps]
    return [
        (index, roll_id, place, header, signature)
        for place, (index, (header, signature)) in enumerate(zip(indexes, roll.stamps, strict=True))
    ]


def _next_blocks(session: ReadSession, batch: StampBatch, stamps: int) -> list[Block]:
    """Return the indexes of the next rolls of a batch, together at least so many stamps if it can be."""
    taken = _taken(session, batch)
    # An order that nobody guesses, at a tenth of what the system's own generator costs a stamp.
    order = random.Random(secrets.randbits(256))  # noqa: S311 -- seeded anew by the system each time
    blocks: list[Block] = []
    while stamps > 0 and len(taken) < roll_count(batch.count, batch.roll_size):
        block = block_of(batch.first_index or 0, batch.count, batch.roll_size, taken, order)
        blocks.append(block)
        taken.add(block.first)
        stamps -= len(block.stamps)
    return blocks


def _taken(session: ReadSession, batch: StampBatch) -> set[int]:
    """Return the first indexes of the rolls that a batch has."""
    return set(
        session.exec(select(StampRoll.first_index).where(col(StampRoll.batch_id) == batch.id))
    )


def _sign(key: EcdsaKey, block: Block, bits: tuple[int, int]) -> SignedRoll:
    of_label, of_stamps = bits
    indexes = [block.label, *block.stamps]
    noise = secrets.token_bytes(RANDOM_BYTES * len(indexes))
    stamps = []
    for place, index in enumerate(indexes):
        own = noise[RANDOM_BYTES * place : RANDOM_BYTES * (place + 1)]
        header = header_of(of_stamps if place else of_label, index, own)
        stamps.append((header, key.sign(SIGNED_PREFIX + header)))
    return SignedRoll(block, stamps)


def _shared_bits(batch: StampBatch, certificate: Certificate, kid: int) -> tuple[int, int]:
    """Return what the label of a roll says, and what all its stamps say, but index and random bits."""
    label, stamps = (
        common_bits(
            StampHeader(
                specimen=False,
                pin=batch.with_pin and level is StampLevel.ITEM,
                level=level,
                kid=kid,
                last_valid_day=last_day_in_force(certificate),
                stars=certificate.star,
                certificate=certificate.record_number,
                index=0,
                random=bytes(RANDOM_BYTES),
            )
        )
        for level in (StampLevel.ROLL, StampLevel.ITEM)
    )
    return label, stamps
