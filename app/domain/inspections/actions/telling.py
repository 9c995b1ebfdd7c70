"""Telling team, producer, commune and agency what happens at a check, and reminding of days."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta

from sqlmodel import col, select

from app.core.clock import local_day
from app.core.db import WriteSession
from app.domain.accounts.rules import Actor
from app.domain.inspections.enums import CorrectionState, InspectionState
from app.domain.inspections.letters import (
    ANNOUNCED,
    ASSIGNED,
    CANCELLED,
    CONCLUDED,
    CORRECTION_ANSWERED,
    CORRECTION_ASKED,
    CORRECTION_DUE,
    CORRECTION_REFUSED,
)
from app.domain.inspections.models import CheckedItem, Inspection, InspectionMember
from app.domain.inspections.queries import InspectionRow
from app.domain.inspections.rules import OUTCOME_LABELS, REMINDED_DAYS_BEFORE
from app.domain.notices.actions import notify_each
from app.domain.notices.rules import (
    Draft,
    Letter,
    Recipients,
    commune,
    commune_officers,
    persons,
    producer_account,
)
from app.domain.products.models import Product
from app.domain.recognition.models import Certificate


def tell_arranged(
    session: WriteSession,
    row: InspectionRow,
    team: Sequence[InspectionMember],
    *,
    actor: Actor,
    at: datetime,
) -> None:
    """Tell the team of day and place; of a periodic check also the producer's side, before it."""
    day = row.inspection.planned_on
    said = {"product": row.certificate.product_name, "day": day, "place": row.inspection.place}
    drafts = [_draft(row, ASSIGNED, _team(team), said, occasion=f"{day}", due_on=day)]
    if row.inspection.announced_at is not None:
        to = producer_account(row.producer.id) | commune_officers(row.product.commune_code)
        drafts.append(_draft(row, ANNOUNCED, to, said, occasion=f"{day}", due_on=day))
    notify_each(session, drafts, actor=actor, at=at)


def tell_cancelled(
    session: WriteSession,
    row: InspectionRow,
    team: Sequence[InspectionMember],
    *,
    actor: Actor,
    at: datetime,
) -> None:
    """Tell whoever was told of a check that it is not made."""
    to = _team(team)
    if row.inspection.announced_at is not None:
        to |= producer_account(row.producer.id) | commune_officers(row.product.commune_code)
    said = {
        "product": row.certificate.product_name,
        "day": row.inspection.planned_on,
        "reason": row.inspection.cancel_reason,
    }
    notify_each(session, [_draft(row, CANCELLED, to, said)], actor=actor, at=at)


def tell_correction_asked(
    session: WriteSession,
    row: InspectionRow,
    count: int,
    due_on: date,
    *,
    actor: Actor,
    at: datetime,
) -> None:
    """Tell the producer's side what is to be mended and until when."""
    said = {"product": row.certificate.product_name, "count": count, "due": due_on}
    to = producer_account(row.producer.id) | commune_officers(row.product.commune_code)
    draft = _draft(row, CORRECTION_ASKED, to, said, due_on=due_on)
    notify_each(session, [draft], actor=actor, at=at)


def tell_answered(
    session: WriteSession,
    row: InspectionRow,
    team: Sequence[InspectionMember],
    answer_code: str,
    *,
    actor: Actor,
    at: datetime,
) -> None:
    """Tell the leader of the team that an answer waits."""
    to = _team([one for one in team if one.is_leader])
    said = {"product": row.certificate.product_name}
    draft = _draft(row, CORRECTION_ANSWERED, to, said, occasion=answer_code)
    notify_each(session, [draft], actor=actor, at=at)


def tell_refused(
    session: WriteSession,
    row: InspectionRow,
    answer_code: str,
    due_on: date,
    *,
    actor: Actor,
    at: datetime,
) -> None:
    """Tell the producer's side that an answer did not do, and the new day."""
    to = producer_account(row.producer.id) | commune_officers(row.product.commune_code)
    said = {"product": row.certificate.product_name, "due": due_on}
    draft = _draft(row, CORRECTION_REFUSED, to, said, occasion=answer_code, due_on=due_on)
    notify_each(session, [draft], actor=actor, at=at)


def tell_concluded(
    session: WriteSession, row: InspectionRow, *, actor: Actor, at: datetime
) -> None:
    """Tell producer and commune of the conclusion."""
    inspection = row.inspection
    said = {
        "product": row.certificate.product_name,
        "number": inspection.conclusion_number,
        "outcome": OUTCOME_LABELS[inspection.outcome] if inspection.outcome else "",
    }
    to = producer_account(row.producer.id) | commune(row.product.commune_code)
    notify_each(session, [_draft(row, CONCLUDED, to, said)], actor=actor, at=at)


def remind_of_corrections(session: WriteSession, *, at: datetime) -> int:
    """Remind the producer's side seven days before a day to mend ends; once for each such day.

    Whatever day the job runs on. Returns how many notices are new.
    """
    on = local_day(at)
    rows = session.exec(
        select(Inspection, Certificate, Product)
        .join(Certificate, col(Certificate.id) == col(Inspection.certificate_id))
        .join(Product, col(Product.id) == col(Certificate.product_id))
        .where(
            col(Inspection.state) == InspectionState.CORRECTING,
            col(Inspection.correction_due_on) >= on,
            col(Inspection.correction_due_on) <= on + timedelta(days=REMINDED_DAYS_BEFORE),
            select(CheckedItem.item)
            .where(
                col(CheckedItem.inspection_id) == col(Inspection.id),
                col(CheckedItem.correction).in_((CorrectionState.ASKED, CorrectionState.REFUSED)),
            )
            .exists(),
        )
        .order_by(col(Inspection.id))
    ).all()
    drafts = [
        Draft(
            letter=CORRECTION_DUE,
            to=producer_account(certificate.producer_id) | commune_officers(product.commune_code),
            subject_code=inspection.code,
            occasion=f"{inspection.correction_due_on}",
            due_on=inspection.correction_due_on,
            said={"product": certificate.product_name, "due": inspection.correction_due_on},
        )
        for inspection, certificate, product in rows
    ]
    return notify_each(session, drafts, at=at)


def _team(team: Sequence[InspectionMember]) -> Recipients:
    return persons(*(one.user_id for one in team))


def _draft(
    row: InspectionRow,
    letter: Letter,
    to: Recipients,
    said: Mapping[str, object],
    *,
    occasion: str = "",
    due_on: date | None = None,
) -> Draft:
    return Draft(
        letter=letter,
        to=to,
        subject_code=row.inspection.code,
        occasion=occasion,
        due_on=due_on,
        said=said,
    )
