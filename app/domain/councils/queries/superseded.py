"""Sheets as they were before a dossier was scored anew: kept, readable, never counted."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlmodel import col, select

from app.core.db import ReadSession
from app.core.errors import NotFound
from app.domain.accounts.rules import Actor
from app.domain.councils.models import SupersededSheet
from app.domain.councils.queries.sheets import SheetRow, get_sheet, mark_out
from app.domain.councils.schemas import SupersededOut
from app.rulebooks import scoring as arithmetic


@dataclass(frozen=True, slots=True)
class KeptMark:
    """A mark of an old sheet, read as a mark of today is."""

    option_code: str | None
    remark: str
    evidence_code: str | None
    evidence_page: int | None
    without_evidence: bool


@dataclass(frozen=True, slots=True)
class SupersededRow:
    """An old sheet beside the sheet that took its place."""

    now: SheetRow
    sheet: SupersededSheet
    marks: Mapping[str, KeptMark]
    score: arithmetic.SheetScore

    def out(self) -> SupersededOut:
        """Return what the API answers."""
        return SupersededOut(
            **self.sheet.model_dump(
                include={
                    "scoring_round",
                    "opinion",
                    "submitted_at",
                    "superseded_at",
                }
            ),
            sheet=self.now.sheet.code,
            total=self.score.total,
            marks=[
                mark_out(criterion.code, mark, self.score)
                for criterion in self.now.dossier.rubric.criteria
                if (mark := self.marks.get(criterion.code)) is not None
            ],
        )


def superseded_sheets(session: ReadSession, code: str, *, actor: Actor) -> list[SupersededRow]:
    """Return what a sheet was in earlier rounds of scoring, oldest first, to whoever may read it.

    The own ones at any time, those of others once the result is locked: as the sheet itself.
    """
    now = get_sheet(session, code, actor=actor)
    return [
        _row(now, kept)
        for kept in session.exec(
            select(SupersededSheet)
            .where(col(SupersededSheet.sheet_id) == now.sheet.id)
            .order_by(col(SupersededSheet.scoring_round))
        )
    ]


def earlier_rounds(session: ReadSession, row: SheetRow) -> list[int]:
    """Return the earlier rounds of scoring from which a sheet is kept; none is asked for in the first."""
    if row.item.scoring_round == 1:
        return []
    return list(
        session.exec(
            select(SupersededSheet.scoring_round)
            .where(col(SupersededSheet.sheet_id) == row.sheet.id)
            .order_by(col(SupersededSheet.scoring_round))
        ).all()
    )


def superseded_sheet(
    session: ReadSession, code: str, scoring_round: int, *, actor: Actor
) -> SupersededRow:
    """Return what a sheet was in one earlier round of scoring."""
    for row in superseded_sheets(session, code, actor=actor):
        if row.sheet.scoring_round == scoring_round:
            return row
    raise NotFound


def _row(now: SheetRow, kept: SupersededSheet) -> SupersededRow:
    marks = {
        criterion: KeptMark(
            option_code=said["option"],
            remark=said["remark"],
            evidence_code=said["evidence"],
            evidence_page=said["page"],
            without_evidence=said["without_evidence"],
        )
        for criterion, said in kept.marks.items()
    }
    answers = {code: mark.option_code for code, mark in marks.items() if mark.option_code}
    score = arithmetic.sheet_score(now.dossier.rubric, answers)
    return SupersededRow(now, kept, marks, score)
