"""Pages of meetings: scheduled with an agenda, opened with who is present, closed with minutes."""

from datetime import datetime, timedelta

from fastapi import Response

from app.core.clock import VIET_NAM, local_day
from app.core.errors import Refusal
from app.domain.councils.actions import (
    close_meeting,
    open_meeting,
    record_survey,
    schedule_meeting,
)
from app.domain.councils.policy import (
    why_not_change_agenda,
    why_not_close_meeting,
    why_not_meet,
    why_not_open_meeting,
    why_not_prepare,
    why_not_record_survey,
    why_not_see_board,
)
from app.domain.councils.queries import (
    MeetingRow,
    councils_list,
    get_item,
    get_meeting,
    get_round,
    schedulable,
    to_meet,
)
from app.domain.councils.rules import (
    ITEM_LABELS,
    MANY_PRODUCTS,
    MEETING_LABELS,
    OPINION_BASIS,
    OUTCOME_LABELS,
    ROUND_BASIS,
    SEAT_LABELS,
    SHEET_LABELS,
)
from app.domain.councils.schemas import (
    CloseMeeting,
    OpenMeeting,
    RecordSurvey,
    ScheduleMeeting,
)
from app.domain.places.queries import holidays_between
from app.domain.places.rules import working_days_after
from app.rulebooks import loader
from app.web.councils import MEETING_TONES, day_before
from app.web.deps import Page, SignedInPage, page_router
from app.web.forms import Form, PostedForm, empty_form
from app.web.opinions import shown_opinion
from app.web.steps import answer_status, tried
from app.web.tones import ITEM_TONES

router = page_router()

_HOLIDAYS_AHEAD = timedelta(days=40)


@router.get("/rounds/{code}/meetings/new", name="meetings.new")
def new(page: Page, code: str) -> Response:
    """Ask for council, place, time and agenda."""
    if refusal := why_not_prepare(page.actor):
        raise refusal
    return _schedule_form(page, code, empty_form())


@router.get("/renewals/meetings/new", name="renewals.meeting")
def new_about_renewals(page: Page) -> Response:
    """Ask for a meeting about renewals only: it is in no round."""
    if refusal := why_not_prepare(page.actor):
        raise refusal
    return _schedule_form(page, None, empty_form())


@router.post("/rounds/{code}/meetings", name="meetings.create")
def create(form: PostedForm, page: Page, code: str) -> Response:
    """Schedule a meeting; the time is read as Viet Nam's."""
    return _scheduled(form, page, code)


@router.post("/renewals/meetings", name="renewals.schedule")
def create_about_renewals(form: PostedForm, page: Page) -> Response:
    """Schedule a meeting about renewals."""
    return _scheduled(form, page, None)


def _scheduled(form: Form, page: SignedInPage, code: str | None) -> Response:
    made: list[str] = []

    def do() -> None:
        data = form.read(
            ScheduleMeeting, round=code, starts_at=_in_viet_nam(form.text("starts_at"))
        )
        made.append(
            schedule_meeting(
                page.session,
                data,
                actor=page.actor,
                at=page.at,
                council_rules_dir=page.settings.council_rules_dir,
            ).code
        )

    return tried(
        page,
        form,
        do,
        shown_again=lambda shown, why: _schedule_form(page, code, shown, why),
        done=lambda: page.go("meetings.show", code=made[0], said="Đã xếp phiên họp."),
    )


@router.get("/meetings/{code}", name="meetings.show")
def show(page: Page, code: str) -> Response:
    """Show a meeting: its agenda, how far the sheets are, and what is next and by whom."""
    return _show(page, code, empty_form())


@router.post("/meetings/{code}/open", name="meetings.open")
def open_(form: PostedForm, page: Page, code: str) -> Response:
    """Open a meeting with who is present."""
    return tried(
        page,
        form,
        lambda: open_meeting(
            page.session,
            code,
            form.read(OpenMeeting),
            actor=page.actor,
            at=page.at,
            council_rules_dir=page.settings.council_rules_dir,
        ),
        shown_again=lambda shown, why: _show(page, code, shown, why),
        done=lambda: page.go("meetings.show", code=code, said="Đã mở phiên họp."),
    )


@router.post("/meetings/{code}/close", name="meetings.close")
def close(form: PostedForm, page: Page, code: str) -> Response:
    """End a meeting with its minutes."""
    return tried(
        page,
        form,
        lambda: close_meeting(
            page.session,
            code,
            form.read(CloseMeeting),
            actor=page.actor,
            at=page.at,
            council_rules_dir=page.settings.council_rules_dir,
        ),
        shown_again=lambda shown, why: _show(page, code, shown, why),
        done=lambda: page.go("meetings.show", code=code, said="Đã kết thúc phiên họp."),
    )


@router.post("/items/{code}/survey", name="items.survey")
def survey(form: PostedForm, page: Page, code: str) -> Response:
    """Note the record of a survey on the spot."""
    rules_dir = page.settings.council_rules_dir
    meeting = get_item(page.session, code, actor=page.actor, rules_dir=rules_dir).meeting.meeting
    return tried(
        page,
        form,
        lambda: record_survey(
            page.session,
            code,
            form.read(RecordSurvey),
            actor=page.actor,
            at=page.at,
            council_rules_dir=rules_dir,
        ),
        shown_again=lambda shown, why: _show(page, meeting.code, shown, why, survey_of=code),
        done=lambda: page.go("meetings.show", code=meeting.code, said="Đã ghi biên bản khảo sát."),
    )


def _in_viet_nam(typed: str) -> datetime | str:
    """Return the moment a browser's date-and-time field means; anything else is left to the schema."""
    try:
        moment = datetime.fromisoformat(typed)
    except ValueError:
        return typed
    return moment if moment.tzinfo else moment.replace(tzinfo=VIET_NAM)


def _schedule_form(
    page: SignedInPage, code: str | None, form: Form, refused: Refusal | None = None
) -> Response:
    round_ = get_round(page.session, code, actor=page.actor) if code else None
    waiting = schedulable(page.session, round_.id if round_ else None, actor=page.actor)
    today = local_day(page.at)
    rules = loader.council_rules_in_force(today, page.settings.council_rules_dir)
    holidays = holidays_between(page.session, today, today + _HOLIDAYS_AHEAD)
    return page.render(
        "councils/meeting_new.html",
        day_before=day_before,
        status=answer_status(refused),
        form=form,
        refused=refused,
        round=round_,
        councils={
            row.council.code: f"{row.council.decision_number} · {row.seats[0].member.name}"
            for row in councils_list(page.session, actor=page.actor)
        },
        waiting=waiting,
        to_meet=to_meet(page.session, [one.dossier.id or 0 for one in waiting])
        if round_ is None
        else frozenset(),
        days_before=rules.days_before_meeting.value,
        comfortable_from=working_days_after(today, rules.days_before_meeting.value, holidays),
        many=MANY_PRODUCTS,
        basis=ROUND_BASIS if round_ else OPINION_BASIS,
    )


def _show(
    page: SignedInPage,
    code: str,
    form: Form,
    refused: Refusal | None = None,
    *,
    survey_of: str = "",
) -> Response:
    rules_dir = page.settings.council_rules_dir
    row = get_meeting(page.session, code, actor=page.actor, rules_dir=rules_dir)
    meeting = row.meeting
    if row.is_written:
        return shown_opinion(page, row, "", form, refused)
    return page.render(
        "councils/meeting.html",
        status=answer_status(refused),
        form=form,
        refused=refused,
        survey_of=survey_of,
        row=row,
        meeting=meeting,
        labels=MEETING_LABELS,
        tones=MEETING_TONES,
        item_labels=ITEM_LABELS,
        item_tones=ITEM_TONES,
        sheet_labels=SHEET_LABELS,
        seat_labels=SEAT_LABELS,
        outcome_labels=OUTCOME_LABELS,
        empty_form=empty_form(),
        voters={seat.username: seat.member.name for seat in row.seats if seat.member.voting},
        on=local_day(page.at),
        many=MANY_PRODUCTS,
        why_not_change=why_not_change_agenda(page.actor, meeting),
        present=_present(form, row),
        conclusion="" if row.open_items else concluded(row),
        why_not_open=why_not_open_meeting(meeting, row.seat)
        or why_not_meet(row.council, local_day(page.at)),
        sees_board=why_not_see_board(meeting, row.seat) is None,
        why_not_close=why_not_close_meeting(meeting, row.seat, open_items=row.open_items),
        why_not_survey={
            one.item.code: why_not_record_survey(page.actor, one.item)
            for one in row.items
            if one.needs_survey
        },
    )


def _present(form: Form, row: MeetingRow) -> frozenset[str]:
    """Return who is ticked as present: as typed, or everybody on a fresh form."""
    if form.raw:
        return frozenset(form.many("present"))
    return frozenset(seat.username for seat in row.seats)


def concluded(row: MeetingRow) -> str:
    """Return a conclusion to start from: what the council found, product by product.

    It goes into the minutes, so it is Vietnamese in every language of the page.
    """
    lines = [f"Hội đồng thống nhất kết quả đánh giá, phân hạng {len(row.items)} sản phẩm:"]
    lines += [
        f"{one.item.position}. {one.product.name} ({one.producer.name}): "
        f"{one.result.average_text} điểm, {one.result.star} sao – "
        f"{OUTCOME_LABELS[one.result.outcome].lower()}."
        for one in row.items
        if one.result is not None
    ]
    return "\n".join(lines)
