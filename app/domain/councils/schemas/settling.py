"""Gates, minima, scoring anew, locks and results: what comes in and goes out."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel, Field

from app.domain.councils.enums import GateKind, GateState
from app.domain.councils.schemas.common import MOST_SEATS, VERSION, Input, Line
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
    spread: int
    is_divergent: bool
    star: int
    minima_awaiting_chair: list[MinimumOut]
    gates_suggested: list[str] = Field(description="Tiêu chí có phiếu cho 0 điểm, cần biểu quyết")
    reasons: list[ReasonOut]


class ItemDetailOut(ItemOut):
    """One dossier before the council with everything that must be settled before its lock."""

    meeting: str
    quorum: QuorumOut
    gates: list[GateOut]
    divergence_note: str
    settling: SettlingOut | None = Field(
        description="Chỉ người chủ trì và Thư ký thấy, khi mọi phiếu đã nộp."
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
    sheets_counted: int
    criterion_means: dict[str, str] = Field(description="Điểm trung bình từng tiêu chí, phân số")
    minima: list[dict[str, Any]]
    gates_upheld: list[dict[str, Any]]
    reasons: list[ReasonOut]
    document_hash: str
    locked_at: datetime
