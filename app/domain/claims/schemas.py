"""What comes in and goes out of claims."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from app.core.text import normal
from app.domain.claims.enums import Finding, Reason
from app.domain.claims.rules import MOST_CLAIMS

Line = Annotated[str, AfterValidator(normal)]
KINDS = ("product_code", "certificate", "stamp", "gtin")
_ONE_WAY = (
    "Hãy chỉ sản phẩm bằng đúng một cách: mã sản phẩm, mã giấy chứng nhận, tem, GTIN, hoặc tên sản "
    "phẩm kèm tên chủ thể."
)
_BOTH_NAMES = "Hỏi theo tên thì cần cả tên sản phẩm và tên chủ thể."


class Claim(BaseModel):
    """Somebody sells a product and says how many stars it has."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    seller: Line = Field(
        min_length=1,
        max_length=200,
        description="Ai bán, như nơi hỏi ghi.",
        examples=["Gian hàng Tây Bắc"],
    )
    claimed_stars: int = Field(ge=3, le=5, description="Số sao nơi bán ghi.", examples=[4])
    reference: Line = Field(
        default="",
        max_length=100,
        description="Mã của nơi hỏi, được nhắc lại trong câu trả lời.",
        examples=["SKU-118"],
    )
    product_code: Line = Field(default="", max_length=40, examples=["12-03390-01-2026"])
    certificate: Line = Field(default="", max_length=20, examples=["CN-4M7P2Q8"])
    stamp: Line = Field(
        default="",
        max_length=200,
        description="Số sê-ri, hoặc 193 chữ số của mã QR.",
        examples=["009D-D1X1-PB1X-9SDW"],
    )
    gtin: Line = Field(default="", max_length=24, examples=["8938505974194"])
    product: Line = Field(
        default="",
        max_length=300,
        description="Tên sản phẩm; cần kèm tên chủ thể.",
        examples=["Miến dong Bình Lư"],
    )
    producer: Line = Field(default="", max_length=300, examples=["Hợp tác xã Bình Lư"])

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        by_name = bool(self.product or self.producer)
        if by_name and not (self.product and self.producer):
            raise ValueError(_BOTH_NAMES)
        if sum(bool(getattr(self, kind)) for kind in KINDS) + by_name != 1:
            raise ValueError(_ONE_WAY)
        return self


class Claims(BaseModel):
    """Many claims at once."""

    model_config = ConfigDict(extra="forbid")

    claims: list[Claim] = Field(min_length=1, max_length=MOST_CLAIMS)


class ClaimAnswer(BaseModel):
    """What the register says of a claim today, and a signed text that proves that it was asked."""

    reference: str = Field(default="", examples=["SKU-118"])
    finding: Finding
    reason: Reason
    message: str = Field(description="Câu trả lời bằng lời, tiếng Việt.")
    message_en: str = Field(default="", description="Bản tiếng Anh, khi hỏi với lang=en.")
    claimed_stars: int = Field(examples=[4])
    stars: int | None = Field(
        default=None, description="Số sao hôm nay; trống khi không được mang sao.", examples=[4]
    )
    valid_until: date | None = Field(default=None, description="Ngày cuối còn mang sao.")
    since: date | None = Field(default=None, description="Ngày đầu không còn mang sao.")
    certificate: str | None = Field(default=None, examples=["CN-4M7P2Q8"])
    product: str = Field(default="", examples=["Miến dong Bình Lư"])
    producer: str = Field(default="", examples=["Hợp tác xã Bình Lư"])
    register_url: str | None = Field(default=None, description="Mục trong danh bạ công khai.")
    basis: str | None = Field(default=None, examples=["26/2026/QĐ-TTg, Điều 4.3"])
    known_at: datetime = Field(description="Theo dữ liệu vào thời điểm này.")
    ask_again_after: datetime = Field(description="Sau lúc này hãy hỏi lại.")
    proof: str = Field(description="JWS kiểu ocop-claim+jwt: câu hỏi và câu trả lời, có chữ ký.")


class BadRow(BaseModel):
    """A row of a table that could not be read."""

    row: int = Field(description="Hàng trong tệp; hàng tiêu đề là 1.", examples=[3])
    problem: str


class ClaimAnswers(BaseModel):
    """The answers in the order of the claims; of a table also the rows that could not be read."""

    answers: Sequence[ClaimAnswer]
    bad_rows: list[BadRow] = Field(default_factory=list)
