"""What the law and the council rules say about rounds, seats, meetings and sheets: pure."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from app.domain.councils.enums import GateKind, ItemState, MeetingState, Seat, SheetState
from app.rulebooks.model import Actor as Level
from app.rulebooks.model import CouncilRules, Regime, RoundWindow, Rubric

ROUND_BASIS = "26/2026/QĐ-TTg, Điều 5.1"
COUNCIL_BASIS = "26/2026/QĐ-TTg, Điều 7.3.b"
MEETING_BASIS = "26/2026/QĐ-TTg, Điều 7.3.d; Quy chế hoạt động của Hội đồng"
RESULT_BASIS = "26/2026/QĐ-TTg, Điều 3.3, Điều 7.3.d"
NOTICE_BASIS = "26/2026/QĐ-TTg, Điều 7.3.g"

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
ITEM_LABELS: dict[ItemState, str] = {
    ItemState.WAITING: "Chờ họp",
    ItemState.SCORING: "Đang chấm",
    ItemState.LOCKED: "Đã chốt",
}
SHEET_LABELS: dict[SheetState, str] = {
    SheetState.DRAFT: "Đang chấm",
    SheetState.SUBMITTED: "Đã nộp",
    SheetState.RECUSED: "Không tham gia",
}
GATE_LABELS: dict[GateKind, str] = {
    GateKind.DISQUALIFY: "Loại hồ sơ",
    GateKind.EXCLUDE: "Không đánh giá sản phẩm",
    GateKind.STOP: "Dừng đánh giá các bước tiếp theo",
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
)
ITEM_MOVES = (
    Move("open", ItemState.WAITING, ItemState.SCORING),
    Move("rescore", ItemState.SCORING, ItemState.SCORING),
    Move("lock", ItemState.SCORING, ItemState.LOCKED),
)
SHEET_MOVES = (
    Move("save", SheetState.DRAFT, SheetState.DRAFT),
    Move("submit", SheetState.DRAFT, SheetState.SUBMITTED),
    Move("withdraw", SheetState.SUBMITTED, SheetState.DRAFT),
    Move("rescore", SheetState.SUBMITTED, SheetState.DRAFT),
    Move("recuse", SheetState.DRAFT, SheetState.RECUSED),
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


# More than a council can judge with care in a day; told as a warning, never refused.
MANY_PRODUCTS = 20


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
