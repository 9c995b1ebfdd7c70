"""The board of one product before the council: sheets by name and state, gates, minima, the lock.

Nobody's points stand here before the lock; what the sheets add up to is shown, once all are in, to
whoever presides and to the secretary, because the domain hands it to nobody else.
"""

from collections.abc import Callable

from fastapi import Response

from app.core.clock import local_day
from app.core.errors import Refusal
from app.domain.councils.actions import (
    certify_item,
    confirm_minimum,
    decide_gate,
    decide_reopening,
    is_certified_now,
    lock_item,
    put_off_item,
    raise_gate,
    request_reopening,
    rescore_item,
    why_not_certify_now,
    why_not_lock,
)
from app.domain.councils.enums import GateState, ItemState, ReopeningState, SheetState
from app.domain.councils.policy import (
    conducts,
    why_not_decide_reopening,
    why_not_discuss,
    why_not_put_to_meeting,
    why_not_raise_gate,
    why_not_read_papers,
    why_not_request_reopening,
    why_not_settle,
    why_not_wish_for_meeting,
)
from app.domain.councils.queries import (
    ItemDetail,
    conflict_board,
    gate_item_code,
    get_item,
    reopening_item_code,
)
from app.domain.councils.rules import (
    GATE_LABELS,
    HINT_LABELS,
    ITEM_LABELS,
    OPINION_BASIS,
    REOPENING_LABELS,
    SEAT_LABELS,
    SHEET_LABELS,
    gates_of,
)
from app.domain.councils.schemas import (
    CertifyItem,
    ConfirmMinimum,
    DecideGate,
    DecideReopening,
    LockItem,
    RaiseGate,
    RequestReopening,
    RescoreItem,
    TakeOffAgenda,
)
from app.rulebooks.model import DOSSIER_GATE, Criterion
from app.rulebooks.spread import furthest_apart
from app.web.deps import Page, SignedInPage, page_router
from app.web.forms import Form, PostedForm, empty_form
from app.web.opinions import put_before_meeting, wish
from app.web.steps import answer_status, tried
from app.web.tones import ITEM_TONES

router = page_router()

SHEET_TONES: dict[SheetState, str] = {
    SheetState.DRAFT: "warn",
    SheetState.SUBMITTED: "good",
    SheetState.RECUSED: "info",
    SheetState.LAPSED: "",
}
GATE_STATE_LABELS: dict[GateState, str] = {
    GateState.RAISED: "Chờ biểu quyết",
    GateState.UPHELD: "Hội đồng xác nhận",
    GateState.DISMISSED: "Hội đồng không chấp nhận",
}
REOPENING_TONES: dict[ReopeningState, str] = {
    ReopeningState.REQUESTED: "warn",
    ReopeningState.GRANTED: "info",
    ReopeningState.DECLINED: "bad",
}
GATE_TONES: dict[GateState, str] = {
    GateState.RAISED: "warn",
    GateState.UPHELD: "bad",
    GateState.DISMISSED: "info",
}


@router.get("/items/{code}", name="items.show")
def show(page: Page, code: str) -> Response:
    """Show where a product stands before the council and what must be settled before its lock."""
    return _show(page, code, "", empty_form())


@router.post("/items/{code}/gates", name="items.raise_gate")
def raise_(form: PostedForm, page: Page, code: str) -> Response:
    """Raise a gate of the rubric; the choice names criterion and effect."""
    criterion, _, kind = form.text("gate").partition(" ")
    return _step(
        page,
        code,
        form,
        "gate",
        lambda: raise_gate(
            page.session,
            code,
            form.read(RaiseGate, criterion_code=criterion, kind=kind),
            actor=page.actor,
            at=page.at,
            council_rules_dir=page.settings.council_rules_dir,
        ),
        said="Đã nêu điều kiện để Hội đồng biểu quyết.",
    )


@router.post("/gates/{code}/decide", name="gates.decide")
def decide(form: PostedForm, page: Page, code: str) -> Response:
    """Enter the council's vote on a raised gate."""
    return _step(
        page,
        gate_item_code(page.session, code),
        form,
        f"vote-{code}",
        lambda: decide_gate(
            page.session,
            code,
            form.read(DecideGate),
            actor=page.actor,
            at=page.at,
            council_rules_dir=page.settings.council_rules_dir,
        ),
        said="Đã ghi kết quả biểu quyết.",
    )


@router.post("/items/{code}/minima", name="items.confirm")
def confirm(form: PostedForm, page: Page, code: str) -> Response:
    """Enter the chair's word on a minimum that the sheets do not see alike."""
    return _step(
        page,
        code,
        form,
        f"minimum-{form.text('criterion_code')}-{form.text('star')}",
        lambda: confirm_minimum(
            page.session,
            code,
            # Without a choice the field is missing, not «not met».
            form.read(ConfirmMinimum, met=form.text("met") or None),
            actor=page.actor,
            at=page.at,
            council_rules_dir=page.settings.council_rules_dir,
        ),
        said="Đã ghi xác nhận của người chủ trì.",
    )


@router.post("/items/{code}/rescore", name="items.rescore")
def rescore(form: PostedForm, page: Page, code: str) -> Response:
    """Have a product scored anew after discussion."""
    return _step(
        page,
        code,
        form,
        "rescore",
        lambda: rescore_item(
            page.session,
            code,
            form.read(RescoreItem),
            actor=page.actor,
            at=page.at,
            council_rules_dir=page.settings.council_rules_dir,
        ),
        said="Đã mở chấm lại; phiếu cũ được giữ.",
    )


@router.post("/items/{code}/certify", name="items.certify")
def certify(form: PostedForm, page: Page, code: str) -> Response:
    """Confirm the tally as the secretary."""
    return _step(
        page,
        code,
        form,
        "certify",
        lambda: certify_item(
            page.session,
            code,
            form.read(CertifyItem),
            actor=page.actor,
            at=page.at,
            council_rules_dir=page.settings.council_rules_dir,
        ),
        said="Đã xác nhận bảng tổng hợp.",
    )


@router.post("/items/{code}/reopenings", name="items.request_reopening")
def request_again(form: PostedForm, page: Page, code: str) -> Response:
    """Ask for the locked result to be taken up again."""
    return _step(
        page,
        code,
        form,
        "reopen",
        lambda: request_reopening(
            page.session,
            code,
            form.read(RequestReopening),
            actor=page.actor,
            at=page.at,
            council_rules_dir=page.settings.council_rules_dir,
        ),
        said="Đã gửi đề nghị mở lại kết quả.",
    )


@router.post("/reopenings/{code}/decide", name="reopenings.decide")
def decide_again(form: PostedForm, page: Page, code: str) -> Response:
    """Grant or decline as the head of the agency."""
    return _step(
        page,
        reopening_item_code(page.session, code),
        form,
        f"decide-{code}",
        lambda: decide_reopening(
            page.session,
            code,
            # Without a choice the field is missing, not «declined».
            form.read(DecideReopening, grant=form.text("grant") or None),
            actor=page.actor,
            at=page.at,
        ),
        said="Đã ghi quyết định về đề nghị mở lại.",
    )


@router.post("/items/{code}/lock", name="items.lock")
def lock(form: PostedForm, page: Page, code: str) -> Response:
    """Fix the result."""
    return _step(
        page,
        code,
        form,
        "lock",
        lambda: lock_item(
            page.session,
            code,
            form.read(LockItem),
            actor=page.actor,
            at=page.at,
            council_rules_dir=page.settings.council_rules_dir,
        ),
        said="Đã chốt kết quả.",
    )


@router.post("/items/{code}/to-meeting", name="items.to_meeting")
def to_meeting(form: PostedForm, page: Page, code: str) -> Response:
    """Put a renewal before a meeting instead of settling it in writing."""
    return _step(
        page,
        code,
        form,
        "to-meeting",
        lambda: put_before_meeting(page, code, form),
        said="Đã chuyển sản phẩm ra họp; phiếu đã nộp được giữ.",
    )


@router.post("/items/{code}/wish", name="items.wish")
def wish_to_meet(form: PostedForm, page: Page, code: str) -> Response:
    """Ask that a renewal be discussed in a meeting."""
    return _step(
        page,
        code,
        form,
        "wish",
        lambda: wish(page, code, form),
        said="Đã ghi đề nghị họp trực tiếp.",
    )


@router.post("/items/{code}/put-off", name="items.put_off")
def put_off(form: PostedForm, page: Page, code: str) -> Response:
    """Put a product off that too few may judge."""
    return _step(
        page,
        code,
        form,
        "put-off",
        lambda: put_off_item(
            page.session,
            code,
            form.read(TakeOffAgenda),
            actor=page.actor,
            at=page.at,
            council_rules_dir=page.settings.council_rules_dir,
        ),
        said="Đã chuyển sản phẩm sang phiên khác.",
    )


def _step(
    page: SignedInPage,
    code: str,
    form: Form,
    step: str,
    do: Callable[[], object],
    *,
    said: str,
) -> Response:
    return tried(
        page,
        form,
        do,
        shown_again=lambda shown, why: _show(page, code, step, shown, why),
        done=lambda: page.go("items.show", code=code, said=said),
    )


def _show(
    page: SignedInPage, code: str, step: str, form: Form, refused: Refusal | None = None
) -> Response:
    """Show the board; what was typed belongs to the one form named by `step`."""
    detail = get_item(
        page.session, code, actor=page.actor, rules_dir=page.settings.council_rules_dir
    )
    row, meeting = detail.row, detail.meeting
    blank = empty_form()
    printed = gates_of(detail.dossier.rubric)
    raised = {(gate.criterion_code, gate.kind) for gate in detail.gates}
    why_not_chair = why_not_discuss(meeting.meeting, row.item, meeting.seat)
    is_locked = row.item.state is ItemState.LOCKED
    return page.render(
        "councils/item.html",
        status=answer_status(refused),
        form=form,
        refused=refused,
        form_of=lambda name: form if name == step else blank,
        detail=detail,
        row=row,
        item=row.item,
        meeting=meeting,
        is_locked=is_locked,
        sheets=_sheets(detail),
        labels=ITEM_LABELS,
        tones=ITEM_TONES,
        sheet_labels=SHEET_LABELS,
        sheet_tones=SHEET_TONES,
        seat_labels=SEAT_LABELS,
        gate_labels=GATE_LABELS,
        gate_state_labels=GATE_STATE_LABELS,
        gate_tones=GATE_TONES,
        gate_texts={(criterion, kind): text for criterion, kind, text in printed},
        dossier_gate=DOSSIER_GATE,
        raisable=[one for one in printed if one[:2] not in raised],
        settling=None if row.item.state is ItemState.LOCKED else detail.settling,
        why_not_raise=why_not_raise_gate(meeting.meeting, row.item, row.my_sheet),
        why_not_chair=why_not_chair,
        why_not_certify=why_not_certify_now(detail),
        is_certified_now=is_certified_now(detail),
        spreads=_spreads(detail),
        reopening_labels=REOPENING_LABELS,
        reopening_tones=REOPENING_TONES,
        why_not_reopen=why_not_request_reopening(meeting.meeting, row.item, meeting.seat),
        why_not_decide={
            one.code: why_not_decide_reopening(page.actor, one) for one, _ in detail.reopenings
        },
        why_not_lock=why_not_settle(meeting.meeting, row.item, meeting.seat)
        or why_not_lock(detail),
        opinion_basis=OPINION_BASIS,
        why_not_papers=why_not_read_papers(page.actor, row.item, local_day(page.at)),
        why_not_wish=why_not_wish_for_meeting(meeting.meeting, row.item, row.my_sheet),
        why_not_to_meeting=why_not_put_to_meeting(meeting.meeting, row.item, meeting.seat),
        conflicts=()
        if is_locked or not conducts(meeting.meeting, meeting.seat)
        else conflict_board(page.session, meeting, on=local_day(page.at)).of_item(row.item),
        hint_labels=HINT_LABELS,
    )


def _spreads(detail: ItemDetail) -> list[tuple[Criterion, int]]:
    """Return where the sheets differ, the widest first, for those who see what they add up to."""
    if detail.settling is None:
        return []
    rubric = detail.dossier.rubric
    return [
        (rubric.criterion(code), points)
        for code, points in furthest_apart(detail.settling, len(rubric.criteria))
    ]


def _sheets(detail: ItemDetail) -> list[tuple[str, str, object]]:
    """Return each sheet with the name and seat of its member."""
    seats = {seat.member.id: seat.member for seat in detail.meeting.seats}
    return [
        (seats[sheet.member_id].name, SEAT_LABELS[seats[sheet.member_id].seat], sheet)
        for sheet in detail.row.sheets
    ]
