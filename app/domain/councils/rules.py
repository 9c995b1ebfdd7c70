"""What the law and the council rules say about rounds, seats, meetings and sheets: pure."""

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from hashlib import sha256

from app.core.errors import Worded
from app.domain.councils.enums import (
    GateKind,
    Hint,
    ItemState,
    MeetingState,
    ReopeningState,
    Seat,
    SheetOrigin,
    SheetState,
)
from app.domain.places.rules import is_working_day, working_days_after, working_days_between
from app.rulebooks.model import Actor as Level
from app.rulebooks.model import CouncilRules, Regime, RoundWindow, Rubric

ROUND_BASIS = "26/2026/QĐ-TTg, Điều 5.1"
COUNCIL_BASIS = "26/2026/QĐ-TTg, Điều 7.3.b"
MEETING_BASIS = "26/2026/QĐ-TTg, Điều 7.3.d; Quy chế hoạt động của Hội đồng"
CONFLICT_BASIS = "Quy chế hoạt động của Hội đồng (xung đột lợi ích)"
RESULT_BASIS = "26/2026/QĐ-TTg, Điều 3.3, Điều 7.3.d"
OPINION_BASIS = "26/2026/QĐ-TTg, Điều 7.6.d"
RENEWAL_LIMIT_BASIS = "26/2026/QĐ-TTg, Điều 7.6.g"
PAPERS_BASIS = "Quy chế hoạt động của Hội đồng (gửi hồ sơ trước phiên họp)"

SEAT_LABELS: dict[Seat, str] = {
    Seat.CHAIR: "Chủ tịch Hội đồng",
    Seat.SECRETARY: "Thư ký",
    Seat.MEMBER: "Thành viên",
    Seat.INVITED: "Khách mời",
}
MEETING_LABELS: dict[MeetingState, str] = {
    MeetingState.SCHEDULED: "Đã lên lịch",
    MeetingState.OPEN: "Đang họp",
    MeetingState.CLOSED: "Đã kết thúc",
}
WRITTEN_LABELS: dict[MeetingState, str] = {
    MeetingState.SCHEDULED: "Đã lên lịch",
    MeetingState.OPEN: "Đang lấy ý kiến",
    MeetingState.CLOSED: "Đã kết thúc",
}
ITEM_LABELS: dict[ItemState, str] = {
    ItemState.WAITING: "Chờ họp",
    ItemState.SCORING: "Đang chấm",
    ItemState.LOCKED: "Đã chốt",
    ItemState.TAKEN_OFF: "Đã rút khỏi chương trình",
}
SHEET_LABELS: dict[SheetState, str] = {
    SheetState.DRAFT: "Đang chấm",
    SheetState.SUBMITTED: "Đã nộp",
    SheetState.RECUSED: "Không tham gia",
    SheetState.LAPSED: "Không gửi ý kiến",
}
ORIGIN_LABELS: dict[SheetOrigin, str] = {
    SheetOrigin.ONLINE: "Chấm trên hệ thống",
    SheetOrigin.PACK: "Gói chấm không cần mạng",
    SheetOrigin.PAPER: "Phiếu giấy, nhập hai lần",
}
REOPENING_LABELS: dict[ReopeningState, str] = {
    ReopeningState.REQUESTED: "Chờ quyết định",
    ReopeningState.GRANTED: "Đã mở lại",
    ReopeningState.DECLINED: "Không mở lại",
}
GATE_LABELS: dict[GateKind, str] = {
    GateKind.DISQUALIFY: "Loại hồ sơ",
    GateKind.EXCLUDE: "Không đánh giá sản phẩm",
    GateKind.STOP: "Dừng đánh giá các bước tiếp theo",
}
HINT_LABELS: dict[Hint, str] = {
    Hint.SAME_COMMUNE: "Công tác tại xã, phường của chủ thể",
    Hint.SAME_ORGANISATION: "Cùng đơn vị với chủ thể",
    Hint.HELPED: "Đã tham gia lập hoặc xác nhận hồ sơ này",
    Hint.ADVISED: "Viết báo cáo của Tổ tư vấn về hồ sơ này",
    Hint.ACTS_FOR_PRODUCER: "Có tài khoản đứng tên chủ thể",
}
OUTCOME_LABELS: dict[str, str] = {
    "recognised_candidate": "Đề nghị công nhận",
    "awaiting_centre": "Đề nghị Trung ương đánh giá",
    "below_three": "Chưa đạt 3 sao",
    "excluded": "Bị loại, không phân hạng",
}


@dataclass(frozen=True, slots=True)
class Move:
    """One step of a meeting, an agenda item or a sheet: where from, where to."""

    step: str
    before: str
    after: str


MEETING_MOVES = (
    Move("open", MeetingState.SCHEDULED, MeetingState.OPEN),
    Move("close", MeetingState.OPEN, MeetingState.CLOSED),
    Move("reopen", MeetingState.CLOSED, MeetingState.OPEN),
)
ITEM_MOVES = (
    Move("open", ItemState.WAITING, ItemState.SCORING),
    Move("rescore", ItemState.SCORING, ItemState.SCORING),
    Move("lock", ItemState.SCORING, ItemState.LOCKED),
    Move("reopen", ItemState.LOCKED, ItemState.SCORING),
    Move("take_off", ItemState.WAITING, ItemState.TAKEN_OFF),
    Move("put_to_meeting", ItemState.SCORING, ItemState.TAKEN_OFF),
    Move("put_off", ItemState.SCORING, ItemState.TAKEN_OFF),
    Move("put_back", ItemState.TAKEN_OFF, ItemState.WAITING),
)
SHEET_MOVES = (
    Move("save", SheetState.DRAFT, SheetState.DRAFT),
    Move("submit", SheetState.DRAFT, SheetState.SUBMITTED),
    Move("withdraw", SheetState.SUBMITTED, SheetState.DRAFT),
    Move("rescore", SheetState.SUBMITTED, SheetState.DRAFT),
    Move("recuse", SheetState.DRAFT, SheetState.RECUSED),
    Move("end_collection", SheetState.DRAFT, SheetState.LAPSED),
    Move("extend", SheetState.LAPSED, SheetState.DRAFT),
)


@dataclass(frozen=True, slots=True)
class SeatPlan:
    """What a council's seats must add up to, told as a sentence when they do not."""

    chairs: int
    secretaries: int
    voting: int

    def fault(self) -> str | None:
        """Return what is wrong with the seats (26/2026/QĐ-TTg art. 7.3.b), or None."""
        if self.chairs != 1:
            return "Hội đồng cần đúng một Chủ tịch."
        if self.secretaries != 1:
            return "Hội đồng cần đúng một Thư ký."
        if self.voting == 0:
            return "Hội đồng cần ít nhất một thành viên chấm điểm."
        return None


def is_in_term(day: date, *, first: date, last: date) -> bool:
    """Tell whether a council may act on a day: both ends of its term are included."""
    return first <= day <= last


def holds_seat(day: date, *, seated_on: date, left_on: date | None) -> bool:
    """Tell whether a seat is held on a day; the day of leaving is the first without it."""
    return seated_on <= day and (left_on is None or day < left_on)


def own_order(meeting_code: str, member_id: int, items: Iterable[str]) -> list[str]:
    """Return the products of a meeting in the order in which one member scores them.

    Who judges many products judges the first more strictly, each beside the one before, and the last
    when tired. An order of its own for each member spreads this over the products instead of letting
    the agenda decide; the same member finds the same order on every device and after every change.
    """
    return sorted(
        items, key=lambda item: sha256(f"{meeting_code}/{member_id}/{item}".encode()).digest()
    )


# What somebody did to make a dossier what it is, whoever was meant to judge it later.
PREPARING = frozenset(
    {
        "dossier.opened",
        "dossier.section_saved",
        "dossier.changes_saved",
        "dossier.report_parts_saved",
        "dossier.evidence_cited",
        "dossier.evidence_dropped",
        "dossier.filed",
        "dossier.completion_answered",
        "dossier.completed",
        "dossier.commune_report_saved",
        "dossier.commune_report_signed",
        "dossier.proposed",
    }
)


@dataclass(frozen=True, slots=True)
class QuorumCount:
    """How many voting members there are, how many take part, and how many must."""

    voting: int
    present: int
    needed: int
    is_met: bool


def quorum_count(
    rules: CouncilRules, *, voting: int, present: int, chair_present: bool
) -> QuorumCount:
    """Return the quorum of a meeting or of one dossier (council rules, `quorum`).

    For one dossier a recused member counts neither among the present nor among the voting, so that
    a recusal changes numerator and denominator in sight.
    """
    return QuorumCount(
        voting=voting,
        present=present,
        needed=rules.quorum.needed(voting),
        is_met=rules.quorum.is_met(present=present, voting=voting, chair_present=chair_present),
    )


def is_majority(votes_for: int, *, eligible: int) -> bool:
    """Tell whether more than half of the members who may vote are for it (council rules, `gates`)."""
    return 2 * votes_for > eligible


def round_windows(regime: Regime, rules: CouncilRules) -> dict[int, RoundWindow]:
    """Return the rounds of a year by ordinal: the legal ones, and those the province adds.

    The province may add rounds, never move the two that the law dates.

    Basis: 26/2026/QĐ-TTg art. 5.1; council rules, `rounds`.
    """
    legal = regime.procedure.rounds_of(Level.PROVINCE).windows
    return {window.ordinal: window for window in (*rules.rounds, *legal)}


def round_dates(window: RoundWindow, year: int) -> tuple[date, date]:
    """Return (proposals before, results before) of a round in a year; the day itself is too late."""
    return _day(year, window.proposals_before), _day(year, window.results_before)


def _day(year: int, month_day: str) -> date:
    return date.fromisoformat(f"{year}-{month_day}")


def gates_of(rubric: Rubric) -> tuple[tuple[str, GateKind, str], ...]:
    """Return the gates a member may raise on this rubric: criterion, effect, official wording."""
    return tuple(
        (gate.criterion_code, GateKind(gate.effect.value), gate.text) for gate in rubric.gates
    )


def needs_survey(rules: CouncilRules, set_number: int) -> bool:
    """Whether the council rules ask for a survey on the spot before scoring this set."""
    return rules.site_survey.before_scoring and set_number in rules.site_survey.sets


# The least a product takes: to be shown, asked about, and marked on a sheet of some 34 criteria.
MINUTES_A_PRODUCT = 20
# More than a council can judge with care in a day: eight hours (Labour Code 2019 art. 105.1) less 80
# minutes for opening, pauses and minutes hold 20 products; told as a warning, never refused.
MANY_PRODUCTS = 20


@dataclass(frozen=True, slots=True)
class DayLoad:
    """What a council takes on in one day of a meeting."""

    day: date
    products: int

    @property
    def minutes(self) -> int:
        """The time this takes at least."""
        return self.products * MINUTES_A_PRODUCT

    @property
    def is_too_much(self) -> bool:
        """Whether the day holds more than can be judged with care."""
        return self.products > MANY_PRODUCTS


def day_loads(days: Iterable[date]) -> tuple[DayLoad, ...]:
    """Return the load of each day, from the day of each product of an agenda."""
    return tuple(DayLoad(day, count) for day, count in sorted(Counter(days).items()))


def papers_promised_on(meeting_day: date, days_before: int, holidays: Collection[date]) -> date:
    """Return the last working day on which members still get so many working days to read.

    Basis: council rules, `days_before_meeting`; the day of sending does not count.
    """
    day = meeting_day
    while working_days_between(day, meeting_day, holidays) < days_before or not is_working_day(
        day, holidays
    ):
        day -= timedelta(days=1)
    return day


@dataclass(frozen=True, slots=True)
class Voices:
    """What the written opinions on one renewal say, as far as it decides how to go on."""

    stars: tuple[int, ...]
    spread: int
    limit: int
    gates: int
    split_minima: int
    wishes: int


def why_meet(voices: Voices) -> tuple[Worded, ...]:
    """Return why a renewal is to be discussed in a meeting; nothing when the opinions agree.

    «Chỉ tổ chức họp trực tiếp khi có nhiều ý kiến đánh giá khác nhau hoặc có nội dung phức tạp cần
    thảo luận»: stars or totals that differ, a minimum not seen alike, a condition that was raised,
    or a member who asks for it. Basis: 26/2026/QĐ-TTg art. 7.6.d; council rules, `divergence`.
    """
    found = []
    if len(set(voices.stars)) > 1:
        stars = ", ".join(str(star) for star in sorted(set(voices.stars)))
        found.append(Worded("Các phiếu cho số sao khác nhau: {stars}.", stars=stars))
    if voices.spread > voices.limit:
        found.append(
            Worded(
                "Các phiếu chênh nhau {spread} điểm, quá giới hạn {limit} điểm của Quy chế.",
                spread=voices.spread,
                limit=voices.limit,
            )
        )
    if voices.split_minima:
        found.append(
            Worded(
                "{count} yêu cầu tối thiểu không được các phiếu đánh giá như nhau.",
                count=voices.split_minima,
            )
        )
    if voices.gates:
        found.append(
            Worded("{count} điều kiện loại trừ được nêu, cần biểu quyết.", count=voices.gates)
        )
    if voices.wishes:
        found.append(Worded("{count} thành viên đề nghị họp trực tiếp.", count=voices.wishes))
    return tuple(found)


def opinion_limits(
    on: date, province_due_on: Iterable[date | None], days_to_read: int, holidays: Collection[date]
) -> tuple[date, date | None]:
    """Return the first and last day until which written opinions may be asked for.

    Members get as many working days to read as before a meeting (council rules); the evaluation
    itself ends 45 days from acceptance, and a limit that leaves no such time binds no more: the
    opinions are late anyway (26/2026/QĐ-TTg art. 7.6.g).
    """
    first = working_days_after(on, days_to_read, holidays)
    known = [day for day in province_due_on if day is not None]
    last = min(known, default=None)
    return first, last if last is not None and last >= first else None


@dataclass(frozen=True, slots=True)
class ComingRound:
    """A round that may still be opened, with its dates."""

    year: int
    ordinal: int
    proposals_before: date
    results_before: date


def coming_rounds(
    regime: Regime, rules: CouncilRules, *, known: Collection[tuple[int, int]], on: date
) -> tuple[ComingRound, ...]:
    """Return the rounds of this year and the next that may still be opened, the nearest first.

    `known` are the rounds that were opened already, as (year, ordinal). Basis: 26/2026/QĐ-TTg art. 5.1.
    """
    found = [
        ComingRound(year, ordinal, *round_dates(window, year))
        for year in (on.year, on.year + 1)
        for ordinal, window in round_windows(regime, rules).items()
        if (year, ordinal) not in known
    ]
    return tuple(
        sorted(
            (one for one in found if one.results_before > on), key=lambda one: one.results_before
        )
    )
