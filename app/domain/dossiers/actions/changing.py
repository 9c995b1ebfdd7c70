"""What an applicant tells of changes since the product was recognised (art. 6.1.b, 6.1.c)."""

from datetime import datetime

from app.core.db import WriteSession
from app.core.errors import Refused, check_version
from app.core.text import normal
from app.domain.accounts.rules import Actor
from app.domain.audit.actions import record
from app.domain.dossiers.enums import DossierKind, DossierPart
from app.domain.dossiers.models import ChangeReport, Dossier
from app.domain.dossiers.policy import why_not_edit
from app.domain.dossiers.queries import dossier_for_update, find_changes
from app.domain.dossiers.rules import DOSSIER_HOLDS
from app.domain.dossiers.schemas import SaveChanges
from app.domain.producers.policy import is_helper


class NothingToCompare(Refused):
    """A first dossier has no recognition before it."""

    code = "dossier.nothing_to_compare"
    message = "Hồ sơ lần đầu không có phần thay đổi so với sản phẩm đã được công nhận."
    basis = DOSSIER_HOLDS


def save_changes(
    session: WriteSession, code: str, data: SaveChanges, *, actor: Actor, at: datetime
) -> Dossier:
    """Store what changed; records dossier.changes_saved with the fields, nothing when all is known.

    Refused for a first dossier, and like every writing once the dossier was filed.
    """
    row = dossier_for_update(session, code, actor=actor)
    dossier = row.dossier
    refusal = why_not_edit(actor, dossier, DossierPart.CHANGES)
    if refusal:
        raise refusal
    if dossier.kind is DossierKind.FIRST:
        raise NothingToCompare
    check_version(data.version, dossier.version)
    report = find_changes(session, dossier) or ChangeReport(dossier_id=dossier.id or 0)
    after = {
        name: normal(value) if isinstance(value, str) else value
        for name, value in data.model_dump(exclude={"version"}).items()
    }
    changed = sorted(name for name, value in after.items() if getattr(report, name) != value)
    if not changed:
        return dossier
    report.sqlmodel_update(after)
    session.add(report)
    dossier.version += 1
    record(
        session,
        "dossier.changes_saved",
        subject=dossier,
        actor=actor,
        at=at,
        fields=changed,
        on_behalf=is_helper(actor, row.producer),
    )
    return dossier
