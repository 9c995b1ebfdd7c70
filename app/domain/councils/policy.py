"""Who may do what in a council, now: the agency prepares, members score, the chair settles.

A seat is the actor's place on the council in question, None for everybody else. Whoever presides
(the chair, or the delegate named when the meeting was opened) has the chair's word.
"""

from app.core.errors import Conflict, NotPermitted, Refusal, Refused
from app.domain.accounts.enums import Role
from app.domain.accounts.rules import Actor
from app.domain.councils.enums import ItemState, MeetingState, Seat, SheetState
from app.domain.councils.models import AgendaItem, CouncilMember, Meeting, ScoreSheet
from app.domain.councils.rules import (
    COUNCIL_BASIS,
    ITEM_LABELS,
    MEETING_BASIS,
    MEETING_LABELS,
    ROUND_BASIS,
    SHEET_LABELS,
)


class AgencyPrepares(NotPermitted):
    """Rounds, councils and agendas are prepared by the agency."""

    code = "council.agency_prepares"
    message = "Chỉ cán bộ cơ quan tham mưu OCOP cấp tỉnh được lập đợt, Hội đồng và phiên họp."
    basis = COUNCIL_BASIS


class NotConducting(NotPermitted):
    """Meetings are conducted by the chair and the secretary."""

    code = "meeting.not_conducting"
    message = "Chỉ Chủ tịch hoặc Thư ký Hội đồng được điều hành phiên họp."
    basis = MEETING_BASIS


class NotPresiding(NotPermitted):
    """Findings and locks are the chair's word, or the delegate's."""

    code = "meeting.not_presiding"
    message = "Chỉ người chủ trì phiên họp được kết luận và chốt kết quả."
    basis = MEETING_BASIS


class NotScoring(NotPermitted):
    """Only voting members who are present judge."""

    code = "meeting.not_scoring"
    message = "Chỉ thành viên có quyền chấm điểm và có mặt được thực hiện việc này."
    basis = MEETING_BASIS


class DocumentWithSheets(NotPermitted):
    """The document of a result holds every sheet; a producer is told averages and reasons."""

    code = "result.document_with_sheets"
    message = (
        "Tài liệu kết quả chứa các phiếu chấm, chỉ Hội đồng và cấp tỉnh được xem. Chủ thể xem điểm "
        "trung bình từng tiêu chí và lý do."
    )
    basis = "Quy chế hoạt động của Hội đồng (phiếu chấm)"


class WrongMeetingState(Conflict):
    """The meeting is not at this point."""

    code = "meeting.state"
    message = "Phiên họp đang ở trạng thái «{state}», không thực hiện được việc này."
    basis = MEETING_BASIS


class WrongItemState(Conflict):
    """The dossier is not being scored."""

    code = "item.state"
    message = "Sản phẩm đang ở trạng thái «{state}», không thực hiện được việc này."
    basis = MEETING_BASIS


class WrongSheetState(Conflict):
    """The sheet is not at this point."""

    code = "sheet.state"
    message = "Phiếu đang ở trạng thái «{state}», không thực hiện được việc này."
    basis = MEETING_BASIS


class ItemsOpen(Refused):
    """A meeting ends when every result is locked."""

    code = "meeting.items_open"
    message = "Còn {count} sản phẩm chưa chốt kết quả, chưa kết thúc phiên họp được."
    basis = MEETING_BASIS


def why_not_prepare(actor: Actor) -> Refusal | None:
    """Agency officers open rounds, set councils up, schedule meetings, note surveys."""
    return None if actor.has(Role.AGENCY_OFFICER) else AgencyPrepares()


def why_not_open_round(actor: Actor) -> Refusal | None:
    """Agency officers open the rounds of the year (26/2026/QĐ-TTg art. 5.1)."""
    return None if actor.has(Role.AGENCY_OFFICER) else AgencyPrepares(basis=ROUND_BASIS)


def presides(meeting: Meeting, seat: CouncilMember | None) -> bool:
    """Tell whether this seat has the chair's word in this meeting."""
    if seat is None:
        return False
    return seat.id == meeting.presiding_id if meeting.presiding_id else seat.seat is Seat.CHAIR


def conducts(meeting: Meeting, seat: CouncilMember | None) -> bool:
    """Tell whether this seat conducts the meeting: whoever presides, or the secretary."""
    return presides(meeting, seat) or (
        seat is not None and seat.seat in {Seat.SECRETARY, Seat.CHAIR}
    )


def why_not_open_meeting(meeting: Meeting, seat: CouncilMember | None) -> Refusal | None:
    """The chair or the secretary opens a scheduled meeting."""
    if not conducts(meeting, seat):
        return NotConducting()
    return _not_in_meeting(meeting, MeetingState.SCHEDULED)


def why_not_close_meeting(
    meeting: Meeting, seat: CouncilMember | None, *, open_items: int
) -> Refusal | None:
    """The chair or the secretary ends an open meeting when every result is locked."""
    if not conducts(meeting, seat):
        return NotConducting()
    if refusal := _not_in_meeting(meeting, MeetingState.OPEN):
        return refusal
    return ItemsOpen(count=open_items) if open_items else None


def why_not_record_survey(actor: Actor, item: AgendaItem) -> Refusal | None:
    """An agency officer notes the survey before scoring starts."""
    return why_not_prepare(actor) or _not_in_item(item, ItemState.WAITING)


def why_not_mark(sheet: ScoreSheet, meeting: Meeting, item: AgendaItem) -> Refusal | None:
    """A member writes on the own sheet while it is a draft and the dossier is being scored."""
    return _not_scoring_now(meeting, item) or _not_in_sheet(sheet, SheetState.DRAFT)


def why_not_withdraw(sheet: ScoreSheet, meeting: Meeting, item: AgendaItem) -> Refusal | None:
    """A member takes the own submitted sheet back before the lock."""
    return _not_scoring_now(meeting, item) or _not_in_sheet(sheet, SheetState.SUBMITTED)


def why_not_raise_gate(
    meeting: Meeting, item: AgendaItem, sheet: ScoreSheet | None
) -> Refusal | None:
    """A present voting member who judges this dossier raises a gate."""
    if sheet is None or sheet.state is SheetState.RECUSED:
        return NotScoring()
    return _not_scoring_now(meeting, item)


def why_not_settle(
    meeting: Meeting, item: AgendaItem, seat: CouncilMember | None
) -> Refusal | None:
    """Whoever presides decides gates, confirms minima, has a dossier scored anew, locks."""
    if not presides(meeting, seat):
        return NotPresiding()
    return _not_scoring_now(meeting, item)


def why_not_read_document(*, sees_sheets: bool) -> Refusal | None:
    """Who may read the sheets after the lock may read the document that holds them."""
    return None if sees_sheets else DocumentWithSheets()


def sees_settling(meeting: Meeting, seat: CouncilMember | None) -> bool:
    """Tell whether this seat sees what the submitted sheets add up to before the lock."""
    return conducts(meeting, seat)


def _not_scoring_now(meeting: Meeting, item: AgendaItem) -> Refusal | None:
    return _not_in_meeting(meeting, MeetingState.OPEN) or _not_in_item(item, ItemState.SCORING)


def _not_in_meeting(meeting: Meeting, state: MeetingState) -> Refusal | None:
    if meeting.state is state:
        return None
    return WrongMeetingState(state=MEETING_LABELS[meeting.state])


def _not_in_item(item: AgendaItem, state: ItemState) -> Refusal | None:
    return None if item.state is state else WrongItemState(state=ITEM_LABELS[item.state])


def _not_in_sheet(sheet: ScoreSheet, state: SheetState) -> Refusal | None:
    return None if sheet.state is state else WrongSheetState(state=SHEET_LABELS[sheet.state])
