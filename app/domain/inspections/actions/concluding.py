"""The conclusion of a check: kept, corrected, or a breach with which a revocation begins."""

from datetime import datetime

from sqlmodel import col, select

from app.core.clock import local_day
from app.core.db import WriteSession
from app.core.errors import Conflict, Invalid, Refused, check_version
from app.domain.accounts.rules import Actor
from app.domain.audit.actions import record
from app.domain.inspections.actions.telling import tell_concluded
from app.domain.inspections.enums import InspectionState, Outcome
from app.domain.inspections.models import Inspection
from app.domain.inspections.policy import why_not_conclude
from app.domain.inspections.queries import InspectionRow, inspection_for_update, items_of
from app.domain.inspections.rules import (
    CHECKING,
    OUTCOME_LABELS,
    possible_outcomes,
)
from app.domain.inspections.schemas import Conclude
from app.domain.recognition.actions import open_case
from app.domain.recognition.policy import CaseRuns, NothingToRevoke, why_not_open_case
from app.domain.recognition.queries import certificate_for_update, running_case
from app.domain.recognition.schemas import OpenCase


class OutcomeContradicts(Refused):
    """A conclusion says what the minutes and the mending say."""

    code = "inspection.outcome_contradicts"
    message = "Không kết luận «{outcome}» được: biên bản và việc khắc phục cho thấy {possible}."
    basis = CHECKING


class ConclusionNumberUsed(Conflict):
    """A number of a conclusion is used once a year."""

    code = "inspection.conclusion_number_used"
    message = "Kết luận số {number} năm {year} đã có."
    basis = CHECKING


class ConcludedOutOfOrder(Refused):
    """A conclusion is dated between the check and today."""

    code = "inspection.concluded_out_of_order"
    message = "Ngày kết luận phải từ ngày kiểm tra {held} đến hôm nay."
    basis = CHECKING


def conclude(
    session: WriteSession, code: str, data: Conclude, *, actor: Actor, at: datetime
) -> InspectionRow:
    """Conclude a check, for good; records inspection.concluded and tells producer and commune.

    A breach names one of the six grounds and opens the revocation of the certificate, whose fifteen
    days run from this conclusion (art. 8.1, 8.4); where a case runs already it is named instead, and
    a certificate that ended by itself has nothing left to revoke.
    """
    on = local_day(at)
    row = inspection_for_update(session, code, actor=actor, on=on)
    inspection = row.inspection
    if refusal := why_not_conclude(actor, inspection):
        raise refusal
    check_version(data.version, inspection.version)
    _check_day(inspection, data, at=at)
    _check_outcome(session, inspection, data)
    _check_number(session, data)
    inspection.state = InspectionState.CONCLUDED
    inspection.outcome = data.outcome
    inspection.conclusion_year = data.concluded_on.year
    inspection.conclusion_number = data.conclusion_number
    inspection.conclusion_authority = data.conclusion_authority
    inspection.concluded_on = data.concluded_on
    inspection.conclusion = data.conclusion
    inspection.concluded_at, inspection.concluded_by = at, actor.name
    inspection.correction_due_on = None
    inspection.version += 1
    if data.outcome is Outcome.BREACH:
        inspection.ground = data.ground
        inspection.case_code = _case_of(session, row, data, actor=actor, at=at)
    record(
        session,
        "inspection.concluded",
        subject=inspection,
        actor=actor,
        at=at,
        number=data.conclusion_number,
        day=f"{data.concluded_on:%d/%m/%Y}",
        outcome=OUTCOME_LABELS[data.outcome],
        ground=data.ground,
        revocation_case=inspection.case_code,
        certificate=row.certificate.code,
    )
    tell_concluded(session, row, actor=actor, at=at)
    return row


def _case_of(
    session: WriteSession, row: InspectionRow, data: Conclude, *, actor: Actor, at: datetime
) -> str:
    """Open the revocation; return the code of its case, of the one that runs, or nothing."""
    on = local_day(at)
    if data.ground is None:
        raise Invalid({"ground": "Hãy chọn trường hợp thu hồi theo Điều 8.1."})
    found = certificate_for_update(session, row.certificate.code, actor=actor, on=on)
    running = running_case(session, row.certificate.id or 0)
    refusal = why_not_open_case(actor, found, running, data.ground)
    if isinstance(refusal, CaseRuns) and running is not None:
        return running.code
    if isinstance(refusal, NothingToRevoke):
        return ""
    case = open_case(
        session,
        row.certificate.code,
        OpenCase(
            ground=data.ground,
            description=data.conclusion[:_LONGEST_DESCRIPTION],
            conclusion_number=data.conclusion_number,
            conclusion_authority=data.conclusion_authority,
            concluded_on=data.concluded_on,
        ),
        actor=actor,
        at=at,
        inspection_code=row.inspection.code,
    )
    return case.code


# What a case takes of the words of a conclusion; the conclusion itself stays whole here.
_LONGEST_DESCRIPTION = 2000


def _check_day(inspection: Inspection, data: Conclude, *, at: datetime) -> None:
    held = inspection.held_on or data.concluded_on
    if not held <= data.concluded_on <= local_day(at):
        raise ConcludedOutOfOrder(held=f"{held:%d/%m/%Y}")


def _check_outcome(session: WriteSession, inspection: Inspection, data: Conclude) -> None:
    items = items_of(session, inspection)
    possible = possible_outcomes(
        {code: one.finding for code, one in items.items()},
        {code: one.correction for code, one in items.items() if one.correction},
    )
    if data.outcome not in possible:
        said = " / ".join(f"«{OUTCOME_LABELS[one]}»" for one in Outcome if one in possible)
        raise OutcomeContradicts(
            outcome=OUTCOME_LABELS[data.outcome], possible=said, basis=CHECKING
        )
    if data.outcome is Outcome.BREACH and data.ground is None:
        raise Invalid({"ground": "Hãy chọn trường hợp thu hồi theo Điều 8.1."})
    if data.outcome is not Outcome.BREACH and data.ground is not None:
        raise Invalid({"ground": "Chỉ ghi trường hợp thu hồi khi kết luận không duy trì."})


def _check_number(session: WriteSession, data: Conclude) -> None:
    same = session.exec(
        select(Inspection.id).where(
            col(Inspection.conclusion_year) == data.concluded_on.year,
            col(Inspection.conclusion_number) == data.conclusion_number,
        )
    ).first()
    if same is not None:
        raise ConclusionNumberUsed(number=data.conclusion_number, year=data.concluded_on.year)
