"""Score sheets: the own one, and anybody's after the lock."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from typing import Any, Protocol

from sqlmodel import and_, col, or_, select

from app.core.db import ReadSession, WriteSession
from app.core.errors import NotFound
from app.domain.accounts.enums import Role
from app.domain.accounts.rules import Actor
from app.domain.councils.enums import ItemState, MeetingForm
from app.domain.councils.models import (
    AgendaItem,
    CouncilMember,
    Mark,
    Meeting,
    Result,
    ScoreSheet,
)
from app.domain.councils.queries.items import chosen, marks_of
from app.domain.councils.queries.meetings import councils_of, sits_in
from app.domain.councils.queries.own_order import NO_ORDER, OwnOrder, own_order_column, unpacked
from app.domain.councils.schemas import (
    MarkOut,
    SheetOut,
)
from app.domain.dossiers.models import Dossier, Evidence
from app.domain.dossiers.queries import DossierRow, dossiers_visible_to
from app.rulebooks import scoring as arithmetic


class SaidMark(Protocol):
    """What is read of a mark, of today's sheet or of one that was scored anew."""

    @property
    def option_code(self) -> str | None:
        """The option that was ticked."""

    @property
    def remark(self) -> str:
        """What was written about it."""

    @property
    def evidence_code(self) -> str | None:
        """The paper that shows it."""

    @property
    def evidence_page(self) -> int | None:
        """The page of that paper."""

    @property
    def without_evidence(self) -> bool:
        """Whether it was said that nothing shows it."""


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
    seat: CouncilMember | None = None  # of whoever reads, where it was asked for
    readers_sheet: ScoreSheet | None = None  # of whoever reads, for the same product
    own_order: OwnOrder = NO_ORDER  # of the own sheets, where one of them is read

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
                    "origin",
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
                mark_out(criterion.code, mark, self.score)
                for criterion in self.dossier.rubric.criteria
                if (mark := self.marks.get(criterion.code)) is not None
            ],
        )


def get_sheet(session: ReadSession, code: str, *, actor: Actor, in_order: bool = False) -> SheetRow:
    """Return the own sheet, or anybody's once the result is locked, in three statements.

    `in_order` tells with the own sheet where it stands among the own sheets of the meeting.
    """
    return _sheet_row(session, code, actor=actor, lock=False, in_order=in_order)


def papers_shown(session: ReadSession, marks: Mapping[str, SaidMark]) -> dict[str, str]:
    """Return the titles of the papers that marks point to, by their codes."""
    codes = {mark.evidence_code for mark in marks.values() if mark.evidence_code}
    if not codes:
        return {}
    titles = select(Evidence.code, Evidence.title).where(col(Evidence.code).in_(codes))
    return dict(session.exec(titles).all())


def mark_out(criterion_code: str, mark: SaidMark, score: arithmetic.SheetScore) -> MarkOut:
    """Return a mark as the API answers it."""
    return MarkOut(
        criterion_code=criterion_code,
        option_code=mark.option_code,
        points=score.by_criterion[criterion_code],
        remark=mark.remark,
        evidence_code=mark.evidence_code,
        evidence_page=mark.evidence_page,
        without_evidence=mark.without_evidence,
    )


def sheet_for_update(session: WriteSession, code: str, *, actor: Actor) -> SheetRow:
    """Return the own sheet, locked until the transaction ends."""
    return _sheet_row(session, code, actor=actor, lock=True)


def sheet_to_enter_for(
    session: ReadSession, code: str, *, actor: Actor, lock: bool = False
) -> SheetRow:
    """Return a sheet for those who may enter it for its member, with their own seat and sheet.

    They see it as the council's office: what stands on it is told by policy, not here.
    """
    query = _sheets().where(col(ScoreSheet.code) == code)
    if not actor.has(Role.AGENCY_OFFICER):
        query = query.where(col(CouncilMember.council_id).in_(councils_of(actor)))
    row = _found(session, query, actor=actor, lock=lock)
    seat, own = session.exec(
        select(CouncilMember, ScoreSheet)
        .join(
            ScoreSheet,
            and_(
                col(ScoreSheet.member_id) == col(CouncilMember.id),
                col(ScoreSheet.item_id) == row.item.id,
            ),
            isouter=True,
        )
        .where(
            col(CouncilMember.council_id) == row.member.council_id,
            col(CouncilMember.user_id) == actor.user_id,
            col(CouncilMember.left_on).is_(None),
        )
    ).one_or_none() or (None, None)
    return replace(row, seat=seat, readers_sheet=own)


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


def _sheet_row(
    session: ReadSession, code: str, *, actor: Actor, lock: bool, in_order: bool = False
) -> SheetRow:
    is_own = col(CouncilMember.user_id) == actor.user_id
    # A written opinion that ended in a meeting opens with that meeting's result.
    after_lock = or_(
        col(AgendaItem.state) == ItemState.LOCKED,
        and_(
            col(AgendaItem.state) == ItemState.TAKEN_OFF,
            col(AgendaItem.dossier_id).in_(select(col(Result.dossier_id))),
        ),
    )
    if not actor.sees_province:
        after_lock = and_(after_lock, sits_in(actor))
    query = _sheets().where(
        col(ScoreSheet.code) == code, is_own if lock else or_(is_own, after_lock)
    )
    if in_order:
        query = query.add_columns(own_order_column())
    return _found(session, query, actor=actor, lock=lock)


def _sheets() -> Any:
    return (
        select(ScoreSheet, CouncilMember, AgendaItem, Meeting)
        .join(CouncilMember, col(CouncilMember.id) == col(ScoreSheet.member_id))
        .join(AgendaItem, col(AgendaItem.id) == col(ScoreSheet.item_id))
        .join(Meeting, col(Meeting.id) == col(AgendaItem.meeting_id))
    )


def _found(session: ReadSession, query: Any, *, actor: Actor, lock: bool) -> SheetRow:
    if lock:
        # What was read before the lock may be older than the row that the lock waited for.
        query = query.with_for_update(of=ScoreSheet).execution_options(populate_existing=True)
    found = session.exec(query).one_or_none()
    if found is None:
        raise NotFound
    sheet, member, item, meeting, *packed = found
    is_own = member.user_id == actor.user_id
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
        is_own=is_own,
        own_order=unpacked(meeting.code, sheet.member_id, packed[0])
        if is_own and packed
        else NO_ORDER,
    )


def dossier_ids_on_agenda(session: ReadSession, actor: Actor, *, on: date) -> frozenset[int]:
    """Return the dossiers this actor sees on a day because of a seat on a council (the newest 500).

    Members read a dossier from the day on which the papers of its meeting are opened to them; what
    was taken off an agenda is closed again, unless they gave their opinion on it.
    """
    if not actor.has(Role.COUNCIL_MEMBER):
        return frozenset()
    return frozenset(
        session.exec(
            select(col(AgendaItem.dossier_id))
            .join(Meeting, col(Meeting.id) == col(AgendaItem.meeting_id))
            .where(
                sits_in(actor),
                col(AgendaItem.papers_open_on) <= on,
                or_(
                    col(AgendaItem.state) != ItemState.TAKEN_OFF,
                    col(Meeting.form) == MeetingForm.WRITTEN,
                ),
            )
            .order_by(col(AgendaItem.id).desc())
            .limit(500)
        ).all()
    )
