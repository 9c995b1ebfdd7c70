"""Steps that later packages take: they lock the row and know the seats; here the state moves.

Who may is decided by the caller's own policy (a seat on the council, the signer's office).
"""

from datetime import date, datetime

from app.core.db import WriteSession
from app.domain.accounts.rules import Actor
from app.domain.dossiers.actions.moving import move
from app.domain.dossiers.enums import DossierState, Step
from app.domain.dossiers.models import Dossier
from app.domain.dossiers.queries import find_advice
from app.domain.dossiers.rules import CLOSING_STEPS


def schedule_dossier(
    session: WriteSession,
    dossier: Dossier,
    *,
    actor: Actor,
    at: datetime,
    meeting: str = "",
    meeting_on: date | None = None,
) -> Dossier:
    """Put an accepted dossier on a meeting's agenda; records dossier.scheduled.

    Without a day it is evaluated by written opinions.
    """
    return move(
        session,
        dossier,
        Step.SCHEDULE,
        actor=actor,
        at=at,
        meeting=meeting,
        meeting_on=meeting_on,
    )


def take_off_agenda(
    session: WriteSession,
    dossier: Dossier,
    *,
    actor: Actor,
    at: datetime,
    meeting: str,
    reason: str,
) -> Dossier:
    """Take a dossier off an agenda, back to where it waited; records dossier.taken_off_agenda."""
    advice = find_advice(session, dossier)
    is_advised = advice is not None and advice.signed_at is not None
    step = Step.TAKE_OFF_ADVISED if is_advised else Step.TAKE_OFF
    return move(session, dossier, step, actor=actor, at=at, meeting=meeting, reason=reason)


def open_scoring(
    session: WriteSession, dossier: Dossier, *, actor: Actor, at: datetime, meeting: str = ""
) -> Dossier:
    """Let the members score; records dossier.scoring_opened."""
    return move(session, dossier, Step.OPEN_SCORING, actor=actor, at=at, meeting=meeting)


def lock_dossier(
    session: WriteSession, dossier: Dossier, *, actor: Actor, at: datetime, goes_on: bool = True
) -> Dossier:
    """Fix the council's result; records dossier.locked.

    One that does not go on is closed in the same breath: then that step tells the result.
    """
    return move(session, dossier, Step.LOCK, actor=actor, at=at, tells=goes_on)


def reopen_scoring(
    session: WriteSession, dossier: Dossier, *, actor: Actor, at: datetime
) -> Dossier:
    """Take a locked result up again; records dossier.scoring_reopened."""
    dossier.closed_at = None
    return move(session, dossier, Step.REOPEN_SCORING, actor=actor, at=at)


def recognise_dossier(
    session: WriteSession, dossier: Dossier, *, actor: Actor, at: datetime
) -> Dossier:
    """End with recognition by a signed decision, the ministry's too; records dossier.recognised."""
    return move(session, dossier, Step.RECOGNISE, actor=actor, at=at)


def send_to_centre(
    session: WriteSession, dossier: Dossier, *, actor: Actor, at: datetime, letter: str
) -> Dossier:
    """Hand a product of ninety points and more to the ministry; records dossier.sent_to_centre."""
    return move(session, dossier, Step.SEND_TO_CENTRE, actor=actor, at=at, letter=letter)


def return_by_centre(
    session: WriteSession, dossier: Dossier, *, actor: Actor, at: datetime
) -> Dossier:
    """Take back a product that missed ninety points; records dossier.returned_by_centre."""
    return move(session, dossier, Step.RETURN_BY_CENTRE, actor=actor, at=at)


def close_without_recognition(
    session: WriteSession, dossier: Dossier, outcome: DossierState, *, actor: Actor, at: datetime
) -> Dossier:
    """End below three stars or excluded; records the step's event."""
    return move(session, dossier, CLOSING_STEPS[outcome], actor=actor, at=at)
