"""What happens to stamps that are scanned: withdrawn, suspended; their labels and pictures."""

from datetime import datetime

from sqlmodel import col, select

from app.core.db import ReadSession, WriteSession
from app.domain.photos.models import ProductPhoto
from app.domain.stamps.actions import suspend_rolls, withdraw_stamps
from app.domain.stamps.enums import WithdrawalKind
from app.domain.stamps.models import Stamp, StampBatch, StampRoll
from app.domain.stamps.schemas import SuspendRolls, WithdrawStamps
from tests.factories.people import People


def label_of(session: ReadSession, batch: StampBatch) -> Stamp:
    """Return the label of the first roll of a batch."""
    return session.exec(
        select(Stamp)
        .join(StampRoll, col(StampRoll.id) == col(Stamp.roll_id))
        .where(col(StampRoll.batch_id) == batch.id, col(StampRoll.number) == 1, Stamp.place == 0)
    ).one()


def withdraw(
    session: WriteSession,
    people: People,
    batch: StampBatch,
    *,
    serials: list[str],
    reason: str = "Tem in hỏng",
) -> None:
    """Withdraw single stamps of a batch."""
    wanted = WithdrawStamps(
        version=batch.version, kind=WithdrawalKind.SPOILT, serials=serials, reason=reason
    )
    withdraw_stamps(session, batch.code, wanted, actor=people.agency(), at=people.at)
    session.flush()


def suspend(session: WriteSession, people: People, batch: StampBatch) -> None:
    """Suspend the first roll of a batch."""
    wanted = SuspendRolls(version=batch.version, rolls=[1], reason="Chờ xác minh tại chợ")
    suspend_rolls(session, batch.code, wanted, actor=people.agency(), at=people.at)
    session.flush()


def photo_of(product_id: int, number: int, *, at: datetime) -> ProductPhoto:
    """Return a photo whose files are named by one digit."""
    name = str(number) * 64
    return ProductPhoto(
        code=f"AN-{number}",
        product_id=product_id,
        caption=f"Ảnh {number}",
        sha256=name,
        media_type="image/jpeg",
        size=1000,
        copy_sha256=name,
        copy_width=1280,
        copy_height=960,
        thumbnail_sha256=name,
        thumbnail_width=320,
        thumbnail_height=240,
        added_at=at,
    )
