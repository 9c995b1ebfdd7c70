"""The life of a report as a table, its words, and how long a reporter is remembered: pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from app.domain.misuse.enums import Concern, ReportOutcome, ReportState, ReportStep

# The use of the mark and of what is said about the star is watched by the agency.
WATCHING = "26/2026/QĐ-TTg, Điều 9.3.b"
MISUSE = "26/2026/QĐ-TTg, Điều 9.3.b, Điều 8.1.d"
PERSONAL_DATA = "Luật 91/2025/QH15"

MOST_PHOTOS = 3
# So many reports on one certificate in so many days are worth looking at together.
MANY_REPORTS = 3
MANY_WITHIN = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Move:
    """One way from a state to another."""

    step: ReportStep
    before: ReportState
    after: ReportState


MOVES: tuple[Move, ...] = (
    Move(ReportStep.TAKE, ReportState.RECEIVED, ReportState.CHECKING),
    # A colleague goes on with it: on leave, on another post.
    Move(ReportStep.TAKE, ReportState.CHECKING, ReportState.CHECKING),
    Move(ReportStep.GIVE_BACK, ReportState.CHECKING, ReportState.RECEIVED),
    Move(ReportStep.CLOSE, ReportState.CHECKING, ReportState.CLOSED),
    Move(ReportStep.JOIN, ReportState.RECEIVED, ReportState.JOINED),
    Move(ReportStep.JOIN, ReportState.CHECKING, ReportState.JOINED),
)
INITIAL = ReportState.RECEIVED
FINAL = frozenset({ReportState.CLOSED, ReportState.JOINED})

# The audit event each step writes.
EVENTS: dict[ReportStep, str] = {
    ReportStep.TAKE: "report.taken",
    ReportStep.GIVE_BACK: "report.given_back",
    ReportStep.CLOSE: "report.closed",
    ReportStep.JOIN: "report.joined",
}
CONCERN_LABELS: dict[Concern, str] = {
    Concern.NOT_RECOGNISED: "Ghi sao OCOP trên sản phẩm chưa được công nhận",
    Concern.STAR_ENDED: "Hạng sao đã hết hiệu lực mà vẫn ghi",
    Concern.STAR_HIGHER: "Ghi hạng sao cao hơn hạng được công nhận",
    Concern.OTHER_PRODUCT: "Dùng nhãn OCOP của sản phẩm khác",
    Concern.STAMP_DOUBTFUL: "Tem có vẻ bị sao chép hoặc đáng ngờ",
    Concern.OTHER: "Việc khác",
}
STATE_LABELS: dict[ReportState, str] = {
    ReportState.RECEIVED: "Đã nhận",
    ReportState.CHECKING: "Đang kiểm tra",
    ReportState.CLOSED: "Đã xem xét xong",
    ReportState.JOINED: "Gộp với phản ánh cùng việc",
}
STEP_LABELS: dict[ReportStep, str] = {
    ReportStep.TAKE: "Nhận kiểm tra",
    ReportStep.GIVE_BACK: "Trả lại để người khác nhận",
    ReportStep.CLOSE: "Kết thúc",
    ReportStep.JOIN: "Gộp với phản ánh cùng việc",
}
OUTCOME_LABELS: dict[ReportOutcome, str] = {
    ReportOutcome.NO_BREACH: "Không thấy sử dụng sai",
    ReportOutcome.CANNOT_TELL: "Không đủ thông tin để kết luận",
    ReportOutcome.HANDED_OVER: "Chuyển cơ quan quản lý thị trường",
    ReportOutcome.INSPECTION: "Mở kiểm tra đột xuất",
    ReportOutcome.REVOCATION: "Mở hồ sơ xem xét thu hồi",
}


def state_after(state: ReportState, step: ReportStep) -> ReportState | None:
    """Return where a step leads from a state, None when it does not start there."""
    return next((row.after for row in MOVES if row.before is state and row.step is step), None)


def forgotten_before(at: datetime, days: int) -> datetime:
    """Return the moment before which a report must have ended for its reporter to be forgotten."""
    return at - timedelta(days=days)
