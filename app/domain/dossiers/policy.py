"""Who may take which step of a dossier, and when: role and unit first, then the state.

Each function returns the refusal instead of raising it: actions raise it, pages grey the button
with its sentence.
"""

from app.core.errors import Conflict, NotPermitted, Refusal
from app.domain.accounts.enums import Role
from app.domain.accounts.rules import Actor
from app.domain.dossiers.enums import DossierState, Finding, Step
from app.domain.dossiers.models import CommuneReport, Dossier
from app.domain.dossiers.rules import (
    COMMUNE_CHECK,
    COMMUNE_REPORT,
    EDITABLE,
    FINDING_LABELS,
    PREPARED,
    STATE_LABELS,
    STEP_LABELS,
    basis_of,
    find_transition,
)
from app.domain.producers.models import Producer


class NotApplicant(NotPermitted):
    """Only the producer, or the officer of its commune on its behalf."""

    code = "dossier.not_applicant"
    message = "Chỉ chủ thể, hoặc cán bộ xã sở tại làm thay, được thực hiện việc này."
    basis = PREPARED


class NotCommuneOfficer(NotPermitted):
    """Only an officer of the commune where the dossier was filed."""

    code = "dossier.not_commune_officer"
    message = "Chỉ cán bộ của xã nhận hồ sơ được thực hiện việc này."
    basis = COMMUNE_CHECK


class NotCommuneLeader(NotPermitted):
    """Only a leader of the commune where the dossier was filed."""

    code = "dossier.not_commune_leader"
    message = "Chỉ lãnh đạo UBND xã nhận hồ sơ được ký báo cáo và đề nghị."
    basis = COMMUNE_REPORT


class NotAgencyOfficer(NotPermitted):
    """Only an officer of the province's OCOP agency."""

    code = "dossier.not_agency_officer"
    message = "Chỉ cán bộ cơ quan tham mưu OCOP cấp tỉnh được tiếp nhận hồ sơ."
    basis = basis_of(Step.ACCEPT)


class WrongState(Conflict):
    """The table of transitions has no such step from here."""

    code = "dossier.wrong_state"
    message = "Hồ sơ đang ở trạng thái «{state}», không thực hiện được bước «{step}»."


class NotEditable(Conflict):
    """What was filed stays as it was filed."""

    code = "dossier.not_editable"
    message = "Hồ sơ đang ở trạng thái «{state}»: chỉ sửa được khi đang soạn hoặc được trả lại."
    basis = PREPARED


class ReportSigned(Conflict):
    """A signed report is not written on."""

    code = "dossier.report_signed"
    message = "Báo cáo đã ký, không sửa được nữa."
    basis = COMMUNE_REPORT


class ReportNotReady(Conflict):
    """The leader signs a report whose four findings are each confirmed."""

    code = "dossier.report_not_ready"
    message = "Báo cáo còn nội dung chưa xác nhận: {findings}."
    basis = COMMUNE_CHECK


def why_not_open(actor: Actor, producer: Producer) -> Refusal | None:
    """The producer's own account opens a dossier, or the commune officer on its behalf."""
    return _why_not_applicant(actor, producer.id or 0, producer.commune_code)


def why_not_edit(actor: Actor, dossier: Dossier) -> Refusal | None:
    """The applicant writes while the dossier is a draft or was given back."""
    refusal = _why_not_applicant(actor, dossier.producer_id, dossier.commune_code)
    if refusal is None and dossier.state not in EDITABLE:
        return NotEditable(state=STATE_LABELS[dossier.state])
    return refusal


def why_not_file(actor: Actor, dossier: Dossier) -> Refusal | None:
    """The applicant files a draft, or files again what was given back."""
    refusal = _why_not_applicant(actor, dossier.producer_id, dossier.commune_code)
    return refusal or why_not_step(dossier, Step.FILE)


def why_not_withdraw(actor: Actor, dossier: Dossier) -> Refusal | None:
    """The applicant withdraws before the dossier is on an agenda."""
    refusal = _why_not_applicant(actor, dossier.producer_id, dossier.commune_code)
    return refusal or why_not_step(dossier, Step.WITHDRAW)


def why_not_return(actor: Actor, dossier: Dossier) -> Refusal | None:
    """The commune's officer gives a filed dossier back."""
    return _why_not_officer(actor, dossier) or why_not_step(dossier, Step.RETURN)


def why_not_report(
    actor: Actor, dossier: Dossier, report: CommuneReport | None = None
) -> Refusal | None:
    """The commune's officer writes the report while the dossier lies at the commune, unsigned."""
    refusal = _why_not_officer(actor, dossier)
    if refusal:
        return refusal
    if report is not None and report.signed_at is not None:
        return ReportSigned()
    if dossier.state is not DossierState.FILED:
        return WrongState(
            state=STATE_LABELS[dossier.state], step="Viết báo cáo đánh giá", basis=COMMUNE_CHECK
        )
    return None


def why_not_sign(actor: Actor, dossier: Dossier, report: CommuneReport | None) -> Refusal | None:
    """The commune's leader signs when the officer confirmed all four findings."""
    refusal = _why_not_leader(actor, dossier) or why_not_step(dossier, Step.SIGN_REPORT)
    if refusal:
        return refusal
    open_findings = [
        FINDING_LABELS[finding]
        for finding in Finding
        if report is None or not getattr(report, f"{finding}_confirmed")
    ]
    return ReportNotReady(findings=", ".join(open_findings)) if open_findings else None


def why_not_propose(actor: Actor, dossier: Dossier) -> Refusal | None:
    """The commune's leader proposes an assessed dossier to the province."""
    return _why_not_leader(actor, dossier) or why_not_step(dossier, Step.PROPOSE)


def why_not_accept(actor: Actor, dossier: Dossier) -> Refusal | None:
    """An agency officer accepts a proposed dossier into a round."""
    if not actor.has(Role.AGENCY_OFFICER):
        return NotAgencyOfficer()
    return why_not_step(dossier, Step.ACCEPT)


def why_not_step(dossier: Dossier, step: Step) -> Refusal | None:
    """The table of transitions decides from which states a step leads."""
    return None if find_transition(dossier.state, step) else wrong_state(dossier, step)


def wrong_state(dossier: Dossier, step: Step) -> WrongState:
    """Say that the step does not start from where the dossier stands."""
    return WrongState(
        state=STATE_LABELS[dossier.state], step=STEP_LABELS[step], basis=basis_of(step)
    )


def sees_all_evidence(actor: Actor, dossier: Dossier) -> bool:
    """Whether the actor sees every paper of the producer, not only those this dossier cites."""
    return (
        actor.sees_province
        or actor.acts_for(dossier.producer_id)
        or dossier.commune_code in actor.units
    )


def _why_not_applicant(actor: Actor, producer_id: int, commune_code: str) -> Refusal | None:
    if actor.acts_for(producer_id) or actor.has_in_unit(commune_code, Role.COMMUNE_OFFICER):
        return None
    return NotApplicant()


def _why_not_officer(actor: Actor, dossier: Dossier) -> Refusal | None:
    if actor.has_in_unit(dossier.commune_code, Role.COMMUNE_OFFICER):
        return None
    return NotCommuneOfficer()


def _why_not_leader(actor: Actor, dossier: Dossier) -> Refusal | None:
    if actor.has_in_unit(dossier.commune_code, Role.COMMUNE_LEADER):
        return None
    return NotCommuneLeader()
