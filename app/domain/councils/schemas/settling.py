"""Gates, minima, scoring anew, locks and results: what comes in and goes out."""

from datetime import datetime
from typing import Any, Self

from pydantic import BaseModel, Field, model_validator

from app.domain.councils.enums import GateKind, GateState, ReopeningState
from app.domain.councils.schemas.input import MOST_SEATS, VERSION, Input, Line
from app.domain.councils.schemas.meetings import ItemOut, QuorumOut


class RaiseGate(Input):
    """A condition of the rubric that, if the council agrees, ends the matter without a star."""

    criterion_code: str = Field(max_length=12, examples=["6.1"])
    kind: GateKind = Field(examples=["stop"])
    reason: Line = Field(min_length=5, max_length=2000, examples=["Không có giấy đủ điều kiện."])


class DecideGate(Input):
    """The council's vote on a raised gate."""

    votes_for: int = Field(ge=0, le=MOST_SEATS, examples=[5])
    votes_against: int = Field(ge=0, le=MOST_SEATS, examples=[2])


class ConfirmMinimum(Input):
    """The chair's word on a starred minimum that the sheets do not see alike."""

    criterion_code: str = Field(min_length=1, max_length=12, examples=["2.3"])
    star: int = Field(ge=3, le=5, examples=[4])
    met: bool
    reason: Line = Field(min_length=3, max_length=2000, examples=["Giấy chứng nhận còn hạn."])


class RescoreItem(Input):
    """Discuss and score anew; the sheets so far are kept as superseded."""

    reason: Line = Field(min_length=5, max_length=2000, examples=["Chênh nhau 14 điểm."])
    version: int = VERSION


class CertifyItem(Input):
    """The secretary's word that the tally is what the sheets add up to."""

    version: int = VERSION


class RequestReopening(Input):
    """Why a locked result should be taken up again."""

    reason: Line = Field(
        min_length=10,
        max_length=2000,
        examples=["Phiếu giấy số 3 đã nhập nhầm tiêu chí 2.1, chủ thể có đơn kiến nghị."],
    )
    version: int = VERSION


class DecideReopening(Input):
    """The word of the agency's head; granting needs the number of the written decision."""

    grant: bool = Field(examples=[True])
    decision_number: Line = Field(default="", max_length=60, examples=["15/QĐ-VPĐP"])
    answer: Line = Field(
        min_length=5, max_length=2000, examples=["Đồng ý mở lại để Hội đồng xem xét."]
    )
    version: int = VERSION

    @model_validator(mode="after")
    def _granted_by_a_decision(self) -> Self:
        if self.grant and not self.decision_number:
            message = "Mở lại kết quả cần số văn bản quyết định."
            raise ValueError(message)
        return self


class LockItem(Input):
    """Fix the result; a note is needed where the sheets still differ after scoring anew."""

    divergence_note: Line = Field(default="", max_length=2000)
    version: int = VERSION


class GateOut(BaseModel):
    """A raised gate and how the council decided."""

    code: str
    criterion_code: str
    kind: GateKind
    state: GateState
    reason: str
    raised_by: str
    votes_for: int
    votes_against: int


class MinimumOut(BaseModel):
    """A starred minimum and how many sheets reach it."""

    criterion_code: str
    criterion_name: str
    star: int
    reached_by: int
    counted: int
    met: bool
    confirmed: bool | None
    needs_chair: bool


class ReasonOut(BaseModel):
    """One sentence of the result with its basis."""

    code: str
    text: str
    basis: str


class SettlingOut(BaseModel):
    """What the sheets add up to before the lock: for whoever presides, and the secretary."""

    average: str
    median: str = Field(examples=["149/2"], description="Phân số chính xác")
    spread: int
    criterion_spreads: dict[str, int] = Field(
        description="Phiếu cao nhất và thấp nhất chênh nhau mấy điểm ở từng tiêu chí."
    )
    is_divergent: bool
    star: int
    minima_awaiting_chair: list[MinimumOut]
    gates_suggested: list[str] = Field(description="Tiêu chí có phiếu cho 0 điểm, cần biểu quyết")
    reasons: list[ReasonOut]


class WishOut(BaseModel):
    """A member's wish to discuss a renewal in a meeting."""

    reason: str
    wished_at: datetime


class SupersededResultOut(BaseModel):
    """A result that was locked and taken up again: kept with its hash, no longer in force."""

    code: str = Field(examples=["KQ-7K2M9Q4"])
    star: int
    average_text: str = Field(examples=["74,42"])
    document_hash: str
    locked_at: datetime
    locked_by: str
    certified_by: str


class ReopeningOut(BaseModel):
    """A request to take a locked result up again, and how it was decided."""

    code: str = Field(examples=["ML-7K2M9Q4"])
    version: int
    state: ReopeningState
    reason: str
    requested_by: str
    requested_at: datetime
    answer: str
    decision_number: str
    decided_by: str | None
    decided_at: datetime | None
    superseded: SupersededResultOut | None = Field(description="Kết quả trước khi mở lại.")


class ItemDetailOut(ItemOut):
    """One dossier before the council with everything that must be settled before its lock."""

    meeting: str
    quorum: QuorumOut
    gates: list[GateOut]
    divergence_note: str
    certified_at: datetime | None = Field(description="Khi Thư ký xác nhận bảng tổng hợp.")
    certified_by: str | None
    locked_at: datetime | None
    locked_by: str | None
    reopenings: list[ReopeningOut]
    settling: SettlingOut | None = Field(
        description="Chỉ người chủ trì và Thư ký thấy, khi mọi phiếu đã nộp."
    )
    wishes: list[WishOut] = Field(description="Đề nghị họp trực tiếp, khi lấy ý kiến bằng văn bản.")
    why_meet: list[str] = Field(
        description="Vì sao hồ sơ đánh giá lại cần đưa ra họp (Điều 7.6.d)."
    )
    written_opinion: str | None = Field(
        description="Mã lần lấy ý kiến bằng văn bản trước phiên họp này, phiếu được giữ."
    )


class ResultOut(BaseModel):
    """A locked result: exact average, star, minima, gates and reasons; no names, no sheets."""

    code: str = Field(examples=["KQ-7K2M9Q4"])
    dossier: str
    rubric_code: str
    star: int
    band_star: int
    outcome: str = Field(examples=["recognised_candidate"])
    average: str = Field(examples=["521/7"], description="Phân số chính xác")
    average_text: str = Field(examples=["74,42"], description="Cắt bớt, không làm tròn lên")
    median: str = Field(examples=["149/2"], description="Trung vị, phân số chính xác")
    spread: int = Field(description="Phiếu cao nhất trừ phiếu thấp nhất.")
    sheets_counted: int
    criterion_means: dict[str, str] = Field(description="Điểm trung bình từng tiêu chí, phân số")
    minima: list[dict[str, Any]]
    gates_upheld: list[dict[str, Any]]
    reasons: list[ReasonOut]
    document_hash: str = Field(description="Mã băm ghi trong biên bản và trong tệp kết quả.")
    locked_at: datetime
