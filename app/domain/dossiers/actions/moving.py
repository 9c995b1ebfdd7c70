"""The one place where a dossier's state changes: along the table, with its audit event and notices."""

from datetime import datetime
from typing import Any

from app.core.db import WriteSession
from app.domain.accounts.rules import Actor
from app.domain.audit.actions import record
from app.domain.dossiers.actions.telling import tell
from app.domain.dossiers.enums import Step
from app.domain.dossiers.models import Dossier
from app.domain.dossiers.policy import wrong_state
from app.domain.dossiers.rules import EVENTS, FINAL, find_transition


def move(
    session: WriteSession,
    dossier: Dossier,
    step: Step,
    *,
    actor: Actor,
    at: datetime,
    tells: bool = True,
    **said: Any,
) -> Dossier:
    """Take a step of the table, record its event and tell whom it concerns.

    Refused when the step does not start here. With `tells=False` the caller tells it itself.
    """
    way = find_transition(dossier.state, step)
    if way is None:
        raise wrong_state(dossier, step)
    before = dossier.state
    dossier.state = way.to_state
    dossier.version += 1
    if dossier.state in FINAL:
        dossier.closed_at = at
    record(
        session,
        EVENTS[step],
        subject=dossier,
        actor=actor,
        at=at,
        before=before,
        after=dossier.state,
        **said,
    )
    if tells:
        tell(session, dossier, step, actor=actor, at=at, said=said)
    return dossier
