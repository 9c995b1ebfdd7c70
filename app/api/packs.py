"""Scoring without network over JSON: packs, answer files, sheets on paper keyed in twice."""

from typing import Annotated

from fastapi import Query, Response

from app.api.deps import Call, Sent, WithFile, api_router, code_path, needs, only_with, sent
from app.api.dossiers import FILE_ANSWER
from app.core.files import StoredFile
from app.domain.accounts.enums import Scope
from app.domain.packs.actions import (
    apply_return,
    attach_scan,
    discard_paper,
    enter_paper,
    hand_in,
    key_paper,
    resolve_paper,
)
from app.domain.packs.papers import item_grids, scoring_pack, sheet_grid
from app.domain.packs.queries import get_paper_sheet, get_return, scan_of
from app.domain.packs.schemas import (
    AnswerFile,
    ApplyReturn,
    AttachScan,
    DiscardPaper,
    EnterPaper,
    KeyPaper,
    PackReturnOut,
    PaperSheetOut,
    ResolvePaper,
)
from app.http.attachments import file_answer
from app.http.papers import OFFLINE_PAGE_ANSWER, PDF_ANSWER, offline_page_answer, pdf_answer

router = api_router(tags=["packs"])
Reading = Annotated[Call, needs(Scope.COUNCILS_READ)]
Writing = Annotated[Call, needs(Scope.COUNCILS_WRITE)]
MeetingCode = Annotated[str, code_path("PH-7K2M9Q4")]
ItemCode = Annotated[str, code_path("MH-7K2M9Q4")]
SheetCode = Annotated[str, code_path("PD-7K2M9Q4")]
ReturnCode = Annotated[str, code_path("TG-7K2M9Q4")]
PaperCode = Annotated[str, code_path("PG-7K2M9Q4")]


class ScanForm(WithFile, AttachScan):
    """The scan of a signed sheet, as a multipart form sends it."""


SentScan = Annotated[Sent[AttachScan, StoredFile], sent(ScanForm, AttachScan)]


@router.get(
    "/meetings/{code}/scoring-pack",
    summary="Gói chấm không cần mạng",
    response_class=Response,
    responses=OFFLINE_PAGE_ANSWER,
)
def pack(
    call: Reading,
    code: MeetingCode,
    sheet: Annotated[
        str, Query(max_length=20, pattern=r"^[\w.-]*$", description="Chỉ phiếu này.")
    ] = "",
) -> Response:
    """Send the own sheets being scored as one HTML file that opens without network."""
    content = scoring_pack(
        call.session,
        code,
        actor=call.actor,
        at=call.at,
        files=call.settings.files,
        demonstration=call.settings.demonstration,
        sheet=sheet,
    )
    return offline_page_answer(content, f"goi-cham-{sheet or code}.html")


@router.post(
    "/meetings/{code}/pack-returns", status_code=201, summary="Gửi tệp phiếu chấm của gói chấm"
)
def send_answers(call: Writing, code: MeetingCode, data: AnswerFile) -> PackReturnOut:
    """Keep the file a pack saved, as it is; no mark changes yet. The same file again is the same."""
    return hand_in(call.session, code, data, actor=call.actor, at=call.at).out()


@router.get("/pack-returns/{code}", summary="Một tệp phiếu chấm đã gửi")
def show_return(call: Reading, code: ReturnCode) -> PackReturnOut:
    """Show what a file would change, beside what is stored now."""
    return get_return(call.session, code, actor=call.actor).out()


@router.post("/pack-returns/{code}/apply", summary="Đưa điểm trong tệp vào phiếu")
def apply(call: Writing, code: ReturnCode, data: ApplyReturn) -> PackReturnOut:
    """Bring sheets of a file in; a criterion that changed on both sides needs a choice."""
    return apply_return(
        call.session,
        code,
        data,
        actor=call.actor,
        at=call.at,
        council_rules_dir=call.settings.council_rules_dir,
    ).out()


# --- paper ------------------------------------------------------------------------------------


@router.get(
    "/items/{code}/grids.pdf",
    summary="Phiếu giấy của các thành viên còn chấm",
    response_class=Response,
    responses=PDF_ANSWER,
)
def grids(call: Reading, code: ItemCode) -> Response:
    """Print a grid for each member who still scores a product, or a blank one."""
    content = item_grids(
        call.session,
        code,
        actor=call.actor,
        at=call.at,
        demonstration=call.settings.demonstration,
        rules_dir=call.settings.council_rules_dir,
    )
    return pdf_answer(content, f"phieu-giay-{code}.pdf")


@router.get(
    "/score-sheets/{code}/grid.pdf",
    summary="Phiếu giấy của một phiếu",
    response_class=Response,
    responses=PDF_ANSWER,
)
def grid(call: Reading, code: SheetCode) -> Response:
    """Print the grid of one sheet, with its code as QR."""
    content = sheet_grid(
        call.session,
        code,
        actor=call.actor,
        at=call.at,
        demonstration=call.settings.demonstration,
    )
    return pdf_answer(content, f"phieu-giay-{code}.pdf")


@router.get("/score-sheets/{code}/paper", summary="Phiếu giấy đang nhập")
def show_paper(call: Reading, code: SheetCode) -> PaperSheetOut:
    """Show how far a sheet on paper is; what was keyed in stays unseen until both entries are there."""
    return get_paper_sheet(call.session, code, actor=call.actor).out()


@router.post("/score-sheets/{code}/paper", status_code=201, summary="Nhập phiếu giấy")
def key(call: Writing, code: SheetCode, data: KeyPaper) -> PaperSheetOut:
    """Key a sheet of paper in, the first or the second time."""
    return key_paper(call.session, code, data, actor=call.actor, at=call.at).out()


@router.post("/score-sheets/{code}/paper/resolve", summary="Đối chiếu hai lần nhập")
def resolve(call: Writing, code: SheetCode, data: ResolvePaper) -> PaperSheetOut:
    """Settle every difference between the two entries."""
    return resolve_paper(call.session, code, data, actor=call.actor, at=call.at).out()


@router.post("/score-sheets/{code}/paper/enter", summary="Ghi phiếu giấy thành phiếu và nộp")
def enter(call: Writing, code: SheetCode, data: EnterPaper) -> PaperSheetOut:
    """Make the agreed entries the member's sheet and hand it in."""
    return enter_paper(
        call.session,
        code,
        data,
        actor=call.actor,
        at=call.at,
        council_rules_dir=call.settings.council_rules_dir,
    ).out()


@router.post(
    "/score-sheets/{code}/paper/discard", status_code=204, summary="Bỏ các lần nhập phiếu giấy"
)
def discard(call: Writing, code: SheetCode, data: DiscardPaper) -> None:
    """Throw both entries away to begin again."""
    discard_paper(call.session, code, data, actor=call.actor, at=call.at)


@router.post(
    "/score-sheets/{code}/paper/scan",
    summary="Lưu bản quét phiếu giấy",
    dependencies=[only_with(Scope.COUNCILS_WRITE)],
)
def scan(paper: SentScan, call: Writing, code: SheetCode) -> PaperSheetOut:
    """Keep the scan of the signed paper beside its entries."""
    return attach_scan(
        call.session,
        code,
        paper.data,
        paper.stored,
        file_name=paper.file_name,
        actor=call.actor,
        at=call.at,
    ).out()


@router.get(
    "/paper-sheets/{code}/scan",
    summary="Tải bản quét phiếu giấy",
    response_class=Response,
    responses=FILE_ANSWER,
)
def scan_file(call: Reading, code: PaperCode) -> Response:
    """Send the scan to its member and to the council's office."""
    scan = scan_of(call.session, code, actor=call.actor)
    return file_answer(call.request, call.settings.files, scan)
