"""A product that too few may judge: put off to another meeting, its sheets kept and not counted."""

from datetime import datetime
from pathlib import Path

from sqlmodel import col, select

from app.core.db import WriteSession
from app.core.errors import Refused, check_version
from app.domain.accounts.rules import Actor
from app.domain.audit.actions import record
from app.domain.councils.enums import ItemState
from app.domain.councils.models import AgendaItem
from app.domain.councils.policy import why_not_settle
from app.domain.councils.queries import item_for_update
from app.domain.councils.rules import CONFLICT_BASIS
from app.domain.councils.schemas import TakeOffAgenda
from app.domain.dossiers.actions import take_off_agenda
from app.domain.dossiers.models import Dossier


class StillEnough(Refused):
    """A product is put off only where its quorum is lost."""

    code = "item.quorum_is_met"
    message = "Vẫn đủ số người chấm ({present}/{voting}, cần {needed}): không chuyển phiên được."
    basis = CONFLICT_BASIS


def put_off_item(
    session: WriteSession,
    code: str,
    data: TakeOffAgenda,
    *,
    actor: Actor,
    at: datetime,
    council_rules_dir: Path | None = None,
) -> AgendaItem:
    """Put a product off whose quorum was lost by conflicts of interest; records item.put_off.

    The dossier waits for an agenda again. Refused while enough members may judge, and to whoever
    does not preside.
    """
    detail = item_for_update(session, code, actor=actor, rules_dir=council_rules_dir)
    item, meeting = detail.row.item, detail.meeting.meeting
    if refusal := why_not_settle(meeting, item, detail.meeting.seat):
        raise refusal
    check_version(data.version, item.version)
    count = detail.quorum
    if count.is_met or not detail.recused_ids:
        raise StillEnough(present=count.present, voting=count.voting, needed=count.needed)
    item.state = ItemState.TAKEN_OFF
    item.taken_off_reason, item.taken_off_at = data.reason, at
    item.version += 1
    dossier = session.exec(
        select(Dossier).where(col(Dossier.id) == item.dossier_id).with_for_update()
    ).one()
    take_off_agenda(session, dossier, actor=actor, at=at, meeting=meeting.code, reason=data.reason)
    record(session, "item.put_off", subject=item, actor=actor, at=at, reason=data.reason)
    return item
