"""What the members of a council are told, in the transaction of what happened."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from sqlmodel import col, func, select

from app.core.clock import local_day
from app.core.db import WriteSession
from app.domain.accounts.rules import Actor
from app.domain.councils.enums import ItemState
from app.domain.councils.letters import (
    MEETING_CALLED,
    OPINION_ASKED,
    OPINION_DUE,
    OPINION_EXTENDED,
    PAPERS_OPENED,
    PUT_TO_MEETING,
)
from app.domain.councils.models import AgendaItem, CouncilMember, Meeting
from app.domain.notices.actions import notify
from app.domain.notices.rules import Recipients, agency, persons


def tell_of_meeting(session: WriteSession, meeting: Meeting, *, actor: Actor, at: datetime) -> None:
    """Tell everybody with a seat of a meeting; and of its dossiers, when they are open already."""
    session.flush()
    to, count = sitting(session, meeting), _products(session, meeting)
    day = f"{local_day(meeting.starts_at):%d/%m/%Y}"
    notify(
        session,
        MEETING_CALLED,
        to=to,
        subject=meeting,
        actor=actor,
        at=at,
        due_on=local_day(meeting.starts_at),
        meeting=meeting.code,
        day=day,
        count=count,
        place=meeting.place,
    )
    if meeting.papers_promised_on is None or meeting.papers_promised_on <= local_day(at):
        tell_of_papers(session, meeting, to, count, actor=actor, at=at)


def tell_of_papers(
    session: WriteSession,
    meeting: Meeting,
    to: Recipients,
    count: int,
    *,
    actor: Actor,
    at: datetime,
    occasion: str = "",
) -> int:
    """Tell members once that they may read the dossiers of a meeting; of later ones as they come."""
    return notify(
        session,
        PAPERS_OPENED,
        to=to,
        subject=meeting,
        actor=actor,
        at=at,
        due_on=local_day(meeting.starts_at),
        occasion=occasion,
        meeting=meeting.code,
        day=f"{local_day(meeting.starts_at):%d/%m/%Y}",
        count=count,
    )


def tell_of_opinion(
    session: WriteSession,
    meeting: Meeting,
    user_ids: Iterable[int],
    count: int,
    *,
    actor: Actor,
    at: datetime,
) -> None:
    """Ask the voting members for their opinion."""
    notify(
        session,
        OPINION_ASKED,
        to=persons(*user_ids),
        subject=meeting,
        actor=actor,
        at=at,
        due_on=meeting.opinions_due_on,
        count=count,
        day=f"{meeting.opinions_due_on:%d/%m/%Y}",
    )


def tell_who_is_missing(
    session: WriteSession,
    meeting: Meeting,
    missing: Mapping[int, int],
    *,
    actor: Actor,
    at: datetime,
) -> int:
    """Remind each account of how many sheets it still owes; at most once a day."""
    return sum(
        notify(
            session,
            OPINION_DUE,
            to=persons(user_id),
            subject=meeting,
            actor=actor,
            at=at,
            due_on=meeting.opinions_due_on,
            occasion=f"{local_day(at):%Y-%m-%d}",
            count=count,
            day=f"{meeting.opinions_due_on:%d/%m/%Y}",
        )
        for user_id, count in sorted(missing.items())
    )


def tell_of_extension(
    session: WriteSession, meeting: Meeting, user_ids: Iterable[int], *, actor: Actor, at: datetime
) -> None:
    """Tell the voting members of a later last day."""
    notify(
        session,
        OPINION_EXTENDED,
        to=persons(*user_ids),
        subject=meeting,
        actor=actor,
        at=at,
        due_on=meeting.opinions_due_on,
        occasion=at.isoformat(),
        day=f"{meeting.opinions_due_on:%d/%m/%Y}",
    )


def tell_of_switch(
    session: WriteSession,
    meeting: Meeting,
    item: AgendaItem,
    product: str,
    *,
    actor: Actor,
    at: datetime,
) -> None:
    """Tell council and agency that a renewal is put before a meeting."""
    notify(
        session,
        PUT_TO_MEETING,
        to=sitting(session, meeting) | agency(),
        subject=item,
        actor=actor,
        at=at,
        product=product,
    )


def sitting(session: WriteSession, meeting: Meeting) -> Recipients:
    """Return the accounts with a seat on the council of a meeting today."""
    return persons(
        *session.exec(
            select(col(CouncilMember.user_id)).where(
                col(CouncilMember.council_id) == meeting.council_id,
                col(CouncilMember.left_on).is_(None),
            )
        )
    )


def _products(session: WriteSession, meeting: Meeting) -> int:
    return session.exec(
        select(func.count())
        .select_from(AgendaItem)
        .where(
            col(AgendaItem.meeting_id) == meeting.id,
            col(AgendaItem.state) != ItemState.TAKEN_OFF,
        )
    ).one()
