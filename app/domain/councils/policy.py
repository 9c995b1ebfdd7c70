"""Who may do what in a council, now: the agency prepares, members score, the chair settles.

A seat is the actor's place on the council in question, None for everybody else. Whoever presides
(the chair, or the delegate named when the meeting was opened) has the chair's word.
"""

from collections.abc import Collection, Iterable
from datetime import date

from app.core.errors import Conflict, NotPermitted, Refusal, Refused
from app.domain.accounts.enums import Role
from app.domain.accounts.rules import Actor
from app.domain.councils.enums import (
    ItemState,
    MeetingForm,
    MeetingState,
    ReopeningState,
    Seat,
    SheetState,
)
from app.domain.councils.models import (
    AgendaItem,
    Council,
    CouncilMember,
    Meeting,
    Reopening,
    ScoreSheet,
)
from app.domain.councils.rules import (
    CONFLICT_BASIS,
    COUNCIL_BASIS,
    ITEM_LABELS,
    MEETING_BASIS,
    MEETING_LABELS,
    OPINION_BASIS,
    PAPERS_BASIS,
    REOPENING_LABELS,
    RESULT_BASIS,
    ROUND_BASIS,
    SHEET_LABELS,
    WRITTEN_LABELS,
    is_in_term,
)


class AgencyPrepares(NotPermitted):
    """Rounds, councils and agendas are prepared by the agency."""

    code = "council.agency_prepares"
    message = "Chỉ cán bộ cơ quan tham mưu OCOP cấp tỉnh được lập đợt, Hội đồng và phiên họp."
    basis = COUNCIL_BASIS


class OutOfTerm(Refused):
    """A council works within the term of its decision."""

    code = "council.out_of_term"
    message = "Hội đồng theo Quyết định số {number} có nhiệm kỳ {first} – {last}: ngày này ngoài nhiệm kỳ."
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


class NotTheOffice(NotPermitted):
    """Paper sheets and packs are entered for members by the council's office, never by the chair."""

    code = "sheet.not_the_office"
    message = (
        "Chỉ Thư ký Hội đồng hoặc cán bộ cơ quan OCOP tỉnh không ngồi ghế khác trong Hội đồng được "
        "nhập phiếu thay thành viên."
    )
    basis = MEETING_BASIS


class OwnSheetFirst(Refused):
    """Who still scores a product must not see how others scored it."""

    code = "sheet.own_first"
    message = "Bạn còn phải chấm sản phẩm này: nộp phiếu của mình trước, rồi mới nhập phiếu thay người khác."
    basis = MEETING_BASIS


class NotCertifying(NotPermitted):
    """The tally is certified by the secretary, never by whoever presides and locks."""

    code = "item.not_certifying"
    message = (
        "Bảng tổng hợp do Thư ký xác nhận; khi Thư ký vắng hoặc đang chủ trì thì một thành viên chấm "
        "điểm có mặt xác nhận. Người chủ trì không tự xác nhận."
    )
    basis = MEETING_BASIS


class NotHead(NotPermitted):
    """A locked result is taken up again only on the word of the agency's head."""

    code = "reopening.not_head"
    message = "Chỉ lãnh đạo cơ quan OCOP cấp tỉnh được quyết định mở lại kết quả đã chốt."
    basis = RESULT_BASIS


class OwnRequest(NotPermitted):
    """Who asked does not decide."""

    code = "reopening.own_request"
    message = "Người đề nghị mở lại không tự quyết định đề nghị của mình."
    basis = RESULT_BASIS


class ReopeningDecided(Conflict):
    """A request is decided once."""

    code = "reopening.decided"
    message = "Đề nghị này đã được quyết định: «{state}»."
    basis = RESULT_BASIS


class NotVoting(NotPermitted):
    """Interests are declared by those who will judge."""

    code = "conflict.not_voting"
    message = "Chỉ thành viên có quyền chấm điểm khai xung đột lợi ích."
    basis = CONFLICT_BASIS


class FileNotShown(NotPermitted):
    """Where the council rules tell the producer nothing but the outcome, the file tells nothing more."""

    code = "result.file_not_shown"
    message = (
        "Quy chế của Hội đồng không cho chủ thể xem điểm trung bình và lý do, nên tệp kết quả chỉ dành "
        "cho Hội đồng và cấp tỉnh."
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


class WrittenOpinion(Conflict):
    """What needs a discussion or a vote is done in a meeting."""

    code = "opinion.needs_meeting"
    message = (
        "Đang lấy ý kiến bằng văn bản: việc này cần thảo luận hoặc biểu quyết, hãy chuyển sản phẩm "
        "ra họp."
    )
    basis = OPINION_BASIS


class NotWritten(Conflict):
    """Only what is asked in writing has a day for opinions."""

    code = "opinion.not_written"
    message = "Đây là phiên họp trực tiếp, không phải lấy ý kiến bằng văn bản."
    basis = OPINION_BASIS


class NotAsking(NotPermitted):
    """The agency asks for opinions; chair and secretary conduct."""

    code = "opinion.not_asking"
    message = (
        "Chỉ cán bộ cơ quan tham mưu OCOP cấp tỉnh, Chủ tịch hoặc Thư ký Hội đồng được thực hiện "
        "việc này."
    )
    basis = OPINION_BASIS


class StillCollecting(Refused):
    """Members have until their day."""

    code = "opinion.still_collecting"
    message = (
        "Còn {count} phiếu chưa nộp và hạn đến hết ngày {day}, chưa kết thúc nhận ý kiến được."
    )
    basis = OPINION_BASIS


class NobodyMissing(Conflict):
    """Nothing is missing."""

    code = "opinion.nobody_missing"
    message = "Mọi phiếu ý kiến đã nộp."
    basis = OPINION_BASIS


class CollectionEnded(Conflict):
    """The collection is over until it is extended."""

    code = "opinion.collection_ended"
    message = "Đã kết thúc nhận ý kiến bằng văn bản."
    basis = OPINION_BASIS


class PapersClosed(Refused):
    """Members read the dossiers from the day of sending on."""

    code = "papers.not_open"
    message = "Hồ sơ mở cho thành viên từ ngày {day}."
    basis = PAPERS_BASIS


def why_not_prepare(actor: Actor) -> Refusal | None:
    """Agency officers open rounds, set councils up, schedule meetings, note surveys."""
    return None if actor.has(Role.AGENCY_OFFICER) else AgencyPrepares()


def why_not_open_round(actor: Actor) -> Refusal | None:
    """Agency officers open the rounds of the year (26/2026/QĐ-TTg art. 5.1)."""
    return None if actor.has(Role.AGENCY_OFFICER) else AgencyPrepares(basis=ROUND_BASIS)


def why_not_delegate(actor: Actor, seat: CouncilMember | None) -> Refusal | None:
    """The chair, the secretary or an agency officer records the chair's delegation."""
    if seat is not None and seat.seat in {Seat.CHAIR, Seat.SECRETARY}:
        return None
    return None if actor.has(Role.AGENCY_OFFICER) else NotConducting()


def why_not_meet(council: Council, day: date) -> Refusal | None:
    """A council meets within its term."""
    if is_in_term(day, first=council.term_from, last=council.term_to):
        return None
    return OutOfTerm(
        number=council.decision_number,
        first=f"{council.term_from:%d/%m/%Y}",
        last=f"{council.term_to:%d/%m/%Y}",
    )


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


def why_not_enter(actor: Actor, seat: CouncilMember | None) -> Refusal | None:
    """The council's office: the secretary, or an agency officer without another seat."""
    is_office = seat.seat is Seat.SECRETARY if seat else actor.has(Role.AGENCY_OFFICER)
    return None if is_office else NotTheOffice()


def why_not_enter_for(
    actor: Actor,
    member: CouncilMember,
    seat: CouncilMember | None,
    readers_sheet: ScoreSheet | None,
) -> Refusal | None:
    """The council's office enters sheets for members.

    Not before the own sheet for that product is in: members see nobody's marks before they scored.
    """
    if refusal := why_not_enter(actor, seat):
        return refusal
    is_own = seat is not None and seat.id == member.id
    if readers_sheet is not None and not is_own and readers_sheet.state is SheetState.DRAFT:
        return OwnSheetFirst()
    return None


def why_not_declare(meeting: Meeting, seat: CouncilMember | None) -> Refusal | None:
    """A voting member declares interests from the scheduling of a meeting until its end."""
    if seat is None or not seat.voting:
        return NotVoting()
    if meeting.state is not MeetingState.CLOSED:
        return None
    labels = WRITTEN_LABELS if meeting.form is MeetingForm.WRITTEN else MEETING_LABELS
    return WrongMeetingState(state=labels[meeting.state])


def why_not_declare_on(
    item: AgendaItem, sheet: ScoreSheet | None, *, has_conflict: bool
) -> Refusal | None:
    """A conflict is declared before the own sheet is handed in; not judging is not taken back."""
    if item.state not in {ItemState.WAITING, ItemState.SCORING}:
        return WrongItemState(state=ITEM_LABELS[item.state])
    closed = SheetState.SUBMITTED if has_conflict else SheetState.RECUSED
    if sheet is not None and sheet.state is closed:
        return WrongSheetState(state=SHEET_LABELS[sheet.state])
    return None


def why_not_raise_gate(
    meeting: Meeting, item: AgendaItem, sheet: ScoreSheet | None
) -> Refusal | None:
    """A present voting member who judges this dossier raises a gate."""
    if sheet is None or sheet.state in {SheetState.RECUSED, SheetState.LAPSED}:
        return NotScoring()
    return _not_scoring_now(meeting, item)


def why_not_settle(
    meeting: Meeting, item: AgendaItem, seat: CouncilMember | None
) -> Refusal | None:
    """Whoever presides decides gates, confirms minima, has a dossier scored anew, locks."""
    if not presides(meeting, seat):
        return NotPresiding()
    return _not_scoring_now(meeting, item)


def why_not_see_board(meeting: Meeting, seat: CouncilMember | None) -> Refusal | None:
    """The board is for whoever presides and the secretary."""
    return None if conducts(meeting, seat) else NotConducting()


def certifies(
    meeting: Meeting,
    seat: CouncilMember | None,
    *,
    seats: Iterable[CouncilMember],
    present_ids: Collection[int],
) -> bool:
    """Tell whether this seat certifies the tally: the secretary, or who stands in for an absent one.

    Whoever presides locks and therefore never certifies: a result always has two names.
    """
    if seat is None or presides(meeting, seat):
        return False
    has_secretary = any(
        one.seat is Seat.SECRETARY and one.id in present_ids and not presides(meeting, one)
        for one in seats
    )
    if has_secretary:
        return seat.seat is Seat.SECRETARY
    return seat.voting and seat.id in present_ids


def why_not_certify(meeting: Meeting, item: AgendaItem, *, certifies: bool) -> Refusal | None:
    """The secretary certifies what the sheets add up to while the dossier is being scored."""
    if not certifies:
        return NotCertifying()
    return _not_scoring_now(meeting, item)


def why_not_request_reopening(
    meeting: Meeting, item: AgendaItem, seat: CouncilMember | None
) -> Refusal | None:
    """Whoever presided asks for a locked result to be taken up again."""
    if not presides(meeting, seat):
        return NotPresiding()
    return _not_in_item(item, ItemState.LOCKED)


def why_not_decide_reopening(actor: Actor, reopening: Reopening) -> Refusal | None:
    """The head of the agency decides once, and never on the own request."""
    if not actor.has(Role.AGENCY_HEAD):
        return NotHead()
    if reopening.requested_by_id == actor.user_id:
        return OwnRequest()
    if reopening.state is not ReopeningState.REQUESTED:
        return ReopeningDecided(state=REOPENING_LABELS[reopening.state])
    return None


def why_not_read_file(*, tells_averages: bool) -> Refusal | None:
    """Who is told averages and reasons may have the file that proves them; sheets go to the council."""
    return None if tells_averages else FileNotShown()


def why_not_change_agenda(actor: Actor, meeting: Meeting) -> Refusal | None:
    """Agency officers arrange an agenda, add to it and take off it, before the meeting opens."""
    return why_not_prepare(actor) or _not_in_meeting(meeting, MeetingState.SCHEDULED)


def why_not_read_papers(actor: Actor, item: AgendaItem, on: date) -> Refusal | None:
    """Members read a dossier from the day of sending on; the province and its team read always."""
    if on >= item.papers_open_on or actor.sees_province or actor.has(Role.ADVISORY_MEMBER):
        return None
    return PapersClosed(day=f"{item.papers_open_on:%d/%m/%Y}")


def why_not_discuss(
    meeting: Meeting, item: AgendaItem, seat: CouncilMember | None
) -> Refusal | None:
    """Votes, confirmations of minima and scoring anew need a discussion: in writing there is none."""
    refusal = why_not_settle(meeting, item, seat)
    if refusal or meeting.form is not MeetingForm.WRITTEN:
        return refusal
    return WrittenOpinion()


def why_not_conduct_opinion(
    actor: Actor, meeting: Meeting, seat: CouncilMember | None
) -> Refusal | None:
    """The agency, the chair and the secretary remind of, and extend, an open written opinion."""
    if not (actor.has(Role.AGENCY_OFFICER) or conducts(meeting, seat)):
        return NotAsking()
    if meeting.form is not MeetingForm.WRITTEN:
        return NotWritten()
    return _not_in_meeting(meeting, MeetingState.OPEN)


def why_not_remind(
    actor: Actor, meeting: Meeting, seat: CouncilMember | None, *, missing: int
) -> Refusal | None:
    """Whoever conducts reminds as long as a sheet is missing."""
    refusal = why_not_conduct_opinion(actor, meeting, seat)
    return refusal or (None if missing else NobodyMissing())


def why_not_end_collection(
    meeting: Meeting, seat: CouncilMember | None, *, missing: int, on: date
) -> Refusal | None:
    """The chair or the secretary ends the collection after its day; late opinions count until then."""
    if not conducts(meeting, seat):
        return NotConducting()
    if meeting.form is not MeetingForm.WRITTEN:
        return NotWritten()
    if refusal := _not_in_meeting(meeting, MeetingState.OPEN):
        return refusal
    if not missing:
        return CollectionEnded() if meeting.collected_at else NobodyMissing()
    due = meeting.opinions_due_on
    if due is not None and on <= due:
        return StillCollecting(count=missing, day=f"{due:%d/%m/%Y}")
    return None


def why_not_put_to_meeting(
    meeting: Meeting, item: AgendaItem, seat: CouncilMember | None
) -> Refusal | None:
    """The chair or the secretary puts a renewal before a meeting."""
    if not conducts(meeting, seat):
        return NotConducting()
    if meeting.form is not MeetingForm.WRITTEN:
        return NotWritten()
    return _not_scoring_now(meeting, item)


def why_not_wish_for_meeting(
    meeting: Meeting, item: AgendaItem, sheet: ScoreSheet | None
) -> Refusal | None:
    """A member who is asked for an opinion may ask for a meeting instead."""
    refusal = why_not_raise_gate(meeting, item, sheet)
    if meeting.form is MeetingForm.WRITTEN or isinstance(refusal, NotScoring):
        return refusal
    return NotWritten()


def sees_settling(meeting: Meeting, seat: CouncilMember | None) -> bool:
    """Tell whether this seat sees what the submitted sheets add up to before the lock."""
    return conducts(meeting, seat)


def _not_scoring_now(meeting: Meeting, item: AgendaItem) -> Refusal | None:
    return _not_in_meeting(meeting, MeetingState.OPEN) or _not_in_item(item, ItemState.SCORING)


def _not_in_meeting(meeting: Meeting, state: MeetingState) -> Refusal | None:
    if meeting.state is state:
        return None
    labels = WRITTEN_LABELS if meeting.form is MeetingForm.WRITTEN else MEETING_LABELS
    return WrongMeetingState(state=labels[meeting.state])


def _not_in_item(item: AgendaItem, state: ItemState) -> Refusal | None:
    return None if item.state is state else WrongItemState(state=ITEM_LABELS[item.state])


def _not_in_sheet(sheet: ScoreSheet, state: SheetState) -> Refusal | None:
    return None if sheet.state is state else WrongSheetState(state=SHEET_LABELS[sheet.state])
