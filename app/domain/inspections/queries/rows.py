"""Checks: who may see one, with its team, its findings, its photos, its corrections."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy.orm import aliased
from sqlmodel import and_, col, func, or_, select

from app.core.db import ReadSession, WriteSession
from app.core.errors import NotFound
from app.core.paging import Page, newest_first
from app.core.text import fold
from app.domain.accounts.models import Membership, User
from app.domain.accounts.rules import Actor
from app.domain.inspections.enums import Finding, InspectionState
from app.domain.inspections.models import (
    CheckedItem,
    CorrectionAnswer,
    Inspection,
    InspectionMember,
    InspectionPhoto,
    InspectionPlan,
)
from app.domain.inspections.policy import sees_corrections, sees_findings
from app.domain.inspections.rules import BEFORE_ANYTHING_IS_TOLD, TEAM
from app.domain.inspections.schemas import (
    MOST_PHOTOS,
    AnswerOut,
    CorrectionOut,
    InspectionDetailOut,
    InspectionOut,
    MemberOut,
    PhotoOut,
)
from app.domain.places.models import Agency
from app.domain.producers.models import Producer
from app.domain.producers.queries import visible
from app.domain.products.models import Product
from app.domain.recognition.models import Certificate
from app.domain.recognition.queries import certified_products

MOST_PEOPLE = 200
MOST_ANSWERS = 300
MOST_OF_CERTIFICATE = 20


@dataclass(frozen=True, slots=True)
class InspectionRow:
    """A check with what it is about, its plan and what it follows."""

    certificate: Certificate
    product: Product
    producer: Producer
    commune: str
    inspection: Inspection
    plan: InspectionPlan | None
    follows: str | None

    def out(self) -> InspectionOut:
        """Return what the API answers in lists."""
        return InspectionOut(
            **self.inspection.model_dump(
                include=set(InspectionOut.model_fields) - {"plan", "certificate"}
            ),
            plan=self.plan.code if self.plan else None,
            certificate=self.certificate.code,
            product=self.certificate.product_name,
            producer=self.certificate.producer_name,
            commune=self.commune,
        )


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who may sit on a team, and for which agency."""

    user: User
    role: str
    agency_code: str
    agency_name: str


@dataclass(frozen=True, slots=True)
class Correction:
    """A finding that is to be mended, its wording, and every answer so far."""

    item: CheckedItem
    wording: str
    answers: tuple[CorrectionAnswer, ...]

    def out(self) -> CorrectionOut:
        """Return what the API answers."""
        if self.item.correction is None or self.item.due_on is None:
            raise NotFound
        return CorrectionOut(
            item=self.item.item,
            wording=self.wording,
            note=self.item.note,
            state=self.item.correction,
            demand=self.item.demand,
            due_on=self.item.due_on,
            answers=[
                AnswerOut(
                    **one.model_dump(include=set(AnswerOut.model_fields) - {"has_file"}),
                    has_file=one.sha256 is not None,
                )
                for one in self.answers
            ],
        )


@dataclass(frozen=True, slots=True)
class NamedFile:
    """A kept file as it is named: minutes, an answer's paper, a photo."""

    sha256: str
    media_type: str
    file_name: str


def _rows(on: date) -> Any:
    earlier = aliased(Inspection)
    query: Any = certified_products(on)
    return (
        query.add_columns(Inspection, InspectionPlan, earlier.code)
        .join(Inspection, col(Inspection.certificate_id) == col(Certificate.id))
        .join(InspectionPlan, col(InspectionPlan.id) == col(Inspection.plan_id), isouter=True)
        .join(earlier, col(earlier.id) == col(Inspection.follows_id), isouter=True)
    )


def inspections_visible_to(actor: Actor, *, on: date) -> Any:
    """Return the only base for checks: the province all, a team its own, the producer's side later.

    Producer and commune see a check once it was announced to them, something is to be mended, or it
    is concluded; a surprise check stays one.
    """
    query = _rows(on)
    if actor.sees_province:
        return query
    mine = select(col(InspectionMember.inspection_id)).where(
        col(InspectionMember.user_id) == actor.user_id
    )
    theirs = visible(
        actor, producer_id=col(Certificate.producer_id), commune_code=col(Product.commune_code)
    )
    told = or_(
        col(Inspection.announced_at).is_not(None),
        and_(
            col(Inspection.state).not_in(BEFORE_ANYTHING_IS_TOLD),
            col(Inspection.state) != InspectionState.CANCELLED,
        ),
    )
    return query.where(or_(col(Inspection.id).in_(mine), and_(theirs, told)))


def get_inspection(session: ReadSession, code: str, *, actor: Actor, on: date) -> InspectionRow:
    """Return a check this actor may see."""
    found = session.exec(
        inspections_visible_to(actor, on=on).where(col(Inspection.code) == code)
    ).one_or_none()
    if found is None:
        raise NotFound
    return InspectionRow(*found)


def inspection_for_update(
    session: WriteSession, code: str, *, actor: Actor, on: date
) -> InspectionRow:
    """Return a check, locked until the transaction ends, as it is then."""
    found = session.exec(
        inspections_visible_to(actor, on=on)
        .where(col(Inspection.code) == code)
        .with_for_update(of=Inspection)
        .execution_options(populate_existing=True)
    ).one_or_none()
    if found is None:
        raise NotFound
    return InspectionRow(*found)


def inspections_page(
    session: ReadSession,
    *,
    actor: Actor,
    on: date,
    state: InspectionState | None = None,
    search: str = "",
    after: int = 0,
    limit: int = 20,
) -> Page[InspectionRow]:
    """Return checks this actor may see, newest first; words of product or producer, no accents."""
    query = inspections_visible_to(actor, on=on)
    if state is not None:
        query = query.where(col(Inspection.state) == state)
    for word in fold(search).split():
        query = query.where(col(Certificate.search_folded).contains(word, autoescape=True))
    return newest_first(session, query, Inspection, after=after, limit=limit).map(
        lambda row: InspectionRow(*row)
    )


def inspections_of_certificate(
    session: ReadSession, certificate_id: int, *, actor: Actor, on: date
) -> Sequence[Inspection]:
    """Return the newest checks of a certificate this actor may see."""
    rows = session.exec(
        inspections_visible_to(actor, on=on)
        .where(col(Inspection.certificate_id) == certificate_id)
        .order_by(col(Inspection.id).desc())
        .limit(MOST_OF_CERTIFICATE)
    ).all()
    return [InspectionRow(*row).inspection for row in rows]


def team_of(session: ReadSession, inspection: Inspection) -> Sequence[InspectionMember]:
    """Return the team of a check, its leader first."""
    return session.exec(
        select(InspectionMember)
        .where(col(InspectionMember.inspection_id) == inspection.id)
        .order_by(col(InspectionMember.is_leader).desc(), col(InspectionMember.user_id))
    ).all()


def people_for_teams(session: ReadSession, *, on: date) -> list[tuple[Person, str]]:
    """Return who may sit on a team on a day, each with the user name; the agency's own first."""
    rows = session.exec(
        select(User, Membership.role, Membership.agency_code, Agency.name)
        .join(Membership, col(Membership.user_id) == col(User.id))
        .join(Agency, col(Agency.code) == col(Membership.agency_code), isouter=True)
        .where(
            col(Membership.role).in_(TEAM),
            col(Membership.valid_from) <= on,
            or_(col(Membership.valid_to).is_(None), col(Membership.valid_to) >= on),
            col(User.disabled_at).is_(None),
        )
        .order_by(col(Membership.role), col(User.name), col(User.id))
        .limit(MOST_PEOPLE)
    ).all()
    found: dict[str, Person] = {}
    for user, role, agency_code, agency_name in rows:
        person = Person(user, role, agency_code or "", agency_name or user.organisation)
        found.setdefault(user.username, person)
    return [(person, name) for name, person in found.items()]


def items_of(session: ReadSession, inspection: Inspection) -> dict[str, CheckedItem]:
    """Return what was found so far, by item."""
    return {
        one.item: one
        for one in session.exec(
            select(CheckedItem).where(col(CheckedItem.inspection_id) == inspection.id)
        )
    }


def photos_of(session: ReadSession, inspection: Inspection) -> Sequence[InspectionPhoto]:
    """Return the photos of a check, oldest first."""
    return session.exec(
        select(InspectionPhoto)
        .where(col(InspectionPhoto.inspection_id) == inspection.id)
        .order_by(col(InspectionPhoto.id))
        .limit(MOST_PHOTOS)
    ).all()


def photo_file(
    session: ReadSession,
    code: str,
    photo_code: str,
    *,
    actor: Actor,
    on: date,
    small: bool = False,
    original: bool = False,
) -> NamedFile:
    """Return a photo's file for those who may see the findings; originals for team and province."""
    row = get_inspection(session, code, actor=actor, on=on)
    team = team_of(session, row.inspection)
    if not sees_findings(actor, row.inspection, team):
        raise NotFound
    photo = session.exec(
        select(InspectionPhoto).where(
            col(InspectionPhoto.inspection_id) == row.inspection.id,
            col(InspectionPhoto.code) == photo_code,
        )
    ).one_or_none()
    if photo is None:
        raise NotFound
    if original and (actor.sees_province or actor.user_id in {one.user_id for one in team}):
        return NamedFile(photo.sha256, photo.media_type, f"anh-{photo.code}")
    sha256 = photo.thumbnail_sha256 if small else photo.copy_sha256
    return NamedFile(sha256, "image/webp", f"anh-{photo.code}.webp")


def scan_of(session: ReadSession, code: str, *, actor: Actor, on: date) -> NamedFile:
    """Return the scan of the signed minutes for those who may see the findings."""
    row = get_inspection(session, code, actor=actor, on=on)
    inspection = row.inspection
    if inspection.scan_sha256 is None or not sees_findings(
        actor, inspection, team_of(session, inspection)
    ):
        raise NotFound
    return NamedFile(inspection.scan_sha256, inspection.scan_media_type, inspection.scan_name)


def answer_file(
    session: ReadSession, code: str, answer_code: str, *, actor: Actor, on: date
) -> NamedFile:
    """Return the paper beside an answer for those who may see the corrections."""
    row = get_inspection(session, code, actor=actor, on=on)
    found = session.exec(
        select(CorrectionAnswer).where(
            col(CorrectionAnswer.inspection_id) == row.inspection.id,
            col(CorrectionAnswer.code) == answer_code,
        )
    ).one_or_none()
    if (
        found is None
        or found.sha256 is None
        or not sees_corrections(actor, row.inspection, team_of(session, row.inspection))
    ):
        raise NotFound
    return NamedFile(found.sha256, found.media_type, found.file_name)


def corrections_of(
    session: ReadSession, inspection: Inspection, *, items: dict[str, CheckedItem]
) -> list[Correction]:
    """Return the findings that are to be mended with every answer, in the order of the checklist."""
    answers: dict[str, list[CorrectionAnswer]] = {}
    for one in session.exec(
        select(CorrectionAnswer)
        .where(col(CorrectionAnswer.inspection_id) == inspection.id)
        .order_by(col(CorrectionAnswer.item), col(CorrectionAnswer.ordinal))
        .limit(MOST_ANSWERS)
    ):
        answers.setdefault(one.item, []).append(one)
    return [
        Correction(items[code], wording, tuple(answers.get(code, ())))
        for code, wording in recorded_wordings(inspection).items()
        if code in items and items[code].correction is not None
    ]


def recorded_wordings(inspection: Inspection) -> dict[str, str]:
    """Return the items of closed minutes by code, as they were worded, in the order of the list."""
    return {
        item["item"]: item["wording"]
        for section in inspection.record.get("sections", [])
        for item in section["items"]
    }


def inspection_detail_out(
    session: ReadSession, row: InspectionRow, *, actor: Actor
) -> InspectionDetailOut:
    """Return a check as the JSON door tells it: each reader what it may know."""
    inspection = row.inspection
    team = team_of(session, inspection)
    sees, sees_mending = (
        sees_findings(actor, inspection, team),
        sees_corrections(actor, inspection, team),
    )
    items = items_of(session, inspection) if sees or sees_mending else {}
    counts = counted(items) if sees else {}
    return InspectionDetailOut(
        **row.out().model_dump(),
        reason=inspection.reason if sees else "",
        follows=row.follows,
        team=[
            MemberOut(name=one.name, agency=one.agency_name, is_leader=one.is_leader)
            for one in team
        ],
        kept=counts.get(Finding.KEPT),
        not_kept=counts.get(Finding.NOT_KEPT),
        not_checked=counts.get(Finding.NOT_CHECKED),
        record_number=inspection.record_number if sees else "",
        present=inspection.present if sees else "",
        producer_opinion=inspection.producer_opinion if sees else "",
        conclusion_authority=inspection.conclusion_authority,
        conclusion=inspection.conclusion,
        ground=inspection.ground,
        revocation_case=inspection.case_code if actor.sees_province else "",
        corrections=[one.out() for one in corrections_of(session, inspection, items=items)]
        if sees_mending
        else [],
    )


def counted(items: dict[str, CheckedItem]) -> dict[Finding, int]:
    """Return how many items were found so."""
    counts = dict.fromkeys(Finding, 0)
    for one in items.values():
        counts[one.finding] += 1
    return counts


def photo_out(photo: InspectionPhoto) -> PhotoOut:
    """Return a photo as the JSON door tells it."""
    return PhotoOut(
        code=photo.code,
        item=photo.item,
        caption=photo.caption,
        width=photo.copy_width,
        height=photo.copy_height,
        added_at=photo.added_at,
        added_by=photo.added_by,
    )


def next_due(session: ReadSession, inspection: Inspection) -> date | None:
    """Return the earliest day of what is still to be mended."""
    return session.exec(
        select(func.min(CheckedItem.due_on)).where(
            col(CheckedItem.inspection_id) == inspection.id,
            col(CheckedItem.correction).is_not(None),
            col(CheckedItem.correction) != "accepted",
        )
    ).one()
