"""Sheets on paper: keyed in twice without sight of each other, compared, then ordinary sheets."""

from datetime import datetime
from pathlib import Path
from typing import Any

from app.core.codes import new_code
from app.core.db import WriteSession
from app.core.errors import Conflict, Invalid, check_version
from app.core.files import StoredFile
from app.core.text import normal
from app.domain.accounts.rules import Actor
from app.domain.audit.actions import record
from app.domain.councils.actions import save_marks, submit_sheet
from app.domain.councils.enums import SheetOrigin
from app.domain.councils.policy import why_not_mark
from app.domain.councils.queries import SheetRow
from app.domain.councils.schemas import SaveMarks, SubmitSheet
from app.domain.packs.enums import PaperSheetState, Take
from app.domain.packs.models import PaperSheet
from app.domain.packs.policy import why_not_at
from app.domain.packs.queries import (
    PaperRow,
    keyed,
    keyed_differences,
    mark_of,
    paper_sheet_for_update,
)
from app.domain.packs.rules import BLANK, OPINION, PACK_BASIS, Said
from app.domain.packs.schemas import AttachScan, DiscardPaper, EnterPaper, KeyPaper, ResolvePaper
from app.rulebooks.scoring import check_answers

FIRST, SECOND = 1, 2


class FirstEntryThere(Conflict):
    """The first entry is made once; to change it both are thrown away."""

    code = "paper_sheet.first_entry_there"
    message = (
        "Phiếu giấy này đã được {by} nhập lần một. Hãy nhập lần hai, hoặc bỏ để nhập lại từ đầu."
    )
    basis = PACK_BASIS


class NoFirstEntry(Conflict):
    """There is no second entry without a first."""

    code = "paper_sheet.no_first_entry"
    message = "Phiếu giấy này chưa được nhập lần một."
    basis = PACK_BASIS


class DifferencesOpen(Conflict):
    """Every difference between the two entries needs a choice."""

    code = "paper_sheet.differences_open"
    message = "Còn chỗ hai lần nhập khác nhau chưa chọn: {criteria}."
    basis = PACK_BASIS


def key_paper(
    session: WriteSession, sheet: str, data: KeyPaper, *, actor: Actor, at: datetime
) -> PaperRow:
    """Key a sheet of paper in, the first or the second time; records paper_sheet.keyed, no points.

    The second entry is compared at once: alike means agreed. Anybody of the council's office may
    make either; that it was one person is told.
    """
    found = paper_sheet_for_update(session, sheet, actor=actor)
    row, paper = found.row, found.paper
    if refusal := why_not_mark(row.sheet, row.meeting, row.item):
        raise refusal
    said = _said(row, data)
    if data.entry == FIRST:
        if paper is not None:
            raise FirstEntryThere(by=paper.first_by)
        paper = PaperSheet(
            code=new_code("PG"),
            sheet_id=row.sheet.id or 0,
            scoring_round=row.item.scoring_round,
            state=PaperSheetState.KEYED_ONCE,
            first=said,
            first_by=actor.name,
            first_by_id=actor.user_id or 0,
            first_at=at,
        )
        session.add(paper)
        session.flush()
    else:
        if paper is None:
            raise NoFirstEntry
        if refusal := why_not_at(paper, PaperSheetState.KEYED_ONCE):
            raise refusal
        differ = keyed_differences(paper.first, said, order=sorted({*paper.first, *said}))
        paper.second = said
        paper.second_by = actor.name
        paper.second_by_id = actor.user_id
        paper.second_at = at
        paper.state = PaperSheetState.DIFFERS if differ else PaperSheetState.AGREED
        paper.agreed = None if differ else dict(paper.first)
        paper.version += 1
    record(
        session,
        "paper_sheet.keyed",
        subject=paper,
        actor=actor,
        at=at,
        sheet=sheet,
        entry=data.entry,
        for_member=row.member.name,
        state=paper.state.value,
    )
    return PaperRow(paper, row)


def resolve_paper(
    session: WriteSession, sheet: str, data: ResolvePaper, *, actor: Actor, at: datetime
) -> PaperRow:
    """Settle where the two entries differ, paper in hand; records paper_sheet.resolved."""
    found = paper_sheet_for_update(session, sheet, actor=actor)
    paper = found.kept
    if refusal := why_not_at(paper, PaperSheetState.DIFFERS):
        raise refusal
    check_version(data.version, paper.version)
    chosen = {one.criterion_code: one.take for one in data.choices}
    unsettled = [code for code, _, _ in found.differences if code not in chosen]
    if unsettled:
        raise DifferencesOpen(criteria=", ".join(unsettled))
    agreed = dict(paper.first)
    for code, _, second in found.differences:
        if chosen[code] is Take.SECOND:
            agreed[code] = list(second)
    paper.agreed = agreed
    paper.state = PaperSheetState.AGREED
    paper.version += 1
    record(
        session,
        "paper_sheet.resolved",
        subject=paper,
        actor=actor,
        at=at,
        sheet=sheet,
        criteria=[code for code, _, _ in found.differences],
    )
    return found


def enter_paper(
    session: WriteSession,
    sheet: str,
    data: EnterPaper,
    *,
    actor: Actor,
    at: datetime,
    council_rules_dir: Path | None = None,
) -> PaperRow:
    """Make the agreed entries the member's sheet and hand it in; records paper_sheet.entered.

    The paper is what the member signed: marks that stand on the sheet and not on the paper go.
    Refused while the paper lacks an answer.
    """
    found = paper_sheet_for_update(session, sheet, actor=actor)
    row, paper = found.row, found.kept
    if refusal := why_not_at(paper, PaperSheetState.AGREED):
        raise refusal
    check_version(data.version, paper.version)
    said = {code: keyed(kept) for code, kept in (paper.agreed or {}).items()}
    saved = save_marks(
        session,
        sheet,
        SaveMarks(
            marks=[
                mark_of(code, said.get(code, BLANK))
                for code in dict.fromkeys([*row.marks, *said])
                if code != OPINION
            ],
            opinion=said.get(OPINION, BLANK).remark,
            version=row.sheet.version,
        ),
        actor=actor,
        at=at,
        origin=SheetOrigin.PAPER,
        for_member=True,
    )
    saved.sheet.origin = SheetOrigin.PAPER
    submit_sheet(
        session,
        sheet,
        SubmitSheet(opinion=saved.sheet.opinion, version=saved.sheet.version),
        actor=actor,
        at=at,
        council_rules_dir=council_rules_dir,
        for_member=True,
    )
    paper.state = PaperSheetState.ENTERED
    paper.entered_at = at
    paper.entered_by = actor.name
    paper.version += 1
    record(
        session,
        "paper_sheet.entered",
        subject=paper,
        actor=actor,
        at=at,
        sheet=sheet,
        for_member=row.member.name,
        first_by=paper.first_by,
        second_by=paper.second_by,
        scan=paper.scan_sha256,
    )
    return found


def discard_paper(
    session: WriteSession, sheet: str, data: DiscardPaper, *, actor: Actor, at: datetime
) -> PaperRow:
    """Throw both entries away to begin again; records paper_sheet.discarded with the reason.

    Refused once the sheet is handed in: it is taken back first.
    """
    found = paper_sheet_for_update(session, sheet, actor=actor)
    row, paper = found.row, found.kept
    if refusal := why_not_mark(row.sheet, row.meeting, row.item):
        raise refusal
    check_version(data.version, paper.version)
    record(
        session,
        "paper_sheet.discarded",
        subject=paper,
        actor=actor,
        at=at,
        sheet=sheet,
        reason=data.reason,
    )
    session.delete(paper)
    session.flush()
    return PaperRow(None, row)


def attach_scan(
    session: WriteSession,
    sheet: str,
    data: AttachScan,
    stored: StoredFile,
    *,
    file_name: str,
    actor: Actor,
    at: datetime,
) -> PaperRow:
    """Keep the scan of the signed paper beside its entries; records paper_sheet.scanned."""
    found = paper_sheet_for_update(session, sheet, actor=actor)
    paper = found.kept
    check_version(data.version, paper.version)
    paper.scan_sha256 = stored.sha256
    paper.scan_name = normal(file_name)[:200] or "phieu-giay"
    paper.scan_media_type = stored.media_type
    paper.scan_size = stored.size
    paper.version += 1
    record(
        session,
        "paper_sheet.scanned",
        subject=paper,
        actor=actor,
        at=at,
        sheet=sheet,
        sha256=stored.sha256,
    )
    return found


def _said(row: SheetRow, data: KeyPaper) -> dict[str, list[Any]]:
    """Return an entry as it is kept, blanks left out; refuse what the rubric does not have."""
    said: dict[str, Said] = {}
    wrong: dict[str, str] = {}
    for mark in data.marks:
        code = mark.criterion_code
        if row.dossier.rubric.find_criterion(code) is None:
            wrong[code] = "Không có tiêu chí này."
        elif code in said:
            wrong[code] = "Tiêu chí này được gửi hai lần."
        else:
            said[code] = Said(
                mark.option_code or "",
                normal(mark.remark),
                mark.evidence_code or "",
                mark.evidence_page or 0,
                mark.without_evidence,
            )
    if wrong:
        raise Invalid(wrong, code="sheet.unknown_criterion")
    check_answers(
        row.dossier.rubric, {code: one.option for code, one in said.items() if one.option}
    )
    said[OPINION] = Said(remark=data.opinion)
    return {code: list(one) for code, one in said.items() if one != BLANK}
