"""What the commune's officer does with a dossier that came in: say so, and go through its parts."""

from datetime import datetime

from app.core.db import WriteSession
from app.core.errors import Invalid, check_version
from app.core.text import normal
from app.domain.accounts.rules import Actor
from app.domain.audit.actions import record
from app.domain.dossiers.enums import DossierPart
from app.domain.dossiers.models import Dossier
from app.domain.dossiers.policy import why_not_check, why_not_receive
from app.domain.dossiers.queries import dossier_for_update
from app.domain.dossiers.rules import own_parts_of
from app.domain.dossiers.schemas import CheckComponents, ReceiveDossier


def receive_dossier(
    session: WriteSession, code: str, data: ReceiveDossier, *, actor: Actor, at: datetime
) -> Dossier:
    """Record who received the dossier, when, and how many samples came; records dossier.received.

    The limit of the commune runs since the dossier was handed in; receiving does not move it.
    """
    row = dossier_for_update(session, code, actor=actor)
    dossier = row.dossier
    refusal = why_not_receive(actor, dossier)
    if refusal:
        raise refusal
    check_version(data.version, dossier.version)
    if data.samples_received and not row.samples_needed:
        raise Invalid({"samples_received": "Nhóm sản phẩm này không yêu cầu sản phẩm mẫu."})
    dossier.received_at, dossier.received_by = at, actor.name
    dossier.received_samples = data.samples_received if row.samples_needed else None
    dossier.version += 1
    record(
        session,
        "dossier.received",
        subject=dossier,
        actor=actor,
        at=at,
        slip_number=dossier.slip_number,
        samples=dossier.received_samples,
    )
    return dossier


def check_components(
    session: WriteSession, code: str, data: CheckComponents, *, actor: Actor, at: datetime
) -> Dossier:
    """Note for each part whether it is there; records dossier.components_checked.

    Basis: 26/2026/QĐ-TTg art. 7.2.a. Where no samples are asked for, that part is there by itself.
    """
    row = dossier_for_update(session, code, actor=actor)
    dossier = row.dossier
    refusal = why_not_check(actor, dossier)
    if refusal:
        raise refusal
    check_version(data.version, dossier.version)
    found = {item.part: (item.complete, normal(item.note)) for item in data.items}
    if not row.samples_needed:
        found[DossierPart.SAMPLES] = (True, "")
    checks = [
        {"part": part.value, "complete": found[part][0], "note": found[part][1]}
        for part in own_parts_of(dossier.kind)
        if part in found
    ]
    if checks == dossier.component_checks:
        return dossier
    dossier.component_checks = checks
    dossier.components_complete = len(checks) == len(own_parts_of(dossier.kind)) and all(
        check["complete"] for check in checks
    )
    dossier.checked_at, dossier.checked_by = at, actor.name
    dossier.version += 1
    record(
        session,
        "dossier.components_checked",
        subject=dossier,
        actor=actor,
        at=at,
        complete=[part for part, (complete, _) in found.items() if complete],
        lacking=[part for part, (complete, _) in found.items() if not complete],
    )
    return dossier
