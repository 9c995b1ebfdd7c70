"""The life of a request as a table, its words, and by which day it must be answered: pure.

Days are counted as days of the calendar, the shorter reading of the decree.
"""

from dataclasses import dataclass
from datetime import date, timedelta

from app.domain.privacy.enums import RequestKind, RequestState, RequestStep

RIGHTS = "Luật 91/2025/QH15, Điều 4"
DEADLINES = "Nghị định 356/2025/NĐ-CP"
ERASING = "Luật 91/2025/QH15, Điều 14"
CORRECTING = "Luật 91/2025/QH15, Điều 13"

MOST_OPEN = 5
_DAYS: dict[RequestKind, int] = {
    RequestKind.EXPORT: 10,
    RequestKind.CORRECTION: 10,
    RequestKind.ERASURE: 20,
    RequestKind.RESTRICTION: 15,
    RequestKind.OBJECTION: 15,
}
KIND_LABELS: dict[RequestKind, str] = {
    RequestKind.EXPORT: "Xin bản dữ liệu",
    RequestKind.CORRECTION: "Sửa cho đúng",
    RequestKind.ERASURE: "Xóa",
    RequestKind.RESTRICTION: "Hạn chế sử dụng",
    RequestKind.OBJECTION: "Phản đối việc sử dụng",
}
KIND_BASIS: dict[RequestKind, str] = {
    RequestKind.EXPORT: RIGHTS,
    RequestKind.CORRECTION: CORRECTING,
    RequestKind.ERASURE: ERASING,
    RequestKind.RESTRICTION: RIGHTS,
    RequestKind.OBJECTION: RIGHTS,
}
STATE_LABELS: dict[RequestState, str] = {
    RequestState.RECEIVED: "Đã nhận",
    RequestState.GRANTED: "Đã thực hiện",
    RequestState.PARTLY_GRANTED: "Đã thực hiện một phần",
    RequestState.REFUSED: "Không thực hiện",
    RequestState.WITHDRAWN: "Người yêu cầu đã rút",
}
STEP_LABELS: dict[RequestStep, str] = {
    RequestStep.GRANT: "Thực hiện",
    RequestStep.GRANT_PARTLY: "Thực hiện phần được phép, phần còn lại luật buộc giữ",
    RequestStep.REFUSE: "Không thực hiện",
    RequestStep.WITHDRAW: "Rút yêu cầu",
}
EVENTS: dict[RequestStep, str] = {
    RequestStep.GRANT: "personal_data_request.granted",
    RequestStep.GRANT_PARTLY: "personal_data_request.partly_granted",
    RequestStep.REFUSE: "personal_data_request.refused",
    RequestStep.WITHDRAW: "personal_data_request.withdrawn",
}
WHOSE_LABELS: dict[str, str] = {
    "officials": "Người có tài khoản",
    "producers": "Chủ thể OCOP và người đại diện",
    "reporters": "Người gửi phản ánh",
    "buyers": "Người quét tem",
    "everybody": "Mọi người dùng",
}


@dataclass(frozen=True, slots=True)
class Move:
    """One way from a state to another."""

    step: RequestStep
    before: RequestState
    after: RequestState


MOVES: tuple[Move, ...] = (
    Move(RequestStep.GRANT, RequestState.RECEIVED, RequestState.GRANTED),
    Move(RequestStep.GRANT_PARTLY, RequestState.RECEIVED, RequestState.PARTLY_GRANTED),
    Move(RequestStep.REFUSE, RequestState.RECEIVED, RequestState.REFUSED),
    Move(RequestStep.WITHDRAW, RequestState.RECEIVED, RequestState.WITHDRAWN),
)
INITIAL = RequestState.RECEIVED
FINAL = frozenset(set(RequestState) - {INITIAL})
# The steps an office may take; the person alone withdraws.
ANSWERS = (RequestStep.GRANT, RequestStep.GRANT_PARTLY, RequestStep.REFUSE)


def due_on(kind: RequestKind, received: date) -> date:
    """Return the last day of a request of this kind: 10, 15 or 20 days. Basis: DEADLINES."""
    return received + timedelta(days=_DAYS[kind])


def state_after(state: RequestState, step: RequestStep) -> RequestState | None:
    """Return where a step leads from a state, None when it does not start there."""
    return next((row.after for row in MOVES if row.before is state and row.step is step), None)
