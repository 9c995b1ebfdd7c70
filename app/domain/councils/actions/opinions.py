"""Written opinions on renewals: asked for, reminded of, ended, or turned into a meeting.

Each member fills the same sheet as in a meeting, by the rubric the renewal was opened with: the
decision speaks of «đánh giá, phân hạng lại» and of products «đáp ứng tiêu chí», not of a yes or no.
The result is then locked by the same action, with the same quorum and arithmetic.
"""

from collections import Counter
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from pathlib import Path

from sqlmodel import col, select

from app.core.clock import local_day
from app.core.codes import new_code
from app.core.db import WriteSession
from app.core.errors import Conflict, Invalid, Refused, Worded, check_version
from app.domain.accounts.rules import SYSTEM, Actor
from app.domain.audit.actions import record
from app.domain.councils.actions.agendas import leave_agenda
from app.domain.councils.actions.conflicts import starting_sheets
from app.domain.councils.actions.meetings import (
    check_surveys,
    locked_dossiers,
    new_item,
    ready_dossiers,
)
from app.domain.councils.actions.telling import (
    sitting,
    tell_of_extension,
    tell_of_opinion,
    tell_of_papers,
    tell_of_switch,
    tell_who_is_missing,
)
from app.domain.councils.enums import ItemState, MeetingForm, MeetingState, Seat, SheetState
from app.domain.councils.models import (
    AgendaItem,
    Attendance,
    CouncilMember,
    Meeting,
    MeetingWish,
    ScoreSheet,
)
from app.domain.councils.policy import (
    why_not_conduct_opinion,
    why_not_end_collection,
    why_not_meet,
    why_not_prepare,
    why_not_put_to_meeting,
    why_not_remind,
    why_not_wish_for_meeting,
)
from app.domain.councils.queries import (
    MeetingRow,
    conflict_board,
    get_council,
    item_for_update,
    meeting_for_update,
    papers_opening,
    rules_of,
)
from app.domain.councils.rules import OPINION_BASIS, RENEWAL_LIMIT_BASIS, opinion_limits
from app.domain.councils.schemas import (
    EndCollection,
    ExtendOpinion,
    OpenOpinion,
    PutToMeeting,
    WishForMeeting,
)
from app.domain.dossiers.actions import open_scoring, schedule_dossier, take_off_agenda
from app.domain.dossiers.enums import DossierKind
from app.domain.dossiers.models import Dossier
from app.domain.places.queries import holidays_between

_HOLIDAYS_AHEAD = timedelta(days=60)
# Who has not answered is reminded by the daily job on these days before the last one, and on it.
REMINDED_BEFORE = (3, 1, 0)


class OnlyRenewals(Refused):
    """First and upgrade dossiers are judged in a meeting (art. 7.3.d, 7.5.b)."""

    code = "opinion.only_renewals"
    message = "Chỉ hồ sơ đánh giá lại được lấy ý kiến bằng văn bản; {dossiers} phải đưa ra họp."
    basis = OPINION_BASIS


class BeyondLimit(Refused):
    """The evaluation of a renewal ends 45 days from acceptance."""

    code = "opinion.beyond_limit"
    message = "Tỉnh phải có kết quả chậm nhất ngày {last}: hạn gửi ý kiến không muộn hơn ngày đó."
    basis = RENEWAL_LIMIT_BASIS


class AskedAlready(Conflict):
    """A member asks for a meeting once."""

    code = "opinion.wished_already"
    message = "Bạn đã đề nghị họp trực tiếp về sản phẩm này."
    basis = OPINION_BASIS


def open_opinion(
    session: WriteSession,
    data: OpenOpinion,
    *,
    actor: Actor,
    at: datetime,
    council_rules_dir: Path | None = None,
) -> Meeting:
    """Ask a council in writing about renewals; records opinion.opened.

    Every voting member gets a sheet and reads the dossiers at once; the chair presides. Refused: what
    is no renewal, not accepted, pinned to other council rules, or lacks its survey; a last day that
    leaves no time to read, or lies beyond the province's 45 days (art. 7.6.d, 7.6.g).
    """
    if refusal := why_not_prepare(actor):
        raise refusal
    today = local_day(at)
    council = get_council(session, data.council, actor=actor).council
    if refusal := why_not_meet(council, today):
        raise refusal
    dossiers = ready_dossiers(session, data.dossiers, council, None, renewal_reason=OPINION_BASIS)
    others = [one.code for one in dossiers if one.kind is not DossierKind.RENEWAL]
    if others:
        raise OnlyRenewals(dossiers=", ".join(others))
    rules = rules_of(session, council, council_rules_dir)
    _check_due(session, data.due_on, dossiers, rules.days_before_meeting.value, today)
    meeting = Meeting(
        code=new_code("YK"),
        council_id=council.id or 0,
        form=MeetingForm.WRITTEN,
        state=MeetingState.OPEN,
        place="",
        starts_at=at,
        opened_at=at,
        opinions_due_on=data.due_on,
        council_rules_code=rules.code,
        council_rules_hash=rules.sha256,
    )
    session.add(meeting)
    session.flush()
    for position, dossier in enumerate(dossiers, start=1):
        session.add(new_item(meeting, dossier, position=position, day=None, at=at))
        schedule_dossier(session, dossier, actor=actor, at=at, meeting=meeting.code)
    session.flush()
    row = meeting_for_update(session, meeting.code, actor=actor, rules_dir=council_rules_dir)
    check_surveys(session, row.items)
    _ask_everybody(session, row, dossiers, actor=actor, at=at)
    record(
        session,
        "opinion.opened",
        subject=meeting,
        actor=actor,
        at=at,
        council=council.code,
        dossiers=data.dossiers,
        due_on=data.due_on,
    )
    tell_of_opinion(session, meeting, _voters(row), len(dossiers), actor=actor, at=at)
    return meeting


def extend_opinion(
    session: WriteSession,
    code: str,
    data: ExtendOpinion,
    *,
    actor: Actor,
    at: datetime,
    council_rules_dir: Path | None = None,
) -> Meeting:
    """Give members until a later day; records opinion.extended with the reason.

    What had lapsed may be filled in again, where the result is still open.
    """
    row = meeting_for_update(session, code, actor=actor, rules_dir=council_rules_dir)
    meeting = row.meeting
    if refusal := why_not_conduct_opinion(actor, meeting, row.seat):
        raise refusal
    check_version(data.version, meeting.version)
    before = meeting.opinions_due_on
    if data.due_on <= local_day(at) or (before is not None and data.due_on <= before):
        raise Invalid({"due_on": "Ngày mới phải sau hạn đang có và sau hôm nay."})
    _check_limit(data.due_on, [one.dossier for one in row.items], on=local_day(at))
    meeting.opinions_due_on = data.due_on
    meeting.collected_at = None
    meeting.version += 1
    for sheet in _sheets(row, SheetState.LAPSED):
        _turn(sheet, SheetState.DRAFT, at=at)
    record(
        session,
        "opinion.extended",
        subject=meeting,
        actor=actor,
        at=at,
        before=before,
        due_on=data.due_on,
        reason=data.reason,
    )
    tell_of_extension(session, meeting, _voters(row), actor=actor, at=at)
    return meeting


def remind_members(
    session: WriteSession,
    code: str,
    *,
    actor: Actor,
    at: datetime,
    council_rules_dir: Path | None = None,
) -> int:
    """Remind everybody whose opinion is missing, at most once a day; records opinion.reminded."""
    row = meeting_for_update(session, code, actor=actor, rules_dir=council_rules_dir)
    missing = _missing(row)
    if refusal := why_not_remind(actor, row.meeting, row.seat, missing=len(missing)):
        raise refusal
    return _remind(session, row.meeting, missing, actor=actor, at=at)


def tell_of_the_day(session: WriteSession, *, at: datetime) -> tuple[int, int]:
    """Tell what the day brings: dossiers that open to members, opinions that are nearly due.

    For the daily job; run again it tells nobody twice. Returns how many notices of each are new.
    """
    today = local_day(at)
    opened = sum(
        tell_of_papers(session, meeting, sitting(session, meeting), count, actor=SYSTEM, at=at)
        for meeting, count in papers_opening(session, on=today)
    )
    reminded = 0
    for meeting in session.exec(
        select(Meeting)
        .where(
            col(Meeting.form) == MeetingForm.WRITTEN,
            col(Meeting.state) == MeetingState.OPEN,
            col(Meeting.opinions_due_on).in_([today + timedelta(days=n) for n in REMINDED_BEFORE]),
        )
        .order_by(col(Meeting.id))
        .with_for_update()
    ).all():
        missing = Counter(
            session.exec(
                select(col(CouncilMember.user_id))
                .join(ScoreSheet, col(ScoreSheet.member_id) == col(CouncilMember.id))
                .join(AgendaItem, col(AgendaItem.id) == col(ScoreSheet.item_id))
                .where(
                    col(AgendaItem.meeting_id) == meeting.id,
                    col(AgendaItem.state) == ItemState.SCORING,
                    col(ScoreSheet.state) == SheetState.DRAFT,
                )
            )
        )
        reminded += _remind(session, meeting, missing, actor=SYSTEM, at=at)
    return opened, reminded


def end_collection(
    session: WriteSession,
    code: str,
    data: EndCollection,
    *,
    actor: Actor,
    at: datetime,
    council_rules_dir: Path | None = None,
) -> Meeting:
    """End the collection after its day: sheets not handed in lapse. Records opinion.collected."""
    row = meeting_for_update(session, code, actor=actor, rules_dir=council_rules_dir)
    meeting = row.meeting
    drafts = _sheets(row, SheetState.DRAFT)
    refusal = why_not_end_collection(meeting, row.seat, missing=len(drafts), on=local_day(at))
    if refusal:
        raise refusal
    check_version(data.version, meeting.version)
    for sheet in drafts:
        _turn(sheet, SheetState.LAPSED, at=at)
    meeting.collected_at = at
    meeting.version += 1
    record(
        session,
        "opinion.collected",
        subject=meeting,
        actor=actor,
        at=at,
        lapsed=[seat.username for seat in row.seats if _has(drafts, seat.member)],
    )
    return meeting


def wish_for_meeting(
    session: WriteSession,
    code: str,
    data: WishForMeeting,
    *,
    actor: Actor,
    at: datetime,
    council_rules_dir: Path | None = None,
) -> MeetingWish:
    """Ask that a renewal be discussed in a meeting; records opinion.meeting_wished.

    The renewal is then not settled in writing any more (art. 7.6.d); the sheet may still be filled.
    """
    detail = item_for_update(session, code, actor=actor, rules_dir=council_rules_dir)
    item, sheet = detail.row.item, detail.row.my_sheet
    refusal = why_not_wish_for_meeting(detail.meeting.meeting, item, sheet)
    if refusal or sheet is None:
        raise refusal or Conflict
    if any(one.member_id == sheet.member_id for one in detail.wishes):
        raise AskedAlready
    wish = MeetingWish(
        item_id=item.id or 0, member_id=sheet.member_id, reason=data.reason, wished_at=at
    )
    session.add(wish)
    item.version += 1
    record(session, "opinion.meeting_wished", subject=item, actor=actor, at=at, reason=data.reason)
    return wish


def put_to_meeting(
    session: WriteSession,
    code: str,
    data: PutToMeeting,
    *,
    actor: Actor,
    at: datetime,
    council_rules_dir: Path | None = None,
) -> AgendaItem:
    """Put a renewal before a meeting instead: the opinions are kept. Records opinion.put_to_meeting.

    The agency then schedules it like any other; everybody judges anew, after the discussion.
    """
    detail = item_for_update(session, code, actor=actor, rules_dir=council_rules_dir)
    item, meeting = detail.row.item, detail.meeting.meeting
    if refusal := why_not_put_to_meeting(meeting, item, detail.meeting.seat):
        raise refusal
    check_version(data.version, item.version)
    reasons = [str(one) for one in detail.why_meet]
    leave_agenda(item, reason=data.reason, at=at)
    for sheet in detail.row.sheets:
        if sheet.state is SheetState.DRAFT:
            _turn(sheet, SheetState.LAPSED, at=at)
    dossier = locked_dossiers(session, [item.dossier_id])[item.dossier_id]
    take_off_agenda(session, dossier, actor=actor, at=at, meeting=meeting.code, reason=data.reason)
    record(
        session,
        "opinion.put_to_meeting",
        subject=item,
        actor=actor,
        at=at,
        dossier=dossier.code,
        reason=data.reason,
        found=reasons,
    )
    tell_of_switch(session, meeting, item, detail.row.product.name, actor=actor, at=at)
    return item


def _ask_everybody(
    session: WriteSession,
    row: MeetingRow,
    dossiers: list[Dossier],
    *,
    actor: Actor,
    at: datetime,
) -> None:
    """Let every voting member have a sheet for each renewal; nobody is asked about own interests."""
    meeting = row.meeting
    voters = [seat.member for seat in row.seats if seat.member.voting]
    session.add_all(
        Attendance(
            meeting_id=meeting.id or 0,
            member_id=seat.member.id or 0,
            present=True,
        )
        for seat in row.seats
    )
    chair = next(seat.member for seat in row.seats if seat.member.seat is Seat.CHAIR)
    meeting.presiding_id = chair.id
    board = conflict_board(session, row, on=local_day(at))
    for item, dossier in zip(row.items, dossiers, strict=True):
        item.item.state = ItemState.SCORING
        item.item.version += 1
        session.add_all(starting_sheets(item.item, voters, board, at=at))
        open_scoring(session, dossier, actor=actor, at=at, meeting=meeting.code)


def _remind(
    session: WriteSession,
    meeting: Meeting,
    missing: Mapping[int, int],
    *,
    actor: Actor,
    at: datetime,
) -> int:
    """Tell each account what it owes; nothing is recorded when everybody knew today already."""
    told = tell_who_is_missing(session, meeting, missing, actor=actor, at=at)
    if told:
        meeting.reminded_on = local_day(at)
        record(session, "opinion.reminded", subject=meeting, actor=actor, at=at, count=told)
    return told


def _missing(row: MeetingRow) -> Counter[int]:
    """Return how many sheets each account still owes."""
    accounts = {seat.member.id: seat.member.user_id for seat in row.seats}
    return Counter(accounts[sheet.member_id] for sheet in _sheets(row, SheetState.DRAFT))


def _sheets(row: MeetingRow, state: SheetState) -> list[ScoreSheet]:
    """Return the sheets in this state of the renewals that are still open."""
    return [
        sheet
        for one in row.items
        if one.item.state is ItemState.SCORING
        for sheet in one.sheets
        if sheet.state is state
    ]


def _has(sheets: list[ScoreSheet], member: CouncilMember) -> bool:
    return any(sheet.member_id == member.id for sheet in sheets)


def _turn(sheet: ScoreSheet, state: SheetState, *, at: datetime) -> None:
    sheet.state = state
    sheet.updated_at = at
    sheet.version += 1


def _voters(row: MeetingRow) -> list[int]:
    return [seat.member.user_id for seat in row.seats if seat.member.voting]


def _check_due(
    session: WriteSession, due_on: date, dossiers: list[Dossier], days_to_read: int, today: date
) -> None:
    first, last = opinion_limits(
        today,
        [one.province_due_on for one in dossiers],
        days_to_read,
        holidays_between(session, today, today + _HOLIDAYS_AHEAD),
    )
    if due_on < first:
        said = Worded(
            "Thành viên cần ít nhất {count} ngày làm việc để đọc hồ sơ: sớm nhất là ngày {day}.",
            count=days_to_read,
            day=f"{first:%d/%m/%Y}",
        )
        raise Invalid({"due_on": said})
    if last is not None and due_on > last:
        raise BeyondLimit(last=f"{last:%d/%m/%Y}")


def _check_limit(due_on: date, dossiers: list[Dossier], *, on: date) -> None:
    """Refuse a day beyond the 45 days that are still to run; what is late already binds no more."""
    running = [
        one.province_due_on
        for one in dossiers
        if one.province_due_on is not None and one.province_due_on > on
    ]
    if running and due_on > min(running):
        raise BeyondLimit(last=f"{min(running):%d/%m/%Y}")
