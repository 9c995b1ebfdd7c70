"""Score sheets: the own one, and anybody's after the lock."""

from dataclasses import dataclass
from functools import cached_property

from sqlmodel import and_, col, or_, select

from app.core.db import ReadSession, WriteSession
from app.core.errors import NotFound
from app.domain.accounts.enums import Role
from app.domain.accounts.rules import Actor
from app.domain.councils.enums import ItemState
from app.domain.councils.models import (
    AgendaItem,
    CouncilMember,
    Mark,
    Meeting,
    ScoreSheet,
)
from app.domain.councils.queries.items import chosen, marks_of
from app.domain.councils.queries.meetings import councils_of
from app.domain.councils.schemas import (
    MarkOut,
    SheetOut,
)
from app.domain.dossiers.models import Dossier
from app.domain.dossiers.queries import DossierRow, dossiers_visible_to
from app.rulebooks import scoring as arithmetic


@dataclass(frozen=True)
class SheetRow:
    """A score sheet with what it judges and its running score."""

    sheet: ScoreSheet
    member: CouncilMember
    item: AgendaItem
    meeting: Meeting
    dossier: DossierRow
    marks: dict[str, Mark]
    is_own: bool

    @cached_property
    def score(self) -> arithmetic.SheetScore:
        """The points of this sheet, complete or not."""
        return arithmetic.sheet_score(self.dossier.rubric, chosen(self.marks))

    @property
    def star(self) -> int:
        """The star this sheet alone would give."""
        return arithmetic.sheet_star(self.dossier.rubric, self.dossier.regime, chosen(self.marks))

    def out(self) -> SheetOut:
        """Return what the API answers."""
        return SheetOut(
            **self.sheet.model_dump(
                include={
                    "code",
                    "version",
                    "state",
                    "opinion",
                    "recusal_reason",
                    "submitted_at",
                }
            ),
            item=self.item.code,
            dossier=self.dossier.dossier.code,
            product=self.dossier.product.name,
            rubric_code=self.dossier.dossier.rubric_code,
            member=self.member.name,
            total=self.score.total,
            by_part=self.score.by_part,
            by_section=self.score.by_section,
            missing=list(self.score.missing),
            not_applicable=list(self.score.not_applicable),
            marks=[
                MarkOut(
                    criterion_code=criterion.code,
                    option_code=mark.option_code,
                    points=self.score.by_criterion[criterion.code],
                    remark=mark.remark,
                )
                for criterion in self.dossier.rubric.criteria
                if (mark := self.marks.get(criterion.code)) is not None
            ],
        )


def get_sheet(session: ReadSession, code: str, *, actor: Actor) -> SheetRow:
    """Return the own sheet, or anybody's once the result is locked, in three statements."""
    return _sheet_row(session, code, actor=actor, lock=False)


def sheet_for_update(session: WriteSession, code: str, *, actor: Actor) -> SheetRow:
    """Return the own sheet, locked until the transaction ends."""
    return _sheet_row(session, code, actor=actor, lock=True)


def sheet_item_code(session: ReadSession, code: str) -> str:
    """Return the agenda item a sheet belongs to."""
    found = session.exec(
        select(AgendaItem.code)
        .join(ScoreSheet, col(ScoreSheet.item_id) == col(AgendaItem.id))
        .where(col(ScoreSheet.code) == code)
    ).one_or_none()
    if found is None:
        raise NotFound
    return found


def _sheet_row(session: ReadSession, code: str, *, actor: Actor, lock: bool) -> SheetRow:
    is_own = col(CouncilMember.user_id) == actor.user_id
    after_lock = col(AgendaItem.state) == ItemState.LOCKED
    if not actor.sees_province:
        after_lock = and_(after_lock, col(CouncilMember.council_id).in_(councils_of(actor)))
    query = (
        select(ScoreSheet, CouncilMember, AgendaItem, Meeting)
        .join(CouncilMember, col(CouncilMember.id) == col(ScoreSheet.member_id))
        .join(AgendaItem, col(AgendaItem.id) == col(ScoreSheet.item_id))
        .join(Meeting, col(Meeting.id) == col(AgendaItem.meeting_id))
        .where(col(ScoreSheet.code) == code, is_own if lock else or_(is_own, after_lock))
    )
    if lock:
        # What was read before the lock may be older than the row that the lock waited for.
        query = query.with_for_update(of=ScoreSheet).execution_options(populate_existing=True)
    found = session.exec(query).one_or_none()
    if found is None:
        raise NotFound
    sheet, member, item, meeting = found
    dossier = session.exec(
        dossiers_visible_to(actor, extra_ids=[item.dossier_id]).where(
            col(Dossier.id) == item.dossier_id
        )
    ).one()
    return SheetRow(
        sheet=sheet,
        member=member,
        item=item,
        meeting=meeting,
        dossier=DossierRow(*dossier),
        marks=marks_of(session, [sheet.id or 0])[sheet.id or 0],
        is_own=member.user_id == actor.user_id,
    )


def dossier_ids_on_agenda(session: ReadSession, actor: Actor) -> frozenset[int]:
    """Return the dossiers this actor sees because of a seat on a council (the newest 500)."""
    if not actor.has(Role.COUNCIL_MEMBER):
        return frozenset()
    return frozenset(
        session.exec(
            select(col(AgendaItem.dossier_id))
            .join(Meeting, col(Meeting.id) == col(AgendaItem.meeting_id))
            .where(col(Meeting.council_id).in_(councils_of(actor)))
            .order_by(col(AgendaItem.id).desc())
            .limit(500)
        ).all()
    )
