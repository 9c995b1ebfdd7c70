"""Pages of custody: rolls to printers and producers, into use and out of it, until they are destroyed."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from fastapi import Response
from pydantic import BaseModel

from app.core.errors import Invalid, NotFound, Refusal, Worded
from app.domain.jobs.queries import jobs_about
from app.domain.jobs.schemas import MadeFile
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
from app.domain.stamps.enums import PrintForm, WithdrawalKind
from app.domain.stamps.models import StampPrinting
from app.domain.stamps.papers import (
    delivery_note,
    destruction_minutes,
    imprint_of,
    label_sheets,
    print_files,
)
from app.domain.stamps.policy import (
    FORM_LABELS,
    ROLL_LABELS,
    WITHDRAWAL_LABELS,
    is_made_first,
    is_open,
    kinds_told_by,
    why_not_activate,
    why_not_deliver,
    why_not_destroy,
    why_not_fetch,
    why_not_print,
    why_not_see_destroyed,
    why_not_suspend,
    why_not_withdraw,
)
from app.domain.stamps.queries import (
    PRINT_KINDS,
    BatchRow,
    deliveries_page,
    destructions_page,
    get_batch,
    get_delivery,
    get_destruction,
    get_printing,
    printings_page,
    roll_tally,
    rolls_out,
    withdrawals_page,
    withdrawals_to_destroy,
)
from app.domain.stamps.rules import LABELS_AT_ONCE, InvalidNumbers, numbers_typed
from app.domain.stamps.schemas import (
    MOST_ROLLS,
    ActivateRolls,
    ClosePrinting,
    DeliverRolls,
    OpenPrinting,
    RecordDestruction,
    ReleaseRolls,
    SuspendRolls,
    WithdrawStamps,
)
from app.http.attachments import file_answer
from app.http.papers import archive_answer, long_pdf_answer, pdf_answer
from app.web.deps import After, Page, SignedInPage, page_router
from app.web.forms import Form, PostedForm, empty_form
from app.web.jobs import view_of
from app.web.stamps import batch_frame
from app.web.steps import answer_status, tried
from app.web.tones import ROLL_TONES

router = page_router()

Step = TypeVar("Step", bound=BaseModel)
Shown = Callable[[Form, Refusal | None], Response]


# --- rolls ------------------------------------------------------------------------------------


@router.get("/batches/{code}/rolls", name="batches.rolls")
def rolls(page: Page, code: str, after: After = 0) -> Response:
    """List the rolls of a batch: where each is, and whether its stamps may be trusted."""
    return _rolls(page, code, empty_form(), None, after=after)


@router.post("/batches/{code}/suspend", name="batches.suspend")
def suspend(form: PostedForm, page: Page, code: str) -> Response:
    """Let the stamps of rolls say that they are looked into."""

    def do() -> None:
        data = form.read(SuspendRolls, rolls=_numbers(form))
        suspend_rolls(page.session, code, data, actor=page.actor, at=page.at)

    return _taken(page, form, do, _showing(_rolls, page, code), said="Đã tạm ngừng các cuộn.")


@router.post("/batches/{code}/release", name="batches.release")
def release(form: PostedForm, page: Page, code: str) -> Response:
    """Let suspended rolls be good again."""

    def do() -> None:
        data = form.read(ReleaseRolls, rolls=_numbers(form))
        release_rolls(page.session, code, data, actor=page.actor, at=page.at)

    return _taken(page, form, do, _showing(_rolls, page, code), said="Đã cho dùng lại các cuộn.")


def _rolls(
    page: SignedInPage, code: str, form: Form, refused: Refusal | None, *, after: int = 0
) -> Response:
    row = get_batch(page.session, code, actor=page.actor)
    return _page(
        page,
        "stamps/rolls.html",
        row,
        form,
        refused,
        current="rolls",
        found=rolls_out(page.session, row.batch, after=after, limit=30),
        tally=roll_tally(page.session, row.batch),
        after=after,
        roll_labels=ROLL_LABELS,
        roll_tones=ROLL_TONES,
        why_not_suspend=why_not_suspend(page.actor),
    )


# --- printing ---------------------------------------------------------------------------------


@router.get("/batches/{code}/printings", name="batches.printings")
def printings(page: Page, code: str, after: After = 0, sheets_from: After = 0) -> Response:
    """List what was given to printers, with the files of what is open, and open another printing.

    `sheets_from` is the roll from which the links to label sheets go on.
    """
    return _printings(page, code, empty_form(), None, after=after, sheets_from=sheets_from)


@router.post("/batches/{code}/printings", name="batches.print")
def open_one(form: PostedForm, page: Page, code: str) -> Response:
    """Give rolls to a printer, once."""

    def do() -> None:
        open_printing(page.session, code, form.read(OpenPrinting), actor=page.actor, at=page.at)

    return _taken(
        page,
        form,
        do,
        _showing(_printings, page, code),
        to="batches.printings",
        said="Đã mở lần in; tải tệp bên dưới.",
    )


@router.post("/batches/{code}/printings/{printing}/close", name="batches.close_printing")
def close_one(form: PostedForm, page: Page, code: str, printing: str) -> Response:
    """Say that the printer is done."""

    def do() -> None:
        data = form.read(ClosePrinting)
        close_printing(page.session, code, printing, data, actor=page.actor, at=page.at)

    return _taken(
        page,
        form,
        do,
        _showing(_printings, page, code),
        to="batches.printings",
        said="Đã kết thúc lần in.",
    )


@router.get("/batches/{code}/printings/{printing}/{number}.pdf", name="batches.sheets")
def sheets(page: Page, code: str, printing: str, number: int) -> Response:
    """Give the label sheets of one roll, while its printing is open."""
    row, found = _fetched(page, code, printing)
    pages = label_sheets(
        page.session,
        found,
        imprint_of(row, page.settings),
        number=number,
        at=page.at,
    )
    return long_pdf_answer(pages, f"{found.code}-cuon-{number}.pdf")


@router.post("/batches/{code}/printings/{printing}/files", name="batches.prepare")
def prepare(form: PostedForm, page: Page, code: str, printing: str) -> Response:
    """Have the files of a printing made; the page tells how far they are."""

    def do() -> None:
        ask_print_files(page.session, code, printing, actor=page.actor, at=page.at)

    return _taken(
        page,
        form,
        do,
        _showing(_printings, page, code),
        to="batches.printings",
        said="Máy đang soạn tệp; trang này cho biết đến đâu.",
    )


@router.get("/batches/{code}/printings/{printing}/files.zip", name="batches.bundle")
def bundle(page: Page, code: str, printing: str) -> Response:
    """Give all files of a printing: what a job made, or a small one while it is read and made."""
    row, found = _fetched(page, code, printing)
    files = print_files(
        page.session,
        page.request.app.state.engine,
        row,
        found,
        page.settings,
        at=page.at,
    )
    if isinstance(files, MadeFile):
        return file_answer(page.request, page.settings.files, files)
    return archive_answer(files, f"in-tem-{found.code}.zip")


def _fetched(page: SignedInPage, code: str, printing: str) -> tuple[BatchRow, StampPrinting]:
    row = get_batch(page.session, code, actor=page.actor)
    found = get_printing(page.session, row.batch, printing)
    if refusal := why_not_fetch(page.actor, found, page.at):
        raise refusal
    return row, found


def _printings(
    page: SignedInPage,
    code: str,
    form: Form,
    refused: Refusal | None,
    *,
    after: int = 0,
    sheets_from: int = 0,
) -> Response:
    row = get_batch(page.session, code, actor=page.actor)
    found = printings_page(page.session, row.batch, after=after)
    open_now = {one.code for one in found.items if is_open(one, page.at)}
    made = jobs_about(page.session, open_now, kinds=PRINT_KINDS)
    return _page(
        page,
        "stamps/printings.html",
        row,
        form,
        refused,
        current="printings",
        found=found,
        tally=roll_tally(page.session, row.batch),
        after=after,
        sheets_from=sheets_from,
        open_now=open_now,
        jobs={about: view_of(page, job) for about, job in made.items()},
        made_first={one.code for one in found.items if is_made_first(one, row.batch.roll_size)},
        by_roll=row.batch.roll_size <= LABELS_AT_ONCE,
        forms=FORM_LABELS,
        print_house=PrintForm.PRINT_HOUSE,
        why_not_print=why_not_print(page.actor, row.batch),
    )


# --- handing over -----------------------------------------------------------------------------


@router.get("/batches/{code}/deliveries", name="batches.deliveries")
def deliveries(page: Page, code: str, after: After = 0) -> Response:
    """List what was handed over; hand over, and confirm what arrived."""
    return _deliveries(page, code, empty_form(), None, after=after)


@router.post("/batches/{code}/deliver", name="batches.deliver")
def deliver(form: PostedForm, page: Page, code: str) -> Response:
    """Write down who took which rolls over."""

    def do() -> None:
        data = form.read(DeliverRolls, rolls=_numbers(form))
        deliver_rolls(page.session, code, data, actor=page.actor, at=page.at)

    return _taken(
        page,
        form,
        do,
        _showing(_deliveries, page, code),
        to="batches.deliveries",
        said="Đã ghi nhận giao tem; in biên bản giao nhận bên dưới.",
    )


@router.post("/batches/{code}/activate", name="batches.activate")
def activate(form: PostedForm, page: Page, code: str) -> Response:
    """Confirm receipt: by number, by the serials of labels, or of all that was delivered."""

    def do() -> None:
        data = form.read(ActivateRolls, rolls=_numbers(form), labels=_lines(form.text("labels")))
        activate_rolls(page.session, code, data, actor=page.actor, at=page.at)

    return _taken(
        page,
        form,
        do,
        _showing(_deliveries, page, code),
        to="batches.deliveries",
        said="Đã nhận tem; tem có hiệu lực.",
    )


@router.get("/batches/{code}/deliveries/{delivery}.pdf", name="batches.delivery_note")
def note(page: Page, code: str, delivery: str) -> Response:
    """Give the minutes of a delivery, for both sides to sign."""
    row = get_batch(page.session, code, actor=page.actor)
    found = get_delivery(page.session, row.batch, delivery)
    content = delivery_note(
        page.session,
        row,
        found,
        agency=page.settings.agency_name,
        demonstration=page.settings.demonstration,
    )
    return pdf_answer(content, f"giao-nhan-{found.code}.pdf")


def _deliveries(
    page: SignedInPage, code: str, form: Form, refused: Refusal | None, *, after: int = 0
) -> Response:
    row = get_batch(page.session, code, actor=page.actor)
    return _page(
        page,
        "stamps/deliveries.html",
        row,
        form,
        refused,
        current="deliveries",
        found=deliveries_page(page.session, row.batch, after=after),
        tally=roll_tally(page.session, row.batch),
        after=after,
        why_not_deliver=why_not_deliver(page.actor, row.batch),
        why_not_activate=why_not_activate(page.actor, row.batch, row.product),
    )


# --- out of use -------------------------------------------------------------------------------


@router.get("/batches/{code}/withdrawals", name="batches.withdrawals")
def withdrawals(page: Page, code: str, after: After = 0) -> Response:
    """List what was taken out of use of a batch, and take more."""
    return _withdrawals(page, code, empty_form(), None, after=after)


@router.post("/batches/{code}/withdraw", name="batches.withdraw")
def withdraw(form: PostedForm, page: Page, code: str) -> Response:
    """Withdraw stamps; serials are typed one a line or parted by commas."""

    def do() -> None:
        data = form.read(WithdrawStamps, rolls=_numbers(form), serials=_lines(form.text("serials")))
        withdraw_stamps(page.session, code, data, actor=page.actor, at=page.at)

    return _taken(
        page,
        form,
        do,
        _showing(_withdrawals, page, code),
        to="batches.withdrawals",
        said="Đã rút tem.",
    )


def _withdrawals(
    page: SignedInPage, code: str, form: Form, refused: Refusal | None, *, after: int = 0
) -> Response:
    row = get_batch(page.session, code, actor=page.actor)
    return _page(
        page,
        "stamps/withdrawals.html",
        row,
        form,
        refused,
        current="withdrawals",
        found=withdrawals_page(page.session, row.batch, after=after),
        after=after,
        kinds=WITHDRAWAL_LABELS,
        offered={
            kind.value: words
            for kind, words in WITHDRAWAL_LABELS.items()
            if kind in kinds_told_by(page.actor)
        },
        usual=WithdrawalKind.SPOILT.value,
        why_not_withdraw=why_not_withdraw(page.actor, row.batch, row.product),
    )


@router.get("/stamp-withdrawals", name="destructions.list")
def to_destroy(page: Page, after: After = 0) -> Response:
    """List what was withdrawn and waits to be destroyed, and what was destroyed."""
    return _to_destroy(page, empty_form(), None, after=after)


@router.post("/stamp-destructions", name="destructions.record")
def destroy(form: PostedForm, page: Page) -> Response:
    """Write down that withdrawn stamps were destroyed before witnesses."""

    def do() -> None:
        data = form.read(RecordDestruction)
        record_destruction(page.session, data, actor=page.actor, at=page.at)

    return tried(
        page,
        form,
        do,
        shown_again=lambda typed, refusal: _to_destroy(page, typed, refusal),
        done=lambda: page.go(
            "destructions.list", said="Đã lập biên bản tiêu hủy; in biên bản bên dưới."
        ),
    )


@router.get("/stamp-destructions/{code}.pdf", name="destructions.minutes")
def minutes(page: Page, code: str) -> Response:
    """Give the minutes of a destruction, for its witnesses to sign."""
    if refusal := why_not_see_destroyed(page.actor):
        raise refusal
    found = get_destruction(page.session, code)
    content = destruction_minutes(
        page.session,
        found,
        agency=page.settings.agency_name,
        demonstration=page.settings.demonstration,
    )
    return pdf_answer(content, f"tieu-huy-{found.code}.pdf")


def _to_destroy(
    page: SignedInPage, form: Form, refused: Refusal | None, *, after: int = 0
) -> Response:
    if refusal := why_not_see_destroyed(page.actor):
        raise refusal
    return page.render(
        "stamps/destructions.html",
        status=answer_status(refused),
        form=form,
        refused=refused,
        found=withdrawals_to_destroy(page.session, after=after),
        done=destructions_page(page.session),
        after=after,
        chosen=set(form.many("withdrawals")),
        kinds=WITHDRAWAL_LABELS,
        why_not_destroy=why_not_destroy(page.actor),
    )


# --- what the pages have in common ------------------------------------------------------------


def _page(
    page: SignedInPage,
    template: str,
    row: BatchRow,
    form: Form,
    refused: Refusal | None,
    *,
    current: str,
    **context: Any,
) -> Response:
    if not row.batch.issued_count:
        raise NotFound
    frame: Mapping[str, Any] = batch_frame(row, current=current)
    return page.render(
        template, status=answer_status(refused), form=form, refused=refused, **frame, **context
    )


def _showing(show: Callable[..., Response], page: SignedInPage, code: str) -> Shown:
    return lambda form, refused: show(page, code, form, refused)


def _taken(
    page: SignedInPage,
    form: Form,
    do: Callable[[], object],
    shown: Shown,
    *,
    said: str,
    to: str = "batches.rolls",
) -> Response:
    """Take a step of a batch and go on to its page; refused, show the page again with why."""
    code = page.request.path_params["code"]
    return tried(page, form, do, shown_again=shown, done=lambda: page.go(to, code=code, said=said))


def _numbers(form: Form) -> list[int]:
    try:
        return numbers_typed(form.text("rolls"), most=MOST_ROLLS)
    except InvalidNumbers as wrong:
        raise Invalid({"rolls": Worded(wrong.template, **wrong.params)}) from wrong


def _lines(typed: str) -> list[str]:
    return [line.strip() for line in typed.replace(",", "\n").splitlines() if line.strip()]
