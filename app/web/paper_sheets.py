"""Pages of sheets on paper: printed, keyed in twice with a letter a line, compared, handed in."""

import re
from collections.abc import Callable
from typing import Annotated, Any

from fastapi import Depends, Request, Response

from app.core.errors import Invalid, Refusal, Worded
from app.core.text import normal
from app.domain.councils.policy import why_not_enter
from app.domain.councils.queries import SheetRow, get_meeting
from app.domain.councils.rules import SHEET_LABELS
from app.domain.councils.schemas import LONGEST_OPINION
from app.domain.packs.actions import (
    attach_scan,
    discard_paper,
    enter_paper,
    key_paper,
    resolve_paper,
)
from app.domain.packs.enums import PaperSheetState
from app.domain.packs.papers import item_grids, sheet_grid
from app.domain.packs.queries import get_paper_sheet, paper_lines, scan_of
from app.domain.packs.rules import KEYED_NOT_MET, OPINION, PAPER_STATE_LABELS, typed_option
from app.domain.packs.schemas import AttachScan, DiscardPaper, EnterPaper, KeyPaper, ResolvePaper
from app.http.attachments import file_answer
from app.http.papers import pdf_answer
from app.rulebooks.model import Criterion, Rubric
from app.rulebooks.scoring import NOT_MET
from app.web.agenda_items import SHEET_TONES
from app.web.deps import Page, SignedInPage, page_router
from app.web.evidence import Upload, kept_file
from app.web.forms import Form, PostedForm, empty_form, validated
from app.web.packs import WORD_LABELS
from app.web.steps import answer_status, tried

router = page_router()

PAPER_TONES: dict[PaperSheetState, str] = {
    PaperSheetState.KEYED_ONCE: "info",
    PaperSheetState.DIFFERS: "warn",
    PaperSheetState.AGREED: "info",
    PaperSheetState.ENTERED: "good",
}
ENTRY_LABELS: dict[str, str] = {"first": "Lần một", "second": "Lần hai"}
LONGEST_REMARKS = 20_000
_REMARK = re.compile(r"([0-9]+(?:\.[0-9]+)*)\s*[:.\-]?\s+(.*)")


def kept_scan(request: Request, form: PostedForm, code: str) -> Upload:
    """Check and keep the scan of somebody who keys this sheet in."""

    def why_not(session: Any, actor: Any) -> None:
        get_paper_sheet(session, code, actor=actor)

    return kept_file(request, form, why_not)


@router.get("/meetings/{code}/paper", name="paper_sheets.list")
def index(page: Page, code: str, sheet: str = "") -> Response:
    """List every sheet of a meeting with how far its paper is; a sheet's code leads to it."""
    row = get_meeting(
        page.session, code, actor=page.actor, rules_dir=page.settings.council_rules_dir
    )
    if refusal := why_not_enter(page.actor, row.seat):
        raise refusal
    lines = paper_lines(page.session, row.meeting)
    asked = sheet.strip().upper()
    if any(line.sheet.code == asked for line in lines):
        return page.go("paper_sheets.show", code=asked)
    by_item: dict[str, list[Any]] = {}
    for line in lines:
        by_item.setdefault(line.item.code, []).append(line)
    return page.render(
        "packs/paper_list.html",
        row=row,
        meeting=row.meeting,
        by_item=by_item,
        asked=asked,
        labels=PAPER_STATE_LABELS,
        tones=PAPER_TONES,
        sheet_labels=SHEET_LABELS,
        sheet_tones=SHEET_TONES,
    )


@router.get("/items/{code}/grids.pdf", name="paper_sheets.grids")
def grids(page: Page, code: str) -> Response:
    """Print a grid for each member who still scores a product, or a blank one."""
    content = item_grids(
        page.session,
        code,
        actor=page.actor,
        at=page.at,
        demonstration=page.settings.demonstration,
        rules_dir=page.settings.council_rules_dir,
    )
    return pdf_answer(content, f"phieu-giay-{code}.pdf")


@router.get("/score-sheets/{code}/grid.pdf", name="paper_sheets.grid")
def grid(page: Page, code: str) -> Response:
    """Print the grid of one sheet."""
    content = sheet_grid(
        page.session,
        code,
        actor=page.actor,
        at=page.at,
        demonstration=page.settings.demonstration,
    )
    return pdf_answer(content, f"phieu-giay-{code}.pdf")


@router.get("/score-sheets/{code}/paper", name="paper_sheets.show")
def show(page: Page, code: str) -> Response:
    """Show what is next for a sheet on paper: an entry, the differences, or the end."""
    return _show(page, code, empty_form())


@router.post("/score-sheets/{code}/paper", name="paper_sheets.key")
def key(form: PostedForm, page: Page, code: str) -> Response:
    """Take an entry: a letter for each criterion, remarks by line, the opinion."""

    def do() -> None:
        row = get_paper_sheet(page.session, code, actor=page.actor).row
        data = _entry(row, form)
        try:
            key_paper(page.session, code, data, actor=page.actor, at=page.at)
        except Invalid as problem:
            raise Invalid(
                {f"o.{name}": said for name, said in problem.fields.items()},
                code=problem.reason_code,
            ) from problem

    return _step(page, code, form, do, said="Đã ghi lần nhập.")


@router.post("/score-sheets/{code}/paper/resolve", name="paper_sheets.resolve")
def resolve(form: PostedForm, page: Page, code: str) -> Response:
    """Settle where the two entries differ."""

    def do() -> None:
        choices = [
            {"criterion_code": name.removeprefix("take."), "take": take}
            for name, take in form.raw.multi_items()
            if name.startswith("take.")
        ]
        data = validated(ResolvePaper, {"choices": choices, "version": form.text("version")})
        resolve_paper(page.session, code, data, actor=page.actor, at=page.at)

    return _step(page, code, form, do, said="Hai lần nhập đã khớp.")


@router.post("/score-sheets/{code}/paper/enter", name="paper_sheets.enter")
def enter(form: PostedForm, page: Page, code: str) -> Response:
    """Make the agreed entries the member's sheet and hand it in."""

    def do() -> None:
        enter_paper(
            page.session,
            code,
            form.read(EnterPaper),
            actor=page.actor,
            at=page.at,
            council_rules_dir=page.settings.council_rules_dir,
        )

    return _step(page, code, form, do, said="Phiếu giấy đã thành phiếu và đã nộp.")


@router.post("/score-sheets/{code}/paper/discard", name="paper_sheets.discard")
def discard(form: PostedForm, page: Page, code: str) -> Response:
    """Throw both entries away."""

    def do() -> None:
        discard_paper(page.session, code, form.read(DiscardPaper), actor=page.actor, at=page.at)

    return _step(page, code, form, do, said="Đã bỏ các lần nhập. Hãy nhập lại từ đầu.")


# `upload` stands before `page`: dependencies run in this order, see evidence.kept_file.
@router.post("/score-sheets/{code}/paper/scan", name="paper_sheets.scan")
def scan(
    form: PostedForm, upload: Annotated[Upload, Depends(kept_scan)], page: Page, code: str
) -> Response:
    """Keep the scan of the signed paper."""

    def do() -> None:
        attach_scan(
            page.session,
            code,
            form.read(AttachScan),
            upload.file(),
            file_name=upload.name,
            actor=page.actor,
            at=page.at,
        )

    return _step(page, code, form, do, said="Đã lưu bản quét phiếu giấy.")


@router.get("/paper-sheets/{code}/scan", name="paper_sheets.scan_file")
def scan_file(page: Page, code: str) -> Response:
    """Give the scan to its member and to the council's office."""
    scan = scan_of(page.session, code, actor=page.actor)
    return file_answer(page.request, page.settings.files, scan)


def _step(
    page: SignedInPage, code: str, form: Form, do: Callable[[], object], *, said: str
) -> Response:
    return tried(
        page,
        form,
        do,
        shown_again=lambda shown, why: _show(page, code, shown, why),
        done=lambda: page.go("paper_sheets.show", code=code, said=said),
    )


def _show(page: SignedInPage, code: str, form: Form, refused: Refusal | None = None) -> Response:
    found = get_paper_sheet(page.session, code, actor=page.actor)
    paper, row = found.paper, found.row
    rubric = row.dossier.rubric
    entry = 0
    if paper is None:
        entry = 1
    elif paper.state is PaperSheetState.KEYED_ONCE:
        entry = 2
    by_code: dict[str, Criterion] = {criterion.code: criterion for criterion in rubric.criteria}
    return page.render(
        "packs/paper.html",
        status=answer_status(refused),
        form=form,
        refused=refused,
        found=found,
        paper=paper,
        row=row,
        sheet=row.sheet,
        meeting=row.meeting,
        rubric=rubric,
        entry=entry,
        lines=_lines(rubric) if entry else [],
        by_code=by_code,
        opinion=OPINION,
        not_met=NOT_MET,
        words=WORD_LABELS,
        entries=ENTRY_LABELS,
        labels=PAPER_STATE_LABELS,
        tones=PAPER_TONES,
        longest_opinion=LONGEST_OPINION,
        longest_remarks=LONGEST_REMARKS,
        is_draft=row.sheet.state.value == "draft",
        online=len(row.marks),
    )


def _lines(rubric: Rubric) -> list[tuple[Criterion, str]]:
    """Return each criterion with the letters it knows and their points, in one short line."""
    lines = []
    for criterion in rubric.criteria:
        signs = [f"{option.code} {option.points}" for option in criterion.options]
        if criterion.allows_not_met:
            signs.append(f"{KEYED_NOT_MET} 0")
        lines.append((criterion, " · ".join(signs)))
    return lines


def _entry(row: SheetRow, form: Form) -> KeyPaper:
    rubric = row.dossier.rubric
    wrong: dict[str, str] = {}
    remarks = _remarks(rubric, form.text("remarks"), wrong)
    marks = []
    for criterion in rubric.criteria:
        typed = form.text(f"o.{criterion.code}")
        option = typed_option(criterion, typed)
        if option is None:
            wrong[f"o.{criterion.code}"] = Worded(
                "Tiêu chí {criterion} không có ô «{typed}».",
                criterion=criterion.code,
                typed=typed[:5],
            )
            continue
        marks.append(
            {
                "criterion_code": criterion.code,
                "option_code": option or None,
                "remark": remarks.get(criterion.code, ""),
            }
        )
    if wrong:
        raise Invalid(wrong)
    return validated(
        KeyPaper,
        {
            "entry": int(form.text("entry") == "2") + 1,
            "marks": marks,
            "opinion": form.text("opinion"),
        },
    )


def _remarks(rubric: Rubric, typed: str, wrong: dict[str, str]) -> dict[str, str]:
    """Return remarks by criterion: «1.1: …» begins one, other lines go on with it."""
    found: dict[str, str] = {}
    now = ""
    for line in normal(typed[:LONGEST_REMARKS]).splitlines():
        begun = _REMARK.fullmatch(line)
        if begun and rubric.find_criterion(begun[1]):
            now = begun[1]
            found[now] = f"{found[now]}\n{begun[2]}" if now in found else begun[2]
        elif now:
            found[now] = f"{found[now]}\n{line}"
        elif line:
            wrong["remarks"] = "Mỗi nhận xét bắt đầu bằng mã tiêu chí, ví dụ «1.1: …»."
    return found
