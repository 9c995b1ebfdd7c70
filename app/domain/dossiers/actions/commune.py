"""The commune's part: give back, report on the four findings, sign, propose to the province."""

from datetime import datetime

from app.core.clock import local_day
from app.core.db import WriteSession
from app.core.errors import Invalid, check_version
from app.core.text import normal
from app.domain.accounts.rules import Actor
from app.domain.audit.actions import record
from app.domain.dossiers.actions.moving import move
from app.domain.dossiers.enums import Finding, Step
from app.domain.dossiers.models import CommuneReport, Dossier
from app.domain.dossiers.policy import (
    ReportNotReady,
    why_not_propose,
    why_not_report,
    why_not_return,
    why_not_sign,
)
from app.domain.dossiers.queries import dossier_for_update, find_report
from app.domain.dossiers.schemas import (
    ProposeDossier,
    ReturnDossier,
    SaveCommuneReport,
    SignCommuneReport,
)


def return_dossier(
    session: WriteSession, code: str, data: ReturnDossier, *, actor: Actor, at: datetime
) -> Dossier:
    """Give a dossier back with a reason for each part; records dossier.returned.

    Findings confirmed and parts checked so far must be gone through anew: what they were about may
    change. Earlier returns stay told with the dossier.
    """
    row = dossier_for_update(session, code, actor=actor)
    dossier = row.dossier
    refusal = why_not_return(actor, dossier)
    if refusal:
        raise refusal
    check_version(data.version, dossier.version)
    dossier.return_items = [
        {"part": item.part.value, "reason": normal(item.reason)} for item in data.items
    ]
    dossier.returns = [
        *dossier.returns,
        {
            "returned_at": at.isoformat(),
            "returned_by": actor.name,
            "items": dossier.return_items,
            "filed_again_at": None,
        },
    ]
    dossier.component_checks, dossier.components_complete = [], False
    dossier.commune_due_on = None
    report = find_report(session, dossier)
    if report is not None:
        for finding in Finding:
            setattr(report, f"{finding}_confirmed", False)
        report.version += 1
    return move(session, dossier, Step.RETURN, actor=actor, at=at, items=dossier.return_items)


def save_commune_report(
    session: WriteSession, code: str, data: SaveCommuneReport, *, actor: Actor, at: datetime
) -> CommuneReport:
    """Write the report's four findings, no points; records dossier.commune_report_saved.

    Basis: 26/2026/QĐ-TTg art. 7.2.a, Mẫu số 03.
    """
    dossier = dossier_for_update(session, code, actor=actor).dossier
    report = find_report(session, dossier)
    refusal = why_not_report(actor, dossier, report)
    if refusal:
        raise refusal
    check_version(data.version, report.version if report else 0)
    if data.meeting_on is not None and data.meeting_on > local_day(at):
        raise Invalid({"meeting_on": "Ngày họp không được sau hôm nay."})
    values = {
        name: normal(value) if isinstance(value, str) else value
        for name, value in data.model_dump(exclude={"version"}).items()
    }
    if report is None:
        report = CommuneReport(dossier_id=dossier.id or 0, prepared_at=at, version=0)
        changed = sorted(values)
    else:
        changed = sorted(name for name, value in values.items() if getattr(report, name) != value)
    if not changed:
        return report
    report.sqlmodel_update(values)
    report.prepared_by = actor.name
    report.prepared_at = at
    report.version += 1
    session.add(report)
    record(
        session,
        "dossier.commune_report_saved",
        subject=dossier,
        actor=actor,
        at=at,
        fields=changed,
        confirmed=[one for one in Finding if getattr(report, f"{one}_confirmed")],
    )
    return report


def sign_commune_report(
    session: WriteSession, code: str, data: SignCommuneReport, *, actor: Actor, at: datetime
) -> CommuneReport:
    """Sign the report: the commune's assessment is done; records dossier.commune_report_signed."""
    dossier = dossier_for_update(session, code, actor=actor).dossier
    report = find_report(session, dossier)
    refusal = why_not_sign(actor, dossier, report)
    if refusal:
        raise refusal
    if report is None:
        raise ReportNotReady(findings="")
    check_version(data.version, report.version)
    report.report_number = normal(data.report_number)
    report.signed_title = normal(data.signed_title)
    report.signed_by = actor.name
    report.signed_at = at
    report.version += 1
    dossier.assessed_at = at
    move(
        session,
        dossier,
        Step.SIGN_REPORT,
        actor=actor,
        at=at,
        report_number=report.report_number,
        signed_title=report.signed_title,
    )
    return report


def propose_dossier(
    session: WriteSession, code: str, data: ProposeDossier, *, actor: Actor, at: datetime
) -> Dossier:
    """Propose the dossier to the province by letter; records dossier.proposed."""
    dossier = dossier_for_update(session, code, actor=actor).dossier
    refusal = why_not_propose(actor, dossier)
    if refusal:
        raise refusal
    check_version(data.version, dossier.version)
    dossier.proposal_number = normal(data.proposal_number)
    dossier.proposed_at = at
    return move(
        session,
        dossier,
        Step.PROPOSE,
        actor=actor,
        at=at,
        proposal_number=dossier.proposal_number,
    )
