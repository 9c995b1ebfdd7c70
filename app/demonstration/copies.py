"""A stamp that somebody copied: asked about by many phones, and an hour apart in two ends of the country."""

from datetime import datetime, timedelta

from sqlalchemy import Engine
from sqlmodel import col, select

from app.core.db import reading, transaction
from app.core.settings import Settings
from app.domain.scans.actions import examine, ingest_journals
from app.domain.scans.enums import Caller
from app.domain.scans.rules import Event, encode_event
from app.domain.stamps.enums import RollState, Verdict
from app.domain.stamps.models import Stamp, StampRoll
from app.http.scan_log import ScanLog

_PHONES, _FAR_PHONE = 9, 6
_AT_HOME, _FAR_AWAY = (224, 1035, "12"), (108, 1066, "79")  # Lai Châu; Thành phố Hồ Chí Minh
_HOURS_APART = 1


def have_a_copy_scanned(engine: Engine, settings: Settings, *, at: datetime) -> None:
    """Write the scans down as a server does, read them in, and look at them: what is odd is flagged."""
    with reading(engine) as session:
        index = session.exec(
            select(col(Stamp.index))
            .join(StampRoll, col(StampRoll.id) == col(Stamp.roll_id))
            .where(
                col(StampRoll.state) == RollState.ACTIVATED,
                col(Stamp.place) > 0,
                col(Stamp.withdrawal_id).is_(None),
            )
            .order_by(col(Stamp.index))
            .limit(1)
        ).one()
    log = ScanLog(settings.scans_dir, settings.scan_durability)
    try:
        for phone in range(_PHONES):
            when = at - timedelta(hours=_HOURS_APART * (_PHONES - phone))
            latitude, longitude, province = _FAR_AWAY if phone == _FAR_PHONE else _AT_HOME
            agent = f"phone/{phone}".encode()
            mark = log.device_mark(index, f"192.0.2.{phone}", agent, at=when)
            seen = Event(
                when, index, Verdict.VALID, Caller.BUYER, mark, latitude, longitude, province
            )
            log.write(encode_event(seen), at=when)
    finally:
        log.close()
    ingest_journals(engine, settings.scans_dir, at=at)
    with transaction(engine) as session:
        examine(session, at=at)
