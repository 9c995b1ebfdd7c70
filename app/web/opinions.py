"""Pages of renewals: what waits, the council asked in writing, who is silent, what needs a meeting."""

from collections.abc import Callable
from datetime import date, timedelta

from fastapi import Response

from app.core.clock import local_day
from app.core.errors import Refusal
from app.domain.councils.actions import (
    end_collection,
    extend_opinion,
    open_opinion,
    put_to_meeting,
    remind_members,
    wish_for_meeting,
)
from app.domain.councils.enums import MeetingForm
from app.domain.councils.policy import (
    conducts,
    why_not_close_meeting,
    why_not_conduct_opinion,
    why_not_end_collection,
    why_not_prepare,
    why_not_remind,
)
from app.domain.councils.queries import (
    MeetingRow,
    councils_list,
    get_meeting,
    meetings_page,
    schedulable,
    to_meet,
)
from app.domain.councils.rules import (
    ITEM_LABELS,
    OPINION_BASIS,
    OUTCOME_LABELS,
    RENEWAL_LIMIT_BASIS,
    SEAT_LABELS,
    SHEET_LABELS,
    WRITTEN_LABELS,
    opinion_limits,
)
from app.domain.councils.schemas import (
    EndCollection,
    ExtendOpinion,
    OpenOpinion,
    PutToMeeting,
    WishForMeeting,
)
from app.domain.places.queries import holidays_between
from app.rulebooks import loader
from app.web.councils import MEETING_TONES
from app.web.deps import Page, SignedInPage, page_router
from app.web.forms import Form, PostedForm, empty_form
from app.web.steps import answer_status, tried
from app.web.tones import ITEM_TONES

router = page_router()

DONE_LABELS: dict[str, str] = {
    "reminded": "Đã nhắc.",
    "reminded_before": "Hôm nay đã nhắc rồi.",
    "extended": "Đã lùi hạn gửi ý kiến.",
    "ended": "Đã kết thúc nhận ý kiến.",
}
_SHOWN = 20
_HOLIDAYS_AHEAD = timedelta(days=60)
_LAST_MONTH = timedelta(days=30)


@router.get("/renewals", name="renewals.list")
def renewals(page: Page) -> Response:
    """List the renewals that wait for the council, and the newest written opinions."""
    waiting = schedulable(page.session, None, actor=page.actor)
    return page.render(
        "councils/renewals.html",
        waiting=waiting,
        to_meet=to_meet(page.session, [one.dossier.id or 0 for one in waiting]),
        meetings=meetings_page(
            page.session, actor=page.actor, form=MeetingForm.WRITTEN, limit=_SHOWN
        ).items,
        on=local_day(page.at),
        labels=WRITTEN_LABELS,
        tones=MEETING_TONES,
        basis=RENEWAL_LIMIT_BASIS,
        why_not_prepare=why_not_prepare(page.actor),
    )


@router.get("/opinions/new", name="opinions.new")
def new(page: Page) -> Response:
    """Ask which council, which renewals, and until when."""
    if refusal := why_not_prepare(page.actor):
        raise refusal
    return _opening(page, empty_form())


@router.post("/opinions", name="opinions.create")
def create(form: PostedForm, page: Page) -> Response:
    """Ask the council in writing."""
    made: list[str] = []

    def do() -> None:
        opened = open_opinion(
            page.session,
            form.read(OpenOpinion),
            actor=page.actor,
            at=page.at,
            council_rules_dir=page.settings.council_rules_dir,
        )
        made.append(opened.code)

    return tried(
        page,
        form,
        do,
        shown_again=lambda shown, why: _opening(page, shown, why),
        done=lambda: page.go("meetings.show", code=made[0], said="Đã gửi lấy ý kiến."),
    )


@router.post("/meetings/{code}/remind", name="opinions.remind")
def remind(form: PostedForm, page: Page, code: str) -> Response:
    """Remind everybody who is silent."""
    told: list[int] = []

    def do() -> None:
        told.append(
            remind_members(
                page.session,
                code,
                actor=page.actor,
                at=page.at,
                council_rules_dir=page.settings.council_rules_dir,
            )
        )

    return _step(
        page,
        code,
        form,
        "remind",
        do,
        said=lambda: DONE_LABELS["reminded" if told[0] else "reminded_before"],
    )


@router.post("/meetings/{code}/extend", name="opinions.extend")
def extend(form: PostedForm, page: Page, code: str) -> Response:
    """Give members more time."""
    return _step(
        page,
        code,
        form,
        "extend",
        lambda: extend_opinion(
            page.session,
            code,
            form.read(ExtendOpinion),
            actor=page.actor,
            at=page.at,
            council_rules_dir=page.settings.council_rules_dir,
        ),
        said=lambda: DONE_LABELS["extended"],
    )


@router.post("/meetings/{code}/end-collection", name="opinions.end")
def end(form: PostedForm, page: Page, code: str) -> Response:
    """End the collection after its day."""
    return _step(
        page,
        code,
        form,
        "end",
        lambda: end_collection(
            page.session,
            code,
            form.read(EndCollection),
            actor=page.actor,
            at=page.at,
            council_rules_dir=page.settings.council_rules_dir,
        ),
        said=lambda: DONE_LABELS["ended"],
    )


def put_before_meeting(page: SignedInPage, code: str, form: Form) -> None:
    """Put a renewal before a meeting, as its form says."""
    put_to_meeting(
        page.session,
        code,
        form.read(PutToMeeting),
        actor=page.actor,
        at=page.at,
        council_rules_dir=page.settings.council_rules_dir,
    )


def wish(page: SignedInPage, code: str, form: Form) -> None:
    """Ask for a meeting, as its form says."""
    wish_for_meeting(
        page.session,
        code,
        form.read(WishForMeeting),
        actor=page.actor,
        at=page.at,
        council_rules_dir=page.settings.council_rules_dir,
    )


def _step(
    page: SignedInPage,
    code: str,
    form: Form,
    step: str,
    do: Callable[[], object],
    *,
    said: Callable[[], str],
) -> Response:
    def shown_again(shown: Form, why: Refusal) -> Response:
        row = get_meeting(
            page.session, code, actor=page.actor, rules_dir=page.settings.council_rules_dir
        )
        return shown_opinion(page, row, step, shown, why)

    return tried(
        page,
        form,
        do,
        shown_again=shown_again,
        done=lambda: page.go("meetings.show", code=code, said=said()),
    )


def shown_opinion(
    page: SignedInPage, row: MeetingRow, step: str, form: Form, refused: Refusal | None = None
) -> Response:
    """Show a written opinion; what was typed belongs to the one form named by `step`."""
    meeting, on, blank = row.meeting, local_day(page.at), empty_form()
    waiting_for = row.waiting_for
    missing = sum(1 for one in row.items for sheet in one.sheets if sheet.state == "draft")
    due_on = meeting.opinions_due_on
    return page.render(
        "councils/opinion.html",
        status=answer_status(refused),
        form=form,
        refused=refused,
        form_of=lambda name: form if name == step else blank,
        row=row,
        meeting=meeting,
        basis=OPINION_BASIS,
        on=on,
        is_over=due_on is not None and on > due_on,
        waiting_for=waiting_for,
        late=_late(row),
        limit=min(
            (one.dossier.province_due_on for one in row.items if one.dossier.province_due_on),
            default=None,
        ),
        conducts=conducts(meeting, row.seat),
        labels=WRITTEN_LABELS,
        tones=MEETING_TONES,
        item_labels=ITEM_LABELS,
        item_tones=ITEM_TONES,
        sheet_labels=SHEET_LABELS,
        seat_labels=SEAT_LABELS,
        outcome_labels=OUTCOME_LABELS,
        conclusion="" if row.open_items else concluded_in_writing(row),
        why_not_remind=why_not_remind(page.actor, meeting, row.seat, missing=missing),
        why_not_extend=why_not_conduct_opinion(page.actor, meeting, row.seat),
        why_not_end=why_not_end_collection(meeting, row.seat, missing=missing, on=on),
        why_not_close=why_not_close_meeting(meeting, row.seat, open_items=row.open_items),
    )


def _late(row: MeetingRow) -> frozenset[int]:
    """Return the seats of which an opinion came after its day."""
    return frozenset(
        sheet.member_id for one in row.items for sheet in one.sheets if row.was_late(sheet)
    )


def concluded_in_writing(row: MeetingRow) -> str:
    """Return a conclusion to start from; it goes into the minutes, so it is Vietnamese."""
    lines = [f"Tổng hợp ý kiến bằng văn bản của Hội đồng về {len(row.items)} sản phẩm:"]
    lines += [
        f"{one.item.position}. {one.product.name} ({one.producer.name}): "
        f"{one.result.average_text} điểm, {one.result.star} sao – "
        f"{OUTCOME_LABELS[one.result.outcome].lower()}."
        for one in row.items
        if one.result is not None
    ]
    lines += [
        f"Chuyển ra họp trực tiếp: {one.product.name} ({one.producer.name}). "
        f"Lý do: {one.item.taken_off_reason}"
        for one in row.taken_off
    ]
    return "\n".join(lines)


def _opening(page: SignedInPage, form: Form, refused: Refusal | None = None) -> Response:
    today = local_day(page.at)
    waiting = schedulable(page.session, None, actor=page.actor)
    days = loader.council_rules_in_force(
        today, page.settings.council_rules_dir
    ).days_before_meeting.value
    first, last = _limits(page, today, days, [one.dossier.province_due_on for one in waiting])
    return page.render(
        "councils/opinion_new.html",
        status=answer_status(refused),
        form=form,
        refused=refused,
        waiting=waiting,
        to_meet=to_meet(page.session, [one.dossier.id or 0 for one in waiting]),
        councils={
            row.council.code: f"{row.council.decision_number} · {row.seats[0].member.name}"
            for row in councils_list(page.session, actor=page.actor)
        },
        first=first,
        last=last,
        proposed=min(last or today + _LAST_MONTH, max(first, today + timedelta(days=10))),
        days=days,
        on=today,
        basis=OPINION_BASIS,
    )


def _limits(
    page: SignedInPage, today: date, days: int, due: list[date | None]
) -> tuple[date, date | None]:
    holidays = holidays_between(page.session, today, today + _HOLIDAYS_AHEAD)
    return opinion_limits(today, due, days, holidays)
