"""What is asked of the public register, and what it answers."""

from datetime import date, datetime

from pydantic import BaseModel, ConfigDict, Field

from app.domain.photos.schemas import PictureOut
from app.domain.products.models import SETS
from app.domain.recognition.enums import ChangeKind, RevocationGround
from app.domain.recognition.rules import HIGHEST_STAR, LOWEST_RECOGNISED
from app.domain.recognition.schemas import CertificateOut
from app.domain.register.enums import RegisterState

LONGEST_SEARCH = 80


class Wanted(BaseModel):
    """Which products of the register are asked for; what is left out narrows nothing."""

    model_config = ConfigDict(extra="forbid")

    q: str = Field(
        default="",
        max_length=LONGEST_SEARCH,
        description=(
            "Đầu các từ trong tên sản phẩm, tên chủ thể, mã sản phẩm, có hay không có dấu; hoặc cả "
            "mã giấy chứng nhận, mã sản phẩm cũ."
        ),
        examples=["tra shan"],
    )
    commune: str = Field(
        default="",
        max_length=60,
        description=(
            "Tên xã, phường nay hoặc trước 01/7/2025, hoặc tên huyện cũ: tên cũ dẫn tới các xã, "
            "phường kế thừa."
        ),
        examples=["Xã Thèn Sin"],
    )
    commune_code: str = Field(
        default="",
        max_length=5,
        description="Mã xã, phường (mã đang dùng được hiểu trước) hoặc mã cũ.",
        examples=["03390"],
    )
    category: str = Field(
        default="",
        max_length=8,
        description="Nhóm sản phẩm I đến VI của Phụ lục I.",
        examples=["I"],
    )
    set_number: int | None = Field(
        default=None, ge=1, le=SETS, description="Bộ sản phẩm 1 đến 26 của Phụ lục II."
    )
    star: int | None = Field(default=None, ge=LOWEST_RECOGNISED, le=HIGHEST_STAR)
    state: RegisterState = Field(
        default=RegisterState.IN_FORCE,
        description=(
            "`in_force`: đang mang sao; `renewal`: trong đó, đã tới 180 ngày cuối của thời hạn; "
            "`extended`: đang được kéo dài; `ended`: hết hạn, bị thu hồi, chủ thể ngừng hoạt động; "
            "`all`: mỗi sản phẩm một dòng, thêm các giấy bị thu hồi."
        ),
    )


class ShownPicture(BaseModel):
    """A picture of a product: the public copy, the small one, and what it shows."""

    caption: str = Field(examples=["Hũ mật ong 500 ml, mặt trước"])
    picture: PictureOut
    thumbnail: PictureOut


class EntryOut(CertificateOut):
    """A product of the register by one certificate, in the words of that certificate."""

    url: str = Field(
        description="Trang của giấy này trong danh bạ", examples=["https://…/register/CN-4M7P2Q8"]
    )
    in_force: bool = Field(description="Hôm nay sản phẩm được mang sao hay không.")
    producer_address: str = Field(examples=["Bản Thử Nghiệm"])
    category: str = Field(examples=["I"])
    category_name: str = Field(examples=["Sản phẩm thực phẩm"])
    set_number: int = Field(examples=[4])
    set_name: str = Field(examples=["Mật ong, nông sản thực phẩm khác"])
    gtin: str | None = Field(
        default=None,
        description="Mã số thương phẩm của sản phẩm hôm nay, mười bốn chữ số, khi chủ thể đã khai.",
        examples=["09521234543213"],
    )
    extended_from: date | None = Field(
        default=None, description="Ngày quyết định kéo dài hiệu lực (Điều 12.3)."
    )
    extended_until: date | None = Field(default=None, description="Ngày cuối được kéo dài.")
    ended_on: date | None = Field(
        default=None, description="Ngày đầu tiên không còn được mang sao, khi giấy đã hết hiệu lực."
    )
    revocation_ground: RevocationGround | None = None
    revocation_ground_text: str = Field(
        default="", description="Trường hợp thu hồi, theo lời của Điều 8.1."
    )
    replaced_by: str | None = Field(
        default=None,
        description="Mã giấy chứng nhận thay thế giấy này.",
        examples=["CN-9K2M4T1"],
    )
    pictures: list[ShownPicture] = Field(description="Nhiều nhất sáu ảnh, ảnh đầu là ảnh đại diện.")


class ChangeOut(BaseModel):
    """Something that happened to a certificate, as anybody may know it."""

    id: int = Field(description="Số thứ tự, chỉ tăng: lần sau đọc tiếp từ số lớn nhất đã nhận.")
    kind: ChangeKind
    kind_text: str = Field(examples=["Được công nhận"])
    since: date = Field(description="Ngày đầu tiên điều này có hiệu lực.")
    told_at: datetime
    certificate: str = Field(examples=["CN-4M7P2Q8"])
    product_code: str | None = Field(default=None, examples=["12-03390-01-2026"])
    product: str = Field(examples=["Miến dong Bình Lư"])
    producer: str = Field(examples=["Hợp tác xã Bình Lư"])
    star: int = Field(examples=[4])
    url: str = Field(examples=["https://…/register/CN-4M7P2Q8"])
