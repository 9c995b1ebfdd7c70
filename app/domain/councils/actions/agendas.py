"""The agenda of a meeting before it opens: its order and days, what is added, what is taken off."""

from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path

from app.core.clock import local_day
from app.core.db import WriteSession
from app.core.errors import Invalid, check_version
from app.domain.accounts.rules import Actor
from app.domain.audit.actions import record
from app.domain.councils.actions.meetings import (
    AfterRound,
    locked_dossiers,
    new_item,
    ready_dossiers,
)
from app.domain.councils.actions.telling import sitting, tell_of_papers
from app.domain.councils.enums import ItemState
from app.domain.councils.models import AgendaItem, Meeting
from app.domain.councils.policy import why_not_change_agenda
from app.domain.councils.queries import MeetingRow, item_for_update, meeting_for_update
from app.domain.councils.schemas import AddToAgenda, ArrangeAgenda, TakeOffAgenda
from app.domain.dossiers.actions import schedule_dossier, take_off_agenda

FIELD_MESSAGES: dict[str, str] = {"early": "Không sớm hơn ngày đầu của phiên họp."}


def add_to_agenda(
    session: WriteSession,
    code: str,
    data: AddToAgenda,
    *,
    actor: Actor,
    at: datetime,
    council_rules_dir: Path | None = None,
) -> Meeting:
    """Put dossiers at the end of an agenda; records agenda.added with the reason.

    Members read them from the day the council rules promise, or from today when that is past. What
    was taken off this agenda comes back to it. Refused as in scheduling.
    """
    row = meeting_for_update(session, code, actor=actor, rules_dir=council_rules_dir)
    meeting = row.meeting
    if refusal := why_not_change_agenda(actor, meeting):
        raise refusal
    check_version(data.version, meeting.version)
    first = local_day(meeting.starts_at)
    day = data.day or first
    _check_days(row, {"day": day})
    dossiers = ready_dossiers(
        session, data.dossiers, row.council, row.round, renewal_reason=data.reason
    )
    known = {one.item.dossier_id: one.item for one in row.taken_off}
    last = max((one.item.position for one in (*row.items, *row.taken_off)), default=0)
    for position, dossier in enumerate(dossiers, start=last + 1):
        item = known.get(dossier.id or 0)
        fresh = new_item(meeting, dossier, position=position, day=day, at=at)
        if item is None:
            session.add(fresh)
        else:
            _put_back(item, fresh)
        schedule_dossier(session, dossier, actor=actor, at=at, meeting=meeting.code, meeting_on=day)
    meeting.version += 1
    record(
        session,
        "agenda.added",
        subject=meeting,
        actor=actor,
        at=at,
        dossiers=data.dossiers,
        reason=data.reason,
        late=meeting.papers_promised_on is not None and local_day(at) > meeting.papers_promised_on,
    )
    session.flush()
    if meeting.papers_promised_on is None or meeting.papers_promised_on <= local_day(at):
        to = sitting(session, meeting)
        tell_of_papers(
            session, meeting, to, len(dossiers), actor=actor, at=at, occasion=at.isoformat()
        )
    return meeting


def take_off(
    session: WriteSession,
    code: str,
    data: TakeOffAgenda,
    *,
    actor: Actor,
    at: datetime,
    council_rules_dir: Path | None = None,
) -> Meeting:
    """Take a dossier off an agenda; it waits for another. Records agenda.taken_off with the reason."""
    found = item_for_update(session, code, actor=actor, rules_dir=council_rules_dir)
    row = meeting_for_update(
        session, found.meeting.meeting.code, actor=actor, rules_dir=council_rules_dir
    )
    meeting, item = row.meeting, found.row.item
    if refusal := why_not_change_agenda(actor, meeting):
        raise refusal
    check_version(data.version, item.version)
    leave_agenda(item, reason=data.reason, at=at)
    staying = [one.item for one in row.items if one.item.id != item.id]
    for position, other in enumerate(staying, start=1):
        other.position = position
    meeting.version += 1
    dossier = locked_dossiers(session, [item.dossier_id])[item.dossier_id]
    take_off_agenda(session, dossier, actor=actor, at=at, meeting=meeting.code, reason=data.reason)
    record(
        session,
        "agenda.taken_off",
        subject=meeting,
        actor=actor,
        at=at,
        dossier=dossier.code,
        product=found.row.product.name,
        reason=data.reason,
    )
    return meeting


def arrange_agenda(
    session: WriteSession,
    code: str,
    data: ArrangeAgenda,
    *,
    actor: Actor,
    at: datetime,
    council_rules_dir: Path | None = None,
) -> Meeting:
    """Give an agenda its order and each dossier its day; records agenda.arranged.

    Refused: an agenda that is not named whole, a day before the meeting's first or after the round.
    """
    row = meeting_for_update(session, code, actor=actor, rules_dir=council_rules_dir)
    meeting = row.meeting
    if refusal := why_not_change_agenda(actor, meeting):
        raise refusal
    check_version(data.version, meeting.version)
    items = {one.item.code: one.item for one in row.items}
    if len(data.items) != len(items) or {place.item for place in data.items} != set(items):
        raise Invalid({"items": "Hãy nêu đủ mọi sản phẩm của chương trình, mỗi sản phẩm một lần."})
    _check_days(row, {f"items.{n}.day": place.day for n, place in enumerate(data.items)})
    # The days come one after another whatever was typed: an agenda is read from top to bottom.
    in_order = sorted(data.items, key=lambda place: place.day)
    for position, place in enumerate(in_order, start=1):
        item = items[place.item]
        if (item.position, item.day) != (position, place.day):
            item.position, item.day = position, place.day
            item.version += 1
    meeting.version += 1
    record(
        session,
        "agenda.arranged",
        subject=meeting,
        actor=actor,
        at=at,
        order=[place.item for place in in_order],
        days=sorted({place.day for place in in_order}),
    )
    return meeting


def leave_agenda(item: AgendaItem, *, reason: str, at: datetime) -> None:
    """Mark a dossier's place on an agenda as left; it stays there with its reason."""
    item.state = ItemState.TAKEN_OFF
    item.taken_off_reason = reason
    item.taken_off_at = at
    item.version += 1


def _put_back(item: AgendaItem, fresh: AgendaItem) -> None:
    item.state = ItemState.WAITING
    item.taken_off_reason, item.taken_off_at = "", None
    item.position, item.day, item.papers_open_on = fresh.position, fresh.day, fresh.papers_open_on
    item.version += 1


def _check_days(row: MeetingRow, days: Mapping[str, date]) -> None:
    first = local_day(row.meeting.starts_at)
    early = [name for name, day in days.items() if day < first]
    if early:
        raise Invalid(dict.fromkeys(early, FIELD_MESSAGES["early"]))
    end = row.round.results_before if row.round else None
    if row.round is not None and end is not None and any(day >= end for day in days.values()):
        raise AfterRound(round=row.round.code, end=f"{end:%d/%m/%Y}")
