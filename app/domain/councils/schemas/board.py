"""The board of a meeting, and how far its members lie apart: what goes out to chair and secretary."""

from datetime import datetime

from pydantic import BaseModel, Field

from app.domain.councils.enums import ItemState, MeetingState, SheetState
from app.domain.councils.schemas.meetings import QuorumOut


class BoardMemberOut(BaseModel):
    """A member who judges, with the number that stands for the member on the board."""

    number: int = Field(examples=[3])
    name: str
    username: str
    is_present: bool


class BoardCellOut(BaseModel):
    """How far one member is with one product; never what was given."""

    member: int = Field(description="Số thứ tự của thành viên trên bảng.")
    state: SheetState
    marked: int = Field(description="Số tiêu chí đã chấm.")


class ApartOut(BaseModel):
    """A criterion where the sheets differ, with the points between highest and lowest."""

    criterion_code: str = Field(examples=["5.3"])
    points: int


class NearBandOut(BaseModel):
    """An edge between bands within two points of the average."""

    star: int = Field(description="Hạng ở phía bên kia của mốc điểm.")
    points: str = Field(examples=["7/5"], description="Khoảng cách đến mốc, phân số chính xác.")
    is_below: bool = Field(description="Còn thiếu điểm (true) hay vừa qua mốc (false).")
    criterion_code: str | None = Field(
        description="Tiêu chí duy nhất đủ sức đổi hạng nếu các phiếu thống nhất."
    )


class BoardItemOut(BaseModel):
    """One product on the board; what sheets add up to only when every sheet is in."""

    code: str = Field(examples=["MH-7K2M9Q4"])
    position: int
    product: str
    state: ItemState
    criteria: int = Field(description="Số tiêu chí của phiếu.")
    cells: list[BoardCellOut]
    sheets_expected: int
    sheets_submitted: int
    sheets_recused: int
    quorum: QuorumOut
    spread: int | None
    is_divergent: bool
    apart: list[ApartOut] = Field(description="Nhiều nhất ba tiêu chí chênh nhau nhất.")
    gates_raised: list[str]
    gates_to_vote: list[str]
    minima_awaiting_chair: list[str] = Field(examples=[["4.1 (5 sao)"]])
    near_band: NearBandOut | None
    certified_by: str | None
    star: int | None = Field(description="Chỉ có sau khi chốt.")
    average: str | None


class BoardOut(BaseModel):
    """A meeting at a glance, for whoever presides and the secretary."""

    meeting: str = Field(examples=["PH-7K2M9Q4"])
    state: MeetingState
    members: list[BoardMemberOut]
    items: list[BoardItemOut]


class OwnDeviationOut(BaseModel):
    """One own sheet, and how far it lies from the mean of its product."""

    product: str
    total: int
    deviation: str = Field(examples=["-7/5"], description="Phân số chính xác.")


class DriftOut(BaseModel):
    """How strict the council was in one hour, or in one stretch of the members' own sequences."""

    hour: datetime | None
    first: int
    last: int
    mean: str = Field(examples=["3/10"], description="Chênh trung bình, phân số chính xác.")
    sheets: int


class CouncilAgreementOut(BaseModel):
    """How well the members agree, and whether they drifted; never who."""

    alpha: float | None = Field(
        description="Hệ số alpha của Krippendorff trên tổng điểm, thang khoảng; null khi chưa nói được."
    )
    reading: str = Field(examples=["reliable", "tentative", "weak", "unknown"])
    by_hour: list[DriftOut]
    by_place: list[DriftOut]


class AgreementOut(BaseModel):
    """The own severity, and for whoever presides the agreement of the council."""

    meeting: str = Field(examples=["PH-7K2M9Q4"])
    products: int = Field(description="Số sản phẩm đã chốt.")
    own_mean: str | None = Field(description="Dương là chấm rộng hơn Hội đồng, âm là chặt hơn.")
    own: list[OwnDeviationOut]
    council: CouncilAgreementOut | None = Field(description="Chỉ người chủ trì thấy.")
