"""Meetings: scheduled with an agenda, opened with a quorum, closed with minutes."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from pathlib import Path

from sqlmodel import col, select

from app.core.clock import local_day
from app.core.codes import new_code
from app.core.db import WriteSession
from app.core.errors import Conflict, Invalid, NotFound, Refused, Worded, check_version
from app.domain.accounts.rules import Actor
from app.domain.audit.actions import record
from app.domain.councils.actions.conflicts import starting_sheets
from app.domain.councils.actions.telling import tell_of_meeting
from app.domain.councils.enums import ItemState, MeetingForm, MeetingState, Seat
from app.domain.councils.models import (
    AgendaItem,
    Attendance,
    Council,
    Meeting,
    Round,
)
from app.domain.councils.policy import (
    why_not_close_meeting,
    why_not_meet,
    why_not_open_meeting,
    why_not_prepare,
    why_not_record_survey,
)
from app.domain.councils.queries import (
    ItemRow,
    MeetingRow,
    SeatRow,
    conflict_board,
    delegations_of,
    get_council,
    get_round,
    item_for_update,
    meeting_for_update,
    meeting_quorum,
    rules_of,
    was_asked_in_writing,
)
from app.domain.councils.rules import (
    MEETING_BASIS,
    OPINION_BASIS,
    ROUND_BASIS,
    papers_promised_on,
)
from app.domain.councils.schemas import CloseMeeting, OpenMeeting, RecordSurvey, ScheduleMeeting
from app.domain.dossiers.actions import open_scoring, schedule_dossier
from app.domain.dossiers.enums import DossierKind, Step
from app.domain.dossiers.models import Dossier
from app.domain.dossiers.queries import surveys_of
from app.domain.dossiers.rules import states_before
from app.domain.places.queries import holidays_between

_PAPERS_AHEAD = timedelta(days=60)  # of working days before a meeting, with the longest holidays


class DossierNotReady(Conflict):
    """Only dossiers accepted into this round go on an agenda."""

    code = "meeting.dossier_not_ready"
    message = "Hồ sơ {dossier} chưa được tiếp nhận vào đợt {round}, hoặc đã có phiên họp."
    basis = MEETING_BASIS


class WrittenFirst(Refused):
    """A renewal is evaluated by written opinion; a meeting needs its reason."""

    code = "meeting.written_first"
    message = (
        "Hồ sơ đánh giá lại {dossier} được lấy ý kiến bằng văn bản. Nếu có nội dung phức tạp cần "
        "thảo luận trực tiếp, hãy ghi rõ lý do."
    )
    basis = OPINION_BASIS


class OtherRules(Refused):
    """A dossier is judged under the council rules it was opened with."""

    code = "meeting.other_rules"
    message = (
        "Hồ sơ {dossier} gắn với quy chế «{dossier_rules}», Hội đồng làm việc theo "
        "«{council_rules}». Hãy chọn Hội đồng cùng quy chế."
    )
    basis = MEETING_BASIS


class AfterRound(Refused):
    """Results are due before the round's end."""

    code = "meeting.after_round"
    message = "Đợt {round} phải có kết quả trước ngày {end}: phiên họp phải sớm hơn."
    basis = ROUND_BASIS


class TooEarly(Refused):
    """A meeting is opened on its day, not before."""

    code = "meeting.too_early"
    message = "Phiên họp ghi ngày {day}, chưa đến ngày đó nên chưa mở được."
    basis = MEETING_BASIS


class NothingOnAgenda(Refused):
    """A meeting is about something."""

    code = "meeting.nothing_on_agenda"
    message = "Chương trình phiên họp chưa có sản phẩm nào."
    basis = MEETING_BASIS


class QuorumNotMet(Refused):
    """Too few voting members, or nobody to preside."""

    code = "meeting.quorum_not_met"
    message = (
        "Chưa đủ số người để họp: có mặt {present}/{voting} thành viên chấm điểm, cần ít nhất "
        "{needed}, và phải có Chủ tịch hoặc người được ủy quyền."
    )
    basis = MEETING_BASIS


class SurveyMissing(Refused):
    """Tourism is scored only after a survey on the spot."""

    code = "meeting.survey_missing"
    message = "Sản phẩm «{product}» chưa có biên bản khảo sát thực tế, chưa chấm điểm được."
    basis = "Quy chế hoạt động của Hội đồng (khảo sát trước khi chấm)"


def schedule_meeting(
    session: WriteSession,
    data: ScheduleMeeting,
    *,
    actor: Actor,
    at: datetime,
    council_rules_dir: Path | None = None,
) -> Meeting:
    """Schedule a meeting with its agenda; its dossiers are scheduled. Records meeting.scheduled.

    Members are told, and read the dossiers from the day the council rules promise, or from today
    when that is past. Without a round the meeting is about renewals only.

    Refused: a dossier that is not accepted into this round or works under other council rules, a
    renewal that was not asked about in writing unless it is said why (art. 7.6.d), a day that is
    past, outside the council's term, or on or after the end of the round (art. 5.1).
    """
    if refusal := why_not_prepare(actor):
        raise refusal
    council = get_council(session, data.council, actor=actor).council
    round_ = get_round(session, data.round, actor=actor) if data.round else None
    day = local_day(data.starts_at)
    if day < local_day(at):
        raise Invalid({"starts_at": "Ngày họp đã qua."})
    if refusal := why_not_meet(council, day):
        raise refusal
    if round_ is not None and day >= round_.results_before:
        raise AfterRound(round=round_.code, end=f"{round_.results_before:%d/%m/%Y}")
    dossiers = ready_dossiers(
        session, data.dossiers, council, round_, renewal_reason=data.renewal_reason
    )
    meeting = Meeting(
        code=new_code("PH"),
        council_id=council.id or 0,
        round_id=round_.id if round_ else None,
        form=MeetingForm.IN_PERSON,
        state=MeetingState.SCHEDULED,
        place=data.place,
        starts_at=data.starts_at,
        papers_promised_on=_papers_promised_on(session, council, day, council_rules_dir),
        renewal_reason=data.renewal_reason,
    )
    session.add(meeting)
    session.flush()
    for position, dossier in enumerate(dossiers, start=1):
        session.add(new_item(meeting, dossier, position=position, day=day, at=at))
        schedule_dossier(session, dossier, actor=actor, at=at, meeting=meeting.code, meeting_on=day)
    record(
        session,
        "meeting.scheduled",
        subject=meeting,
        actor=actor,
        at=at,
        council=council.code,
        round=round_.code if round_ else None,
        starts_at=meeting.starts_at,
        dossiers=data.dossiers,
        papers_promised_on=meeting.papers_promised_on,
    )
    tell_of_meeting(session, meeting, actor=actor, at=at)
    return meeting


def _papers_promised_on(
    session: WriteSession, council: Council, day: date, rules_dir: Path | None
) -> date:
    rules = rules_of(session, council, rules_dir)
    return papers_promised_on(
        day,
        rules.days_before_meeting.value,
        holidays_between(session, day - _PAPERS_AHEAD, day),
    )


def new_item(
    meeting: Meeting, dossier: Dossier, *, position: int, day: date | None, at: datetime
) -> AgendaItem:
    """Return a dossier's place on an agenda, its papers open as promised or from today."""
    return AgendaItem(
        code=new_code("MH"),
        meeting_id=meeting.id or 0,
        dossier_id=dossier.id or 0,
        position=position,
        day=day,
        papers_open_on=max(local_day(at), meeting.papers_promised_on or local_day(at)),
        state=ItemState.WAITING,
    )


def record_survey(
    session: WriteSession,
    code: str,
    data: RecordSurvey,
    *,
    actor: Actor,
    at: datetime,
    council_rules_dir: Path | None = None,
) -> AgendaItem:
    """Note the record of the survey on the spot; records item.survey_recorded."""
    item = item_for_update(session, code, actor=actor, rules_dir=council_rules_dir).row.item
    if refusal := why_not_record_survey(actor, item):
        raise refusal
    check_version(data.version, item.version)
    item.survey_record = data.record
    item.version += 1
    record(session, "item.survey_recorded", subject=item, actor=actor, at=at, survey=data.record)
    return item


def open_meeting(
    session: WriteSession,
    code: str,
    data: OpenMeeting,
    *,
    actor: Actor,
    at: datetime,
    council_rules_dir: Path | None = None,
) -> Meeting:
    """Open a meeting with who is present: members get their sheets. Records meeting.opened.

    The council rules are pinned, the chair's paper for the delegate is noted, and who declared a
    conflict in a product gets no sheet to fill in for it.
    Refused below the quorum, without chair or delegate, before its day, outside the council's term,
    and for a tourism dossier without its survey (council rules).
    """
    row = meeting_for_update(session, code, actor=actor, rules_dir=council_rules_dir)
    meeting = row.meeting
    if refusal := why_not_open_meeting(meeting, row.seat):
        raise refusal
    check_version(data.version, meeting.version)
    day = local_day(meeting.starts_at)
    if local_day(at) < day:
        raise TooEarly(day=f"{day:%d/%m/%Y}")
    if refusal := why_not_meet(row.council, local_day(at)):
        raise refusal
    if not row.items:
        raise NothingOnAgenda
    present, presiding = _present(row, data)
    _check_quorum(row, present, presiding)
    check_surveys(session, row.items)
    session.add_all(
        Attendance(
            meeting_id=meeting.id or 0,
            member_id=seat.member.id or 0,
            present=(seat.member.id or 0) in present,
        )
        for seat in row.seats
    )
    dossiers = locked_dossiers(session, [item.dossier.id or 0 for item in row.items])
    scorers = [s.member for s in row.seats if s.member.voting and (s.member.id or 0) in present]
    board = conflict_board(session, row, on=local_day(at))
    for item in row.items:
        item.item.state = ItemState.SCORING
        item.item.version += 1
        session.add_all(starting_sheets(item.item, scorers, board, at=at))
        open_scoring(
            session, dossiers[item.dossier.id or 0], actor=actor, at=at, meeting=meeting.code
        )
    meeting.state = MeetingState.OPEN
    meeting.presiding_id = presiding.member.id if presiding else None
    meeting.delegation_id = _delegation_id(session, row, presiding, on=local_day(at))
    meeting.council_rules_code = row.rules.code
    meeting.council_rules_hash = row.rules.sha256
    meeting.opened_at = at
    meeting.version += 1
    record(
        session,
        "meeting.opened",
        subject=meeting,
        actor=actor,
        at=at,
        present=data.present,
        presiding=presiding.username if presiding else None,
        council_rules_hash=meeting.council_rules_hash,
    )
    return meeting


def _delegation_id(
    session: WriteSession, row: MeetingRow, presiding: SeatRow | None, *, on: date
) -> int | None:
    """Return the chair's paper by which a delegate presides that day, where one is recorded."""
    if presiding is None or presiding.member.seat is Seat.CHAIR:
        return None
    papers = delegations_of(session, row.council)
    found = next((one for one in papers if one.is_for(presiding.member, on)), None)
    return found.delegation.id if found else None


def close_meeting(
    session: WriteSession,
    code: str,
    data: CloseMeeting,
    *,
    actor: Actor,
    at: datetime,
    council_rules_dir: Path | None = None,
) -> Meeting:
    """End a meeting whose results are all locked; records meeting.closed with the minutes."""
    row = meeting_for_update(session, code, actor=actor, rules_dir=council_rules_dir)
    meeting = row.meeting
    if refusal := why_not_close_meeting(meeting, row.seat, open_items=row.open_items):
        raise refusal
    check_version(data.version, meeting.version)
    meeting.state = MeetingState.CLOSED
    meeting.closed_at = at
    meeting.minutes_number = data.minutes_number
    meeting.conclusion = data.conclusion
    meeting.version += 1
    record(
        session,
        "meeting.closed",
        subject=meeting,
        actor=actor,
        at=at,
        minutes_number=meeting.minutes_number,
    )
    return meeting


def ready_dossiers(
    session: WriteSession,
    codes: list[str],
    council: Council,
    round_: Round | None,
    *,
    renewal_reason: str,
) -> list[Dossier]:
    """Return the dossiers in the order given, locked; refuse one that cannot be on this agenda."""
    found = {
        dossier.code: dossier
        for dossier in session.exec(
            select(Dossier)
            .where(col(Dossier.code).in_(codes))
            .order_by(col(Dossier.id))
            .with_for_update()
        )
    }
    for code in codes:
        dossier = found.get(code)
        if dossier is None:
            raise NotFound
        is_renewal = dossier.kind is DossierKind.RENEWAL
        in_round = round_ is not None and dossier.round_id == round_.id
        if dossier.state not in states_before(Step.SCHEDULE) or not (is_renewal or in_round):
            raise DossierNotReady(dossier=code, round=round_.code if round_ else "—")
        if is_renewal and not renewal_reason and not was_asked_in_writing(session, dossier):
            raise WrittenFirst(dossier=code)
        if dossier.council_rules_hash != council.council_rules_hash:
            raise OtherRules(
                dossier=code,
                dossier_rules=dossier.council_rules_code,
                council_rules=council.council_rules_code,
            )
    return [found[code] for code in codes]


def _present(row: MeetingRow, data: OpenMeeting) -> tuple[frozenset[int], SeatRow | None]:
    """Return the seats present, and who presides: the chair, or the delegate in its place."""
    by_name = {seat.username: seat for seat in row.seats}
    unknown = [name for name in data.present if name not in by_name]
    if unknown:
        said = Worded("Không có ghế trong Hội đồng: {names}.", names=", ".join(unknown))
        raise Invalid({"present": said})
    present = frozenset(by_name[name].member.id or 0 for name in data.present)
    chair = next(seat for seat in row.seats if seat.member.seat is Seat.CHAIR)
    if (chair.member.id or 0) in present:
        return present, chair
    if not data.delegate:
        return present, None
    delegate = by_name.get(data.delegate)
    if delegate is None or not delegate.member.voting or (delegate.member.id or 0) not in present:
        raise Invalid({"delegate": "Người được ủy quyền phải là thành viên có mặt, chấm điểm."})
    return present, delegate


def _check_quorum(row: MeetingRow, present: frozenset[int], presiding: SeatRow | None) -> None:
    count = meeting_quorum(
        row.rules,
        [seat.member for seat in row.seats],
        present_ids=present,
        presiding_id=presiding.member.id if presiding else None,
    )
    if not count.is_met:
        raise QuorumNotMet(present=count.present, voting=count.voting, needed=count.needed)


def check_surveys(session: WriteSession, items: Sequence[ItemRow]) -> None:
    """Refuse what needs a survey and has none (council rules, `site_survey`).

    The dossier's own survey stands for the record wherever nobody typed one.
    """
    lacking = [one for one in items if not one.item.survey_record]
    known = surveys_of(session, [one.dossier.id or 0 for one in lacking])
    for one in lacking:
        survey = known.get(one.dossier.id or 0)
        if survey is not None:
            one.item.survey_record = survey.told
    for one in items:
        if one.needs_survey and not one.item.survey_record:
            raise SurveyMissing(product=one.product.name)


def locked_dossiers(session: WriteSession, ids: list[int]) -> dict[int, Dossier]:
    """Return dossiers by number, locked until the transaction ends."""
    return {
        dossier.id or 0: dossier
        for dossier in session.exec(
            select(Dossier)
            .where(col(Dossier.id).in_(ids))
            .order_by(col(Dossier.id))
            .with_for_update()
        )
    }
