"""Custody over JSON: rolls to printers and producers, into use and out of it, until they are destroyed."""

from typing import Annotated, Any

from fastapi import Path, Response

from app.api.deps import Call, PageOut, Pages, api_router, code_path, page_out
from app.api.stamps import Code, Reading, Writing
from app.domain.jobs.schemas import JobOut, MadeFile
from app.domain.stamps.actions import (
    activate_rolls,
    ask_print_files,
    close_printing,
    deliver_rolls,
    open_printing,
    record_destruction,
    release_rolls,
    suspend_rolls,
    withdraw_stamps,
)
from app.domain.stamps.models import StampPrinting
from app.domain.stamps.papers import (
    delivery_note,
    destruction_minutes,
    imprint_of,
    label_sheets,
    print_files,
)
from app.domain.stamps.policy import why_not_fetch, why_not_see_destroyed
from app.domain.stamps.queries import (
    BatchRow,
    batch_detail_out,
    deliveries_page,
    delivery_out,
    destruction_out,
    destructions_page,
    get_batch,
    get_delivery,
    get_destruction,
    get_printing,
    printing_out,
    printings_page,
    rolls_out,
    withdrawals_page,
    withdrawals_to_destroy,
)
from app.domain.stamps.schemas import (
    MOST_ROLLS,
    ActivateRolls,
    BatchDetailOut,
    ClosePrinting,
    DeliverRolls,
    DeliveryOut,
    DestructionOut,
    OpenPrinting,
    PrintingOut,
    RecordDestruction,
    ReleaseRolls,
    RollOut,
    SuspendRolls,
    WithdrawalOut,
    WithdrawStamps,
)
from app.http.attachments import file_answer
from app.http.papers import PDF_ANSWER, archive_answer, long_pdf_answer, pdf_answer

router = api_router(tags=["stamps"])
PrintingCode = Annotated[str, code_path("IN-7K2M9Q4")]
DeliveryCode = Annotated[str, code_path("GN-7K2M9Q4")]
DestructionCode = Annotated[str, code_path("TH-7K2M9Q4")]
Number = Annotated[int, Path(ge=1, le=MOST_ROLLS, examples=[1])]
_BUNDLE_ANSWER: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "Tệp ZIP: bảng tem.csv, hình SVG của từng mã, tờ dặn; hoặc tờ nhãn PDF của từng cuộn.",
        "content": {"application/zip": {"schema": {"type": "string", "format": "binary"}}},
    }
}


# --- rolls ------------------------------------------------------------------------------------


@router.get("/batches/{code}/rolls", summary="Các cuộn của một lô tem")
def rolls(call: Reading, code: Code, pages: Pages) -> PageOut[RollOut]:
    """List the rolls of a batch, in their order, each with the serial of its label."""
    row = get_batch(call.session, code, actor=call.actor)
    found = rolls_out(call.session, row.batch, after=pages.after, limit=pages.limit)
    return page_out(found, lambda roll: roll)


@router.post("/batches/{code}/suspend", summary="Tạm ngừng các cuộn")
def suspend(call: Writing, code: Code, data: SuspendRolls) -> BatchDetailOut:
    """Let the stamps of rolls say that they are looked into."""
    suspend_rolls(call.session, code, data, actor=call.actor, at=call.at)
    return _told(call, code)


@router.post("/batches/{code}/release", summary="Cho dùng lại các cuộn")
def release(call: Writing, code: Code, data: ReleaseRolls) -> BatchDetailOut:
    """Let suspended rolls be what they were."""
    release_rolls(call.session, code, data, actor=call.actor, at=call.at)
    return _told(call, code)


# --- printing ---------------------------------------------------------------------------------


@router.get("/batches/{code}/printings", summary="Các lần in của một lô tem")
def printings(call: Reading, code: Code, pages: Pages) -> PageOut[PrintingOut]:
    """List what was given to printers, newest first."""
    row = get_batch(call.session, code, actor=call.actor)
    found = printings_page(call.session, row.batch, after=pages.after, limit=pages.limit)
    return page_out(found, lambda one: printing_out(one, at=call.at))


@router.post("/batches/{code}/printings", status_code=201, summary="Giao tệp cho nơi in")
def open_one(call: Writing, code: Code, data: OpenPrinting) -> PrintingOut:
    """Give rolls to a printer: each once, the files for 72 hours or until the printing is closed."""
    made = open_printing(call.session, code, data, actor=call.actor, at=call.at)
    return printing_out(made, at=call.at)


@router.post("/batches/{code}/printings/{printing}/close", summary="Kết thúc lần in")
def close_one(
    call: Writing, code: Code, printing: PrintingCode, data: ClosePrinting
) -> PrintingOut:
    """Say that the printer is done: the files are given out no more."""
    closed = close_printing(call.session, code, printing, data, actor=call.actor, at=call.at)
    return printing_out(closed, at=call.at)


@router.get(
    "/batches/{code}/printings/{printing}/rolls/{number}/labels.pdf",
    summary="Tờ nhãn của một cuộn",
    response_class=Response,
    responses=PDF_ANSWER,
)
def sheets(call: Writing, code: Code, printing: PrintingCode, number: Number) -> Response:
    """Give the label sheets of one roll, its own label first, while its printing is open."""
    row, found = _fetched(call, code, printing)
    pages = label_sheets(
        call.session,
        found,
        imprint_of(row, call.settings),
        number=number,
        at=call.at,
    )
    return long_pdf_answer(pages, f"{found.code}-cuon-{number}.pdf")


@router.post(
    "/batches/{code}/printings/{printing}/files",
    status_code=202,
    summary="Soạn trước tệp của một lần in",
)
def prepare(call: Writing, code: Code, printing: PrintingCode) -> JobOut:
    """Have the files of an open printing made; ask `/jobs/{code}` how far they are, then fetch `files.zip`.

    Needed from a thousand and one labels on.
    """
    return JobOut.of(ask_print_files(call.session, code, printing, actor=call.actor, at=call.at))


@router.get(
    "/batches/{code}/printings/{printing}/files.zip",
    summary="Mọi tệp của một lần in",
    response_class=Response,
    responses=_BUNDLE_ANSWER,
)
def bundle(call: Writing, code: Code, printing: PrintingCode) -> Response:
    """Give all files of a printing while it is open; many labels are to be made first."""
    row, found = _fetched(call, code, printing)
    files = print_files(
        call.session,
        call.request.app.state.engine,
        row,
        found,
        call.settings,
        at=call.at,
    )
    if isinstance(files, MadeFile):
        return file_answer(call.request, call.settings.files, files)
    return archive_answer(files, f"in-tem-{found.code}.zip")


def _fetched(call: Call, code: str, printing: str) -> tuple[BatchRow, StampPrinting]:
    row = get_batch(call.session, code, actor=call.actor)
    found = get_printing(call.session, row.batch, printing)
    if refusal := why_not_fetch(call.actor, found, call.at):
        raise refusal
    return row, found


# --- handing over -----------------------------------------------------------------------------


@router.get("/batches/{code}/deliveries", summary="Các lần giao của một lô tem")
def deliveries(call: Reading, code: Code, pages: Pages) -> PageOut[DeliveryOut]:
    """List what was handed over, newest first."""
    row = get_batch(call.session, code, actor=call.actor)
    found = deliveries_page(call.session, row.batch, after=pages.after, limit=pages.limit)
    return page_out(found, delivery_out)


@router.post("/batches/{code}/deliver", summary="Giao tem")
def deliver(call: Writing, code: Code, data: DeliverRolls) -> BatchDetailOut:
    """Hand printed rolls over."""
    deliver_rolls(call.session, code, data, actor=call.actor, at=call.at)
    return _told(call, code)


@router.get(
    "/batches/{code}/deliveries/{delivery}/note.pdf",
    summary="Biên bản giao nhận tem",
    response_class=Response,
    responses=PDF_ANSWER,
)
def note(call: Reading, code: Code, delivery: DeliveryCode) -> Response:
    """Give the minutes of a delivery, for both sides to sign."""
    row = get_batch(call.session, code, actor=call.actor)
    found = get_delivery(call.session, row.batch, delivery)
    content = delivery_note(
        call.session,
        row,
        found,
        agency=call.settings.agency_name,
        demonstration=call.settings.demonstration,
    )
    return pdf_answer(content, f"giao-nhan-{found.code}.pdf")


@router.post("/batches/{code}/activate", summary="Nhận và kích hoạt tem")
def activate(call: Writing, code: Code, data: ActivateRolls) -> BatchDetailOut:
    """Confirm receipt of rolls, by number or by the serials of their labels: stamps become valid."""
    activate_rolls(call.session, code, data, actor=call.actor, at=call.at)
    return _told(call, code)


# --- out of use -------------------------------------------------------------------------------


@router.get("/batches/{code}/withdrawals", summary="Tem đã rút của một lô")
def withdrawals(call: Reading, code: Code, pages: Pages) -> PageOut[WithdrawalOut]:
    """List what was taken out of use of a batch, newest first."""
    row = get_batch(call.session, code, actor=call.actor)
    found = withdrawals_page(call.session, row.batch, after=pages.after, limit=pages.limit)
    return page_out(found, lambda one: one)


@router.post("/batches/{code}/withdraw", summary="Rút tem")
def withdraw(call: Writing, code: Code, data: WithdrawStamps) -> BatchDetailOut:
    """Take named stamps, rolls or the whole batch out of use; there is no way back."""
    withdraw_stamps(call.session, code, data, actor=call.actor, at=call.at)
    return _told(call, code)


@router.get("/stamp-withdrawals", summary="Tem đã rút, chờ tiêu hủy")
def to_destroy(call: Reading, pages: Pages) -> PageOut[WithdrawalOut]:
    """List what was withdrawn of all batches and waits to be destroyed, newest first."""
    if refusal := why_not_see_destroyed(call.actor):
        raise refusal
    found = withdrawals_to_destroy(call.session, after=pages.after, limit=pages.limit)
    return page_out(found, lambda one: one)


@router.get("/stamp-destructions", summary="Các lần tiêu hủy tem")
def destructions(call: Reading, pages: Pages) -> PageOut[DestructionOut]:
    """List the records of destruction, newest first."""
    if refusal := why_not_see_destroyed(call.actor):
        raise refusal
    found = destructions_page(call.session, after=pages.after, limit=pages.limit)
    return page_out(found, destruction_out)


@router.post("/stamp-destructions", status_code=201, summary="Ghi nhận tiêu hủy tem")
def destroy(call: Writing, data: RecordDestruction) -> DestructionOut:
    """Write down that withdrawn stamps were destroyed before witnesses."""
    return destruction_out(record_destruction(call.session, data, actor=call.actor, at=call.at))


@router.get(
    "/stamp-destructions/{code}/minutes.pdf",
    summary="Biên bản tiêu hủy tem",
    response_class=Response,
    responses=PDF_ANSWER,
)
def minutes(call: Reading, code: DestructionCode) -> Response:
    """Give the minutes of a destruction, for its witnesses to sign."""
    if refusal := why_not_see_destroyed(call.actor):
        raise refusal
    found = get_destruction(call.session, code)
    content = destruction_minutes(
        call.session,
        found,
        agency=call.settings.agency_name,
        demonstration=call.settings.demonstration,
    )
    return pdf_answer(content, f"tieu-huy-{found.code}.pdf")


def _told(call: Call, code: str) -> BatchDetailOut:
    return batch_detail_out(call.session, get_batch(call.session, code, actor=call.actor))
