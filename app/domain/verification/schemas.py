"""The answer to a scan: only what anybody may know."""

from datetime import date, datetime

from pydantic import BaseModel, Field

from app.domain.photos.schemas import PictureOut
from app.domain.stamps.enums import Verdict


class ProductTold(BaseModel):
    """The product behind a stamp, to be compared with the pack."""

    name: str = Field(examples=["Miến dong Bình Lư"])
    packaging: str = Field(default="", examples=["Túi 500 g"])
    product_code: str | None = Field(default=None, examples=["12-03390-01-2026"])
    gtin: str | None = Field(
        default=None,
        description="Mã số thương phẩm (GTIN), mười bốn chữ số, để so với mã vạch trên bao bì.",
        examples=["09521234543213"],
    )


class ProducerTold(BaseModel):
    """The producer behind a stamp, as it is printed on the pack."""

    name: str = Field(examples=["Hợp tác xã Bình Lư"])
    address: str = Field(examples=["Bản Thống Nhất, xã Bình Lư"])
    commune: str = Field(examples=["Xã Bình Lư"])


class CertificateTold(BaseModel):
    """The certificate behind a stamp."""

    code: str = Field(examples=["CN-4M7P2Q8"])
    star: int = Field(examples=[4])
    issued_on: date
    expires_on: date
    extended_until: date | None = None
    decision_number: str = Field(examples=["1268/QĐ-UBND"])
    authority: str = Field(examples=["Ủy ban nhân dân tỉnh Lai Châu"])


class NewerTold(BaseModel):
    """The certificate that replaced the one behind the stamp."""

    code: str = Field(examples=["CN-9T2W6X4"])
    producer_name: str = Field(examples=["Hợp tác xã Bình Lư"])
    star: int = Field(examples=[5])
    issued_on: date
    expires_on: date


class PictureTold(PictureOut):
    """The newest photo of the product, small: one more thing to compare with the pack."""

    caption: str = Field(examples=["Hũ mật ong 500 ml, mặt trước"])


class RollTold(BaseModel):
    """The roll that a label stands for: it belongs on the roll, never on a product."""

    number: int = Field(examples=[3])
    rolls: int = Field(description="Số cuộn của lô.", examples=[12])
    stamps: int = Field(description="Số tem trong cuộn.", examples=[1000])


class AskedTold(BaseModel):
    """How often this stamp was asked about before, and when first: a fact, not an alarm."""

    times: int = Field(examples=[3])
    first_at: datetime


class Answer(BaseModel):
    """What a stamp says now; `valid` means that the product carries its star on this day."""

    verdict: Verdict
    valid: bool
    message: str = Field(description="Câu trả lời bằng lời, tiếng Việt.")
    basis: str | None = Field(default=None, examples=["26/2026/QĐ-TTg, Điều 4.3"])
    known_at: datetime = Field(description="Theo dữ liệu vào thời điểm này.")
    serial: str | None = Field(default=None, examples=["009D-D1X1-PB1X-9SDW"])
    product: ProductTold | None = None
    producer: ProducerTold | None = None
    certificate: CertificateTold | None = None
    newer: NewerTold | None = None
    picture: PictureTold | None = None
    roll: RollTold | None = Field(default=None, description="Chỉ có ở nhãn cuộn.")
    pin: bool = Field(default=False, description="Dưới lớp phủ có mã cào để hỏi thêm.")
    asked: AskedTold | None = Field(default=None, description="Từ hai lần hỏi trở lên.")
    since: date | None = Field(default=None, description="Hủy, thu hồi, thay thế từ ngày này.")
    reason: str = ""
    demonstration: bool = Field(default=False, description="Dữ liệu minh họa, không có giá trị.")
