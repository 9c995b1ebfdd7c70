"""Handing a dossier in at the commune, and taking it back for good."""

from datetime import date, datetime, timedelta

from app.core.clock import local_day
from app.core.db import WriteSession
from app.core.errors import Refused, check_version
from app.core.numbering import next_number
from app.core.text import normal
from app.domain.accounts.rules import Actor
from app.domain.dossiers.actions.moving import move
from app.domain.dossiers.enums import Step
from app.domain.dossiers.models import Dossier
from app.domain.dossiers.policy import why_not_file, why_not_withdraw
from app.domain.dossiers.queries import DossierRow, dossier_for_update, self_assessment
from app.domain.dossiers.rules import DOSSIER_HOLDS, Missing, slip_number
from app.domain.dossiers.schemas import FileDossier, WithdrawDossier
from app.domain.places.queries import PROVINCE_CODE, holidays_between
from app.domain.places.rules import working_days_after
from app.domain.producers.policy import is_helper

# Fifteen working days never reach further, whatever holidays lie between.
_HORIZON = timedelta(days=120)


class DossierIncomplete(Refused):
    """Something the law asks for is not there yet; `missing` names each."""

    code = "dossier.incomplete"
    message = "Hồ sơ chưa đủ để nộp. {missing}"
    basis = DOSSIER_HOLDS

    def __init__(self, missing: tuple[Missing, ...]) -> None:
        self.missing = missing
        super().__init__(missing=" ".join(one.text for one in missing))


def file_dossier(
    session: WriteSession, code: str, data: FileDossier, *, actor: Actor, at: datetime
) -> Dossier:
    """Hand in at the commune: slip number, and the commune's limit begins; records dossier.filed.

    Refused as long as anything of art. 6.1 is missing. A dossier handed in again keeps its slip
    number; its limit begins anew, because the commune now receives the complete dossier.
    """
    row = dossier_for_update(session, code, actor=actor)
    dossier = row.dossier
    refusal = why_not_file(actor, dossier)
    if refusal:
        raise refusal
    check_version(data.version, dossier.version)
    day = local_day(at)
    missing = self_assessment(session, row, actor=actor).missing_on(day)
    if missing:
        raise DossierIncomplete(missing)
    dossier.filed_at = at
    dossier.commune_due_on = _due_on(session, row, day)
    dossier.return_items = []
    helped = is_helper(actor, row.producer)
    _receive(row, helper=actor.name if helped else "", at=at)
    if dossier.slip_number is None:
        dossier.slip_number = _next_slip(session, row, day.year)
    return move(
        session,
        dossier,
        Step.FILE,
        actor=actor,
        at=at,
        slip_number=dossier.slip_number,
        due_on=dossier.commune_due_on,
        on_behalf=helped,
    )


def withdraw_dossier(
    session: WriteSession, code: str, data: WithdrawDossier, *, actor: Actor, at: datetime
) -> Dossier:
    """Take the dossier back for good, with the reason; records dossier.withdrawn."""
    row = dossier_for_update(session, code, actor=actor)
    refusal = why_not_withdraw(actor, row.dossier)
    if refusal:
        raise refusal
    check_version(data.version, row.dossier.version)
    row.dossier.commune_due_on = None
    return move(
        session,
        row.dossier,
        Step.WITHDRAW,
        actor=actor,
        at=at,
        reason=normal(data.reason),
        on_behalf=is_helper(actor, row.producer),
    )


def _receive(row: DossierRow, *, helper: str, at: datetime) -> None:
    """Begin a new receipt: an officer who hands in for a producer has received what he hands in."""
    dossier = row.dossier
    dossier.received_by, dossier.received_at, dossier.received_samples = "", None, None
    if helper:
        dossier.received_by, dossier.received_at = helper, at
        dossier.received_samples = dossier.sample_count if row.samples_needed else None
    if dossier.returns:
        *earlier, last = dossier.returns
        dossier.returns = [*earlier, last | {"filed_again_at": at.isoformat()}]


def _due_on(session: WriteSession, row: DossierRow, day: date) -> date:
    """Return the last day of the commune's limit (26/2026/QĐ-TTg art. 7.2)."""
    limit = row.regime.procedure.commune_assessment.working_days
    return working_days_after(day, limit, holidays_between(session, day, day + _HORIZON))


def _next_slip(session: WriteSession, row: DossierRow, year: int) -> str:
    commune = row.dossier.commune_code
    ordinal = next_number(session, f"slip/{commune}/{year}")
    return slip_number(
        row.regime, province=PROVINCE_CODE, commune=commune, ordinal=ordinal, year=year
    )
