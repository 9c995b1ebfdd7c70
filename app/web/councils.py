"""Pages of rounds and councils: the dates of the year, who sits where, by which rules."""

from collections.abc import Mapping
from datetime import date, timedelta

from fastapi import Response

from app.core.clock import local_day
from app.core.errors import Refusal
from app.domain.accounts.enums import Role
from app.domain.accounts.queries import users_with_role
from app.domain.councils.actions import (
    amend_council,
    delegate_chair,
    open_round,
    set_up_council,
)
from app.domain.councils.enums import MeetingState, Seat
from app.domain.councils.policy import why_not_delegate, why_not_open_round, why_not_prepare
from app.domain.councils.queries import (
    council_file,
    councils_list,
    get_council,
    get_round,
    meetings_page,
    not_taken_in,
    rounds_list,
    rules_of,
    schedulable,
)
from app.domain.councils.rules import (
    COUNCIL_BASIS,
    MEETING_LABELS,
    ROUND_BASIS,
    SEAT_LABELS,
    coming_rounds,
)
from app.domain.councils.schemas import AmendCouncil, DelegateChair, OpenRound, SetUpCouncil
from app.rulebooks import loader
from app.web.council_rules import may_read_rules, rule_lines
from app.web.deps import Page, SignedInPage, page_router
from app.web.forms import Form, PostedForm, empty_form
from app.web.steps import answer_status, tried

router = page_router()

MEETING_TONES: dict[MeetingState, str] = {
    MeetingState.SCHEDULED: "info",
    MeetingState.OPEN: "warn",
    MeetingState.CLOSED: "good",
}
_SHOWN_COUNCILS = 10
_SHOWN_MEETINGS = 10


def day_before(limit: date) -> date:
    """Return the last day that is not too late: the law says «before» the limit (art. 5.1)."""
    return limit - timedelta(days=1)


@router.get("/rounds", name="rounds.list")
def index(page: Page) -> Response:
    """List rounds with their legal dates, councils, and the newest meetings."""
    actor = page.actor
    return page.render(
        "councils/rounds.html",
        day_before=day_before,
        rounds=rounds_list(page.session, actor=actor),
        councils=councils_list(page.session, actor=actor, limit=_SHOWN_COUNCILS),
        meetings=meetings_page(page.session, actor=actor, limit=_SHOWN_MEETINGS).items,
        on=local_day(page.at),
        labels=MEETING_LABELS,
        tones=MEETING_TONES,
        why_not_open=why_not_open_round(actor),
        why_not_prepare=why_not_prepare(actor),
        may_read_rules=may_read_rules(actor),
    )


@router.get("/rounds/new", name="rounds.new")
def new_round(page: Page) -> Response:
    """Propose the next legal round."""
    if refusal := why_not_open_round(page.actor):
        raise refusal
    return _round_form(page, empty_form())


@router.post("/rounds", name="rounds.create")
def create_round(form: PostedForm, page: Page) -> Response:
    """Open a round; the choice names its year and ordinal."""
    year, _, ordinal = form.text("round").partition("-")

    def do() -> None:
        open_round(
            page.session,
            form.read(OpenRound, year=year, ordinal=ordinal),
            actor=page.actor,
            at=page.at,
            council_rules_dir=page.settings.council_rules_dir,
        )

    return tried(
        page,
        form,
        do,
        shown_again=lambda shown, why: _round_form(page, shown, why),
        done=lambda: page.go("rounds.list", said="Đã mở đợt."),
    )


@router.get("/rounds/{code}", name="rounds.show")
def show_round(page: Page, code: str) -> Response:
    """Show a round: its dates, what waits for an agenda, its meetings."""
    row = get_round(page.session, code, actor=page.actor)
    return page.render(
        "councils/round.html",
        day_before=day_before,
        round=row,
        waiting=schedulable(page.session, row.id or 0, actor=page.actor),
        not_taken_in=not_taken_in(page.session, row, actor=page.actor),
        meetings=meetings_page(
            page.session, actor=page.actor, round_id=row.id, limit=2 * _SHOWN_MEETINGS
        ).items,
        on=local_day(page.at),
        basis=ROUND_BASIS,
        labels=MEETING_LABELS,
        tones=MEETING_TONES,
        why_not_prepare=why_not_prepare(page.actor),
    )


@router.get("/councils/new", name="councils.new")
def new_council(page: Page) -> Response:
    """Ask who takes which seat."""
    if refusal := why_not_prepare(page.actor):
        raise refusal
    return _council_form(page, empty_form())


@router.post("/councils", name="councils.create")
def create_council(form: PostedForm, page: Page) -> Response:
    """Set a council up."""
    made: list[str] = []

    def do() -> None:
        council = set_up_council(
            page.session,
            form.read(SetUpCouncil, seats=_seats(form)),
            actor=page.actor,
            at=page.at,
            council_rules_dir=page.settings.council_rules_dir,
        )
        made.append(council.code)

    return tried(
        page,
        form,
        do,
        shown_again=lambda shown, why: _council_form(page, shown, why),
        done=lambda: page.go("councils.show", code=made[0], said="Đã lập Hội đồng."),
    )


@router.get("/councils/{code}", name="councils.show")
def show_council(page: Page, code: str) -> Response:
    """Show a council: its term and seats, what changed them, and its rules with their basis."""
    return _council(page, code, empty_form())


@router.get("/councils/{code}/amend", name="councils.amend_form")
def amend_form(page: Page, code: str) -> Response:
    """Ask who leaves and who comes by a later decision."""
    if refusal := why_not_prepare(page.actor):
        raise refusal
    return _amend_form(page, code, empty_form())


@router.post("/councils/{code}/amendments", name="councils.amend")
def amend(form: PostedForm, page: Page, code: str) -> Response:
    """Change who sits on the council."""
    return tried(
        page,
        form,
        lambda: amend_council(
            page.session,
            code,
            form.read(AmendCouncil, joins=_seats(form)),
            actor=page.actor,
            at=page.at,
        ),
        shown_again=lambda shown, why: _amend_form(page, code, shown, why),
        done=lambda: page.go("councils.show", code=code, said="Đã ghi thay đổi thành viên."),
    )


@router.post("/councils/{code}/delegations", name="councils.delegate")
def delegate(form: PostedForm, page: Page, code: str) -> Response:
    """Record the chair's delegation."""
    return tried(
        page,
        form,
        lambda: delegate_chair(
            page.session, code, form.read(DelegateChair), actor=page.actor, at=page.at
        ),
        shown_again=lambda shown, why: _council(page, code, shown, why),
        done=lambda: page.go("councils.show", code=code, said="Đã ghi văn bản ủy quyền."),
    )


def _council(page: SignedInPage, code: str, form: Form, refused: Refusal | None = None) -> Response:
    file = council_file(page.session, code, actor=page.actor)
    row = file.row
    seat = next((one.member for one in row.seats if one.member.user_id == page.actor.user_id), None)
    rules = rules_of(page.session, row.council, page.settings.council_rules_dir)
    return page.render(
        "councils/council.html",
        status=answer_status(refused),
        form=form,
        refused=refused,
        file=file,
        row=row,
        council=row.council,
        rules=rules,
        lines=rule_lines(rules),
        seat_labels=SEAT_LABELS,
        on=local_day(page.at),
        voters={
            one.username: one.member.name
            for one in row.seats
            if one.member.voting and one.member.seat is not Seat.CHAIR
        },
        why_not_prepare=why_not_prepare(page.actor),
        why_not_delegate=why_not_delegate(page.actor, seat),
        basis=COUNCIL_BASIS,
    )


def _amend_form(
    page: SignedInPage, code: str, form: Form, refused: Refusal | None = None
) -> Response:
    row = get_council(page.session, code, actor=page.actor)
    return page.render(
        "councils/amend.html",
        status=answer_status(refused),
        form=form,
        refused=refused,
        row=row,
        council=row.council,
        leaving=set(form.many("leaves")),
        accounts=users_with_role(page.session, Role.COUNCIL_MEMBER, at=page.at),
        seated={one.username for one in row.seats},
        seat_labels=SEAT_LABELS,
        seats={"": "Không tham gia"} | {seat.value: SEAT_LABELS[seat] for seat in Seat},
        basis=COUNCIL_BASIS,
    )


def _seats(form: Form) -> list[Mapping[str, object]]:
    """Return the seats that were given away; people without a seat are left out."""
    secretary_votes = form.text("secretary_votes") == "on"
    names = [name.removeprefix("seat.") for name in form.raw if name.startswith("seat.")]
    return [
        {
            "username": name,
            "seat": seat,
            "title": form.text(f"title.{name}"),
            "voting": secretary_votes,
        }
        for name in names
        if (seat := form.text(f"seat.{name}"))
    ]


def _round_form(page: SignedInPage, form: Form, refused: Refusal | None = None) -> Response:
    today = local_day(page.at)
    known = {(row.year, row.ordinal) for row in rounds_list(page.session, actor=page.actor)}
    return page.render(
        "councils/round_new.html",
        day_before=day_before,
        status=answer_status(refused),
        form=form,
        refused=refused,
        coming=coming_rounds(
            loader.in_force(today),
            loader.council_rules_in_force(today, page.settings.council_rules_dir),
            known=known,
            on=today,
        ),
        basis=ROUND_BASIS,
    )


def _council_form(page: SignedInPage, form: Form, refused: Refusal | None = None) -> Response:
    return page.render(
        "councils/council_new.html",
        status=answer_status(refused),
        form=form,
        refused=refused,
        accounts=users_with_role(page.session, Role.COUNCIL_MEMBER, at=page.at),
        seats={"": "Không tham gia"} | {seat.value: SEAT_LABELS[seat] for seat in Seat},
        basis=COUNCIL_BASIS,
    )
