"""Papers of councils and results as PDF, DOCX and workbooks over JSON's door."""

from typing import Annotated

from fastapi import Response

from app.api.deps import Call, api_router, needs
from app.api.dossiers import Code
from app.core.archives import zipped
from app.core.layout import PaperFormat
from app.core.own_templates import ReplaceablePaper
from app.domain.accounts.enums import Scope
from app.domain.councils.papers import (
    FILE_NAMES,
    MeetingPaper,
    meeting_paper,
    sheet_paper,
    summary_workbook,
)
from app.domain.recognition.papers import ministry_set, result_notice_paper
from app.http.papers import (
    ARCHIVE_ANSWER,
    FORM_ANSWER,
    WORKBOOK_ANSWER,
    archive_answer,
    form_answer,
    workbook_answer,
)

router = api_router(tags=["councils"])
Reading = Annotated[Call, needs(Scope.COUNCILS_READ)]
Recognising = Annotated[Call, needs(Scope.RECOGNITION_READ)]


@router.get(
    "/score-sheets/{code}/paper.{kind}",
    summary="Bản in phiếu đánh giá đã nộp (PDF, DOCX)",
    response_class=Response,
    responses=FORM_ANSWER,
)
def sheet(call: Reading, code: str, kind: PaperFormat) -> Response:
    """Print a sheet that was handed in: the own one, anybody's after the lock."""
    paper = sheet_paper(
        call.session, code, actor=call.actor, demonstration=call.settings.demonstration
    )
    return _answer(call, paper, f"phieu-{code}", kind)


@router.get(
    "/meetings/{code}/summary.xlsx",
    summary="Bảng tổng hợp điểm của phiên họp (Excel)",
    response_class=Response,
    responses=WORKBOOK_ANSWER,
)
def workbook(call: Reading, code: str) -> Response:
    """Give the summary of a closed meeting as a workbook."""
    content = summary_workbook(
        call.session,
        code,
        actor=call.actor,
        at=call.at,
        demonstration=call.settings.demonstration,
        rules_dir=call.settings.council_rules_dir,
    )
    return workbook_answer(content, f"tong-hop-{code}.xlsx")


@router.get(
    "/meetings/{code}/{which}.{kind}",
    summary="Biên bản, bảng tổng hợp, báo cáo của phiên họp (PDF, DOCX)",
    response_class=Response,
    responses=FORM_ANSWER,
)
def of_meeting(call: Reading, code: str, which: MeetingPaper, kind: PaperFormat) -> Response:
    """Print minutes, summary or report (art. 7.3.d) of a closed meeting."""
    paper = meeting_paper(
        call.session,
        code,
        which,
        actor=call.actor,
        demonstration=call.settings.demonstration,
        rules_dir=call.settings.council_rules_dir,
    )
    return _answer(call, paper, f"{FILE_NAMES[which]}-{code}", kind)


@router.get(
    "/dossiers/{code}/result-notice.{kind}",
    summary="Thông báo kết quả cho xã và chủ thể (PDF, DOCX)",
    response_class=Response,
    responses=FORM_ANSWER,
)
def notice(call: Reading, code: Code, kind: PaperFormat) -> Response:
    """Print the notice of a result: averages and reasons, no names (art. 7.3.g)."""
    paper = result_notice_paper(
        call.session,
        code,
        actor=call.actor,
        agency=call.settings.agency_name,
        demonstration=call.settings.demonstration,
    )
    return _answer(call, paper, f"thong-bao-ket-qua-{code}", kind)


@router.get(
    "/dossiers/{code}/ministry-set.zip",
    summary="Bộ hồ sơ gửi Bộ đề nghị 5 sao",
    response_class=Response,
    responses=ARCHIVE_ANSWER,
)
def set_for_ministry(call: Recognising, code: Code) -> Response:
    """Give the set of papers with which a product goes to the ministry (art. 6.3)."""
    settings = call.settings
    files = ministry_set(
        call.session,
        code,
        settings.files,
        actor=call.actor,
        at=call.at,
        here=settings,
    )
    return archive_answer(zipped(files, settings.scratch_dir), f"ho-so-gui-bo-{code}.zip")


def _answer(call: Call, paper: ReplaceablePaper, name: str, kind: PaperFormat) -> Response:
    content = paper.printed(kind, own=call.settings.paper_templates_dir, at=call.at)
    return form_answer(content, name, kind)
