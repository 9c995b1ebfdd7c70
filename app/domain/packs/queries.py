"""Reads of scoring without network: what a pack holds, files handed in, sheets on paper."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlmodel import and_, col, or_, select

from app.core.db import ReadSession, WriteSession
from app.core.errors import NotFound, Refusal
from app.domain.accounts.rules import Actor
from app.domain.councils.enums import ItemState, SheetState
from app.domain.councils.models import AgendaItem, CouncilMember, Meeting, ScoreSheet
from app.domain.councils.policy import why_not_enter_for
from app.domain.councils.queries import SheetRow, chosen, marks_of, sheet_to_enter_for
from app.domain.councils.rules import own_order
from app.domain.councils.schemas import MarkIn
from app.domain.dossiers.models import (
    AdvisoryReport,
    CommuneReport,
    Dossier,
    Evidence,
    EvidenceUse,
    ExtraTest,
    SelfAssessmentAnswer,
    SiteSurvey,
)
from app.domain.dossiers.policy import sees_advice
from app.domain.dossiers.queries import DossierRow
from app.domain.packs.enums import PaperSheetState
from app.domain.packs.models import PackReturn, PaperSheet
from app.domain.packs.policy import why_not_bring_in
from app.domain.packs.rules import BLANK, OPINION, Difference, Said, differences
from app.domain.packs.schemas import (
    AnswerFile,
    DifferenceOut,
    EntryOut,
    FiledSheet,
    PackedSheet,
    PackReturnOut,
    PaperDifferenceOut,
    PaperSheetOut,
    ReturnedSheetOut,
    SaidOut,
)
from app.domain.photos.models import ProductPhoto
from app.domain.places.models import AdministrativeUnit
from app.domain.producers.models import Producer
from app.domain.products.models import Product
from app.rulebooks.scoring import sheet_score

MOST_RETURNS = 50


def stored_answers(row: SheetRow) -> dict[str, Said]:
    """Return what stands on a sheet, the opinion included, blanks left out."""
    said = {
        code: Said(
            mark.option_code or "",
            mark.remark,
            mark.evidence_code or "",
            mark.evidence_page or 0,
            mark.without_evidence,
        )
        for code, mark in row.marks.items()
    }
    said[OPINION] = Said(remark=row.sheet.opinion)
    return {code: one for code, one in said.items() if one != BLANK}


def mark_of(code: str, said: Said) -> MarkIn:
    """Return what is said of a criterion as a mark to be stored."""
    return MarkIn(
        criterion_code=code,
        option_code=said.option or None,
        remark=said.remark,
        evidence_code=said.evidence or None,
        evidence_page=said.page or None,
        without_evidence=said.without_evidence,
    )


# --- a pack -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class DossierTexts:
    """What members read about one dossier while they score it without network."""

    answers: dict[str, SelfAssessmentAnswer] = field(default_factory=dict)
    papers: dict[str, list[Evidence]] = field(default_factory=dict)
    report: CommuneReport | None = None
    advice: AdvisoryReport | None = None
    surveys: tuple[SiteSurvey, ...] = ()
    tests: tuple[ExtraTest, ...] = ()
    photos: tuple[ProductPhoto, ...] = ()


def sheets_being_scored(
    session: ReadSession, meeting: str, *, actor: Actor, sheet: str = ""
) -> list[SheetRow]:
    """Return the actor's own drafts of a meeting (or the one named) in the member's own order."""
    query = _sheet_query().where(
        col(Meeting.code) == meeting,
        col(CouncilMember.user_id) == actor.user_id,
        col(ScoreSheet.state) == SheetState.DRAFT,
        col(AgendaItem.state) == ItemState.SCORING,
    )
    if sheet:
        query = query.where(col(ScoreSheet.code) == sheet)
    rows = {row.item.code: row for row in _sheet_rows(session, query, actor=actor)}
    if not rows:
        return []
    member = next(iter(rows.values())).member
    return [rows[item] for item in own_order(meeting, member.id or 0, rows)]


def texts_of(
    session: ReadSession, rows: Sequence[SheetRow], *, actor: Actor
) -> dict[int, DossierTexts]:
    """Return what members read about these dossiers, by dossier, in seven statements for all."""
    ids = [row.item.dossier_id for row in rows]
    answers: dict[int, dict[str, SelfAssessmentAnswer]] = {one: {} for one in ids}
    for answer in session.exec(
        select(SelfAssessmentAnswer).where(col(SelfAssessmentAnswer.dossier_id).in_(ids))
    ):
        answers[answer.dossier_id][answer.criterion_code] = answer
    papers: dict[int, dict[str, list[Evidence]]] = {one: {} for one in ids}
    for use, paper in session.exec(
        select(EvidenceUse, Evidence)
        .join(Evidence, col(Evidence.id) == col(EvidenceUse.evidence_id))
        .where(col(EvidenceUse.dossier_id).in_(ids))
        .order_by(col(Evidence.id))
    ):
        papers[use.dossier_id].setdefault(use.criterion_code, []).append(paper)
    reports = _by_dossier(session, CommuneReport, ids)
    advices = _by_dossier(session, AdvisoryReport, ids)
    surveys = _by_dossier(session, SiteSurvey, ids)
    tests = _by_dossier(session, ExtraTest, ids)
    photos: dict[int, list[ProductPhoto]] = {}
    for photo in session.exec(
        select(ProductPhoto)
        .where(col(ProductPhoto.product_id).in_([row.dossier.product.id for row in rows]))
        .order_by(col(ProductPhoto.id))
    ):
        photos.setdefault(photo.product_id, []).append(photo)
    return {
        row.item.dossier_id: DossierTexts(
            answers=answers[row.item.dossier_id],
            papers=papers[row.item.dossier_id],
            report=next(iter(reports[row.item.dossier_id]), None),
            advice=next(
                (one for one in advices[row.item.dossier_id] if sees_advice(actor, one)), None
            ),
            surveys=tuple(surveys[row.item.dossier_id]),
            tests=tuple(tests[row.item.dossier_id]),
            photos=tuple(photos.get(row.dossier.product.id or 0, ())),
        )
        for row in rows
    }


def _by_dossier(session: ReadSession, table: Any, ids: Collection[int]) -> dict[int, list[Any]]:
    found: dict[int, list[Any]] = {one: [] for one in ids}
    query = select(table).where(table.dossier_id.in_(ids))
    if hasattr(table, "id"):
        query = query.order_by(table.id)
    for row in session.exec(query):
        found[row.dossier_id].append(row)
    return found


def _sheet_query() -> Any:
    return (
        sa.select(
            ScoreSheet,
            CouncilMember,
            AgendaItem,
            Meeting,
            Dossier,
            Product,
            Producer,
            col(AdministrativeUnit.full_name),
        )
        .join(CouncilMember, col(CouncilMember.id) == col(ScoreSheet.member_id))
        .join(AgendaItem, col(AgendaItem.id) == col(ScoreSheet.item_id))
        .join(Meeting, col(Meeting.id) == col(AgendaItem.meeting_id))
        .join(Dossier, col(Dossier.id) == col(AgendaItem.dossier_id))
        .join(Product, col(Product.id) == col(Dossier.product_id))
        .join(Producer, col(Producer.id) == col(Dossier.producer_id))
        .join(
            AdministrativeUnit,
            and_(
                col(AdministrativeUnit.code) == col(Dossier.commune_code),
                col(AdministrativeUnit.valid_to).is_(None),
            ),
            isouter=True,
        )
        .order_by(col(ScoreSheet.code))
    )


def _sheet_rows(session: ReadSession, query: Any, *, actor: Actor) -> list[SheetRow]:
    found = session.execute(query).all()
    marks = marks_of(session, [row[0].id or 0 for row in found])
    return [
        SheetRow(
            sheet=sheet,
            member=member,
            item=item,
            meeting=meeting,
            dossier=DossierRow(dossier, product, producer, commune or ""),
            marks=marks[sheet.id or 0],
            is_own=member.user_id == actor.user_id,
        )
        for sheet, member, item, meeting, dossier, product, producer, commune in found
    ]


# --- an answer file that came in --------------------------------------------------------------


@dataclass(frozen=True)
class ReturnedSheet:
    """One sheet of an answer file beside what is stored now."""

    row: SheetRow
    packed: PackedSheet
    filed: FiledSheet

    @property
    def differences(self) -> tuple[Difference, ...]:
        """What the file would change, and where the stored sheet changed too."""
        return differences(self.packed.base, stored_answers(self.row), filed_answers(self.filed))

    @property
    def conflicts(self) -> tuple[Difference, ...]:
        """The differences that need a choice."""
        return tuple(one for one in self.differences if one.is_conflict)

    @property
    def why_not(self) -> Refusal | None:
        """Why the file can no longer be brought into this sheet."""
        return why_not_bring_in(self.row, scoring_round=self.packed.scoring_round)

    @property
    def is_settled(self) -> bool:
        """Whether nothing is left to do: handed in, and the file says the same."""
        return self.row.sheet.state is SheetState.SUBMITTED and not self.differences

    @property
    def missing(self) -> tuple[str, ...]:
        """The criteria that would still lack an answer with the file brought in."""
        answers = chosen(self.row.marks)
        for one in self.differences:
            answers.pop(one.code, None)
            if one.filed.option:
                answers[one.code] = one.filed.option
        return sheet_score(self.row.dossier.rubric, answers).missing

    def out(self) -> ReturnedSheetOut:
        """Return what the API answers."""
        why_not = None if self.is_settled else self.why_not
        return ReturnedSheetOut(
            sheet=self.row.sheet.code,
            dossier=self.row.dossier.dossier.code,
            product=self.row.dossier.product.name,
            state=self.row.sheet.state,
            differences=[
                DifferenceOut(
                    criterion_code=one.code,
                    stored=_said(one.stored),
                    filed=_said(one.filed),
                    is_conflict=one.is_conflict,
                )
                for one in self.differences
            ],
            missing=list(self.missing),
            why_not=why_not.text if why_not else None,
        )


@dataclass(frozen=True)
class ReturnRow:
    """An answer file that was handed in, with every sheet it speaks of."""

    kept: PackReturn
    meeting: Meeting
    member: CouncilMember
    file: AnswerFile
    sheets: tuple[ReturnedSheet, ...]

    def find(self, sheet: str) -> ReturnedSheet:
        """Return one sheet of the file."""
        for one in self.sheets:
            if one.row.sheet.code == sheet:
                return one
        raise NotFound

    def out(self) -> PackReturnOut:
        """Return what the API answers."""
        return PackReturnOut(
            **self.kept.model_dump(
                include={
                    "code",
                    "content_hash",
                    "handed_in_at",
                    "handed_in_by",
                    "for_member",
                    "applied_at",
                }
            ),
            meeting=self.meeting.code,
            member=self.member.name,
            made_at=self.file.pack.made_at,
            sheets=[one.out() for one in self.sheets],
        )


def filed_answers(filed: FiledSheet) -> dict[str, Said]:
    """Return what a file says about a sheet, the opinion included, blanks left out."""
    said = {
        code: Said(mark.option, mark.remark, mark.evidence, mark.page, mark.without_evidence)
        for code, mark in filed.marks.items()
    }
    said[OPINION] = Said(remark=filed.opinion)
    return {code: one for code, one in said.items() if one != BLANK}


def sheets_of_file(
    session: ReadSession, file: AnswerFile, member: CouncilMember, *, actor: Actor
) -> tuple[ReturnedSheet, ...]:
    """Return the member's sheets that a file speaks of, in two statements."""
    query = _sheet_query().where(
        col(ScoreSheet.member_id) == member.id, col(ScoreSheet.code).in_(list(file.sheets))
    )
    return tuple(
        ReturnedSheet(row, file.pack.sheets[row.sheet.code], file.sheets[row.sheet.code])
        for row in _sheet_rows(session, query, actor=actor)
        if row.sheet.code in file.pack.sheets
    )


def get_return(session: ReadSession, code: str, *, actor: Actor) -> ReturnRow:
    """Return a file that was handed in, for its member and for who handed it in."""
    return _return_row(session, code, actor=actor, lock=False)


def return_for_update(session: WriteSession, code: str, *, actor: Actor) -> ReturnRow:
    """Return a file with its agenda items locked first, in one order: a lock of results waits."""
    return _return_row(session, code, actor=actor, lock=True)


def _return_row(session: ReadSession, code: str, *, actor: Actor, lock: bool) -> ReturnRow:
    found = session.exec(
        select(PackReturn, Meeting, CouncilMember)
        .join(Meeting, col(Meeting.id) == col(PackReturn.meeting_id))
        .join(CouncilMember, col(CouncilMember.id) == col(PackReturn.member_id))
        .where(
            col(PackReturn.code) == code,
            or_(
                col(CouncilMember.user_id) == actor.user_id,
                col(PackReturn.handed_in_by_id) == actor.user_id,
            ),
        )
    ).one_or_none()
    if found is None:
        raise NotFound
    kept, meeting, member = found
    file = AnswerFile.model_validate(kept.content)
    if lock:
        named = select(col(ScoreSheet.item_id)).where(col(ScoreSheet.code).in_(list(file.sheets)))
        session.exec(
            select(AgendaItem)
            .where(col(AgendaItem.id).in_(named))
            .order_by(col(AgendaItem.id))
            .with_for_update()
        ).all()
    return ReturnRow(
        kept, meeting, member, file, sheets_of_file(session, file, member, actor=actor)
    )


def returns_of(session: ReadSession, meeting: Meeting, *, actor: Actor) -> Sequence[PackReturn]:
    """Return the newest files of a meeting that this actor handed in or that are the actor's own."""
    return session.exec(
        select(PackReturn)
        .join(CouncilMember, col(CouncilMember.id) == col(PackReturn.member_id))
        .where(
            col(PackReturn.meeting_id) == meeting.id,
            or_(
                col(CouncilMember.user_id) == actor.user_id,
                col(PackReturn.handed_in_by_id) == actor.user_id,
            ),
        )
        .order_by(col(PackReturn.id).desc())
        .limit(MOST_RETURNS)
    ).all()


def sealing_meeting(
    session: ReadSession, code: str, member_id: int
) -> tuple[Meeting, CouncilMember] | None:
    """Return the meeting that sealed a pack and the member it names; None when there is no such."""
    found = session.exec(
        select(Meeting, CouncilMember)
        .join(CouncilMember, col(CouncilMember.council_id) == col(Meeting.council_id))
        .where(col(Meeting.code) == code, col(CouncilMember.id) == member_id)
    ).one_or_none()
    return None if found is None else (found[0], found[1])


def office_seat(
    session: ReadSession, member: CouncilMember, item_ids: Collection[int], *, actor: Actor
) -> tuple[CouncilMember | None, ScoreSheet | None]:
    """Return the actor's seat on a member's council, and an own sheet for these products to fill in."""
    found = session.exec(
        select(CouncilMember, ScoreSheet)
        .join(
            ScoreSheet,
            and_(
                col(ScoreSheet.member_id) == col(CouncilMember.id),
                col(ScoreSheet.item_id).in_(list(item_ids)),
                col(ScoreSheet.state) == SheetState.DRAFT,
            ),
            isouter=True,
        )
        .where(
            col(CouncilMember.council_id) == member.council_id,
            col(CouncilMember.user_id) == actor.user_id,
            col(CouncilMember.left_on).is_(None),
        )
        .limit(1)
    ).one_or_none()
    return (None, None) if found is None else (found[0], found[1])


# --- paper ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class PaperRow:
    """A sheet on paper with the ordinary sheet it is to become."""

    paper: PaperSheet | None
    row: SheetRow

    @property
    def kept(self) -> PaperSheet:
        """The sheet on paper; not there before something was keyed in."""
        if self.paper is None:
            raise NotFound
        return self.paper

    @property
    def differences(self) -> tuple[tuple[str, Said, Said], ...]:
        """Where the two entries do not say the same, in the order of the rubric."""
        if self.paper is None or self.paper.second is None:
            return ()
        return keyed_differences(
            self.paper.first, self.paper.second, order=[*_codes(self.row), OPINION]
        )

    def out(self) -> PaperSheetOut:
        """Return what the API answers: never an entry while the other is still to be keyed."""
        paper = self.kept
        is_open = paper.state is PaperSheetState.DIFFERS
        return PaperSheetOut(
            **paper.model_dump(
                include={
                    "code",
                    "version",
                    "state",
                    "scoring_round",
                    "entered_at",
                    "entered_by",
                }
            ),
            sheet=self.row.sheet.code,
            product=self.row.dossier.product.name,
            member=self.row.member.name,
            first=EntryOut(by=paper.first_by, at=paper.first_at),
            second=None
            if paper.second_at is None
            else EntryOut(by=paper.second_by, at=paper.second_at),
            same_person=paper.first_by_id == paper.second_by_id,
            differences=[
                PaperDifferenceOut(criterion_code=code, first=_said(first), second=_said(second))
                for code, first, second in (self.differences if is_open else ())
            ],
            has_scan=paper.scan_sha256 is not None,
        )


def keyed_differences(
    first: Mapping[str, Any], second: Mapping[str, Any], *, order: Sequence[str]
) -> tuple[tuple[str, Said, Said], ...]:
    """Return where two entries do not say the same, as (criterion, first, second)."""
    found = []
    for code in order:
        one, other = keyed(first.get(code)), keyed(second.get(code))
        if one != other:
            found.append((code, one, other))
    return tuple(found)


def get_paper_sheet(session: ReadSession, sheet: str, *, actor: Actor) -> PaperRow:
    """Return the sheet on paper of an ordinary sheet, for the council's office, in four statements."""
    return _paper_row(session, sheet, actor=actor, lock=False)


def paper_sheet_for_update(session: WriteSession, sheet: str, *, actor: Actor) -> PaperRow:
    """Return the same, agenda item and both sheets locked until the transaction ends."""
    return _paper_row(session, sheet, actor=actor, lock=True)


def _paper_row(session: ReadSession, sheet: str, *, actor: Actor, lock: bool) -> PaperRow:
    if lock:
        # The agenda item before the sheet, as whoever hands in, takes back or locks does.
        session.exec(
            select(AgendaItem)
            .join(ScoreSheet, col(ScoreSheet.item_id) == col(AgendaItem.id))
            .where(col(ScoreSheet.code) == sheet)
            .with_for_update(of=AgendaItem)
        ).one_or_none()
    row = sheet_to_enter_for(session, sheet, actor=actor, lock=lock)
    if refusal := why_not_enter_for(actor, row.member, row.seat, row.readers_sheet):
        raise refusal
    query = select(PaperSheet).where(
        col(PaperSheet.sheet_id) == row.sheet.id,
        col(PaperSheet.scoring_round) == row.item.scoring_round,
    )
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    return PaperRow(session.exec(query).one_or_none(), row)


@dataclass(frozen=True, slots=True)
class PaperLine:
    """One member's sheet for one product on the office's list: how far its paper is."""

    sheet: ScoreSheet
    member: CouncilMember
    item: AgendaItem
    product: str
    paper: PaperSheet | None


def paper_lines(session: ReadSession, meeting: Meeting) -> list[PaperLine]:
    """Return every sheet of a meeting with its paper, by product and seat, in one statement."""
    rows = session.execute(
        sa.select(ScoreSheet, CouncilMember, AgendaItem, col(Product.name), PaperSheet)
        .join(CouncilMember, col(CouncilMember.id) == col(ScoreSheet.member_id))
        .join(AgendaItem, col(AgendaItem.id) == col(ScoreSheet.item_id))
        .join(Dossier, col(Dossier.id) == col(AgendaItem.dossier_id))
        .join(Product, col(Product.id) == col(Dossier.product_id))
        .join(
            PaperSheet,
            and_(
                col(PaperSheet.sheet_id) == col(ScoreSheet.id),
                col(PaperSheet.scoring_round) == col(AgendaItem.scoring_round),
            ),
            isouter=True,
        )
        .where(col(AgendaItem.meeting_id) == meeting.id)
        .order_by(col(AgendaItem.position), col(ScoreSheet.id))
    )
    return [PaperLine(*row) for row in rows]


@dataclass(frozen=True, slots=True)
class Scan:
    """The scan of a signed sheet, as a kept file is named."""

    sha256: str
    media_type: str
    file_name: str


def scan_of(session: ReadSession, code: str, *, actor: Actor) -> Scan:
    """Return the scan of a sheet on paper for its member and for the council's office."""
    found = session.exec(
        select(PaperSheet, col(ScoreSheet.code), col(CouncilMember.user_id))
        .join(ScoreSheet, col(ScoreSheet.id) == col(PaperSheet.sheet_id))
        .join(CouncilMember, col(CouncilMember.id) == col(ScoreSheet.member_id))
        .where(col(PaperSheet.code) == code)
    ).one_or_none()
    if found is None:
        raise NotFound
    paper, sheet, owner = found
    if owner != actor.user_id:
        get_paper_sheet(session, sheet, actor=actor)
    if paper.scan_sha256 is None:
        raise NotFound
    return Scan(paper.scan_sha256, paper.scan_media_type, paper.scan_name)


def _codes(row: SheetRow) -> list[str]:
    return [criterion.code for criterion in row.dossier.rubric.criteria]


def keyed(kept: Sequence[Any] | None) -> Said:
    """Return one answer of an entry as it was kept."""
    return Said(*kept) if kept else BLANK


def _said(said: Said) -> SaidOut:
    return SaidOut(
        option_code=said.option,
        remark=said.remark,
        evidence_code=said.evidence,
        evidence_page=said.page or None,
        without_evidence=said.without_evidence,
    )
