"""Papers of councils and results to print or to write on in an office program."""

from fastapi import Response

from app.core.archives import zipped
from app.core.layout import PaperFormat
from app.core.own_templates import ReplaceablePaper
from app.domain.councils.papers import (
    FILE_NAMES,
    MeetingPaper,
    meeting_paper,
    sheet_paper,
    summary_workbook,
)
from app.domain.recognition.papers import ministry_set, result_notice_paper
from app.http.papers import archive_answer, form_answer, workbook_answer
from app.web.deps import Page, SignedInPage, page_router

router = page_router()


@router.get("/score-sheets/{code}/paper.{kind}", name="sheets.paper")
def sheet(page: Page, code: str, kind: PaperFormat) -> Response:
    """Print a sheet that was handed in."""
    paper = sheet_paper(
        page.session, code, actor=page.actor, demonstration=page.settings.demonstration
    )
    return _answer(page, paper, f"phieu-{code}", kind)


@router.get("/meetings/{code}/summary.xlsx", name="meetings.summary_workbook")
def workbook(page: Page, code: str) -> Response:
    """Give the summary of a closed meeting as a workbook."""
    content = summary_workbook(
        page.session,
        code,
        actor=page.actor,
        at=page.at,
        demonstration=page.settings.demonstration,
        rules_dir=page.settings.council_rules_dir,
    )
    return workbook_answer(content, f"tong-hop-{code}.xlsx")


@router.get("/meetings/{code}/{which}.{kind}", name="meetings.paper")
def of_meeting(page: Page, code: str, which: MeetingPaper, kind: PaperFormat) -> Response:
    """Print minutes, summary or report of a closed meeting."""
    paper = meeting_paper(
        page.session,
        code,
        which,
        actor=page.actor,
        demonstration=page.settings.demonstration,
        rules_dir=page.settings.council_rules_dir,
    )
    return _answer(page, paper, f"{FILE_NAMES[which]}-{code}", kind)


@router.get("/dossiers/{code}/result-notice.{kind}", name="results.notice")
def notice(page: Page, code: str, kind: PaperFormat) -> Response:
    """Print the notice of a result to commune and producer."""
    paper = result_notice_paper(
        page.session,
        code,
        actor=page.actor,
        agency=page.settings.agency_name,
        demonstration=page.settings.demonstration,
    )
    return _answer(page, paper, f"thong-bao-ket-qua-{code}", kind)


@router.get("/dossiers/{code}/ministry-set.zip", name="centre.set")
def set_for_ministry(page: Page, code: str) -> Response:
    """Give the set of papers with which a product goes to the ministry."""
    settings = page.settings
    files = ministry_set(
        page.session,
        code,
        settings.files,
        actor=page.actor,
        at=page.at,
        here=settings,
    )
    return archive_answer(zipped(files, settings.scratch_dir), f"ho-so-gui-bo-{code}.zip")


def _answer(page: SignedInPage, paper: ReplaceablePaper, name: str, kind: PaperFormat) -> Response:
    content = paper.printed(kind, own=page.settings.paper_templates_dir, at=page.at)
    return form_answer(content, name, kind)
